//! Ends sessions before their expiry: one session, or all sessions of a user.
//!
//! As for prune, [`plan`] locks every store and changes nothing, and [`Plan::execute`] removes files and judges each again.
//! A running request saves its session again after the removal. So removed sessions are watched for some seconds, and
//! removed again at once.
//!
//! Source: `MoinMoin/session.py` and `MoinMoin/web/session.py`: a request keeps the session in memory and saves it at its
//! end, even if the file was removed.

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

/// The plan of a run.
pub type Plan = run::Plan<Options>;

/// The plan for one store.
pub type StorePlan = run::StorePlan<Scanned>;

/// Locks the stores unless the run only plans, reads every session, and decides. Changes nothing. Setting `stop` ends this
/// early.
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
    /// The first matching sessions by id, up to [`Options::shown`].
    pub fn shown(&self) -> impl Iterator<Item = &Victim> {
        self.scan.found.shown.values()
    }

    /// The number of matching sessions.
    pub fn planned(&self) -> u64 {
        self.scan.found.victims.len()
    }
}
