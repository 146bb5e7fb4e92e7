//! What stops a run before it removes anything.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::sys::{LockError, write_atomically};

use super::age::age_text;
use crate::farm::Limit;

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
    /// The clock is behind the newest file.
    ClockBehindFiles {
        /// By how much.
        by: Duration,
    },
    /// The last run is so long ago that the clock may be wrong.
    ClockAhead {
        /// By how much.
        by: Duration,
    },
    /// The time of the last run cannot be told.
    UnknownLastRun {
        /// Where it is kept.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// The lock was not taken: another copy is at work, or the place for locks is not safe.
    Lock(LockError),
    /// The way to the directory leads over a stranger's symbolic link.
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
            Refusal::ClockBehindFiles { by } => {
                write!(f, "the clock is {} behind the newest session: {CURE}", age_text(*by))
            }
            Refusal::ClockAhead { by } => {
                write!(f, "the last run was {} ago, so the clock may be wrong: {CURE}", age_text(*by))
            }
            Refusal::UnknownLastRun { path, why } => {
                write!(f, "{}: the time of the last run is not to be read: {why}: {CURE}", path.display())
            }
            Refusal::Lock(error) => error.fmt(f),
            Refusal::UnsafeDirectory(why) => f.write_str(why),
        }
    }
}

/// How the clock is guarded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClockCheck {
    /// Compare with the last successful run, whose time this directory keeps, or else with the newest file.
    Against {
        /// The state directory; `None` where the user has none.
        state_dir: Option<PathBuf>,
    },
    /// The user vouches for the clock; the time of this run is still kept.
    Trusted {
        /// The state directory; `None` where the user has none.
        state_dir: Option<PathBuf>,
    },
    /// The time was given with `--now`: nothing is removed, so nothing is guarded, and no time kept.
    Pinned,
}

/// How far the clock may lie behind.
const BEHIND: i64 = 3600;

/// How far the last run may lie back.
const AHEAD: i64 = 400 * 86_400;

/// The file in the state directory that holds the time of the last successful run.
const LAST_RUN: &str = "last-prune";

impl ClockCheck {
    /// Refuses a clock that is behind, or far ahead of what is known. `newest` is when the newest file of all stores
    /// was written.
    pub(super) fn check(&self, now: i64, newest: Option<i64>) -> Option<Refusal> {
        let ClockCheck::Against { state_dir } = self else { return None };
        let last = match state_dir.as_deref().map(last_run) {
            Some(Ok(last)) => last,
            Some(Err((path, why))) => return Some(Refusal::UnknownLastRun { path, why }),
            None => None,
        };
        compare(now, last, newest)
    }

    /// Keeps the time of a successful run.
    pub(super) fn keep(&self, now: i64) -> io::Result<()> {
        let state_dir = match self {
            ClockCheck::Against { state_dir } | ClockCheck::Trusted { state_dir } => state_dir.as_deref(),
            ClockCheck::Pinned => None,
        };
        let Some(dir) = state_dir else { return Ok(()) };
        fs::create_dir_all(dir)?;
        write_atomically(&dir.join(LAST_RUN), format!("{now}\n").as_bytes(), 0o644)
    }
}

fn compare(now: i64, last: Option<i64>, newest: Option<i64>) -> Option<Refusal> {
    let by = |from: i64, to: i64| Duration::from_secs(u64::try_from(to.saturating_sub(from)).unwrap_or(0));
    match (last, newest) {
        (Some(last), _) if now < last.saturating_sub(BEHIND) => {
            Some(Refusal::ClockBehind { by: by(now, last) })
        }
        (Some(last), _) if now > last.saturating_add(AHEAD) => {
            Some(Refusal::ClockAhead { by: by(last, now) })
        }
        (None, Some(newest)) if now < newest.saturating_sub(BEHIND) => {
            Some(Refusal::ClockBehindFiles { by: by(now, newest) })
        }
        _ => None,
    }
}

fn last_run(dir: &Path) -> Result<Option<i64>, (PathBuf, String)> {
    let path = dir.join(LAST_RUN);
    match fs::read_to_string(&path) {
        Ok(text) => match text.trim().parse() {
            Ok(time) => Ok(Some(time)),
            Err(_) => Err((path, "no whole number of seconds".to_owned())),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err((path, error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_is_compared_with_the_last_run_or_else_the_newest_file() {
        let (hour, day) = (3600, 86_400);
        let now = 2_000_000_000;
        let verdict = |last, newest| compare(now, last, newest).map(|refusal| refusal.to_string());
        assert_eq!(verdict(None, None), None);
        assert_eq!(verdict(None, Some(now + hour)), None);
        assert!(verdict(None, Some(now + hour + 1)).unwrap().contains("behind the newest session"));
        assert_eq!(verdict(Some(now + hour), Some(now + day)), None, "the last run counts, if there is one");
        assert!(verdict(Some(now + hour + 1), None).unwrap().contains("1 h behind the last run"));
        assert_eq!(verdict(Some(now - 400 * day), None), None);
        assert!(verdict(Some(now - 400 * day - 1), None).unwrap().contains("400 d ago"));
        assert!(compare(i64::MIN, Some(i64::MAX), None).is_some());
        assert!(compare(i64::MAX, Some(i64::MIN), None).is_some());
    }

    #[test]
    fn the_last_run_is_kept_and_read_back() {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("a/b");
        let state_dir = Some(dir.clone());
        let check = ClockCheck::Against { state_dir: state_dir.clone() };
        assert!(check.check(1000, None).is_none());
        check.keep(1_000_000).unwrap();
        assert!(check.check(1_000_000, None).is_none());
        assert!(matches!(check.check(0, None), Some(Refusal::ClockBehind { .. })));
        assert!(ClockCheck::Trusted { state_dir }.check(0, None).is_none());
        fs::write(dir.join(LAST_RUN), "").unwrap();
        assert!(matches!(check.check(1_000_000, None), Some(Refusal::UnknownLastRun { .. })));
        assert!(ClockCheck::Pinned.keep(1).is_ok());
    }
}
