//! What was read of a store in earlier runs, so that a run need not read again what cannot be due.
//!
//! What it promises:
//!
//! * It holds facts (when a session ends, when it was written), not verdicts: a changed policy applies at once.
//! * It is one-sided. Only a session that says it is still valid may be left out of a scan; whatever is removed was
//!   read in this run. Inodes are used again soon, so a session may be taken for what it was: it then goes late, at
//!   most until the next pass over everything, [`FULL_EVERY`] later. Never early.
//! * It tells nobody anything: names are in it as hashes, whose key is random, and only root and its owner can read it.
//! * A damaged, foreign or older one is as good as none.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::sys::{DirStamp, PrivateDir};

use crate::location::Layout;

mod gather;
mod header;
mod known;
mod packed;
#[cfg(test)]
mod tests;

pub use gather::Gather;
pub use header::Totals;
pub use known::Known;
pub use packed::Kind;

use header::{Damaged, Header, Identity, SIZE};

/// So long after one pass over everything the next is due.
pub const FULL_EVERY: Duration = Duration::from_secs(7 * 86_400);

/// A directory must have been left alone for so long before a pass for its times to tell that it was left alone
/// since: the kernel's clock for files is coarse.
const SETTLED: i64 = 2;

/// The index of a store as it is before a pass.
#[derive(Debug)]
pub struct Index {
    place: PathBuf,
    name: String,
    identity: Identity,
    began: (i64, i64),
    old: Option<(Header, File)>,
    /// Why there is none, though there is a file.
    ignored: Option<String>,
}

impl Index {
    /// Opens the index of the store with that stamp, among those that lie in the directory `place`. `stamp` is to be
    /// taken just before the scan. Makes nothing.
    pub fn open(place: &Path, layout: Layout, stamp: DirStamp) -> Self {
        let name = format!("{:016x}-{:x}-{}.index", stamp.filesystem, stamp.inode, layout.name());
        let began = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let began = (i64::try_from(began.as_secs()).unwrap_or(0), i64::from(began.subsec_nanos()));
        let identity = Identity { stamp, layout };
        let mut index = Index { place: place.to_owned(), name, identity, began, old: None, ignored: None };
        match index.read() {
            Ok(old) => index.old = old,
            Err(why) => index.ignored = Some(format!("{}: index ignored: {why}", index.path().display())),
        }
        index
    }

    fn path(&self) -> PathBuf {
        self.place.join(&self.name)
    }

    fn read(&self) -> Result<Option<(Header, File)>, String> {
        if let Err(error) = self.place.symlink_metadata()
            && error.kind() == io::ErrorKind::NotFound
        {
            return Ok(None);
        }
        let dir = PrivateDir::open(&self.place).map_err(|error| error.to_string())?;
        let Some(mut file) = dir.read(&self.name).map_err(|error| crate::sys::why(&error))? else {
            return Ok(None);
        };
        let mut bytes = [0; SIZE];
        file.read_exact(&mut bytes).map_err(|_| Damaged.to_string())?;
        let header = Header::from_bytes(&bytes).ok_or_else(|| Damaged.to_string())?;
        Ok(header.is_of(self.identity).then_some((header, file)))
    }

    /// Why a file that is there is not used.
    pub fn ignored(&self) -> Option<&str> {
        self.ignored.as_deref()
    }

    /// What the last pass counted, and when it began, in seconds since 1970.
    pub fn last(&self) -> Option<(&Totals, i64)> {
        self.old.as_ref().map(|(header, _)| (&header.totals, header.began.0))
    }

    /// The header, unless everything is to be read again: the last time was a week ago, or in the future.
    fn current(&self) -> Option<&Header> {
        let (header, _) = self.old.as_ref()?;
        let age = self.began.0.checked_sub(header.full).and_then(|age| u64::try_from(age).ok())?;
        (age <= FULL_EVERY.as_secs() && header.began <= self.began).then_some(header)
    }

    /// What the last pass counted, where no name in the directory has changed since: it then holds the same files.
    ///
    /// `None` also where that pass meant to remove something, could not look at something, or met what was unreadable:
    /// these are to be looked at again, and told.
    pub fn unchanged(&self) -> Option<&Totals> {
        let header = self.current()?;
        let settled = |(seconds, nanoseconds): (i64, i64)| {
            seconds.checked_add(SETTLED).is_some_and(|seconds| (seconds, nanoseconds) <= header.began)
        };
        let stamp = header.stamp;
        let same = stamp == self.identity.stamp && settled(stamp.changed) && settled(stamp.modified);
        (same && header.totals.is_settled()).then_some(&header.totals)
    }

    /// Reads the records for a scan that leaves out what they know; `None` where everything is to be read.
    pub fn known(&mut self) -> Option<Known> {
        let header = self.current()?.clone();
        let (_, file) = self.old.take()?;
        match Known::read(header, file) {
            Ok(known) => Some(known),
            Err(why) => {
                self.ignored = Some(format!("{}: index ignored: {why}", self.path().display()));
                None
            }
        }
    }

    /// Begins to gather what a scan reads, beside what it leaves out.
    ///
    /// # Errors
    ///
    /// Where the kernel gives no random key.
    pub fn gather(&self, known: Option<&Known>) -> io::Result<Gather> {
        let (key, full) = match known {
            Some(known) => (known.header().key, known.header().full),
            None => (random_key()?, self.began.0),
        };
        Ok(Gather::new(Header::new(key, self.identity, self.began, full)))
    }

    /// Replaces the index by what a scan gathered and left out. Only under the lock of the store.
    ///
    /// # Errors
    ///
    /// Where the directory for indexes is not safe, or the file could not be written; the old one is then still there.
    pub fn write(&self, gathered: Gather, known: Option<&Known>) -> Result<(), String> {
        let dir = PrivateDir::make(&self.place).map_err(|error| error.to_string())?;
        dir.replace(&self.name, |file| gathered.write(known, file))
            .map_err(|error| format!("{}: {}", self.path().display(), crate::sys::why(&error)))
    }
}

fn random_key() -> io::Result<[u8; 16]> {
    let mut key = [0; 16];
    let mut rest = key.as_mut_slice();
    while !rest.is_empty() {
        let count = rustix::rand::getrandom(&mut *rest, rustix::rand::GetRandomFlags::empty())?;
        rest = rest.get_mut(count..).unwrap_or_default();
    }
    Ok(key)
}
