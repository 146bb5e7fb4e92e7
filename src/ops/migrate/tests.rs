use std::fs;
use std::io;
use std::path::Path;
use std::sync::Mutex;

use super::*;
use crate::pickle::Tree;
use crate::store::{
    Address, Decide, Fields, RawRead, Session, SessionStore, Sink, Stamp, Unreadable, Written,
};
use crate::sys::{FileId, Removal};

const LIVE: &[u8] = b"(dS'expires'\nI2000000000\ns.";
const LATER: &[u8] = b"(dS'expires'\nI2000000060\ns.";

fn spec(address: &str) -> StoreSpec {
    Address::parse(address.as_ref()).unwrap().resolve().unwrap()
}

fn options(root: &Path) -> Options {
    Options {
        now: 1_900_000_000,
        users: None,
        states: Vec::new(),
        older_than: None,
        include_expired: false,
        remove: true,
        on_conflict: OnConflict::Skip,
        rename_ids: None,
        users_map: None,
        allow: AllowList::default(),
        owner: None,
        mode: None,
        pairs: false,
        dry_run: false,
        state_dir: root.join("state"),
        lock_dir: root.join("locks"),
        wait: false,
    }
}

/// Stores in a fresh directory: `a` with so many sessions, `b` with none.
fn stores(root: &Path, count: usize) -> Stores {
    for name in ["a", "b"] {
        fs::create_dir(root.join(name)).unwrap();
    }
    for number in 0..count {
        fs::write(root.join("a").join(format!("{number:040x}")), LIVE).unwrap();
    }
    let dir = |name: &str| spec(&format!("moin-1.9:{}", root.join(name).display()));
    Stores::open(dir("a"), dir("b"), false).unwrap()
}

fn names(root: &Path, dir: &str) -> usize {
    fs::read_dir(root.join(dir)).unwrap().count()
}

/// A target that does something just after it wrote, or breaks off.
struct Odd {
    store: Box<dyn WritableStore>,
    /// Writes until it fails for good.
    left: Mutex<usize>,
    after: Box<dyn Fn() + Send + Sync>,
}

impl SessionStore for Odd {
    fn spec(&self) -> &StoreSpec {
        self.store.spec()
    }
    fn id(&self) -> FileId {
        self.store.id()
    }
    fn names(&self, sink: &mut dyn FnMut(EntryName)) -> Result<(), StoreError> {
        self.store.names(sink)
    }
    fn scan(&self, fields: Fields, stop: &AtomicBool, sink: Sink<'_>) -> Result<(), StoreError> {
        self.store.scan(fields, stop, sink)
    }
    fn read(&self, id: &EntryName, fields: Fields) -> Result<Option<Session>, StoreError> {
        self.store.read(id, fields)
    }
    fn read_value(&self, id: &EntryName) -> Result<Option<Result<Tree, Unreadable>>, StoreError> {
        self.store.read_value(id)
    }
    fn remove(&self, batch: &[(EntryName, Stamp)], decide: Decide<'_>) -> Vec<io::Result<Removal>> {
        self.store.remove(batch, decide)
    }
}

impl WritableStore for Odd {
    fn read_raw(&self, id: &EntryName) -> RawRead {
        self.store.read_raw(id)
    }
    fn write(&self, batch: &[NewSession]) -> Vec<io::Result<Written>> {
        let mut left = self.left.lock().unwrap();
        if *left == 0 {
            return batch.iter().map(|_| Err(io::Error::from(io::ErrorKind::StorageFull))).collect();
        }
        *left -= 1;
        let written = self.store.write(batch);
        (self.after)();
        written
    }
}

#[test]
fn what_is_written_at_the_source_while_it_moves_is_not_lost() {
    let root = tempfile::tempdir().unwrap();
    let mut stores = stores(root.path(), 3);
    let path = root.path().join("a").join(format!("{:040x}", 1));
    let again = path.clone();
    let written = Mutex::new(false);
    let after = move || {
        if !std::mem::replace(&mut *written.lock().unwrap(), true) {
            fs::write(&again, LATER).unwrap();
        }
    };
    stores.to = Box::new(Odd { store: stores.to, left: Mutex::new(9), after: Box::new(after) });
    let report = migrate(&stores, &options(root.path()), &AtomicBool::new(false)).unwrap();
    assert_eq!((report.counts.copied, report.counts.removed), (3, 3), "{report:?}");
    assert_eq!(fs::read(root.path().join("b").join(format!("{:040x}", 1))).unwrap(), LATER);
    assert!(!path.exists());
}

#[test]
fn a_full_disk_stops_it_and_the_same_command_goes_on() {
    let root = tempfile::tempdir().unwrap();
    let mut stores = stores(root.path(), 2500);
    let full = Odd { store: stores.to, left: Mutex::new(1), after: Box::new(|| {}) };
    stores.to = Box::new(full);
    let report = migrate(&stores, &options(root.path()), &AtomicBool::new(false)).unwrap();
    assert_eq!((report.counts.copied, report.counts.removed, report.counts.failed), (1000, 1000, 1000));
    assert_eq!(report.problems.len(), 1, "said once: {:?}", report.problems);
    assert_eq!((names(root.path(), "a"), names(root.path(), "b")), (1500, 1000));
    let dir = |name: &str| spec(&format!("moin-1.9:{}", root.path().join(name).display()));
    drop(stores);
    let stores = Stores::open(dir("a"), dir("b"), false).unwrap();
    let report = migrate(&stores, &options(root.path()), &AtomicBool::new(false)).unwrap();
    assert_eq!((report.counts.copied, report.counts.removed), (1500, 1500));
    let undone = rollback(&stores, &options(root.path())).unwrap();
    assert_eq!((undone.taken_back, undone.restored, undone.changed), (2500, 2500, 0));
    assert_eq!((names(root.path(), "a"), names(root.path(), "b")), (2500, 0));
}

#[test]
fn what_the_target_had_already_stays_there_when_a_move_is_undone() {
    let root = tempfile::tempdir().unwrap();
    let stores = stores(root.path(), 2);
    let name = format!("{:040x}", 0);
    fs::write(root.path().join("b").join(&name), LIVE).unwrap();
    let report = migrate(&stores, &options(root.path()), &AtomicBool::new(false)).unwrap();
    assert_eq!((report.counts.copied, report.counts.same, report.counts.removed), (1, 1, 2));
    let undone = rollback(&stores, &options(root.path())).unwrap();
    assert_eq!((undone.taken_back, undone.restored, undone.put_back), (1, 2, 1));
    assert!(root.path().join("b").join(name).exists());
    assert_eq!((names(root.path(), "a"), names(root.path(), "b")), (2, 1));
}

#[test]
fn two_at_once_are_refused() {
    let root = tempfile::tempdir().unwrap();
    let stores = stores(root.path(), 1);
    let _held = stores.lock(&options(root.path()).lock_dir, None).unwrap();
    let refused = migrate(&stores, &options(root.path()), &AtomicBool::new(false)).unwrap_err();
    assert!(matches!(refused, Error::Refused(_)), "{refused:?}");
    assert_eq!(names(root.path(), "a"), 1);
}
