//! Opens and reads a file in a directory that others can write to.

use std::ffi::CStr;
use std::io;
use std::os::fd::OwnedFd;

#[cfg(feature = "sqlite")]
use rustix::fs::{Access, accessat};
use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat, fstat, openat, statat};
use rustix::io::{Errno, retry_on_intr};

use super::dir::Dir;
#[cfg(feature = "sqlite")]
use super::dir::FileId;
use super::mount::mount_of;
use super::why::why;

/// The maximum size of a file, in bytes. Sessions have hundreds of bytes.
pub const MAX_FILE: u64 = 16 * 1024 * 1024;

/// Why a file was not opened or not read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotOpened {
    /// It was removed, which is normal in a session directory in use.
    #[error("no such file")]
    Gone,
    /// It is not a regular file.
    #[error("not a regular file")]
    NotRegular,
    /// Another file is mounted on its name.
    #[error("another file is mounted over this file")]
    MountPoint,
    /// Its device is not that of its directory, and the kernel does not report mount ids (before Linux 5.8).
    #[error("on another device than its directory, and this kernel reports no mount ids")]
    OtherDevice,
    /// It has several hard links, so changes here affect other paths.
    #[error("has {links} hard links")]
    HardLinked {
        /// The number of hard links.
        links: u64,
    },
    /// It is larger than the limit, usually [`MAX_FILE`].
    #[error("too large: {size} bytes, limit {} MiB", MAX_FILE / 1024 / 1024)]
    TooLarge {
        /// The size in bytes.
        size: u64,
    },
    /// The kernel reported an error.
    #[error("{}", why(.0))]
    Io(io::Error),
}

impl From<Errno> for NotOpened {
    fn from(error: Errno) -> Self {
        match error {
            Errno::NOENT => NotOpened::Gone,
            // A symbolic link; a socket or a device without a driver.
            Errno::LOOP | Errno::NXIO => NotOpened::NotRegular,
            other => NotOpened::Io(other.into()),
        }
    }
}

/// An open regular file, with its stat at the time of opening.
#[derive(Debug)]
pub struct OpenFile {
    pub(super) fd: OwnedFd,
    pub(super) stat: Stat,
    /// The maximum number of bytes to read.
    most: u64,
}

/// Opens the regular file `name` of `dir` for reading.
///
/// Does not follow links, does not wait for a FIFO, and keeps the access time if allowed. The file must be on the mount of
/// the directory, have one hard link, and at most [`MAX_FILE`] bytes.
///
/// # Errors
///
/// If it can't be opened.
pub fn open_regular(dir: &Dir, name: &CStr) -> Result<OpenFile, NotOpened> {
    open_regular_up_to(dir, name, MAX_FILE)
}

/// Like [`open_regular`], for a file of at most `most` bytes.
///
/// # Errors
///
/// The same as for [`open_regular`].
pub fn open_regular_up_to(dir: &Dir, name: &CStr, most: u64) -> Result<OpenFile, NotOpened> {
    let file = OpenFile { most, ..open_of_any_size(dir, name)? };
    if file.size() > most { Err(NotOpened::TooLarge { size: file.size() }) } else { Ok(file) }
}

/// Reads the first bytes of the regular file `name` of `dir` into `head`, and returns its stat. For files of any size, opened
/// as by [`open_regular`].
///
/// # Errors
///
/// If it can't be opened or read.
pub fn read_head(dir: &Dir, name: &CStr, head: &mut [u8]) -> Result<FileStat, NotOpened> {
    let file = open_of_any_size(dir, name)?;
    retry_on_intr(|| rustix::io::pread(&file.fd, &mut *head, 0))?;
    Ok(file.stat())
}

pub(super) fn open_of_any_size(dir: &Dir, name: &CStr) -> Result<OpenFile, NotOpened> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
    // A network file system can return EINTR.
    let open = |flags| retry_on_intr(|| openat(dir, name, flags, Mode::empty()));
    let fd = match open(flags | OFlags::NOATIME) {
        // Only the owner may keep the access time.
        Err(Errno::PERM) => open(flags),
        other => other,
    }?;
    let stat = fstat(&fd)?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Err(NotOpened::NotRegular);
    }
    if stat.st_dev != dir.id().device {
        same_mount(dir, &fd)?;
    }
    match links(&stat) {
        0 => return Err(NotOpened::Gone),
        1 => {}
        links => return Err(NotOpened::HardLinked { links }),
    }
    Ok(OpenFile { fd, stat, most: MAX_FILE })
}

/// Refuses a file that is not on the mount of the directory. Called only if the devices differ: on an overlayfs over several
/// file systems, each file has the device of its layer (Documentation/filesystems/overlayfs.rst). Accepts a file of the
/// same device that is mounted here: only root can mount it, and its removal fails.
fn same_mount(dir: &Dir, file: &OwnedFd) -> Result<(), NotOpened> {
    match (dir.mount(), mount_of(file)) {
        (Some(dir), Some(file)) if dir == file => Ok(()),
        (Some(_), Some(_)) => Err(NotOpened::MountPoint),
        _ => Err(NotOpened::OtherDevice),
    }
}

