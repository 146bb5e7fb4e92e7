//! Whether the wiki's user can read, create, rename, and delete session files.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;

use super::files::each_session;
use super::{Finding, Findings, Rule};
use crate::health::{Owners, home, wikis_user};
use crate::store::StoreSpec;
use crate::sys::{Account, CHANGE, Dir, FileStat, READ, file_has_acl, has_acl};

/// The owners of all session files, also of those that can't be read.
pub(super) fn all(spec: &StoreSpec, dir: &Dir, stop: &dyn Fn() -> bool) -> io::Result<Owners> {
    let mut owners = Owners::new();
    each_session(spec, dir, stop, |_, _, stat| *owners.entry(stat.uid).or_default() += 1)?;
    Ok(owners)
}

/// Reports the directory, or else each file, that the wiki's user can't use. Does not evaluate access control lists:
/// returns a note instead.
pub(super) fn check(
    spec: &StoreSpec,
    dir: &Dir,
    owners: &Owners,
    stop: &dyn Fn() -> bool,
    found: &mut Findings,
) -> io::Result<Option<String>> {
    let home = home(user_dir(spec), dir.uid());
    let Some(user) = wikis_user(owners, home).map(Account::of) else { return Ok(None) };
    let others = owners.keys().any(|uid| *uid != user.uid());
    let may_change = user.may(CHANGE, (dir.uid(), dir.gid()), dir.mode());
    if may_change && !others {
        return Ok(None);
    }
    if has_acl(dir) {
        let note = "owners and modes not checked: the directory has an access control list";
        return Ok(Some(format!("{}: {note}", spec.location.stem().display())));
    }
    if !may_change {
        let (mode, uid, gid) = (dir.mode(), dir.uid(), dir.gid());
        let message = format!(
            "the wiki's {user} can't create, rename, and delete files here (owner {uid}, group {gid}, mode {mode:04o})"
        );
        let path = spec.location.stem();
        found.add(Finding { rule: Rule::UnwritableSessions, path, message, key: String::new() });
        return Ok(None);
    }
    each_session(spec, dir, stop, |name, file, stat| {
        if let Some(what) = denied(&user, dir, &stat)
            && !file_has_acl(&spec.location.stem().join(OsStr::from_bytes(file.to_bytes())))
        {
            let path = spec.entry(&name);
            let message = format!(
                "the wiki's {user} can't {what} it (owner {}, group {}, mode {:04o})",
                stat.uid, stat.gid, stat.mode
            );
            found.add(Finding { rule: Rule::WrongOwner, path, message, key: name.to_string() });
        }
    })?;
    Ok(None)
}

fn user_dir(spec: &StoreSpec) -> Option<u32> {
    let dirs = spec.wikis.iter().filter_map(|wiki| wiki.user_dir.as_deref());
    dirs.filter_map(|dir| std::fs::metadata(dir).ok()).map(|stat| stat.uid()).next()
}

/// What the user can't do with a session file, in a directory where they can create, rename, and delete files.
fn denied(user: &Account, dir: &Dir, file: &FileStat) -> Option<&'static str> {
    if file.uid == user.uid() || user.uid() == 0 {
        return None;
    }
    // In a sticky directory, only the owner of the file or of the directory can replace or delete the file.
    if dir.mode() & 0o1000 != 0 && dir.uid() != user.uid() {
        return Some("replace or delete");
    }
    (!user.may(READ, (file.uid, file.gid), file.mode)).then_some("read")
}
