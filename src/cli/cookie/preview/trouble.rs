//! The problems between wikis, in as few lines as possible.

use std::collections::{BTreeMap, BTreeSet};

use super::chosen::Chosen;
use super::row::MOST_LINES;
use crate::sharing::{As, Effect, Judgement, Left, Model, Site, Verdict};
use crate::text::list;

/// What is wrong between wikis.
pub(super) struct Problems {
    /// One line for each kind of problem.
    pub(super) lines: Vec<String>,
    /// One pair of wikis with a problem, by position.
    pub(super) example: Option<(usize, usize)>,
}

impl Problems {
    /// The problems of the chosen wikis, by class of the wikis: one line, however many wikis have it.
    pub(super) fn new(model: &Model, chosen: &Chosen<'_>) -> Problems {
        let mut lines = rejected(chosen.asked_about().map(|(_, site)| site));
        // As many wikis in one line as fit on a screen.
        let classes = model.classes();
        let mut found = Trouble::by(model, chosen, |class| class);
        if found.len() > MOST_LINES {
            found = Trouble::by(model, chosen, |class| classes.kind_of(class));
        }
        if found.len() > MOST_LINES {
            found = Trouble::by(model, chosen, |class| classes.behavior_of(class));
        }
        lines.extend(found.iter().map(|trouble| trouble.describe(model)));
        Problems { lines, example: found.first().map(|trouble| trouble.example) }
    }
}

/// The wikis whose own cookie browsers reject, those with the same reason in one line.
pub(super) fn rejected<'a>(sites: impl Iterator<Item = &'a Site>) -> Vec<String> {
    let mut wikis: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for site in sites {
        if let Some(reason) = reason(site) {
            wikis.entry(reason).or_default().push(&site.name);
        }
    }
    let line = |(reason, names): (String, Vec<&str>)| {
        format!("nobody can log in at {}: {reason}", list(&names, "and", 4))
    };
    wikis.into_iter().map(line).collect()
}

/// Why browsers keep no cookie of a wiki.
fn reason(site: &Site) -> Option<String> {
    match site.left(As::User) {
        Left::Rejected(reason, explanation) => {
            Some(format!("browsers reject the cookie ({}): {explanation}", reason.name()))
        }
        Left::Expired(seconds) => Some(format!("the cookie arrives expired: its lifetime is {seconds} s")),
        Left::Cookie(_) | Left::None(_) => None,
    }
}

/// Wikis with the same problem.
#[derive(Clone)]
struct Trouble {
    from: BTreeSet<usize>,
    to: BTreeSet<usize>,
    /// One of the pairs, and its judgement.
    example: (usize, usize),
    judged: Judgement,
}

/// The class, kind, or behavior of the two wikis, and the problem.
type TroubleKey = (usize, usize, Verdict, Option<Effect>);

impl Trouble {
    /// The pairs with a problem, those in one whose wikis have the same `key`s and the same problem.
    fn by(model: &Model, chosen: &Chosen<'_>, key: impl Fn(usize) -> usize) -> Vec<Trouble> {
        let classes = model.classes();
        let judge = |from: usize, to: usize| {
            let (from, to) = (model.sites().get(from)?, model.sites().get(to)?);
            Some(model.judge(from, to, As::User))
        };
        let mut found: BTreeMap<TroubleKey, Trouble> = BTreeMap::new();
        for (from, to) in chosen.pairs.iter().copied() {
            let Some(judged) = judge(from, to).filter(Judgement::is_trouble) else { continue };
            // A rejected cookie has a line of its own.
            if judged.verdict == Verdict::Rejected {
                continue;
            }
            let (one, other) = (classes.class_of(from), classes.class_of(to));
            let trouble =
                found.entry((key(one), key(other), judged.verdict, judged.effect)).or_insert_with(|| {
                    // In a large farm, one wiki of a class stands for all.
                    let alike = |class: usize| classes.members.get(class).into_iter().flatten().copied();
                    let comes = |other: &usize| chosen.has_pair(*other, to);
                    let senders = alike(one).filter(comes).filter(|other| judge(*other, to) == Some(judged));
                    let first = senders.clone().next();
                    let goals = alike(other).filter(|other| {
                        first.is_some_and(|first| {
                            chosen.has_pair(first, *other) && judge(first, *other) == Some(judged)
                        })
                    });
                    Trouble { from: senders.collect(), to: goals.collect(), example: (from, to), judged }
                });
            trouble.from.insert(from);
            trouble.to.insert(to);
        }
        merge(merge(found.into_values().collect(), model, Side::To), model, Side::From)
    }

    fn describe(&self, model: &Model) -> String {
        let names = |positions: &BTreeSet<usize>| -> Vec<&str> {
            let names = positions.iter().filter_map(|at| model.sites().get(*at));
            names.map(|site| site.name.as_str()).collect()
        };
        self.describe_as(model, &names(&self.from), &names(&self.to))
    }

    fn describe_as(&self, model: &Model, from: &[&str], to: &[&str]) -> String {
        let site = |position: usize| model.sites().get(position);
        let example = site(self.example.0).zip(site(self.example.1));
        example.map_or(String::new(), |(a, b)| model.describe_problem(self.judged, (from, to), (a, b)))
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Side {
    From,
    To,
}

/// Joins problems with the same words and the same wikis on that side.
fn merge(found: Vec<Trouble>, model: &Model, side: Side) -> Vec<Trouble> {
    let mut merged: Vec<(String, Trouble)> = Vec::new();
    for trouble in found {
        let words = trouble.describe_as(model, &["A"], &["B"]);
        let same = |(known, other): &&mut (String, Trouble)| {
            *known == words
                && trouble.judged.effect.is_some()
                && match side {
                    Side::From => other.from == trouble.from,
                    Side::To => other.to == trouble.to,
                }
        };
        match merged.iter_mut().find(same) {
            Some((_, other)) => {
                other.from.extend(&trouble.from);
                other.to.extend(&trouble.to);
            }
            None => merged.push((words, trouble)),
        }
    }
    merged.into_iter().map(|(_, trouble)| trouble).collect()
}
