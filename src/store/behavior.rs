//! Tests that all writable stores pass. `tests/servers.rs` includes this file to test the Redis store.

use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use super::*;
use crate::sys::Removal;

const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
const HIS: &[u8] = b"(dS'expires'\nI2000000000\nsS'user.id'\nS'1.2.3'\ns.";
const WHEN: Modified = Modified { seconds: 1_500_000_000, nanos: 123_456_789 };

fn id(text: &str) -> EntryName {
    EntryName::new(text.as_bytes()).unwrap()
}

fn new(name: &str, bytes: &[u8], instead_of: Option<Stamp>) -> NewSession {
    NewSession { id: id(name), bytes: bytes.to_vec(), modified: WHEN, mode: None, owner: None, instead_of }
}

fn one(store: &dyn WritableStore, new: NewSession) -> Written {
    store.write(&[&new]).into_iter().next().unwrap().unwrap()
}

fn scanned(store: &dyn WritableStore) -> Vec<Session> {
    let mut found = Vec::new();
    store
        .scan(Fields::default(), &AtomicBool::new(false), &mut |entry| match entry {
            Found::Session(session) => found.push(session),
            other => panic!("{other:?}"),
        })
        .unwrap();
    found.sort_by_key(|session| session.id);
    found
}

/// Checks an empty store against the promises of all stores.
pub(super) fn behaves(store: &dyn WritableStore) {
    assert!(scanned(store).is_empty());
    assert!(store.read(&id(A), Fields::default()).unwrap().is_none());
    assert!(matches!(store.read_raw(&id(A)), Ok(Read::Missing)));

    let Written::Done(stamp) = one(store, new(A, HIS, None)) else { panic!() };
    assert_eq!(one(store, new(A, b"else", None)), Written::Exists);
    assert_eq!(one(store, new(B, HIS, Some(stamp))), Written::Changed, "there is none to replace");
    let raw = store.read_raw(&id(A)).unwrap().present().unwrap();
    assert_eq!((raw.bytes.as_slice(), raw.modified, raw.stamp), (HIS, WHEN, stamp));
    assert!(matches!(store.read_value(&id(A)), Ok(Read::Present(_))));

    let session = store.read(&id(A), Fields::default()).unwrap().unwrap();
    assert_eq!((session.id, session.modified, session.stamp), (id(A), WHEN.seconds, stamp));
    assert_eq!(session.facts.unwrap().user.unwrap().id, "1.2.3");

    // Bytes that are not a pickle are kept like any others.
    assert!(matches!(one(store, new(B, b"\xff\0 no pickle", None)), Written::Done(_)));
    assert_eq!(store.read_raw(&id(B)).unwrap().present().unwrap().bytes, b"\xff\0 no pickle");
    let read = |ids: &[&str], capacity| {
        let ids: Vec<EntryName> = ids.iter().map(|text| id(text)).collect();
        let bytes = |read: RawRead| read.unwrap().present().map(|raw| raw.bytes.len());
        store.read_many(&ids, capacity).into_iter().map(bytes).collect::<Vec<_>>()
    };
    let none = &"c".repeat(40);
    assert_eq!(read(&[none, B, A, none], 1000), [None, Some(12), Some(HIS.len()), None]);
    assert_eq!(read(&[A, B], HIS.len()), [Some(HIS.len())], "more would exceed the capacity");
    assert_eq!(read(&[A, B], HIS.len() + 1), [Some(HIS.len()), Some(12)]);
    assert_eq!(read(&[B], 0), [Some(12)], "one there always is");
    let since = store.since(&[(id(A), stamp), (id(B), stamp), (id(none), stamp)]);
    assert_eq!(since, [Since::Same, Since::Changed, Since::Gone]);
    let present = store.present(&[id(none), id(B), id(&"d".repeat(40)), id(A)]).unwrap();
    assert_eq!(present, [id(B), id(A)]);
    assert_eq!(store.present(&[]).unwrap(), []);
    let all = scanned(store);
    assert_eq!(all.iter().map(|session| session.id).collect::<Vec<_>>(), [id(A), id(B)]);
    assert!(all[1].facts.is_err());
    let mut names = Vec::new();
    store.names(&mut |name| names.push(name)).unwrap();
    assert_eq!(names.len(), 2);

    let Written::Done(second) = one(store, new(A, b"(d.", Some(stamp))) else { panic!() };
    assert_eq!(one(store, new(A, HIS, Some(stamp))), Written::Changed, "it was written since");
    let remove = |stamp, decide: bool| {
        store.remove(&[(id(A), stamp)], &|_| decide).into_iter().next().unwrap().unwrap()
    };
    assert_eq!(remove(stamp, true), Removal::Changed);
    assert_eq!(remove(second, false), Removal::Kept);
    assert!(matches!(remove(second, true), Removal::Removed { .. }));
    assert_eq!(remove(second, true), Removal::Gone);
    assert_eq!(scanned(store).len(), 1);
}

