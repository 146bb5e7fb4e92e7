//! The report of a migration or a rollback: for people, as JSON, and as an exit status.

use schemars::JsonSchema;
use serde::Serialize;

use super::cookie_map::Written;
use crate::cli::shared::{Context, Exit, Format};
use crate::ops;
use crate::ops::migrate::{Counts, Problem, Report, Undone};
use crate::text::{escape, hang, measure, message, shell_word};

/// The report of a migration, or of a rollback.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
pub(in crate::cli::session) enum Document<'a> {
    /// A migration.
    Migration {
        /// The report.
        #[serde(flatten)]
        report: &'a Report,
        /// The cookie map; null if none was requested.
        cookie_map: Option<&'a Written>,
    },
    /// A rollback.
    Rollback(&'a Undone),
}

/// Prints the report. `passwords`: the new wikis may rewrite passwords so that the old ones refuse them.
pub(super) fn print(
    report: &Report,
    cookie_map: Option<&Written>,
    moves: bool,
    passwords: bool,
    context: &mut Context<'_>,
) {
    let shown = if context.verbosity > 0 { usize::MAX } else { EXAMPLES };
    let problem = |one: &Problem| ops::Problem { message: line(one, shown), help: one.help.clone() };
    context.problems(&report.tally.problems.iter().map(problem).collect::<Vec<_>>());
    if let Some(map) = cookie_map {
        map.complain(context);
    }
    if context.format == Format::Json {
        context.document(&Document::Migration { report, cookie_map });
    } else if context.verbosity >= 0 {
        for line in human(report, moves).lines() {
            write!(context.out, "{}", hang("", 2, line, context.width));
        }
        if let Some(map) = cookie_map {
            map.print(report.dry_run, context);
        }
        if !report.dry_run && report.tally.counts.copied > 0 {
            write!(context.out, "{}", hang("", 2, &next_step(report, moves), context.width));
        }
        if passwords && copied(&report.tally.counts) > 0 {
            write!(context.out, "{}", message("warning", PASSWORDS, context.color, context.width));
        }
    }
}

/// Source: measured with 1.8.7, 1.9.0, and 1.9.4.
const PASSWORDS: &str = "at a login, MoinMoin 1.9.7 and later rewrite the password hash in the user directory, \
                         and older versions then refuse the password: back up the user directory, in case you go back";

fn next_step(report: &Report, moves: bool) -> String {
    let configure = "next: configure the wikis to use the target";
    match moves {
        true => format!("{configure}, and restart them"),
        // `--from wiki:NAME` is the target then.
        false => {
            let from = shell_word(&report.from);
            format!("{configure}, restart them, then repeat the command with --from {from} --move")
        }
    }
}

/// How many ids of each problem are shown without `-v`.
const EXAMPLES: usize = 3;

/// A problem on one line, with at most `most` ids.
fn line(Problem { store, message, sessions, ids, .. }: &Problem, most: usize) -> String {
    let Some(store) = store else { return message.clone() };
    let shown: Vec<String> = ids.iter().take(most).map(ToString::to_string).collect();
    let more = if *sessions > shown.len() as u64 { ", …" } else { "" };
    let ids = shown.join(", ");
    let many = measure::sessions(*sessions);
    match sessions {
        1 => format!("{store}: {ids}: {message}"),
        _ => format!("{store}: {many}: {message} ({ids}{more})"),
    }
}

pub(super) fn status(report: &Report) -> Exit {
    match refused(report) > 0 || report.stopped || report.tally.counts.left > 0 {
        true => Exit::Partial,
        false => Exit::Success,
    }
}

/// How many sessions were refused or failed.
pub(super) fn refused(report: &Report) -> u64 {
    let counts = &report.tally.counts;
    not_copied(counts) + counts.unsettled
}

