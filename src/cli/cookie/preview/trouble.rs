//! The pairs that do not work, in as few lines as it takes.

use std::collections::{BTreeMap, BTreeSet};

use super::chosen::Chosen;
use super::row::{MOST_LINES, list};
use crate::cli::Context;
use crate::report::escape;
use crate::sharing::{As, Effect, Judgement, Model, Pair, Third, Verdict};

/// The pairs that hurt, by class of the wikis: one line each, however many wikis it concerns.
pub(super) fn show(model: &Model, chosen: &Chosen<'_>, thirds: &[Third], context: &mut Context<'_>) {
    let mut lines = Vec::new();
    // A wiki whose own cookie is refused hurts at home, wherever one goes.
    for site in chosen.asked_about().map(|(_, site)| site).filter(|site| site.refused(As::User)) {
        let pair = model.pair(site, site, As::User);
        lines.push(format!("{}: rejected, nobody can log in: {}", site.name, pair.reason));
    }
    let refused = lines.len();
    // As many wikis together as it takes for a screen.
    let classes = model.classes();
    let mut found = Trouble::by(model, chosen, |class| class);
    if found.len() > MOST_LINES {
        found = Trouble::by(model, chosen, |class| classes.kind_of(class));
    }
    if found.len() > MOST_LINES {
        found = Trouble::by(model, chosen, |class| classes.behavior_of(class));
    }
    for trouble in found.into_values() {
        let name = |position: &usize| model.sites().get(*position).map(|site| site.name.as_str());
        let names =
            |positions: &BTreeSet<usize>| list(&positions.iter().filter_map(name).collect::<Vec<_>>(), 4);
        let step = trouble.pair.step.map_or(String::new(), |step| format!(" at step {step}"));
        let what = trouble.pair.effect.unwrap_or(trouble.pair.reason);
        let verdict = trouble.pair.verdict.name();
        lines.push(format!("{} -> {}: {verdict}{step}: {what}", names(&trouble.from), names(&trouble.to)));
    }
    lines.extend(thirds.iter().map(|third| third.describe(model.sites())));
    if lines.is_empty() {
        return;
    }
    let whole = chosen.in_full() || lines.len() == refused;
    let some = if whole { "" } else { ", by example" };
    writeln!(context.out, "\nPairs that do not work{some}:");
    let more = lines.len().saturating_sub(MOST_LINES);
    for line in lines.iter().take(MOST_LINES) {
        writeln!(context.out, "  {}", escape(line));
    }
    if more > 0 {
        writeln!(context.out, "  and {more} more lines: name some wikis to see theirs");
    }
}

/// Wikis that go wrong in one way.
struct Trouble {
    from: BTreeSet<usize>,
    to: BTreeSet<usize>,
    /// One of the pairs.
    pair: Pair,
}

/// The two wikis' class, kind or manner, and what comes of it.
type TroubleKey = (usize, usize, Verdict, Option<Effect>);

impl Trouble {
    /// The pairs that do not work, those together whose two wikis have the same `key`s and the same verdict.
    fn by(model: &Model, chosen: &Chosen<'_>, key: impl Fn(usize) -> usize) -> BTreeMap<TroubleKey, Trouble> {
        let classes = model.classes();
        let judge = |from: usize, to: usize| {
            let (from, to) = (model.sites().get(from)?, model.sites().get(to)?);
            Some(model.judge(from, to, As::User))
        };
        let mut found: BTreeMap<TroubleKey, Trouble> = BTreeMap::new();
        for (from, to) in chosen.pairs.iter().copied() {
            let Some(judged) = judge(from, to).filter(Judgement::is_trouble) else { continue };
            // That a wiki's own cookie is refused has been said.
            let (Some(a), Some(b)) = (chosen.sites.get(&from), chosen.sites.get(&to)) else { continue };
            if judged.verdict == Verdict::Rejected {
                continue;
            }
            let (one, other) = (classes.class_of(from), classes.class_of(to));
            let trouble =
                found.entry((key(one), key(other), judged.verdict, judged.effect)).or_insert_with(|| {
                    // Of a large farm one of a class is asked about, and stands for all.
                    let alike = |class: usize| classes.members.get(class).into_iter().flatten().copied();
                    let comes = |other: &usize| chosen.has_pair(*other, to);
                    let from = alike(one).filter(comes).filter(|other| judge(*other, to) == Some(judged));
                    let first = from.clone().next();
                    let to = alike(other).filter(|other| {
                        first.is_some_and(|first| {
                            chosen.has_pair(first, *other) && judge(first, *other) == Some(judged)
                        })
                    });
                    Trouble { from: from.collect(), to: to.collect(), pair: model.pair(a, b, As::User) }
                });
            trouble.from.insert(from);
            trouble.to.insert(to);
        }
        found
    }
}
