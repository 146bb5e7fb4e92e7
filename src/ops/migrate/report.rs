//! The report of a migration.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use crate::ops;
use crate::store::{EntryName, SHORTEST_PREFIX, StoreSpec};

use super::cookie_map::Pair;

/// How many different problems, and ids of each, are kept.
const MAX_PROBLEMS: usize = 1000;

/// Numbers of sessions. Every session of the source is in one of the fields before `deleted`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct Counts {
    /// Copied to the target; 0 in a dry run.
    pub copied: u64,
    /// Sessions that a dry run would copy or replace; 0 in any other run.
    pub would_copy: u64,
    /// Copied in place of another session with the same id: an older one, or an earlier copy of a changed session.
    pub replaced: u64,
    /// Skipped: the same session is already at the target.
    pub same: u64,
    /// Skipped: expired.
    pub expired: u64,
    /// Skipped by the filters.
    pub filtered: u64,
    /// Skipped: the target has another session with the same id.
    pub conflicts: u64,
    /// Skipped: ended at the target, which has a tombstone.
    pub ended: u64,
    /// Refused as a possible attack: contains a forbidden class, or has no MAC by the key of its store.
    pub forbidden: u64,
    /// Refused: a file with several hard links, of another owner, or too large.
    pub unsafe_files: u64,
    /// Refused: unreadable.
    pub unreadable: u64,
    /// Refused: the target rejects the id.
    pub unfit_ids: u64,
    /// Refused: the user has no counterpart at the target.
    pub without_user: u64,
    /// Refused: no `expires`, which the wikis at the target require.
    pub no_expires: u64,
    /// Failed to read or write.
    pub failed: u64,
    /// Ended at the source during the run. A copy was removed again.
    pub gone: u64,
    /// Not processed, because the run was stopped.
    pub left: u64,
    /// Removed from the source after the copy was read back and compared.
    pub deleted: u64,
    /// Copied, but incomplete: not removed from the source with `--move`, or older than the session at the source.
    pub unsettled: u64,
    /// Bytes in the copied sessions, or in the sessions to copy.
    pub bytes: u64,
}

impl Counts {
    fn add(&mut self, more: &Counts) {
        let Counts {
            copied,
            would_copy,
            replaced,
            same,
            expired,
            filtered,
            conflicts,
            ended,
            forbidden,
            unsafe_files,
            unreadable,
            unfit_ids,
            without_user,
            no_expires,
            failed,
            gone,
            left,
            deleted,
            unsettled,
            bytes,
        } = more;
        for (count, more) in [
            (&mut self.copied, copied),
            (&mut self.would_copy, would_copy),
            (&mut self.replaced, replaced),
            (&mut self.same, same),
            (&mut self.expired, expired),
            (&mut self.filtered, filtered),
            (&mut self.conflicts, conflicts),
            (&mut self.ended, ended),
            (&mut self.forbidden, forbidden),
            (&mut self.unsafe_files, unsafe_files),
            (&mut self.unreadable, unreadable),
            (&mut self.unfit_ids, unfit_ids),
            (&mut self.without_user, without_user),
            (&mut self.no_expires, no_expires),
            (&mut self.failed, failed),
            (&mut self.gone, gone),
            (&mut self.left, left),
            (&mut self.deleted, deleted),
            (&mut self.unsettled, unsettled),
            (&mut self.bytes, bytes),
        ] {
            *count += more;
        }
    }
}

/// Counts and problems of some or all sessions.
#[derive(Debug, Clone, PartialEq, Default, Serialize, JsonSchema)]
pub struct Tally {
    /// The counts.
    #[serde(flatten)]
    pub counts: Counts,
    /// Ids of users without a counterpart at the target.
    pub users_without_counterpart: Vec<String>,
    /// The refused sessions and the failures.
    pub problems: Vec<Problem>,
}

/// Why sessions were refused or failed. Equal reasons are one problem.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Problem {
    /// The location of the store; null if the message names it.
    pub store: Option<String>,
    /// The reason.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// How many sessions; 0 if the problem concerns a whole store.
    pub sessions: u64,
    /// The first ids in order, shortened.
    #[serde(serialize_with = "shortened")]
    #[schemars(with = "Vec<String>")]
    pub ids: BTreeSet<EntryName>,
}

fn shortened<S: Serializer>(ids: &BTreeSet<EntryName>, to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(ids.iter().map(ToString::to_string))
}

