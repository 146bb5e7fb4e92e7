//! Looking at every entry of every store and deciding; nothing is changed here.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use crate::moin::Version;
use crate::store::index::{Kind, Totals};
use crate::store::{
    self, EntryName, Expires, Facts, Fields, Found, Prefixes, SessionStore, StoreError, StoreSpec,
};
use crate::sys::Lock;

use super::guard::{ClockCheck, Refusal};
use super::locks::{self, Taken};
use super::outcome::{Counts, Problem, Problems};
use super::pass::Pass;
use super::policy::Policy;
use super::verdict::{Filter, Judge, Reason, Verdict, WithoutExpires};
use super::victims::{Victim, Victims};

/// How a run is made.
#[derive(Debug, Clone)]
pub struct Options {
    /// For how long things are kept.
    pub policy: Policy,
    /// What was asked for.
    pub filter: Filter,
    /// Seconds since 1970.
    pub now: i64,
    /// How the clock is guarded.
    pub clock: ClockCheck,
    /// Where locks lie; see [`lock_dir`](crate::sys::lock_dir).
    pub lock_dir: PathBuf,
    /// Wait for another copy that is at work in a store, instead of refusing.
    pub wait: bool,
    /// Only plan. So does [`ClockCheck::Pinned`].
    pub dry_run: bool,
    /// Where the indexes of stores lie, so that what cannot be due is not read again; see
    /// [`cache_dir`](crate::sys::cache_dir). Without, or with [`ClockCheck::Pinned`], every session is read.
    pub index: Option<PathBuf>,
}

impl Options {
    /// Whether nothing is to be removed.
    pub fn only_plans(&self) -> bool {
        self.dry_run || self.clock == ClockCheck::Pinned
    }

    /// Where indexes lie, if they are of use: what is asked for a time that was given is answered by reading, and so
    /// is what takes live sessions too.
    fn index(&self) -> Option<&Path> {
        self.index.as_deref().filter(|_| self.clock != ClockCheck::Pinned && !self.filter.all)
    }
}

/// What is to be done.
#[derive(Debug)]
pub struct Plan {
    pub(super) options: Options,
    pub(super) stores: Vec<StorePlan>,
    pub(super) clock: Option<Refusal>,
    pub(super) begun: Instant,
    pub(super) stopped: bool,
    /// Of every store; none where nothing is to be removed.
    pub(super) locks: Vec<Lock>,
}

/// What is to be done in one store.
#[derive(Debug)]
pub struct StorePlan {
    pub(super) spec: StoreSpec,
    /// Absent where it could not be opened.
    pub(super) store: Option<Open>,
    pub(super) counts: Counts,
    pub(super) victims: Victims,
    pub(super) without_expires: WithoutExpires,
    /// When the file was written that was written last, and which that is, unless only the index knows.
    pub(super) newest: Option<(i64, Option<EntryName>)>,
    pub(super) refusal: Option<Refusal>,
    pub(super) pass: Option<Pass>,
    pub(super) from_index: u64,
    pub(super) problems: Problems,
    pub(super) unreadable: Problems,
    pub(super) warnings: Vec<Problem>,
    pub(super) hints: Vec<Problem>,
    /// Names that are sessions' in another layout of MoinMoin's.
    misplaced: u64,
}

/// An open store, so that a plan can be shown in a test's failure.
pub(super) struct Open(pub(super) Box<dyn SessionStore>);

impl std::fmt::Debug for Open {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.spec().fmt(f)
    }
}

/// Takes the locks of the stores if anything is to be removed, looks at every entry, and decides. Changes nothing. Setting `stop` ends it early, with a plan that
/// cannot be carried out.
///
/// Two specifications of one directory and layout become one, with the wikis of both.
pub fn plan(specs: Vec<StoreSpec>, options: Options, stop: &AtomicBool) -> Plan {
    let opened = specs.into_iter().map(|spec| (spec.clone(), store::open(spec))).collect();
    plan_opened(opened, options, stop)
}

type Opened = Result<Box<dyn SessionStore>, StoreError>;

