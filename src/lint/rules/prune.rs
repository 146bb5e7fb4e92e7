//! Rules about `[prune]`, the policy by which sessions go.

use std::path::Path;
use std::time::Duration;

use crate::farm::{Farm, Key, Limit, Wiki};
use crate::lint::disk::{Facts, MOST_ENTRIES, layout};
use crate::lint::finding::Severity::Warning;
use crate::lint::rule::{Look, Rule, Sink};
use crate::moin::{Behaviour, Lifetime, TEN_YEARS, lifetimes};

const FAMILY: &str = "prune";

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "anonymous-without-prune",
        family: FAMILY,
        severity: Warning,
        title: "anonymous sessions and no [prune] policy",
        why: "From 1.9 on no wiki removes a session by itself, and with anonymous sessions every visitor and \
              every robot leaves a file: directories of millions of files are the usual end.",
        bad: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org/"
            session_dir = "/srv/sessions"
            cookie_lifetime = [1, 12]
        "#,
        good: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org/"
            session_dir = "/srv/sessions"
            cookie_lifetime = [1, 12]
            [prune]
            idle = "400d"
        "#,
        cure: "Add [prune], and run `wikifarm session prune` every night; or give anonymous sessions a lifetime of \
              0.",
        fix: None,
        fixed: false,
        since: "0.1.0",
        look: Look::Farm(anonymous_without_prune),
    },
    Rule {
        name: "prune-without-idle",
        family: FAMILY,
        severity: Warning,
        title: "a [prune] that never removes what nobody uses",
        why: "With `remember me` a session expires after ten years, while browsers drop its cookie after 400 \
              days: its file stays for nothing.",
        bad: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org/"
            session_dir = "/srv/sessions"
            [prune]
            grace = "1h"
        "#,
        good: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org/"
            session_dir = "/srv/sessions"
            [prune]
            idle = "400d"
        "#,
        cure: "Add idle = \"400d\".",
        fix: None,
        fixed: false,
        since: "0.1.0",
        look: Look::Farm(prune_without_idle),
    },
    Rule {
        name: "never-pruned",
        family: FAMILY,
        severity: Warning,
        title: "wikis of 1.9.0 whose sessions nothing removes",
        why: "1.9.0 never writes when a session expires, so nobody can tell an old one but by when it was last \
              used; without idle all of them stay.",
        bad: r#"
            moin = "1.9.0"
            [wikis.one]
            url = "https://one.example.org/"
            session_dir = "/srv/sessions"
            [prune]
            grace = "1h"
        "#,
        good: r#"
            moin = "1.9.0"
            [wikis.one]
            url = "https://one.example.org/"
            session_dir = "/srv/sessions"
            [prune]
            idle = "30d"
        "#,
        cure: "Add idle, a little longer than a login lasts.",
        fix: None,
        fixed: false,
        since: "0.1.0",
        look: Look::Farm(never_pruned),
    },
    Rule {
        name: "idle-below-login",
        family: FAMILY,
        severity: Warning,
        title: "a prune `idle` that is shorter than a login lasts",
        why: "Sessions that are not expired go: people who did not come for that long are logged out earlier than \
              cookie_lifetime says.",
        bad: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org/"
            session_dir = "/srv/sessions"
            cookie_lifetime = [0, 240]
            [prune]
            idle = "2d"
        "#,
        good: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org/"
            session_dir = "/srv/sessions"
            cookie_lifetime = [0, 240]
            [prune]
            idle = "400d"
        "#,
        cure: "Make idle at least as long as the longest login, or shorten cookie_lifetime.",
        fix: None,
        fixed: false,
        since: "0.1.0",
        look: Look::Farm(idle_below_login),
    },
    Rule {
        name: "unguarded-prune",
        family: FAMILY,
        severity: Warning,
        title: "a max_delete that lets everything go",
        why: "It is there to stop a run on a machine whose clock is wrong, or on the wrong directory. At 100% it \
              stops nothing.",
        bad: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org/"
            session_dir = "/srv/sessions"
            [prune]
            idle = "400d"
            max_delete = "100%"
        "#,
        good: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org/"
            session_dir = "/srv/sessions"
            [prune]
            idle = "400d"
            max_delete = "50%"
        "#,
        cure: "Leave max_delete out: 50% is the default.",
        fix: None,
        fixed: false,
        since: "0.1.0",
        look: Look::Farm(unguarded_prune),
    },
    Rule {
        name: "no-cleaner",
        family: FAMILY,
        severity: Warning,
        title: "a session directory that grows and that no job cleans",
        why: "From 1.9 on no wiki removes a session by itself. Neither cron nor systemd of this machine runs \
              `wikifarm session prune` or `moin maint cleansessions`, as far as can be seen.",
        bad: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org/"
            session_dir = "/srv/full/sessions"
        "#,
        good: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org/"
            session_dir = "/srv/sessions"
        "#,
        cure: "Run `wikifarm session prune` from cron every night; or allow this rule if another machine does.",
        fix: None,
        fixed: false,
        since: "0.1.0",
        look: Look::Disk(no_cleaner),
    },
    Rule {
        name: "cleansessions-job",
        family: FAMILY,
        severity: Warning,
        title: "a job of this machine that runs `moin maint cleansessions`",
        why: "It removes every session without `expires`, and so logs out who just logged in; it removes what it can't \
              read, runs whatever code a pickle names, leaves half-written files for ever, and with --name removes other \
              users' sessions too.",
        bad: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org/"
            session_dir = "/srv/swept/sessions"
        "#,
        good: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org/"
            session_dir = "/srv/sessions"
        "#,
        cure: "Run `wikifarm session prune` in its place.",
        fix: None,
        fixed: false,
        since: "0.1.0",
        look: Look::Disk(cleansessions_job),
    },
];

