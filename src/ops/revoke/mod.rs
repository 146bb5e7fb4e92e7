//! Ending sessions before their time: one, or every one that a user has.
//!
//! Plan, then act, as for prune: [`plan`] takes the lock of every store, looks and changes nothing; [`Plan::execute`]
//! removes, each file judged again. A request in flight can write a session again after it was removed,
//! so what was written meanwhile is read and judged anew at once, and after some seconds all are looked at again.
//!
//! Source: `MoinMoin/session.py` and `MoinMoin/web/session.py`: a request holds the session in memory and saves it at
//! its end, whether or not the file is still there.

mod act;
mod target;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::store::{self, EntryName, Fields, Found, Prefixes, Session, SessionStore, StoreError, StoreSpec};
use crate::sys::Lock;

use super::locks::{self, Taken};
use super::outcome::Problem;

pub use act::{Counts, Report, Result, StoreResult};
pub use target::{Match, Target, Why};

/// How a run is made.
#[derive(Debug, Clone)]
pub struct Options {
    /// What is to go.
    pub target: Target,
    /// Where locks lie; see [`lock_dir`](crate::sys::lock_dir).
    pub lock_dir: PathBuf,
    /// Wait for another copy that is at work in a store, instead of refusing.
    pub wait: bool,
    /// Only plan.
    pub dry_run: bool,
    /// How long to wait before looking again; zero: no second look.
    pub settle: Duration,
}

/// What is to be done.
#[derive(Debug)]
pub struct Plan {
    options: Options,
    stores: Vec<StorePlan>,
    begun: Instant,
    /// Of every store; none where nothing is to be removed.
    locks: Vec<Lock>,
    stopped: bool,
}

/// What is to be done in one store.
pub struct StorePlan {
    spec: StoreSpec,
    /// Absent where it could not be opened.
    store: Option<Box<dyn SessionStore>>,
    counts: Counts,
    victims: Vec<Victim>,
    /// Sessions that could not be understood, and so could be meant.
    unreadable: Vec<EntryName>,
    refusal: Option<String>,
    problems: Vec<Problem>,
}

impl std::fmt::Debug for StorePlan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StorePlan").field("spec", &self.spec).finish_non_exhaustive()
    }
}

/// One session that is to go.
#[derive(Debug)]
pub struct Victim {
    /// The session as it was seen.
    pub session: Session,
    /// Why.
    pub why: Why,
}

/// As many files are named one by one; more are only counted.
const MAX_NAMED: usize = 1000;

/// Takes the locks of the stores if anything is to be removed, looks at every session, and decides. Changes nothing. Setting `stop` ends it early.
pub fn plan(specs: Vec<StoreSpec>, options: Options, stop: &AtomicBool) -> Plan {
    let opened = specs.into_iter().map(|spec| (spec.clone(), store::open(spec))).collect();
    plan_opened(opened, options, stop)
}

type Opened = std::result::Result<Box<dyn SessionStore>, StoreError>;

/// As [`plan`], over stores that are open or could not be opened.
fn plan_opened(opened: Vec<(StoreSpec, Opened)>, options: Options, stop: &AtomicBool) -> Plan {
    let begun = Instant::now();
    let mut stores: Vec<StorePlan> =
        opened.into_iter().map(|(spec, store)| StorePlan::new(spec, store)).collect();
    let ids = stores.iter().map(|plan| plan.store.as_ref().map(|store| store.id()));
    let Taken { locks, refused } = match options.dry_run {
        true => Taken::default(),
        false => locks::take(&options.lock_dir, ids, options.wait.then_some(stop)),
    };
    // While another copy is at work in one store, nothing goes in any.
    for store in stores.iter_mut().filter(|_| refused.is_empty()) {
        if !stop.load(Ordering::Relaxed) {
            store.look(&options.target, stop);
        }
    }
    for (position, error) in refused {
        if let Some(store) = stores.get_mut(position) {
            store.refusal = Some(error.to_string());
        }
    }
    Plan { options, stores, begun, locks, stopped: stop.load(Ordering::Relaxed) }
}

