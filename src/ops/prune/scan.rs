//! Scans a store and decides on every entry. Changes nothing.

use std::os::unix::ffi::OsStrExt;
use std::sync::atomic::AtomicBool;

use crate::moin::Version;
use crate::ops::problems::{Notes, Problem};
use crate::ops::run::Step;
use crate::store::index::{Kind, Totals};
use crate::store::{EntryName, Expires, Facts, Fields, Found, SessionStore, StoreSpec};

use super::hindrance::{cannot_remove, hindered};
use super::options::Options;
use super::pass::Pass;
use super::reason::Reason;
use super::report::Counts;
use super::verdict::{Judge, Verdict, WithoutExpires};
use super::victims::{Victim, Victims};

/// The result of a scan in a store.
#[derive(Debug, Default)]
pub struct Scan {
    /// The entries to remove.
    pub(super) victims: Victims,
    pub(super) without_expires: WithoutExpires,
    /// The time and name of the latest write. No name if the time comes from an index.
    pub(super) newest: Option<(i64, Option<EntryName>)>,
    pub(super) pass: Option<Pass>,
    pub(super) from_index: u64,
}

/// The counts and the result of a scan.
pub(super) type Scanned = Step<Counts, Scan>;

/// Scans a store.
pub(super) fn scan(
    spec: &StoreSpec,
    store: &dyn SessionStore,
    options: &Options,
    stop: &AtomicBool,
) -> Scanned {
    let versions: Vec<Version> = spec.wikis.iter().map(|wiki| wiki.version).collect();
    let without_expires = |seen| WithoutExpires::of(spec.location.layout(), versions.iter().copied(), seen);
    // Without known versions, the meaning of an absent `expires` depends on the whole store.
    let judge_if = |seen| options.judge(without_expires(seen));
    let judge = judge_if(true);
    let mut pass = options.index().and_then(|dir| Pass::begin(store, dir));
    if let Some(totals) = pass.as_ref().and_then(|pass| pass.nothing_to_do(judge_if)) {
        return unchanged(totals);
    }
    let mut look =
        Look { spec, judge: &judge, scanned: Scanned::default(), expires_seen: false, misplaced: 0 };
    let mut sink = |found| look.take_in(&found);
    let scanned = match &mut pass {
        Some(pass) => pass.scan(store, &judge, !options.only_plans(), stop, &mut sink),
        None => store.scan(Fields::default(), stop, &mut sink),
    };
    if let Some(pass) = pass {
        look.take_left_out(pass);
    }
    let Look { scanned: mut step, expires_seen, misplaced, .. } = look;
    let found = &mut step.found;
    found.without_expires = without_expires(expires_seen);
    if found.without_expires == WithoutExpires::Usual {
        found.victims.retain(|victim| victim.reason != Reason::NoExpires);
    }
    if options.only_plans()
        && !found.victims.is_empty()
        && let Some(error) = cannot_remove(spec)
    {
        // A plan does not promise what a run can't do.
        let left = std::mem::take(&mut found.victims).len();
        step.notes.failed += left.saturating_sub(1);
        step.notes.fail(hindered(&spec.location.stem(), &error, left));
    }
    if let Err(error) = scanned {
        // Do not act on an incomplete listing.
        (found.victims, found.pass) = (Victims::default(), None);
        step.notes.fail(Problem::of(&error));
    }
    step.notes.warnings.extend(note_misplaced(spec, misplaced));
    step
}

/// The result for a store without changes and without due entries.
fn unchanged(totals: &Totals) -> Scanned {
    let mut counts = Counts { scanned: totals.sessions(), foreign: totals.foreign, ..Counts::default() };
    counts.states.live = totals.of(Kind::Ends).count;
    counts.states.no_expires = totals.of(Kind::WithoutExpires).count;
    counts.states.invalid_expires = totals.of(Kind::InvalidExpires).count;
    let newest = Some((totals.newest, None));
    let found = Scan { newest, from_index: totals.sessions(), ..Scan::default() };
    Step { counts, notes: Notes::default(), found }
}

/// Warns about names of another layout.
fn note_misplaced(spec: &StoreSpec, count: u64) -> Option<Problem> {
    let names = match count {
        0 => return None,
        1 => "1 session".to_owned(),
        many => format!("{many} sessions"),
    };
    let message = format!("{}: ignores {names} of another layout", spec.address());
    Some(Problem::from(message).help("check the address"))
}

/// A scan in progress.
struct Look<'a> {
    spec: &'a StoreSpec,
    judge: &'a Judge<'a>,
    scanned: Scanned,
    /// Whether some session has an `expires`.
    expires_seen: bool,
    misplaced: u64,
}

impl Look<'_> {
    /// Counts the sessions that the index knows.
    fn take_left_out(&mut self, pass: Pass) {
        if let Some(why) = pass.ignored() {
            self.scanned.notes.warnings.push(why.clone());
        }
        let (count, newest) = pass.left_out();
        self.scanned.counts.scanned += count;
        self.scanned.counts.states.live += count;
        self.expires_seen |= count > 0;
        if let Some(newest) = newest {
            self.saw(newest, None);
        }
        self.scanned.found.from_index = count;
        self.scanned.found.pass = Some(pass);
    }

    fn take_in(&mut self, found: &Found) {
        self.expires_seen |= facts(found).is_some_and(|facts| facts.expires != Expires::Absent);
        let verdict = self.judge.verdict(found);
        let Step { counts, notes, .. } = &mut self.scanned;
        let (name, stamp, modified, size) = match found {
            Found::Session(session) => {
                counts.count(session.state(self.judge.now, self.judge.policy.idle()));
                if let Err(why) = &session.facts {
                    notes.unreadable.push(self.spec.failed(&session.id, why.to_string()));
                }
                (session.id, session.stamp, session.modified, session.size)
            }
            Found::Temp(temp) => {
                counts.stale_temp += u64::from(verdict == Verdict::Remove(Reason::StaleTemp));
                (temp.name, temp.stamp, temp.modified, temp.size)
            }
            Found::Foreign(name) => {
                counts.foreign += 1;
                let layout = self.spec.location.layout();
                self.misplaced +=
                    u64::from(layout.is_some_and(|layout| layout.is_misplaced(name.as_bytes())));
                return;
            }
            Found::Failed { name, error } => {
                return notes.fail(self.spec.failed(name, crate::sys::problem(error)));
            }
        };
        self.saw(modified, Some(name));
        if let Verdict::Remove(reason) = verdict {
            let since = expiry(found).filter(|_| reason == Reason::Expired).unwrap_or(modified);
            let size = u32::try_from(size).unwrap_or(u32::MAX);
            self.scanned.found.victims.push(&Victim { name, stamp, reason, since, size });
        }
    }

    fn saw(&mut self, modified: i64, name: Option<EntryName>) {
        let newest = &mut self.scanned.found.newest;
        if newest.is_none_or(|(newest, _)| modified > newest) {
            *newest = Some((modified, name));
        }
    }
}

fn facts(found: &Found) -> Option<&Facts> {
    match found {
        Found::Session(session) => session.facts.as_ref().ok(),
        _ => None,
    }
}

/// When a session expired, in unix seconds.
#[allow(clippy::cast_possible_truncation, reason = "the cast saturates; the value is only shown")]
fn expiry(found: &Found) -> Option<i64> {
    match facts(found)?.expires {
        Expires::At(end) => Some(end as i64),
        _ => None,
    }
}
