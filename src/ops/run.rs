//! The steps that prune and revoke share: open, scan, plan, execute, report. Each step makes a new value from that of the
//! step before.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use crate::store::{self, EntryName, Prefixes, SessionStore, StoreError, StoreSpec};
use crate::sys::Lock;

use super::locks::{self, Taken};
use super::problems::{Notes, Problem};
use super::refusal::Refusal;
use super::report::{Counts, Report, StoreResult};

/// A store of a run, open, or why not.
pub struct Opened {
    pub(super) spec: StoreSpec,
    pub(super) store: Option<Box<dyn SessionStore>>,
    refusal: Option<Refusal>,
    notes: Notes,
}

impl Opened {
    /// Opens a store.
    pub(super) fn open(spec: StoreSpec) -> Self {
        let store = store::open(spec.clone());
        Opened::new(spec, store)
    }

    /// A store that was opened, or could not be.
    pub(super) fn new(spec: StoreSpec, store: Result<Box<dyn SessionStore>, StoreError>) -> Self {
        let mut opened = Opened { spec, store: None, refusal: None, notes: Notes::default() };
        match store {
            Ok(store) => opened.store = Some(store),
            Err(error) if error.is_unsafe() => {
                opened.refusal = Some(Refusal::UnsafeDirectory(error.why()));
            }
            // A wiki that never ran has no session directory yet; an address without one is a mistake.
            Err(error) if error.is_missing() && !opened.spec.wikis.is_empty() => {
                opened.notes.hints.push(Problem(format!("{error}: no wiki has run yet")));
            }
            Err(error) => opened.notes.fail(&error),
        }
        opened
    }

    /// Whether both are one directory and layout.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        let id = |one: &Self| one.store.as_ref().map(|store| store.id());
        id(self).is_some()
            && id(self) == id(other)
            && self.spec.location.scheme() == other.spec.location.scheme()
    }
}

/// What a step counted, reports, and found in one store.
#[derive(Debug, Default)]
pub struct Step<C, F> {
    pub(super) counts: C,
    pub(super) notes: Notes,
    pub(super) found: F,
}

/// What guards decide after a scan.
#[derive(Debug, Default)]
pub struct Decision {
    /// For every store.
    pub(super) all: Option<Refusal>,
    /// Store by store; none for the stores that are left out.
    pub(super) each: Vec<Option<Refusal>>,
}

/// What a scan yields.
type Scan<O> = Step<<O as Operation>::Counts, <O as Operation>::Found>;

/// What an execution yields.
type Done<O> = Step<<O as Operation>::Counts, <O as Operation>::More>;

/// Where prune and revoke differ.
pub trait Operation: Sized {
    /// What is counted in a store.
    type Counts: Counts;
    /// What a scan finds in a store, beside the counts.
    type Found: Default;
    /// What a report holds of a store, beside the counts.
    type More;
    /// The sums over all stores.
    type Total;

    /// Where locks lie, and whether to wait for another copy that is at work in a store.
    fn locks(&self) -> (&Path, bool);

    /// Whether nothing is to be removed.
    fn only_plans(&self) -> bool;

    /// Looks at the sessions of a store and decides. Changes nothing.
    fn scan(&self, spec: &StoreSpec, store: &dyn SessionStore, stop: &AtomicBool) -> Scan<Self>;

    /// Decides whether the run may remove what the scans found.
    fn guard(&self, _: &[Opened], _: &[Scan<Self>]) -> Decision {
        Decision::default()
    }

    /// Removes what the scans found, each file judged again.
    fn execute(&self, stores: &[Opened], scans: Vec<Scan<Self>>, stop: &AtomicBool) -> Vec<Done<Self>>;

    /// Removes nothing; `planned` counts what would be removed.
    fn leave(&self, scan: Scan<Self>, planned: bool) -> Done<Self>;

    /// Notes that everything that was planned has been done.
    ///
    /// # Errors
    ///
    /// What could not be kept.
    fn finish(&self) -> Result<(), String> {
        Ok(())
    }

    /// Sums up.
    fn total(stores: &[StoreResult<Self::Counts, Self::More>]) -> Self::Total;
}

/// What is to be done in one store.
pub struct StorePlan<S> {
    opened: Opened,
    pub(super) scan: S,
    refusal: Option<Refusal>,
}

impl<S> StorePlan<S> {
    /// What it is a plan for.
    pub fn spec(&self) -> &StoreSpec {
        &self.opened.spec
    }

    /// The shortest prefixes that tell these sessions from all others of the store.
    ///
    /// # Errors
    ///
    /// Where the names could not be listed.
    pub fn prefixes(&self, names: Vec<EntryName>) -> Result<Prefixes, StoreError> {
        let listed = self.opened.store.as_ref().filter(|_| !names.is_empty());
        let mut prefixes = Prefixes::new(names);
        if let Some(store) = listed {
            store.names(&mut |name| prefixes.see(&name))?;
        }
        Ok(prefixes)
    }
}

