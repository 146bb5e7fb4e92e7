//! A session on its way from the source to the target.

use crate::store::{EntryName, Modified, NewSession, Raw, Stamp};

use super::journal::{Hash, Kept};

/// What is at the source, to be put back there and to see whether it is still the same.
pub(super) struct Source {
    pub(super) modified: Modified,
    pub(super) mode: Option<u32>,
    pub(super) owner: Option<(u32, u32)>,
    pub(super) stamp: Stamp,
    /// The pickle, where another is to be written.
    pub(super) bytes: Option<Vec<u8>>,
}

impl Source {
    /// What the journal keeps of it.
    pub(super) fn kept(&self) -> Kept {
        Kept::new(self.bytes.as_deref(), self.modified, self.mode, self.owner)
    }
}

/// A session as it is to be written.
pub(super) struct Ready {
    pub(super) id: EntryName,
    pub(super) source: Source,
    pub(super) new: NewSession,
    /// The hash of what is to be written; see [`journal::hash`].
    pub(super) hash: Hash,
    /// Whether it was put at the target, and told in the journal, by this run.
    pub(super) told: bool,
    /// Whether it is counted as put in place of another.
    pub(super) replaced: bool,
    /// What is at the target already, or was, and was not put there by us.
    pub(super) before: Option<Raw>,
    /// The stamp of its copy, once there is one.
    pub(super) copy: Option<Stamp>,
}
