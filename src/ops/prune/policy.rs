//! How long sessions are kept, and how many may be removed at once.

use std::time::Duration;

use crate::farm::Limit;
use crate::text::age_text;

/// The minimum of all ages: a running request may still save its session.
const SHORTEST: Duration = Duration::from_secs(600);

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);

/// How long entries are kept. The `with_` functions, starting from [`Policy::default`], check every age.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Policy {
    grace: Duration,
    idle: Option<Duration>,
    no_expires: Duration,
    anonymous: Option<Duration>,
    stale_temp: Duration,
    unreadable: Option<Duration>,
    max_delete: Limit,
}

/// An age of a policy is shorter than 10 minutes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{what} is {}, but must be at least {}: a running request may still save its session",
    age_text(*given), age_text(SHORTEST)
)]
pub struct PolicyError {
    /// The name in the farm file.
    pub what: &'static str,
    /// The age given.
    pub given: Duration,
}

impl Default for Policy {
    /// `grace` 1 h, `idle` off, `no_expires` 1 d, `anonymous` off, `stale_temp` 1 d, `unreadable` off, `max_delete` 50 %.
    fn default() -> Self {
        Policy {
            grace: HOUR,
            idle: None,
            no_expires: DAY,
            anonymous: None,
            stale_temp: DAY,
            unreadable: None,
            max_delete: Limit::Share(0.5),
        }
    }
}

impl Policy {
    /// How long a session of MoinMoin 1.7 or 1.8 without `expires` is kept. The wiki fails on it, and the administrator
    /// may want to find out why.
    pub const BROKEN_AFTER: Duration = Duration::from_secs(30 * 86_400);

    /// Keeps sessions this long after their expiry and after their last write.
    ///
    /// # Errors
    ///
    /// If an age is shorter than 10 minutes.
    pub fn with_grace(self, grace: Duration) -> Result<Self, PolicyError> {
        Ok(Policy { grace: checked("grace", grace)?, ..self })
    }

    /// Removes sessions that were not written for this long, expired or not.
    ///
    /// # Errors
    ///
    /// If the age is shorter than 10 minutes.
    pub fn with_idle(self, idle: Option<Duration>) -> Result<Self, PolicyError> {
        Ok(Policy { idle: idle.map(|idle| checked("idle", idle)).transpose()?, ..self })
    }

    /// Keeps sessions without `expires` of MoinMoin 1.9.1 and later this long.
    ///
    /// # Errors
    ///
    /// If the age is shorter than 10 minutes.
    pub fn with_no_expires(self, no_expires: Duration) -> Result<Self, PolicyError> {
        Ok(Policy { no_expires: checked("no_expires", no_expires)?, ..self })
    }

    /// Removes anonymous sessions of MoinMoin 1.9.0, which have no `expires`, if they were not written for this long plus
    /// `grace`.
    #[must_use]
    pub fn with_anonymous(self, anonymous: Option<Duration>) -> Self {
        Policy { anonymous, ..self }
    }

    /// Keeps temporary files this long.
    ///
    /// # Errors
    ///
    /// If the age is shorter than 10 minutes.
    pub fn with_stale_temp(self, stale_temp: Duration) -> Result<Self, PolicyError> {
        Ok(Policy { stale_temp: checked("stale_temp", stale_temp)?, ..self })
    }

    /// Removes unreadable sessions older than this. `None` keeps them.
    ///
    /// # Errors
    ///
    /// If the age is shorter than 10 minutes.
    pub fn with_unreadable(self, unreadable: Option<Duration>) -> Result<Self, PolicyError> {
        Ok(Policy { unreadable: unreadable.map(|age| checked("unreadable", age)).transpose()?, ..self })
    }

    /// Refuses to remove more than this for reasons other than expiry.
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

    /// After what time without a write an anonymous session of MoinMoin 1.9.0 is removed; see [`Policy::with_anonymous`].
    pub fn anonymous_after(&self) -> Option<Duration> {
        self.anonymous.map(|anonymous| anonymous.saturating_add(self.grace))
    }

    /// See [`Policy::with_stale_temp`].
    pub fn stale_temp(&self) -> Duration {
        self.stale_temp
    }

    /// See [`Policy::with_unreadable`].
    pub fn unreadable(&self) -> Option<Duration> {
        self.unreadable
    }

    /// Removes the limit, for `--all`.
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
        assert_eq!(
            text,
            "grace is 9 m 59 s, but must be at least 10 m: a running request may still save its session"
        );
    }
}
