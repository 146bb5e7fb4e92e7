//! The header of an index: its store, and the totals of the scan.

use std::fmt;
use std::hash::Hasher;

use siphasher::sip::SipHasher13;

use crate::location::Layout;
use crate::store::Found;
use crate::sys::DirStamp;

use super::packed::{Kind, RECORD};

/// The number of entries of one kind, and the oldest of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Total {
    /// The number of entries.
    pub count: u64,
    /// The oldest time of the last write, in unix seconds; `i64::MAX` if there are no entries.
    pub oldest: i64,
}

/// The totals of the entries that a scan did not mark for removal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Totals {
    kinds: [Total; 5],
    /// The earliest expiry, in unix seconds, rounded down; `i64::MAX` if no session has one.
    pub first_end: i64,
    /// The time of the newest file; `i64::MIN` if there are none.
    pub newest: i64,
    /// The number of foreign entries.
    pub foreign: u64,
    /// The number of entries that could not be examined.
    pub failed: u64,
    /// The number of entries that were to be removed. They are not in the totals above.
    pub leaving: u64,
}

impl Default for Totals {
    fn default() -> Self {
        Totals {
            kinds: [Total { count: 0, oldest: i64::MAX }; 5],
            first_end: i64::MAX,
            newest: i64::MIN,
            foreign: 0,
            failed: 0,
            leaving: 0,
        }
    }
}

impl Totals {
    /// The total of one kind.
    pub fn of(&self, kind: Kind) -> Total {
        self.kinds.get(kind as usize).copied().unwrap_or(Total { count: 0, oldest: i64::MAX })
    }

    /// The number of sessions of all kinds.
    pub fn sessions(&self) -> u64 {
        let sessions = Kind::ALL.iter().copied().filter(|kind| *kind != Kind::Temp);
        sessions.fold(0, |sum, kind| sum.saturating_add(self.of(kind).count))
    }

    /// Whether the next scan needs to report or remove nothing that this scan found.
    pub(super) fn is_settled(&self) -> bool {
        self.failed == 0 && self.leaving == 0 && self.of(Kind::Unreadable).count == 0
    }

    /// Counts one entry of a kind.
    pub(super) fn count(&mut self, kind: Kind, modified: i64) {
        if let Some(total) = self.kinds.get_mut(kind as usize) {
            total.count = total.count.saturating_add(1);
            total.oldest = total.oldest.min(modified);
        }
        self.newest = self.newest.max(modified);
    }

    /// Counts an entry that is not to be removed.
    pub(super) fn found(&mut self, found: &Found) {
        match found {
            Found::Session(session) => self.count(Kind::of(session), session.modified),
            Found::Temp(temp) => self.count(Kind::Temp, temp.modified),
            Found::Foreign(_) => self.foreign += 1,
            Found::Failed { .. } => self.failed += 1,
        }
    }
}

/// The header of an index file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    /// The key for the hashes of names.
    pub(super) key: [u8; 16],
    /// The state of the directory just before the scan.
    pub(super) stamp: DirStamp,
    pub(super) layout: u64,
    /// The start of the scan: unix seconds, nanoseconds.
    pub(super) began: (i64, i64),
    /// The start of the last full scan.
    pub(super) full: i64,
    pub(super) totals: Totals,
    pub(super) records: u64,
    /// The checksum of the records.
    pub(super) checksum: u64,
}

/// The store of an index, and the state of its directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) stamp: DirStamp,
    pub(super) layout: Layout,
}

/// The index is damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Damaged;

impl fmt::Display for Damaged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("damaged, or from another version")
    }
}

const MAGIC: &[u8; 16] = b"wikifarm index 1";

/// The count of the numbers after the magic and the key. The last one is the checksum of the header.
const WORDS: usize = 28;

/// The size of a header in bytes.
pub(super) const SIZE: usize = 32 + WORDS * 8;

impl Header {
    pub(super) fn new(key: [u8; 16], identity: Identity, began: (i64, i64), full: i64) -> Self {
        let totals = Totals::default();
        let Identity { stamp, layout } = identity;
        Header { key, stamp, layout: number(layout), began, full, totals, records: 0, checksum: 0 }
    }

