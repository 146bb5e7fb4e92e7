//! For people.

use super::words::{self, count, order, title, until, what, who};
use crate::cli::shared::Context;
use crate::cli::shared::output::Writer;
use crate::report::escape;
use crate::simulate::diff::{Case, Deletion, Diff, Group, Reached, Suggestions};

pub(super) fn show(diff: &Diff, names: &(String, String), context: &mut Context<'_>) {
    let (loud, quiet): (Vec<&Group>, Vec<&Group>) = diff.groups.iter().partition(|group| !group.is_quiet());
    let verbose = context.verbosity > 0;
    for group in loud.iter().chain(quiet.iter().filter(|_| verbose)) {
        self::group(group, context);
    }
    let mut line = |text: &str| writeln!(context.out, "{}", escape(text));
    for (wikis, reason) in words::unknown(&diff.unknown, if verbose { usize::MAX - 1 } else { 4 }) {
        line(&format!("{wikis}: unknown: {reason}"));
    }
    if !diff.added.is_empty() {
        line(&format!("new: {}", diff.added.join(", ")));
    }
    if !diff.removed.is_empty() {
        line(&format!("gone, nobody can visit it any more: {}", diff.removed.join(", ")));
    }
    for store in diff.stores.iter().filter(|store| store.unreachable()) {
        line(&lost(store));
    }
    suggestions(&diff.suggestions, context);
    let mut line = |text: &str| writeln!(context.out, "{}", escape(text));
    let wikis = |groups: &[&Group]| groups.iter().map(|group| group.wikis.len()).sum::<usize>();
    let hurt: Vec<&Group> = diff.groups.iter().filter(|group| group.hurts()).collect();
    let all: Vec<&Group> = diff.groups.iter().collect();
    let (hurt, all) = (wikis(&hurt), wikis(&all));
    let summary = match hurt {
        0 if all == 0 => "no wiki can be compared".to_owned(),
        0 if !diff.unknown.is_empty() => {
            "at the others nobody is logged out, and no old cookie is in the way".to_owned()
        }
        0 => "nobody is logged out, and no old cookie is in the way".to_owned(),
        _ => format!(
            "people are logged out or have an old cookie in the way at {hurt} of {}",
            count(all, "URL")
        ),
    };
    line(&format!("{} -> {}: {summary}", names.0, names.1));
}

fn group(group: &Group, context: &mut Context<'_>) {
    let most = if context.verbosity > 0 { usize::MAX - 1 } else { 4 };
    let out = &mut *context.out;
    writeln!(out, "{}", escape(&title(group, most)));
    let mut row = |title: &str, text: &str| writeln!(out, "  {title:<12} {}", escape(text));
    if let Some(example) = words::example(group) {
        row("example", example);
    }
    for change in &group.changes {
        let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "no such setting".to_owned());
        let (old, new) = (value(&change.old), value(&change.new));
        row("changed", &format!("{}: {old} -> {new}", change.setting));
    }
    match (&group.old_cookie, &group.new_cookie) {
        (Some(old), Some(new)) if old == new => row("cookie", &old.to_string()),
        (old, new) => {
            let shown = |cookie: &Option<crate::simulate::diff::CookieKey>| {
                cookie.as_ref().map_or("none".to_owned(), ToString::to_string)
            };
            row("old cookie", &shown(old));
            row("new cookie", &shown(new));
        }
    }
    for (people, case) in alike(&group.cases) {
        writeln!(out, "  {}", escape(&people));
        writeln!(out, "    {}", escape(&what(case)));
        if !case.cookies.is_empty() {
            writeln!(out, "    their browsers send");
        }
        for cookie in order(&case.cookies, &format!("MoinMoin {}", group.moin)) {
            writeln!(out, "      {}", escape(&cookie));
        }
        if let Some(until) = until(case) {
            writeln!(out, "    {until}");
        }
    }
    writeln!(out);
}

/// The cases, those to whom the same happens together.
fn alike(cases: &[Case]) -> Vec<(String, &Case)> {
    let mut found: Vec<(String, &Case)> = Vec::new();
    for case in cases {
        let same = found.iter_mut().find(|(_, other)| {
            let one = (what(case), &case.cookies, until(case));
            one == (what(other), &other.cookies, until(other))
        });
        match same {
            Some((people, _)) => {
                people.push_str(", ");
                people.push_str(&who(case));
            }
            None => found.push((who(case), case)),
        }
    }
    found
}

fn lost(store: &Reached) -> String {
    let whose = store.wikis.join(", ");
    let what = match store.sessions {
        Some(sessions) => {
            let number = count(sessions.live, "live session");
            format!("{number}, {} of them logged in, not found by any wiki any more", sessions.logged_in)
        }
        None => "its sessions are not found by any wiki any more".to_owned(),
    };
    format!("{} ({whose}): {what}", store.dir)
}

fn suggestions(suggestions: &Suggestions, context: &mut Context<'_>) {
    let all = context.verbosity > 0;
    let out = &mut *context.out;
    if let Some(left) = suggestions.with_deletions {
        writeln!(out, "cure: have the web server delete the old cookies, {}", words::how_long(suggestions));
        writeln!(out, "  {}", words::left(left));
        writeln!(out, "  nginx (a block with an add_header of its own does not inherit those around it):");
        headers(suggestions, words::nginx, all, out);
        writeln!(out, "  Apache (mod_headers):");
        headers(suggestions, words::apache, all, out);
    }
    for cookie in &suggestions.in_use {
        let line =
            format!("no header may delete this old cookie, a wiki of the new farm sets the same: {cookie}");
        writeln!(out, "{}", escape(&line));
    }
    if let Some(left) = suggestions.with_fresh_names {
        writeln!(out, "cure: a cookie name that no browser knows");
        writeln!(out, "  {}", words::left(left));
        for name in &suggestions.fresh_names {
            writeln!(out, "  {}", escape(&words::fresh(name, if all { usize::MAX } else { 4 })));
        }
    }
}

/// The headers of each wiki; of many the first, unless all are wanted.
fn headers(suggestions: &Suggestions, line: impl Fn(&Deletion) -> String, all: bool, out: &mut Writer) {
    let directories = words::by_place(&suggestions.deletions);
    let shown = if all { directories.len() } else { 4 };
    for (url, deletions) in directories.iter().take(shown) {
        writeln!(out, "    # {}", escape(url));
        for deletion in deletions {
            writeln!(out, "    {}", escape(&line(deletion)));
        }
    }
    if directories.len() > shown {
        writeln!(out, "    # and {} more: -v, or --format json", directories.len() - shown);
    }
}
