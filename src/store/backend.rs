//! The kinds of stores: one value each, listed in the [registry](super::registry).

use super::error::StoreError;
use super::spec::StoreSpec;
use super::writable::WritableStore;

/// A kind of store.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Backend {
    /// The scheme of its addresses; see [`Location::scheme`](crate::location::Location::scheme).
    pub scheme: &'static str,
    /// The form of its address in help and errors: `json:DIR`.
    pub form: &'static str,
    /// Opens a store.
    pub open: fn(StoreSpec) -> Result<Box<dyn WritableStore>, StoreError>,
    /// Creates an empty store if it is missing, and if wikifarm may create it.
    pub create: fn(&StoreSpec) -> Result<(), StoreError>,
    /// The disk usage of a store, given the usage of its entries as files.
    pub usage: fn(&StoreSpec, Usage) -> Usage,
}

/// The disk usage of a store. `None` if it is not on a disk of this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Bytes on disk.
    pub bytes: Option<u64>,
    /// Inodes.
    pub inodes: Option<u64>,
}

/// For stores that the administrator creates, with the owner and mode that the wiki needs.
pub(super) fn made_by_wiki(_: &StoreSpec) -> Result<(), StoreError> {
    Ok(())
}

/// For stores in which each entry is a file.
pub(super) fn of_files(_: &StoreSpec, entries: Usage) -> Usage {
    entries
}

/// For stores that are not on a disk of this machine.
#[cfg(any(feature = "redis", test))]
pub(super) fn elsewhere(_: &StoreSpec, _: Usage) -> Usage {
    Usage::default()
}
