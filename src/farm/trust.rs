//! Whom the farm file obeys. What is opened because a farm file names it (stores, user directories, keys, passwords,
//! addresses) is opened with the rights of whoever runs wikifarm; run by root, only a file that nobody but root can
//! write may name it. [`Trusted`] is the proof, and functions that open what a farm names ask for it.

use std::ffi::OsStr;
use std::fmt;
use std::io::{self, Read};
use std::ops::Deref;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::{Farm, LARGEST};
use crate::sys::{self, Dir, open_cautiously};

/// A farm whose files nobody could have written but those who may do all that the farm makes wikifarm do: for root, and
/// for a user that root became with `--run-as`, only root and that user. Others trust what they read, as it has no rights
/// but theirs.
#[derive(Debug)]
pub struct Trusted(Farm);

/// Why a farm is not trusted: which file, link or directory another user could have written, its owner and mode.
#[derive(Debug)]
pub struct Distrust(String);

impl fmt::Display for Distrust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Distrust {}

impl Trusted {
    /// Takes the farm if it can be trusted.
    ///
    /// # Errors
    /// Why it can't.
    pub fn new(farm: Farm) -> Result<Trusted, Distrust> {
        Trusted::check(&farm)?;
        Ok(Trusted(farm))
    }

    /// Whether [`Trusted::new`] would take the farm.
    ///
    /// # Errors
    /// Why it would not.
    pub fn check(farm: &Farm) -> Result<(), Distrust> {
        match sys::began_as_root().then(|| could_be_of_other_users(farm, us())).flatten() {
            Some(why) => Err(Distrust(why)),
            None => Ok(()),
        }
    }
}

impl Deref for Trusted {
    type Target = Farm;

    fn deref(&self) -> &Farm {
        &self.0
    }
}

/// Whether the farm file at `path` can be trusted, before it is read.
///
/// # Errors
/// Why it can't.
pub fn check_path(path: &Path) -> Result<(), Distrust> {
    match sys::began_as_root().then(|| file_could_be_of_other_users(path, None, us())).flatten() {
        Some(why) => Err(Distrust(why)),
        None => Ok(()),
    }
}

fn us() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// Why somebody other than root and the user `uid` could have written what `farm` was read from, if so: the file, a
/// link or directory on the way to it, or the directory that its relative paths start from.
///
/// The file is opened anew by a way that follows no other user's link, and must still say what was read.
pub fn could_be_of_other_users(farm: &Farm, uid: u32) -> Option<String> {
    farm.source.files().find_map(|(path, bytes)| file_could_be_of_other_users(path, Some(bytes), uid))
}

/// The same of one file of the farm, which said `bytes` if it was read already.
fn file_could_be_of_other_users(path: &Path, bytes: Option<&[u8]>, uid: u32) -> Option<String> {
    let failed =
        |error: &dyn fmt::Display| Some(format!("can't tell who may write {}: {error}", path.display()));
    // The directory as it was named, where relative paths start, and each directory that a link of ours leads to.
    let mut path = path.to_owned();
    for _ in 0..8 {
        let (parent, name) = match (path.parent(), path.file_name()) {
            (Some(parent), Some(name)) if parent == Path::new("") => (Path::new("."), name),
            (Some(parent), Some(name)) => (parent, name),
            _ => return Some(format!("{} is no file", path.display())),
        };
        let dir = match Dir::open(parent) {
            Ok(dir) => dir,
            Err(error) => return failed(&error),
        };
        match strange_directories(parent, uid) {
            Ok(None) => {}
            Ok(Some(why)) => return Some(why),
            Err(error) => return failed(&error),
        }
        let link = match path.symlink_metadata() {
            Ok(metadata) if metadata.file_type().is_symlink() => metadata,
            Ok(_) => return strange_file(bytes, &dir, name, uid, &path),
            Err(error) => return failed(&error),
        };
        if link.uid() != 0 && link.uid() != uid {
            return Some(format!("{} is a link of user {}", path.display(), link.uid()));
        }
        path = match path.read_link() {
            Ok(target) => parent.join(target),
            Err(error) => return failed(&error),
        };
    }
    Some(format!("{} leads over too many links", path.display()))
}

/// Why the file itself is not to be trusted.
fn strange_file(said: Option<&[u8]>, dir: &Dir, name: &OsStr, uid: u32, path: &Path) -> Option<String> {
    let failed = |error: &dyn fmt::Display| Some(format!("can't read {} again: {error}", path.display()));
    let mut bytes = Vec::new();
    let opened = open_cautiously(dir, name).and_then(|file| Ok((file.metadata()?, file)));
    let stat = match opened {
        Ok((stat, _)) if !stat.is_file() => return Some(format!("{} is no regular file", path.display())),
        Ok((stat, file)) => match said.map(|_| file.take(LARGEST + 1).read_to_end(&mut bytes)) {
            Some(Err(error)) => return failed(&error),
            _ => stat,
        },
        Err(error) => return failed(&error),
    };
    // A byte order mark may have been taken off.
    let is_same = |said: &[u8]| bytes == said || bytes.strip_prefix(b"\xef\xbb\xbf") == Some(said);
    if said.is_some_and(|said| !is_same(said)) {
        return Some(format!("{} changed while it was read", path.display()));
    }
    strange(&path.display(), (stat.uid(), stat.gid()), stat.mode() & 0o7777, uid)
}

/// Why a directory or one above it is not to be trusted.
fn strange_directories(path: &Path, uid: u32) -> io::Result<Option<String>> {
    for place in path.canonicalize()?.ancestors() {
        let stat = place.metadata()?;
        let mode = stat.mode() & 0o7777;
        // In a sticky directory (/tmp) nobody can replace another's file.
        let who_writes = if mode & 0o1000 == 0 { mode } else { mode & !0o022 };
        let strange = |mode| strange(&place.display(), (stat.uid(), stat.gid()), mode, uid);
        if strange(who_writes).is_some() {
            return Ok(strange(mode));
        }
    }
    Ok(None)
}

fn strange(place: &dyn fmt::Display, (owner, group): (u32, u32), mode: u32, uid: u32) -> Option<String> {
    let why = if owner != 0 && owner != uid {
        format!("belongs to user {owner}")
    } else if mode & 0o002 != 0 {
        "is writable by everybody".to_owned()
    } else if mode & 0o020 != 0 {
        // Also root's group has members, and with an access control list these bits are its mask (acl(5)).
        format!("is writable by group {group}")
    } else {
        return None;
    };
    Some(format!("{place} {why} (mode {mode:04o})"))
}
