//! Removes sessions, and writes tombstones for those that are ended early.

use std::io;

use crate::store::facts::Fields;
use crate::store::name::EntryName;
use crate::store::record::{Found, Stamp};
use crate::store::writable::session;
use crate::store::{Decide, tombstone};
use crate::sys::Removal;

use super::once::REMOVE;
use super::write::milliseconds;
use super::{Entry, RedisStore};

impl RedisStore {
    /// Removes one session if it still has its stamp and `decide` agrees, and writes a tombstone if it `ends` the
    /// session.
    pub(super) fn remove_one(
        &self,
        (id, stamp): (EntryName, Stamp),
        decide: Decide<'_>,
        ends: bool,
    ) -> io::Result<Removal> {
        let raw = match self.fetch_sized(&[(id, 1)]).map_err(|why| io::Error::from(&why))?.pop().flatten() {
            None => return Ok(Removal::Gone),
            Some(Entry::Raw(raw)) if raw.stamp == stamp => raw,
            Some(_) => return Ok(Removal::Changed),
        };
        if !decide(&Found::Session(session(id, &raw, Fields::default()))) {
            return Ok(Removal::Kept);
        }
        let [pickle, meta, tombstone] = self.keys(&id);
        let mut script = redis::cmd("EVAL");
        let (done, number) = self.done.of_removal();
        script.arg(REMOVE).arg(4).arg(pickle).arg(meta).arg(done).arg(tombstone);
        script.arg(&raw.bytes).arg(number);
        if ends && self.version != "1" {
            let end = tombstone::end(&raw.bytes);
            script.arg(format!("{end:?}")).arg(milliseconds(end));
        }
        let answer: i64 = self.server.ask(|to| script.query(to)).map_err(|why| io::Error::from(&why))?;
        let size = u64::try_from(raw.bytes.len()).unwrap_or(u64::MAX);
        Ok(match answer {
            0 => Removal::Gone,
            1 => Removal::Removed { size },
            _ => Removal::Changed,
        })
    }
}
