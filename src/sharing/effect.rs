//! What B does to A's login when it gets A's cookie and can't use it.
//!
//! Measured on running wikis of 1.7.3 to 1.9.11: log in at A, visit B with A's cookie, go back to A.
//!
//! | differs at B | 1.9.2 to 1.9.11 | 1.9.0, 1.9.1 | 1.7, 1.8 |
//! |---|---|---|---|
//! | session storage; B has no anonymous sessions | deletes the cookie | nothing | nothing |
//! | session storage; B has anonymous sessions | re-sends the id with the anonymous lifetime | same | same |
//! | user directory, or B lacks the login method | deletes cookie and session file | same | deletes the session file |
//!
//! That was with the same cookie name, domain and path at both. A browser deletes and replaces only what agrees in all
//! three (RFC 6265bis 5.7), so where B sends another domain or path its answer misses A's cookie. 2.0, which has no session
//! files, was read from its sources. `simulate` acts all of this out, and a test there holds the two to each other.

use std::fmt;

use super::As;
use super::site::{Left, Site, Storage};
use crate::browser::Cookie;
use crate::moin::{Behaviour, Duplicate, Lifetime, lifetimes};

/// A harm.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// B deletes the cookie (1.9.2 and later): one visit to B logs out of A.
    DeletesCookie {
        /// The wiki visited.
        to: String,
        /// The wiki that loses its login, or its anonymous session.
        from: String,
        /// Whether a login is lost.
        login: bool,
    },
    /// B sends the same id again with its anonymous lifetime.
    Shortens {
        /// The wiki visited.
        to: String,
        /// The wiki that loses its login.
        from: String,
        /// After how many seconds.
        seconds: f64,
    },
    /// B finds the session but not its user: it deletes the session file, from 1.9 on the cookie too.
    DeletesSession {
        /// The wiki visited.
        to: String,
        /// Whether the cookie goes too.
        cookie: bool,
    },
    /// B can't use the id and puts its own in its place.
    Overwrites {
        /// The wiki visited.
        to: String,
        /// The wiki that loses its login.
        from: String,
    },
    /// B sends the cookie again as Secure, and A is visited over http (acted out, not measured).
    MakesSecure {
        /// The wiki visited.
        to: String,
        /// The wiki that loses its login.
        from: String,
    },
    /// A's cookie stands in front of B's own.
    Hides {
        /// The wiki whose own cookie is hidden.
        to: String,
        /// The wiki whose cookie hides it.
        from: String,
    },
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Effect::DeletesCookie { to, from, login: true } => {
                write!(f, "one visit to {to} deletes the cookie and logs out of {from}")
            }
            Effect::DeletesCookie { to, from, login: false } => {
                write!(f, "one visit to {to} deletes the cookie and ends the anonymous session of {from}")
            }
            Effect::Shortens { to, from, seconds } => write!(
                f,
                "one visit to {to} gives the cookie the anonymous lifetime: the login at {from} then ends after {} \
                 unless {from} is visited again",
                hours(*seconds)
            ),
            Effect::DeletesSession { to, cookie: true } => {
                write!(f, "one visit to {to} deletes cookie and session file: logged out everywhere")
            }
            Effect::DeletesSession { to, cookie: false } => {
                write!(f, "one visit to {to} deletes the session file: logged out everywhere")
            }
            Effect::MakesSecure { to, from } => write!(
                f,
                "one visit to {to} makes the cookie Secure: the browser no longer sends it to {from}, which is visited over http"
            ),
            Effect::Overwrites { to, from } => {
                write!(f, "a login at {to} replaces the cookie and logs out of {from}")
            }
            Effect::Hides { to, from } => {
                write!(
                    f,
                    "whoever is logged in at {to} and then logs in at {from} is anonymous at {to}: it takes the other cookie"
                )
            }
        }
    }
}

/// A number of seconds in hours or minutes.
fn hours(seconds: f64) -> String {
    if seconds < 3600.0 { format!("{:.0} min", seconds / 60.0) } else { format!("{} h", seconds / 3600.0) }
}

/// Whether two cookies are one for the browser: the same name, domain, host-only flag and path.
pub(super) fn same_cookie(a: &Cookie, b: &Cookie) -> bool {
    a.name == b.name && a.domain == b.domain && a.host_only == b.host_only && a.path == b.path
}

/// Whether of `earlier` and `later`, two cookies of one name in one header, the wiki takes `earlier`.
///
/// A longer path comes first, then the one created earlier (RFC 6265bis 5.8.3).
pub(super) fn order(earlier: &Cookie, later: &Cookie, takes: Duplicate) -> bool {
    let earlier_first = earlier.path.len() >= later.path.len();
    earlier_first == (takes == Duplicate::First)
}

