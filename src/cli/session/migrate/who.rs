//! `--owner`.

use nix::unistd::{Gid, Group, User, getegid, geteuid, getgroups};

/// A user and a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Owner {
    pub(super) uid: u32,
    pub(super) gid: u32,
}

impl Owner {
    /// Whether we can give files to that user and group.
    ///
    /// # Errors
    ///
    /// That only root can, where it is not ourselves.
    pub(super) fn may_be_given(self) -> Result<(), String> {
        let (me, gid) = (geteuid(), Gid::from_raw(self.gid));
        let group = gid == getegid() || getgroups().is_ok_and(|groups| groups.contains(&gid));
        if me.is_root() || me.as_raw() == self.uid && group {
            return Ok(());
        }
        Err(format!(
            "--owner: only root can give files away, and you are user {me}: run it as root, or leave it out"
        ))
    }
}

/// Reads `USER`, whose own group it is then, or `USER:GROUP`; names or numbers.
pub(super) fn parse(text: &str) -> Result<Owner, String> {
    let (user, group) = match text.split_once(':') {
        Some((user, group)) => (user, Some(group)),
        None => (text, None),
    };
    let known = User::from_name(user).map_err(|error| error.to_string())?;
    let uid = match (&known, user.parse()) {
        (Some(user), _) => user.uid.as_raw(),
        (None, Ok(uid)) => uid,
        (None, Err(_)) => return Err(format!("there is no user {user:?}")),
    };
    let gid = match group {
        Some(group) => match (Group::from_name(group).map_err(|error| error.to_string())?, group.parse()) {
            (Some(group), _) => group.gid.as_raw(),
            (None, Ok(gid)) => gid,
            (None, Err(_)) => return Err(format!("there is no group {group:?}")),
        },
        None => match known.or_else(|| User::from_uid(uid.into()).ok().flatten()) {
            Some(user) => user.gid.as_raw(),
            None => return Err(format!("user {uid} is not known here: say USER:GROUP")),
        },
    };
    Ok(Owner { uid, gid })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_by_name_or_number() {
        assert_eq!(parse("root"), Ok(Owner { uid: 0, gid: 0 }));
        assert_eq!(parse("12345:23456"), Ok(Owner { uid: 12345, gid: 23456 }));
        assert_eq!(parse("root:23456"), Ok(Owner { uid: 0, gid: 23456 }));
        for text in ["", "no-such-user", "root:no-such-group", "-1:0", "4000000001"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
