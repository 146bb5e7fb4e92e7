//! What `session verify` looks for, and what it found.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::ops::migrate::AllowList;
use crate::ops::problems::Problem;
use crate::ops::prune::Policy;
use crate::ops::states::States;
use crate::store::{Fields, StoreSpec};

use super::check::Check;

/// As many findings of a check are kept for each store.
pub const MAX_SHOWN: usize = 1000;

/// One thing that is wrong. Holds at most the beginning of an id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Which check.
    pub check: Check,
    /// The file or directory, an id in it shortened.
    pub path: PathBuf,
    /// What is wrong, without a full stop.
    pub message: String,
    /// What makes it the same finding in the next run; no secret can be told from it.
    pub key: String,
}

/// How many files, directories, or sessions a check found in a store, and the first of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kind {
    /// How many there are.
    pub count: u64,
    /// The first by path and message, at most [`MAX_SHOWN`].
    pub findings: BTreeSet<Finding>,
}

/// How many kinds of findings there are in the stores, and what they are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Count {
    /// Each check once a store, however many files it found there.
    pub findings: u64,
    /// The files, directories, or sessions with a finding.
    pub files: u64,
}

/// What was found in one store.
#[derive(Debug, Default)]
pub struct Findings {
    /// By check.
    pub by_check: BTreeMap<Check, Kind>,
    /// The sessions that were looked at.
    pub states: States,
    /// All of them were.
    pub complete: bool,
}

impl Findings {
    pub(super) fn add(&mut self, finding: Finding) {
        let found = self.by_check.entry(finding.check).or_default();
        found.count += 1;
        found.findings.insert(finding);
        if found.findings.len() > MAX_SHOWN {
            found.findings.pop_last();
        }
    }
}

/// How a run is made.
#[derive(Debug, Clone)]
pub struct Options {
    /// Ages from which things are stale.
    pub policy: Policy,
    /// Seconds since 1970.
    pub now: i64,
    /// What sessions may name.
    pub allow: AllowList,
    /// All stores of the farm are looked at: then also directories that no wiki uses.
    pub whole_farm: bool,
}

/// What was found in all stores.
#[derive(Debug)]
pub struct Report {
    /// Each store with its findings.
    pub stores: Vec<(StoreSpec, Findings)>,
    /// What could not be looked at.
    pub problems: Vec<Problem>,
    /// A guard refused a store.
    pub refused: bool,
    /// What is worth knowing, and no failure.
    pub notes: Vec<String>,
}

impl Report {
    /// How many sessions were looked at.
    pub fn scanned(&self) -> u64 {
        self.stores.iter().map(|(_, found)| found.states.sum()).sum()
    }

    /// How many findings there are, the errors first and then the warnings.
    pub fn counts(&self) -> (Count, Count) {
        let (mut errors, mut warnings) = (Count::default(), Count::default());
        for (check, kind) in self.stores.iter().flat_map(|(_, found)| &found.by_check) {
            let count = if check.is_error() { &mut errors } else { &mut warnings };
            count.findings += 1;
            count.files += kind.count;
        }
        (errors, warnings)
    }
}

/// What the checks ask of a session.
pub(super) const FIELDS: Fields = Fields { trail: false, globals: true };
