//! The file system of a path: its kind, and whether it can be written.
//!
//! Source: statfs(2), statvfs(3), `<linux/magic.h>`.

use std::io;
use std::path::Path;

use rustix::fs::{StatVfsMountFlags, statfs, statvfs};

use super::free_space::FreeSpace;

/// Where a file system keeps its files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Medium {
    /// A disk of this machine, or an unknown medium.
    Disk,
    /// Memory.
    Memory,
    /// A server; the name of the protocol.
    Network(&'static str),
}

/// A file system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileSystem {
    /// Its medium.
    pub medium: Medium,
    /// Whether its mount is read-only.
    pub read_only: bool,
    /// The free space.
    pub free: FreeSpace,
}

impl FileSystem {
    /// The file system at `path`.
    ///
    /// # Errors
    /// The error of the kernel.
    pub fn at(path: &Path) -> io::Result<Self> {
        let magic = u64::try_from(statfs(path)?.f_type).unwrap_or(0) & 0xffff_ffff;
        let stat = statvfs(path)?;
        Ok(FileSystem {
            medium: medium(magic),
            read_only: stat.f_flag.contains(StatVfsMountFlags::RDONLY),
            free: FreeSpace::from_stat(&stat),
        })
    }
}

fn medium(magic: u64) -> Medium {
    match magic {
        // tmpfs and ramfs.
        0x0102_1994 | 0x8584_58f6 => Medium::Memory,
        0x6969 => Medium::Network("NFS"),
        // Three versions of one protocol.
        0x517b | 0xff53_4d42 | 0xfe53_4d42 => Medium::Network("CIFS"),
        0x00c3_6400 => Medium::Network("Ceph"),
        0x5346_414f => Medium::Network("AFS"),
        _ => Medium::Disk,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_system_has_the_free_space_of_its_path() {
        let root = tempfile::tempdir().unwrap();
        let found = FileSystem::at(root.path()).unwrap();
        assert_eq!(found.free.inodes, FreeSpace::at(root.path()).unwrap().inodes);
        assert!(!found.read_only);
        assert!(FileSystem::at(&root.path().join("none")).is_err());
        assert!(FileSystem::at(Path::new("/proc")).is_ok_and(|found| found.medium == Medium::Disk));
    }
}
