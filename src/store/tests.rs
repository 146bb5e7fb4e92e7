//! Tests of the stores with files that real wikis wrote, and with files that other users prepared.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use base64::Engine as _;
use serde_json::Value;

use super::*;
use crate::location::{Layout, Location};
use crate::sys::{Removal, is_root};

static NEVER: AtomicBool = AtomicBool::new(false);

fn fixture(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(path)
}

fn store(layout: Layout, dir: &Path) -> FileStore {
    FileStore::open(Location::Directory { layout, path: dir.to_owned() }.into()).unwrap()
}

fn scan(store: &dyn SessionStore) -> Vec<Found> {
    let mut found = Vec::new();
    store.scan(Fields { trail: true, ..Fields::default() }, &NEVER, &mut |entry| found.push(entry)).unwrap();
    found
}

fn sessions(store: &dyn SessionStore) -> BTreeMap<String, Session> {
    let sessions = scan(store).into_iter().map(|found| match found {
        Found::Session(session) => (session.id.reveal().to_owned(), session),
        other => panic!("{other:?}"),
    });
    sessions.collect()
}

/// The directories of recorded sessions, with their layouts and numbers of sessions.
const REAL: [(&str, Layout, usize); 8] = [
    ("moin-1.7.3/cache/__common__/session", Layout::Moin18, 86),
    ("moin-1.8.7/cache/__common__/session", Layout::Moin18, 86),
    ("moin-1.9.0/sessions", Layout::Moin19, 12),
    ("moin-1.9.1/sessions", Layout::Moin19, 12),
    ("moin-1.9.3/sessions", Layout::Moin19, 12),
    ("moin-1.9.8/sessions", Layout::Moin19, 12),
    ("moin-1.9.10/sessions", Layout::Moin19, 12),
    ("moin-1.9.11/sessions", Layout::Moin19, 132),
];

#[test]
fn every_recorded_session_is_read() {
    for (path, layout, count) in REAL {
        let address = Address::Bare(fixture(path));
        assert_eq!(address.resolve().unwrap().location.layout(), Some(layout), "{path}");
        let sessions = sessions(&store(layout, &fixture(path)));
        assert_eq!(sessions.len(), count, "{path}");
        for session in sessions.values() {
            let facts = session.facts.as_ref().unwrap();
            let never_writes_it = path.starts_with("moin-1.9.0");
            assert!(!(never_writes_it && facts.expires != Expires::Absent), "{path}: {session:?}");
        }
    }
}

/// The items of a decoded dict that are used as facts, by key.
fn decoded(value: &Value) -> BTreeMap<String, &Value> {
    let pairs = value["v"].as_array().unwrap().iter();
    pairs.map(|pair| (decoded_text(&pair[0]), &pair[1])).collect()
}

fn decoded_text(value: &Value) -> String {
    match value["b64"].as_str() {
        Some(bytes) => {
            String::from_utf8(base64::engine::general_purpose::STANDARD.decode(bytes).unwrap()).unwrap()
        }
        None => value["v"].as_str().unwrap().to_owned(),
    }
}

#[test]
fn facts_equal_those_of_python() {
    for (path, layout, count) in REAL {
        let Ok(lines) = fs::read_to_string(fixture(path.split('/').next().unwrap()).join("decoded.jsonl"))
        else {
            continue;
        };
        assert_eq!(lines.lines().count(), count, "{path}");
        let sessions = sessions(&store(layout, &fixture(path)));
        for line in lines.lines() {
            let line: Value = serde_json::from_str(line).unwrap();
            let expected = decoded(&line["value"]);
            let session = &sessions[line["file"].as_str().unwrap()];
            let facts = session.facts.as_ref().unwrap();
            let quick = store(layout, &fixture(path)).read(&session.id, Fields::default()).unwrap().unwrap();
            assert_eq!(quick.facts.unwrap(), Facts { trail: Vec::new(), ..facts.clone() }, "{line}");
            let text = |key: &str| expected.get(key).map(|value| decoded_text(value));
            let expires = expected.get("expires").map(|value| value["v"].as_str().unwrap().parse().unwrap());
            assert_eq!(facts.expires, expires.map_or(Expires::Absent, Expires::At), "{line}");
            let user = facts.user.as_ref();
            assert_eq!(user.map(|user| user.id.clone()), text("user.id"), "{line}");
            assert_eq!(user.and_then(|user| user.auth_method.clone()), text("user.auth_method"), "{line}");
            assert_eq!(facts.setuid, text("setuid"), "{line}");
            let trail = expected.get("trail").and_then(|trail| trail["v"].as_array());
            let trail: Vec<_> = trail.into_iter().flatten().map(decoded_text).collect();
            assert_eq!(facts.trail, trail, "{line}");
        }
    }
}

