//! After the copies are made: what has changed or ended at the source meanwhile, and what is to leave it.

use std::io;

use crate::store::{EntryName, NewSession, Read, Since, Stamp, WritableStore, Written};
use crate::sys::{Removal, why};

use super::flow::with_targets;
use super::session::Ready;
use super::skip::Skip;
use super::transfer::{TRIES, Transfer, count, is_hopeless};

impl Transfer<'_> {
    /// Removes what has arrived at the source, where that was asked for, after reading its copy back. What was written at
    /// the source meanwhile is copied again; of what has ended there, the copy is taken back: who logged out is not to be
    /// logged in.
    pub(super) fn settle(&mut self, mut arrived: Vec<Ready>) {
        for _ in 0..TRIES {
            if arrived.is_empty() {
                return;
            }
            let changed = if self.options.remove { self.remove(arrived) } else { self.compare(arrived) };
            arrived = self.copy_again(changed);
        }
        if !self.options.remove {
            arrived = self.compare(arrived);
        }
        for ready in arrived {
            self.tally.counts.unsettled += 1;
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
                Since::Gone => self.ended(ready, Skip::Gone),
            }
        }
        changed
    }

    /// Those whose copy is there, byte for byte; the others are told.
    fn check(&mut self, arrived: Vec<Ready>) -> Vec<Ready> {
        let mut checked = Vec::with_capacity(arrived.len());
        with_targets(self.stores.to.as_ref(), arrived, |part| {
            for (mut ready, there) in part {
                match there {
                    Ok(Read::Present(raw)) if raw.bytes == ready.new.bytes => {
                        ready.copy = Some(raw.stamp);
                        checked.push(ready);
                    }
                    Err(error) => {
                        self.tally.counts.unsettled += 1;
                        self.tally.tell(error.to_string());
                    }
                    Ok(_) => self.changed_at_target(&ready),
                }
            }
        });
        checked
    }

    /// Tells that a wiki which uses the target has changed or ended the copy already, so that nobody can say which is right.
    fn changed_at_target(&mut self, ready: &Ready) {
        self.tally.counts.unsettled += 1;
        let to = self.stores.to.spec().address();
        self.tally.tell(format!(
            "{to}: {}: its copy was changed or ended here meanwhile; what is at the source is left there",
            ready.new.id
        ));
    }

    /// Removes sessions at the source whose copies are there; gives those that were written meanwhile.
    fn remove(&mut self, arrived: Vec<Ready>) -> Vec<Ready> {
        let checked = self.check(arrived);
        // What was there before this run is told now: the source is about to lose it.
        if !self.tell_journal(checked.iter().filter(|ready| !ready.told)) {
            self.tally.counts.unsettled += 1;
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
                Ok(Removal::Gone) => self.ended(ready, Skip::Gone),
                Ok(_) => changed.push(ready),
                Err(error) => {
                    self.note_pair(&ready);
                    self.tally.counts.unsettled += 1;
                    let from = self.stores.from.spec().address();
                    // One file that may not be removed, as an immutable one, says nothing of the next.
                    if !is_hopeless(&error) || error.kind() == io::ErrorKind::PermissionDenied {
                        self.tally.tell(format!(
                            "{from}: {}: copied, and not removed: {error}",
                            ready.id,
                            error = why(&error)
                        ));
                    } else if !std::mem::replace(&mut self.hopeless, true) {
                        self.tally
                            .tell(format!("{from}: copied, and not removed: {error}", error = why(&error)));
                    }
                }
            }
        }
        changed
    }

    /// Takes back the copy of a session that has ended at the source while it was copied, if it is the one that this run
    /// made; what was in its place comes back. It is counted as `now` says.
    fn ended(&mut self, ready: Ready, now: Skip) {
        let (true, Some(copy)) = (ready.told, ready.copy) else { return };
        let to = self.stores.to.as_ref();
        match take_back(to, &ready, copy) {
            Ok(true) => {
                let counts = &mut self.tally.counts;
                let counted = if ready.replaced { &mut counts.replaced } else { &mut counts.copied };
                *counted = counted.saturating_sub(1);
                now.add_to(&mut self.tally, self.stores.from.spec(), &ready.id);
            }
            // A wiki that uses the target has it now.
            Ok(false) => self.note_pair(&ready),
            Err(error) => {
                self.tally.counts.unsettled += 1;
                let text = format!(
                    "{}: {}: over at the source, and still there: {error}",
                    to.spec().address(),
                    ready.new.id,
                    error = why(&error)
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
            match self.stores.rules(self.options).select(old.id, read) {
                Ok(mut new) => {
                    new.new.instead_of = old.copy;
                    new.before = old.before;
                    new.replaced = old.replaced;
                    again.push(new);
                }
                // The copy is as good as before.
                Err(skip) if skip.is_failure() => {
                    self.tally.counts.unsettled += 1;
                    skip.describe(self.stores.from.spec(), &old.id)
                        .into_iter()
                        .for_each(|why| self.tally.tell(why));
                }
                // What is there now stays behind, or nothing is: so does what it was.
                Err(skip) => self.ended(old, skip),
            }
        }
        if again.is_empty() {
            return again;
        }
        if !self.tell_journal(&again) {
            self.tally.counts.unsettled += count(&again);
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
                Ok(_) => self.changed_at_target(&ready),
                Err(error) => {
                    self.tally.counts.unsettled += 1;
                    let to = self.stores.to.spec().address();
                    self.tally.tell(format!("{to}: {}: {error}", ready.id, error = why(&error)));
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
