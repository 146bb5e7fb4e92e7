//! Prints the statistics of a store for people.

use super::count::{Amount, InState, Stats};
use crate::cli::shared::Context;
use crate::cli::shared::space::Space;
use crate::report::table;
use crate::store::seconds;
use crate::text::measure::{bar, bytes, relative};
use crate::text::{escape, hang, only_ascii, wrap};

/// Inodes, bots, and growth, if known.
fn lines(stats: &Stats, sessions: u64, now: f64) -> String {
    let mut text = String::new();
    match stats.never_came_back {
        Some(never) => {
            let share = (never * 100).checked_div(sessions).unwrap_or(0);
            text += &format!("  never came back: {never} sessions of one request ({share} %)\n");
        }
        None if sessions > 0 && !stats.wikis.is_empty() => {
            text += "  never came back: unknown (requires MoinMoin 1.9.2 or later)\n";
        }
        None => {}
    }
    if let Some(growth) = &stats.growth {
        let change = match growth.change {
            0 => "no more and no fewer sessions".to_owned(),
            more if more > 0 => format!("{more} more sessions"),
            fewer => format!("{} fewer sessions", fewer.unsigned_abs()),
        };
        text += &format!("  {change} than after the last prune ({})\n", relative(seconds(growth.since), now));
    }
    // JSON and `store list` show the free inodes.
    if let (Some(inodes), Some(Space { inodes: Some(all), .. })) = (stats.inodes, stats.filesystem) {
        text += &format!("  the store uses {inodes} of the {all} inodes of its file system\n");
    }
    text
}

pub(super) fn human(stats: &Stats, context: &mut Context<'_>) {
    let now = context.now();
    let out = &mut *context.out;
    let wikis = if stats.wikis.is_empty() { String::new() } else { format!(" ({})", stats.wikis.join(", ")) };
    writeln!(out, "{}{}", escape(&stats.store), escape(&wikis));
    let mut total = Amount { bytes_on_disk: Some(0), ..Amount::default() };
    let mut rows = Vec::new();
    for InState { state, amount } in &stats.states {
        total.sessions += amount.sessions;
        total.bytes += amount.bytes;
        total.bytes_on_disk =
            total.bytes_on_disk.zip(amount.bytes_on_disk).map(|(sum, on_disk)| sum + on_disk);
        if amount.sessions > 0 {
            rows.push(row(state.name(), amount));
        }
    }
    rows.push(row("all", &total));
    context.list(&["  STATE", "SESSIONS", "BYTES", "ON DISK"], rows);
    let out = &mut *context.out;
    let logins = format!(
        "logged in {}, anonymous {}, one-request logins {}, superusers acting as others {}",
        stats.logged_in, stats.anonymous, stats.one_request_logins, stats.acting_as_others
    );
    write!(out, "{}", wrap("  ", &logins, context.width));
    write!(out, "{}", lines(stats, total.sessions, now));
    for problem in &stats.problems {
        write!(out, "{}", hang("  ", 4, &format!("problem: {}", escape(problem)), context.width));
    }
    if !stats.users.is_empty() {
        writeln!(out, "\n  users with the most sessions");
        let rows = stats.users.iter().map(|user| {
            let name = user.name.clone().unwrap_or_else(|| format!("id:{}", user.id));
            [format!("    {name}"), user.sessions.to_string()]
        });
        write!(out, "{}", table::plain(rows));
    }
    let ascii = only_ascii();
    for (title, bins) in [("last written", &stats.age), ("expires", &stats.expiry)] {
        let most = bins.iter().map(|bin| bin.sessions).max().unwrap_or(0);
        if most == 0 {
            continue;
        }
        writeln!(out, "\n  {title}");
        let width = most.to_string().len();
        for bin in bins {
            let line = format!(
                "    {:<17} {:>width$} {}",
                bin.label,
                bin.sessions,
                bar(bin.sessions, most, 40, ascii)
            );
            writeln!(out, "{}", line.trim_end());
        }
    }
}

fn row(label: &str, amount: &Amount) -> Vec<String> {
    let on_disk = amount.bytes_on_disk.map_or("-".to_owned(), bytes);
    vec![format!("  {label}"), amount.sessions.to_string(), bytes(amount.bytes), on_disk]
}
