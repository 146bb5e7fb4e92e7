//! Each option that names an existing file or directory: without it, the message has the path, and the status is right.

use std::any::TypeId;
use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use crate::support::farms::DOCS;
use crate::support::{Place, Session};

/// Arguments for files: a command with `PATH` in place of the file, and the exit status.
const FILES: [(&str, i32); 14] = [
    ("-f PATH config check", 2),
    ("-f PATH session list", 2),
    ("--psl PATH cookie preview", 2),
    ("config check PATH", 2),
    ("config import PATH", 2),
    ("config import wikiconfig.py --url https://docs.example.org/ --moin 1.9.11 --check PATH", 2),
    ("config import wikiconfig.py --url https://docs.example.org/ --moin 1.9.11 --yes --run ./PATH", 2),
    ("cookie diff farm.toml PATH", 2),
    ("cookie diff PATH farm.toml", 2),
    ("cookie test --script PATH", 2),
    ("cookie simulate PATH", 2),
    ("cookie probe --cacert PATH", 2),
    ("session whois --secret-file PATH a.b.c", 2),
    ("session stats --store sqlite:PATH", 3),
];

/// Arguments for directories.
const DIRECTORIES: [(&str, i32); 10] = [
    ("doctor --root PATH", 2),
    ("store find PATH", 3),
    ("session list --store PATH", 3),
    ("session list --store moin-1.9:PATH", 3),
    ("session prune --store moin-1.8:PATH", 3),
    ("session verify --store json:PATH", 3),
    ("session show --store moin-1.9:PATH 01234567", 3),
    ("session revoke --store moin-1.9:PATH 01234567", 3),
    (
        "session migrate --from moin-1.9:sessions --to json:out --dry-run --map-users --from-users PATH --to-users users",
        3,
    ),
    (
        "session migrate --from moin-1.9:sessions --to json:out --dry-run --map-users --from-users users --to-users PATH",
        3,
    ),
];

/// Options and arguments for a path that the command creates or writes to.
const WRITTEN: [&str; 6] = ["demo dir", "man dir", "metrics", "log", "output", "write"];

#[test]
fn path_that_is_missing_or_unreadable_or_of_the_wrong_kind_is_named() {
    let login = Session::new('a').user("1.2.3");
    let place = Place::farm(DOCS).session("sessions", login).dir("users").file("file", "[").dir("dir");
    let place = place.file("wikiconfig.py", "class Config:\n    sitename = u'docs'\n");
    let place = place.file("closed-file", "").dir("closed-dir");
    for name in ["closed-file", "closed-dir"] {
        fs::set_permissions(place.path().join(name), Permissions::from_mode(0o000)).unwrap();
    }
    let files = FILES.map(|row| (row, ["none", "file/none", "dir", "closed-file"]));
    let directories = DIRECTORIES.map(|row| (row, ["none", "file/none", "file", "closed-dir"]));
    for ((words, status), paths) in files.into_iter().chain(directories) {
        for path in paths {
            let run = place.wikifarm(&words.replace("PATH", path));
            // A database in a directory that is a file, or that is a directory, is unsafe, not only missing.
            let run = run.status_among(&[status, if words.contains("sqlite:") { 4 } else { status }]);
            let stderr = run.any_stdout().any_stderr().run().stderr;
            let named = path.split('/').next().unwrap();
            let is_named = |line: &str| line.starts_with("error: ") && line.contains(named);
            assert!(stderr.lines().any(is_named), "{words} with {path}: {stderr}");
        }
    }
    for name in ["closed-file", "closed-dir"] {
        fs::set_permissions(place.path().join(name), Permissions::from_mode(0o700)).unwrap();
    }
}

/// Collects each argument of a command and of the commands below it that is a path: its long name, or its own.
fn paths(command: &clap::Command, found: &mut BTreeSet<String>) {
    for arg in command.get_arguments() {
        if arg.get_value_parser().type_id() == TypeId::of::<PathBuf>() {
            let own = || format!("{} {}", command.get_name(), arg.get_id());
            found.insert(arg.get_long().map_or_else(own, str::to_owned));
        }
    }
    command.get_subcommands().for_each(|below| paths(below, found));
}

#[test]
fn every_option_with_a_path_is_tested_above() {
    let mut found = BTreeSet::new();
    paths(&wikifarm::cli::command(), &mut found);
    assert!(found.contains("root") && found.contains("find roots"), "{found:?}");
    let tested = |name: &str| {
        let name = name.split(' ').next().unwrap().replace("farm", "-f ");
        FILES.iter().chain(&DIRECTORIES).any(|(words, _)| words.contains(&name))
    };
    let missing: Vec<&String> =
        found.iter().filter(|name| !WRITTEN.contains(&name.as_str()) && !tested(name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
