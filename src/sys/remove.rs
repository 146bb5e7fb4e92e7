//! Removes a file that another process may be writing: judges its bytes, then checks that it is still the same file.

use std::ffi::CStr;

use rustix::fs::{AtFlags, Stat, fstat, statat, unlinkat};
use rustix::io::{Errno, retry_on_intr};

use super::dir::Dir;
use super::file::{NotOpened, OpenFile, links, open_regular_up_to};

/// The result of a removal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Removal {
    /// Removed.
    Removed {
        /// The size in bytes.
        size: u64,
    },
    /// Kept by the judgment.
    Kept,
    /// Kept, because it was written or replaced during the judgment.
    Changed,
    /// It was written or renamed between the last check and the removal.
    Raced,
    /// It did not exist.
    Gone,
}

/// Removes `name`, a file of at most `most` bytes, from `dir` if `decide` returns true for the open file.
///
/// Compares the open file with the entry by device, inode, change time, and size, and unlinks it at once. Then its link count
/// must have decreased, and it must not have been written. The file is never moved aside, because the wiki would lose a live
/// session. Not detected: another file that is renamed over this one between the comparison and the removal.
/// `before_unlink` runs between comparison and removal, for tests.
///
/// # Errors
///
/// If the file can't be opened, judged, or removed.
pub fn remove_if(
    dir: &Dir,
    name: &CStr,
    most: u64,
    decide: impl FnOnce(&OpenFile) -> Result<bool, NotOpened>,
    before_unlink: impl FnOnce(),
) -> Result<Removal, NotOpened> {
    let file = match open_regular_up_to(dir, name, most) {
        Ok(file) => file,
        Err(NotOpened::Gone) => return Ok(Removal::Gone),
        Err(error) => return Err(error),
    };
    if !decide(&file)? {
        return Ok(Removal::Kept);
    }
    match statat(dir, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(now) if same(&now, &file.stat) => {}
        Ok(_) => return Ok(Removal::Changed),
        Err(Errno::NOENT) => return Ok(Removal::Gone),
        Err(error) => return Err(error.into()),
    }
    before_unlink();
    match retry_on_intr(|| unlinkat(dir, name, AtFlags::empty())) {
        Ok(()) => {}
        Err(Errno::NOENT) => return Ok(Removal::Gone),
        Err(error) => return Err(NotOpened::Io(error.into())),
    }
    let after = fstat(&file.fd)?;
    // The entry was another file, or it was written in place after the comparison.
    let raced =
        links(&after) != 0 && !is_hidden(dir, &after, &file.stat) || written(&after) != written(&file.stat);
    Ok(if raced { Removal::Raced } else { Removal::Removed { size: file.size() } })
}

/// The time of the last write and the size. Unlinking changes neither.
#[allow(clippy::useless_conversion, reason = "the width of times differs between machines")]
fn written(stat: &Stat) -> (i64, u64, i64) {
    (stat.st_mtime.into(), u64::try_from(stat.st_mtime_nsec).unwrap_or(0), stat.st_size)
}

/// Whether a file of a lower layer of an overlayfs was removed: a whiteout hides it, and its link count stays the same. A
/// renamed or written file is copied to the upper layer, and has a new change time.
fn is_hidden(dir: &Dir, after: &Stat, before: &Stat) -> bool {
    same(after, before) && dir.is_overlay()
}

fn same(now: &Stat, then: &Stat) -> bool {
    now.st_dev == then.st_dev
        && now.st_ino == then.st_ino
        && now.st_ctime == then.st_ctime
        && now.st_ctime_nsec == then.st_ctime_nsec
        && now.st_size == then.st_size
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::MAX_FILE;
    use std::fs;
    use std::path::Path;

    const NAME: &CStr = c"file";

    fn replace(path: &Path, bytes: &str) {
        fs::write(path.with_extension("new"), bytes).unwrap();
        fs::rename(path.with_extension("new"), path).unwrap();
    }

    #[test]
    fn file_is_removed_only_if_unchanged() {
        let root = tempfile::tempdir().unwrap();
        let dir = Dir::open(root.path()).unwrap();
        let path = root.path().join("file");
        let remove = |decide: &dyn Fn() -> bool, between: &dyn Fn()| {
            remove_if(&dir, NAME, MAX_FILE, |_| Ok(decide()), between).unwrap()
        };

        assert_eq!(remove(&|| true, &|| {}), Removal::Gone);
        fs::write(&path, "bytes").unwrap();
        assert_eq!(remove(&|| false, &|| {}), Removal::Kept);
        let writing = || {
            fs::write(&path, "longer than before").unwrap();
            true
        };
        assert_eq!(remove(&writing, &|| {}), Removal::Changed);
        let replacing = || {
            replace(&path, "longer than before");
            true
        };
        assert_eq!(remove(&replacing, &|| {}), Removal::Changed);
        assert!(path.exists());
        assert_eq!(remove(&|| true, &|| {}), Removal::Removed { size: 18 });
        assert!(!path.exists());
    }

    #[test]
    fn replaced_file_is_counted_as_race() {
        let root = tempfile::tempdir().unwrap();
        let dir = Dir::open(root.path()).unwrap();
        let path = root.path().join("file");
        fs::write(&path, "old").unwrap();
        let keep = root.path().join("kept-elsewhere");
        let outcome = remove_if(
            &dir,
            NAME,
            MAX_FILE,
            |_| Ok(true),
            || {
                fs::rename(&path, &keep).unwrap();
                fs::write(&path, "new").unwrap();
            },
        );
        assert_eq!(outcome.unwrap(), Removal::Raced);
        fs::write(&path, "old").unwrap();
        let writing = || fs::write(&path, "a new session, written in place").unwrap();
        assert_eq!(remove_if(&dir, NAME, MAX_FILE, |_| Ok(true), writing).unwrap(), Removal::Raced);
        let outcome =
            remove_if(&dir, c"kept-elsewhere", MAX_FILE, |_| Ok(true), || fs::remove_file(&keep).unwrap());
        assert_eq!(outcome.unwrap(), Removal::Gone);
    }
}
