//! What a kind of store does: one value for each, listed in the [registry](super::registry).

use super::error::StoreError;
use super::spec::StoreSpec;
use super::writable::WritableStore;

/// One kind of store.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Backend {
    /// How its addresses begin; see [`Location::scheme`](crate::location::Location::scheme).
    pub scheme: &'static str,
    /// How help and errors write its address: `json:DIR`.
    pub form: &'static str,
    /// Opens a store.
    pub open: fn(StoreSpec) -> Result<Box<dyn WritableStore>, StoreError>,
    /// Makes an empty store where there is none, if wikifarm may.
    pub create: fn(&StoreSpec) -> Result<(), StoreError>,
    /// What a store takes up on the disks of this machine, given what its entries take up if each is a file.
    pub usage: fn(&StoreSpec, Usage) -> Usage,
}

/// What a store takes up on the disks of this machine; `None` where it is on none of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Bytes on disk.
    pub bytes: Option<u64>,
    /// Inodes: one for each file.
    pub inodes: Option<u64>,
}

/// For stores that only who runs the wiki makes, with the owner and the modes that it needs.
pub(super) fn made_by_wiki(_: &StoreSpec) -> Result<(), StoreError> {
    Ok(())
}

/// For stores in which each entry is a file.
pub(super) fn of_files(_: &StoreSpec, entries: Usage) -> Usage {
    entries
}

/// For stores on no disk of this machine.
#[cfg(any(feature = "redis", test))]
pub(super) fn elsewhere(_: &StoreSpec, _: Usage) -> Usage {
    Usage::default()
}
