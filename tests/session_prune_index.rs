//! `wikifarm session prune` with an index: which sessions are not read again, and that an index alone never
//! causes a removal.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, lchown};
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;
use wikifarm::store::index::Known;

use crate::support::farms::DOCS;
use crate::support::{DAY, HOUR, Place, Session, clock, is_root};

/// Two live sessions, one that has expired, a session of a single request, an unreadable one, and a README.
fn place() -> Place {
    let now = clock();
    Place::on_plain_disk(DOCS).sessions(
        "sessions",
        [
            Session::new('a').expires(now + 9 * DAY).written(now - HOUR),
            Session::new('b').expires(now + 99 * DAY).written(now - 40 * DAY),
            Session::new('c').expires(now - 3 * DAY).written(now - 4 * DAY),
            Session::new('d').user("1.2.3").written(now - HOUR),
            Session::new('e').raw(b"(d").written(now - 9 * DAY),
            Session::named("README").raw(b"hands off\n").written(now - 99 * DAY),
        ],
    )
}

fn id(digit: char) -> String {
    digit.to_string().repeat(40)
}

#[track_caller]
fn prune(place: &Place, words: &str) -> Value {
    let ran = place.wikifarm(&format!("session prune --format json {words}")).any_stdout().run();
    ran.json()["total"].clone()
}

/// The number of sessions from the index, of all sessions, and of removed sessions.
#[track_caller]
fn counts(place: &Place, words: &str) -> [u64; 3] {
    let total = prune(place, words);
    let count = |name: &str| total[name].as_u64().unwrap();
    [count("from_index"), count("scanned"), count("deleted") + count("would_delete")]
}

fn cache(place: &Place) -> PathBuf {
    place.home().join("cache/wikifarm")
}

fn index(place: &Place) -> PathBuf {
    let mut entries = fs::read_dir(cache(place)).unwrap();
    let index = entries.next().unwrap().unwrap().path();
    assert!(entries.next().is_none());
    index
}

/// Changes a number in the index, and updates the checksums.
fn patch(place: &Place, offset: usize, change: impl Fn(u64) -> u64) {
    let path = index(place);
    let mut bytes = fs::read(&path).unwrap();
    let field: &mut [u8; 8] = (&mut bytes[offset..offset + 8]).try_into().unwrap();
    *field = change(u64::from_le_bytes(*field)).to_le_bytes();
    Known::set_checksum(&mut bytes);
    fs::write(path, bytes).unwrap();
}

/// Changes an index.
type Spoil<'a> = Box<dyn Fn() + 'a>;

/// The offset of the time of the last full scan in an index.
const LAST_FULL: usize = 32 + 9 * 8;

/// Replaces a session as MoinMoin does.
fn replace(place: &Place, session: Session, id: &str) {
    let dir = place.path().join("sessions");
    let beside = place.path().join("beside");
    fs::create_dir_all(&beside).unwrap();
    session.write(&beside);
    fs::rename(beside.join(id), dir.join(id)).unwrap();
}

#[test]
fn prune_again_reads_only_sessions_not_in_the_index() {
    let place = place();
    assert_eq!(counts(&place, ""), [0, 5, 1]);
    let second = prune(&place, "");
    let expected = serde_json::json!({
        "scanned": 4, "live": 2, "expired": 0, "idle": 0, "no_expires": 1, "invalid_expires": 0, "unreadable": 1,
        "stale_temp": 0, "foreign": 1, "deleted": 0, "would_delete": 0, "kept_by_race": 0, "failed": 0, "bytes": 0,
        "refused": 0, "from_index": 2
    });
    assert_eq!(second, expected);
    let now = clock();
    replace(&place, Session::new('a').expires(now + 10 * DAY).written(now), &id('a'));
    replace(&place, Session::new('f').expires(now + 10 * DAY).written(now), &id('f'));
    assert_eq!(counts(&place, ""), [1, 5, 0], "what was refreshed and what is new is read");
    assert_eq!(counts(&place, ""), [3, 5, 0]);
}

#[test]
fn prune_index_is_private_and_has_no_names() {
    let place = place();
    prune(&place, "");
    let index = index(&place);
    let mode = |path: &PathBuf| path.metadata().unwrap().mode() & 0o7777;
    assert_eq!((mode(&index), mode(&cache(&place))), (0o600, 0o700));
    let bytes = fs::read(&index).unwrap();
    // A header, and a record for each kept session.
    assert_eq!(bytes.len(), 256 + 4 * 24);
    for digit in ['a', 'b', 'd', 'e'] {
        let shown = digit.to_string().repeat(8);
        assert!(!bytes.windows(8).any(|window| window == shown.as_bytes()));
    }
}

