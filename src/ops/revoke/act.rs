//! Carrying out a plan: the removals first, then the watch over what was removed.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde::Serialize;

use crate::store::{EntryName, Stamp};
use crate::sys::Removal;

use super::super::outcome::Problem;
use super::super::packed::Packed;
use super::end::{Ended, end, take_away};
use super::watch::{Now, Seen, watch};
use super::{Plan, StorePlan, Target};

/// As many are removed at a time, and watched together.
const BATCH: usize = 1024;

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
    /// Sessions that a wiki wrote again after they were removed. Each was removed again.
    pub came_back: u64,
    /// How often these sessions came back, all together.
    pub returns: u64,
    /// Sessions that a wiki still wrote at the end of the watch: their users are still logged in.
    pub still_there: u64,
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
        self.returns += other.returns;
        self.still_there += other.still_there;
        self.undecided += other.undecided;
        self.unreadable += other.unreadable;
        self.failed += other.failed;
    }
}

/// A session that came back after it was removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Returned {
    /// The session.
    pub id: EntryName,
    /// The id of the user who is logged in; `None` for an anonymous session.
    pub user: Option<String>,
    /// How often it came back; 0 if it was written so often that it could never be removed.
    pub times: u64,
    /// When it was last seen: so long before the end of the watch.
    pub last_seen: Duration,
    /// A wiki still wrote it at the end of the watch.
    pub still_there: bool,
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
    /// Sessions that came back, first those that are still there; of many, only the first.
    #[serde(skip)]
    pub returned: Vec<Returned>,
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

impl Plan {
    /// Removes what the plan says, or nothing at all where a guard of any store refuses; then watches for
    /// [`settle`](super::Options::settle), and removes whatever comes back. Setting `stop` ends it early.
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
            watch(&mut self.stores, target, self.options.settle, stop);
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
                returned: plan.returned,
            });
        }
        Report { stores, total, dry_run, seconds: self.begun.elapsed().as_secs_f64(), problems, stopped }
    }
}

impl StorePlan {
    /// Removes the victims, and hands them to the watch.
    fn remove(&mut self, target: &Target) {
        let Some(store) = self.store.take() else { return };
        let (victims, mut seen) = (std::mem::take(&mut self.victims), BTreeMap::new());
        let mut rest = victims.iter().peekable();
        while rest.peek().is_some() {
            let batch: Vec<_> = rest.by_ref().take(BATCH).collect();
            let entries: Vec<(EntryName, Stamp)> = batch.iter().map(|(id, stamp, _)| (*id, *stamp)).collect();
            let removed = take_away(store.as_ref(), &entries, &|session| target.is_met_by(session));
            let mut part = Packed::default();
            for ((id, stamp, logged_in), removal) in batch.into_iter().zip(removed) {
                let ended = match removal {
                    Ok(Removal::Removed { .. } | Removal::Raced) => Ended::Removed(None),
                    Ok(Removal::Gone) => Ended::Gone,
                    // It was written meanwhile.
                    Ok(_) => end(store.as_ref(), &id, target, logged_in == [1]),
                    Err(error) => Ended::Failed(error.to_string()),
                };
                match ended {
                    Ended::Removed(_) => self.counts.revoked += 1,
                    Ended::Gone | Ended::NotMeant => self.counts.gone += 1,
                    Ended::There(user) => {
                        seen.insert(id, Seen::not_removed(user, logged_in == [1], Now::There));
                    }
                    Ended::Unreadable => {
                        seen.insert(id, Seen::not_removed(None, logged_in == [1], Now::Unreadable));
                    }
                    Ended::Failed(why) => {
                        self.fail(&format!("{}/{id}: {why}", self.spec.dir.display()));
                        continue;
                    }
                }
                part.push(&id, stamp, logged_in);
            }
            self.watched.add(part);
        }
        self.watched.seen = seen;
        self.store = Some(store);
    }
}
