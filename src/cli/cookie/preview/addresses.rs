//! Wikis with several addresses: where another one has another answer.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::chosen::Chosen;
use super::row::{MOST_LINES, list};
use crate::cli::Context;
use crate::report::escape;
use crate::sharing::{As, Model, Pair, Site, Verdict};

/// A pair of addresses with another answer than the wikis' first ones have.
#[derive(Serialize)]
pub(super) struct ByAddress<'a> {
    from: &'a str,
    from_url: String,
    to: &'a str,
    to_url: String,
    verdict: Verdict,
    step: Option<usize>,
    reason: String,
    cookie_sent: bool,
    effect: Option<String>,
}

/// What is different at other addresses for users; in a large farm, each wiki is only held against itself.
pub(super) fn different<'a>(model: &'a Model, chosen: &Chosen<'a>) -> Vec<ByAddress<'a>> {
    let mut found = Vec::new();
    for (position, from) in &chosen.sites {
        let asked = |other: &usize| {
            let itself = other == position && chosen.one.is_none_or(|one| one == *other);
            itself || (chosen.in_full() && chosen.has_pair(*position, *other))
        };
        let others = chosen.sites.iter().filter(|(other, _)| asked(other));
        for (_, to) in others.filter(|(_, to)| !(from.aliases.is_empty() && to.aliases.is_empty())) {
            let row = |(a, b, pair): (&Site, &Site, Pair)| ByAddress {
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
            // That an address lets nobody log in is said once.
            let news = |pair: &Pair| from.name == to.name || pair.verdict != Verdict::Rejected;
            let others = model.by_alias(from, to, As::User).into_iter().filter(|(_, _, pair)| news(pair));
            found.extend(others.map(row));
        }
    }
    found
}

/// Shows it, wikis with one answer together.
pub(super) fn show(found: &[ByAddress<'_>], context: &mut Context<'_>) {
    // From one address of a wiki to another of its own first: that explains most of the others.
    let schemes = |row: &ByAddress<'_>| (scheme(&row.from_url).to_owned(), scheme(&row.to_url).to_owned());
    let mut alike: BTreeMap<_, (BTreeSet<&str>, &ByAddress<'_>)> = BTreeMap::new();
    for row in found {
        let key = (row.from != row.to, row.verdict, row.step, schemes(row));
        alike.entry(key).or_insert_with(|| (BTreeSet::new(), row)).0.insert(row.from);
    }
    if alike.is_empty() {
        return;
    }
    writeln!(context.out, "\nBy other addresses of the wikis:");
    for (wikis, row) in alike.values().take(MOST_LINES) {
        let what = row.effect.as_ref().unwrap_or(&row.reason);
        let step = row.step.map_or(String::new(), |step| format!(" at step {step}"));
        let verdict = row.verdict.name();
        let mut line = format!("  {} -> {}: {verdict}{step}: {what}", row.from_url, row.to_url);
        let others: Vec<&str> = wikis.iter().copied().filter(|wiki| *wiki != row.from).collect();
        if !others.is_empty() {
            line.push_str(&format!(" (and so from {})", list(&others, 4)));
        }
        writeln!(context.out, "{}", escape(&line));
    }
    let more = alike.len().saturating_sub(MOST_LINES);
    if more > 0 {
        writeln!(context.out, "  and {more} more lines: name some wikis to see theirs");
    }
}

fn scheme(url: &str) -> &str {
    url.split_once(':').map_or(url, |(scheme, _)| scheme)
}
