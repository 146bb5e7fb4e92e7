//! Ending sessions before their time: one, or every one that a user has.
//!
//! Plan, then act, as for prune: [`plan`] takes the lock of every store, looks and changes nothing; [`Plan::execute`]
//! removes, each file judged again. A request in flight writes a session again after it was removed. So all that was
//! removed is watched for some seconds, and removed again at once.
//!
//! Source: `MoinMoin/session.py` and `MoinMoin/web/session.py`: a request holds the session in memory and saves it at
//! its end, whether or not the file is still there.

mod act;
mod end;
mod target;
#[cfg(test)]
mod tests;
mod watch;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::store::{self, EntryName, Fields, Found, Prefixes, Session, SessionStore, StoreError, StoreSpec};
use crate::sys::Lock;

use super::locks::{self, Taken};
use super::outcome::Problems;
use super::packed::Packed;

pub use act::{Counts, Report, Returned, StoreResult};
pub use target::{Match, Target, Why};
use watch::Watched;

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
    /// How long to watch for sessions that come back, and remove them again; zero: one look.
    pub settle: Duration,
    /// So many of each store's sessions that are meant, the first by id, are kept whole to be shown.
    pub shown: usize,
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
    /// What is to go, each with 1 if somebody is logged in.
    victims: Packed<1>,
    watched: Watched,
    returned: Vec<Returned>,
    shown: BTreeMap<EntryName, Victim>,
    /// Sessions that could not be understood, and so could be meant; those that have just been written.
    unreadable: Vec<EntryName>,
    refusal: Option<String>,
    problems: Problems,
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
            store.look(&options, stop);
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
            victims: Packed::default(),
            watched: Watched::default(),
            returned: Vec::new(),
            shown: BTreeMap::new(),
            unreadable: Vec::new(),
            refusal: None,
            problems: Problems::default(),
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

    /// What is to go, as far as [`Options::shown`] says, by id.
    pub fn shown(&self) -> impl Iterator<Item = &Victim> {
        self.shown.values()
    }

    /// How many are to go.
    pub fn planned(&self) -> u64 {
        self.victims.len()
    }

    /// The shortest prefixes that tell the sessions that are shown from all others of the store.
    ///
    /// # Errors
    ///
    /// Where the names could not be listed.
    pub fn prefixes(&self) -> std::result::Result<Prefixes, StoreError> {
        let mut prefixes = Prefixes::new(self.shown.keys().copied().collect());
        if let Some(store) = self.store.as_ref().filter(|_| !self.shown.is_empty()) {
            store.names(&mut |name| prefixes.see(&name))?;
        }
        Ok(prefixes)
    }

    fn fail(&mut self, error: &dyn std::fmt::Display) {
        self.counts.failed += 1;
        self.problems.push(error);
    }

    fn look(&mut self, options: &Options, stop: &AtomicBool) {
        let Some(store) = self.store.take() else { return };
        let looked = match &options.target.ids {
            Some(ids) => {
                self.look_at(store.as_ref(), ids, options);
                Ok(())
            }
            None => store.scan(Fields::default(), stop, &mut |found| self.take_in(found, options)),
        };
        if let Err(error) = looked {
            self.fail(&error);
        }
        self.read_again(store.as_ref(), options, stop);
        self.store = Some(store);
    }

    fn look_at(&mut self, store: &dyn SessionStore, ids: &BTreeSet<EntryName>, options: &Options) {
        for id in ids {
            match store.read(id, Fields::default()) {
                Ok(Some(session)) => self.take_in(Found::Session(session), options),
                Ok(None) => {}
                Err(error) => self.fail(&error),
            }
        }
    }

    fn take_in(&mut self, found: Found, options: &Options) {
        match found {
            Found::Session(session) => {
                self.counts.scanned += 1;
                match options.target.matches(&session) {
                    Match::Yes(why) => {
                        self.counts.matched += 1;
                        let logged_in = session.facts.as_ref().is_ok_and(|facts| facts.user.is_some());
                        self.victims.push(&session.id, session.stamp, [u8::from(logged_in)]);
                        self.show(Victim { session, why }, options.shown);
                    }
                    Match::No => {}
                    Match::Written => self.counts.undecided += 1,
                    Match::Unreadable => {
                        self.counts.unreadable += 1;
                        if self.unreadable.len() < MAX_NAMED && is_young(&session) {
                            self.unreadable.push(session.id);
                        }
                    }
                }
            }
            Found::Failed { name, error } => {
                let error = self.spec.failed(&name, &error);
                self.fail(&error);
            }
            Found::Temp(_) | Found::Foreign(_) => {}
        }
    }

    /// Keeps a session to be shown, if it is one of the first by id.
    fn show(&mut self, victim: Victim, most: usize) {
        let id = victim.session.id;
        if self.shown.len() < most || self.shown.last_key_value().is_some_and(|(last, _)| id < *last) {
            self.shown.insert(id, victim);
        }
        if self.shown.len() > most {
            self.shown.pop_last();
        }
    }

    /// A wiki that writes in place, as 1.9.0 and 1.9.1 do, may have been at it: what was unreadable and has just been
    /// written is read again until it is whole.
    fn read_again(&mut self, store: &dyn SessionStore, options: &Options, stop: &AtomicBool) {
        for round in 0..ROUNDS {
            if self.unreadable.is_empty() || stop.load(Ordering::Relaxed) {
                return;
            }
            thread::sleep(if round == 0 { Duration::ZERO } else { Duration::from_millis(5) });
            for id in std::mem::take(&mut self.unreadable) {
                self.counts.unreadable -= 1;
                match store.read(&id, Fields::default()) {
                    Ok(None) => self.counts.scanned -= 1,
                    Ok(Some(session)) => {
                        self.counts.scanned -= 1;
                        self.take_in(Found::Session(session), options);
                    }
                    Err(error) => self.fail(&error),
                }
            }
        }
    }
}

/// So often a session that is being written is read.
const ROUNDS: usize = 20;

/// Whether a session was written within the last 10 seconds.
fn is_young(session: &Session) -> bool {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let age = i64::try_from(now).unwrap_or(i64::MAX).saturating_sub(session.modified);
    (-2..=10).contains(&age)
}
