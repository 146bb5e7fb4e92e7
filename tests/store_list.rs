//! `wikifarm store list`

use std::fs;

use serde_json::{Value, json};

use crate::support::{DAY, HOUR, NOW, Place, Session};

const FARM: &str = r#"
    moin = "1.9.11"

    [wikis.docs]
    url = "https://docs.example.org/"
    session_dir = "sessions"

    [wikis.plans]
    url = "https://plans.example.org/"
    session_dir = "sessions"

    [wikis.old]
    moin = "1.8.7"
    url = "https://old.example.org/"
    anonymous_session_lifetime = 1
    data_dir = "old"

    [wikis.new]
    moin = "2.0"
    url = "https://new.example.org/"
"#;

const LIST: &str = "store list --now 1795400000";

fn farm() -> Place {
    Place::farm(FARM).sessions(
        "sessions",
        [
            Session::new('a').expires(NOW + HOUR).user("1.2.3").written(NOW - HOUR),
            Session::new('b').expires(NOW - DAY).written(NOW - 2 * DAY),
            Session::new('c').written(NOW - DAY),
            Session::new('d').raw(b"no pickle").written(NOW - DAY),
            Session::named("tmpabcdef.__session").raw(b"half").written(NOW - DAY),
            Session::named("README").raw(b""),
        ],
    )
}

/// Removes values that depend on the file system.
fn without_disk(mut rows: Value) -> Value {
    for row in rows.as_array_mut().unwrap() {
        let row = row.as_object_mut().unwrap();
        let filesystem = row.remove("filesystem").unwrap();
        if row["status"] == "ok" {
            assert!(filesystem["bytes"].as_u64() >= filesystem["bytes_free"].as_u64());
            assert!(row.remove("bytes_on_disk").unwrap().is_u64());
        } else {
            assert!(filesystem.is_null());
        }
    }
    rows
}

#[test]
fn store_list_prints_each_store_with_wikis_and_usage() {
    let listed = farm().wikifarm(LIST).any_stdout().run().stdout;
    let lines: Vec<Vec<&str>> = listed.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines.len(), 3, "{listed}");
    assert!(listed.starts_with("STORE "), "{listed}");
    assert_eq!(lines[1][..7], ["moin-1.9:sessions", "docs,", "plans", "4", "1", "124", "B"]);
    let old = ["moin-1.8:old/cache/__common__/session", "old", "missing", "-", "-", "-", "-", "-", "-"];
    assert_eq!(lines[2], old, "no wiki has run there yet");
}

#[test]
fn store_list_json_has_every_count_and_free_space() {
    let rows = farm().wikifarm(LIST).arg("--format=json").any_stdout().run().json();
    assert_eq!(
        without_disk(rows["stores"].clone()),
        json!([
            {
                "store": "moin-1.9:sessions", "layout": "moin-1.9", "wikis": ["docs", "plans"],
                "status": "ok", "sessions": 4, "live": 1, "expired": 1, "idle": 0, "no_expires": 1,
                "invalid_expires": 0, "unreadable": 1, "temp": 1, "foreign": 1, "bytes": 124, "inodes": 6,
                "oldest": NOW - 2 * DAY, "newest": NOW - HOUR,
                "oldest_at": "2026-11-21T02:13:20Z", "newest_at": "2026-11-23T01:13:20Z"
            },
            {
                "store": "moin-1.8:old/cache/__common__/session", "layout": "moin-1.8", "wikis": ["old"],
                "status": "missing"
            }
        ])
    );
}

#[test]
fn store_list_csv_and_ndjson_print_a_line_for_each_store() {
    let place = farm();
    let ndjson = place.wikifarm(LIST).arg("--format=ndjson").any_stdout().run().stdout;
    let stores: Vec<Value> =
        ndjson.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["store"].clone()).collect();
    assert_eq!(stores, ["moin-1.9:sessions", "moin-1.8:old/cache/__common__/session"]);
    let csv = place.wikifarm(LIST).arg("--format=csv").any_stdout().run().stdout;
    let lines: Vec<&str> = csv.lines().collect();
    assert!(lines[0].starts_with("store,layout,wikis,status,sessions,live,"));
    assert!(lines[1].starts_with("moin-1.9:sessions,moin-1.9,docs plans,ok,4,1,1,0,1,0,1,1,1,124,"), "{csv}");
    assert_eq!(
        lines[2],
        format!("{stores},moin-1.8,old,missing{}", ",".repeat(18), stores = stores[1].as_str().unwrap())
    );
}

#[test]
fn store_list_with_store_counts_every_layout_without_a_farm() {
    let place = farm();
    for to in
        ["json:js", "sqlite:s.db"].iter().filter(|to| cfg!(feature = "sqlite") || to.starts_with("json"))
    {
        let migrate = format!("session migrate --include-expired --from moin-1.9:sessions --to {to}");
        place.wikifarm(&migrate).any_stdout().any_stderr().status_among(&[0, 3]).run();
        let rows =
            place.wikifarm(LIST).arg("--store").arg(*to).arg("--format=json").any_stdout().run().json();
        assert_eq!(
            (&rows["stores"][0]["sessions"], &rows["stores"][0]["live"]),
            (&json!(3), &json!(1)),
            "{to}: {rows}"
        );
        assert_eq!(rows["stores"][0]["wikis"], json!([]));
        assert!(
            rows["stores"][0]["inodes"].as_u64().unwrap() >= 1
                && rows["stores"][0]["filesystem"]["bytes"].is_u64()
        );
    }
}

#[test]
fn store_list_prints_a_line_for_a_store_that_failed() {
    let place = farm();
    fs::write(place.path().join("file"), "").unwrap();
    let run = place.wikifarm("store list --store moin-1.9:file --store moin-1.9:none --format json");
    let rows = run
        .status(3)
        .any_stdout()
        .stderr(str![[r#"
error: file: not a directory
error: none: no such directory

"#]])
        .run()
        .json();
    let statuses: Vec<&Value> = rows["stores"].as_array().unwrap().iter().map(|row| &row["status"]).collect();
    assert_eq!(statuses, ["failed", "failed"]);
}
