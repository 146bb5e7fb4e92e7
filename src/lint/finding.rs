//! Findings.

use serde::Serialize;

use crate::farm::{Fix, Span};

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, strum::IntoStaticStr)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "kebab-case")]
pub enum Severity {
    /// Advice that not every farm wants; shown with `--min-severity note`.
    Note,
    /// Worth knowing; the check still passes.
    Warning,
    /// The check fails.
    Error,
}

impl Severity {
    /// The word in output.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// Something a rule found.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The rule's name.
    pub rule: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Where in the farm file.
    pub span: Span,
    /// Other places that belong to it, each with a label.
    pub also: Vec<(Span, String)>,
    /// The wikis it is about; a setting that many wikis inherit is one finding.
    pub wikis: Vec<String>,
    /// What can be done about it in the farm file.
    pub fix: Option<Fix>,
}

impl Finding {
    /// The wiki it is about, if it is one.
    pub fn wiki(&self) -> Option<&str> {
        match self.wikis.as_slice() {
            [one] => Some(one),
            _ => None,
        }
    }
}
