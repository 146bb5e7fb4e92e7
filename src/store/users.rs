//! A wiki's users: `user_dir` holds one file for each, named by the id, with lines `key=value`.
//!
//! Source: `MoinMoin/user.py` of 1.7 to 1.9. Passwords, even hashed, are not kept.

use std::ffi::CString;
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use crate::sys::{AsOwner, Dir, DirError, Kind, NotOpened, open_regular, why};

/// What a session needs to know of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The name of the file.
    pub id: String,
    /// As in the file: it may hold anything, so escape it before it is shown.
    pub name: String,
    /// May not log in any more.
    pub disabled: bool,
    /// Wants to stay logged in; yes unless the file says no.
    pub remember_me: bool,
}

/// A user directory, held open.
#[derive(Debug)]
pub struct UserDir {
    dir: Dir,
    path: PathBuf,
}

/// A user, or all users, that could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UserError {
    /// The directory could not be listed.
    #[error("{dir}: {}", why(source))]
    Listing {
        /// The directory.
        dir: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A user's file could not be read.
    #[error("{path}: {why}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
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

    /// The user of an id; `None` where there is none, as for everything that is no id.
    ///
    /// # Errors
    ///
    /// Where the file is there and could not be read.
    pub fn user(&self, id: &str) -> Result<Option<User>, UserError> {
        if !is_user_id(id) {
            return Ok(None);
        }
        let _owner = self.as_owner()?;
        self.read(id, &mut Vec::new())
    }

    /// Every user, in no order, with those that could not be read.
    ///
    /// # Errors
    ///
    /// Where the directory could not be listed.
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

    /// The ids of the users of a name: one, unless somebody meddled. Users that cannot be read are errors, as they
    /// might have been the one.
    ///
    /// # Errors
    ///
    /// Where the directory or one of its users could not be read.
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

/// `\d+\.\d+(\.\d+)?`, as `getUserList` has it; so a session cannot name a file elsewhere.
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
            // Longer is no name: it would have to go into a URL.
            b"name" if value.len() > 1024 => {}
            b"name" => user.name = String::from_utf8_lossy(value.trim_ascii()).into_owned(),
            b"disabled" => user.disabled = flag(value),
            b"remember_me" => user.remember_me = flag(value),
            _ => {}
        }
    }
    user
}

/// `int(value)` in MoinMoin; what is no number counts as 0 there.
fn flag(value: &[u8]) -> bool {
    std::str::from_utf8(value.trim_ascii())
        .is_ok_and(|text| text.parse::<i64>().is_ok_and(|number| number != 0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_user_file_tells_the_name_and_nothing_secret() {
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
    fn an_id_names_no_file_elsewhere() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("users")).unwrap();
        fs::write(root.path().join("1.2"), "name=x").unwrap();
        let users = UserDir::open(&root.path().join("users")).unwrap();
        for id in ["../1.2", "", ".", "..", "1", "1.2.3.4", "1.2/3", "1.x", "1..2", "/etc/passwd"] {
            assert_eq!(users.user(id).unwrap(), None, "{id}");
        }
    }
}
