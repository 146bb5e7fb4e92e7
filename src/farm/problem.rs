//! What is wrong with a farm file itself.

use super::Span;

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
    /// Whether the farm can't be trusted until this is mended.
    pub fatal: bool,
}

impl Problem {
    pub(super) fn new(rule: &'static str, span: Span, message: impl Into<String>) -> Problem {
        Problem { rule, message: message.into(), help: None, span, fatal: true }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Problem {
        self.help = Some(help.into());
        self
    }
}
