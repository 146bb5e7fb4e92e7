//! Carrying batches over: told in the journal, written, read back, and removed at the source where that was asked for.

use std::collections::{HashMap, HashSet};
use std::io;

use crate::store::{EntryName, NewSession, Raw, Stamp, Written, tally};
use crate::sys::Removal;

use super::cookie_map::Pair;
use super::journal::{self, Entry, Journal, Kept};
use super::report::{Counts, Report};
use super::select::{ready, tell};
use super::{BATCH, OnConflict, Options, Ready, Stores};

/// How often a session is copied again that changes while it is copied.
const TRIES: usize = 3;

/// A run, and how far it is.
pub(super) struct Transfer<'a> {
    stores: &'a Stores,
    options: &'a Options,
    journal: Option<Journal>,
    known: HashMap<String, Vec<Entry>>,
    pub(super) report: Report,
}

impl<'a> Transfer<'a> {
    pub(super) fn new(
        stores: &'a Stores,
        options: &'a Options,
        journal: Option<Journal>,
        known: HashMap<String, Vec<Entry>>,
    ) -> Self {
        let report = Report {
            from: stores.from.spec().address(),
            to: stores.to.spec().address(),
            counts: Counts::default(),
            users_without_counterpart: Vec::new(),
            journal: journal.as_ref().map(|journal| journal.place().display().to_string()),
            dry_run: options.dry_run,
            stopped: false,
            seconds: 0.0,
            problems: Vec::new(),
            pairs: Vec::new(),
        };
        Transfer { stores, options, journal, known, report }
    }

    pub(super) fn finish(mut self) -> Report {
        if self.options.pairs {
            self.note_earlier_pairs();
        }
        self.report
    }

    /// Carries some sessions over. False: there is no use in going on, as when the disk is full.
    pub(super) fn batch(&mut self, ids: &[EntryName]) -> bool {
        tally::MOVED.add(ids.len());
        let mut arrived = Vec::new();
        let reads = self.stores.from.read_many(ids);
        let mut batch = Vec::with_capacity(ids.len());
        for (id, read) in ids.iter().zip(reads) {
            batch.extend(ready(*id, read, self.stores, self.options, &mut self.report));
        }
        let goes_on = self.put(batch, &mut arrived);
        if self.options.dry_run {
            arrived.iter().for_each(|ready| self.note_pair(ready));
        } else {
            self.settle(arrived);
        }
        goes_on
    }

    /// Puts sessions at the target; those that are there then, byte for byte, are added to `arrived`.
    fn put(&mut self, batch: Vec<Ready>, arrived: &mut Vec<Ready>) -> bool {
        let targets: Vec<EntryName> = batch.iter().map(|ready| ready.new.id).collect();
        let mut fresh = Vec::new();
        let mut entries = Vec::new();
        for (mut ready, there) in batch.into_iter().zip(self.stores.to.read_many(&targets)) {
            let there = match there {
                Ok(None) => None,
                Ok(Some(Ok(raw))) => Some(raw),
                // Not to be read, and so not to be replaced.
                Ok(Some(Err(_))) => {
                    self.report.counts.conflicts += 1;
                    continue;
                }
                Err(error) => {
                    self.report.counts.failed += 1;
                    tell(&mut self.report, error.to_string());
                    continue;
                }
            };
            match there {
                None => entries.push(self.entry(&ready, None)),
                // The same, but nobody vouches for it: it was put there without the key.
                Some(there) if there.bytes == ready.new.bytes && there.sealed == Some(false) => {
                    ready.new.instead_of = Some(there.stamp);
                    let before = (!self.is_ours(&there, &ready.new.id)).then_some(&there);
                    entries.push(self.entry(&ready, before));
                }
                Some(there) if there.bytes == ready.new.bytes => {
                    self.report.counts.same += 1;
                    ready.copy = Some(there.stamp);
                    if !self.is_ours(&there, &ready.new.id) {
                        ready.before = Some(there);
                    }
                    arrived.push(ready);
                    continue;
                }
                Some(there) if self.is_ours(&there, &ready.new.id) => {
                    ready.new.instead_of = Some(there.stamp);
                    entries.push(self.entry(&ready, None));
                }
                Some(there)
                    if self.options.on_conflict == OnConflict::Newer
                        && ready.raw.modified > there.modified =>
                {
                    ready.new.instead_of = Some(there.stamp);
                    entries.push(self.entry(&ready, Some(&there)));
                }
                Some(_) => {
                    self.report.counts.conflicts += 1;
                    continue;
                }
            }
            fresh.push(ready);
        }
        if self.options.dry_run {
            for ready in fresh {
                self.count(&ready.new);
                self.note_pair(&ready);
            }
            return true;
        }
        if let Some(journal) = &mut self.journal
            && let Err(error) = journal.add(&entries)
        {
            self.report.counts.failed += u64::try_from(fresh.len()).unwrap_or(u64::MAX);
            let text = format!("{}: {error}", journal.place().display());
            tell(&mut self.report, text);
            return false;
        }
        let news: Vec<NewSession> = fresh.iter().map(|ready| ready.new.clone()).collect();
        let mut goes_on = true;
        let mut told = false;
        for (mut ready, written) in fresh.into_iter().zip(self.stores.to.write(&news)) {
            match written {
                Ok(Written::Done(stamp)) => {
                    ready.told = true;
                    ready.copy = Some(stamp);
                    self.count(&ready.new);
                    arrived.push(ready);
                }
                // A wiki was quicker; the same command decides anew.
                Ok(Written::Exists | Written::Changed) => self.report.counts.conflicts += 1,
                Err(error) => {
                    self.report.counts.failed += 1;
                    let full = is_hopeless(&error);
                    goes_on &= !full;
                    if !full || !told {
                        let id = if full { String::new() } else { format!(" {}:", ready.id) };
                        let text = format!("{}:{id} {error}", self.report.to);
                        tell(&mut self.report, text);
                        told |= full;
                    }
                }
            }
        }
        goes_on
    }

