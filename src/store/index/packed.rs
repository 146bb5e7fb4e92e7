//! The record of a session, in 24 bytes.

use crate::store::{Expires, Session};

/// The kind of an entry, which does not depend on the time or the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A session with an expiry.
    Ends,
    /// A session without an expiry.
    WithoutExpires,
    /// A session whose `expires` is not a finite number.
    InvalidExpires,
    /// An unreadable session.
    Unreadable,
    /// A temporary file.
    Temp,
}

impl Kind {
    /// All kinds, in the order in which they are counted.
    pub const ALL: [Kind; 5] =
        [Kind::Ends, Kind::WithoutExpires, Kind::InvalidExpires, Kind::Unreadable, Kind::Temp];

    /// The kind of a session.
    pub(super) fn of(session: &Session) -> Self {
        match session.facts.as_ref().map(|facts| facts.expires) {
            Ok(Expires::At(_)) => Kind::Ends,
            Ok(Expires::Absent) => Kind::WithoutExpires,
            Ok(Expires::Invalid(_)) => Kind::InvalidExpires,
            Err(_) => Kind::Unreadable,
        }
    }
}

/// The size of a record in bytes: the hash of the name, then kind, inode, expiry and time of the last write in two
/// little-endian numbers.
pub(super) const RECORD: usize = 24;

/// The facts about one session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Record {
    /// The hash of the name.
    pub(super) hash: u64,
    pub(super) inode: u64,
    pub(super) kind: Kind,
    /// The expiry in unix seconds, rounded down; 0 if there is none.
    pub(super) end: i64,
    /// The time of the last write in unix seconds.
    pub(super) modified: i64,
}

/// The bits of a time, enough until the year 10680.
const TIME_BITS: u32 = 38;
const INODE_BITS: u32 = 48;

/// A record as numbers. The first is the hash, so records sort by hash.
pub(super) type Packed = [u64; 3];

impl Record {
    /// Returns `None` if a number does not fit: such a session is read in each scan. A time before 1970 or far in the
    /// future is moved into the range so that the session is due earlier, and is then only read again.
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

    /// Returns `None` for an unknown kind.
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
