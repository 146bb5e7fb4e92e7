//! Carrying sessions over: told in the journal, written, read back, and removed at the source where that was asked for.

use std::collections::{HashMap, HashSet};
use std::io;

use crate::store::{EntryName, NewSession, Raw, RawRead, Since, Stamp, WritableStore, Written, tally};
use crate::sys::Removal;

use super::cookie_map::Pair;
use super::flow::{BATCH, Load, ROOM};
use super::journal::{self, Entry, Journal, Kept};
use super::report::{Report, Tally};
use super::select::ready;
use super::{OnConflict, Options, Ready, Stores};

/// How often a session is copied again that changes while it is copied, at the source or at the target.
const TRIES: usize = 3;

/// A run, and how far it is.
pub(super) struct Transfer<'a> {
    stores: &'a Stores,
    options: &'a Options,
    journal: Option<Journal>,
    known: HashMap<String, Vec<Entry>>,
    tally: Tally,
    pairs: Vec<Pair>,
}

/// What is done about a session, given what is at the target.
enum Plan {
    Write,
    Same,
    Conflict,
}

impl<'a> Transfer<'a> {
    pub(super) fn new(
        stores: &'a Stores,
        options: &'a Options,
        journal: Option<Journal>,
        known: HashMap<String, Vec<Entry>>,
    ) -> Self {
        Transfer { stores, options, journal, known, tally: Tally::default(), pairs: Vec::new() }
    }

    pub(super) fn finish(mut self) -> Report {
        if self.options.pairs {
            self.note_earlier_pairs();
            self.pairs.sort_unstable_by(|one, other| one.old.cmp(&other.old));
        }
        // The source tells its sessions in any order.
        self.tally.problems.sort_unstable_by(|one, other| one.0.cmp(&other.0));
        Report {
            from: self.stores.from.spec().address(),
            to: self.stores.to.spec().address(),
            tally: self.tally,
            journal: self.journal.as_ref().map(|journal| journal.place().display().to_string()),
            dry_run: self.options.dry_run,
            stopped: false,
            seconds: 0.0,
            pairs: self.pairs,
        }
    }

    /// Carries some sessions over. False: there is no use in going on, as when the disk is full.
    pub(super) fn load(&mut self, load: Load) -> bool {
        tally::MOVED.add(load.count);
        self.tally.add(load.tally);
        let (arrived, goes_on) = self.put(load.ready);
        if self.options.dry_run {
            arrived.iter().for_each(|ready| self.note_pair(ready));
        } else {
            self.settle(arrived);
        }
        goes_on
    }

    /// Puts sessions at the target. Gives those that are there then, byte for byte, and whether to go on.
    fn put(&mut self, mut batch: Vec<Ready>) -> (Vec<Ready>, bool) {
        let mut arrived = Vec::with_capacity(batch.len());
        for _ in 0..TRIES {
            let mut again = Vec::new();
            while !batch.is_empty() {
                let targets: Vec<EntryName> = batch.iter().map(|ready| ready.new.id).collect();
                let reads = self.stores.to.read_many(&targets, ROOM);
                let later = batch.split_off(reads.len().clamp(1, batch.len()));
                let part: Vec<(Ready, RawRead)> = batch.into_iter().zip(reads).collect();
                batch = later;
                if !self.put_part(part, &mut arrived, &mut again) {
                    self.tally.counts.left += count(&batch) + count(&again);
                    return (arrived, false);
                }
            }
            if again.is_empty() {
                return (arrived, true);
            }
            batch = again;
        }
        for ready in batch {
            self.tally.counts.failed += 1;
            let to = self.stores.to.spec().address();
            self.tally.tell(format!("{to}: {}: kept changing while it was to be written", ready.new.id));
        }
        (arrived, true)
    }

