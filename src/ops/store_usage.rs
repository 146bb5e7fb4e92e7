//! What a store holds, counted, and how much space is free where it lies. Changes nothing.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use serde::Serialize;

use crate::store::{self, Fields, Found, SessionStore, State, StoreError, StoreSpec, Usage};
use crate::sys::FreeSpace;

use super::problems::Problems;
use super::states::States;

/// What a store holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct StoreUsage {
    /// Sessions: the sum of the six states.
    pub sessions: u64,
    /// By state.
    #[serde(flatten)]
    pub states: States,
    /// Half-written files, young and old.
    pub temp: u64,
    /// Not MoinMoin's.
    pub foreign: u64,
    /// Bytes in the sessions and half-written files.
    pub bytes: u64,
    /// Bytes they take up on disk; of a database, its files. `None` where they are on no disk of this machine.
    pub bytes_on_disk: Option<u64>,
    /// How many inodes the store takes: one for each of its entries, or for each file of a database. `None` as there.
    pub inodes: Option<u64>,
    /// When the session was written that was not written for longest, in seconds since 1970.
    pub oldest: Option<i64>,
    /// When the newest session was written.
    pub newest: Option<i64>,
}

impl StoreUsage {
    /// Counts one session.
    fn count(&mut self, state: State, modified: i64) {
        self.sessions += 1;
        self.states.count(state);
        self.oldest = Some(self.oldest.map_or(modified, |oldest| oldest.min(modified)));
        self.newest = self.newest.max(Some(modified));
    }
}

/// Counts what is in `store` at `now` (seconds since 1970). What could not be looked at is told in `problems`.
///
/// # Errors
///
/// Where it could not be listed to its end.
pub fn store_usage(
    store: &dyn SessionStore,
    now: i64,
    idle: Option<Duration>,
    stop: &AtomicBool,
    problems: &mut Problems,
) -> Result<StoreUsage, StoreError> {
    let spec = store.spec();
    let mut counted = StoreUsage::default();
    let (mut on_disk, mut entries) = (0, 0);
    store.scan(Fields::default(), stop, &mut |found| {
        entries += 1;
        match found {
            Found::Session(session) => {
                counted.count(session.state(now, idle), session.modified);
                counted.bytes += session.size;
                on_disk += session.bytes_on_disk;
            }
            Found::Temp(temp) => {
                counted.temp += 1;
                counted.bytes += temp.size;
                on_disk += temp.bytes_on_disk;
            }
            Found::Foreign(_) => counted.foreign += 1,
            Found::Failed { name, error } => {
                problems.push(&spec.failed(&name, &crate::sys::why(&error)));
            }
        }
    })?;
    let usage = store::usage(spec, Usage { bytes: Some(on_disk), inodes: Some(entries) });
    (counted.bytes_on_disk, counted.inodes) = (usage.bytes, usage.inodes);
    Ok(counted)
}

/// How much room is left where a store lies; `None` where that is on no disk of this machine, or cannot be told.
pub fn free_space(spec: &StoreSpec) -> Option<FreeSpace> {
    spec.location.path().and_then(|path| FreeSpace::at(path).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::location::{Layout, Location};
    use std::fs;

    #[test]
    fn every_entry_is_counted_as_what_it_is() {
        let root = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| fs::write(root.path().join(name), bytes).unwrap();
        write(&"a".repeat(40), b"(dS'expires'\nI2000\ns.");
        write(&"b".repeat(40), b"(dS'expires'\nI1000\ns.");
        write(&"c".repeat(40), b"(d.");
        write(&"d".repeat(40), b"(dS'expires'\nNs.");
        write(&"e".repeat(40), b"no pickle");
        write("tmpabcdef.__session", b"(d");
        write("README", b"");
        let spec =
            StoreSpec::from(Location::Directory { layout: Layout::Moin19, path: root.path().to_owned() });
        let store = store::open(spec.clone()).unwrap();
        let mut problems = Problems::default();
        let stop = AtomicBool::new(false);
        let counted = store_usage(store.as_ref(), 1500, None, &stop, &mut problems).unwrap();
        let states =
            States { live: 1, expired: 1, idle: 0, no_expires: 1, invalid_expires: 1, unreadable: 1 };
        assert_eq!(counted.states, states);
        assert_eq!((counted.sessions, counted.temp, counted.foreign), (5, 1, 1));
        assert_eq!(counted.inodes, Some(7));
        assert_eq!(counted.bytes, 21 + 21 + 3 + 16 + 9 + 2);
        assert!(counted.oldest.is_some() && counted.oldest <= counted.newest);
        assert!(problems.told("").is_empty());
        assert!(free_space(&spec).is_some());
        // A store of Redis is on no disk of this machine.
        let spec = StoreSpec::from("redis://h".parse::<Location>().unwrap());
        assert_eq!(free_space(&spec), None);
    }
}
