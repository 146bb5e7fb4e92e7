//! Watches for removed sessions that return.
//!
//! A running request keeps its session in memory and saves it at its end. A client with two parallel requests can keep a
//! removed session alive: the second request loads what the first one saved. The session ends when it is removed before
//! a request loads it again. So the watch checks continuously, and removes returning sessions at once.
//!
//! Between two checks, the watch sleeps as long as the check took, so it uses at most half of a processor. Sessions that
//! returned are checked in every round, the others in parts.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::ops::Problem;
use crate::ops::packed::Packed;
use crate::ops::run::{Opened, Step};
use crate::store::{EntryName, SessionStore, StoreSpec};

use super::end::{Ended, end};
use super::report::{Counts, Returned, Watch};
use super::scan::MAX_NAMED;
use super::target::Target;

/// The minimum time between two checks. A client needs longer between an answer and the next request.
const PAUSE: Duration = Duration::from_micros(200);

/// A session that returned within this time before the end of the watch still exists: its client is active.
const QUIET: Duration = Duration::from_secs(1);

/// The result in a store.
pub(super) type Done = Step<Counts, Watch>;

/// The watched sessions of a store.
pub(super) struct Watched<'a> {
    spec: &'a StoreSpec,
    /// Absent if it could not be opened, or is no longer checked.
    store: Option<&'a dyn SessionStore>,
    target: &'a Target,
    done: Done,
    /// All sessions, in parts, each with 1 if a user was logged in.
    parts: Vec<Packed<1>>,
    /// The next part to check.
    next: usize,
    /// The sessions that returned.
    seen: BTreeMap<EntryName, Seen>,
}

/// A session that returned.
struct Seen {
    user: Option<String>,
    logged_in: bool,
    /// Whether it was never removed so far.
    owed: bool,
    times: u64,
    last: Instant,
    now: Now,
}

/// The state of a session at the last check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Now {
    /// Removed, or logged out.
    Away,
    /// Written during every attempt to remove it.
    There,
    /// Unreadable; a wiki may be writing it in place.
    Unreadable,
    /// No longer checked: the problem was reported.
    Failed,
}

impl Seen {
    fn new(user: Option<String>, logged_in: bool, now: Now) -> Seen {
        Seen { user, logged_in, owed: false, times: 0, last: Instant::now(), now }
    }

    /// A session that could not be removed at first, because a wiki was writing it.
    fn not_removed(user: Option<String>, logged_in: bool, now: Now) -> Seen {
        Seen { owed: true, ..Seen::new(user, logged_in, now) }
    }
}

impl<'a> Watched<'a> {
    /// Continues from the counts of a scan.
    pub(super) fn new(opened: &'a Opened, target: &'a Target, done: Done) -> Self {
        let (spec, store) = (&opened.spec, opened.store.as_deref());
        Watched { spec, store, target, done, parts: Vec::new(), next: 0, seen: BTreeMap::new() }
    }