    /// Puts some sessions at the target, given what is there under their ids. Where that is another thing by the time of
    /// writing, they are added to `again`.
    fn put_part(
        &mut self,
        part: Vec<(Ready, RawRead)>,
        arrived: &mut Vec<Ready>,
        again: &mut Vec<Ready>,
    ) -> bool {
        let mut fresh = Vec::with_capacity(part.len());
        for (mut ready, there) in part {
            match self.plan(&mut ready, there) {
                Plan::Write => fresh.push(ready),
                Plan::Same => {
                    self.tally.counts.same += 1;
                    arrived.push(ready);
                }
                Plan::Conflict => {}
            }
        }
        if self.options.dry_run {
            for ready in fresh {
                self.count(&ready.new);
                self.note_pair(&ready);
            }
            return true;
        }
        if !self.tell_journal(&fresh) {
            self.tally.counts.failed += count(&fresh);
            return false;
        }
        let news: Vec<&NewSession> = fresh.iter().map(|ready| &ready.new).collect();
        let written = self.stores.to.write(&news);
        let mut goes_on = true;
        for (mut ready, written) in fresh.into_iter().zip(written) {
            match written {
                Ok(Written::Done(stamp)) => {
                    ready.told = true;
                    ready.copy = Some(stamp);
                    ready.replaced = ready.new.instead_of.is_some();
                    self.count(&ready.new);
                    arrived.push(ready);
                }
                // A wiki was quicker.
                Ok(Written::Exists | Written::Changed) => {
                    ready.new.instead_of = None;
                    ready.before = None;
                    again.push(ready);
                }
                Err(error) => {
                    self.tally.counts.failed += 1;
                    let to = self.stores.to.spec().address();
                    if is_hopeless(&error) {
                        if std::mem::take(&mut goes_on) {
                            self.tally.tell(format!("{to}: {error}"));
                        }
                    } else {
                        self.tally.tell(format!("{to}: {}: {error}", ready.id));
                    }
                }
            }
        }
        goes_on
    }

    /// What to do about a session, given what is at the target under its id.
    fn plan(&mut self, ready: &mut Ready, there: RawRead) -> Plan {
        let there = match there {
            Ok(None) => return Plan::Write,
            Ok(Some(Ok(raw))) => raw,
            // Not to be read, and so not to be replaced.
            Ok(Some(Err(_))) => {
                self.tally.counts.conflicts += 1;
                return Plan::Conflict;
            }
            Err(error) => {
                self.tally.counts.failed += 1;
                self.tally.tell(error.to_string());
                return Plan::Conflict;
            }
        };
        let ours = self.is_ours(&there, &ready.new.id);
        let same = there.bytes == ready.new.bytes;
        // The same, but nobody vouches for it: it was put there without the key.
        let unsealed = same && there.sealed == Some(false);
        let stamp = there.stamp;
        let newer = self.options.on_conflict == OnConflict::Newer && ready.source.modified > there.modified;
        if same && !unsealed {
            ready.copy = Some(stamp);
        } else if unsealed || ours || newer {
            ready.new.instead_of = Some(stamp);
        } else {
            self.tally.counts.conflicts += 1;
            return Plan::Conflict;
        }
        if !ours {
            ready.before = Some(there);
        }
        if ready.copy.is_some() { Plan::Same } else { Plan::Write }
    }

