//! The identity of directories.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

/// The identity of a directory.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum DirectoryIdentity {
    /// It exists: its device and inode.
    Inode(u64, u64),
    /// It does not exist (here): its resolved path.
    Path(PathBuf),
}

/// The identity of the directory at `path`.
pub fn directory_identity(path: &Path) -> DirectoryIdentity {
    match path.metadata() {
        Ok(metadata) => DirectoryIdentity::Inode(metadata.dev(), metadata.ino()),
        Err(_) => DirectoryIdentity::Path(resolve(path)),
    }
}

/// Finds the identities of many directories. Examines each directory once, and nothing below a directory that
/// does not exist.
///
/// Returns the same as [`directory_identity`] for each path, if the file system does not change meanwhile.
#[derive(Debug, Default)]
pub struct DirectoryMap {
    here: OnceCell<Option<PathBuf>>,
    known: RefCell<HashMap<OsString, Known>>,
}

/// The known facts about a path.
#[derive(Debug, Clone)]
enum Known {
    /// The path exists: its device and inode, and the path without links.
    There(u64, u64, PathBuf),
    /// The path does not exist: the path, in which links are resolved as far as possible.
    Missing(PathBuf),
}

/// The maximum length of a path that the kernel opens.
const LONGEST: usize = 4096;

impl DirectoryMap {
    /// The identity of the directory at `path`.
    pub fn identity(&self, path: &Path) -> DirectoryIdentity {
        match self.absolute(path).map(|path| self.look(&path)) {
            Some(Known::There(device, inode, _)) => DirectoryIdentity::Inode(device, inode),
            Some(Known::Missing(path)) => DirectoryIdentity::Path(path),
            None => directory_identity(path),
        }
    }

    /// The absolute path without `.`. `None` if the text of the path is not enough to compute it.
    fn absolute(&self, path: &Path) -> Option<PathBuf> {
        // If the component before `..` is a link, `..` is not the parent in the text.
        if path.as_os_str().is_empty() || path.components().any(|part| part == Component::ParentDir) {
            return None;
        }
        let mut clean = match path.is_absolute() {
            true => PathBuf::new(),
            false => self.here.get_or_init(|| std::env::current_dir().ok()).clone()?,
        };
        clean.extend(path.components().filter(|part| *part != Component::CurDir));
        (clean.as_os_str().len() <= LONGEST).then_some(clean)
    }

    /// Examines a path and its ancestors, from the root down, except the known ones.
    fn look(&self, path: &Path) -> Known {
        let mut known = self.known.borrow_mut();
        let mut above = Known::Missing(PathBuf::new());
        let mut unknown = Vec::new();
        for ancestor in path.ancestors() {
            if let Some(found) = known.get(ancestor.as_os_str()) {
                above = found.clone();
                break;
            }
            unknown.push(ancestor);
        }
        while let Some(next) = unknown.pop() {
            above = match (&above, next.file_name()) {
                (Known::Missing(parent), Some(name)) => Known::Missing(parent.join(name)),
                (Known::There(_, _, parent), Some(name)) => Known::at(parent.join(name)),
                (_, None) => Known::at(next.to_owned()),
            };
            known.insert(next.as_os_str().to_owned(), above.clone());
        }
        above
    }
}

impl Known {
    /// Examines a path in which only the last component may be a link.
    fn at(path: PathBuf) -> Known {
        let there = |found: Metadata, path| Known::There(found.dev(), found.ino(), path);
        match path.symlink_metadata() {
            Ok(found) if found.is_symlink() => match path.metadata() {
                Ok(found) => there(found, path.canonicalize().unwrap_or(path)),
                Err(_) => Known::Missing(path),
            },
            Ok(found) => there(found, path),
            Err(_) => Known::Missing(path),
        }
    }
}

/// The absolute path without `.` and `..`, in which links are resolved as far as possible.
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
    if clean.as_os_str().len() > LONGEST {
        return clean;
    }
    let mut short = clean.ancestors().filter(|ancestor| ancestor.as_os_str().len() <= LONGEST);
    let existing = short.find_map(|ancestor| Some((ancestor, ancestor.canonicalize().ok()?)));
    match existing {
        Some((ancestor, real)) => real.join(clean.strip_prefix(ancestor).unwrap_or(Path::new(""))),
        None => clean,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_the_same_directory_have_the_same_identity() {
        let root = tempfile::tempdir().unwrap();
        let there = root.path().join("there");
        std::fs::create_dir(&there).unwrap();
        std::os::unix::fs::symlink(&there, root.path().join("link")).unwrap();
        assert_eq!(directory_identity(&there), directory_identity(&root.path().join("link")));
        assert_eq!(
            directory_identity(&there.join("not/yet")),
            directory_identity(&root.path().join("link/x/../not/./yet"))
        );
        assert_ne!(directory_identity(&there.join("a")), directory_identity(&there.join("b")));
    }
    #[test]
    fn directory_map_returns_the_same_identities() {
        let root = tempfile::tempdir().unwrap();
        let at = |path: &str| root.path().join(path);
        std::fs::create_dir_all(at("there/data")).unwrap();
        std::fs::write(at("there/file"), "").unwrap();
        for (to, link) in
            [("there", "link"), ("nowhere", "dangling"), ("../there/data", "there/up"), ("x", "x")]
        {
            std::os::unix::fs::symlink(to, at(link)).unwrap();
        }
        let all = DirectoryMap::default();
        let paths = [
            "",
            "there",
            "there/",
            "there/./data",
            "there/data/no/such",
            "there/data/no",
            "there/file",
            "there/file/x",
            "link",
            "link/data",
            "link/data/no",
            "link/../x/y",
            "link/up",
            "link/up/no",
            "dangling",
            "dangling/x",
            "x",
            "x/y",
            "none/../there",
            "none/x",
            "none",
        ];
        for path in paths.into_iter().chain(paths) {
            assert_eq!(all.identity(&at(path)), directory_identity(&at(path)), "{path}");
        }
        for path in
            ["", ".", "src", "src/./sys", "none/such", "../none", "/", "//", "/.", &"long/".repeat(1000)]
        {
            assert_eq!(all.identity(Path::new(path)), directory_identity(Path::new(path)), "{path}");
        }
    }
}
