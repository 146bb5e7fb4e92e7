//! The steps that prune and revoke share: open, scan, plan, execute, report. Each step turns the value of the previous step
//! into a new value.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use crate::store::{self, EntryName, Prefixes, SessionStore, StoreError, StoreSpec};
use crate::sys::Lock;

use super::locks::{self, Taken};
use super::problems::{Notes, Problem};
use super::refusal::{Refusal, Refused};
use super::report::{Counts, Report, StoreResult};

/// A store of a run: open, or the reason why not.
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

    /// Wraps the result of opening a store.
    pub(super) fn new(spec: StoreSpec, store: Result<Box<dyn SessionStore>, StoreError>) -> Self {
        let mut opened = Opened { spec, store: None, refusal: None, notes: Notes::default() };
        match store {
            Ok(store) => opened.store = Some(store),
            Err(error) if error.is_unsafe() => {
                let help = error.help().map(str::to_owned);
                opened.refusal = Some(Refusal::UnsafeDirectory { why: error.why(), help });
            }
            // A wiki that never ran has no session directory. A missing directory in an address is a mistake.
            Err(error) if error.is_missing() && !opened.spec.wikis.is_empty() => {
                opened.notes.hints.push(format!("{error}: its wiki has stored no session yet").into());
            }
            Err(error) => opened.notes.fail(Problem::of(&error)),
        }
        opened
    }

    /// Whether both have the same directory and layout.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        let id = |one: &Self| one.store.as_ref().map(|store| store.id());
        id(self).is_some()
            && id(self) == id(other)
            && self.spec.location.scheme() == other.spec.location.scheme()
    }
}

/// The result of a step in one store.
#[derive(Debug, Default)]
pub struct Step<C, F> {
    pub(super) counts: C,
    pub(super) notes: Notes,
    pub(super) found: F,
}

/// The decision of the guards.
#[derive(Debug, Default)]
pub struct Decision {
    /// For every store.
    pub(super) all: Option<Refusal>,
    /// For each store.
    pub(super) each: Vec<Option<Refusal>>,
}

/// The result of a scan.
type Scan<O> = Step<<O as Operation>::Counts, <O as Operation>::Found>;

/// The result of an execution.
type Done<O> = Step<<O as Operation>::Counts, <O as Operation>::More>;

/// How prune and revoke differ.
pub trait Operation: Sized {
    /// The counts of a store.
    type Counts: Counts;
    /// The findings of a scan in a store.
    type Found: Default;
    /// Further results of a store.
    type More;
    /// The sums over all stores.
    type Total;

    /// The directory for locks, and whether to wait for other processes.
    fn locks(&self) -> (&Path, bool);

    /// Whether the run only plans.
    fn only_plans(&self) -> bool;

    /// Reads the sessions of a store and decides. Changes nothing.
    fn scan(&self, spec: &StoreSpec, store: &dyn SessionStore, stop: &AtomicBool) -> Scan<Self>;

    /// Decides whether the run may remove the victims of the scans.
    fn guard(&self, _: &[Opened], _: &[Scan<Self>]) -> Decision {
        Decision::default()
    }

    /// Removes the victims of the scans; judges each file again.
    fn execute(&self, stores: &[Opened], scans: Vec<Scan<Self>>, stop: &AtomicBool) -> Vec<Done<Self>>;

    /// Removes nothing. With `planned`, counts what would be removed.
    fn leave(&self, scan: Scan<Self>, planned: bool) -> Done<Self>;

    /// Records a run that completed its plan.
    ///
    /// # Errors
    ///
    /// If the record can't be written.
    fn finish(&self) -> Result<(), Problem> {
        Ok(())
    }

    /// The sums of all stores.
    fn total(stores: &[StoreResult<Self::Counts, Self::More>]) -> Self::Total;
}

/// The plan for one store.
pub struct StorePlan<S> {
    opened: Opened,
    pub(super) scan: S,
    refusal: Option<Refusal>,
}

impl<S> StorePlan<S> {
    /// The store.
    pub fn spec(&self) -> &StoreSpec {
        &self.opened.spec
    }

    /// The shortest unique prefixes of these sessions in the store.
    ///
    /// # Errors
    ///
    /// If the names can't be listed.
    pub fn prefixes(&self, names: Vec<EntryName>) -> Result<Prefixes, StoreError> {
        let listed = self.opened.store.as_ref().filter(|_| !names.is_empty());
        let mut prefixes = Prefixes::new(names);
        if let Some(store) = listed {
            store.names(&mut |name| prefixes.see(&name))?;
        }
        Ok(prefixes)
    }
}

/// The plan of a run.
pub struct Plan<O: Operation> {
    pub(super) options: O,
    stores: Vec<StorePlan<Scan<O>>>,
    /// A refusal that applies to every store.
    refusal: Option<Refusal>,
    begun: Instant,
    stopped: bool,
    /// The locks of all stores; empty if the run only plans.
    locks: Vec<Lock>,
}

impl<O: Operation> fmt::Debug for Plan<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let specs: Vec<&StoreSpec> = self.stores.iter().map(StorePlan::spec).collect();
        f.debug_struct("Plan").field("stores", &specs).finish_non_exhaustive()
    }
}

impl<O: Operation> Plan<O> {
    /// Acquires the locks unless the run only plans, scans every store, and asks the guards. Setting `stop` ends this
    /// early, with a plan that can't be executed.
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
        // A refused lock refuses the whole run, so no scan is needed.
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

    /// The plans for each store.
    pub fn stores(&self) -> &[StorePlan<Scan<O>>] {
        &self.stores
    }

    /// Executes the plan, or removes nothing if a guard of any store refused. Setting `stop` ends this early, with a
    /// report of what was done. A dry run reports what would be done.
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
        let refused = |refusal: Refusal| Refused::new(&refusal, dry_run);
        let all = refusal.map(refused);
        let (mut notes, mut failed, mut results) = (AllNotes::default(), 0, Vec::new());
        for ((one, decided), done) in opened.into_iter().zip(refusals).zip(done) {
            let store = one.spec.address();
            let refused = decided.or(one.refusal).map(refused).or_else(|| all.clone());
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
            notes.warnings.insert(0, why);
        }
        // The locks are held until here.
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

/// The notes of all stores.
#[derive(Default)]
struct AllNotes {
    problems: Vec<Problem>,
    unreadable: Vec<Problem>,
    warnings: Vec<Problem>,
    hints: Vec<Problem>,
}

impl AllNotes {
    fn add(&mut self, notes: Notes, store: &str) {
        self.problems.extend(notes.problems.lines(store));
        self.unreadable.extend(notes.unreadable.lines(store));
        self.warnings.extend(notes.warnings);
        self.hints.extend(notes.hints);
    }
}
