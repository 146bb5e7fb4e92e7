//! `wikifarm session stats`

use serde_json::json;

use crate::support::{DAY, HOUR, NOW, Place, Session, clock, unindent};

const FARM: &str = r#"
    moin = "1.9.11"

    [wikis.docs]
    url = "https://docs.example.org/"
    session_dir = "sessions"
    user_dir = "users"

    [wikis.plans]
    url = "https://plans.example.org/"
    session_dir = "sessions"
    user_dir = "users"
"#;

const STATS: &str = "session stats --now 1795400000";

/// The real sessions and users of a wiki.
fn real() -> Place {
    Place::farm(FARM).copy("moin-1.9.11/users", "users", NOW).copy(
        "moin-1.9.11/sessions",
        "sessions",
        NOW - 2 * HOUR,
    )
}

#[test]
fn stats_counts_by_state_user_age_and_expiry() {
    // The number of bytes on disk depends on the file system.
    let stats = real().wikifarm(STATS).arg("--top=2").env("LC_ALL", "C").any_stdout().run().stdout;
    let without_disk: String = stats.lines().filter(|line| !line.starts_with("  the store uses ")).fold(
        String::new(),
        |text, line| {
            let cut =
                if line.ends_with("ON DISK") || line.ends_with("KiB") { line.rfind("  ") } else { None };
            text + line.get(..cut.unwrap_or(line.len())).unwrap().trim_end() + "\n"
        },
    );
    let expected = unindent(
        r"
        moin-1.9:sessions (docs, plans)
          STATE       SESSIONS     BYTES
          live              13   2.1 KiB
          expired            8     483 B
          no-expires       111  13.7 KiB
          all              132  16.3 KiB
          logged in 124, anonymous 8, one-request logins 111, superusers acting as
          others 1
          never came back: 111 sessions of one request (84 %)

          users with the most sessions
            BobBuilder  63
            DaveForget  52

          last written
            under 1 h           0
            1 h to 1 d        132 ########################################
            1 d to 7 d          0
            7 d to 30 d         0
            30 d to 90 d        0
            90 d to 400 d       0
            over 400 d          0

          expires
            over 30 d ago      0
            1 d to 30 d ago    0
            under 1 d ago      8 #########################
            in under 1 h       0
            in 1 h to 1 d      0
            in 1 d to 30 d     0
            in 30 d to 400 d   0
            in over 400 d     13 ########################################
        ",
    );
    assert_eq!(without_disk, expected);
}

#[test]
fn stats_json_has_every_count() {
    let place = Place::farm(FARM).copy("moin-1.9.11/users", "users", NOW).sessions(
        "sessions",
        [
            Session::new('a').expires(NOW + HOUR / 2).user("1795391009.69.61222").written(NOW - 60),
            Session::new('b').user("1795391009.69.61222").written(NOW - 2 * DAY),
            Session::new('c').expires(NOW - 40 * DAY).written(NOW - 41 * DAY),
        ],
    );
    let mut stats = place.wikifarm(STATS).arg("--format=json").any_stdout().run().json();
    for state in stats["stores"][0]["states"].as_array_mut().unwrap() {
        let on_disk = state.as_object_mut().unwrap().remove("bytes_on_disk").unwrap();
        assert!(on_disk.is_u64());
    }
    let filesystem = stats["stores"][0].as_object_mut().unwrap().remove("filesystem").unwrap();
    assert!(filesystem["bytes"].is_u64());
    let of = |state: &str, sessions: u64, bytes: u64| json!({"state": state, "sessions": sessions, "bytes": bytes});
    let bin = |from: Option<f64>, to: Option<f64>, label: &str, sessions: u64| json!({"from": from, "to": to, "label": label, "sessions": sessions});
    let (hour, day) = (3600.0, 86_400.0);
    assert_eq!(
        stats,
        json!({"schema": 1, "stores": [{
            "store": "moin-1.9:sessions", "wikis": ["docs", "plans"], "inodes": 3,
            "states": [
                of("live", 1, 93), of("expired", 1, 29), of("idle", 0, 0), of("no-expires", 1, 67),
                of("invalid-expires", 0, 0), of("unreadable", 0, 0)
            ],
            "logged_in": 2, "anonymous": 1, "one_request_logins": 1, "acting_as_others": 0, "never_came_back": 1, "growth": null, "problems": [],
            "users": [{"id": "1795391009.69.61222", "name": "AdminAda", "sessions": 2}],
            "age": [
                bin(None, Some(hour), "under 1 h", 1),
                bin(Some(hour), Some(day), "1 h to 1 d", 0),
                bin(Some(day), Some(7.0 * day), "1 d to 7 d", 1),
                bin(Some(7.0 * day), Some(30.0 * day), "7 d to 30 d", 0),
                bin(Some(30.0 * day), Some(90.0 * day), "30 d to 90 d", 1),
                bin(Some(90.0 * day), Some(400.0 * day), "90 d to 400 d", 0),
                bin(Some(400.0 * day), None, "over 400 d", 0)
            ],
            "expiry": [
                bin(None, Some(-30.0 * day), "over 30 d ago", 1),
                bin(Some(-30.0 * day), Some(-day), "1 d to 30 d ago", 0),
                bin(Some(-day), Some(0.0), "under 1 d ago", 0),
                bin(Some(0.0), Some(hour), "in under 1 h", 1),
                bin(Some(hour), Some(day), "in 1 h to 1 d", 0),
                bin(Some(day), Some(30.0 * day), "in 1 d to 30 d", 0),
                bin(Some(30.0 * day), Some(400.0 * day), "in 30 d to 400 d", 0),
                bin(Some(400.0 * day), None, "in over 400 d", 0)
            ]
        }]})
    );
}

