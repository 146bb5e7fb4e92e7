//! Options of revoke.

use std::path::PathBuf;
use std::time::Duration;

use super::target::Target;

/// Options of a run.
#[derive(Debug, Clone)]
pub struct Options {
    /// The sessions to end.
    pub target: Target,
    /// The directory for locks; see [`lock_dir`](crate::sys::lock_dir).
    pub lock_dir: PathBuf,
    /// Wait for another process that holds a lock, instead of refusing.
    pub wait: bool,
    /// Only plan.
    pub dry_run: bool,
    /// How long to watch for sessions that return, and remove them again. Zero checks once.
    pub settle: Duration,
    /// How many matching sessions of each store to keep for display, the first by id.
    pub shown: usize,
}
