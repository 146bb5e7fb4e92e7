//! What can go wrong with a whole store, or with one entry that was asked for.

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::sys::{DirError, why};

use super::name::EntryName;
use super::spec::StoreSpec;

/// A store, or an entry of it, that could not be looked at. Names no id in whole.
#[derive(Debug)]
#[non_exhaustive]
pub enum StoreError {
    /// The directory could not be opened, or must not be.
    Directory(DirError),
    /// The directory could not be listed, or not to its end; or root could not take its owner's rights.
    Listing {
        /// The directory.
        dir: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The store could not be opened, or not used.
    Unusable {
        /// Its address.
        store: String,
        /// Why, and what to do.
        why: String,
        /// Whether it is simply not there.
        missing: bool,
    },
    /// Somebody else could have prepared what the store would be opened with.
    Unsafe {
        /// Its address.
        store: String,
        /// Why, and what to do.
        why: String,
    },
    /// No session is opened, all for one reason.
    Refused {
        /// The directory.
        dir: PathBuf,
        /// How many sessions there are.
        sessions: u64,
        /// One of them, and why it is not opened.
        example: String,
    },
    /// One entry could not be opened or read.
    Entry {
        /// The directory.
        dir: PathBuf,
        /// The entry.
        name: EntryName,
        /// Why.
        source: io::Error,
    },
}

impl StoreError {
    /// Whether the directory does not exist: a wiki that never ran has none yet.
    pub fn is_missing(&self) -> bool {
        matches!(
            self,
            StoreError::Directory(DirError::Missing { .. }) | StoreError::Unusable { missing: true, .. }
        )
    }

    /// Whether somebody else could have prepared what is opened: a guard refuses it.
    pub fn is_unsafe(&self) -> bool {
        matches!(self, StoreError::Directory(DirError::UnsafeLink { .. }) | StoreError::Unsafe { .. })
    }

    /// Why, without the address of the store where it is known.
    pub fn why(&self) -> String {
        match self {
            StoreError::Unusable { why, .. } | StoreError::Unsafe { why, .. } => why.clone(),
            other => other.to_string(),
        }
    }

    /// It cannot be used.
    pub(super) fn unusable(spec: &StoreSpec, why: impl Into<String>) -> Self {
        StoreError::Unusable { store: spec.address(), why: why.into(), missing: false }
    }

    pub(super) fn entry(spec: &StoreSpec, name: EntryName, source: io::Error) -> Self {
        StoreError::Entry { dir: spec.location.stem(), name, source }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StoreError::Directory(error) => error.fmt(f),
            StoreError::Unusable { store, why, .. } | StoreError::Unsafe { store, why } => {
                write!(f, "{store}: {why}")
            }
            StoreError::Listing { dir, source } => {
                write!(f, "{}: {source}", dir.display(), source = why(source))
            }
            StoreError::Refused { dir, sessions, example } => {
                let all = if *sessions == 1 {
                    "the only session".to_owned()
                } else {
                    format!("all {sessions} sessions")
                };
                write!(f, "{}: can't open {all}: {example}", dir.display())
            }
            StoreError::Entry { dir, name, source } => {
                write!(f, "{}/{name}: {source}", dir.display(), source = why(source))
            }
        }
    }
}

impl std::error::Error for StoreError {}
