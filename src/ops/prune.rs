//! Carrying out a plan: every guard of every store first, then the removals.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::store::{EntryName, Found, SessionStore, Stamp};
use crate::sys::Removal;

use super::outcome::{Problem, Report, StoreResult, Total};
use super::plan::{Open, Options, Plan, StorePlan};
use super::verdict::{Judge, Verdict};
use super::victims::Victim;

/// As many are removed between two rests of the threads that do it.
const BATCH: usize = 4096;

impl Plan {
    /// Removes what the plan says, or nothing at all where a guard of any store refuses. Setting `stop` ends it
    /// between two files' removals, with a report of what was done. Where only a plan was asked for, it tells what
    /// would be done.
    pub fn execute(mut self, stop: &AtomicBool) -> Report {
        let dry_run = self.options.only_plans();
        self.stopped |= stop.load(Ordering::Relaxed);
        let refused = self.clock.is_some() || self.stores.iter().any(|store| store.refusal.is_some());
        let mut warnings = Vec::new();
        if refused || self.stopped {
            // Every store stays as it was.
        } else if dry_run {
            self.stores.iter_mut().for_each(StorePlan::count_as_done);
        } else {
            for store in &mut self.stores {
                store.execute(&self.options, stop);
                if !stop.load(Ordering::Relaxed) {
                    store.keep_index();
                }
            }
            self.stopped |= stop.load(Ordering::Relaxed);
            let failed = self.stopped || self.stores.iter().any(|store| store.counts.failed > 0);
            // Only a run that went well vouches for the clock.
            if !failed && let Err(error) = self.options.clock.keep(self.options.now) {
                warnings.push(Problem(format!("the time of this run could not be kept: {error}")));
            }
        }
        // Held until everything is done.
        drop(std::mem::take(&mut self.locks));
        self.report(dry_run, warnings)
    }

    fn report(self, dry_run: bool, mut warnings: Vec<Problem>) -> Report {
        let clock = self.clock.map(|refusal| refusal.to_string());
        let mut total = Total::default();
        let mut stores = Vec::new();
        let (mut problems, mut unreadable, mut hints) = (Vec::new(), Vec::new(), Vec::new());
        for plan in self.stores {
            let refused = plan.refusal.map(|refusal| refusal.to_string()).or_else(|| clock.clone());
            total.counts += plan.counts;
            total.from_index += plan.from_index;
            total.refused += u64::from(refused.is_some());
            problems.extend(plan.problems.told(&plan.spec.address()));
            unreadable.extend(plan.unreadable.told(&plan.spec.address()));
            warnings.extend(plan.warnings);
            hints.extend(plan.hints);
            stores.push(StoreResult {
                store: plan.spec.address(),
                wikis: plan.spec.wikis.into_iter().map(|wiki| wiki.name).collect(),
                counts: plan.counts,
                refused,
                from_index: plan.from_index,
            });
        }
        let seconds = self.begun.elapsed().as_secs_f64();
        Report {
            stores,
            total,
            dry_run,
            seconds,
            problems,
            unreadable,
            warnings,
            hints,
            clock,
            stopped: self.stopped,
        }
    }
}

impl StorePlan {
    /// A dry run tells what would be done.
    fn count_as_done(&mut self) {
        self.counts.deleted = self.victims.len();
        self.counts.bytes = self.victims.iter().map(|victim| u64::from(victim.size)).sum();
    }

    fn execute(&mut self, options: &Options, stop: &AtomicBool) {
        let Some(Open(store)) = self.store.take() else { return };
        let judge = Judge {
            policy: &options.policy,
            filter: options.filter,
            without_expires: self.without_expires,
            now: options.now,
        };
        let victims = std::mem::take(&mut self.victims);
        let mut rest = victims.iter();
        while !stop.load(Ordering::Relaxed) {
            let batch: Vec<Victim> = rest.by_ref().take(BATCH).collect();
            if batch.is_empty() {
                break;
            }
            let before = self.counts.deleted;
            let forbidden = self.remove(store.as_ref(), &batch, &judge, stop);
            // Where others went it is a matter of these files, as of one that is immutable.
            if forbidden.len() <= 1 || self.counts.deleted > before {
                forbidden.iter().for_each(|(name, error)| self.fail_at(name, error));
                continue;
            }
            // Else of the directory: said once, for all that are left.
            if let Some((_, error)) = forbidden.first() {
                let stay = forbidden.len() as u64 + rest.by_ref().count() as u64;
                self.counts.failed += stay.saturating_sub(1);
                let dir = self.spec.dir.display();
                let why = format!("{dir}: no right to remove files here: {stay} stay: {error}");
                self.fail(&why);
            }
            break;
        }
        if !stop.load(Ordering::Relaxed)
            && let Err(error) = store.forget_ended()
        {
            let why = format!("{}: tombstones could not be removed: {error}", self.spec.dir.display());
            self.fail(&why);
        }
        self.store = Some(Open(store));
    }

    fn fail_at(&mut self, name: &EntryName, error: &io::Error) {
        let error = self.spec.failed(name, error);
        self.fail(&error);
    }

    /// Removes a batch, and tells what of it there was no right to remove.
    fn remove(
        &mut self,
        store: &dyn SessionStore,
        batch: &[Victim],
        judge: &Judge<'_>,
        stop: &AtomicBool,
    ) -> Vec<(EntryName, io::Error)> {
        let mut forbidden = Vec::new();
        let named: Vec<(EntryName, Stamp)> = batch.iter().map(|victim| (victim.name, victim.stamp)).collect();
        // Asked to stop, it finishes the files it has begun, and leaves the others of the batch alone.
        let decide = |found: &Found| {
            !stop.load(Ordering::Relaxed) && matches!(judge.verdict(found), Verdict::Remove(_))
        };
        let results = store.remove(&named, &decide);
        for (victim, result) in batch.iter().zip(results) {
            match result {
                Ok(Removal::Removed { size }) => {
                    self.counts.deleted += 1;
                    self.counts.bytes += size;
                }
                Ok(Removal::Gone) => {}
                // Perhaps not for a race, but because of the signal: nobody knows, and the run is a partial one anyway.
                Ok(Removal::Kept) if stop.load(Ordering::Relaxed) => {}
                Ok(Removal::Raced) => {
                    self.counts.kept_by_race += 1;
                    let what = "another file took its name while it was removed, and may be what was removed";
                    let dir = self.spec.dir.display();
                    let warning = Problem(format!("{dir}/{}: {what}", victim.name));
                    self.warnings.push(warning);
                }
                Ok(_) => self.counts.kept_by_race += 1,
                // Perhaps not a matter of this file.
                Err(error) if is_forbidden(&error) => forbidden.push((victim.name, error)),
                Err(error) => self.fail_at(&victim.name, &error),
            }
        }
        forbidden
    }
}

/// Whether the directory or its file system lets nothing be removed.
fn is_forbidden(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem)
}
