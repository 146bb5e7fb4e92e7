//! Where browsers that go by the other rules, Chromium's or the letter of RFC 6265bis, have another answer.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::chosen::Chosen;
use super::{Row, ThirdJson};
use crate::cli::browser::Browser;
use crate::cli::{Context, Failure};
use crate::report::escape;
use crate::sharing::{As, Judgement, Model, Modes, Third, Verdict};

/// All that is otherwise.
#[derive(Serialize)]
pub(super) struct Otherwise<'a> {
    /// The pairs with another verdict or effect, as the other rules have them.
    pairs: Vec<Row<'a>>,
    /// What comes between two wikis only by the other rules.
    thirds: Vec<ThirdJson<'a>>,
    /// What does not come between two wikis by the other rules.
    not_thirds: Vec<ThirdJson<'a>>,
    /// A line for each kind of pair.
    #[serde(skip)]
    lines: Vec<String>,
}

impl<'a> Otherwise<'a> {
    /// Holds the answers of two models to each other.
    pub(super) fn new(
        model: &'a Model,
        other: &'a Model,
        chosen: &Chosen<'a>,
        thirds: &[Third],
    ) -> Otherwise<'a> {
        let modes = Modes::new(model, other);
        let mut asked: BTreeSet<(usize, usize)> = chosen.pairs.iter().copied().collect();
        if modes.any_differs() {
            asked.extend(chosen.pairs_of(other));
        }
        let told = |model: &Model, (from, to): (usize, usize), visitor| {
            Some(model.judge(model.sites().get(from)?, model.sites().get(to)?, visitor))
        };
        let mut pairs = Vec::new();
        let mut alike: BTreeMap<_, (String, usize)> = BTreeMap::new();
        // To act out everything twice takes too long for a large farm: there only the headers themselves count.
        let full = chosen.in_full();
        let may_differ =
            |from, to| if full { modes.may_differ(from, to) } else { modes.one_differs(from, to) };
        for pair in asked.into_iter().filter(|(from, to)| may_differ(*from, *to)) {
            for visitor in [As::User, As::Anonymous] {
                let Some((ours, theirs)) = told(model, pair, visitor).zip(told(other, pair, visitor)) else {
                    continue;
                };
                if (ours.verdict, ours.harm) == (theirs.verdict, theirs.harm) {
                    continue;
                }
                let Some(row) = Row::of(other, pair, visitor) else { continue };
                if visitor == As::User {
                    let rejected = |judged: Judgement| judged.verdict == Verdict::Rejected;
                    let refused = (rejected(ours) || rejected(theirs)).then_some(pair.0);
                    let Judgement { verdict, step, harm, .. } = theirs;
                    let line = || (line(&row, refused.is_some()), 0);
                    let (step, harm) = if refused.is_some() { (None, None) } else { (step, harm) };
                    let verdict = if rejected(ours) { Verdict::Separate } else { verdict };
                    alike.entry((verdict, step, harm, refused)).or_insert_with(line).1 += 1;
                }
                pairs.push(row);
            }
        }
        let (new, gone) = if full { modes.thirds(thirds) } else { Default::default() };
        let told = |thirds: Vec<Third>, of: &'a Model| {
            let asked = thirds.iter().filter(|third| chosen.has(third));
            asked.map(|third| ThirdJson::of(third, of)).collect::<Vec<_>>()
        };
        let (new, gone) = (told(new, other), told(gone, model));
        let mut lines: Vec<String> = alike
            .into_iter()
            .map(|((.., refused), (line, count))| match count {
                1 => line,
                _ if refused.is_some() => line,
                2 => format!("{line} (and so for 1 more pair)"),
                count => format!("{line} (and so for {} more pairs)", count - 1),
            })
            .collect();
        lines.extend(new.iter().map(|third| third.effect.clone()));
        lines.extend(gone.iter().map(|third| format!("not so: {}", third.effect)));
        Otherwise { pairs, thirds: new, not_thirds: gone, lines }
    }

    /// A line for each kind of difference.
    pub(super) fn show(&self, browser: Browser, context: &mut Context<'_>) -> Result<(), Failure> {
        if self.lines.is_empty() {
            return Ok(());
        }
        writeln!(context.out, "\nOtherwise {}:", browser.other_name())?;
        for line in self.lines.iter().take(super::MOST_LINES) {
            writeln!(context.out, "  {}", escape(line))?;
        }
        let more = self.lines.len().saturating_sub(super::MOST_LINES);
        if more > 0 {
            writeln!(context.out, "  and {more} more lines: name some wikis to see theirs")?;
        }
        Ok(())
    }
}

fn line(row: &Row<'_>, refused: bool) -> String {
    match row.verdict {
        Verdict::Rejected => return format!("{}: rejected, nobody can log in: {}", row.from, row.reason),
        _ if refused => return format!("{}: not rejected, people can log in", row.from),
        _ => {}
    }
    let step = row.step.map_or(String::new(), |step| format!(" at step {step}"));
    let what = row.effect.as_ref().unwrap_or(&row.reason);
    format!("{} -> {}: {}{step}: {what}", row.from, row.to, row.verdict.name())
}
