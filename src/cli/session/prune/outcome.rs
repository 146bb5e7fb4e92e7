//! What a run did, told to people, to programs, to Prometheus and to the log.

use crate::cli::session::removal;
use crate::cli::shared::summary::{self, Told};
use crate::cli::shared::{Context, Format};
use crate::ops::prune::Report;
use crate::report::measure::{bytes, count, sessions};
use crate::report::table;
use crate::store::StoreSpec;

/// For metrics and the log.
pub(super) fn tell(report: &Report, specs: &[StoreSpec], told: &mut Told) {
    for (store, spec) in report.stores.iter().zip(specs) {
        let (of, counts) = ((store.store.as_str(), store.wikis.as_slice()), &store.counts);
        // A store that could not be looked at does not hold nothing.
        if counts.scanned > 0 || (counts.failed == 0 && store.refused.is_none()) {
            told.saw(of, &counts.states);
        }
        told.removed(of, counts.deleted, counts.bytes);
        told.of_store(of, summary::FAILED, &[], counts.failed);
        told.of_store(of, summary::REFUSED, &[], u64::from(store.refused.is_some()));
        told.inodes(spec);
    }
    let total = &report.total.counts;
    let counts = [
        ("scanned", total.scanned),
        ("live", total.states.live),
        ("expired", total.states.expired),
        ("unreadable", total.states.unreadable),
        ("deleted", total.deleted),
        ("bytes", total.bytes),
        ("kept_by_race", total.kept_by_race),
        ("failed", total.failed),
    ];
    removal::tell(report, &counts, told);
    if report.stopped {
        told.say("stopped", true);
    }
}

fn files(number: u64) -> String {
    count(number, "file", "files")
}

/// For people, or as JSON.
pub(super) fn show(report: &Report, strict: bool, dry_run: bool, context: &mut Context<'_>) {
    let how_far = || {
        let total = &report.total.counts;
        match (dry_run, total.deleted) {
            (true, _) => format!("of {} looked at", sessions(total.scanned)),
            (false, 0) => format!("{} looked at, nothing removed", sessions(total.scanned)),
            (false, deleted) => format!("{} removed ({})", files(deleted), bytes(total.bytes)),
        }
    };
    removal::problems(report, how_far, context);
    for warning in &report.warnings {
        context.note(&warning.to_string());
    }
    removal::refusals(report, context);
    for one in &report.unreadable {
        if strict {
            context.complain(&format!("unreadable: {one}"));
        } else if context.verbosity > 0 {
            context.note(&format!("unreadable: {one}"));
        }
    }
    removal::nothing_removed(report, context);
    if context.format == Format::Json {
        {
            context.json(report);
            return;
        }
    }
    if context.verbosity < 0 {
        return;
    }
    let rows = report.stores.iter().map(|store| {
        let counts = &store.counts;
        vec![
            if store.wikis.is_empty() { store.store.clone() } else { store.wikis.join(", ") },
            counts.scanned.to_string(),
            counts.states.live.to_string(),
            counts.states.expired.to_string(),
            counts.states.idle.to_string(),
            counts.states.no_expires.to_string(),
            (counts.states.unreadable + counts.states.invalid_expires).to_string(),
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
    write!(context.out, "{}", table::list(&header, rows, context.width));
    if context.verbosity > 0 {
        let total = &report.total.counts;
        let verb = if dry_run { "would remove" } else { "removed" };
        writeln!(
            context.out,
            "{verb} {} ({}) in {:.1} s; {}, {} live, {} kept by race, {} failed",
            files(total.deleted),
            bytes(total.bytes),
            report.seconds,
            sessions(total.scanned),
            total.states.live,
            total.kept_by_race,
            total.failed
        );
    }
}
