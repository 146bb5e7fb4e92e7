//! What a move did, or undid: for people, as JSON, and as an exit status.

use serde::Serialize;

use super::cookie_map::Written;
use crate::cli::shared::{Context, Exit, Format};
use crate::ops::migrate::{Counts, Report, Undone};
use crate::report::{escape, measure};

/// The report as JSON.
#[derive(Serialize)]
struct Printed<'a> {
    #[serde(flatten)]
    report: &'a Report,
    cookie_map: Option<&'a Written>,
}

pub(super) fn tell(report: &Report, cookie_map: Option<&Written>, moves: bool, context: &mut Context<'_>) {
    for problem in &report.tally.problems {
        context.complain(&problem.to_string());
    }
    if let Some(map) = cookie_map {
        map.complain(context);
    }
    if context.format == Format::Json {
        context.json(&Printed { report, cookie_map });
    } else if context.verbosity >= 0 {
        write!(context.out, "{}", human(report, moves));
        if let Some(map) = cookie_map {
            map.tell(report.dry_run, context);
        }
    }
}

pub(super) fn status(report: &Report) -> Exit {
    match held_back(report) > 0 || report.stopped || report.tally.counts.left > 0 {
        true => Exit::Partial,
        false => Exit::Success,
    }
}

/// How many sessions could not be moved though they were meant.
pub(super) fn held_back(report: &Report) -> u64 {
    let counts = &report.tally.counts;
    not_carried(counts) + counts.unsettled
}

/// How many sessions did not even arrive though they were meant.
fn not_carried(c: &Counts) -> u64 {
    c.forbidden + c.unsafe_files + c.unreadable + c.unfit_ids + c.without_user + c.without_expires + c.failed
}

fn human(report: &Report, moves: bool) -> String {
    let c = &report.tally.counts;
    let would = if report.dry_run { "would copy" } else { "copied" };
    let mut text =
        format!("{would} {} of {} ({})", c.copied + c.replaced, sessions(c), measure::bytes(c.bytes));
    if c.replaced > 0 {
        text.push_str(&format!(", {} of them in place of others", c.replaced));
    }
    text.push('\n');
    let lines = [
        (c.same, "at the target already, the same"),
        (c.expired, "stay behind: expired (--include-expired takes them along)"),
        (c.filtered, "stay behind: not meant by the filters"),
        (c.conflicts, "stay behind: another of that id is at the target (--on-conflict newer)"),
        (c.ended, "stay behind: ended at the target (a logout or `session revoke`)"),
        (c.forbidden, "held back: a possible attack"),
        (c.unsafe_files, "held back: a file with several names, of a strange owner, or too large"),
        (c.unreadable, "held back: unreadable"),
        (c.unfit_ids, "held back: the target does not take such ids (--rename-ids)"),
        (c.without_user, "held back: the user has no counterpart"),
        (c.without_expires, "held back: without expires, with which 1.7 and 1.8 cannot read it"),
        (c.failed, "failed"),
        (c.gone, "over before they were copied, or meanwhile"),
        (c.left, "not looked at: it was stopped before"),
    ];
    for (count, what) in lines.into_iter().filter(|(count, _)| *count > 0) {
        text.push_str(&format!("{count} {what}\n"));
    }
    if report.foreign > 0 {
        let names: Vec<String> = report.foreign_names.iter().map(|name| escape(name).to_string()).collect();
        let more = if report.foreign > names.len() as u64 { ", .." } else { "" };
        text.push_str(&format!("{} stay behind: no sessions ({}{more})\n", report.foreign, names.join(", ")));
    }
    if !report.tally.users_without_counterpart.is_empty() {
        let users = report
            .tally
            .users_without_counterpart
            .iter()
            .map(|id| format!("id:{}", escape(id)))
            .collect::<Vec<_>>();
        text.push_str(&format!("no counterpart for {}\n", users.join(", ")));
    }
    if c.unsettled > 0 {
        text.push_str(&format!("{} of those at the target not settled: see the messages\n", c.unsettled));
    }
    if moves && !report.dry_run {
        text.push_str(&format!("removed {} from the source\n", c.removed));
    }
    text
}

fn sessions(c: &Counts) -> String {
    let arrived = c.copied + c.replaced + c.same;
    let stayed = c.expired + c.filtered + c.conflicts + c.ended + c.gone + c.left;
    measure::sessions(arrived + stayed + not_carried(c))
}

pub(super) fn tell_undone(undone: &Undone, context: &mut Context<'_>) {
    for problem in &undone.problems {
        context.complain(&problem.to_string());
    }
    if context.format == Format::Json {
        context.json(undone);
    } else if context.verbosity >= 0 {
        let Undone { taken_back, restored, put_back, gone, changed, .. } = undone;
        writeln!(
            context.out,
            "took back {taken_back} copies, restored {restored} at the source and {put_back} at the target; {gone} were \
             gone, {changed} had changed and were left alone"
        );
    }
}

pub(super) fn status_undone(undone: &Undone) -> Exit {
    if undone.changed > 0 || undone.failed > 0 { Exit::Partial } else { Exit::Success }
}
