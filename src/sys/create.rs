//! Writes many files to a directory: temporary files, one syncfs, renames, one fsync of the directory.

use std::ffi::{CStr, CString};
use std::fs::File;
use std::io::{self, Write};
use std::ops::ControlFlow;

use rustix::fs::{
    AtFlags, Gid, Mode, OFlags, RenameFlags, Timespec, Timestamps, Uid, fchmod, fchown, fsync, futimens,
    openat, renameat, renameat_with, statat, syncfs, unlinkat,
};
use rustix::io::Errno;

use super::dir::{Dir, Kind};
use super::file::{NotOpened, open_of_any_size, stamp_regular};
use super::owner::AsOwner;
use super::parallel::in_parts;
use super::why::why;

/// The prefix of temporary files. No wiki reads these as sessions.
pub const TEMP_PREFIX: &[u8] = b".wikifarm-";

/// The time of the last write of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Modified {
    /// Unix seconds.
    pub seconds: i64,
    /// Nanoseconds, below 1,000,000,000.
    pub nanos: u32,
}

impl Modified {
    /// From unix nanoseconds.
    pub fn from_nanos(nanos: i64) -> Modified {
        let below = nanos.rem_euclid(1_000_000_000);
        Modified { seconds: nanos.div_euclid(1_000_000_000), nanos: u32::try_from(below).unwrap_or(0) }
    }

    /// In unix nanoseconds, until the year 2262.
    pub fn to_nanos(self) -> i64 {
        self.seconds.saturating_mul(1_000_000_000).saturating_add(self.nanos.into())
    }
}

/// A file to write.
#[derive(Debug, Clone, Copy)]
pub struct NewFile<'a> {
    /// The name.
    pub name: &'a CStr,
    /// The content.
    pub bytes: &'a [u8],
    /// The time of the last write.
    pub modified: Modified,
    /// The permission bits, independent of the umask.
    pub mode: u32,
    /// User and group. Ignored without the right to change owners.
    pub owner: Option<(u32, u32)>,
    /// The stamp of the file to replace. `None` if no file with this name may exist.
    pub instead_of: Option<u64>,
}

/// The result of writing a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// Written and synced. The new stamp.
    Done(u64),
    /// A file with this name exists.
    Exists,
    /// The file to replace changed or was removed.
    Changed,
}