/// The stat of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileStat {
    /// The inode.
    pub inode: u64,
    /// The nanoseconds of `modified`.
    pub modified_nanos: u32,
    /// The time of the last write, in unix seconds.
    pub modified: i64,
    /// The size in bytes.
    pub size: u64,
    /// The bytes on disk.
    pub bytes_on_disk: u64,
    /// The owner.
    pub uid: u32,
    /// The group.
    pub gid: u32,
    /// The permission bits.
    pub mode: u32,
}

impl FileStat {
    #[allow(clippy::useless_conversion, reason = "the width of times differs between machines")]
    fn of(stat: &Stat) -> Self {
        let unsigned = |number| u64::try_from(number).unwrap_or(0);
        let bytes_on_disk = unsigned(stat.st_blocks).saturating_mul(512);
        FileStat {
            inode: stat.st_ino,
            modified_nanos: u32::try_from(stat.st_mtime_nsec).unwrap_or(0),
            modified: stat.st_mtime.into(),
            size: unsigned(stat.st_size),
            bytes_on_disk,
            uid: stat.st_uid,
            gid: stat.st_gid,
            mode: stat.st_mode & 0o7777,
        }
    }
}

/// The stat of the entry `name` of `dir`.
///
/// # Errors
///
/// [`NotOpened::Gone`], [`NotOpened::NotRegular`], or the error of the kernel.
pub fn stat_regular(dir: &Dir, name: &CStr) -> Result<FileStat, NotOpened> {
    let stat = statat(dir, name, AtFlags::SYMLINK_NOFOLLOW)?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Err(NotOpened::NotRegular);
    }
    Ok(FileStat::of(&stat))
}

/// Like [`stat_regular`], for a file with one hard link.
///
/// # Errors
///
/// If it does not exist, is not a regular file, or has several hard links.
#[cfg(feature = "sqlite")]
#[allow(clippy::useless_conversion, reason = "the width of the count differs between machines")]
pub fn stat_single(dir: &Dir, name: &CStr) -> Result<(FileId, FileStat), NotOpened> {
    let stat = statat(dir, name, AtFlags::SYMLINK_NOFOLLOW)?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Err(NotOpened::NotRegular);
    }
    let links = u64::from(stat.st_nlink);
    if links > 1 {
        return Err(NotOpened::HardLinked { links });
    }
    Ok((FileId { device: stat.st_dev, inode: stat.st_ino }, FileStat::of(&stat)))
}

/// Checks that this thread may read and write the file `name` of `dir`, without opening it: closing a file releases all
/// locks of the process on it (fcntl(2)).
///
/// # Errors
///
/// If it may not.
#[cfg(feature = "sqlite")]
pub fn may_write(dir: &Dir, name: &CStr) -> io::Result<()> {
    let access = Access::READ_OK | Access::WRITE_OK;
    Ok(accessat(dir, name, access, AtFlags::EACCESS | AtFlags::SYMLINK_NOFOLLOW)?)
}

/// The stamp of the regular file `name` as [`OpenFile::stamp`] has it, without opening it.
///
/// # Errors
///
/// If it does not exist, or is not a regular file.
pub fn stamp_regular(dir: &Dir, name: &CStr) -> Result<u64, NotOpened> {
    let stat = statat(dir, name, AtFlags::SYMLINK_NOFOLLOW)?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Err(NotOpened::NotRegular);
    }
    Ok(stamp(&stat))
}

#[allow(clippy::useless_conversion, reason = "the width of times differs between machines")]
fn stamp(stat: &Stat) -> u64 {
    let seconds: i64 = stat.st_ctime.into();
    let parts = [
        stat.st_dev,
        stat.st_ino,
        seconds.cast_unsigned(),
        u64::try_from(stat.st_ctime_nsec).unwrap_or(0),
        FileStat::of(stat).size,
    ];
    parts.into_iter().fold(0x9e37_79b9_7f4a_7c15, |stamp, part| mix(stamp ^ part))
}

/// The number of hard links, with the same type on every machine.
#[allow(clippy::useless_conversion, reason = "st_nlink is 32 bits wide on some machines")]
pub(super) fn links(stat: &Stat) -> u64 {
    stat.st_nlink.into()
}

impl OpenFile {
    /// The stat at the time of opening.
    pub fn stat(&self) -> FileStat {
        FileStat::of(&self.stat)
    }

    /// The size in bytes at the time of opening.
    pub fn size(&self) -> u64 {
        self.stat().size
    }

    /// A number that changes when the file is written or replaced, or when its permissions change. Computed from inode,
    /// change time, and size.
    pub fn stamp(&self) -> u64 {
        stamp(&self.stat)
    }

