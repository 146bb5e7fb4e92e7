//! Revokes sessions while a wiki writes them.

use std::collections::BTreeSet;
use std::ffi::CStr;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::*;
use crate::location::{Layout, Location};
use crate::store::{self, EntryName, Fields, FileStore, Session, StoreError};

const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
const HIS: &str = "(dS'user.id'\nS'1.2.3'\ns.";
const ANOTHERS: &str = "(dS'user.id'\nS'4.5.6'\ns.";

struct Fixture {
    root: tempfile::TempDir,
}

impl Fixture {
    fn new() -> Fixture {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("sessions")).unwrap();
        Fixture { root }
    }

    fn dir(&self) -> PathBuf {
        self.root.path().join("sessions")
    }

    fn spec(&self) -> StoreSpec {
        Location::Directory { layout: Layout::Moin19, path: self.dir() }.into()
    }

    fn options(&self, settle: Duration) -> Options {
        let users = Some(BTreeSet::from(["1.2.3".to_owned()]));
        let target = Target { users, ..Target::default() };
        Options {
            target,
            lock_dir: self.root.path().join("locks"),
            wait: false,
            dry_run: false,
            settle,
            shown: 0,
        }
    }

    /// Revokes, and calls `hook` before each removal.
    fn run(&self, settle: Duration, hook: impl Fn(&CStr) + Send + Sync + 'static) -> Report {
        let store = FileStore::open(self.spec()).unwrap().with_hook_before_unlink(hook);
        let opened = vec![Opened::new(self.spec(), Ok(Box::new(store)))];
        Plan::make(self.options(settle), opened, &AtomicBool::new(false)).execute(&AtomicBool::new(false))
    }
}

/// Saves as MoinMoin does: writes a temporary file and renames it over the session.
fn save(path: &Path, bytes: &str) {
    fs::write(path.with_extension("new"), bytes).unwrap();
    fs::rename(path.with_extension("new"), path).unwrap();
}

#[test]
fn session_written_during_removal_is_examined_again_and_removed() {
    let fixture = Fixture::new();
    let path = fixture.dir().join(A);
    save(&path, HIS);
    let plan = plan(vec![fixture.spec()], fixture.options(Duration::ZERO), &AtomicBool::new(false));
    // Written between plan and removal, so the file differs from the one in the plan.
    save(&path, &HIS.replace("(d", "(dS'trail'\n(ls"));
    let report = plan.execute(&AtomicBool::new(false));
    assert_eq!((report.total.revoked, report.total.failed), (1, 0), "{report:?}");
    assert!(!path.exists());
}

#[test]
fn session_logged_out_meanwhile_is_kept() {
    let fixture = Fixture::new();
    let path = fixture.dir().join(A);
    save(&path, HIS);
    let plan = plan(vec![fixture.spec()], fixture.options(Duration::ZERO), &AtomicBool::new(false));
    save(&path, ANOTHERS);
    let report = plan.execute(&AtomicBool::new(false));
    assert_eq!((report.total.revoked, report.total.gone), (0, 1), "{report:?}");
    assert!(path.exists());
}

#[test]
fn write_before_removal_is_noticed_and_retried() {
    let fixture = Fixture::new();
    let path = fixture.dir().join(A);
    save(&path, HIS);
    let (written, again) = (Arc::new(AtomicUsize::new(0)), path.clone());
    let count = Arc::clone(&written);
    let report = fixture.run(Duration::ZERO, move |_| {
        if count.fetch_add(1, Ordering::SeqCst) < 3 {
            save(&again, HIS);
        }
    });
    assert!(!path.exists());
    assert_eq!((report.total.matched, report.total.failed), (1, 0), "{report:?}");
    assert_eq!(report.total.revoked + report.total.gone, 1);
}

#[test]
fn session_that_comes_back_is_removed_again_and_counted() {
    let fixture = Fixture::new();
    let path = fixture.dir().join(A);
    save(&path, HIS);
    save(&fixture.dir().join(B), ANOTHERS);
    let again = path.clone();
    let writer = std::thread::spawn({
        let gone = path.clone();
        move || {
            while gone.exists() {
                std::thread::yield_now();
            }
            save(&again, HIS);
        }
    });
    // Long enough for the writer and for the quiet time after it.
    let report = fixture.run(Duration::from_secs(2), |_| {});
    writer.join().unwrap();
    let Counts { revoked, came_back, returns, still_there, .. } = report.total;
    assert_eq!((revoked, came_back, returns, still_there), (1, 1, 1, 0), "{report:?}");
    assert!(report.problems.is_empty(), "{report:?}");
    assert!(!path.exists() && fixture.dir().join(B).exists());
}

