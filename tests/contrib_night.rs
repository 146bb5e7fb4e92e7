//! `contrib/systemd`, `contrib/cron.d`, and `contrib/prometheus`: the commands run, and the alerts use
//! existing metrics.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::support::{DAY, HOUR, Place, Session, clock};

fn contrib(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("contrib").join(name)).unwrap()
}

/// The text after the name of the program in each line that calls the program.
fn commands(text: &str) -> Vec<String> {
    let lines = text.lines().filter(|line| line.contains("session "));
    let command = |line: &str| Some(line.split_once("wikifarm -q ")?.1.to_owned());
    lines.filter_map(command).collect()
}

fn farm() -> Place {
    let now = clock();
    Place::farm("moin = \"1.9.11\"\n[wikis.a]\nurl = \"https://a.example.org/\"\ncookie_name = \"a\"\nsession_dir = \"s\"\n")
        .dir("s")
        .session("s", Session::new('a').expires(now + HOUR).written(now - HOUR))
        .session("s", Session::new('b').expires(now - 2 * DAY).written(now - 3 * DAY))
}

/// Runs a command as written, with the directories of the test.
fn run(command: &str) -> Place {
    let place = farm();
    let command = command.replace("/etc/wikifarm/farm.toml", "farm.toml");
    let command = command.replace("/var/lib/prometheus/node-exporter/", "");
    // Nobody listens, which is reported but is not a failure.
    let command = command.replace("--log", "--log=nobody");
    let ran = place.wikifarm("-q").args(command.split_whitespace()).any_stdout().any_stderr().run();
    assert_eq!(ran.stdout, "", "{command}");
    place
}

#[test]
fn systemd_unit_command_prunes() {
    let commands = commands(&contrib("systemd/wikifarm-prune.service"));
    assert_eq!(commands.len(), 2, "{commands:?}");
    for command in &commands {
        assert_eq!(run(command).names("s").len(), 1, "{command}");
    }
    assert!(run(&commands[1]).path().join("wikifarm-prune.prom").exists());
}

#[test]
fn cron_commands_prune_and_verify() {
    let text = contrib("cron.d/wikifarm");
    let commands = commands(&text);
    assert_eq!(commands.len(), 2, "{commands:?}");
    let left: Vec<usize> = commands.iter().map(|command| run(command).names("s").len()).collect();
    assert_eq!(left, [1, 2], "the second only looks");
    // cron needs five fields and a user.
    for line in text.lines().filter(|line| line.contains("session ")) {
        let fields: Vec<&str> = line.split_whitespace().collect();
        assert_eq!((fields[5], fields[6]), ("root", "wikifarm"), "{line}");
    }
}

#[test]
fn systemd_unit_allows_every_directory_that_wikifarm_writes() {
    let unit = contrib("systemd/wikifarm-prune.service");
    for line in [
        "StateDirectory=wikifarm",
        "RuntimeDirectory=wikifarm",
        "RuntimeDirectoryPreserve=yes",
        "CacheDirectory=wikifarm",
        "ProtectSystem=strict",
        "NoNewPrivileges=yes",
        "CapabilityBoundingSet=CAP_DAC_READ_SEARCH CAP_SETUID CAP_SETGID",
    ] {
        assert!(unit.lines().any(|other| other == line), "{line}");
    }
    // wikifarm uses the directories that systemd provides.
    let place = farm();
    for name in ["st", "run", "ca"] {
        fs::create_dir(place.path().join(name)).unwrap();
    }
    let at = |name: &str| place.path().join(name).to_string_lossy().into_owned();
    place
        .wikifarm("-q session prune")
        .env("STATE_DIRECTORY", &at("st"))
        .env("RUNTIME_DIRECTORY", &at("run"))
        .env("CACHE_DIRECTORY", &at("ca"))
        .any_stderr()
        .run();
    for name in ["st", "run"] {
        assert_eq!(place.names(name).len(), 1, "{name}");
    }
    assert!(!place.home().join("state").exists());
}

#[test]
fn alert_rules_name_only_metrics_that_a_run_writes() {
    let rules = contrib("prometheus/wikifarm.rules.yml");
    let word = |c: char| !c.is_ascii_alphanumeric() && c != '_';
    let names = |text: &str| -> BTreeSet<String> {
        text.split(word).filter(|word| word.starts_with("wikifarm_")).map(str::to_owned).collect()
    };
    let place = farm();
    for command in ["prune", "verify"] {
        let run = format!("-q session {command} --metrics {command}.prom");
        place.wikifarm(&run).any_stdout().status_among(&[0, 1]).run();
    }
    let read = |name: &str| fs::read_to_string(place.path().join(name)).unwrap();
    let written = names(&(read("prune.prom") + &read("verify.prom")));
    let wanted = names(&rules);
    assert!(wanted.len() >= 6, "{wanted:?}");
    // A file system without a fixed number of inodes has no inode metrics.
    let missing: Vec<_> = wanted.difference(&written).filter(|name| !name.contains("_inodes_")).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
