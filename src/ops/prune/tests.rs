//! Whole runs in real directories.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::*;
use crate::location::{Layout, Location};
use crate::ops::States;
use crate::store::{FileStore, SessionStore, StoreSpec, StoreWiki};

const NOW: i64 = 2_000_000_000;
const HOUR: i64 = 3600;
const DAY: i64 = 86_400;

static NEVER: AtomicBool = AtomicBool::new(false);

fn days(days: u64) -> Duration {
    Duration::from_secs(days * 86_400)
}

/// The directories of a farm: for stores, for locks, and for state.
struct Fixture {
    root: tempfile::TempDir,
}

impl Fixture {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("store")).unwrap();
        Fixture { root }
    }

    fn store(&self) -> PathBuf {
        self.root.path().join("store")
    }

    fn spec(&self) -> StoreSpec {
        Location::Directory { layout: Layout::Moin19, path: self.store() }.into()
    }

    fn options(&self) -> Options {
        Options {
            policy: Policy::default(),
            filter: Filter::default(),
            now: NOW,
            clock: ClockCheck::Against { state_dir: Some(self.root.path().join("state")) },
            lock_dir: self.root.path().join("locks"),
            wait: false,
            index: None,
            dry_run: false,
        }
    }

    /// Writes session number `n`. `expires` and `written` are ages in seconds.
    fn session(&self, n: u32, expires: Option<i64>, written: i64) -> PathBuf {
        self.file(&format!("{n:040x}"), &pickled(expires.map(|ago| NOW - ago)), written)
    }

    fn file(&self, name: &str, bytes: &[u8], written: i64) -> PathBuf {
        let path = self.store().join(name);
        fs::write(&path, bytes).unwrap();
        set_written(&path, NOW - written);
        path
    }

    fn left(&self) -> usize {
        fs::read_dir(self.store()).unwrap().count()
    }

    fn prune(&self, options: Options) -> Report {
        plan(vec![self.spec()], options, &NEVER).execute(&NEVER)
    }
}

fn set_written(path: &Path, time: i64) {
    let time = std::time::UNIX_EPOCH + Duration::from_secs(time as u64);
    fs::File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
}

/// A session with only `expires`, as 1.9 writes it.
fn pickled(expires: Option<i64>) -> Vec<u8> {
    match expires {
        Some(time) => {
            [b"\x80\x02}q\x01U\x07expiresq\x02J".as_slice(), &(time as i32).to_le_bytes(), b"s."].concat()
        }
        None => b"\x80\x02}q\x01.".to_vec(),
    }
}

#[test]
fn prune_removes_expired_sessions_and_counts_every_entry() {
    let fixture = Fixture::new();
    for n in 0..60 {
        fixture.session(n, Some(DAY), DAY);
    }
    let live = fixture.session(100, Some(-DAY), DAY);
    let grace = fixture.session(101, Some(60), DAY);
    let young = fixture.session(102, None, 60);
    fixture.session(103, None, 2 * DAY);
    let odd = fixture.file(&"f".repeat(40), b"(dS'expires'\nNs.", 500 * DAY);
    let torn = fixture.file(&"e".repeat(40), b"\x80\x02}", 500 * DAY);
    fixture.file("tmpabcdef.__session", b"", 2 * DAY);
    let temp = fixture.file("tmpabcdeg.__wz_sess", b"", HOUR);
    let foreign = fixture.file("README", b"", 500 * DAY);

    let preview =
        plan(vec![fixture.spec()], Options { dry_run: true, ..fixture.options() }, &NEVER).execute(&NEVER);
    assert!(preview.dry_run);
    let done = fixture.prune(fixture.options());
    assert!(!done.dry_run && done.problems.is_empty() && done.warnings.is_empty(), "{done:?}");
    let planned = Counts { deleted: 0, would_delete: 62, ..done.total.counts };
    assert_eq!(preview.total.counts, planned);
    let expected = Counts {
        scanned: 66,
        states: States {
            live: 1,
            expired: 61,
            no_expires: 2,
            invalid_expires: 1,
            unreadable: 1,
            ..States::default()
        },
        stale_temp: 1,
        foreign: 1,
        deleted: 62,
        bytes: 60 * pickled(Some(1)).len() as u64 + pickled(None).len() as u64,
        ..Counts::default()
    };
    assert_eq!(done.stores[0].counts, expected);
    assert_eq!(done.stores[0].refused, None);
    for kept in [live, grace, young, odd, torn, temp, foreign] {
        assert!(kept.exists(), "{}", kept.display());
    }
    assert_eq!(fixture.left(), 7);
    assert_eq!(fixture.prune(fixture.options()).total.counts.deleted, 0);
}

