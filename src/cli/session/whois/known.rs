//! What is known of an id, for programs.

use serde::Serialize;

use crate::cli::session::json::{SessionJson, UserJson};
use crate::cli::shared::ids;

/// What is known of an id.
#[derive(Serialize)]
pub(super) struct Known {
    /// The shortest unique prefix, or the whole id with `--reveal`; of an unknown id its beginning.
    pub(super) id: String,
    /// From every store that holds it; empty for an id known nowhere, and for a signed cookie.
    pub(super) sessions: Vec<SessionJson>,
    /// What a signed cookie says.
    pub(super) signed: Option<SignedJson>,
}

/// What a signed cookie says, for programs.
#[derive(Serialize)]
pub(super) struct SignedJson {
    pub(super) state: &'static str,
    pub(super) signed_at: Option<String>,
    pub(super) timestamp: u64,
    pub(super) compressed: bool,
    pub(super) user: Option<UserJson>,
    /// Whether the key of `--secret-file` signs it.
    pub(super) key_fits: Option<bool>,
    pub(super) payload: serde_json::Value,
}

/// The beginning of what must not be shown whole.
pub(super) fn cut(id: &str, reveal: bool) -> String {
    let short = ids::short(id);
    if reveal || short.len() == id.len() { id.to_owned() } else { format!("{short}…") }
}
