//! Whether two paths are one directory.

use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

/// What makes a directory the same one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Identity {
    /// It exists: its device and inode.
    Inode(u64, u64),
    /// It does not exist (here): its resolved path.
    Path(PathBuf),
}

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
        match path.metadata() {
            Ok(metadata) => Identity::Inode(metadata.dev(), metadata.ino()),
            Err(_) => Identity::Path(resolve(path)),
        }
    }
}

/// The path made absolute and free of `.` and `..`, links resolved as far as it exists.
fn resolve(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut clean = PathBuf::new();
    for component in absolute.components() {
        match component {
            Component::ParentDir => {
                clean.pop();
            }
            Component::CurDir => {}
            other => clean.push(other),
        }
    }
    let existing = clean.ancestors().find_map(|ancestor| Some((ancestor, ancestor.canonicalize().ok()?)));
    match existing {
        Some((ancestor, real)) => real.join(clean.strip_prefix(ancestor).unwrap_or(Path::new(""))),
        None => clean,
    }
}
