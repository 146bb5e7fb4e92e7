//! The locks of all stores of a run, taken before anything is looked at.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::sys::{FileId, Lock, LockDir, LockError};

/// The locks, and of some stores, by position, why not.
#[derive(Debug, Default)]
pub(super) struct Taken {
    pub(super) locks: Vec<Lock>,
    pub(super) refused: Vec<(usize, LockError)>,
}

/// Takes the lock of every store; `None` stands for one that could not be opened. With `waiting`, other copies are
/// waited for until that flag is set; then not all locks are there, and nothing must be removed.
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
    // In the same order by every copy, so that none waits for another that waits for it.
    open.sort_unstable();
    // Two layouts in one directory are two stores and one lock.
    open.dedup_by_key(|(id, _)| *id);
    for (id, position) in open {
        match dir.take_or_wait(id, waiting) {
            Ok(lock) => taken.locks.push(lock),
            // Asked to stop while it waited: no guard refused.
            Err(LockError::Held { .. }) if waiting.is_some_and(|stop| stop.load(Ordering::Relaxed)) => break,
            Err(error) => taken.refused.push((position, error)),
        }
    }
    taken
}