#[test]
fn store_without_any_expires_is_treated_as_1_9_0() {
    let fixture = Fixture::new();
    for n in 0..10 {
        fixture.session(n, None, 10 * DAY);
    }
    assert_eq!(fixture.prune(fixture.options()).total.counts.deleted, 0);
    let idle = fixture.options().policy.with_idle(Some(days(5))).unwrap();
    assert_eq!(fixture.prune(Options { policy: idle, ..fixture.options() }).total.counts.deleted, 10);
    for n in 0..10 {
        fixture.session(n, None, 10 * DAY);
    }
    let wiki = |version: &str| StoreWiki {
        name: "w".into(),
        version: version.parse().unwrap(),
        user_dir: None,
        superusers: Vec::new(),
    };
    let deleted = |versions: &[&str]| {
        let spec =
            StoreSpec { wikis: versions.iter().map(|version| wiki(version)).collect(), ..fixture.spec() };
        plan(vec![spec], fixture.options(), &NEVER).execute(&NEVER).total.counts.deleted
    };
    assert_eq!(deleted(&["1.9.11", "1.9.0"]), 0);
    assert_eq!(deleted(&["1.9.11"]), 10);
}

#[test]
fn max_delete_refuses_and_changes_no_store() {
    let (one, other) = (Fixture::new(), Fixture::new());
    for n in 0..100 {
        one.session(n, (n < 49).then_some(-DAY), 2 * DAY);
        other.session(n, Some(DAY), DAY);
    }
    let run = |options| plan(vec![one.spec(), other.spec()], options, &NEVER).execute(&NEVER);
    let report = run(one.options());
    let refused = report.stores[0].refused.clone().unwrap();
    assert_eq!(
        refused.why,
        "51 of 100 sessions would be removed for reasons other than expiry (max_delete is 50%: 50)"
    );
    assert_eq!(report.stores[1].refused, None);
    assert_eq!((report.total.counts.deleted, report.total.refused), (0, 1));
    assert_eq!((one.left(), other.left()), (100, 100));
    let policy = one.options().policy.with_max_delete(crate::farm::Limit::Count(51));
    assert_eq!(run(Options { policy, ..one.options() }).total.counts.deleted, 151);
}

#[test]
fn all_and_anonymous_remove_live_sessions_within_max_delete() {
    let fixture = Fixture::new();
    for n in 0..150 {
        fixture.session(n, Some(-DAY), 0);
    }
    fixture.file(&"f".repeat(40), b"(dS'user.id'\nS'1.2'\ns.", 0);
    let filter = Filter { all: true, anonymous: true };
    assert_eq!(
        fixture.prune(Options { filter, ..fixture.options() }).total.refused,
        1,
        "the limit holds for it too"
    );
    let policy = fixture.options().policy.without_max_delete();
    assert_eq!(fixture.prune(Options { filter, policy, ..fixture.options() }).total.counts.deleted, 150);
    assert_eq!(fixture.left(), 1);
}

#[test]
fn all_keeps_entries_that_are_not_plain_sessions() {
    let fixture = Fixture::new();
    let at = |n: u32| fixture.store().join(format!("{n:040x}"));
    fs::create_dir(at(1)).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", at(2)).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(at(3)).unwrap();
    let (cwd, mode) = (rustix::fs::CWD, rustix::fs::Mode::RUSR);
    rustix::fs::mknodat(cwd, at(4), rustix::fs::FileType::Fifo, mode, 0).unwrap();
    fs::File::create(at(5)).unwrap().set_len(10 << 30).unwrap();
    let hard = fixture.session(6, Some(DAY), 500 * DAY);
    fs::hard_link(&hard, fixture.root.path().join("elsewhere")).unwrap();
    fixture.session(7, Some(DAY), 500 * DAY);
    let policy = Policy::default().with_unreadable(Some(days(1))).unwrap().with_idle(Some(days(1))).unwrap();
    let filter = Filter { all: true, anonymous: false };
    let report = fixture.prune(Options { policy, filter, ..fixture.options() });
    let counts = report.total.counts;
    assert_eq!((counts.scanned, counts.foreign, counts.states.unreadable, counts.deleted), (3, 4, 2, 1));
    assert_eq!((counts.failed, fixture.left()), (0, 6));
}

#[test]
fn wrong_clock_and_pinned_clock_remove_nothing() {
    let fixture = Fixture::new();
    fixture.session(1, Some(DAY), DAY);
    let ahead = fixture.file("tmpabcdef.__session", b"", -2 * HOUR);
    let report = fixture.prune(fixture.options());
    assert!(report.stores[0].refused.as_ref().unwrap().why.ends_with("/tmpabcde…"), "{report:?}");
    let pinned = Options { clock: ClockCheck::Pinned, ..fixture.options() };
    let report = fixture.prune(pinned);
    assert!(report.dry_run && report.total.counts.would_delete == 1 && report.total.refused == 0);
    assert_eq!(fixture.left(), 2);
    fs::remove_file(ahead).unwrap();
    assert_eq!(fixture.prune(fixture.options()).total.counts.deleted, 1);
    let back = Options { now: NOW - DAY, ..fixture.options() };
    assert!(
        fixture.prune(back.clone()).stores[0].refused.as_ref().unwrap().why.contains("behind the last run")
    );
    let ClockCheck::Against { state_dir } = back.clock.clone() else { unreachable!() };
    let trusted = Options { clock: ClockCheck::Trusted { state_dir }, ..back };
    assert_eq!(fixture.prune(trusted.clone()).total.refused, 0);
    assert_eq!(fixture.prune(trusted).total.refused, 0);
}

