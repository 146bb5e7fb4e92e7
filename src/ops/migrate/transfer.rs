//! Copies sessions: records them in the journal, then writes them.

use std::collections::HashSet;
use std::io;

use crate::store::{EntryName, NewSession, Read, Written, tally};
use crate::sys::problem;

use super::cookie_map::Pair;
use super::flow::{BATCH, Load, read_each, with_targets};
use super::journal::{Entry, Journal, Kept, Known};
use super::options::Options;
use super::plan::plan;
use super::report::{Report, Tally};
use super::session::Ready;
use super::stores::Stores;

/// How often a session is copied that changes at the source or at the target during the run.
pub(super) const TRIES: usize = 3;

/// A run in progress.
pub(super) struct Transfer<'a> {
    pub(super) stores: &'a Stores,
    pub(super) options: &'a Options,
    journal: Option<Journal>,
    known: &'a Known,
    pub(super) tally: Tally,
    pairs: Vec<Pair>,
    /// A removal failed with an error that concerns all sessions.
    pub(super) hopeless: bool,
}

impl<'a> Transfer<'a> {
    pub(super) fn new(
        stores: &'a Stores,
        options: &'a Options,
        journal: Option<Journal>,
        known: &'a Known,
    ) -> Self {
        Transfer {
            stores,
            options,
            journal,
            known,
            tally: Tally::default(),
            pairs: Vec::new(),
            hopeless: false,
        }
    }

    pub(super) fn finish(mut self) -> Report {
        if self.options.pairs {
            self.note_earlier_pairs();
            self.pairs.sort_unstable_by(|one, other| one.old.cmp(&other.old));
        }
        // The source lists sessions in any order.
        self.tally.problems.sort_unstable();
        Report {
            from: self.stores.from.spec().address(),
            to: self.stores.to.spec().address(),
            tally: self.tally,
            foreign: 0,
            foreign_names: Vec::new(),
            journal: self.journal.as_ref().map(|journal| journal.file().display().to_string()),
            dry_run: self.options.dry_run,
            stopped: false,
            seconds: 0.0,
            pairs: self.pairs,
        }
    }

    /// Copies some sessions. Returns false if all further copies would fail, for example on a full disk.
    pub(super) fn load(&mut self, load: Load) -> bool {
        tally::MOVED.add(load.count);
        self.tally.add(load.tally);
        let (arrived, goes_on) = self.put(load.ready);
        if self.options.dry_run {
            arrived.iter().for_each(|ready| self.note_pair(ready));
        } else {
            self.settle(arrived);
        }
        goes_on && !self.hopeless
    }

    /// Writes sessions to the target. Returns those with a complete copy, and whether to continue.
    fn put(&mut self, batch: Vec<Ready>) -> (Vec<Ready>, bool) {
        let mut arrived = Vec::with_capacity(batch.len());
        let mut again = Vec::new();
        let mut goes_on = self.put_planned(batch, &mut arrived, &mut again);
        for _ in 1..TRIES {
            if again.is_empty() || !goes_on {
                break;
            }
            let batch = std::mem::take(&mut again);
            let (to, options, known) = (self.stores.to.as_ref(), self.options, self.known);
            with_targets(to, batch, |part| {
                let mut planned = Vec::with_capacity(part.len());
                for (ready, there) in part {
                    let id = ready.id;
                    match plan(ready, there, options, known) {
                        Ok(ready) => planned.push(ready),
                        Err(skip) => skip.add_to(&mut self.tally, self.stores.from.spec(), &id),
                    }
                }
                goes_on = self.put_planned(planned, &mut arrived, &mut again) && goes_on;
            });
        }
        for ready in again {
            self.tally.counts.failed += 1;
            let what = "kept changing during the copy".to_owned();
            self.tally.problem_of(self.stores.to.spec(), ready.new.id, what);
        }
        (arrived, goes_on)
    }

