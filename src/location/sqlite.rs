//! The address of a database of sessions: `FILE?key_file=KEY`, behind `sqlite:`.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::redis::is_of_name;

/// An address of sessions in SQLite, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqliteAddress {
    /// The database.
    pub file: PathBuf,
    /// The file that holds the key of the seals.
    pub key_file: Option<PathBuf>,
}

impl SqliteAddress {
    /// Reads `FILE` or `FILE?key_file=KEY`: what is behind `sqlite:`. A `?` without `NAME=` behind it is part of the
    /// file's name.
    ///
    /// # Errors
    ///
    /// What is wrong: an option that is not known, no name of a file.
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
            Some((_, b"key_file", b"")) => return Err("key_file names no file".to_owned()),
            Some((file, b"key_file", key)) => (path(file), Some(path(key))),
            Some((_, name, _)) => {
                let name = String::from_utf8_lossy(name);
                return Err(format!("unknown option {name:?}: expected key_file"));
            }
        };
        if file.as_os_str().is_empty() {
            return Err("sqlite: of what?".to_owned());
        }
        Ok(SqliteAddress { file, key_file })
    }

    /// The database of an address that was read before.
    pub fn file_of(text: &Path) -> PathBuf {
        SqliteAddress::parse(text).map_or_else(|_| text.to_owned(), |address| address.file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_sqlite() {
        let parse = |text: &str| SqliteAddress::parse(Path::new(text));
        let with =
            |file: &str, key: &str| Ok(SqliteAddress { file: file.into(), key_file: Some(key.into()) });
        assert_eq!(parse("/a/b.db?key_file=/c"), with("/a/b.db", "/c"));
        assert_eq!(parse("a?b?key_file=c?d=e"), with("a?b", "c?d=e"));
        for name in ["b?c", "b?", "b?=c", "b??a b=c", "b=c"] {
            assert_eq!(parse(name), Ok(SqliteAddress { file: name.into(), key_file: None }), "{name}");
        }
        for text in ["a?keyfile=b", "a?b?c=", "a?x=1?key_file=b", "a?key_file=", "?key_file=a", ""] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
