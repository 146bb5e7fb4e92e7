//! The users of a wiki: `user_dir` has a file for each user, named by the id, with lines `key=value`.
//!
//! Source: `MoinMoin/user.py` of 1.7 to 1.9. Passwords, even hashed, are not kept.

use std::ffi::CString;
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use crate::sys::{AsOwner, Dir, DirError, Kind, NotOpened, open_regular, why};

/// A user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The name of the file.
    pub id: String,
    /// The name in the file. Escape it before display.
    pub name: String,
    /// Whether the account is disabled.
    pub disabled: bool,
    /// Whether to stay logged in; true unless it is off in the file.
    pub remember_me: bool,
}

/// An open user directory.
#[derive(Debug)]
pub struct UserDir {
    dir: Dir,
    path: PathBuf,
}

/// Why a user or the directory could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UserError {
    /// The directory could not be listed.
    #[error("{dir}: {}", why(source))]
    Listing {
        /// The directory.
        dir: PathBuf,
        /// The error.
        source: io::Error,
    },
    /// The file of a user could not be read.
    #[error("{path}: {why}")]
    File {
        /// The file.
        path: PathBuf,
        /// The error.
        why: NotOpened,
    },
}

impl UserDir {
    /// Opens the directory.
    ///
    /// # Errors
    ///
    /// A [`DirError`]; [`DirError::Missing`] for a wiki without users.
    pub fn open(path: &Path) -> Result<Self, DirError> {
        Ok(UserDir { dir: Dir::open(path)?, path: path.to_owned() })
    }

    /// The user with an id. `None` if the user does not exist, or the text is not an id.
    ///
    /// # Errors
    ///
    /// If the file exists and can't be read.
    pub fn user(&self, id: &str) -> Result<Option<User>, UserError> {
        if !is_user_id(id) {
            return Ok(None);
        }
        let _owner = self.as_owner()?;
        self.read(id, &mut Vec::new())
    }

    /// All users in any order, including failures.
    ///
    /// # Errors
    ///
    /// If the directory can't be listed.
    pub fn all(&self) -> Result<Vec<Result<User, UserError>>, UserError> {
        let _owner = self.as_owner()?;
        let mut ids = Vec::new();
        let listed = self.dir.list(|entry| {
            if let (Kind::Regular, Ok(id)) = (entry.kind, entry.name.to_str()) {
                ids.extend(is_user_id(id).then(|| id.to_owned()));
            }
            ControlFlow::Continue(())
        });
        listed.map_err(|source| self.listing(source))?;
        let mut buffer = Vec::new();
        Ok(ids.iter().filter_map(|id| self.read(id, &mut buffer).transpose()).collect())
    }

    /// The ids of the users with a name, usually one. A user that can't be read is an error, because the name may match.
    ///
    /// # Errors
    ///
    /// If the directory or one of its users can't be read.
    pub fn ids_of(&self, name: &str) -> Result<Vec<String>, UserError> {
        let users: Vec<User> = self.all()?.into_iter().collect::<Result<_, _>>()?;
        Ok(users.into_iter().filter(|user| user.name == name).map(|user| user.id).collect())
    }

    fn as_owner(&self) -> Result<AsOwner, UserError> {
        AsOwner::of(&self.dir).map_err(|source| self.listing(source))
    }

    fn listing(&self, source: io::Error) -> UserError {
        UserError::Listing { dir: self.path.clone(), source }
    }

    fn read(&self, id: &str, buffer: &mut Vec<u8>) -> Result<Option<User>, UserError> {
        let name = CString::new(id).unwrap_or_default();
        match open_regular(&self.dir, &name).and_then(|file| file.read(buffer)) {
            Ok(()) => Ok(Some(parse(id, buffer))),
            Err(NotOpened::Gone) => Ok(None),
            Err(why) => Err(UserError::File { path: self.path.join(id), why }),
        }
    }
}

/// Whether a text matches `\d+\.\d+(\.\d+)?`, as in `getUserList`. Thus a session can't name a file in
/// another directory.
fn is_user_id(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    text.len() <= 64 && (2..=3).contains(&text.split('.').count()) && text.split('.').all(digits)
}

fn parse(id: &str, bytes: &[u8]) -> User {
    let mut user = User { id: id.to_owned(), name: String::new(), disabled: false, remember_me: true };
    for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.starts_with(b"#")) {
        let mut halves = line.splitn(2, |byte| *byte == b'=');
        let (Some(key), Some(value)) = (halves.next(), halves.next()) else { continue };
        match key.trim_ascii() {
            // Longer names do not fit in a URL.
            b"name" if value.len() > 1024 => {}
            b"name" => user.name = String::from_utf8_lossy(value.trim_ascii()).into_owned(),
            b"disabled" => user.disabled = flag(value),
            b"remember_me" => user.remember_me = flag(value),
            _ => {}
        }
    }
    user
}

/// `int(value)` as in MoinMoin, where an invalid number is 0.
fn flag(value: &[u8]) -> bool {
    std::str::from_utf8(value.trim_ascii())
        .is_ok_and(|text| text.parse::<i64>().is_ok_and(|number| number != 0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn user_file_gives_the_name_and_no_secret() {
        let root = tempfile::tempdir().unwrap();
        let file = "# comment\nname=Zoë = \u{202e}\u{7}x \nenc_password={SSHA}secret\nremember_me=0\ndisabled=1\n\nodd\n";
        fs::write(root.path().join("12.34.56"), file).unwrap();
        fs::write(root.path().join("12.34.57"), b"name=\xff").unwrap();
        fs::write(root.path().join("README"), "name=nobody").unwrap();
        fs::create_dir(root.path().join("12.34")).unwrap();
        let users = UserDir::open(root.path()).unwrap();
        let zoe = users.user("12.34.56").unwrap().unwrap();
        let expected = User {
            id: "12.34.56".into(),
            name: "Zoë = \u{202e}\u{7}x".into(),
            disabled: true,
            remember_me: false,
        };
        assert_eq!(zoe, expected);
        assert!(!format!("{zoe:?}").contains("secret"));
        assert_eq!(users.ids_of(&zoe.name).unwrap(), ["12.34.56"]);
        assert_eq!(users.all().unwrap().len(), 2);
        assert_eq!(users.user("99.99.99").unwrap(), None);
    }

    #[test]
    fn user_id_with_a_path_is_not_read() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("users")).unwrap();
        fs::write(root.path().join("1.2"), "name=x").unwrap();
        let users = UserDir::open(&root.path().join("users")).unwrap();
        for id in ["../1.2", "", ".", "..", "1", "1.2.3.4", "1.2/3", "1.x", "1..2", "/etc/passwd"] {
            assert_eq!(users.user(id).unwrap(), None, "{id}");
        }
    }
}
