//! The words for evidence and effects: nothing else in this module writes a sentence about a pair.

use super::effect::{By, Effect, NewLogin, Third};
use super::parties::{any, parties};
use super::site::{Left, Site, Storage};
use super::steps::{Evidence, Side};
use super::verdict::As;
use crate::browser::{Cookie, Profile, WithheldReason};
use crate::moin::{Duplicate, Lifetime, lifetimes};
use crate::text::span_text;

/// What each of the six steps asks, in order.
pub const TITLES: [&str; 6] = [
    "the browser accepts the cookie",
    "the browser sends the cookie to the other wiki",
    "the other wiki looks for the cookie",
    "the other wiki finds the session",
    "the other wiki knows the user",
    "the session has not expired",
];

/// The evidence of a step from one wiki to another, in one line.
pub(super) fn evidence(what: &Evidence, from: &Site, to: &Site, visitor: As) -> String {
    use Evidence as E;
    let (a, b) = (&from.called, &to.called);
    match what {
        E::Accepted => accepted(from, visitor),
        E::CustomSender(key) => format!("{a} has a custom {}, which can send any cookie", key.name()),
        E::NoCookie(why) => format!("{a} sends no session cookie: {why}"),
        E::Rejected(reason, explanation) => {
            format!("browsers reject the cookie of {a} ({}): {explanation}", reason.name())
        }
        E::Expired(seconds) => format!("the cookie of {a} arrives expired: its lifetime is {seconds} s"),
        E::Sent => {
            format!(
                "{}{} is within the domain and the path of the cookie",
                to.target.host(),
                to.target.path()
            )
        }
        E::NothingToSend => format!("{a} leaves no cookie in the browser"),
        E::Withheld(why) => {
            format!("{b} does not receive the cookie of {a}: {}", withheld(*why, cookie(from, visitor), to))
        }
        E::SameName => format!("both use the name {}", to.cookie_name),
        E::CustomReader(key) => format!("{b} has a custom {}, which can look for any cookie", key.name()),
        E::SharedAddress => {
            format!("{a} and {b} share the address {}: only one of the wikis answers", to.target)
        }
        E::OtherName => format!("{b} looks for {}, but the cookie is {}", to.cookie_name, from.cookie_name),
        E::Unread => format!("{b} does not find the cookie: {:?} is not a valid name", to.cookie_name),
        E::Shadowed => shadowed((&[a], &[b]), to),
        E::OtherIdForm => {
            format!("{b} accepts {}, but {a} makes {}", to.id_form.describe(), from.id_form.describe())
        }
        E::OwnSessions => "same wiki, same sessions".to_owned(),
        E::SameKey(key) => format!("both sign with the key {key:?}"),
        E::OtherKey(ours, theirs) => format!("{a} signs with the key {ours:?}, {b} with {theirs:?}"),
        E::UnknownKey => "unknown whether both sign with the same SECRET_KEY: set secret_key_id".to_owned(),
        E::SameProcess => "1.9.0 keeps the sessions of all wikis of a process in one directory".to_owned(),
        E::SameStorage => format!("both keep sessions in {}", storage(from)),
        E::OtherStorage => format!("{a} keeps sessions in {}, {b} in {}", storage(from), storage(to)),
        E::OtherKindOfStorage => {
            format!("one of {a} and {b} keeps sessions on the server, the other in the cookie")
        }
        E::UnknownStorage(side) => format!(
            "the session directory of {} is unknown: set data_dir or session_dir",
            side.of(from, to).called
        ),
        E::NoUser => "anonymous sessions have no user".to_owned(),
        E::OwnUsers => "same wiki, same users".to_owned(),
        E::SameUsers => format!("both keep users in {}", users(from)),
        E::UnknownMethod(method) => {
            format!("{b} lacks the auth method {method:?}, with which users log in at {a}")
        }
        E::OtherUsers => format!("{a} keeps users in {}, {b} in {}", users(from), users(to)),
        E::UnknownUsers(side) => {
            format!("the user directory of {} is unknown: set data_dir or user_dir", side.of(from, to).called)
        }
        E::OwnAge => "the signed cookie contains its age".to_owned(),
        E::SameExpiry => "both read the expiry of the same session".to_owned(),
        E::ClockAhead(ahead, lifetime) => {
            let (first, behind) = if *ahead > 0.0 { (b, a) } else { (a, b) };
            format!(
                "the clock of {first} is {} ahead, and a session of {behind} lasts {}: {first} finds the session expired \
                 once {behind} has stored its expiry",
                span_text(ahead.abs()),
                span_text(*lifetime)
            )
        }
        E::ClockBehind(behind) => format!(
            "the clock of {b} is {} behind: {b} rejects the cookie until its clock has caught up",
            span_text(*behind)
        ),
    }
}

