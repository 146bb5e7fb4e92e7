//! Decides whether to keep or remove an entry, and why.

use std::time::Duration;

use crate::location::Layout;
use crate::moin::{Behavior, Version};
use crate::store::{Expires, Facts, Found, Session, TempFile, is_older, seconds};

use super::policy::Policy;
use super::reason::{Keep, Reason};

/// Changes which sessions a policy removes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Filter {
    /// Only sessions without a logged-in user. Keeps unreadable sessions and temporary files.
    pub anonymous: bool,
    /// All sessions, including live ones. Keeps sessions with an invalid `expires`, and unreadable sessions unless the
    /// policy removes them.
    pub all: bool,
}

/// The meaning of a session without `expires`, by the versions that write to the store.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum WithoutExpires {
    /// MoinMoin 1.9.1 and later: a new session, or a client that never came back. Removed after `no_expires`.
    Passing,
    /// MoinMoin 1.7 and 1.8: the wiki fails on it. Removed after 30 days.
    Broken,
    /// MoinMoin 1.9.0 never writes `expires`. Removed only by `idle`, and anonymous sessions by `anonymous`.
    #[default]
    Usual,
}

impl WithoutExpires {
    /// The meaning that keeps sessions longest among the versions. Without known wikis, `expires_seen` decides: a store in
    /// the layout of 1.9 in which no session has an `expires` may belong to 1.9.0.
    pub fn of(
        layout: Option<Layout>,
        versions: impl IntoIterator<Item = Version>,
        expires_seen: bool,
    ) -> Self {
        let by_version = versions.into_iter().filter_map(|version| match version.behavior() {
            Behavior::V1_9_0 => Some(WithoutExpires::Usual),
            Behavior::V1_7_0 | Behavior::V1_7_3 | Behavior::V1_8 => Some(WithoutExpires::Broken),
            Behavior::V2 | Behavior::V2Beta | Behavior::V2Dev => None,
            _ => Some(WithoutExpires::Passing),
        });
        let by_layout = match layout {
            Some(Layout::Moin18) => WithoutExpires::Broken,
            _ if expires_seen => WithoutExpires::Passing,
            _ => WithoutExpires::Usual,
        };
        by_version.max().unwrap_or(by_layout)
    }
}

/// The decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Keep it.
    Keep(Keep),
    /// Remove it.
    Remove(Reason),
}

/// Everything that a decision depends on, except the entry.
#[derive(Debug, Clone, Copy)]
pub struct Judge<'a> {
    /// How long entries are kept.
    pub policy: &'a Policy,
    /// Which sessions to remove.
    pub filter: Filter,
    /// The meaning of a session without `expires`.
    pub without_expires: WithoutExpires,
    /// The current time in unix seconds.
    pub now: i64,
}