impl Tally {
    /// Adds a problem of one session.
    pub(super) fn problem_of(&mut self, store: &StoreSpec, id: EntryName, why: impl Into<ops::Problem>) {
        let (store, ids) = (Some(store.address()), BTreeSet::from([id]));
        let ops::Problem { message, help } = why.into();
        self.add_problem(Problem { store, message, help, sessions: 1, ids });
    }

    fn add_problem(&mut self, more: Problem) {
        let same = |known: &&mut Problem| known.message == more.message && known.store == more.store;
        let Some(known) = self.problems.iter_mut().find(same) else {
            // Messages can quote names in a session, so there may be many.
            if self.problems.len() < MAX_PROBLEMS {
                self.problems.push(more);
            }
            return;
        };
        known.sessions += more.sessions;
        known.ids.extend(more.ids);
        while known.ids.len() > MAX_PROBLEMS {
            known.ids.pop_last();
        }
    }

    /// Adds a problem of a whole store.
    pub(super) fn problem(&mut self, why: impl Into<ops::Problem>) {
        let ops::Problem { message, help } = why.into();
        self.add_problem(Problem { store: None, message, help, sessions: 0, ids: BTreeSet::new() });
    }

    pub(super) fn without_counterpart(&mut self, user: String) {
        if !self.users_without_counterpart.contains(&user) {
            self.users_without_counterpart.push(user);
        }
    }

    pub(super) fn add(&mut self, more: Tally) {
        self.counts.add(&more.counts);
        more.users_without_counterpart.into_iter().for_each(|user| self.without_counterpart(user));
        more.problems.into_iter().for_each(|problem| self.add_problem(problem));
    }
}

/// How many foreign names are kept.
const MAX_FOREIGN: usize = 20;

/// A run of this many letters and digits may be an id or part of one.
const LIKE_AN_ID: usize = 20;

/// Files in the source that are not sessions.
#[derive(Debug, Default)]
pub(super) struct Foreign {
    pub(super) count: u64,
    first: BTreeSet<OsString>,
}

impl Foreign {
    pub(super) fn note(&mut self, name: &OsStr) {
        self.count += 1;
        if self.first.len() < MAX_FOREIGN || self.first.last().is_some_and(|last| name < last) {
            self.first.insert(name.to_owned());
        }
        if self.first.len() > MAX_FOREIGN {
            self.first.pop_last();
        }
    }

    /// The first names, without ids.
    pub(super) fn shown(&self) -> Vec<String> {
        self.first.iter().map(|name| shown(&name.to_string_lossy())).collect()
    }
}

/// Shortens a name that may contain an id.
fn shown(name: &str) -> String {
    let is_like_an_id = |part: &str| part.len() >= LIKE_AN_ID;
    if name.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(is_like_an_id) {
        format!("{}…", name.chars().take(SHORTEST_PREFIX).collect::<String>())
    } else {
        name.to_owned()
    }
}

/// The report of a run.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Report {
    /// The location of the source.
    pub from: String,
    /// The location of the target.
    pub to: String,
    /// Counts and problems.
    #[serde(flatten)]
    pub tally: Tally,
    /// Files in the source that are not sessions.
    pub foreign: u64,
    /// The names of the first of these, with shortened ids.
    pub foreign_names: Vec<String>,
    /// The journal, for continuing the run and for `--rollback`; null in a dry run.
    pub journal: Option<String>,
    /// Whether nothing was changed.
    pub dry_run: bool,
    /// Whether the run was stopped early.
    pub stopped: bool,
    /// How long the run took.
    pub seconds: f64,
    /// Old and new ids of all sessions that this or an earlier run copied, if requested.
    #[serde(skip)]
    pub pairs: Vec<Pair>,
}

/// The report of a rollback.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Undone {
    /// The location of the source.
    pub from: String,
    /// The location of the target.
    pub to: String,
    /// Copies removed from the target.
    pub deleted: u64,
    /// Sessions restored at the source.
    pub restored: u64,
    /// Sessions restored at the target that a copy had replaced.
    pub put_back: u64,
    /// Copies that were already gone from the target.
    pub gone: u64,
    /// Copies that changed at the target, and were kept.
    pub changed: u64,
    /// Failed to read or write.
    pub failed: u64,
    /// The failures.
    pub problems: Vec<ops::Problem>,
}
