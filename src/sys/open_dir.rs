//! Opens or creates a directory component by component, without following symbolic links of other users.

use std::ffi::{CStr, CString, OsStr};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FileType, Mode, OFlags, Stat, fstat, mkdirat, openat, readlinkat};
use rustix::io::Errno;

use super::why::why;

/// Flags for opening a file of any kind without waiting.
pub(super) const CAUTIOUS: OFlags = OFlags::NONBLOCK.union(OFlags::NOCTTY).union(OFlags::CLOEXEC);

/// The maximum number of symbolic links in a path, as in the kernel (path_resolution(7)).
const MAX_LINKS: usize = 40;

/// Why a directory was not opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DirError {
    /// It does not exist.
    #[error("{path}: no such directory")]
    Missing {
        /// The walked part of the path.
        path: PathBuf,
    },
    /// A component is not a directory.
    #[error("{path}: not a directory")]
    NotADirectory {
        /// The walked part of the path.
        path: PathBuf,
    },
    /// A symbolic link of another user, who could change its target.
    #[error("{path}: unsafe symbolic link: its owner, user {owner}, is neither root nor you")]
    UnsafeLink {
        /// The link.
        path: PathBuf,
        /// The owner.
        owner: u32,
    },
    /// Another user could replace a new directory here.
    #[error("{path}: other users could replace a new directory here (owner {owner}, mode {mode:04o})")]
    UnsafeParent {
        /// The directory.
        path: PathBuf,
        /// The owner.
        owner: u32,
        /// The permission bits.
        mode: u32,
    },
    /// More symbolic links than the kernel follows, for example a loop.
    #[error("{path}: more than {MAX_LINKS} symbolic links")]
    TooManyLinks {
        /// The walked part of the path.
        path: PathBuf,
    },
    /// The kernel reported another error.
    #[error("{path}: {}", why(source))]
    Io {
        /// The walked part of the path.
        path: PathBuf,
        /// The error.
        source: io::Error,
    },
}

/// Whether the user is root or the current user.
pub(super) fn is_ours(uid: u32) -> bool {
    uid == 0 || uid == rustix::process::geteuid().as_raw()
}

/// Opens the directory `path` for reading. Resolves symbolic links itself, and checks the owner of each.
pub(super) fn open(path: &Path) -> Result<OwnedFd, DirError> {
    directory(path, false)
}

/// Like [`open`], but creates missing components with mode 0700.
///
/// Creates each in the handle of its parent, and only if no other user could replace it: root or the current user owns the
/// parent, and other users can't write to it unless it is sticky.
pub(super) fn make(path: &Path) -> Result<OwnedFd, DirError> {
    directory(path, true)
}

/// Opens the file `path` of any kind for reading, without waiting. Resolves symbolic links as [`open`], also the last one.
pub(super) fn file(path: &Path) -> Result<OwnedFd, DirError> {
    let mut walk = Walk { walked: PathBuf::new(), links: 0, makes: false };
    let mut waiting = Vec::new();
    walk.push(&mut waiting, path.as_os_str().as_bytes());
    let mut here = walk.start(path.as_os_str().as_bytes())?;
    while let Some(name) = waiting.pop() {
        let is_link = |stat: Stat| FileType::from_raw_mode(stat.st_mode) == FileType::Symlink;
        if !waiting.is_empty() || walk.entry(&here, &name).is_ok_and(|(_, stat)| is_link(stat)) {
            here = walk.step(here, &name, &mut waiting)?;
            continue;
        }
        walk.walked.push(OsStr::from_bytes(name.to_bytes()));
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | CAUTIOUS;
        return openat(&here, &name, flags, Mode::empty()).map_err(|error| walk.error(error));
    }
    Ok(here)
}

fn directory(path: &Path, makes: bool) -> Result<OwnedFd, DirError> {
    let mut walk = Walk { walked: PathBuf::new(), links: 0, makes };
    let mut waiting = Vec::new();
    walk.push(&mut waiting, path.as_os_str().as_bytes());
    let mut here = walk.start(path.as_os_str().as_bytes())?;
    if path.as_os_str().is_empty() {
        return Err(DirError::Missing { path: PathBuf::new() });
    }
    while let Some(name) = waiting.pop() {
        here = walk.step(here, &name, &mut waiting)?;
    }
    // A handle from O_PATH can't be listed. "." in it is the same directory.
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    openat(&here, c".", flags, Mode::empty()).map_err(|error| walk.error(error))
}

