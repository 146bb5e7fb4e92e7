//! Simulates a user with old cookies, and judges the effect.

use super::super::event::time;
use super::super::person::Person;
use super::super::step::Exchanged;
use super::super::wiki::{Dir, Site};
use super::case::{Case, CookieKey, InHeader, Reason, Verdict, Way};
use super::pair::Seat;
use crate::browser::Cookie;
use crate::moin::{Behavior, Duplicate, Visitor, id_form};

/// A user visits a wiki, logs in if necessary, and logs out.
#[derive(Debug)]
pub(super) struct Course {
    first: Exchanged,
    /// Whether the user is logged in on the pages after logging in.
    again: bool,
    /// Whether the user is logged in on the pages after logging out.
    ghost: bool,
    /// The last page before logging out.
    last: Exchanged,
    rejected: Option<String>,
    /// All cookies before logging out.
    jar: Vec<Cookie>,
}

impl Course {
    pub(super) fn run(mut person: Person, site: &Site) -> Course {
        let first = person.visit(site);
        let mut rejected = first.rejected();
        if !first.knows() {
            rejected = person.log_in(site).rejected().or(rejected);
        }
        let second = person.visit(site);
        let last = person.visit(site);
        let again = second.knows() && last.knows();
        let jar = person.world.jar.all().to_vec();
        person.log_out(site);
        let ghost = person.visit(site).knows() || person.visit(site).knows();
        Course { first, again, ghost, last, rejected, jar }
    }

    /// Whether the user is logged in on the pages after logging in.
    pub(super) fn again(&self) -> bool {
        self.again
    }
}

/// The state before the change.
pub(super) struct Before<'a> {
    /// The cookie of the old wiki; `None` if it sent none.
    pub(super) cookie: Option<&'a Cookie>,
    /// Whether the wiki knew the user, or kept the session of the anonymous visitor.
    pub(super) known: bool,
    /// The wiki that created the session.
    pub(super) site: &'a Site,
}

/// Judges a course by comparing it with the same course in a fresh browser. `ours` is the cookie that the new wiki sets.
pub(super) fn judge(
    course: &Course,
    control: &Course,
    before: &Before<'_>,
    seat: &Seat,
    ours: Option<&Cookie>,
    (visitor, way): (Visitor, Way),
) -> Case {
    let new = &seat.new;
    let ours = ours.map(CookieKey::of);
    let name = new.settings().session_cookie_name();
    let is_old = |cookie: &CookieKey| ours.as_ref().is_none_or(|ours| !ours.is_same(cookie));
    let cookies = of_name(&course.last, new, &name, is_old);
    let shadowed =
        cookies.iter().any(|cookie| cookie.picked && cookie.old) && cookies.iter().any(|cookie| !cookie.old);
    let continued = match visitor {
        Visitor::Anonymous if new.behavior() >= Behavior::V2 => {
            let sent = course.first.visit.sent.iter().find(|cookie| cookie.name == name.as_bytes());
            let both = sent.zip(before.cookie);
            both.is_some_and(|(sent, old)| CookieKey::of(old).is_same(&CookieKey::of(sent)))
                && new.handler.has_key_of(&before.site.handler)
        }
        Visitor::Anonymous => {
            let id = before.cookie.map(|cookie| String::from_utf8_lossy(&cookie.value).into_owned());
            let directory_identity = before.site.sessions.as_ref().map(|dir| &dir.identity)
                == new.sessions.as_ref().map(|dir| &dir.identity);
            id.is_some_and(|id| course.first.session() == Some(&id)) && directory_identity
        }
        _ => course.first.knows(),
    };
    let failure = course.first.failure().or(course.last.failure());
    let (verdict, reason) = if let Some(failure) = failure {
        (Verdict::Fails, Reason::Failure(failure.to_string()))
    } else if !control.again {
        let why = control.rejected.clone().map_or(Reason::Acted, Reason::Refused);
        (Verdict::NobodyLogsIn, why)
    } else if !course.again {
        let why = match &course.rejected {
            Some(why) if !shadowed => Reason::Refused(why.clone()),
            _ if cookies.iter().any(|cookie| cookie.old && cookie.picked) => Reason::Shadowed,
            _ => Reason::Acted,
        };
        (Verdict::StuckAtLogin, why)
    } else if course.ghost && !control.ghost {
        (Verdict::CannotLogOut, Reason::OldStays)
    } else if before.known && !continued {
        let why = why_lost(&course.first, before, new);
        (if visitor == Visitor::Anonymous { Verdict::TrailLost } else { Verdict::LoggedOut }, why)
    } else {
        (Verdict::Kept, Reason::None)
    };
    let stale = course.jar.iter().filter(|cookie| cookie.name == name.as_bytes());
    let stale: Vec<_> = stale.filter(|cookie| is_old(&CookieKey::of(cookie))).collect();
    let matters = !cookies.is_empty() || verdict > Verdict::LoggedOut;
    let until = stale.iter().filter_map(|cookie| cookie.expires).reduce(f64::max).filter(|_| matters);
    Case {
        visitor,
        way,
        verdict,
        explanation: reason.to_string(),
        reason,
        cookies,
        shadowed,
        until: until.map(f64::floor),
        until_at: until.map(time),
    }
}

