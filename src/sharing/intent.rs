//! Compares the `[[share]]` tables with the prediction.

use std::collections::{BTreeSet, HashMap};

use super::model::Model;
use super::verdict::{As, Pair, Verdict};
use crate::browser::Target;
use crate::farm::{Farm, Span};

/// A difference between the prediction and `[[share]]`.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Disagreement {
    /// The wiki that users come from.
    pub from: String,
    /// The wiki that they go to.
    pub to: String,
    /// Whether a `[[share]]` lists both. If not, they share a login against the intent.
    pub intended: bool,
    /// The prediction.
    pub pair: Pair,
    /// The unmet `[[share]]`, or the wiki that shares against the intent.
    pub span: Span,
}

/// The differences between the prediction and the farm's `[[share]]` tables: wikis of one table that do not share (or may
/// not share), and, if there are any tables, wikis that share without a common table.
///
/// For each wiki, only the first other wiki with a difference is named.
pub fn disagreements(farm: &Farm, model: &Model) -> Vec<Disagreement> {
    if farm.shares.is_empty() {
        return Vec::new();
    }
    let positions: HashMap<&str, usize> =
        model.sites().iter().enumerate().map(|(position, site)| (site.name.as_str(), position)).collect();
    let tables: Vec<Vec<usize>> = farm
        .shares
        .iter()
        .map(|share| {
            share.wikis.iter().filter_map(|(name, _)| positions.get(name.as_str()).copied()).collect()
        })
        .collect();
    let described = |from: usize, to: usize, intended: bool, span: Span| {
        let (a, b) = (model.sites().get(from)?, model.sites().get(to)?);
        let pair = model.pair(a, b, As::User);
        Some(Disagreement { from: a.name.clone(), to: b.name.clone(), intended, pair, span })
    };
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for (share, table) in farm.shares.iter().zip(&tables) {
        let pairs = missing(model, std::slice::from_ref(table)).into_iter().filter(|pair| seen.insert(*pair));
        found.extend(pairs.filter_map(|(from, to)| described(from, to, true, share.span.clone())));
    }
    found.extend(unintended(model, &tables).into_iter().filter_map(|(from, to)| {
        let span = model.sites().get(to).and_then(|site| farm.wiki(&site.name)).map(|wiki| wiki.span.clone());
        described(from, to, false, span.unwrap_or(0..0))
    }));
    let position = |name: &str| positions.get(name).copied();
    found.sort_by_key(|found| (!found.intended, position(&found.from), position(&found.to)));
    found
}

/// Wikis of one table that do not share: for each wiki the first other one, as positions of the wiki left and the wiki gone
/// to.
pub(super) fn missing(model: &Model, tables: &[Vec<usize>]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for members in tables {
        // Two wikis of each class at two addresses are enough: one of them is not the wiki itself.
        let mut asked: HashMap<usize, Vec<usize>> = HashMap::new();
        let mut examples = Vec::new();
        let mut by_address: HashMap<&Target, Vec<usize>> = HashMap::new();
        for member in members {
            let of_class = asked.entry(model.classes().class_of(*member)).or_default();
            if of_class.len() < 2 && of_class.iter().all(|known| model.apart(*known, *member)) {
                of_class.push(*member);
                examples.push(*member);
            }
            if let Some(site) = model.sites().get(*member) {
                by_address.entry(&site.target).or_default().push(*member);
            }
        }
        for to in members {
            let same_address = model.sites().get(*to).and_then(|site| by_address.get(&site.target));
            let same_address = same_address.into_iter().flatten().take(2);
            let first = examples.iter().chain(same_address).filter(|from| *from != to).find(|from| {
                let pair = model.sites().get(**from).zip(model.sites().get(*to));
                pair.is_some_and(|(a, b)| model.judge(a, b, As::User).verdict != Verdict::Shared)
            });
            found.extend(first.map(|from| (*from, *to)));
        }
    }
    found
}

/// Wikis that share without a common table: for each wiki the first other one, as positions of the wiki left and the wiki gone
/// to.
pub(super) fn unintended(model: &Model, tables: &[Vec<usize>]) -> Vec<(usize, usize)> {
    let mut tables_of: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); model.sites().len()];
    for (table, members) in tables.iter().enumerate() {
        for member in members {
            if let Some(tables) = tables_of.get_mut(*member) {
                tables.insert(table);
            }
        }
    }
    // In each class, one wiki for each set of tables, and a second one at another address for the first one.
    let mut kinds: Vec<HashMap<&BTreeSet<usize>, Vec<usize>>> =
        vec![HashMap::new(); model.classes().members.len()];
    for (position, (class, tables)) in model.classes().of.iter().zip(&tables_of).enumerate() {
        if let Some(kind) = kinds.get_mut(*class) {
            let examples = kind.entry(tables).or_default();
            if examples.len() < 2 && examples.iter().all(|known| model.apart(*known, position)) {
                examples.push(position);
            }
        }
    }
    let mut found = Vec::new();
    for (to, (b, tables)) in model.sites().iter().zip(&tables_of).enumerate() {
        let apart = model.may_share(to).into_iter().filter_map(|class| kinds.get(class)).flatten();
        let mut other_users: Vec<usize> = apart
            .filter(|(theirs, _)| theirs.is_disjoint(tables))
            .flat_map(|(_, examples)| examples.iter().copied().find(|from| model.apart(*from, to)))
            .collect();
        other_users.sort_unstable();
        let shared = other_users.into_iter().find(|from| {
            let a = model.sites().get(*from);
            a.is_some_and(|a| model.judge(a, b, As::User).verdict == Verdict::Shared)
        });
        found.extend(shared.map(|from| (from, to)));
    }
    found
}