    /// Whether this is the index of that store, in any state.
    pub(super) fn is_of(&self, identity: Identity) -> bool {
        let Identity { stamp, layout } = identity;
        (self.stamp.filesystem, self.stamp.inode, self.layout)
            == (stamp.filesystem, stamp.inode, number(layout))
    }

    /// A hash or checksum with the key of this index.
    pub(super) fn hash(&self, bytes: &[u8]) -> u64 {
        hash(&self.key, bytes)
    }

    /// Starts the checksum of the records.
    pub(super) fn hasher(&self) -> SipHasher13 {
        SipHasher13::new_with_key(&self.key)
    }

    fn words(&self) -> [u64; WORDS - 1] {
        let signed = i64::cast_unsigned;
        let Totals { kinds: [a, b, c, d, e], first_end, newest, foreign, failed, leaving } = self.totals;
        [
            self.stamp.filesystem,
            self.stamp.inode,
            signed(self.stamp.changed.0),
            signed(self.stamp.changed.1),
            signed(self.stamp.modified.0),
            signed(self.stamp.modified.1),
            self.layout,
            signed(self.began.0),
            signed(self.began.1),
            signed(self.full),
            a.count,
            signed(a.oldest),
            b.count,
            signed(b.oldest),
            c.count,
            signed(c.oldest),
            d.count,
            signed(d.oldest),
            e.count,
            signed(e.oldest),
            signed(first_end),
            signed(newest),
            foreign,
            failed,
            leaving,
            self.records,
            self.checksum,
        ]
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(SIZE);
        bytes.extend(MAGIC);
        bytes.extend(self.key);
        bytes.extend(self.words().iter().flat_map(|word| word.to_le_bytes()));
        let checksum = self.hash(&bytes);
        bytes.extend(checksum.to_le_bytes());
        bytes
    }

    /// Computes the checksums.
    pub(super) fn set_checksum(bytes: &mut [u8; SIZE], records: &[u8]) {
        let Some(&key) = bytes.get(16..).and_then(|rest| rest.first_chunk::<16>()) else { return };
        let count = records.len() / RECORD;
        let sums = [u64::try_from(count).unwrap_or(0), hash(&key, records)];
        let (body, last) = bytes.split_at_mut(SIZE - 8);
        for (to, from) in body.rchunks_exact_mut(8).zip(sums.iter().rev()) {
            to.copy_from_slice(&from.to_le_bytes());
        }
        last.copy_from_slice(&hash(&key, body).to_le_bytes());
    }

    /// Returns `None` if the bytes are not an undamaged header.
    pub(super) fn from_bytes(bytes: &[u8; SIZE]) -> Option<Self> {
        let (magic, rest) = bytes.split_first_chunk::<16>()?;
        let (key, rest) = rest.split_first_chunk::<16>()?;
        let (body, checksum) = bytes.split_last_chunk::<8>()?;
        if magic != MAGIC || hash(key, body) != u64::from_le_bytes(*checksum) {
            return None;
        }
        let mut words = rest.as_chunks::<8>().0.iter().map(|word| u64::from_le_bytes(*word));
        let mut word = || words.next();
        let stamp = DirStamp {
            filesystem: word()?,
            inode: word()?,
            changed: (word()?.cast_signed(), word()?.cast_signed()),
            modified: (word()?.cast_signed(), word()?.cast_signed()),
        };
        let layout = word()?;
        let began = (word()?.cast_signed(), word()?.cast_signed());
        let full = word()?.cast_signed();
        let mut totals = Totals::default();
        for total in &mut totals.kinds {
            *total = Total { count: word()?, oldest: word()?.cast_signed() };
        }
        totals.first_end = word()?.cast_signed();
        totals.newest = word()?.cast_signed();
        totals.foreign = word()?;
        totals.failed = word()?;
        totals.leaving = word()?;
        Some(Header { key: *key, stamp, layout, began, full, totals, records: word()?, checksum: word()? })
    }
}

fn hash(key: &[u8; 16], bytes: &[u8]) -> u64 {
    let mut hasher = SipHasher13::new_with_key(key);
    hasher.write(bytes);
    hasher.finish()
}

fn number(layout: Layout) -> u64 {
    match layout {
        Layout::Moin18 => 18,
        Layout::Moin19 => 19,
    }
}
