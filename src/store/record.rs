//! The entries of a store: sessions, temporary files, and foreign files.

use std::ffi::OsString;
use std::fmt;
use std::io;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use super::facts::{Expires, Facts, Unreadable};
use super::mac::Trust;
use super::name::EntryName;

/// Changes when an entry is written or replaced. Only valid for its own store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Stamp(pub(super) u64);

impl Stamp {
    /// The stamp as a number.
    pub fn to_bits(self) -> u64 {
        self.0
    }

    /// The stamp from [`Stamp::to_bits`].
    pub fn from_bits(bits: u64) -> Self {
        Stamp(bits)
    }
}

/// A session.
#[derive(Debug)]
pub struct Session {
    /// The id, a secret.
    pub id: EntryName,
    /// The inode of the file; 0 if the store has none.
    pub inode: u64,
    /// The time of the last write, in unix seconds.
    pub modified: i64,
    /// The size in bytes.
    pub size: u64,
    /// The bytes on disk.
    pub bytes_on_disk: u64,
    /// The owner and the permission bits of the file.
    pub access: Option<(u32, u32)>,
    /// The stamp, to detect changes.
    pub stamp: Stamp,
    /// Whether its wiki would load it; `None` if the store has no key, and no tombstone of the session.
    pub trust: Option<Trust>,
    /// The facts, or why it is unreadable.
    pub facts: Result<Facts, Unreadable>,
}

/// A temporary file of a wiki.
#[derive(Debug)]
pub struct TempFile {
    /// The name, which may contain an id, a secret.
    pub name: EntryName,
    /// The time of the last write, in unix seconds.
    pub modified: i64,
    /// The size in bytes.
    pub size: u64,
    /// The bytes on disk.
    pub bytes_on_disk: u64,
    /// The stamp, to detect changes.
    pub stamp: Stamp,
}

/// An entry of a store.
#[derive(Debug)]
pub enum Found {
    /// A session, readable or not.
    Session(Session),
    /// A temporary file.
    Temp(TempFile),
    /// A name that is not MoinMoin's, or an entry that is not a regular file. Never opened.
    Foreign(OsString),
    /// An entry that could not be read.
    Failed {
        /// The name.
        name: EntryName,
        /// The error.
        error: io::Error,
    },
}

/// The state of a session.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    JsonSchema,
    strum::EnumIter,
    strum::IntoStaticStr,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
#[non_exhaustive]
pub enum State {
    /// Not expired.
    Live,
    /// Expired.
    Expired,
    /// Not expired, but not written for longer than `idle`.
    Idle,
    /// Without `expires`.
    NoExpires,
    /// With an `expires` that is not a finite number.
    InvalidExpires,
    /// Unreadable.
    Unreadable,
}

impl State {
    /// All states, in the order of reports.
    pub fn all() -> impl DoubleEndedIterator<Item = Self> {
        <Self as strum::IntoEnumIterator>::iter()
    }

    /// The name in JSON and filters: `live`, `expired`, `idle`, `no-expires`, `invalid-expires`, `unreadable`.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Session {
    /// The state at `now` (unix seconds). Without `idle`, no session is idle.
    ///
    /// Expired takes precedence over idle, and idle over a missing `expires`.
    pub fn state(&self, now: i64, idle: Option<Duration>) -> State {
        let expires = match &self.facts {
            Ok(facts) => facts.expires,
            Err(_) => return State::Unreadable,
        };
        let idle = idle.is_some_and(|idle| is_older(self.modified, idle, now));
        match expires {
            Expires::Invalid(_) => State::InvalidExpires,
            Expires::At(end) if end < seconds(now) => State::Expired,
            _ if idle => State::Idle,
            Expires::At(_) => State::Live,
            Expires::Absent => State::NoExpires,
        }
    }

    /// Why its bytes were not read.
    pub fn refused(&self) -> Option<&Unreadable> {
        self.facts.as_ref().err().filter(|why| !why.was_read())
    }

    /// Whether no user is logged in. False for an unreadable session.
    pub fn is_anonymous(&self) -> bool {
        self.facts.as_ref().is_ok_and(|facts| facts.user.is_none())
    }
}

/// Whether more than `age` has passed since `then`. False for a time in the future.
pub fn is_older(then: i64, age: Duration, now: i64) -> bool {
    u64::try_from(now.saturating_sub(then)).is_ok_and(|passed| passed > age.as_secs())
}

/// Converts unix seconds to the type of `expires`; exact for 285 million years.
#[allow(clippy::cast_precision_loss, reason = "see above")]
pub fn seconds(time: i64) -> f64 {
    time as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(modified: i64, facts: Result<Facts, Unreadable>) -> Session {
        let id = EntryName::new(&[b'a'; 40]).unwrap();
        let (stamp, access) = (Stamp(0), None);
        Session { id, inode: 0, modified, size: 1, bytes_on_disk: 512, access, stamp, trust: None, facts }
    }

    fn with(expires: Expires) -> Result<Facts, Unreadable> {
        Ok(Facts { expires, user: None, setuid: None, trail: Vec::new(), globals: Vec::new() })
    }

    #[test]
    fn state_follows_from_expiry_and_age() {
        let (now, idle) = (5000, Some(Duration::from_secs(1000)));
        let (old, new) = (3999, 4000);
        let broken = || Err(Unreadable::NotADict { found: "list" });
        let table = [
            (with(Expires::At(5000.5)), old, State::Idle),
            (with(Expires::At(5000.5)), new, State::Live),
            (with(Expires::At(5000.0)), new, State::Live),
            (with(Expires::At(4999.9)), new, State::Expired),
            (with(Expires::At(4999.9)), old, State::Expired),
            (with(Expires::Absent), old, State::Idle),
            (with(Expires::Absent), new, State::NoExpires),
            (with(Expires::Absent), 99_999, State::NoExpires),
            (with(Expires::Invalid("None")), old, State::InvalidExpires),
            (broken(), old, State::Unreadable),
        ];
        for (facts, modified, expected) in table {
            let session = session(modified, facts);
            assert_eq!(session.state(now, idle), expected, "{session:?}");
        }
        assert_eq!(session(0, with(Expires::At(2e9))).state(1_900_000_000, None), State::Live);
    }

    #[test]
    fn session_written_in_the_future_is_not_old() {
        assert!(!is_older(100, Duration::ZERO, 50));
        assert!(!is_older(100, Duration::from_secs(5), 105));
        assert!(is_older(100, Duration::from_secs(5), 106));
        assert!(!is_older(i64::MAX, Duration::ZERO, i64::MIN));
    }

    #[test]
    fn state_names_equal_those_in_json() {
        for state in State::all() {
            assert_eq!(serde_json::to_value(state).unwrap(), state.name());
        }
    }
}
