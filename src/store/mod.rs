//! Session stores: the trait [`SessionStore`] for the directories of MoinMoin 1.7 to 1.9, JSON files, SQLite, and Redis;
//! [`WritableStore`] for migration; the facts in a session; and the users of a wiki. Promises:
//!
//! * Every entry is reported: session, temporary file, foreign file, or failure. An entry that is removed between listing
//!   and opening is skipped. A missing entry is not an error.
//! * Reading changes nothing, not even access times if possible, and executes nothing.
//! * An entry is removed only if it did not change, and after its bytes were judged again.
//! * Session ids are secrets: no error, `Display`, or `Debug` shows more than 8 characters of one.
//!
//! Source: `MoinMoin/session.py` and `MoinMoin/caching.py` of 1.7 and 1.8, `MoinMoin/web/session.py` of 1.9,
//! `MoinMoin/user.py`, and the files that running wikis wrote.

use std::ffi::OsStr;
use std::io;
use std::sync::atomic::AtomicBool;

use crate::pickle::Tree;
pub use crate::sys::{DirStamp, FileId, Removal};
pub use crate::text::Problem;

mod address;
mod backend;
#[cfg(test)]
mod behavior;
#[cfg(test)]
mod dummy;
mod error;
mod facts;
mod farm;
mod files;
#[doc(hidden)]
pub mod index;
mod json_dir;
mod mac;
mod name;
mod profiles;
mod record;
#[cfg(feature = "redis")]
mod redis;
mod refused;
mod registry;
mod scan;
mod spec;
#[cfg(feature = "sqlite")]
mod sqlite;
#[doc(hidden)]
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
pub use profiles::profile;
pub use record::{Found, Session, Stamp, State, TempFile, is_older, seconds};
#[cfg(feature = "redis")]
pub use redis::RedisStore;
pub use registry::{BACKENDS, backend, create, forms, open, open_writable, usage};
pub use spec::{StoreSpec, StoreWiki};
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteStore;
pub use users::{User, UserDir, UserError};
pub use writable::{Modified, NewSession, Raw, RawRead, Read, Since, USUAL_MODE, WritableStore, Written};

/// Receives the entries of a scan one at a time, from any thread.
pub type Sink<'a> = &'a mut (dyn FnMut(Found) + Send);

/// A name in a store.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Listed<'a> {
    /// The id of a session.
    Session(EntryName),
    /// A foreign name.
    Foreign(&'a OsStr),
}

/// Whether a session with this name and inode can be skipped. Called from any thread.
pub type Skip<'a> = &'a (dyn Fn(&EntryName, u64) -> bool + Sync);

/// Whether an entry is still to be removed after it was read again.
pub type Decide<'a> = &'a (dyn Fn(&Found) -> bool + Sync);

/// A store of sessions.
pub trait SessionStore: Send + Sync {
    /// The location and owner.
    fn spec(&self) -> &StoreSpec;

    /// The identity of the directory or file. Two stores with the same identity are one.
    fn id(&self) -> FileId;

    /// Whether it may be the same store as `other` although the ids differ, because a server did not report its
    /// identity.
    fn may_be(&self, other: &dyn SessionStore) -> bool {
        let _ = other;
        false
    }

    /// Lists the ids of all sessions without opening any.
    ///
    /// # Errors
    ///
    /// The names can't be listed completely.
    fn names(&self, sink: &mut dyn FnMut(EntryName)) -> Result<(), StoreError>;

    /// Like [`SessionStore::names`], but also lists foreign entries: names that are not ids, and entries that are not
    /// regular files.
    ///
    /// # Errors
    ///
    /// The same as for [`SessionStore::names`].
    fn list(&self, sink: &mut dyn FnMut(Listed<'_>)) -> Result<(), StoreError> {
        self.names(&mut |id| sink(Listed::Session(id)))
    }

    /// Reads every entry. Setting `stop` ends it early without an error.
    ///
    /// # Errors
    ///
    /// The entries can't be listed completely.
    fn scan(&self, fields: Fields, stop: &AtomicBool, sink: Sink<'_>) -> Result<(), StoreError>;

    /// Like [`SessionStore::scan`], without the sessions that `skip` accepts.
    ///
    /// # Errors
    ///
    /// The same as for [`SessionStore::scan`].
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

    /// The state of the store, which shows changes. `None` if nothing shows changes, so that an [`index`] is not
    /// possible.
    fn stamp(&self) -> Option<DirStamp> {
        None
    }

    /// Reads one session. `None` if it does not exist.
    ///
    /// # Errors
    ///
    /// It could not be opened or read.
    fn read(&self, id: &EntryName, fields: Fields) -> Result<Option<Session>, StoreError>;

    /// The ids that have a session, in order. Does not read the sessions if possible, because this is called often.
    ///
    /// # Errors
    ///
    /// The store did not answer.
    fn present(&self, ids: &[EntryName]) -> Result<Vec<EntryName>, StoreError> {
        let mut present = Vec::new();
        for id in ids {
            if self.read(id, Fields::default())?.is_some() {
                present.push(*id);
            }
        }
        Ok(present)
    }

    /// Reads a whole session.
    ///
    /// # Errors
    ///
    /// It could not be opened or read.
    fn read_value(&self, id: &EntryName) -> Result<Read<Tree>, StoreError>;

    /// Removes each entry if it still has its stamp and `decide` agrees after it was read again. Returns one result
    /// for each entry, in order.
    fn remove(&self, batch: &[(EntryName, Stamp)], decide: Decide<'_>) -> Vec<io::Result<Removal>>;

    /// Like [`SessionStore::remove`], but leaves a tombstone for each removed session if the store has tombstones.
    /// Until the session would have expired, no wiki loads or saves a session with this id.
    fn end(&self, batch: &[(EntryName, Stamp)], decide: Decide<'_>) -> Vec<io::Result<Removal>> {
        self.remove(batch, decide)
    }

    /// Until when no wiki loads or saves a session with this id because it was ended, in unix seconds. `None` without a
    /// tombstone.
    ///
    /// # Errors
    ///
    /// The store did not answer.
    fn ended_until(&self, id: &EntryName) -> Result<Option<f64>, StoreError> {
        let _ = id;
        Ok(None)
    }

    /// Removes expired tombstones.
    ///
    /// # Errors
    ///
    /// They could not be removed.
    fn forget_ended(&self) -> io::Result<()> {
        Ok(())
    }
}

/// The ids in a store that start with `prefix`, in order. No id is the start of another one.
///
/// # Errors
///
/// The names can't be listed completely, so another id could start with it too.
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