#[test]
fn prune_index_of_an_unchanged_directory_is_used_without_a_scan() {
    let place = place();
    fs::remove_file(place.path().join("sessions").join(id('e'))).unwrap();
    assert_eq!(counts(&place, ""), [0, 4, 1]);
    // The next scan starts long enough after the last change.
    std::thread::sleep(Duration::from_millis(2200));
    assert_eq!(counts(&place, ""), [2, 3, 0]);
    let unchanged = [3, 3, 0];
    assert_eq!(counts(&place, ""), unchanged, "even what has no expires was not read");
    assert_eq!(counts(&place, "--dry-run"), unchanged);
    assert_eq!(counts(&place, "--anonymous"), unchanged);

    // A changed policy applies at once.
    assert_eq!(counts(&place, "--no-expires 30m --dry-run"), [2, 3, 1]);
    assert_eq!(counts(&place, "--idle 30d --dry-run"), [1, 3, 1]);
    assert_eq!(counts(&place, "--idle 41d --dry-run"), unchanged);
    // Options for all sessions or for another time read all sessions.
    assert_eq!(counts(&place, "--all --dry-run"), [0, 3, 3]);
    assert_eq!(counts(&place, &format!("--now {}", clock())), [0, 3, 0]);
    assert_eq!(counts(&place, "--no-index"), [0, 3, 0]);

    let sessions = place.path().join("sessions");
    fs::write(sessions.join("x"), "").unwrap();
    fs::remove_file(sessions.join("x")).unwrap();
    assert_eq!(counts(&place, ""), [2, 3, 0], "the directory changed");
}

