//! Session ids in two stores whose wikis share a cookie. The browser sends the id to both wikis.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicBool, Ordering};

use super::{Finding, Report, Rule};
use crate::sharing::{As, Model, Site, Verdict};
use crate::store::{self, EntryName, StoreSpec};

/// The ids of all stores, 16 bytes each: a keyed hash and the position of the store.
pub(super) struct Ids {
    wanted: bool,
    key: RandomState,
    packed: Vec<(u64, u32)>,
}

impl Ids {
    /// Keeps ids only if they are `wanted`.
    pub(super) fn new(wanted: bool) -> Self {
        Ids { wanted, key: RandomState::new(), packed: Vec::new() }
    }

    pub(super) fn push(&mut self, id: &EntryName, store: usize) {
        if !self.wanted {
            return;
        }
        self.packed.push((self.key.hash_one(id.reveal()), u32::try_from(store).unwrap_or(u32::MAX)));
    }
}

/// Reports ids that are in two stores, if the wikis of these stores share a cookie.
pub(super) fn check(ids: Ids, model: &Model, stop: &AtomicBool, report: &mut Report) {
    let Ids { key, mut packed, .. } = ids;
    packed.sort_unstable();
    let mut pairs: std::collections::BTreeMap<(u32, u32), Vec<u64>> = std::collections::BTreeMap::new();
    for same in packed.chunk_by(|one, other| one.0 == other.0).filter(|same| same.len() > 1) {
        for (number, (hash, one)) in same.iter().enumerate() {
            for (_, other) in same.iter().skip(number + 1).filter(|(_, other)| other != one) {
                pairs.entry((*one, *other)).or_default().push(*hash);
            }
        }
    }
    for ((one, other), mut hashes) in pairs {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        hashes.sort_unstable();
        let spec = |position: u32| report.stores.get(position as usize).map(|(spec, _)| spec.clone());
        let (Some(first), Some(second)) = (spec(one), spec(other)) else { continue };
        let Some(rule) = one_cookie(&first, &second, model) else { continue };
        let Ok(store) = store::open(first.clone()) else { continue };
        let Some((_, found)) = report.stores.get_mut(one as usize) else { continue };
        let listed = store.names(&mut |name| {
            if hashes.binary_search(&key.hash_one(name.reveal())).is_ok() {
                let message = match rule {
                    Rule::DuplicateId => {
                        format!(
                            "also in {}: a login at one can replace the login at the other",
                            second.address()
                        )
                    }
                    _ => format!("also in {}", second.address()),
                };
                found.add(Finding { rule, path: first.entry(&name), message, key: name.to_string() });
            }
        });
        if let Err(error) = listed {
            report.problems.push(super::Problem::of(&error));
        }
    }
}

/// The rule about wikis of two stores that use one id. `None` if no wiki of one store receives and accepts the cookie of a
/// wiki of the other.
fn one_cookie(one: &StoreSpec, other: &StoreSpec, model: &Model) -> Option<Rule> {
    let sites =
        |spec: &StoreSpec| spec.wikis.iter().filter_map(|wiki| model.site(&wiki.name)).collect::<Vec<_>>();
    let (ours, theirs) = (sites(one), sites(other));
    let pairs = || ours.iter().flat_map(|a| theirs.iter().flat_map(|b| [(*a, *b), (*b, *a)]));
    // Steps 1 to 3 are about the browser and the cookie. Step 4 is about the store.
    let reaches = |(a, b): (&Site, &Site)| {
        let step = |visitor| model.judge(a, b, visitor).step;
        [As::User, As::Anonymous].into_iter().any(|visitor| step(visitor).is_none_or(|step| step > 3))
    };
    let disturbs = |(a, b): (&Site, &Site)| {
        matches!(model.judge(a, b, As::User).verdict, Verdict::Conflict | Verdict::Shadowed)
    };
    match (pairs().any(reaches), pairs().any(disturbs)) {
        (false, _) => None,
        (true, true) => Some(Rule::DuplicateId),
        // Nobody is logged out, but each store has the ids of the other.
        (true, false) => Some(Rule::IdLeaksToWiki),
    }
}
