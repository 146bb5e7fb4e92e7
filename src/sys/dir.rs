//! A directory held open, and its entries.

use std::ffi::{CStr, OsStr};
use std::io;
use std::ops::ControlFlow;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::sync::OnceLock;

use rustix::fs::{
    AtFlags, FileType, Mode, OFlags, RawDir, fstat, fstatfs, fstatvfs, mkdirat, openat, statat,
};
use rustix::io::Errno;

use super::mount::mount_of;
use super::walk::{self, DirError};

/// What a listing asks the kernel for at a time: some 4,000 session names, so a million files need 250 calls.
const LISTING_BUFFER: usize = 256 * 1024;

/// Which file this is, whatever its name: two paths with the same `FileId` are one directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId {
    /// The device.
    pub device: u64,
    /// The inode on it.
    pub inode: u64,
}

/// A directory held open: what its name means later does not matter any more.
#[derive(Debug)]
pub struct Dir {
    fd: OwnedFd,
    id: FileId,
    uid: u32,
    gid: u32,
    mode: u32,
    mount: OnceLock<Option<u64>>,
}

/// What an entry is, as the directory says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A regular file, or at least nothing that says otherwise.
    Regular,
    /// A directory.
    Directory,
    /// A symbolic link, FIFO, socket or device: to be left alone, unopened.
    Other,
}

/// One entry of a directory.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// Its name.
    pub name: &'a CStr,
    /// What it is.
    pub kind: Kind,
    /// Its inode.
    pub inode: u64,
}

/// Which state of a directory is seen: while it is the same, no name in it was made, removed or replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DirStamp {
    /// The file system, whatever its device number is today.
    pub filesystem: u64,
    /// The directory's inode.
    pub inode: u64,
    /// Its change time: seconds since 1970, nanoseconds.
    pub changed: (i64, i64),
    /// Its time of last writing, likewise.
    pub modified: (i64, i64),
}

/// File systems that give an entry's inode in a listing as fstat does, and change a directory's times with each of its
/// names: ext4, xfs, btrfs, tmpfs (statfs(2)).
const TRUSTED: [u64; 4] = [0xef53, 0x5846_5342, 0x9123_683e, 0x0102_1994];

/// The magic number of overlayfs (statfs(2)).
const OVERLAYFS: u64 = 0x794c_7630;

impl Dir {
    /// Opens `path` component by component.
    ///
    /// # Errors
    ///
    /// A [`DirError`], also where a symbolic link on the way belongs to neither root nor us.
    pub fn open(path: &Path) -> Result<Self, DirError> {
        let fd = walk::open(path)?;
        Dir::of(fd).map_err(|source| DirError::Io { path: path.to_owned(), source })
    }

    /// Opens `path` component by component, and makes what is missing of it with mode 0700.
    ///
    /// # Errors
    ///
    /// A [`DirError`], also where another user could put another directory in the place of the one that is to be made.
    pub(super) fn make_all(path: &Path) -> Result<Self, DirError> {
        let fd = walk::make(path)?;
        Dir::of(fd).map_err(|source| DirError::Io { path: path.to_owned(), source })
    }

    fn of(fd: OwnedFd) -> io::Result<Self> {
        let stat = fstat(&fd)?;
        let id = FileId { device: stat.st_dev, inode: stat.st_ino };
        let (uid, gid, mode) = (stat.st_uid, stat.st_gid, stat.st_mode & 0o7777);
        Ok(Dir { fd, id, uid, gid, mode, mount: OnceLock::new() })
    }