/// The cookies of that name in a request, if there are several.
fn of_name(
    exchanged: &Exchanged,
    site: &Site,
    name: &str,
    is_old: impl Fn(&CookieKey) -> bool,
) -> Vec<InHeader> {
    let sent = exchanged.visit.sent.iter().filter(|cookie| cookie.name == name.as_bytes());
    let mut cookies: Vec<InHeader> = sent
        .map(|cookie| {
            let cookie = CookieKey::of(cookie);
            InHeader { old: is_old(&cookie), cookie, picked: false }
        })
        .collect();
    let picked = match site.settings().takes() {
        Duplicate::First => cookies.first_mut(),
        Duplicate::Last => cookies.last_mut(),
    };
    if let Some(picked) = picked {
        picked.picked = true;
    }
    if cookies.len() > 1 { cookies } else { Vec::new() }
}

/// Why a session does not continue.
fn why_lost(first: &Exchanged, before: &Before<'_>, new: &Site) -> Reason {
    let Some(cookie) = before.cookie else { return Reason::Acted };
    let is_it = |other: &Cookie| CookieKey::of(other).is_same(&CookieKey::of(cookie));
    if !first.visit.sent.iter().any(is_it) {
        let withheld = first.visit.withheld.iter().find(|withheld| is_it(&withheld.cookie));
        return withheld.map_or(Reason::Acted, |withheld| Reason::NotSent(withheld.reason.explanation()));
    }
    let name = new.settings().session_cookie_name();
    if cookie.name != name.as_bytes() {
        return Reason::Name { old: CookieKey::of(cookie).name, new: name };
    }
    let (was, is) = (before.site.settings().version, new.settings().version);
    if id_form(was) != id_form(is) && !(fits(was.behavior()) && fits(is.behavior())) {
        return Reason::IdForm(is.to_string());
    }
    if new.behavior() >= Behavior::V2 && !new.handler.has_key_of(&before.site.handler) {
        return Reason::Key;
    }
    let moved = |was: &Dir, is: &Dir| was.identity != is.identity;
    if let (Some(was), Some(is)) = (&before.site.sessions, &new.sessions)
        && moved(was, is)
    {
        return Reason::Storage(was.path.display().to_string(), is.path.display().to_string());
    }
    if moved(&before.site.users, &new.users) {
        let path = |site: &Site| site.users.path.display().to_string();
        return match new.behavior() >= Behavior::V2 {
            true => Reason::NoProfile(path(new)),
            false => Reason::Users(path(before.site), path(new)),
        };
    }
    let method = before.site.handler.auth().first();
    match method.filter(|method| !new.handler.auth().contains(method)) {
        Some(method) => Reason::Method(method.clone()),
        None => Reason::Acted,
    }
}

/// Whether ids are 40 hexadecimal digits. Wikis of 1.9 create them in lower case, but some accept both cases.
fn fits(behavior: Behavior) -> bool {
    (Behavior::V1_9_0..Behavior::V2).contains(&behavior)
}

/// A user logs in at a neighbor, visits this wiki, goes back, and logs out here.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Round {
    here: bool,
    there: bool,
    again: bool,
    ghost: bool,
    ghost_there: bool,
    cookies: Vec<InHeader>,
    until: Option<u64>,
}

impl Round {
    pub(super) fn run(mut person: Person, there: &Site, here: &Site, ours: Option<&Cookie>) -> Round {
        if !person.visit(there).knows() {
            person.log_in(there);
            person.visit(there);
        }
        let name = here.settings().session_cookie_name();
        let ours = ours.map(CookieKey::of);
        let is_old = |cookie: &CookieKey| ours.as_ref().is_none_or(|ours| !ours.is_same(cookie));
        let come = person.visit(here);
        let is_there = person.visit(there).knows();
        let again = come.knows() || {
            person.log_in(here);
            person.visit(here).knows() && person.visit(here).knows()
        };
        let stale = person.world.jar.all().iter().filter(|cookie| cookie.name == name.as_bytes());
        let stale = stale.filter(|cookie| is_old(&CookieKey::of(cookie)));
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a time after the epoch; out of range it saturates"
        )]
        let until = stale.filter_map(|cookie| cookie.expires).reduce(f64::max).map(|until| until as u64);
        person.log_out(here);
        let ghost = person.visit(here).knows();
        let ghost_there = person.visit(there).knows();
        Round {
            here: come.knows(),
            there: is_there,
            again,
            ghost,
            ghost_there,
            cookies: of_name(&come, here, &name, is_old),
            until,
        }
    }

    /// The problem that a fresh browser does not have, if any.
    pub(super) fn worse(self, control: &Round, visitor: Visitor, way: Way) -> Option<Case> {
        let (verdict, reason) = if control.again && !self.again {
            (Verdict::StuckAtLogin, Reason::Shadowed)
        } else if (self.ghost && !control.ghost) || (self.ghost_there && !control.ghost_there) {
            (Verdict::CannotLogOut, Reason::OldStays)
        } else if control.there && !self.there {
            (Verdict::LogsOut, Reason::Overwrites)
        } else if control.here && !self.here {
            (Verdict::LoggedOut, Reason::Shadowed)
        } else {
            return None;
        };
        let shadowed = self.cookies.iter().any(|cookie| cookie.picked && cookie.old);
        #[expect(clippy::cast_precision_loss, reason = "400 days from now")]
        let until = self.until.map(|until| until as f64);
        let explanation = reason.to_string();
        Some(Case {
            visitor,
            way,
            verdict,
            reason,
            explanation,
            cookies: self.cookies,
            shadowed,
            until,
            until_at: until.map(time),
        })
    }
}
