//! Working as the owner of a directory, so that root's rights do not reach further than the owner's own.

use std::io;
use std::marker::PhantomData;

use nix::unistd::{Gid, Uid, setfsgid, setfsuid};

use super::dir::Dir;

/// Whether we run as root.
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
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
        if !is_root() || dir.uid() == 0 {
            return Ok(AsOwner { before: None, _here: PhantomData });
        }
        let (uid, gid) = (Uid::from_raw(dir.uid()), Gid::from_raw(dir.gid()));
        // Both return what was before, whether they worked or not; -1 never works, and so only asks.
        let before = (setfsuid(Uid::from_raw(u32::MAX)), setfsgid(Gid::from_raw(u32::MAX)));
        let guard = AsOwner { before: Some(before), _here: PhantomData };
        setfsgid(gid);
        setfsuid(uid);
        if setfsuid(Uid::from_raw(u32::MAX)) == uid && setfsgid(Gid::from_raw(u32::MAX)) == gid {
            Ok(guard)
        } else {
            let (uid, gid) = (dir.uid(), dir.gid());
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
