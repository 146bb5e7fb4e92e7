//! Sessions in files of a directory: MoinMoin 1.7 and 1.8 (`<cache_dir>/__common__/session`), and 1.9
//! (`session_dir`). Only the file names differ.

use std::ffi::{CStr, OsStr};
use std::fmt;
use std::io;
use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use crate::location::{Layout, Location, NameKind};
use crate::pickle::Tree;
use crate::sys::{
    self, AsOwner, Dir, DirStamp, FileId, FileStat, Kind, Modified, NewFile, NotOpened, OpenFile, Removal,
    in_parts, put_files, remove_temps, stamp_regular,
};

use super::backend::{Backend, made_by_wiki, of_files};
use super::error::StoreError;
use super::facts::{Facts, Fields, Unreadable};
use super::name::{EntryName, is_passing};
use super::record::{Found, Session, Stamp, TempFile};
use super::refused;
use super::scan;
use super::spec::StoreSpec;
use super::tally;
use super::writable::{
    FreeSpace, NewSession, Raw, RawRead, Read, Since, USUAL_MODE, WritableStore, Written, written,
};
use super::{Decide, Listed, SessionStore, Sink, Skip};

/// The number of entries that a thread removes at a time.
const SHARE: usize = 32;

/// Runs between the last check of a file and its removal.
type Hook = Box<dyn Fn(&CStr) + Send + Sync>;

/// Directories of 1.9.
pub(super) const MOIN_1_9: Backend = backend(Layout::Moin19, "moin-1.9:DIR");

/// Directories of 1.7 and 1.8.
pub(super) const MOIN_1_8: Backend = backend(Layout::Moin18, "moin-1.8:DIR");

const fn backend(layout: Layout, form: &'static str) -> Backend {
    Backend {
        scheme: layout.name(),
        form,
        open: |spec| Ok(Box::new(FileStore::open(spec)?)),
        create: made_by_wiki,
        usage: of_files,
    }
}

/// An open directory of session files.
pub struct FileStore {
    spec: StoreSpec,
    layout: Layout,
    path: PathBuf,
    dir: Dir,
    before_unlink: Option<Hook>,
}

impl fmt::Debug for FileStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileStore").field("spec", &self.spec).field("dir", &self.dir).finish_non_exhaustive()
    }
}

impl FileStore {
    /// Opens the directory of a store.
    ///
    /// # Errors
    ///
    /// [`StoreError::Directory`]; see [`StoreError::is_missing`] for a wiki that never ran.
    pub fn open(spec: StoreSpec) -> Result<Self, StoreError> {
        let Location::Directory { layout, path } = spec.location.clone() else {
            return Err(StoreError::unusable(&spec, "not a session directory of MoinMoin"));
        };
        let dir = Dir::open(&path).map_err(StoreError::Directory)?;
        Ok(FileStore { spec, layout, path, dir, before_unlink: None })
    }

    /// Calls `hook` between the last check of each file and its removal, so that a test can replace the file.
    #[must_use]
    pub fn with_hook_before_unlink(mut self, hook: impl Fn(&CStr) + Send + Sync + 'static) -> Self {
        self.before_unlink = Some(Box::new(hook));
        self
    }

    fn as_owner(&self) -> Result<AsOwner, StoreError> {
        AsOwner::of(&self.dir).map_err(|source| self.error(source))
    }

    /// Reads a whole session with the rights of this thread.
    fn read_whole(&self, id: &EntryName, buffer: &mut Vec<u8>) -> RawRead {
        if self.layout.kind(id.as_c_str().to_bytes()) != NameKind::Session {
            return Ok(Read::Missing);
        }
        let read = sys::open_regular(&self.dir, id.as_c_str()).and_then(|file| {
            file.read(buffer)?;
            Ok((file.stat(), Stamp(file.stamp())))
        });
        match read {
            Ok((stat, stamp)) => Ok(Read::Present(Raw {
                bytes: buffer.as_slice().to_vec(),
                modified: Modified { seconds: stat.modified, nanos: stat.modified_nanos },
                mode: Some(stat.mode),
                owner: Some((stat.uid, stat.gid)),
                stamp,
                trust: None,
            })),
            Err(NotOpened::Gone) => Ok(Read::Missing),
            Err(NotOpened::Io(error)) => Err(StoreError::entry(&self.spec, *id, error)),
            Err(why) => Ok(Read::Unreadable(Unreadable::Unsafe(why))),
        }
    }

