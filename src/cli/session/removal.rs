//! What prune and revoke share: locks, the plan, and the report.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::cli::shared::summary::RunSummary;
use crate::cli::shared::{Context, Exit, Failure};
use crate::ops::{Operation, Plan, Refused, Report};
use crate::store::{StoreSpec, tally};
use crate::sys;

/// The directory for locks. A dry run needs none.
pub(super) fn lock_dir(dry_run: bool) -> Result<PathBuf, Failure> {
    if dry_run {
        return Ok(PathBuf::new());
    }
    sys::lock_dir().map_err(|error| Failure::refused(error.to_string()))
}

/// Plans with a progress bar. Also returns the flag that stops the run.
pub(super) fn plan<O: Operation>(
    specs: Vec<StoreSpec>,
    options: O,
    plan: fn(Vec<StoreSpec>, O, &AtomicBool) -> Plan<O>,
    context: &mut Context<'_>,
) -> Result<(Plan<O>, Arc<AtomicBool>), Failure> {
    let stop = context.stop()?;
    let looking = context.progress("Scanning sessions", &tally::LOOKED, &specs);
    let plan = plan(specs, options, &stop);
    drop(looking);
    Ok((plan, stop))
}

/// For the log.
pub(super) fn record<C, M, T>(
    report: &Report<C, M, T>,
    counts: &[(&'static str, u64)],
    summary: &mut RunSummary,
) {
    summary.field("dry_run", report.dry_run);
    summary.field("stores", report.stores.len());
    for (name, count) in counts {
        summary.field(name, *count);
    }
    if let Some(refused) = report.stores.iter().find_map(|store| store.refused.as_ref()) {
        summary.field("refused", &refused.why);
    }
}

/// Prints the problems, and how far a stopped run came.
pub(super) fn problems<C, M, T>(
    report: &Report<C, M, T>,
    how_far: impl FnOnce() -> String,
    context: &mut Context<'_>,
) {
    context.problems(&report.problems);
    if report.stopped {
        context.stopped(&how_far());
    }
}

/// Prints refusals. Prints a refusal that applies to every store once.
pub(super) fn refusals<C, M, T>(report: &Report<C, M, T>, context: &mut Context<'_>) {
    let mut help = BTreeSet::new();
    let mut refuse = |context: &mut Context<'_>, store: &str, refused: &Refused| {
        context.complain(&format!("{store}refused: {}", refused.why));
        help.extend(refused.help.clone());
    };
    if let Some(clock) = &report.clock {
        refuse(context, "", clock);
    }
    for store in &report.stores {
        if let Some(refused) = store.refused.as_ref().filter(|why| Some(*why) != report.clock.as_ref()) {
            refuse(context, &format!("{}: ", store.store), refused);
        }
    }
    help.into_iter().for_each(|help| context.help(&help));
}

fn is_refused<C, M, T>(report: &Report<C, M, T>) -> bool {
    report.stores.iter().any(|store| store.refused.is_some())
}

/// Prints that a refusal left every store unchanged.
pub(super) fn nothing_removed<C, M, T>(report: &Report<C, M, T>, context: &mut Context<'_>) {
    if !is_refused(report) {
        return;
    }
    let would = if report.dry_run { "would be" } else { "was" };
    context.complain(&format!("nothing {would} removed from any store"));
}

/// The exit status. `partial` if the command has its own reason for status 3.
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
