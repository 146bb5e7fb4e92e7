//! Options and errors of a migration.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use crate::ops::Problem;
use crate::store::State;
use crate::sys::LockError;

use super::allow::AllowList;
use super::rename::{Generation, UserMap};

/// What to do if the target has another session with the same id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnConflict {
    /// Keep both.
    Skip,
    /// Keep the session that was written last.
    Newer,
    /// Refuse the run before anything is written.
    Fail,
}

/// Options of a run.
#[derive(Debug, Clone)]
pub struct Options {
    /// The current time in unix seconds.
    pub now: i64,
    /// Only sessions of these users, and sessions in which a superuser acts as one of them.
    pub users: Option<BTreeSet<String>>,
    /// Only sessions in these states; all except expired sessions if empty.
    pub states: Vec<State>,
    /// Only sessions last written longer ago.
    pub older_than: Option<Duration>,
    /// Also copy expired sessions.
    pub include_expired: bool,
    /// Remove copied sessions from the source.
    pub remove: bool,
    /// What to do about ids on both sides.
    pub on_conflict: OnConflict,
    /// Rename ids to this generation.
    pub rename_ids: Option<Generation>,
    /// Replace user ids.
    pub users_map: Option<UserMap>,
    /// Classes that sessions may contain.
    pub allow: AllowList,
    /// User and group of the files at the target, instead of those at the source.
    pub owner: Option<(u32, u32)>,
    /// Permission bits of the files at the target, instead of those at the source.
    pub mode: Option<u32>,
    /// Report the old and the new id of every session at the target; see `CookieMap`.
    pub pairs: bool,
    /// Change nothing.
    pub dry_run: bool,
    /// The directory for the journal.
    pub state_dir: PathBuf,
    /// The directory for locks.
    pub lock_dir: PathBuf,
    /// Wait for another process that holds a lock, instead of refusing.
    pub wait: bool,
}

/// Why nothing was changed.
#[derive(Debug)]
#[non_exhaustive]
pub enum MigrateError {
    /// The options contradict each other.
    Usage(Problem),
    /// A guard refused.
    Refused(Problem),
    /// A lock was not acquired.
    Locked(LockError),
    /// A store can't be used.
    Failed(Problem),
}
