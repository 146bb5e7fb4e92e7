//! `wikifarm session migrate` with bad input: a clear message, the right status, and no changes.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use nix::unistd::{getegid, geteuid};

use crate::support::{DAY, NOW, Place, Session, clock, is_root};

fn place() -> Place {
    Place::new().dir("from").dir("to").session("from", Session::new('a').expires(NOW + 10_000 * DAY))
}

const KINDS: &str = "expected moin-1.9:DIR, moin-1.8:DIR, json:DIR, sqlite:FILE, redis://HOST:PORT/DB, wiki:NAME, or a directory";

#[test]
fn migrate_makes_no_directory_behind_another_users_link() {
    let place = Place::new().session("from", Session::new('a').expires(clock() + DAY)).dir("victim");
    std::os::unix::fs::symlink("victim", place.path().join("link")).unwrap();
    let migrate = place.wikifarm("session migrate --from moin-1.9:from --to json:link/made");
    // Only root can create a link of another user. Links of the current user are followed.
    if is_root() {
        std::os::unix::fs::lchown(place.path().join("link"), Some(4242), Some(4242)).unwrap();
        migrate
            .status(4)
            .stderr(str![[r#"
error: link: unsafe symbolic link: its owner, user 4242, is neither root nor you

"#]])
            .run();
        assert!(place.names("victim").is_empty());
    } else {
        migrate.any_stdout().run();
        assert_eq!(place.names("victim"), ["made"]);
    }
}

#[test]
fn migrate_with_an_unknown_layout_is_refused() {
    let place = place();
    for flag in ["--from", "--to"] {
        let (from, to) = if flag == "--from" { ("mysql:x", "json:j") } else { ("moin-1.9:from", "mysql:x") };
        let why = format!("error: {flag} mysql:x: unknown kind of store \"mysql\": {KINDS}\n");
        place.wikifarm(&format!("session migrate --from {from} --to {to}")).stderr(&why).status(2).run();
    }
    assert_eq!(place.names("."), ["from", "to"]);
}

#[test]
fn migrate_refuses_sessions_over_16_mib_and_foreign_names() {
    let place = place();
    let big = fs::File::create(place.path().join("from").join("b".repeat(40))).unwrap();
    big.set_len(16 * 1024 * 1024 + 1).unwrap();
    let place = place.file("from/README", "no session").file(&format!("from/{}", "c".repeat(39)), "nor this");
    let ran = place
        .wikifarm("session migrate --from moin-1.9:from --to moin-1.9:to --move")
        .stdout(str![[r#"
copied 1 of 2 sessions (29 B)
1 refused: hard links, another owner, or too large
2 files skipped: not sessions (README, cccccccc…)
removed 1 from the source
next: configure the wikis to use the target, and restart them

"#]])
        .any_stderr()
        .status(3)
        .run();
    assert!(ran.stderr.starts_with("error: moin-1.9:from: bbbbbbbb…: "), "{}", ran.stderr);
    assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
    assert_eq!(place.names("to"), ["a".repeat(40)]);
    assert_eq!(place.names("from"), ["README".to_owned(), "b".repeat(40), "c".repeat(39)]);
}

#[cfg(feature = "sqlite")]
#[test]
fn migrate_refuses_databases_of_another_program_or_version() {
    let place = place();
    let database = |name: &str, statements: &str| {
        let path = place.path().join(name);
        rusqlite::Connection::open(&path).unwrap().execute_batch(statements).unwrap();
        fs::read(path).unwrap()
    };
    let theirs = database(
        "theirs.db",
        "CREATE TABLE session (id TEXT, pickle BLOB); INSERT INTO session VALUES ('x', 'y');",
    );
    let newer = database(
        "newer.db",
        "PRAGMA application_id = 2003527277; PRAGMA user_version = 3; CREATE TABLE t (x);",
    );
    for (name, why) in [
        (
            "theirs.db",
            "database of another program\nhelp: use a file that does not exist, or a database of wikifarm",
        ),
        (
            "newer.db",
            "database of version 3; this wikifarm supports 2\nhelp: use the version of wikifarm that created the database",
        ),
    ] {
        let why = format!("error: sqlite:{name}: {why}\n");
        for line in [
            format!("--from moin-1.9:from --to sqlite:{name}"),
            format!("--from sqlite:{name} --to moin-1.9:to"),
        ] {
            place.wikifarm(&format!("session migrate {line}")).stderr(&why).status(3).run();
        }
    }
    assert_eq!(
        (fs::read(place.path().join("theirs.db")).unwrap(), fs::read(place.path().join("newer.db")).unwrap()),
        (theirs, newer)
    );
    assert!(place.names("to").is_empty());
}

#[cfg(feature = "redis")]
#[test]
fn migrate_to_a_redis_that_loads_or_requires_a_password_fails() {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    for (answer, why) in [
        (
            "-LOADING Redis is loading the dataset in memory\r\n",
            "Redis is loading its data\nhelp: try again later",
        ),
        (
            "-NOAUTH Authentication required.\r\n",
            "Redis requires a password\nhelp: write the password to a file that only you can read, and use ?password_file=FILE",
        ),
        (
            "-READONLY You can't write against a read only replica.\r\n",
            "this Redis is a read-only replica\nhelp: use the address of its primary",
        ),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 4096];
            while stream.read(&mut request).is_ok_and(|read| read > 0) {
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        let place = place();
        let line = format!("session migrate --from moin-1.9:from --to redis://127.0.0.1:{port}/0 --move");
        place.wikifarm(&line).stderr(format!("error: redis://127.0.0.1:{port}/0: {why}\n")).status(3).run();
        assert_eq!(place.names("from").len(), 1);
        server.join().unwrap();
    }
}

#[test]
fn migrate_of_the_largest_session_over_json_is_byte_for_byte() {
    let filling = 16 * 1024 * 1024 - 32;
    let length = u32::try_from(filling).unwrap().to_le_bytes();
    let raw =
        [&b"\x80\x02}U\x07expiresG\x41\xf0\0\0\0\0\0\0sU\x01aT"[..], &length, &vec![b'x'; filling], b"s."]
            .concat();
    assert_eq!(raw.len(), 16 * 1024 * 1024);
    let place = Place::new().dir("from").dir("to").session("from", Session::new('a').raw(&raw));
    for (from, to) in [("moin-1.9:from", "json:j"), ("json:j", "moin-1.9:to")] {
        let expected = str![[r#"
copied 1 of 1 session (16.0 MiB)
removed 1 from the source
next: configure the wikis to use the target, and restart them

"#]];
        place
            .wikifarm(&format!("session migrate --from {from} --to {to} --move"))
            .stdout(expected.clone())
            .run();
    }
    assert!(fs::read(place.path().join("to").join("a".repeat(40))).unwrap() == raw);
}

#[test]
fn migrate_reports_and_keeps_foreign_files_in_the_source() {
    let id = |digit: &str| digit.repeat(40);
    let mut place = place().dir(&format!("from/{}", id("d")));
    // Files of a wiki that are leftovers or in use are not reported.
    for name in [".wikifarm-0123456789abcdefg", "__lock__", "tmpaB3_x9.__session"] {
        place = place.file(&format!("from/{name}"), "");
    }
    let from = place.path().join("from");
    std::os::unix::fs::symlink("/etc/passwd", from.join(id("e"))).unwrap();
    let expected = "copied 1 of 1 session (29 B)\n2 files skipped: not sessions (dddddddd…, eeeeeeee…)\n\
                next: configure the wikis to use the target, restart them, then repeat the\n  command with --from moin-1.9:from --move\n";
    place.wikifarm("session migrate --from moin-1.9:from --to json:j").stdout(expected).run();
    let mut place = place;
    for number in 0..30 {
        place = place.file(&format!("from/{number:02}"), "");
    }
    let report = place
        .wikifarm("session migrate --from moin-1.9:from --to json:j --format json")
        .any_stdout()
        .run()
        .json();
    assert_eq!(report["foreign"], 32);
    let names: Vec<String> = (0..20).map(|number| format!("{number:02}")).collect();
    assert_eq!(report["foreign_names"], serde_json::json!(names));
    fs::rename(place.path().join("from").join("00"), place.path().join("j/00")).unwrap();
    let expected = str![[r#"
copied 1 of 1 session (29 B)
1 file skipped: not sessions (00)
next: configure the wikis to use the target, restart them, then repeat the
  command with --from json:j --move

"#]];
    place.wikifarm("session migrate --from json:j --to moin-1.9:to").stdout(expected.clone()).run();
}

#[test]
fn migrate_refuses_a_journal_that_others_could_write() {
    let place = place();
    let line = "session migrate --from moin-1.9:from --to moin-1.9:to";
    place.wikifarm(&format!("{line} -q")).run();
    let state = place.home().join("state/wikifarm");
    let journals = || fs::read_dir(&state).unwrap().map(|entry| entry.unwrap().path());
    let journal = journals().find(|path| path.extension().is_some()).unwrap();
    fs::remove_file(&journal).unwrap();
    let victim = place.path().join("victim");
    fs::write(&victim, "theirs\n").unwrap();
    std::os::unix::fs::symlink(&victim, &journal).unwrap();
    let ran = place.wikifarm(line).any_stderr().status(4).run();
    assert!(ran.stderr.ends_with(".jsonl: is a symbolic link\n"), "{}", ran.stderr);
    fs::remove_file(&journal).unwrap();
    fs::set_permissions(&state, fs::Permissions::from_mode(0o777)).unwrap();
    for more in ["", "--dry-run", "--rollback"] {
        let ran = place.wikifarm(&format!("{line} {more}")).any_stderr().status(4).run();
        assert!(ran.stderr.contains("other users can write"), "{}", ran.stderr);
    }
    assert_eq!(fs::read_to_string(victim).unwrap(), "theirs\n");
}

#[test]
fn migrate_as_root_to_a_directory_of_root_suggests_chown() {
    if !is_root() {
        return;
    }
    let place = place();
    let from = place.path().join("from");
    std::os::unix::fs::chown(&from, Some(0), Some(4243)).unwrap();
    fs::set_permissions(&from, fs::Permissions::from_mode(0o2770)).unwrap();
    std::os::unix::fs::chown(from.join("a".repeat(40)), Some(4242), Some(4243)).unwrap();
    let expected = str![[r#"
error: moin-1.9:from: aaaaaaaa…: possible attack: user 4242 owns the file, user
  0 owns the directory
help: if the wiki runs as user 4242, run `chown 4242 from`

"#]];
    let line = "session migrate --from moin-1.9:from --to moin-1.9:to";
    place.wikifarm(line).by_tester().any_stdout().stderr(expected).status(3).run();
}

#[test]
fn migrate_reports_and_keeps_other_entries_with_a_session_name_at_the_target() {
    let place = place();
    let link = place.path().join("to").join("a".repeat(40));
    std::os::unix::fs::symlink("/etc/passwd", &link).unwrap();
    for conflict in ["skip", "newer"] {
        place
            .wikifarm(&format!(
                "session migrate --from moin-1.9:from --to moin-1.9:to --move --on-conflict {conflict}"
            ))
            .stdout(str![[r#"
copied 0 of 1 session (0 B)
1 failed
removed 0 from the source

"#]])
            .stderr(str![[r#"
error: moin-1.9:from: aaaaaaaa…: can't replace the session at the target: not a
  regular file

"#]])
            .status(3)
            .run();
    }
    assert!(link.is_symlink());
    assert_eq!(place.names("from").len(), 1);
}

#[test]
fn migrate_with_an_unknown_sqlite_option_is_refused() {
    let place = place();
    place
        .wikifarm("session migrate --from moin-1.9:from --to sqlite:s.db?keyfile=x")
        .stderr(str![[r#"
error: --to sqlite:s.db?keyfile=x: unknown option "keyfile", expected key_file

"#]])
        .status(2)
        .run();
    assert_eq!(place.names("."), ["from", "to"]);
}

#[test]
fn migrate_dry_run_refuses_what_the_run_refuses() {
    let place = place();
    for flag in ["", " --dry-run"] {
        place
            .wikifarm(&format!("session migrate --from moin-1.9:from --to json:from{flag}"))
            .stderr(str![[r#"
error: source and target are in the same directory
help: migrate through a third store

"#]])
            .status(4)
            .run();
    }
    assert_eq!(place.names("from"), ["a".repeat(40)]);
}

#[test]
fn migrate_with_owner_is_refused_unless_root_or_oneself() {
    let place = place();
    let line = "session migrate --from moin-1.9:from --to json:to --dry-run --owner";
    let ran = place.wikifarm(&format!("{line} 4242:4242")).any_stderr().status(2).run();
    let expected = "error: --owner: only root can change the owner, and you are user ";
    assert!(ran.stderr.starts_with(expected), "{}", ran.stderr);
    let [user, group] = if is_root() { [65534; 2] } else { [geteuid().as_raw(), getegid().as_raw()] };
    place.wikifarm(&format!("{line} {user}:{group}")).any_stdout().run();
    if is_root() {
        place.wikifarm(&format!("{line} 4242:4242")).by_tester().any_stdout().run();
    }
}
