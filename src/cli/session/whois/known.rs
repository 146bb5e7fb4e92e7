//! The JSON of `session whois`.

use schemars::JsonSchema;
use serde::Serialize;

use crate::cli::session::json::{SessionJson, UserJson};
use crate::cli::shared::ids;

/// The given ids.
#[derive(Serialize, JsonSchema)]
pub(in crate::cli::session) struct Document {
    /// The ids in the given order.
    pub(super) ids: Vec<Known>,
}

/// An id and its sessions.
#[derive(Serialize, JsonSchema)]
pub(super) struct Known {
    /// The shortest unique prefix; the whole id with `--reveal`. The first characters of an unknown id.
    pub(super) id: String,
    /// The sessions with this id in all stores; empty for an unknown id, and for a signed cookie.
    pub(super) sessions: Vec<SessionJson>,
    /// The contents of a signed cookie; null for an id.
    pub(super) cookie: Option<CookieJson>,
    /// The SQLite or Redis stores in which a logout or `session revoke` ended this id; only for a whole id.
    pub(super) ended: Vec<Ended>,
}

/// A session that was ended.
#[derive(Serialize, JsonSchema)]
pub(super) struct Ended {
    /// The location of the store.
    pub(super) store: String,
    /// Until when no wiki accepts the id, in unix seconds.
    pub(super) until: f64,
    /// Until when no wiki accepts the id, as RFC 3339.
    pub(super) until_at: Option<String>,
}

/// The contents of a signed cookie of MoinMoin 2.
#[derive(Serialize, JsonSchema)]
pub(super) struct CookieJson {
    /// `live`, `expired`, or `future`, with `lifetime`.
    pub(super) state: &'static str,
    /// The seconds for which a wiki accepts the signature: PERMANENT_SESSION_LIFETIME of the wikis in `wikis`, or else the
    /// default of 31 days.
    pub(super) lifetime: f64,
    /// The time of the signature in unix seconds.
    pub(super) signed: u64,
    /// The time of the signature as RFC 3339.
    pub(super) signed_at: Option<String>,
    /// Whether the payload is compressed.
    pub(super) compressed: bool,
    /// The user; null for an anonymous session.
    pub(super) user: Option<UserJson>,
    /// The wikis of the farm file with a profile of this user.
    pub(super) wikis: Vec<String>,
    /// Whether the key of `--secret-file` signed it; null without a key.
    pub(super) key_fits: Option<bool>,
    /// The payload.
    pub(super) payload: serde_json::Value,
}

/// The first characters of an id, or the whole id with `reveal`.
pub(super) fn cut(id: &str, reveal: bool) -> String {
    let short = ids::short(id);
    if reveal || short.len() == id.len() { id.to_owned() } else { format!("{short}…") }
}
