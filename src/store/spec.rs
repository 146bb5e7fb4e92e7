//! A store by its location, and the wikis that use it.

use std::fmt;
use std::path::PathBuf;

use crate::location::Location;
use crate::moin::Version;
use crate::text::Problem;

/// A wiki that uses a store.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoreWiki {
    /// The name in the farm file.
    pub name: String,
    /// The MoinMoin version.
    pub version: Version,
    /// The user directory.
    pub user_dir: Option<PathBuf>,
    /// The names of superusers.
    pub superusers: Vec<String>,
}

/// The location of a store, and the wikis that use it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoreSpec {
    /// The location.
    pub location: Location,
    /// The wikis that use it; empty for an address.
    pub wikis: Vec<StoreWiki>,
}

impl From<Location> for StoreSpec {
    /// A store without wikis.
    fn from(location: Location) -> Self {
        StoreSpec { location, wikis: Vec::new() }
    }
}

impl StoreSpec {
    /// The address: `moin-1.9:DIR`, `sqlite:FILE`, `redis://..`.
    pub fn address(&self) -> String {
        self.location.to_string()
    }

    /// The path of an entry for messages, with a shortened name.
    pub fn entry(&self, name: &dyn fmt::Display) -> PathBuf {
        self.location.stem().join(name.to_string())
    }

    /// The problem of an entry that could not be read or removed, with a shortened id.
    pub fn failed(&self, name: &dyn fmt::Display, why: impl Into<Problem>) -> Problem {
        why.into().at(format_args!("{}/{name}", self.location.stem().display()))
    }
}