#[test]
fn prune_with_an_index_reports_unreadable_and_failed_in_every_run() {
    let place = place();
    prune(&place, "");
    std::thread::sleep(Duration::from_millis(2200));
    for _ in 0..3 {
        let ran = place
            .wikifarm("session prune --format json --strict")
            .stderr(str![[r#"
error: unreadable: sessions/eeeeeeee…: truncated pickle: ends at byte 2

"#]])
            .any_stdout()
            .status(3)
            .run();
        assert_eq!(ran.json()["total"]["unreadable"], 1);
    }
    let locked = place.path().join("sessions").join(id('d'));
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o0)).unwrap();
    for _ in 0..2 {
        let ran = place.wikifarm("session prune").any_stderr().status(3).any_stdout().run();
        assert!(ran.stderr.contains("sessions/dddddddd…: permission denied"), "{}", ran.stderr);
    }
}

#[test]
fn prune_with_an_index_removes_a_session_replaced_by_an_expired_one() {
    let place = place();
    prune(&place, "");
    let now = clock();
    replace(&place, Session::new('a').expires(now - 2 * DAY).written(now - 3 * DAY), &id('a'));
    assert_eq!(counts(&place, ""), [1, 4, 1]);
    assert!(!place.names("sessions").contains(&id('a')));
}

#[test]
fn prune_with_an_index_removes_sessions_written_in_place_late() {
    let place = place();
    prune(&place, "");
    let (now, sessions) = (clock(), place.path().join("sessions"));
    // The inode stays the same, as with 1.9.0 and 1.9.1, or if another file gets the inode.
    let before = sessions.join(id('a')).metadata().unwrap().ino();
    Session::new('a').expires(now - 2 * DAY).written(now - 3 * DAY).write(&sessions);
    assert_eq!(sessions.join(id('a')).metadata().unwrap().ino(), before);
    assert_eq!(counts(&place, ""), [2, 4, 0], "late");
    patch(&place, LAST_FULL, |full| full - 7 * 86_400 - 1);
    assert_eq!(counts(&place, ""), [0, 4, 1], "but no later than a week");
    assert_eq!(counts(&place, ""), [1, 3, 0]);

    // According to the index, b expired long ago. So b is read, and nothing else happens.
    for record in 0..3 {
        patch(&place, 256 + record * 24 + 8, |high| high & !((1 << 12) - 1));
        patch(&place, 256 + record * 24 + 16, |low| low & ((1 << 38) - 1));
    }
    assert_eq!(counts(&place, ""), [0, 3, 0]);
    assert!(place.names("sessions").contains(&id('b')));
}

#[test]
fn prune_ignores_an_index_from_the_future() {
    let place = place();
    prune(&place, "");
    assert_eq!(counts(&place, ""), [2, 4, 0]);
    patch(&place, LAST_FULL, |full| full + 3600);
    assert_eq!(counts(&place, ""), [0, 4, 0]);
    assert_eq!(counts(&place, ""), [2, 4, 0]);
}

#[test]
fn prune_ignores_and_replaces_a_damaged_index() {
    let place = place();
    prune(&place, "");
    let path = index(&place);
    let sound = fs::read(&path).unwrap();
    let truncated = &sound[..sound.len() - 1];
    let mut flipped = sound.clone();
    flipped[300] ^= 1;
    let damaged = "damaged, or from another version";
    let strange = "not a file with mode 0600";
    let write = |bytes: &[u8]| fs::write(&path, bytes).unwrap();
    let mode = |mode| fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    let mut cases: Vec<(&str, Spoil<'_>)> = vec![
        (damaged, Box::new(|| write(truncated))),
        (damaged, Box::new(|| write(&flipped))),
        (damaged, Box::new(|| write(b""))),
        (damaged, Box::new(|| write(&sound[..256]))),
        (strange, Box::new(|| mode(0o640))),
        (strange, Box::new(|| mode(0o700))),
    ];
    if is_root() {
        // As tests run as nobody then, this is another user.
        cases.push(("permission denied", Box::new(|| lchown(&path, Some(1), None).unwrap())));
    }
    for (why, spoil) in cases {
        spoil();
        let ran = place.wikifarm("session prune --format json").any_stdout().any_stderr().run();
        assert!(ran.stderr.contains(&format!(".index: index ignored: {why}\n")), "{}", ran.stderr);
        assert_eq!(ran.json()["total"]["from_index"], 0);
        assert_eq!(counts(&place, ""), [2, 4, 0], "replaced by a sound one");
    }
}

#[test]
fn prune_uses_no_index_in_an_unsafe_directory() {
    let place = place();
    prune(&place, "");
    fs::set_permissions(cache(&place), fs::Permissions::from_mode(0o777)).unwrap();
    let before = fs::read(index(&place)).unwrap();
    let ran = place.wikifarm("session prune --format json").any_stdout().any_stderr().run();
    let help = "other users can write here (mode 0777)\nhelp: run `chmod go-w ";
    assert!(ran.stderr.contains(help), "{}", ran.stderr);
    assert_eq!(ran.json()["total"]["from_index"], 0);
    assert_eq!(fs::read(index(&place)).unwrap(), before);
}

#[test]
fn prune_dry_run_writes_no_index() {
    let place = place();
    prune(&place, "--dry-run");
    prune(&place, &format!("--now {}", clock()));
    prune(&place, "--no-index --dry-run");
    assert!(!cache(&place).exists());
    prune(&place, "");
    let before = fs::read(index(&place)).unwrap();
    assert_eq!(counts(&place, "--dry-run"), [2, 4, 0], "but reads it");
    assert_eq!(counts(&place, &format!("--now {}", clock())), [0, 4, 0]);
    assert_eq!(fs::read(index(&place)).unwrap(), before);
}

#[test]
fn prune_index_follows_the_farm_file() {
    let place = place().file("farm.toml", format!("{DOCS}\n[prune]\nindex = false\n"));
    prune(&place, "");
    assert_eq!(counts(&place, ""), [0, 4, 0]);
    assert!(!cache(&place).exists());

    let place = place.file("farm.toml", format!("{DOCS}\n[prune]\nindex = \"own/indexes\"\n"));
    prune(&place, "");
    assert_eq!(counts(&place, ""), [2, 4, 0]);
    assert_eq!(counts(&place, "--no-index"), [0, 4, 0]);
    assert!(!cache(&place).exists());
    assert_eq!(place.names("own/indexes").len(), 1);

    let place = place.file("farm.toml", format!("{DOCS}\n[prune]\nindex = 5\n"));
    let ran = place.wikifarm("config check").any_stdout().any_stderr().status(1).run();
    assert!(ran.stdout.contains("true, false, or a directory"), "{}", ran.stdout);
}

#[test]
fn prune_of_another_directory_at_the_same_path_reads_all() {
    let place = place();
    prune(&place, "");
    let (sessions, old) = (place.path().join("sessions"), place.path().join("old"));
    fs::rename(&sessions, &old).unwrap();
    fs::create_dir(&sessions).unwrap();
    for entry in fs::read_dir(&old).unwrap().map(Result::unwrap) {
        fs::rename(entry.path(), sessions.join(entry.file_name())).unwrap();
    }
    assert_eq!(counts(&place, ""), [0, 4, 0]);
}
