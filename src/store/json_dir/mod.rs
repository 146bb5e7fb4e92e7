//! `json:DIR`: each session is a readable file `<id>.json`, for people, backups and other programs. Nothing is lost:
//! see [`JsonForm`](crate::pickle::JsonForm). If the JSON form does not give the same bytes, the file has the pickle
//! too.

use std::ffi::{CStr, CString, OsStr};
use std::io;
use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::location::Location;
use crate::pickle::Tree;
use crate::sys::{
    self, AsOwner, Dir, DirError, FileId, Kind, MAX_FILE, Modified, NewFile, NotOpened, OpenFile, Removal,
    put_files, remove_temps,
};

use super::backend::{Backend, of_files};
use super::error::StoreError;
use super::facts::{Fields, Unreadable};
use super::name::{EntryName, is_passing};
use super::record::{Found, Session, Stamp};
use super::refused;
use super::spec::StoreSpec;
use super::tally;
use super::writable::{FreeSpace, NewSession, Raw, RawRead, Read, WritableStore, Written, session, written};
use super::{Decide, Listed, SessionStore, Sink};

mod file;

use file::{LARGEST, Without};

const SUFFIX: &[u8] = b".json";

/// The number of bytes of text in memory, besides the last text.
const TEXTS: usize = 64 * 1024 * 1024;

/// The default mode of a file. Other users could log in with its content.
const MODE: u32 = 0o600;

/// Directories of sessions in JSON.
pub(super) const BACKEND: Backend = Backend {
    scheme: "json",
    form: "json:DIR",
    open: |spec| Ok(Box::new(JsonStore::open(spec)?)),
    create,
    usage: of_files,
};

/// An open directory of sessions in JSON.
#[derive(Debug)]
pub struct JsonStore {
    spec: StoreSpec,
    path: PathBuf,
    dir: Dir,
}

/// Creates the directory with mode 0700 if it does not exist. Uses the handle of the parent directory, so that a link
/// of another user can't redirect it, and the rights of the owner of the parent.
fn create(spec: &StoreSpec) -> Result<(), StoreError> {
    let path = path_of(spec)?;
    // An existing directory, or one behind a link of another user, is checked when it is opened.
    let missing = matches!(Dir::open(path), Err(DirError::Missing { .. }));
    let Some(name) = path.file_name().filter(|_| missing) else { return Ok(()) };
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let parent = Dir::open(parent.unwrap_or(Path::new("."))).map_err(StoreError::Directory)?;
    AsOwner::of(&parent)
        .and_then(|_owner| parent.make(name))
        .map_err(|source| StoreError::Directory(DirError::Io { path: path.to_owned(), source }))
}

fn path_of(spec: &StoreSpec) -> Result<&Path, StoreError> {
    match &spec.location {
        Location::Json(path) => Ok(path),
        _ => Err(StoreError::unusable(spec, "not a directory of sessions in JSON")),
    }
}

impl JsonStore {
    /// Opens the directory of a store.
    ///
    /// # Errors
    ///
    /// [`StoreError::Directory`].
    pub fn open(spec: StoreSpec) -> Result<Self, StoreError> {
        let path = path_of(&spec)?.to_owned();
        let dir = Dir::open(&path).map_err(StoreError::Directory)?;
        Ok(JsonStore { spec, path, dir })
    }

    fn listing(&self, source: io::Error) -> StoreError {
        StoreError::Listing { dir: self.path.clone(), source }
    }

