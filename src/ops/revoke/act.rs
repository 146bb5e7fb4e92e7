//! Carrying out a plan: every lock first, then the removals, then a second look.

use std::collections::BTreeSet;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::store::{EntryName, Fields, Found, Session, SessionStore, Stamp, StoreError};
use crate::sys::Removal;

use super::super::outcome::Problem;
use super::{Match, Plan, StorePlan, Target};

/// So often a session that is written while it is being removed is read and judged anew.
const TRIES: usize = 20;

/// As many are removed at a time.
const BATCH: usize = 4096;

/// What was counted in a store, or in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counts {
    /// Sessions looked at.
    pub scanned: u64,
    /// Sessions that are meant.
    pub matched: u64,
    /// Removed; in a dry run, what would be.
    pub revoked: u64,
    /// Ended by themselves, or by their users, meanwhile.
    pub gone: u64,
    /// Written again after they were removed, by a request in flight, and removed once more.
    pub came_back: u64,
    /// Written since `issued_before`, so that nobody can tell when they were issued: kept.
    pub undecided: u64,
    /// Unreadable, so that they could be meant: kept.
    pub unreadable: u64,
    /// What could not be looked at or removed, each with a [`Problem`].
    pub failed: u64,
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.scanned += other.scanned;
        self.matched += other.matched;
        self.revoked += other.revoked;
        self.gone += other.gone;
        self.came_back += other.came_back;
        self.undecided += other.undecided;
        self.unreadable += other.unreadable;
        self.failed += other.failed;
    }
}

/// One store's part of the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoreResult {
    /// Its address.
    pub store: String,
    /// The wikis that use it.
    pub wikis: Vec<String>,
    /// What was counted.
    #[serde(flatten)]
    pub counts: Counts,
    /// Why nothing was removed, where a guard refused.
    pub refused: Option<String>,
}

/// What a run did, or would do.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Store by store.
    pub stores: Vec<StoreResult>,
    /// All together.
    pub total: Counts,
    /// Nothing was removed, as nothing was to be.
    pub dry_run: bool,
    /// How long it took.
    pub seconds: f64,
    /// What could not be handled.
    #[serde(skip)]
    pub problems: Vec<Problem>,
    /// It was stopped before its end.
    #[serde(skip)]
    pub stopped: bool,
}

/// How one removal ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Result {
    /// Removed.
    Revoked,
    /// It went by itself, or is not meant any more.
    Gone,
    /// It is still there.
    Failed,
}

impl Plan {
    /// Removes what the plan says, or nothing at all where a guard of any store refuses. Setting `stop` ends it early:
    /// between two stores, or before the second look.
    pub fn execute(mut self, stop: &AtomicBool) -> Report {
        let dry_run = self.options.dry_run;
        let refused = self.stores.iter().any(|store| store.refusal.is_some());
        self.stopped |= stop.load(Ordering::Relaxed);
        if refused || self.stopped {
            // Every store stays as it was.
        } else if dry_run {
            self.stores.iter_mut().for_each(|store| store.counts.revoked = store.counts.matched);
        } else {
            let target = &self.options.target;
            for store in &mut self.stores {
                if !stop.load(Ordering::Relaxed) {
                    store.remove(target);
                }
            }
            let removed = self.stores.iter().any(|store| !store.victims.is_empty());
            if removed && !self.options.settle.is_zero() && wait(self.options.settle, stop) {
                self.stores.iter_mut().for_each(|store| store.look_again(target));
            }
        }
        // Held until everything is done.
        drop(std::mem::take(&mut self.locks));
        let stopped = self.stopped || stop.load(Ordering::Relaxed);
        self.report(dry_run, stopped)
    }

    fn report(self, dry_run: bool, stopped: bool) -> Report {
        let mut total = Counts::default();
        let (mut stores, mut problems) = (Vec::new(), Vec::new());
        for plan in self.stores {
            total += plan.counts;
            problems.extend(plan.problems.told(&plan.spec.address()));
            stores.push(StoreResult {
                store: plan.spec.address(),
                wikis: plan.spec.wikis.into_iter().map(|wiki| wiki.name).collect(),
                counts: plan.counts,
                refused: plan.refusal,
            });
        }
        Report { stores, total, dry_run, seconds: self.begun.elapsed().as_secs_f64(), problems, stopped }
    }
}

