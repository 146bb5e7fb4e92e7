//! Opening and reading one file of a directory that others can write in.

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

/// The largest file that is read, in bytes. A session is some hundred bytes; one of a wiki gone wild, some thousand.
pub const MAX_FILE: u64 = 16 * 1024 * 1024;

/// Why a file was not opened, or opened and not read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotOpened {
    /// It has gone: for a session directory in use, nothing unusual.
    #[error("it has gone")]
    Gone,
    /// It is no regular file.
    #[error("no regular file")]
    NotRegular,
    /// Another file is mounted on its name.
    #[error("another file is mounted on its name")]
    MountPoint,
    /// Its device differs from its directory's, and the kernel does not report mount ids (Linux 5.8 and later do).
    #[error("on another device than its directory, and the kernel reports no mount ids")]
    OtherDevice,
    /// It has more than one name, so what happens here also happens elsewhere.
    #[error("a file with {links} names")]
    HardLinked {
        /// How many names.
        links: u64,
    },
    /// It is larger than what is read of such, mostly [`MAX_FILE`].
    #[error("{size} bytes, more than the {} MiB that are read", MAX_FILE / 1024 / 1024)]
    TooLarge {
        /// Its size in bytes.
        size: u64,
    },
    /// The kernel refused.
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

/// A regular file held open, with what fstat said when it was opened.
#[derive(Debug)]
pub struct OpenFile {
    pub(super) fd: OwnedFd,
    pub(super) stat: Stat,
    /// So many bytes of it are read at most.
    most: u64,
}

/// Opens the regular file `name` of `dir` for reading.
///
/// Follows no link, does not wait for the other end of a FIFO, and leaves the access time alone where that is
/// allowed. The file must lie on the directory's mount, have one name and at most [`MAX_FILE`] bytes.
///
/// # Errors
///
/// Why it was not opened.
pub fn open_regular(dir: &Dir, name: &CStr) -> Result<OpenFile, NotOpened> {
    open_regular_up_to(dir, name, MAX_FILE)
}

/// As [`open_regular`], for a file of at most `most` bytes.
///
/// # Errors
///
/// As there.
pub fn open_regular_up_to(dir: &Dir, name: &CStr, most: u64) -> Result<OpenFile, NotOpened> {
    let file = OpenFile { most, ..open_of_any_size(dir, name)? };
    if file.size() > most { Err(NotOpened::TooLarge { size: file.size() }) } else { Ok(file) }
}

/// The first bytes of the regular file `name` of `dir`, as many as fit into `head`, and its stat; for files of any
/// size, opened as [`open_regular`] does. The rest of `head` is left as it is.
///
/// # Errors
///
/// Why it was not opened or read.
pub fn read_head(dir: &Dir, name: &CStr, head: &mut [u8]) -> Result<FileStat, NotOpened> {
    let file = open_of_any_size(dir, name)?;
    retry_on_intr(|| rustix::io::pread(&file.fd, &mut *head, 0))?;
    Ok(file.stat())
}

pub(super) fn open_of_any_size(dir: &Dir, name: &CStr) -> Result<OpenFile, NotOpened> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
    // A file system over a network can be interrupted in it.
    let open = |flags| retry_on_intr(|| openat(dir, name, flags, Mode::empty()));
    let fd = match open(flags | OFlags::NOATIME) {
        // Only the owner may leave the access time alone.
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

/// Refuses a file that is not on the directory's mount. Called only where the devices differ: on an overlayfs whose
/// layers are several file systems, each file has the device of its layer (Documentation/filesystems/overlayfs.rst).
/// A file of the same device that is mounted on a name here is opened: only root can mount it, and its removal fails.
fn same_mount(dir: &Dir, file: &OwnedFd) -> Result<(), NotOpened> {
    match (dir.mount(), mount_of(file)) {
        (Some(dir), Some(file)) if dir == file => Ok(()),
        (Some(_), Some(_)) => Err(NotOpened::MountPoint),
        _ => Err(NotOpened::OtherDevice),
    }
}

/// What is known of a file without opening it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileStat {
    /// Its inode.
    pub inode: u64,
    /// And nanoseconds of it.
    pub modified_nanos: u32,
    /// When it was last written, in seconds since 1970.
    pub modified: i64,
    /// Bytes in it.
    pub size: u64,
    /// Bytes it takes up on disk.
    pub bytes_on_disk: u64,
    /// Whose it is.
    pub uid: u32,
    /// Whose group's it is.
    pub gid: u32,
    /// Its permission bits.
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

/// Looks at the entry `name` of `dir` without opening it.
///
/// # Errors
///
/// [`NotOpened::Gone`], [`NotOpened::NotRegular`] or what the kernel says.
pub fn stat_regular(dir: &Dir, name: &CStr) -> Result<FileStat, NotOpened> {
    let stat = statat(dir, name, AtFlags::SYMLINK_NOFOLLOW)?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Err(NotOpened::NotRegular);
    }
    Ok(FileStat::of(&stat))
}

/// As [`stat_regular`], for a file that has no other name: what happens to it happens nowhere else.
///
/// # Errors
///
/// Where there is none, it is no regular file, or it has other names.
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

/// Whether this thread may read and write the file `name` of `dir`, without opening it: to close a file takes back all
/// locks of the process on it (fcntl(2)).
///
/// # Errors
///
/// Why it may not.
#[cfg(feature = "sqlite")]
pub fn may_write(dir: &Dir, name: &CStr) -> io::Result<()> {
    let access = Access::READ_OK | Access::WRITE_OK;
    Ok(accessat(dir, name, access, AtFlags::EACCESS | AtFlags::SYMLINK_NOFOLLOW)?)
}

/// The stamp of the regular file `name` as [`OpenFile::stamp`] has it, without opening it.
///
/// # Errors
///
/// Where there is none, or it is no regular file.
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

/// The number of names, the same type on every machine.
#[allow(clippy::useless_conversion, reason = "st_nlink is 32 bits wide on some machines")]
pub(super) fn links(stat: &Stat) -> u64 {
    stat.st_nlink.into()
}

impl OpenFile {
    /// What fstat said of it when it was opened.
    pub fn stat(&self) -> FileStat {
        FileStat::of(&self.stat)
    }

    /// Its size in bytes when it was opened.
    pub fn size(&self) -> u64 {
        self.stat().size
    }

    /// A number that changes when the file is written, replaced, or has its permissions changed: made of inode,
    /// change time and size. It means nothing else.
    pub fn stamp(&self) -> u64 {
        stamp(&self.stat)
    }

    /// Reads the whole file into `buffer` (which is emptied first), however much it grows meanwhile at most
    /// as many bytes as it was opened for. Keep the buffer for the next file.
    ///
    /// # Errors
    ///
    /// [`NotOpened::TooLarge`] where it grew beyond that, or what the kernel says.
    pub fn read(&self, buffer: &mut Vec<u8>) -> Result<(), NotOpened> {
        buffer.clear();
        let mut free_space = usize::try_from(self.size()).unwrap_or(usize::MAX).saturating_add(1).max(8192);
        loop {
            buffer.reserve(free_space);
            let before = buffer.len();
            let asked = buffer.capacity() - before;
            match rustix::io::read(&self.fd, rustix::buffer::spare_capacity(buffer)) {
                // A regular file gives less than asked for only at its end.
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

/// The finaliser of SplitMix64: every bit of the input moves every bit of the output.
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
    fn only_plain_small_files_with_one_name_are_opened() {
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
    fn a_file_is_read_whole_whatever_its_size_and_however_it_grows() {
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
    fn a_stamp_changes_with_every_way_of_writing() {
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
