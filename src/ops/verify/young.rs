//! Unreadable sessions that a wiki may be writing. MoinMoin 1.9.0 and 1.9.1 write in place, so a scan can read an
//! incomplete session. Each is read again after it was written. Stores of other kinds never have incomplete sessions.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::{FIELDS, MAX_SHOWN};
use crate::store::{Session, Since, StoreError, WritableStore};

/// How long after its last write an unreadable session may be incomplete, in seconds.
const BEFORE: i64 = 10;

/// How far the clock of a file server may be ahead, in seconds.
const AHEAD: i64 = 2;

/// How often each session is checked, every 10 ms.
const LOOKS: usize = 20;

/// After this time no session is read again, so that a wiki that keeps writing large sessions does not delay the run.
const LONGEST: Duration = Duration::from_secs(2);

/// The recently written unreadable sessions of a store.
pub(super) struct Young {
    now: i64,
    begun: Instant,
    in_place: bool,
    sessions: Vec<Session>,
}

impl Young {
    /// For a scan that begins at `now` (unix seconds). `in_place`: wikis may write files in place.
    pub(super) fn new(in_place: bool, now: i64) -> Self {
        Young { now, begun: Instant::now(), in_place, sessions: Vec::new() }
    }

    /// Keeps a session that may be incomplete, and returns any other.
    pub(super) fn keep(&mut self, session: Session) -> Option<Session> {
        let broken = session.facts.as_ref().is_err_and(|why| why.was_read());
        // A scan can take minutes.
        let passed = i64::try_from(self.begun.elapsed().as_secs()).unwrap_or(0);
        let young = is_young(session.modified, self.now.saturating_add(passed));
        if self.in_place && broken && young && self.sessions.len() < MAX_SHOWN {
            self.sessions.push(session);
            return None;
        }
        Some(session)
    }

    /// Calls `take` with each session when it can be read, or with the unreadable session at the end. Setting `stop`
    /// drops the remaining sessions.
    pub(super) fn read_again(
        mut self,
        store: &dyn WritableStore,
        stop: &AtomicBool,
        mut take: impl FnMut(Result<Session, StoreError>),
    ) {
        let begun = Instant::now();
        for _ in 0..LOOKS {
            if self.sessions.is_empty() || begun.elapsed() > LONGEST {
                break;
            }
            thread::sleep(Duration::from_millis(10));
            let mut left = Vec::new();
            for session in self.sessions.drain(..) {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                match again(store, session, begun) {
                    Ok(Some(session)) if session.facts.is_err() => left.push(session),
                    Ok(Some(session)) => take(Ok(session)),
                    Ok(None) => {}
                    Err(error) => take(Err(error)),
                }
            }
            self.sessions = left;
        }
        self.sessions.into_iter().for_each(|session| take(Ok(session)));
    }
}

fn is_young(modified: i64, now: i64) -> bool {
    (now.saturating_sub(BEFORE)..=now.saturating_add(AHEAD)).contains(&modified)
}

/// The current session; read again only if it was written since, and in time. `None` if it was removed.
fn again(store: &dyn WritableStore, session: Session, begun: Instant) -> Result<Option<Session>, StoreError> {
    if begun.elapsed() > LONGEST {
        return Ok(Some(session));
    }
    let since = store.since(&[(session.id, session.stamp)]).pop();
    match since {
        Some(Since::Gone) => Ok(None),
        Some(Since::Changed) => store.read(&session.id, FIELDS),
        _ => Ok(Some(session)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn young_is_written_within_ten_seconds_or_two_seconds_ahead() {
        let young: Vec<i64> = (80..=110).filter(|modified| is_young(*modified, 100)).collect();
        assert_eq!(young, (90..=102).collect::<Vec<i64>>());
        assert!(!is_young(i64::MAX, 100) && !is_young(i64::MIN, 100));
    }

    use crate::location::{Layout, Location};
    use crate::store::{Found, open_writable};
    use crate::sys::{Dir, Modified, NewFile, put_files};
    use std::fs;

    /// A store with one unreadable session, and what a scan keeps of it.
    fn young(dir: &std::path::Path) -> (Box<dyn WritableStore>, Young) {
        fs::write(dir.join("a".repeat(40)), "(dS'expires'").unwrap();
        let spec = Location::Directory { layout: Layout::Moin19, path: dir.to_owned() }.into();
        let store = open_writable(spec).unwrap();
        let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
        let mut young = Young::new(true, i64::try_from(now).unwrap());
        let stop = AtomicBool::new(false);
        store
            .scan(FIELDS, &stop, &mut |found| {
                if let Found::Session(session) = found {
                    assert!(young.keep(session).is_none());
                }
            })
            .unwrap();
        (store, young)
    }

    #[test]
    fn young_session_is_read_again_after_a_write() {
        let root = tempfile::tempdir().unwrap();
        let (store, young) = young(root.path());
        let id = young.sessions[0].id;
        let new = NewFile {
            name: id.as_c_str(),
            bytes: b"(dS'expires'\nI1\ns.",
            modified: Modified { seconds: young.now, nanos: 0 },
            mode: 0o600,
            owner: None,
            instead_of: Some(young.sessions[0].stamp.to_bits()),
        };
        put_files(&Dir::open(root.path()).unwrap(), &[new]).pop().unwrap().unwrap();
        let mut taken = Vec::new();
        young.read_again(store.as_ref(), &AtomicBool::new(false), |session| taken.push(session.unwrap()));
        assert!(taken.len() == 1 && taken[0].facts.is_ok(), "{taken:?}");
    }

    #[test]
    fn young_session_that_stays_unreadable_is_reported_once_and_a_removed_one_never() {
        let root = tempfile::tempdir().unwrap();
        let (store, kept) = young(root.path());
        let mut taken = 0;
        kept.read_again(store.as_ref(), &AtomicBool::new(false), |session| {
            taken += usize::from(session.unwrap().facts.is_err());
        });
        assert_eq!(taken, 1);
        let (store, kept) = young(root.path());
        fs::remove_file(root.path().join("a".repeat(40))).unwrap();
        kept.read_again(store.as_ref(), &AtomicBool::new(false), |session| panic!("{session:?}"));
    }

    #[test]
    fn stop_ends_the_wait_at_once() {
        let root = tempfile::tempdir().unwrap();
        let (store, kept) = young(root.path());
        let begun = Instant::now();
        kept.read_again(store.as_ref(), &AtomicBool::new(true), |session| panic!("{session:?}"));
        assert!(begun.elapsed() < Duration::from_millis(100));
    }
}
