//! Stores that can be written: what a session is when it moves.

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

/// Everything of one session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raw {
    /// The pickle, byte for byte.
    pub bytes: Vec<u8>,
    /// When it was last written.
    pub modified: Modified,
    /// The permission bits of its file, where it is one.
    pub mode: Option<u32>,
    /// User and group of its file, where it is one.
    pub owner: Option<(u32, u32)>,
    /// To remove or replace it only if nobody wrote it since.
    pub stamp: Stamp,
    /// Whether its wiki would load it; `None` where the store has no key, and no tombstone of it.
    pub trust: Option<Trust>,
}

/// A session to be put into a store.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// Its id.
    pub id: EntryName,
    /// The pickle.
    pub bytes: Vec<u8>,
    /// When it shall have been written.
    pub modified: Modified,
    /// The permission bits of its file, if it gets one.
    pub mode: Option<u32>,
    /// User and group of its file, if it gets one and we may give files away.
    pub owner: Option<(u32, u32)>,
    /// The stamp of the session it takes the place of; `None` where there must be none of that id.
    pub instead_of: Option<Stamp>,
}

/// What became of a session that was to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// It is there, and survives a loss of power, as far as the store promises that. Its stamp now.
    Done(Stamp),
    /// There is one of that id already.
    Exists,
    /// The one that it was to replace was written or removed since; or it was ended, and has a tombstone.
    Changed,
}

/// The outcome of reading one session.
#[derive(Debug)]
pub enum Read<T> {
    /// The store has no session of that id.
    Missing,
    /// The session can't be read.
    Unreadable(Unreadable),
    /// The session's content.
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
    /// The values in the bytes of a pickle.
    pub fn of_pickle(bytes: &[u8]) -> Self {
        pickle::read(bytes).map_or_else(|error| Read::Unreadable(Unreadable::Pickle(error)), Read::Present)
    }
}

impl Read<Raw> {
    /// The values in the session.
    pub(super) fn tree(self) -> Read<Tree> {
        match self {
            Read::Present(raw) => Read::of_pickle(&raw.bytes),
            Read::Unreadable(why) => Read::Unreadable(why),
            Read::Missing => Read::Missing,
        }
    }
}

/// The outcome of reading all of one session.
pub type RawRead = Result<Read<Raw>, StoreError>;

/// A store that sessions can be put into.
pub trait WritableStore: SessionStore {
    /// Reads all of one session.
    ///
    /// # Errors
    ///
    /// Where it could not be opened or read.
    fn read_raw(&self, id: &EntryName) -> RawRead;

    /// Reads all of some sessions, in their order: the first, and those after it until together they have `room` bytes
    /// or more. What is not read is to be asked for again.
    fn read_many(&self, ids: &[EntryName], capacity: usize) -> Vec<RawRead> {
        let capacity = FreeSpace::new(capacity);
        capacity.read(ids, |id| self.read_raw(id))
    }

    /// What became of some sessions since they had these stamps.
    fn since(&self, seen: &[(EntryName, Stamp)]) -> Vec<Since> {
        let since = |(id, stamp): &(EntryName, Stamp)| match self.read_raw(id) {
            Ok(Read::Present(raw)) if raw.stamp == *stamp => Since::Same,
            Ok(Read::Present(_) | Read::Unreadable(_)) => Since::Changed,
            Ok(Read::Missing) => Since::Gone,
            Err(_) => Since::Unknown,
        };
        seen.iter().map(since).collect()
    }

    /// Takes away what an earlier run of ours was writing when it was stopped. Only who holds the store's lock may.
    fn tidy(&self) {}

    /// Puts sessions into the store, each whole or not at all. One result a session, in order.
    fn write(&self, batch: &[&NewSession]) -> Vec<io::Result<Written>>;
}

/// What became of a session since it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// Nothing.
    Same,
    /// It was written, or is another now.
    Changed,
    /// It is not there any more.
    Gone,
    /// The store could not tell.
    Unknown,
}

/// How many bytes of sessions may be held at a time, shared by those who read.
pub(super) struct FreeSpace {
    all: usize,
    used: AtomicUsize,
}

impl FreeSpace {
    pub(super) fn new(all: usize) -> Self {
        FreeSpace { all, used: AtomicUsize::new(0) }
    }

    /// Notes that a session was read; whether there is space for one more.
    pub(super) fn take(&self, bytes: usize) -> bool {
        self.used.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes) < self.all
    }

    /// Reads the first of `ids`, and those after it for which there is space.
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

/// Permission bits of a session that has none from where it comes: MoinMoin's commonest.
pub const USUAL_MODE: u32 = 0o660;

/// What became of a session's file, as stores say it.
pub(super) fn written(put: Put) -> Written {
    match put {
        Put::Done(stamp) => Written::Done(Stamp(stamp)),
        Put::Exists => Written::Exists,
        Put::Changed => Written::Changed,
    }
}

/// What a store knows of a session whose bytes it has.
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

/// What a store knows of a session that is too large to be fetched.
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

/// So many bytes of sessions are held while a store that gives many at a time is gone through.
#[cfg(any(feature = "sqlite", feature = "redis"))]
pub(super) const HELD: usize = 16 * 1024 * 1024;

/// A stamp made of what a session holds, for stores that have nothing better.
#[cfg(any(feature = "sqlite", feature = "redis", test))]
pub(super) fn stamp_of(bytes: &[u8], modified: Modified) -> Stamp {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    modified.hash(&mut hasher);
    Stamp(hasher.finish())
}
