//! What a scan finds: sessions, left-overs, and what is none of ours.

use std::ffi::OsString;
use std::fmt;
use std::io;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use super::facts::{Expires, Facts, Unreadable};
use super::mac::Trust;
use super::name::EntryName;

/// Changes whenever an entry is written or replaced. It means nothing else, and only to the store it came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Stamp(pub(super) u64);

impl Stamp {
    /// As a number, to keep it in little memory.
    pub fn to_bits(self) -> u64 {
        self.0
    }

    /// Back from [`Stamp::to_bits`].
    pub fn from_bits(bits: u64) -> Self {
        Stamp(bits)
    }
}

/// One session.
#[derive(Debug)]
pub struct Session {
    /// Its id: a secret.
    pub id: EntryName,
    /// Its inode, for a file; 0 where a store has none.
    pub inode: u64,
    /// When it was last written, in seconds since 1970.
    pub modified: i64,
    /// Bytes in it.
    pub size: u64,
    /// Bytes it takes up on disk.
    pub bytes_on_disk: u64,
    /// The user who owns it and its permission bits, for a file.
    pub access: Option<(u32, u32)>,
    /// To remove it only if nobody wrote it since.
    pub stamp: Stamp,
    /// Whether its wiki would load it; `None` where the store has no key, and no tombstone of it.
    pub trust: Option<Trust>,
    /// What it says, or why that is unknown.
    pub facts: Result<Facts, Unreadable>,
}

/// A half-written session that a wiki left behind.
#[derive(Debug)]
pub struct TempFile {
    /// Its name, which may hold an id: a secret.
    pub name: EntryName,
    /// When it was last written, in seconds since 1970.
    pub modified: i64,
    /// Bytes in it.
    pub size: u64,
    /// Bytes it takes up on disk.
    pub bytes_on_disk: u64,
    /// To remove it only if nobody wrote it since.
    pub stamp: Stamp,
}

/// One entry of a store.
#[derive(Debug)]
pub enum Found {
    /// A session, readable or not.
    Session(Session),
    /// A left-over.
    Temp(TempFile),
    /// Not MoinMoin's: a name of another form, or anything that is no regular file. Never opened.
    Foreign(OsString),
    /// An entry of ours that could not be looked at.
    Failed {
        /// Which.
        name: EntryName,
        /// Why.
        error: io::Error,
    },
}

/// What a session is at a moment.
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
pub enum State {
    /// Valid.
    Live,
    /// Over.
    Expired,
    /// Not over, but not written for longer than the policy's `idle`.
    Idle,
    /// Says nothing of its end.
    NoExpires,
    /// Its `expires` is no finite number.
    InvalidExpires,
    /// Its bytes tell nothing.
    Unreadable,
}

impl State {
    /// All, in the order in which they are reported.
    pub fn all() -> impl DoubleEndedIterator<Item = Self> {
        <Self as strum::IntoEnumIterator>::iter()
    }

    /// As JSON and filters name it: `live`, `expired`, `idle`, `no-expires`, `invalid-expires`, `unreadable`.
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
    /// What the session is at `now` (seconds since 1970). Without `idle`, none is idle.
    ///
    /// Expired wins over idle; idle wins over the lack of `expires`, as it is the firmer thing to say.
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

    /// Why its bytes were not even read, where that is so.
    pub fn refused(&self) -> Option<&Unreadable> {
        self.facts.as_ref().err().filter(|why| !why.was_read())
    }

    /// Whether nobody is logged in, so far as is known; an unreadable session may be anybody's.
    pub fn is_anonymous(&self) -> bool {
        self.facts.as_ref().is_ok_and(|facts| facts.user.is_none())
    }
}

/// Whether more than `age` has passed since `then`; a time in the future is not old.
pub fn is_older(then: i64, age: Duration, now: i64) -> bool {
    u64::try_from(now.saturating_sub(then)).is_ok_and(|passed| passed > age.as_secs())
}

/// Seconds as `expires` counts them; exact for 285 million years.
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
    fn states_by_expiry_and_age() {
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
    fn what_was_written_in_the_future_is_not_old() {
        assert!(!is_older(100, Duration::ZERO, 50));
        assert!(!is_older(100, Duration::from_secs(5), 105));
        assert!(is_older(100, Duration::from_secs(5), 106));
        assert!(!is_older(i64::MAX, Duration::ZERO, i64::MIN));
    }

    #[test]
    fn names_are_those_of_the_json() {
        for state in State::all() {
            assert_eq!(serde_json::to_value(state).unwrap(), state.name());
        }
    }
}
