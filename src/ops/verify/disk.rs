//! Modes and owners.

use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use super::files::each_session;
use super::owners::{self, Owners};
use super::{Check, Finding, Findings, Problem, Report};
use crate::store::{Layout, SqliteAddress, StoreSpec};
use crate::sys::{AsOwner, Dir};

/// Who may do what in the directory, and with the files.
pub(super) fn modes(spec: &StoreSpec, stop: &AtomicBool, found: &mut Findings, report: &mut Report) {
    match spec.layout {
        Layout::Redis => return,
        Layout::Sqlite => return database(spec, found, &mut report.problems),
        Layout::Moin18 | Layout::Moin19 | Layout::Json => {}
    }
    let looked = Dir::open(&spec.dir).map_err(|error| error.to_string()).and_then(|dir| {
        directory(spec, &dir, found);
        let told = |error: std::io::Error| format!("{}: {error}", spec.dir.display());
        let _owner = AsOwner::of(&dir).map_err(told)?;
        let stop = || stop.load(Ordering::Relaxed);
        let owners = files(spec, &dir, &stop, found).map_err(told)?;
        owners::check(spec, &dir, &owners, &stop, found).map_err(told)
    });
    match looked {
        Ok(note) => report.notes.extend(note),
        Err(why) => report.problems.push(Problem(why)),
    }
}

/// Who may do what with the file of a database: all sessions are in it.
fn database(spec: &StoreSpec, found: &mut Findings, problems: &mut Vec<Problem>) {
    let path = SqliteAddress::file_of(&spec.dir);
    if let Err(error) = replaceable(&path, "file", found) {
        problems.push(Problem(format!("{}: {error}", path.display())));
    }
    let mode = match std::fs::symlink_metadata(&path) {
        Ok(stat) => stat.mode() & 0o7777,
        Err(error) => return problems.push(Problem(format!("{}: {error}", path.display()))),
    };
    if mode & 0o006 != 0 {
        let what = if mode & 0o002 != 0 { "write" } else { "read" };
        let message = format!("everybody can {what} it (mode {mode:04o})");
        found.add(Finding { check: Check::UnsafeFile, path, message, key: String::new() });
    }
}

/// Whether everybody can put another file or directory in the place of that one, which its wiki then unpickles.
/// Looked at are all directories on the way to it, as it was written and where links lead.
fn replaceable(path: &Path, what: &str, found: &mut Findings) -> std::io::Result<()> {
    let real = std::fs::canonicalize(path)?;
    let whole = std::path::absolute(path)?;
    let mut seen = BTreeSet::new();
    for way in [path, &whole, &real] {
        let mut what = what;
        for above in way.ancestors().skip(1) {
            let above = if above.as_os_str().is_empty() { Path::new(".") } else { above };
            let stat = std::fs::metadata(above)?;
            let mode = stat.mode() & 0o7777;
            // In a sticky directory (/tmp) nobody can replace another's file.
            if seen.insert((stat.dev(), stat.ino())) && mode & 0o1002 == 0o002 {
                let message = format!("everybody can put another {what} in its place (mode {mode:04o})");
                let path = above.to_owned();
                found.add(Finding { check: Check::UnsafeDirectory, path, message, key: String::new() });
            }
            what = "directory";
        }
    }
    Ok(())
}

fn directory(spec: &StoreSpec, dir: &Dir, found: &mut Findings) {
    // One that only its owner can list is not one that everybody can write in.
    let _ = replaceable(&spec.dir, "directory", found);
    let mode = dir.mode();
    // Who can list it has the ids, and who has an id is logged in; who can write runs code as the wiki.
    let what = match (mode & 0o002 != 0, mode & 0o004 != 0) {
        (true, _) => "everybody can put files here, which the wiki then unpickles",
        (false, true) => "everybody can list the ids here, and log in with them",
        (false, false) => return,
    };
    let message = format!("{what} (mode {mode:04o})");
    found.add(Finding { check: Check::UnsafeDirectory, path: spec.dir.clone(), message, key: String::new() });
}

/// Looks at the session files, and counts their owners.
fn files(
    spec: &StoreSpec,
    dir: &Dir,
    stop: &dyn Fn() -> bool,
    found: &mut Findings,
) -> std::io::Result<Owners> {
    let mut owners = Owners::new();
    // Where strangers can't even enter, a file's own mode lets nobody in.
    let entered = dir.mode() & 0o001 != 0;
    each_session(spec, dir, stop, |name, _, stat| {
        *owners.entry(stat.uid).or_default() += 1;
        if entered && stat.mode & 0o006 != 0 {
            let what = if stat.mode & 0o002 != 0 { "write" } else { "read" };
            let message = format!("everybody can {what} it (mode {:04o})", stat.mode);
            let path = spec.dir.join(name.to_string());
            found.add(Finding { check: Check::UnsafeFile, path, message, key: name.to_string() });
        }
    })?;
    Ok(owners)
}