#[test]
fn users_of_recorded_sessions_have_names() {
    for (path, layout, _) in REAL {
        let users = fixture(path.split('/').next().unwrap()).join("users");
        let Ok(users) = UserDir::open(&users) else { continue };
        assert!(users.ids_of("Zoë Ünïcode").unwrap().len() == 1, "{path}");
        let ids: std::collections::BTreeSet<_> = sessions(&store(layout, &fixture(path)))
            .into_values()
            .filter_map(|session| session.facts.unwrap().user)
            .map(|user| user.id)
            .collect();
        let known = ids.iter().filter(|id| users.user(id).unwrap().is_some()).count();
        assert!(known > 0, "{path}");
    }
}

/// A session with only `expires`, as 1.9 writes it.
fn pickled(expires: i32) -> Vec<u8> {
    [b"\x80\x02}q\x01U\x07expiresq\x02J".as_slice(), &expires.to_le_bytes(), b"s."].concat()
}

fn id(n: u32) -> String {
    format!("{n:040x}")
}

#[test]
fn hostile_directory_is_read_and_not_changed() {
    let root = tempfile::tempdir().unwrap();
    let at = |n| root.path().join(id(n));
    fs::write(at(0), pickled(1)).unwrap();
    fs::create_dir(at(1)).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", at(2)).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(at(3)).unwrap();
    let (cwd, mode) = (rustix::fs::CWD, rustix::fs::Mode::RUSR);
    rustix::fs::mknodat(cwd, at(4), rustix::fs::FileType::Fifo, mode, 0).unwrap();
    fs::File::create(at(5)).unwrap().set_len(10 << 30).unwrap();
    fs::write(at(6), pickled(1)).unwrap();
    fs::hard_link(at(6), root.path().join("elsewhere")).unwrap();
    fs::write(root.path().join("tmpabcdef.__session"), "half").unwrap();
    fs::hard_link(at(6), root.path().join("tmpabcdeg.__session")).unwrap();

    let store = store(Layout::Moin19, root.path());
    let mut seen = BTreeMap::new();
    for found in scan(&store) {
        let what = match &found {
            Found::Session(Session { facts: Ok(_), .. }) => "session",
            Found::Session(Session { facts: Err(why), .. }) => {
                assert!(!why.was_read());
                "unsafe"
            }
            Found::Temp(_) => "temp",
            Found::Foreign(_) => "foreign",
            Found::Failed { .. } => "failed",
        };
        *seen.entry(what).or_insert(0) += 1;
    }
    let expected = [("foreign", 6), ("session", 1), ("temp", 1), ("unsafe", 2)];
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), expected);

    let all: Vec<_> = (0..7).map(|n| EntryName::new(id(n).as_bytes()).unwrap()).collect();
    for name in &all[1..5] {
        assert!(store.read(name, Fields::default()).unwrap().is_none());
        assert!(matches!(store.read_value(name), Ok(Read::Missing)));
    }
    let batch: Vec<_> = all.iter().map(|name| (*name, Stamp(0))).collect();
    for result in store.remove(&batch, &|_| true) {
        assert_eq!(result.unwrap(), Removal::Changed);
    }
    assert_eq!(fs::read_dir(root.path()).unwrap().count(), 10);
}

#[test]
fn unreadable_file_is_an_error_without_its_id() {
    if is_root() {
        return; // Root reads everything it owns.
    }
    use std::os::unix::fs::PermissionsExt;
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join(id(1));
    fs::write(&path, pickled(1)).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    let store = store(Layout::Moin19, root.path());
    assert!(matches!(scan(&store)[..], [Found::Failed { .. }]));
    let name = EntryName::new(id(1).as_bytes()).unwrap();
    let error = store.read(&name, Fields::default()).unwrap_err().to_string();
    assert!(error.contains("/00000000…: permission denied"), "{error}");
}

