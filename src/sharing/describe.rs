//! The words for evidence and harm: nothing else in this module writes a sentence about a pair.

use super::effect::{By, Effect, NewLogin, Third};
use super::site::{Left, Site, Storage};
use super::steps::{Evidence, Side};
use super::verdict::As;
use crate::browser::{Cookie, WithheldReason};
use crate::moin::{Duplicate, Lifetime, lifetimes};

/// The steps' questions, in order.
pub const TITLES: [&str; 6] = [
    "the browser accepts the cookie",
    "the browser sends it on",
    "the other wiki looks for it",
    "it finds the session",
    "it knows the user",
    "the session has not expired",
];

/// The evidence of a step from one wiki to another, in one line.
pub(super) fn evidence(what: &Evidence, from: &Site, to: &Site, visitor: As) -> String {
    use Evidence as E;
    let (a, b) = (&from.called, &to.called);
    match what {
        E::Accepted => accepted(from, visitor),
        E::CustomSender(key) => {
            format!("{a} has its own {}: nobody can say what cookie it sends", key.name())
        }
        E::NoCookie(why) => format!("{a} sends no session cookie: {why}"),
        E::Rejected(reason, explanation) => {
            format!("the browser refuses the cookie of {a} ({}): {explanation}", reason.name())
        }
        E::Expired(seconds) => {
            format!("the cookie of {a} has expired as it comes: its lifetime is {seconds} s")
        }
        E::Sent => format!("{}{} is within its domain and path", to.target.host(), to.target.path()),
        E::NothingToSend => "there is no cookie".to_owned(),
        E::Withheld(why) => {
            format!("the cookie of {a} is not sent to {b}: {}", withheld(*why, cookie(from, visitor), to))
        }
        E::SameName => format!("both call it {}", to.cookie_name),
        E::CustomReader(key) => {
            format!("{b} has its own {}: nobody can say what it looks for", key.name())
        }
        E::SharedAddress => format!(
            "{a} and {b} have one URL, {}: the farm file does not tell which of them answers there",
            to.target
        ),
        E::OtherName => format!("{b} looks for {}, the cookie is {}", to.cookie_name, from.cookie_name),
        E::Shadowed => shadowed(to),
        E::OtherIdForm => {
            format!("{b} wants {}, the id is {}", to.id_form.describe(), from.id_form.describe())
        }
        E::OwnSessions => "it is one wiki, and finds its own sessions".to_owned(),
        E::SameKey(key) => format!("both sign with the key {key:?}"),
        E::OtherKey(ours, theirs) => format!("{a} signs with the key {ours:?}, {b} with {theirs:?}"),
        E::UnknownKey => {
            "whether both sign with one SECRET_KEY is not in the farm file: set secret_key_id".to_owned()
        }
        E::SameProcess => "1.9.0 keeps the sessions of all wikis of one process in one directory".to_owned(),
        E::SameStorage => format!("both keep sessions in {}", storage(from)),
        E::OtherStorage => format!("{a} keeps sessions in {}, {b} in {}", storage(from), storage(to)),
        E::OtherKindOfStorage => format!("{a} and {b} keep their sessions in different ways"),
        E::UnknownStorage(side) => format!(
            "where {} keeps its sessions is not in the farm file: set data_dir or session_dir",
            &of(*side, from, to).called
        ),
        E::NoUser => "an anonymous session has no user".to_owned(),
        E::OwnUsers => "it is one wiki, and knows its own users".to_owned(),
        E::SameUsers => format!("both keep users in {}", users(from)),
        E::UnknownMethod(method) => {
            format!("{b} knows no method {method:?}, by which users log in at {a}")
        }
        E::OtherUsers => format!("{a} keeps users in {}, {b} in {}", users(from), users(to)),
        E::UnknownUsers(side) => format!(
            "where {} keeps its users is not in the farm file: set data_dir or user_dir",
            &of(*side, from, to).called
        ),
        E::OwnAge => "the signed cookie carries its own age".to_owned(),
        E::SameExpiry => "both read the same session, and with it the same expiry".to_owned(),
    }
}

/// Why all six steps pass, in one line.
pub(super) fn summary(from: &Site, visitor: As) -> String {
    let what = match visitor {
        As::User => "sessions and users",
        As::Anonymous => "sessions",
    };
    format!("both get and look for {}, and have the same {what}", from.cookie_name)
}

fn of<'a>(side: Side, from: &'a Site, to: &'a Site) -> &'a Site {
    match side {
        Side::From => from,
        Side::To => to,
    }
}

fn cookie(site: &Site, visitor: As) -> Option<&Cookie> {
    match site.left(visitor) {
        Left::Cookie(cookie) => Some(cookie),
        _ => None,
    }
}

