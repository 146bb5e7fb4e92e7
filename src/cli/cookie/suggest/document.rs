//! Suggestions as JSON.

use schemars::JsonSchema;
use serde::Serialize;

use crate::simulate::diff::Deletion;

/// Settings under which wikis share logins as intended.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::cli::cookie) struct Document<'a> {
    /// Whether the farm is as intended without any change.
    pub(super) met: bool,
    /// The suggestions, smallest first.
    pub(super) suggestions: &'a [Shown],
    /// Why no suggestion is possible; empty if there are suggestions, or nothing has to change.
    pub(super) impossible: &'a [String],
}

/// A suggestion.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CookieSuggestion")]
pub(super) struct Shown {
    /// The changes in one sentence.
    pub(super) summary: String,
    /// How many lines change in the farm file.
    pub(super) settings: usize,
    /// The changes, by setting and value.
    pub(super) changes: Vec<Change>,
    /// The changed farm file; null if the file can't be changed automatically.
    #[serde(rename = "farm_file")]
    pub(super) text: Option<String>,
    /// The lines for MoinMoin's configuration.
    pub(super) moinmoin: Vec<Paste>,
    /// What happens to users who have cookies and sessions now.
    pub(super) rollout: Rollout,
}

/// The new value of a setting for some wikis.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "SuggestedChange")]
pub(super) struct Change {
    /// The setting.
    pub(super) setting: &'static str,
    /// The new value as TOML; null to unset it.
    pub(super) value: Option<String>,
    /// The wikis.
    pub(super) wikis: Vec<String>,
}

/// Lines for MoinMoin's configuration.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "SuggestedLines")]
pub(super) struct Paste {
    /// The files.
    pub(super) files: Vec<String>,
    /// The lines, as Python.
    pub(super) python: String,
}

/// What happens to users who have cookies and sessions now.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "SuggestedRollout")]
pub(super) struct Rollout {
    /// The wikis whose users must log in again.
    pub(super) log_in_again: Vec<String>,
    /// The wikis where old cookies cause other problems until they are deleted.
    pub(super) stuck: Vec<String>,
    /// Headers that delete old cookies.
    pub(super) deletions: Vec<Deletion>,
    /// What else the change needs, one sentence each.
    pub(super) steps: Vec<String>,
    /// Commands that move sessions.
    pub(super) commands: Vec<String>,
}
