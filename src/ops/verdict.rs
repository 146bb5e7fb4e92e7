//! Keep or remove, and why: one pure decision an entry.

use std::time::Duration;

use crate::moin::{Behaviour, Version};
use crate::store::{Expires, Facts, Found, Layout, Session, TempFile, is_older, seconds};

use super::age::age_text;
use super::policy::Policy;

/// Narrows or widens what a policy removes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Filter {
    /// Only sessions in which nobody is logged in; what is not known to be such stays.
    pub anonymous: bool,
    /// Every session, the live ones too. Those with an invalid `expires` stay, and the unreadable ones unless the
    /// policy removes them.
    pub all: bool,
}

/// What a session without `expires` means in a store, by the versions that write there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WithoutExpires {
    /// From 1.9.1 on: a login seconds old, or a client that never came back. Goes after `no_expires`.
    Passing,
    /// 1.7 and 1.8: the wiki fails on it. Goes after 30 days.
    Broken,
    /// 1.9.0 never writes one: any session at all. Goes only by `idle`.
    Usual,
}

impl WithoutExpires {
    /// The mildest of what the versions call for; where no wiki is known, `expires_seen` decides: a store of 1.9 in
    /// which not one readable session has an `expires` may be one of 1.9.0.
    pub fn of(layout: Layout, versions: impl IntoIterator<Item = Version>, expires_seen: bool) -> Self {
        let by_version = versions.into_iter().filter_map(|version| match version.behaviour() {
            Behaviour::V1_9_0 => Some(WithoutExpires::Usual),
            Behaviour::V1_7_0 | Behaviour::V1_7_3 | Behaviour::V1_8 => Some(WithoutExpires::Broken),
            Behaviour::V2 => None,
            _ => Some(WithoutExpires::Passing),
        });
        let by_layout = match layout {
            Layout::Moin18 => WithoutExpires::Broken,
            _ if expires_seen => WithoutExpires::Passing,
            _ => WithoutExpires::Usual,
        };
        by_version.max().unwrap_or(by_layout)
    }
}

/// Why an entry is removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// It was over for longer than `grace`, and not written for as long.
    Expired,
    /// Not written for longer than `idle`.
    Idle,
    /// Without `expires`, written by 1.9.1 or later, and older than `no_expires`.
    NoExpires,
    /// Without `expires`, in a store of 1.7 or 1.8, and older than 30 days.
    Broken,
    /// Half-written, and older than `stale_temp`.
    StaleTemp,
    /// Unreadable, and older than the policy's `unreadable`.
    Unreadable,
    /// Everything was asked for.
    All,
}

impl Reason {
    /// All of them.
    pub const ALL: [Reason; 7] = [
        Reason::Expired,
        Reason::Idle,
        Reason::NoExpires,
        Reason::Broken,
        Reason::StaleTemp,
        Reason::Unreadable,
        Reason::All,
    ];

    /// A stable name: `expired`, `idle`, `no-expires`, `broken`, `stale-temp`, `unreadable`, `all`.
    pub fn name(self) -> &'static str {
        match self {
            Reason::Expired => "expired",
            Reason::Idle => "idle",
            Reason::NoExpires => "no-expires",
            Reason::Broken => "broken",
            Reason::StaleTemp => "stale-temp",
            Reason::Unreadable => "unreadable",
            Reason::All => "all",
        }
    }

    /// For people, `age` being the time since its expiry for [`Reason::Expired`], else since it was last written.
    pub fn sentence(self, age: Duration) -> String {
        let age = age_text(age);
        match self {
            Reason::Expired => format!("expired {age} ago"),
            Reason::Idle => format!("not written for {age}"),
            Reason::NoExpires => format!("without expires, and not written for {age}"),
            Reason::Broken => format!("without expires, so its wiki fails on it, and not written for {age}"),
            Reason::StaleTemp => format!("half-written, and left behind {age} ago"),
            Reason::Unreadable => format!("unreadable, and not written for {age}"),
            Reason::All => format!("everything is to go; not written for {age}"),
        }
    }

    /// Whether the policy's `max_delete` counts it: all but a session's own expiry.
    pub fn is_guarded(self) -> bool {
        self != Reason::Expired
    }
}

/// Why an entry is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Keep {
    /// It is valid.
    Live,
    /// It is over, but not for longer than `grace`.
    InGrace,
    /// It is over, but was written within `grace`.
    JustWritten,
    /// Without `expires`, which may be a login seconds old.
    Young,
    /// Without `expires`, as 1.9.0 writes them all.
    UsualWithoutExpires,
    /// Its `expires` is no finite number.
    InvalidExpires,
    /// Unreadable, and not asked for or too young.
    Unreadable,
    /// Half-written, perhaps just now.
    YoungTemp,
    /// Left out by a filter.
    Filtered,
    /// None of ours, or not to be looked at.
    NotOurs,
}

/// The decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It stays.
    Keep(Keep),
    /// It goes.
    Remove(Reason),
}

/// All that a decision depends on, beside the entry.
#[derive(Debug, Clone, Copy)]
pub struct Judge<'a> {
    /// For how long things are kept.
    pub policy: &'a Policy,
    /// What was asked for.
    pub filter: Filter,
    /// What a session without `expires` means here.
    pub without_expires: WithoutExpires,
    /// Seconds since 1970.
    pub now: i64,
}

impl Judge<'_> {
    /// Decides on any entry.
    pub fn verdict(&self, found: &Found) -> Verdict {
        match found {
            Found::Session(session) => self.session(session),
            Found::Temp(temp) => self.temp(temp),
            Found::Foreign(_) | Found::Failed { .. } => Verdict::Keep(Keep::NotOurs),
        }
    }

    /// Decides on a half-written file.
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

    /// Whether what was last written then is idle.
    pub(super) fn is_idle(&self, modified: i64) -> bool {
        self.policy.idle().is_some_and(|idle| self.older(modified, idle))
    }

    /// Whether a half-written file of then was left behind.
    pub(super) fn is_stale(&self, modified: i64) -> bool {
        self.older(modified, self.policy.stale_temp())
    }

    /// Decides on what was read and last written then.
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
        // The last write is all that tells the last use; that it has not expired says only what was promised. So
        // idle goes first: a cookie is gone from every browser after 400 days, whatever the session says.
        if self.is_idle(modified) {
            return Verdict::Remove(Reason::Idle);
        }
        let without = match (facts.expires, self.without_expires) {
            (Expires::Absent, WithoutExpires::Passing) => Some((self.policy.no_expires(), Reason::NoExpires)),
            (Expires::Absent, WithoutExpires::Broken) => Some((Policy::BROKEN_AFTER, Reason::Broken)),
            _ => None,
        };
        match without {
            Some((age, reason)) if self.older(modified, age) => Verdict::Remove(reason),
            _ => Verdict::Keep(keep),
        }
    }

    /// Whether the grace past `end` is over; else why it is kept.
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
