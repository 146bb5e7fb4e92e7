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
mod report;
mod sessions;
mod young;

use std::sync::atomic::{AtomicBool, Ordering};

use crate::farm::{Farm, Trusted};
use crate::sharing::Model;
use crate::store::{self, Found, StoreSpec};

use super::problems::{Problem, Problems};

pub use check::Check;
pub use report::{Count, Finding, Findings, Kind, MAX_SHOWN, Options, Report};

use report::FIELDS;

/// Looks at everything in the stores; with a farm also at what only it can tell. Setting `stop` ends it early.
pub fn verify(
    specs: Vec<StoreSpec>,
    trusted: Option<(&Trusted, &Model)>,
    options: &Options,
    stop: &AtomicBool,
) -> Report {
    let farm = trusted.map(|(farm, model)| (&**farm, model));
    let mut report = Report { stores: Vec::new(), problems: Vec::new(), refused: false, notes: Vec::new() };
    // One store has nothing in common with another.
    let mut ids = duplicates::Ids::new(trusted.is_some() && specs.len() > 1);
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
        duplicates::check(ids, model, stop, &mut report);
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
            disk::Modes::of(spec, found, &mut report.problems).finish(stop, found, report);
            return Err(error);
        }
        other => other?,
    };
    let judge = sessions::Judge::new(spec, farm.map(|(farm, _)| farm), options, &mut report.problems);
    let mut modes = disk::Modes::of(spec, found, &mut report.problems);
    let mut expires_seen = false;
    let mut young = young::Young::new(spec.location.layout().is_some(), options.now);
    let mut failed = Problems::default();
    // Findings that hold only if sessions here have an `expires` at all.
    let mut provisional = Findings::default();
    let scanned = store.scan(FIELDS, stop, &mut |entry| match entry {
        Found::Session(session) => {
            ids.push(&session.id, position);
            modes.session(&session, found);
            let Some(session) = young.keep(session) else { return };
            expires_seen |= session.facts.as_ref().is_ok_and(|facts| facts.expires != store::Expires::Absent);
            judge.session(&session, found, &mut provisional);
        }
        Found::Temp(temp) => judge.temp(&temp, found),
        Found::Foreign(name) => names::foreign(spec, &name, found),
        Found::Failed { name, error } => failed.push(&spec.failed(&name, &crate::sys::why(&error))),
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
    modes.finish(stop, found, report);
    scanned
}
