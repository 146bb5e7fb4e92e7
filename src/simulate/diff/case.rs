//! The effect of a change on one user at one wiki, and the words for it.

use std::fmt;

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use crate::browser::Cookie;
use crate::moin::Visitor;

/// The effect on a user, mildest first.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema, strum::IntoStaticStr,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Verdict {
    /// The session continues.
    Kept,
    /// The anonymous session ends, and with it the page trail.
    TrailLost,
    /// The user is logged out, and can log in again.
    LoggedOut,
    /// A visit to this wiki logs the user out of another one.
    LogsOut,
    /// The user is still logged in after logging out.
    CannotLogOut,
    /// The user is stuck at login.
    StuckAtLogin,
    /// With the new farm file, nobody can log in, even with a fresh browser.
    NobodyLogsIn,
    /// The wiki answers with an error.
    Fails,
}

impl Verdict {
    /// The word in JSON.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Whether users notice.
    pub fn hurts(self) -> bool {
        self >= Verdict::LoggedOut
    }

    /// What users see, as a verb for them.
    pub fn seen(self, visitor: Visitor) -> &'static str {
        match self {
            Verdict::Kept if visitor == Visitor::Anonymous => "notice nothing",
            Verdict::Kept => "stay logged in",
            Verdict::TrailLost => "lose their page trail",
            Verdict::LoggedOut => "are logged out once",
            Verdict::LogsOut => "are logged out of other wikis",
            Verdict::CannotLogOut => "cannot log out",
            Verdict::StuckAtLogin => "are stuck at login",
            Verdict::NobodyLogsIn => "cannot log in, even with a fresh browser",
            Verdict::Fails => "get an error page",
        }
    }
}

/// Where a user's cookies come from: the way, and for some ways the other wiki.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(tag = "way", content = "other", rename_all = "kebab-case")]
pub enum Way {
    /// The user was at this wiki before the change, and comes back.
    Back,
    /// The user was at this wiki, and comes back with the cookie. The session has ended since: revoked, pruned, or lost.
    Ended,
    /// The user was at the other wiki before the change, and comes here.
    From(String),
    /// The user was here before the change, logs in at the other wiki after it, and comes here.
    Over(String),
    /// The user was at both wikis before the change, goes to the other one first, and then comes here.
    Both(String),
}

impl Way {
    /// A number for the way, without the other wiki.
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

/// Why a change has an effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// It has none.
    None,
    /// Browsers no longer send the old cookie to the wiki, for this reason.
    NotSent(&'static str),
    /// The wiki looks for another cookie name.
    Name {
        /// The old cookie's name.
        old: String,
        /// The name that the wiki looks for.
        new: String,
    },
    /// This version does not accept session ids of the old form.
    IdForm(String),
    /// Sessions move from the first directory to the second.
    Storage(String, String),
    /// Users move from the first directory to the second.
    Users(String, String),
    /// The wiki lacks the authentication method with which the user logged in.
    Method(String),
    /// Another key signs the cookies (2.0).
    Key,
    /// The key is the same, but the user of the cookie is not in this directory (2.0).
    NoProfile(String),
    /// Of two cookies, the wiki picks the old one.
    Shadowed,
    /// Browsers reject the wiki's cookie, for this reason.
    Refused(String),
    /// Logging out deletes the new cookie, but the old one still opens a session.
    OldStays,
    /// Because of the old cookie, the wiki deletes or replaces the cookie of another wiki.
    Overwrites,
    /// The wiki fails with this error.
    Failure(String),
    /// None of these: only the simulation shows the effect.
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
            Reason::Users(..) | Reason::NoProfile(_) => "users",
            Reason::Method(_) => "auth",
            Reason::Key => "secret-key",
            Reason::Shadowed => "shadowed",
            Reason::Refused(_) => "cookie-rejected",
            Reason::OldStays => "old-session",
            Reason::Overwrites => "overwrites",
            Reason::Failure(_) => "failure",
            Reason::Acted => "simulated",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::None => Ok(()),
            Reason::NotSent(why) => write!(f, "browsers no longer send the old cookie: {why}"),
            Reason::Name { old, new } => write!(f, "the wiki looks for {new}, but browsers have {old}"),
            Reason::IdForm(version) => {
                write!(f, "MoinMoin {version} does not accept session ids of the old form")
            }
            Reason::Storage(old, new) => {
                write!(f, "the wiki looks for sessions in {new}, but they are in {old}")
            }
            Reason::Users(old, new) => write!(f, "the wiki looks for users in {new}, but they are in {old}"),
            Reason::Method(method) => write!(f, "the wiki no longer has the auth method {method}"),
            Reason::Key => f.write_str("another SECRET_KEY signs the cookies"),
            Reason::NoProfile(new) => {
                write!(f, "the SECRET_KEY is the same, but the cookie names a user who is not in {new}")
            }
            Reason::Shadowed => {
                f.write_str("browsers also send the old cookie, and the wiki picks the old one")
            }
            Reason::Refused(why) => write!(f, "browsers reject the new cookie: {why}"),
            Reason::OldStays => {
                f.write_str("logging out deletes the new cookie, but the old one still opens a session")
            }
            Reason::Overwrites => {
                f.write_str("the old cookie makes this wiki delete or replace the cookie of the other wiki")
            }
            Reason::Failure(how) => f.write_str(how),
            Reason::Acted => f.write_str("the simulation shows this effect, but no single cause"),
        }
    }
}

impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// A cookie, without its value.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct CookieKey {
    /// Its name.
    pub name: String,
    /// The host or domain it is for.
    pub domain: String,
    /// Whether it is for that host only.
    pub host_only: bool,
    /// Its path.
    pub path: String,
    /// Whether browsers send it over https only. Cookies that differ only in this are the same cookie.
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

    /// Whether both are the same cookie for a browser.
    pub fn is_same(&self, other: &CookieKey) -> bool {
        self.name == other.name
            && self.domain == other.domain
            && self.host_only == other.host_only
            && self.path == other.path
    }
}

impl fmt::Display for CookieKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wide = if self.host_only { "only" } else { "and its subdomains" };
        let secure = if self.secure { ", Secure" } else { "" };
        write!(f, "{} for {} {wide}, path {}{secure}", self.name, self.domain, self.path)
    }
}

/// A cookie in a request that has the name that the wiki looks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct InHeader {
    /// The cookie.
    #[serde(flatten)]
    pub cookie: CookieKey,
    /// Whether it comes from the old farm.
    pub old: bool,
    /// Whether the wiki picks this one.
    pub picked: bool,
}

/// The effect on one user at one wiki.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Case {
    /// The kind of visitor: `anonymous`, `user` (without "remember me"), or `remember`.
    #[serde(rename = "as", serialize_with = "visitor_name")]
    #[schemars(with = "String")]
    pub visitor: Visitor,
    /// Where the user's cookies come from.
    #[serde(flatten)]
    pub way: Way,
    /// The effect.
    pub verdict: Verdict,
    /// Why, as a name.
    #[schemars(with = "String")]
    pub reason: Reason,
    /// Why, in words.
    pub explanation: String,
    /// The cookies that the browser sends under the name that the wiki looks for, in order; empty if there is only one.
    pub cookies: Vec<InHeader>,
    /// Whether the wiki picks an old cookie although there is a new one.
    pub shadowed: bool,
    /// When the last old cookie expires, in unix seconds; null if there is none, or it ends with the browser's session.
    pub until: Option<f64>,
    /// The same in RFC 3339.
    pub until_at: Option<String>,
}

impl Case {
    /// Whether users have to log in once more, and have no other problem.
    pub fn logs_in_again(&self) -> bool {
        self.verdict == Verdict::LoggedOut && self.visitor != Visitor::Anonymous
    }

    /// Whether old cookies cause problems until they are deleted.
    pub fn is_stuck(&self) -> bool {
        self.verdict > Verdict::LoggedOut || self.shadowed
    }

    /// Whether administrators have to know about it.
    pub fn hurts(&self) -> bool {
        self.verdict.hurts() || self.shadowed
    }

    /// Whether an old cookie that matters remains.
    pub fn lasts(&self) -> bool {
        self.cookies.iter().any(|cookie| cookie.old) || self.until.is_some()
    }
}

fn visitor_name<S: Serializer>(visitor: &Visitor, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(visitor.name())
}
