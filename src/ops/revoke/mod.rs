//! Ending sessions before their time: one, or every one that a user has.
//!
//! Plan, then act, as for prune: [`plan`] takes the lock of every store, looks and changes nothing; [`Plan::execute`]
//! removes, each file judged again. A request in flight writes a session again after it was removed. So all that was
//! removed is watched for some seconds, and removed again at once.
//!
//! Source: `MoinMoin/session.py` and `MoinMoin/web/session.py`: a request holds the session in memory and saves it at
//! its end, whether or not the file is still there.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use crate::store::{SessionStore, StoreSpec};

use super::report::StoreResult;
use super::run::{self, Opened, Operation};

mod end;
mod execute;
mod options;
mod report;
mod scan;
mod target;
#[cfg(test)]
mod tests;
mod watch;

pub use options::Options;
pub use report::{Counts, Report, Returned, Watch};
pub use scan::Victim;
pub use target::{Match, Target, Why};

use scan::{Scan, Scanned};
use watch::Done;

/// What is to be done.
pub type Plan = run::Plan<Options>;

/// What is to be done in one store.
pub type StorePlan = run::StorePlan<Scanned>;

/// Takes the locks of the stores if anything is to be removed, looks at every session, and decides. Changes nothing. Setting
/// `stop` ends it early.
pub fn plan(specs: Vec<StoreSpec>, options: Options, stop: &AtomicBool) -> Plan {
    Plan::make(options, specs.into_iter().map(Opened::open).collect(), stop)
}

impl Operation for Options {
    type Counts = Counts;
    type Found = Scan;
    type More = Watch;
    type Total = Counts;

    fn locks(&self) -> (&Path, bool) {
        (&self.lock_dir, self.wait)
    }

    fn only_plans(&self) -> bool {
        self.dry_run
    }

    fn scan(&self, spec: &StoreSpec, store: &dyn SessionStore, stop: &AtomicBool) -> Scanned {
        scan::scan(spec, store, self, stop)
    }

    fn execute(&self, stores: &[Opened], scans: Vec<Scanned>, stop: &AtomicBool) -> Vec<Done> {
        execute::execute(self, stores, scans, stop)
    }

    fn leave(&self, scan: Scanned, planned: bool) -> Done {
        execute::leave(scan, planned)
    }

    fn total(stores: &[StoreResult<Counts, Watch>]) -> Counts {
        let mut total = Counts::default();
        stores.iter().for_each(|store| total += store.counts);
        total
    }
}

impl StorePlan {
    /// What is to go, as far as [`Options::shown`] says, by id.
    pub fn shown(&self) -> impl Iterator<Item = &Victim> {
        self.scan.found.shown.values()
    }

    /// How many are to go.
    pub fn planned(&self) -> u64 {
        self.scan.found.victims.len()
    }
}
