//! The farm file: parsed with places, inherited with origins.
//!
//! [`Farm::parse`] turns the text of a `farm.toml` into wikis whose every setting knows the line it came from.
//! What is wrong with the file (unknown keys, wrong types, bad URLs) is collected, not thrown: `config check` shows all
//! of it at once, every other command asks [`Farm::sound`] first and refuses a farm that was only half understood.
//! Nothing here looks at the disk except [`trust`], which asks who could have written the file, and
//! [`RedisAddress::place`].

mod address;
mod change;
mod crowded;
mod draft;
mod inherit;
mod kind;
mod layout;
mod near;
mod parse;
mod places;
mod policy;
mod problem;
pub(crate) mod read;
mod secret;
mod settings;
mod source;
mod sqlite_address;
mod table;
pub mod trust;
mod units;
mod value;
mod wiki;

use std::collections::HashMap;
use std::path::PathBuf;

pub use address::{DEFAULT_PREFIX, RedisAddress, RedisPlace, StoreAddress, TlsFiles};
pub use change::{Change, Edit, Fix, apply, quoted};
pub use crowded::{crowd, with_slash};
pub use draft::Draft;
pub use kind::{HANDLERS, Kind, NAMES_COOKIE};
pub use layout::Layout;
pub use near::{nearest, the_one_near};
pub use places::{Identity, Places, RealPlaces, session_place};
pub use policy::{IndexPlace, Limit, LintLevels, PrunePolicy};
pub use problem::Problem;
pub use read::parse_url;
pub use secret::{hidden, secrets, shortened};
pub(crate) use settings::Compare;
pub use settings::Key;
pub use source::{LARGEST, Place, Source, Span};
pub use sqlite_address::SqliteAddress;
pub use table::{LINT_KEYS, MIGRATE_KEYS, PRUNE_KEYS, PruneKind, Table};
pub use trust::Trusted;
pub use units::{parse_duration, parse_time};
pub use value::Value;
pub use wiki::{Origin, Setting, Wiki};

/// A farm: its wikis with their effective settings, what the admin intends, and the policies.
#[derive(Debug)]
pub struct Farm {
    /// The file, for showing places in it.
    pub source: Source,
    /// The wikis in the order of the file.
    pub wikis: Vec<Wiki>,
    /// Hosts that are no wikis, but that a wide cookie would reach.
    pub other_hosts: Vec<(String, Span)>,
    /// The wikis that are meant to share a login.
    pub shares: Vec<Share>,
    /// The policy of `session prune`.
    pub prune: PrunePolicy,
    /// `[migrate] allow_globals`: classes that moved sessions may name beside the usual.
    pub allow_globals: Vec<String>,
    /// Levels of rules, by name.
    pub lint: LintLevels,
    /// What is wrong with the file itself, in the order of the file.
    pub problems: Vec<Problem>,
    /// How many tables `[wikis.NAME]` there are, usable or not.
    pub wikis_written: usize,
    by_name: HashMap<String, usize>,
}

/// One `[[share]]` of the farm file.
#[derive(Debug, Clone)]
pub struct Share {
    /// Names of wikis that exist, each with its place.
    pub wikis: Vec<(String, Span)>,
    /// How many names are written, known or not.
    pub written: usize,
    /// The place of the whole list.
    pub span: Span,
}

/// The text is no TOML: nothing of it can be trusted.
#[derive(Debug)]
pub struct SyntaxErrors {
    /// The file, for showing places in it.
    pub source: Source,
    /// What the parser expected, and where.
    pub errors: Vec<(String, Span)>,
}

impl Farm {
    /// A farm of these wikis, `written` of which are in the file, that says nothing else.
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

    /// The directory that the farm file's relative paths start from.
    pub fn base(&self) -> PathBuf {
        self.source.directory()
    }

    /// The wiki of that name.
    pub fn wiki(&self, name: &str) -> Option<&Wiki> {
        self.wikis.get(*self.by_name.get(name)?)
    }

    /// Whether the whole file was understood: only then may a command act on it.
    pub fn sound(&self) -> bool {
        !self.problems.iter().any(|problem| problem.fatal)
    }
}

#[cfg(test)]
mod tests;
