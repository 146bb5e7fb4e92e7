//! Wikis with several URLs: where the prediction depends on the URL.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Serialize;

use super::chosen::Chosen;
use crate::sharing::{As, Model, Pair, Site, Verdict};
use crate::text::list;

/// A pair of URLs with another verdict than the wikis' first URLs have.
#[derive(Serialize, JsonSchema)]
pub(super) struct ByUrl<'a> {
    /// The wiki that users come from.
    from: &'a str,
    /// The URL that users come from.
    from_url: String,
    /// The wiki that users go to.
    to: &'a str,
    /// The URL that users go to.
    to_url: String,
    /// The prediction.
    verdict: Verdict,
    /// The step that fails, from 1 to 6; null if none does.
    step: Option<usize>,
    /// Why.
    reason: String,
    /// Whether the browser sends the cookie of `from` to `to`.
    cookie_sent: bool,
    /// What users see, and why; null without effect.
    effect: Option<String>,
}

/// What differs at other URLs for users. In a large farm, each wiki is compared with itself only.
pub(super) fn different<'a>(model: &'a Model, chosen: &Chosen<'a>) -> Vec<ByUrl<'a>> {
    let mut found = Vec::new();
    for (position, from) in &chosen.sites {
        let asked = |other: &usize| {
            let itself = other == position && chosen.one.is_none_or(|one| one == *other);
            itself || (chosen.in_full() && chosen.has_pair(*position, *other))
        };
        let others = chosen.sites.iter().filter(|(other, _)| asked(other));
        for (_, to) in others.filter(|(_, to)| !(from.aliases.is_empty() && to.aliases.is_empty())) {
            let row = |(a, b, pair): (&Site, &Site, Pair)| ByUrl {
                from: &from.name,
                from_url: a.target.to_string(),
                to: &to.name,
                to_url: b.target.to_string(),
                verdict: pair.verdict,
                step: pair.step,
                reason: pair.reason,
                cookie_sent: pair.cookie_sent,
                effect: pair.effect,
            };
            // A URL at which nobody can log in is named once, with its own wiki.
            let news = |pair: &Pair| from.name == to.name || pair.verdict != Verdict::Rejected;
            let others = model.by_alias(from, to, As::User).into_iter().filter(|(_, _, pair)| news(pair));
            found.extend(others.map(row));
        }
    }
    found
}

/// A line for each kind of difference; one for wikis with the same one.
pub(super) fn lines(found: &[ByUrl<'_>]) -> Vec<String> {
    // From one URL of a wiki to another of its own comes first: that explains most of the others.
    let schemes = |row: &ByUrl<'_>| (scheme(&row.from_url).to_owned(), scheme(&row.to_url).to_owned());
    let mut alike: BTreeMap<_, (BTreeSet<&str>, &ByUrl<'_>)> = BTreeMap::new();
    for row in found {
        let key = (row.from != row.to, row.verdict, row.step, schemes(row));
        alike.entry(key).or_insert_with(|| (BTreeSet::new(), row)).0.insert(row.from);
    }
    alike.values().map(|(wikis, row)| line(wikis, row)).collect()
}

fn line(wikis: &BTreeSet<&str>, row: &ByUrl<'_>) -> String {
    let what = match &row.effect {
        Some(effect) => effect.clone(),
        None => format!("{} to {}: {}: {}", row.from_url, row.to_url, row.verdict.name(), row.reason),
    };
    let others: Vec<&str> = wikis.iter().copied().filter(|wiki| *wiki != row.from).collect();
    let others = match others.as_slice() {
        [] => String::new(),
        others => format!(" (the same from {})", list(others, "and", 4)),
    };
    format!("{what}{others}")
}

fn scheme(url: &str) -> &str {
    url.split_once(':').map_or(url, |(scheme, _)| scheme)
}
