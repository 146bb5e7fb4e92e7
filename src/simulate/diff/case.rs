//! What becomes of one person at one wiki, and the words for it.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::browser::Cookie;
use crate::moin::Visitor;

/// What becomes of somebody, mildest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, strum::IntoStaticStr)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Verdict {
    /// Nothing: the session goes on.
    Kept,
    /// An anonymous session does not go on: the page trail begins anew.
    TrailLost,
    /// He has to log in once more; then all is well.
    LoggedOut,
    /// A visit here ends a login at another wiki.
    LogsOut,
    /// After logging out he is still logged in.
    CannotLogOut,
    /// Logging in does not help.
    StuckAtLogin,
    /// Nobody can log in under the new farm file, not even with a fresh browser.
    NobodyLogsIn,
    /// The wiki answers with an error.
    Fails,
}

impl Verdict {
    /// The word in JSON.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Whether people notice.
    pub fn hurts(self) -> bool {
        self >= Verdict::LoggedOut
    }

    /// What the user sees.
    pub fn seen(self, visitor: Visitor) -> &'static str {
        match self {
            Verdict::Kept if visitor == Visitor::Anonymous => "nothing",
            Verdict::Kept => "nothing: still logged in",
            Verdict::TrailLost => "an empty page trail",
            Verdict::LoggedOut => "logged out, and can log in again",
            Verdict::LogsOut => "logged out elsewhere by a visit here",
            Verdict::CannotLogOut => "cannot log out, is logged in again on the next page",
            Verdict::StuckAtLogin => "stuck at login, is logged out again on the next page",
            Verdict::NobodyLogsIn => "nobody can log in, with a fresh browser neither",
            Verdict::Fails => "an error page",
        }
    }
}

/// Where somebody's cookies are from.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// He was at this wiki before the change, and comes back.
    Back,
    /// He was at this wiki, and his session has ended since: revoked, pruned, or lost; he comes back with the cookie.
    Ended,
    /// He was at that other wiki before the change, and comes here.
    From(String),
    /// He was here before the change, logs in at that other wiki after it, and comes here.
    Over(String),
    /// He was here and at that other wiki before the change, goes there first and then comes here.
    Both(String),
}

impl Way {
    /// Who that is, without the other wiki's name.
    pub(super) fn kind(&self) -> u8 {
        match self {
            Way::Back => 0,
            Way::Ended => 1,
            Way::From(_) => 2,
            Way::Over(_) => 3,
            Way::Both(_) => 4,
        }
    }
}

/// Why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// There is nothing to explain.
    None,
    /// The browser does not send the old cookie to the wiki any more; says why.
    NotSent(&'static str),
    /// The wiki looks for another name.
    Name {
        /// The old cookie's name.
        old: String,
        /// The one it looks for.
        new: String,
    },
    /// The new version does not take ids of that form.
    IdForm(String),
    /// Sessions lie elsewhere: in that place, and not in this.
    Storage(String, String),
    /// Users lie elsewhere, and the session's user is not among them.
    Users(String, String),
    /// The wiki has not the method by which he logged in.
    Method(String),
    /// Another key signs the cookies (2.0).
    Key,
    /// Of two cookies the wiki takes the one that the old farm file left.
    Shadowed,
    /// The browser refuses the wiki's cookie; says why.
    Refused(String),
    /// The log-out deletes the new cookie, and the old one still opens a session.
    OldStays,
    /// A visit with the old cookie has the wiki delete, or replace, the one that the other wiki set.
    Overwrites,
    /// The wiki fails; says how.
    Failure(String),
    /// None of these: acting it out shows it.
    Acted,
}

