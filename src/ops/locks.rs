//! The locks of all stores of a run, acquired before any store is read.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::sys::{FileId, Lock, LockDir, LockError};

/// The acquired locks, and the errors by position of the store.
#[derive(Debug, Default)]
pub(super) struct Taken {
    pub(super) locks: Vec<Lock>,
    pub(super) refused: Vec<(usize, LockError)>,
}

/// Acquires the lock of each store. `None` is a store that could not be opened. With `waiting`, waits for
/// other processes until that flag is set. Some locks are then missing, and the caller must not remove
/// anything.
pub(super) fn take(
    dir: &Path,
    stores: impl Iterator<Item = Option<FileId>>,
    waiting: Option<&AtomicBool>,
) -> Taken {
    let mut open: Vec<(FileId, usize)> =
        stores.enumerate().filter_map(|(position, id)| Some((id?, position))).collect();
    let mut taken = Taken::default();
    let Some((_, first)) = open.first().copied() else { return taken };
    let dir = match LockDir::open(dir) {
        Ok(dir) => dir,
        Err(error) => {
            taken.refused.push((first, error));
            return taken;
        }
    };
    // All processes use this order, which prevents deadlocks.
    open.sort_unstable();
    // Two layouts in one directory are two stores with one lock.
    open.dedup_by_key(|(id, _)| *id);
    for (id, position) in open {
        match dir.take_or_wait(id, waiting) {
            Ok(lock) => taken.locks.push(lock),
            // Stopped while waiting: not a refusal.
            Err(LockError::Held { .. }) if waiting.is_some_and(|stop| stop.load(Ordering::Relaxed)) => break,
            Err(error) => taken.refused.push((position, error)),
        }
    }
    taken
}
