//! Whether two paths are one directory.

use std::path::Path;

use crate::sys::DirectoryMap;

pub use crate::sys::DirectoryIdentity as Identity;

/// The disk, or what a test says it is.
pub trait Directories {
    /// What the directory at `path` is.
    fn identity(&self, path: &Path) -> Identity;
}

/// The disk of this machine, each directory looked at once.
#[derive(Debug, Default)]
pub struct RealDirectories(DirectoryMap);

impl Directories for RealDirectories {
    fn identity(&self, path: &Path) -> Identity {
        self.0.place(path)
    }
}