    fn error(&self, source: io::Error) -> StoreError {
        StoreError::Listing { dir: self.path.clone(), source }
    }

    /// Examines one entry. `None` if it no longer exists.
    fn look(&self, name: EntryName, kind: NameKind, fields: Fields, buffer: &mut Vec<u8>) -> Option<Found> {
        let looked = sys::open_regular(&self.dir, name.as_c_str())
            .and_then(|file| found(&file, name, kind, fields, buffer))
            .or_else(|why| match why {
                NotOpened::HardLinked { .. }
                | NotOpened::TooLarge { .. }
                | NotOpened::MountPoint
                | NotOpened::OtherDevice => {
                    let stat = sys::stat_regular(&self.dir, name.as_c_str())?;
                    // No wiki makes such a temporary file.
                    if kind == NameKind::Session { Ok(not_read(name, stat, why)) } else { Err(why) }
                }
                other => Err(other),
            });
        match looked {
            Ok(found) => Some(found),
            Err(NotOpened::Gone) => None,
            Err(NotOpened::Io(error)) => Some(Found::Failed { name, error }),
            // The entry is not a regular file, or not a temporary file of a wiki.
            Err(_) => Some(Found::Foreign(OsStr::from_bytes(name.as_c_str().to_bytes()).to_owned())),
        }
    }

    fn remove_one(
        &self,
        (name, stamp): (EntryName, Stamp),
        decide: Decide<'_>,
        buffer: &mut Vec<u8>,
    ) -> io::Result<Removal> {
        let kind = self.layout.kind(name.as_c_str().to_bytes());
        let mut changed = false;
        let judge = |file: &OpenFile| {
            if kind == NameKind::Foreign || Stamp(file.stamp()) != stamp {
                changed = true;
                return Ok(false);
            }
            Ok(decide(&found(file, name, kind, Fields::default(), buffer)?))
        };
        let between = || {
            if let Some(hook) = &self.before_unlink {
                hook(name.as_c_str());
            }
        };
        match sys::remove_if(&self.dir, name.as_c_str(), sys::MAX_FILE, judge, between) {
            Ok(Removal::Kept) if changed => Ok(Removal::Changed),
            Ok(removal) => Ok(removal),
            Err(NotOpened::Gone) => Ok(Removal::Gone),
            // Another file, or another kind of file, than the examined one.
            Err(NotOpened::NotRegular | NotOpened::HardLinked { .. } | NotOpened::TooLarge { .. }) => {
                Ok(Removal::Changed)
            }
            Err(NotOpened::Io(error)) => Err(error),
            Err(other) => Err(io::Error::other(other)),
        }
    }
}

/// The content of an open file.
fn found(
    file: &OpenFile,
    name: EntryName,
    kind: NameKind,
    fields: Fields,
    buffer: &mut Vec<u8>,
) -> Result<Found, NotOpened> {
    let stat = file.stat();
    let stamp = Stamp(file.stamp());
    if kind == NameKind::Temp {
        let FileStat { modified, size, bytes_on_disk, .. } = stat;
        return Ok(Found::Temp(TempFile { name, modified, size, bytes_on_disk, stamp }));
    }
    file.read(buffer)?;
    Ok(session(name, stat, stamp, Facts::from_python_2(buffer, fields)))
}

/// A session that must not be read.
fn not_read(name: EntryName, stat: FileStat, why: NotOpened) -> Found {
    session(name, stat, Stamp(0), Err(Unreadable::Unsafe(why)))
}

