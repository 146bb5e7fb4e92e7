//! The visible results of a step. Session ids are shortened.

use schemars::JsonSchema;
use serde::Serialize;

use crate::browser::Cookie;
use crate::moin::{Items, SetCookie, Value};
use crate::store::SHORTEST_PREFIX;

/// A step and its results.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Event {
    /// The number of the line, or of the argument.
    pub line: usize,
    /// The step.
    pub step: String,
    /// The time of the step, in unix seconds.
    pub time: f64,
    /// The same in RFC 3339.
    pub time_at: String,
    /// The wiki; null if the step visits none.
    pub wiki: Option<String>,
    /// The URL of the request; null without a request.
    pub url: Option<String>,
    /// The Cookie header of the request; null if the browser sends none.
    pub cookie: Option<String>,
    /// The user that the wiki sees; null if no wiki answers.
    pub seen: Option<Seen>,
    /// The Set-Cookie headers of the response.
    pub set_cookie: Vec<Sent>,
    /// The error with which the wiki responds.
    pub failure: Option<String>,
    /// Notes: what did not happen as asked, and assumptions.
    pub notes: Vec<String>,
    /// The expectation of an `expect` step.
    pub expected: Option<Expected>,
    /// The cookies in the browser after the step.
    pub jar: Vec<String>,
    /// The sessions in each store after the step.
    pub stores: Vec<StoreView>,
}

/// The user that a wiki sees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Seen {
    /// The user's name; null for anonymous.
    pub user: Option<String>,
    /// The superuser who has switched to this user.
    pub switched_from: Option<String>,
}

/// A Set-Cookie header and what the browser does with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Sent {
    /// The header.
    pub header: String,
    /// What the browser does: `stored`, `replaced`, `deleted`, `nothing to delete`, `expired at once`, or `rejected: ..`.
    pub browser: String,
}

/// An expectation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Expected {
    /// The expected user; null for anonymous.
    pub user: Option<String>,
    /// Whether the wiki sees this user.
    pub met: bool,
}

/// A session store.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct StoreView {
    /// The directory.
    pub store: String,
    /// The sessions, ordered by id.
    pub sessions: Vec<SessionView>,
}

/// A session in a store.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct SessionView {
    /// The beginning of the id.
    pub id: String,
    /// The user, by name if known; null for anonymous.
    pub user: Option<String>,
    /// The user that the superuser has switched to.
    pub setuid: Option<String>,
    /// When the session expires, in unix seconds; null without an expiry date.
    pub expires: Option<f64>,
    /// The same in RFC 3339.
    pub expires_at: Option<String>,
    /// The last visited pages.
    pub trail: Vec<String>,
}

/// The beginning of a secret.
pub(super) fn short(secret: &str) -> String {
    match secret.char_indices().nth(SHORTEST_PREFIX) {
        Some((end, _)) => format!("{}…", secret.get(..end).unwrap_or_default()),
        None => secret.to_owned(),
    }
}

/// A header with its value shortened.
pub(super) fn header(cookie: &SetCookie) -> String {
    let mut shown = cookie.clone();
    shown.value = short(&cookie.value);
    shown.to_string()
}

/// `name=value`, the value shortened.
pub(super) fn pair(cookie: &Cookie) -> String {
    let value = short(&String::from_utf8_lossy(&cookie.value));
    format!("{}={value}", String::from_utf8_lossy(&cookie.name))
}

/// A cookie in the browser, in words.
pub(super) fn in_jar(cookie: &Cookie) -> String {
    let wide = if cookie.host_only { "only" } else { "and its subdomains" };
    let flags = [(cookie.secure, ", Secure"), (cookie.http_only, ", HttpOnly")];
    let flags: String = flags.iter().filter(|(set, _)| *set).map(|(_, name)| *name).collect();
    let until = cookie.expires.map_or("the browser closes".to_owned(), time);
    let path = String::from_utf8_lossy(&cookie.path);
    format!("{} for {} {wide}, path {path}{flags}, until {until}", pair(cookie), cookie.domain)
}

/// A time in RFC 3339, in whole seconds.
pub fn time(seconds: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "out of range it saturates, and no calendar has it")]
    let whole = jiff::Timestamp::from_second(seconds.floor() as i64);
    whole.map_or_else(|_| format!("{seconds} s"), |time| time.to_string())
}

/// A session in a store. `name` gives the name of a user id.
pub(super) fn session(id: &str, items: &Items, name: impl Fn(&str) -> Option<String>) -> SessionView {
    let user = |key: &str| {
        let id = items.get(key).and_then(Value::as_str)?;
        Some(name(id).unwrap_or_else(|| id.to_owned()))
    };
    let expires = items.get("expires").and_then(Value::number);
    let trail = items.get("trail").map(Value::items).unwrap_or_default();
    SessionView {
        id: short(id),
        user: user("user.id"),
        setuid: user("setuid"),
        expires,
        expires_at: expires.map(time),
        trail: trail.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
    }
}
