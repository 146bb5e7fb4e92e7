//! Checks stores and suggests a fix for each problem. Changes nothing.
//!
//! Counts are exact. At most [`MAX_SHOWN`] findings of each rule and store are kept. Memory grows by 16 bytes a session, to
//! find ids that are in two stores.
//!
//! Each file has one family of rules. Source: how MoinMoin reads names, users, and lifetimes, by version.

mod disk;
mod duplicates;
mod files;
mod names;
mod orphans;
mod owners;
mod report;
mod rule;
mod sessions;
mod young;

use std::sync::atomic::{AtomicBool, Ordering};

use crate::farm::{Farm, Trusted};
use crate::health::Collector;
use crate::sharing::Model;
use crate::store::{self, Found, StoreSpec};

use super::problems::{Problem, Problems};

pub use report::{Count, Finding, Findings, Kind, MAX_SHOWN, Options, Report};
pub use rule::Rule;

use report::FIELDS;

/// Checks all stores. Some rules need the farm. Setting `stop` ends the run early.
pub fn verify(
    specs: Vec<StoreSpec>,
    trusted: Option<(&Trusted, &Model)>,
    options: &Options,
    stop: &AtomicBool,
) -> Report {
    let farm = trusted.map(|(farm, model)| (&**farm, model));
    let mut report = Report { stores: Vec::new(), problems: Vec::new(), refused: false, notes: Vec::new() };
    // Duplicate ids need two stores.
    let collector = Collector::new(options.now);
    let mut ids = duplicates::Ids::new(trusted.is_some() && specs.len() > 1);
    for (position, spec) in specs.into_iter().enumerate() {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let mut found = Findings::default();
        disk::health(&spec, &collector, options.now, &mut found);
        match store(position, &spec, farm, options, stop, &mut ids, &mut found, &mut report) {
            Ok(()) => found.complete = true,
            Err(error) => {
                found.failed = true;
                report.refused |= error.is_unsafe();
                report.problems.push(Problem::of(&error));
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

#[allow(clippy::too_many_arguments, reason = "parts of one run, and there is only one caller")]
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
        // A wiki that never ran has no session directory.
        Err(error) if error.is_missing() && !spec.wikis.is_empty() => return Ok(()),
        // Report who could have prepared it.
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
    // These findings count only if some session in the store has an `expires`.
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
        Found::Failed { name, error } => {
            modes.failed();
            failed.push(spec.failed(&name, crate::sys::problem(&error)));
        }
    });
    report.problems.extend(failed.lines(&spec.address()));
    young.read_again(store.as_ref(), stop, |read| match read {
        Ok(session) => judge.session(&session, found, &mut provisional),
        Err(error) => report.problems.push(Problem::of(&error)),
    });
    if judge.knows_versions() || expires_seen {
        for (rule, more) in provisional.by_rule {
            let all = found.by_rule.entry(rule).or_default();
            all.count += more.count;
            all.findings.extend(more.findings);
        }
    }
    modes.finish(stop, found, report);
    scanned
}
