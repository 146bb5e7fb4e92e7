//! Lines from the findings of `config check`.

use std::collections::BTreeMap;

use super::line::{Area, Line, Status, Symptom};
use crate::cli::shared::Context;
use crate::farm::{Farm, Key};
use crate::lint::{self, Finding, Severity};
use crate::text::shell_word;

/// A rule shows this many of its findings, and counts the others.
const MOST: usize = 3;

/// What a finding is about, and what people notice.
fn topic(rule: &str, family: &str) -> (Area, &'static [Symptom]) {
    use Symptom::{CannotLogIn, DiskFull, LoggedOut, Slow, WrongUser};
    match (rule, family) {
        ("clock-behind" | "clock-skew", _) => (Area::Clock, &[LoggedOut]),
        ("log-out-trap", _) => (Area::Sharing, &[LoggedOut]),
        ("shadowed-cookie", _) => (Area::Sharing, &[CannotLogIn, LoggedOut]),
        ("share-unintended" | "id-leaks-to-wiki", _) => (Area::Sharing, &[WrongUser]),
        ("cookie-rejected" | "mixed-schemes", _) => (Area::Cookies, &[CannotLogIn]),
        (_, "sharing") => (Area::Sharing, &[CannotLogIn]),
        ("login-disabled" | "lifetime-format", _) | (_, "domain" | "path" | "name") => {
            (Area::Cookies, &[CannotLogIn])
        }
        (_, "lifetime") => (Area::Cookies, &[LoggedOut]),
        ("secure-over-http" | "secure-blocks-http" | "prefix-violation" | "samesite-none-insecure", _) => {
            (Area::Cookies, &[CannotLogIn])
        }
        ("disk-full", _) => (Area::Storage, &[CannotLogIn, DiskFull]),
        ("disk-nearly-full", _) => (Area::Storage, &[DiskFull]),
        ("read-only-sessions" | "unwritable-sessions" | "access-denied" | "owners-differ", _) => {
            (Area::Storage, &[CannotLogIn])
        }
        ("readable-sessions" | "in-web-root" | "session-in-tmp", _) | (_, "permissions") => {
            (Area::Storage, &[WrongUser])
        }
        ("torn-writes" | "session-in-memory" | "mixed-session-formats", _) => (Area::Storage, &[LoggedOut]),
        ("mixed-password-hashes", _) => (Area::Storage, &[CannotLogIn]),
        ("foreign-files" | "shared-data-dir", _) => (Area::Storage, &[]),
        (_, "storage") => (Area::Storage, &[CannotLogIn]),
        (
            "job-deletes-every-session" | "job-deletes-logins" | "cleansessions-job" | "idle-below-login",
            _,
        ) => (Area::Cleaners, &[LoggedOut]),
        (_, "prune") => (Area::Cleaners, &[DiskFull, Slow]),
        _ => (Area::Config, &[]),
    }
}

/// Warnings about cookies that keep people from logging in at some URLs.
const NOBODY_LOGS_IN: [&str; 3] = ["alias-domain-mismatch", "mixed-schemes", "varying-cookie-name"];

/// Whether a directory is missing that MoinMoin does not create.
fn is_missing(finding: &Finding) -> bool {
    matches!(finding.missing, Some(Key::DataDir | Key::CacheDir))
}

/// The lines of findings; `about` returns whether a finding is about a chosen wiki. `other_root`: the jobs are those below
/// `--root`, which `config check` does not read.
pub(super) fn lines(
    farm: &Farm,
    findings: Vec<Finding>,
    about: &dyn Fn(&Finding) -> bool,
    other_root: bool,
    context: &Context<'_>,
) -> Vec<Line> {
    let families: BTreeMap<&str, &str> = lint::rules().map(|rule| (rule.name, rule.family)).collect();
    let mut by_rule: BTreeMap<&str, Vec<Line>> = BTreeMap::new();
    let (mut errors, mut warnings) = (0, 0);
    for mut finding in findings.into_iter().filter(about) {
        let family = families.get(finding.rule).copied().unwrap_or_default();
        let (area, symptoms) = topic(finding.rule, family);
        let missing = is_missing(&finding);
        if missing {
            finding.message.push_str(": nobody can log in");
        }
        let status = match finding.severity {
            Severity::Warning if missing => Status::Fail,
            Severity::Error => Status::Fail,
            Severity::Warning => Status::Warn,
            Severity::Note if finding.rule == "disk-nearly-full" => Status::Warn,
            Severity::Note => continue,
        };
        errors += u64::from(finding.severity == Severity::Error);
        warnings += u64::from(finding.severity == Severity::Warning);
        // Other advice affects nobody now: `config check` lists it.
        let affects = NOBODY_LOGS_IN.contains(&finding.rule);
        if status == Status::Warn && matches!(area, Area::Config | Area::Cookies) && !affects {
            continue;
        }
        let command = match area {
            Area::Cleaners if other_root => format!("config rules {}", finding.rule),
            _ => command(area, &finding),
        };
        let command = context.command(&command);
        let line = Line::new(status, area, finding.message).wikis(finding.wikis).symptoms(symptoms);
        by_rule.entry(finding.rule).or_default().push(line.details(command));
    }
    let mut lines: Vec<Line> = by_rule.into_values().flat_map(few).collect();
    let wikis = crate::text::measure::count(farm.wikis_written as u64, "wiki", "wikis");
    let found = |count: u64, what: &str| crate::text::measure::count(count, what, &format!("{what}s"));
    // Errors have lines of their own.
    if errors == 0 {
        let summary = match warnings {
            0 => format!("{wikis}, no findings"),
            _ => format!("{wikis}, no errors, {}", found(warnings, "warning")),
        };
        lines.push(Line::new(Status::Ok, Area::Config, summary).details(context.command("config check")));
    }
    lines
}

/// The first findings of a rule, and the number of the others.
fn few(mut lines: Vec<Line>) -> Vec<Line> {
    let more = lines.len().saturating_sub(MOST);
    lines.truncate(MOST);
    if let Some(last) = lines.last_mut().filter(|_| more > 0) {
        last.message.push_str(&format!(" (and {more} more like this)"));
    }
    lines
}

/// The command that shows more.
fn command(area: Area, finding: &Finding) -> String {
    match (area, finding.wikis.as_slice()) {
        (Area::Sharing, [first, second, ..]) => {
            // A trap names the visited wiki first.
            let trap = ["log-out-trap", "shadowed-cookie"].contains(&finding.rule);
            let (from, to) = if trap { (second, first) } else { (first, second) };
            format!("cookie explain {} {}", shell_word(from), shell_word(to))
        }
        (Area::Cookies, [wiki, ..]) => format!("cookie header {}", shell_word(wiki)),
        _ => "config check".to_owned(),
    }
}
