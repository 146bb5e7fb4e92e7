//! The clock guard: compares the clock with the last run, or with the newest file.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::ops::Problem;
use crate::ops::refusal::Refusal;
use crate::sys::{DirError, PrivateDir, PrivateError, why, write_atomically};

/// How to check the clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClockCheck {
    /// Compare with the time of the last successful run in this directory, or with the newest file if there is none.
    Against {
        /// The state directory; `None` if the user has none.
        state_dir: Option<PathBuf>,
    },
    /// Trust the clock. The time of this run is saved.
    Trusted {
        /// The state directory; `None` if the user has none.
        state_dir: Option<PathBuf>,
    },
    /// `--now` gave the time: the run removes nothing, checks nothing, and saves no time.
    Pinned,
}

/// How far the clock may be behind, in seconds.
const BEHIND: i64 = 3600;

/// How long ago the last run may be, in seconds.
const AHEAD: i64 = 400 * 86_400;

/// The file in the state directory that holds the time of the last successful run.
const LAST_RUN: &str = "last-prune";

impl ClockCheck {
    /// Refuses a clock that is behind the last run or far ahead of it. Returns false if no last run is known: the caller
    /// must compare the clock with the files.
    ///
    /// # Errors
    ///
    /// The refusal.
    pub fn check(&self, now: i64) -> Result<bool, Refusal> {
        let ClockCheck::Against { state_dir } = self else { return Ok(true) };
        match state_dir.as_deref().map(last_run) {
            Some(Ok(Some(last))) => compare(now, last).map_or(Ok(true), Err),
            Some(Err(why)) => Err(Refusal::UnknownLastRun(why)),
            Some(Ok(None)) | None => Ok(false),
        }
    }

    /// Saves the time of a successful run.
    pub(super) fn save(&self, now: i64) -> io::Result<()> {
        let state_dir = match self {
            ClockCheck::Against { state_dir } | ClockCheck::Trusted { state_dir } => state_dir.as_deref(),
            ClockCheck::Pinned => None,
        };
        let Some(dir) = state_dir else { return Ok(()) };
        PrivateDir::make(dir).map_err(|error| io::Error::other(Problem::from(&error)))?;
        let path = dir.join(LAST_RUN);
        write_atomically(&path, format!("{now}\n").as_bytes(), 0o644).map_err(|error| {
            io::Error::new(error.kind(), format!("{}: {error}", path.display(), error = why(&error)))
        })
    }
}

/// How far the clock is behind a file written at `written`, if that is too far.
pub(super) fn behind_file(now: i64, written: i64) -> Option<Duration> {
    (now < written.saturating_sub(BEHIND)).then(|| between(now, written))
}

fn between(from: i64, to: i64) -> Duration {
    Duration::from_secs(u64::try_from(to.saturating_sub(from)).unwrap_or(0))
}

fn compare(now: i64, last: i64) -> Option<Refusal> {
    if now < last.saturating_sub(BEHIND) {
        Some(Refusal::ClockBehind { by: between(now, last) })
    } else if now > last.saturating_add(AHEAD) {
        Some(Refusal::ClockAhead { by: between(last, now) })
    } else {
        None
    }
}

fn last_run(dir: &Path) -> Result<Option<i64>, Problem> {
    let dir = match PrivateDir::open(dir) {
        Ok(dir) => dir,
        Err(PrivateError::Directory(DirError::Missing { .. })) => return Ok(None),
        Err(error) => return Err(Problem::from(&error)),
    };
    let at_file = |why: &str| Problem::from(why).at(dir.path().join(LAST_RUN).display());
    match dir.read_text(LAST_RUN) {
        Ok(Some(text)) => text.trim().parse().map(Some).map_err(|_| at_file("not a whole number of seconds")),
        Ok(None) => Ok(None),
        Err(error) => Err(at_file(&why(&error))),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn clock_is_compared_with_the_last_run_or_the_newest_file() {
        let (hour, day) = (3600, 86_400);
        let now = 2_000_000_000;
        let verdict = |last| compare(now, last).map(|refusal| refusal.to_string());
        assert_eq!(verdict(now + hour), None);
        assert!(verdict(now + hour + 1).unwrap().contains("1 h behind the last run"));
        assert_eq!(verdict(now - 400 * day), None);
        assert!(verdict(now - 400 * day - 1).unwrap().contains("400 d ago"));
        assert!(compare(i64::MIN, i64::MAX).is_some());
        assert!(compare(i64::MAX, i64::MIN).is_some());
        assert_eq!(behind_file(now, now + hour), None);
        assert_eq!(behind_file(now, now + hour + 1), Some(Duration::from_secs(3601)));
        assert!(behind_file(i64::MIN, i64::MAX).is_some());
        assert_eq!(behind_file(i64::MAX, i64::MIN), None);
    }

    #[test]
    fn time_of_last_run_is_saved_and_read() {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("a/b");
        let state_dir = Some(dir.clone());
        let check = ClockCheck::Against { state_dir: state_dir.clone() };
        assert!(matches!(check.check(1000), Ok(false)), "without a last run, the files decide");
        check.save(1_000_000).unwrap();
        assert!(matches!(check.check(1_000_000), Ok(true)), "the last run is enough");
        assert!(matches!(check.check(0), Err(Refusal::ClockBehind { .. })));
        assert!(matches!(ClockCheck::Trusted { state_dir }.check(0), Ok(true)));
        fs::write(dir.join(LAST_RUN), "").unwrap();
        assert!(matches!(check.check(1_000_000), Err(Refusal::UnknownLastRun { .. })));
        assert!(ClockCheck::Pinned.save(1).is_ok());
    }
}