impl StorePlan {
    /// Removes the victims; those that are removed stay in the list, to be looked at again.
    fn remove(&mut self, target: &Target) {
        let Some(store) = self.store.take() else { return };
        let victims = std::mem::take(&mut self.victims);
        let mut rest = victims.iter().map(|(id, stamp, [])| (id, stamp)).peekable();
        while rest.peek().is_some() {
            let batch: Vec<(EntryName, Stamp)> = rest.by_ref().take(BATCH).collect();
            let results = store.remove(&batch, &|found| is_meant(target, found));
            for ((id, stamp), result) in batch.iter().zip(results) {
                let ended = match result {
                    Ok(Removal::Removed { .. }) => Result::Revoked,
                    Ok(Removal::Gone) => Result::Gone,
                    Ok(_) => self.try_again(store.as_ref(), id, target),
                    Err(error) => self.not_removed(id, &error),
                };
                match ended {
                    Result::Revoked => self.counts.revoked += 1,
                    Result::Gone => self.counts.gone += 1,
                    Result::Failed => {}
                }
                // What went by itself can come back as well.
                if ended != Result::Failed {
                    self.victims.push(id, *stamp, []);
                }
            }
        }
        self.store = Some(store);
    }

    /// A session was written while it was being removed: it is read and judged anew until it goes.
    fn try_again(&mut self, store: &dyn SessionStore, id: &EntryName, target: &Target) -> Result {
        for _ in 0..TRIES {
            let session = match store.read(id, Fields::default()) {
                Ok(Some(session)) => session,
                Ok(None) => return Result::Gone,
                Err(error) => return self.not_read(&error),
            };
            match target.matches(&session) {
                Match::Yes(_) => {}
                // A wiki that writes in place may be at it.
                Match::Unreadable => {
                    thread::yield_now();
                    continue;
                }
                Match::No => return Result::Gone,
                Match::Written => {
                    self.counts.undecided += 1;
                    return Result::Failed;
                }
            }
            match remove_one(store, &session, target) {
                Ok(Removal::Removed { .. }) => return Result::Revoked,
                Ok(Removal::Gone) => return Result::Gone,
                Ok(_) => {}
                Err(error) => return self.not_removed(id, &error),
            }
        }
        let why = "written again and again while it was to be removed: run this once more";
        self.not_removed(id, &io::Error::other(why))
    }

    fn not_removed(&mut self, id: &EntryName, error: &io::Error) -> Result {
        let error = format!("{}/{id}: {error}", self.spec.dir.display());
        self.fail(&error);
        Result::Failed
    }

    fn not_read(&mut self, error: &StoreError) -> Result {
        self.fail(error);
        Result::Failed
    }

    /// Looks whether a session that was removed is there again, and removes it once more.
    fn look_again(&mut self, target: &Target) {
        let Some(store) = self.store.take() else { return };
        let victims = std::mem::take(&mut self.victims);
        for (id, ..) in victims.iter() {
            // Written now by a request that began before: whoever was meant is meant still.
            let ids = Some(BTreeSet::from([id]));
            let target = Target { ids, issued_before: None, ..target.clone() };
            match store.read(&id, Fields::default()) {
                Ok(None) => {}
                Ok(Some(now)) => match target.matches(&now) {
                    Match::Yes(_) => self.once_more(store.as_ref(), &now, &target),
                    Match::No | Match::Written => {}
                    Match::Unreadable => {
                        self.counts.unreadable += 1;
                        self.problem(&id, "is there again, and can't be read: it could be meant");
                    }
                },
                Err(error) => self.fail(&error),
            }
        }
        self.store = Some(store);
    }

    fn once_more(&mut self, store: &dyn SessionStore, session: &Session, target: &Target) {
        self.counts.came_back += 1;
        match self.try_again_from(store, session, target) {
            Result::Revoked | Result::Gone => {
                self.problem(&session.id, "came back, written by a request in flight, and was removed again");
            }
            // Said already.
            Result::Failed => {}
        }
    }

    fn try_again_from(&mut self, store: &dyn SessionStore, session: &Session, target: &Target) -> Result {
        match remove_one(store, session, target) {
            Ok(Removal::Removed { .. }) => Result::Revoked,
            Ok(Removal::Gone) => Result::Gone,
            Ok(_) => self.try_again(store, &session.id, target),
            Err(error) => self.not_removed(&session.id, &error),
        }
    }

    fn problem(&mut self, id: &EntryName, why: &str) {
        self.problems.push(&format!("{}/{id}: {why}", self.spec.dir.display()));
    }
}

/// Waits, and tells whether it was for so long.
fn wait(settle: Duration, stop: &AtomicBool) -> bool {
    const GLANCE: Duration = Duration::from_millis(50);
    let begun = Instant::now();
    while let Some(rest) = settle.checked_sub(begun.elapsed()).filter(|rest| !rest.is_zero()) {
        if stop.load(Ordering::Relaxed) {
            return false;
        }
        thread::sleep(rest.min(GLANCE));
    }
    true
}

fn is_meant(target: &Target, found: &Found) -> bool {
    matches!(found, Found::Session(session) if matches!(target.matches(session), Match::Yes(_)))
}

fn remove_one(store: &dyn SessionStore, session: &Session, target: &Target) -> io::Result<Removal> {
    let removed = store.remove(&[(session.id, session.stamp)], &|found| is_meant(target, found));
    removed.into_iter().next().unwrap_or_else(|| Err(io::Error::other("the store told nothing")))
}