    /// Reads the whole file into `buffer`, up to the limit of the file, even if the file grows. Clears `buffer` first. The
    /// caller can reuse the buffer.
    ///
    /// # Errors
    ///
    /// [`NotOpened::TooLarge`] if it grew beyond the limit, or the error of the kernel.
    pub fn read(&self, buffer: &mut Vec<u8>) -> Result<(), NotOpened> {
        buffer.clear();
        let mut free_space = usize::try_from(self.size()).unwrap_or(usize::MAX).saturating_add(1).max(8192);
        loop {
            buffer.reserve(free_space);
            let before = buffer.len();
            let asked = buffer.capacity() - before;
            match rustix::io::read(&self.fd, rustix::buffer::spare_capacity(buffer)) {
                // A short read is the end of a regular file.
                Ok(count) if count < asked => break,
                Ok(_) => {}
                Err(Errno::INTR) => {}
                Err(error) => return Err(NotOpened::Io(error.into())),
            }
            let size = u64::try_from(buffer.len()).unwrap_or(u64::MAX);
            if size > self.most {
                return Err(NotOpened::TooLarge { size });
            }
            free_space = buffer.len().max(8192);
        }
        let size = u64::try_from(buffer.len()).unwrap_or(u64::MAX);
        if size > self.most { Err(NotOpened::TooLarge { size }) } else { Ok(()) }
    }
}

/// The finalizer of SplitMix64: every input bit affects every output bit.
fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::io::Write;

    fn opened(dir: &Dir, name: &str) -> Result<OpenFile, NotOpened> {
        open_regular(dir, &std::ffi::CString::new(name).unwrap())
    }

    #[test]
    fn only_small_regular_files_without_hard_links_are_opened() {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        fs::write(at("plain"), "bytes").unwrap();
        fs::create_dir(at("directory")).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", at("link")).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
        rustix::fs::mknodat(rustix::fs::CWD, at("fifo"), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        fs::File::create(at("sparse")).unwrap().set_len(10 << 30).unwrap();
        fs::write(at("hard"), "").unwrap();
        fs::hard_link(at("hard"), at("hard2")).unwrap();

        let dir = Dir::open(root.path()).unwrap();
        let mut buffer = Vec::new();
        opened(&dir, "plain").unwrap().read(&mut buffer).unwrap();
        assert_eq!(buffer, b"bytes");
        for name in ["directory", "link", "socket", "fifo"] {
            assert!(matches!(opened(&dir, name), Err(NotOpened::NotRegular)), "{name}");
        }
        assert!(matches!(opened(&dir, "sparse"), Err(NotOpened::TooLarge { .. })));
        assert!(matches!(opened(&dir, "hard"), Err(NotOpened::HardLinked { links: 2 })));
        assert!(matches!(opened(&dir, "none"), Err(NotOpened::Gone)));
        assert_eq!(stat_regular(&dir, c"sparse").unwrap().size, 10 << 30);
        assert!(matches!(stat_regular(&dir, c"link"), Err(NotOpened::NotRegular)));
        assert!(matches!(stat_regular(&dir, c"none"), Err(NotOpened::Gone)));
    }

    #[test]
    fn file_is_read_completely_even_if_it_grows() {
        let root = tempfile::tempdir().unwrap();
        let dir = Dir::open(root.path()).unwrap();
        let mut buffer = Vec::new();
        for size in [0usize, 1, 8191, 8192, 8193, 100_000, 1 << 20] {
            let bytes: Vec<u8> = (0..size).map(|n| n as u8).collect();
            fs::write(root.path().join("file"), &bytes).unwrap();
            opened(&dir, "file").unwrap().read(&mut buffer).unwrap();
            assert!(buffer == bytes, "{size}");
        }
        let mut writer = fs::File::create(root.path().join("file")).unwrap();
        let file = opened(&dir, "file").unwrap();
        writer.write_all(b"later").unwrap();
        file.read(&mut buffer).unwrap();
        assert_eq!(buffer, b"later");
        writer.set_len(MAX_FILE + 20).unwrap();
        assert!(matches!(file.read(&mut buffer), Err(NotOpened::TooLarge { .. })));
    }

    #[test]
    fn stamp_changes_with_every_kind_of_write() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("file");
        let dir = Dir::open(root.path()).unwrap();
        fs::write(&path, "one").unwrap();
        let first = opened(&dir, "file").unwrap().stamp();
        assert_eq!(opened(&dir, "file").unwrap().stamp(), first);
        fs::write(&path, "three").unwrap();
        let longer = opened(&dir, "file").unwrap().stamp();
        assert_ne!(longer, first);
        fs::write(root.path().join("new"), "three").unwrap();
        fs::rename(root.path().join("new"), &path).unwrap();
        assert_ne!(opened(&dir, "file").unwrap().stamp(), longer);
    }
}