#[test]
fn second_process_is_refused_with_the_pid_of_the_first() {
    let fixture = Fixture::new();
    fixture.session(1, Some(DAY), DAY);
    let store = FileStore::open(fixture.spec()).unwrap();
    let locks = crate::sys::LockDir::open(&fixture.options().lock_dir).unwrap();
    let held = locks.take(store.id()).unwrap();
    let report = fixture.prune(fixture.options());
    let refused = report.stores[0].refused.clone().unwrap();
    assert!(refused.why.contains(&std::process::id().to_string()), "{refused:?}");
    assert_eq!(fixture.left(), 1);
    drop(held);
    // Two specifications of one directory are one store.
    let twice = plan(vec![fixture.spec(), fixture.spec()], fixture.options(), &NEVER);
    assert_eq!(twice.stores().len(), 1);
    assert_eq!(twice.execute(&NEVER).total.counts.deleted, 1);
}

#[test]
fn session_that_changes_after_the_plan_is_kept() {
    let fixture = Fixture::new();
    for n in 0..50 {
        fixture.session(n, Some(DAY), DAY);
    }
    let made = plan(vec![fixture.spec()], fixture.options(), &NEVER);
    assert_eq!(made.stores()[0].victims().count(), 50);
    let live = fixture.session(7, Some(-DAY), 0);
    let rewritten = fixture.session(8, Some(DAY), DAY);
    fs::remove_file(fixture.session(9, Some(DAY), DAY)).unwrap();
    let report = made.execute(&NEVER);
    assert_eq!((report.total.counts.deleted, report.total.counts.kept_by_race), (47, 2));
    assert!(live.exists() && rewritten.exists());
    assert!(report.problems.is_empty());
}

#[test]
fn file_replaced_during_its_removal_is_counted_as_race() {
    let fixture = Fixture::new();
    let path = fixture.session(1, Some(DAY), DAY);
    let aside = path.with_extension("aside");
    let hook = move |_: &std::ffi::CStr| {
        fs::rename(&path, &aside).unwrap();
        fs::write(&path, "").unwrap();
    };
    let store: Box<dyn SessionStore> =
        Box::new(FileStore::open(fixture.spec()).unwrap().with_hook_before_unlink(hook));
    let made = Plan::make(fixture.options(), vec![Opened::new(fixture.spec(), Ok(store))], &NEVER);
    let report = made.execute(&NEVER);
    assert_eq!((report.total.counts.deleted, report.total.counts.kept_by_race), (0, 1));
    assert!(report.warnings[0].message.contains("/00000000…: replaced during its removal"), "{report:?}");
}

#[test]
fn missing_store_is_a_failure_only_without_wikis() {
    let fixture = Fixture::new();
    fixture.session(1, Some(DAY), DAY);
    let missing = StoreSpec::from(Location::Directory {
        layout: Layout::Moin19,
        path: fixture.root.path().join("missing"),
    });
    let report = plan(vec![missing.clone(), fixture.spec()], fixture.options(), &NEVER).execute(&NEVER);
    assert_eq!(report.stores[0].counts.failed, 1);
    assert!(report.problems[0].message.contains("no such directory"));
    assert_eq!(report.total.counts.deleted, 1, "the other store is handled");
    let version = "1.9.11".parse().unwrap();
    let wiki = StoreWiki { name: "w".into(), version, user_dir: None, superusers: Vec::new() };
    let never_ran = StoreSpec { wikis: vec![wiki], ..missing };
    let report = plan(vec![never_ran], fixture.options(), &NEVER).execute(&NEVER);
    assert_eq!((report.total.counts.failed, report.hints.len()), (0, 1));
}

#[test]
fn stopped_run_is_reported_and_removes_nothing_more() {
    let fixture = Fixture::new();
    for n in 0..20 {
        fixture.session(n, Some(DAY), DAY);
    }
    let stop = AtomicBool::new(true);
    let report = plan(vec![fixture.spec()], fixture.options(), &stop).execute(&stop);
    assert!(report.stopped);
    assert_eq!(fixture.left(), 20);
    stop.store(false, Ordering::Relaxed);
    assert!(!plan(vec![fixture.spec()], fixture.options(), &stop).execute(&stop).stopped);
}

#[test]
fn victims_have_prefixes_unique_in_the_store() {
    let fixture = Fixture::new();
    fixture.session(0x11, Some(DAY), DAY);
    fixture.session(0x12, Some(-DAY), DAY);
    let made = plan(vec![fixture.spec()], Options { dry_run: true, ..fixture.options() }, &NEVER);
    let store = &made.stores()[0];
    let victims = store.victims().map(|victim| victim.name).collect();
    let prefixes = store.prefixes(victims).unwrap();
    let lines: Vec<_> = store
        .victims()
        .map(|victim| format!("{} {}", prefixes.short(&victim.name), victim.why(NOW)))
        .collect();
    assert_eq!(lines, [format!("{:040x} expired 1 d ago", 0x11)]);
}
