//! After copying: handles sessions that changed or ended at the source, and removes sessions from the source.

use std::io;

use crate::ops::Problem;
use crate::store::{EntryName, NewSession, Read, Since, Stamp, WritableStore, Written};
use crate::sys::{Removal, problem};

use super::flow::with_targets;
use super::session::Ready;
use super::skip::Skip;
use super::transfer::{TRIES, Transfer, count, is_hopeless};

impl Transfer<'_> {
    /// With `--move`, removes copied sessions from the source after reading the copies back. Copies sessions again that
    /// changed at the source. Removes copies of sessions that ended there, so that nobody who logged out is logged in.
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
            let what = Problem::from("kept changing during the copy, so the copy is outdated");
            let what = what.help("run the command again");
            self.tally.problem_of(self.stores.from.spec(), ready.id, what);
        }
    }

    /// Checks the source for changes. Returns the sessions that changed.
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

    /// Compares the copies. Returns the sessions with an equal copy, and reports the others.
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
                        self.tally.problem(Problem::of(&error));
                    }
                    Ok(_) => self.changed_at_target(&ready),
                }
            }
        });
        checked
    }

    /// Reports that a wiki changed or ended the copy at the target.
    fn changed_at_target(&mut self, ready: &Ready) {
        self.tally.counts.unsettled += 1;
        let what = "the copy changed or ended at the target: kept the session at the source";
        self.tally.problem_of(self.stores.to.spec(), ready.new.id, what.to_owned());
    }

    /// Removes sessions with a copy from the source. Returns the sessions that changed.
    fn remove(&mut self, arrived: Vec<Ready>) -> Vec<Ready> {
        let checked = self.check(arrived);
        // Record earlier copies in the journal before the source loses the sessions.
        if !self.write_journal(checked.iter().filter(|ready| !ready.in_journal)) {
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
                    self.tally.counts.deleted += 1;
                    self.note_pair(&ready);
                }
                Ok(Removal::Gone) => self.ended(ready, Skip::Gone),
                Ok(_) => changed.push(ready),
                Err(error) => {
                    self.note_pair(&ready);
                    self.tally.counts.unsettled += 1;
                    let from = self.stores.from.spec();
                    let what = problem(&error).at("copied, but can't remove the session from the source");
                    // The error may concern one file, for example an immutable one.
                    if !is_hopeless(&error) || error.kind() == io::ErrorKind::PermissionDenied {
                        self.tally.problem_of(from, ready.id, what);
                    } else if !std::mem::replace(&mut self.hopeless, true) {
                        self.tally.problem(what.at(from.address()));
                    }
                }
            }
        }
        changed
    }

    /// Removes the copy of a session that ended at the source during the run, if this run made the copy. Restores a session
    /// that the copy replaced. Counts the session as `now`.
    fn ended(&mut self, ready: Ready, now: Skip) {
        let (true, Some(copy)) = (ready.in_journal, ready.copy) else { return };
        let to = self.stores.to.as_ref();
        match remove_copy(to, &ready, copy) {
            Ok(true) => {
                let counts = &mut self.tally.counts;
                let counted = if ready.replaced { &mut counts.replaced } else { &mut counts.copied };
                *counted = counted.saturating_sub(1);
                now.add_to(&mut self.tally, self.stores.from.spec(), &ready.id);
            }
            // A wiki at the target changed it.
            Ok(false) => self.note_pair(&ready),
            Err(error) => {
                self.tally.counts.unsettled += 1;
                let what = problem(&error).at("ended at the source, but can't remove the copy");
                self.tally.problem_of(to.spec(), ready.new.id, what);
            }
        }
    }

    /// Replaces copies that are older than the source.
    fn copy_again(&mut self, changed: Vec<Ready>) -> Vec<Ready> {
        let mut again = Vec::with_capacity(changed.len());
        for old in changed {
            let read = self.stores.from.read_raw(&old.id);
            // Already counted.
            match self.stores.rules(self.options).select(old.id, read) {
                Ok(mut new) => {
                    new.new.instead_of = old.copy;
                    new.before = old.before;
                    new.replaced = old.replaced;
                    again.push(new);
                }
                // The copy is kept.
                Err(skip) if skip.is_failure() => {
                    self.tally.counts.unsettled += 1;
                    skip.report_to(&mut self.tally, self.stores.from.spec(), &old.id);
                }
                // The current session is not copied, so its old copy is removed.
                Err(skip) => self.ended(old, skip),
            }
        }
        if again.is_empty() {
            return again;
        }
        if !self.write_journal(&again) {
            self.tally.counts.unsettled += count(&again);
            return Vec::new();
        }
        let news: Vec<&NewSession> = again.iter().map(|ready| &ready.new).collect();
        let written = self.stores.to.write(&news);
        let mut arrived = Vec::new();
        for (mut ready, written) in again.into_iter().zip(written) {
            match written {
                Ok(Written::Done(stamp)) => {
                    ready.in_journal = true;
                    ready.copy = Some(stamp);
                    arrived.push(ready);
                }
                Ok(_) => self.changed_at_target(&ready),
                Err(error) => {
                    self.tally.counts.unsettled += 1;
                    self.tally.problem_of(self.stores.to.spec(), ready.id, problem(&error));
                }
            }
        }
        arrived
    }
}

/// Removes a copy, or restores the session that it replaced. False if the copy changed.
fn remove_copy(to: &dyn WritableStore, ready: &Ready, copy: Stamp) -> io::Result<bool> {
    let nothing = || io::Error::other("no answer from the store");
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