/// As [`plan`], over stores that are open or could not be opened.
pub(super) fn plan_opened(opened: Vec<(StoreSpec, Opened)>, options: Options, stop: &AtomicBool) -> Plan {
    let begun = Instant::now();
    let mut stores: Vec<StorePlan> = Vec::new();
    for (spec, store) in opened {
        let id = store.as_ref().ok().map(|store| store.id());
        let twin = stores.iter_mut().find(|other| {
            id.is_some()
                && other.spec.layout == spec.layout
                && other.store.as_ref().map(|open| open.0.id()) == id
        });
        match twin {
            Some(twin) => twin.spec.wikis.extend(spec.wikis),
            None => stores.push(StorePlan::new(spec, store)),
        }
    }
    let ids = stores.iter().map(|plan| plan.store.as_ref().map(|Open(store)| store.id()));
    let Taken { locks, refused } = match options.only_plans() {
        true => Taken::default(),
        false => locks::take(&options.lock_dir, ids, options.wait.then_some(stop)),
    };
    // Nothing goes in any store while another copy is at work in one: then there is nothing to look for.
    if refused.is_empty() {
        stores.iter_mut().for_each(|store| store.look(&options, stop));
    }
    for (position, error) in refused {
        if let Some(store) = stores.get_mut(position) {
            store.refusal = Some(Refusal::Lock(error));
        }
    }
    let clock = match options.clock.check(options.now) {
        Ok(enough) => {
            stores.iter_mut().filter(|_| !enough).for_each(|store| store.check_newest(options.now));
            None
        }
        Err(refusal) => Some(refusal),
    };
    Plan { options, stores, clock, begun, stopped: stop.load(Ordering::Relaxed), locks }
}

impl Plan {
    /// Store by store.
    pub fn stores(&self) -> &[StorePlan] {
        &self.stores
    }

    /// The clock's refusal, which concerns every store.
    pub fn clock_refusal(&self) -> Option<&Refusal> {
        self.clock.as_ref()
    }

    /// When the plan was made for, in seconds since 1970.
    pub fn now(&self) -> i64 {
        self.options.now
    }
}

impl StorePlan {
    fn new(spec: StoreSpec, store: Result<Box<dyn SessionStore>, StoreError>) -> Self {
        let mut plan = StorePlan {
            spec,
            store: None,
            counts: Counts::default(),
            victims: Victims::default(),
            without_expires: WithoutExpires::Usual,
            newest: None,
            refusal: None,
            pass: None,
            from_index: 0,
            problems: Problems::default(),
            unreadable: Problems::default(),
            warnings: Vec::new(),
            hints: Vec::new(),
            misplaced: 0,
        };
        match store {
            Ok(store) => plan.store = Some(Open(store)),
            Err(error) if error.is_unsafe() => {
                plan.refusal = Some(Refusal::UnsafeDirectory(error.to_string()))
            }
            // A wiki that never ran has no session directory yet; an address that names none is a mistake.
            Err(error) if error.is_missing() && !plan.spec.wikis.is_empty() => {
                plan.hints.push(Problem(format!("{error}: no wiki has run yet")));
            }
            Err(error) => plan.fail(&error),
        }
        plan
    }

    /// What it is a plan for.
    pub fn spec(&self) -> &StoreSpec {
        &self.spec
    }

