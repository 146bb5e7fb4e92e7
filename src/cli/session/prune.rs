//! `wikifarm session prune`: removes expired sessions.

mod outcome;
mod plan;

use std::io::{BufRead, IsTerminal};
use std::time::Duration;

use clap::Args;

use crate::cli::session::removal;
use crate::cli::shared::index;
use crate::cli::shared::stores::{StoreArgs, Stores};
use crate::cli::shared::summary::{self, LogArgs, MetricsArgs, RunSummary};
use crate::cli::shared::{Context, Exit, Failure, Format, Outcome};
use crate::farm::{Farm, Limit, parse_duration};
use crate::ops::age_text;
use crate::ops::prune::{self, ClockCheck, Filter, Policy, PolicyError, Report, StorePlan, Total};
use crate::store::{StoreSpec, tally};
use crate::sys;
use crate::text::escape;

/// Remove expired sessions, after checking every guard
///
/// Removes a session that expired longer than `grace` ago, if its file was not written for that long. Removes sessions
/// without `expires` by age, depending on the MoinMoin version, and leftover temporary files. With `idle`, removes
/// sessions that nobody used for that long. Removes other live sessions only with --all.
///
/// Reads each file again right before its removal. If a guard refuses one store, wikifarm changes no store.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit status: 0 done, 3 some entries could not be read or removed, or a signal stopped the run, 4 refused by \
                  a guard: nothing was removed.\n\nExample: wikifarm session prune --dry-run\nExample: wikifarm -q session prune --store moin-1.9:/srv/wiki/sessions"
)]
pub(in crate::cli) struct Options {
    #[command(flatten)]
    stores: StoreArgs,
    /// Show what the run would remove, and change nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
    /// Remove only sessions without a logged-in user
    #[arg(long, hide_short_help = true)]
    anonymous: bool,
    /// Also remove unreadable sessions older than `unreadable` in [prune] [default: `grace`]
    #[arg(long, hide_short_help = true)]
    unreadable: bool,
    /// Remove all sessions, including live ones; without a terminal, requires --yes
    #[arg(long)]
    all: bool,
    /// Do not ask for confirmation
    #[arg(short = 'y', long, hide_short_help = true)]
    yes: bool,
    /// Keep sessions this long after their expiry [default: 1h]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    grace: Option<Duration>,
    /// Also remove sessions that were not written for this long [default: off]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    idle: Option<Duration>,
    /// Remove sessions without `expires` that are older than this [default: 1d]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, hide_short_help = true)]
    no_expires: Option<Duration>,
    /// Remove leftover temporary files that are older than this [default: 1d]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, hide_short_help = true)]
    stale_temp: Option<Duration>,
    /// Refuse if more than this would be removed for reasons other than expiry [default: 50%; with --all: no limit]
    ///
    /// The limit applies to stores of 100 sessions or more.
    #[arg(long, value_name = "COUNT|SHARE")]
    max_delete: Option<Limit>,
    /// Trust the clock, even if the last run or the files contradict it
    #[arg(long, hide_short_help = true)]
    clock_ok: bool,
    /// Wait while another wikifarm uses a store, instead of exiting with status 4
    #[arg(long, hide_short_help = true)]
    wait: bool,
    /// Read every session; do not use or write the index [default: [prune] `index`]
    #[arg(long, hide_short_help = true)]
    no_index: bool,
    /// Report unreadable sessions as errors (exit status 3); -v only lists them
    #[arg(long, hide_short_help = true)]
    strict: bool,
    /// Show whole session ids, which are secrets
    #[arg(long, hide_short_help = true)]
    reveal: bool,
    #[command(flatten)]
    metrics: MetricsArgs,
    #[command(flatten)]
    log: LogArgs,
}

pub(super) fn run(options: &Options, context: &mut Context<'_>) -> Outcome {
    let metrics = options.metrics.metrics.as_deref();
    if metrics.is_some() && (options.dry_run || context.pinned_now.is_some()) {
        return Err(Failure::usage(
            "--metrics can't be combined with --dry-run or --now: a dry run removes nothing, so it writes no metrics",
        ));
    }
    summary::record("prune", metrics, options.log.log.as_deref(), context, |context, summary| {
        prune(options, context, summary)
    })
}

