//! `wikifarm session prune`: remove what has expired.

use std::collections::BTreeSet;
use std::io::{BufRead, IsTerminal};
use std::time::Duration;

use clap::Args;

use super::index;
use super::session_json::shown;
use super::stores::{StoreArgs, Stores};
use super::told::{self, LogArgs, MetricsArgs, Told};
use super::{Context, Exit, Failure, Format, Outcome};
use crate::farm::{Farm, Limit, locate, parse_duration};
use crate::ops::{self, ClockCheck, Filter, Plan, Policy, Reason, Report, StorePlan, WithoutExpires};
use crate::report::{escape, measure::bytes, table};
use crate::store::{EntryName, State, StoreSpec, tally};
use crate::sys;

/// Remove expired sessions: plan, check every guard, then act
///
/// What may go is decided on the bytes of each file: expired longer than `grace` and not written for as long; idle, if
/// the policy says so; without `expires`, by version; stale temp files. A live session goes only by `idle` or with --all.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: wikifarm session prune --dry-run\n\nExample: wikifarm -q session prune --store moin-1.9:/srv/wiki/sessions"
)]
pub(super) struct Options {
    #[command(flatten)]
    stores: StoreArgs,
    /// Show the plan, remove nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
    /// Only sessions in which nobody is logged in
    #[arg(long)]
    anonymous: bool,
    /// Also unreadable sessions, not written for as long as [prune] `unreadable` says, else for `grace`
    #[arg(long)]
    unreadable: bool,
    /// Everything that is a session, live ones too; asks on a terminal, needs --yes elsewhere
    #[arg(long)]
    all: bool,
    /// Don't ask
    #[arg(short = 'y', long)]
    yes: bool,
    /// Keep this long past expiry [default: 1h]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    grace: Option<Duration>,
    /// Also remove what was not used for this long [default: off]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    idle: Option<Duration>,
    /// Remove sessions without `expires` that are older than this [default: 1d]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    no_expires: Option<Duration>,
    /// Remove half-written files that are older than this [default: 1d]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    stale_temp: Option<Duration>,
    /// Most that may go for other reasons than their own expiry, per store of 100 or more [default: 50%; with --all: no limit]
    #[arg(long, value_name = "COUNT|SHARE")]
    max_delete: Option<Limit>,
    /// The clock is right, whatever the last run and the files say
    #[arg(long)]
    clock_ok: bool,
    /// Wait for another copy that is at work in a store, instead of exiting with status 4
    #[arg(long)]
    wait: bool,
    /// Read every session again, and keep no index for the next run [default: as [prune] `index` says]
    #[arg(long)]
    no_index: bool,
    /// Exit status 3 if there are unreadable sessions
    #[arg(long)]
    strict: bool,
    /// Whole ids in the plan: they are secrets
    #[arg(long)]
    reveal: bool,
    #[command(flatten)]
    metrics: MetricsArgs,
    #[command(flatten)]
    log: LogArgs,
}

pub(super) fn run(options: &Options, context: &mut Context<'_>) -> Outcome {
    context.formats("session prune", &[Format::Human, Format::Json])?;
    let metrics = options.metrics.metrics.as_deref();
    if metrics.is_some() && (options.dry_run || context.pinned_now.is_some()) {
        return Err(Failure::usage(
            "--metrics tells what a run did, and a dry run (so is one with --now) does nothing: leave out one of them",
        ));
    }
    told::tell("prune", metrics, options.log.log.as_deref(), context, |context, told| {
        prune(options, context, told)
    })
}

fn prune(options: &Options, context: &mut Context<'_>, told: &mut Told) -> Outcome {
    let stores = options.stores.find(context, true)?;
    if let Some(farm) = &stores.farm {
        trusted(farm)?;
    }
    let policy = policy(options, stores.farm.as_ref())?;
    let pinned = context.pinned_now.is_some();
    let dry_run = options.dry_run || pinned;
    let state_dir = sys::state_dir().ok();
    #[expect(clippy::cast_possible_truncation, reason = "times are bounded where they are read")]
    let run = ops::Options {
        policy,
        filter: Filter { anonymous: options.anonymous, all: options.all },
        now: context.now() as i64,
        clock: match (pinned, options.clock_ok) {
            (true, _) => ClockCheck::Pinned,
            (false, true) => ClockCheck::Trusted { state_dir },
            (false, false) => ClockCheck::Against { state_dir },
        },
        lock_dir: if dry_run {
            Default::default()
        } else {
            sys::lock_dir().map_err(|error| Failure::refused(error.to_string()))?
        },
        wait: options.wait,
        dry_run,
        index: if options.no_index { None } else { index::place(stores.farm.as_ref()) },
    };
    if options.all && !dry_run {
        confirm(options, &stores, context)?;
    }
    let stop = context.stop()?;
    let Stores { specs, exit, .. } = stores;
    let looking = context.progress("Looking at sessions", &tally::LOOKED, &specs);
    let plan = ops::plan(specs, run, &stop);
    drop(looking);
    if dry_run && context.format == Format::Human && context.verbosity >= 0 {
        show_plan(&plan, options.reveal, context)?;
    }
    let specs: Vec<StoreSpec> = plan.stores().iter().map(|store| store.spec().clone()).collect();
    let victims = plan.stores().iter().map(StorePlan::planned).sum();
    let removing = context.progress_of("Removing sessions", &tally::REMOVED, Box::new(move || Some(victims)));
    let report = plan.execute(&stop);
    drop(removing);
    tell(&report, &specs, told);
    show(&report, options.strict, dry_run, context)?;
    Ok(exit.and(status(&report, options.strict)))
}

