//! The effects of a change, for people.

use super::words::{self, how_long, left, lost, order, title, undeletable, until, what, who_in};
use crate::cli::shared::Context;
use crate::cli::shared::output::Writer;
use crate::simulate::diff::{Case, CookieKey, Deletion, Diff, Group, InHeader, Suggestions};
use crate::text::{Paint, escape, hang, list, paint, wrap};

/// So many wikis are named without `-v`, and the others counted.
const MOST: usize = 4;

pub(super) fn show(
    diff: &Diff,
    logins: &[String],
    differs: &[String],
    names: &(String, String),
    context: &mut Context<'_>,
) {
    let verbose = context.verbosity > 0;
    for group in diff.groups.iter().filter(|group| verbose || !group.is_quiet()) {
        self::group(group, context);
    }
    for line in logins.iter().chain(differs) {
        put("", line, context);
    }
    for (wikis, reason) in words::unknown(&diff.unknown, most(context)) {
        put("", &format!("{wikis}: unknown: {reason}"), context);
    }
    for (title, wikis) in [("added", &diff.added), ("removed", &diff.removed)] {
        if !wikis.is_empty() {
            put("", &format!("{title}: {}", wikis.join(", ")), context);
        }
    }
    for store in diff.stores.iter().filter(|store| store.unreachable()) {
        put("", &lost(store), context);
    }
    suggestions(&diff.suggestions, context);
    put("", &format!("{} -> {}: {}", names.0, names.1, words::summary(diff, !differs.is_empty())), context);
}

/// What else the administrator can do.
pub(super) fn advice(text: &str, context: &mut Context<'_>) {
    put("help: ", text, context);
}

/// How many names of a list are shown.
pub(super) fn most(context: &Context<'_>) -> usize {
    if context.verbosity > 0 { usize::MAX - 1 } else { MOST }
}

/// Writes a paragraph.
fn put(first: &str, text: &str, context: &mut Context<'_>) {
    write!(context.out, "{}", hang(first, first.len() + 2, &escape(text), context.width));
}

fn group(group: &Group, context: &mut Context<'_>) {
    let heading = escape(&title(group, most(context))).into_owned();
    writeln!(context.out, "{}", paint(&heading, Paint::Heading, context.color));
    for (users, case) in alike(group) {
        let users: Vec<&str> = users.iter().map(String::as_str).collect();
        let until = until(case).map(|until| format!(" ({until})")).unwrap_or_default();
        put("  ", &format!("{} {}{until}", list(&users, "and", MOST), what(case)), context);
    }
    let mut rows: Vec<(&str, String)> = Vec::new();
    if let Some(wiki) = words::example(group) {
        rows.push(("example", wiki.to_owned()));
    }
    for change in &group.changes {
        let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "no such setting".to_owned());
        let (old, new) = (value(&change.old), value(&change.new));
        rows.push(("setting", format!("{}: {old} -> {new}", change.setting)));
    }
    let shown = |cookie: &Option<CookieKey>| cookie.as_ref().map_or("none".to_owned(), ToString::to_string);
    if group.old_cookie != group.new_cookie {
        rows.push(("old cookie", shown(&group.old_cookie)));
        rows.push(("new cookie", shown(&group.new_cookie)));
    } else if group.old_cookie.is_some() {
        rows.push(("cookie", shown(&group.old_cookie)));
    }
    for (title, text) in rows {
        write!(context.out, "{}", wrap(&format!("  {title:<10}  "), &escape(&text), context.width));
    }
    for cookies in requests(&group.cases) {
        writeln!(context.out, "  browsers send these cookies, in this order");
        for cookie in order(cookies, &group.moin) {
            write!(context.out, "{}", hang("    ", 7, &escape(&cookie), context.width));
        }
    }
    writeln!(context.out);
}

/// The different lists of cookies that browsers send.
fn requests(cases: &[Case]) -> Vec<&[InHeader]> {
    let mut found: Vec<&[InHeader]> = Vec::new();
    for case in cases.iter().filter(|case| !case.cookies.is_empty()) {
        if !found.contains(&case.cookies.as_slice()) {
            found.push(&case.cookies);
        }
    }
    found
}

/// The cases, those with the same effect together.
fn alike(group: &Group) -> Vec<(Vec<String>, &Case)> {
    let mut found: Vec<(Vec<String>, &Case)> = Vec::new();
    for case in &group.cases {
        let same = |other: &Case| (what(case), until(case)) == (what(other), until(other));
        match found.iter_mut().find(|(_, other)| same(other)) {
            Some((users, _)) => users.push(who_in(group, case)),
            None => found.push((vec![who_in(group, case)], case)),
        }
    }
    found
}

fn suggestions(suggestions: &Suggestions, context: &mut Context<'_>) {
    let all = context.verbosity > 0;
    if let Some(remains) = suggestions.with_deletions {
        let until = how_long(suggestions);
        put("", &format!("help: let the web server delete the old cookies {until}"), context);
        writeln!(context.out, "  result: {}", left(remains));
        writeln!(context.out, "  nginx (a block with its own add_header does not inherit these lines):");
        headers(suggestions, words::nginx, all, context.out);
        writeln!(context.out, "  Apache (mod_headers):");
        headers(suggestions, words::apache, all, context.out);
    }
    for cookie in &suggestions.undeletable {
        put("", &undeletable(cookie, most(context)), context);
    }
    if let Some(remains) = suggestions.with_fresh_names {
        writeln!(context.out, "help: use a cookie name that no browser knows");
        writeln!(context.out, "  result: {}", left(remains));
        for name in &suggestions.fresh_names {
            put("  ", &words::fresh(name, most(context)), context);
        }
    }
}

/// The headers of each URL; of many the first, unless all are wanted.
fn headers(suggestions: &Suggestions, line: impl Fn(&Deletion) -> String, all: bool, out: &mut Writer) {
    let urls = words::by_url(&suggestions.deletions);
    let shown = if all { urls.len() } else { MOST };
    for (url, deletions) in urls.iter().take(shown) {
        writeln!(out, "    # {}", escape(url));
        for deletion in deletions {
            writeln!(out, "    {}", escape(&line(deletion)));
        }
    }
    if urls.len() > shown {
        writeln!(out, "    # and {} more: show them with -v", urls.len() - shown);
    }
}
