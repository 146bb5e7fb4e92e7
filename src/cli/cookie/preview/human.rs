//! The prediction for people: who shares, who does not, and what goes wrong.

use super::prediction::{Prediction, Unmet};
use super::row::plain;
use super::section::{item, section};
use super::{addresses, matrix, sharers};
use crate::cli::Context;
use crate::sharing::{Disagreement, Leak, Verdict};
use crate::text::{Paint, escape, list, paint};

/// So many wikis of a group are named, and the others counted.
const MOST_NAMES: usize = 12;

/// Shows a prediction.
pub(super) fn show(prediction: &Prediction<'_>, as_matrix: bool, context: &mut Context<'_>) {
    if as_matrix {
        matrix::show(prediction, context);
    } else {
        match prediction.chosen.one {
            Some(one) => sharers::show(prediction.model, one, context),
            None => show_groups(prediction, context),
        }
        show_problems(prediction, context);
        section("Via other URLs", &addresses::lines(&prediction.by_url), context);
        show_leaks(&prediction.leaks, context);
        if let Some(differences) = &prediction.differences {
            differences.show(context);
        }
    }
    let lines = unmet(&prediction.unmet);
    section("Differs from [[share]]", &lines, context);
}

fn show_groups(prediction: &Prediction<'_>, context: &mut Context<'_>) {
    let lines: Vec<String> = prediction.groups.iter().map(|group| list(group, "and", MOST_NAMES)).collect();
    if lines.is_empty() {
        writeln!(context.out, "No wikis share a login.");
        return;
    }
    writeln!(context.out, "{}", paint("Shared logins", Paint::Heading, context.color));
    lines.iter().for_each(|line| item(line, context));
    let shares = |name: &str| prediction.groups.iter().any(|group| group.contains(&name));
    let names = prediction.chosen.sites.values().map(|site| site.name.as_str());
    let separate: Vec<&str> = names.filter(|name| !shares(name)).collect();
    if !separate.is_empty() {
        section("Separate", &[list(&separate, "and", MOST_NAMES)], context);
    }
}

fn show_problems(prediction: &Prediction<'_>, context: &mut Context<'_>) {
    let problems = &prediction.problems;
    let mut lines = problems.lines.clone();
    lines.extend(prediction.interferences.iter().map(|third| third.describe(prediction.model.sites())));
    let title = if prediction.chosen.in_full() { "Problems" } else { "Problems (examples)" };
    section(title, &lines, context);
    let name = |position: usize| prediction.model.sites().get(position).map(|site| site.name.as_str());
    let Some((from, to)) = problems.example.and_then(|(from, to)| name(from).zip(name(to))) else { return };
    if plain(from) && plain(to) {
        let command = context.command(&format!("cookie explain {from} {to}"));
        writeln!(context.out, "help: `{}` shows each step", escape(&command));
    }
}

fn show_leaks(leaks: &[Leak], context: &mut Context<'_>) {
    let lines = leaks.iter().flat_map(|leak| {
        leak.cookies.iter().map(|cookie| {
            let wikis: Vec<&str> = cookie.wikis.iter().map(String::as_str).collect();
            let http = if cookie.over_http { ", also over http" } else { "" };
            format!("{} receives {} of {}{http}", leak.host, cookie.name, list(&wikis, "and", 4))
        })
    });
    let title = "Other hosts that receive login cookies: their operators can act as visiting users";
    section(title, &lines.collect::<Vec<_>>(), context);
}

/// The disagreements, those that hold in both directions in one line.
fn unmet(unmet: &[Unmet]) -> Vec<String> {
    let is_back = |(only, found): &Unmet, (other_only, other): &Unmet| {
        (only, &found.from, &found.to, found.intended, found.pair.verdict)
            == (other_only, &other.to, &other.from, other.intended, other.pair.verdict)
    };
    let mut lines = Vec::new();
    for (position, one) in unmet.iter().enumerate() {
        if unmet.iter().take(position).any(|other| is_back(one, other)) {
            continue;
        }
        let joint = if unmet.iter().any(|other| is_back(one, other)) { "and" } else { "to" };
        let (only, Disagreement { from, to, intended, pair, .. }) = one;
        let only = only.map_or(String::new(), |profile| format!("{} only: ", profile.title()));
        lines.push(match (intended, pair.verdict) {
            (false, _) => format!("{only}{from} {joint} {to}: shared, but no [[share]] lists both"),
            (true, Verdict::Unknown) => format!("{only}{from} {joint} {to}: unknown: {}", pair.reason),
            (true, _) => format!("{only}{from} {joint} {to}: not shared: {}", pair.reason),
        });
    }
    lines
}
