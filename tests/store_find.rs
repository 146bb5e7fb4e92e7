//! `wikifarm store find`

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use crate::support::farms::DOCS_AND_PLANS;
use crate::support::{DAY, HOUR, NOW, Place, Session, same};

const FIND: &str = "store find --now 1795400000";

/// A store in use, an unused store, and a cache in which files have names of sessions.
fn tree(place: Place) -> Place {
    place
        .session("sessions", Session::new('a').expires(NOW + HOUR).written(NOW - HOUR))
        .session("sessions", Session::new('b').expires(NOW + HOUR).written(NOW - 2 * HOUR))
        .session("backup/cache/__session__", Session::new('c').expires(NOW).written(NOW - 100 * DAY))
        .session("cache", Session::new('d').raw(b"(dS'html'\nS'<p>'\ns."))
}

#[test]
fn find_lists_every_session_directory_with_its_wikis() {
    let place = tree(Place::farm(DOCS_AND_PLANS));
    let table = r"
        STORE                              SESSIONS  BYTES  OLDEST     NEWEST     USED BY
        moin-1.9:backup/cache/__session__  1         29 B   100 d ago  100 d ago  no wiki
        moin-1.9:sessions                  2         58 B   2 h ago    60 m ago   docs, plans
    ";
    let table =
        crate::support::unindent(table).replace("backup/", "./backup/").replace(":sessions", ":./sessions");
    let summary = "2 stores in 6 directories, 1 doubtful (-v shows them)\n";
    let found = place.wikifarm(FIND).arg(".").any_stdout().run().stdout;
    let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(squeezed(&found), squeezed(&format!("{table}{summary}")));
    let verbose = place.wikifarm(FIND).args([".", "-v"]).any_stdout().run().stdout;
    let doubt = "doubtful: ./cache: 1 file name of moin-1.9, but the files are not sessions\n";
    assert!(verbose.contains(doubt), "{verbose}");
}

#[test]
fn find_ndjson_selects_orphans_and_by_age() {
    let place = tree(Place::farm(DOCS_AND_PLANS));
    let lines = |more: &str| {
        let run = place.wikifarm(FIND).arg(".").arg("--format=ndjson");
        let lines = run.args(more.split_whitespace()).any_stdout().run().stdout;
        let path =
            |line: &str| serde_json::from_str::<Value>(line).unwrap()["path"].as_str().unwrap().to_owned();
        lines.lines().map(path).collect::<Vec<_>>()
    };
    assert_eq!(lines("--orphans"), ["./backup/cache/__session__"]);
    assert_eq!(lines("--older-than 90d"), ["./backup/cache/__session__"]);
    assert_eq!(lines("--older-than 101d").len(), 0);
    assert_eq!(lines("--min-sessions 2"), ["./sessions"]);
    assert_eq!(lines("--layout moin-1.8").len(), 0);
    assert_eq!(lines("--max-depth 1"), ["./sessions"]);
    assert_eq!(lines("-v").len(), 3);
}

#[test]
fn find_without_a_farm_file_shows_no_wikis() {
    let place = tree(Place::new());
    let found = place.wikifarm(FIND).args([".", "--format=json"]).any_stdout().run().json();
    assert_eq!(found["stores"].as_array().unwrap().len(), 2);
    assert_eq!(
        found["stores"][1],
        json!({
            "store": "moin-1.9:./sessions", "layout": "moin-1.9", "path": "./sessions", "wikis": null, "sessions": 2,
            "temp": 0, "foreign": 0, "bytes": 58, "oldest": NOW - 2 * HOUR, "oldest_at": "2026-11-23T00:13:20Z",
            "newest": NOW - HOUR, "newest_at": "2026-11-23T01:13:20Z", "mixed": false, "uid": found["stores"][1]["uid"],
            "mode": found["stores"][1]["mode"], "doubt": null
        })
    );
    assert_eq!(found["doubtful"][0]["doubt"], "other-content");
    place
        .wikifarm(FIND)
        .args([".", "--orphans"])
        .status(2)
        .stderr(str![[r#"
error: --orphans needs a farm file
help: pass -f FILE

"#]])
        .run();
}

#[test]
fn find_reports_unreadable_directories_and_finds_the_rest() {
    let place = tree(Place::farm(DOCS_AND_PLANS)).dir("closed");
    // Give the directory to the user of the run before closing it.
    place.wikifarm("store find sessions").any_stdout().run();
    fs::set_permissions(place.path().join("closed"), fs::Permissions::from_mode(0o000)).unwrap();
    let ran =
        place.wikifarm(FIND).args([".", "-q", "--format=csv"]).status(3).any_stdout().any_stderr().run();
    same(
        &ran.stderr,
        str![[r#"
error: ./closed: permission denied

"#]],
    );
    assert_eq!(ran.stdout.lines().count(), 3, "{}", ran.stdout);
    place
        .wikifarm(FIND)
        .arg("none")
        .status(3)
        .stdout(str![[r#"
0 stores in 0 directories

"#]])
        .stderr(str![[r#"
error: none: no such directory

"#]])
        .run();
}

#[cfg(feature = "sqlite")]
#[test]
fn find_also_finds_databases_and_json() {
    let place = tree(Place::farm(DOCS_AND_PLANS)).dir("moved");
    for to in ["json:moved/js", "sqlite:moved/s.db"] {
        let migrate = format!("session migrate --include-expired --from moin-1.9:sessions --to {to}");
        place.wikifarm(&migrate).any_stdout().run();
    }
    let found = place.wikifarm(FIND).args(["moved", "--format=json"]).any_stdout().run().json();
    let stores: Vec<(&Value, &Value)> =
        found["stores"].as_array().unwrap().iter().map(|row| (&row["store"], &row["sessions"])).collect();
    assert_eq!(stores, [(&json!("json:moved/js"), &json!(2)), (&json!("sqlite:moved/s.db"), &Value::Null)]);
}
