//! A directory that only root and the current user can write to.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, FileType, Mode, OFlags, fchmod, fstat, openat, renameat, unlinkat};
use rustix::io::Errno;

use super::dir::Dir;
use super::file::links;
use super::open_dir::{DirError, is_ours};
use crate::text::{Problem, shell_path};

/// An open directory that other users could not write to when it was opened.
#[derive(Debug)]
pub struct PrivateDir {
    dir: Dir,
    path: PathBuf,
}

/// Why a directory is not used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PrivateError {
    /// Other users can write to it.
    #[error("{}: {}", path.display(), unsafe_because(*uid, *mode))]
    Unsafe {
        /// The directory.
        path: PathBuf,
        /// The owner.
        uid: u32,
        /// The permission bits.
        mode: u32,
    },
    /// It could not be opened or created.
    #[error("{0}")]
    Directory(DirError),
}

impl PrivateError {
    /// What to do, if that is known.
    pub fn help(&self) -> Option<String> {
        match self {
            PrivateError::Unsafe { path, uid, .. } if is_ours(*uid) => {
                Some(format!("run `chmod go-w {}`", shell_path(path)))
            }
            _ => None,
        }
    }
}

impl From<&PrivateError> for Problem {
    fn from(error: &PrivateError) -> Problem {
        Problem { message: error.to_string(), help: error.help() }
    }
}

fn unsafe_because(uid: u32, mode: u32) -> String {
    if is_ours(uid) {
        format!("other users can write here (mode {mode:04o})")
    } else {
        format!("user {uid} owns this directory, and could change files in it")
    }
}

/// The maximum size of a text, in bytes.
const LONGEST_TEXT: u64 = 4096;

impl PrivateDir {
    /// Opens the directory `path`.
    ///
    /// # Errors
    ///
    /// If it can't be opened, or other users can write to it.
    pub fn open(path: &Path) -> Result<Self, PrivateError> {
        PrivateDir::of(Dir::open(path), path)
    }

    /// Like [`PrivateDir::open`], but creates missing components with mode 0700, each in the handle of its parent. Creates nothing
    /// behind a symbolic link of another user, or where another user can write.
    ///
    /// # Errors
    ///
    /// The same as for [`PrivateDir::open`], and the directory could not be created.
    pub fn make(path: &Path) -> Result<Self, PrivateError> {
        PrivateDir::of(Dir::make_all(path), path)
    }

    fn of(dir: Result<Dir, DirError>, path: &Path) -> Result<Self, PrivateError> {
        let dir = dir.map_err(|error| match error {
            DirError::UnsafeParent { path, owner, mode } => PrivateError::Unsafe { path, uid: owner, mode },
            other => PrivateError::Directory(other),
        })?;
        if !is_ours(dir.uid()) || dir.mode() & 0o022 != 0 {
            return Err(PrivateError::Unsafe { path: path.to_owned(), uid: dir.uid(), mode: dir.mode() });
        }
        Ok(PrivateDir { dir, path: path.to_owned() })
    }

    /// The handle.
    pub fn dir(&self) -> &Dir {
        &self.dir
    }

    /// The path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens the file `name` for reading: a regular file of root or the current user with one hard link and mode 0600.
    /// `None` if it does not exist.
    ///
    /// # Errors
    ///
    /// If it is another kind of file, or the kernel reports an error.
    pub fn read(&self, name: &str) -> io::Result<Option<File>> {
        let Some((file, mode)) = self.open_regular(name)? else { return Ok(None) };
        match mode & 0o7777 {
            0o600 => Ok(Some(file)),
            _ => Err(io::Error::other("not a file with mode 0600")),
        }
    }

    /// Reads the file `name` of at most [`LONGEST_TEXT`] bytes: a regular file of root or the current user with one hard
    /// link. `None` if it does not exist.
    ///
    /// # Errors
    ///
    /// If it is another kind of file, larger, or not UTF-8, or the kernel reports an error.
    pub fn read_text(&self, name: &str) -> io::Result<Option<String>> {
        let Some((file, _)) = self.open_regular(name)? else { return Ok(None) };
        let mut text = String::new();
        file.take(LONGEST_TEXT + 1).read_to_string(&mut text)?;
        match u64::try_from(text.len()) {
            Ok(0..=LONGEST_TEXT) => Ok(Some(text)),
            _ => Err(io::Error::other(format!("is larger than {LONGEST_TEXT} bytes"))),
        }
    }

