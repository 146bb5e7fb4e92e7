//! Where sessions lie: one trait, [`SessionStore`], over the directories of MoinMoin 1.7 to 1.9, JSON files, SQLite and
//! Redis, and [`WritableStore`] for moving sessions; what is known of a session; and the users whom sessions name.
//!
//! What it promises:
//!
//! * Every entry is told as what it is: session, left-over, foreign, or not to be looked at. An entry that vanished
//!   between listing and opening is simply gone. Errors are values, and 'nothing there' is not one of them.
//! * Reading changes nothing, not even access times where that can be helped, and executes nothing.
//! * An entry is removed only if it is still the one that was seen, and its bytes are judged again.
//! * Session ids are secrets: no error, `Display` or `Debug` shows more than 8 characters of one.
//!
//! Source: `MoinMoin/session.py` and `MoinMoin/caching.py` of 1.7 and 1.8, `MoinMoin/web/session.py` of 1.9,
//! `MoinMoin/user.py`, and the files that running wikis wrote.

use std::ffi::OsStr;
use std::io;
use std::sync::atomic::AtomicBool;

use crate::pickle::Tree;
pub use crate::sys::{DirStamp, FileId, Removal};

mod address;
mod backend;
#[cfg(test)]
mod behaviour;
#[cfg(test)]
mod dummy;
mod error;
mod facts;
mod farm;
mod files;
pub mod index;
mod json_dir;
mod mac;
mod name;
mod record;
#[cfg(feature = "redis")]
mod redis;
mod refused;
mod registry;
mod scan;
mod spec;
#[cfg(feature = "sqlite")]
mod sqlite;
pub mod tally;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "sqlite", feature = "redis"))]
mod tombstone;
mod users;
mod writable;

pub use address::{Address, AddressError, LayoutError, shown_address};
pub use backend::{Backend, Usage};
pub use error::StoreError;
pub use facts::{Expires, Facts, Fields, Unreadable, UserRef};
pub use farm::{FarmStores, of_farm};
pub use files::FileStore;
pub use json_dir::{JsonStore, id_of as json_id};
pub use mac::{Covered, MacKey, MacVersion, Trust, secret};
pub use name::{EntryName, Heads, Prefixes, SHORTEST_PREFIX};
pub use record::{Found, Session, Stamp, State, TempFile, is_older, seconds};
#[cfg(feature = "redis")]
pub use redis::RedisStore;
pub use registry::{BACKENDS, backend, create, forms, open, open_writable, usage};
pub use spec::{StoreSpec, StoreWiki};
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteStore;
pub use users::{User, UserDir, UserError};
pub use writable::{Modified, NewSession, Raw, RawRead, Read, Since, USUAL_MODE, WritableStore, Written};

/// Takes what a scan finds, one at a time but from any thread.
pub type Sink<'a> = &'a mut (dyn FnMut(Found) + Send);

/// One name in a store.
#[derive(Debug, Clone, Copy)]
pub enum Listed<'a> {
    /// A session's id.
    Session(EntryName),
    /// None of a wiki's, nor of ours.
    Foreign(&'a OsStr),
}

/// Says whether a session of that name and inode need not be looked at. Asked from any thread.
pub type Skip<'a> = &'a (dyn Fn(&EntryName, u64) -> bool + Sync);

/// Says whether an entry, looked at again, is still to go.
pub type Decide<'a> = &'a (dyn Fn(&Found) -> bool + Sync);

/// A place that holds sessions.
pub trait SessionStore: Send + Sync {
    /// Where it is and whose.
    fn spec(&self) -> &StoreSpec;

    /// Which directory (or file) it is, whatever its path: two stores of one id are one.
    fn id(&self) -> FileId;

    /// Whether it may be the same store as `other` although their ids differ, as a server did not say which one it is.
    fn may_be(&self, other: &dyn SessionStore) -> bool {
        let _ = other;
        false
    }

    /// Tells every session's id, without opening any.
    ///
    /// # Errors
    ///
    /// Where the names could not be listed to the end.
    fn names(&self, sink: &mut dyn FnMut(EntryName)) -> Result<(), StoreError>;

    /// As [`SessionStore::names`], and tells what lies beside the sessions and is nothing of a wiki's or of ours: names that
    /// are no ids, and what is no regular file.
    ///
    /// # Errors
    ///
    /// As there.
    fn list(&self, sink: &mut dyn FnMut(Listed<'_>)) -> Result<(), StoreError> {
        self.names(&mut |id| sink(Listed::Session(id)))
    }

    /// Looks at every entry, and tells what it is. Setting `stop` ends it early, without an error.
    ///
    /// # Errors
    ///
    /// Where the entries could not be listed to the end: what was told is then not everything.
    fn scan(&self, fields: Fields, stop: &AtomicBool, sink: Sink<'_>) -> Result<(), StoreError>;

    /// As [`SessionStore::scan`], but says nothing of sessions that `skip` says need not be looked at.
    ///
    /// # Errors
    ///
    /// As there.
    fn scan_but(
        &self,
        skip: Skip<'_>,
        fields: Fields,
        stop: &AtomicBool,
        sink: Sink<'_>,
    ) -> Result<(), StoreError> {
        let _ = skip;
        self.scan(fields, stop, sink)
    }

    /// In which state it is, where that tells whether it changed; `None` where nothing does, so that what was read is
    /// not to be kept in an [`index`].
    fn stamp(&self) -> Option<DirStamp> {
        None
    }

    /// Looks at one session; `None` where there is none of that id.
    ///
    /// # Errors
    ///
    /// Where it could not be opened or read.
    fn read(&self, id: &EntryName, fields: Fields) -> Result<Option<Session>, StoreError>;

    /// The ids among these of which there is a session, in order. What is in the session is not read, if that can be
    /// helped: this is asked again and again.
    ///
    /// # Errors
    ///
    /// Where the store could not be asked.
    fn present(&self, ids: &[EntryName]) -> Result<Vec<EntryName>, StoreError> {
        let mut present = Vec::new();
        for id in ids {
            if self.read(id, Fields::default())?.is_some() {
                present.push(*id);
            }
        }
        Ok(present)
    }

    /// Reads everything in one session.
    ///
    /// # Errors
    ///
    /// Where it could not be opened or read.
    fn read_value(&self, id: &EntryName) -> Result<Read<Tree>, StoreError>;

    /// Removes each entry if it still has its stamp and `decide`, given it anew, says so. One result an entry, in
    /// order.
    fn remove(&self, batch: &[(EntryName, Stamp)], decide: Decide<'_>) -> Vec<io::Result<Removal>>;

    /// As [`SessionStore::remove`], and leaves a tombstone for each that is removed, where the store keeps those: until
    /// the session's own end, nobody loads or saves one of that id.
    fn end(&self, batch: &[(EntryName, Stamp)], decide: Decide<'_>) -> Vec<io::Result<Removal>> {
        self.remove(batch, decide)
    }

    /// Removes the tombstones whose time is over.
    ///
    /// # Errors
    ///
    /// Where they could not be removed.
    fn forget_ended(&self) -> io::Result<()> {
        Ok(())
    }
}

/// The ids in a store that begin with `prefix`, in order; a whole id is the only one that begins with itself.
///
/// # Errors
///
/// Where the names could not be listed to the end: another might have begun so, too.
pub fn matching(store: &dyn SessionStore, prefix: &str) -> Result<Vec<EntryName>, StoreError> {
    let mut found = Vec::new();
    store.names(&mut |name| {
        if name.reveal().starts_with(prefix) {
            found.push(name);
        }
    })?;
    found.sort_unstable();
    Ok(found)
}
