//! Writes files atomically: a reader sees the old or the new bytes.

use std::fs::{File, Metadata, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::Path;

use rustix::fs::OFlags;
use tempfile::NamedTempFile;

use super::open_dir::CAUTIOUS;

/// Replaces the file `path` by `bytes`: temporary file, fsync, rename, fsync of the directory. `mode` are the permission
/// bits, reduced by the umask.
///
/// # Errors
///
/// The error of the kernel. The old file is kept.
pub fn write_atomically(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    write(path, bytes, mode, false)
}

/// Like [`write_atomically`], with mode 0644 independent of the umask.
///
/// # Errors
///
/// The same as for [`write_atomically`].
pub fn write_public(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write(path, bytes, 0o644, true)
}

fn write(path: &Path, bytes: &[u8], mode: u32, exactly: bool) -> io::Result<()> {
    let parent = parent(path);
    beside(parent, bytes, mode, exactly)?.persist(path)?;
    sync_directory(parent)
}

/// Syncs the names in a directory to disk. Does not wait for a FIFO.
///
/// # Errors
///
/// The error of the kernel.
pub fn sync_directory(path: &Path) -> io::Result<()> {
    let flags = OFlags::DIRECTORY.bits().cast_signed();
    File::options().read(true).custom_flags(flags).open(path)?.sync_all()
}

/// The directory of `path`.
fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A synced temporary file with these bytes in the directory `parent`. `mode` is reduced by the umask unless `exactly`.
fn beside(parent: &Path, bytes: &[u8], mode: u32, exactly: bool) -> io::Result<NamedTempFile> {
    let mut file = tempfile::Builder::new()
        .prefix(".wikifarm-")
        .permissions(Permissions::from_mode(mode))
        .tempfile_in(parent)?;
    if exactly {
        file.as_file().set_permissions(Permissions::from_mode(mode))?;
    }
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// The result of replacing a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replaced {
    /// Replaced.
    Done,
    /// The file changed: nothing was written.
    Changed,
}

/// Replaces the file `path`, or the target of a link, by the result of `fresh`. Keeps the permission bits, and the owner if
/// allowed. Writes nothing if `fresh` returns `None`, or if the file changed.
///
/// # Errors
///
/// If it is not a regular file or can't be written. The old file is kept.
pub fn replace(path: &Path, fresh: impl FnOnce(&[u8]) -> Option<Vec<u8>>) -> io::Result<Replaced> {
    let path = path.canonicalize()?;
    let parent = path.parent().unwrap_or(Path::new("/"));
    let flags = (OFlags::NOFOLLOW | CAUTIOUS).bits().cast_signed();
    let mut old = File::options().read(true).custom_flags(flags).open(&path)?;
    let was = old.metadata()?;
    if !was.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    let mut bytes = Vec::new();
    old.read_to_end(&mut bytes)?;
    let Some(bytes) = fresh(&bytes) else { return Ok(Replaced::Changed) };
    let mut file = tempfile::Builder::new().prefix(".wikifarm-").tempfile_in(parent)?;
    file.write_all(&bytes)?;
    let new = file.as_file();
    // Only root can change the owner.
    let _ = fchown(new, Some(was.uid()), Some(was.gid()));
    new.set_permissions(Permissions::from_mode(was.mode() & 0o7777))?;
    new.sync_all()?;
    let stamp = |found: &Metadata| {
        (found.dev(), found.ino(), found.size(), found.mtime(), found.mtime_nsec(), found.ctime_nsec())
    };
    if stamp(&was) != stamp(&path.symlink_metadata()?) {
        return Ok(Replaced::Changed);
    }
    file.persist(&path)?;
    sync_directory(parent)?;
    Ok(Replaced::Done)
}

/// Writes a new file: temporary file, fsync, and rename to a name that must not exist.
///
/// # Errors
///
/// [`io::ErrorKind::AlreadyExists`] if the name exists, or the error of the kernel.
pub fn write_new(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let parent = parent(path);
    beside(parent, bytes, mode, false)?.persist_noclobber(path)?;
    sync_directory(parent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn file_is_replaced_atomically_without_temporary_files() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("state");
        write_atomically(&path, b"one", 0o600).unwrap();
        write_atomically(&path, b"two", 0o600).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        write_public(&path, b"three").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o644);
        // A link at the path of the file is replaced, not followed.
        std::os::unix::fs::symlink("elsewhere", root.path().join("link")).unwrap();
        write_public(&root.path().join("link"), b"four").unwrap();
        assert!(!root.path().join("elsewhere").exists());
        fs::remove_file(root.path().join("link")).unwrap();
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1);
        assert!(write_atomically(&root.path().join("no/state"), b"", 0o600).is_err());
    }

    #[test]
    fn file_is_replaced_only_if_unchanged() {
        let root = tempfile::tempdir().unwrap();
        let (path, link) = (root.path().join("farm.toml"), root.path().join("link"));
        fs::write(&path, b"old").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o646)).unwrap();
        std::os::unix::fs::symlink("farm.toml", &link).unwrap();
        assert_eq!(replace(&link, |old| Some([old, b"!"].concat())).unwrap(), Replaced::Done);
        assert_eq!(fs::read(&path).unwrap(), b"old!");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o646);
        assert!(link.is_symlink());
        assert_eq!(replace(&path, |_| None).unwrap(), Replaced::Changed);
        let meanwhile = |_: &[u8]| {
            fs::write(&path, b"somebody else's").unwrap();
            Some(b"ours".to_vec())
        };
        assert_eq!(replace(&path, meanwhile).unwrap(), Replaced::Changed);
        assert_eq!(fs::read(&path).unwrap(), b"somebody else's");
        assert!(replace(Path::new("/dev/null"), |_| Some(Vec::new())).is_err());
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 2, "nothing is left over");
    }

    #[test]
    fn new_file_replaces_no_file() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("new");
        write_new(&path, b"one", 0o644).unwrap();
        assert_eq!(write_new(&path, b"two", 0o644).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"one");
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1);
    }
}
