//! A session in the JSON of `session list`, `session show`, and other commands.

use schemars::JsonSchema;
use serde::Serialize;

use crate::cli::shared::users::Users;
use crate::ops::problem_of;
use crate::store::{EntryName, Expires, Facts, Prefixes, Session, State, StoreSpec, seconds};
use crate::text::measure::rfc3339;

/// A session.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct SessionJson {
    /// The location of the store.
    pub(super) store: String,
    /// The shortest unique prefix of the id; the whole id with `--reveal`.
    pub(super) id: String,
    /// The wikis that use the store.
    pub(super) wikis: Vec<String>,
    /// The state.
    pub(super) state: State,
    /// Why the wikis can't use the session, and what they do then; null if they can.
    pub(super) problem: Option<String>,
    /// The expiry in unix seconds; null if there is none, or it is not a finite number.
    pub(super) expires: Option<f64>,
    /// The expiry as RFC 3339.
    pub(super) expires_at: Option<String>,
    /// The last write in unix seconds.
    pub(super) modified: i64,
    /// The last write as RFC 3339.
    pub(super) modified_at: Option<String>,
    /// The size in bytes.
    pub(super) size: u64,
    /// The user; null for an anonymous or unreadable session.
    pub(super) user: Option<UserJson>,
    /// The id of the user that a superuser acts as.
    pub(super) setuid: Option<String>,
    /// The name of that user; null if no user directory has this id.
    pub(super) setuid_name: Option<String>,
    /// The trail of visited pages; only in `session show`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) trail: Option<Vec<String>>,
    /// The contents of the session; only in `session show`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) values: Option<serde_json::Value>,
}

/// The user of a session.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct UserJson {
    /// The id.
    pub(super) id: String,
    /// The name; null if no user directory has this id.
    pub(super) name: Option<String>,
    /// The method of the login.
    pub(super) auth_method: Option<String>,
}

/// How many characters of an id are always hidden: 16^16 guesses.
const GUESSED: usize = 16;

/// The shortest unique prefix of an id, or the whole id.
pub(super) fn shown(id: &EntryName, prefixes: &Prefixes, reveal: bool) -> String {
    cut(id, (!reveal).then(|| prefixes.length(id)))
}

/// The first `unique` characters of an id, or the whole id.
pub(super) fn cut(id: &EntryName, unique: Option<usize>) -> String {
    // Two ids with a long common prefix must not reveal too much.
    let length = unique.map_or(id.len(), |unique| unique.min(id.len().saturating_sub(GUESSED)));
    id.reveal().chars().take(length).collect()
}

/// Replaces every value with a name like that of a secret.
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
    /// A session of the store at `position`.
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
            problem: problem_of(spec, session),
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
            setuid_name: facts.and_then(|facts| users.name(position, facts.setuid.as_ref()?)),
            setuid: facts.and_then(|facts| facts.setuid.clone()),
            trail: None,
            values: None,
        }
    }

    /// The name or the id of the user.
    pub(super) fn who(&self) -> String {
        match &self.user {
            Some(UserJson { name: Some(name), .. }) => name.clone(),
            Some(UserJson { id, .. }) => format!("id:{id}"),
            None => String::new(),
        }
    }

    /// The name or the id of the user that a superuser acts as.
    pub(super) fn acts_as(&self) -> Option<String> {
        self.setuid_name.clone().or_else(|| Some(format!("id:{}", self.setuid.as_ref()?)))
    }
}
