//! Options of prune.

use std::path::{Path, PathBuf};

use super::clock::ClockCheck;
use super::policy::Policy;
use super::verdict::{Filter, Judge, WithoutExpires};

/// Options of a run.
#[derive(Debug, Clone)]
pub struct Options {
    /// How long sessions are kept.
    pub policy: Policy,
    /// Which sessions to remove.
    pub filter: Filter,
    /// The current time in unix seconds.
    pub now: i64,
    /// How to check the clock.
    pub clock: ClockCheck,
    /// The directory for locks; see [`lock_dir`](crate::sys::lock_dir).
    pub lock_dir: PathBuf,
    /// Wait for another process that holds a lock, instead of refusing.
    pub wait: bool,
    /// Only plan. [`ClockCheck::Pinned`] implies this.
    pub dry_run: bool,
    /// The directory for indexes, which avoid reading sessions that can't be due; see
    /// [`cache_dir`](crate::sys::cache_dir). Every session is read if it is `None`, or with [`ClockCheck::Pinned`].
    pub index: Option<PathBuf>,
}

impl Options {
    /// Whether the run only plans.
    pub fn only_plans(&self) -> bool {
        self.dry_run || self.clock == ClockCheck::Pinned
    }

    /// The directory for indexes. `None` with `--now` or `--all`, which read every session.
    pub(super) fn index(&self) -> Option<&Path> {
        self.index.as_deref().filter(|_| self.clock != ClockCheck::Pinned && !self.filter.all)
    }

    /// The judge for a store.
    pub(super) fn judge(&self, without_expires: WithoutExpires) -> Judge<'_> {
        Judge { policy: &self.policy, filter: self.filter, without_expires, now: self.now }
    }
}