    /// Examines one file. `None` if it no longer exists.
    fn look(&self, id: EntryName, fields: Fields) -> Option<Found> {
        let name = file_name(&id);
        match open(&self.dir, &name).and_then(|file| raw(&self.dir, &file)) {
            Ok((size, Ok(raw))) => Some(Found::Session(Session {
                size,
                bytes_on_disk: raw.1.bytes_on_disk,
                access: Some((raw.1.uid, raw.1.mode)),
                ..session(id, &raw.0, fields)
            })),
            Ok((size, Err((stat, stamp, why)))) => Some(Found::Session(Session {
                id,
                inode: 0,
                modified: stat.modified,
                size,
                bytes_on_disk: stat.bytes_on_disk,
                access: Some((stat.uid, stat.mode)),
                stamp,
                trust: None,
                facts: Err(Unreadable::Form(why)),
            })),
            Err(NotOpened::Gone) => None,
            Err(NotOpened::Io(error)) => Some(Found::Failed { name: id, error }),
            Err(NotOpened::NotRegular) => Some(Found::Foreign(OsStr::from_bytes(name.as_bytes()).to_owned())),
            Err(why) => {
                let stat = sys::stat_regular(&self.dir, &name).ok()?;
                Some(Found::Session(Session {
                    id,
                    inode: 0,
                    modified: stat.modified,
                    size: stat.size,
                    bytes_on_disk: stat.bytes_on_disk,
                    access: Some((stat.uid, stat.mode)),
                    stamp: Stamp(0),
                    trust: None,
                    facts: Err(unsafe_or_large(why)),
                }))
            }
        }
    }

    fn remove_one(&self, (id, stamp): (EntryName, Stamp), decide: Decide<'_>) -> io::Result<Removal> {
        let name = file_name(&id);
        let mut changed = false;
        let judge = |file: &OpenFile| {
            if Stamp(file.stamp()) != stamp {
                changed = true;
                return Ok(false);
            }
            Ok(self.look(id, Fields::default()).is_some_and(|found| decide(&found)))
        };
        match sys::remove_if(&self.dir, &name, LARGEST, judge, || {}) {
            Ok(Removal::Kept) if changed => Ok(Removal::Changed),
            Ok(removal) => Ok(removal),
            Err(NotOpened::Gone) => Ok(Removal::Gone),
            Err(NotOpened::Io(error)) => Err(error),
            Err(_) => Ok(Removal::Changed),
        }
    }
}

/// The id in a file name. `None` for other files.
pub fn id_of(name: &CStr) -> Option<EntryName> {
    name.to_bytes().strip_suffix(SUFFIX).and_then(EntryName::id)
}

fn open(dir: &Dir, name: &CStr) -> Result<OpenFile, NotOpened> {
    sys::open_regular_up_to(dir, name, LARGEST)
}

/// Why a file is not read. A file can be larger than its session.
fn unsafe_or_large(why: NotOpened) -> Unreadable {
    match why {
        NotOpened::TooLarge { size } => {
            Unreadable::Form(format!("too large: {size} bytes, limit {} MiB", LARGEST / 1024 / 1024))
        }
        why => Unreadable::Unsafe(why),
    }
}

fn file_name(id: &EntryName) -> CString {
    let mut name = id.as_c_str().to_bytes().to_vec();
    name.extend_from_slice(SUFFIX);
    CString::new(name).unwrap_or_default()
}

type Content = Result<(Raw, sys::FileStat), (sys::FileStat, Stamp, String)>;

/// Reads the session in an open file, and the size of the file.
fn raw(dir: &Dir, file: &OpenFile) -> Result<(u64, Content), NotOpened> {
    let mut text = Vec::new();
    file.read(&mut text)?;
    let (stat, stamp) = (file.stat(), Stamp(file.stamp()));
    let read = match file::pickle_of(&text) {
        Ok((bytes, _)) if u64::try_from(bytes.len()).is_ok_and(|size| size > MAX_FILE) => {
            let why =
                format!("session too large: {} bytes, limit {} MiB", bytes.len(), MAX_FILE / 1024 / 1024);
            Err((stat, stamp, why))
        }
        Err(why) => Err((stat, stamp, why)),
        Ok((bytes, without)) => {
            let modified = Modified { seconds: stat.modified, nanos: stat.modified_nanos };
            let mode = (!without.mode).then_some(stat.mode);
            // A file of another owner than the directory is reported for its owner, before its content.
            let owner = (!without.owner || stat.uid != dir.uid()).then_some((stat.uid, stat.gid));
            Ok((Raw { bytes, modified, mode, owner, stamp, trust: None }, stat))
        }
    };
    Ok((stat.size, read))
}

