//! How much work on stores this process has done, for whoever shows it while it goes on. Counted in batches, and for the
//! whole process: exact counts are in the reports.

use std::sync::atomic::{AtomicU64, Ordering};

/// One kind of work.
#[derive(Debug)]
pub struct Tally(AtomicU64);

/// Sessions (and left-overs) that were looked at.
pub static LOOKED: Tally = Tally(AtomicU64::new(0));

/// Sessions (and left-overs) whose removal was tried.
pub static REMOVED: Tally = Tally(AtomicU64::new(0));

/// Sessions that a migration has dealt with.
pub static MOVED: Tally = Tally(AtomicU64::new(0));

/// Directories that a search has looked into.
pub static WALKED: Tally = Tally(AtomicU64::new(0));

impl Tally {
    /// How many so far.
    pub fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn add(&self, count: usize) {
        self.0.fetch_add(u64::try_from(count).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}
