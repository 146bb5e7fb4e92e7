//! `--metrics`: the metrics that a run writes for Prometheus, also if the run fails.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::Path;

use crate::support::farms::DOCS_AND_PLANS;
use crate::support::{DAY, HOUR, Place, Session, clock, same};

fn farm() -> Place {
    let now = clock();
    Place::farm(DOCS_AND_PLANS).dir("textfile").sessions(
        "sessions",
        [
            Session::new('a').expires(now + HOUR).written(now - HOUR),
            Session::new('b').expires(now - 2 * DAY).written(now - 3 * DAY),
            Session::new('c').raw(b"no pickle").written(now - HOUR),
        ],
    )
}

/// The metrics, with the addresses of stores relative to the test's directory.
fn text(place: &Place) -> String {
    let text = fs::read_to_string(place.path().join("textfile/wikifarm.prom")).unwrap();
    text.replace(&format!("{}/", place.path().canonicalize().unwrap().display()), "")
}

/// The value of a series.
fn value(text: &str, series: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.map(|value| value.parse().unwrap())
}

const PRUNE: &str = "-q session prune --metrics textfile/wikifarm.prom";

#[test]
fn prune_metrics_count_found_and_removed_sessions() {
    let place = farm();
    place.wikifarm(PRUNE).run();
    let text = text(&place);
    let of = |name: &str, more: &str| {
        let labels = format!("{{command=\"prune\",store=\"moin-1.9:sessions\",wikis=\"docs,plans\"{more}}}");
        value(&text, &format!("{name}{labels}"))
    };
    assert_eq!(of("wikifarm_sessions_scanned", ""), Some(3.0), "{text}");
    assert_eq!(of("wikifarm_sessions", ",state=\"live\""), Some(1.0));
    assert_eq!(of("wikifarm_sessions", ",state=\"expired\""), Some(1.0));
    assert_eq!(of("wikifarm_sessions", ",state=\"unreadable\""), Some(1.0));
    assert_eq!(of("wikifarm_deleted_files", ""), Some(1.0));
    assert_eq!(of("wikifarm_deleted_bytes", ""), Some(29.0));
    assert_eq!(of("wikifarm_failed_entries", ""), Some(0.0));
    assert_eq!(of("wikifarm_store_refused", ""), Some(0.0));
    let run = |name: &str| value(&text, &format!("wikifarm_last_{name}{{command=\"prune\"}}"));
    assert_eq!(run("run_exit_status"), Some(0.0));
    assert_eq!(run("run_timestamp_seconds"), run("success_timestamp_seconds"));
    #[expect(clippy::cast_precision_loss, reason = "a time")]
    let now = clock() as f64;
    assert!((run("run_timestamp_seconds").unwrap() - now).abs() < 60.0);
    assert!(run("run_duration_seconds").is_some_and(|seconds| (0.0..60.0).contains(&seconds)));
    // Each metric has its help and type once, before its series. No metric contains ids.
    for line in text.lines().filter(|line| line.starts_with("# TYPE ")) {
        assert_eq!(text.matches(line).count(), 1);
        assert!(line.ends_with(" gauge"), "{line}");
    }
    assert!(!text.contains("aaaaaaaa") && !text.contains("bbbbbbbb"));
    let file = fs::metadata(place.path().join("textfile/wikifarm.prom")).unwrap();
    assert_eq!(file.mode() & 0o777, 0o644);
    assert_eq!(place.names("textfile"), ["wikifarm.prom"], "nothing is left beside it");
}

