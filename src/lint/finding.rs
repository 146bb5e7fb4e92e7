//! Findings.

use schemars::JsonSchema;
use serde::Serialize;

use crate::farm::{Fix, Key, Span};
use crate::text::list;

/// How severe a finding is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema, strum::IntoStaticStr,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "kebab-case")]
pub enum Severity {
    /// Advice that not every farm needs; shown with `--min-severity note`.
    Note,
    /// A problem with which the check still passes.
    Warning,
    /// A problem that fails the check.
    Error,
}

impl Severity {
    /// The word in output.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// A problem that a rule found.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The name of the rule.
    pub rule: &'static str,
    /// The severity, after `[lint]`, comments, and options.
    pub severity: Severity,
    /// The problem in one sentence, without a full stop.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// The position in the farm file.
    pub span: Span,
    /// Related positions, each with a label.
    pub also: Vec<(Span, String)>,
    /// The wikis that have the problem.
    pub wikis: Vec<String>,
    /// Whether the message names the wikis already; `Finding::named` adds them if not.
    pub names_wikis: bool,
    /// The wiki whose `lint` applies, if the message names the wikis.
    pub lint_of: Option<String>,
    /// The setting that names a directory which is missing.
    pub missing: Option<Key>,
    /// A change to the farm file that removes the finding.
    pub fix: Option<Fix>,
}

/// Ends the message about a pair of wikis that stands for others. If not `all` pairs were compared, there can be more.
pub(super) fn other_pairs(count: usize, all: bool) -> String {
    let least = if all { "" } else { "at least " };
    match count {
        0 => String::new(),
        1 => format!(" (the same for {least}1 other pair of wikis)"),
        _ => format!(" (the same for {least}{count} other pairs of wikis)"),
    }
}

/// A message lists at most this many wikis, and counts the others.
pub(super) const MOST_WIKIS: usize = 3;

impl Finding {
    /// The finding with the names of its wikis in front of the message.
    pub(super) fn named(mut self) -> Finding {
        if !self.names_wikis && !self.wikis.is_empty() {
            self.message = format!("{}: {}", listed(&self.wikis), self.message);
            self.names_wikis = true;
        }
        self
    }
}

/// The names as part of a sentence: `a`, `a and b`, or `a, b, c, and 4 more`.
pub(super) fn listed(names: &[String]) -> String {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    list(&names, "and", MOST_WIKIS)
}
