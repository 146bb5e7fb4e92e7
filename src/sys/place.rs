//! Whether two paths are one directory.

use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

/// What makes a directory the same one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Place {
    /// It exists: its device and inode.
    Inode(u64, u64),
    /// It does not exist (here): its resolved path.
    Path(PathBuf),
}

/// What the directory at `path` is.
pub fn same_place(path: &Path) -> Place {
    match path.metadata() {
        Ok(metadata) => Place::Inode(metadata.dev(), metadata.ino()),
        Err(_) => Place::Path(resolve(path)),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_names_of_one_place_are_one_whether_it_exists_or_not() {
        let root = tempfile::tempdir().unwrap();
        let there = root.path().join("there");
        std::fs::create_dir(&there).unwrap();
        std::os::unix::fs::symlink(&there, root.path().join("link")).unwrap();
        assert_eq!(same_place(&there), same_place(&root.path().join("link")));
        assert_eq!(same_place(&there.join("not/yet")), same_place(&root.path().join("link/x/../not/./yet")));
        assert_ne!(same_place(&there.join("a")), same_place(&there.join("b")));
    }
}
