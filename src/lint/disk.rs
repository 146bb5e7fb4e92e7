//! What the rules may ask of the disk: only whether directories exist and who may write into them.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// A directory as the rules see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Directory {
    /// Whether it is a directory at all.
    pub is_directory: bool,
    /// Its permission bits.
    pub mode: u32,
}

/// The disk, or what a test says it is.
pub trait Disk {
    /// Looks at `path`, following links.
    ///
    /// # Errors
    /// If there is nothing there, or it can't be looked at.
    fn directory(&self, path: &Path) -> io::Result<Directory>;
}

/// The disk of this machine.
#[derive(Debug, Clone, Copy)]
pub struct RealDisk;

impl Disk for RealDisk {
    fn directory(&self, path: &Path) -> io::Result<Directory> {
        let metadata = path.metadata()?;
        Ok(Directory { is_directory: metadata.is_dir(), mode: metadata.mode() & 0o7777 })
    }
}