    fn count(&mut self, new: &NewSession) {
        let counts = &mut self.report.counts;
        if new.instead_of.is_some() {
            counts.replaced += 1
        } else {
            counts.copied += 1
        }
        counts.bytes += u64::try_from(new.bytes.len()).unwrap_or(0);
    }

    fn note_pair(&mut self, ready: &Ready) {
        if self.options.pairs {
            let pair = Pair::of(ready.id.reveal(), ready.new.id.reveal(), &ready.new.bytes);
            self.report.pairs.push(pair);
        }
    }

    /// Notes what earlier runs have put at the target and is there still, though it may have left the source.
    fn note_earlier_pairs(&mut self) {
        let noted: HashSet<&str> = self.report.pairs.iter().map(|pair| pair.new.as_str()).collect();
        let earlier = self.known.iter().filter(|(to, _)| !noted.contains(to.as_str()));
        let earlier = earlier.filter_map(|(to, told)| Some((EntryName::new(to.as_bytes())?, told.last()?)));
        let mut earlier: Vec<(EntryName, &Entry)> = earlier.collect();
        earlier.sort_unstable_by_key(|(to, _)| *to);
        let mut found = Vec::new();
        for batch in earlier.chunks(BATCH) {
            let targets: Vec<EntryName> = batch.iter().map(|(to, _)| *to).collect();
            for ((to, entry), there) in batch.iter().zip(self.stores.to.read_many(&targets)) {
                if let Ok(Some(Ok(raw))) = there {
                    found.push(Pair::of(&entry.id, to.reveal(), &raw.bytes));
                }
            }
        }
        self.report.pairs.append(&mut found);
    }

    /// Whether what is at the target is what an earlier run put there.
    fn is_ours(&self, there: &Raw, id: &EntryName) -> bool {
        let Some(told) = self.known.get(id.reveal()) else { return false };
        let hash = journal::hash(&there.bytes);
        told.iter().any(|entry| entry.hash == hash)
    }

    fn entry(&self, ready: &Ready, before: Option<&Raw>) -> Entry {
        Entry {
            id: ready.id.reveal().to_owned(),
            to: ready.new.id.reveal().to_owned(),
            hash: journal::hash(&ready.new.bytes),
            source: self.options.remove.then(|| Kept::of(&ready.raw, Some(&ready.new.bytes))),
            before: before.map(|before| Kept::of(before, None)),
        }
    }

    /// Removes what has arrived at the source, where that was asked for, after reading its copy back. What was written at
    /// the source meanwhile is copied again.
    fn settle(&mut self, mut arrived: Vec<Ready>) {
        for _ in 0..TRIES {
            let changed = if self.options.remove {
                let checked = self.check(arrived);
                self.remove(checked)
            } else {
                arrived.iter().for_each(|ready| self.note_pair(ready));
                self.changed(arrived)
            };
            if changed.is_empty() {
                return;
            }
            let mut again = Vec::new();
            for (id, stamp) in changed {
                let read = self.stores.from.read_raw(&id);
                let before = self.report.counts;
                if let Some(mut ready) = ready(id, read, self.stores, self.options, &mut self.report) {
                    ready.new.instead_of = Some(stamp);
                    again.push(ready);
                } else {
                    // It is counted once, as copied; that it is gone or over by now is the wiki's doing.
                    self.report.counts = before;
                }
            }
            arrived = self.put_again(again);
        }
    }

