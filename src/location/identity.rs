//! The identity of stores and directories.

use std::path::{Path, PathBuf};

use crate::sys::{DirectoryIdentity, DirectoryMap};

/// Equal for all locations of one store or directory.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Identity {
    /// An existing directory or file: its device and inode.
    Inode(u64, u64),
    /// It does not exist (here): its resolved path.
    Path(PathBuf),
    /// A store without a path: its server, database, and prefix.
    Address(String),
    /// An unknown directory. It is assumed to belong only to what is named.
    Own(String),
}

impl From<DirectoryIdentity> for Identity {
    fn from(identity: DirectoryIdentity) -> Self {
        match identity {
            DirectoryIdentity::Inode(device, inode) => Identity::Inode(device, inode),
            DirectoryIdentity::Path(path) => Identity::Path(path),
        }
    }
}

/// The disk, or a replacement in tests.
pub trait Directories {
    /// The identity of the directory at `path`.
    fn identity(&self, path: &Path) -> Identity;
}

/// The disk of this machine. Each directory is read once.
#[derive(Debug, Default)]
pub struct RealDirectories(DirectoryMap);

impl Directories for RealDirectories {
    fn identity(&self, path: &Path) -> Identity {
        self.0.identity(path).into()
    }
}
