//! `wikifarm session prune`

use serde_json::json;

use crate::support::farms::DOCS;
use crate::support::{DAY, HOUR, NOW, Place, Session, clock, unindent, unwrapped};

/// A session of each kind at the time `now`.
pub(super) fn kinds(now: i64) -> [Session; 7] {
    [
        Session::new('a').expires(now + 9 * HOUR).written(now - HOUR),
        Session::new('b').expires(now - 3 * DAY - HOUR).written(now - 4 * DAY),
        Session::new('c').user("1.2.3").written(now - 2 * DAY - HOUR),
        Session::new('d').user("1.2.3").written(now - HOUR),
        Session::new('e').raw(b"(d").written(now - 9 * DAY),
        Session::named("tmpabcdef.__session").raw(b"(d").written(now - 5 * DAY - HOUR),
        Session::named("README").raw(b"hands off\n").written(now - 99 * DAY),
    ]
}

/// The sessions that are kept.
pub(super) const STAYS: [&str; 4] = [
    "README",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "dddddddddddddddddddddddddddddddddddddddd",
    "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee",
];

pub(super) fn place(now: i64) -> Place {
    Place::farm(DOCS).sessions("sessions", kinds(now))
}

#[test]
fn prune_dry_run_lists_each_removal_with_its_reason() {
    let place = place(NOW);
    place
        .wikifarm("session prune --dry-run --now 1795400000")
        .stdout(str![[r#"
moin-1.9:sessions
  expired: 1
    bbbbbbbb  expired 3 d 1 h ago
  no-expires: 1
    cccccccc  no `expires`; last written 2 d 1 h ago
  stale-temp: 1
    tmpabcde…  leftover temporary file; last written 5 d 1 h ago
STORE  TO REMOVE  SESSIONS  LIVE  EXPIRED  NO EXPIRES  UNREADABLE  STALE TEMP  BYTES
docs           3         5     1        1           2           1           1   84 B

"#]])
        .run();
    assert_eq!(place.names("sessions").len(), 7);
}

#[test]
fn prune_with_now_only_plans() {
    let place = place(NOW);
    let dry = place.wikifarm("session prune --dry-run --now 1795400000").any_stdout().run().stdout;
    place.wikifarm("session prune --now 1795400000").stdout(&dry).run();
    place.wikifarm("session prune --now 1795400000 --all --yes --clock-ok").any_stdout().run();
    assert_eq!(place.names("sessions").len(), 7);
}

#[test]
fn prune_quiet_removes_and_prints_nothing() {
    let place = place(clock());
    place.wikifarm("session prune -q").run();
    assert_eq!(place.names("sessions"), STAYS);
}

#[test]
fn prune_prints_hints_unless_quiet() {
    let farm = format!(
        "{DOCS}
    [wikis.plans]
    url = \"https://plans.example.org/\"
    session_dir = \"sessions\"

    [wikis.idle]
    url = \"https://idle.example.org/\"
    session_dir = \"none\"
    "
    );
    let place = place(clock()).file("farm.toml", unindent(&farm));
    let prune = |more: &str| place.wikifarm(&format!("session prune --store-of docs --store-of idle {more}"));
    prune("-q").run();
    assert_eq!(place.names("sessions"), STAYS);
    let hints = r"
        moin-1.9:sessions: also used by plans
        none: no such directory: its wiki has stored no session yet
        ";
    prune("--dry-run").any_stdout().stderr(hints).run();
    let unreadable = "unreadable: sessions/eeeeeeee…: truncated pickle: ends at byte 2\n";
    prune("-v").any_stdout().stderr(&(unindent(hints) + unreadable)).run();
}

#[test]
fn prune_verbose_lists_unreadable_sessions() {
    let place = place(clock());
    let unreadable = str![[r#"
unreadable: sessions/eeeeeeee…: truncated pickle: ends at byte 2

"#]];
    let stdout = place.wikifarm("session prune -v").any_stdout().stderr(unreadable).run().stdout;
    let said = unwrapped(&stdout);
    let said = said.lines().find(|line| line.starts_with("removed ")).unwrap();
    // The duration is unpredictable.
    let (before, rest) = said.split_once(" in ").unwrap();
    let (_, after) = rest.split_once(" s: ").unwrap();
    assert_eq!(before, "removed 3 files (84 B)");
    assert_eq!(after, "5 sessions scanned, 1 live, 0 changed during the run, 0 failed");
}

#[test]
fn prune_json_has_counts_by_store_and_total() {
    let place = place(clock());
    let mut report = place.wikifarm("session prune --format json").any_stdout().run().json();
    assert!(report.as_object_mut().unwrap().remove("seconds").unwrap().is_f64());
    let mut counts = json!({
        "scanned": 5, "live": 1, "expired": 1, "idle": 0, "no_expires": 2, "invalid_expires": 0, "unreadable": 1,
        "stale_temp": 1, "foreign": 1, "deleted": 3, "would_delete": 0, "kept_by_race": 0, "failed": 0, "bytes": 84,
        "refused": 0, "from_index": 0
    });
    let total = counts.clone();
    counts["store"] = json!("moin-1.9:sessions");
    counts["wikis"] = json!(["docs"]);
    counts["refused"] = json!(null);
    assert_eq!(report, json!({"schema": 1, "stores": [counts], "total": total, "dry_run": false}));
}

#[test]
fn prune_again_removes_nothing() {
    let place = place(clock());
    place.wikifarm("session prune").any_stdout().run();
    place.wikifarm("session prune").any_stdout().run();
    assert_eq!(place.names("sessions"), STAYS);
}

#[test]
fn prune_of_recorded_sessions_keeps_live_ones() {
    // 8 of 132 sessions have expired. 111 have no expiry, and were written an hour ago.
    let place = Place::farm(DOCS).copy("moin-1.9.11/sessions", "sessions", NOW - HOUR);
    let plan = place.wikifarm("session prune --now 1795400000 --format json").any_stdout().run().json();
    assert_eq!(plan["total"]["live"], 13);
    assert_eq!(plan["total"]["would_delete"], 0);
    let plan = place
        .wikifarm("session prune --now 1795500000 --max-delete 90% --format json")
        .any_stdout()
        .run()
        .json();
    assert_eq!(plan["total"]["live"], 13);
    assert_eq!(plan["total"]["would_delete"], 119);
}

#[test]
fn prune_with_grace_keeps_recently_expired_sessions() {
    let session = || Session::new('a').expires(NOW - 2 * HOUR).written(NOW - 3 * HOUR);
    let place = Place::farm(DOCS).session("sessions", session());
    let removed = |words: &str| {
        let plan =
            place.wikifarm("session prune --now 1795400000 --format json").arg(words).any_stdout().run();
        plan.json()["total"]["would_delete"].clone()
    };
    assert_eq!(removed("--grace=1h"), 1);
    assert_eq!(removed("--grace=3h"), 0);
}

#[test]
fn prune_with_grace_below_10_minutes_is_refused() {
    place(NOW)
        .wikifarm("session prune --grace 1m")
        .status(2)
        .stderr(str![[r#"
error: grace is 1 m, but must be at least 10 m: a running request may still save
  its session

"#]])
        .run();
}

#[test]
fn prune_with_idle_removes_idle_sessions() {
    let place = Place::farm(&format!("{DOCS}\n    [prune]\n    idle = \"400d\"\n"))
        .session("sessions", Session::new('a').expires(NOW + DAY).written(NOW - 401 * DAY))
        .session("sessions", Session::new('b').expires(NOW + DAY).written(NOW - 399 * DAY));
    place
        .wikifarm("session prune --now 1795400000")
        .stdout(str![[r#"
moin-1.9:sessions
  idle: 1
    aaaaaaaa  idle: last written 401 d ago
STORE  TO REMOVE  SESSIONS  LIVE  IDLE  BYTES
docs           1         2     1     1   29 B

"#]])
        .run();
}

#[test]
fn prune_anonymous_removes_only_anonymous_sessions() {
    let place = Place::farm(DOCS)
        .session("sessions", Session::new('a').expires(NOW - DAY).written(NOW - DAY))
        .session("sessions", Session::new('b').expires(NOW - DAY).written(NOW - DAY).user("1.2.3"));
    place
        .wikifarm("session prune --anonymous --now 1795400000")
        .stdout(str![[r#"
moin-1.9:sessions
  expired: 1
    aaaaaaaa  expired 1 d ago
STORE  TO REMOVE  SESSIONS  EXPIRED  BYTES
docs           1         2        2   29 B

"#]])
        .run();
}

#[test]
fn prune_removes_unreadable_sessions_only_with_unreadable() {
    let place = place(clock());
    place.wikifarm("session prune --unreadable").any_stdout().run();
    assert_eq!(place.names("sessions"), STAYS[..3]);
}

#[test]
fn prune_strict_with_unreadable_sessions_exits_3() {
    place(clock())
        .wikifarm("session prune --strict")
        .stderr(str![[r#"
error: unreadable: sessions/eeeeeeee…: truncated pickle: ends at byte 2

"#]])
        .status(3)
        .any_stdout()
        .run();
}

#[test]
fn prune_keeps_sessions_with_invalid_expires() {
    let odd = Session::new('a').raw(b"(dS'expires'\nFnan\ns.").written(clock() - 900 * DAY);
    let place = Place::farm(DOCS).session("sessions", odd);
    place.wikifarm("session prune --all --yes").any_stdout().run();
    assert_eq!(place.names("sessions").len(), 1);
}

#[test]
fn prune_keeps_sessions_of_1_9_0_without_expires() {
    let place = Place::farm(&DOCS.replace("1.9.11", "1.9.0"))
        .session("sessions", Session::new('a').user("1.2.3").written(clock() - 300 * DAY));
    place.wikifarm("session prune").any_stdout().run();
    assert_eq!(place.names("sessions").len(), 1);
}

#[test]
fn prune_removes_sessions_of_1_8_without_expires_after_30_days() {
    let place = Place::new()
        .session("old", Session::old('x').user("1.2.3").written(NOW - 31 * DAY))
        .session("old", Session::old('y').user("1.2.3").written(NOW - 29 * DAY));
    place
        .wikifarm("session prune --store moin-1.8:old --now 1795400000")
        .stdout(str![[r#"
moin-1.8:old
  broken: 1
    xxxxxxxx  no `expires`, so its wiki answers with an error; last written 31 d
      ago
STORE         TO REMOVE  SESSIONS  NO EXPIRES  BYTES
moin-1.8:old          1         2           2   53 B

"#]])
        .run();
}

#[test]
fn prune_all_without_a_terminal_is_refused() {
    let place = place(clock());
    place
        .wikifarm("session prune --all")
        .stdin("y\n")
        .status(4)
        .stderr(str![[r#"
error: --all also removes live sessions, and there is no terminal to ask
help: confirm with --yes

"#]])
        .run();
    assert_eq!(place.names("sessions").len(), 7);
}

#[test]
fn prune_all_yes_removes_live_sessions_and_nothing_foreign() {
    let place = place(clock());
    place.wikifarm("session prune --all --yes").any_stdout().run();
    assert_eq!(place.names("sessions"), ["README", "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee"]);
}

#[test]
fn prune_reports_names_of_another_layout_once_and_keeps_them() {
    let place = Place::new().sessions("sessions", [Session::new('a'), Session::new('b')]);
    place
        .wikifarm("session prune --store moin-1.8:sessions")
        .stderr(str![[r#"
moin-1.8:sessions: ignores 2 sessions of another layout
help: check the address

"#]])
        .any_stdout()
        .run();
    assert_eq!(place.names("sessions").len(), 2);
}

#[test]
fn prune_with_a_missing_second_store_exits_3() {
    let place = place(clock());
    let run = place.wikifarm("session prune --store moin-1.9:sessions --store moin-1.9:gone");
    run.status(3)
        .stderr(str![[r#"
error: gone: no such directory

"#]])
        .any_stdout()
        .run();
}

#[test]
fn prune_of_an_empty_bare_directory_is_refused() {
    Place::new()
        .dir("s")
        .wikifarm("session prune --store s")
        .status(4)
        .stderr(str![[r#"
error: s: unknown layout, as there are no sessions: use moin-1.9:DIR or
  moin-1.8:DIR

"#]])
        .run();
}

#[test]
fn prune_of_a_mixed_bare_directory_is_refused_and_changes_no_store() {
    let now = clock();
    let old = || Session::new('b').expires(now - 3 * DAY).written(now - 4 * DAY);
    let place = Place::new().session("good", old()).session("s", old()).session("s", Session::old('x'));
    place
        .wikifarm("session prune --store good --store s")
        .status(4)
        .stderr(str![[r#"
error: s: mixed layouts (1 session of MoinMoin 1.7 or 1.8, 1 of MoinMoin 1.9):
  use moin-1.9:DIR or moin-1.8:DIR

"#]])
        .run();
    assert_eq!(place.names("good").len(), 1);
    assert_eq!(place.names("s").len(), 2);
}

#[test]
fn prune_of_a_store_named_twice_prunes_it_once() {
    let place = place(NOW);
    let plan = place.wikifarm("session prune --now 1795400000 --store moin-1.9:sessions --store ./sessions");
    let plan = plan.arg("--format=json").any_stdout().run().json();
    assert_eq!(plan["total"]["would_delete"], 3);
}

#[test]
fn prune_flags_win_over_the_farm_file() {
    let place = Place::farm(&format!("{DOCS}\n    [prune]\n    grace = \"30d\"\n"))
        .session("sessions", Session::new('a').expires(NOW - 2 * DAY).written(NOW - 2 * DAY));
    let removed = |words: &str| {
        let plan =
            place.wikifarm("session prune --now 1795400000 --format json").arg(words).any_stdout().run();
        plan.json()["total"]["would_delete"].clone()
    };
    assert_eq!(removed("-v"), 0);
    assert_eq!(removed("--grace=1d"), 1);
}

#[test]
fn prune_with_an_invalid_policy_is_refused() {
    let place = place(NOW);
    for (flag, why) in [
        ("--grace=soon", "expected a duration such as 90s, 1.5h, or 30d"),
        ("--idle=-5m", "expected a duration such as 90s, 1.5h, or 30d"),
        ("--stale-temp=99999999999999d", "the duration is longer than 1000 years"),
        ("--max-delete=150%", "expected a count such as 500, or a share such as 50%"),
        ("--max-delete=many", "expected a count such as 500, or a share such as 50%"),
    ] {
        let ran = place.wikifarm("session prune").arg(flag).status(2).any_stderr().run();
        assert!(ran.stderr.contains(why), "{flag}: {}", ran.stderr);
    }
    assert_eq!(place.names("sessions").len(), 7);
}

#[test]
fn prune_dry_run_starts_with_the_longest_overdue_and_verbose_lists_all() {
    let ended = |days: i64| {
        Session::named(&format!("{days:040x}")).expires(NOW - days * DAY).written(NOW - days * DAY)
    };
    let place = Place::farm(DOCS).sessions("sessions", [5, 2, 9, 4, 7].map(ended));
    place
        .wikifarm("session prune -n --now 1795400000")
        .stdout(str![[r#"
moin-1.9:sessions
  expired: 5
    000000000000000000000000  expired 9 d ago
    000000000000000000000000  expired 7 d ago
    000000000000000000000000  expired 5 d ago
    … and 2 more (-v lists all)
STORE  TO REMOVE  SESSIONS  EXPIRED  BYTES
docs           5         5        5  145 B

"#]])
        .run();
    let all = place.wikifarm("session prune -n -v --now 1795400000").any_stdout().run().stdout;
    let ages: Vec<&str> =
        all.lines().filter_map(|line| line.split_once("  expired ")).map(|(_, age)| age).collect();
    assert_eq!(ages, ["9 d ago", "7 d ago", "5 d ago", "4 d ago", "2 d ago"]);
}

#[test]
fn prune_dry_run_shortens_the_name_of_a_leftover_file_of_1_8() {
    let id = "bcdefghijklmnopqrstuvwxyz0123456";
    let place = Place::new()
        .session("old", Session::named(id).user("1.2.3").expires(NOW + DAY).written(NOW - 5 * DAY))
        .session("old", Session::named(&format!("{id}zz3_x9.tmp")).raw(b"").written(NOW - 5 * DAY));
    place
        .wikifarm("session prune --store moin-1.8:old -v --now 1795400000")
        .any_stdout()
        .run()
        .stdout
        .lines()
        .for_each(|line| assert!(!line.contains("bcdefghijklmnop"), "{line}"));
}

#[test]
fn prune_of_freshly_copied_files_names_the_grace_period() {
    let place = Place::new().session("sessions", Session::new('a').expires(NOW - DAY).written(NOW - 60));
    let prune = |now: i64| {
        place.wikifarm(&format!("session prune --store moin-1.9:sessions --now {now}")).any_stdout()
    };
    prune(NOW)
        .stderr(str![[r#"
expired sessions are kept for 1 h after their expiry and their last write (see
  --grace)

"#]])
        .run();
    prune(NOW + DAY).run();
}
