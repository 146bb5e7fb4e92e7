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
    let mut found = missing(farm, model, &tables);
    found.extend(unintended(farm, model, &tables));
    let place = |name: &str| positions.get(name).copied();
    found.sort_by_key(|found| (!found.intended, place(&found.from), place(&found.to)));
    found
}

/// Wikis of one table that do not share.
fn missing(farm: &Farm, model: &Model, tables: &[Vec<usize>]) -> Vec<Disagreement> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    for (share, members) in farm.shares.iter().zip(tables) {
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
            let first = examples.iter().chain(same_address).filter(|from| *from != to).find_map(|from| {
                let (a, b) = (model.sites().get(*from)?, model.sites().get(*to)?);
                (model.judge(a, b, As::User).verdict != Verdict::Shared)
                    .then(|| (*from, a.name.clone(), b.name.clone(), model.pair(a, b, As::User)))
            });
            if let Some((position, from, to_name, pair)) = first
                && seen.insert((position, *to))
            {
                found.push(Disagreement {
                    from,
                    to: to_name,
                    intended: true,
                    pair,
                    span: share.span.clone(),
                });
            }
        }
    }
    found
}

/// Wikis that share without a common table.
fn unintended(farm: &Farm, model: &Model, tables: &[Vec<usize>]) -> Vec<Disagreement> {
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
        let shared = other_users.into_iter().find_map(|from| {
            let a = model.sites().get(from)?;
            (model.judge(a, b, As::User).verdict == Verdict::Shared)
                .then(|| (a.name.clone(), model.pair(a, b, As::User)))
        });
        if let Some((from, pair)) = shared {
            let span = farm.wiki(&b.name).map_or(0..0, |wiki| wiki.span.clone());
            found.push(Disagreement { from, to: b.name.clone(), intended: false, pair, span });
        }
    }
    found
}
