//! Writes session files for tests.

use std::fmt::Write as _;
use std::fs::{self, File, FileTimes};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The current time in tests, 2026-11-23T02:13:20Z, which is also the time of the fixtures.
pub(crate) const NOW: i64 = 1_795_400_000;
pub(crate) const HOUR: i64 = 3600;
pub(crate) const DAY: i64 = 24 * HOUR;

/// The real time, for commands without `--now`, such as a real prune.
pub(crate) fn clock() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

/// A session file.
pub(crate) struct Session {
    id: String,
    items: String,
    written: i64,
    raw: Option<Vec<u8>>,
}

impl Session {
    /// A session of 1.9 whose id repeats `digit`.
    pub(crate) fn new(digit: char) -> Session {
        Session::named(&digit.to_string().repeat(40))
    }

    /// A session of 1.7 or 1.8 whose id repeats `letter`.
    pub(crate) fn old(letter: char) -> Session {
        Session::named(&letter.to_string().repeat(32))
    }

    pub(crate) fn named(id: &str) -> Session {
        Session { id: id.to_owned(), items: String::new(), written: NOW - HOUR, raw: None }
    }

    /// Sets the expiry.
    pub(crate) fn expires(mut self, at: i64) -> Session {
        writeln!(self.items, "S'expires'\nF{at}.0\ns").unwrap();
        self.items.pop();
        self
    }

    /// Logs a user in.
    pub(crate) fn user(mut self, id: &str) -> Session {
        write!(self.items, "S'user.id'\nS'{id}'\nsS'user.auth_method'\nS'moin'\ns").unwrap();
        self
    }

    /// A superuser acts as this user.
    pub(crate) fn acts_as(mut self, id: &str) -> Session {
        write!(self.items, "S'setuid'\nS'{id}'\ns").unwrap();
        self
    }

    /// Sets the last visited page.
    pub(crate) fn page(mut self, page: &str) -> Session {
        let page: String = page.encode_utf16().fold(String::new(), |mut text, unit| {
            write!(text, "\\u{unit:04x}").unwrap();
            text
        });
        write!(self.items, "S'trail'\n(lV{page}\nas").unwrap();
        self
    }

    /// Sets any other bytes.
    pub(crate) fn raw(mut self, bytes: &[u8]) -> Session {
        self.raw = Some(bytes.to_vec());
        self
    }

    /// Sets the time of the last write.
    pub(crate) fn written(mut self, at: i64) -> Session {
        self.written = at;
        self
    }

    pub(crate) fn write(self, dir: &Path) {
        let path = dir.join(&self.id);
        let bytes = self.raw.unwrap_or_else(|| format!("(d{}.", self.items).into_bytes());
        fs::write(&path, bytes).unwrap();
        set_mtime(&path, self.written);
    }
}

pub(super) fn set_mtime(path: &Path, mtime: i64) {
    let time = UNIX_EPOCH + Duration::from_secs(u64::try_from(mtime).unwrap());
    let times = FileTimes::new().set_modified(time).set_accessed(time);
    File::options().write(true).open(path).unwrap().set_times(times).unwrap();
}
