use std::collections::BTreeMap;
use std::io::Cursor;

use proptest::prelude::*;

use super::packed::{Record, from_bytes, to_bytes};
use super::*;
use crate::store::{EntryName, Expires, Facts, Found, Session, Stamp};

const NOW: i64 = 2_000_000_000;
const WEEK: i64 = 7 * 86_400;

fn stamp(time: i64) -> DirStamp {
    DirStamp { filesystem: 7, inode: 8, changed: (time, 5), modified: (time, 4) }
}

fn identity(time: i64) -> Identity {
    Identity { stamp: stamp(time), layout: Layout::Moin19 }
}

fn name(number: u64) -> EntryName {
    EntryName::new(format!("{number:040x}").as_bytes()).unwrap()
}

fn session(number: u64, inode: u64, end: i64, modified: i64) -> Found {
    let expires = Expires::At(end as f64 + 0.5);
    let facts = Ok(Facts { expires, user: None, setuid: None, trail: Vec::new(), globals: Vec::new() });
    let stamp = Stamp::from_bits(0);
    Found::Session(Session {
        id: name(number),
        inode,
        modified,
        size: 1,
        bytes_on_disk: 512,
        access: None,
        stamp,
        trust: None,
        facts,
    })
}

fn gather(known: Option<&Known>) -> Gather {
    let key = known.map_or([9; 16], |known| known.header().key);
    Gather::new(Header::new(key, identity(NOW), (NOW, 0), NOW))
}

fn written(gathered: Gather, known: Option<&Known>) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    gathered.write(known, &mut file).unwrap();
    file.into_inner()
}

/// The inode, expiry and time of the last write.
type Fact = (u64, i64, i64);

fn facts() -> impl Strategy<Value = BTreeMap<u64, Fact>> {
    let fact = (0..99u64, NOW - 9..NOW + 9, NOW - 99..NOW);
    prop::collection::btree_map(0..300u64, fact, 0..200)
}

proptest! {
    #[test]
    fn record_is_restored_or_due_earlier(
        hash: u64, inode: u64, kind in 0..5usize, end: i64, modified: i64,
    ) {
        let record = Record { hash, inode, kind: Kind::ALL[kind], end, modified };
        match record.pack() {
            None => prop_assert!(inode >= 1 << 48),
            Some(packed) => {
                let back = Record::unpack(from_bytes(&to_bytes(packed))).unwrap();
                prop_assert_eq!((back.hash, back.inode, back.kind), (hash, inode, Kind::ALL[kind]));
                prop_assert!(back.end <= end.max(0));
                prop_assert!(back.modified <= modified.max(0));
                let fits = |time: i64| (0..1 << 38).contains(&time);
                prop_assert!(!fits(end) || back.end == end);
                prop_assert!(!fits(modified) || back.modified == modified);
            }
        }
    }

    #[test]
    fn skipped_sessions_are_live_with_same_name_and_inode(
        first in facts(), second in facts(), now in NOW - 9..NOW + 9, idle in prop::option::of(1..99u64),
    ) {
        let mut gathered = gather(None);
        for (number, (inode, end, modified)) in &first {
            gathered.take(&session(*number, *inode, *end, *modified), false);
        }
        let known = Known::from_bytes(&written(gathered, None)).unwrap();
        // The second scan reads files with another inode, and sessions that are no longer live.
        let idle = idle.map(Duration::from_secs);
        let mut gathered = gather(Some(&known));
        let mut expected = BTreeMap::new();
        let mut left_out = 0;
        for (number, fact @ (inode, end, modified)) in &second {
            let live = |(known, end, modified): &Fact| {
                let idle = idle.is_some_and(|idle| now - modified > idle.as_secs() as i64);
                known == inode && *end >= now && !idle
            };
            let before = first.get(number).filter(|before| live(before));
            prop_assert_eq!(known.is_live(&name(*number), *inode, now, idle), before.is_some());
            match before {
                Some(before) => {
                    left_out += 1;
                    expected.insert(*number, *before);
                }
                None => {
                    gathered.take(&session(*number, *inode, *end, *modified), false);
                    expected.insert(*number, *fact);
                }
            }
        }
        prop_assert_eq!(known.left_out().0, left_out);
        let known = Known::from_bytes(&written(gathered, Some(&known))).unwrap();
        let totals = known.header().totals;
        prop_assert_eq!(totals.sessions(), second.len() as u64);
        prop_assert_eq!(totals.first_end, expected.values().map(|fact| fact.1).min().unwrap_or(i64::MAX));
        prop_assert_eq!(totals.of(Kind::Ends).oldest, expected.values().map(|fact| fact.2).min().unwrap_or(i64::MAX));
        for (number, (inode, end, _)) in expected {
            prop_assert!(!known.is_live(&name(number), inode + 1, NOW - 99, None));
            prop_assert!(!known.is_live(&name(number + 1000), inode, NOW - 99, None));
            prop_assert!(!known.is_live(&name(number), inode, end + 1, None));
            prop_assert!(known.is_live(&name(number), inode, end, None));
            prop_assert!(!known.is_live(&name(number), inode, end, None), "met twice, so looked at");
        }
    }

    #[test]
    fn damaged_index_is_not_read(sessions in facts(), at: prop::sample::Index, bit in 0..8u32, cut: prop::sample::Index) {
        let mut gathered = gather(None);
        for (number, (inode, end, modified)) in &sessions {
            gathered.take(&session(*number, *inode, *end, *modified), false);
        }
        let bytes = written(gathered, None);
        let mut damaged = bytes.clone();
        damaged[at.index(bytes.len())] ^= 1 << bit;
        prop_assert!(Known::from_bytes(&damaged).is_none());
        prop_assert!(Known::from_bytes(&bytes[..cut.index(bytes.len())]).is_none());
        prop_assert!(Known::from_bytes(&[bytes, vec![0]].concat()).is_none());
    }

    #[test]
    fn any_records_with_valid_checksums_are_read_safely(
        header in prop::collection::vec(any::<u8>(), 0..SIZE), records in prop::collection::vec(any::<u8>(), 0..500),
        inode: u64, now: i64,
    ) {
        let mut bytes = b"wikifarm index 1".to_vec();
        bytes.extend(header);
        bytes.resize(SIZE, 0);
        bytes.extend(&records[..records.len() / 24 * 24]);
        Known::set_checksum(&mut bytes);
        if let Some(known) = Known::from_bytes(&bytes) {
            known.is_live(&name(1), inode, now, Some(Duration::ZERO));
            prop_assert!(known.left_out().0 <= 1);
        }
    }
}

