//! Why an entry is removed or kept.

use std::time::Duration;

use crate::text::age_text;

/// Why an entry is removed.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, strum::VariantArray, strum::IntoStaticStr,
)]
#[strum(serialize_all = "kebab-case")]
pub enum Reason {
    /// It expired, and was last written, longer than `grace` ago.
    Expired,
    /// Not written for longer than `idle`.
    Idle,
    /// It has no `expires`, MoinMoin 1.9.1 or later wrote it, and it is older than `no_expires`.
    NoExpires,
    /// It has no `expires`, is in a store of MoinMoin 1.7 or 1.8, and is older than 30 days.
    Broken,
    /// It is anonymous, MoinMoin 1.9.0 wrote it, and it was not written for longer than `anonymous` and `grace`.
    Anonymous,
    /// A temporary file older than `stale_temp`.
    StaleTemp,
    /// Unreadable, and older than `unreadable`.
    Unreadable,
    /// `--all`.
    All,
}

impl Reason {
    /// All reasons.
    pub const ALL: &'static [Self] = <Self as strum::VariantArray>::VARIANTS;

    /// A stable name: `expired`, `idle`, `no-expires`, `broken`, `anonymous`, `stale-temp`, `unreadable`, `all`.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// For people. `age` is the time since the expiry for [`Reason::Expired`], and since the last write for others.
    pub fn sentence(self, age: Duration) -> String {
        let age = age_text(age);
        match self {
            Reason::Expired => format!("expired {age} ago"),
            Reason::Idle => format!("idle: last written {age} ago"),
            Reason::NoExpires => format!("no `expires`; last written {age} ago"),
            Reason::Broken => {
                format!("no `expires`, so its wiki answers with an error; last written {age} ago")
            }
            Reason::Anonymous => format!("anonymous, of MoinMoin 1.9.0; last written {age} ago"),
            Reason::StaleTemp => format!("leftover temporary file; last written {age} ago"),
            Reason::Unreadable => format!("unreadable; last written {age} ago"),
            Reason::All => format!("selected by --all; last written {age} ago"),
        }
    }

    /// Whether `max_delete` counts it: all reasons except expiry.
    pub fn is_guarded(self) -> bool {
        self != Reason::Expired
    }
}

/// Why an entry is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Keep {
    /// It has not expired.
    Live,
    /// It expired within `grace`.
    InGrace,
    /// It expired, but was written within `grace`.
    JustWritten,
    /// It has no `expires`, and may be new.
    Young,
    /// It has no `expires`, like all sessions of MoinMoin 1.9.0.
    UsualWithoutExpires,
    /// Its `expires` is not a finite number.
    InvalidExpires,
    /// It is unreadable, and the policy keeps it.
    Unreadable,
    /// A temporary file that may be in use.
    YoungTemp,
    /// A filter excludes it.
    Filtered,
    /// It is not MoinMoin's, or must not be opened.
    NotOurs,
}
