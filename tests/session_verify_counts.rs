//! `wikifarm session verify` counts each check once for each store, and reports the number of files.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::support::farms::DOCS_WITH_USERS;
use crate::support::{HOUR, NOW, Place, Session};

/// Two stores with 30 and 2 sessions, written by a wiki with umask 0022.
fn one_umask() -> Place {
    let sessions =
        |count: usize| (0..count).map(|n| Session::named(&format!("{n:08x}{:032}", 0)).expires(NOW + HOUR));
    let place = Place::new().sessions("one", sessions(30)).sessions("two", sessions(2));
    for dir in ["one", "two"] {
        for entry in fs::read_dir(place.path().join(dir)).unwrap() {
            fs::set_permissions(entry.unwrap().path(), fs::Permissions::from_mode(0o644)).unwrap();
        }
        fs::set_permissions(place.path().join(dir), fs::Permissions::from_mode(0o701)).unwrap();
    }
    place
}

const VERIFY: &str = "session verify --now 1795400000 --store moin-1.9:one --store moin-1.9:two";

#[test]
fn verify_reports_a_bad_umask_as_one_finding_with_its_files() {
    one_umask()
        .wikifarm(VERIFY)
        .status(1)
        .stdout(str![[r#"
moin-1.9:one
  warning[readable-sessions]: session file that every local user can read (30
    files)
    00000000…  readable by every local user (mode 0644)
    00000001…  readable by every local user (mode 0644)
    00000002…  readable by every local user (mode 0644)
    … and 27 more (-v lists all)
    help: run `chmod o-r FILE`, and set the wiki's umask to 0007 or 0077
moin-1.9:two
  warning[readable-sessions]: session file that every local user can read (2
    files)
    00000000…  readable by every local user (mode 0644)
    00000001…  readable by every local user (mode 0644)
    help: run `chmod o-r FILE`, and set the wiki's umask to 0007 or 0077
32 sessions in 2 stores: 0 errors, 2 warnings (32 files)

"#]])
        .run();
}

#[test]
fn verify_json_counts_findings_and_files_separately() {
    let found = one_umask().wikifarm(VERIFY).arg("--format=json").status(1).any_stdout().run().json();
    let numbers = ["errors", "error_files", "warnings", "warning_files"].map(|name| found[name].as_u64());
    assert_eq!(numbers, [Some(0), Some(0), Some(2), Some(32)]);
    let files: Vec<u64> =
        found["counts"].as_array().unwrap().iter().map(|count| count["files"].as_u64().unwrap()).collect();
    assert_eq!(files, [30, 2]);
}

#[test]
fn verify_metrics_and_log_count_findings_and_files_separately() {
    let place = one_umask().dir("metrics");
    place.wikifarm(VERIFY).arg("--metrics=metrics/verify.prom").status(1).any_stdout().run();
    let text = fs::read_to_string(place.path().join("metrics/verify.prom")).unwrap();
    let text = text.replace(&format!("{}/", place.path().canonicalize().unwrap().display()), "");
    let value = |metric: &str, store: &str| {
        let series = format!("wikifarm_verify_{metric}{{command=\"verify\",store=\"moin-1.9:{store}\"");
        let line =
            text.lines().find(|line| line.starts_with(&series) && line.contains("\"readable-sessions\""));
        line.unwrap_or_else(|| panic!("{text}")).rsplit(' ').next().unwrap().to_owned()
    };
    assert_eq!([value("findings", "one"), value("files", "one")], ["1", "30"]);
    assert_eq!([value("findings", "two"), value("files", "two")], ["1", "2"]);
}

#[test]
fn verify_counts_a_session_with_two_unknown_users_once() {
    let place = Place::farm(DOCS_WITH_USERS);
    let place = place
        .dir("users")
        .dir("sessions")
        .session("sessions", Session::new('a').expires(NOW + HOUR).user("1.2.3").acts_as("4.5.6"));
    let ran = place.wikifarm("session verify --now 1795400000 --store-of docs").status(1).any_stdout().run();
    let line = "  warning[unknown-user]: session of a user who does not exist (1 file)\n    aaaaaaaa…  user id:1.2.3 does not exist; acts as id:4.5.6, who does not\n      exist\n";
    assert!(ran.stdout.contains(line), "{}", ran.stdout);
}
