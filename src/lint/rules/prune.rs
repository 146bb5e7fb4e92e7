//! Rules about `[prune]`, the policy of `session prune`, and about jobs that clean up.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use crate::farm::{Farm, Key, Limit, Wiki};
use crate::health::{Deletion, Does, Target};
use crate::lint::disk::{Facts, MOST_ENTRIES, NamedDirectory, layout};
use crate::lint::finding::Severity::{Error, Warning};
use crate::lint::rule::{Look, Rule, Sink, rule};
use crate::moin::{Behavior, Lifetime, TEN_YEARS, lifetimes};
use crate::text::measure::span;
use crate::text::shell_path;

const FAMILY: &str = "prune";

pub(super) const RULES: &[Rule] = &[
    rule!("anonymous-without-prune", FAMILY, Warning, Look::Farm(anonymous_without_prune)),
    rule!("prune-without-idle", FAMILY, Warning, Look::Farm(prune_without_idle)),
    rule!("never-pruned", FAMILY, Warning, Look::Farm(never_pruned)),
    rule!("idle-below-login", FAMILY, Warning, Look::Farm(idle_below_login)),
    rule!("unguarded-prune", FAMILY, Warning, Look::Farm(unguarded_prune)),
    rule!("no-prune-job", FAMILY, Warning, Look::Disk(no_prune_job)),
    rule!("cleansessions-job", FAMILY, Warning, Look::Disk(cleansessions_job)),
    rule!("job-deletes-every-session", FAMILY, Error, Look::Disk(job_deletes_every_session)),
    rule!("job-deletes-logins", FAMILY, Warning, Look::Disk(job_deletes_logins)),
];

/// The longest time that browsers keep a cookie, in seconds.
const CAP: f64 = 400.0 * 86_400.0;

/// Whether the wiki keeps sessions in files that it never removes.
fn keeps_files(wiki: &Wiki) -> bool {
    (Behavior::V1_9_0..Behavior::V2).contains(&wiki.version().behavior()) && wiki.custom_handler().is_none()
}

fn anonymous_without_prune(farm: &Farm, sink: &mut Sink) {
    if farm.prune.present {
        return;
    }
    for wiki in farm.wikis.iter().filter(|wiki| keeps_files(wiki)) {
        if lifetimes(wiki.moin()).is_ok_and(|found| found.anonymous != Lifetime::None) {
            let message =
                "every visitor leaves a session, and there is no [prune] policy to remove it".to_owned();
            let help = format!(
                "add [prune] with idle = \"400d\"{}, and run `wikifarm session prune` every night",
                anonymous_policy(wiki)
            );
            sink.report(wiki, wiki.span_of(Key::CookieLifetime), message, help);
        }
    }
}

fn prune_without_idle(farm: &Farm, sink: &mut Sink) {
    let ten_years = |wiki: &Wiki| {
        wiki.version().behavior() < Behavior::V2
            && lifetimes(wiki.moin()).is_ok_and(|found| found.remember == Lifetime::Seconds(TEN_YEARS))
    };
    if farm.sound() && farm.prune.present && farm.prune.idle.is_none() && farm.wikis.iter().any(ten_years) {
        let message = "sessions with \"remember me\" are kept for ten years: [prune] has no idle".to_owned();
        sink.report_farm(farm.prune.span.clone(), message, "add idle = \"400d\"");
    }
}

fn never_pruned(farm: &Farm, sink: &mut Sink) {
    if !farm.prune.present || farm.prune.idle.is_some() {
        return;
    }
    for wiki in farm.wikis.iter().filter(|wiki| wiki.version().behavior() == Behavior::V1_9_0) {
        let which = if farm.prune.anonymous.is_some() { "logins" } else { "sessions" };
        let message = format!(
            "{which} are never removed: MoinMoin 1.9.0 stores no expiry time, and [prune] has no idle"
        );
        let anonymous = if farm.prune.anonymous.is_none() { anonymous_policy(wiki) } else { String::new() };
        let help = format!("add idle, slightly longer than a login lasts{anonymous}");
        sink.report(wiki, farm.prune.span.clone(), message, help);
    }
}

/// The policy for the anonymous sessions of MoinMoin 1.9.0, as part of advice.
fn anonymous_policy(wiki: &Wiki) -> String {
    match (wiki.version().behavior(), lifetimes(wiki.moin()).map(|found| found.anonymous)) {
        (Behavior::V1_9_0, Ok(Lifetime::Seconds(seconds))) if seconds >= 1.0 => {
            let (number, unit) = match seconds {
                _ if seconds % 3600.0 == 0.0 => (seconds / 3600.0, "h"),
                _ if seconds % 60.0 == 0.0 => (seconds / 60.0, "m"),
                _ => (seconds, "s"),
            };
            format!(" and anonymous = \"{number:.0}{unit}\"")
        }
        _ => String::new(),
    }
}

fn idle_below_login(farm: &Farm, sink: &mut Sink) {
    let Some(idle) = farm.prune.idle else { return };
    for wiki in farm.wikis.iter().filter(|wiki| wiki.version().behavior() < Behavior::V2) {
        let Ok(Lifetime::Seconds(login)) = lifetimes(wiki.moin()).map(|found| found.user) else { continue };
        // Browsers delete every cookie after 400 days.
        let needed = Duration::try_from_secs_f64(login)
            .unwrap_or(Duration::MAX)
            .min(Duration::from_secs(400 * 86_400));
        if idle < needed {
            let hours = login / 3600.0;
            let message = format!("[prune] removes logins early: idle is shorter than a login ({hours} h)");
            let help = "make idle at least as long as the longest login";
            sink.report(wiki, farm.prune.span.clone(), message, help);
        }
    }
}