    /// Writes planned sessions. Adds sessions to `again` if the target changed since the plan.
    fn put_planned(&mut self, batch: Vec<Ready>, arrived: &mut Vec<Ready>, again: &mut Vec<Ready>) -> bool {
        let (same, fresh): (Vec<Ready>, Vec<Ready>) =
            batch.into_iter().partition(|ready| ready.copy.is_some());
        self.tally.counts.same += count(&same);
        arrived.extend(same);
        if fresh.is_empty() {
            return true;
        }
        if self.options.dry_run {
            for ready in fresh {
                self.count(&ready.new);
                self.note_pair(&ready);
            }
            return true;
        }
        if !self.write_journal(&fresh) {
            self.tally.counts.failed += count(&fresh);
            return false;
        }
        let news: Vec<&NewSession> = fresh.iter().map(|ready| &ready.new).collect();
        let written = self.stores.to.write(&news);
        let mut goes_on = true;
        for (mut ready, written) in fresh.into_iter().zip(written) {
            match written {
                Ok(Written::Done(stamp)) => {
                    ready.in_journal = true;
                    ready.copy = Some(stamp);
                    ready.replaced = ready.new.instead_of.is_some();
                    self.count(&ready.new);
                    arrived.push(ready);
                }
                Ok(Written::Exists | Written::Changed) => again.push(ready),
                Err(error) => {
                    self.tally.counts.failed += 1;
                    let to = self.stores.to.spec().address();
                    if is_hopeless(&error) {
                        if std::mem::take(&mut goes_on) {
                            self.tally.problem(problem(&error).at(&to));
                        }
                    } else {
                        self.tally.problem_of(self.stores.to.spec(), ready.id, problem(&error));
                    }
                }
            }
        }
        goes_on
    }

    /// Records sessions in the journal before they are written. Returns false, and adds a problem, if this fails.
    pub(super) fn write_journal<'r>(&mut self, about: impl IntoIterator<Item = &'r Ready>) -> bool {
        let Some(journal) = &mut self.journal else { return true };
        let remove = self.options.remove;
        let entries = about.into_iter().map(|ready| Entry {
            id: ready.id.reveal().to_owned(),
            to: ready.new.id.reveal().to_owned(),
            hash: ready.hash,
            source: remove.then(|| ready.source.kept()),
            before: ready.before.as_ref().map(Kept::of),
        });
        match journal.add(entries) {
            Ok(()) => true,
            Err(error) => {
                self.tally.problem(problem(&error).at(journal.file().display()));
                false
            }
        }
    }

    fn count(&mut self, new: &NewSession) {
        let counts = &mut self.tally.counts;
        let counted = match (self.options.dry_run, new.instead_of) {
            (true, _) => &mut counts.would_copy,
            (false, Some(_)) => &mut counts.replaced,
            (false, None) => &mut counts.copied,
        };
        *counted += 1;
        counts.bytes += u64::try_from(new.bytes.len()).unwrap_or(0);
    }

    pub(super) fn note_pair(&mut self, ready: &Ready) {
        if self.options.pairs {
            self.pairs.push(Pair::of(ready.id.reveal(), ready.new.id.reveal(), &ready.new.bytes));
        }
    }

    /// Adds the ids of copies from earlier runs that are still at the target.
    fn note_earlier_pairs(&mut self) {
        let noted: HashSet<&str> = self.pairs.iter().map(|pair| pair.new.as_str()).collect();
        let entries = self.known.sessions().filter_map(Result::ok).filter_map(|mut entries| entries.pop());
        let earlier = entries.filter(|entry| !noted.contains(entry.to.as_str()));
        let earlier = earlier.filter_map(|entry| Some((EntryName::new(entry.to.as_bytes())?, entry.id)));
        let (targets, ids): (Vec<EntryName>, Vec<String>) = earlier.unzip();
        let mut found = Vec::new();
        for (targets, ids) in targets.chunks(BATCH).zip(ids.chunks(BATCH)) {
            read_each(self.stores.to.as_ref(), targets, |position, there| {
                if let (Ok(Read::Present(raw)), Some(id), Some(to)) =
                    (there, ids.get(position), targets.get(position))
                {
                    found.push(Pair::of(id, to.reveal(), &raw.bytes));
                }
            });
        }
        self.pairs.append(&mut found);
    }
}

pub(super) fn count(ready: &[Ready]) -> u64 {
    u64::try_from(ready.len()).unwrap_or(u64::MAX)
}

/// Whether the error concerns all sessions.
pub(super) fn is_hopeless(error: &io::Error) -> bool {
    use io::ErrorKind as Kind;
    matches!(
        error.kind(),
        Kind::StorageFull
            | Kind::QuotaExceeded
            | Kind::ReadOnlyFilesystem
            | Kind::PermissionDenied
            | Kind::NotConnected
            | Kind::ResourceBusy
    )
}
