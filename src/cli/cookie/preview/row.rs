//! A pair of wikis, and a third between them, as they are shown.

use serde::Serialize;

use crate::sharing::{As, Model, Pair, Third, Verdict};

/// So many lines of pairs that do not work are shown; if there are more, wikis of one kind are taken together.
pub(super) const MOST_LINES: usize = 20;

#[derive(Serialize)]
pub(super) struct Row<'a> {
    pub(super) from: &'a str,
    pub(super) to: &'a str,
    #[serde(rename = "as")]
    pub(super) visitor: As,
    pub(super) verdict: Verdict,
    pub(super) step: Option<usize>,
    pub(super) reason: String,
    pub(super) cookie_sent: bool,
    pub(super) effect: Option<String>,
    /// The browsers it holds for; absent if it holds for all that were asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) browsers: Option<[&'static str; 1]>,
}

#[derive(Serialize)]
pub(super) struct ThirdJson<'a> {
    pub(super) from: &'a str,
    pub(super) to: &'a str,
    pub(super) by: &'a str,
    pub(super) effect: String,
    /// The browsers it holds for; absent if it holds for all that were asked about.
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

impl<'a> ThirdJson<'a> {
    pub(super) fn of(third: &Third, model: &'a Model) -> ThirdJson<'a> {
        let name = |position: usize| model.sites().get(position).map_or("", |site| &site.name);
        let (from, to, by) = (name(third.from), name(third.to), name(third.by));
        ThirdJson { from, to, by, effect: third.describe(model.sites()), browsers: None }
    }
}

/// `a, b, c and 7 more`.
pub(super) fn list(names: &[&str], most: usize) -> String {
    if names.len() <= most + 1 {
        return names.join(", ");
    }
    let (shown, rest) = names.split_at(most);
    format!("{} and {} more", shown.join(", "), rest.len())
}
