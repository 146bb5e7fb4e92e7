//! Migrations that are killed again and again, for the tests of stores on disk and on servers.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

pub(crate) const SESSIONS: usize = 1200;

pub(crate) fn budget() -> Duration {
    let seconds = std::env::var("WIKIFARM_STRESS").ok().and_then(|text| text.parse().ok());
    Duration::from_secs(seconds.unwrap_or(1))
}

fn bytes(number: usize) -> Vec<u8> {
    format!("(dS'expires'\nI4000000000\nsS'n'\nI{number}\ns.").into_bytes()
}

fn contents(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(path).unwrap()))
        .collect()
}

/// The next step after a migration.
#[derive(Clone, Copy)]
pub(crate) enum Then {
    /// Another migration out of the store, unless the target is a directory, which can be compared itself.
    Back,
    /// `--rollback`, also killed.
    Undo,
}

/// Runs a migration and kills it again and again until it completes. Returns the number of kills.
pub(crate) fn round(target: &str, then: Then) -> usize {
    // In memory if possible: the test is about kills, and each run syncs the whole file system.
    let root = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    let at = |name: &str| root.path().join(name);
    for name in ["a", "b"] {
        fs::create_dir(at(name)).unwrap();
    }
    for number in 0..SESSIONS {
        fs::write(at("a").join(format!("{number:040x}")), bytes(number)).unwrap();
    }
    let all = contents(&at("a"));
    let run = |from: &str, to: &str, how: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wikifarm"));
        command.args(["session", "migrate", how, "-q", "--from", from, "--to", to]).current_dir(root.path());
        command.env("STATE_DIRECTORY", at("state")).env("RUNTIME_DIRECTORY", at("locks"));
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    let mut kills = 0;
    let mut until_done = |from: &str, to: &str, how: &str| {
        for round in 0.. {
            let mut child = run(from, to, how);
            let begun = Instant::now();
            let patience = Duration::from_millis(fastrand::u64(2..60) + round * round * 2);
            loop {
                if let Some(status) = child.try_wait().unwrap() {
                    // If the run was killed between the last session and the removal of the journal, there is
                    // nothing to undo.
                    let done =
                        status.success() || how == "--rollback" && round > 0 && status.code() == Some(2);
                    assert!(done, "{how} {from} to {to}: {status}");
                    return;
                }
                if begun.elapsed() > patience {
                    child.kill().unwrap();
                    child.wait().unwrap();
                    kills += 1;
                    break;
                }
                std::thread::sleep(Duration::from_millis(1));
            }
            // At every point, each session is complete in one of the stores. A directory can be checked
            // without wikifarm.
            if to.starts_with("moin") && from.starts_with("moin") {
                let (here, there) = (contents(&at("a")), contents(&at("b")));
                for (name, bytes) in &all {
                    let copies = [here.get(name), there.get(name)];
                    assert!(copies.iter().flatten().all(|copy| *copy == bytes), "{name} is half");
                    assert!(copies.iter().any(Option::is_some), "{name} is lost");
                }
            }
        }
    };
    until_done("moin-1.9:a", target, "--move");
    assert!(contents(&at("a")).is_empty());
    match then {
        Then::Back if target == "moin-1.9:b" => {}
        Then::Back => until_done(target, "moin-1.9:b", "--move"),
        Then::Undo => {
            until_done("moin-1.9:a", target, "--rollback");
            let undone = contents(&at("a"));
            let more: Vec<_> = undone.keys().filter(|name| !all.contains_key(*name)).collect();
            assert!(undone == all, "undone from {target}: {} of {}, and {more:?}", undone.len(), all.len());
            return kills;
        }
    }
    assert_eq!(contents(&at("b")), all, "by way of {target}");
    kills
}
