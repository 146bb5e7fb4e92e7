//! How a run of prune is made.

use std::path::{Path, PathBuf};

use super::clock::ClockCheck;
use super::policy::Policy;
use super::verdict::{Filter, Judge, WithoutExpires};

/// How a run is made.
#[derive(Debug, Clone)]
pub struct Options {
    /// For how long things are kept.
    pub policy: Policy,
    /// What was asked for.
    pub filter: Filter,
    /// Seconds since 1970.
    pub now: i64,
    /// How the clock is guarded.
    pub clock: ClockCheck,
    /// Where locks lie; see [`lock_dir`](crate::sys::lock_dir).
    pub lock_dir: PathBuf,
    /// Wait for another copy that is at work in a store, instead of refusing.
    pub wait: bool,
    /// Only plan. So does [`ClockCheck::Pinned`].
    pub dry_run: bool,
    /// Where the indexes of stores lie, so that what cannot be due is not read again; see
    /// [`cache_dir`](crate::sys::cache_dir). Without, or with [`ClockCheck::Pinned`], every session is read.
    pub index: Option<PathBuf>,
}

impl Options {
    /// Whether nothing is to be removed.
    pub fn only_plans(&self) -> bool {
        self.dry_run || self.clock == ClockCheck::Pinned
    }

    /// Where indexes lie, if they are of use: what is asked for a time that was given is answered by reading, and so
    /// is what takes live sessions too.
    pub(super) fn index(&self) -> Option<&Path> {
        self.index.as_deref().filter(|_| self.clock != ClockCheck::Pinned && !self.filter.all)
    }

    /// What decides in a store.
    pub(super) fn judge(&self, without_expires: WithoutExpires) -> Judge<'_> {
        Judge { policy: &self.policy, filter: self.filter, without_expires, now: self.now }
    }
}