#[test]
fn prune_metrics_keep_the_last_success_after_failures() {
    let place = farm();
    place.wikifarm(PRUNE).run();
    let success = |text: &str| value(text, "wikifarm_last_success_timestamp_seconds{command=\"prune\"}");
    let status = |text: &str| value(text, "wikifarm_last_run_exit_status{command=\"prune\"}");
    let first = success(&text(&place));
    assert!(first.is_some());
    // A guard refuses.
    let refused = place.wikifarm(PRUNE).arg("--all");
    refused.status(4).any_stderr().run();
    assert_eq!((status(&text(&place)), success(&text(&place))), (Some(4.0), first));
    // The farm file is gone.
    fs::remove_file(place.path().join("farm.toml")).unwrap();
    place.wikifarm(PRUNE).status(2).any_stderr().run();
    assert_eq!((status(&text(&place)), success(&text(&place))), (Some(2.0), first));
    // A store can't be opened.
    place.wikifarm(PRUNE).arg("--store=moin-1.9:none").status(3).any_stderr().run();
    let text = text(&place);
    assert_eq!((status(&text), success(&text)), (Some(3.0), first));
    let failed = "wikifarm_failed_entries{command=\"prune\",store=\"moin-1.9:none\",wikis=\"\"}";
    assert_eq!(value(&text, failed), Some(1.0), "{text}");
}

#[test]
fn metrics_of_a_store_that_failed_have_no_zero_counts() {
    for command in ["prune", "stats", "verify"] {
        let place = farm().dir("empty");
        let words = format!("-q session {command} --metrics textfile/wikifarm.prom");
        let run = place.wikifarm(&words).args(["--store=moin-1.9:none", "--store=moin-1.9:empty"]);
        let ran = run.status(3).any_stdout().any_stderr().run();
        assert!(!ran.stdout.contains("none"), "{}", ran.stdout);
        let text = text(&place);
        let scanned = |store: &str| {
            value(
                &text,
                &format!(
                    "wikifarm_sessions_scanned{{command=\"{command}\",store=\"moin-1.9:{store}\",wikis=\"\"}}"
                ),
            )
        };
        assert_eq!((scanned("none"), scanned("empty")), (None, Some(0.0)), "{text}");
    }
}

#[test]
fn metrics_of_a_failed_first_run_have_no_last_success() {
    let place = farm();
    place.wikifarm(PRUNE).arg("--store=moin-1.9:none").status(3).any_stderr().run();
    assert!(!text(&place).contains("last_success"));
}

#[test]
fn stats_and_verify_write_their_own_metrics() {
    let place = farm();
    place.wikifarm("session stats --metrics textfile/wikifarm.prom").any_stdout().run();
    let stats = text(&place);
    let live = "wikifarm_sessions{command=\"stats\",store=\"moin-1.9:sessions\",wikis=\"docs,plans\",state=\"live\"}";
    assert_eq!(value(&stats, live), Some(1.0), "{stats}");
    place.wikifarm("session verify --metrics textfile/wikifarm.prom").status(1).any_stdout().run();
    let verify = text(&place);
    let series = |check: &str| {
        let found = verify.lines().find(|line| line.contains(&format!("rule=\"{check}\",")));
        found.unwrap().rsplit(' ').next().unwrap().to_owned()
    };
    assert_eq!((series("unreadable"), series("unauthorized-setuid")), ("1".to_owned(), "0".to_owned()));
    // Findings are not a failure of the run.
    assert!(value(&verify, "wikifarm_last_success_timestamp_seconds{command=\"verify\"}").is_some());
}

/// The series of a file, without the command and the values.
fn series(text: &str) -> Vec<String> {
    let series = text.lines().filter(|line| !line.starts_with('#'));
    let name = |line: &str| line.rsplit_once(' ').unwrap().0.to_owned();
    let command = |name: String| {
        ["prune", "stats", "verify"]
            .iter()
            .fold(name, |name, command| name.replace(&format!("command=\"{command}\""), "command"))
    };
    series.map(name).map(command).collect()
}