/// How many sessions were refused or failed, and are not at the target.
fn not_copied(c: &Counts) -> u64 {
    c.forbidden + c.unsafe_files + c.unreadable + c.unfit_ids + c.without_user + c.no_expires + c.failed
}

fn human(report: &Report, moves: bool) -> String {
    let c = &report.tally.counts;
    let would = if report.dry_run { "would copy" } else { "copied" };
    let mut text = format!("{would} {} of {} ({})", copied(c), sessions(c), measure::bytes(c.bytes));
    if c.replaced > 0 {
        text.push_str(&format!(", {} of them in place of others", c.replaced));
    }
    text.push('\n');
    let lines = [
        (c.same, "skipped: the same session is already at the target"),
        (c.expired, "skipped: expired (use --include-expired to copy these)"),
        (c.filtered, "skipped by the filters"),
        (c.conflicts, "skipped: the target has another session with the same id (see --on-conflict)"),
        (c.ended, "skipped: ended at the target by a logout or `session revoke`"),
        (c.forbidden, "refused: possible attack"),
        (c.unsafe_files, "refused: hard links, another owner, or too large"),
        (c.unreadable, "refused: unreadable"),
        (c.unfit_ids, "refused: the target rejects the id (use --rename-ids)"),
        (c.without_user, "refused: no user with this name at the target"),
        (c.no_expires, "refused: no `expires`, which MoinMoin 1.7 and 1.8 require"),
        (c.failed, "failed"),
        (c.gone, "ended during the run"),
        (c.left, "not processed: the run was stopped"),
    ];
    for (count, what) in lines.into_iter().filter(|(count, _)| *count > 0) {
        text.push_str(&format!("{count} {what}\n"));
    }
    if report.foreign > 0 {
        let names: Vec<String> = report.foreign_names.iter().map(|name| escape(name).to_string()).collect();
        let more = if report.foreign > names.len() as u64 { ", …" } else { "" };
        let files = measure::count(report.foreign, "file", "files");
        text.push_str(&format!("{files} skipped: not sessions ({}{more})\n", names.join(", ")));
    }
    let users = &report.tally.users_without_counterpart;
    if !users.is_empty() {
        let users: Vec<String> = users.iter().map(|id| format!("id:{}", escape(id))).collect();
        text.push_str(&format!("users without a counterpart at the target: {}\n", users.join(", ")));
    }
    if c.unsettled > 0 {
        let copies = measure::count(c.unsettled, "copy", "copies");
        text.push_str(&format!("{copies} incomplete: see the messages\n"));
    }
    if moves && !report.dry_run {
        text.push_str(&format!("removed {} from the source\n", c.deleted));
    }
    text
}

/// How many sessions are or would be copied.
fn copied(c: &Counts) -> u64 {
    c.copied + c.replaced + c.would_copy
}

fn sessions(c: &Counts) -> String {
    let copied = copied(c) + c.same;
    let skipped = c.expired + c.filtered + c.conflicts + c.ended + c.gone + c.left;
    measure::sessions(copied + skipped + not_copied(c))
}

pub(super) fn print_undone(undone: &Undone, context: &mut Context<'_>) {
    context.problems(&undone.problems);
    if context.format == Format::Json {
        context.document(&Document::Rollback(undone));
    } else if context.verbosity >= 0 {
        let Undone { deleted, restored, put_back, gone, changed, .. } = undone;
        let copies = measure::count(*deleted, "copy", "copies");
        let text = format!(
            "removed {copies} from the target; restored {restored} at the source and {put_back} at the target"
        );
        write!(context.out, "{}", hang("", 2, &text, context.width));
        for (count, what) in
            [(gone, "already gone from the target"), (changed, "changed at the target, and kept")]
        {
            if *count > 0 {
                writeln!(context.out, "{count} {what}");
            }
        }
    }
}

pub(super) fn status_undone(undone: &Undone) -> Exit {
    if undone.changed > 0 || undone.failed > 0 { Exit::Partial } else { Exit::Success }
}