    /// Opens the file `name` for appending, or creates it with mode 0600. Makes the same checks as
    /// [`PrivateDir::read`].
    ///
    /// # Errors
    ///
    /// The same as for [`PrivateDir::read`].
    pub fn append(&self, name: &str) -> io::Result<File> {
        let flags = OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE;
        match self.open_as(name, flags)? {
            Some((file, mode)) if mode & 0o7777 == 0o600 => Ok(file),
            Some(_) => Err(io::Error::other("not a file with mode 0600")),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    /// Opens a regular file of root or the current user with one hard link. Also returns its mode.
    fn open_regular(&self, name: &str) -> io::Result<Option<(File, u32)>> {
        self.open_as(name, OFlags::RDONLY)
    }

    fn open_as(&self, name: &str, how: OFlags) -> io::Result<Option<(File, u32)>> {
        let flags = how | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
        let fd = match openat(&self.dir, name, flags, Mode::RUSR | Mode::WUSR) {
            Ok(fd) => fd,
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::LOOP) => return Err(io::Error::other("is a symbolic link")),
            Err(error) => return Err(error.into()),
        };
        let stat = fstat(&fd)?;
        let regular = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
        if !regular || links(&stat) != 1 || !is_ours(stat.st_uid) {
            return Err(io::Error::other("expected a regular file without hard links, owned by you or root"));
        }
        Ok(Some((File::from(fd), stat.st_mode)))
    }

    /// Replaces the file `name` atomically by the output of `write`, with mode 0600. Only one process at a time may do this.
    /// Does not sync to disk: for data that can be lost.
    ///
    /// # Errors
    ///
    /// The error of `write` or the kernel. The old file is kept.
    pub fn replace(&self, name: &str, write: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
        let temp = format!(".{name}.new");
        // From a killed run.
        match unlinkat(&self.dir, &temp, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(error) => return Err(error.into()),
        }
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mode = Mode::RUSR | Mode::WUSR;
        let mut file = File::from(openat(&self.dir, &temp, flags, mode)?);
        // Independent of the umask.
        let written = fchmod(&file, mode).map_err(io::Error::from).and_then(|()| write(&mut file));
        let replaced = written.and_then(|()| Ok(renameat(&self.dir, &temp, &self.dir, name)?));
        if replaced.is_err() {
            let _ = unlinkat(&self.dir, &temp, AtFlags::empty());
        }
        replaced
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::io::Write;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn only_own_private_files_are_read() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("a/b");
        assert!(PrivateDir::open(&path).is_err());
        let dir = PrivateDir::make(&path).unwrap();
        assert!(dir.read("file").unwrap().is_none());
        for text in ["one", "two"] {
            dir.replace("file", |file| file.write_all(text.as_bytes())).unwrap();
            let mut read = String::new();
            dir.read("file").unwrap().unwrap().read_to_string(&mut read).unwrap();
            assert_eq!(read, text);
        }
        assert!(dir.replace("file", |_| Err(io::Error::other("full"))).is_err());
        assert_eq!(fs::read_dir(&path).unwrap().count(), 1, "nothing is left beside it");
        assert_eq!(fs::read(path.join("file")).unwrap(), b"two");

        fs::set_permissions(path.join("file"), fs::Permissions::from_mode(0o640)).unwrap();
        assert!(dir.read("file").is_err());
        assert_eq!(dir.read_text("file").unwrap().as_deref(), Some("two"));
        fs::write(path.join("long"), [b'1'; 4097]).unwrap();
        assert!(dir.read_text("long").is_err());
        rustix::fs::mknodat(rustix::fs::CWD, path.join("fifo"), FileType::Fifo, Mode::RUSR, 0).unwrap();
        assert!(dir.read_text("fifo").is_err() && dir.read_text("none").unwrap().is_none());
        if crate::sys::is_root() {
            fs::set_permissions(path.join("file"), fs::Permissions::from_mode(0o600)).unwrap();
            assert!(dir.read("file").is_ok());
            std::os::unix::fs::chown(path.join("file"), Some(12345), None).unwrap();
            assert!(dir.read("file").is_err());
        }
        std::os::unix::fs::symlink("file", path.join("link")).unwrap();
        assert!(dir.read("link").is_err() && dir.read_text("link").is_err());
        assert!(dir.append("link").is_err() && dir.append("fifo").is_err() && dir.append("long").is_err());
        for _ in 0..2 {
            dir.append("added").unwrap().write_all(b"line\n").unwrap();
        }
        assert_eq!(dir.read_text("added").unwrap().as_deref(), Some("line\nline\n"));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o770)).unwrap();
        assert!(matches!(PrivateDir::make(&path), Err(PrivateError::Unsafe { .. })));
    }
}
