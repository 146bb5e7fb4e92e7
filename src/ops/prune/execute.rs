//! Removes the victims of a scan; judges each file again.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::ops::run::Step;
use crate::store::{EntryName, Found, SessionStore, Stamp, StoreSpec};
use crate::sys::{Removal, problem};

use super::hindrance::hindered;
use super::options::Options;
use super::pass::Pass;
use super::report::{Counts, Source};
use super::scan::{Scan, Scanned};
use super::verdict::{Judge, Verdict};
use super::victims::{Victim, Victims};

/// How many files are removed at a time.
const BATCH: usize = 4096;

/// The result of an execution.
pub(super) type Done = Step<Counts, Source>;

/// Removes nothing. With `planned`, counts what would be removed.
pub(super) fn leave(scan: Scanned, planned: bool) -> Done {
    let Step { mut counts, notes, found: Scan { victims, from_index, .. } } = scan;
    if planned {
        counts.would_delete = victims.len();
        counts.bytes = victims.iter().map(|victim| u64::from(victim.size)).sum();
    }
    Step { counts, notes, found: Source { from_index } }
}

/// Removes the victims of a scan, and writes the index for the next run.
pub(super) fn execute(
    spec: &StoreSpec,
    store: &dyn SessionStore,
    scan: Scanned,
    options: &Options,
    stop: &AtomicBool,
) -> Done {
    let Step { counts, notes, found: Scan { victims, without_expires, from_index, pass, .. } } = scan;
    let done = Step { counts, notes, found: Source { from_index } };
    let mut removal = Removing { spec, store, judge: options.judge(without_expires), stop, done };
    removal.remove_all(&victims);
    removal.tidy(pass);
    removal.done
}

/// An execution under way.
struct Removing<'a> {
    spec: &'a StoreSpec,
    store: &'a dyn SessionStore,
    judge: Judge<'a>,
    stop: &'a AtomicBool,
    done: Done,
}

impl Removing<'_> {
    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn remove_all(&mut self, victims: &Victims) {
        let mut rest = victims.iter();
        while !self.stopped() {
            let batch: Vec<Victim> = rest.by_ref().take(BATCH).collect();
            if batch.is_empty() {
                return;
            }
            let before = self.done.counts.deleted;
            let forbidden = self.remove(&batch);
            // If other files were removed, the error is about these files, for example immutable ones.
            if forbidden.len() <= 1 || self.done.counts.deleted > before {
                forbidden.iter().for_each(|(name, error)| self.fail_at(name, error));
                continue;
            }
            // If none was removed, the error is about the directory: report it once.
            if let Some((_, error)) = forbidden.first() {
                let left = forbidden.len() as u64 + rest.by_ref().count() as u64;
                let why = hindered(&self.spec.location.stem(), error, left);
                self.done.notes.failed += left.saturating_sub(1);
                self.done.notes.fail(why);
            }
            return;
        }
    }

    /// Removes old tombstones, and writes the index.
    fn tidy(&mut self, pass: Option<Pass>) {
        if self.stopped() {
            return;
        }
        if let Err(error) = self.store.forget_ended() {
            let why = problem(&error).at("can't remove old tombstones");
            self.done.notes.fail(why.at(self.spec.location.stem().display()));
        }
        if let Some(Err(error)) = pass.map(Pass::write) {
            self.done.notes.warnings.push(error.at("can't write the index"));
        }
    }

    fn fail_at(&mut self, name: &EntryName, error: &io::Error) {
        self.done.notes.fail(self.spec.failed(name, problem(error)));
    }

    /// Removes a batch. Returns the files that the user has no permission to remove.
    fn remove(&mut self, batch: &[Victim]) -> Vec<(EntryName, io::Error)> {
        let mut forbidden = Vec::new();
        let named: Vec<(EntryName, Stamp)> = batch.iter().map(|victim| (victim.name, victim.stamp)).collect();
        let (judge, stop) = (&self.judge, self.stop);
        // After a stop, finish the current files and keep the others of the batch.
        let decide = |found: &Found| {
            !stop.load(Ordering::Relaxed) && matches!(judge.verdict(found), Verdict::Remove(_))
        };
        let results = self.store.remove(&named, &decide);
        for (victim, result) in batch.iter().zip(results) {
            match result {
                Ok(Removal::Removed { size }) => {
                    self.done.counts.deleted += 1;
                    self.done.counts.bytes += size;
                }
                Ok(Removal::Gone) => {}
                // Kept by a race or by the stop; the run is partial in both cases.
                Ok(Removal::Kept) if self.stopped() => {}
                Ok(Removal::Raced) => {
                    self.done.counts.kept_by_race += 1;
                    let what = "replaced during its removal: the new file may have been removed instead";
                    self.done.notes.warnings.push(self.spec.failed(&victim.name, what));
                }
                Ok(_) => self.done.counts.kept_by_race += 1,
                Err(error) if is_forbidden(&error) => forbidden.push((victim.name, error)),
                Err(error) => self.fail_at(&victim.name, &error),
            }
        }
        forbidden
    }
}

/// Whether the directory or its file system may not allow removals.
fn is_forbidden(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem)
}
