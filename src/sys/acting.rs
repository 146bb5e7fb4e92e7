//! Asks the kernel what another user may do, with the rights of that user: modes, access control lists, security modules,
//! and read-only mounts count.
//!
//! Source: faccessat2(2), setfsuid(2), credentials(7).

use std::io;
use std::path::Path;
use std::sync::OnceLock;
use std::thread;

use rustix::fs::{Access, AtFlags, CWD, StatxFlags, accessat, statx};
use rustix::process::Gid;
use rustix::thread::set_thread_groups;

use super::access::Account;
use super::dir::Dir;
use super::owner::AsOwner;
use super::user::is_root;

/// Runs `work` in a thread with the rights of `user`: user, group, and all other groups. `group` is the group of a user whom
/// the user database does not have. Returns `None` if this process can't act as the user, or the kernel can't answer.
pub fn as_user<T: Send>(user: &Account, group: u32, work: impl FnOnce() -> T + Send) -> Option<T> {
    if !checks_current_rights() {
        return None;
    }
    if rustix::process::geteuid().as_raw() == user.uid() {
        return Some(work());
    }
    if !is_root() {
        return None;
    }
    let (group, groups) = user.groups(group);
    let groups: Vec<Gid> = groups.into_iter().map(Gid::from_raw).collect();
    let act = move || {
        // The groups belong to this thread, which ends here.
        set_thread_groups(&groups).ok()?;
        let _rights = AsOwner::user(user.uid(), group).ok()?;
        Some(work())
    };
    thread::scope(|scope| scope.spawn(act).join().ok().flatten())
}

/// Whether this thread may use `path` for `wanted`, the permission bits of a mode.
///
/// # Errors
/// The error of the kernel if the thread may not. No error if the kernel can't answer.
pub fn may_use(path: &Path, wanted: u32) -> io::Result<()> {
    if !checks_current_rights() {
        return Ok(());
    }
    Ok(accessat(CWD, path, access(wanted), AtFlags::EACCESS)?)
}

/// Like [`may_use`], for an open directory.
///
/// # Errors
/// The same as for [`may_use`].
pub fn may_use_in(dir: &Dir, wanted: u32) -> io::Result<()> {
    if !checks_current_rights() {
        return Ok(());
    }
    Ok(accessat(dir, c".", access(wanted), AtFlags::EACCESS)?)
}

fn access(wanted: u32) -> Access {
    let bits = [(0o4, Access::READ_OK), (0o2, Access::WRITE_OK), (0o1, Access::EXEC_OK)];
    bits.into_iter().filter(|(bit, _)| wanted & bit != 0).map(|(_, access)| access).collect()
}

/// Whether the kernel checks access with the current rights of a thread (faccessat2). It appeared in Linux 5.8, as did mount
/// ids. A sandbox can forbid it.
fn checks_current_rights() -> bool {
    static KNOWN: OnceLock<bool> = OnceLock::new();
    *KNOWN.get_or_init(|| {
        let stat = statx(CWD, c"/", AtFlags::empty(), StatxFlags::MNT_ID);
        stat.is_ok_and(|stat| stat.stx_mask & StatxFlags::MNT_ID.bits() != 0)
            && accessat(CWD, c"/", Access::EXISTS, AtFlags::EACCESS).is_ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::{CHANGE, READ};
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, chown};

    fn mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn access_as_a_user_follows_owner_group_and_mode() {
        if !is_root() || !checks_current_rights() {
            return;
        }
        let root = tempfile::tempdir().unwrap();
        mode(root.path(), 0o755);
        let dir = root.path().join("dir");
        fs::create_dir(&dir).unwrap();
        let user = Account::of(3_999_999_990);
        let may = |wanted| as_user(&user, 12346, || may_use(&dir, wanted).is_ok()).unwrap();
        mode(&dir, 0o755);
        assert_eq!((may(READ), may(CHANGE)), (true, false));
        chown(&dir, Some(3_999_999_990), Some(0)).unwrap();
        mode(&dir, 0o550);
        assert_eq!((may(READ), may(CHANGE)), (true, false));
        chown(&dir, Some(0), Some(12346)).unwrap();
        mode(&dir, 0o2770);
        assert_eq!((may(READ), may(CHANGE)), (true, true));
        mode(root.path(), 0o700);
        assert_eq!((may(READ), may(CHANGE)), (false, false));
        // The thread of the test keeps its rights.
        assert!(may_use(&dir, CHANGE).is_ok());
    }

    #[test]
    fn only_root_can_act_as_another_user() {
        if is_root() {
            return;
        }
        assert_eq!(as_user(&Account::of(0), 0, || ()), None);
    }
}
