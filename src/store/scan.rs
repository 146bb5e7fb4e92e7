//! The scan engine: one thread lists, several open and read, one at a time hands on what was found.

use std::ffi::OsStr;
use std::io;
use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::sys::{AsOwner, Dir, Kind};

use super::Sink;
use super::layout::{Layout, NameKind};
use super::name::EntryName;
use super::record::Found;

/// Names handed to a worker at a time.
const BATCH: usize = 256;

/// Batches that may wait for a worker: the listing runs ahead a little, and memory stays small.
const WAITING: usize = 64;

type Batch = Vec<(EntryName, NameKind)>;

/// Looks at one entry, with a buffer to use again; `None` where it has gone.
pub(super) type Look<'a> = &'a (dyn Fn(EntryName, NameKind, &mut Vec<u8>) -> Option<Found> + Sync);

/// How many threads open and read: the processors, at least 2 as opening waits for the disk, at most 8 as they all
/// use one directory.
pub(super) fn workers() -> usize {
    thread::available_parallelism().map_or(2, |count| count.get().clamp(2, 8))
}

/// Looks at every entry of `dir`. `sink` is called by one thread at a time, in no order.
///
/// # Errors
///
/// Where the directory could not be listed to its end, or a thread not take the owner's rights. Setting `stop` ends
/// the scan early, without an error.
pub(super) fn scan(
    dir: &Dir,
    layout: Layout,
    stop: &AtomicBool,
    look: Look<'_>,
    sink: Sink<'_>,
) -> io::Result<()> {
    let (sender, receiver) = sync_channel::<Batch>(WAITING);
    let receiver = Mutex::new(receiver);
    let sink = Mutex::new(sink);
    thread::scope(|scope| {
        let workers: Vec<_> =
            (0..workers()).map(|_| scope.spawn(|| work(dir, &receiver, look, &sink))).collect();
        let listed = list(dir, layout, stop, sender, &sink);
        let worked = workers.into_iter().map(|worker| match worker.join() {
            Ok(result) => result,
            Err(_) => Err(io::Error::other("a worker stopped")),
        });
        // All are joined before the first error is told.
        let worked: Vec<io::Result<()>> = worked.collect();
        listed?;
        worked.into_iter().collect()
    })
}

/// Lists the directory and sends batches of names; dropping the sender ends the workers.
fn list(
    dir: &Dir,
    layout: Layout,
    stop: &AtomicBool,
    sender: SyncSender<Batch>,
    sink: &Mutex<Sink<'_>>,
) -> io::Result<()> {
    let _owner = AsOwner::of(dir)?;
    let mut batch = Batch::with_capacity(BATCH);
    dir.list(|entry| {
        let name = entry.name.to_bytes();
        match (entry.kind, layout.entry(name)) {
            (Kind::Regular, Some(entry)) => batch.push(entry),
            _ => {
                let mut sink = sink.lock().unwrap_or_else(PoisonError::into_inner);
                sink(Found::Foreign(OsStr::from_bytes(name).to_owned()));
            }
        }
        let full = batch.len() >= BATCH;
        if full && sender.send(std::mem::replace(&mut batch, Batch::with_capacity(BATCH))).is_err() {
            return ControlFlow::Break(()); // Every worker has failed, and says why.
        }
        if full && stop.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    // An error here means that every worker has failed, and says why.
    let _ = sender.send(batch);
    Ok(())
}

fn work(
    dir: &Dir,
    receiver: &Mutex<Receiver<Batch>>,
    look: Look<'_>,
    sink: &Mutex<Sink<'_>>,
) -> io::Result<()> {
    let _owner = AsOwner::of(dir)?;
    let mut buffer = Vec::new();
    let mut found = Vec::with_capacity(BATCH);
    loop {
        let batch = receiver.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(batch) = batch else { return Ok(()) };
        found.extend(batch.into_iter().filter_map(|(name, kind)| look(name, kind, &mut buffer)));
        let mut sink = sink.lock().unwrap_or_else(PoisonError::into_inner);
        found.drain(..).for_each(&mut **sink);
    }
}