/// What B does to A's login although it shares it: it sends the cookie again, with the Secure of its own requests.
pub(super) fn effect_of_sharing(from: &Site, to: &Site) -> Option<Effect> {
    let (Left::Cookie(theirs), Left::Cookie(own)) = (from.left(As::User), to.left(As::User)) else {
        return None;
    };
    let lost = same_cookie(theirs, own) && own.secure && !from.target.is_secure();
    lost.then(|| Effect::MakesSecure { to: to.name.clone(), from: from.name.clone() })
}

/// What B does to A's login when `step` failed; `None` if it does no harm.
pub(super) fn effect(from: &Site, to: &Site, visitor: As, step: usize) -> Option<Effect> {
    let Left::Cookie(theirs) = from.left(visitor) else { return None };
    match (step, visitor) {
        (4, As::User) => no_session(from, to, theirs),
        // Of an anonymous session only its end is a loss; a shorter or another one is as good.
        (4, As::Anonymous) => match no_session(from, to, theirs)? {
            Effect::DeletesCookie { to, from, .. } => Some(Effect::DeletesCookie { to, from, login: false }),
            _ => None,
        },
        (5, As::User) if to.behaviour() == Behaviour::V2 => no_user(from, to, theirs),
        (5, As::User) => {
            let own = own(to).is_some_and(|own| same_cookie(theirs, own));
            let cookie = to.behaviour() >= Behaviour::V1_9_0 && own;
            Some(Effect::DeletesSession { to: to.name.clone(), cookie })
        }
        _ => None,
    }
}

/// What B would send, its own domain and path: to a user, as every wiki does that lets people log in.
fn own(to: &Site) -> Option<&Cookie> {
    match (to.left(As::User), to.left(As::Anonymous)) {
        (Left::Cookie(own), _) | (_, Left::Cookie(own)) => Some(own),
        _ => None,
    }
}

/// Whether a login at A goes on under the id in B's cookie `own`, as A gets it and takes any id of its form. 1.9.0 takes
/// only ids that its process knows, and in 2.0 there are none.
pub(super) fn goes_along(own: &Cookie, from: &Site, to: &Site) -> bool {
    let taken = match from.behaviour() {
        Behaviour::V1_9_0 => to.behaviour() == Behaviour::V1_9_0,
        Behaviour::V2 => false,
        _ => from.id_form.accepts(to.id_form),
    };
    taken && from.receives(own)
}

/// 2.0 has no session file. A user it does not know it takes out of the cookie, which it sends back; one who came by a
/// method it does not have it leaves there.
fn no_user(from: &Site, to: &Site, theirs: &Cookie) -> Option<Effect> {
    let place = |site: &Site| site.users.as_ref().map(|(_, place)| place.clone());
    let looked_up = from.auth.iter().all(|method| to.auth.contains(method));
    let own = own(to).is_some_and(|own| same_cookie(theirs, own));
    (own && looked_up && place(from) != place(to)).then(|| Effect::DeletesCookie {
        to: to.name.clone(),
        from: from.name.clone(),
        login: true,
    })
}

/// The rows of the table in which the session storage differs.
fn no_session(from: &Site, to: &Site, theirs: &Cookie) -> Option<Effect> {
    let (to_name, from_name) = (to.name.clone(), from.name.clone());
    let own = own(to)?;
    if !same_cookie(theirs, own) {
        // Nothing B sends touches A's cookie, but A's may stand in front of B's own.
        let hides =
            to.receives(own) && !goes_along(own, from, to) && !order(own, theirs, to.settings.takes());
        return hides.then_some(Effect::Hides { to: to_name, from: from_name });
    }
    let other_kind = !to.id_form.accepts(from.id_form)
        || matches!((&from.storage, &to.storage), (Storage::Cookie(_), _) | (_, Storage::Cookie(_)));
    if other_kind {
        return Some(Effect::Overwrites { to: to_name, from: from_name });
    }
    if to.has_anonymous_sessions() {
        let seconds = match lifetimes(&to.settings).map(|lifetimes| lifetimes.anonymous) {
            Ok(Lifetime::Seconds(seconds)) => seconds,
            _ => 0.0,
        };
        return Some(Effect::Shortens { to: to_name, from: from_name, seconds });
    }
    // Up to 1.9.1 B sends nothing and A is unharmed.
    (to.behaviour() >= Behaviour::V1_9_2).then_some(Effect::DeletesCookie {
        to: to_name,
        from: from_name,
        login: true,
    })
}
