//! An index of a session directory, so that a run does not read sessions that can't be due.
//!
//! * The index has facts (expiry, time of the last write) and no decisions, so a changed policy takes effect at once.
//! * An error can only delay a removal. The scan skips only sessions that are live according to the index, and each
//!   removed session was read in the same run. Inodes are reused, so a new session can be taken for an old one. It is
//!   then removed late, at the latest after the next full scan, [`FULL_EVERY`] later, and never early.
//! * The index reveals no ids: it has only hashes of the names, with a random key, and only root and its owner can
//!   read it.
//! * A damaged, foreign or older index is ignored.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::sys::{DirStamp, PrivateDir};

use crate::location::Layout;
use crate::text::Problem;

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

/// The time between two full scans.
pub const FULL_EVERY: Duration = Duration::from_secs(7 * 86_400);

/// How long a directory must be unchanged before a scan, so that its times show any change since. The clock of the
/// kernel for file times is coarse.
const SETTLED: i64 = 2;

/// The index of a store before a scan.
#[derive(Debug)]
pub struct Index {
    dir: PathBuf,
    name: String,
    identity: Identity,
    began: (i64, i64),
    old: Option<(Header, File)>,
    /// Why an existing file is not used.
    ignored: Option<Problem>,
}

impl Index {
    /// Opens the index of the store with that stamp in the directory `dir`. Take the `stamp` just before the scan.
    /// Creates nothing.
    pub fn open(dir: &Path, layout: Layout, stamp: DirStamp) -> Self {
        let name = format!("{:016x}-{:x}-{}.index", stamp.filesystem, stamp.inode, layout.name());
        let began = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let began = (i64::try_from(began.as_secs()).unwrap_or(0), i64::from(began.subsec_nanos()));
        let identity = Identity { stamp, layout };
        let mut index = Index { dir: dir.to_owned(), name, identity, began, old: None, ignored: None };
        match index.read() {
            Ok(old) => index.old = old,
            Err(why) => index.ignored = Some(index.because(why)),
        }
        index
    }

    fn path(&self) -> PathBuf {
        self.dir.join(&self.name)
    }

    /// The problem of a file that is not used.
    fn because(&self, why: impl Into<Problem>) -> Problem {
        why.into().at("index ignored").at(self.path().display())
    }

    fn read(&self) -> Result<Option<(Header, File)>, Problem> {
        if let Err(error) = self.dir.symlink_metadata()
            && error.kind() == io::ErrorKind::NotFound
        {
            return Ok(None);
        }
        let dir = PrivateDir::open(&self.dir).map_err(|error| Problem::from(&error))?;
        let Some(mut file) = dir.read(&self.name).map_err(|error| crate::sys::problem(&error))? else {
            return Ok(None);
        };
        let mut bytes = [0; SIZE];
        file.read_exact(&mut bytes).map_err(|_| Damaged.to_string())?;
        let header = Header::from_bytes(&bytes).ok_or_else(|| Damaged.to_string())?;
        Ok(header.is_of(self.identity).then_some((header, file)))
    }

    /// Why an existing file is not used.
    pub fn ignored(&self) -> Option<&Problem> {
        self.ignored.as_ref()
    }

    /// The totals of the last scan, and its start in unix seconds.
    pub fn last(&self) -> Option<(&Totals, i64)> {
        self.old.as_ref().map(|(header, _)| (&header.totals, header.began.0))
    }

    /// The header. `None` if a full scan is due: the last one was a week ago, or in the future.
    fn current(&self) -> Option<&Header> {
        let (header, _) = self.old.as_ref()?;
        let age = self.began.0.checked_sub(header.full).and_then(|age| u64::try_from(age).ok())?;
        (age <= FULL_EVERY.as_secs() && header.began <= self.began).then_some(header)
    }

    /// The totals of the last scan, if no name in the directory has changed since, so that it still has the same
    /// files.
    ///
    /// Also `None` if the last scan found something to remove, unreadable or impossible to examine, because it must
    /// be examined and reported again.
    pub fn unchanged(&self) -> Option<&Totals> {
        let header = self.current()?;
        let settled = |(seconds, nanoseconds): (i64, i64)| {
            seconds.checked_add(SETTLED).is_some_and(|seconds| (seconds, nanoseconds) <= header.began)
        };
        let stamp = header.stamp;
        let same = stamp == self.identity.stamp && settled(stamp.changed) && settled(stamp.modified);
        (same && header.totals.is_settled()).then_some(&header.totals)
    }

    /// Reads the records for a scan that skips known sessions. `None` for a full scan.
    pub fn known(&mut self) -> Option<Known> {
        let header = self.current()?.clone();
        let (_, file) = self.old.take()?;
        match Known::read(header, file) {
            Ok(known) => Some(known),
            Err(why) => {
                self.ignored = Some(self.because(why.to_string()));
                None
            }
        }
    }

    /// Starts to gather the records of a scan.
    ///
    /// # Errors
    ///
    /// The kernel returns no random key.
    pub fn gather(&self, known: Option<&Known>) -> io::Result<Gather> {
        let (key, full) = match known {
            Some(known) => (known.header().key, known.header().full),
            None => (random_key()?, self.began.0),
        };
        Ok(Gather::new(Header::new(key, self.identity, self.began, full)))
    }

    /// Replaces the index by the gathered and skipped records. Call this only under the lock of the store.
    ///
    /// # Errors
    ///
    /// The directory of the index is not safe, or the file could not be written. The old index is still there then.
    pub fn write(&self, gathered: Gather, known: Option<&Known>) -> Result<(), Problem> {
        let dir = PrivateDir::make(&self.dir).map_err(|error| Problem::from(&error))?;
        dir.replace(&self.name, |file| gathered.write(known, file))
            .map_err(|error| crate::sys::problem(&error).at(self.path().display()))
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