fn unguarded_prune(farm: &Farm, sink: &mut Sink) {
    if matches!(farm.prune.max_delete, Some(Limit::Share(share)) if share >= 1.0) {
        let message = "max_delete = \"100%\" never stops a run that would remove every session".to_owned();
        sink.report_farm(farm.prune.span.clone(), message, "delete max_delete: the default is 50%");
    }
}

/// A directory with at least this many sessions counts as not cleaned.
const MANY: usize = MOST_ENTRIES / 2;

fn no_prune_job(facts: &Facts<'_>, sink: &mut Sink) {
    let mut cleaned: HashMap<&Path, bool> = HashMap::new();
    for (wiki, dir) in facts.sessions().filter(|(wiki, _)| keeps_files(wiki)) {
        if facts.directory(&dir.path).is_none() {
            continue;
        }
        let many = facts.entries(&dir.path, layout(wiki)).is_some_and(|found| found.sessions >= MANY);
        if !many {
            continue;
        }
        let cleaned = *cleaned.entry(&dir.path).or_insert_with(|| {
            let target = Target::at(&dir.path);
            facts.cleaners().iter().any(|job| job.may_clean(&target))
        });
        if !cleaned {
            let path = dir.path.display();
            let message = format!(
                "session directory `{path}` holds over {MANY} sessions, and no job on this machine removes any"
            );
            let file = facts.farm.source.path();
            let file = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
            let job = format!("17 3 * * * root wikifarm -q -f {} session prune", shell_path(&file));
            let help = format!("prune every night, for instance in /etc/cron.d/wikifarm: `{job}`");
            sink.report(wiki, wiki.span_of(dir.key), message, help);
        }
    }
}

/// The session directories that exist and that MoinMoin does not clean.
fn existing<'a>(facts: &'a Facts<'a>) -> impl Iterator<Item = (&'a Wiki, &'a NamedDirectory)> {
    facts.sessions().filter(|(wiki, dir)| keeps_files(wiki) && facts.directory(&dir.path).is_some())
}

fn cleansessions_job(facts: &Facts<'_>, sink: &mut Sink) {
    for job in facts.cleaners().iter().filter(|job| job.does == Does::CleanSessions { all: false }) {
        let message =
            format!("{} runs `moin maint cleansessions`, which can log users out", job.file.display());
        report_job(facts, sink, message, INSTEAD);
    }
}

/// Reports a job that is about all wikis.
fn report_job(facts: &Facts<'_>, sink: &mut Sink, message: String, help: &str) {
    let Some((wiki, dir)) = existing(facts).next() else { return };
    let prune = &facts.farm.prune;
    let span = if prune.present { prune.span.clone() } else { wiki.span_of(dir.key) };
    sink.report_farm(span, message, help);
}

/// What to do about every job but `session prune`.
const INSTEAD: &str = "run `wikifarm session prune` instead";

fn job_deletes_every_session(facts: &Facts<'_>, sink: &mut Sink) {
    for job in facts.cleaners() {
        let (command, help) = match job.does {
            Does::CleanSessions { all: true } => ("moin maint cleansessions --all", INSTEAD),
            Does::Prune { all: true } => ("wikifarm session prune --all", "omit --all"),
            _ => continue,
        };
        let file = job.file.display();
        let message = format!("everybody is logged out each time that {file} runs `{command}`");
        report_job(facts, sink, message, help);
    }
    for (wiki, dir) in facts.sessions() {
        let all = facts.deletions(&dir.path).iter().filter(|(_, deletion)| deletion.age.is_none());
        for (file, Deletion { program, .. }) in all {
            let (file, path) = (file.display(), dir.path.display());
            let message = format!(
                "everybody is logged out each time that {file} runs: {program} deletes all files in {path}"
            );
            sink.report(wiki, wiki.span_of(dir.key), message, INSTEAD);
        }
    }
}

fn job_deletes_logins(facts: &Facts<'_>, sink: &mut Sink) {
    for (wiki, dir) in facts.sessions() {
        for (file, deletion) in facts.deletions(&dir.path) {
            let Some(age) = deletion.age else { continue };
            let Some(who) = logged_out(wiki, age) else { continue };
            let (file, age) = (file.display(), span(age.as_secs_f64()));
            let message = format!(
                "{file} deletes sessions older than {age}: {who} are logged out after {age} without a visit"
            );
            sink.report(wiki, wiki.span_of(dir.key), message, INSTEAD);
        }
    }
}

/// The users whose logins should last longer than `age`.
fn logged_out(wiki: &Wiki, age: Duration) -> Option<&'static str> {
    // Browsers delete every cookie after 400 days.
    let longer =
        |lifetime| matches!(lifetime, Lifetime::Seconds(seconds) if seconds.min(CAP) > age.as_secs_f64());
    let found = lifetimes(wiki.moin()).ok()?;
    if longer(found.user) {
        Some("users")
    } else if longer(found.remember) {
        Some("users who ticked \"remember me\"")
    } else {
        None
    }
}