#[test]
fn root_reads_only_what_the_owner_can_read() {
    if !is_root() {
        return;
    }
    use std::os::unix::fs::{PermissionsExt, chown};
    let root = tempfile::tempdir().unwrap();
    chown(root.path(), Some(12345), Some(12345)).unwrap();
    for n in 0..2 {
        fs::write(root.path().join(id(n)), pickled(1)).unwrap();
        fs::set_permissions(root.path().join(id(n)), fs::Permissions::from_mode(0o600)).unwrap();
    }
    chown(root.path().join(id(1)), Some(12345), Some(12345)).unwrap();
    let found = scan(&store(Layout::Moin19, root.path()));
    assert_eq!(found.iter().filter(|found| matches!(found, Found::Failed { .. })).count(), 1);
    assert_eq!(found.iter().filter(|found| matches!(found, Found::Session(_))).count(), 1);
}

#[test]
fn session_that_changed_is_kept() {
    let root = tempfile::tempdir().unwrap();
    for n in 0..100 {
        fs::write(root.path().join(id(n)), pickled(1)).unwrap();
    }
    let store = store(Layout::Moin19, root.path());
    let batch: Vec<_> = sessions(&store).into_values().map(|session| (session.id, session.stamp)).collect();
    fs::write(root.path().join(id(10)), pickled(1_000_000)).unwrap();
    fs::write(root.path().join("new"), pickled(1)).unwrap();
    fs::rename(root.path().join("new"), root.path().join(id(11))).unwrap();
    fs::remove_file(root.path().join(id(12))).unwrap();
    let spared = EntryName::new(id(13).as_bytes()).unwrap();
    let results = store.remove(&batch, &|found| !matches!(found, Found::Session(s) if s.id == spared));
    for ((name, _), result) in batch.iter().zip(results) {
        let expected = match u32::from_str_radix(name.reveal(), 16).unwrap() {
            10 | 11 => Removal::Changed,
            12 => Removal::Gone,
            13 => Removal::Kept,
            _ => Removal::Removed { size: pickled(1).len() as u64 },
        };
        assert_eq!(result.unwrap(), expected, "{name}");
    }
    assert_eq!(fs::read_dir(root.path()).unwrap().count(), 3);
}

#[test]
fn file_replaced_before_removal_is_counted_as_race() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join(id(1));
    fs::write(&path, pickled(1)).unwrap();
    let target = path.clone();
    let store = store(Layout::Moin19, root.path()).with_hook_before_unlink(move |_| {
        fs::rename(&target, target.with_extension("aside")).unwrap();
        fs::write(&target, pickled(2)).unwrap();
    });
    let batch: Vec<_> = sessions(&store).into_values().map(|session| (session.id, session.stamp)).collect();
    assert_eq!(store.remove(&batch, &|_| true).remove(0).unwrap(), Removal::Raced);
}

#[test]
fn missing_store_differs_from_empty_one() {
    let root = tempfile::tempdir().unwrap();
    assert!(scan(&store(Layout::Moin18, root.path())).is_empty());
    let dir = root.path().join("missing");
    let missing = open(Location::Directory { layout: Layout::Moin18, path: dir }.into()).err().unwrap();
    assert!(missing.is_missing() && !missing.is_unsafe());
}

#[test]
fn scan_can_be_stopped_and_lists_every_name_once() {
    let root = tempfile::tempdir().unwrap();
    for n in 0..3000 {
        fs::write(root.path().join(id(n)), pickled(1)).unwrap();
    }
    let store = store(Layout::Moin19, root.path());
    let mut names = Vec::new();
    store.names(&mut |name| names.push(name)).unwrap();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 3000);
    assert_eq!(matching(&store, &id(7)).unwrap(), [names[7]]);
    assert_eq!(matching(&store, &"0".repeat(38)).unwrap(), names[..256]);
    assert_eq!(sessions(&store).len(), 3000);
    let mut count = 0;
    store.scan(Fields::default(), &AtomicBool::new(true), &mut |_| count += 1).unwrap();
    assert!(count < 3000, "{count}");
}

#[test]
fn scan_stops_between_two_files() {
    let root = tempfile::tempdir().unwrap();
    for number in 0..200 {
        fs::write(root.path().join(format!("{number:040x}")), "(d.").unwrap();
    }
    let store = store(Layout::Moin19, root.path());
    let (stop, met) = (AtomicBool::new(false), std::sync::atomic::AtomicUsize::new(0));
    let skip = |_: &EntryName, _| {
        met.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        true
    };
    store.scan_but(&skip, Fields::default(), &stop, &mut |found| panic!("{found:?}")).unwrap();
    assert_eq!(met.into_inner(), 1);
}