/// Why all six steps pass, in one line.
pub(super) fn summary(from: &Site, visitor: As) -> String {
    let what = match visitor {
        As::User => "sessions, and users",
        As::Anonymous => "and sessions",
    };
    let comma = if visitor == As::User { "," } else { "" };
    format!("both have the same cookie {}{comma} {what}", from.cookie_name)
}

fn cookie(site: &Site, visitor: As) -> Option<&Cookie> {
    match site.left(visitor) {
        Left::Cookie(cookie) => Some(cookie),
        _ => None,
    }
}

fn accepted(from: &Site, visitor: As) -> String {
    let Some(cookie) = cookie(from, visitor) else { return from.cookie_name.clone() };
    let wide = if cookie.host_only { "only" } else { "and its subdomains" };
    let path = String::from_utf8_lossy(&cookie.path);
    let secure = if cookie.secure { ", Secure" } else { "" };
    format!("{} for {} {wide}, path {path}{secure}", from.cookie_name, cookie.domain)
}

/// Why a browser does not send a cookie to a wiki.
fn withheld(why: WithheldReason, cookie: Option<&Cookie>, to: &Site) -> String {
    let host = to.target.host();
    let domain = cookie.map(|cookie| cookie.domain.as_str()).unwrap_or_default();
    match why {
        WithheldReason::PathMismatch => {
            let path = cookie.map(|cookie| String::from_utf8_lossy(&cookie.path)).unwrap_or_default();
            format!("{} is outside the path {path} of the cookie", to.target.path())
        }
        WithheldReason::SecureOnly => format!("the cookie is Secure, and {host} is visited over http"),
        _ if cookie.is_some_and(|cookie| cookie.host_only) => format!("the cookie is for {domain} only"),
        _ => format!("{host} is outside the domain {domain} of the cookie"),
    }
}

/// Why a wiki does not see the login of another: its own cookie, from an earlier visit, hides it.
pub(super) fn shadowed((from, to): (&[&str], &[&str]), example: &Site) -> String {
    let which = match example.settings.takes() {
        Duplicate::First => "first",
        Duplicate::Last => "last",
    };
    let several = to.len() > 1;
    let (visited, _) = parties(to, from);
    let login = if several && from == to { "another one".to_owned() } else { any(from) };
    let there = if several { "the visited wiki" } else { &visited.any };
    format!(
        "after visiting {}, users who log in at {login} stay anonymous at {there}: {there} picks its own cookie, the {which} \
         of two named {}",
        visited.any, example.cookie_name
    )
}

fn storage(site: &Site) -> String {
    match &site.storage {
        Storage::Directory(location, _) | Storage::Process(location, _) => location.path_or_address(),
        Storage::Cookie(_) | Storage::Unknown => String::new(),
    }
}

fn users(site: &Site) -> String {
    site.users.as_ref().map(|(path, _)| path.display().to_string()).unwrap_or_default()
}

impl Side {
    fn of<'a>(self, from: &'a Site, to: &'a Site) -> &'a Site {
        match self {
            Side::From => from,
            Side::To => to,
        }
    }
}

