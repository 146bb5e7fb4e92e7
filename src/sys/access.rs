//! What a user may do with a file or directory, by owner, group, and mode.
//!
//! Source: path_resolution(7), inode(7), acl(5), getgrouplist(3).

use std::ffi::CString;
use std::fmt;
use std::path::Path;

use nix::unistd::{Uid, User, getgrouplist};
use rustix::fs::{fgetxattr_query, lgetxattr_query};

use super::dir::Dir;

/// The permission bits to read a file.
pub const READ: u32 = 0o4;

/// The permission bits to create, rename, and delete in a directory.
pub const CHANGE: u32 = 0o3;

/// A user of this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    uid: u32,
    /// `None` if the user database does not have the user, for example a user of a container.
    known: Option<Known>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Known {
    name: String,
    group: u32,
    groups: Vec<u32>,
}

impl Account {
    /// Looks up a user and the groups of this user.
    pub fn of(uid: u32) -> Self {
        let user = User::from_uid(Uid::from_raw(uid)).ok().flatten();
        let known = user.and_then(|user| {
            let name = CString::new(user.name.as_bytes()).ok()?;
            let groups = getgrouplist(&name, user.gid).ok()?;
            let groups = groups.into_iter().map(|gid| gid.as_raw()).collect();
            Some(Known { name: user.name, group: user.gid.as_raw(), groups })
        });
        Account { uid, known }
    }

    /// The number of the user.
    pub fn uid(&self) -> u32 {
        self.uid
    }

    /// The name, if the user database has the user.
    pub fn name(&self) -> Option<&str> {
        self.known.as_ref().map(|known| known.name.as_str())
    }

    /// The group and all groups of the user. `fallback` is the group of a user whom the user database does
    /// not have.
    pub(super) fn groups(&self, fallback: u32) -> (u32, Vec<u32>) {
        match &self.known {
            Some(known) => (known.group, known.groups.clone()),
            None => (fallback, vec![fallback]),
        }
    }

    /// Whether the mode of a file of that owner and group grants all the `wanted` bits.
    ///
    /// A user whom the user database does not have counts as a member of the group, because this can't be
    /// ruled out.
    pub fn may(&self, wanted: u32, (uid, gid): (u32, u32), mode: u32) -> bool {
        if self.uid == 0 {
            return true;
        }
        let is_member = || self.known.as_ref().is_none_or(|known| known.groups.contains(&gid));
        let bits = match uid == self.uid {
            true => mode >> 6,
            false if is_member() => mode >> 3,
            false => mode,
        };
        bits & wanted == wanted
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.known {
            Some(known) => write!(f, "user {} ({})", known.name, self.uid),
            None => write!(f, "user {}", self.uid),
        }
    }
}

/// The access control list of a file.
const ACL: &str = "system.posix_acl_access";

/// Whether an access control list adds to the mode of a directory.
pub fn has_acl(dir: &Dir) -> bool {
    fgetxattr_query(dir, ACL).is_ok()
}

/// Whether an access control list adds to the mode of a file.
pub fn file_has_acl(path: &Path) -> bool {
    lgetxattr_query(path, ACL).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn access_follows_the_mode() {
        let known =
            |groups: &[u32]| Some(Known { name: "www".to_owned(), group: 33, groups: groups.to_vec() });
        let www = Account { uid: 33, known: known(&[33, 50]) };
        let other_user = Account { uid: 33, known: None };
        let root = Account { uid: 0, known: known(&[0]) };
        for (account, owner, mode, may) in [
            (&www, (33, 0), 0o300, true),
            (&www, (33, 0), 0o500, false),
            // The owner's bits count, not those of the group.
            (&www, (33, 33), 0o070, false),
            (&www, (0, 50), 0o770, true),
            (&www, (0, 50), 0o750, false),
            (&www, (0, 51), 0o770, false),
            (&www, (0, 51), 0o773, true),
            (&www, (0, 50), 0o707, false),
            (&other_user, (0, 51), 0o770, true),
            (&other_user, (0, 51), 0o700, false),
            (&root, (1, 1), 0o000, true),
        ] {
            assert_eq!(account.may(CHANGE, owner, mode), may, "{account:?} {owner:?} {mode:o}");
        }
    }

    #[test]
    fn account_has_groups_and_name() {
        let root = Account::of(0);
        assert_eq!(root.to_string(), "user root (0)");
        assert!(root.known.is_some_and(|known| known.groups.contains(&0)));
        let none = Account::of(3_999_999_999);
        assert_eq!((none.to_string().as_str(), none.known), ("user 3999999999", None));
    }
}
