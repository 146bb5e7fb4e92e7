//! Writable stores, for migration.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::SessionStore;
use super::error::StoreError;
use super::facts::{Facts, Fields, Unreadable};
use super::mac::Trust;
use super::name::EntryName;
use super::record::{Session, Stamp};
use crate::pickle::{self, Tree};
use crate::sys::Put;

pub use crate::sys::Modified;

/// The full data of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raw {
    /// The pickle.
    pub bytes: Vec<u8>,
    /// The time of the last write.
    pub modified: Modified,
    /// The permission bits of its file.
    pub mode: Option<u32>,
    /// User and group of its file.
    pub owner: Option<(u32, u32)>,
    /// The stamp, to detect changes.
    pub stamp: Stamp,
    /// Whether its wiki would load it; `None` if the store has no key, and no tombstone of the session.
    pub trust: Option<Trust>,
}

/// A session to write.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// The id.
    pub id: EntryName,
    /// The pickle.
    pub bytes: Vec<u8>,
    /// The time of the last write.
    pub modified: Modified,
    /// The permission bits of its file, if any.
    pub mode: Option<u32>,
    /// User and group of its file, if any. Ignored without the right to change owners.
    pub owner: Option<(u32, u32)>,
    /// The stamp of the session to replace. `None` if no session with this id may exist.
    pub instead_of: Option<Stamp>,
}

/// The result of writing a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Written {
    /// Written, and survives a power loss if the store guarantees this. The new stamp.
    Done(Stamp),
    /// A session with this id exists.
    Exists,
    /// The session to replace changed, was removed, or has a tombstone.
    Changed,
}

/// The result of reading a session.
#[derive(Debug)]
pub enum Read<T> {
    /// The store has no session with this id.
    Missing,
    /// The session can't be read.
    Unreadable(Unreadable),
    /// The content.
    Present(T),
}

impl<T> Read<T> {
    /// The content, if the session could be read.
    pub fn present(self) -> Option<T> {
        match self {
            Read::Present(content) => Some(content),
            Read::Missing | Read::Unreadable(_) => None,
        }
    }
}

impl Read<Tree> {
    /// Reads a pickle.
    pub fn of_pickle(bytes: &[u8]) -> Self {
        pickle::read(bytes).map_or_else(|error| Read::Unreadable(Unreadable::Pickle(error)), Read::Present)
    }
}

impl Read<Raw> {
    /// Reads the pickle of the session.
    pub(super) fn tree(self) -> Read<Tree> {
        match self {
            Read::Present(raw) => Read::of_pickle(&raw.bytes),
            Read::Unreadable(why) => Read::Unreadable(why),
            Read::Missing => Read::Missing,
        }
    }
}

/// The result of reading the full data of a session.
pub type RawRead = Result<Read<Raw>, StoreError>;

/// A store that sessions can be written to.
pub trait WritableStore: SessionStore {
    /// Reads the full data of a session.
    ///
    /// # Errors
    ///
    /// If it can't be opened or read.
    fn read_raw(&self, id: &EntryName) -> RawRead;

    /// Reads the full data of sessions in order: the first, and the following until they have `capacity` bytes together. The
    /// caller asks again for the others.
    fn read_many(&self, ids: &[EntryName], capacity: usize) -> Vec<RawRead> {
        let capacity = FreeSpace::new(capacity);
        capacity.read(ids, |id| self.read_raw(id))
    }

    /// Whether sessions changed since they had these stamps.
    fn since(&self, seen: &[(EntryName, Stamp)]) -> Vec<Since> {
        let since = |(id, stamp): &(EntryName, Stamp)| match self.read_raw(id) {
            Ok(Read::Present(raw)) if raw.stamp == *stamp => Since::Same,
            Ok(Read::Present(_) | Read::Unreadable(_)) => Since::Changed,
            Ok(Read::Missing) => Since::Gone,
            Err(_) => Since::Unknown,
        };
        seen.iter().map(since).collect()
    }

    /// Removes temporary files of a killed run. The caller must hold the lock of the store.
    fn tidy(&self) {}

    /// Writes sessions, each completely or not at all. Returns one result for each session, in order.
    fn write(&self, batch: &[&NewSession]) -> Vec<io::Result<Written>>;
}

/// Whether a session changed since it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// Unchanged.
    Same,
    /// Written or replaced.
    Changed,
    /// Removed.
    Gone,
    /// Unknown.
    Unknown,
}

/// The number of bytes that may still be held in memory.
pub(super) struct FreeSpace {
    all: usize,
    used: AtomicUsize,
}

impl FreeSpace {
    pub(super) fn new(all: usize) -> Self {
        FreeSpace { all, used: AtomicUsize::new(0) }
    }

    /// Counts a session. Returns whether there is space for another.
    pub(super) fn take(&self, bytes: usize) -> bool {
        self.used.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes) < self.all
    }

    /// Reads the first of `ids`, and the following for which there is space.
    pub(super) fn read(
        &self,
        ids: &[EntryName],
        mut read: impl FnMut(&EntryName) -> RawRead,
    ) -> Vec<RawRead> {
        let mut reads = Vec::with_capacity(ids.len());
        for id in ids {
            let one = read(id);
            let bytes = if let Ok(Read::Present(raw)) = &one { raw.bytes.len() } else { 0 };
            reads.push(one);
            if !self.take(bytes) {
                break;
            }
        }
        reads
    }
}

/// The permission bits of a session that has none at its source: the usual ones of MoinMoin.
pub const USUAL_MODE: u32 = 0o660;

/// Converts the result of writing a file.
pub(super) fn written(put: Put) -> Written {
    match put {
        Put::Done(stamp) => Written::Done(Stamp(stamp)),
        Put::Exists => Written::Exists,
        Put::Changed => Written::Changed,
    }
}

/// The session with these bytes.
pub(super) fn session(id: EntryName, raw: &Raw, fields: Fields) -> Session {
    let size = u64::try_from(raw.bytes.len()).unwrap_or(u64::MAX);
    Session {
        id,
        inode: 0,
        modified: raw.modified.seconds,
        size,
        bytes_on_disk: size,
        access: None,
        stamp: raw.stamp,
        trust: raw.trust,
        facts: match raw.trust {
            Some(Trust::Ended) => Err(Unreadable::Ended),
            _ => Facts::from_bytes(&raw.bytes, fields),
        },
    }
}

/// A session that is too large to be fetched.
#[cfg(any(feature = "sqlite", feature = "redis"))]
pub(super) fn too_large(id: EntryName, size: u64, modified: Modified) -> Session {
    Session {
        id,
        inode: 0,
        modified: modified.seconds,
        size,
        bytes_on_disk: size,
        access: None,
        stamp: Stamp(0),
        trust: None,
        facts: Err(Unreadable::Unsafe(crate::sys::NotOpened::TooLarge { size })),
    }
}

/// How many bytes of sessions a scan of a database holds in memory.
#[cfg(any(feature = "sqlite", feature = "redis"))]
pub(super) const HELD: usize = 16 * 1024 * 1024;

/// A stamp computed from the content of a session, for stores without other stamps.
#[cfg(any(feature = "sqlite", feature = "redis", test))]
pub(super) fn stamp_of(bytes: &[u8], modified: Modified) -> Stamp {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    modified.hash(&mut hasher);
    Stamp(hasher.finish())
}
