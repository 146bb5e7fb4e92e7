//! What is wanted of each pair of wikis.

use std::collections::BTreeSet;

use crate::farm::Farm;
use crate::sharing::{Model, groups};

/// What is wanted between two wikis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Wanted {
    /// They share a login, both ways.
    Shared,
    /// They share no login, and do not affect each other.
    Apart,
    /// They do not affect each other, whether they share a login or not.
    Harmless,
}

/// Wikis that are to share a login or to be separate, in addition to the `[[share]]` tables of the farm file.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Asked {
    /// Lists of wikis that share a login.
    pub share: Vec<Vec<String>>,
    /// Lists of wikis of which no two share a login.
    pub apart: Vec<Vec<String>>,
}

/// What is wanted of each pair of wikis, which are positions in [`Model::sites`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Intents {
    /// The lists of wikis that share a login.
    pub(super) tables: Vec<Vec<usize>>,
    /// The tables of each wiki.
    tables_of: Vec<BTreeSet<usize>>,
    apart: BTreeSet<(usize, usize)>,
    /// Whether wikis without a common table must not share a login.
    strict: bool,
    /// Wikis that share a login directly or over others, and each other wiki alone: the largest first.
    pub(super) parties: Vec<Vec<usize>>,
    /// The party of each wiki.
    pub(super) party_of: Vec<usize>,
}

impl Intents {
    /// What the farm file and the administrator want. Without any list of wikis that share, the farm's present groups
    /// stay together.
    pub fn new(farm: &Farm, model: &Model, asked: &Asked) -> Intents {
        let positions = |names: &mut dyn Iterator<Item = &String>| -> Vec<usize> {
            names.filter_map(|name| model.by_name.get(name).copied()).collect()
        };
        let in_file =
            farm.shares.iter().map(|share| positions(&mut share.wikis.iter().map(|(name, _)| name)));
        let mut tables: Vec<Vec<usize>> = in_file.collect();
        tables.extend(asked.share.iter().map(|names| positions(&mut names.iter())));
        let strict = !tables.is_empty();
        let mut apart = BTreeSet::new();
        for names in &asked.apart {
            let wikis = positions(&mut names.iter());
            apart.extend(wikis.iter().flat_map(|a| wikis.iter().map(|b| (*a, *b))).filter(|(a, b)| a != b));
        }
        if !strict {
            tables = groups(model).to_vec();
            for table in &mut tables {
                let mut kept: Vec<usize> = Vec::new();
                for at in table.drain(..) {
                    if kept.iter().all(|other| !apart.contains(&(*other, at))) {
                        kept.push(at);
                    }
                }
                *table = kept;
            }
        }
        Intents::of(model.sites().len(), tables, apart, strict)
    }

    fn of(wikis: usize, tables: Vec<Vec<usize>>, apart: BTreeSet<(usize, usize)>, strict: bool) -> Intents {
        let mut tables_of: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); wikis];
        for (number, table) in tables.iter().enumerate() {
            for at in table {
                tables_of.get_mut(*at).into_iter().for_each(|tables| tables.extend([number]));
            }
        }
        let parties = parties(wikis, &tables);
        let mut party_of = vec![0; wikis];
        for (number, party) in parties.iter().enumerate() {
            for at in party {
                party_of.get_mut(*at).into_iter().for_each(|party| *party = number);
            }
        }
        Intents { tables, tables_of, apart, strict, parties, party_of }
    }

    /// What is wanted between two wikis.
    pub fn wanted(&self, one: usize, other: usize) -> Wanted {
        let both = self.tables_of.get(one).zip(self.tables_of.get(other));
        if self.apart.contains(&(one, other)) {
            Wanted::Apart
        } else if both.is_some_and(|(one, other)| !one.is_disjoint(other)) {
            Wanted::Shared
        } else if self.strict {
            Wanted::Apart
        } else {
            Wanted::Harmless
        }
    }

    /// The pairs that must be separate though they may have all in common.
    pub(super) fn apart(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        self.apart.iter().copied()
    }
}

/// The wikis that tables connect.
fn parties(wikis: usize, tables: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut root: Vec<usize> = (0..wikis).collect();
    for table in tables {
        let known: BTreeSet<usize> = table.iter().filter_map(|at| root.get(*at).copied()).collect();
        if let Some(first) = known.first() {
            root.iter_mut().filter(|root| known.contains(root)).for_each(|root| *root = *first);
        }
    }
    let mut parties: Vec<Vec<usize>> = vec![Vec::new(); wikis];
    for (at, root) in root.iter().enumerate() {
        parties.get_mut(*root).into_iter().for_each(|party| party.push(at));
    }
    parties.retain(|party| !party.is_empty());
    parties.sort_by_key(|party| std::cmp::Reverse(party.len()));
    parties
}
