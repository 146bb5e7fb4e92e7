//! Whether two paths are one directory.

use std::path::Path;

pub use crate::sys::Place as Identity;

/// The disk, or what a test says it is.
pub trait Places {
    /// What the directory at `path` is.
    fn identity(&self, path: &Path) -> Identity;
}

/// The disk of this machine.
#[derive(Debug, Clone, Copy)]
pub struct RealPlaces;

impl Places for RealPlaces {
    fn identity(&self, path: &Path) -> Identity {
        crate::sys::same_place(path)
    }
}
