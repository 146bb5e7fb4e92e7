//! The files of jobs.

use std::fs;
use std::path::{Path, PathBuf};

use crate::sys::read_input;

/// The largest file of a job that is read, in bytes.
const MOST: u64 = 1 << 18;

/// The text of a file; empty if it can't be read.
pub(super) fn read(path: &Path) -> String {
    let bytes = read_input(path, MOST).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The files in a directory, by name, without leftovers of editors and of package managers.
pub(super) fn files(dir: &Path) -> Vec<PathBuf> {
    const LEFTOVERS: [&str; 9] =
        ["bak", "disabled", "dpkg-dist", "dpkg-old", "dpkg-new", "rpmsave", "rpmnew", "orig", "swp"];
    let entries = fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path());
    let is_leftover = |path: &PathBuf| {
        path.extension().is_some_and(|end| LEFTOVERS.iter().any(|leftover| end == *leftover))
            || path.to_string_lossy().ends_with('~')
    };
    let mut files: Vec<PathBuf> = entries.filter(|path| !is_leftover(path)).collect();
    files.sort();
    files
}

/// The path of a file below `root` as jobs name it.
pub(super) fn shown(root: &Path, path: &Path) -> PathBuf {
    path.strip_prefix(root).map_or_else(|_| path.to_owned(), |rest| Path::new("/").join(rest))
}
