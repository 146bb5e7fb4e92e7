//! What prune and revoke share: the plan over open stores, and what a report says.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::cli::shared::summary::Told;
use crate::cli::shared::{Context, Exit, Failure};
use crate::ops::{Operation, Plan, Report};
use crate::store::{StoreSpec, tally};
use crate::sys;

/// Where locks lie; a dry run takes none.
pub(super) fn lock_dir(dry_run: bool) -> Result<PathBuf, Failure> {
    if dry_run {
        return Ok(PathBuf::new());
    }
    sys::lock_dir().map_err(|error| Failure::refused(error.to_string()))
}

/// Plans with a progress bar, and gives the flag that stops the run, too.
pub(super) fn plan<O: Operation>(
    specs: Vec<StoreSpec>,
    options: O,
    plan: fn(Vec<StoreSpec>, O, &AtomicBool) -> Plan<O>,
    context: &mut Context<'_>,
) -> Result<(Plan<O>, Arc<AtomicBool>), Failure> {
    let stop = context.stop()?;
    let looking = context.progress("Looking at sessions", &tally::LOOKED, &specs);
    let plan = plan(specs, options, &stop);
    drop(looking);
    Ok((plan, stop))
}

/// For the log.
pub(super) fn tell<C, M, T>(report: &Report<C, M, T>, counts: &[(&'static str, u64)], told: &mut Told) {
    told.say("dry_run", report.dry_run);
    told.say("stores", report.stores.len());
    for (name, count) in counts {
        told.say(name, *count);
    }
    if let Some(refused) = report.stores.iter().find_map(|store| store.refused.as_ref()) {
        told.say("refused", refused);
    }
}

/// Prints what could not be handled, and how far a stopped run got.
pub(super) fn problems<C, M, T>(
    report: &Report<C, M, T>,
    how_far: impl FnOnce() -> String,
    context: &mut Context<'_>,
) {
    for problem in &report.problems {
        context.complain(&problem.to_string());
    }
    if report.stopped {
        context.stopped(&how_far());
    }
}

/// Prints why guards refused, once for a refusal that concerns every store.
pub(super) fn refusals<C, M, T>(report: &Report<C, M, T>, context: &mut Context<'_>) {
    if let Some(clock) = &report.clock {
        context.complain(&format!("refused: {clock}"));
    }
    for store in &report.stores {
        if let Some(refused) = store.refused.as_ref().filter(|why| Some(*why) != report.clock.as_ref()) {
            context.complain(&format!("{}: refused: {refused}", store.store));
        }
    }
}

fn is_refused<C, M, T>(report: &Report<C, M, T>) -> bool {
    report.stores.iter().any(|store| store.refused.is_some())
}

/// Prints that a refusal left every store as it was.
pub(super) fn nothing_removed<C, M, T>(report: &Report<C, M, T>, context: &mut Context<'_>) {
    if !is_refused(report) {
        return;
    }
    let would = if report.dry_run { "would be" } else { "was" };
    context.complain(&format!("nothing {would} removed in any store"));
}

/// The exit status; `partial` says that something was left out for a reason of the command's own.
pub(super) fn status<C, M, T>(report: &Report<C, M, T>, partial: bool) -> Exit {
    let mut exit = Exit::Success;
    if partial || report.stopped || !report.problems.is_empty() {
        exit = exit.and(Exit::Partial);
    }
    if is_refused(report) {
        exit = exit.and(Exit::Refused);
    }
    exit
}
