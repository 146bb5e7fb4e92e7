//! `dummy:NAME`: a store in memory, for tests. A new kind of store needs only a file like this one and a line
//! in the [registry](super::registry).

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, LazyLock, Mutex};

use super::backend::{Backend, elsewhere, made_by_wiki};
use super::writable::{session, stamp_of};
use super::*;

/// The stores, by their addresses. They last as long as the process.
static STORES: LazyLock<Mutex<BTreeMap<String, Sessions>>> = LazyLock::new(Mutex::default);

type Sessions = Arc<Mutex<BTreeMap<EntryName, Raw>>>;

/// Stores in memory.
pub(super) const BACKEND: Backend = Backend {
    scheme: "dummy",
    form: "dummy:NAME",
    open: |spec| {
        let sessions = STORES.lock().unwrap().entry(spec.address()).or_default().clone();
        Ok(Box::new(DummyStore { spec, sessions }))
    },
    create: made_by_wiki,
    usage: elsewhere,
};

struct DummyStore {
    spec: StoreSpec,
    sessions: Sessions,
}

impl SessionStore for DummyStore {
    fn spec(&self) -> &StoreSpec {
        &self.spec
    }

    fn id(&self) -> FileId {
        let mut hasher = DefaultHasher::new();
        self.spec.address().hash(&mut hasher);
        FileId { device: u64::MAX - 2, inode: hasher.finish() }
    }

    fn names(&self, sink: &mut dyn FnMut(EntryName)) -> Result<(), StoreError> {
        self.sessions.lock().unwrap().keys().copied().for_each(sink);
        Ok(())
    }

    fn scan(&self, fields: Fields, _: &AtomicBool, sink: Sink<'_>) -> Result<(), StoreError> {
        let sessions = self.sessions.lock().unwrap();
        sessions.iter().for_each(|(id, raw)| sink(Found::Session(session(*id, raw, fields))));
        Ok(())
    }

    fn read(&self, id: &EntryName, fields: Fields) -> Result<Option<Session>, StoreError> {
        Ok(self.sessions.lock().unwrap().get(id).map(|raw| session(*id, raw, fields)))
    }

    fn read_value(&self, id: &EntryName) -> Result<Read<Tree>, StoreError> {
        Ok(self.read_raw(id)?.tree())
    }

    fn remove(&self, batch: &[(EntryName, Stamp)], decide: Decide<'_>) -> Vec<io::Result<Removal>> {
        let mut sessions = self.sessions.lock().unwrap();
        let mut one = |(id, stamp): &(EntryName, Stamp)| match sessions.get(id) {
            None => Removal::Gone,
            Some(raw) if raw.stamp != *stamp => Removal::Changed,
            Some(raw) if !decide(&Found::Session(session(*id, raw, Fields::default()))) => Removal::Kept,
            Some(_) => Removal::Removed { size: sessions.remove(id).unwrap().bytes.len() as u64 },
        };
        batch.iter().map(|entry| Ok(one(entry))).collect()
    }
}

impl WritableStore for DummyStore {
    fn read_raw(&self, id: &EntryName) -> RawRead {
        Ok(self.sessions.lock().unwrap().get(id).map_or(Read::Missing, |raw| Read::Present(raw.clone())))
    }

    fn write(&self, batch: &[&NewSession]) -> Vec<io::Result<Written>> {
        let mut sessions = self.sessions.lock().unwrap();
        let mut one = |new: &NewSession| match (sessions.get(&new.id).map(|raw| raw.stamp), new.instead_of) {
            (Some(_), None) => Written::Exists,
            (there, wanted) if there != wanted => Written::Changed,
            _ => {
                let stamp = stamp_of(&new.bytes, new.modified);
                let (bytes, modified) = (new.bytes.clone(), new.modified);
                sessions.insert(new.id, Raw { bytes, modified, mode: None, owner: None, stamp, trust: None });
                Written::Done(stamp)
            }
        };
        batch.iter().map(|new| Ok(one(new))).collect()
    }
}

#[test]
fn new_backend_passes_the_tests_of_all_stores() {
    behavior::behaves(behavior::opened("dummy:behaves").as_ref());
}

#[test]
fn new_backend_is_accepted_in_addresses() {
    let why = "other:x".parse::<Address>().unwrap_err().to_string();
    assert!(why.contains("redis://HOST:PORT/DB, dummy:NAME, wiki:NAME"), "{why}");
    let spec = "dummy:known".parse::<Address>().unwrap().resolve().unwrap();
    assert_eq!((spec.address(), spec.location.path()), ("dummy:known".to_owned(), None));
    assert_eq!(usage(&spec, Usage { bytes: Some(1), inodes: Some(1) }), Usage::default());
}

#[test]
fn new_backend_works_with_migrate_and_prune() {
    use crate::ops::migrate;
    use crate::ops::prune::{self, ClockCheck, Filter, Policy};
    let root = tempfile::tempdir().unwrap();
    let spec = |address: &str| address.parse::<Address>().unwrap().resolve().unwrap();
    let (from, to) = (spec(&format!("moin-1.9:{}", root.path().display())), spec("dummy:moved"));
    for (id, expires) in [("a", 1_000_000_000), ("b", 2_000_000_000)] {
        let pickle = format!("(dS'expires'\nI{expires}\ns.");
        std::fs::write(root.path().join(id.repeat(40)), pickle).unwrap();
    }
    let (now, stop, locks) = (1_900_000_000, AtomicBool::new(false), root.path().join("locks"));
    let moved = migrate::migrate(
        &migrate::Stores::open(from, to.clone(), false).unwrap(),
        &migrate::Options {
            now,
            users: None,
            states: Vec::new(),
            older_than: None,
            include_expired: true,
            remove: true,
            on_conflict: migrate::OnConflict::Skip,
            rename_ids: None,
            users_map: None,
            allow: migrate::AllowList::default(),
            owner: None,
            mode: None,
            pairs: false,
            dry_run: false,
            state_dir: root.path().join("state"),
            lock_dir: locks.clone(),
            wait: false,
        },
        &stop,
    );
    assert_eq!(moved.unwrap().tally.counts.copied, 2);
    let options = prune::Options {
        policy: Policy::default(),
        filter: Filter::default(),
        now,
        clock: ClockCheck::Trusted { state_dir: None },
        lock_dir: locks,
        wait: false,
        index: None,
        dry_run: false,
    };
    let pruned = prune::plan(vec![to.clone()], options, &stop).execute(&stop);
    let counts = pruned.total.counts;
    assert_eq!((counts.deleted, counts.states.live), (1, 1));
    let left = matching(open(to).unwrap().as_ref(), "").unwrap();
    assert_eq!(left.iter().map(EntryName::reveal).collect::<Vec<_>>(), ["b".repeat(40)]);
}
