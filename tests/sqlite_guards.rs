//! Databases that another user could have prepared are refused, and blocked calls are stopped.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FileType, Mode, mknodat};
use wikifarm::store::{self, Address};

use crate::support::{DAY, Place, Run, Session, clock, is_root};

/// The user of the wikis.
const WIKI: u32 = 4242;

const PRUNE: &str = "session prune --store sqlite:db/s.db";

/// A database with one expired session, in a directory that only its owner can write to and `nobody` can
/// enter.
fn place() -> Place {
    let over = Session::new('a').expires(clock() - 2 * DAY).written(clock() - 2 * DAY);
    let place = Place::new().dir("db").session("from", over);
    fs::set_permissions(place.path().parent().unwrap(), Permissions::from_mode(0o755)).unwrap();
    let address = format!("sqlite:{}", place.path().join("db/s.db").display());
    store::create(&Address::parse(address.as_ref()).unwrap().resolve().unwrap()).unwrap();
    run(&place, "session migrate --include-expired --from moin-1.9:from --to sqlite:db/s.db")
        .any_stdout()
        .run();
    place
}

/// Runs as the tester, who may be root.
fn run<'a>(place: &'a Place, words: &str) -> Run<'a> {
    let state = place.home();
    let state = state.to_str().unwrap();
    place.wikifarm(words).by_tester().env("STATE_DIRECTORY", state).env("RUNTIME_DIRECTORY", state)
}

/// Sets the mode and the owner of the directory, and the owner of the database.
fn owned(place: &Place, dir: (u32, u32, u32), file: u32) {
    let path = place.path().join("db");
    chown(&path, Some(dir.1), Some(dir.2)).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(dir.0)).unwrap();
    chown(path.join("s.db"), Some(file), Some(file)).unwrap();
}

/// Checks that all commands refuse the database for this reason, and do not change it.
fn refused(place: &Place, why: &str, help: &str) {
    let beside = || {
        let mut found = Vec::new();
        for name in place.names("db") {
            let stat = place.path().join("db").join(&name).symlink_metadata().unwrap();
            found.push((name, stat.uid(), stat.mode(), stat.ctime(), stat.ctime_nsec()));
        }
        found
    };
    let before = beside();
    let bytes = fs::metadata(place.path().join("db/s.db")).unwrap();
    for words in ["session list", "session stats", "session verify", "store list", "session show aaaaaaaa"] {
        let ran = run(place, &format!("{words} --store sqlite:db/s.db"));
        let ran = ran.any_stdout().any_stderr().status(4).run();
        let message = format!("error: sqlite:db/s.db: {why}\nhelp: {help}\n");
        assert!(ran.stderr.starts_with(&message), "{words}: {}", ran.stderr);
    }
    for words in [PRUNE, "session revoke aaaaaaaa --store sqlite:db/s.db"] {
        let ran = run(place, words).any_stdout().any_stderr().status(4).run();
        assert!(ran.stderr.contains(&format!("{why}\nhelp: {help}\n")), "{words}: {}", ran.stderr);
        assert!(!ran.stderr.contains("refused: sqlite:"), "{words} names the store twice: {}", ran.stderr);
    }
    let migrate = "session migrate --from moin-1.9:from --to sqlite:db/s.db";
    run(place, migrate).stderr(format!("error: sqlite:db/s.db: {why}\nhelp: {help}\n")).status(4).run();
    assert_eq!(beside(), before, "{why}");
    assert_eq!(fs::metadata(place.path().join("db/s.db")).unwrap().len(), bytes.len());
}

#[test]
fn prune_as_root_of_a_database_uses_the_rights_of_its_owner() {
    if !is_root() {
        return;
    }
    for mode in [0o700, 0o750, 0o755] {
        let place = place();
        owned(&place, (mode, WIKI, WIKI), WIKI);
        // A leftover file of SQLite, as after a wiki was killed.
        fs::write(place.path().join("db/s.db-journal"), "").unwrap();
        chown(place.path().join("db/s.db-journal"), Some(WIKI), Some(WIKI)).unwrap();
        let ran = run(&place, PRUNE).any_stdout().any_stderr().run();
        assert!(ran.stderr.is_empty(), "{mode:o}: {}", ran.stderr);
        run(&place, "session list --quiet --store sqlite:db/s.db").any_stdout().any_stderr().run();
        for name in place.names("db") {
            assert_eq!(fs::metadata(place.path().join("db").join(&name)).unwrap().uid(), WIKI, "{name}");
        }
        // In WAL mode, SQLite ignores this file.
        assert_eq!(place.names("db"), ["s.db", "s.db-journal"]);
    }
}

#[test]
fn prune_as_root_of_a_database_in_a_directory_of_root_has_the_owners_rights() {
    if !is_root() {
        return;
    }
    let place = place();
    owned(&place, (0o755, 0, 0), WIKI);
    // SQLite creates files beside the database. The owner of the database can't create them, so SQLite fails.
    let ran = run(&place, PRUNE).any_stdout().any_stderr().status(3).run();
    assert!(ran.stderr.contains("attempt to write a readonly database"), "{}", ran.stderr);
    assert_eq!(place.names("db"), ["s.db"]);
}

#[test]
fn session_commands_refuse_a_database_in_a_directory_that_others_can_write() {
    let place = place();
    for mode in [0o775, 0o2770, 0o757, 0o1777] {
        fs::set_permissions(place.path().join("db"), Permissions::from_mode(mode)).unwrap();
        let uid = fs::metadata(place.path().join("db")).unwrap().uid();
        let why = format!("users other than user {uid} can write to its directory (mode {mode:04o})");
        let help = "run `chmod go-w [DIR]/db`, and change the owner to the user of the wikis with `chown`";
        refused(&place, &why, help);
    }
}