/// An index whose last scan found the directory in its current state.
fn index(began: i64, full: i64, changed: i64, now: i64) -> Index {
    let mut header = Header::new([0; 16], identity(changed), (began, 0), full);
    header.totals.count(Kind::Ends, NOW);
    let file = tempfile::tempfile().unwrap();
    Index {
        dir: PathBuf::new(),
        name: String::new(),
        identity: identity(changed),
        began: (now, 0),
        old: Some((header, file)),
        ignored: None,
    }
}

#[test]
fn index_is_used_alone_only_if_directory_was_unchanged_before_the_scan() {
    let unchanged = |index: &Index| index.unchanged().is_some();
    let (began, now) = (NOW, NOW + 100);
    assert!(unchanged(&index(began, began, began - 3, now)));
    assert!(!unchanged(&index(began, began, began - 2, now)), "2 s less 5 ns");
    assert!(!unchanged(&index(began, began, began + 5, now)), "changed in the future");
    assert!(!unchanged(&index(began, began, i64::MAX, now)));
    assert!(unchanged(&index(began, began - WEEK + 100, began - 3, now)));
    assert!(!unchanged(&index(began, began - WEEK + 99, began - 3, now)), "a week since everything was read");
    assert!(!unchanged(&index(began, now + 1, began - 3, now)), "a pass in the future");
    assert!(!unchanged(&index(now + 1, began, began - 3, now)), "likewise");
    assert!(!unchanged(&index(began, i64::MIN, began - 3, now)));

    for change in [
        |stamp: &mut DirStamp| stamp.changed.1 += 1,
        |stamp: &mut DirStamp| stamp.modified.1 += 1,
        |stamp: &mut DirStamp| stamp.modified.0 -= 1,
    ] {
        let mut index = index(began, began, began - 3, now);
        change(&mut index.identity.stamp);
        assert!(!unchanged(&index));
    }
    for leave in [
        |totals: &mut Totals| totals.leaving = 1,
        |totals: &mut Totals| totals.failed = 1,
        |totals: &mut Totals| totals.count(Kind::Unreadable, NOW),
    ] {
        let mut index = index(began, began, began - 3, now);
        leave(&mut index.old.as_mut().unwrap().0.totals);
        assert!(!unchanged(&index), "something is to be looked at again");
    }
}

#[test]
fn index_is_read_for_its_directory_and_layout_only() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("cache");
    let open = |layout, stamp| Index::open(&dir, layout, stamp);
    let first = open(Layout::Moin19, stamp(NOW));
    assert!(first.last().is_none() && first.ignored().is_none() && !dir.exists());
    let mut gathered = first.gather(None).unwrap();
    gathered.take(&session(1, 2, i64::MAX / 2, NOW), false);
    gathered.take(&session(2, 3, NOW, NOW), true);
    first.write(gathered, None).unwrap();

    let mut again = open(Layout::Moin19, stamp(NOW));
    let (totals, _) = again.last().unwrap();
    assert_eq!((totals.sessions(), totals.leaving), (1, 1));
    let known = again.known().unwrap();
    assert!(known.is_live(&name(1), 2, NOW, None) && !known.is_live(&name(2), 3, 0, None));
    assert!(open(Layout::Moin18, stamp(NOW)).last().is_none());
    assert!(open(Layout::Moin19, DirStamp { inode: 9, ..stamp(NOW) }).last().is_none());
    assert!(open(Layout::Moin19, DirStamp { filesystem: 9, ..stamp(NOW) }).last().is_none());

    // An index of another layout at the same path.
    let other = open(Layout::Moin18, stamp(NOW));
    std::fs::copy(first.path(), other.path()).unwrap();
    assert!(open(Layout::Moin18, stamp(NOW)).last().is_none());
    std::fs::write(first.path(), "no index").unwrap();
    assert!(
        open(Layout::Moin19, stamp(NOW))
            .ignored()
            .unwrap()
            .message
            .ends_with("damaged, or from another version")
    );
}

#[test]
fn index_of_a_million_sessions_takes_24_mb() {
    assert_eq!((SIZE, packed::RECORD, size_of::<packed::Packed>()), (256, 24, 24));
}
