//! Lines about the sessions in the stores: what `session verify` finds, and growth.

use std::collections::BTreeMap;
use std::path::Path;

use clap::ValueEnum;

use super::line::{Area, Line, Status, Symptom};
use crate::cli::shared::{Context, index};
use crate::ops::verify::{Kind, Report, Rule};
use crate::ops::{free_space, unreadable_effect};
use crate::store::{StoreSpec, seconds};
use crate::text::measure::{count, relative};
use crate::text::{list, shell_word};

/// The lines about the stores of a report at `now`, in unix seconds.
pub(super) fn lines(report: &Report, index_dir: Option<&Path>, now: f64, context: &Context<'_>) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut minor = 0;
    for (spec, found) in &report.stores {
        for (rule, kind) in &found.by_rule {
            match line(*rule, kind, spec) {
                Some(line) => lines.push(line.details(details(spec, "session verify", context))),
                None => minor += u64::from(!is_of_config_check(*rule, spec)),
            }
        }
        let sessions = found.states.sum();
        lines.extend(
            growth(spec, index_dir, sessions, now)
                .map(|line| line.details(details(spec, "session stats", context))),
        );
    }
    let problems = report.problems.iter().take(3);
    lines.extend(problems.map(|problem| {
        Line::new(Status::Unknown, Area::Sessions, problem.to_string())
            .details(context.command("session verify"))
    }));
    if report.problems.is_empty() {
        lines.push(summary(report, index_dir, minor, now, context));
    }
    lines
}

/// The wikis whose sessions are in no known place, each with the reason: one line for each reason.
pub(super) fn without(wikis: Vec<(String, String)>, context: &Context<'_>) -> Vec<Line> {
    let mut by_reason: BTreeMap<String, Vec<String>> = BTreeMap::new();
    wikis.into_iter().for_each(|(wiki, why)| by_reason.entry(why).or_default().push(wiki));
    let line = |(why, wikis): (String, Vec<String>)| {
        let names: Vec<&str> = wikis.iter().map(String::as_str).collect();
        let message = format!("{}: sessions not checked: {why}", list(&names, "and", 3));
        let details = context.command("config check --min-severity note");
        let symptoms = Symptom::value_variants();
        Line::new(Status::Unknown, Area::Storage, message).wikis(wikis).symptoms(symptoms).details(details)
    };
    by_reason.into_iter().map(line).collect()
}

/// The command for the store.
fn details(spec: &StoreSpec, command: &str, context: &Context<'_>) -> String {
    let wiki =
        spec.wikis.first().map_or_else(String::new, |wiki| format!(" --store-of {}", shell_word(&wiki.name)));
    context.command(&format!("{command}{wiki}"))
}

/// Whether `config check` has a rule for the same, in a directory.
fn is_of_config_check(rule: Rule, spec: &StoreSpec) -> bool {
    use Rule::{
        AccessDenied, DiskFull, ListableSessions, ReadOnlySessions, UnwritableSessions, WorldWritable,
        WritableParent,
    };
    spec.location.layout().is_some()
        && matches!(
            rule,
            AccessDenied
                | DiskFull
                | ListableSessions
                | ReadOnlySessions
                | UnwritableSessions
                | WorldWritable
                | WritableParent
        )
}

/// A rule that affects people, as a line.
fn line(rule: Rule, kind: &Kind, spec: &StoreSpec) -> Option<Line> {
    use Symptom::{CannotLogIn, LoggedOut, WrongUser};
    if is_of_config_check(rule, spec) {
        return None;
    }
    let (status, symptom, effect) = match rule {
        Rule::ReadOnlySessions | Rule::DiskFull | Rule::AccessDenied | Rule::UnwritableSessions => {
            (Status::Fail, CannotLogIn, rule.title())
        }
        Rule::WrongOwner => (
            Status::Fail,
            LoggedOut,
            "with another owner: the wiki can't read, replace, or delete them, and their users are logged out",
        ),
        Rule::ForbiddenClass => (Status::Fail, WrongUser, "that run code in the wiki: a possible attack"),
        // A session that others can change runs their code in the wiki.
        Rule::WritableSessions => (Status::Fail, WrongUser, "that every local user can change"),
        Rule::ReadableSessions => (Status::Warn, WrongUser, "that every local user can read"),
        Rule::WorldWritable | Rule::WritableParent => (Status::Fail, WrongUser, rule.title()),
        Rule::UnauthorizedSetuid => (Status::Fail, WrongUser, "that act as another user without a superuser"),
        Rule::NoMac => (Status::Warn, LoggedOut, "without a valid MAC: their users are logged out"),
        Rule::Unreadable => (Status::Warn, LoggedOut, "that can't be read"),
        Rule::InvalidExpires if kind.count == 1 => {
            (Status::Warn, LoggedOut, "whose expiry is not a number: the wiki fails on this session")
        }
        Rule::InvalidExpires => {
            (Status::Warn, LoggedOut, "whose expiry is not a number: the wiki fails on them")
        }
        Rule::UnknownUser => {
            (Status::Warn, LoggedOut, "of users who do not exist: their visitors are anonymous")
        }
        _ => return None,
    };
    let sessions = crate::text::measure::sessions(kind.count);
    let effect = match unreadable_effect(spec) {
        Some(then) if rule == Rule::Unreadable => format!("{effect}: {then}"),
        _ => effect.to_owned(),
    };
    let message = match rule.counted_in(&spec.location) {
        ("directory", _) => format!("{}: {effect}", spec.location.stem().display()),
        _ => format!("{sessions} in {} {effect}", spec.location.stem().display()),
    };
    let wikis = spec.wikis.iter().map(|wiki| wiki.name.clone());
    Some(Line::new(status, Area::Sessions, message).wikis(wikis).symptoms(&[symptom]))
}

