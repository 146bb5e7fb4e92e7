//! `wikifarm session stats`: statistics of the stores.

use std::path::Path;

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

mod count;
mod human;

use count::{Counter, Growth, Stats};

use crate::cli::parse::whole;
use crate::cli::shared::index;
use crate::cli::shared::look::look_at_all;
use crate::cli::shared::stores::StoreArgs;
use crate::cli::shared::summary::{self, MetricsArgs, RunSummary, StoreLabels};
use crate::cli::shared::users::Users;
use crate::cli::shared::{Context, Exit, Format, Outcome};
use crate::health::{Collector, Kind};
use crate::ops::troubles;
use crate::store::{StoreSpec, seconds};
use crate::text::measure::rfc3339;

/// Count sessions by state, user, and age, with bytes and inodes
///
/// "Never came back" counts sessions of one request: the client did not return the cookie, like most bots. MoinMoin 1.9.2
/// and later write `expires` from the second request on, so these sessions have no `expires`, and were not written for an
/// hour. Earlier versions do not show the difference: the count is null in JSON, and there is no metric.
///
/// Growth counts the sessions added since the last `session prune` that wrote an index.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit status: 0 done, 3 some stores or sessions could not be read.\n\nExample: wikifarm session stats --store-of wiki1"
)]
pub(in crate::cli) struct Options {
    #[command(flatten)]
    stores: StoreArgs,
    /// Show the N users with the most sessions
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = whole::<usize>)]
    top: usize,
    #[command(flatten)]
    metrics: MetricsArgs,
}

/// Statistics of stores.
#[derive(Serialize, JsonSchema)]
pub(super) struct Document {
    /// The stores.
    stores: Vec<Stats>,
}

/// The growth since the last prune, if it wrote an index.
fn growth(spec: &StoreSpec, index_dir: Option<&Path>, sessions: u64) -> Option<Growth> {
    let (before, since) = index::last(spec, index_dir)?;
    let change = i64::try_from(sessions).ok()?.checked_sub_unsigned(before)?;
    Some(Growth { since, since_at: rfc3339(seconds(since)), sessions: before, change })
}

pub(super) fn run(options: &Options, context: &mut Context<'_>) -> Outcome {
    let metrics = options.metrics.metrics.as_deref();
    summary::record("stats", metrics, None, context, |context, summary| stats(options, context, summary))
}

fn stats(options: &Options, context: &mut Context<'_>, summary: &mut RunSummary) -> Outcome {
    let stores = options.stores.find(context, false)?;
    let mut exit = stores.exit;
    let idle = stores.farm.as_ref().and_then(|farm| farm.prune.idle);
    let mut users = Users::of(&stores.specs);
    #[expect(clippy::cast_possible_truncation, reason = "times are bounded where they are read")]
    let now = context.now() as i64;
    let index_dir = index::index_dir(stores.farm.as_ref());
    let collector = Collector::new(now);
    let mut all = Vec::new();
    for (position, spec) in stores.specs.iter().enumerate() {
        let mut counter = Counter::new(spec, now, idle);
        let looked = look_at_all(spec, context, |found| counter.take(&found))?;
        exit = exit.and(looked);
        // A store that could not be read is not an empty store. The error was reported.
        if looked != Exit::Success && counter.entries == 0 {
            continue;
        }
        let mut stats = counter.finish((position, spec), options.top, &mut users);
        let shown = |kind: Kind| kind.stops_saving() || kind == Kind::NearlyFull;
        let troubles = troubles(spec, &collector, now).into_iter().filter(|trouble| shown(trouble.kind));
        stats.problems = troubles.map(|trouble| trouble.message).collect();
        stats.growth = growth(spec, index_dir.as_deref(), stats.counted.sum());
        record(&stats, spec, summary);
        all.push(stats);
    }
    if context.format == Format::Json {
        context.document(&Document { stores: all });
        return Ok(exit);
    }
    for (position, stats) in all.iter().enumerate() {
        if position > 0 {
            writeln!(context.out);
        }
        human::human(stats, context);
    }
    Ok(if all.is_empty() { exit.and(Exit::Success) } else { exit })
}

/// For metrics.
fn record(stats: &Stats, spec: &StoreSpec, summary: &mut RunSummary) {
    let of = &StoreLabels::of(spec);
    summary.sessions(of, &stats.counted);
    summary.removed(of, 0, 0);
    if let Some(sessions) = stats.never_came_back {
        summary.metric(of, summary::NEVER_CAME_BACK, &[], sessions);
    }
    summary.inodes(of, spec);
}
