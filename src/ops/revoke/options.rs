//! How a run of revoke is made.

use std::path::PathBuf;
use std::time::Duration;

use super::target::Target;

/// How a run is made.
#[derive(Debug, Clone)]
pub struct Options {
    /// What is to go.
    pub target: Target,
    /// Where locks lie; see [`lock_dir`](crate::sys::lock_dir).
    pub lock_dir: PathBuf,
    /// Wait for another copy that is at work in a store, instead of refusing.
    pub wait: bool,
    /// Only plan.
    pub dry_run: bool,
    /// How long to watch for sessions that come back, and remove them again; zero: one look.
    pub settle: Duration,
    /// So many of each store's sessions that are meant, the first by id, are kept whole to be shown.
    pub shown: usize,
}
