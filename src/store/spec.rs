//! A store by its location, and the wikis that use it.

use std::fmt;
use std::path::PathBuf;

use crate::location::Location;
use crate::moin::Version;

/// One wiki that keeps its sessions in a store, with what reading and pruning need to know of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreWiki {
    /// Its name in the farm.
    pub name: String,
    /// What it runs.
    pub version: Version,
    /// Where its users are.
    pub user_dir: Option<PathBuf>,
    /// Names of users who may become others.
    pub superusers: Vec<String>,
}

/// A store: where it is, and whose the sessions in it are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreSpec {
    /// Where it is.
    pub location: Location,
    /// The wikis that use it; none for a store given by its address.
    pub wikis: Vec<StoreWiki>,
}

impl From<Location> for StoreSpec {
    /// The store there, of no wiki known.
    fn from(location: Location) -> Self {
        StoreSpec { location, wikis: Vec::new() }
    }
}

impl StoreSpec {
    /// The address: `moin-1.9:DIR`, `sqlite:FILE`, `redis://..`.
    pub fn address(&self) -> String {
        self.location.to_string()
    }

    /// An entry as messages name it: the store, and the entry's shortened name.
    pub fn entry(&self, name: &dyn fmt::Display) -> PathBuf {
        self.location.stem().join(name.to_string())
    }

    /// That an entry could not be looked at or removed, for people; an id is shortened.
    pub fn failed(&self, name: &dyn fmt::Display, why: &dyn fmt::Display) -> String {
        format!("{}/{name}: {why}", self.location.stem().display())
    }
}
