//! Errors of a store or of an entry.

use std::io;
use std::path::PathBuf;

use crate::sys::{DirError, why};
use crate::text::Problem;

use super::name::EntryName;
use super::spec::StoreSpec;

/// Why a store or an entry could not be read. Contains no whole id.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The directory was not opened.
    #[error(transparent)]
    Directory(DirError),
    /// The directory could not be listed completely, or root could not take the rights of its owner.
    #[error("{}: {}", .dir.display(), why(.source))]
    Listing {
        /// The directory.
        dir: PathBuf,
        /// The error.
        source: io::Error,
    },
    /// The store could not be opened or used.
    #[error("{store}: {why}")]
    Unusable {
        /// The address.
        store: String,
        /// Why.
        why: String,
        /// What to do.
        help: Option<String>,
        /// Whether it does not exist.
        missing: bool,
    },
    /// Another user could have prepared the files of the store.
    #[error("{store}: {why}")]
    Unsafe {
        /// The address.
        store: String,
        /// Why.
        why: String,
        /// What to do.
        help: String,
    },
    /// No session could be opened, all for the same reason.
    #[error("{}: can't open {}: {example}", .dir.display(), all(*.sessions))]
    Refused {
        /// The directory.
        dir: PathBuf,
        /// The number of sessions.
        sessions: u64,
        /// A session, and why it was not opened.
        example: String,
    },
    /// One entry could not be opened or read.
    #[error("{}/{name}: {}", .dir.display(), why(.source))]
    Entry {
        /// The directory.
        dir: PathBuf,
        /// The entry.
        name: EntryName,
        /// The error.
        source: io::Error,
    },
}

impl StoreError {
    /// Whether the store does not exist. A wiki that never ran has no session directory.
    pub fn is_missing(&self) -> bool {
        matches!(
            self,
            StoreError::Directory(DirError::Missing { .. }) | StoreError::Unusable { missing: true, .. }
        )
    }

    /// Whether another user could have prepared the files. A guard refuses such a store.
    pub fn is_unsafe(&self) -> bool {
        matches!(self, StoreError::Directory(DirError::UnsafeLink { .. }) | StoreError::Unsafe { .. })
    }

    /// The reason, without the address of the store if possible.
    pub fn why(&self) -> String {
        match self {
            StoreError::Unusable { why, .. } | StoreError::Unsafe { why, .. } => why.clone(),
            other => other.to_string(),
        }
    }

    /// What to do, if that is known.
    pub fn help(&self) -> Option<&str> {
        match self {
            StoreError::Unusable { help, .. } => help.as_deref(),
            StoreError::Unsafe { help, .. } => Some(help),
            _ => None,
        }
    }

    /// An unusable store.
    pub(super) fn unusable(spec: &StoreSpec, why: impl Into<Problem>) -> Self {
        let Problem { message, help } = why.into();
        StoreError::Unusable { store: spec.address(), why: message, help, missing: false }
    }

    pub(super) fn entry(spec: &StoreSpec, name: EntryName, source: io::Error) -> Self {
        StoreError::Entry { dir: spec.location.stem(), name, source }
    }
}

fn all(sessions: u64) -> String {
    if sessions == 1 { "the only session".to_owned() } else { format!("all {sessions} sessions") }
}
