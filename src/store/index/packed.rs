//! A session's record, in 24 bytes.

use crate::store::{Expires, Session};

/// What an entry is, whatever the time and the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A session that says when it ends.
    Ends,
    /// One that does not.
    WithoutExpires,
    /// One whose `expires` is no finite number.
    InvalidExpires,
    /// One that tells nothing.
    Unreadable,
    /// A half-written file.
    Temp,
}

impl Kind {
    /// All, in the order in which they are counted.
    pub const ALL: [Kind; 5] =
        [Kind::Ends, Kind::WithoutExpires, Kind::InvalidExpires, Kind::Unreadable, Kind::Temp];

    /// What a session is.
    pub(super) fn of(session: &Session) -> Self {
        match session.facts.as_ref().map(|facts| facts.expires) {
            Ok(Expires::At(_)) => Kind::Ends,
            Ok(Expires::Absent) => Kind::WithoutExpires,
            Ok(Expires::Invalid(_)) => Kind::InvalidExpires,
            Err(_) => Kind::Unreadable,
        }
    }
}

/// Bytes of a record: the hash of the name, then kind, inode, end and time of writing, as two little-endian numbers.
pub(super) const RECORD: usize = 24;

/// What is known of one session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Record {
    /// Of its name.
    pub(super) hash: u64,
    pub(super) inode: u64,
    pub(super) kind: Kind,
    /// When it ends, in seconds since 1970, rounded down; 0 where it does not say.
    pub(super) end: i64,
    /// When it was written, in seconds since 1970.
    pub(super) modified: i64,
}

/// Space for the times: until the year 10680.
const TIME_BITS: u32 = 38;
const INODE_BITS: u32 = 48;

/// In order of the hash.
pub(super) type Packed = [u64; 3];

impl Record {
    /// `None` where a number does not fit: such a session is read each time. A time before 1970 or far in the future
    /// is moved to the end of the range that makes it due earlier, which also only means that it is read.
    pub(super) fn pack(&self) -> Option<Packed> {
        if self.inode >> INODE_BITS != 0 {
            return None;
        }
        let time = |time: i64| u128::from(u64::try_from(time).unwrap_or(0).min((1 << TIME_BITS) - 1));
        let rest = u128::from(self.kind as u8) << (INODE_BITS + 2 * TIME_BITS)
            | u128::from(self.inode) << (2 * TIME_BITS)
            | time(self.end) << TIME_BITS
            | time(self.modified);
        let [high, low] = [rest >> 64, rest & u128::from(u64::MAX)];
        Some([self.hash, u64::try_from(high).ok()?, u64::try_from(low).ok()?])
    }

    /// `None` for a kind that there is not.
    pub(super) fn unpack([hash, high, low]: Packed) -> Option<Self> {
        let rest = u128::from(high) << 64 | u128::from(low);
        let field = |shift: u32, bits: u32| (rest >> shift) & ((1 << bits) - 1);
        let kind = usize::try_from(field(INODE_BITS + 2 * TIME_BITS, 4)).ok()?;
        Some(Record {
            hash,
            kind: *Kind::ALL.get(kind)?,
            inode: u64::try_from(field(2 * TIME_BITS, INODE_BITS)).ok()?,
            end: i64::try_from(field(TIME_BITS, TIME_BITS)).ok()?,
            modified: i64::try_from(field(0, TIME_BITS)).ok()?,
        })
    }
}

pub(super) fn to_bytes(packed: Packed) -> [u8; RECORD] {
    let mut bytes = [0; RECORD];
    for (to, from) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(packed) {
        *to = from.to_le_bytes();
    }
    bytes
}

pub(super) fn from_bytes(bytes: &[u8; RECORD]) -> Packed {
    let mut packed = [0; 3];
    for (to, from) in packed.iter_mut().zip(bytes.as_chunks::<8>().0) {
        *to = u64::from_le_bytes(*from);
    }
    packed
}
