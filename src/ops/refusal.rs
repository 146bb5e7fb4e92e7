//! Why a guard stops a run.

use std::fmt;
use std::time::Duration;

use crate::farm::Limit;
use crate::sys::LockError;

use super::age::age_text;

/// Why nothing is removed.
#[derive(Debug)]
#[non_exhaustive]
pub enum Refusal {
    /// More than `max_delete` would go for other reasons than its own expiry.
    MaxDelete {
        /// How many would go.
        wanted: u64,
        /// How many may.
        limit: u64,
        /// The policy's `max_delete`.
        setting: Limit,
        /// Of how many sessions.
        sessions: u64,
    },
    /// The clock was ahead at the last run, or is behind now.
    ClockBehind {
        /// By how much.
        by: Duration,
    },
    /// The clock is behind the newest file of the store.
    ClockBehindFile {
        /// By how much.
        by: Duration,
        /// The file, an id in it shortened; `None` where only an index tells of it.
        file: Option<String>,
    },
    /// The last run is so long ago that the clock may be wrong.
    ClockAhead {
        /// By how much.
        by: Duration,
    },
    /// The time of the last run cannot be told, and why.
    UnknownLastRun(String),
    /// The lock was not taken: another copy is at work, or the place for locks is not safe.
    Lock(LockError),
    /// The way to the directory leads over another user's symbolic link.
    UnsafeDirectory(String),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const CURE: &str = "set the clock right, or say --clock-ok";
        match self {
            Refusal::MaxDelete { wanted, limit, setting, sessions } => write!(
                f,
                "{wanted} would go for other reasons than their own expiry, and at most {limit} may \
                 (max_delete = {setting} of {sessions} sessions): see --dry-run, and say --max-delete if that is right"
            ),
            Refusal::ClockBehind { by } => {
                write!(f, "the clock is {} behind the last run: {CURE}", age_text(*by))
            }
            Refusal::ClockBehindFile { by, file: Some(file) } => write!(
                f,
                "the clock is {} behind the file {file}: set the clock right; if it is right, touch that file, or say \
                 --clock-ok this once",
                age_text(*by)
            ),
            Refusal::ClockBehindFile { by, file: None } => {
                write!(f, "the clock is {} behind the newest session here: {CURE}", age_text(*by))
            }
            Refusal::ClockAhead { by } => {
                write!(f, "the last run was {} ago, so the clock may be wrong: {CURE}", age_text(*by))
            }
            Refusal::UnknownLastRun(why) => {
                write!(f, "the time of the last run is not to be read: {why}: {CURE}")
            }
            Refusal::Lock(error) => error.fmt(f),
            Refusal::UnsafeDirectory(why) => f.write_str(why),
        }
    }
}
