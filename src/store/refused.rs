//! Detects a scan that could not open any session, all for one reason. This is a failure of the store, not unreadable sessions.

use std::mem::discriminant;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use super::error::StoreError;
use super::facts::Unreadable;
use super::name::EntryName;
use super::record::{Found, Session};
use super::{Sink, Skip};
use crate::sys::NotOpened;

/// Runs `scan` with a `skip` and a `sink` that pass everything on.
///
/// # Errors
///
/// The errors of `scan`. [`StoreError::Refused`] if it was complete, skipped no session, and could open none for one reason.
pub(super) fn watch(
    dir: &Path,
    stop: &AtomicBool,
    skip: Skip<'_>,
    sink: Sink<'_>,
    scan: impl FnOnce(Skip<'_>, Sink<'_>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let skipped = AtomicBool::new(false);
    let mut refused = Refused::default();
    let mut watched = |found: Found| {
        refused.see(&found);
        sink(found);
    };
    let skip = |name: &EntryName, inode| {
        let skip = skip(name, inode);
        if skip && !skipped.load(Ordering::Relaxed) {
            skipped.store(true, Ordering::Relaxed);
        }
        skip
    };
    scan(&skip, &mut watched)?;
    if skipped.into_inner() || stop.load(Ordering::Relaxed) { Ok(()) } else { refused.result(dir) }
}

/// The sessions that could not be opened.
#[derive(Default)]
struct Refused {
    sessions: u64,
    first: Option<(std::mem::Discriminant<NotOpened>, String)>,
    /// Whether a session was opened, or failed for another reason.
    other: bool,
}

impl Refused {
    fn see(&mut self, found: &Found) {
        match found {
            Found::Session(Session { id, facts: Err(Unreadable::Unsafe(why)), .. }) if !self.other => {
                self.sessions += 1;
                let (reason, _) =
                    self.first.get_or_insert_with(|| (discriminant(why), format!("{id}: {why}")));
                self.other = *reason != discriminant(why);
            }
            Found::Session(_) | Found::Failed { .. } => self.other = true,
            Found::Temp(_) | Found::Foreign(_) => {}
        }
    }

    fn result(self, dir: &Path) -> Result<(), StoreError> {
        match self.first {
            Some((_, example)) if !self.other => {
                Err(StoreError::Refused { dir: dir.to_owned(), sessions: self.sessions, example })
            }
            _ => Ok(()),
        }
    }
}