    /// Adds what is about to be done to the journal. False, and told: that was not possible.
    fn tell_journal<'r>(&mut self, about: impl IntoIterator<Item = &'r Ready>) -> bool {
        let Some(journal) = &mut self.journal else { return true };
        let remove = self.options.remove;
        let entries = about.into_iter().map(|ready| Entry {
            id: ready.id.reveal().to_owned(),
            to: ready.new.id.reveal().to_owned(),
            hash: journal::hash(&ready.new.bytes),
            source: remove.then(|| Kept::of_source(&ready.source)),
            before: ready.before.as_ref().map(Kept::of),
        });
        match journal.add(entries) {
            Ok(()) => true,
            Err(error) => {
                let text = format!("{}: {error}", journal.place().display());
                self.tally.tell(text);
                false
            }
        }
    }

    fn count(&mut self, new: &NewSession) {
        let counts = &mut self.tally.counts;
        if new.instead_of.is_some() {
            counts.replaced += 1
        } else {
            counts.copied += 1
        }
        counts.bytes += u64::try_from(new.bytes.len()).unwrap_or(0);
    }

    fn note_pair(&mut self, ready: &Ready) {
        if self.options.pairs {
            self.pairs.push(Pair::of(ready.id.reveal(), ready.new.id.reveal(), &ready.new.bytes));
        }
    }

    /// Notes what earlier runs have put at the target and is there still, though it may have left the source.
    fn note_earlier_pairs(&mut self) {
        let noted: HashSet<&str> = self.pairs.iter().map(|pair| pair.new.as_str()).collect();
        let earlier = self.known.iter().filter(|(to, _)| !noted.contains(to.as_str()));
        let earlier = earlier.filter_map(|(to, told)| Some((EntryName::new(to.as_bytes())?, told.last()?)));
        let earlier: Vec<(EntryName, &Entry)> = earlier.collect();
        let mut found = Vec::new();
        for batch in earlier.chunks(BATCH) {
            let mut rest = batch;
            while !rest.is_empty() {
                let targets: Vec<EntryName> = rest.iter().map(|(to, _)| *to).collect();
                let reads = self.stores.to.read_many(&targets, ROOM);
                let (now, later) = rest.split_at(reads.len().clamp(1, rest.len()));
                rest = later;
                for ((to, entry), there) in now.iter().zip(reads) {
                    if let Ok(Some(Ok(raw))) = there {
                        found.push(Pair::of(&entry.id, to.reveal(), &raw.bytes));
                    }
                }
            }
        }
        self.pairs.append(&mut found);
    }

    /// Whether what is at the target is what an earlier run put there.
    fn is_ours(&self, there: &Raw, id: &EntryName) -> bool {
        let Some(told) = self.known.get(id.reveal()) else { return false };
        let hash = journal::hash(&there.bytes);
        told.iter().any(|entry| entry.hash == hash)
    }

    /// Removes what has arrived at the source, where that was asked for, after reading its copy back. What was written at
    /// the source meanwhile is copied again; of what has ended there, the copy is taken back: who logged out is not to be
    /// logged in.
    fn settle(&mut self, mut arrived: Vec<Ready>) {
        for _ in 0..TRIES {
            let changed = if self.options.remove { self.remove(arrived) } else { self.compare(arrived) };
            if changed.is_empty() {
                return;
            }
            arrived = self.copy_again(changed);
        }
        if !self.options.remove {
            arrived = self.compare(arrived);
        }
        for ready in arrived {
            self.tally.counts.failed += 1;
            let from = self.stores.from.spec().address();
            self.tally.tell(format!(
                "{from}: {}: kept changing while it was copied; the copy is older by now, run this again",
                ready.id
            ));
        }
    }

    /// Compares the source with what was read of it; gives those that were written since.
    fn compare(&mut self, arrived: Vec<Ready>) -> Vec<Ready> {
        let seen: Vec<(EntryName, Stamp)> =
            arrived.iter().map(|ready| (ready.id, ready.source.stamp)).collect();
        let since = self.stores.from.since(&seen);
        let mut changed = Vec::new();
        for (ready, since) in arrived.into_iter().zip(since) {
            match since {
                Since::Same | Since::Unknown => self.note_pair(&ready),
                Since::Changed => changed.push(ready),
                Since::Gone => self.ended(ready),
            }
        }
        changed
    }

    /// Those whose copy is there, byte for byte. The others a wiki that uses the target has changed or ended already.
    fn check(&mut self, arrived: Vec<Ready>) -> Vec<Ready> {
        let mut checked = Vec::with_capacity(arrived.len());
        let mut rest = arrived;
        while !rest.is_empty() {
            let targets: Vec<EntryName> = rest.iter().map(|ready| ready.new.id).collect();
            let reads = self.stores.to.read_many(&targets, ROOM);
            let later = rest.split_off(reads.len().clamp(1, rest.len()));
            for (mut ready, there) in rest.into_iter().zip(reads) {
                match there {
                    Ok(Some(Ok(raw))) if raw.bytes == ready.new.bytes => {
                        ready.copy = Some(raw.stamp);
                        checked.push(ready);
                    }
                    Err(error) => {
                        self.tally.counts.failed += 1;
                        self.tally.tell(error.to_string());
                    }
                    Ok(_) => {}
                }
            }
            rest = later;
        }
        checked
    }

    /// Removes sessions at the source whose copies are there; gives those that were written meanwhile.
    fn remove(&mut self, arrived: Vec<Ready>) -> Vec<Ready> {
        let checked = self.check(arrived);
        // What was there before this run is told now: the source is about to lose it.
        if !self.tell_journal(checked.iter().filter(|ready| !ready.told)) {
            self.tally.counts.failed += 1;
            return Vec::new();
        }
        let victims: Vec<(EntryName, Stamp)> =
            checked.iter().map(|ready| (ready.id, ready.source.stamp)).collect();
        let mut changed = Vec::new();
        let removed = self.stores.from.remove(&victims, &|_| true);
        for (ready, removed) in checked.into_iter().zip(removed) {
            match removed {
                Ok(Removal::Removed { .. }) => {
                    self.tally.counts.removed += 1;
                    self.note_pair(&ready);
                }
                Ok(Removal::Gone) => self.ended(ready),
                Ok(_) => changed.push(ready),
                Err(error) => {
                    self.note_pair(&ready);
                    self.tally.counts.failed += 1;
                    let from = self.stores.from.spec().address();
                    self.tally.tell(format!("{from}: {}: copied, and not removed: {error}", ready.id));
                }
            }
        }
        changed
    }

    /// Takes back the copy of a session that has ended at the source while it was copied, if it is the one that this run
    /// made; what was in its place comes back.
    fn ended(&mut self, ready: Ready) {
        let (true, Some(copy)) = (ready.told, ready.copy) else { return };
        let to = self.stores.to.as_ref();
        match take_back(to, &ready, copy) {
            Ok(true) => {
                let counts = &mut self.tally.counts;
                let counted = if ready.replaced { &mut counts.replaced } else { &mut counts.copied };
                *counted = counted.saturating_sub(1);
                counts.gone += 1;
            }
            // A wiki that uses the target has it now.
            Ok(false) => self.note_pair(&ready),
            Err(error) => {
                self.tally.counts.failed += 1;
                let text = format!(
                    "{}: {}: over at the source, and still there: {error}",
                    to.spec().address(),
                    ready.new.id
                );
                self.tally.tell(text);
            }
        }
    }

    /// Puts newer contents in place of copies that are older than the source by now.
    fn copy_again(&mut self, changed: Vec<Ready>) -> Vec<Ready> {
        let mut again = Vec::with_capacity(changed.len());
        for old in changed {
            let read = self.stores.from.read_raw(&old.id);
            // It is counted once, when it was first copied.
            let mut tally = Tally::default();
            let gone = matches!(read, Ok(None));
            match ready(old.id, read, self.stores, self.options, &mut tally) {
                Some(mut new) => {
                    new.new.instead_of = old.copy;
                    new.before = old.before;
                    new.replaced = old.replaced;
                    again.push(new);
                }
                None if gone => self.ended(old),
                // What is there now stays behind: so does what it was.
                None => {
                    self.tally.add(Tally { counts: Default::default(), ..tally });
                    self.ended(old);
                }
            }
        }
        if !self.tell_journal(&again) {
            self.tally.counts.failed += count(&again);
            return Vec::new();
        }
        let news: Vec<&NewSession> = again.iter().map(|ready| &ready.new).collect();
        let written = self.stores.to.write(&news);
        let mut arrived = Vec::new();
        for (mut ready, written) in again.into_iter().zip(written) {
            match written {
                Ok(Written::Done(stamp)) => {
                    ready.told = true;
                    ready.copy = Some(stamp);
                    arrived.push(ready);
                }
                // A wiki that uses the target has changed or ended it already.
                Ok(_) => {}
                Err(error) => {
                    self.tally.counts.failed += 1;
                    let to = self.stores.to.spec().address();
                    self.tally.tell(format!("{to}: {}: {error}", ready.id));
                }
            }
        }
        arrived
    }
}

/// Takes a copy away again, or puts back what was in its place; false where it is another by now.
fn take_back(to: &dyn WritableStore, ready: &Ready, copy: Stamp) -> io::Result<bool> {
    let nothing = || io::Error::other("the store told nothing");
    let Some(before) = &ready.before else {
        let removed = to.remove(&[(ready.new.id, copy)], &|_| true).pop().ok_or_else(nothing)??;
        return Ok(matches!(removed, Removal::Removed { .. } | Removal::Gone));
    };
    let back = NewSession {
        id: ready.new.id,
        bytes: before.bytes.clone(),
        modified: before.modified,
        mode: before.mode,
        owner: before.owner,
        instead_of: Some(copy),
    };
    Ok(matches!(to.write(&[&back]).pop().ok_or_else(nothing)??, Written::Done(_)))
}

fn count(ready: &[Ready]) -> u64 {
    u64::try_from(ready.len()).unwrap_or(u64::MAX)
}

/// Whether the next session would fare no better.
fn is_hopeless(error: &io::Error) -> bool {
    use io::ErrorKind as Kind;
    matches!(
        error.kind(),
        Kind::StorageFull | Kind::QuotaExceeded | Kind::ReadOnlyFilesystem | Kind::PermissionDenied
    )
}
