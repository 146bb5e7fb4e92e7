//! The scan engine: one thread lists, others open and read, and the first helps them whenever they have enough to
//! do; one at a time hands on what was found.

use std::ffi::OsStr;
use std::io;
use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::sys::{AsOwner, Dir, Kind};

use super::Sink;
use super::layout::{Layout, NameKind};
use super::name::EntryName;
use super::record::Found;

/// Names handed to a worker at a time.
const BATCH: usize = 256;

/// Batches that may wait for a worker: enough that none has to wait for the lister.
const WAITING: usize = 4;

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
        let work = || Worker::new(dir, look, &sink, stop)?.work(&receiver);
        let helpers: Vec<_> = (1..workers()).map(|_| scope.spawn(work)).collect();
        let listed = Worker::new(dir, look, &sink, stop).and_then(|mut worker| {
            worker.list(dir, layout, sender)?;
            worker.work(&receiver)
        });
        let helped = helpers.into_iter().map(|helper| match helper.join() {
            Ok(result) => result,
            Err(_) => Err(io::Error::other("a worker stopped")),
        });
        // All are joined before the first error is told.
        let helped: Vec<io::Result<()>> = helped.collect();
        listed?;
        helped.into_iter().collect()
    })
}

/// What a thread needs to look at batches, with the rights of the directory's owner.
struct Worker<'a, 'sink> {
    _owner: AsOwner,
    look: Look<'a>,
    sink: &'a Mutex<Sink<'sink>>,
    stop: &'a AtomicBool,
    buffer: Vec<u8>,
    found: Vec<Found>,
}

impl<'a, 'sink> Worker<'a, 'sink> {
    fn new(
        dir: &Dir,
        look: Look<'a>,
        sink: &'a Mutex<Sink<'sink>>,
        stop: &'a AtomicBool,
    ) -> io::Result<Self> {
        let owner = AsOwner::of(dir)?;
        Ok(Worker { _owner: owner, look, sink, stop, buffer: Vec::new(), found: Vec::with_capacity(BATCH) })
    }

    /// Lists the directory and sends batches of names; dropping the sender ends the helpers.
    fn list(&mut self, dir: &Dir, layout: Layout, sender: SyncSender<Batch>) -> io::Result<()> {
        let mut batch = Batch::with_capacity(BATCH);
        dir.list(|entry| {
            let name = entry.name.to_bytes();
            match (entry.kind, layout.entry(name)) {
                (Kind::Regular, Some(entry)) => batch.push(entry),
                _ => self.tell(Found::Foreign(OsStr::from_bytes(name).to_owned())),
            }
            if batch.len() < BATCH {
                return ControlFlow::Continue(());
            }
            let full = std::mem::replace(&mut batch, Batch::with_capacity(BATCH));
            match sender.try_send(full) {
                Ok(()) => {}
                // They have enough to do, or have failed, which will be told in the end.
                Err(TrySendError::Full(batch) | TrySendError::Disconnected(batch)) => self.handle(batch),
            }
            if self.stopped() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        self.handle(batch);
        Ok(())
    }

    /// Looks at batches until there are no more.
    fn work(&mut self, receiver: &Mutex<Receiver<Batch>>) -> io::Result<()> {
        loop {
            let batch = receiver.lock().unwrap_or_else(PoisonError::into_inner).recv();
            match batch {
                Ok(batch) => self.handle(batch),
                Err(_) => return Ok(()),
            }
        }
    }

    fn handle(&mut self, batch: Batch) {
        if self.stopped() {
            return;
        }
        let looked = batch.into_iter().filter_map(|(name, kind)| (self.look)(name, kind, &mut self.buffer));
        self.found.extend(looked);
        let mut sink = self.sink.lock().unwrap_or_else(PoisonError::into_inner);
        self.found.drain(..).for_each(&mut **sink);
    }

    fn tell(&self, found: Found) {
        (self.sink.lock().unwrap_or_else(PoisonError::into_inner))(found);
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}
