//! Problems of a farm file.

use super::{Change, Fix, Key, Span};
use crate::location::hidden;

/// A problem that the parser found, which `config check` reports as a finding. `config rules` explains its rule.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Problem {
    /// The name of the rule.
    pub rule: &'static str,
    /// The wiki in whose table the problem is. The message does not name it.
    pub wiki: Option<String>,
    /// The problem in one sentence, without a full stop.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// The position.
    pub span: Span,
    /// Related positions, each with a label.
    pub also: Vec<(Span, String)>,
    /// Whether commands can't use the farm until the problem is fixed.
    pub fatal: bool,
    /// A change to the file that removes the problem.
    pub fix: Option<Box<Fix>>,
    /// The setting whose value can't be read.
    pub(crate) key: Option<Key>,
}

/// Notes that all but the first `others` problems are in the table of this wiki.
pub(super) fn name_wiki(problems: &mut [Problem], others: usize, wiki: &str) {
    problems.iter_mut().skip(others).for_each(|problem| problem.wiki = Some(wiki.to_owned()));
}

impl Problem {
    pub(crate) fn new(rule: &'static str, span: Span, message: impl Into<String>) -> Problem {
        let message = hidden(&message.into()).into_owned();
        Problem {
            rule,
            wiki: None,
            message,
            help: None,
            span,
            also: Vec::new(),
            fatal: true,
            fix: None,
            key: None,
        }
    }

    /// Every copy of MoinMoin 2 has the key of the sample.
    pub(crate) fn sample_secret_key(span: Span) -> Problem {
        let message = "everybody knows the key that signs login cookies: SECRET_KEY is the one of MoinMoin's sample wikiconfig.py";
        let help = "set the SECRET_KEY that this command prints: python3 -c 'import secrets; print(secrets.token_urlsafe(32))'";
        Problem { fatal: false, ..Problem::new("sample-secret-key", span, message).help(help) }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Problem {
        self.help = Some(hidden(&help.into()).into_owned());
        self
    }

    /// With a safe change.
    pub(super) fn fix(mut self, change: Change) -> Problem {
        self.fix = Some(Box::new(Fix::safe(change)));
        self
    }

    /// With new text at the position of the problem, which needs a review.
    pub(super) fn guess(mut self, with: impl Into<String>) -> Problem {
        let (span, with) = (self.span.clone(), with.into());
        if may_be_shown(&with) {
            self.fix = Some(Box::new(Fix::not_safe(Change::Replace { span, with })));
        }
        self
    }

    /// With new text at the position of the problem, which is also the help if there is no other.
    pub(super) fn instead(mut self, with: impl Into<String>) -> Problem {
        let (span, with) = (self.span.clone(), with.into());
        if !may_be_shown(&with) {
            return self;
        }
        self.help.get_or_insert_with(|| format!("write {with}"));
        self.fix(Change::Replace { span, with })
    }
}

/// Whether the text has no password: a change is also shown.
fn may_be_shown(text: &str) -> bool {
    hidden(text) == text
}
