//! Options and report of `session verify`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::farm::Trusted;
use crate::ops::migrate::AllowList;
use crate::ops::problems::Problem;
use crate::ops::prune::{Policy, PolicyError};
use crate::ops::states::States;
use crate::store::{Fields, StoreSpec};

use super::rule::Rule;

/// How many findings of each rule and store are kept.
pub const MAX_SHOWN: usize = 1000;

/// A problem. Holds at most the beginning of an id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The rule.
    pub rule: Rule,
    /// The file or directory, an id in it shortened.
    pub path: PathBuf,
    /// What happened, without a full stop.
    pub message: String,
    /// Identifies the finding in the next run. Reveals no secret.
    pub key: String,
}

/// The findings of one rule in a store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kind {
    /// How many files, directories, or sessions.
    pub count: u64,
    /// The first by path and message, at most [`MAX_SHOWN`].
    pub findings: BTreeSet<Finding>,
}

/// How many findings and files there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Count {
    /// Each rule counts once a store.
    pub findings: u64,
    /// The files, directories, or sessions with a finding.
    pub files: u64,
}

/// What was found in one store.
#[derive(Debug, Default)]
pub struct Findings {
    /// By rule.
    pub by_rule: BTreeMap<Rule, Kind>,
    /// The sessions that were checked, by state.
    pub states: States,
    /// Whether all sessions were checked.
    pub complete: bool,
    /// Whether the store could not be opened, or not be read to the end.
    pub failed: bool,
}

impl Findings {
    pub(super) fn add(&mut self, finding: Finding) {
        let found = self.by_rule.entry(finding.rule).or_default();
        found.count += 1;
        found.findings.insert(finding);
        if found.findings.len() > MAX_SHOWN {
            found.findings.pop_last();
        }
    }
}

/// Options of a run.
#[derive(Debug, Clone)]
pub struct Options {
    /// The ages at which files are stale.
    pub policy: Policy,
    /// Seconds since 1970.
    pub now: i64,
    /// The classes that sessions may contain.
    pub allow: AllowList,
    /// Whether to check all stores of the farm, and directories that no wiki uses.
    pub whole_farm: bool,
}

impl Options {
    /// The options for the stores of a farm, at `now` in unix seconds.
    ///
    /// # Errors
    ///
    /// If the farm's policy is too short.
    pub fn of(farm: Option<&Trusted>, now: i64, whole_farm: bool) -> Result<Self, PolicyError> {
        let mut policy = Policy::default();
        if let Some(farm) = farm {
            if let Some(age) = farm.prune.stale_temp {
                policy = policy.with_stale_temp(age)?;
            }
            policy = policy.with_idle(farm.prune.idle)?;
            if let Some(age) = farm.prune.no_expires {
                policy = policy.with_no_expires(age)?;
            }
        }
        let allow = AllowList::with(farm.map_or(Vec::new(), |farm| farm.allow_globals.clone()));
        Ok(Options { policy, now, allow, whole_farm })
    }
}

/// The findings in all stores.
#[derive(Debug)]
pub struct Report {
    /// Each store with its findings.
    pub stores: Vec<(StoreSpec, Findings)>,
    /// What could not be checked.
    pub problems: Vec<Problem>,
    /// Whether a guard refused a store.
    pub refused: bool,
    /// Notes that are not failures.
    pub notes: Vec<String>,
}

impl Report {
    /// How many sessions were checked.
    pub fn scanned(&self) -> u64 {
        self.stores.iter().map(|(_, found)| found.states.sum()).sum()
    }

    /// The counts of errors and of warnings.
    pub fn counts(&self) -> (Count, Count) {
        let (mut errors, mut warnings) = (Count::default(), Count::default());
        for (rule, kind) in self.stores.iter().flat_map(|(_, found)| &found.by_rule) {
            let count = if rule.is_error() { &mut errors } else { &mut warnings };
            count.findings += 1;
            count.files += kind.count;
        }
        (errors, warnings)
    }
}

/// What the rules need of a session.
pub(super) const FIELDS: Fields = Fields { trail: false, globals: true };
