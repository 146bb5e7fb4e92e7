//! Finds the matching sessions. Changes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::ops::Problem;
use crate::ops::packed::Packed;
use crate::ops::run::Step;
use crate::store::{EntryName, Fields, Found, Session, SessionStore, StoreError, StoreSpec};

use super::options::Options;
use super::report::Counts;
use super::target::{Match, Why};

/// How many sessions are named. The others are counted.
pub(super) const MAX_NAMED: usize = 1000;

/// How often a session that is being written is read.
const ROUNDS: usize = 20;

/// A session to end.
#[derive(Debug)]
pub struct Victim {
    /// The session at the time of the scan.
    pub session: Session,
    /// Why it matches.
    pub why: Why,
}

/// The result of a scan in a store.
#[derive(Debug, Default)]
pub struct Scan {
    /// The sessions to end, each with 1 if a user is logged in.
    pub(super) victims: Packed<1>,
    /// The first sessions by id, for display.
    pub(super) shown: BTreeMap<EntryName, Victim>,
}

/// The counts and the result of a scan.
pub(super) type Scanned = Step<Counts, Scan>;

/// Scans the sessions of a store that may match.
pub(super) fn scan(
    spec: &StoreSpec,
    store: &dyn SessionStore,
    options: &Options,
    stop: &AtomicBool,
) -> Scanned {
    let mut look = Look { spec, options, scanned: Scanned::default(), unreadable: Vec::new() };
    match &options.target.ids {
        _ if stop.load(Ordering::Relaxed) => {}
        Some(ids) => look.look_at(store, ids),
        None => {
            if let Err(error) = store.scan(Fields::default(), stop, &mut |found| look.take_in(found)) {
                look.scanned.notes.fail(Problem::of(&error));
            }
        }
    }
    look.read_again(store, stop);
    look.scanned
}

/// A scan in progress.
struct Look<'a> {
    spec: &'a StoreSpec,
    options: &'a Options,
    scanned: Scanned,
    /// Unreadable sessions that were just written, and may match.
    unreadable: Vec<EntryName>,
}

impl Look<'_> {
    fn look_at(&mut self, store: &dyn SessionStore, ids: &BTreeSet<EntryName>) {
        for id in ids {
            self.take_read(store.read(id, Fields::default()));
        }
    }

    fn take_read(&mut self, read: Result<Option<Session>, StoreError>) {
        match read {
            Ok(Some(session)) => self.take_session(session),
            Ok(None) => {}
            Err(error) => self.scanned.notes.fail(Problem::of(&error)),
        }
    }

    fn take_in(&mut self, found: Found) {
        match found {
            Found::Session(session) => self.take_session(session),
            Found::Failed { name, error } => {
                self.scanned.notes.fail(self.spec.failed(&name, crate::sys::problem(&error)))
            }
            Found::Temp(_) | Found::Foreign(_) => {}
        }
    }

    fn take_session(&mut self, session: Session) {
        let Step { counts, found, .. } = &mut self.scanned;
        counts.scanned += 1;
        match self.options.target.matches(&session) {
            Match::Yes(why) => {
                counts.matched += 1;
                let logged_in = session.facts.as_ref().is_ok_and(|facts| facts.user.is_some());
                found.victims.push(&session.id, session.stamp, [u8::from(logged_in)]);
                found.show(Victim { session, why }, self.options.shown);
            }
            Match::No => {}
            Match::Written => counts.undecided += 1,
            Match::Unreadable => {
                counts.unreadable += 1;
                if self.unreadable.len() < MAX_NAMED && is_young(&session) {
                    self.unreadable.push(session.id);
                }
            }
        }
    }

    /// Reads unreadable sessions that were just written again: MoinMoin 1.9.0 and 1.9.1 write in place.
    fn read_again(&mut self, store: &dyn SessionStore, stop: &AtomicBool) {
        for round in 0..ROUNDS {
            if self.unreadable.is_empty() || stop.load(Ordering::Relaxed) {
                return;
            }
            thread::sleep(if round == 0 { Duration::ZERO } else { Duration::from_millis(5) });
            for id in std::mem::take(&mut self.unreadable) {
                let read = store.read(&id, Fields::default());
                self.scanned.counts.unreadable -= 1;
                self.scanned.counts.scanned -= u64::from(read.is_ok());
                self.take_read(read);
            }
        }
    }
}

impl Scan {
    /// Keeps a session for display, if it is one of the first by id.
    fn show(&mut self, victim: Victim, most: usize) {
        let id = victim.session.id;
        if self.shown.len() < most || self.shown.last_key_value().is_some_and(|(last, _)| id < *last) {
            self.shown.insert(id, victim);
        }
        if self.shown.len() > most {
            self.shown.pop_last();
        }
    }
}

/// Whether a session was written within the last 10 seconds.
fn is_young(session: &Session) -> bool {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let age = i64::try_from(now).unwrap_or(i64::MAX).saturating_sub(session.modified);
    (-2..=10).contains(&age)
}
