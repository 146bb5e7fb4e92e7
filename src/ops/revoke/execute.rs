//! Executes a plan: removes sessions, then watches for sessions that return.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::ops::packed::Packed;
use crate::ops::run::{Opened, Step};
use crate::store::{EntryName, Stamp};
use crate::sys::{Removal, problem};

use super::end::{Ended, end, remove as remove_batch};
use super::options::Options;
use super::report::Watch;
use super::scan::Scanned;
use super::watch::{Done, Watched};

/// How many sessions are removed at a time.
const BATCH: usize = 1024;

/// Removes nothing. With `planned`, counts what would be removed.
pub(super) fn leave(scan: Scanned, planned: bool) -> Done {
    let Step { mut counts, notes, .. } = scan;
    counts.would_revoke = if planned { counts.matched } else { 0 };
    Step { counts, notes, found: Watch::default() }
}

/// Removes the victims of the scans, then watches and removes sessions that return. Each store has its own thread, so that a
/// slow store does not delay the others.
pub(super) fn execute(
    options: &Options,
    stores: &[Opened],
    scans: Vec<Scanned>,
    stop: &AtomicBool,
) -> Vec<Done> {
    let Options { target, settle, .. } = options;
    let mut watched: Vec<Watched<'_>> = Vec::new();
    for (one, Step { counts, notes, found }) in stores.iter().zip(scans) {
        let mut removed = Watched::new(one, target, Step { counts, notes, found: Watch::default() });
        if !stop.load(Ordering::Relaxed) {
            remove(&mut removed, &found.victims);
        }
        watched.push(removed);
    }
    thread::scope(|scope| {
        for one in watched.iter_mut().filter(|one| one.is_needed()) {
            scope.spawn(|| one.watch(*settle, stop));
        }
    });
    watched.into_iter().map(Watched::done).collect()
}

/// Removes the victims, and adds them to the watch.
fn remove(watched: &mut Watched<'_>, victims: &Packed<1>) {
    let Some(store) = watched.store() else { return };
    let mut rest = victims.iter().peekable();
    while rest.peek().is_some() {
        let batch: Vec<_> = rest.by_ref().take(BATCH).collect();
        let entries: Vec<(EntryName, Stamp)> = batch.iter().map(|(id, stamp, _)| (*id, *stamp)).collect();
        let target = watched.target();
        let removed = remove_batch(store, &entries, &|session| target.is_met_by(session));
        let mut part = Packed::default();
        for ((id, stamp, logged_in), removal) in batch.into_iter().zip(removed) {
            let ended = match removal {
                Ok(Removal::Removed { .. } | Removal::Raced) => Ended::Removed(None),
                Ok(Removal::Gone) => Ended::Gone,
                // It changed.
                Ok(_) => end(store, &id, target, logged_in == [1]),
                Err(error) => Ended::Failed(problem(&error)),
            };
            if watched.removed(id, ended, logged_in == [1]) {
                part.push(&id, stamp, logged_in);
            }
        }
        watched.add(part);
    }
}
