//! A pair of wikis, and a third wiki that interferes, as the formats show them.

use schemars::JsonSchema;
use serde::Serialize;

use crate::sharing::{As, Model, Pair, Third, Verdict};

/// So many lines of a kind are shown. If there are more problems, wikis of one kind share a line.
pub(super) const MOST_LINES: usize = 20;

/// The prediction for somebody who comes from one wiki and goes to another.
#[derive(Serialize, JsonSchema)]
pub(super) struct Row<'a> {
    /// The wiki that users come from.
    pub(super) from: &'a str,
    /// The wiki that users go to.
    pub(super) to: &'a str,
    /// Whether the visitor is logged in.
    #[serde(rename = "as")]
    pub(super) visitor: As,
    /// The prediction.
    pub(super) verdict: Verdict,
    /// The step that fails, from 1 to 6; null if none does.
    pub(super) step: Option<usize>,
    /// Why.
    pub(super) reason: String,
    /// Whether the browser sends the cookie of `from` to `to`.
    pub(super) cookie_sent: bool,
    /// What users see, and why; null without effect.
    pub(super) effect: Option<String>,
    /// The browsers for which this holds; absent if it holds for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) browsers: Option<[&'static str; 1]>,
}

/// A wiki (`by`) whose cookie interferes with a login that is shared from one wiki to another.
#[derive(Serialize, JsonSchema)]
pub(super) struct Interference<'a> {
    /// The wiki that users come from.
    pub(super) from: &'a str,
    /// The wiki that users go to.
    pub(super) to: &'a str,
    /// The wiki whose cookie interferes.
    pub(super) by: &'a str,
    /// What users see, and why.
    pub(super) effect: String,
    /// The browsers for which this holds; absent if it holds for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) browsers: Option<[&'static str; 1]>,
}

impl<'a> Row<'a> {
    /// The prediction for a pair.
    pub(super) fn of(model: &'a Model, (from, to): (usize, usize), visitor: As) -> Option<Row<'a>> {
        let (from, to) = (model.sites().get(from)?, model.sites().get(to)?);
        let Pair { verdict, step, reason, cookie_sent, effect } = model.pair(from, to, visitor);
        let (from, to) = (from.name.as_str(), to.name.as_str());
        Some(Row { from, to, visitor, verdict, step, reason, cookie_sent, effect, browsers: None })
    }
}

impl<'a> Interference<'a> {
    pub(super) fn of(third: &Third, model: &'a Model) -> Interference<'a> {
        let name = |position: usize| model.sites().get(position).map_or("", |site| &site.name);
        let (from, to, by) = (name(third.from), name(third.to), name(third.by));
        Interference { from, to, by, effect: third.describe(model.sites()), browsers: None }
    }
}

/// Whether a name needs no quotes in a shell.
pub(super) fn plain(name: &str) -> bool {
    name.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.'))
        && !name.starts_with('-')
}