fn prune(options: &Options, context: &mut Context<'_>, summary: &mut RunSummary) -> Outcome {
    let dry_run = options.dry_run || context.pinned_now.is_some();
    let stores = options.stores.find(context, true)?;
    let policy = policy(options, stores.farm.as_deref())?;
    let grace = policy.grace();
    let pinned = context.pinned_now.is_some();
    let state_dir = sys::state_dir().ok();
    #[expect(clippy::cast_possible_truncation, reason = "times are bounded where they are read")]
    let run = prune::Options {
        policy,
        filter: Filter { anonymous: options.anonymous, all: options.all },
        now: context.now() as i64,
        clock: match (pinned, options.clock_ok) {
            (true, _) => ClockCheck::Pinned,
            (false, true) => ClockCheck::Trusted { state_dir },
            (false, false) => ClockCheck::Against { state_dir },
        },
        lock_dir: removal::lock_dir(dry_run)?,
        wait: options.wait,
        dry_run,
        index: if options.no_index { None } else { index::index_dir(stores.farm.as_ref()) },
    };
    if options.all && !dry_run {
        confirm(options, &stores, context)?;
    }
    let Stores { specs, exit, .. } = stores;
    let (plan, stop) = removal::plan(specs, run, prune::plan, context)?;
    if dry_run && context.format == Format::Human && context.verbosity >= 0 {
        plan::show(&plan, options.reveal, context)?;
    }
    let specs: Vec<StoreSpec> = plan.stores().iter().map(|store| store.spec().clone()).collect();
    let victims = plan.stores().iter().map(StorePlan::planned).sum();
    let removing = context.progress_of("Removing sessions", &tally::REMOVED, Box::new(move || Some(victims)));
    let report = plan.execute(&stop);
    drop(removing);
    outcome::record(&report, &specs, summary);
    let exit = exit.and(status(&report, options.strict));
    report.hints.iter().for_each(|hint| context.note(&hint.to_string()));
    outcome::show(&report, options.strict, dry_run, context);
    if context.format == Format::Human && !options.anonymous && only_grace_keeps(&report.total) {
        context.note(&format!(
            "expired sessions are kept for {} after their expiry and their last write (see --grace)",
            age_text(grace)
        ));
    }
    Ok(exit)
}

/// Whether there are expired sessions, and nothing was removed, refused, or failed.
fn only_grace_keeps(total: &Total) -> bool {
    let counts = &total.counts;
    let others = counts.deleted + counts.would_delete + counts.kept_by_race + counts.failed + total.refused;
    counts.states.expired > 0 && others == 0
}

/// The policy: options override `[prune]`, which overrides the defaults.
fn policy(options: &Options, farm: Option<&Farm>) -> Result<Policy, Failure> {
    let file = farm.map(|farm| farm.prune.clone()).unwrap_or_default();
    let mut policy = Policy::default();
    let refused = |error: PolicyError| Failure::usage(error.to_string());
    if let Some(grace) = options.grace.or(file.grace) {
        policy = policy.with_grace(grace).map_err(refused)?;
    }
    policy = policy.with_idle(options.idle.or(file.idle)).map_err(refused)?;
    if let Some(no_expires) = options.no_expires.or(file.no_expires) {
        policy = policy.with_no_expires(no_expires).map_err(refused)?;
    }
    policy = policy.with_anonymous(file.anonymous);
    if let Some(stale_temp) = options.stale_temp.or(file.stale_temp) {
        policy = policy.with_stale_temp(stale_temp).map_err(refused)?;
    }
    let unreadable = file.unreadable.or(options.unreadable.then(|| policy.grace()));
    policy = policy.with_unreadable(unreadable).map_err(refused)?;
    if let Some(limit) = options.max_delete.or(file.max_delete) {
        policy = policy.with_max_delete(limit);
    } else if options.all {
        policy = policy.without_max_delete();
    }
    Ok(policy)
}

fn confirm(options: &Options, stores: &Stores, context: &mut Context<'_>) -> Result<(), Failure> {
    if options.yes {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() {
        return Err(Failure::refused("--all also removes live sessions, and there is no terminal to ask")
            .help("confirm with --yes"));
    }
    let names: Vec<String> = stores.specs.iter().map(|spec| spec.address()).collect();
    let which = if options.anonymous { "anonymous session" } else { "session" };
    write!(context.err, "Remove every {which} in {}, including live ones? [y/N] ", escape(&names.join(", ")));
    context.err.flush();
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    match read {
        Ok(_) if ["y", "yes"].contains(&answer.trim().to_lowercase().as_str()) => Ok(()),
        _ => Err(Failure::refused("not confirmed: nothing was removed")),
    }
}

fn status(report: &Report, strict: bool) -> Exit {
    let counts = &report.total.counts;
    removal::status(report, counts.failed > 0 || strict && counts.states.unreadable > 0)
}
