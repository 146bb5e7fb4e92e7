//! Ending one session that may be written at the same moment. Every removal that `revoke` makes goes through
//! [`take_away`].

use std::io;
use std::thread;

use crate::store::{EntryName, Fields, Found, Session, SessionStore, Stamp};
use crate::sys::{Removal, why};

use super::target::{Match, Target};

/// So often a session that is written while it is being removed is read and judged again.
const TRIES: usize = 20;

/// How an attempt to end a session ended. The user is the one who was logged in, if anybody was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ended {
    /// Removed.
    Removed(Option<String>),
    /// It was not there.
    Gone,
    /// It is there, but not meant any more: the user has logged out, or somebody else has logged in.
    NotMeant,
    /// It is there still: a wiki wrote it in each attempt.
    There(Option<String>),
    /// It is there, and can't be read: a wiki may be writing it in place.
    Unreadable,
    /// It could not be read or removed: why.
    Failed(String),
}

/// Removes sessions if they are as they were seen and `meant` says so. One result a session, in order.
pub(super) fn take_away(
    store: &dyn SessionStore,
    batch: &[(EntryName, Stamp)],
    meant: &(dyn Fn(&Session) -> bool + Sync),
) -> Vec<io::Result<Removal>> {
    store.end(batch, &|found| matches!(found, Found::Session(session) if meant(session)))
}

/// Ends a session that the plan meant, as it is now: reads, judges and removes it until it is gone.
pub(super) fn end(store: &dyn SessionStore, id: &EntryName, target: &Target, logged_in: bool) -> Ended {
    let meant = |session: &Session| target.is_still_met_by(session, logged_in);
    let mut ended = Ended::Gone;
    for _ in 0..TRIES {
        let session = match store.read(id, Fields::default()) {
            Ok(Some(session)) => session,
            Ok(None) => return Ended::Gone,
            Err(error) => return Ended::Failed(error.to_string()),
        };
        match meant(&session) {
            Match::Yes(_) => {}
            Match::No | Match::Written => return Ended::NotMeant,
            Match::Unreadable => {
                ended = Ended::Unreadable;
                thread::yield_now();
                continue;
            }
        }
        let entry = [(session.id, session.stamp)];
        let removed = take_away(store, &entry, &|session| matches!(meant(session), Match::Yes(_)));
        let user = session.facts.ok().and_then(|facts| facts.user).map(|user| user.id);
        match removed.into_iter().next() {
            Some(Ok(Removal::Removed { .. } | Removal::Raced)) => return Ended::Removed(user),
            Some(Ok(Removal::Gone)) => return Ended::Gone,
            Some(Ok(_)) => ended = Ended::There(user),
            Some(Err(error)) => return Ended::Failed(why(&error)),
            None => return Ended::Failed("the store did not answer".to_owned()),
        }
    }
    ended
}