fn session(id: EntryName, stat: FileStat, stamp: Stamp, facts: Result<Facts, Unreadable>) -> Found {
    let FileStat { inode, modified, size, bytes_on_disk, .. } = stat;
    let access = Some((stat.uid, stat.mode));
    Found::Session(Session { id, inode, modified, size, bytes_on_disk, access, stamp, trust: None, facts })
}

impl SessionStore for FileStore {
    fn spec(&self) -> &StoreSpec {
        &self.spec
    }

    fn id(&self) -> FileId {
        self.dir.id()
    }

    fn names(&self, sink: &mut dyn FnMut(EntryName)) -> Result<(), StoreError> {
        self.list(&mut |listed| {
            if let Listed::Session(id) = listed {
                sink(id);
            }
        })
    }

    fn list(&self, sink: &mut dyn FnMut(Listed<'_>)) -> Result<(), StoreError> {
        let _owner = self.as_owner()?;
        let listed = self.dir.list(|entry| {
            let name = entry.name.to_bytes();
            match (entry.kind, EntryName::within(self.layout, name)) {
                (Kind::Regular, Some((id, NameKind::Session))) => sink(Listed::Session(id)),
                (Kind::Regular, Some((_, NameKind::Temp))) => {}
                _ if is_passing(name) => {}
                _ => sink(Listed::Foreign(OsStr::from_bytes(name))),
            }
            ControlFlow::Continue(())
        });
        listed.map_err(|source| self.error(source))
    }

    fn scan(&self, fields: Fields, stop: &AtomicBool, sink: Sink<'_>) -> Result<(), StoreError> {
        self.scan_but(&|_, _| false, fields, stop, sink)
    }

    fn scan_but(
        &self,
        skip: Skip<'_>,
        fields: Fields,
        stop: &AtomicBool,
        sink: Sink<'_>,
    ) -> Result<(), StoreError> {
        let look =
            |entry: scan::Entry, buffer: &mut Vec<u8>| self.look(entry.name, entry.kind, fields, buffer);
        refused::watch(&self.path, stop, skip, sink, |skip, sink| {
            let work = scan::Work { look: &look, skip };
            let scanned = scan::scan(&self.dir, self.layout, stop, work, sink);
            scanned.map_err(|source| self.error(source))
        })
    }

    fn stamp(&self) -> Option<DirStamp> {
        self.dir.stamp().ok().flatten()
    }

    fn read(&self, id: &EntryName, fields: Fields) -> Result<Option<Session>, StoreError> {
        if self.layout.kind(id.as_c_str().to_bytes()) != NameKind::Session {
            return Ok(None);
        }
        let _owner = self.as_owner()?;
        match self.look(*id, NameKind::Session, fields, &mut Vec::new()) {
            Some(Found::Session(session)) => Ok(Some(session)),
            Some(Found::Failed { name, error }) => Err(StoreError::entry(&self.spec, name, error)),
            _ => Ok(None),
        }
    }

    fn present(&self, ids: &[EntryName]) -> Result<Vec<EntryName>, StoreError> {
        let _owner = self.as_owner()?;
        // A file that can't be examined counts as existing. Reading it reports the reason.
        let is_there =
            |id: &&EntryName| !matches!(stamp_regular(&self.dir, id.as_c_str()), Err(NotOpened::Gone));
        Ok(ids.iter().filter(is_there).copied().collect())
    }

    fn read_value(&self, id: &EntryName) -> Result<Read<Tree>, StoreError> {
        if self.layout.kind(id.as_c_str().to_bytes()) != NameKind::Session {
            return Ok(Read::Missing);
        }
        let _owner = self.as_owner()?;
        let mut buffer = Vec::new();
        let read = sys::open_regular(&self.dir, id.as_c_str()).and_then(|file| file.read(&mut buffer));
        match read {
            Ok(()) => Ok(Read::of_pickle(&buffer)),
            Err(NotOpened::Gone | NotOpened::NotRegular) => Ok(Read::Missing),
            Err(NotOpened::Io(error)) => Err(StoreError::entry(&self.spec, *id, error)),
            Err(why) => Ok(Read::Unreadable(Unreadable::Unsafe(why))),
        }
    }

    fn remove(&self, batch: &[(EntryName, Stamp)], decide: Decide<'_>) -> Vec<io::Result<Removal>> {
        let work = |part: &[(EntryName, Stamp)], buffer: &mut Vec<u8>| -> Vec<io::Result<Removal>> {
            let owner = AsOwner::of(&self.dir);
            let one = |entry: &(EntryName, Stamp)| match &owner {
                Ok(_) => self.remove_one(*entry, decide, buffer),
                Err(error) => Err(io::Error::other(crate::sys::why(error))),
            };
            let results = part.iter().map(one).collect();
            tally::REMOVED.add(part.len());
            results
        };
        if batch.len() <= SHARE {
            return work(batch, &mut Vec::new());
        }
        // Each thread takes the next few entries, because some removals take long.
        let parts: Vec<_> = batch.chunks(SHARE).map(|part| (part, OnceLock::new())).collect();
        let next = AtomicUsize::new(0);
        let take = || {
            let mut buffer = Vec::new();
            while let Some((part, results)) = parts.get(next.fetch_add(1, Ordering::Relaxed)) {
                results.get_or_init(|| work(part, &mut buffer));
            }
        };
        thread::scope(|scope| {
            // A removal waits for the journal of the file system, so use twice as many threads as for reading.
            let threads: Vec<_> = (0..2 * scan::workers()).map(|_| scope.spawn(take)).collect();
            // A part whose thread panicked has no results.
            threads.into_iter().for_each(|thread| drop(thread.join()));
        });
        let stopped =
            |part: &[_]| part.iter().map(|_| Err(io::Error::other("a worker thread failed"))).collect();
        parts
            .into_iter()
            .flat_map(|(part, results)| results.into_inner().unwrap_or_else(|| stopped(part)))
            .collect()
    }
}

impl WritableStore for FileStore {
    fn read_raw(&self, id: &EntryName) -> RawRead {
        let _owner = self.as_owner()?;
        self.read_whole(id, &mut Vec::new())
    }

