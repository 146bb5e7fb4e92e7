//! The scan engine: one thread lists, other threads open and read files, and the first thread helps them when they are busy.
//! One thread at a time passes results on. If files come from disk instead of memory, more threads start.

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

/// Names in a batch for a worker.
const BATCH: usize = 256;

/// Batches in the queue: enough that no worker waits for the lister.
const WAITING: usize = 16;

/// If files of a batch take longer than this on average, they come from disk. In memory, a file takes 3 to 5 µs.
const SLOW: Duration = Duration::from_micros(25);

/// The minimum number of files in a batch for this measurement.
const FEW: u32 = 64;

/// The maximum size of a buffer that a thread keeps for the next file, in bytes.
const USUAL_BUFFER: usize = 1024 * 1024;

/// The total number of threads if files come from disk.
const SLOW_WORKERS: usize = 16;

/// A listed regular file with a name of a session or temporary file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub(super) name: EntryName,
    pub(super) kind: NameKind,
    inode: u64,
}

type Batch = Vec<Entry>;

/// Handles each entry.
#[derive(Clone, Copy)]
pub(super) struct Work<'a> {
    /// Reads it with a reusable buffer. `None` if it was removed.
    pub(super) look: &'a (dyn Fn(Entry, &mut Vec<u8>) -> Option<Found> + Sync),
    /// Whether to skip a session.
    pub(super) skip: Skip<'a>,
}

/// The number of threads that read: the number of processors, at least 2 because opening waits for the disk, at most 8 because
/// all use one directory.
pub(super) fn workers() -> usize {
    thread::available_parallelism().map_or(2, |count| count.get().clamp(2, 8))
}

/// The shared state of the threads.
struct Shared<'a, 'sink> {
    dir: &'a Dir,
    stop: &'a AtomicBool,
    work: Work<'a>,
    sink: Mutex<Sink<'sink>>,
    receiver: Mutex<Receiver<Batch>>,
    /// Whether a thread had to wait for the disk.
    slow: AtomicBool,
}

/// Reads every entry of `dir`. Calls `sink` from one thread at a time, in any order.
///
/// # Errors
///
/// If the directory can't be listed completely, or a thread can't switch to the owner of the directory. Setting `stop` ends the scan
/// early without an error.
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
        // Uses fewer threads if the limit is reached.
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
        // All threads are joined before the first error is returned.
        let helped: Vec<io::Result<()>> = helped.collect();
        listed?;
        helped.into_iter().collect()
    })
}

/// The state of a thread, with the rights of the owner of the directory.
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

    /// Lists the directory, and sends batches of names. Dropping the sender ends the workers. Calls `sent` now and then.
    fn list(&mut self, layout: Layout, sender: SyncSender<Batch>, sent: &mut dyn FnMut()) -> io::Result<()> {
        let mut batch = Batch::with_capacity(BATCH);
        self.shared.dir.list(|entry| {
            let name = entry.name.to_bytes();
            match (entry.kind, EntryName::within(layout, name)) {
                (Kind::Regular, Some((name, kind))) => batch.push(Entry { name, kind, inode: entry.inode }),
                _ => self.pass_on(Found::Foreign(OsStr::from_bytes(name).to_owned())),
            }
            if batch.len() < BATCH {
                return ControlFlow::Continue(());
            }
            let full = std::mem::replace(&mut batch, Batch::with_capacity(BATCH));
            match sender.try_send(full) {
                Ok(()) => {}
                // The queue is full, or the workers failed, which is reported at the end.
                Err(TrySendError::Full(batch) | TrySendError::Disconnected(batch)) => self.handle(batch),
            }
            sent();
            if self.stopped() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        self.handle(batch);
        Ok(())
    }

    /// Handles batches until there are none left.
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
            // Release the memory of a large file.
            if self.buffer.capacity() > USUAL_BUFFER {
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

    fn pass_on(&self, found: Found) {
        (self.shared.sink.lock().unwrap_or_else(PoisonError::into_inner))(found);
    }

    fn stopped(&self) -> bool {
        self.shared.stop.load(Ordering::Relaxed)
    }
}
