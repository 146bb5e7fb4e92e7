//! `--owner`: owner of files at the target.

use crate::cli::shared::Failure;
use nix::unistd::{Gid, Group, User, getegid, geteuid, getgroups};

/// A user and a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Owner {
    pub(super) uid: u32,
    pub(super) gid: u32,
}

impl Owner {
    /// Checks that this process can give files to the user and group.
    ///
    /// # Errors
    ///
    /// If this requires root.
    pub(super) fn may_be_given(self) -> Result<(), Failure> {
        let (me, gid) = (geteuid(), Gid::from_raw(self.gid));
        let group = gid == getegid() || getgroups().is_ok_and(|groups| groups.contains(&gid));
        if me.is_root() || me.as_raw() == self.uid && group {
            return Ok(());
        }
        let why = format!("--owner: only root can change the owner, and you are user {me}");
        Err(Failure::usage(why).help("run as root, or omit --owner"))
    }
}

/// Parses `USER`, with the group of that user, or `USER:GROUP`. Accepts names and numbers.
pub(super) fn parse(text: &str) -> Result<Owner, String> {
    let (user, group) = match text.split_once(':') {
        Some((user, group)) => (user, Some(group)),
        None => (text, None),
    };
    let known = User::from_name(user).map_err(|error| error.to_string())?;
    let uid = match (&known, user.parse()) {
        (Some(user), _) => user.uid.as_raw(),
        (None, Ok(uid)) => uid,
        (None, Err(_)) => return Err(format!("user {user:?} does not exist")),
    };
    let gid = match group {
        Some(group) => match (Group::from_name(group).map_err(|error| error.to_string())?, group.parse()) {
            (Some(group), _) => group.gid.as_raw(),
            (None, Ok(gid)) => gid,
            (None, Err(_)) => return Err(format!("group {group:?} does not exist")),
        },
        None => match known.or_else(|| User::from_uid(uid.into()).ok().flatten()) {
            Some(user) => user.gid.as_raw(),
            None => {
                return Err(format!(
                    "user {uid} does not exist, so its group is unknown: expected USER:GROUP"
                ));
            }
        },
    };
    Ok(Owner { uid, gid })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_accepts_names_and_numbers() {
        assert_eq!(parse("root"), Ok(Owner { uid: 0, gid: 0 }));
        assert_eq!(parse("12345:23456"), Ok(Owner { uid: 12345, gid: 23456 }));
        assert_eq!(parse("root:23456"), Ok(Owner { uid: 0, gid: 23456 }));
        for text in ["", "no-such-user", "root:no-such-group", "-1:0", "4000000001"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