/// For metrics and the log.
fn tell(report: &Report, specs: &[StoreSpec], told: &mut Told) {
    for (store, spec) in report.stores.iter().zip(specs) {
        let (of, counts) = ((store.store.as_str(), store.wikis.as_slice()), &store.counts);
        told.of_store(of, told::SCANNED, &[], counts.scanned);
        for (state, sessions) in [
            (State::Live, counts.live),
            (State::Expired, counts.expired),
            (State::Idle, counts.idle),
            (State::NoExpires, counts.no_expires),
            (State::InvalidExpires, counts.invalid_expires),
            (State::Unreadable, counts.unreadable),
        ] {
            told.state(of, state, sessions);
        }
        told.of_store(of, told::DELETED, &[], counts.deleted);
        told.of_store(of, told::DELETED_BYTES, &[], counts.bytes);
        told.of_store(of, told::FAILED, &[], counts.failed);
        told.of_store(of, told::REFUSED, &[], u64::from(store.refused.is_some()));
        told.inodes(spec);
    }
    let total = &report.total.counts;
    told.say("dry_run", report.dry_run);
    told.say("stores", report.stores.len());
    told.say("scanned", total.scanned);
    told.say("live", total.live);
    told.say("expired", total.expired);
    told.say("unreadable", total.unreadable);
    told.say("deleted", total.deleted);
    told.say("bytes", total.bytes);
    told.say("kept_by_race", total.kept_by_race);
    told.say("failed", total.failed);
    if let Some(refused) = report.stores.iter().find_map(|store| store.refused.as_ref()) {
        told.say("refused", refused);
    }
    if report.stopped {
        told.say("stopped", true);
    }
}

/// Run as root, a farm file that a stranger could have written could name any directory.
pub(super) fn trusted(farm: &Farm) -> Result<(), Failure> {
    if !sys::is_root() {
        return Ok(());
    }
    match locate::could_be_strangers(farm, 0) {
        None => Ok(()),
        Some(why) => Err(Failure::refused(format!(
            "as root, a farm file that others could have written is not trusted: {why}; chown and chmod it, or name \
             the store with --store"
        ))),
    }
}

/// The policy: flags win over `[prune]`, which wins over the defaults.
fn policy(options: &Options, farm: Option<&Farm>) -> Result<Policy, Failure> {
    let file = farm.map(|farm| farm.prune.clone()).unwrap_or_default();
    let mut policy = Policy::default();
    let refused = |error: ops::PolicyError| Failure::usage(error.to_string());
    if let Some(grace) = options.grace.or(file.grace) {
        policy = policy.with_grace(grace).map_err(refused)?;
    }
    policy = policy.with_idle(options.idle.or(file.idle)).map_err(refused)?;
    if let Some(no_expires) = options.no_expires.or(file.no_expires) {
        policy = policy.with_no_expires(no_expires).map_err(refused)?;
    }
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
        return Err(Failure::refused("--all removes live sessions too: say --yes where nobody can be asked"));
    }
    let names: Vec<String> = stores.specs.iter().map(|spec| spec.address()).collect();
    let which = if options.anonymous { "anonymous session" } else { "session" };
    write!(context.err, "Remove every {which} of {}, live ones too? [y/N] ", escape(&names.join(", ")))?;
    context.err.flush()?;
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    match read {
        Ok(_) if ["y", "yes"].contains(&answer.trim().to_lowercase().as_str()) => Ok(()),
        _ => Err(Failure::refused("not confirmed: nothing was removed")),
    }
}

/// Without `-v` so many removals of each reason are shown one by one.
const EXAMPLES: usize = 3;