/// Growth is reported if it uses up the inodes or the space within this many days.
const SOON: u64 = 30;

/// Growth over a shorter time is chance, in seconds.
const LONG_ENOUGH: i64 = 6 * 3600;

/// A store that fills its disk soon, by its growth since the last prune.
fn growth(spec: &StoreSpec, index_dir: Option<&Path>, sessions: u64, now: f64) -> Option<Line> {
    let (before, since) = index::last(spec, index_dir)?;
    let free = free_space(spec)?;
    #[expect(clippy::cast_possible_truncation, reason = "times are bounded where they are read")]
    let passed = (now as i64).checked_sub(since).filter(|passed| *passed >= LONG_ENOUGH)?;
    let more = sessions.checked_sub(before).filter(|more| *more > 0)?;
    let a_day = more.saturating_mul(86_400) / passed.unsigned_abs();
    let (days, what) = runs_out(a_day, free.inodes_free, free.bytes_free)?;
    let dir = spec.location.stem();
    let message = format!(
        "{} grows by {} a day: no {what} left in {}",
        dir.display(),
        crate::text::measure::sessions(a_day),
        count(days, "day", "days")
    );
    let wikis = spec.wikis.iter().map(|wiki| wiki.name.clone());
    Some(Line::new(Status::Warn, Area::Sessions, message).wikis(wikis).symptoms(&[Symptom::DiskFull]))
}

/// In how many days the inodes or the space run out, if soon.
fn runs_out(a_day: u64, inodes_free: Option<u64>, bytes_free: u64) -> Option<(u64, &'static str)> {
    // A session takes an inode, and a block of 4 KiB.
    let days = |left: u64| left.checked_div(a_day).filter(|days| *days < SOON);
    let inodes = inodes_free.and_then(days).map(|days| (days, "inodes"));
    let space = days(bytes_free / 4096).map(|days| (days, "space"));
    inodes.into_iter().chain(space).min()
}

/// The last line: how many sessions there are.
fn summary(report: &Report, index_dir: Option<&Path>, minor: u64, now: f64, context: &Context<'_>) -> Line {
    let (all, live) = report
        .stores
        .iter()
        .fold((0, 0), |(all, live), (_, found)| (all + found.states.sum(), live + found.states.live));
    let stores = count(report.stores.len() as u64, "store", "stores");
    let mut text = format!("{} in {stores}, {live} live", crate::text::measure::sessions(all));
    let pruned =
        report.stores.iter().filter_map(|(spec, _)| index::last(spec, index_dir)).map(|(_, since)| since);
    if let Some(oldest) = pruned.min() {
        text.push_str(&format!("; last pruned {}", relative(seconds(oldest), now)));
    }
    if minor > 0 {
        text.push_str(&format!("; {}", count(minor, "minor finding", "minor findings")));
    }
    let command = if minor > 0 { "session verify" } else { "session stats" };
    Line::new(Status::Ok, Area::Sessions, text).details(context.command(command))
}

/// A clock that is far from the last run, as a line.
pub(super) fn clock(why: &str, context: &Context<'_>) -> Line {
    let message = format!("{why}: `session prune` refuses to run");
    Line::new(Status::Warn, Area::Clock, message)
        .symptoms(&[Symptom::LoggedOut])
        .details(context.command("session prune --dry-run"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_out_names_what_ends_first_and_nothing_that_lasts() {
        let gib = 1 << 30;
        assert_eq!(runs_out(200, Some(290), gib), Some((1, "inodes")));
        assert_eq!(runs_out(200, Some(100_000), 2 << 20), Some((2, "space")));
        assert_eq!(runs_out(200, Some(4000), 2 << 20), Some((2, "space")));
        assert_eq!(runs_out(200, None, 200 << 12), Some((1, "space")));
        assert_eq!(runs_out(200, Some(6000), gib), None);
        assert_eq!(runs_out(0, Some(10), 0), None);
    }
}
