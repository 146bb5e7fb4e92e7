//! Where a configuration begins: in one main file, or in the directories of several wikis.

use std::io;
use std::path::{Path, PathBuf};

/// The main file of a configuration; or without one, the directories of wikis with a `wikiconfig.py` each, by name.
#[expect(clippy::type_complexity, reason = "a file, or a list of directories by name")]
pub(super) fn main_files(path: &Path) -> io::Result<(Option<PathBuf>, Vec<(String, PathBuf)>)> {
    if !path.is_dir() {
        return Ok((Some(path.to_owned()), Vec::new()));
    }
    for name in ["farmconfig.py", "wikiconfig.py"] {
        let inside = below(path, name);
        if inside.symlink_metadata().is_ok() {
            return Ok((Some(inside), Vec::new()));
        }
    }
    let mut wikis = Vec::new();
    for entry in path.read_dir()? {
        let entry = entry?;
        match entry.file_name().into_string() {
            Ok(name) if !name.starts_with('.') && entry.path().join("wikiconfig.py").is_file() => {
                wikis.push((name.clone(), below(path, &name)));
            }
            _ => {}
        }
    }
    wikis.sort();
    Ok((None, wikis))
}

/// A name in a directory, without a leading `./`.
pub(super) fn below(directory: &Path, name: &str) -> PathBuf {
    if directory == Path::new(".") { PathBuf::from(name) } else { directory.join(name) }
}
