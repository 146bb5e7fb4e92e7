//! What can be seen of a step. Ids of sessions are shortened.

use serde::Serialize;

use crate::browser::Cookie;
use crate::moin::{Items, SetCookie, Value};
use crate::store::SHORTEST_PREFIX;

/// A step and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Event {
    /// The number of the line, or of the argument.
    pub line: usize,
    /// The step.
    pub step: String,
    /// When, in unix seconds.
    pub at: f64,
    /// The wiki; `None` where the step leads to none.
    pub wiki: Option<String>,
    /// The URL requested.
    pub url: Option<String>,
    /// The request's Cookie header; `None` if there is none.
    pub cookie: Option<String>,
    /// Whom the wiki sees; `None` where no wiki was asked, or it failed.
    pub seen: Option<Seen>,
    /// The answer's Set-Cookie headers.
    pub set_cookie: Vec<Sent>,
    /// Why the wiki answers with an error.
    pub failure: Option<String>,
    /// What did not go as asked, or was taken to be so.
    pub remarks: Vec<String>,
    /// What was expected, and whether it is so.
    pub expected: Option<Expected>,
    /// The cookies in the browser afterwards.
    pub jar: Vec<String>,
    /// The sessions in each store afterwards.
    pub stores: Vec<StoreView>,
}

/// Whom a wiki sees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Seen {
    /// The user's name; `None` for anonymous.
    pub user: Option<String>,
    /// The superuser behind him, where one has switched.
    pub switched_from: Option<String>,
}

/// A Set-Cookie header and what the browser made of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sent {
    /// The header.
    pub header: String,
    /// `stored`, `deleted`, `nothing to delete`, or `refused: ..`.
    pub browser: String,
}

/// An expectation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Expected {
    /// The user expected; `None` for anonymous.
    pub user: Option<String>,
    /// Whether a visit would see him.
    pub met: bool,
}

/// A store.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StoreView {
    /// Its directory.
    pub store: String,
    /// Its sessions by id.
    pub sessions: Vec<SessionView>,
}

/// A session in a store.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SessionView {
    /// The beginning of its id.
    pub id: String,
    /// The `user.id` in it, by name where the name is known.
    pub user: Option<String>,
    /// The user switched to.
    pub setuid: Option<String>,
    /// When it ends.
    pub expires: Option<f64>,
    /// The pages last visited.
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

/// A cookie in the jar, in words.
pub(super) fn in_jar(cookie: &Cookie) -> String {
    let wide = if cookie.host_only { "only" } else { "and below" };
    let flags = [(cookie.secure, ", Secure"), (cookie.http_only, ", HttpOnly")];
    let flags: String = flags.iter().filter(|(set, _)| *set).map(|(_, name)| *name).collect();
    let until = cookie.expires.map_or("the browser closes".to_owned(), time);
    let path = String::from_utf8_lossy(&cookie.path);
    format!("{} for {} {wide}, path {path}{flags}, until {until}", pair(cookie), cookie.domain)
}

/// A time for people, whole seconds.
pub fn time(seconds: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "out of range it saturates, and no calendar has it")]
    let whole = jiff::Timestamp::from_second(seconds.floor() as i64);
    whole.map_or_else(|_| format!("{seconds} s"), |time| time.to_string())
}

/// A session in a store, its users by `name`.
pub(super) fn session(id: &str, items: &Items, name: impl Fn(&str) -> Option<String>) -> SessionView {
    let user = |key: &str| {
        let id = items.get(key).and_then(Value::as_str)?;
        Some(name(id).unwrap_or_else(|| id.to_owned()))
    };
    let trail = items.get("trail").map(Value::items).unwrap_or_default();
    SessionView {
        id: short(id),
        user: user("user.id"),
        setuid: user("setuid"),
        expires: items.get("expires").and_then(Value::number),
        trail: trail.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
    }
}