struct Walk {
    walked: PathBuf,
    links: usize,
    /// Whether to create missing components.
    makes: bool,
}

impl Walk {
    /// Opens the start of a path: the root, or the working directory.
    fn start(&mut self, path: &[u8]) -> Result<OwnedFd, DirError> {
        let absolute = path.first() == Some(&b'/');
        if absolute {
            self.walked = PathBuf::from("/");
        }
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let name = if absolute { c"/" } else { c"." };
        openat(CWD, name, flags, Mode::empty()).map_err(|error| self.error(error))
    }

    /// Pushes the components of `path`, the first on top.
    fn push(&self, waiting: &mut Vec<CString>, path: &[u8]) {
        let names = path.split(|&byte| byte == b'/').filter(|name| !name.is_empty() && *name != b".");
        // An empty name replaces a name with a NUL, and the kernel reports an error for it.
        waiting.extend(names.rev().map(|name| CString::new(name).unwrap_or_default()));
    }

    fn step(&mut self, here: OwnedFd, name: &CStr, waiting: &mut Vec<CString>) -> Result<OwnedFd, DirError> {
        let parent = self.walked.clone();
        self.walked.push(OsStr::from_bytes(name.to_bytes()));
        let (next, stat) = match self.entry(&here, name) {
            Err(Errno::NOENT) if self.makes => self.make(&here, &parent, name)?,
            found => found.map_err(|error| self.error(error))?,
        };
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory => Ok(next),
            FileType::Symlink => {
                if !is_ours(stat.st_uid) {
                    return Err(DirError::UnsafeLink { path: self.walked.clone(), owner: stat.st_uid });
                }
                self.links += 1;
                if self.links > MAX_LINKS {
                    return Err(DirError::TooManyLinks { path: self.walked.clone() });
                }
                // Read through the checked handle, not by name.
                let target = readlinkat(next.as_fd(), c"", Vec::new()).map_err(|error| self.error(error))?;
                let target = target.as_bytes();
                self.push(waiting, target);
                self.walked = parent;
                if target.first() == Some(&b'/') { self.start(target) } else { Ok(here) }
            }
            _ => Err(DirError::NotADirectory { path: self.walked.clone() }),
        }
    }

    /// Opens the entry `name` of a directory, of any kind. Also returns its stat.
    fn entry(&self, here: &OwnedFd, name: &CStr) -> Result<(OwnedFd, Stat), Errno> {
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let entry = openat(here, name, flags, Mode::empty())?;
        let stat = fstat(&entry)?;
        Ok((entry, stat))
    }

    /// Creates the directory `name` in `here`, which is at `parent`, and opens it.
    fn make(&self, here: &OwnedFd, parent: &Path, name: &CStr) -> Result<(OwnedFd, Stat), DirError> {
        let above = fstat(here).map_err(|error| self.error(error))?;
        if !is_ours(above.st_uid) || above.st_mode & 0o1002 == 0o002 {
            let path = if parent == Path::new("") { Path::new(".") } else { parent };
            let (owner, mode) = (above.st_uid, above.st_mode & 0o7777);
            return Err(DirError::UnsafeParent { path: path.to_owned(), owner, mode });
        }
        match mkdirat(here, name, Mode::RWXU) {
            // If another process created it, it is checked like an existing one.
            Ok(()) | Err(Errno::EXIST) => self.entry(here, name).map_err(|error| self.error(error)),
            Err(error) => Err(self.error(error)),
        }
    }

    fn error(&self, error: Errno) -> DirError {
        let path = self.walked.clone();
        match error {
            Errno::NOENT => DirError::Missing { path },
            Errno::NOTDIR => DirError::NotADirectory { path },
            other => DirError::Io { path, source: other.into() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::{MetadataExt, symlink};

    fn inode(fd: &OwnedFd) -> u64 {
        fstat(fd).unwrap().st_ino
    }

    #[test]
    fn own_links_are_followed() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        fs::create_dir_all(root.join("a/b/sessions")).unwrap();
        let wanted = fs::metadata(root.join("a/b/sessions")).unwrap().ino();
        symlink("a/./b", root.join("relative")).unwrap();
        symlink(root.join("a"), root.join("absolute")).unwrap();
        symlink("../../relative/../b/sessions", root.join("a/b/up")).unwrap();
        for path in ["a//b/sessions/", "relative/sessions", "absolute/b/sessions", "absolute/b/up"] {
            assert_eq!(inode(&open(&root.join(path)).unwrap()), wanted, "{path}");
        }
    }

    #[test]
    fn loops_files_and_missing_parts_are_errors_with_the_path() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        symlink("loop", root.join("loop")).unwrap();
        fs::write(root.join("file"), "").unwrap();
        assert!(matches!(open(&root.join("loop/x")), Err(DirError::TooManyLinks { .. })));
        assert!(
            matches!(open(&root.join("file/x")), Err(DirError::NotADirectory { path }) if path == root.join("file"))
        );
        assert!(
            matches!(open(&root.join("no/x")), Err(DirError::Missing { path }) if path == root.join("no"))
        );
        assert!(matches!(open(Path::new("")), Err(DirError::Missing { .. })));
        let nul = OsStr::from_bytes(b"a\0b");
        assert!(open(&root.join(nul)).is_err());
    }

    #[test]
    fn missing_directories_are_created_private_behind_own_links() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        fs::create_dir(root.join("a")).unwrap();
        symlink("a/b", root.join("link")).unwrap();
        let made = make(&root.join("link/c/../d")).unwrap();
        assert_eq!(inode(&made), fs::metadata(root.join("a/b/d")).unwrap().ino());
        for path in ["a/b", "a/b/c", "a/b/d"] {
            assert_eq!(fs::metadata(root.join(path)).unwrap().mode() & 0o7777, 0o700, "{path}");
        }
        make(&root.join("a/b/d")).unwrap();
        fs::write(root.join("file"), "").unwrap();
        assert!(matches!(make(&root.join("file/x")), Err(DirError::NotADirectory { .. })));
        assert!(make(&root.join(OsStr::from_bytes(b"a/x\0y"))).is_err());
    }

    #[test]
    fn nothing_is_created_in_a_directory_that_others_can_write() {
        use std::os::unix::fs::{PermissionsExt, chown, lchown};
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        let open = root.join("open");
        fs::create_dir(&open).unwrap();
        fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).unwrap();
        assert!(
            matches!(make(&open.join("a/b")), Err(DirError::UnsafeParent { path, mode: 0o777, .. }) if path == open)
        );
        fs::set_permissions(&open, fs::Permissions::from_mode(0o1777)).unwrap();
        make(&open.join("a/b")).unwrap();
        if !super::super::is_root() {
            return; // Only root can give files away.
        }
        // A link of another user to a missing directory of root, which `mkdir -p` would follow.
        fs::create_dir(root.join("roots")).unwrap();
        symlink(root.join("roots/planted"), open.join("link")).unwrap();
        lchown(open.join("link"), Some(12345), None).unwrap();
        assert!(matches!(make(&open.join("link/index")), Err(DirError::UnsafeLink { owner: 12345, .. })));
        assert_eq!(fs::read_dir(root.join("roots")).unwrap().count(), 0);
        fs::create_dir(root.join("theirs")).unwrap();
        chown(root.join("theirs"), Some(12345), None).unwrap();
        assert!(matches!(make(&root.join("theirs/a")), Err(DirError::UnsafeParent { owner: 12345, .. })));
        assert_eq!(fs::read_dir(root.join("theirs")).unwrap().count(), 0);
    }

    #[test]
    fn link_of_another_user_is_refused() {
        if !super::super::is_root() {
            return; // Only root can give a link away.
        }
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("target")).unwrap();
        let link = root.path().join("link");
        symlink("target", &link).unwrap();
        std::os::unix::fs::lchown(&link, Some(12345), None).unwrap();
        assert!(matches!(open(&link), Err(DirError::UnsafeLink { owner: 12345, path }) if path == link));
        assert!(matches!(open(&link.join("..")), Err(DirError::UnsafeLink { .. })));
    }
}
