//! Simulates two wikis: a user goes from A to B, and back.
//!
//! A browser ([`crate::browser::Jar`]) and the two wikis ([`crate::moin::Handler`])
//! exchange requests, and the state of the browser and the stores afterwards shows the effect. The result depends on the
//! behaviors of the two wikis, on whether they have the same storage and users, and on the relation of their addresses. So
//! equal pairs are simulated once, see [`super::Model`].

use super::effect::{By, Effect, NewLogin};
use super::relation::{cookie, same_cookie};
use super::site::{NOW, Site};
use super::verdict::As;
use crate::browser::{Cookie, Jar};
use crate::moin::Visitor;
use crate::simulate::{Exchanged, Person, Site as Wiki};

/// The smallest difference of lifetimes that counts, in seconds: from 1.9.2 on, lifetimes begin with the minute.
const GRID: f64 = 60.0;

/// The result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Meeting {
    /// Whether the session continues at A.
    pub(super) at_home: bool,
    /// Whether it continues at B.
    pub(super) shared: bool,
    /// Whether it continues at B for users who visited B before.
    pub(super) shared_after_visit: bool,
    /// The worst effect.
    pub(super) effect: Option<Effect>,
}

impl Meeting {
    /// The result for two wikis that never affect each other.
    pub(super) const APART: Meeting =
        Meeting { at_home: true, shared: false, shared_after_visit: false, effect: None };
}

/// Simulates a pair.
pub(super) fn meet(from: &Site, to: &Site, visitor: As, browser: &Jar) -> Meeting {
    let Some(ours) = cookie(from) else { return Meeting::APART };
    let (a, b) = (from.acted(), to.acted());
    let stage = Stage { a: &a, b: &b, ours, theirs: cookie(to), visitor, browser };
    let mut person = stage.person();
    let Some(session) = stage.begin(&mut person, &a) else {
        return Meeting { at_home: false, ..Meeting::APART };
    };
    let mut at_b = person.clone();
    let shared = stage.goes_on(&at_b.visit(&b), &at_b, &b, &session);
    // The worst first: that a login is lost, then that it ends earlier, then that B's own is not seen.
    let visit = stage.effect_of_visit(&person, &at_b, &session, shared);
    let shorter = visit.filter(|effect| *effect == Effect::Shortens);
    let loss = visit.filter(|effect| *effect != Effect::Shortens);
    let loss = loss.or_else(|| stage.effect_of_login(&at_b, &session).filter(|_| !shared));
    let (shared_after_visit, later) = stage.having_been_there();
    let loss = loss.or(later);
    let both = if loss.is_none() { stage.logged_in_there() } else { None };
    let effect = loss.or(both.filter(|effect| *effect != Effect::Hides)).or(shorter).or(both);
    Meeting { at_home: true, shared, shared_after_visit, effect }
}

/// What users do at C so that the login that A and B share is anonymous at B, although they are still logged in at A;
/// `None` if C does not interfere.
pub(super) fn third_comes_between(from: &Site, to: &Site, by: &Site, browser: &Jar) -> Option<By> {
    let ours = cookie(from)?;
    let (a, b, c) = (from.acted(), to.acted(), by.acted());
    let stage = Stage { a: &a, b: &b, ours, theirs: cookie(to), visitor: As::User, browser };
    let hidden = |person: Person| person.clone().visit(&a).knows() && !person.clone().visit(&b).knows();
    let log_in_at = |person: &Person, wiki: &Wiki| {
        let mut person = person.clone();
        person.log_in(wiki);
        person
    };
    let visit_twice = |person: &Person, wiki: &Wiki| {
        let mut person = person.clone();
        person.visit(wiki);
        person.visit(wiki);
        person
    };
    let (fresh, at_home) = (stage.person(), log_in_at(&stage.person(), &a));
    if hidden(at_home.clone()) {
        return None;
    }
    if hidden(log_in_at(&visit_twice(&fresh, &c), &a)) || hidden(visit_twice(&at_home, &c)) {
        return Some(By::Visit);
    }
    let logged_in = hidden(log_in_at(&log_in_at(&fresh, &c), &a)) || hidden(log_in_at(&at_home, &c));
    logged_in.then_some(By::Login)
}

