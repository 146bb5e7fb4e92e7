//! Where the prediction for another browser differs.

use std::collections::{BTreeMap, BTreeSet};

use super::chosen::Chosen;
use super::row::{Interference, Row};
use super::section::section;
use super::trouble::rejected;
use crate::browser::Profile;
use crate::cli::Context;
use crate::cli::cookie::new_logins::{NewLoginJson, new_logins, with_count};
use crate::sharing::{As, Browsers, Judgement, Model, Third, Verdict};
use crate::text::list;

/// What differs in the other browser.
pub(super) struct Differences<'a> {
    /// The pairs with another verdict or effect, as in the other browser.
    pub(super) pairs: Vec<Row<'a>>,
    /// Wikis that interfere with two others in the other browser only.
    pub(super) thirds: Vec<Interference<'a>>,
    /// Wikis that interfere with two others in the first browser only.
    pub(super) not_thirds: Vec<Interference<'a>>,
    /// Pairs where a new login has another result.
    pub(super) new_logins: Vec<NewLoginJson<'a>>,
    other: Profile,
    /// A line for each wiki whose cookie one browser rejects, and for each kind of pair.
    lines: Vec<String>,
    /// Whether the lines show every difference.
    complete: bool,
}

impl<'a> Differences<'a> {
    /// Compares the answers for two browsers.
    pub(super) fn new(
        model: &'a Model,
        other: &'a Model,
        chosen: &Chosen<'a>,
        thirds: &[Third],
    ) -> Differences<'a> {
        let browsers = Browsers::new(model, other);
        // To act out everything twice takes too long for a large farm: there only single headers are compared.
        let full = chosen.in_full();
        let may_differ =
            |from, to| if full { browsers.may_differ(from, to) } else { browsers.one_differs(from, to) };
        let mut asked: BTreeSet<(usize, usize)> = chosen.pairs.iter().copied().collect();
        if browsers.any_differs() {
            asked.extend(chosen.pairs_of(other));
        }
        // A cookie that one browser rejects concerns all users of the wiki, also if no pair with the wiki was named.
        let (mut accepted, mut newly_rejected) = (Vec::new(), Vec::new());
        for (position, ours) in chosen.asked_about() {
            let Some(theirs) = other.sites().get(position) else { continue };
            match (ours.rejected(As::User), theirs.rejected(As::User)) {
                (true, false) => accepted.push(ours.name.as_str()),
                (false, true) => newly_rejected.push(theirs),
                _ => continue,
            }
            let elsewhere = chosen.sites.keys().find(|to| chosen.has_pair(position, **to));
            asked.extend(elsewhere.map(|to| (position, *to)));
        }
        let mut lines = rejected(newly_rejected.into_iter());
        if !accepted.is_empty() {
            lines.push(format!("users can log in at {}", list(&accepted, "and", 4)));
        }
        let judged = |model: &Model, (from, to): (usize, usize), visitor| {
            Some(model.judge(model.sites().get(from)?, model.sites().get(to)?, visitor))
        };
        let mut pairs = Vec::new();
        let mut alike: BTreeMap<_, (String, usize)> = BTreeMap::new();
        for pair in asked.into_iter().filter(|(from, to)| may_differ(*from, *to)) {
            for visitor in [As::User, As::Anonymous] {
                let Some((ours, theirs)) = judged(model, pair, visitor).zip(judged(other, pair, visitor))
                else {
                    continue;
                };
                if (ours.verdict, ours.effect) == (theirs.verdict, theirs.effect) {
                    continue;
                }
                let Some(row) = Row::of(other, pair, visitor) else { continue };
                let refused = [ours, theirs].iter().any(|judged| judged.verdict == Verdict::Rejected);
                if visitor == As::User && !refused {
                    let Judgement { verdict, step, effect, .. } = theirs;
                    alike.entry((verdict, step, effect)).or_insert_with(|| (line(&row), 0)).1 += 1;
                }
                pairs.push(row);
            }
        }
        let (new, gone) = if full || browsers.any_differs() {
            browsers.thirds(thirds, &may_differ)
        } else {
            Default::default()
        };
        let chosen_of = |thirds: Vec<Third>, of: &'a Model| {
            let asked = thirds.iter().filter(|third| chosen.has(third));
            asked.map(|third| Interference::of(third, of)).collect::<Vec<_>>()
        };
        let (new, gone) = (chosen_of(new, other), chosen_of(gone, model));
        let refused = lines.len();
        lines.extend(alike.into_values().map(|(line, count)| with_count(line, if full { count } else { 1 })));
        let (new_logins, about_logins) = new_logins(model, Some(other), &chosen.pairs, full);
        lines.extend(about_logins);
        lines.extend(new.iter().map(|third| third.effect.clone()));
        lines.extend(gone.iter().map(|third| format!("does not happen: {}", third.effect)));
        let complete = full || lines.len() == refused;
        let other = other.profile();
        Differences { pairs, thirds: new, not_thirds: gone, new_logins, other, lines, complete }
    }

    /// Marks what holds for one browser only, adds what holds for the other only, and returns what new logins lead to.
    pub(super) fn merge(
        self,
        first: Profile,
        pairs: &mut Vec<Row<'a>>,
        thirds: &mut Vec<Interference<'a>>,
    ) -> Vec<NewLoginJson<'a>> {
        let (first, other) = (Some([first.name()]), Some([self.other.name()]));
        for pair in pairs.iter_mut() {
            let key = |row: &Row<'_>| (row.from == pair.from, row.to == pair.to, row.visitor == pair.visitor);
            if self.pairs.iter().any(|row| key(row) == (true, true, true)) {
                pair.browsers = first;
            }
        }
        for third in thirds.iter_mut() {
            if self.not_thirds.iter().any(|gone| gone.effect == third.effect) {
                third.browsers = first;
            }
        }
        pairs.extend(self.pairs.into_iter().map(|row| Row { browsers: other, ..row }));
        thirds.extend(self.thirds.into_iter().map(|third| Interference { browsers: other, ..third }));
        self.new_logins
    }

    /// Prints a line for each kind of difference.
    pub(super) fn show(&self, context: &mut Context<'_>) {
        let examples = if self.complete { "" } else { " (examples)" };
        section(&format!("{} differs{examples}", self.other.title()), &self.lines, context);
    }
}

fn line(row: &Row<'_>) -> String {
    match &row.effect {
        Some(effect) => effect.clone(),
        None => format!("{} to {}: {}: {}", row.from, row.to, row.verdict.name(), row.reason),
    }
}
