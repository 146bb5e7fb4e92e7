//! The watch over sessions that were removed.
//!
//! A request in flight holds its session in memory and writes it back at its end. A client with two requests at a time
//! so keeps a session alive that is removed between them: the second request loads what the first one wrote. The
//! session ends once it is removed before any request loads it again. So the watch looks without a break, and removes
//! whatever comes back at once, until the time is over.
//!
//! What it costs: a store is left alone for as long as looking took, so it takes at most half of one processor. Of many
//! sessions those that came back are looked at in every round, and the others part by part.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::ops::packed::Packed;
use crate::ops::run::{Opened, Step};
use crate::store::{EntryName, SessionStore, StoreSpec};

use super::end::{Ended, end};
use super::report::{Counts, Returned, Watch};
use super::scan::MAX_NAMED;
use super::target::Target;

/// The least time between two looks. A client needs longer from one answer to the next request.
const PAUSE: Duration = Duration::from_micros(200);

/// A session that came back within this time before the end of the watch is still there: its client is at work.
const QUIET: Duration = Duration::from_secs(1);

/// What was done in a store.
pub(super) type Done = Step<Counts, Watch>;

/// What is watched in one store.
pub(super) struct Watched<'a> {
    spec: &'a StoreSpec,
    /// Absent where it could not be opened, or is not looked at any more.
    store: Option<&'a dyn SessionStore>,
    target: &'a Target,
    done: Done,
    /// All sessions, in parts; each with 1 if somebody was logged in.
    parts: Vec<Packed<1>>,
    /// The part to look at next.
    next: usize,
    /// What was seen of the sessions that came back.
    seen: BTreeMap<EntryName, Seen>,
}

/// What was seen of one session that came back.
struct Seen {
    user: Option<String>,
    logged_in: bool,
    /// It was never removed so far.
    owed: bool,
    times: u64,
    last: Instant,
    now: Now,
}

/// How a session was when it was last looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Now {
    /// Removed, or nobody's any more.
    Away,
    /// Written in each attempt to remove it.
    There,
    /// Perhaps being written in place.
    Unreadable,
    /// Not looked at any more: the problem has been noted.
    Failed,
}

impl Seen {
    fn new(user: Option<String>, logged_in: bool, now: Now) -> Seen {
        Seen { user, logged_in, owed: false, times: 0, last: Instant::now(), now }
    }

    /// A session that could not be removed at first, as a wiki was writing it.
    fn not_removed(user: Option<String>, logged_in: bool, now: Now) -> Seen {
        Seen { owed: true, ..Seen::new(user, logged_in, now) }
    }
}

impl<'a> Watched<'a> {
    /// Goes on from what a scan counted.
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

    /// Whether there is anything to watch.
    pub(super) fn is_needed(&self) -> bool {
        !self.parts.is_empty()
    }

    /// Watches these too.
    pub(super) fn add(&mut self, part: Packed<1>) {
        if !part.is_empty() {
            self.parts.push(part);
        }
    }

    /// Counts how the removal of a session ended; false if the session is not to be watched.
    pub(super) fn removed(&mut self, id: EntryName, ended: Ended, logged_in: bool) -> bool {
        let counts = &mut self.done.counts;
        let (user, now) = match ended {
            Ended::Removed(_) => {
                counts.revoked += 1;
                return true;
            }
            Ended::Gone | Ended::NotMeant => {
                counts.gone += 1;
                return true;
            }
            Ended::Failed(why) => {
                self.fail(&id, &why);
                return false;
            }
            Ended::There(user) => (user, Now::There),
            Ended::Unreadable => (None, Now::Unreadable),
        };
        self.seen.insert(id, Seen::not_removed(user, logged_in, now));
        true
    }

    fn fail(&mut self, id: &EntryName, why: &str) {
        self.done.notes.fail(&self.spec.failed(&id, &why));
    }

    /// The sessions of the next part, each with whether somebody was logged in, after those that came back.
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

    /// Watches for `settle`, looks at everything once more at the end, and counts. Setting `stop` ends the watch, and leaves
    /// out the last look.
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

    /// Looks at what came back before, and at the next part of all others, and removes what is there.
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
                self.done.notes.fail(&format!("{error}: removed sessions were not watched to the end"));
            }
        }
    }

    /// Notes what became of a session that was there.
    fn note(&mut self, id: EntryName, ended: Ended, logged_in: bool) {
        let (user, now) = match ended {
            Ended::Removed(user) => (user, Now::Away),
            Ended::There(user) => (user, Now::There),
            Ended::Unreadable => (None, Now::Unreadable),
            Ended::Failed(why) => {
                self.fail(&id, &why);
                (None, Now::Failed)
            }
            Ended::Gone | Ended::NotMeant => {
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

    /// Counts what came back, and what is still there at the end of the watch.
    fn sum_up(&mut self, end: Instant, quiet: Duration) {
        let mut returned = Vec::new();
        for (id, seen) in std::mem::take(&mut self.seen) {
            let last_seen = end.saturating_duration_since(seen.last);
            let still_there = seen.now == Now::There || seen.times > 0 && last_seen <= quiet;
            if seen.now == Now::Unreadable {
                self.done.counts.unreadable += 1;
                let why = "is there again, and can't be read: it could be meant";
                self.done.notes.problems.push(&self.spec.failed(&id, &why));
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
