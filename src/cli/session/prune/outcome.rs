//! The report of a run: for people, as JSON, as metrics, and for the log.

use crate::cli::session::removal;
use crate::cli::shared::summary::{self, RunSummary, StoreLabels};
use crate::cli::shared::{Context, Format};
use crate::ops::prune::Report;
use crate::store::StoreSpec;
use crate::text::hang;
use crate::text::measure::{bytes, count, sessions};

/// For metrics and the log.
pub(super) fn record(report: &Report, specs: &[StoreSpec], summary: &mut RunSummary) {
    for (store, spec) in report.stores.iter().zip(specs) {
        let (of, counts) = (&StoreLabels::of(spec), &store.counts);
        // A store that could not be read is not an empty store.
        if counts.scanned > 0 || (counts.failed == 0 && store.refused.is_none()) {
            summary.sessions(of, &counts.states);
        }
        summary.removed(of, counts.deleted, counts.bytes);
        summary.metric(of, summary::FAILED, &[], counts.failed);
        summary.metric(of, summary::REFUSED, &[], u64::from(store.refused.is_some()));
        summary.inodes(of, spec);
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
    removal::record(report, &counts, summary);
    if report.stopped {
        summary.field("stopped", true);
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
            (true, _) => format!("{} scanned", sessions(total.scanned)),
            (false, 0) => format!("{} scanned, nothing removed", sessions(total.scanned)),
            (false, removed) => format!("{} removed ({})", files(removed), bytes(total.bytes)),
        }
    };
    removal::problems(report, how_far, context);
    for warning in &report.warnings {
        context.note(&warning.message);
        if let Some(help) = warning.help.as_ref().filter(|_| context.verbosity >= 0) {
            context.help(help);
        }
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
        context.document(report);
        return;
    }
    if context.verbosity < 0 {
        return;
    }
    let blocked = report.total.refused > 0;
    let rows = report.stores.iter().map(|store| {
        let counts = &store.counts;
        let removed = match &store.refused {
            Some(_) => "REFUSED".to_owned(),
            None if blocked => "-".to_owned(),
            None => (counts.deleted + counts.would_delete).to_string(),
        };
        vec![
            if store.wikis.is_empty() { store.store.clone() } else { store.wikis.join(", ") },
            removed,
            counts.scanned.to_string(),
            counts.states.live.to_string(),
            counts.states.expired.to_string(),
            counts.states.idle.to_string(),
            counts.states.no_expires.to_string(),
            counts.states.invalid_expires.to_string(),
            counts.states.unreadable.to_string(),
            counts.stale_temp.to_string(),
            bytes(counts.bytes),
            counts.failed.to_string(),
        ]
    });
    let removed = if dry_run { "TO REMOVE" } else { "REMOVED" };
    let header = [
        "STORE",
        removed,
        "SESSIONS",
        "LIVE",
        "EXPIRED",
        "IDLE",
        "NO EXPIRES",
        "INVALID EXPIRES",
        "UNREADABLE",
        "STALE TEMP",
        "BYTES",
        "FAILED",
    ];
    context.list(&header, rows);
    if context.verbosity > 0 {
        let total = &report.total.counts;
        let verb = if dry_run { "would remove" } else { "removed" };
        let text = format!(
            "{verb} {} ({}) in {:.1} s: {} scanned, {} live, {} changed during the run, {} failed",
            files(total.deleted + total.would_delete),
            bytes(total.bytes),
            report.seconds,
            sessions(total.scanned),
            total.states.live,
            total.kept_by_race,
            total.failed
        );
        write!(context.out, "{}", hang("", 2, &text, context.width));
    }
}
