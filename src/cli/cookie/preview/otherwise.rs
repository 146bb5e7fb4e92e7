//! Where browsers that go by the other rules, Chromium's or the letter of RFC 6265bis, have another answer.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::chosen::Chosen;
use super::row::{MOST_LINES, Row, ThirdJson};
use crate::cli::Context;
use crate::cli::shared::browser::Browser;
use crate::report::escape;
use crate::sharing::{As, Browsers, Judgement, Model, Third, Verdict};

/// All that is otherwise.
#[derive(Serialize)]
pub(super) struct Otherwise<'a> {
    /// The pairs with another verdict or effect, as the other rules have them.
    pairs: Vec<Row<'a>>,
    /// What comes between two wikis only by the other rules.
    thirds: Vec<ThirdJson<'a>>,
    /// What does not come between two wikis by the other rules.
    not_thirds: Vec<ThirdJson<'a>>,
    /// A line for each wiki that is refused by one browser only, and for each kind of pair.
    #[serde(skip)]
    lines: Vec<String>,
    /// Whether they stand for all there is.
    #[serde(skip)]
    whole: bool,
}

impl<'a> Otherwise<'a> {
    /// Holds the answers of two models to each other.
    pub(super) fn new(
        model: &'a Model,
        other: &'a Model,
        chosen: &Chosen<'a>,
        thirds: &[Third],
    ) -> Otherwise<'a> {
        let modes = Browsers::new(model, other);
        // To act out everything twice takes too long for a large farm: there only the headers themselves count.
        let full = chosen.in_full();
        let may_differ =
            |from, to| if full { modes.may_differ(from, to) } else { modes.one_differs(from, to) };
        let mut asked: BTreeSet<(usize, usize)> = chosen.pairs.iter().copied().collect();
        if modes.any_differs() {
            asked.extend(chosen.pairs_of(other));
        }
        // That a wiki is refused by one browser only concerns all who log in there, whatever pairs are asked about.
        let mut lines = Vec::new();
        for (position, ours) in chosen.asked_about() {
            let Some(theirs) = other.sites().get(position) else { continue };
            match (ours.refused(As::User), theirs.refused(As::User)) {
                (true, false) => lines.push(format!("{}: not rejected, people can log in", ours.name)),
                (false, true) => {
                    let reason = other.pair(theirs, theirs, As::User).reason;
                    lines.push(format!("{}: rejected, nobody can log in: {reason}", ours.name));
                }
                _ => continue,
            }
            let elsewhere = chosen.sites.keys().find(|to| chosen.has_pair(position, **to));
            asked.extend(elsewhere.map(|to| (position, *to)));
        }
        let told = |model: &Model, (from, to): (usize, usize), visitor| {
            Some(model.judge(model.sites().get(from)?, model.sites().get(to)?, visitor))
        };
        let mut pairs = Vec::new();
        let mut alike: BTreeMap<_, (String, usize)> = BTreeMap::new();
        for pair in asked.into_iter().filter(|(from, to)| may_differ(*from, *to)) {
            for visitor in [As::User, As::Anonymous] {
                let Some((ours, theirs)) = told(model, pair, visitor).zip(told(other, pair, visitor)) else {
                    continue;
                };
                if (ours.verdict, ours.harm) == (theirs.verdict, theirs.harm) {
                    continue;
                }
                let Some(row) = Row::of(other, pair, visitor) else { continue };
                let refused = [ours, theirs].iter().any(|judged| judged.verdict == Verdict::Rejected);
                if visitor == As::User && !refused {
                    let Judgement { verdict, step, harm, .. } = theirs;
                    alike.entry((verdict, step, harm)).or_insert_with(|| (line(&row), 0)).1 += 1;
                }
                pairs.push(row);
            }
        }
        let (new, gone) =
            if full || modes.any_differs() { modes.thirds(thirds, &may_differ) } else { Default::default() };
        let told = |thirds: Vec<Third>, of: &'a Model| {
            let asked = thirds.iter().filter(|third| chosen.has(third));
            asked.map(|third| ThirdJson::of(third, of)).collect::<Vec<_>>()
        };
        let (new, gone) = (told(new, other), told(gone, model));
        let refused = lines.len();
        lines.extend(alike.into_values().map(|(line, count)| match count {
            _ if !full => line,
            1 => line,
            2 => format!("{line} (and so for 1 more pair)"),
            count => format!("{line} (and so for {} more pairs)", count - 1),
        }));
        lines.extend(new.iter().map(|third| third.effect.clone()));
        lines.extend(gone.iter().map(|third| format!("not so: {}", third.effect)));
        let whole = full || lines.len() == refused;
        Otherwise { pairs, thirds: new, not_thirds: gone, lines, whole }
    }

    /// A line for each kind of difference.
    pub(super) fn show(&self, browser: Browser, context: &mut Context<'_>) {
        if self.lines.is_empty() {
            return;
        }
        let some = if self.whole { "" } else { ", by example" };
        writeln!(context.out, "\nOtherwise {}{some}:", browser.other_name());
        for line in self.lines.iter().take(MOST_LINES) {
            writeln!(context.out, "  {}", escape(line));
        }
        let more = self.lines.len().saturating_sub(MOST_LINES);
        if more > 0 {
            writeln!(context.out, "  and {more} more lines: name some wikis to see theirs");
        }
    }
}

fn line(row: &Row<'_>) -> String {
    let step = row.step.map_or(String::new(), |step| format!(" at step {step}"));
    let what = row.effect.as_ref().unwrap_or(&row.reason);
    format!("{} -> {}: {}{step}: {what}", row.from, row.to, row.verdict.name())
}
