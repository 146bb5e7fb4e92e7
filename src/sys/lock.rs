//! One wikifarm at a time in one store: flock(2) on a file in a directory of our own.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use rustix::fs::{FlockOperation, Mode, OFlags, flock, ftruncate, openat};
use rustix::io::Errno;

use super::dir::FileId;
use super::private::{PrivateDir, PrivateError};
use super::walk::DirError;
use super::why::why;

/// A directory for locks in which nobody else can write.
#[derive(Debug)]
pub struct LockDir {
    dir: PrivateDir,
}

/// A lock held until dropped, or until the process ends in whatever way.
#[derive(Debug)]
#[must_use = "the lock is given back as soon as this is dropped"]
pub struct Lock {
    _file: File,
}

/// The process that this one waits for; 0: none, the largest: one that wrote no number.
static WAITS_FOR: AtomicU32 = AtomicU32::new(0);

/// For whom this process waits, for people; `None` while it does not.
pub fn waits_for() -> Option<String> {
    match WAITS_FOR.load(Ordering::Relaxed) {
        0 => None,
        u32::MAX => Some("another wikifarm".to_owned()),
        pid => Some(format!("process {pid}")),
    }
}

/// Why a lock was not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LockError {
    /// Another process holds it.
    #[error("another wikifarm is at work here{}; --wait waits for it", pid.map_or(String::new(), |pid| format!(": process {pid}")))]
    Held {
        /// Its process id, if it wrote one.
        pid: Option<u32>,
    },
    /// Others can write in the directory, so they could hold the lock for ever.
    #[error("no place for locks: {0}{elsewhere}", elsewhere = elsewhere())]
    UnsafeDirectory(PrivateError),
    /// The directory could not be opened.
    #[error("{0}{elsewhere}", elsewhere = elsewhere())]
    Directory(DirError),
    /// The kernel refused.
    #[error("{path}: {}{}", why(source), elsewhere())]
    Io {
        /// The directory or file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// What names another place.
fn elsewhere() -> &'static str {
    match super::is_root() {
        true => "; RUNTIME_DIRECTORY can name another directory for locks",
        false => "; XDG_STATE_HOME or STATE_DIRECTORY can name a directory for locks that is yours",
    }
}

impl LockDir {
    /// Opens the directory `path`, made with mode 0700 where it is missing.
    ///
    /// # Errors
    ///
    /// Where it cannot be made or opened, or somebody but root and us can write in it.
    pub fn open(path: &Path) -> Result<Self, LockError> {
        PrivateDir::make(path).map(|dir| LockDir { dir }).map_err(|error| match error {
            error @ PrivateError::Unsafe { .. } => LockError::UnsafeDirectory(error),
            PrivateError::Directory(error) => LockError::Directory(error),
        })
    }

    /// Takes the lock for the directory `id`. With `waiting`, another process that has it is waited for until that flag
    /// is set; without, it is an error at once.
    ///
    /// # Errors
    ///
    /// As [`LockDir::take`].
    pub fn take_or_wait(&self, id: FileId, waiting: Option<&AtomicBool>) -> Result<Lock, LockError> {
        /// flock(2) itself would not end when a signal asks for it.
        const GLANCE: Duration = Duration::from_millis(50);
        loop {
            let taken = match (self.take(id), waiting) {
                (Err(LockError::Held { pid }), Some(stop)) if !stop.load(Ordering::Relaxed) => {
                    WAITS_FOR.store(pid.unwrap_or(u32::MAX), Ordering::Relaxed);
                    thread::sleep(GLANCE);
                    continue;
                }
                (taken, _) => taken,
            };
            WAITS_FOR.store(0, Ordering::Relaxed);
            return taken;
        }
    }

    /// Takes the lock for the directory `id`, without waiting. The file stays when the lock is given back: removing
    /// it would let two processes lock two files of one name.
    ///
    /// # Errors
    ///
    /// [`LockError::Held`] where another process has it.
    pub fn take(&self, id: FileId) -> Result<Lock, LockError> {
        let name = format!("{:x}-{:x}.lock", id.device, id.inode);
        let error = |error: Errno| LockError::Io { path: self.dir.path().join(&name), source: error.into() };
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let fd = openat(self.dir.dir(), &name, flags, Mode::RUSR | Mode::WUSR).map_err(error)?;
        let mut file = File::from(fd);
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => {
                let mut text = String::new();
                let read = file.take(16).read_to_string(&mut text);
                let pid = read.ok().and_then(|_| text.trim().parse().ok());
                return Err(LockError::Held { pid });
            }
            Err(other) => return Err(error(other)),
        }
        ftruncate(&file, 0).map_err(error)?;
        let written = writeln!(file, "{}", std::process::id());
        written.map_err(|source| LockError::Io { path: self.dir.path().join(&name), source })?;
        Ok(Lock { _file: file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_second_copy_learns_who_holds_the_lock() {
        let root = tempfile::tempdir().unwrap();
        let locks = LockDir::open(&root.path().join("a/b")).unwrap();
        let (one, two) = (FileId { device: 1, inode: 2 }, FileId { device: 1, inode: 3 });
        let held = locks.take(one).unwrap();
        let _other = locks.take(two).unwrap();
        let refused = locks.take(one).unwrap_err();
        assert!(
            matches!(refused, LockError::Held { pid: Some(pid) } if pid == std::process::id()),
            "{refused}"
        );
        drop(held);
        let again = locks.take(one).unwrap();
        let stop = AtomicBool::new(false);
        thread::scope(|scope| {
            let waiting = scope.spawn(|| locks.take_or_wait(one, Some(&stop)).unwrap());
            thread::sleep(Duration::from_millis(80));
            assert!(!waiting.is_finished());
            drop(again);
            let _held = waiting.join().unwrap();
            stop.store(true, Ordering::Relaxed);
            assert!(matches!(locks.take_or_wait(one, Some(&stop)), Err(LockError::Held { .. })));
        });
    }

    #[test]
    fn a_directory_that_others_can_write_holds_no_locks() {
        let root = tempfile::tempdir().unwrap();
        fs::set_permissions(root.path(), fs::Permissions::from_mode(0o1777)).unwrap();
        assert!(matches!(LockDir::open(root.path()), Err(LockError::UnsafeDirectory { .. })));
    }
}
