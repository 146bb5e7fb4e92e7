//! Trust in a farm file. wikifarm opens the stores, user directories, keys, and addresses that the farm file names, with the
//! rights of its caller. If root runs wikifarm, only root may be able to write the farm file. [`Trusted`] is the proof, and
//! functions that open what a farm names require it.

use std::ffi::OsStr;
use std::fmt;
use std::io::{self, Read};
use std::ops::Deref;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::{Farm, LARGEST};
use crate::sys::{self, Dir, open_cautiously};

/// A farm from a trusted file. For root, and for a user that root became with `--run-as`, only root and that user can have
/// written the file. For other users every file is trusted, as wikifarm has only their own rights.
#[derive(Debug)]
pub struct Trusted(Farm);

/// Why a farm is not trusted: the file, link, or directory that another user can write, with owner and mode.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Distrust(String);

impl Trusted {
    /// Checks the farm.
    ///
    /// # Errors
    /// If it can't be trusted.
    pub fn new(farm: Farm) -> Result<Trusted, Distrust> {
        Trusted::check(&farm)?;
        Ok(Trusted(farm))
    }

    /// As [`Trusted::new`], for a borrowed farm.
    ///
    /// # Errors
    /// If it can't be trusted.
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

/// Checks the farm file at `path` before it is read.
///
/// # Errors
/// If it can't be trusted.
pub fn check_path(path: &Path) -> Result<(), Distrust> {
    match sys::began_as_root().then(|| file_could_be_of_other_users(path, None, us())).flatten() {
        Some(why) => Err(Distrust(why)),
        None => Ok(()),
    }
}

fn us() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// Why a user other than root and `uid` could have written the files of `farm`, if so. This checks each file, the links and
/// directories on the way to it, and the directory where its relative paths start.
///
/// Each file is opened again without following links of other users, and must have the same contents as before.
pub fn could_be_of_other_users(farm: &Farm, uid: u32) -> Option<String> {
    farm.source.files().find_map(|(path, bytes)| file_could_be_of_other_users(path, Some(bytes), uid))
}

/// As [`could_be_of_other_users`], for one file, which must contain `bytes` if it was read already.
fn file_could_be_of_other_users(path: &Path, bytes: Option<&[u8]>, uid: u32) -> Option<String> {
    let failed =
        |error: &dyn fmt::Display| Some(format!("can't check who can write to {}: {error}", path.display()));
    // The directory as named, where relative paths start, and then the directory of each link's target.
    let mut path = path.to_owned();
    for _ in 0..8 {
        let (parent, name) = match (path.parent(), path.file_name()) {
            (Some(parent), Some(name)) if parent == Path::new("") => (Path::new("."), name),
            (Some(parent), Some(name)) => (parent, name),
            _ => return Some(format!("{} is not a file", path.display())),
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
            return Some(format!("{} is a symbolic link of user {}", path.display(), link.uid()));
        }
        path = match path.read_link() {
            Ok(target) => parent.join(target),
            Err(error) => return failed(&error),
        };
    }
    Some(format!("{} has too many symbolic links", path.display()))
}

/// Why the file itself can't be trusted; `before` is its contents when it was read.
fn strange_file(before: Option<&[u8]>, dir: &Dir, name: &OsStr, uid: u32, path: &Path) -> Option<String> {
    let failed = |error: &dyn fmt::Display| Some(format!("can't read {} again: {error}", path.display()));
    let mut bytes = Vec::new();
    let opened = open_cautiously(dir, name).and_then(|file| Ok((file.metadata()?, file)));
    let stat = match opened {
        Ok((stat, _)) if !stat.is_file() => return Some(format!("{} is not a regular file", path.display())),
        Ok((stat, file)) => match before.map(|_| file.take(LARGEST + 1).read_to_end(&mut bytes)) {
            Some(Err(error)) => return failed(&error),
            _ => stat,
        },
        Err(error) => return failed(&error),
    };
    // The reader removes a byte order mark.
    let is_same = |before: &[u8]| bytes == before || bytes.strip_prefix(b"\xef\xbb\xbf") == Some(before);
    if before.is_some_and(|before| !is_same(before)) {
        return Some(format!("{} changed while it was read", path.display()));
    }
    strange(&path.display(), (stat.uid(), stat.gid()), stat.mode() & 0o7777, uid)
}

/// Why a directory or one of its parents can't be trusted.
fn strange_directories(path: &Path, uid: u32) -> io::Result<Option<String>> {
    for dir in path.canonicalize()?.ancestors() {
        let stat = dir.metadata()?;
        let mode = stat.mode() & 0o7777;
        // In a sticky directory such as /tmp, users can't replace files of others.
        let who_writes = if mode & 0o1000 == 0 { mode } else { mode & !0o022 };
        let strange = |mode| strange(&dir.display(), (stat.uid(), stat.gid()), mode, uid);
        if strange(who_writes).is_some() {
            return Ok(strange(mode));
        }
    }
    Ok(None)
}

fn strange(path: &dyn fmt::Display, (owner, group): (u32, u32), mode: u32, uid: u32) -> Option<String> {
    let why = if owner != 0 && owner != uid {
        format!("belongs to user {owner}")
    } else if mode & 0o002 != 0 {
        "is writable by everybody".to_owned()
    } else if mode & 0o020 != 0 {
        // The group of root can have members, too. With an access control list, these bits are its mask (acl(5)).
        format!("is writable by group {group}")
    } else {
        return None;
    };
    Some(format!("{path} {why} (mode {mode:04o})"))
}