/// Writes files to `dir`. When this returns, those that are [`Put::Done`] survive a power loss.
///
/// Returns one result for each file, in order. If the disk is full, nothing is renamed.
pub fn put_files(dir: &Dir, files: &[NewFile<'_>]) -> Vec<io::Result<Put>> {
    let temps = in_parts(files, |files| write_temps(dir, files));
    let failed = temps.iter().find_map(|temp| temp.as_ref().err().map(io::Error::kind));
    let synced = match failed {
        None => AsOwner::of(dir).and_then(|_owner| syncfs(dir).map_err(io::Error::from)),
        Some(kind) => Err(io::Error::from(kind)),
    };
    let Ok(_owner) = AsOwner::of(dir) else {
        return files
            .iter()
            .map(|_| Err(io::Error::other("can't switch to the owner of the directory")))
            .collect();
    };
    if let Err(error) = synced {
        for temp in temps.iter().flatten() {
            let _ = unlinkat(dir, temp.as_c_str(), AtFlags::empty());
        }
        let kind = error.kind();
        return temps.into_iter().map(|temp| temp.and(Err(io::Error::from(kind)))).collect();
    }
    // All files are written here.
    let named: Vec<(CString, &NewFile<'_>)> = temps.into_iter().flatten().zip(files).collect();
    let mut put = in_parts(&named, |named| match AsOwner::of(dir) {
        Ok(_owner) => named.iter().map(|(temp, file)| put_into_place(dir, temp, file)).collect(),
        Err(error) => named.iter().map(|_| Err(io::Error::other(why(&error)))).collect(),
    });
    if let Err(error) = fsync(dir) {
        for result in &mut put {
            if matches!(result, Ok(Put::Done(_))) {
                *result = Err(error.into());
            }
        }
    }
    put
}

/// Removes temporary files of a killed [`put_files`]. The caller must hold the lock of `dir`.
pub fn remove_temps(dir: &Dir) {
    let Ok(_owner) = AsOwner::of(dir) else { return };
    let mut left: Vec<CString> = Vec::new();
    let _ = dir.list(|entry| {
        let random = entry.name.to_bytes().strip_prefix(TEMP_PREFIX);
        let ours = random.is_some_and(|rest| rest.len() == 16 && rest.iter().all(u8::is_ascii_alphanumeric));
        if ours && entry.kind == Kind::Regular {
            left.push(entry.name.to_owned());
        }
        ControlFlow::Continue(())
    });
    for name in left {
        let _ = unlinkat(dir, name.as_c_str(), AtFlags::empty());
    }
}

/// Writes temporary files.
fn write_temps(dir: &Dir, files: &[NewFile<'_>]) -> Vec<io::Result<CString>> {
    let mut temps: Vec<io::Result<CString>> = Vec::with_capacity(files.len());
    let mut failed = None;
    for file in files {
        let temp = match &failed {
            None => write_temp(dir, file),
            // For example a full disk: do not retry for each file.
            Some(kind) => Err(io::Error::from(*kind)),
        };
        if let Err(error) = &temp {
            failed = Some(error.kind());
        }
        temps.push(temp);
    }
    temps
}

/// Writes the bytes to a temporary file with a random name.
fn write_temp(dir: &Dir, new: &NewFile<'_>) -> io::Result<CString> {
    let (name, file) = {
        let _owner = AsOwner::of(dir)?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut name = TEMP_PREFIX.to_vec();
        name.extend((0..16).map(|_| fastrand::alphanumeric() as u8));
        let name = CString::new(name)?;
        let fd = openat(dir, &name, flags, Mode::RUSR | Mode::WUSR)?;
        (name, fd)
    };
    let written = (|| {
        let mut file = File::from(file);
        file.write_all(new.bytes)?;
        if let Some((uid, gid)) = new.owner {
            match fchown(&file, Some(Uid::from_raw(uid)), Some(Gid::from_raw(gid))) {
                // Only root can change the owner.
                Ok(()) | Err(Errno::PERM) => {}
                Err(error) => return Err(error.into()),
            }
        }
        fchmod(&file, Mode::from_raw_mode(new.mode & 0o777))?;
        let time = Timespec { tv_sec: new.modified.seconds, tv_nsec: new.modified.nanos.into() };
        futimens(&file, &Timestamps { last_access: time, last_modification: time })?;
        Ok(())
    })();
    match written {
        Ok(()) => Ok(name),
        Err(error) => {
            let _owner = AsOwner::of(dir);
            let _ = unlinkat(dir, name.as_c_str(), AtFlags::empty());
            Err(error)
        }
    }
}

/// Renames a temporary file, or removes it if the target changed.
fn put_into_place(dir: &Dir, temp: &CStr, file: &NewFile<'_>) -> io::Result<Put> {
    let put = rename_into_place(dir, temp, file);
    if !matches!(put, Ok(Put::Done(_))) {
        let _ = unlinkat(dir, temp, AtFlags::empty());
    }
    put
}

fn rename_into_place(dir: &Dir, temp: &CStr, new: &NewFile<'_>) -> io::Result<Put> {
    match new.instead_of {
        None => match renameat_with(dir, temp, dir, new.name, RenameFlags::NOREPLACE) {
            Ok(()) => {}
            Err(Errno::EXIST) => return Ok(Put::Exists),
            // The file system does not support the flag.
            Err(Errno::INVAL) => match statat(dir, new.name, AtFlags::SYMLINK_NOFOLLOW) {
                Err(Errno::NOENT) => renameat(dir, temp, dir, new.name)?,
                Ok(_) => return Ok(Put::Exists),
                Err(error) => return Err(error.into()),
            },
            Err(error) => return Err(error.into()),
        },
        Some(stamp) => match open_of_any_size(dir, new.name) {
            Ok(now) if now.stamp() == stamp => renameat(dir, temp, dir, new.name)?,
            Err(NotOpened::Io(error)) => return Err(error),
            _ => return Ok(Put::Changed),
        },
    }
    match stamp_regular(dir, new.name) {
        Ok(stamp) => Ok(Put::Done(stamp)),
        // A wiki replaced or removed it after the rename.
        Err(_) => Ok(Put::Done(0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::open_regular;
    use std::fs;
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    #[test]
    fn files_are_created_with_times_and_modes() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("old"), "old").unwrap();
        fs::write(root.path().join("there"), "there").unwrap();
        let dir = Dir::open(root.path()).unwrap();
        let stamp = open_regular(&dir, c"old").unwrap().stamp();
        let new = |name, instead_of| NewFile {
            name,
            bytes: b"new",
            modified: Modified { seconds: 1_234_567_890, nanos: 123_456_789 },
            mode: 0o640,
            owner: None,
            instead_of,
        };
        let put = put_files(
            &dir,
            &[new(c"old", Some(stamp)), new(c"there", None), new(c"one", None), new(c"gone", Some(7))],
        );
        let put: Vec<Put> = put.into_iter().map(Result::unwrap).collect();
        assert!(matches!(put[..], [Put::Done(_), Put::Exists, Put::Done(_), Put::Changed]), "{put:?}");
        assert_eq!(put[2], Put::Done(open_regular(&dir, c"one").unwrap().stamp()));
        for name in ["old", "one"] {
            let stat = fs::metadata(root.path().join(name)).unwrap();
            assert_eq!((stat.mtime(), stat.mtime_nsec()), (1_234_567_890, 123_456_789));
            assert_eq!(stat.permissions().mode() & 0o777, 0o640);
            assert_eq!(fs::read(root.path().join(name)).unwrap(), b"new");
        }
        assert_eq!(fs::read(root.path().join("there")).unwrap(), b"there");
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 3, "nothing is left over");
        fs::write(root.path().join(".wikifarm-0123456789abcdef"), "").unwrap();
        fs::write(root.path().join(".wikifarm-else"), "").unwrap();
        remove_temps(&dir);
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 4, "only our own went");
        let again = put_files(&dir, &[new(c"old", Some(stamp))]);
        assert_eq!(*again[0].as_ref().unwrap(), Put::Changed);
    }
}
