//! Gathers the records of a scan for the next index.

use std::hash::Hasher;
use std::io::{self, BufWriter, Seek, Write};

use crate::store::{Expires, Found};

use super::header::Header;
use super::known::Known;
use super::packed::{self, Kind, Packed, Record};

/// The records of a scan: 24 bytes for each session.
#[derive(Debug)]
pub struct Gather {
    header: Header,
    records: Vec<Packed>,
}

impl Gather {
    pub(super) fn new(header: Header) -> Self {
        Gather { header, records: Vec::new() }
    }

    /// Adds one entry. An entry that is to be removed gets no record: if it stays after all, the next scan reads it
    /// again.
    #[allow(clippy::cast_possible_truncation, reason = "a cast of a float saturates, and is rounded down")]
    pub fn take(&mut self, found: &Found, goes: bool) {
        if goes {
            self.header.totals.leaving += 1;
            return;
        }
        self.header.totals.found(found);
        let Found::Session(session) = found else { return };
        let end = match session.facts.as_ref().map(|facts| facts.expires) {
            Ok(Expires::At(end)) => end.floor() as i64,
            _ => 0,
        };
        let kind = Kind::of(session);
        if kind == Kind::Ends {
            self.header.totals.first_end = self.header.totals.first_end.min(end);
        }
        let hash = self.header.hash(session.id.as_c_str().to_bytes());
        let record = Record { hash, inode: session.inode, kind, end, modified: session.modified };
        self.records.extend(record.pack());
    }

    /// Writes the new and the known records in order, then the header before them.
    pub(super) fn write(mut self, known: Option<&Known>, file: &mut (impl Write + Seek)) -> io::Result<()> {
        self.records.sort_unstable();
        let mut checksum = self.header.hasher();
        let mut out = BufWriter::with_capacity(1 << 18, file);
        out.write_all(&self.header.to_bytes())?;
        let mut new = self.records.iter().copied().peekable();
        let mut old = known.into_iter().flat_map(Known::met).map(packed::from_bytes).peekable();
        while let Some(is_old) = match (new.peek(), old.peek()) {
            (None, None) => None,
            (Some(new), Some(old)) => Some(old <= new),
            (_, old) => Some(old.is_some()),
        } {
            let Some(packed) = (if is_old { old.next() } else { new.next() }) else { break };
            if is_old && let Some(record) = Record::unpack(packed) {
                let totals = &mut self.header.totals;
                totals.count(record.kind, record.modified);
                totals.first_end = totals.first_end.min(record.end);
            }
            let bytes = packed::to_bytes(packed);
            checksum.write(&bytes);
            out.write_all(&bytes)?;
            self.header.records += 1;
        }
        self.header.checksum = checksum.finish();
        out.rewind()?;
        out.write_all(&self.header.to_bytes())?;
        out.flush()
    }
}