/// The removals by reason, each with its own.
fn show_plan(plan: &Plan, reveal: bool, context: &mut Context<'_>) -> Result<(), Failure> {
    let most = if context.verbosity > 0 { usize::MAX } else { EXAMPLES };
    for store in plan.stores() {
        let counts = store.counts();
        if counts.no_expires > 0 && store.without_expires() == WithoutExpires::Usual {
            let kept = format!(
                "{}: {} sessions without expires stay: 1.9.0 never writes it, so only `idle` tells the old ones",
                store.spec().address(),
                counts.no_expires
            );
            writeln!(context.out, "{}", escape(&kept))?;
        }
        if store.planned() == 0 {
            continue;
        }
        let prefixes = store.prefixes().map_err(|error| Failure::partial(error.to_string()))?;
        writeln!(context.out, "{}", escape(&store.spec().address()))?;
        for reason in Reason::ALL {
            // The longest overdue first; a scan finds them in no order.
            let mut first: BTreeSet<(i64, EntryName)> = BTreeSet::new();
            let mut count = 0usize;
            for victim in store.victims().filter(|victim| victim.reason == reason) {
                count += 1;
                first.insert((victim.since, victim.name));
                if first.len() > most {
                    first.pop_last();
                }
            }
            if count == 0 {
                continue;
            }
            writeln!(context.out, "  {}: {count}", reason.name())?;
            for (since, name) in first {
                let age = Duration::from_secs(u64::try_from(plan.now().saturating_sub(since)).unwrap_or(0));
                // A left-over of 1.8 begins with the whole id of its session: it is never told apart from that.
                let shown = match reason {
                    Reason::StaleTemp if !reveal => name.to_string(),
                    _ => shown(&name, &prefixes, reveal),
                };
                writeln!(context.out, "    {shown}  {}", reason.sentence(age))?;
            }
            if count > most {
                writeln!(context.out, "    and {} more; -v lists them", count - most)?;
            }
        }
    }
    Ok(())
}

fn show(report: &Report, strict: bool, dry_run: bool, context: &mut Context<'_>) -> Result<(), Failure> {
    for problem in &report.problems {
        context.complain(&problem.to_string())?;
    }
    if report.stopped {
        let total = &report.total.counts;
        let how_far = match (dry_run, total.deleted) {
            (true, _) => format!("of {} sessions looked at", total.scanned),
            (false, 0) => format!("{} sessions looked at, nothing removed", total.scanned),
            (false, deleted) => format!("{deleted} files removed ({})", bytes(total.bytes)),
        };
        context.stopped(&how_far)?;
    }
    for warning in &report.warnings {
        context.note(&warning.to_string())?;
    }
    if let Some(clock) = &report.clock {
        context.complain(&format!("refused: {clock}"))?;
    }
    for store in &report.stores {
        if let Some(refused) =
            store.refused.as_ref().filter(|refused| Some(*refused) != report.clock.as_ref())
        {
            context.complain(&format!("{}: refused: {refused}", store.store))?;
        }
    }
    if strict && report.total.counts.unreadable > 0 {
        let count = report.total.counts.unreadable;
        context.complain(&format!(
            "unreadable: {count}; `wikifarm session list --state unreadable` names each"
        ))?;
    }
    if report.total.refused > 0 && !dry_run {
        context.complain("nothing was removed in any store")?;
    } else if report.total.refused > 0 {
        context.complain("nothing would be removed in any store")?;
    }
    if context.format == Format::Json {
        return context.json(report);
    }
    if context.verbosity < 0 {
        return Ok(());
    }
    if context.terminal || dry_run {
        let rows = report.stores.iter().map(|store| {
            let counts = &store.counts;
            vec![
                if store.wikis.is_empty() { store.store.clone() } else { store.wikis.join(", ") },
                counts.scanned.to_string(),
                counts.live.to_string(),
                counts.expired.to_string(),
                counts.idle.to_string(),
                counts.no_expires.to_string(),
                (counts.unreadable + counts.invalid_expires).to_string(),
                counts.stale_temp.to_string(),
                counts.deleted.to_string(),
                bytes(counts.bytes),
                (counts.kept_by_race + counts.failed).to_string(),
            ]
        });
        let removed = if dry_run { "WOULD GO" } else { "REMOVED" };
        let header = [
            "STORE",
            "SESSIONS",
            "LIVE",
            "EXPIRED",
            "IDLE",
            "NO EXPIRES",
            "UNREADABLE",
            "TEMP",
            removed,
            "BYTES",
            "NOT REMOVED",
        ];
        write!(context.out, "{}", table::list(&header, rows, context.width))?;
    }
    // Under cron: silence, or one line with -v.
    if context.verbosity > 0 {
        let total = &report.total.counts;
        let verb = if dry_run { "would remove" } else { "removed" };
        writeln!(
            context.out,
            "{verb} {} files ({}) in {:.1} s; {} sessions, {} live, {} kept by race, {} failed",
            total.deleted,
            bytes(total.bytes),
            report.seconds,
            total.scanned,
            total.live,
            total.kept_by_race,
            total.failed
        )?;
    }
    Ok(())
}

fn status(report: &Report, strict: bool) -> Exit {
    let total = &report.total;
    let mut exit = Exit::Success;
    if total.counts.failed > 0 || report.stopped || !report.problems.is_empty() {
        exit = exit.and(Exit::Partial);
    }
    if strict && total.counts.unreadable > 0 {
        exit = exit.and(Exit::Partial);
    }
    if total.refused > 0 {
        exit = exit.and(Exit::Refused);
    }
    exit
}
