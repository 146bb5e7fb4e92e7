//! The table of rules, and one file per family. The engine knows the families by this table only.

mod domain;
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
mod suppression;
mod syntax;
mod tables;
mod versions;

use super::rule::{Rule, WARNINGS, near};

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

/// All rules.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    FAMILIES.iter().flat_map(|family| family.iter())
}

/// Checks that a name in `--deny` is a rule, a family, or `warnings`.
///
/// # Errors
/// If it is none of them: the nearest such name, if one is near.
pub fn known_name(name: &str) -> Result<(), Option<&'static str>> {
    if name == WARNINGS || all().any(|rule| rule.name == name || rule.family == name) {
        return Ok(());
    }
    Err(near(name, all()))
}