#[test]
fn session_commands_as_root_refuse_a_database_in_another_users_directory() {
    if !is_root() {
        return;
    }
    for (dir, file, why) in [
        ((0o2770, 0, WIKI), WIKI, "users other than user 0 can write to its directory (mode 2770)"),
        ((0o755, WIKI, WIKI), 0, "user 0 owns it, but user 4242 owns its directory"),
        ((0o755, 4343, 4343), WIKI, "user 4242 owns it, but user 4343 owns its directory"),
    ] {
        let place = place();
        owned(&place, dir, file);
        let ran = run(&place, PRUNE).any_stdout().any_stderr().status(4).run();
        assert!(ran.stderr.contains(why), "{}", ran.stderr);
        let ran =
            run(&place, "session verify --store sqlite:db/s.db").any_stdout().any_stderr().status(4).run();
        assert!(ran.stderr.contains(why), "{}", ran.stderr);
    }
    // A user who can replace the directory can prepare another database.
    let place = place();
    chown(place.path(), Some(WIKI), Some(WIKI)).unwrap();
    refused(
        &place,
        "root owns it, but other users can write to [DIR]",
        "run `chown USER [DIR]/db/s.db` with the user of the wikis",
    );
}

type Plant = fn(&Place, &Path);

/// Files that another user can put beside a database: why the database is refused, and how the file gets
/// there. The last one needs root.
const PLANTED: [(&str, Plant); 4] = [
    ("not a regular file", |_, path| fifo(path)),
    ("not a regular file", |place, path| symlink(elsewhere(place), path).unwrap()),
    ("has 2 hard links", |place, path| fs::hard_link(elsewhere(place), path).unwrap()),
    ("user 4343 owns it", |_, path| {
        fs::write(path, "").unwrap();
        chown(path, Some(4343), Some(4343)).unwrap();
    }),
];

fn elsewhere(place: &Place) -> PathBuf {
    place.path().join("from").join("a".repeat(40))
}

fn fifo(path: &Path) {
    mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
}

#[test]
fn session_commands_refuse_a_database_with_a_foreign_file_beside_it() {
    let place = place();
    let uid = fs::metadata(place.path().join("db/s.db")).unwrap().uid();
    for end in ["journal", "wal", "shm"] {
        for (why, plant) in PLANTED.into_iter().take(if is_root() { 4 } else { 3 }) {
            let path = place.path().join(format!("db/s.db-{end}"));
            plant(&place, &path);
            let why = format!("s.db-{end}: {why}, expected a regular file of user {uid} without hard links");
            refused(&place, &why, "find out who created the file, and move it away");
            fs::remove_file(path).unwrap();
        }
    }
}

#[test]
fn session_commands_refuse_a_fifo_as_database_and_continue() {
    let place = place();
    fs::remove_file(place.path().join("db/s.db")).unwrap();
    fifo(&place.path().join("db/s.db"));
    refused(&place, "not a regular file", "use a regular file without hard links");
    let both = "session verify --store sqlite:db/s.db --store moin-1.9:from --format json";
    let ran = run(&place, both).any_stdout().any_stderr().status(4).run();
    assert_eq!(ran.json()["scanned"], 1);
}

#[test]
fn whois_with_a_refused_store_does_not_report_the_id_as_missing() {
    let place = place();
    fs::set_permissions(place.path().join("db"), Permissions::from_mode(0o777)).unwrap();
    let whois =
        place.wikifarm("session whois abcdef01 --store sqlite:db/s.db").status(4).any_stderr().any_stdout();
    assert!(whois.run().stdout.contains("found in  none of the stores that could be read\n"));
    for command in ["show", "revoke"] {
        let line = format!("session {command} abcdef01 --store sqlite:db/s.db");
        let stderr = place.wikifarm(&line).status(4).any_stderr().any_stdout().run().stderr;
        let wanted = "no session id begins with \"abcdef01\" in the stores that can be opened\n";
        assert!(stderr.ends_with(wanted), "{stderr}");
    }
}

#[test]
fn key_that_is_not_usable_is_refused_with_a_command_for_the_shell() {
    let place = place().file("my key", "0123456789abcdef").file("short key", "x");
    let key = |name: &str, mode| {
        fs::set_permissions(place.path().join(name), Permissions::from_mode(mode)).unwrap();
        let store = format!("sqlite:db/s.db?key_file={name}");
        let ran = run(&place, "session list --store").arg(store).status(3).any_stdout().any_stderr().run();
        ran.stderr.replace("sqlite:db/s.db?key_file=", "STORE=")
    };
    let line = |name: &str, why: &str, help: &str| {
        format!("error: STORE={name}: {name}: {why}\nhelp: run `{help}`\n")
    };
    let open = "every local user can read or write it (mode 0644)";
    assert_eq!(key("my key", 0o644), line("my key", open, "chmod o= 'my key'"));
    let shared = "other users can write it (mode 0660)";
    assert_eq!(key("my key", 0o660), line("my key", shared, "chmod go-w 'my key'"));
    let short = "key of 1 bytes, expected at least 16";
    assert_eq!(
        key("short key", 0o600),
        line("short key", short, "head -c 32 /dev/urandom | base64 >'short key'")
    );
}
