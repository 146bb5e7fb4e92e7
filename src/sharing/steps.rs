//! The six steps from one wiki to another, each with its evidence.

use super::relation::is_plain;
use super::site::{Left, Site, Storage};
use super::verdict::As;
use crate::browser::{Cookie, RejectionReason, WithheldReason};
use crate::farm::Key;
use crate::moin::{NoCookie, read_cookie};

/// The result of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum StepResult {
    /// The next step follows.
    Passed,
    /// The session of the first wiki gets no further.
    Failed,
    /// Another cookie of the same name comes first.
    Shadowed,
    /// The farm file does not decide it.
    Unknown,
}

/// Which of the two wikis of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Side {
    /// The wiki that users come from.
    From,
    /// The wiki they go to.
    To,
}

/// Why a step has its result. The words are in `describe`.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Evidence {
    /// Step 1: the browser accepts the cookie.
    Accepted,
    /// Step 1: the wiki has a handler of its own, under this setting.
    CustomSender(Key),
    /// Step 1: the wiki sends no session cookie.
    NoCookie(NoCookie),
    /// Step 1: the browser rejects the cookie; with the browser's explanation.
    Rejected(RejectionReason, String),
    /// Step 1: the cookie arrives expired; its lifetime in seconds.
    Expired(f64),
    /// Step 2: the browser sends the cookie.
    Sent,
    /// Step 2: there is no cookie to send.
    NothingToSend,
    /// Step 2: the browser withholds the cookie.
    Withheld(WithheldReason),
    /// Step 3: both wikis use one cookie name.
    SameName,
    /// Step 3: the other wiki has a handler of its own, under this setting.
    CustomReader(Key),
    /// Step 3: both wikis have one URL.
    SharedAddress,
    /// Step 3: the other wiki looks for another name.
    OtherName,
    /// Step 3: the other wiki does not find the cookie, because of its name.
    Unread,
    /// Step 3: a cookie of the other wiki's own comes first.
    Shadowed,
    /// Step 4: the other wiki does not accept ids of this form.
    OtherIdForm,
    /// Step 4: both are one wiki.
    OwnSessions,
    /// Step 4: both sign with one key, of this id.
    SameKey(String),
    /// Step 4: they sign with these two keys.
    OtherKey(String, String),
    /// Step 4: the farm file does not name a key.
    UnknownKey,
    /// Step 4: one process of 1.9.0 has one session directory.
    SameProcess,
    /// Step 4: both keep their sessions in one directory or database.
    SameStorage,
    /// Step 4: they keep their sessions in two directories or databases.
    OtherStorage,
    /// Step 4: one keeps sessions on disk, the other in the cookie.
    OtherKindOfStorage,
    /// Step 4: the farm file does not define where one of them keeps its sessions.
    UnknownStorage(Side),
    /// Step 5: an anonymous session names no user.
    NoUser,
    /// Step 5: both are one wiki.
    OwnUsers,
    /// Step 5: both keep their users in one directory.
    SameUsers,
    /// Step 5: the other wiki lacks this authentication method.
    UnknownMethod(String),
    /// Step 5: they keep their users in two directories.
    OtherUsers,
    /// Step 5: the farm file does not define where one of them keeps its users.
    UnknownUsers(Side),
    /// Step 6: the signed cookie carries its own age.
    OwnAge,
    /// Step 6: both read one expiry.
    SameExpiry,
    /// Step 6: the other wiki's clock is so many seconds ahead, or behind if negative, and a session of the wiki whose
    /// clock is behind lasts so many seconds.
    ClockAhead(f64, f64),
    /// Step 6: the other wiki's clock is so many seconds behind: 2.0 rejects cookies from the future.
    ClockBehind(f64),
}

impl Evidence {
    /// How the step ends.
    pub fn result(&self) -> StepResult {
        use Evidence as E;
        match self {
            E::Accepted | E::Sent | E::SameName | E::OwnSessions | E::SameKey(_) => StepResult::Passed,
            E::SameProcess | E::SameStorage | E::NoUser | E::OwnUsers => StepResult::Passed,
            E::SameUsers | E::OwnAge | E::SameExpiry => StepResult::Passed,
            E::Shadowed => StepResult::Shadowed,
            E::ClockAhead(..) | E::ClockBehind(_) => StepResult::Unknown,
            E::CustomSender(_) | E::CustomReader(_) | E::SharedAddress | E::UnknownKey => StepResult::Unknown,
            E::UnknownStorage(_) | E::UnknownUsers(_) => StepResult::Unknown,
            E::NoCookie(_) | E::Rejected(..) | E::Expired(_) | E::NothingToSend => StepResult::Failed,
            E::Withheld(_) | E::OtherName | E::Unread | E::OtherIdForm | E::OtherKey(..) => {
                StepResult::Failed
            }
            E::OtherStorage | E::OtherKindOfStorage | E::UnknownMethod(_) | E::OtherUsers => {
                StepResult::Failed
            }
        }
    }
}

