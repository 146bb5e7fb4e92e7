//! A session between source and target.

use crate::store::{EntryName, Modified, NewSession, Raw, Stamp};

use super::journal::{Hash, Kept};

/// The session at the source, for restoring it and for detecting changes.
pub(super) struct Source {
    pub(super) modified: Modified,
    pub(super) mode: Option<u32>,
    pub(super) owner: Option<(u32, u32)>,
    pub(super) stamp: Stamp,
    /// The pickle, if another one is written.
    pub(super) bytes: Option<Vec<u8>>,
}

impl Source {
    /// The entry for the journal.
    pub(super) fn kept(&self) -> Kept {
        Kept::new(self.bytes.as_deref(), self.modified, self.mode, self.owner)
    }
}

/// A session to write.
pub(super) struct Ready {
    pub(super) id: EntryName,
    pub(super) source: Source,
    pub(super) new: NewSession,
    /// The hash of the bytes to write; see [`journal::hash`].
    pub(super) hash: Hash,
    /// Whether this run wrote it, and recorded it in the journal.
    pub(super) in_journal: bool,
    /// Whether it is counted as replaced.
    pub(super) replaced: bool,
    /// The session at the target that is not an earlier copy.
    pub(super) before: Option<Raw>,
    /// The stamp of the copy, if it exists.
    pub(super) copy: Option<Stamp>,
}