fn accepted(from: &Site, visitor: As) -> String {
    let Some(cookie) = cookie(from, visitor) else { return from.cookie_name.clone() };
    let wide = if cookie.host_only { "only" } else { "and all below it" };
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
            format!("its path {path} does not cover {}", to.target.path())
        }
        WithheldReason::SecureOnly => format!("it is Secure, and {host} is visited over http"),
        _ if cookie.is_some_and(|cookie| cookie.host_only) => {
            format!("it belongs to {domain} alone, and not to {host}")
        }
        _ => format!("{host} is not within its domain {domain}"),
    }
}

fn shadowed(to: &Site) -> String {
    let which = match to.settings.takes() {
        Duplicate::First => "first",
        Duplicate::Last => "last",
    };
    format!(
        "{} takes the {which} of two cookies named {}, which is its own if somebody was there before",
        to.called, to.cookie_name
    )
}

fn storage(site: &Site) -> String {
    match &site.storage {
        Storage::Directory(path, _) | Storage::Process(path, _) => path.display().to_string(),
        Storage::Cookie(_) | Storage::Unknown => String::new(),
    }
}

fn users(site: &Site) -> String {
    site.users.as_ref().map(|(path, _)| path.display().to_string()).unwrap_or_default()
}

impl Effect {
    /// In words.
    pub(super) fn describe(self, from: &Site, to: &Site, visitor: As) -> String {
        let (a, b) = (&from.called, &to.called);
        let loss = match visitor {
            As::User => format!("logs out of {a}"),
            As::Anonymous => format!("ends the anonymous session of {a}"),
        };
        let come = match visitor {
            As::User => "log in",
            As::Anonymous => "keep an anonymous session",
        };
        match self {
            Effect::DeletesCookie(by) => format!("{} {b} deletes the cookie and {loss}", by.what()),
            Effect::Shortens => {
                let seconds = match lifetimes(&to.settings).map(|lifetimes| lifetimes.anonymous) {
                    Ok(Lifetime::Seconds(seconds)) => seconds,
                    _ => 0.0,
                };
                format!(
                    "one visit to {b} gives the cookie the anonymous lifetime: the login at {a} then ends after {} \
                     unless {a} is visited again",
                    hours(seconds)
                )
            }
            Effect::DeletesSession { cookie, by } => {
                let what = if cookie { "cookie and session file" } else { "the session file" };
                let loss = match visitor {
                    As::User => ": logged out everywhere".to_owned(),
                    As::Anonymous => format!(", and {loss}"),
                };
                format!("{} {b} deletes {what}{loss}", by.what())
            }
            Effect::MakesSecure(by) => format!(
                "{} {b} makes the cookie Secure: the browser no longer sends it to {a}, which is visited over http",
                by.what()
            ),
            Effect::Overwrites(by) => format!("{} {b} replaces the cookie and {loss}", by.what()),
            Effect::Covers(by) => {
                format!("{} {b} leaves a cookie that {a} takes for its own, and {loss}", by.what())
            }
            Effect::Bars(by) => format!(
                "whoever {} {b} can't {come} at {a} over http: the browser keeps the Secure cookie of {b} and refuses that \
                 of {a}",
                by.done()
            ),
            Effect::Spoils(by) => {
                format!("whoever {} {b} can't {come} at {a}: it takes the cookie of {b}", by.done())
            }
            Effect::Hides => format!(
                "whoever is logged in at {b} and then logs in at {a} is anonymous at {b}: it takes the other cookie"
            ),
        }
    }
}

impl By {
    fn what(self) -> &'static str {
        match self {
            By::Visit => "one visit to",
            By::Login => "a login at",
        }
    }

    pub(super) fn done(self) -> &'static str {
        match self {
            By::Visit => "has been at",
            By::Login => "is logged in at",
        }
    }
}

/// A number of seconds in hours or minutes.
fn hours(seconds: f64) -> String {
    if seconds < 3600.0 { format!("{:.0} min", seconds / 60.0) } else { format!("{} h", seconds / 3600.0) }
}

impl NewLogin {
    /// In words, for a wiki where somebody has logged in twice, and another in between.
    pub fn describe(self, here: &str, there: &str) -> String {
        match (self.here, self.there) {
            (true, true) => "both see their login".to_owned(),
            (true, false) => format!("{there} no longer sees its login"),
            (false, true) => format!("{here} does not see the new login: the cookie of {there} wins"),
            (false, false) => "neither sees a login".to_owned(),
        }
    }
}

impl Third {
    /// In words; `sites` are those of the model that found it.
    pub fn describe(&self, sites: &[Site]) -> String {
        let name = |position: usize| sites.get(position).map_or("", |site| &site.name);
        let (from, to, by) = (name(self.from), name(self.to), name(self.by));
        let done = self.after.done();
        format!("whoever {done} {by} and logs in at {from} is anonymous at {to}: it takes the cookie of {by}")
    }
}
