//! Why a guard refuses a run.

use std::fmt;
use std::time::Duration;

use serde::{Serialize, Serializer};

use crate::farm::Limit;
use crate::sys::LockError;

use crate::text::{Problem, age_text};

/// Why a run removes nothing.
#[derive(Debug)]
#[non_exhaustive]
pub enum Refusal {
    /// More sessions than `max_delete` would be removed for reasons other than expiry.
    MaxDelete {
        /// How many would be removed.
        wanted: u64,
        /// How many may be removed.
        limit: u64,
        /// The policy's `max_delete`.
        setting: Limit,
        /// The number of sessions in the store.
        sessions: u64,
    },
    /// The clock is behind the time of the last run.
    ClockBehind {
        /// By how much.
        by: Duration,
    },
    /// The clock is behind the newest file of the store.
    ClockBehindFile {
        /// By how much.
        by: Duration,
        /// The file, with the id shortened. `None` if the time comes from an index.
        file: Option<String>,
    },
    /// The last run was so long ago that the clock may be wrong.
    ClockAhead {
        /// By how much.
        by: Duration,
    },
    /// The time of the last run can't be read: why.
    UnknownLastRun(Problem),
    /// The lock was not acquired: another process holds it, or the directory for locks is unsafe.
    Lock(LockError),
    /// The path of the directory contains a symbolic link of another user.
    UnsafeDirectory {
        /// The link.
        why: String,
        /// What to do.
        help: Option<String>,
    },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::MaxDelete { wanted, limit, setting, sessions } => write!(
                f,
                "{wanted} of {sessions} sessions would be removed for reasons other than expiry (max_delete is {setting}{})",
                if setting.to_string() == limit.to_string() { String::new() } else { format!(": {limit}") }
            ),
            Refusal::ClockBehind { by } => {
                write!(f, "the clock is {} behind the last run", age_text(*by))
            }
            Refusal::ClockBehindFile { by, file: Some(file) } => {
                write!(f, "the clock is {} behind the file {file}", age_text(*by))
            }
            Refusal::ClockBehindFile { by, file: None } => {
                write!(f, "the clock is {} behind the newest session", age_text(*by))
            }
            Refusal::ClockAhead { by } => {
                write!(f, "the last run was {} ago: the clock may be wrong", age_text(*by))
            }
            Refusal::UnknownLastRun(why) => {
                write!(f, "can't read the time of the last run: {why}")
            }
            Refusal::Lock(error) => error.fmt(f),
            Refusal::UnsafeDirectory { why, .. } => f.write_str(why),
        }
    }
}

impl Refusal {
    /// What the user can do.
    fn help(&self, dry_run: bool) -> Option<String> {
        let help = match self {
            Refusal::Lock(error) => return Some(error.help()),
            Refusal::UnknownLastRun(Problem { help: Some(help), .. })
            | Refusal::UnsafeDirectory { help: Some(help), .. } => return Some(help.clone()),
            Refusal::UnsafeDirectory { help: None, .. } => None,
            Refusal::MaxDelete { .. } if dry_run => Some("if the plan is right, raise --max-delete"),
            Refusal::MaxDelete { .. } => {
                Some("check the plan with --dry-run; if it is right, raise --max-delete")
            }
            Refusal::ClockBehindFile { file: Some(_), .. } => {
                Some("set the clock; if it is right, `touch` the file, or pass --clock-ok once")
            }
            Refusal::ClockBehind { .. }
            | Refusal::ClockBehindFile { file: None, .. }
            | Refusal::ClockAhead { .. } => Some("set the clock, or pass --clock-ok if it is right"),
            Refusal::UnknownLastRun(_) => {
                Some("make the state directory readable, or pass --clock-ok if the clock is right")
            }
        };
        help.map(str::to_owned)
    }
}

/// A refusal in a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Why.
    pub why: String,
    /// What the user can do.
    pub help: Option<String>,
}

impl Refused {
    /// The refusal of a run or of a dry run.
    pub(super) fn new(refusal: &Refusal, dry_run: bool) -> Self {
        Refused { why: refusal.to_string(), help: refusal.help(dry_run) }
    }
}

impl Serialize for Refused {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.why)
    }
}