/// The steps in order, up to the first that does not pass.
pub(super) fn steps(from: &Site, to: &Site, visitor: As) -> Vec<Evidence> {
    const ALL: [fn(&Site, &Site, As) -> Evidence; 6] = [accepted, sent, named, found, known, alive];
    let mut steps = Vec::with_capacity(ALL.len());
    for step in ALL {
        let evidence = step(from, to, visitor);
        let passed = evidence.result() == StepResult::Passed;
        steps.push(evidence);
        if !passed {
            break;
        }
    }
    steps
}

/// 1. The browser accepts A's Set-Cookie for A's URL.
fn accepted(from: &Site, _: &Site, visitor: As) -> Evidence {
    if let Some(key) = from.custom {
        return Evidence::CustomSender(key);
    }
    match from.left(visitor) {
        Left::None(why) => Evidence::NoCookie(*why),
        Left::Rejected(reason, explanation) => Evidence::Rejected(*reason, explanation.clone()),
        Left::Expired(seconds) => Evidence::Expired(*seconds),
        Left::Cookie(_) => Evidence::Accepted,
    }
}

/// 2. The browser sends the cookie to B's URL; ports do not separate.
fn sent(from: &Site, to: &Site, visitor: As) -> Evidence {
    match from.left(visitor) {
        Left::Cookie(cookie) => to.withheld(cookie).map_or(Evidence::Sent, Evidence::Withheld),
        _ => Evidence::NothingToSend,
    }
}

/// 3. B looks for that name. Only the simulation shows whether another cookie shadows it ([`Evidence::Shadowed`]).
fn named(from: &Site, to: &Site, visitor: As) -> Evidence {
    match to.custom {
        Some(key) => Evidence::CustomReader(key),
        None if from.shares_address_with(to) => Evidence::SharedAddress,
        None if from.cookie_name != to.cookie_name => Evidence::OtherName,
        None if matches!(from.left(visitor), Left::Cookie(cookie) if !finds(to, cookie)) => Evidence::Unread,
        None => Evidence::SameName,
    }
}

/// Whether a wiki finds a cookie under its name in a request. Browsers can store an invalid name in another way.
fn finds(site: &Site, cookie: &Cookie) -> bool {
    is_plain(&site.cookie_name) || read_cookie(&site.settings, &cookie.pair()).is_some()
}

/// 4. B accepts the id's form and finds the session.
fn found(from: &Site, to: &Site, _: As) -> Evidence {
    use Storage as S;
    if !to.id_form.accepts(from.id_form) {
        return Evidence::OtherIdForm;
    }
    if from.name == to.name {
        return Evidence::OwnSessions;
    }
    match (&from.storage, &to.storage) {
        (S::Cookie(Some(a)), S::Cookie(Some(b))) if a == b => Evidence::SameKey(a.clone()),
        (S::Cookie(Some(a)), S::Cookie(Some(b))) => Evidence::OtherKey(a.clone(), b.clone()),
        (S::Cookie(_), S::Cookie(_)) => Evidence::UnknownKey,
        (S::Process(..), S::Process(..)) => Evidence::SameProcess,
        (S::Unknown, _) => Evidence::UnknownStorage(Side::From),
        (_, S::Unknown) => Evidence::UnknownStorage(Side::To),
        (S::Directory(_, a) | S::Process(_, a), S::Directory(_, b) | S::Process(_, b)) if a == b => {
            Evidence::SameStorage
        }
        (S::Cookie(_), _) | (_, S::Cookie(_)) => Evidence::OtherKindOfStorage,
        _ => Evidence::OtherStorage,
    }
}

/// 5. B knows the user, and the authentication method of the login.
fn known(from: &Site, to: &Site, visitor: As) -> Evidence {
    if visitor == As::Anonymous {
        return Evidence::NoUser;
    }
    if from.name == to.name {
        return Evidence::OwnUsers;
    }
    match (&from.users, &to.users) {
        (Some((_, a)), Some((_, b))) if a == b => {
            let missing = from.auth.iter().find(|method| !to.auth.contains(method));
            missing.map_or(Evidence::SameUsers, |method| Evidence::UnknownMethod(method.clone()))
        }
        (Some(_), Some(_)) => Evidence::OtherUsers,
        (None, _) => Evidence::UnknownUsers(Side::From),
        (_, None) => Evidence::UnknownUsers(Side::To),
    }
}

/// 6. The session is not expired by B's clock.
///
/// Where B's clock is ahead by the lifetime, the requests at A decide: from 1.9.1 on, MoinMoin stores an expiry only from
/// the second request on, and from 1.9.2 on rounds it down to a minute.
fn alive(from: &Site, to: &Site, visitor: As) -> Evidence {
    let ahead = to.settings.clock_skew - from.settings.clock_skew;
    let in_cookie = matches!(from.storage, Storage::Cookie(_));
    // Each wiki finds the expiry that the other stored expired, if its own clock is ahead by the other's lifetime.
    let stores = if ahead > 0.0 { from } else { to };
    match stores.session_lifetime(visitor) {
        Some(lifetime) if ahead.abs() > lifetime - 60.0 && ahead != 0.0 && !in_cookie => {
            Evidence::ClockAhead(ahead, lifetime)
        }
        _ if in_cookie && ahead < 0.0 => Evidence::ClockBehind(-ahead),
        _ if in_cookie => Evidence::OwnAge,
        _ => Evidence::SameExpiry,
    }
}
