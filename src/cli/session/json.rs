//! A session as `session list` and `session show` give it to programs.

use serde::Serialize;

use crate::cli::shared::users::Users;
use crate::report::measure::rfc3339;
use crate::store::{EntryName, Expires, Facts, Prefixes, Session, State, StoreSpec, seconds};

/// One session; `trail` and `values` only in `show`.
#[derive(Debug, Serialize)]
pub(super) struct SessionJson {
    pub(super) store: String,
    /// The shortest unique prefix, or the whole id with `--reveal`.
    pub(super) id: String,
    pub(super) wikis: Vec<String>,
    pub(super) state: State,
    /// Unix seconds; null where there is none, or it is no finite number.
    pub(super) expires: Option<f64>,
    pub(super) expires_at: Option<String>,
    pub(super) modified_at: Option<String>,
    #[serde(skip)]
    pub(super) modified: i64,
    pub(super) size: u64,
    pub(super) user: Option<UserJson>,
    pub(super) setuid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) trail: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) values: Option<serde_json::Value>,
}

/// The user of a session.
#[derive(Debug, Serialize)]
pub(super) struct UserJson {
    pub(super) id: String,
    pub(super) name: Option<String>,
    pub(super) auth_method: Option<String>,
}

/// So many characters of an id stay hidden: 16^16 guesses.
const GUESSED: usize = 16;

/// An id as it is shown: the shortest unique prefix, or all of it.
pub(super) fn shown(id: &EntryName, prefixes: &Prefixes, reveal: bool) -> String {
    cut(id, (!reveal).then(|| prefixes.length(id)))
}

/// An id as it is shown: as much of it as is unique, or all of it.
pub(super) fn cut(id: &EntryName, unique: Option<usize>) -> String {
    // However much two ids have in common, one is never shown so far that the rest could be guessed.
    let length = unique.map_or(id.len(), |unique| unique.min(id.len().saturating_sub(GUESSED)));
    id.reveal().chars().take(length).collect()
}

/// Puts a mark in the place of every value whose name sounds like a secret.
pub(super) fn hide_secrets(values: &mut serde_json::Value) {
    match values {
        serde_json::Value::Object(items) => {
            for (key, value) in items.iter_mut() {
                let key = key.to_lowercase();
                if ["passw", "secret", "token", "ticket"].iter().any(|word| key.contains(word)) {
                    *value = serde_json::json!({"$py": "hidden"});
                } else {
                    hide_secrets(value);
                }
            }
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(hide_secrets),
        _ => {}
    }
}

impl SessionJson {
    /// The session `session` of the store at `position` of `specs`.
    pub(super) fn new(
        session: &Session,
        (position, spec): (usize, &StoreSpec),
        state: State,
        id: String,
        users: &mut Users,
    ) -> SessionJson {
        let facts = session.facts.as_ref().ok();
        let expires = match facts.map(|facts| facts.expires) {
            Some(Expires::At(expires)) => Some(expires),
            _ => None,
        };
        SessionJson {
            store: spec.address(),
            id,
            wikis: spec.wikis.iter().map(|wiki| wiki.name.clone()).collect(),
            state,
            expires,
            expires_at: expires.and_then(rfc3339),
            modified_at: rfc3339(seconds(session.modified)),
            modified: session.modified,
            size: session.size,
            user: facts.and_then(|facts: &Facts| facts.user.as_ref()).map(|user| UserJson {
                id: user.id.clone(),
                name: users.name(position, &user.id),
                auth_method: user.auth_method.clone(),
            }),
            setuid: facts.and_then(|facts| facts.setuid.clone()),
            trail: None,
            values: None,
        }
    }

    /// The user for people: the name, else the id.
    pub(super) fn who(&self) -> String {
        match &self.user {
            Some(UserJson { name: Some(name), .. }) => name.clone(),
            Some(UserJson { id, .. }) => format!("id:{id}"),
            None => String::new(),
        }
    }
}