impl SessionStore for JsonStore {
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
        let _owner = AsOwner::of(&self.dir).map_err(|error| self.listing(error))?;
        let listed = self.dir.list(|entry| {
            let name = entry.name.to_bytes();
            match (entry.kind, id_of(entry.name)) {
                (Kind::Regular, Some(id)) => sink(Listed::Session(id)),
                _ if is_passing(name) => {}
                _ => sink(Listed::Foreign(OsStr::from_bytes(name))),
            }
            ControlFlow::Continue(())
        });
        listed.map_err(|error| self.listing(error))
    }

    fn scan(&self, fields: Fields, stop: &AtomicBool, sink: Sink<'_>) -> Result<(), StoreError> {
        let _owner = AsOwner::of(&self.dir).map_err(|error| self.listing(error))?;
        refused::watch(&self.path, stop, &|_, _| false, sink, |_, sink| {
            let listed = self.dir.list(|entry| {
                if stop.load(Ordering::Relaxed) {
                    return ControlFlow::Break(());
                }
                match (entry.kind, id_of(entry.name)) {
                    (Kind::Regular, Some(id)) => {
                        tally::LOOKED.add(1);
                        if let Some(found) = self.look(id, fields) {
                            sink(found);
                        }
                    }
                    _ => sink(Found::Foreign(OsStr::from_bytes(entry.name.to_bytes()).to_owned())),
                }
                ControlFlow::Continue(())
            });
            listed.map_err(|error| self.listing(error))
        })
    }

    fn read(&self, id: &EntryName, fields: Fields) -> Result<Option<Session>, StoreError> {
        let _owner = AsOwner::of(&self.dir).map_err(|error| self.listing(error))?;
        match self.look(*id, fields) {
            Some(Found::Session(session)) => Ok(Some(session)),
            Some(Found::Failed { name, error }) => Err(StoreError::entry(&self.spec, name, error)),
            _ => Ok(None),
        }
    }

    fn read_value(&self, id: &EntryName) -> Result<Read<Tree>, StoreError> {
        Ok(self.read_raw(id)?.tree())
    }

    fn remove(&self, batch: &[(EntryName, Stamp)], decide: Decide<'_>) -> Vec<io::Result<Removal>> {
        tally::REMOVED.add(batch.len());
        match AsOwner::of(&self.dir) {
            Ok(_owner) => batch.iter().map(|entry| self.remove_one(*entry, decide)).collect(),
            Err(error) => batch.iter().map(|_| Err(io::Error::other(crate::sys::why(&error)))).collect(),
        }
    }
}

impl WritableStore for JsonStore {
    fn read_raw(&self, id: &EntryName) -> RawRead {
        let _owner = AsOwner::of(&self.dir).map_err(|error| self.listing(error))?;
        match open(&self.dir, &file_name(id)).and_then(|file| raw(&self.dir, &file)) {
            Ok((_, Ok((raw, _)))) => Ok(Read::Present(raw)),
            Ok((_, Err((_, _, why)))) => Ok(Read::Unreadable(Unreadable::Form(why))),
            Err(NotOpened::Gone) => Ok(Read::Missing),
            Err(NotOpened::Io(error)) => Err(StoreError::entry(&self.spec, *id, error)),
            Err(why) => Ok(Read::Unreadable(unsafe_or_large(why))),
        }
    }

    fn tidy(&self) {
        remove_temps(&self.dir);
    }

    fn write(&self, batch: &[&NewSession]) -> Vec<io::Result<Written>> {
        let mut results = Vec::with_capacity(batch.len());
        let mut rest = batch;
        while !rest.is_empty() {
            // The text of a session can be many times larger than the session.
            let free_space = FreeSpace::new(TEXTS);
            let mut texts = Vec::new();
            for new in rest {
                let text =
                    file::text(&new.bytes, Without { owner: new.owner.is_none(), mode: new.mode.is_none() });
                let is_space = free_space.take(text.len());
                texts.push((file_name(&new.id), text));
                if !is_space {
                    break;
                }
            }
            let (now, later) = rest.split_at(texts.len().min(rest.len()));
            rest = later;
            let files: Vec<NewFile<'_>> = now
                .iter()
                .zip(&texts)
                .map(|(new, (name, bytes))| NewFile {
                    name,
                    bytes,
                    modified: new.modified,
                    mode: new.mode.unwrap_or(MODE),
                    owner: new.owner,
                    instead_of: new.instead_of.map(Stamp::to_bits),
                })
                .collect();
            results.extend(put_files(&self.dir, &files).into_iter().map(|put| put.map(written)));
        }
        results
    }
}
