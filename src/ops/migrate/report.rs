//! What a migration did, or would do.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};

use serde::Serialize;

use crate::ops::Problem;
use crate::store::SHORTEST_PREFIX;

use super::cookie_map::Pair;

/// As many problems are told one by one; more are only counted.
const MAX_PROBLEMS: usize = 1000;

/// What was counted. Every session of the source is in just one of those before `removed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counts {
    /// Put at the target; in a dry run, what would be.
    pub copied: u64,
    /// Put at the target in place of another of that id, which was older, or of ours, where the source has changed.
    pub replaced: u64,
    /// At the target already, the same byte for byte.
    pub same: u64,
    /// Left behind: expired.
    pub expired: u64,
    /// Left behind: not meant by the filters.
    pub filtered: u64,
    /// Left behind: there is another of that id at the target.
    pub conflicts: u64,
    /// Left behind: it was ended at the target, which left a tombstone.
    pub ended: u64,
    /// Left behind: it names a class that sessions may not name, or lacks a MAC by its store's key. A possible attack.
    pub forbidden: u64,
    /// Left behind: a file with several names, of a strange owner, or too large.
    pub unsafe_files: u64,
    /// Left behind: nobody can tell what its bytes mean.
    pub unreadable: u64,
    /// Left behind: the target does not take such ids.
    pub unfit_ids: u64,
    /// Left behind: its user has no counterpart.
    pub without_user: u64,
    /// Left behind: it has no `expires`, and the target's wikis fail without.
    pub without_expires: u64,
    /// Not read or not written, each with a problem.
    pub failed: u64,
    /// Gone from the source before its copy was made, or while it was: such a copy was taken back.
    pub gone: u64,
    /// Not looked at, as the run was stopped before.
    pub left: u64,
    /// Removed from the source after its copy was read back and compared.
    pub removed: u64,
    /// Arrived, and counted so, but not as it should end: not removed from the source though that was asked for, or older
    /// than the source by now; each with a problem.
    pub unsettled: u64,
    /// Bytes put at the target.
    pub bytes: u64,
}

impl Counts {
    fn add(&mut self, more: &Counts) {
        let Counts {
            copied,
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
            without_expires,
            failed,
            gone,
            left,
            removed,
            unsettled,
            bytes,
        } = more;
        for (count, more) in [
            (&mut self.copied, copied),
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
            (&mut self.without_expires, without_expires),
            (&mut self.failed, failed),
            (&mut self.gone, gone),
            (&mut self.left, left),
            (&mut self.removed, removed),
            (&mut self.unsettled, unsettled),
            (&mut self.bytes, bytes),
        ] {
            *count += more;
        }
    }
}

/// What is counted and worth saying, of some sessions or of all.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Tally {
    /// What was counted.
    #[serde(flatten)]
    pub counts: Counts,
    /// Ids of users who have no counterpart at the target.
    pub users_without_counterpart: Vec<String>,
    /// What could not be handled; ids only in part.
    pub problems: Vec<Problem>,
}

impl Tally {
    /// Says something, once in a row.
    pub(super) fn tell(&mut self, text: String) {
        let problem = Problem(text);
        if self.problems.len() < MAX_PROBLEMS && self.problems.last() != Some(&problem) {
            self.problems.push(problem);
        }
    }

    pub(super) fn without_counterpart(&mut self, user: String) {
        if !self.users_without_counterpart.contains(&user) {
            self.users_without_counterpart.push(user);
        }
    }

    pub(super) fn add(&mut self, more: Tally) {
        self.counts.add(&more.counts);
        more.users_without_counterpart.into_iter().for_each(|user| self.without_counterpart(user));
        more.problems.into_iter().for_each(|Problem(text)| self.tell(text));
    }
}

/// As many names that are none of a session are told.
const MAX_FOREIGN: usize = 20;

/// So many letters and digits in a row may be an id, or what is left of one.
const LIKE_AN_ID: usize = 20;

/// What lies beside the sessions of the source.
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

    /// The first names, as they may be shown.
    pub(super) fn shown(&self) -> Vec<String> {
        self.first.iter().map(|name| shown(&name.to_string_lossy())).collect()
    }
}

/// A name without what may be an id in it.
fn shown(name: &str) -> String {
    let is_like_an_id = |part: &str| part.len() >= LIKE_AN_ID;
    if name.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(is_like_an_id) {
        format!("{}…", name.chars().take(SHORTEST_PREFIX).collect::<String>())
    } else {
        name.to_owned()
    }
}

/// What a run did, or would do.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// The source's address.
    pub from: String,
    /// The target's address.
    pub to: String,
    /// What was counted, and what is worth saying.
    #[serde(flatten)]
    pub tally: Tally,
    /// How many names in the source's directory are none of a session; they stay where they are.
    pub foreign: u64,
    /// The first of them, by name; what may be an id is shortened.
    pub foreign_names: Vec<String>,
    /// Where the journal is, by which the same command goes on and `--rollback` undoes.
    pub journal: Option<String>,
    /// Nothing was changed, as nothing was to be.
    pub dry_run: bool,
    /// It was stopped before its end.
    pub stopped: bool,
    /// How long it took.
    pub seconds: f64,
    /// Old ids and new, of all sessions that are at the target by this run or an earlier one, if that was asked for.
    #[serde(skip)]
    pub pairs: Vec<Pair>,
}

/// What undoing did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Undone {
    /// The source's address.
    pub from: String,
    /// The target's address.
    pub to: String,
    /// Taken away from the target.
    pub taken_back: u64,
    /// Put back at the source.
    pub restored: u64,
    /// Put back at the target, in place of what had replaced it.
    pub put_back: u64,
    /// Gone from the target since: nothing to undo.
    pub gone: u64,
    /// Left alone: changed at the target since.
    pub changed: u64,
    /// Not read or not written, each with a problem.
    pub failed: u64,
    /// What could not be undone.
    pub problems: Vec<Problem>,
}