    fn read_many(&self, ids: &[EntryName], capacity: usize) -> Vec<RawRead> {
        let capacity = FreeSpace::new(capacity);
        let mut buffer = Vec::new();
        match self.as_owner() {
            Ok(_owner) => capacity.read(ids, |id| self.read_whole(id, &mut buffer)),
            // The reason is reported for each entry.
            Err(_) => capacity.read(ids, |id| self.read_raw(id)),
        }
    }

    fn since(&self, seen: &[(EntryName, Stamp)]) -> Vec<Since> {
        let since = |(id, stamp): &(EntryName, Stamp)| match stamp_regular(&self.dir, id.as_c_str()) {
            Ok(now) if Stamp(now) == *stamp => Since::Same,
            Ok(_) => Since::Changed,
            Err(NotOpened::Gone) => Since::Gone,
            Err(NotOpened::Io(_)) => Since::Unknown,
            Err(_) => Since::Changed,
        };
        in_parts(seen, |seen| match self.as_owner() {
            Ok(_owner) => seen.iter().map(since).collect(),
            Err(_) => vec![Since::Unknown; seen.len()],
        })
    }

    fn tidy(&self) {
        remove_temps(&self.dir);
    }

    fn write(&self, batch: &[&NewSession]) -> Vec<io::Result<Written>> {
        let fits = |new: &&NewSession| self.layout.kind(new.id.as_c_str().to_bytes()) == NameKind::Session;
        if !batch.iter().all(fits) {
            let why = || io::Error::other(format!("{} does not accept this id", self.layout.name()));
            return batch.iter().map(|_| Err(why())).collect();
        }
        let files: Vec<NewFile<'_>> = batch
            .iter()
            .map(|new| NewFile {
                name: new.id.as_c_str(),
                bytes: &new.bytes,
                modified: new.modified,
                mode: new.mode.unwrap_or(USUAL_MODE),
                owner: new.owner,
                instead_of: new.instead_of.map(Stamp::to_bits),
            })
            .collect();
        put_files(&self.dir, &files).into_iter().map(|put| put.map(written)).collect()
    }
}
