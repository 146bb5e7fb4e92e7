//! For a merge request.

use super::words::{self, order, title, until, what, who};
use crate::cli::shared::Context;
use crate::report::escape;
use crate::simulate::diff::{Diff, Group};

pub(super) fn show(diff: &Diff, names: &(String, String), context: &mut Context<'_>) {
    let out = &mut *context.out;
    writeln!(out, "## What this change does to people\n");
    let summary = if diff.hurts() {
        "**Somebody is logged out, or has an old cookie in the way of the new one.**"
    } else {
        "Nobody is logged out, and no old cookie is in the way."
    };
    writeln!(out, "{} → {}: {summary}", code(&names.0), code(&names.1));
    let loud: Vec<&Group> = diff.groups.iter().filter(|group| !group.is_quiet()).collect();
    for group in &loud {
        writeln!(out, "\n### {}\n", text(&title(group, 8)));
        if let Some(example) = words::example(group) {
            writeln!(out, "As it is at {}:\n", code(example));
        }
        for change in &group.changes {
            let value =
                |value: &Option<String>| value.as_ref().map_or("no such setting".to_owned(), |v| code(v));
            writeln!(out, "- {}: {} → {}", code(change.setting), value(&change.old), value(&change.new));
        }
        writeln!(out, "\n| who | what they see | how long |\n|---|---|---|");
        for case in &group.cases {
            let until = until(case).unwrap_or_default();
            writeln!(out, "| {} | {} | {until} |", text(&who(case)), text(&what(case)));
        }
        let shown = group.cases.iter().find(|case| !case.cookies.is_empty());
        if let Some(case) = shown {
            writeln!(out, "\nThe browser of {} sends, in this order:\n", text(&who(case)));
            for cookie in order(&case.cookies, &format!("MoinMoin {}", group.moin)) {
                writeln!(out, "{}", text(&cookie));
            }
        }
    }
    for (wikis, reason) in words::unknown(&diff.unknown, 8) {
        writeln!(out, "\nNothing can be said of {}: {}.", text(&wikis), text(reason));
    }
    let mut line = |title: &str, names: &[String]| {
        let names: Vec<String> = names.iter().map(|name| code(name)).collect();
        if !names.is_empty() {
            writeln!(out, "\n{title}: {}.", names.join(", "));
        }
    };
    line("New wikis", &diff.added);
    line("Wikis that are gone", &diff.removed);
    let lost = diff.stores.iter().filter(|store| store.unreachable()).map(|store| store.dir.clone());
    line("Session directories whose sessions no wiki finds any more", &lost.collect::<Vec<_>>());
    if let Some(left) = diff.suggestions.with_deletions {
        writeln!(out, "\n### Cure: delete the old cookies\n");
        writeln!(
            out,
            "Headers for the web server, {}; {}.\n",
            words::how_long(&diff.suggestions),
            words::left(left)
        );
        for (language, line) in [("nginx", words::nginx as fn(&_) -> String), ("apache", words::apache)] {
            writeln!(out, "```{language}");
            for (url, deletions) in words::by_place(&diff.suggestions.deletions) {
                writeln!(out, "# {}", escape(url));
                for deletion in deletions {
                    writeln!(out, "{}", escape(&line(deletion)));
                }
            }
            writeln!(out, "```\n");
        }
    }
    if let Some(left) = diff.suggestions.with_fresh_names {
        writeln!(out, "### Cure: a cookie name that no browser knows\n");
        writeln!(out, "{}:\n", words::left(left));
        for name in &diff.suggestions.fresh_names {
            writeln!(out, "- {}", text(&words::fresh(name, 8)));
        }
    }
}

/// As code, whatever is in it.
fn code(text: &str) -> String {
    let text = escape(text);
    let ticks = "`".repeat(1 + text.split(|c| c != '`').map(str::len).max().unwrap_or_default());
    let pad = if text.contains('`') { " " } else { "" };
    format!("{ticks}{pad}{}{pad}{ticks}", text.replace('|', "\\|"))
}

/// As text that means itself.
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
