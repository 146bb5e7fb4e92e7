//! From the source to where it is written, in batches: one thread lists, one reads, and the caller writes, so that what is
//! held at a time does not grow with the store, and reading does not wait for the disk that is written to.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use crate::store::{EntryName, StoreError, WritableStore};

use super::report::Tally;
use super::select::ready;
use super::{Options, Ready, Stores};

/// How many sessions go at a time, if they are as small as they mostly are: each batch is made durable at once.
pub(super) const BATCH: usize = 4000;

/// So many bytes of sessions go at a time.
pub(super) const ROOM: usize = 16 * 1024 * 1024;

/// Some sessions of the source, and what was counted of those that stay behind.
pub(super) struct Load {
    pub(super) ready: Vec<Ready>,
    pub(super) tally: Tally,
    /// How many sessions these are, with those that stay behind.
    pub(super) count: usize,
}

/// Reads every session of the source and gives `put` those that are to go, until it says that there is no use in going
/// on, or `stop` is set. Gives how many sessions were left out by that.
///
/// # Errors
///
/// Where the source could not be listed to its end. What had been listed by then was given.
pub(super) fn carry(
    stores: &Stores,
    options: &Options,
    stop: &AtomicBool,
    mut put: impl FnMut(Load) -> bool,
) -> (u64, Result<(), StoreError>) {
    let from = stores.from.as_ref();
    let enough = AtomicBool::new(false);
    let over = || stop.load(Ordering::Relaxed) || enough.load(Ordering::Relaxed);
    thread::scope(|scope| {
        let (ids_to, ids) = sync_channel(2);
        let (loads_to, loads) = sync_channel(1);
        let lister = scope.spawn(move || list(from, |batch| ids_to.send(batch).is_ok()));
        let reader = scope.spawn(|| {
            let loads_to = loads_to;
            let mut left = 0;
            for batch in ids {
                left += read(batch, stores, options, &over, |load| loads_to.send(load).is_ok());
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
        let listed = lister.join().unwrap_or_else(|panic| resume_unwind(panic));
        let more = reader.join().unwrap_or_else(|panic| resume_unwind(panic));
        (u64::try_from(left + more).unwrap_or(u64::MAX), listed)
    })
}

/// Reads some sessions as there is room, and gives them to `send`. Gives how many were left, as it was all over.
fn read(
    ids: Vec<EntryName>,
    stores: &Stores,
    options: &Options,
    over: &impl Fn() -> bool,
    mut send: impl FnMut(Load) -> bool,
) -> usize {
    let mut rest = ids.as_slice();
    while !rest.is_empty() {
        if over() {
            return rest.len();
        }
        let reads = stores.from.read_many(rest, ROOM);
        let (now, later) = rest.split_at(reads.len().clamp(1, rest.len()));
        rest = later;
        let mut load =
            Load { ready: Vec::with_capacity(now.len()), tally: Tally::default(), count: now.len() };
        for (id, read) in now.iter().zip(reads) {
            load.ready.extend(ready(*id, read, stores, options, &mut load.tally));
        }
        if !send(load) {
            return rest.len();
        }
    }
    0
}

/// Lists a store, batch by batch, to its end.
fn list(store: &dyn WritableStore, mut send: impl FnMut(Vec<EntryName>) -> bool) -> Result<(), StoreError> {
    let mut batch = Vec::with_capacity(BATCH);
    store.names(&mut |id| {
        batch.push(id);
        if batch.len() == BATCH {
            send(std::mem::replace(&mut batch, Vec::with_capacity(BATCH)));
        }
    })?;
    if !batch.is_empty() {
        send(batch);
    }
    Ok(())
}

/// Lists a store while `look` is given its ids, batch by batch.
///
/// # Errors
///
/// Where it could not be listed to its end.
pub(super) fn batches(
    store: &dyn WritableStore,
    mut look: impl FnMut(Vec<EntryName>),
) -> Result<(), StoreError> {
    thread::scope(|scope| {
        let (to, ids): (_, Receiver<Vec<EntryName>>) = sync_channel(2);
        let lister = scope.spawn(move || list(store, |batch| to.send(batch).is_ok()));
        ids.into_iter().for_each(&mut look);
        lister.join().unwrap_or_else(|panic| resume_unwind(panic))
    })
}