/// Checks an empty store with tombstones against the promises about them.
#[cfg(any(feature = "sqlite", feature = "redis"))]
pub(super) fn honors_tombstones(store: &dyn WritableStore) {
    let Written::Done(stamp) = one(store, new(A, HIS, None)) else { panic!() };
    let end = |stamp| store.end(&[(id(A), stamp)], &|_| true).into_iter().next().unwrap().unwrap();
    assert_eq!(end(Stamp::from_bits(1)), Removal::Changed);
    assert_eq!(one(store, new(A, b"(d.", Some(stamp))), Written::Done(scanned(store)[0].stamp));
    let stamp = scanned(store)[0].stamp;
    assert!(matches!(end(stamp), Removal::Removed { .. }));
    assert_eq!(end(stamp), Removal::Gone);
    for _ in 0..2 {
        assert_eq!(one(store, new(A, HIS, None)), Written::Changed);
        assert!(matches!(store.read_raw(&id(A)), Ok(Read::Unreadable(Unreadable::Ended))));
        assert!(store.read(&id(A), Fields::default()).unwrap().is_none());
        assert!(scanned(store).is_empty());
        store.forget_ended().unwrap();
    }
    // Other sessions are not affected. A session that was removed without a tombstone can be written again.
    for _ in 0..2 {
        let Written::Done(stamp) = one(store, new(B, HIS, None)) else { panic!() };
        let reads = store.read_many(&[id(A), id(B)], 1000);
        assert!(
            matches!(reads[..], [Ok(Read::Unreadable(Unreadable::Ended)), Ok(Read::Present(_))]),
            "{reads:?}"
        );
        assert!(matches!(store.remove(&[(id(B), stamp)], &|_| true)[0], Ok(Removal::Removed { .. })));
    }
}

pub(super) fn opened(address: &str) -> Box<dyn WritableStore> {
    let spec = Address::parse(address.as_ref()).unwrap().resolve().unwrap();
    create(&spec).unwrap();
    open_writable(spec).unwrap()
}

fn in_dir(kind: &str, path: &Path) -> Box<dyn WritableStore> {
    opened(&format!("{kind}:{}", path.display()))
}

#[test]
fn moin_directory_passes_store_tests() {
    let root = tempfile::tempdir().unwrap();
    let store = in_dir("moin-1.9", root.path());
    behaves(store.as_ref());
    let foreign = store.write(&[&new(&"_".repeat(32), HIS, None)]);
    assert!(foreign[0].is_err(), "no wiki would look for it");
}

#[test]
fn json_passes_store_tests_with_sessions_of_every_version() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("json");
    let store = in_dir("json", &path);
    behaves(store.as_ref());
    let old = "_".repeat(32);
    assert!(matches!(one(store.as_ref(), new(&old, HIS, None)), Written::Done(_)));
    let text = fs::read_to_string(path.join(format!("{old}.json"))).unwrap();
    assert!(text.contains("\"user.id\": \"1.2.3\""));
    fs::write(path.join(format!("{old}.json")), text.replace("1.2.3", "4.5.6")).unwrap();
    let why = store.read(&id(&old), Fields::default()).unwrap().unwrap().facts.unwrap_err();
    assert!(why.to_string().contains("differ"), "{why}");
}

#[cfg(feature = "sqlite")]
#[test]
fn sqlite_passes_store_tests() {
    let root = tempfile::tempdir().unwrap();
    behaves(in_dir("sqlite", &root.path().join("s.db")).as_ref());
    honors_tombstones(in_dir("sqlite", &root.path().join("t.db")).as_ref());
}
