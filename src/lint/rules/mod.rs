//! The rules, one file per family.

pub(super) mod domain;
mod lifetime;
mod name;
mod neighbours;
mod path;
mod permissions;
mod prune;
mod python;
mod security;
mod sharing;
mod storage;
mod stores;
pub(super) mod suppression;
mod syntax;
mod tables;
mod versions;

use super::rule::Rule;

/// The families, in the order in which their rules are listed.
pub(super) const FAMILIES: [&[Rule]; 16] = [
    syntax::RULES,
    tables::RULES,
    python::RULES,
    versions::RULES,
    domain::RULES,
    name::RULES,
    path::RULES,
    lifetime::RULES,
    security::RULES,
    sharing::RULES,
    neighbours::RULES,
    storage::RULES,
    stores::RULES,
    permissions::RULES,
    prune::RULES,
    suppression::RULES,
];
