//! `contrib/ci` and `.pre-commit-hooks.yaml`: runs the commands of the sample jobs as the shell of CI does.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Output};

use crate::support::Place;

/// The commands of a job that run wikifarm.
fn commands(job: &str) -> Vec<String> {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(job)).unwrap();
    let command = |line: &str| {
        let line = line.trim().trim_start_matches("- ");
        let line = line.trim_start_matches("run: ").trim_start_matches("entry: ");
        line.starts_with("wikifarm ").then(|| line.to_owned())
    };
    text.lines().filter_map(command).collect()
}

/// Runs a command in `place` as a step of a job. The first failure ends the step.
fn step(place: &Place, command: &str) -> Output {
    let bin = Path::new(env!("CARGO_BIN_EXE_wikifarm")).parent().unwrap();
    Command::new("bash")
        .arg0("bash")
        .args(["--noprofile", "--norc", "-eo", "pipefail", "-c", command])
        .current_dir(place.path())
        .env_clear()
        .env("PATH", format!("{}:/usr/bin:/bin", bin.display()))
        .env("HOME", place.home())
        .output()
        .unwrap()
}

const SOUND: &str = "moin = \"1.9.11\"\n[wikis.a]\nurl = \"https://a.example.org/\"\n";

#[test]
fn github_job_with_errors_fails_with_annotations_and_a_report() {
    let commands = commands("contrib/ci/github.yml");
    assert_eq!(commands.len(), 2, "{commands:?}");
    for (farm, status, annotated) in [
        (SOUND.to_owned(), 0, false),
        (SOUND.replace("1.9.11", "1.9"), 1, true),
        (SOUND.replace("url", "ulr"), 1, true),
        (SOUND.replace(']', ""), 2, true),
    ] {
        let place = Place::farm(&farm);
        let check = step(&place, &commands[0]);
        assert_eq!(check.status.code(), Some(status), "{farm}");
        assert_eq!(
            String::from_utf8(check.stdout).unwrap().starts_with("::error file=farm.toml,"),
            annotated
        );
        assert_eq!(step(&place, &commands[1]).status.code(), Some(0));
        let report = std::fs::read(place.path().join("wikifarm.sarif")).unwrap();
        let report: serde_json::Value = serde_json::from_slice(&report).unwrap();
        assert_eq!(report["runs"][0]["results"].as_array().unwrap().is_empty(), !annotated);
    }
}

#[test]
fn gitlab_job_with_errors_fails_and_leaves_a_report() {
    let commands = commands("contrib/ci/gitlab.yml");
    assert_eq!(commands.len(), 1, "{commands:?}");
    for (farm, status, failures) in [(SOUND.to_owned(), 0, "0"), (SOUND.replace("1.9.11", "1.9"), 1, "1")] {
        let place = Place::farm(&farm);
        assert_eq!(step(&place, &commands[0]).status.code(), Some(status));
        let report = std::fs::read_to_string(place.path().join("wikifarm.xml")).unwrap();
        let report = roxmltree::Document::parse(&report).unwrap();
        let suite = report.descendants().find(|node| node.has_tag_name("testsuite")).unwrap();
        assert_eq!(suite.attribute("failures"), Some(failures));
    }
}

#[test]
fn pre_commit_hook_fails_if_check_fails() {
    let commands = commands(".pre-commit-hooks.yaml");
    assert_eq!(commands.len(), 1, "{commands:?}");
    for (farm, status) in [(SOUND.to_owned(), 0), (SOUND.replace("url", "ulr"), 1)] {
        assert_eq!(step(&Place::farm(&farm), &commands[0]).status.code(), Some(status));
    }
}
