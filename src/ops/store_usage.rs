//! The usage of a store, and the free space on its disk. Changes nothing.

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use crate::health::{Collector, Trouble};
use crate::store::{self, Fields, Found, SessionStore, State, StoreError, StoreSpec, Usage};
use crate::sys::FreeSpace;

use super::problems::Problems;
use super::states::States;

/// The usage of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct StoreUsage {
    /// Sessions: the sum of the six states.
    pub sessions: u64,
    /// By state.
    #[serde(flatten)]
    pub states: States,
    /// Temporary files of any age.
    pub temp: u64,
    /// Files with names that are not MoinMoin's.
    pub foreign: u64,
    /// Bytes in the sessions and temporary files.
    pub bytes: u64,
    /// Bytes on disk, for a database of its files; null if the store is not on a disk of this machine.
    pub bytes_on_disk: Option<u64>,
    /// Inodes: one for each entry, or for each file of a database; null as above.
    pub inodes: Option<u64>,
    /// The earliest last write of a session, in unix seconds.
    pub oldest: Option<i64>,
    /// The latest write of a session, in unix seconds.
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

/// Counts the entries of `store` at `now` (unix seconds). Adds entries that can't be read to `problems`.
///
/// # Errors
///
/// If the store can't be listed completely.
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
                problems.push(spec.failed(&name, crate::sys::problem(&error)));
            }
        }
    })?;
    let usage = store::usage(spec, Usage { bytes: Some(on_disk), inodes: Some(entries) });
    (counted.bytes_on_disk, counted.inodes) = (usage.bytes, usage.inodes);
    Ok(counted)
}

/// The free space on the disk of a store. `None` if the store is not on a disk of this machine, or the space is unknown.
pub fn free_space(spec: &StoreSpec) -> Option<FreeSpace> {
    spec.location.path().and_then(|path| FreeSpace::at(path).ok())
}

/// What keeps the wikis of a store from saving sessions, at `now` (unix seconds). Empty if the store is not on a disk of this
/// machine.
pub fn troubles(spec: &StoreSpec, collector: &Collector, now: i64) -> Vec<Trouble> {
    let users = spec.wikis.iter().find_map(|wiki| wiki.user_dir.as_deref());
    // A database needs to create files beside its own.
    let directory = spec.location.directory().or_else(|| spec.location.path().and_then(Path::parent));
    directory.map_or_else(Vec::new, |dir| collector.facts(dir, spec.location.layout(), users).troubles(now))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::location::{Layout, Location};
    use std::fs;

    #[test]
    fn store_usage_counts_each_kind_of_entry() {
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
        assert!(problems.lines("").is_empty());
        assert!(free_space(&spec).is_some());
        let spec = StoreSpec::from("redis://h".parse::<Location>().unwrap());
        assert_eq!(free_space(&spec), None);
    }
}