impl Judge<'_> {
    /// Decides on an entry.
    pub fn verdict(&self, found: &Found) -> Verdict {
        match found {
            Found::Session(session) => self.session(session),
            Found::Temp(temp) => self.temp(temp),
            Found::Foreign(_) | Found::Failed { .. } => Verdict::Keep(Keep::NotOurs),
        }
    }

    /// Decides on a temporary file.
    pub fn temp(&self, temp: &TempFile) -> Verdict {
        if self.filter.anonymous {
            Verdict::Keep(Keep::Filtered)
        } else if self.is_stale(temp.modified) {
            Verdict::Remove(Reason::StaleTemp)
        } else {
            Verdict::Keep(Keep::YoungTemp)
        }
    }

    /// Decides on a session.
    pub fn session(&self, session: &Session) -> Verdict {
        match &session.facts {
            Ok(facts) => self.readable(facts, session.modified),
            Err(why) if !why.was_read() => Verdict::Keep(Keep::NotOurs),
            Err(_) if self.filter.anonymous => Verdict::Keep(Keep::Filtered),
            Err(_) => match self.policy.unreadable() {
                Some(age) if self.older(session.modified, age) => Verdict::Remove(Reason::Unreadable),
                _ => Verdict::Keep(Keep::Unreadable),
            },
        }
    }

    /// Whether a session with this last write is idle.
    pub(super) fn is_idle(&self, modified: i64) -> bool {
        self.policy.idle().is_some_and(|idle| self.older(modified, idle))
    }

    /// Whether a temporary file with this last write is stale.
    pub(super) fn is_stale(&self, modified: i64) -> bool {
        self.older(modified, self.policy.stale_temp())
    }

    /// Decides on a readable session with this last write.
    pub(super) fn readable(&self, facts: &Facts, modified: i64) -> Verdict {
        if self.filter.anonymous && facts.user.is_some() {
            return Verdict::Keep(Keep::Filtered);
        }
        let keep = match facts.expires {
            Expires::Invalid(_) => return Verdict::Keep(Keep::InvalidExpires),
            Expires::At(end) => match self.after(end) {
                Ok(()) if self.older(modified, self.policy.grace()) => {
                    return Verdict::Remove(Reason::Expired);
                }
                Ok(()) => Keep::JustWritten,
                Err(keep) => keep,
            },
            Expires::Absent if self.without_expires == WithoutExpires::Usual => Keep::UsualWithoutExpires,
            Expires::Absent => Keep::Young,
        };
        if self.filter.all {
            return Verdict::Remove(Reason::All);
        }
        // `idle` counts before the expiry: browsers drop every cookie after 400 days, and only the last write shows
        // when a session was used.
        if self.is_idle(modified) {
            return Verdict::Remove(Reason::Idle);
        }
        let without = match (facts.expires, self.without_expires) {
            (Expires::Absent, WithoutExpires::Passing) => Some((self.policy.no_expires(), Reason::NoExpires)),
            (Expires::Absent, WithoutExpires::Broken) => Some((Policy::BROKEN_AFTER, Reason::Broken)),
            (Expires::Absent, WithoutExpires::Usual) if facts.user.is_none() => {
                self.policy.anonymous_after().map(|age| (age, Reason::Anonymous))
            }
            _ => None,
        };
        match without {
            Some((age, reason)) if self.older(modified, age) => Verdict::Remove(reason),
            _ => Verdict::Keep(keep),
        }
    }

    /// Checks that `grace` after `end` has passed.
    fn after(&self, end: f64) -> Result<(), Keep> {
        let now = seconds(self.now);
        match end {
            end if now - end > self.policy.grace().as_secs_f64() => Ok(()),
            end if end < now => Err(Keep::InGrace),
            _ => Err(Keep::Live),
        }
    }

    fn older(&self, modified: i64, age: Duration) -> bool {
        is_older(modified, age, self.now)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::store::{EntryName, Stamp, Unreadable, UserRef};

    const NOW: i64 = 2_000_000_000;
    const HOUR: i64 = 3600;
    const DAY: i64 = 86_400;

    fn facts(expires: Expires, user: bool) -> Facts {
        let user = user.then(|| UserRef { id: "1.2.3".into(), auth_method: Some("moin".into()) });
        Facts { expires, user, setuid: None, trail: Vec::new(), globals: Vec::new() }
    }

    fn session(modified: i64, facts: Result<Facts, Unreadable>) -> Session {
        let id = EntryName::new(&[b'a'; 40]).unwrap();
        Session {
            id,
            inode: 0,
            modified,
            size: 1,
            bytes_on_disk: 512,
            access: None,
            stamp: Stamp::from_bits(0),
            trust: None,
            facts,
        }
    }

    fn days(days: u64) -> Duration {
        Duration::from_secs(days * 86_400)
    }

    #[test]
    fn verdict_follows_from_expiry_and_policy() {
        use Keep::{
            Filtered, InGrace, InvalidExpires, JustWritten, Live, NotOurs, UsualWithoutExpires, Young,
            YoungTemp,
        };
        use Verdict::{Keep as Keeps, Remove};
        use WithoutExpires::*;
        let plain = Policy::default();
        let idle = plain.with_idle(Some(days(400))).unwrap();
        let anonymous = plain.with_anonymous(Some(Duration::from_secs(1800)));
        let unreadable = plain.with_unreadable(Some(days(90))).unwrap();
        let at = |ago: i64| Expires::At((NOW - ago) as f64);
        // `expires`, seconds since the last write, policy, meaning of an absent `expires`, verdict.
        let table = [
            (at(HOUR + 1), HOUR + 1, plain, Passing, Remove(Reason::Expired)),
            (at(HOUR), 9 * HOUR, plain, Passing, Keeps(InGrace)),
            (at(30 * DAY), HOUR, plain, Passing, Keeps(JustWritten)),
            (at(30 * DAY), -DAY, plain, Passing, Keeps(JustWritten)),
            (at(-1), 9999 * DAY, plain, Passing, Keeps(Live)),
            (at(0), 9999 * DAY, plain, Passing, Keeps(Live)),
            (at(-DAY), 401 * DAY, idle, Passing, Remove(Reason::Idle)),
            (at(1), 401 * DAY, idle, Passing, Remove(Reason::Idle)),
            (at(401 * DAY), 401 * DAY, idle, Passing, Remove(Reason::Expired)),
            (at(-DAY), 400 * DAY, idle, Passing, Keeps(Live)),
            (Expires::Absent, DAY + 1, plain, Passing, Remove(Reason::NoExpires)),
            (Expires::Absent, DAY, plain, Passing, Keeps(Young)),
            (Expires::Absent, 9999 * DAY, plain, Usual, Keeps(UsualWithoutExpires)),
            (Expires::Absent, 401 * DAY, idle, Usual, Remove(Reason::Idle)),
            (Expires::Absent, HOUR + 1800, anonymous, Usual, Keeps(UsualWithoutExpires)),
            (Expires::Absent, HOUR + 1801, anonymous, Usual, Remove(Reason::Anonymous)),
            (Expires::Absent, HOUR + 1801, anonymous, Passing, Keeps(Young)),
            (at(-DAY), 9 * HOUR, anonymous, Usual, Keeps(Live)),
            (Expires::Absent, 30 * DAY, plain, Broken, Keeps(Young)),
            (Expires::Absent, 30 * DAY + 1, plain, Broken, Remove(Reason::Broken)),
            (Expires::Absent, 401 * DAY, idle, Broken, Remove(Reason::Idle)),
            (Expires::Invalid("None"), 9999 * DAY, idle, Passing, Keeps(InvalidExpires)),
            (Expires::At(-1e300), 9999 * DAY, plain, Passing, Remove(Reason::Expired)),
            (Expires::At(1e300), 9999 * DAY, plain, Passing, Keeps(Live)),
        ];
        for (expires, ago, policy, without_expires, expected) in table {
            let judge = Judge { policy: &policy, filter: Filter::default(), without_expires, now: NOW };
            let verdict = judge.session(&session(NOW - ago, Ok(facts(expires, false))));
            assert_eq!(verdict, expected, "{expires:?}, written {ago} s ago, {without_expires:?}");
            // With `all`, everything is removed except sessions with an invalid `expires`.
            let filter = Filter { all: true, anonymous: false };
            let judge = Judge { filter, ..judge };
            let all = judge.session(&session(NOW - ago, Ok(facts(expires, false))));
            match expected {
                Remove(Reason::Expired) | Keeps(InvalidExpires) => assert_eq!(all, expected),
                _ => assert_eq!(all, Remove(Reason::All)),
            }
            let filter = Filter { all: true, anonymous: true };
            let someone = Judge { filter, ..judge }.session(&session(NOW - ago, Ok(facts(expires, true))));
            assert_eq!(someone, Keeps(Filtered));
        }
        let usual = Judge { policy: &anonymous, filter: Filter::default(), without_expires: Usual, now: NOW };
        let login = session(NOW - 999 * DAY, Ok(facts(Expires::Absent, true)));
        assert_eq!(usual.session(&login), Keeps(UsualWithoutExpires), "a login");
        let judge = |policy| Judge { policy, filter: Filter::default(), without_expires: Passing, now: NOW };
        let broken = || Err(Unreadable::NotADict { found: "list" });
        let hard = || Err(Unreadable::Unsafe(crate::sys::NotOpened::HardLinked { links: 2 }));
        assert_eq!(judge(&plain).session(&session(0, broken())), Keeps(Keep::Unreadable));
        assert_eq!(judge(&unreadable).session(&session(NOW - 90 * DAY, broken())), Keeps(Keep::Unreadable));
        assert_eq!(
            judge(&unreadable).session(&session(NOW - 90 * DAY - 1, broken())),
            Remove(Reason::Unreadable)
        );
        assert_eq!(judge(&unreadable).session(&session(0, hard())), Keeps(NotOurs));
        let everything = Judge { filter: Filter { all: true, anonymous: false }, ..judge(&plain) };
        assert_eq!(everything.session(&session(0, broken())), Keeps(Keep::Unreadable));
        let temp = |ago: i64| TempFile {
            name: EntryName::new(b"tmpabcdef.__session").unwrap(),
            modified: NOW - ago,
            size: 0,
            bytes_on_disk: 0,
            stamp: Stamp::from_bits(0),
        };
        assert_eq!(judge(&plain).temp(&temp(DAY)), Keeps(YoungTemp));
        assert_eq!(judge(&plain).temp(&temp(DAY + 1)), Remove(Reason::StaleTemp));
    }

    #[test]
    fn absent_expires_has_the_meaning_that_keeps_sessions_longest() {
        use WithoutExpires::*;
        let of = |layout, versions: &[&str], seen| {
            WithoutExpires::of(layout, versions.iter().map(|version| version.parse().unwrap()), seen)
        };
        assert_eq!(of(Some(Layout::Moin19), &["1.9.11"], false), Passing);
        assert_eq!(of(Some(Layout::Moin19), &["1.9"], false), Passing);
        assert_eq!(of(Some(Layout::Moin19), &["1.9.11", "1.9.1"], true), Passing);
        assert_eq!(of(Some(Layout::Moin19), &["1.9.11", "1.9.0"], true), Usual);
        assert_eq!(of(Some(Layout::Moin18), &["1.8.7", "1.7.0"], true), Broken);
        assert_eq!(of(Some(Layout::Moin19), &[], true), Passing);
        assert_eq!(of(Some(Layout::Moin19), &[], false), Usual);
        assert_eq!(of(Some(Layout::Moin18), &[], false), Broken);
        assert_eq!(of(Some(Layout::Moin19), &["2.0"], false), Usual);
    }

    proptest! {
        #[test]
        fn live_session_is_removed_only_by_idle_or_all(
            left in 0i64..4_000_000_000, ago in -DAY..4_000_000_000i64, idle in prop::option::of(600u64..4_000_000_000),
            without in prop::sample::select(vec![WithoutExpires::Passing, WithoutExpires::Broken, WithoutExpires::Usual]),
        ) {
            let policy = Policy::default().with_idle(idle.map(Duration::from_secs)).unwrap();
            let judge = Judge { policy: &policy, filter: Filter::default(), without_expires: without, now: NOW };
            let live = session(NOW - ago, Ok(facts(Expires::At((NOW + left) as f64), false)));
            let unused = idle.is_some_and(|idle| ago > idle as i64);
            let expected = if unused { Verdict::Remove(Reason::Idle) } else { Verdict::Keep(Keep::Live) };
            prop_assert_eq!(judge.session(&live), expected);
        }
    }
}
