//! How a migration is made, and why it was not.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use crate::store::State;

use super::allow::AllowList;
use super::rename::{Generation, UserMap};

/// What to do about an id that the target has already, with other bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnConflict {
    /// Leave both as they are.
    Skip,
    /// The one that was written last wins.
    Newer,
    /// Refuse before anything is written.
    Fail,
}

/// How a run is made.
#[derive(Debug, Clone)]
pub struct Options {
    /// The time to judge by, in seconds since 1970.
    pub now: i64,
    /// Only sessions of these users, also those in which a superuser acts as one.
    pub users: Option<BTreeSet<String>>,
    /// Only sessions in these states; empty: all but expired.
    pub states: Vec<State>,
    /// Only sessions last written longer ago.
    pub older_than: Option<Duration>,
    /// Expired ones too.
    pub include_expired: bool,
    /// Remove from the source what has arrived.
    pub remove: bool,
    /// About ids that are on both sides.
    pub on_conflict: OnConflict,
    /// Which ids the target's wikis take, where others are to be renamed.
    pub rename_ids: Option<Generation>,
    /// User ids of the source and of the target, where they differ.
    pub users_map: Option<UserMap>,
    /// What sessions may name.
    pub allow: AllowList,
    /// User and group of the files at the target, instead of those at the source.
    pub owner: Option<(u32, u32)>,
    /// Permission bits of the files at the target, instead of those at the source.
    pub mode: Option<u32>,
    /// Tell the old id and the new of every session that is at the target; see `CookieMap`.
    pub pairs: bool,
    /// Only look.
    pub dry_run: bool,
    /// Where the journal lies.
    pub state_dir: PathBuf,
    /// Where locks lie.
    pub lock_dir: PathBuf,
    /// Wait for another copy that is at work in a store, instead of refusing.
    pub wait: bool,
}

/// Why nothing was changed.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The command makes no sense.
    Usage(String),
    /// A guard refused.
    Refused(String),
    /// A store could not be used.
    Failed(String),
}
