//! What the wikis of a party have in common, or can have.

use crate::browser::domain_match;
use crate::farm::Wiki;
use crate::moin::Behavior;

/// Versions that can share a login with each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    /// 1.7 and 1.8.
    Old,
    /// 1.9.0, whose cookie has a fixed name.
    Fixed,
    /// From 1.9.1 on.
    New,
    /// 2.0.
    Flask,
}

impl Family {
    pub(super) fn of(wiki: &Wiki) -> Family {
        match wiki.version().behavior() {
            behavior if behavior >= Behavior::V2 => Family::Flask,
            Behavior::V1_9_0 => Family::Fixed,
            behavior if behavior < Behavior::V1_9_0 => Family::Old,
            _ => Family::New,
        }
    }
}

/// The narrowest domain of several hosts; `None` for one host, and for hosts without a common parent.
pub(super) fn common_parent(hosts: &[&str]) -> Option<String> {
    let (first, rest) = hosts.split_first()?;
    if rest.iter().all(|host| host == first) {
        return None;
    }
    let parents = first.match_indices('.').filter_map(|(dot, _)| first.get(dot + 1..));
    let mut domains = std::iter::once(*first).chain(parents);
    domains.find(|domain| hosts.iter().all(|host| domain_match(host, domain))).map(str::to_owned)
}

/// The value that most of them have, the first one of equals.
pub(super) fn most_common<T: PartialEq>(values: impl Iterator<Item = T>) -> Option<T> {
    let mut counted: Vec<(T, usize)> = Vec::new();
    for value in values {
        match counted.iter_mut().find(|(known, _)| *known == value) {
            Some((_, count)) => *count += 1,
            None => counted.push((value, 1)),
        }
    }
    let most = counted.iter().map(|(_, count)| *count).max()?;
    counted.into_iter().find(|(_, count)| *count == most).map(|(value, _)| value)
}
