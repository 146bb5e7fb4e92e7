//! Locks: one wikifarm at a time uses a store. flock(2) on a file in a private directory.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use rustix::fs::{FlockOperation, Mode, OFlags, flock, ftruncate, openat};
use rustix::io::Errno;

use super::dir::FileId;
use super::open_dir::DirError;
use super::private::{PrivateDir, PrivateError};
use super::why::why;

/// A directory for locks that nobody else can write to.
#[derive(Debug)]
pub struct LockDir {
    dir: PrivateDir,
}

/// A lock, held until it is dropped or the process ends.
#[derive(Debug)]
#[must_use = "dropping this releases the lock"]
pub struct Lock {
    _file: File,
}

/// The process that this one waits for. 0 is none; the maximum is a process without a known id.
static WAITS_FOR: AtomicU32 = AtomicU32::new(0);

/// A description of the process that holds the lock.
pub fn waits_for() -> Option<String> {
    match WAITS_FOR.load(Ordering::Relaxed) {
        0 => None,
        u32::MAX => Some("another wikifarm".to_owned()),
        pid => Some(format!("process {pid}")),
    }
}

/// Why a lock was not acquired.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LockError {
    /// Another process holds it.
    #[error("another wikifarm{} is using this store", pid.map_or(String::new(), |pid| format!(" (process {pid})")))]
    Held {
        /// Its process id, if it wrote one.
        pid: Option<u32>,
    },
    /// Other users can write to the directory, and could hold the lock forever.
    #[error("unsafe directory for locks: {0}")]
    UnsafeDirectory(PrivateError),
    /// The directory could not be opened.
    #[error("can't open the directory for locks: {0}")]
    Directory(DirError),
    /// The kernel reported an error.
    #[error("can't create a lock: {path}: {}", why(source))]
    Io {
        /// The directory or file.
        path: PathBuf,
        /// The error.
        source: io::Error,
    },
}

impl LockError {
    /// What the user can do.
    pub fn help(&self) -> String {
        let other = match super::is_root() {
            true => "set RUNTIME_DIRECTORY to another directory",
            false => "set XDG_STATE_HOME or STATE_DIRECTORY to a directory that you own",
        };
        match self {
            LockError::Held { .. } => "run the command again later, or pass --wait".to_owned(),
            LockError::UnsafeDirectory(error) => match error.help() {
                Some(help) => format!("{help}, or {other}"),
                None => other.to_owned(),
            },
            _ => other.to_owned(),
        }
    }
}

impl LockDir {
    /// Opens the directory `path`, or creates it with mode 0700.
    ///
    /// # Errors
    ///
    /// If it can't be created or opened, or if other users can write to it.
    pub fn open(path: &Path) -> Result<Self, LockError> {
        PrivateDir::make(path).map(|dir| LockDir { dir }).map_err(|error| match error {
            error @ PrivateError::Unsafe { .. } => LockError::UnsafeDirectory(error),
            PrivateError::Directory(error) => LockError::Directory(error),
        })
    }

    /// Acquires the lock for the directory `id`. With `waiting`, waits for another process until that flag is set.
    ///
    /// # Errors
    ///
    /// The same as for [`LockDir::take`].
    pub fn take_or_wait(&self, id: FileId, waiting: Option<&AtomicBool>) -> Result<Lock, LockError> {
        /// flock(2) itself would not stop on a signal.
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

    /// Acquires the lock for the directory `id` without waiting. The file is never removed, because two
    /// processes could then lock two files with the same name.
    ///
    /// # Errors
    ///
    /// [`LockError::Held`] if another process holds it.
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
    fn second_process_learns_who_holds_the_lock() {
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
    fn directory_that_others_can_write_is_refused_for_locks() {
        let root = tempfile::tempdir().unwrap();
        fs::set_permissions(root.path(), fs::Permissions::from_mode(0o1777)).unwrap();
        assert!(matches!(LockDir::open(root.path()), Err(LockError::UnsafeDirectory { .. })));
    }
}
