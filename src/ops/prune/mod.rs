//! Removes expired sessions. [`plan`] locks every store, reads every entry, asks the guards, and changes nothing.
//! [`Plan::execute`](crate::ops::run::Plan::execute) removes files, and judges each again.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use crate::store::{SessionStore, StoreSpec};
use crate::sys::problem;

use super::problems::Problem;
use super::report::StoreResult;
use super::run::{self, Decision, Opened, Operation};

mod clock;
mod execute;
mod guard;
mod hindrance;
mod options;
mod pass;
mod policy;
mod reason;
mod report;
mod scan;
#[cfg(test)]
mod tests;
mod verdict;
mod victims;

pub use clock::ClockCheck;
pub use options::Options;
pub use policy::{Policy, PolicyError};
pub use reason::{Keep, Reason};
pub use report::{Counts, Report, Source, Total};
pub use verdict::{Filter, Judge, Verdict, WithoutExpires};
pub use victims::{Victim, Victims};

use execute::Done;
use scan::{Scan, Scanned};

/// The plan of a run.
pub type Plan = run::Plan<Options>;

/// The plan for one store.
pub type StorePlan = run::StorePlan<Scanned>;

/// Locks the stores unless the run only plans, reads every entry, and decides. Changes nothing. Setting `stop` ends this
/// early, with a plan that can't be executed.
///
/// Two specifications of one directory and layout become one store with the wikis of both.
pub fn plan(specs: Vec<StoreSpec>, options: Options, stop: &AtomicBool) -> Plan {
    let mut stores: Vec<Opened> = Vec::new();
    for one in specs.into_iter().map(Opened::open) {
        match stores.iter_mut().find(|other| other.is_same(&one)) {
            Some(twin) => twin.spec.wikis.extend(one.spec.wikis),
            None => stores.push(one),
        }
    }
    Plan::make(options, stores, stop)
}

impl Operation for Options {
    type Counts = Counts;
    type Found = Scan;
    type More = Source;
    type Total = Total;

    fn locks(&self) -> (&Path, bool) {
        (&self.lock_dir, self.wait)
    }

    fn only_plans(&self) -> bool {
        self.only_plans()
    }

    fn scan(&self, spec: &StoreSpec, store: &dyn SessionStore, stop: &AtomicBool) -> Scanned {
        scan::scan(spec, store, self, stop)
    }

    fn guard(&self, stores: &[Opened], scans: &[Scanned]) -> Decision {
        guard::decide(self, stores, scans)
    }

    fn execute(&self, stores: &[Opened], scans: Vec<Scanned>, stop: &AtomicBool) -> Vec<Done> {
        let each = stores.iter().zip(scans).map(|(one, scan)| match &one.store {
            Some(store) => execute::execute(&one.spec, store.as_ref(), scan, self, stop),
            None => execute::leave(scan, false),
        });
        each.collect()
    }

    fn leave(&self, scan: Scanned, planned: bool) -> Done {
        execute::leave(scan, planned)
    }

    /// Saves the time for the clock guard, only after a successful run.
    fn finish(&self) -> Result<(), Problem> {
        let failed = |error: std::io::Error| problem(&error).at("can't save the time of this run");
        self.clock.save(self.now).map_err(failed)
    }

    fn total(stores: &[StoreResult<Counts, Source>]) -> Total {
        Total::of(stores)
    }
}

impl Plan {
    /// The time of the plan, in unix seconds.
    pub fn now(&self) -> i64 {
        self.options.now
    }
}

impl StorePlan {
    /// The counts.
    pub fn counts(&self) -> &Counts {
        &self.scan.counts
    }

    /// The entries to remove.
    pub fn victims(&self) -> impl Iterator<Item = Victim> + '_ {
        self.scan.found.victims.iter()
    }

    /// The number of entries to remove.
    pub fn planned(&self) -> u64 {
        self.scan.found.victims.len()
    }

    /// The meaning of a session without `expires` in this store.
    pub fn without_expires(&self) -> WithoutExpires {
        self.scan.found.without_expires
    }
}
