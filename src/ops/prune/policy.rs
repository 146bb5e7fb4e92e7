//! For how long things are kept, and how much may go at once.

use std::fmt;
use std::time::Duration;

use crate::farm::Limit;
use crate::ops::age::age_text;

/// The shortest age: a request in flight can save a session late.
const SHORTEST: Duration = Duration::from_secs(600);

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);

/// What is kept for how long. Made from [`Policy::default`] by its `with_` functions, so that every one is sound.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Policy {
    grace: Duration,
    idle: Option<Duration>,
    no_expires: Duration,
    stale_temp: Duration,
    unreadable: Option<Duration>,
    max_delete: Limit,
}

/// An age of a policy is shorter than 10 minutes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyError {
    /// As the farm file names it.
    pub what: &'static str,
    /// The age given.
    pub given: Duration,
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (given, least) = (age_text(self.given), age_text(SHORTEST));
        write!(f, "{} is {given}, but must be at least {least}: a request in flight can save late", self.what)
    }
}

impl std::error::Error for PolicyError {}

impl Default for Policy {
    /// Grace 1 h, no idle, without `expires` 1 day, left-overs 1 day, unreadable kept, at most 50 %.
    fn default() -> Self {
        Policy {
            grace: HOUR,
            idle: None,
            no_expires: DAY,
            stale_temp: DAY,
            unreadable: None,
            max_delete: Limit::Share(0.5),
        }
    }
}

impl Policy {
    /// How long a session of 1.7 or 1.8 without `expires` is kept: the wiki fails on it, and people may want to see
    /// why.
    pub const BROKEN_AFTER: Duration = Duration::from_secs(30 * 86_400);

    /// Keeps sessions this long past their expiry, and past the last time they were written.
    ///
    /// # Errors
    ///
    /// Under 10 minutes, as for every age here.
    pub fn with_grace(self, grace: Duration) -> Result<Self, PolicyError> {
        Ok(Policy { grace: checked("grace", grace)?, ..self })
    }

    /// Removes what was not written for this long, expired or not.
    ///
    /// # Errors
    ///
    /// Under 10 minutes.
    pub fn with_idle(self, idle: Option<Duration>) -> Result<Self, PolicyError> {
        Ok(Policy { idle: idle.map(|idle| checked("idle", idle)).transpose()?, ..self })
    }

    /// Keeps sessions without `expires` this long, where 1.9.1 or later wrote them.
    ///
    /// # Errors
    ///
    /// Under 10 minutes.
    pub fn with_no_expires(self, no_expires: Duration) -> Result<Self, PolicyError> {
        Ok(Policy { no_expires: checked("no_expires", no_expires)?, ..self })
    }

    /// Keeps half-written files this long.
    ///
    /// # Errors
    ///
    /// Under 10 minutes.
    pub fn with_stale_temp(self, stale_temp: Duration) -> Result<Self, PolicyError> {
        Ok(Policy { stale_temp: checked("stale_temp", stale_temp)?, ..self })
    }

    /// Removes unreadable sessions older than this; `None` keeps them. Where only the wish is given and no age,
    /// [`Policy::grace`] is the least that is safe.
    ///
    /// # Errors
    ///
    /// Under 10 minutes.
    pub fn with_unreadable(self, unreadable: Option<Duration>) -> Result<Self, PolicyError> {
        Ok(Policy { unreadable: unreadable.map(|age| checked("unreadable", age)).transpose()?, ..self })
    }

    /// Refuses a run that would remove more than this for other reasons than expiry.
    #[must_use]
    pub fn with_max_delete(self, max_delete: Limit) -> Self {
        Policy { max_delete, ..self }
    }

    /// See [`Policy::with_grace`].
    pub fn grace(&self) -> Duration {
        self.grace
    }

    /// See [`Policy::with_idle`].
    pub fn idle(&self) -> Option<Duration> {
        self.idle
    }

    /// See [`Policy::with_no_expires`].
    pub fn no_expires(&self) -> Duration {
        self.no_expires
    }

    /// See [`Policy::with_stale_temp`].
    pub fn stale_temp(&self) -> Duration {
        self.stale_temp
    }

    /// See [`Policy::with_unreadable`].
    pub fn unreadable(&self) -> Option<Duration> {
        self.unreadable
    }

    /// Nothing is guarded: everything was asked for, and no limit named.
    #[must_use]
    pub fn without_max_delete(self) -> Self {
        Policy { max_delete: Limit::Count(u64::MAX), ..self }
    }

    /// See [`Policy::with_max_delete`].
    pub fn max_delete(&self) -> Limit {
        self.max_delete
    }
}

fn checked(what: &'static str, given: Duration) -> Result<Duration, PolicyError> {
    if given < SHORTEST { Err(PolicyError { what, given }) } else { Ok(given) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_under_ten_minutes_are_refused() {
        let policy = Policy::default();
        let (short, long) = (Duration::from_secs(599), Duration::from_secs(600));
        assert!(policy.with_grace(short).is_err());
        assert_eq!(policy.with_grace(long).unwrap().grace(), long);
        let errors = [
            policy.with_grace(short),
            policy.with_idle(Some(short)),
            policy.with_no_expires(short),
            policy.with_stale_temp(short),
            policy.with_unreadable(Some(short)),
        ];
        let names: Vec<_> = errors.into_iter().map(|error| error.unwrap_err().what).collect();
        assert_eq!(names, ["grace", "idle", "no_expires", "stale_temp", "unreadable"]);
        let text = policy.with_grace(short).unwrap_err().to_string();
        assert_eq!(text, "grace is 9 m 59 s, but must be at least 10 m: a request in flight can save late");
    }
}
