//! Sessions in a database: `sqlite:FILE`, `sqlite:FILE?key_file=KEY`.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::options::{expected, is_of_name};

/// A database of sessions in one file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SqliteLocation {
    /// The database.
    pub file: PathBuf,
    /// The file with the key for MACs.
    pub key_file: Option<PathBuf>,
}

impl SqliteLocation {
    /// The database in the file, without a key.
    pub fn at(file: PathBuf) -> Self {
        SqliteLocation { file, key_file: None }
    }

    /// Parses the text after `sqlite:`: `FILE` or `FILE?key_file=KEY`. A `?` without `NAME=` after it is part of the file
    /// name.
    ///
    /// # Errors
    ///
    /// For an unknown option or a missing file name.
    pub fn parse(text: &Path) -> Result<Self, String> {
        let bytes = text.as_os_str().as_bytes();
        let path = |bytes: &[u8]| PathBuf::from(OsStr::from_bytes(bytes));
        let marks = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'?');
        let mut parts = marks.filter_map(|(at, _)| {
            let (file, option) = (bytes.get(..at)?, bytes.get(at + 1..)?);
            let length = option.iter().take_while(|byte| is_of_name(**byte)).count();
            let value = option.get(length..)?.strip_prefix(b"=").filter(|_| length > 0)?;
            Some((file, option.get(..length)?, value))
        });
        let (file, key_file) = match parts.next() {
            None => (text.to_owned(), None),
            Some((_, b"key_file", b"")) => return Err("key_file without a file name".to_owned()),
            Some((file, b"key_file", key)) => (path(file), Some(path(key))),
            Some((_, name, _)) => {
                let name = String::from_utf8_lossy(name);
                return Err(format!("unknown option {name:?}, expected {}", expected("sqlite")));
            }
        };
        if file.as_os_str().is_empty() {
            return Err("no file name, expected sqlite:FILE".to_owned());
        }
        Ok(SqliteLocation { file, key_file })
    }

    /// The location with paths relative to `base`.
    pub(super) fn based(self, base: &Path) -> Self {
        SqliteLocation { file: base.join(self.file), key_file: self.key_file.map(|key| base.join(key)) }
    }

    /// The text after `sqlite:` in the address.
    pub(super) fn text(&self) -> OsString {
        let mut text = self.file.clone().into_os_string();
        if let Some(key) = &self.key_file {
            text.push("?key_file=");
            text.push(key);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sqlite_addresses_are_parsed() {
        let parse = |text: &str| SqliteLocation::parse(Path::new(text));
        let with =
            |file: &str, key: &str| Ok(SqliteLocation { file: file.into(), key_file: Some(key.into()) });
        assert_eq!(parse("/a/b.db?key_file=/c"), with("/a/b.db", "/c"));
        assert_eq!(parse("a?b?key_file=c?d=e"), with("a?b", "c?d=e"));
        for name in ["b?c", "b?", "b?=c", "b??a b=c", "b=c"] {
            assert_eq!(parse(name), Ok(SqliteLocation { file: name.into(), key_file: None }), "{name}");
        }
        for text in ["a?keyfile=b", "a?b?c=", "a?x=1?key_file=b", "a?key_file=", "?key_file=a", ""] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
