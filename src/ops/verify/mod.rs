//! What is wrong in the stores, and what to do about it. Changes nothing.
//!
//! Every session is read as by a scan; findings are counted exactly, and at most [`MAX_SHOWN`] of a check and a store
//! are kept. Nothing here grows with a store but 16 bytes a session, to find ids that two stores have in common.
//!
//! One file a family of checks. Source: MoinMoin's own reading of names, users and lifetimes, by version.

mod check;
mod disk;
mod duplicates;
mod files;
mod names;
mod orphans;
mod owners;
mod sessions;
mod young;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::farm::{Farm, Trusted};
use crate::sharing::Model;
use crate::store::{self, Fields, Found, StoreSpec};

use super::migrate::AllowList;
use super::outcome::{Problem, Problems};
use super::policy::Policy;
use super::states::States;

pub use check::Check;

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
    pub findings: std::collections::BTreeSet<Finding>,
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
    fn add(&mut self, finding: Finding) {
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
const FIELDS: Fields = Fields { trail: false, globals: true };

/// Looks at everything in the stores; with a farm also at what only it can tell. Setting `stop` ends it early.
pub fn verify(
    specs: Vec<StoreSpec>,
    trusted: Option<(&Trusted, &Model)>,
    options: &Options,
    stop: &AtomicBool,
) -> Report {
    let farm = trusted.map(|(farm, model)| (&**farm, model));
    let mut report = Report { stores: Vec::new(), problems: Vec::new(), refused: false, notes: Vec::new() };
    let mut ids = duplicates::Ids::default();
    for (position, spec) in specs.into_iter().enumerate() {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let mut found = Findings::default();
        match store(position, &spec, farm, options, stop, &mut ids, &mut found, &mut report) {
            Ok(()) => found.complete = true,
            Err(error) => {
                report.refused |= error.is_unsafe();
                report.problems.push(Problem(error.to_string()));
            }
        }
        report.stores.push((spec, found));
    }
    if let Some((farm, model)) = trusted {
        duplicates::check(&ids, model, stop, &mut report);
        if options.whole_farm {
            orphans::check(farm, stop, &mut report);
        }
    }
    report
}

#[allow(clippy::too_many_arguments, reason = "each is another part of one run, and this is its only caller")]
fn store(
    position: usize,
    spec: &StoreSpec,
    farm: Option<(&Farm, &Model)>,
    options: &Options,
    stop: &AtomicBool,
    ids: &mut duplicates::Ids,
    found: &mut Findings,
    report: &mut Report,
) -> Result<(), store::StoreError> {
    let store = match store::open_writable(spec.clone()) {
        // A wiki that never ran has no session directory yet.
        Err(error) if error.is_missing() && !spec.wikis.is_empty() => return Ok(()),
        // Who could have prepared it is worth a finding.
        Err(error) if error.is_unsafe() => {
            disk::modes(spec, stop, found, report);
            return Err(error);
        }
        other => other?,
    };
    let judge = sessions::Judge::new(spec, farm.map(|(farm, _)| farm), options, &mut report.problems);
    let mut expires_seen = false;
    let mut young = young::Young::new(spec.layout, options.now);
    let mut failed = Problems::default();
    // Findings that hold only if sessions here have an `expires` at all.
    let mut provisional = Findings::default();
    let scanned = store.scan(FIELDS, stop, &mut |entry| match entry {
        Found::Session(session) => {
            ids.push(&session.id, position);
            let Some(session) = young.keep(session) else { return };
            expires_seen |= session.facts.as_ref().is_ok_and(|facts| facts.expires != store::Expires::Absent);
            judge.session(&session, found, &mut provisional);
        }
        Found::Temp(temp) => judge.temp(&temp, found),
        Found::Foreign(name) => names::foreign(spec, &name, found),
        Found::Failed { name, error } => failed.push(&spec.failed(&name, &error)),
    });
    report.problems.extend(failed.told(&spec.address()));
    young.read_again(store.as_ref(), stop, |read| match read {
        Ok(session) => judge.session(&session, found, &mut provisional),
        Err(error) => report.problems.push(Problem(error.to_string())),
    });
    if judge.knows_versions() || expires_seen {
        for (check, more) in provisional.by_check {
            let all = found.by_check.entry(check).or_default();
            all.count += more.count;
            all.findings.extend(more.findings);
        }
    }
    disk::modes(spec, stop, found, report);
    scanned
}