impl Effect {
    /// What users see, and why, in one line about wikis `from` which and `to` which users go. `example` is one of the
    /// latter.
    pub(super) fn describe(self, (from, to): (&[&str], &[&str]), example: &Site, visitor: As) -> String {
        let (b, a) = match self {
            Effect::Hides => parties(from, to),
            _ => parties(to, from),
        };
        let loss = match visitor {
            As::User => format!("users are logged out of {}", a.all),
            As::Anonymous => format!("anonymous sessions of {} end", a.all),
        };
        let pick = format!("{} {} the cookie of {}", a.again, a.picks, b.again);
        match self {
            Effect::DeletesCookie(by) => {
                format!("{} {} deletes the shared cookie: {loss}", by.doing(), b.any)
            }
            Effect::Shortens => format!(
                "visiting {} shortens the shared cookie to {}: {loss} unless they return in time",
                b.any,
                anonymous_lifetime(example)
            ),
            Effect::DeletesSession { cookie, by } => {
                let what = if cookie { "the cookie and the session" } else { "the session" };
                let everywhere = if visitor == As::User { " and everywhere else" } else { "" };
                format!("{} {} deletes {what}: {loss}{everywhere}", by.doing(), b.any)
            }
            Effect::MakesSecure(by) => format!(
                "{} {} makes the shared cookie Secure: {loss}, since browsers send Secure cookies over https only",
                by.doing(),
                b.any
            ),
            Effect::Overwrites(by) => format!("{} {} replaces the shared cookie: {loss}", by.doing(), b.any),
            Effect::Covers(by) => {
                format!("{} {} leaves a second cookie: {loss}, since {pick}", by.doing(), b.any)
            }
            Effect::Bars(by) => format!(
                "after {} {}, {} {} over http: browsers keep the Secure cookie of {} and reject the cookie of {}",
                by.doing(),
                b.any,
                cannot_log_in(visitor),
                a.all,
                b.again,
                a.again
            ),
            Effect::Spoils(by) => {
                format!("after {} {}, {} {}: {pick}", by.doing(), b.any, cannot_log_in(visitor), a.all)
            }
            Effect::Hides => {
                format!("logging in at {} makes users of {} anonymous: {pick}", b.any, a.all)
            }
        }
    }
}

fn cannot_log_in(visitor: As) -> &'static str {
    match visitor {
        As::User => "users cannot log in at",
        As::Anonymous => "anonymous visitors keep no session at",
    }
}

/// The lifetime that a wiki gives to cookies of anonymous visitors.
fn anonymous_lifetime(site: &Site) -> String {
    match lifetimes(&site.settings).map(|lifetimes| lifetimes.anonymous) {
        Ok(Lifetime::Seconds(seconds)) if seconds < 3600.0 => format!("{:.0} min", seconds / 60.0),
        Ok(Lifetime::Seconds(seconds)) => format!("{} h", seconds / 3600.0),
        _ => "0 min".to_owned(),
    }
}

impl By {
    fn doing(self) -> &'static str {
        match self {
            By::Visit => "visiting",
            By::Login => "logging in at",
        }
    }
}

impl NewLogin {
    /// The same with the logins, in one line; for several browsers with the name of each.
    pub fn describe_in(here: &str, there: &str, results: &[(Profile, NewLogin)]) -> String {
        let in_browser = |(profile, result): &(Profile, NewLogin)| match results.len() {
            1 => result.describe(here, there),
            _ => format!("{} ({})", result.describe(here, there), profile.title()),
        };
        let seen: Vec<String> = results.iter().map(in_browser).collect();
        format!("users who log in at {here}, at {there}, and again at {here} are {}", seen.join(", "))
    }

    /// What users see who logged in at `here`, at `there`, and again at `here`.
    pub fn describe(self, here: &str, there: &str) -> String {
        match (self.here, self.there) {
            (true, true) => "logged in at both".to_owned(),
            (true, false) => format!("anonymous at {there}"),
            (false, true) => format!("anonymous at {here}, which picks the cookie of {there}"),
            (false, false) => "anonymous at both".to_owned(),
        }
    }
}

impl Third {
    /// What users see, then why, in one line. `sites` are those of the model that found the third wiki.
    pub fn describe(&self, sites: &[Site]) -> String {
        let name = |position: usize| sites.get(position).map_or("", |site| &site.name);
        let (from, to, by) = (name(self.from), name(self.to), name(self.by));
        format!(
            "after {} {by}, users who log in at {from} stay anonymous at {to}: {to} picks the cookie of {by}",
            self.after.doing()
        )
    }
}
