//! What the wikis of a store do with a session that they can't use.

use crate::moin::Behavior;
use crate::store::{Session, StoreSpec, Trust, Unreadable};

/// What the wikis of a store do with a session that they can't unpickle. `None` without wikis: the version is unknown.
///
/// Source: 1.9.0 fails; 1.7, 1.8, and 1.9.1 catch some errors; 1.9.2 and later take it as empty.
pub fn unreadable_effect(spec: &StoreSpec) -> Option<&'static str> {
    let all = |fits: fn(Behavior) -> bool| spec.wikis.iter().all(|wiki| fits(wiki.version.behavior()));
    if spec.wikis.is_empty() {
        None
    } else if all(|behavior| behavior >= Behavior::V1_9_2) {
        Some("the wiki logs the user out")
    } else if all(|behavior| behavior == Behavior::V1_9_0) {
        Some("the wiki answers the user with an error")
    } else {
        Some("the wiki logs the user out, or answers with an error")
    }
}

/// Why a session is unreadable, and what its wikis do then.
pub fn unreadable_reason(spec: &StoreSpec, why: &Unreadable) -> String {
    // A wiki reads a file that is not safe to read for others, and no wiki loads an ended session.
    let of_pickle = why.was_read() && !matches!(why, Unreadable::Ended);
    match unreadable_effect(spec).filter(|_| of_pickle) {
        Some(effect) => format!("{why}; {effect}"),
        None => why.to_string(),
    }
}

/// Why the wikis of a store can't use a session, and what they do then. `None` if they can.
pub fn problem_of(spec: &StoreSpec, session: &Session) -> Option<String> {
    match (&session.facts, session.trust) {
        (Err(why), _) => Some(unreadable_reason(spec, why)),
        (_, Some(Trust::Foreign)) => {
            Some("no MAC by the key of its store; the wiki treats the visitor as anonymous".to_owned())
        }
        _ => None,
    }
}
