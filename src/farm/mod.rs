//! The farm file: the wikis of a farm, each with its settings and where each setting comes from.
//!
//! [`Farm::parse`] reads the text of a `farm.toml`; [`load`](crate::load::load) reads a file, in TOML or in Python. Each
//! setting keeps the [`Span`] of its name and of its value. [`Wiki::effective`] gives the value that MoinMoin uses, and
//! its [`Origin`]. Problems of the file (unknown keys, wrong types, invalid URLs) are in [`Farm::problems`]: a command that
//! acts on a farm checks [`Farm::sound`] first.
//!
//! All settings are rows of one table, in `settings.rs`.
//!
//! Nothing here reads the disk except [`trust`], which checks who can have written the file.

mod change;
mod draft;
mod inherit;
mod kind;
mod layout;
mod near;
mod parse;
mod policy;
mod problem;
pub(crate) mod read;
mod row;
mod settings;
mod shared_addresses;
mod source;
mod table;
#[doc(hidden)]
pub mod trust;
mod units;
mod value;
mod wiki;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

pub use change::{Change, Fix};
#[doc(hidden)]
pub use change::{Edit, apply};
#[doc(hidden)]
pub use draft::Draft;
pub use kind::Kind;
#[doc(hidden)]
pub use kind::{HANDLERS, MOST_SECONDS, NAMES_COOKIE};
#[doc(hidden)]
pub use layout::Layout;
#[doc(hidden)]
pub use near::{nearest, the_one_near};
pub use policy::{IndexDir, Limit, LintLevels, PrunePolicy};
pub use problem::Problem;
#[doc(hidden)]
pub use read::parse_url;
pub(crate) use row::Compare;
pub use settings::Key;
pub(crate) use settings::SAMPLE_SECRET_KEY;
#[doc(hidden)]
pub use shared_addresses::{same_address, with_slash};
pub use source::{LARGEST, Position, Source, Span};
#[doc(hidden)]
pub use table::{LINT_KEYS, MIGRATE_KEYS, PRUNE_KEYS, PruneKind, Table};
pub use trust::Trusted;
#[doc(hidden)]
pub use units::{parse_duration, parse_time};
pub use value::Value;
#[doc(hidden)]
pub use value::{quoted, table_key};
pub use wiki::{Origin, Setting, Wiki};

/// A farm: its wikis with their settings, what the administrator intends, and the policies.
#[derive(Debug)]
#[non_exhaustive]
pub struct Farm {
    /// The file, for showing positions in it.
    pub source: Source,
    /// The wikis in the order of the file.
    pub wikis: Vec<Wiki>,
    /// Hosts that are not wikis, but that receive a cookie with a wide Domain.
    pub other_hosts: Vec<(String, Span)>,
    /// The wikis that are intended to share a login.
    pub shares: Vec<Share>,
    /// The policy of `session prune`.
    pub prune: PrunePolicy,
    /// `[migrate] allow_globals`: classes that migrated sessions may name in addition to MoinMoin's own.
    pub allow_globals: Vec<String>,
    /// Levels of rules, by name.
    pub lint: LintLevels,
    /// Problems of the file itself, in the order of the file.
    pub problems: Vec<Problem>,
    /// The number of `[wikis.NAME]` tables, usable or not.
    pub wikis_written: usize,
    by_name: HashMap<String, usize>,
}

/// One `[[share]]` of the farm file.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Share {
    /// Names of wikis that exist, each with its span.
    pub wikis: Vec<(String, Span)>,
    /// The number of names in the list, known or not.
    pub written: usize,
    /// The span of the whole list.
    pub span: Span,
}

/// Why a text is not TOML.
#[derive(Debug)]
#[non_exhaustive]
pub struct SyntaxErrors {
    /// The file, for showing positions in it.
    pub source: Source,
    /// What the parser expected, and where.
    pub errors: Vec<(String, Span)>,
}

impl Farm {
    /// A farm with these wikis and no policies; `written` counts the wikis in the file, usable or not.
    pub(crate) fn of(source: Source, wikis: Vec<Wiki>, written: usize, problems: Vec<Problem>) -> Farm {
        let by_name =
            wikis.iter().enumerate().map(|(position, wiki)| (wiki.name.clone(), position)).collect();
        Farm {
            source,
            wikis,
            other_hosts: Vec::new(),
            shares: Vec::new(),
            prune: PrunePolicy::default(),
            allow_globals: Vec::new(),
            lint: LintLevels::default(),
            problems,
            wikis_written: written,
            by_name,
        }
    }

    /// The same farm with other wikis.
    pub(crate) fn with_wikis(&self, wikis: Vec<Wiki>) -> Farm {
        let farm = Farm::of(self.source.clone(), wikis, self.wikis_written, self.problems.clone());
        Farm {
            other_hosts: self.other_hosts.clone(),
            shares: self.shares.clone(),
            prune: self.prune.clone(),
            allow_globals: self.allow_globals.clone(),
            lint: self.lint.clone(),
            ..farm
        }
    }

    /// The directory that relative paths in the farm file start from.
    pub fn base(&self) -> PathBuf {
        self.source.directory()
    }

    /// The same farm, with relative paths that start from this directory.
    #[must_use]
    pub(crate) fn based(mut self, base: &Path) -> Farm {
        self.wikis = self.wikis.iter().map(|wiki| wiki.based(base)).collect();
        self
    }

    /// The wiki of that name.
    pub fn wiki(&self, name: &str) -> Option<&Wiki> {
        self.wikis.get(*self.by_name.get(name)?)
    }

    /// Whether the whole file was understood. A command that acts on the farm must ask first.
    pub fn sound(&self) -> bool {
        !self.problems.iter().any(|problem| problem.fatal)
    }
}

#[cfg(test)]
mod tests;
