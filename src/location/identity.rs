//! The identity of directories.

use std::path::Path;

use crate::sys::DirectoryMap;

pub use crate::sys::DirectoryIdentity as Identity;

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
        self.0.identity(path)
    }
}
