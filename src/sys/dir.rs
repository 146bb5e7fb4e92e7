//! An open directory and its entries.

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
use super::open_dir::{self, DirError};

/// Buffer of a listing in bytes: about 4,000 session names, so a million files need 250 calls.
const LISTING_BUFFER: usize = 256 * 1024;

/// The identity of a file. Two paths with the same `FileId` are the same file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId {
    /// The device.
    pub device: u64,
    /// The inode.
    pub inode: u64,
}

/// An open directory. Later changes of its path do not matter.
#[derive(Debug)]
pub struct Dir {
    fd: OwnedFd,
    id: FileId,
    uid: u32,
    gid: u32,
    mode: u32,
    mount: OnceLock<Option<u64>>,
}

/// The kind of an entry, from the listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    Regular,
    /// A directory.
    Directory,
    /// A symbolic link, FIFO, socket, or device. Never opened.
    Other,
}

/// One entry of a directory.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// The name.
    pub name: &'a CStr,
    /// The kind.
    pub kind: Kind,
    /// The inode.
    pub inode: u64,
}

/// The state of a directory. While it is the same, no entry was created, removed, or replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DirStamp {
    /// The file system. Unlike the device number, it stays the same after a reboot.
    pub filesystem: u64,
    /// The inode of the directory.
    pub inode: u64,
    /// The change time: unix seconds, nanoseconds.
    pub changed: (i64, i64),
    /// The time of the last write: unix seconds, nanoseconds.
    pub modified: (i64, i64),
}

/// File systems that list the inodes which fstat returns, and change the times of a directory with each entry: ext4, xfs,
/// btrfs, tmpfs (statfs(2)).
const TRUSTED: [u64; 4] = [0xef53, 0x5846_5342, 0x9123_683e, 0x0102_1994];

/// The magic number of overlayfs (statfs(2)).
const OVERLAYFS: u64 = 0x794c_7630;

impl Dir {
    /// Opens `path` component by component.
    ///
    /// # Errors
    ///
    /// A [`DirError`], also if neither root nor the current user owns a symbolic link in the path.
    pub fn open(path: &Path) -> Result<Self, DirError> {
        let fd = open_dir::open(path)?;
        Dir::of(fd).map_err(|source| DirError::Io { path: path.to_owned(), source })
    }

    /// Opens `path` component by component, and creates missing directories with mode 0700.
    ///
    /// # Errors
    ///
    /// A [`DirError`], also if another user could replace the new directory.
    pub(super) fn make_all(path: &Path) -> Result<Self, DirError> {
        let fd = open_dir::make(path)?;
        Dir::of(fd).map_err(|source| DirError::Io { path: path.to_owned(), source })
    }

    fn of(fd: OwnedFd) -> io::Result<Self> {
        let stat = fstat(&fd)?;
        let id = FileId { device: stat.st_dev, inode: stat.st_ino };
        let (uid, gid, mode) = (stat.st_uid, stat.st_gid, stat.st_mode & 0o7777);
        Ok(Dir { fd, id, uid, gid, mode, mount: OnceLock::new() })
    }

    /// Opens the directory `name` in this one. `None` if it is not a directory. Does not follow links.
    ///
    /// # Errors
    ///
    /// The error of the kernel.
    pub fn open_in(&self, name: &CStr) -> io::Result<Option<Self>> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        match openat(&self.fd, name, flags, Mode::empty()) {
            Ok(fd) => Dir::of(fd).map(Some),
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Creates a directory with mode 0700 in this one, unless it exists.
    ///
    /// # Errors
    ///
    /// The error of the kernel.
    pub fn make(&self, name: &OsStr) -> io::Result<()> {
        match mkdirat(&self.fd, name, Mode::RWXU) {
            Ok(()) | Err(Errno::EXIST) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// The identity of the directory.
    pub fn id(&self) -> FileId {
        self.id
    }

    /// The owner.
    pub fn uid(&self) -> u32 {
        self.uid
    }

    /// The group.
    pub fn gid(&self) -> u32 {
        self.gid
    }

    /// The permission bits.
    pub fn mode(&self) -> u32 {
        self.mode
    }

    /// The id of the mount. `None` if the kernel does not report it.
    pub(super) fn mount(&self) -> Option<u64> {
        *self.mount.get_or_init(|| mount_of(&self.fd))
    }

    /// Whether it is on an overlayfs.
    pub(super) fn is_overlay(&self) -> bool {
        fstatfs(&self.fd).is_ok_and(|stat| u64::try_from(stat.f_type) == Ok(OVERLAYFS))
    }

    /// The state of the directory. `None` if the file system is not one of those that report changes reliably.
    ///
    /// # Errors
    ///
    /// The error of the kernel.
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

    /// Calls `visit` for every entry except `.` and `..`, in any order, until `visit` breaks.
    ///
    /// May miss files that are created or removed during the listing.
    ///
    /// # Errors
    ///
    /// If the directory can't be listed completely.
    pub fn list(&self, mut visit: impl FnMut(Entry<'_>) -> ControlFlow<()>) -> io::Result<()> {
        // A listing needs its own open file, which holds the position.
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

    /// `None` if the entry was removed.
    fn kind(&self, name: &CStr, listed: FileType) -> Option<Kind> {
        let file_type = match listed {
            // Some file systems do not report the type.
            FileType::Unknown => match statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) => FileType::from_raw_mode(stat.st_mode),
                Err(Errno::NOENT) => return None,
                // Opening it will fail and report why.
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
    fn listing_restarts_and_marks_regular_files() {
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
    fn removed_directory_is_an_error() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("gone");
        fs::create_dir(&path).unwrap();
        let dir = Dir::open(&path).unwrap();
        fs::remove_dir(&path).unwrap();
        assert!(dir.list(|_| ControlFlow::Continue(())).is_err());
    }
}