    /// Opens the directory `name` in this one, and no symbolic link; `None` where it is no directory (any more).
    ///
    /// # Errors
    ///
    /// What the kernel says.
    pub fn open_in(&self, name: &CStr) -> io::Result<Option<Self>> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        match openat(&self.fd, name, flags, Mode::empty()) {
            Ok(fd) => Dir::of(fd).map(Some),
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes a directory in this one, for its owner alone. One that is there stays as it is.
    ///
    /// # Errors
    ///
    /// What the kernel says.
    pub fn make(&self, name: &OsStr) -> io::Result<()> {
        match mkdirat(&self.fd, name, Mode::RWXU) {
            Ok(()) | Err(Errno::EXIST) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Which directory this is.
    pub fn id(&self) -> FileId {
        self.id
    }

    /// The user who owns it.
    pub fn uid(&self) -> u32 {
        self.uid
    }

    /// The group that owns it.
    pub fn gid(&self) -> u32 {
        self.gid
    }

    /// Its permission bits.
    pub fn mode(&self) -> u32 {
        self.mode
    }

    /// The id of the mount it was opened on; `None` where the kernel reports none.
    pub(super) fn mount(&self) -> Option<u64> {
        *self.mount.get_or_init(|| mount_of(&self.fd))
    }

    /// Whether it lies on an overlayfs.
    pub(super) fn is_overlay(&self) -> bool {
        fstatfs(&self.fd).is_ok_and(|stat| u64::try_from(stat.f_type) == Ok(OVERLAYFS))
    }

    /// Which state of the directory this is; `None` on a file system whose word does not count.
    ///
    /// # Errors
    ///
    /// What the kernel says.
    #[allow(clippy::useless_conversion, reason = "the width of times differs between machines")]
    pub fn stamp(&self) -> io::Result<Option<DirStamp>> {
        let magic = u64::try_from(fstatfs(&self.fd)?.f_type).unwrap_or(0);
        if !TRUSTED.contains(&magic) {
            return Ok(None);
        }
        let stat = fstat(&self.fd)?;
        let nanoseconds = |time| i64::try_from(time).unwrap_or(0);
        Ok(Some(DirStamp {
            filesystem: fstatvfs(&self.fd)?.f_fsid,
            inode: stat.st_ino,
            changed: (stat.st_ctime.into(), nanoseconds(stat.st_ctime_nsec)),
            modified: (stat.st_mtime.into(), nanoseconds(stat.st_mtime_nsec)),
        }))
    }

    /// Calls `visit` for every entry but `.` and `..`, in no order, from the beginning, until it breaks off.
    ///
    /// A file made or removed meanwhile may be seen or not.
    ///
    /// # Errors
    ///
    /// Where the listing could not be made or not be finished: what was visited so far is then not everything.
    pub fn list(&self, mut visit: impl FnMut(Entry<'_>) -> ControlFlow<()>) -> io::Result<()> {
        // A handle of its own, as the position belongs to the open file.
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let fd = openat(&self.fd, c".", flags, Mode::empty())?;
        let mut buffer = Vec::with_capacity(LISTING_BUFFER);
        let mut entries = RawDir::new(&fd, buffer.spare_capacity_mut());
        while let Some(entry) = entries.next() {
            let entry = match entry {
                Err(Errno::INTR) => continue,
                other => other?,
            };
            let name = entry.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            let Some(kind) = self.kind(name, entry.file_type()) else { continue };
            if visit(Entry { name, kind, inode: entry.ino() }).is_break() {
                break;
            }
        }
        Ok(())
    }

    /// `None` where the entry has gone in the meantime.
    fn kind(&self, name: &CStr, told: FileType) -> Option<Kind> {
        let file_type = match told {
            // Some file systems do not say.
            FileType::Unknown => match statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) => FileType::from_raw_mode(stat.st_mode),
                Err(Errno::NOENT) => return None,
                // Opening it will fail likewise, and say why.
                Err(_) => FileType::RegularFile,
            },
            known => known,
        };
        Some(match file_type {
            FileType::RegularFile => Kind::Regular,
            FileType::Directory => Kind::Directory,
            _ => Kind::Other,
        })
    }
}

impl AsFd for Dir {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use std::fs;

    #[test]
    fn a_listing_begins_anew_each_time_and_tells_files_from_the_rest() {
        let root = tempfile::tempdir().unwrap();
        for n in 0..5000 {
            fs::write(root.path().join(format!("a-rather-long-file-name-number-{n:08}")), "").unwrap();
        }
        fs::create_dir(root.path().join("dir")).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", root.path().join("link")).unwrap();
        let dir = Dir::open(root.path()).unwrap();
        for _ in 0..2 {
            let mut seen = BTreeMap::new();
            dir.list(|entry| {
                seen.insert(entry.name.to_owned(), entry.kind);
                ControlFlow::Continue(())
            })
            .unwrap();
            assert_eq!(seen.len(), 5002);
            assert_eq!(seen.values().filter(|kind| **kind == Kind::Other).count(), 1);
            assert_eq!(seen[c"dir"], Kind::Directory);
        }
        let mut first = 0;
        dir.list(|_| {
            first += 1;
            ControlFlow::Break(())
        })
        .unwrap();
        assert_eq!(first, 1);
    }

    #[test]
    fn a_directory_that_vanished_is_an_error_not_an_empty_listing() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("gone");
        fs::create_dir(&path).unwrap();
        let dir = Dir::open(&path).unwrap();
        fs::remove_dir(&path).unwrap();
        assert!(dir.list(|_| ControlFlow::Continue(())).is_err());
    }
}