#[test]
fn metrics_of_each_command_have_common_and_own_series() {
    let of = |command: &str, status| {
        let place = farm();
        let words = format!("-q session {command} --metrics textfile/wikifarm.prom");
        place.wikifarm(&words).status(status).any_stdout().run();
        let text = text(&place);
        let state = |state: &str| {
            let store = format!("command=\"{command}\",store=\"moin-1.9:sessions\",wikis=\"docs,plans\"");
            value(&text, &format!("wikifarm_sessions{{{store},state=\"{state}\"}}"))
        };
        assert_eq!(["live", "expired", "unreadable"].map(state), [Some(1.0); 3], "{text}");
        series(&text)
    };
    let only = |all: Vec<String>, own: &[&str]| -> Vec<String> {
        all.into_iter().filter(|series| !own.iter().any(|own| series.starts_with(own))).collect()
    };
    let prune = only(of("prune", 0), &["wikifarm_failed_entries{", "wikifarm_store_refused{"]);
    let stats = only(of("stats", 0), &["wikifarm_sessions_never_came_back{"]);
    let verify = only(of("verify", 1), &["wikifarm_verify_findings{", "wikifarm_verify_files{"]);
    assert_eq!(prune, stats);
    assert_eq!(prune, verify);
    for name in
        ["scanned", "deleted_files", "last_run_timestamp", "last_run_exit_status", "last_success_timestamp"]
    {
        assert!(prune.iter().any(|series| series.contains(name)), "{name} in {prune:?}");
    }
}

#[test]
fn prune_dry_run_with_metrics_is_refused() {
    let place = farm();
    for how in ["--dry-run", "--now=1795400000"] {
        let ran = place.wikifarm(PRUNE).arg(how).status(2).any_stderr().run();
        assert!(ran.stderr.contains("--metrics can't be combined"), "{}", ran.stderr);
    }
    assert!(place.names("textfile").is_empty());
}

#[test]
fn metrics_into_an_unwritable_file_exit_3() {
    let place = farm();
    let ran = place
        .wikifarm("session prune --metrics none/wikifarm.prom")
        .status(3)
        .any_stderr()
        .any_stdout()
        .run();
    same(
        &ran.stderr,
        str![[r#"
error: --metrics: none/wikifarm.prom: none: no such directory

"#]],
    );
    assert_eq!(place.names("sessions").len(), 2, "the prune itself was done");
}

#[test]
fn metrics_replace_a_planted_link_without_following() {
    let place = farm().file("victim", "precious");
    symlink("../victim", place.path().join("textfile/wikifarm.prom")).unwrap();
    place.wikifarm(PRUNE).run();
    assert_eq!(fs::read(place.path().join("victim")).unwrap(), b"precious");
    let file = Path::new("textfile/wikifarm.prom");
    assert!(place.path().join(file).symlink_metadata().unwrap().is_file());
}

#[test]
fn metrics_use_absolute_addresses_for_every_spelling_of_the_farm_file() {
    let place = farm();
    let label = format!("store=\"moin-1.9:{}/sessions\"", place.path().canonicalize().unwrap().display());
    let absolute = place.path().join("farm.toml").display().to_string();
    for farm in ["farm.toml", "./farm.toml", "textfile/../farm.toml", &absolute] {
        let stats = format!("session stats -q -f {farm} --metrics textfile/wikifarm.prom");
        place.wikifarm(&stats).any_stdout().run();
        let text = fs::read_to_string(place.path().join("textfile/wikifarm.prom")).unwrap();
        let mut stores = text.lines().filter(|line| line.contains("store="));
        assert!(stores.all(|line| line.contains(&label)), "{farm}: {text}");
    }
}

#[test]
fn metrics_in_a_file_that_the_collector_ignores_are_written_with_a_warning() {
    let place = farm();
    place
        .wikifarm("session stats --metrics textfile/wikifarm.txt")
        .any_stdout()
        .stderr(str![[r#"
warning: --metrics: textfile/wikifarm.txt: the textfile collector reads only
  files whose names end in .prom

"#]])
        .run();
    assert_eq!(place.names("textfile"), ["wikifarm.txt"]);
}