#[test]
fn stats_of_an_empty_store_prints_zeros() {
    let place = Place::new().dir("s");
    let stats = place.wikifarm(STATS).arg("--store=moin-1.9:s").any_stdout().run().stdout;
    let expected = unindent(
        r"
        moin-1.9:s
          STATE  SESSIONS
          all           0
          logged in 0, anonymous 0, one-request logins 0, superusers acting as others 0
        ",
    );
    let inodes = stats.strip_prefix(&expected).unwrap_or_else(|| panic!("{stats}"));
    assert!(inodes.is_empty() || inodes.starts_with("  the store uses 0 of the "), "{inodes}");
}

#[test]
fn stats_counts_one_request_logins_only_if_the_version_allows() {
    let never = |version: &str| {
        let farm = FARM.replace("1.9.11", version);
        let session = Session::new;
        let place = Place::farm(&farm).sessions(
            "sessions",
            [
                session('a').written(NOW - 2 * HOUR),
                // The visitor may still be reading.
                session('b').written(NOW - HOUR / 2),
                session('c').expires(NOW + HOUR).written(NOW - 2 * HOUR),
            ],
        );
        let stats = place.wikifarm(STATS).arg("--format=json").any_stdout().run().json();
        stats["stores"][0]["never_came_back"].clone()
    };
    assert_eq!(never("1.9.2"), json!(1));
    assert_eq!(never("1.9.11"), json!(1));
    for version in ["1.9.0", "1.9.1"] {
        assert_eq!(never(version), json!(null), "{version}");
    }
    let place =
        Place::farm(&FARM.replace("1.9.11", "1.9.1")).session("sessions", Session::new('a').expires(NOW));
    let human = place.wikifarm(STATS).any_stdout().run().stdout;
    assert!(human.contains("\n  never came back: unknown (requires MoinMoin 1.9.2 or later)\n"), "{human}");
}

#[test]
fn stats_counts_growth_since_the_last_prune_with_an_index() {
    let now = clock();
    let place = Place::on_plain_disk(FARM).sessions(
        "sessions",
        [
            Session::new('a').expires(now + HOUR).written(now - HOUR),
            Session::new('b').expires(now - 2 * DAY).written(now - 3 * DAY),
        ],
    );
    let growth = |place: &Place| {
        let stats = place.wikifarm("session stats --format json").any_stdout().run().json();
        stats["stores"][0]["growth"].clone()
    };
    assert_eq!(growth(&place), json!(null));
    place.wikifarm("-q session prune").run();
    let none = growth(&place);
    assert_eq!(
        (&none["sessions"], &none["change"]),
        (&json!(1), &json!(0)),
        "what prune removed is not counted"
    );
    assert!(none["since_at"].is_string());
    let place = place
        .session("sessions", Session::new('c').expires(now + HOUR).written(now))
        .session("sessions", Session::new('d').expires(now + HOUR).written(now));
    assert_eq!(growth(&place)["change"], json!(2));
    let human = place.wikifarm("session stats").any_stdout().run().stdout;
    assert!(human.contains("\n  2 more sessions than after the last prune ("), "{human}");
}

#[test]
fn stats_counts_inodes_of_leftover_temporary_files() {
    let place = Place::new().session("s", Session::new('a')).session("s", Session::named("README").raw(b""));
    let place = place.session("s", Session::named("tmpabcdef.__session").raw(b"(d"));
    let stats = place.wikifarm(STATS).args(["--store=moin-1.9:s", "--format=json"]).any_stdout().run().json();
    assert_eq!(
        (&stats["stores"][0]["inodes"], &stats["stores"][0]["states"][3]["sessions"]),
        (&json!(2), &json!(1))
    );
}

#[cfg(feature = "sqlite")]
#[test]
fn stats_of_a_database_counts_no_inodes() {
    let place = real();
    place.wikifarm("-q session migrate --include-expired --from moin-1.9:sessions --to sqlite:s.db").run();
    let run = || place.wikifarm(STATS).arg("--store=sqlite:s.db");
    let stats = run().arg("--format=json").any_stdout().run().json();
    let live = &stats["stores"][0]["states"][0];
    assert_eq!((&live["bytes_on_disk"], &live["sessions"]), (&json!(null), &json!(13)));
    assert!(stats["stores"][0]["inodes"].as_u64().is_some_and(|files| (1..=3).contains(&files)), "{stats}");
    let human = run().any_stdout().run().stdout;
    assert!(human.contains("  all              132  16.3 KiB  -\n"), "{human}");
}

#[test]
fn stats_of_an_empty_bare_directory_counts_nothing() {
    Place::new()
        .dir("s")
        .wikifarm(STATS)
        .arg("--store=s")
        .stderr(str![[r#"
s: no sessions, so the layout is unknown

"#]])
        .run();
}

#[test]
fn stats_of_a_mixed_directory_shows_each_layout_as_a_store() {
    let place = Place::new().session("s", Session::new('a')).session("s", Session::old('x'));
    let run = place.wikifarm(STATS).arg("--store=s").arg("--format=json");
    let stats = run
        .any_stdout()
        .stderr(str![[r#"
s: 1 session of MoinMoin 1.7 or 1.8, 1 of MoinMoin 1.9 in one directory

"#]])
        .run()
        .json();
    assert_eq!(stats["stores"][0]["store"], "moin-1.8:s");
    assert_eq!(stats["stores"][0]["inodes"], 1);
    assert_eq!(stats["stores"][1]["store"], "moin-1.9:s");
    assert_eq!(stats["stores"][1]["inodes"], 1);
}
