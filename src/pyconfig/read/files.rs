//! Reading the files of a configuration: the one that was named, and what it imports from the same directory tree.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

use crate::sys::{read_input, why};

/// The largest file that is read: the parser needs some 245 bytes for each byte.
pub(super) const LARGEST: u64 = 1 << 20;

/// How much is read of one configuration in all.
const MOST_BYTES: u64 = 16 << 20;

/// Where modules are read from.
pub(super) trait Files {
    /// The bytes of the file, `None` if there is none. The error is the reason why it can't be used.
    fn read(&mut self, path: &Path) -> Result<Option<Vec<u8>>, String>;

    /// The path with all links followed, if it exists.
    fn real(&self, path: &Path) -> Option<PathBuf>;
}

/// The disk, below one directory.
pub(super) struct Disk {
    root: PathBuf,
    left: u64,
}

impl Disk {
    /// The files below `root`.
    pub(super) fn below(root: &Path) -> Disk {
        Disk { root: root.canonicalize().unwrap_or_else(|_| root.to_owned()), left: MOST_BYTES }
    }
}

impl Files for Disk {
    fn read(&mut self, path: &Path) -> Result<Option<Vec<u8>>, String> {
        let real = match path.canonicalize() {
            Ok(real) => real,
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(None);
            }
            Err(error) => return Err(why(&error)),
        };
        if !real.starts_with(&self.root) {
            return Err(format!("it lies in {}, outside the configuration's directory", real.display()));
        }
        if !real.metadata().map_err(|error| why(&error))?.is_file() {
            return Err("it is no regular file".to_owned());
        }
        let bytes = read_input(&real, LARGEST).map_err(|error| error.to_string())?;
        let length = bytes.len() as u64;
        self.left = self
            .left
            .checked_sub(length)
            .ok_or_else(|| format!("the files are larger than {} MiB in all", MOST_BYTES >> 20))?;
        Ok(Some(bytes))
    }

    fn real(&self, path: &Path) -> Option<PathBuf> {
        path.canonicalize().ok()
    }
}

/// Files in memory, for tests and examples.
#[derive(Debug, Default)]
pub(super) struct Memory(pub(super) HashMap<PathBuf, Vec<u8>>);

impl Files for Memory {
    fn read(&mut self, path: &Path) -> Result<Option<Vec<u8>>, String> {
        Ok(self.0.get(path).cloned())
    }

    fn real(&self, _: &Path) -> Option<PathBuf> {
        None
    }
}