/// Revokes while a thread saves these bytes again and again.
fn beside_a_writer(fixture: &Fixture, target: Target, bytes: &str) -> Report {
    let path = fixture.dir().join(A);
    save(&path, HIS);
    let plan = plan(
        vec![fixture.spec()],
        Options { target, ..fixture.options(Duration::from_millis(300)) },
        &AtomicBool::new(false),
    );
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                save(&path, bytes);
                std::thread::sleep(Duration::from_millis(2));
            }
        });
        let report = plan.execute(&AtomicBool::new(false));
        stop.store(true, Ordering::Relaxed);
        report
    })
}

#[test]
fn session_that_always_comes_back_is_reported() {
    let fixture = Fixture::new();
    let target = fixture.options(Duration::ZERO).target;
    let report = beside_a_writer(&fixture, target, HIS);
    let Counts { came_back, returns, still_there, .. } = report.total;
    assert!((came_back, still_there) == (1, 1) && returns > 5, "{report:?}");
    let returned = &report.stores[0].more.returned[0];
    assert_eq!((returned.user.as_deref(), returned.times), (Some("1.2.3"), returns));
}

#[test]
fn session_that_comes_back_anonymous_is_logged_out() {
    for by_id in [false, true] {
        let fixture = Fixture::new();
        let named = Target {
            ids: Some(BTreeSet::from([EntryName::new(A.as_bytes()).unwrap()])),
            ..Target::default()
        };
        let target = if by_id { named } else { fixture.options(Duration::ZERO).target };
        let report = beside_a_writer(&fixture, target, "(dS'trail'\n(ls.");
        assert_eq!((report.total.came_back, report.total.still_there), (0, 0), "{by_id}: {report:?}");
    }
}

#[test]
fn every_session_is_watched() {
    let fixture = Fixture::new();
    let path = |number: usize| fixture.dir().join(format!("{number:040x}"));
    (0..5000).for_each(|number| fs::write(path(number), HIS).unwrap());
    let plan = plan(vec![fixture.spec()], fixture.options(Duration::from_secs(120)), &AtomicBool::new(false));
    let stop = AtomicBool::new(false);
    let gone = |number: usize| {
        while path(number).exists() {
            std::thread::sleep(Duration::from_millis(1));
        }
    };
    let report = std::thread::scope(|scope| {
        scope.spawn(|| {
            (0..5000).for_each(gone);
            [0, 2500, 4999].iter().for_each(|number| save(&path(*number), HIS));
            [0, 2500, 4999].into_iter().for_each(gone);
            stop.store(true, std::sync::atomic::Ordering::Relaxed);
        });
        plan.execute(&stop)
    });
    let Counts { revoked, came_back, .. } = report.total;
    assert_eq!((revoked, came_back), (5000, 3), "{report:?}");
    assert_eq!(fs::read_dir(fixture.dir()).unwrap().count(), 0);
}

/// A store in which the session is written just before each removal, like a wiki that writes as fast as
/// possible.
struct Restless {
    store: FileStore,
    path: PathBuf,
}

impl SessionStore for Restless {
    fn spec(&self) -> &StoreSpec {
        self.store.spec()
    }

    fn id(&self) -> crate::sys::FileId {
        self.store.id()
    }

    fn names(&self, sink: &mut dyn FnMut(EntryName)) -> Result<(), StoreError> {
        self.store.names(sink)
    }

    fn scan(&self, fields: Fields, stop: &AtomicBool, sink: store::Sink<'_>) -> Result<(), StoreError> {
        self.store.scan(fields, stop, sink)
    }

    fn read(&self, id: &EntryName, fields: Fields) -> Result<Option<Session>, StoreError> {
        self.store.read(id, fields)
    }