    /// Those whose copy is there, byte for byte, each with the copy's stamp.
    fn check(&mut self, arrived: Vec<Ready>) -> Vec<(Ready, Stamp)> {
        let targets: Vec<EntryName> = arrived.iter().map(|ready| ready.new.id).collect();
        let mut checked = Vec::with_capacity(arrived.len());
        for (ready, there) in arrived.into_iter().zip(self.stores.to.read_many(&targets)) {
            match there {
                Ok(Some(Ok(raw))) if raw.bytes == ready.new.bytes => {
                    self.note_pair(&ready);
                    checked.push((ready, raw.stamp));
                }
                Err(error) => {
                    self.report.counts.failed += 1;
                    tell(&mut self.report, error.to_string());
                }
                // A wiki that uses the target has changed or ended it already.
                Ok(_) => {}
            }
        }
        checked
    }

    /// Removes sessions at the source; gives those that were written meanwhile, with the stamps of their copies.
    fn remove(&mut self, checked: Vec<(Ready, Stamp)>) -> Vec<(EntryName, Stamp)> {
        // What was there before this run is told now: the source is about to lose it.
        let untold = checked.iter().filter(|(ready, _)| !ready.told);
        let entries: Vec<Entry> = untold.map(|(ready, _)| self.entry(ready, ready.before.as_ref())).collect();
        if let Some(journal) = &mut self.journal
            && let Err(error) = journal.add(&entries)
        {
            let text = format!("{}: {error}", journal.place().display());
            tell(&mut self.report, text);
            self.report.counts.failed += 1;
            return Vec::new();
        }
        let victims: Vec<(EntryName, Stamp)> =
            checked.iter().map(|(ready, _)| (ready.id, ready.raw.stamp)).collect();
        let mut changed = Vec::new();
        let removed = self.stores.from.remove(&victims, &|_| true);
        for ((ready, stamp), removed) in checked.into_iter().zip(removed) {
            match removed {
                Ok(Removal::Removed { .. }) => self.report.counts.removed += 1,
                Ok(Removal::Gone) => {}
                Ok(_) => changed.push((ready.id, stamp)),
                Err(error) => {
                    self.report.counts.failed += 1;
                    let text =
                        format!("{}: {}: copied, and not removed: {error}", self.report.from, ready.id);
                    tell(&mut self.report, text);
                }
            }
        }
        changed
    }

    /// Those that were written at the source since they were read, with the stamps of their copies.
    fn changed(&self, arrived: Vec<Ready>) -> Vec<(EntryName, Stamp)> {
        let seen: Vec<(EntryName, Stamp)> = arrived.iter().map(|ready| (ready.id, ready.raw.stamp)).collect();
        let changed = self.stores.from.written_since(&seen);
        let changed = arrived.into_iter().zip(changed).filter(|(_, changed)| *changed);
        changed.filter_map(|(ready, _)| Some((ready.id, ready.copy?))).collect()
    }

    /// Puts newer contents in place of copies that we made.
    fn put_again(&mut self, again: Vec<Ready>) -> Vec<Ready> {
        let entries: Vec<Entry> = again.iter().map(|ready| self.entry(ready, None)).collect();
        if let Some(journal) = &mut self.journal
            && let Err(error) = journal.add(&entries)
        {
            let text = format!("{}: {error}", journal.place().display());
            tell(&mut self.report, text);
            return Vec::new();
        }
        let news: Vec<NewSession> = again.iter().map(|ready| ready.new.clone()).collect();
        let written = self.stores.to.write(&news);
        let mut arrived = Vec::new();
        for (mut ready, written) in again.into_iter().zip(written) {
            match written {
                Ok(Written::Done(stamp)) => {
                    ready.told = true;
                    ready.copy = Some(stamp);
                    arrived.push(ready);
                }
                Ok(_) => {}
                Err(error) => {
                    self.report.counts.failed += 1;
                    let text = format!("{}: {}: {error}", self.report.to, ready.id);
                    tell(&mut self.report, text);
                }
            }
        }
        arrived
    }
}

/// Whether the next session would fare no better.
fn is_hopeless(error: &io::Error) -> bool {
    use io::ErrorKind as Kind;
    matches!(
        error.kind(),
        Kind::StorageFull | Kind::QuotaExceeded | Kind::ReadOnlyFilesystem | Kind::PermissionDenied
    )
}
