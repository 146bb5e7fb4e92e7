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

/// Makes a directory private, as it should be.
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
fn verify_of_a_store_without_problems_exits_0() {
    sound()
        .wikifarm(VERIFY)
        .stdout(str![[r#"
3 sessions in 1 store: 0 errors, 0 warnings

"#]])
        .run();
}

#[test]
fn verify_reports_each_problem_with_help() {
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
  error[unauthorized-setuid]: session that acts as another user, but does not
    belong to a superuser (1 file)
    33333333…  JoeDoe acts as Super, but is not a superuser
    help: remove it with `wikifarm session revoke ID`, and find out who made it.
      If the user is a superuser, add the name to `superuser` in the farm file
  warning[unknown-user]: session of a user who does not exist (1 file)
    22222222…  user id:7.7.7 does not exist
    help: run `wikifarm session revoke --user id:ID`, or correct `user_dir` in
      the farm file
  error[unreadable]: session that can't be read (1 file)
    11111111…  truncated pickle: ends at byte 13; the wiki logs the user out
    help: run `wikifarm session prune --unreadable`. Check and delete files by
      hand if they are too large or have several hard links: other programs may
      use them
  warning[no-expires]: old session without `expires` (1 file)
    44444444…  no `expires`; last written 3 d ago
    help: run `wikifarm session prune`: it removes these sessions after
      `no_expires`, those of MoinMoin 1.7 and 1.8 after 30 days.
      `wikifarm session revoke ID` removes one at once
  warning[expires-too-far]: session that expires later than the configuration
    allows (1 file)
    55555555…  expires 5000.0 days after its last write: the configured maximum
      is 3650.0 days
    help: check whether an earlier configuration allowed it. If not, the session
      may be forged: remove it with `wikifarm session revoke ID`
  warning[unreachable-name]: file with a name that no wiki looks up (2 files)
    DDDDDDDD…  uppercase letters in its name: its wikis reject such an id in a
      cookie
    README  not a session name of moin-1.9
    help: move or delete it: `wikifarm session prune` does not remove it
  warning[stale-temp]: leftover temporary file (1 file)
    tmpabcde…  last written 2 d ago
    help: run `wikifarm session prune`
  warning[stale-lock]: leftover `__lock__` of a wiki that was stopped (1 file)
    __lock__  lock that was never released
    help: stop the wikis, then delete it
moin-1.9:data/cache/__session__
  warning[orphan-store]: session directory that no wiki uses (1 directory)
    data/cache/__session__  holds sessions, but no wiki in the farm file uses it
      (found below the cache_dir of docs)
    help: inspect it with `wikifarm session stats --store DIR`, then delete it
9 sessions in 2 stores: 2 errors (2 files), 7 warnings (8 entries)

"#]])
        .run();
}

#[test]
fn verify_finds_pickles_that_run_code_under_any_name() {
    let place = sound()
        .session("sessions", Session::new('1').raw(b"(dS'x'\ncos\nsystem\n(S'touch /tmp/planted'\ntRs."))
        .session("sessions", Session::new('2').raw(b"cposix\nsystem\n(S'touch /tmp/planted'\ntR."))
        // Python calls the function before it reaches the invalid byte.
        .session("sessions", Session::new('3').raw(b"(dS'x'\ncsubprocess\nPopen\n(S'id'\ntRsX"))
        // The openid library stores this class, so it is allowed.
        .session(
            "sessions",
            Session::new('4').raw(b"(dS'x'\ncopenid.yadis.manager\nYadisServiceManager\ns."),
        );
    let ran = place.wikifarm(VERIFY).any_stdout().status(1).run();
    let expected = r"
        moin-1.9:sessions (docs)
          error[forbidden-class]: session that contains a class or function MoinMoin
            never stores (3 files)
            11111111…  contains os.system, which MoinMoin never stores in a session
            22222222…  contains posix.system, which MoinMoin never stores in a session
            33333333…  contains subprocess.Popen, which MoinMoin never stores in a
              session
            help: treat it as an attack: ";
    assert!(ran.stdout.starts_with(crate::support::unindent(expected).trim_end()), "{}", ran.stdout);

    let allowed = place.file(
        "farm.toml",
        format!("{FARM}\n[migrate]\nallow_globals = [\"os.system\", \"posix.*\", \"subprocess.Popen\"]\n"),
    );
    let ran = allowed.wikifarm(VERIFY).any_stdout().status(1).run();
    assert!(!ran.stdout.contains("forbidden-class"), "{}", ran.stdout);
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
    let count = |rule: &str, severity: &str, files: u8| {
        format!(r#"{{"rule":"{rule}","severity":"{severity}","store":"moin-1.9:sessions","files":{files}}}"#)
    };
    let list = count("listable-sessions", "warning", 1);
    let write = count("world-writable", "error", 1);
    let read = count("readable-sessions", "warning", 2);
    assert_eq!(found(0o704), std::slice::from_ref(&list));
    assert_eq!(found(0o707), [write, list, read.clone()]);
    assert_eq!(found(0o701), [read]);
    let file = place.path().join("sessions").join("b".repeat(40));
    fs::set_permissions(file, fs::Permissions::from_mode(0o606)).unwrap();
    assert_eq!(
        found(0o701),
        [count("readable-sessions", "warning", 1), count("writable-sessions", "error", 1)]
    );
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
    let line = "  error[writable-parent]: directory in which every local user can replace the\n    session directory or database (1 directory)\n    above  every local user can replace the session directory (mode 0757)\n";
    assert!(ran.stdout.contains(line), "{}", ran.stdout);
    // In a sticky directory, no other user can replace it.
    mode(0o1777);
    place.wikifarm(verify).any_stdout().run();
}

#[test]
fn verify_checks_all_parent_directories_also_behind_a_link() {
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
        let line = "open  every local user can replace the session directory (mode 0757)\n";
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
    // `list` and `show` do not present such a record as ordinary.
    let problem = "no MAC by the key of its store; the wiki treats the visitor as anonymous";
    for command in ["list", "show bbbbbbbb"] {
        let line = format!("session {command} --now 1795400000 --store {sealed}");
        let text = place.wikifarm(&line).any_stdout().run().stdout;
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(words.matches(problem).count(), 1, "{text}");
        let json = place.wikifarm(&format!("{line} --format json")).any_stdout().run().json();
        let sessions = json["sessions"].as_array().unwrap();
        let of = |digit: &str| {
            let one = sessions.iter().find(|one| one["id"].as_str().unwrap().starts_with(digit));
            one.map(|one| one["problem"].clone())
        };
        assert_eq!(of("b"), Some(problem.into()));
        assert!(command != "list" || of("a") == Some(serde_json::Value::Null), "{json}");
    }
    place
        .wikifarm(&verify(sealed))
        .status(1)
        .stdout(str![[r#"
sqlite:s.db?key_file=key
  error[no-mac]: session without a MAC by the key of its store (1 session)
    bbbbbbbb…  no MAC by the key of its store
    help: check that the wikis use the same key file: until then, the wikis
      treat the visitor as anonymous. If the session was moved here without
      `?key_file=`, move it again with the key. If another program writes to
      this store, remove the session with `wikifarm session revoke ID`
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
            .contains("error[duplicate-id]: session id in two stores whose wikis share a cookie (1\n    file)\n    aaaaaaaa…  also in moin-1.9:other: a login at one can replace"),
        "{}",
        ran.stdout
    );
    of("two").wikifarm(VERIFY).any_stdout().run();
}

#[test]
fn verify_of_one_id_at_two_wikis_that_do_not_disturb_each_other_is_a_warning_about_the_risk() {
    let staging = r#"    cookie_domain = "docs.example.org"

    [wikis.staging]
    url = "https://staging.docs.example.org/"
    session_dir = "other"
    user_dir = "users"
    superuser = ["Super"]
"#;
    let place = sound()
        .file("farm.toml", crate::support::unindent(&format!("{FARM}{staging}")))
        .session("other", Session::new('a').expires(NOW + HOUR));
    private(place, "other")
        .wikifarm(VERIFY)
        .status(1)
        .stdout(str![[r#"
moin-1.9:sessions (docs)
  warning[id-leaks-to-wiki]: session id of a wiki in the store of another wiki:
    whoever can read one of the stores can act at the wikis of both (1 file)
    aaaaaaaa…  also in moin-1.9:other
    help: separate the cookies: `wikifarm cookie suggest` finds settings. Then
      run `wikifarm session revoke ID`
4 sessions in 2 stores: 0 errors, 1 warning (1 file)

"#]])
        .run();
}

#[test]
fn verify_sarif_and_ndjson_contain_no_whole_id() {
    let place = sound().session("sessions", Session::new('1').raw(b"(d"));
    let sarif = place.wikifarm(VERIFY).arg("--format=sarif").status(1).any_stdout().run();
    let document: serde_json::Value = serde_json::from_str(&sarif.stdout).unwrap();
    let run = &document["runs"][0];
    assert_eq!(run["results"][0]["ruleId"], "unreadable");
    assert_eq!(run["results"][0]["level"], "error");
    let print = &run["results"][0]["partialFingerprints"]["wikifarm/v1"];
    assert!(!sarif.stdout.contains(&"1".repeat(9)));
    // The key stays the same in the next run, even with other sessions in the store.
    let place = place.session("sessions", Session::new('0').raw(b"(d"));
    let again = place.wikifarm(VERIFY).arg("--format=sarif").status(1).any_stdout().run();
    let again: serde_json::Value = serde_json::from_str(&again.stdout).unwrap();
    assert_eq!(&again["runs"][0]["results"][1]["partialFingerprints"]["wikifarm/v1"], print);
    let lines = place.wikifarm(VERIFY).arg("--format=ndjson").status(1).any_stdout().run().stdout;
    assert_eq!(lines.lines().count(), 2);
    assert!(lines.starts_with(r#"{"rule":"unreadable","severity":"error","store":"moin-1.9:sessions""#));
}

#[test]
fn verify_with_unreadable_users_does_not_report_them_missing() {
    let place = sound();
    fs::remove_dir_all(place.path().join("users")).unwrap();
    let ran = place.wikifarm(VERIFY).status(3).any_stderr().any_stdout().run();
    assert!(ran.stderr.contains("users not checked"), "{}", ran.stderr);
    assert!(!ran.stdout.contains("unknown-user"));
}

#[test]
fn verify_of_a_directory_without_a_farm_file_checks_the_directory() {
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
        // Directories of an earlier session_dir, of an earlier data_dir with another version, and of a copy.
        .session("state/sessions.old", gone('1'))
        .session("wikis/docs/data-1.8/cache/__common__/session", Session::old('2').expires(NOW + DAY))
        .session("wikis/docs/backup/2025/sessions", gone('3'))
        // Directories with only session names, and a directory in which a wiki keeps no sessions.
        .session("state/objects", Session::new('4').raw(b"blob"))
        .session("wikis/docs/data/pages/FrontPage/cache", gone('5'))
        // No wiki has run there.
        .dir("state/empty/__session__");
    let place = private(place, "state/sessions");
    // A link is not followed.
    let elsewhere = Place::new().session("sessions", gone('6'));
    std::os::unix::fs::symlink(elsewhere.path(), place.path().join("state/link")).unwrap();
    let ran = place.wikifarm(VERIFY).status(1).any_stdout().run();
    // One line for each finding.
    let lines = ran.stdout.replace("\n      ", " ");
    let orphans: Vec<&str> =
        lines.lines().filter(|line| line.contains("no wiki in the farm file uses")).collect();
    let why = "holds sessions, but no wiki in the farm file uses it";
    assert_eq!(
        orphans,
        [
            format!("    state/sessions.old  {why} (found beside the session directory of docs)"),
            format!("    wikis/docs/backup/2025/sessions  {why} (found beside the data_dir of docs)"),
            format!(
                "    wikis/docs/data-1.8/cache/__common__/session  {why} (found beside the data_dir of docs)"
            ),
        ]
    );
    assert!(
        ran.stdout.ends_with("\n1 session in 4 stores: 0 errors, 3 warnings (3 directories)\n"),
        "{}",
        ran.stdout
    );
    // With `--store-of`, other directories are not reported.
    place.wikifarm(VERIFY).arg("--store-of=docs").any_stdout().run();
}

#[test]
fn verify_of_a_store_that_cannot_be_read_reports_no_zero_errors() {
    let place = sound();
    place
        .wikifarm("session verify --store moin-1.9:gone")
        .status(3)
        .stdout(str![[r#"
no session was checked

"#]])
        .stderr(str![[r#"
error: gone: no such directory

"#]])
        .run();
    let both = "session verify --store moin-1.9:gone --store moin-1.9:sessions --now 1795400000";
    place
        .wikifarm(both)
        .status(3)
        .stdout(str![[r#"
3 sessions in 1 of 2 stores: no problems; could not check all of 1 other store

"#]])
        .any_stderr()
        .run();
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
orphan-store: could not search: ./closed: permission denied

"#]],
    );
}

/// A store of this kind with the session without problems, as private as `session migrate` creates it.
fn moved(to: &str) -> Place {
    let place = sound();
    let migrate = format!("-q session migrate --include-expired --from moin-1.9:sessions --to {to}");
    place.wikifarm(&migrate).run();
    place
}

fn checks(place: &Place, store: &str) -> Vec<String> {
    let run = place.wikifarm(VERIFY).arg("--store").arg(store).arg("--format=json");
    let found = run.any_stdout().status_among(&[0, 1]).run().json();
    let check = |count: &serde_json::Value| format!("{} {}", count["rule"].as_str().unwrap(), count["files"]);
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
    assert_eq!(checks(&place, "json:js"), ["readable-sessions 1"]);
    fs::write(&file, "{}").unwrap();
    assert_eq!(checks(&place, "json:js"), ["readable-sessions 1", "unreadable 1"]);
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
    assert_eq!(checks(&place, "sqlite:s.db"), ["readable-sessions 1"]);
    mode("s.db", 0o600);
    // A user who can write to the directory can replace the database or create a file beside it. The database
    // is then not opened.
    let refused = || {
        let run = place.wikifarm(VERIFY).arg("--store=sqlite:s.db").arg("--format=json");
        let ran = run.any_stdout().any_stderr().status(4).run();
        assert!(ran.stderr.contains(" can write to its directory (mode "), "{}", ran.stderr);
        ran.json()["counts"].clone()
    };
    mode(".", 0o757);
    assert_eq!(refused()[0]["rule"], "writable-parent");
    mode(".", 0o1757);
    assert!(refused().as_array().unwrap().is_empty());
    mode(".", 0o755);
}

#[test]
fn verify_list_and_show_say_what_the_wiki_does_with_an_unreadable_session() {
    for (version, directory, effect) in [
        ("1.8.7", "moin-1.8", "the wiki logs the user out, or answers with an error"),
        ("1.9.0", "moin-1.9", "the wiki answers the user with an error"),
        ("1.9.1", "moin-1.9", "the wiki logs the user out, or answers with an error"),
        ("1.9.11", "moin-1.9", "the wiki logs the user out"),
    ] {
        let farm = format!(
            "moin = \"{version}\"\n[wikis.w]\nurl = \"https://w.example.org/\"\nsession_dir = \"s\"\ncookie_name = \"w\"\n"
        );
        let farm = match directory {
            "moin-1.8" => farm.replace("session_dir = \"s\"\ncookie_name = \"w\"", "cache_dir = \"c\""),
            _ => farm,
        };
        let (dir, new): (_, fn(char) -> Session) = match directory {
            "moin-1.8" => ("c/__common__/session", Session::old),
            _ => ("s", Session::new),
        };
        let place = Place::farm(&farm)
            .session(dir, new('a').raw(b"\x80\x03}q\x00.").written(NOW - HOUR))
            .session(dir, new('b').raw(b"(dp").written(NOW - HOUR));
        let found = |command: &str, list: &str, key: &str| {
            let line = format!("session {command} --now {NOW} --format json");
            let run = place.wikifarm(&line).status_among(&[0, 1]).any_stdout().any_stderr();
            let json = run.run().json();
            let entries = json[list].as_array().unwrap().clone();
            let texts: Vec<String> =
                entries.iter().filter_map(|entry| Some(entry[key].as_str()?.to_owned())).collect();
            texts.into_iter().filter(|text| text.contains("pickle")).collect::<Vec<_>>()
        };
        let verified = found("verify", "findings", "message");
        let listed = found("list --sort id", "sessions", "problem");
        assert_eq!((verified.len(), &verified), (2, &listed), "{version}");
        assert!(listed[0].starts_with("pickle protocol 3: MoinMoin 1.x can't read it"), "{listed:?}");
        assert!(listed.iter().all(|text| text.ends_with(&format!("; {effect}"))), "{version}: {listed:?}");
        let shown = found(&format!("show {}", "a".repeat(8)), "sessions", "problem");
        assert_eq!(shown, listed[..1], "{version}");
    }
}
