//! Passes sessions from the source to the writer in batches. One thread lists, one reads, and the caller writes: memory does
//! not grow with the store, and reading does not wait for writing.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use crate::store::{EntryName, Listed, RawRead, StoreError, WritableStore};

use super::journal::Known;
use super::options::Options;
use super::plan::plan;
use super::report::{Foreign, Tally};
use super::session::Ready;
use super::stores::Stores;

/// How many sessions are in a batch. Each batch is synced to disk once.
pub(super) const BATCH: usize = 4000;

/// How many bytes of sessions are in a batch.
pub(super) const BATCH_BYTES: usize = 16 * 1024 * 1024;

/// A batch: sessions to write, and counts of the skipped ones.
#[derive(Default)]
pub(super) struct Load {
    pub(super) ready: Vec<Ready>,
    pub(super) tally: Tally,
    /// The number of sessions, including the skipped ones.
    pub(super) count: usize,
}

/// Reads the sessions of the source, and passes them to `put` until `put` returns false or `stop` is set. Returns how many
/// sessions were not processed, and the files that are not sessions.
///
/// # Errors
///
/// If the source can't be listed completely.
pub(super) fn carry(
    stores: &Stores,
    options: &Options,
    known: &Known,
    stop: &AtomicBool,
    mut put: impl FnMut(Load) -> bool,
) -> (u64, Foreign, Result<(), StoreError>) {
    let from = stores.from.as_ref();
    let enough = AtomicBool::new(false);
    let over = || stop.load(Ordering::Relaxed) || enough.load(Ordering::Relaxed);
    thread::scope(|scope| {
        let (ids_to, ids) = sync_channel(2);
        let (loads_to, loads) = sync_channel(1);
        let lister = scope.spawn(move || {
            let mut foreign = Foreign::default();
            let listed = list(from, |batch| ids_to.send(batch).is_ok(), &mut foreign);
            (foreign, listed)
        });
        let reader = scope.spawn(|| {
            let loads_to = loads_to;
            let mut left = 0;
            for batch in ids {
                left += read(&batch, (stores, options, known), &over, |load| loads_to.send(load).is_ok());
            }
            left
        });
        let mut left = 0;
        for load in loads {
            if over() {
                left += load.count;
            } else if !put(load) {
                enough.store(true, Ordering::Relaxed);
            }
        }
        let (foreign, listed) = lister.join().unwrap_or_else(|panic| resume_unwind(panic));
        let more = reader.join().unwrap_or_else(|panic| resume_unwind(panic));
        (u64::try_from(left + more).unwrap_or(u64::MAX), foreign, listed)
    })
}

/// Reads sessions and their counterparts at the target, and passes them to `send`. Returns how many were not processed.
fn read(
    ids: &[EntryName],
    (stores, options, known): (&Stores, &Options, &Known),
    over: &impl Fn() -> bool,
    mut send: impl FnMut(Load) -> bool,
) -> usize {
    let rules = stores.rules(options);
    let mut rest = ids;
    while !rest.is_empty() {
        if over() {
            return rest.len();
        }
        let reads = stores.from.read_many(rest, BATCH_BYTES);
        let (now, later) = rest.split_at(reads.len().clamp(1, rest.len()));
        rest = later;
        let mut skipped = Load::default();
        let mut to_go = Vec::with_capacity(now.len());
        for (id, read) in now.iter().zip(reads) {
            match rules.select(*id, read) {
                Ok(ready) => to_go.push(ready),
                Err(skip) => skip.add_to(&mut skipped.tally, stores.from.spec(), id),
            }
        }
        skipped.count = now.len() - to_go.len();
        let mut sent = send(skipped);
        with_targets(stores.to.as_ref(), to_go, |part| {
            let mut load = Load { count: part.len(), ..Load::default() };
            for (ready, there) in part {
                let id = ready.id;
                match plan(ready, there, options, known) {
                    Ok(ready) => load.ready.push(ready),
                    Err(skip) => skip.add_to(&mut load.tally, stores.from.spec(), &id),
                }
            }
            sent = sent && send(load);
        });
        if !sent {
            return rest.len();
        }
    }
    0
}

/// Passes `ready` to `take` in parts, with the sessions of the same ids at the target.
pub(super) fn with_targets(
    to: &dyn WritableStore,
    mut ready: Vec<Ready>,
    mut take: impl FnMut(Vec<(Ready, RawRead)>),
) {
    while !ready.is_empty() {
        let targets: Vec<EntryName> = ready.iter().map(|ready| ready.new.id).collect();
        let reads = to.read_many(&targets, BATCH_BYTES);
        let later = ready.split_off(reads.len().clamp(1, ready.len()));
        take(ready.into_iter().zip(reads).collect());
        ready = later;
    }
}

/// Reads sessions of any total size, and passes each to `take` with its position.
pub(super) fn read_each(store: &dyn WritableStore, ids: &[EntryName], mut take: impl FnMut(usize, RawRead)) {
    let mut next = 0;
    while let Some(rest) = ids.get(next..).filter(|rest| !rest.is_empty()) {
        let reads = store.read_many(rest, BATCH_BYTES);
        let count = reads.len().max(1);
        (next..).zip(reads).for_each(|(position, read)| take(position, read));
        next += count;
    }
}

/// Lists a store in batches.
fn list(
    store: &dyn WritableStore,
    mut send: impl FnMut(Vec<EntryName>) -> bool,
    foreign: &mut Foreign,
) -> Result<(), StoreError> {
    let mut batch = Vec::with_capacity(BATCH);
    store.list(&mut |listed| {
        match listed {
            Listed::Session(id) => batch.push(id),
            Listed::Foreign(name) => foreign.note(name),
        }
        if batch.len() == BATCH {
            send(std::mem::replace(&mut batch, Vec::with_capacity(BATCH)));
        }
    })?;
    if !batch.is_empty() {
        send(batch);
    }
    Ok(())
}

/// Lists a store, and passes its ids to `look` in batches.
///
/// # Errors
///
/// If the store can't be listed completely.
pub(super) fn batches(
    store: &dyn WritableStore,
    mut look: impl FnMut(Vec<EntryName>),
) -> Result<(), StoreError> {
    thread::scope(|scope| {
        let (to, ids): (_, Receiver<Vec<EntryName>>) = sync_channel(2);
        let lister =
            scope.spawn(move || list(store, |batch| to.send(batch).is_ok(), &mut Foreign::default()));
        ids.into_iter().for_each(&mut look);
        lister.join().unwrap_or_else(|panic| resume_unwind(panic))
    })
}
