//! `wikifarm session verify`

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::support::{DAY, HOUR, NOW, Place, Session, same};

const FARM: &str = r#"
    moin = "1.9.11"

    [wikis.docs]
    url = "https://docs.example.org/"
    session_dir = "sessions"
    user_dir = "users"
    data_dir = "data"
    superuser = ["Super"]
"#;

/// As private as it should be.
fn private(place: Place, dir: &str) -> Place {
    fs::set_permissions(place.path().join(dir), fs::Permissions::from_mode(0o700)).unwrap();
    place
}

fn sound() -> Place {
    let place = Place::farm(FARM)
        .file("users/1.2.3", "name=JoeDoe\n")
        .file("users/9.9.9", "name=Super\n")
        .session("sessions", Session::new('a').expires(NOW + HOUR).user("1.2.3"))
        .session("sessions", Session::new('b').expires(NOW + HOUR).user("9.9.9").acts_as("1.2.3"))
        .session("sessions", Session::new('c').user("1.2.3").written(NOW - HOUR));
    private(place, "sessions")
}

const VERIFY: &str = "session verify --now 1795400000";

#[test]
fn verify_of_a_sound_store_exits_0() {
    sound()
        .wikifarm(VERIFY)
        .stdout(str![[r#"
3 sessions in 1 store: 0 errors, 0 warnings

"#]])
        .run();
}

#[test]
fn verify_names_each_problem_with_a_fix() {
    let place = sound()
        .session("sessions", Session::new('1').raw(b"(dS'expires'\n"))
        .session("sessions", Session::new('2').expires(NOW + HOUR).user("7.7.7"))
        .session("sessions", Session::new('3').expires(NOW + HOUR).user("1.2.3").acts_as("9.9.9"))
        .session("sessions", Session::new('4').written(NOW - 3 * DAY))
        .session("sessions", Session::new('5').expires(NOW + 5000 * DAY))
        .session("sessions", Session::named("tmpabcdef.__session").raw(b"").written(NOW - 2 * DAY))
        .session("sessions", Session::named("README").raw(b""))
        .session("sessions", Session::named(&"D".repeat(40)).expires(NOW + HOUR))
        .session("data/cache/__session__", Session::new('6').expires(NOW))
        .dir("sessions/__lock__");
    place
        .wikifarm(VERIFY)
        .status(1)
        .stdout(str![[r#"
moin-1.9:sessions (docs)
  error setuid-by-no-superuser: 1 file
    33333333…  JoeDoe acts as id:9.9.9, and is no superuser
    cure: end it with `wikifarm session revoke`, and see how it came to be; or the name is missing from `superuser` in the farm file
  warning unknown-user: 1 file
    22222222…  there is no user id:7.7.7
    cure: end it with `wikifarm session revoke --user id:ID`, or see whether `user_dir` is right
  error unreadable: 1 file
    11111111…  the pickle ends too early at byte 13
    cure: its wiki fails on it or forgets it: remove it with `wikifarm session prune --unreadable`; what is too large or has more than one name, by hand, as it may be more than a session
  warning no-expires: 1 file
    44444444…  without expires, and not written for 3 d
    cure: `wikifarm session prune` removes it when it is old enough, in 1.7 and 1.8 after 30 days; `session revoke` at once
  warning expires-too-far: 1 file
    55555555…  ends 5000.0 days after it was written, and 3650.0 days are configured
    cure: from an older configuration, or forged: end it with `wikifarm session revoke`
  warning never-looked-up: 2 files
    DDDDDDDD…  capitals in its name, which its wikis do not take from a cookie
    README  no name of a session of moin-1.9
    cure: move it elsewhere, or remove it; `wikifarm session prune` leaves it alone
  warning stale-temp: 1 file
    tmpabcde…  half-written, and left behind 2 d ago
    cure: remove it with `wikifarm session prune`
  warning lock-leftover: 1 file
    __lock__  a lock that nobody gave back
    cure: remove it while the wikis are stopped
moin-1.9:data/cache/__session__
  warning orphan-store: 1 directory
    data/cache/__session__  sessions lie here, and no wiki of the farm uses it; below docs
    cure: its sessions are dead: look into it with `wikifarm session stats --store`, then remove it
9 sessions in 2 stores: 2 errors (2 files), 7 warnings (8 entries)

"#]])
        .run();
}

#[test]
fn verify_finds_pickles_that_run_code_under_any_name() {
    let place = sound()
        .session("sessions", Session::new('1').raw(b"(dS'x'\ncos\nsystem\n(S'touch /tmp/planted'\ntRs."))
        .session("sessions", Session::new('2').raw(b"cposix\nsystem\n(S'touch /tmp/planted'\ntR."))
        // It was run before it comes to the byte that makes it unreadable.
        .session("sessions", Session::new('3').raw(b"(dS'x'\ncsubprocess\nPopen\n(S'id'\ntRsX"))
        // Kept by the openid library: no stranger.
        .session(
            "sessions",
            Session::new('4').raw(b"(dS'x'\ncopenid.yadis.manager\nYadisServiceManager\ns."),
        );
    let ran = place.wikifarm(VERIFY).any_stdout().status(1).run();
    let expected = r"
        moin-1.9:sessions (docs)
          error strange-class: 3 files
            11111111…  names os.system, which no session of MoinMoin does
            22222222…  names posix.system, which no session of MoinMoin does
            33333333…  names subprocess.Popen, which no session of MoinMoin does
            cure: its wiki runs that as soon as somebody sends this id: ";
    assert!(ran.stdout.starts_with(crate::support::unindent(expected).trim_end()), "{}", ran.stdout);

    let allowed = place.file(
        "farm.toml",
        format!("{FARM}\n[migrate]\nallow_globals = [\"os.system\", \"posix.*\", \"subprocess.Popen\"]\n"),
    );
    let ran = allowed.wikifarm(VERIFY).any_stdout().status(1).run();
    assert!(!ran.stdout.contains("strange-class"), "{}", ran.stdout);
}

#[test]
fn verify_reports_modes_that_let_other_users_in() {
    let place = sound();
    let file = place.path().join("sessions").join("a".repeat(40));
    fs::set_permissions(file, fs::Permissions::from_mode(0o660)).unwrap();
    let found = |mode: u32| {
        let dir = place.path().join("sessions");
        fs::set_permissions(dir, fs::Permissions::from_mode(mode)).unwrap();
        let found = place.wikifarm(VERIFY).arg("--format=json").any_stdout().status(1).run().json();
        found["counts"].as_array().unwrap().iter().map(|count| count.to_string()).collect::<Vec<_>>()
    };
    let directory =
        r#"{"check":"unsafe-directory","severity":"error","store":"moin-1.9:sessions","files":1}"#;
    let files = r#"{"check":"unsafe-file","severity":"error","store":"moin-1.9:sessions","files":2}"#;
    assert_eq!(found(0o704), [directory]);
    assert_eq!(found(0o707), [directory, files]);
    assert_eq!(found(0o701), [files]);
}

#[test]
fn verify_reports_a_directory_that_others_can_replace() {
    let place = private(
        Place::new().session("above/sessions", Session::new('a').expires(NOW + HOUR)),
        "above/sessions",
    );
    let mode =
        |mode| fs::set_permissions(place.path().join("above"), fs::Permissions::from_mode(mode)).unwrap();
    let verify = "session verify --now 1795400000 --store moin-1.9:above/sessions";
    mode(0o757);
    let ran = place.wikifarm(verify).status(1).any_stdout().run();
    let line = "  error unsafe-directory: 1 directory\n    above  everybody can put another directory in its place (mode 0757)\n";
    assert!(ran.stdout.contains(line), "{}", ran.stdout);
    // In a sticky one nobody can.
    mode(0o1777);
    place.wikifarm(verify).any_stdout().run();
}

#[test]
fn verify_looks_at_all_directories_above_also_behind_a_link() {
    let place = private(
        Place::new().session("open/wiki/cache/sessions", Session::new('a').expires(NOW + HOUR)),
        "open/wiki/cache/sessions",
    );
    std::os::unix::fs::symlink(place.path().join("open/wiki/cache/sessions"), place.path().join("link"))
        .unwrap();
    let mode =
        |mode| fs::set_permissions(place.path().join("open"), fs::Permissions::from_mode(mode)).unwrap();
    for dir in ["open/wiki/cache/sessions", "link"] {
        let verify = format!("session verify --now 1795400000 --store moin-1.9:{dir}");
        mode(0o757);
        let ran = place.wikifarm(&verify).status(1).any_stdout().run();
        let line = "open  everybody can put another directory in its place (mode 0757)\n";
        assert!(ran.stdout.contains(line), "{}", ran.stdout);
        mode(0o755);
        place.wikifarm(&verify).any_stdout().run();
    }
}

#[test]
fn verify_reports_a_session_without_a_mac_by_the_stores_key_as_an_error() {
    let place = Place::new()
        .session("one", Session::new('a').expires(4_000_000_000))
        .session("two", Session::new('b').expires(4_000_000_000))
        .file("key", "an example of a key\n");
    fs::set_permissions(place.path().join("key"), fs::Permissions::from_mode(0o600)).unwrap();
    let (sealed, plain) = ("sqlite:s.db?key_file=key", "sqlite:s.db");
    for (from, to) in [("one", sealed), ("two", plain)] {
        let migrate = format!("session migrate -q --from moin-1.9:{from} --to {to}");
        place.wikifarm(&migrate).any_stdout().run();
    }
    let verify = |store: &str| format!("session verify --now 1795400000 --store {store}");
    place.wikifarm(&verify(plain)).any_stdout().run();
    place
        .wikifarm(&verify(sealed))
        .status(1)
        .stdout(str![[r#"
sqlite:s.db?key_file=key
  error unsealed: 1 session
    bbbbbbbb…  without a MAC by the store's key
    cure: its visitor is anonymous, and cannot log in: compare the key with that of the wikis; if it was moved here without `?key_file=`, move it again with it; else somebody else writes into this store: end it with `wikifarm session revoke`, and see who can
2 sessions in 1 store: 1 error (1 session), 0 warnings

"#]])
        .run();
}

#[test]
fn verify_finds_one_id_in_two_stores_of_one_cookie() {
    let other = r#"
    [wikis.other]
    url = "https://docs.example.org/other"
    session_dir = "other"
    user_dir = "users"
    superuser = ["Super"]
"#;
    let of = |name: &str| {
        let farm = format!("{FARM}    cookie_name = \"one\"\n{other}    cookie_name = \"{name}\"\n");
        let place = sound()
            .file("farm.toml", crate::support::unindent(&farm))
            .session("other", Session::new('a').expires(NOW + HOUR))
            .session("other", Session::new('d').expires(NOW + HOUR));
        private(place, "other")
    };
    let ran = of("one").wikifarm(VERIFY).status(1).any_stdout().run();
    assert!(
        ran.stdout
            .contains("error duplicate-id: 1 file\n    aaaaaaaa…  the same id lies in moin-1.9:other too")
    );
    of("two").wikifarm(VERIFY).any_stdout().run();
}

#[test]
fn verify_sarif_and_ndjson_hold_no_whole_id() {
    let place = sound().session("sessions", Session::new('1').raw(b"(d"));
    let sarif = place.wikifarm(VERIFY).arg("--format=sarif").status(1).any_stdout().run();
    let run = &sarif.json()["runs"][0];
    assert_eq!(run["results"][0]["ruleId"], "unreadable");
    assert_eq!(run["results"][0]["level"], "error");
    let print = &run["results"][0]["partialFingerprints"]["wikifarm/v1"];
    assert!(!sarif.stdout.contains(&"1".repeat(9)));
    // The same in the next run, though its neighbours are others.
    let place = place.session("sessions", Session::new('0').raw(b"(d"));
    let again = place.wikifarm(VERIFY).arg("--format=sarif").status(1).any_stdout().run().json();
    assert_eq!(&again["runs"][0]["results"][1]["partialFingerprints"]["wikifarm/v1"], print);
    let lines = place.wikifarm(VERIFY).arg("--format=ndjson").status(1).any_stdout().run().stdout;
    assert_eq!(lines.lines().count(), 2);
    assert!(lines.starts_with(r#"{"check":"unreadable","severity":"error","store":"moin-1.9:sessions""#));
}

#[test]
fn verify_with_unreadable_users_does_not_report_them_missing() {
    let place = sound();
    fs::remove_dir_all(place.path().join("users")).unwrap();
    let ran = place.wikifarm(VERIFY).status(3).any_stderr().any_stdout().run();
    assert!(ran.stderr.contains("users were not checked"), "{}", ran.stderr);
    assert!(!ran.stdout.contains("unknown-user"));
}

#[test]
fn verify_of_a_directory_without_a_farm_file_checks_what_it_can() {
    let place = sound().session("sessions", Session::new('1').raw(b"(d"));
    let ran = place.wikifarm("session verify --store sessions --now 1795400000").status(1).any_stdout().run();
    assert!(ran.stdout.ends_with("4 sessions in 1 store: 1 error (1 file), 0 warnings\n"), "{}", ran.stdout);
}

#[test]
fn verify_finds_a_session_directory_that_no_wiki_uses() {
    let farm = r#"
        moin = "1.9.11"

        [wikis.docs]
        url = "https://docs.example.org/"
        session_dir = "state/sessions"
        data_dir = "wikis/docs/data"
        user_dir = "users"
    "#;
    let gone = |number: char| Session::new(number).expires(NOW + DAY);
    let place = Place::farm(farm)
        .dir("users")
        .session("state/sessions", Session::new('a').expires(NOW + HOUR))
        // Of an earlier session_dir, of an earlier data_dir with another version, and of a copy.
        .session("state/sessions.old", gone('1'))
        .session("wikis/docs/data-1.8/cache/__common__/session", Session::old('2').expires(NOW + DAY))
        .session("wikis/docs/backup/2025/sessions", gone('3'))
        // By their names only; and where a wiki keeps no sessions.
        .session("state/objects", Session::new('4').raw(b"blob"))
        .session("wikis/docs/data/pages/FrontPage/cache", gone('5'))
        // None has run there.
        .dir("state/empty/__session__");
    let place = private(place, "state/sessions");
    // A link leads nowhere.
    let elsewhere = Place::new().session("sessions", gone('6'));
    std::os::unix::fs::symlink(elsewhere.path(), place.path().join("state/link")).unwrap();
    let ran = place.wikifarm(VERIFY).status(1).any_stdout().run();
    let orphans: Vec<&str> =
        ran.stdout.lines().filter(|line| line.contains("no wiki of the farm uses")).collect();
    let lie = "sessions lie here, and no wiki of the farm uses it";
    assert_eq!(
        orphans,
        [
            format!("    state/sessions.old  {lie}; beside the session directory of docs"),
            format!("    wikis/docs/backup/2025/sessions  {lie}; beside the data_dir of docs"),
            format!("    wikis/docs/data-1.8/cache/__common__/session  {lie}; beside the data_dir of docs"),
        ]
    );
    assert!(
        ran.stdout.ends_with("\n1 session in 4 stores: 0 errors, 3 warnings (3 directories)\n"),
        "{}",
        ran.stdout
    );
    // Not what was asked about.
    place.wikifarm(VERIFY).arg("--store-of=docs").any_stdout().run();
}

#[test]
fn verify_names_directories_not_searched_for_orphans() {
    let place = sound().dir("closed");
    let mode =
        |mode| fs::set_permissions(place.path().join("closed"), fs::Permissions::from_mode(mode)).unwrap();
    mode(0o000);
    let ran = place.wikifarm(VERIFY).any_stdout().any_stderr().run();
    place.wikifarm(VERIFY).arg("-q").run();
    mode(0o700);
    same(
        &ran.stderr,
        str![[r#"
orphan stores: not looked into: ./closed: permission denied

"#]],
    );
}

/// A store of that kind with the sound session, as private as `session migrate` makes it.
fn moved(to: &str) -> Place {
    let place = sound();
    let migrate = format!("-q session migrate --include-expired --from moin-1.9:sessions --to {to}");
    place.wikifarm(&migrate).run();
    place
}

fn checks(place: &Place, store: &str) -> Vec<String> {
    let run = place.wikifarm(VERIFY).arg("--store").arg(store).arg("--format=json");
    let found = run.any_stdout().status_among(&[0, 1]).run().json();
    let check =
        |count: &serde_json::Value| format!("{} {}", count["check"].as_str().unwrap(), count["files"]);
    found["counts"].as_array().unwrap().iter().map(check).collect()
}

#[test]
fn verify_checks_modes_and_contents_of_json_stores() {
    let place = moved("json:js");
    assert!(checks(&place, "json:js").is_empty());
    for digit in ["b", "c"] {
        let file = place.path().join("js").join(digit.repeat(40) + ".json");
        fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
    }
    let file = place.path().join("js").join("a".repeat(40) + ".json");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o604)).unwrap();
    fs::set_permissions(place.path().join("js"), fs::Permissions::from_mode(0o701)).unwrap();
    assert_eq!(checks(&place, "json:js"), ["unsafe-file 1"]);
    fs::write(&file, "{}").unwrap();
    assert_eq!(checks(&place, "json:js"), ["unsafe-file 1", "unreadable 1"]);
}

#[cfg(feature = "sqlite")]
#[test]
fn verify_reports_a_database_that_others_can_read_or_replace() {
    let place = moved("sqlite:s.db");
    let mode = |name: &str, mode| {
        fs::set_permissions(place.path().join(name), fs::Permissions::from_mode(mode)).unwrap();
    };
    assert!(checks(&place, "sqlite:s.db").is_empty());
    mode("s.db", 0o604);
    assert_eq!(checks(&place, "sqlite:s.db"), ["unsafe-file 1"]);
    mode("s.db", 0o600);
    // Who can write in its directory can put another in its place, or a file beside it: then it is not opened.
    let refused = || {
        let run = place.wikifarm(VERIFY).arg("--store=sqlite:s.db").arg("--format=json");
        let ran = run.any_stdout().any_stderr().status(4).run();
        assert!(ran.stderr.contains(" can write in its directory (mode "), "{}", ran.stderr);
        ran.json()["counts"].clone()
    };
    mode(".", 0o757);
    assert_eq!(refused()[0]["check"], "unsafe-directory");
    mode(".", 0o1757);
    assert!(refused().as_array().unwrap().is_empty());
    mode(".", 0o755);
}