    /// What was counted so far.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// What is to go.
    pub fn victims(&self) -> impl Iterator<Item = Victim> + '_ {
        self.victims.iter()
    }

    /// How many are to go.
    pub fn planned(&self) -> u64 {
        self.victims.len()
    }

    /// How a session without `expires` is taken in this store.
    pub fn without_expires(&self) -> WithoutExpires {
        self.without_expires
    }

    /// Why nothing may be removed from it, so far as is known before the locks are taken.
    pub fn refusal(&self) -> Option<&Refusal> {
        self.refusal.as_ref()
    }

    /// The shortest prefixes that tell these victims from all sessions of the store. Left-overs are not among these: one
    /// of 1.8 begins with the whole id of its session.
    ///
    /// # Errors
    ///
    /// Where the names could not be listed.
    pub fn prefixes(&self, victims: Vec<EntryName>) -> Result<Prefixes, StoreError> {
        let mut prefixes = Prefixes::new(victims);
        if let Some(Open(store)) = &self.store {
            store.names(&mut |name| prefixes.see(&name))?;
        }
        Ok(prefixes)
    }

    pub(super) fn fail(&mut self, error: &dyn std::fmt::Display) {
        self.counts.failed += 1;
        self.problems.push(error);
    }

    fn look(&mut self, options: &Options, stop: &AtomicBool) {
        let Some(store) = self.store.take() else { return };
        let versions: Vec<Version> = self.spec.wikis.iter().map(|wiki| wiki.version).collect();
        let without_expires = |seen| WithoutExpires::of(self.spec.layout, versions.iter().copied(), seen);
        // With no version known, only the whole store tells whether an absent `expires` means anything.
        let (provisional, if_unseen) = (without_expires(true), without_expires(false));
        let judge_if = |seen| Judge {
            policy: &options.policy,
            filter: options.filter,
            without_expires: without_expires(seen),
            now: options.now,
        };
        let judge = judge_if(true);
        let mut pass = options.index().and_then(|place| Pass::begin(store.0.as_ref(), place));
        if let Some(totals) = pass.as_ref().and_then(|pass| pass.nothing_to_do(judge_if)) {
            self.take_over(totals);
            self.store = Some(store);
            return;
        }
        let mut expires_seen = false;
        let mut sink = |found| {
            expires_seen |= has_expires(&found);
            self.take_in(&found, &judge);
        };
        let scanned = match &mut pass {
            Some(pass) => pass.scan(store.0.as_ref(), &judge, !options.only_plans(), stop, &mut sink),
            None => store.0.scan(Fields::default(), stop, &mut sink),
        };
        if let Some(pass) = pass {
            expires_seen |= self.take_left_out(&pass);
            self.pass = Some(pass);
        }
        self.without_expires = if expires_seen { provisional } else { if_unseen };
        if self.without_expires == WithoutExpires::Usual {
            self.victims.retain(|victim| victim.reason != Reason::NoExpires);
        }
        if let Err(error) = scanned {
            // Half a listing is nothing to act on.
            self.fail(&error);
            self.victims = Victims::default();
            self.pass = None;
        }
        if self.misplaced > 0 {
            let names = match self.misplaced {
                1 => "1 name here is a session's".to_owned(),
                many => format!("{many} names here are sessions'"),
            };
            let what = "of another MoinMoin, and left alone: is the layout right?";
            self.warnings.push(Problem(format!("{}: {names} {what}", self.spec.address())));
        }
        self.check_max_delete(&options.policy);
        self.store = Some(store);
    }

    /// Nothing changed and nothing is due: what was counted still counts.
    fn take_over(&mut self, totals: &Totals) {
        self.from_index = totals.sessions();
        self.counts.scanned = totals.sessions();
        self.counts.states.live = totals.of(Kind::Ends).count;
        self.counts.states.no_expires = totals.of(Kind::WithoutExpires).count;
        self.counts.states.invalid_expires = totals.of(Kind::InvalidExpires).count;
        self.counts.foreign = totals.foreign;
        self.saw(totals.newest, None);
    }

    /// Counts what the index answered for; whether it was anything.
    fn take_left_out(&mut self, pass: &Pass) -> bool {
        if let Some(why) = pass.ignored() {
            self.warnings.push(Problem(why.to_owned()));
        }
        let (count, newest) = pass.left_out();
        self.from_index = count;
        self.counts.scanned += count;
        self.counts.states.live += count;
        if let Some(newest) = newest {
            self.saw(newest, None);
        }
        count > 0
    }

    /// Keeps what was read for the next run.
    pub(super) fn keep_index(&mut self) {
        if let Some(Err(error)) = self.pass.take().map(Pass::keep) {
            self.warnings.push(Problem(format!("the index could not be kept: {error}")));
        }
    }

    fn take_in(&mut self, found: &Found, judge: &Judge<'_>) {
        let verdict = judge.verdict(found);
        let (name, stamp, modified, size) = match found {
            Found::Session(session) => {
                self.counts.count(session.state(judge.now, judge.policy.idle()));
                if let Err(why) = &session.facts {
                    self.unreadable.push(&format!("{}/{}: {why}", self.spec.dir.display(), session.id));
                }
                (session.id, session.stamp, session.modified, session.size)
            }
            Found::Temp(temp) => {
                self.counts.stale_temp += u64::from(verdict == Verdict::Remove(Reason::StaleTemp));
                (temp.name, temp.stamp, temp.modified, temp.size)
            }
            Found::Foreign(name) => {
                self.counts.foreign += 1;
                self.misplaced += u64::from(self.spec.layout.is_misplaced(name.as_bytes()));
                return;
            }
            Found::Failed { name, error } => {
                let error = self.spec.failed(name, error);
                return self.fail(&error);
            }
        };
        self.saw(modified, Some(name));
        if let Verdict::Remove(reason) = verdict {
            let since = expiry(found).filter(|_| reason == Reason::Expired).unwrap_or(modified);
            let size = u32::try_from(size).unwrap_or(u32::MAX);
            self.victims.push(&Victim { name, stamp, reason, since, size });
        }
    }

    fn saw(&mut self, modified: i64, name: Option<EntryName>) {
        if self.newest.is_none_or(|(newest, _)| modified > newest) {
            self.newest = Some((modified, name));
        }
    }
}

fn facts(found: &Found) -> Option<&Facts> {
    match found {
        Found::Session(session) => session.facts.as_ref().ok(),
        _ => None,
    }
}

fn has_expires(found: &Found) -> bool {
    facts(found).is_some_and(|facts| facts.expires != Expires::Absent)
}

/// When a session was over, to the second.
#[allow(clippy::cast_possible_truncation, reason = "a cast of a float saturates, and is only shown")]
fn expiry(found: &Found) -> Option<i64> {
    match facts(found)?.expires {
        Expires::At(end) => Some(end as i64),
        _ => None,
    }
}