/// What is to be done.
pub struct Plan<O: Operation> {
    pub(super) options: O,
    stores: Vec<StorePlan<Scan<O>>>,
    /// A guard's refusal that concerns every store.
    refusal: Option<Refusal>,
    begun: Instant,
    stopped: bool,
    /// Of every store; none where nothing is to be removed.
    locks: Vec<Lock>,
}

impl<O: Operation> fmt::Debug for Plan<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let specs: Vec<&StoreSpec> = self.stores.iter().map(StorePlan::spec).collect();
        f.debug_struct("Plan").field("stores", &specs).finish_non_exhaustive()
    }
}

impl<O: Operation> Plan<O> {
    /// Takes the locks of the stores if anything is to be removed, scans every store, and asks the guards. Setting `stop`
    /// ends it early, with a plan that cannot be carried out.
    pub(super) fn make(options: O, opened: Vec<Opened>, stop: &AtomicBool) -> Self {
        let begun = Instant::now();
        let (dir, wait) = options.locks();
        let ids = opened.iter().map(|one| one.store.as_ref().map(|store| store.id()));
        let Taken { locks, refused } = match options.only_plans() {
            true => Taken::default(),
            false => locks::take(dir, ids, wait.then_some(stop)),
        };
        let mut refused: BTreeMap<usize, Refusal> =
            refused.into_iter().map(|(position, error)| (position, Refusal::Lock(error))).collect();
        // Nothing goes in any store while another copy is at work in one: then there is nothing to look for.
        let looks = refused.is_empty();
        let scan = |one: &Opened| match &one.store {
            Some(store) if looks => options.scan(&one.spec, store.as_ref(), stop),
            _ => Step { counts: O::Counts::default(), notes: Notes::default(), found: O::Found::default() },
        };
        let scans: Vec<Scan<O>> = opened.iter().map(scan).collect();
        let Decision { all, each } = options.guard(&opened, &scans);
        let mut each = each.into_iter();
        let stores = opened.into_iter().zip(scans).enumerate().map(|(position, (opened, scan))| {
            let decided = each.next().flatten();
            StorePlan { opened, scan, refusal: decided.or_else(|| refused.remove(&position)) }
        });
        let stores = stores.collect();
        Plan { options, stores, refusal: all, begun, stopped: stop.load(Ordering::Relaxed), locks }
    }

    /// Store by store.
    pub fn stores(&self) -> &[StorePlan<Scan<O>>] {
        &self.stores
    }

    /// Removes what the plan says, or nothing at all where a guard of any store refuses. Setting `stop` ends it early,
    /// with a report of what was done. Where only a plan was asked for, it reports what would be done.
    pub fn execute(self, stop: &AtomicBool) -> Report<O::Counts, O::More, O::Total> {
        let Plan { options, stores, refusal, begun, stopped, locks } = self;
        let refused = refusal.is_some()
            || stores.iter().any(|one| one.refusal.is_some() || one.opened.refusal.is_some());
        let may = !refused && !stopped && !stop.load(Ordering::Relaxed);
        let dry_run = options.only_plans();
        let acts = may && !dry_run;
        let (mut opened, mut scans, mut refusals) = (Vec::new(), Vec::new(), Vec::new());
        for store in stores {
            opened.push(store.opened);
            scans.push(store.scan);
            refusals.push(store.refusal);
        }
        let done = match acts {
            true => options.execute(&opened, scans, stop),
            false => scans.into_iter().map(|scan| options.leave(scan, may)).collect(),
        };
        let all = refusal.map(|refusal| refusal.to_string());
        let (mut notes, mut failed, mut results) = (Told::default(), 0, Vec::new());
        for ((one, decided), done) in opened.into_iter().zip(refusals).zip(done) {
            let store = one.spec.address();
            let refused = decided.or(one.refusal).map(|refusal| refusal.to_string()).or_else(|| all.clone());
            let more = one.notes.failed + done.notes.failed;
            let mut counts = done.counts;
            counts.fail(more);
            failed += more;
            notes.add(one.notes, &store);
            notes.add(done.notes, &store);
            let wikis = one.spec.wikis.into_iter().map(|wiki| wiki.name).collect();
            results.push(StoreResult { store, wikis, counts, refused, more: done.found });
        }
        let stopped = stopped || stop.load(Ordering::Relaxed);
        if acts
            && !stopped
            && failed == 0
            && let Err(why) = options.finish()
        {
            notes.warnings.insert(0, Problem(why));
        }
        // Held until everything is done.
        drop(locks);
        Report {
            total: O::total(&results),
            stores: results,
            dry_run,
            seconds: begun.elapsed().as_secs_f64(),
            problems: notes.problems,
            unreadable: notes.unreadable,
            warnings: notes.warnings,
            hints: notes.hints,
            clock: all,
            stopped,
        }
    }
}

/// What all stores report.
#[derive(Default)]
struct Told {
    problems: Vec<Problem>,
    unreadable: Vec<Problem>,
    warnings: Vec<Problem>,
    hints: Vec<Problem>,
}

impl Told {
    fn add(&mut self, notes: Notes, store: &str) {
        self.problems.extend(notes.problems.told(store));
        self.unreadable.extend(notes.unreadable.told(store));
        self.warnings.extend(notes.warnings);
        self.hints.extend(notes.hints);
    }
}