impl Plan {
    /// Store by store.
    pub fn stores(&self) -> &[StorePlan] {
        &self.stores
    }
}

impl StorePlan {
    fn new(spec: StoreSpec, store: Opened) -> Self {
        let mut plan = StorePlan {
            spec,
            store: None,
            counts: Counts::default(),
            victims: Vec::new(),
            unreadable: Vec::new(),
            refusal: None,
            problems: Vec::new(),
        };
        match store {
            Ok(store) => plan.store = Some(store),
            Err(error) if error.is_unsafe() => plan.refusal = Some(error.to_string()),
            // A wiki that never ran has no session directory yet; an address that names none is a mistake.
            Err(error) if error.is_missing() && !plan.spec.wikis.is_empty() => {}
            Err(error) => plan.fail(&error),
        }
        plan
    }

    /// What it is a plan for.
    pub fn spec(&self) -> &StoreSpec {
        &self.spec
    }

    /// What is to go.
    pub fn victims(&self) -> &[Victim] {
        &self.victims
    }

    /// The shortest unique prefixes of all sessions of the store; 48 bytes for each.
    ///
    /// # Errors
    ///
    /// Where the names could not be listed.
    pub fn prefixes(&self) -> std::result::Result<Prefixes, StoreError> {
        let mut names = Vec::new();
        if let Some(store) = &self.store {
            store.names(&mut |name| names.push(name))?;
        }
        Ok(Prefixes::new(names))
    }

    fn fail(&mut self, error: &dyn std::fmt::Display) {
        self.counts.failed += 1;
        if self.problems.len() < MAX_NAMED {
            self.problems.push(Problem(error.to_string()));
        }
    }

    fn look(&mut self, target: &Target, stop: &AtomicBool) {
        let Some(store) = self.store.take() else { return };
        let looked = match &target.ids {
            Some(ids) => {
                self.look_at(store.as_ref(), ids, target);
                Ok(())
            }
            None => store.scan(Fields::default(), stop, &mut |found| self.take_in(found, target)),
        };
        if let Err(error) = looked {
            self.fail(&error);
        }
        self.read_again(store.as_ref(), target);
        self.victims.sort_by_key(|victim| victim.session.id);
        self.store = Some(store);
    }

    fn look_at(&mut self, store: &dyn SessionStore, ids: &BTreeSet<EntryName>, target: &Target) {
        for id in ids {
            match store.read(id, Fields::default()) {
                Ok(Some(session)) => self.take_in(Found::Session(session), target),
                Ok(None) => {}
                Err(error) => self.fail(&error),
            }
        }
    }

    fn take_in(&mut self, found: Found, target: &Target) {
        match found {
            Found::Session(session) => {
                self.counts.scanned += 1;
                match target.matches(&session) {
                    Match::Yes(why) => {
                        self.counts.matched += 1;
                        self.victims.push(Victim { session, why });
                    }
                    Match::No => {}
                    Match::Written => self.counts.undecided += 1,
                    Match::Unreadable => {
                        self.counts.unreadable += 1;
                        if self.unreadable.len() < MAX_NAMED {
                            self.unreadable.push(session.id);
                        }
                    }
                }
            }
            Found::Failed { name, error } => {
                let error = format!("{}/{name}: {error}", self.spec.dir.display());
                self.fail(&error);
            }
            Found::Temp(_) | Found::Foreign(_) => {}
        }
    }

    /// A wiki that writes in place, as 1.9.0 and 1.9.1 do, may have been at it: what was unreadable is read once more.
    fn read_again(&mut self, store: &dyn SessionStore, target: &Target) {
        for id in std::mem::take(&mut self.unreadable) {
            match store.read(&id, Fields::default()) {
                Ok(None) => {
                    self.counts.unreadable -= 1;
                    self.counts.scanned -= 1;
                }
                Ok(Some(session)) => {
                    self.counts.unreadable -= 1;
                    self.counts.scanned -= 1;
                    self.take_in(Found::Session(session), target);
                }
                Err(error) => {
                    self.counts.unreadable -= 1;
                    self.fail(&error);
                }
            }
        }
    }
}
