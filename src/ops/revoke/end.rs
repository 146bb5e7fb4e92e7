//! Ends a session that a wiki may be writing. Every removal of `revoke` uses [`remove`].

use std::io;
use std::thread;

use crate::ops::Problem;
use crate::store::{EntryName, Fields, Found, Session, SessionStore, Stamp};
use crate::sys::{Removal, problem};

use super::target::{Match, Target};

/// How often a session that changes during its removal is read and judged again.
const TRIES: usize = 20;

/// The result of ending a session, with the id of the logged-in user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ended {
    /// Removed.
    Removed(Option<String>),
    /// It did not exist.
    Gone,
    /// It no longer matches: the user logged out, or another user logged in.
    NoMatch,
    /// It still exists: a wiki wrote it during every attempt.
    StillThere(Option<String>),
    /// It exists, but can't be read: a wiki may be writing it in place.
    Unreadable,
    /// It could not be read or removed: why.
    Failed(Problem),
}

/// Removes sessions that did not change and for which `matches` is true. Returns one result for each session, in order.
pub(super) fn remove(
    store: &dyn SessionStore,
    batch: &[(EntryName, Stamp)],
    matches: &(dyn Fn(&Session) -> bool + Sync),
) -> Vec<io::Result<Removal>> {
    store.end(batch, &|found| matches!(found, Found::Session(session) if matches(session)))
}

/// Ends a session of the plan: reads, judges, and removes it until it does not exist.
pub(super) fn end(store: &dyn SessionStore, id: &EntryName, target: &Target, logged_in: bool) -> Ended {
    let meant = |session: &Session| target.is_still_met_by(session, logged_in);
    let mut ended = Ended::Gone;
    for _ in 0..TRIES {
        let session = match store.read(id, Fields::default()) {
            Ok(Some(session)) => session,
            Ok(None) => return Ended::Gone,
            Err(error) => return Ended::Failed(Problem::of(&error)),
        };
        match meant(&session) {
            Match::Yes(_) => {}
            Match::No | Match::Written => return Ended::NoMatch,
            Match::Unreadable => {
                ended = Ended::Unreadable;
                thread::yield_now();
                continue;
            }
        }
        let entry = [(session.id, session.stamp)];
        let removed = remove(store, &entry, &|session| matches!(meant(session), Match::Yes(_)));
        let user = session.facts.ok().and_then(|facts| facts.user).map(|user| user.id);
        match removed.into_iter().next() {
            Some(Ok(Removal::Removed { .. } | Removal::Raced)) => return Ended::Removed(user),
            Some(Ok(Removal::Gone)) => return Ended::Gone,
            Some(Ok(_)) => ended = Ended::StillThere(user),
            Some(Err(error)) => return Ended::Failed(problem(&error)),
            None => return Ended::Failed("no answer from the store".into()),
        }
    }
    ended
}
