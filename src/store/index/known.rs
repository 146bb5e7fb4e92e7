//! The records of an index, for many threads.

use std::fs::File;
use std::io::Read;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::store::name::EntryName;
use crate::store::record::is_older;
use crate::sys::why;

use super::header::{Damaged, Header, SIZE};
use super::packed::{self, Kind, RECORD, Record};

/// The records of the previous index, and which of them the scan skipped.
#[derive(Debug)]
pub struct Known {
    header: Header,
    /// Records, sorted by hash.
    bytes: Vec<u8>,
    /// The first record for each value of the first bits of the hash.
    starts: Vec<u32>,
    shift: u32,
    /// A bit for each record: the scan met its session and skipped it.
    met: Vec<AtomicU64>,
}

/// The approximate number of records with the same first bits.
const TOGETHER: u64 = 8;

impl Known {
    pub(super) fn read(header: Header, file: File) -> Result<Self, String> {
        let damaged = || Damaged.to_string();
        let size = header.records.checked_mul(RECORD as u64).ok_or_else(damaged)?;
        // A wrong size in the header reads no more than the file.
        let held = file.metadata().map_err(|error| why(&error))?.len();
        if held.checked_sub(size) != Some(SIZE as u64) {
            return Err(damaged());
        }
        let mut bytes = Vec::with_capacity(usize::try_from(size).map_err(|_| damaged())?);
        file.take(size).read_to_end(&mut bytes).map_err(|error| why(&error))?;
        Known::new(header, bytes).ok_or_else(damaged)
    }

    /// Reads a whole index. Returns `None` if the bytes are damaged.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (header, records) = bytes.split_first_chunk::<SIZE>()?;
        Known::new(Header::from_bytes(header)?, records.to_vec())
    }

    /// Sets the correct checksums, so that tests and fuzzers can change other bytes.
    #[doc(hidden)]
    pub fn set_checksum(bytes: &mut [u8]) {
        let Some((header, records)) = bytes.split_first_chunk_mut::<SIZE>() else { return };
        Header::set_checksum(header, records);
    }

    /// Returns `None` if the bytes are damaged.
    pub(super) fn new(header: Header, bytes: Vec<u8>) -> Option<Self> {
        let count = u32::try_from(header.records).ok()?;
        let (records, []) = bytes.as_chunks::<RECORD>() else { return None };
        if u32::try_from(records.len()) != Ok(count) || header.hash(&bytes) != header.checksum {
            return None;
        }
        let bits = (header.records / TOGETHER).checked_ilog2().unwrap_or(0).max(1);
        let shift = u64::BITS - bits;
        let mut starts = Vec::with_capacity((1 << bits) + 1);
        let mut before = 0;
        for (at, record) in (0..count).zip(records) {
            let [hash, ..] = packed::from_bytes(record);
            if hash < before {
                return None;
            }
            before = hash;
            while starts.len() as u64 <= hash >> shift {
                starts.push(at);
            }
        }
        starts.resize((1 << bits) + 1, count);
        let met = (0..count.div_ceil(u64::BITS)).map(|_| AtomicU64::new(0)).collect();
        Some(Known { header, bytes, starts, shift, met })
    }

    pub(super) fn header(&self) -> &Header {
        &self.header
    }

    fn records(&self) -> &[[u8; RECORD]] {
        self.bytes.as_chunks().0
    }

    /// Whether a session with this name and inode is known to be live at `now` (unix seconds). The scan skips such
    /// sessions, and [`Known::left_out`] counts them.
    pub fn is_live(&self, name: &EntryName, inode: u64, now: i64, idle: Option<Duration>) -> bool {
        let hash = self.header.hash(name.as_c_str().to_bytes());
        let Ok(bucket) = usize::try_from(hash >> self.shift) else { return false };
        let start = |at: usize| self.starts.get(at).and_then(|start| usize::try_from(*start).ok());
        let (Some(from), Some(to)) = (start(bucket), start(bucket + 1)) else { return false };
        let Some(together) = self.records().get(from..to) else { return false };
        let found = (from..).zip(together).find_map(|(at, record)| {
            let packed @ [of, ..] = packed::from_bytes(record);
            let record = if of == hash { Record::unpack(packed)? } else { return None };
            let over = record.end < now || idle.is_some_and(|idle| is_older(record.modified, idle, now));
            (record.inode == inode && record.kind == Kind::Ends && !over).then_some(at)
        });
        let Some(at) = found else { return false };
        // A new hard link can be met twice: the second one is read.
        self.met.get(at / 64).is_some_and(|word| {
            let bit = 1 << (at % 64);
            word.fetch_or(bit, Ordering::Relaxed) & bit == 0
        })
    }

    /// The records of the skipped sessions, sorted.
    pub(super) fn met(&self) -> impl Iterator<Item = &[u8; RECORD]> {
        let met = self.met.iter().flat_map(|word| {
            let word = word.load(Ordering::Relaxed);
            (0..u64::BITS).map(move |bit| word >> bit & 1 == 1)
        });
        self.records().iter().zip(met).filter_map(|(record, met)| met.then_some(record))
    }

    /// The number of skipped sessions, and the time of the newest.
    pub fn left_out(&self) -> (u64, Option<i64>) {
        let written = self.met().filter_map(|record| Record::unpack(packed::from_bytes(record)));
        written.fold((0, None), |(count, newest), record| (count + 1, newest.max(Some(record.modified))))
    }
}
