use std::fs;
use std::io;
use std::path::Path;
use std::sync::Mutex;

use super::*;
use crate::pickle::Tree;
use crate::store::{
    Address, Decide, Fields, Listed, NewSession, RawRead, Read, Session, SessionStore, Sink, Stamp,
    StoreError, StoreSpec, WritableStore, Written,
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

/// Stores in a new directory: `a` with this number of sessions, and `b` without sessions.
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

/// A target that calls functions just before or after it writes, or that fails.
struct Odd {
    store: Box<dyn WritableStore>,
    /// The number of writes before all further writes fail.
    left: Mutex<usize>,
    before: Box<dyn Fn() + Send + Sync>,
    after: Box<dyn Fn() + Send + Sync>,
}

impl Odd {
    fn of(store: Box<dyn WritableStore>) -> Self {
        Odd { store, left: Mutex::new(99), before: Box::new(|| {}), after: Box::new(|| {}) }
    }
}

/// Calls the function only the first time.
fn once(act: impl Fn() + Send + Sync + 'static) -> Box<dyn Fn() + Send + Sync> {
    let once = std::sync::Once::new();
    Box::new(move || once.call_once(&act))
}

fn run(stores: &Stores, options: &Options) -> Report {
    migrate(stores, options, &AtomicBool::new(false)).unwrap()
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
    fn list(&self, sink: &mut dyn FnMut(Listed<'_>)) -> Result<(), StoreError> {
        self.store.list(sink)
    }
    fn scan(&self, fields: Fields, stop: &AtomicBool, sink: Sink<'_>) -> Result<(), StoreError> {
        self.store.scan(fields, stop, sink)
    }
    fn read(&self, id: &EntryName, fields: Fields) -> Result<Option<Session>, StoreError> {
        self.store.read(id, fields)
    }
    fn read_value(&self, id: &EntryName) -> Result<Read<Tree>, StoreError> {
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
    fn write(&self, batch: &[&NewSession]) -> Vec<io::Result<Written>> {
        let mut left = self.left.lock().unwrap();
        if *left == 0 {
            return batch.iter().map(|_| Err(io::Error::from(io::ErrorKind::StorageFull))).collect();
        }
        *left -= 1;
        (self.before)();
        let written = self.store.write(batch);
        (self.after)();
        written
    }
}

#[test]
fn source_write_during_move_is_not_lost() {
    let root = tempfile::tempdir().unwrap();
    let mut stores = stores(root.path(), 3);
    let path = root.path().join("a").join(format!("{:040x}", 1));
    let again = path.clone();
    let after = once(move || fs::write(&again, LATER).unwrap());
    stores.to = Box::new(Odd { after, ..Odd::of(stores.to) });
    let report = run(&stores, &options(root.path()));
    assert_eq!((report.tally.counts.copied, report.tally.counts.deleted), (3, 3), "{report:?}");
    assert_eq!(fs::read(root.path().join("b").join(format!("{:040x}", 1))).unwrap(), LATER);
    assert!(!path.exists());
}

#[test]
fn source_logout_during_copy_is_not_undone_at_the_target() {
    for remove in [false, true] {
        let root = tempfile::tempdir().unwrap();
        let mut stores = stores(root.path(), 3);
        let at = |dir: &str, number: u32| root.path().join(dir).join(format!("{number:040x}"));
        // The target already has an older session 2, which is restored after the run.
        fs::write(at("b", 2), LATER).unwrap();
        let old = fs::File::options().write(true).open(at("b", 2)).unwrap();
        old.set_modified(std::time::UNIX_EPOCH).unwrap();
        let gone = [at("a", 1), at("a", 2)];
        let after = once(move || gone.iter().for_each(|path| fs::remove_file(path).unwrap()));
        stores.to = Box::new(Odd { after, ..Odd::of(stores.to) });
        let run_options = Options { remove, on_conflict: OnConflict::Newer, ..options(root.path()) };
        let counts = run(&stores, &run_options).tally.counts;
        assert_eq!((counts.copied, counts.replaced, counts.gone, counts.failed), (1, 0, 2, 0), "{counts:?}");
        assert!(at("b", 0).exists() && !at("b", 1).exists());
        assert_eq!(fs::read(at("b", 2)).unwrap(), LATER);
    }
}

#[test]
fn session_that_appears_at_the_target_follows_on_conflict() {
    for on_conflict in [OnConflict::Skip, OnConflict::Newer] {
        let root = tempfile::tempdir().unwrap();
        let mut stores = stores(root.path(), 1);
        let theirs = root.path().join("b").join(format!("{:040x}", 0));
        let path = theirs.clone();
        let before = once(move || {
            fs::write(&path, LATER).unwrap();
            let file = fs::File::options().write(true).open(&path).unwrap();
            file.set_modified(std::time::UNIX_EPOCH).unwrap();
        });
        stores.to = Box::new(Odd { before, ..Odd::of(stores.to) });
        let counts = run(&stores, &Options { on_conflict, ..options(root.path()) }).tally.counts;
        let newer = u64::from(on_conflict == OnConflict::Newer);
        assert_eq!((counts.conflicts, counts.replaced, counts.failed), (1 - newer, newer, 0), "{counts:?}");
        assert_eq!(fs::read(&theirs).unwrap(), if newer == 1 { LIVE } else { LATER });
    }
}

#[test]
fn target_change_during_move_is_reported_and_keeps_the_source() {
    for ended in [false, true] {
        let root = tempfile::tempdir().unwrap();
        let mut stores = stores(root.path(), 2);
        let [source, copy] = ["a", "b"].map(|dir| root.path().join(dir).join(format!("{:040x}", 1)));
        let after =
            once(move || if ended { fs::remove_file(&copy) } else { fs::write(&copy, LATER) }.unwrap());
        stores.to = Box::new(Odd { after, ..Odd::of(stores.to) });
        let report = run(&stores, &options(root.path()));
        let counts = report.tally.counts;
        assert_eq!(
            (counts.copied, counts.deleted, counts.unsettled, counts.failed),
            (2, 1, 1, 0),
            "{counts:?}"
        );
        assert!(
            report.tally.problems[0].message.contains("the copy changed or ended at the target"),
            "{report:?}"
        );
        assert!(source.exists());
    }
}

#[test]
fn session_that_keeps_changing_is_a_failure() {
    for remove in [false, true] {
        let root = tempfile::tempdir().unwrap();
        let mut stores = stores(root.path(), 2);
        let path = root.path().join("a").join(format!("{:040x}", 1));
        let again = path.clone();
        let after = Box::new(move || fs::write(&again, LIVE).unwrap());
        stores.to = Box::new(Odd { after, ..Odd::of(stores.to) });
        let report = run(&stores, &Options { remove, ..options(root.path()) });
        let counts = report.tally.counts;
        assert_eq!((counts.copied, counts.unsettled, counts.deleted), (2, 1, remove.into()), "{counts:?}");
        assert!(report.tally.problems[0].message.contains("kept changing"), "{report:?}");
        assert!(path.exists());
    }
}

#[test]
fn full_disk_stops_and_same_command_continues() {
    let (first, all) = (flow::BATCH, flow::BATCH * 5 / 2);
    let root = tempfile::tempdir().unwrap();
    let mut stores = stores(root.path(), all);
    stores.to = Box::new(Odd { left: Mutex::new(1), ..Odd::of(stores.to) });
    let report = run(&stores, &options(root.path()));
    let counts = report.tally.counts;
    let count = |number: u64| usize::try_from(number).unwrap();
    assert_eq!((count(counts.copied), count(counts.deleted), count(counts.failed)), (first, first, first));
    assert_eq!(count(counts.left), all - 2 * first);
    assert_eq!(report.tally.problems.len(), 1, "reported once: {:?}", report.tally.problems);
    assert_eq!((names(root.path(), "a"), names(root.path(), "b")), (all - first, first));
    let dir = |name: &str| spec(&format!("moin-1.9:{}", root.path().join(name).display()));
    drop(stores);
    let stores = Stores::open(dir("a"), dir("b"), false).unwrap();
    let counts = run(&stores, &options(root.path())).tally.counts;
    assert_eq!((count(counts.copied), count(counts.deleted)), (all - first, all - first));
    let undone = rollback(&stores, &options(root.path())).unwrap();
    assert_eq!((count(undone.deleted), count(undone.restored), undone.changed), (all, all, 0));
    assert_eq!((names(root.path(), "a"), names(root.path(), "b")), (all, 0));
}

#[test]
fn rollback_keeps_sessions_that_the_target_already_had() {
    let root = tempfile::tempdir().unwrap();
    let stores = stores(root.path(), 2);
    let name = format!("{:040x}", 0);
    fs::write(root.path().join("b").join(&name), LIVE).unwrap();
    let report = run(&stores, &options(root.path()));
    assert_eq!(
        (report.tally.counts.copied, report.tally.counts.same, report.tally.counts.deleted),
        (1, 1, 2)
    );
    let undone = rollback(&stores, &options(root.path())).unwrap();
    assert_eq!((undone.deleted, undone.restored, undone.put_back), (1, 2, 1));
    assert!(root.path().join("b").join(name).exists());
    assert_eq!((names(root.path(), "a"), names(root.path(), "b")), (2, 1));
}

#[test]
fn second_migration_is_refused() {
    let root = tempfile::tempdir().unwrap();
    let stores = stores(root.path(), 1);
    let _held = stores.lock(&options(root.path()).lock_dir, None).unwrap();
    let refused = migrate(&stores, &options(root.path()), &AtomicBool::new(false)).unwrap_err();
    assert!(matches!(refused, MigrateError::Locked(_)), "{refused:?}");
    assert_eq!(names(root.path(), "a"), 1);
}
