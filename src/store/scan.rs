//! The scan engine: one thread lists, others open and read, and the first helps them whenever they have enough to
//! do; one at a time hands on what was found. Where files come from the disk and not from memory, more are called.

use std::ffi::OsStr;
use std::io;
use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::sys::{AsOwner, Dir, Kind};

use super::name::EntryName;
use super::record::Found;
use super::tally;
use super::{Sink, Skip};
use crate::location::{Layout, NameKind};

/// Names handed to a worker at a time.
const BATCH: usize = 256;

/// Batches that may wait for a worker: enough that none has to wait for the lister.
const WAITING: usize = 16;

/// A file that takes longer than this, on average over a batch, comes from a disk. In memory it takes 3 to 5 µs.
const SLOW: Duration = Duration::from_micros(25);

/// Fewer files of a batch than this are no measure.
const FEW: u32 = 64;

/// The buffer of a thread is kept from file to file up to this size, in bytes.
const USUAL_ROOM: usize = 1024 * 1024;

/// Threads in all where files come from a disk, which does several things at a time.
const SLOW_WORKERS: usize = 16;

/// A regular file with a name of ours, as listed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub(super) name: EntryName,
    pub(super) kind: NameKind,
    inode: u64,
}

type Batch = Vec<Entry>;

/// What is done with each entry.
#[derive(Clone, Copy)]
pub(super) struct Work<'a> {
    /// Looks at it, with a buffer to use again; `None` where it has gone.
    pub(super) look: &'a (dyn Fn(Entry, &mut Vec<u8>) -> Option<Found> + Sync),
    /// Says of a session whether to leave it out.
    pub(super) skip: Skip<'a>,
}

/// How many threads open and read: the processors, at least 2 as opening waits for the disk, at most 8 as they all
/// use one directory.
pub(super) fn workers() -> usize {
    thread::available_parallelism().map_or(2, |count| count.get().clamp(2, 8))
}

/// What the threads of a scan share.
struct Shared<'a, 'sink> {
    dir: &'a Dir,
    stop: &'a AtomicBool,
    work: Work<'a>,
    sink: Mutex<Sink<'sink>>,
    receiver: Mutex<Receiver<Batch>>,
    /// Somebody had to wait for the disk.
    slow: AtomicBool,
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
    work: Work<'_>,
    sink: Sink<'_>,
) -> io::Result<()> {
    let (sender, receiver) = sync_channel::<Batch>(WAITING);
    let (sink, receiver) = (Mutex::new(sink), Mutex::new(receiver));
    let shared = Shared { dir, stop, work, sink, receiver, slow: AtomicBool::new(false) };
    thread::scope(|scope| {
        // Where no more threads are allowed, fewer do it.
        let help = || thread::Builder::new().spawn_scoped(scope, || Worker::new(&shared)?.work()).ok();
        let mut helpers: Vec<_> = (1..workers()).filter_map(|_| help()).collect();
        let listed = Worker::new(&shared).and_then(|mut worker| {
            worker.list(layout, sender, &mut || {
                if shared.slow.load(Ordering::Relaxed) {
                    helpers.extend((helpers.len() + 1..SLOW_WORKERS).filter_map(|_| help()));
                }
            })?;
            worker.work()
        });
        let helped = helpers.into_iter().map(|helper| match helper.join() {
            Ok(result) => result,
            Err(_) => Err(io::Error::other("a worker thread failed")),
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
    shared: &'a Shared<'a, 'sink>,
    buffer: Vec<u8>,
    found: Vec<Found>,
}

impl<'a, 'sink> Worker<'a, 'sink> {
    fn new(shared: &'a Shared<'a, 'sink>) -> io::Result<Self> {
        let owner = AsOwner::of(shared.dir)?;
        Ok(Worker { _owner: owner, shared, buffer: Vec::new(), found: Vec::with_capacity(BATCH) })
    }

    /// Lists the directory and sends batches of names; dropping the sender ends the helpers. `sent` is called now and
    /// then.
    fn list(&mut self, layout: Layout, sender: SyncSender<Batch>, sent: &mut dyn FnMut()) -> io::Result<()> {
        let mut batch = Batch::with_capacity(BATCH);
        self.shared.dir.list(|entry| {
            let name = entry.name.to_bytes();
            match (entry.kind, EntryName::within(layout, name)) {
                (Kind::Regular, Some((name, kind))) => batch.push(Entry { name, kind, inode: entry.inode }),
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
            sent();
            if self.stopped() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        self.handle(batch);
        Ok(())
    }

    /// Looks at batches until there are no more.
    fn work(&mut self) -> io::Result<()> {
        loop {
            let batch = self.shared.receiver.lock().unwrap_or_else(PoisonError::into_inner).recv();
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
        let Work { look, skip } = self.shared.work;
        let mut looked = 0;
        let begun = Instant::now();
        let all = batch.len();
        for entry in batch {
            if self.stopped() {
                break;
            }
            if entry.kind == NameKind::Session && skip(&entry.name, entry.inode) {
                continue;
            }
            looked += 1;
            self.found.extend(look(entry, &mut self.buffer));
            // One huge file must not keep its memory for good, times the threads.
            if self.buffer.capacity() > USUAL_ROOM {
                self.buffer = Vec::new();
            }
        }
        tally::LOOKED.add(all);
        if begun.elapsed() > SLOW.saturating_mul(looked.max(FEW)) {
            self.shared.slow.store(true, Ordering::Relaxed);
        }
        if self.found.is_empty() {
            return;
        }
        let mut sink = self.shared.sink.lock().unwrap_or_else(PoisonError::into_inner);
        self.found.drain(..).for_each(&mut **sink);
    }

    fn tell(&self, found: Found) {
        (self.shared.sink.lock().unwrap_or_else(PoisonError::into_inner))(found);
    }

    fn stopped(&self) -> bool {
        self.shared.stop.load(Ordering::Relaxed)
    }
}
