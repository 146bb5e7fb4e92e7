//! Counts the work of this process, for progress bars. Counts in batches; the reports have exact counts.

use std::sync::atomic::{AtomicU64, Ordering};

/// A kind of work.
#[derive(Debug)]
pub struct Tally(AtomicU64);

/// Scanned entries.
pub static LOOKED: Tally = Tally(AtomicU64::new(0));

/// Entries with an attempted removal.
pub static REMOVED: Tally = Tally(AtomicU64::new(0));

/// Sessions that a migration processed.
pub static MOVED: Tally = Tally(AtomicU64::new(0));

/// Searched directories.
pub static WALKED: Tally = Tally(AtomicU64::new(0));

impl Tally {
    /// The current count.
    pub fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn add(&self, count: usize) {
        self.0.fetch_add(u64::try_from(count).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}
