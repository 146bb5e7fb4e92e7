//! Being somebody lesser than root: the owner of a directory for a while, so that root's rights do not reach further
//! than the owner's own, or another user for good.

use std::ffi::CString;
use std::io;
use std::marker::PhantomData;

use nix::unistd::{
    Gid, Uid, User, getresgid, getresuid, initgroups, setfsgid, setfsuid, setresgid, setresuid,
};

use super::dir::Dir;
use super::user::{self, is_root};
use super::why::why;

/// Whether root started this process, also if it runs as another user since ([`run_as`]).
pub fn began_as_root() -> bool {
    is_root() || user::is_another()
}

/// Gives up root's supplementary groups, before any thread is made: [`AsOwner`] takes an owner's user and group, and
/// would keep these. For everybody else it does nothing.
///
/// # Errors
///
/// Where the kernel does not allow it, as in some user namespaces.
pub fn forget_groups() -> io::Result<()> {
    if is_root() { nix::unistd::setgroups(&[]).map_err(io::Error::from) } else { Ok(()) }
}

/// Why this process did not become somebody else. Nothing has been opened by then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunAsError {
    /// There is no such user.
    #[error("there is no user {0:?} on this machine")]
    Unknown(String),
    /// Root is nobody lesser than root.
    #[error("root is who this is to be less than: name the user of the wikis")]
    Root,
    /// Only root can become somebody else.
    #[error("only root can become another user")]
    NotRoot,
    /// The kernel, or the user database, refused.
    #[error("can't become {name:?}: {}", why(source))]
    Io {
        /// Who it was to be.
        name: String,
        /// Why.
        source: io::Error,
    },
}

/// Becomes the user `name` for good, with the groups that are his: real, effective and saved ids, in an order in which
/// each step is still allowed. Before anything is opened and any thread is made. From then on, wikifarm's own places
/// are his ([`state_dir`](super::state_dir) and the like).
///
/// # Errors
///
/// Where it did not become wholly true, or there would be a way back.
pub fn run_as(name: &str) -> Result<(), RunAsError> {
    let failed = |source: io::Error| RunAsError::Io { name: name.to_owned(), source };
    let user = User::from_name(name).map_err(|error| failed(error.into()))?;
    let user = user.ok_or_else(|| RunAsError::Unknown(name.to_owned()))?;
    if user.uid.is_root() {
        return Err(RunAsError::Root);
    }
    if !is_root() {
        return Err(RunAsError::NotRoot);
    }
    let c_name = CString::new(name).map_err(|error| failed(error.into()))?;
    (|| {
        initgroups(&c_name, user.gid)?;
        setresgid(user.gid, user.gid, user.gid)?;
        setresuid(user.uid, user.uid, user.uid)
    })()
    .map_err(|error: nix::Error| failed(error.into()))?;
    let (uids, gids) = (getresuid(), getresgid());
    let is_he = uids.is_ok_and(|ids| [ids.real, ids.effective, ids.saved] == [user.uid; 3])
        && gids.is_ok_and(|ids| [ids.real, ids.effective, ids.saved] == [user.gid; 3]);
    if !is_he || nix::unistd::setuid(Uid::from_raw(0)).is_ok() {
        return Err(failed(io::Error::other("the way back to root is still open")));
    }
    user::belong_to(user.dir);
    Ok(())
}

/// While it lives, this thread opens and removes files with the rights of a directory's owner (setfsuid(2)).
///
/// Only root can become somebody else: for everybody else, and for directories of root, it changes nothing.
#[derive(Debug)]
#[must_use = "the thread is itself again as soon as this is dropped"]
pub struct AsOwner {
    before: Option<(Uid, Gid)>,
    /// The identity is the thread's: the guard must not move to another.
    _here: PhantomData<*const ()>,
}

impl AsOwner {
    /// Takes the file-system user and group of `dir`.
    ///
    /// # Errors
    ///
    /// Where the kernel did not do it, as for a user unknown in a user namespace.
    pub fn of(dir: &Dir) -> io::Result<Self> {
        AsOwner::user(dir.uid(), dir.gid())
    }

    /// Takes a file-system user and group. As root for the user 0, and as another user, it changes nothing.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn user(uid: u32, gid: u32) -> io::Result<Self> {
        if uid == 0 || !is_root() {
            return Ok(AsOwner { before: None, _here: PhantomData });
        }
        let (uid, gid) = (Uid::from_raw(uid), Gid::from_raw(gid));
        // Both return what was before, whether they worked or not; -1 never works, and so only asks.
        let before = (setfsuid(Uid::from_raw(u32::MAX)), setfsgid(Gid::from_raw(u32::MAX)));
        let guard = AsOwner { before: Some(before), _here: PhantomData };
        setfsgid(gid);
        setfsuid(uid);
        if setfsuid(Uid::from_raw(u32::MAX)) == uid && setfsgid(Gid::from_raw(u32::MAX)) == gid {
            Ok(guard)
        } else {
            Err(io::Error::other(format!("cannot work with the rights of user {uid} and group {gid}")))
        }
    }
}

impl Drop for AsOwner {
    fn drop(&mut self) {
        if let Some((uid, gid)) = self.before {
            setfsuid(uid);
            setfsgid(gid);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, chown};

    #[test]
    fn root_has_only_the_owners_rights_while_the_guard_lives() {
        if !is_root() {
            return;
        }
        let root = tempfile::tempdir().unwrap();
        fs::set_permissions(root.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let secret = root.path().join("secret");
        fs::write(&secret, "").unwrap();
        fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
        chown(root.path(), Some(12345), Some(12346)).unwrap();
        let dir = Dir::open(root.path()).unwrap();
        {
            let _owner = AsOwner::of(&dir).unwrap();
            assert!(fs::read(&secret).is_err());
            fs::write(root.path().join("mine"), "").unwrap();
        }
        assert!(fs::read(&secret).is_ok());
        let mine = fs::metadata(root.path().join("mine")).unwrap();
        use std::os::unix::fs::MetadataExt;
        assert_eq!((mine.uid(), mine.gid()), (12345, 12346));
    }
}
