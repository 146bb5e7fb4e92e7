//! What is wrong with a farm file itself.

use super::{Change, Fix, Span};
use crate::location::hidden;

/// Something the parser found: a finding in the making. The rule of that name (see `config rules`) explains it.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// The rule's name.
    pub rule: &'static str,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Where.
    pub span: Span,
    /// Other places that belong to it, each with a label.
    pub also: Vec<(Span, String)>,
    /// Whether the farm can't be trusted until this is fixed.
    pub fatal: bool,
    /// What can be done about it in the file.
    pub fix: Option<Box<Fix>>,
}

impl Problem {
    pub(crate) fn new(rule: &'static str, span: Span, message: impl Into<String>) -> Problem {
        let message = hidden(&message.into()).into_owned();
        Problem { rule, message, help: None, span, also: Vec::new(), fatal: true, fix: None }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Problem {
        self.help = Some(hidden(&help.into()).into_owned());
        self
    }

    /// With what it can only have been meant to be.
    pub(super) fn fix(mut self, change: Change) -> Problem {
        self.fix = Some(Box::new(Fix::safe(change)));
        self
    }

    /// With what may have been meant in the problem's own place.
    pub(super) fn guess(mut self, with: impl Into<String>) -> Problem {
        let (span, with) = (self.span.clone(), with.into());
        if may_be_shown(&with) {
            self.fix = Some(Box::new(Fix::not_safe(Change::Replace { span, with })));
        }
        self
    }

    /// With another text in the problem's own place.
    pub(super) fn instead(self, with: impl Into<String>) -> Problem {
        let (span, with) = (self.span.clone(), with.into());
        if may_be_shown(&with) { self.fix(Change::Replace { span, with }) } else { self }
    }
}

/// Whether no password is in it: what is to be written is shown as well.
fn may_be_shown(text: &str) -> bool {
    hidden(text) == text
}
