//! Whether two paths are one directory.

use std::path::Path;

use crate::sys::PlaceMap;

pub use crate::sys::Place as Identity;

/// The disk, or what a test says it is.
pub trait Places {
    /// What the directory at `path` is.
    fn identity(&self, path: &Path) -> Identity;
}

/// The disk of this machine, each directory looked at once.
#[derive(Debug, Default)]
pub struct RealPlaces(PlaceMap);

impl Places for RealPlaces {
    fn identity(&self, path: &Path) -> Identity {
        self.0.place(path)
    }
}
