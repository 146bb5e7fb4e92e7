//! Tombstones and MACs in SQLite, in all commands.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use rusqlite::Connection;

use crate::support::{Place, Session};

/// Two sessions in a database with a key.
fn place() -> Place {
    let place = Place::new()
        .session("from", Session::new('a').expires(4_000_000_000).user("1.2.3"))
        .session("from", Session::new('b').expires(4_000_000_000).user("4.5.6"))
        .file("key", "an example of a key\n");
    fs::set_permissions(place.path().join("key"), fs::Permissions::from_mode(0o600)).unwrap();
    migrate(&place, "copied 2 of 2", 0);
    place
}

const STORE: &str = "sqlite:s.db?key_file=key";

#[track_caller]
fn migrate(place: &Place, said: &str, status: i32) {
    let migrate = format!("session migrate --from moin-1.9:from --to {STORE}");
    let ran = place.wikifarm(&migrate).status(status).any_stdout().run();
    assert!(ran.stdout.contains(said), "{}", ran.stdout);
}

fn database(place: &Place) -> Connection {
    Connection::open(place.path().join("s.db")).unwrap()
}

fn tombstones(place: &Place) -> Vec<(String, f64)> {
    let database = database(place);
    let mut statement = database.prepare("SELECT id, ends FROM tombstone ORDER BY id").unwrap();
    statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect()
}

/// Changes the database to version 1, with MACs that wikis with older modules accept.
fn of_version_1(place: &Place) {
    let older = "DROP TABLE tombstone; DELETE FROM session; PRAGMA user_version = 1";
    database(place).execute_batch(older).unwrap();
}

#[test]
fn revoke_leaves_a_tombstone_that_migrate_and_verify_honor_until_prune_clears_it() {
    let place = place();
    let a = "a".repeat(40);
    let record: Vec<u8> = database(&place)
        .query_row("SELECT pickle FROM session WHERE id = ?1", [&a], |row| row.get(0))
        .unwrap();
    place.wikifarm(&format!("session revoke --store {STORE} {a} --settle 0s -q")).run();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs_f64();
    let [(id, ends)] = &tombstones(&place)[..] else { panic!() };
    assert!(*id == a && (ends - now - 401.0 * 86_400.0).abs() < 60.0, "{id} {ends}");

    // `whois` reports the end; a part of the id is not enough.
    let whois = |id: &str| {
        let run = place.wikifarm(&format!("session whois --store {STORE}")).arg(id);
        run.status(1).any_stdout().run().stdout
    };
    let text = whois(&a);
    assert!(
        text.starts_with("session   aaaaaaaa…\nfound in  no store (1 searched)\nended     in sqlite:s.db"),
        "{text}"
    );
    assert!(text.contains("by a logout or") && text.contains(", in 400 d\n"), "{text}");
    assert!(!whois("aaaaaaaaaaaa").contains("ended"));

    // `migrate` does not copy the session to the target. A dry run reports the same.
    let stays = "1 skipped: ended at the target by a logout or `session revoke`\n";
    let migrate_dry = format!("session migrate --dry-run --from moin-1.9:from --to {STORE}");
    let dry = place.wikifarm(&migrate_dry).any_stdout().run();
    assert!(dry.stdout.starts_with("would copy 0 of 2") && dry.stdout.contains(stays), "{}", dry.stdout);
    migrate(&place, stays, 0);

    // Another program writes the session again.
    let insert = "INSERT INTO session (id, pickle, modified_ns) VALUES (?1, ?2, 5)";
    database(&place).execute(insert, rusqlite::params![a, record]).unwrap();
    let verify = format!("session verify --store {STORE}");
    let ran = place.wikifarm(&verify).status(1).any_stdout().run();
    let line = "aaaaaaaa…  was ended, and has a tombstone: no wiki loads it\n";
    assert!(
        ran.stdout.contains("error[unreadable]: session that can't be read (1 session)")
            && ran.stdout.contains(line),
        "{}",
        ran.stdout
    );
    let out = format!("session migrate --from {STORE} --to json:out -q");
    let ran = place.wikifarm(&out).status(3).any_stderr().run();
    assert!(ran.stderr.contains("no wiki loads it"), "{}", ran.stderr);
    assert_eq!(place.names("out").len(), 1);
    place.wikifarm(&format!("session revoke --store {STORE} {a} --settle 0s -q")).run();
    assert_eq!(tombstones(&place).len(), 1);

    // `prune` keeps tombstones until their end.
    let prune = format!("session prune --store {STORE} -q");
    place.wikifarm(&prune).run();
    assert_eq!(tombstones(&place).len(), 1);
    database(&place).execute("UPDATE tombstone SET ends = 5", []).unwrap();
    place.wikifarm(&format!("{prune} --dry-run")).any_stdout().run();
    assert_eq!(tombstones(&place).len(), 1);
    place.wikifarm(&prune).run();
    assert_eq!(tombstones(&place), []);
    migrate(&place, "copied 1 of 2", 0);
}

#[test]
fn migrate_and_prune_leave_no_tombstone() {
    let place = place();
    place.wikifarm(&format!("session migrate --move --from {STORE} --to json:out -q")).run();
    place.wikifarm(&format!("session migrate --move --from json:out --to {STORE} -q")).run();
    place
        .wikifarm(&format!("session prune --all --yes --max-delete 100% --store {STORE} -q"))
        .any_stderr()
        .run();
    assert_eq!(tombstones(&place), []);
}

#[test]
fn verify_of_a_version_1_database_counts_its_old_macs() {
    let place = place();
    of_version_1(&place);
    migrate(&place, "copied 2 of 2", 0);
    let length = |place: &Place| -> Vec<i64> {
        let database = database(place);
        let mut statement = database.prepare("SELECT length(seal) FROM session ORDER BY id").unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    assert_eq!(length(&place), [32, 32]);
    let verify = format!("session verify --store {STORE}");
    let ran = place.wikifarm(&verify).status(1).any_stdout().run();
    assert!(
        ran.stdout.contains("warning[old-mac]: ") && ran.stdout.contains(" (2 sessions)\n"),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout.ends_with("2 sessions in 1 store: 0 errors, 1 warning (2 sessions)\n"),
        "{}",
        ran.stdout
    );
    place.wikifarm(&format!("session revoke --store {STORE} {} --settle 0s -q", "b".repeat(40))).run();
    place.wikifarm(&format!("session prune --store {STORE} -q")).run();
    let version = |place: &Place| -> i64 {
        database(place).pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
    };
    assert_eq!(version(&place), 1);

    // A wiki with newer modules upgrades the database. A session that is moved there again gets a new MAC.
    let newer =
        "CREATE TABLE tombstone (id TEXT PRIMARY KEY NOT NULL, ends REAL NOT NULL); PRAGMA user_version = 2";
    database(&place).execute_batch(newer).unwrap();
    let ran = place.wikifarm(&verify).status(1).any_stdout().run();
    assert!(ran.stdout.contains(" (1 session)\n"), "{}", ran.stdout);
    migrate(&place, "copied 2 of 2", 0);
    assert_eq!(length(&place), [33, 33]);
    place.wikifarm(&verify).any_stdout().run();
}
