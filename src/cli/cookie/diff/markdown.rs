//! The effects of a change, as a comment on a merge request.

use super::words::{self, how_long, left, lost, order, title, undeletable, until, what, who_in};
use crate::cli::shared::Context;
use crate::simulate::diff::{Diff, Group};
use crate::text::escape;

/// How many names of a list are shown.
pub(super) const MOST: usize = 8;

pub(super) fn show(
    diff: &Diff,
    logins: &[String],
    differs: &[String],
    names: &(String, String),
    context: &mut Context<'_>,
) {
    let out = &mut *context.out;
    writeln!(out, "## Effects of this change on users\n");
    let summary = words::summary(diff, !differs.is_empty());
    let summary = if diff.hurts() { format!("**{summary}.**") } else { format!("{summary}.") };
    writeln!(out, "{} → {}: {summary}", code(&names.0), code(&names.1));
    let loud: Vec<&Group> = diff.groups.iter().filter(|group| !group.is_quiet()).collect();
    for group in &loud {
        writeln!(out, "\n### {}\n", text(&title(group, MOST)));
        if let Some(example) = words::example(group) {
            writeln!(out, "Settings and cookies of {}:\n", code(example));
        }
        for change in &group.changes {
            let value =
                |value: &Option<String>| value.as_ref().map_or("no such setting".to_owned(), |v| code(v));
            writeln!(out, "- {}: {} → {}", code(change.setting), value(&change.old), value(&change.new));
        }
        writeln!(out, "\n| users | effect | how long |\n|---|---|---|");
        for case in &group.cases {
            let until = until(case).unwrap_or_default();
            writeln!(out, "| {} | {} | {until} |", text(&who_in(group, case)), text(&what(case)));
        }
        let shown = group.cases.iter().find(|case| !case.cookies.is_empty());
        if let Some(case) = shown {
            writeln!(
                out,
                "\nThe browsers of {} send these cookies, in this order:\n",
                text(&who_in(group, case))
            );
            for cookie in order(&case.cookies, &group.moin) {
                writeln!(out, "{}", text(&cookie));
            }
        }
    }
    for line in logins.iter().chain(differs) {
        writeln!(out, "\n{}.", text(line));
    }
    for (wikis, reason) in words::unknown(&diff.unknown, MOST) {
        writeln!(out, "\n{}: unknown: {}.", text(&wikis), text(reason));
    }
    let mut line = |title: &str, names: &[String]| {
        let names: Vec<String> = names.iter().map(|name| code(name)).collect();
        if !names.is_empty() {
            writeln!(out, "\n{title}: {}.", names.join(", "));
        }
    };
    line("Added wikis", &diff.added);
    line("Removed wikis", &diff.removed);
    for store in diff.stores.iter().filter(|store| store.unreachable()) {
        writeln!(out, "\n{}.", text(&lost(store)));
    }
    if let Some(remains) = diff.suggestions.with_deletions {
        writeln!(out, "\n### Suggestion: delete the old cookies\n");
        writeln!(
            out,
            "Let the web server send these headers {}. Result: {}.\n",
            how_long(&diff.suggestions),
            left(remains)
        );
        for (language, line) in [("nginx", words::nginx as fn(&_) -> String), ("apache", words::apache)] {
            writeln!(out, "```{language}");
            for (url, deletions) in words::by_url(&diff.suggestions.deletions) {
                writeln!(out, "# {}", escape(url));
                for deletion in deletions {
                    writeln!(out, "{}", escape(&line(deletion)));
                }
            }
            writeln!(out, "```\n");
        }
    }
    for cookie in &diff.suggestions.undeletable {
        writeln!(out, "{}.\n", text(&undeletable(cookie, MOST)));
    }
    if let Some(remains) = diff.suggestions.with_fresh_names {
        writeln!(out, "### Suggestion: use a cookie name that no browser knows\n");
        writeln!(out, "Result: {}.\n", left(remains));
        for name in &diff.suggestions.fresh_names {
            writeln!(out, "- {}", text(&words::fresh(name, MOST)));
        }
    }
}

/// Text as Markdown code.
fn code(text: &str) -> String {
    let text = escape(text);
    let ticks = "`".repeat(1 + text.split(|c| c != '`').map(str::len).max().unwrap_or_default());
    let pad = if text.contains('`') { " " } else { "" };
    format!("{ticks}{pad}{}{pad}{ticks}", text.replace('|', "\\|"))
}

/// Text without special meaning in Markdown.
fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in escape(text).chars() {
        if matches!(character, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '&') {
            out.push('\\');
        }
        out.push(character);
    }
    out
}
