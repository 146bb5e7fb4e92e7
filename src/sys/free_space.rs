//! The free space of a file system.

use std::io;
use std::path::Path;

use rustix::fs::{fstatvfs, statvfs};

use super::dir::Dir;

/// The free space of one file system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FreeSpace {
    /// The size in bytes.
    pub bytes: u64,
    /// Free bytes for users other than root.
    pub bytes_free: u64,
    /// The number of inodes. `None` if it has no fixed number, like btrfs.
    pub inodes: Option<u64>,
    /// Free inodes for users other than root.
    pub inodes_free: Option<u64>,
}

impl FreeSpace {
    /// The free space on the file system of `dir`.
    ///
    /// # Errors
    ///
    /// The error of the kernel.
    pub fn of(dir: &Dir) -> io::Result<Self> {
        Ok(FreeSpace::from_stat(&fstatvfs(dir)?))
    }

    /// Like [`FreeSpace::of`], by path. Opens nothing.
    ///
    /// # Errors
    ///
    /// The error of the kernel.
    pub fn at(path: &Path) -> io::Result<Self> {
        Ok(FreeSpace::from_stat(&statvfs(path)?))
    }

    pub(super) fn from_stat(stat: &rustix::fs::StatVfs) -> Self {
        let counted = stat.f_files > 0;
        FreeSpace {
            bytes: stat.f_blocks.saturating_mul(stat.f_frsize),
            bytes_free: stat.f_bavail.saturating_mul(stat.f_frsize),
            inodes: counted.then_some(stat.f_files),
            inodes_free: counted.then_some(stat.f_favail),
        }
    }

    /// The number of used inodes.
    pub fn inodes_used(&self) -> Option<u64> {
        Some(self.inodes?.saturating_sub(self.inodes_free?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directory_and_path_have_the_same_free_space() {
        let root = tempfile::tempdir().unwrap();
        let by_handle = FreeSpace::of(&Dir::open(root.path()).unwrap()).unwrap();
        let by_name = FreeSpace::at(root.path()).unwrap();
        assert_eq!((by_handle.bytes, by_handle.inodes), (by_name.bytes, by_name.inodes));
        assert!(by_handle.bytes_free <= by_handle.bytes);
        assert_eq!(by_handle.inodes.is_some(), by_handle.inodes_used().is_some());
        assert!(FreeSpace::at(&root.path().join("none")).is_err());
    }
}