/// Whether the wiki keeps sessions in files that it never removes.
fn keeps_files(wiki: &Wiki) -> bool {
    (Behaviour::V1_9_0..Behaviour::V2).contains(&wiki.version().behaviour())
        && wiki.custom_handler().is_none()
}

fn anonymous_without_prune(farm: &Farm, sink: &mut Sink) {
    if farm.prune.present {
        return;
    }
    for wiki in farm.wikis.iter().filter(|wiki| keeps_files(wiki)) {
        if lifetimes(wiki.moin()).is_ok_and(|found| found.anonymous != Lifetime::None) {
            let message = "every visitor leaves a session, and no [prune] says when it goes".to_owned();
            sink.report(
                wiki,
                wiki.span_of(Key::CookieLifetime),
                message,
                "add [prune], and run `session prune` nightly",
            );
        }
    }
}

fn prune_without_idle(farm: &Farm, sink: &mut Sink) {
    let ten_years = |wiki: &Wiki| {
        wiki.version().behaviour() != Behaviour::V2
            && lifetimes(wiki.moin()).is_ok_and(|found| found.remember == Lifetime::Seconds(TEN_YEARS))
    };
    if farm.sound() && farm.prune.present && farm.prune.idle.is_none() && farm.wikis.iter().any(ten_years) {
        let message = "sessions with `remember me` stay for ten years: [prune] has no idle".to_owned();
        sink.report_farm(farm.prune.span.clone(), message, "add idle = \"400d\"", Vec::new());
    }
}

fn never_pruned(farm: &Farm, sink: &mut Sink) {
    if !farm.prune.present || farm.prune.idle.is_some() {
        return;
    }
    for wiki in farm.wikis.iter().filter(|wiki| wiki.version().behaviour() == Behaviour::V1_9_0) {
        let message =
            "1.9.0 writes no expiry, so only idle removes its sessions, and [prune] has none".to_owned();
        sink.report(wiki, farm.prune.span.clone(), message, "add idle, a little longer than a login lasts");
    }
}

fn idle_below_login(farm: &Farm, sink: &mut Sink) {
    let Some(idle) = farm.prune.idle else { return };
    for wiki in farm.wikis.iter().filter(|wiki| wiki.version().behaviour() != Behaviour::V2) {
        let Ok(Lifetime::Seconds(login)) = lifetimes(wiki.moin()).map(|found| found.user) else { continue };
        // Browsers drop any cookie after 400 days: nobody misses the rest.
        let needed = Duration::try_from_secs_f64(login)
            .unwrap_or(Duration::MAX)
            .min(Duration::from_secs(400 * 86_400));
        if idle < needed {
            let hours = login / 3600.0;
            let message = format!("[prune] idle removes logins that are meant to last {hours} hours");
            sink.report(
                wiki,
                farm.prune.span.clone(),
                message,
                "make idle at least as long as the longest login",
            );
        }
    }
}

fn unguarded_prune(farm: &Farm, sink: &mut Sink) {
    if matches!(farm.prune.max_delete, Some(Limit::Share(share)) if share >= 1.0) {
        let message = "max_delete lets every session go: it stops nothing".to_owned();
        sink.report_farm(farm.prune.span.clone(), message, "leave it out: 50% is the default", Vec::new());
    }
}

/// From so many sessions on a directory has been let grow.
const MANY: usize = MOST_ENTRIES / 2;

fn no_cleaner(facts: &Facts<'_>, sink: &mut Sink) {
    for (wiki, place) in facts.sessions().filter(|(wiki, _)| keeps_files(wiki)) {
        if facts.directory(&place.path).is_none() {
            continue;
        }
        let many = facts.entries(&place.path, layout(wiki)).is_some_and(|found| found.sessions >= MANY);
        if many && !facts.has_cleaner() {
            let path = place.path.display();
            let message =
                format!("{path} holds over {MANY} sessions, and no job of this machine removes any");
            sink.report(
                wiki,
                wiki.span_of(place.key),
                message,
                "run `wikifarm session prune` from cron every night",
            );
        }
    }
}

fn cleansessions_job(facts: &Facts<'_>, sink: &mut Sink) {
    let there: Vec<_> = facts
        .sessions()
        .filter(|(wiki, place)| keeps_files(wiki) && facts.directory(&place.path).is_some())
        .collect();
    let Some((wiki, place)) = there.first() else { return };
    let paths: Vec<&Path> = there.iter().map(|(_, place)| place.path.as_path()).collect();
    if let Some(job) = facts.disk.sweeper(&paths) {
        let message =
            format!("{} runs `moin maint cleansessions`, which logs out who just logged in", job.display());
        let prune = &facts.farm.prune;
        let span = if prune.present { prune.span.clone() } else { wiki.span_of(place.key) };
        sink.report_farm(span, message, "run `wikifarm session prune` in its place", Vec::new());
    }
}