/// Simulates logins at A, at B, and again at A. `None` if A starts no session.
pub(super) fn after_new_login(from: &Site, to: &Site, browser: &Jar) -> Option<NewLogin> {
    let ours = cookie(from)?;
    let (a, b) = (from.acted(), to.acted());
    let stage = Stage { a: &a, b: &b, ours, theirs: cookie(to), visitor: As::User, browser };
    let mut person = stage.person();
    stage.begin(&mut person, &a)?;
    person.log_in(&b);
    person.log_in(&a);
    let knows = |wiki: &Wiki| person.clone().visit(wiki).knows();
    Some(NewLogin { here: knows(&a), there: knows(&b) })
}

/// The id of a session; empty if the cookie is the session.
type Session = String;

struct Stage<'a> {
    a: &'a Wiki,
    b: &'a Wiki,
    /// The cookie of A's, as a fresh browser stores it.
    ours: &'a Cookie,
    /// That of B's, if there is any.
    theirs: Option<&'a Cookie>,
    visitor: As,
    /// An empty one.
    browser: &'a Jar,
}

impl Stage<'_> {
    fn person(&self) -> Person {
        let visitor = match self.visitor {
            As::User => Visitor::User,
            As::Anonymous => Visitor::Anonymous,
        };
        Person::new(NOW, self.browser, visitor).in_a_hurry()
    }

    /// Starts a session at a wiki; `None` if no session continues on the next page.
    fn begin(&self, person: &mut Person, wiki: &Wiki) -> Option<Session> {
        let first = match self.visitor {
            As::User => person.log_in(wiki),
            As::Anonymous => {
                person.visit(wiki);
                person.visit(wiki)
            }
        };
        let session = first.session().unwrap_or_default().to_owned();
        let next = person.clone().visit(wiki);
        let stays = match self.visitor {
            As::User => next.knows(),
            As::Anonymous => !session.is_empty() && next.session() == Some(session.as_str()),
        };
        stays.then_some(session)
    }

    /// Whether `wiki` continues a session that A started.
    fn goes_on(&self, answer: &Exchanged, person: &Person, wiki: &Wiki, session: &str) -> bool {
        match self.visitor {
            As::User => answer.knows(),
            As::Anonymous => answer.session() == Some(session) && person.world.have_one_store(self.a, wiki),
        }
    }

    /// The effect of a visit to B, if the session does not continue at A, or not as long.
    fn effect_of_visit(
        &self,
        before: &Person,
        after: &Person,
        session: &str,
        shared: bool,
    ) -> Option<Effect> {
        let mut back = after.clone();
        let answer = back.visit(self.a);
        if self.goes_on(&answer, &back, self.a, session) {
            // A page of A's gives it its own lifetime again.
            let (old, new) = (self.cookie(before)?, self.cookie(after)?);
            let ends = |cookie: &Cookie| cookie.expires.unwrap_or(f64::INFINITY);
            let shorter = !shared && self.visitor == As::User && ends(new) + GRID < ends(old);
            return shorter.then_some(Effect::Shortens);
        }
        self.what_happened(before, after, session, By::Visit)
    }

    /// The effect of a login at B, if a visit has none.
    fn effect_of_login(&self, at_b: &Person, session: &str) -> Option<Effect> {
        if self.visitor == As::Anonymous {
            return None;
        }
        let mut after = at_b.clone();
        after.log_in(self.b);
        let mut back = after.clone();
        if self.goes_on(&back.visit(self.a), &back, self.a, session) {
            return None;
        }
        self.what_happened(at_b, &after, session, By::Login)
    }

    /// How the session was lost.
    fn what_happened(&self, before: &Person, after: &Person, session: &str, by: By) -> Option<Effect> {
        let stored = |person: &Person| {
            let items = person.world.session_of(self.a, session);
            items.is_some_and(|items| self.visitor == As::Anonymous || items.contains_key("user.id"))
        };
        let Some(old) = self.cookie(before) else { return Some(Effect::Covers(by)) };
        let new = self.cookie(after);
        if self.visitor == As::Anonymous {
            // Only the end of an anonymous session is a loss. A new one is as good.
            let gone = new.is_none() && after.world.jar().all().iter().all(|cookie| cookie.name != old.name);
            return match new {
                None if gone && stored(before) && !stored(after) => {
                    Some(Effect::DeletesSession { cookie: true, by })
                }
                None if gone => Some(Effect::DeletesCookie(by)),
                Some(new) if new.secure && !old.secure => Some(Effect::MakesSecure(by)),
                _ => None,
            };
        }
        if stored(before) && !stored(after) {
            return Some(Effect::DeletesSession { cookie: new.is_none(), by });
        }
        Some(match new {
            None => Effect::DeletesCookie(by),
            Some(new) if new.value != old.value => Effect::Overwrites(by),
            Some(new) if new.secure && !old.secure && !self.a.root.is_secure() => Effect::MakesSecure(by),
            Some(_) => Effect::Covers(by),
        })
    }

    /// After a visit to B, a user starts a session at A: whether it continues at B, and why it does not continue at A.
    fn having_been_there(&self) -> (bool, Option<Effect>) {
        let mut person = self.person();
        person.visit(self.b);
        person.visit(self.b);
        let refused = self.refuses(&person);
        let Some(session) = self.begin(&mut person, self.a) else {
            let effect = if refused { Effect::Bars(By::Visit) } else { Effect::Spoils(By::Visit) };
            return (false, Some(effect));
        };
        (self.goes_on(&person.visit(self.b), &person, self.b, &session), None)
    }

    /// The effect on users who log in at B and then at A.
    fn logged_in_there(&self) -> Option<Effect> {
        if self.visitor == As::Anonymous {
            return None;
        }
        let mut person = self.person();
        let there = self.begin(&mut person, self.b)?;
        let theirs = self.theirs?;
        let theirs = person.world.jar().all().iter().find(|cookie| is_one(cookie, theirs))?.clone();
        let refused = self.refuses(&person);
        if self.begin(&mut person, self.a).is_none() {
            return Some(if refused { Effect::Bars(By::Login) } else { Effect::Spoils(By::Login) });
        }
        // Only effects of A's cookie itself. Effects of A on B's cookie are those of the opposite pair.
        let cookies = person.world.jar().all();
        let untouched = cookies.iter().any(|cookie| {
            is_one(cookie, &theirs) && (&cookie.value, cookie.secure) == (&theirs.value, theirs.secure)
        });
        let items = person.world.session_of(self.b, &there);
        let lost = !there.is_empty() && !items.is_some_and(|items| items.contains_key("user.id"));
        (untouched && !lost && !person.visit(self.b).knows()).then_some(Effect::Hides)
    }

    /// Whether the browser rejects A's cookie at a login.
    fn refuses(&self, person: &Person) -> bool {
        let mut other = person.clone();
        let answer = match self.visitor {
            As::User => other.log_in(self.a),
            As::Anonymous => other.visit(self.a),
        };
        answer.rejected().is_some()
    }

    /// The cookie of A's in the browser.
    fn cookie<'p>(&self, person: &'p Person) -> Option<&'p Cookie> {
        person.world.jar().all().iter().find(|cookie| is_one(cookie, self.ours))
    }
}

/// Whether two cookies are the same cookie for the browser: name, domain, host-only flag, and path.
fn is_one(a: &Cookie, b: &Cookie) -> bool {
    a.name == b.name && same_cookie(a, b)
}
