//! The rules over a farm: one file per family in `rules/`, and one page per rule in `docs/rules`.
//!
//! `check` runs every rule and returns all findings, sorted by position. A rule is a value: name, family, severity, and
//! the function that looks. Its page has the text, an example that it reports, and one that it does not report; tests run
//! both. Rules ask [`crate::moin`], [`crate::browser`], and [`crate::sharing`] about MoinMoin and browsers.
//!
//! To add a rule, write `docs/rules/NAME.md` and add one `rule!` to the list of its family.

mod advice;
mod check;
mod comments;
mod disk;
mod finding;
mod fix;
mod levels;
mod page;
mod rejection;
mod rule;
mod rules;

pub use check::{check, has_no_new_errors, parse_findings, syntax_findings};
pub use disk::{Directory, Disk, Entries, MOST_ENTRIES, RealDisk, Sessions, WithJobsOf, disk_for};
pub use finding::{Finding, Severity};
pub use fix::{Fixed, Wanted, edits, fix};
pub use levels::Overrides;
pub use page::Page;
pub use rule::{Rule, Safety, WARNINGS};
pub use rules::{all as rules, known_name};

#[cfg(test)]
mod fake_disk;
#[cfg(test)]
mod tests;