    pub(super) fn store(&self) -> Option<&'a dyn SessionStore> {
        self.store
    }

    pub(super) fn target(&self) -> &'a Target {
        self.target
    }

    pub(super) fn done(self) -> Done {
        self.done
    }

    /// Whether there are sessions to watch.
    pub(super) fn is_needed(&self) -> bool {
        !self.parts.is_empty()
    }

    /// Adds sessions to watch.
    pub(super) fn add(&mut self, part: Packed<1>) {
        if !part.is_empty() {
            self.parts.push(part);
        }
    }

    /// Counts the result of a removal. Returns false if the session need not be watched.
    pub(super) fn removed(&mut self, id: EntryName, ended: Ended, logged_in: bool) -> bool {
        let counts = &mut self.done.counts;
        let (user, now) = match ended {
            Ended::Removed(_) => {
                counts.revoked += 1;
                return true;
            }
            Ended::Gone | Ended::NoMatch => {
                counts.gone += 1;
                return true;
            }
            Ended::Failed(why) => {
                self.fail(&id, why);
                return false;
            }
            Ended::StillThere(user) => (user, Now::There),
            Ended::Unreadable => (None, Now::Unreadable),
        };
        self.seen.insert(id, Seen::not_removed(user, logged_in, now));
        true
    }

    fn fail(&mut self, id: &EntryName, why: Problem) {
        self.done.notes.fail(self.spec.failed(&id, why));
    }

    /// The sessions that returned and those of the next part, each with whether a user was logged in.
    fn part(&mut self) -> Vec<(EntryName, bool)> {
        let looked_at = self.seen.iter().filter(|(_, seen)| seen.now != Now::Failed);
        let mut ids: Vec<_> = looked_at.map(|(id, seen)| (*id, seen.logged_in)).collect();
        if let Some(part) = self.parts.get(self.next) {
            let others = part.iter().filter(|(id, ..)| !self.seen.contains_key(id));
            ids.extend(others.map(|(id, _, logged_in)| (id, logged_in == [1])));
        }
        self.next = (self.next + 1).checked_rem(self.parts.len()).unwrap_or(0);
        ids
    }

    /// Watches for `settle`, checks all sessions at the end, and counts. Setting `stop` ends the watch without the last check.
    pub(super) fn watch(&mut self, settle: Duration, stop: &AtomicBool) {
        let begun = Instant::now();
        while !stop.load(Ordering::Relaxed) {
            let Some(rest) = settle.checked_sub(begun.elapsed()).filter(|rest| !rest.is_zero()) else {
                break;
            };
            let round = Instant::now();
            self.look_again();
            thread::sleep(round.elapsed().max(PAUSE).min(rest));
        }
        let end = Instant::now();
        for _ in 0..self.parts.len() {
            if !stop.load(Ordering::Relaxed) {
                self.look_again();
            }
        }
        self.sum_up(end, QUIET.min(settle / 2));
    }

    /// Checks the sessions that returned and the next part of the others, and removes those that exist.
    fn look_again(&mut self) {
        let Some(store) = self.store else { return };
        let ids = self.part();
        let names: Vec<EntryName> = ids.iter().map(|(id, _)| *id).collect();
        match store.present(&names) {
            Ok(present) => {
                let mut ids = ids.into_iter();
                for id in present {
                    let logged_in = ids.find(|(one, _)| *one == id).is_some_and(|(_, logged_in)| logged_in);
                    let ended = end(store, &id, self.target, logged_in);
                    self.note(id, ended, logged_in);
                }
            }
            Err(error) => {
                self.store = None;
                self.done.notes.fail(format!("{error}: the watch for returning sessions is incomplete"));
            }
        }
    }

    /// Records the result for a session that existed.
    fn note(&mut self, id: EntryName, ended: Ended, logged_in: bool) {
        let (user, now) = match ended {
            Ended::Removed(user) => (user, Now::Away),
            Ended::StillThere(user) => (user, Now::There),
            Ended::Unreadable => (None, Now::Unreadable),
            Ended::Failed(why) => {
                self.fail(&id, why);
                (None, Now::Failed)
            }
            Ended::Gone | Ended::NoMatch => {
                if let Some(seen) = self.seen.get_mut(&id) {
                    self.done.counts.gone += u64::from(std::mem::take(&mut seen.owed));
                    seen.now = Now::Away;
                }
                return;
            }
        };
        let seen = self.seen.entry(id).or_insert_with(|| Seen::new(None, logged_in, Now::Away));
        match now {
            Now::Away if std::mem::take(&mut seen.owed) => self.done.counts.revoked += 1,
            Now::Away | Now::There if !seen.owed && seen.now != Now::There => seen.times += 1,
            _ => {}
        }
        if matches!(now, Now::Away | Now::There) {
            seen.last = Instant::now();
        }
        seen.user = user.or(seen.user.take());
        seen.now = now;
    }

    /// Counts the sessions that returned, and those that still exist at the end of the watch.
    fn sum_up(&mut self, end: Instant, quiet: Duration) {
        let mut returned = Vec::new();
        for (id, seen) in std::mem::take(&mut self.seen) {
            let last_seen = end.saturating_duration_since(seen.last);
            let still_there = seen.now == Now::There || seen.times > 0 && last_seen <= quiet;
            if seen.now == Now::Unreadable {
                self.done.counts.unreadable += 1;
                let why = "saved again, and unreadable: it may match";
                self.done.notes.problems.push(self.spec.failed(&id, why));
            }
            if seen.times > 0 || still_there {
                self.done.counts.came_back += u64::from(seen.times > 0);
                self.done.counts.returns += seen.times;
                self.done.counts.still_there += u64::from(still_there);
                let (user, times) = (seen.user, seen.times);
                returned.push(Returned { id, user, times, last_seen, still_there });
            }
        }
        returned.sort_by_key(|one| !one.still_there);
        returned.truncate(MAX_NAMED);
        self.done.found.returned = returned;
    }
}