impl Reason {
    /// The word in JSON.
    pub fn name(&self) -> &'static str {
        match self {
            Reason::None => "none",
            Reason::NotSent(_) => "cookie-not-sent",
            Reason::Name { .. } => "cookie-name",
            Reason::IdForm(_) => "id-form",
            Reason::Storage(..) => "storage",
            Reason::Users(..) => "users",
            Reason::Method(_) => "auth",
            Reason::Key => "secret-key",
            Reason::Shadowed => "shadowed",
            Reason::Refused(_) => "cookie-refused",
            Reason::OldStays => "old-session",
            Reason::Overwrites => "overwrites",
            Reason::Failure(_) => "failure",
            Reason::Acted => "acted-out",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::None => Ok(()),
            Reason::NotSent(why) => write!(f, "the old cookie is not sent here any more: {why}"),
            Reason::Name { old, new } => write!(f, "the wiki looks for {new}, and the browser has {old}"),
            Reason::IdForm(version) => write!(f, "{version} does not take ids of the old form"),
            Reason::Storage(old, new) => {
                write!(f, "sessions are looked for in {new}, and the old ones lie in {old}")
            }
            Reason::Users(old, new) => write!(f, "users are looked for in {new}, and were in {old}"),
            Reason::Method(method) => write!(f, "he logged in by {method}, which the wiki has no more"),
            Reason::Key => f.write_str("another SECRET_KEY signs the cookies"),
            Reason::Shadowed => {
                f.write_str("the old cookie comes along, and it is the one that the wiki takes")
            }
            Reason::Refused(why) => write!(f, "the browser refuses the new cookie: {why}"),
            Reason::OldStays => {
                f.write_str("logging out deletes the new cookie, and the old one still opens a session")
            }
            Reason::Overwrites => {
                f.write_str("the old cookie makes the wiki take back what the other one set")
            }
            Reason::Failure(how) => f.write_str(how),
            Reason::Acted => f.write_str("acted out, it does not work; the browser's cookies below show why"),
        }
    }
}

impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// A cookie, without its value.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct CookieKey {
    /// Its name.
    pub name: String,
    /// The host or domain it belongs to.
    pub domain: String,
    /// Whether it belongs to that host alone.
    pub host_only: bool,
    /// Its path.
    pub path: String,
    /// Whether it goes over secure connections only; two cookies that differ only in this are one to the browser.
    pub secure: bool,
}

impl CookieKey {
    pub(super) fn of(cookie: &Cookie) -> CookieKey {
        CookieKey {
            name: String::from_utf8_lossy(&cookie.name).into_owned(),
            domain: cookie.domain.clone(),
            host_only: cookie.host_only,
            path: String::from_utf8_lossy(&cookie.path).into_owned(),
            secure: cookie.secure,
        }
    }

    /// Whether a browser takes both for one cookie.
    pub fn is_same(&self, other: &CookieKey) -> bool {
        self.name == other.name
            && self.domain == other.domain
            && self.host_only == other.host_only
            && self.path == other.path
    }
}

impl fmt::Display for CookieKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wide = if self.host_only { "only" } else { "and below" };
        let secure = if self.secure { ", Secure" } else { "" };
        write!(f, "{} for {} {wide}, path {}{secure}", self.name, self.domain, self.path)
    }
}

/// A cookie of the wiki's name in a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InHeader {
    /// The cookie.
    #[serde(flatten)]
    pub cookie: CookieKey,
    /// Whether the old farm file left it.
    pub old: bool,
    /// Whether it is the one that the wiki takes.
    pub taken: bool,
}

/// What becomes of one person at one wiki.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Case {
    /// As whom he comes.
    #[serde(rename = "as", serialize_with = "visitor_name")]
    pub visitor: Visitor,
    /// Where his cookies are from.
    pub way: Way,
    /// What becomes of him.
    pub verdict: Verdict,
    /// Why.
    pub reason: Reason,
    /// Why, in words.
    pub explanation: String,
    /// The cookies of the wiki's name that his browser sends, in order, if there are several.
    pub cookies: Vec<InHeader>,
    /// Whether an old cookie is taken where there is a new one.
    pub shadowed: bool,
    /// The last second of an old cookie, unix; `None` if it goes when the browser closes, or there is none.
    pub until: Option<f64>,
}

impl Case {
    /// Whether it is to be noticed by whoever rolls out the change.
    pub fn hurts(&self) -> bool {
        self.verdict.hurts() || self.shadowed
    }

    /// Whether an old cookie is left that matters.
    pub fn lasts(&self) -> bool {
        self.cookies.iter().any(|cookie| cookie.old) || self.until.is_some()
    }
}

fn visitor_name<S: Serializer>(visitor: &Visitor, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(visitor.name())
}