    fn read_value(&self, id: &EntryName) -> Result<store::Read<crate::pickle::Tree>, StoreError> {
        self.store.read_value(id)
    }

    fn remove(
        &self,
        batch: &[(EntryName, store::Stamp)],
        decide: store::Decide<'_>,
    ) -> Vec<std::io::Result<crate::sys::Removal>> {
        save(&self.path, HIS);
        self.store.remove(batch, decide)
    }
}

#[test]
fn session_written_in_each_attempt_is_reported() {
    let fixture = Fixture::new();
    let path = fixture.dir().join(A);
    save(&path, HIS);
    let store = Restless { store: FileStore::open(fixture.spec()).unwrap(), path: path.clone() };
    let opened = vec![Opened::new(fixture.spec(), Ok(Box::new(store)))];
    let report = Plan::make(fixture.options(Duration::ZERO), opened, &AtomicBool::new(false))
        .execute(&AtomicBool::new(false));
    let Counts { revoked, came_back, still_there, .. } = report.total;
    assert_eq!((revoked, came_back, still_there), (0, 0, 1), "{report:?}");
    assert_eq!(report.stores[0].more.returned[0].times, 0);
    assert!(path.exists());
}

#[test]
fn match_follows_the_conditions() {
    use crate::store::{Expires, Facts, Session, Stamp, Unreadable, UserRef};
    let id = |name: &str| EntryName::new(name.as_bytes()).unwrap();
    let session = |user: Option<&str>, setuid: Option<&str>| Session {
        id: id(A),
        inode: 0,
        modified: 100,
        size: 1,
        bytes_on_disk: 512,
        access: None,
        stamp: Stamp::from_bits(0),
        trust: None,
        facts: Ok(Facts {
            expires: Expires::Absent,
            user: user.map(|id| UserRef { id: id.to_owned(), auth_method: Some("moin".to_owned()) }),
            setuid: setuid.map(str::to_owned),
            globals: Vec::new(),
            trail: Vec::new(),
        }),
    };
    let unreadable = || Session { facts: Err(Unreadable::NotADict { found: "list" }), ..session(None, None) };
    let nothing = Target::default();
    let of_user = Target { users: Some(BTreeSet::from(["1.2".to_owned()])), ..nothing.clone() };
    let method = |name: &str| Target { auth_method: Some(name.to_owned()), ..nothing.clone() };
    let before = |time| Target { issued_before: Some(time), ..nothing.clone() };
    let named = |name: &str| Target { ids: Some(BTreeSet::from([id(name)])), ..nothing.clone() };
    let table = [
        (nothing.clone(), session(Some("1.2"), None), Match::No),
        (of_user.clone(), session(Some("1.2"), None), Match::Yes(Why::User)),
        (of_user.clone(), session(Some("1.2"), Some("9.9")), Match::Yes(Why::User)),
        (of_user.clone(), session(Some("9.9"), Some("1.2")), Match::Yes(Why::ActsAs)),
        (of_user.clone(), session(Some("9.9"), None), Match::No),
        (of_user.clone(), session(None, None), Match::No),
        (of_user.clone(), unreadable(), Match::Unreadable),
        (Target { issued_before: Some(100), ..of_user.clone() }, session(Some("1.2"), None), Match::Written),
        (
            Target { issued_before: Some(101), ..of_user.clone() },
            session(Some("1.2"), None),
            Match::Yes(Why::User),
        ),
        (Target { issued_before: Some(100), ..of_user }, session(Some("9.9"), None), Match::No),
        (method("moin"), session(Some("1.2"), None), Match::Yes(Why::AuthMethod)),
        (method("openid"), session(Some("1.2"), None), Match::No),
        (method("moin"), session(None, None), Match::No),
        (before(101), session(None, None), Match::Yes(Why::IssuedBefore)),
        (before(100), session(None, None), Match::Written),
        (before(101), unreadable(), Match::Unreadable),
        (named(A), unreadable(), Match::Yes(Why::Named)),
        (named(A), session(None, None), Match::Yes(Why::Named)),
        (named(B), session(None, None), Match::No),
        (named(B), unreadable(), Match::No),
    ];
    for (number, (target, session, expected)) in table.into_iter().enumerate() {
        assert_eq!(target.matches(&session), expected, "row {number}");
    }
}
