//! Gives up rights of root: temporarily for those of the owner of a directory, or permanently for those of another user.

use std::ffi::CString;
use std::io;
use std::marker::PhantomData;

use nix::unistd::{
    Gid, Uid, User, getresgid, getresuid, initgroups, setfsgid, setfsuid, setresgid, setresuid,
};

use super::dir::Dir;
use super::user::{self, is_root};
use super::why::why;

/// Whether root started this process, even if it now runs as another user ([`run_as`]).
pub fn began_as_root() -> bool {
    is_root() || user::is_another()
}

/// Gives up the supplementary groups of root, because [`AsOwner`] would keep them. Does nothing for other users. Call it
/// before any thread starts.
///
/// # Errors
///
/// If the kernel does not allow it, for example in some user namespaces.
pub fn forget_groups() -> io::Result<()> {
    if is_root() { nix::unistd::setgroups(&[]).map_err(io::Error::from) } else { Ok(()) }
}

/// Why this process did not become another user.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunAsError {
    /// The user does not exist.
    #[error("user {0:?} does not exist")]
    Unknown(String),
    /// The user is root.
    #[error("can't run as root: name the user of the wikis")]
    Root,
    /// Only root can become another user.
    #[error("only root can become another user")]
    NotRoot,
    /// The kernel or the user database reported an error.
    #[error("can't become {name:?}: {}", why(source))]
    Io {
        /// The user.
        name: String,
        /// The error.
        source: io::Error,
    },
}

/// Becomes the user `name` permanently, with their groups: real, effective, and saved ids. Call it before anything is opened
/// and any thread starts. wikifarm then uses the directories of this user ([`state_dir`](super::state_dir) and others).
///
/// # Errors
///
/// If the change is incomplete or could be undone.
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
    let is_user = uids.is_ok_and(|ids| [ids.real, ids.effective, ids.saved] == [user.uid; 3])
        && gids.is_ok_and(|ids| [ids.real, ids.effective, ids.saved] == [user.gid; 3]);
    if !is_user || nix::unistd::setuid(Uid::from_raw(0)).is_ok() {
        return Err(failed(io::Error::other("can't drop the privileges of root")));
    }
    user::belong_to(user.dir);
    Ok(())
}

/// Until it is dropped, this thread opens and removes files with the rights of the owner of a directory (setfsuid(2)).
///
/// Has no effect for users other than root, and for directories of root.
#[derive(Debug)]
#[must_use = "dropping this restores the rights of the thread"]
pub struct AsOwner {
    before: Option<(Uid, Gid)>,
    /// The rights belong to the thread: the guard must not move to another thread.
    _here: PhantomData<*const ()>,
}

impl AsOwner {
    /// Uses the user and group of `dir`.
    ///
    /// # Errors
    ///
    /// If the kernel refuses, for example for a user that is unknown in a user namespace.
    pub fn of(dir: &Dir) -> io::Result<Self> {
        AsOwner::user(dir.uid(), dir.gid())
    }

    /// Uses a user and group. Changes nothing for user 0, and for users other than root.
    ///
    /// # Errors
    ///
    /// The same as for [`AsOwner::of`].
    pub fn user(uid: u32, gid: u32) -> io::Result<Self> {
        if uid == 0 || !is_root() {
            return Ok(AsOwner { before: None, _here: PhantomData });
        }
        let (uid, gid) = (Uid::from_raw(uid), Gid::from_raw(gid));
        // Both return the previous id in every case. -1 always fails, and so only queries.
        let before = (setfsuid(Uid::from_raw(u32::MAX)), setfsgid(Gid::from_raw(u32::MAX)));
        let guard = AsOwner { before: Some(before), _here: PhantomData };
        setfsgid(gid);
        setfsuid(uid);
        if setfsuid(Uid::from_raw(u32::MAX)) == uid && setfsgid(Gid::from_raw(u32::MAX)) == gid {
            Ok(guard)
        } else {
            Err(io::Error::other(format!("can't switch to user {uid} and group {gid}")))
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
    fn root_has_only_the_rights_of_the_owner_while_the_guard_exists() {
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
