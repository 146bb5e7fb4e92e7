//! Browsers and owners.

use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use super::owners::{self, Owners};
use super::{Check, Finding, Findings, Problem, Report};
use crate::store::{Session, StoreSpec};
use crate::sys::{AsOwner, Dir, why};

/// Who may do what in the directory of a store, and with its files.
pub(super) struct Modes<'a> {
    spec: &'a StoreSpec,
    /// Absent for a store of another kind, and one that could not be opened.
    dir: Option<Dir>,
    owners: Owners,
}

impl<'a> Modes<'a> {
    /// Looks at the directory, or at the file of a database.
    pub(super) fn of(spec: &'a StoreSpec, found: &mut Findings, problems: &mut Vec<Problem>) -> Self {
        let (path, file) = (spec.location.directory(), spec.location.path());
        let dir = match (path, file) {
            (Some(path), _) => {
                Dir::open(path).map_err(|error| problems.push(Problem(error.to_string()))).ok()
            }
            (None, Some(file)) => {
                database(file, found, problems);
                None
            }
            (None, None) => None,
        };
        if let (Some(path), Some(dir)) = (path, &dir) {
            directory(path, dir, found);
        }
        Modes { spec, dir, owners: Owners::new() }
    }

    /// Looks at a session file, and counts its owner.
    pub(super) fn session(&mut self, session: &Session, found: &mut Findings) {
        let (Some(dir), Some((uid, mode))) = (&self.dir, session.access) else { return };
        *self.owners.entry(uid).or_default() += 1;
        // Where other users can't even enter, a file's own mode lets nobody in.
        if dir.mode() & 0o001 != 0 && mode & 0o006 != 0 {
            let what = if mode & 0o002 != 0 { "write" } else { "read" };
            let message = format!("everybody can {what} it (mode {mode:04o})");
            let key = session.id.to_string();
            let path = self.spec.entry(&key);
            found.add(Finding { check: Check::UnsafeFile, path, message, key });
        }
    }

    /// Looks at what the wiki's user may do, once all sessions were seen.
    pub(super) fn finish(self, stop: &AtomicBool, found: &mut Findings, report: &mut Report) {
        let Some(dir) = &self.dir else { return };
        let stop = || stop.load(Ordering::Relaxed);
        let checked =
            AsOwner::of(dir).and_then(|_owner| owners::check(self.spec, dir, &self.owners, &stop, found));
        match checked {
            Ok(note) => report.notes.extend(note),
            Err(error) => report.problems.push(Problem(format!(
                "{}: {error}",
                self.spec.location.stem().display(),
                error = why(&error)
            ))),
        }
    }
}

/// Who may do what with the file of a database: all sessions are in it.
fn database(path: &Path, found: &mut Findings, problems: &mut Vec<Problem>) {
    if let Err(error) = replaceable(path, "file", found) {
        problems.push(Problem(format!("{}: {error}", path.display(), error = why(&error))));
    }
    let mode = match std::fs::symlink_metadata(path) {
        Ok(stat) => stat.mode() & 0o7777,
        Err(error) => {
            return problems.push(Problem(format!("{}: {error}", path.display(), error = why(&error))));
        }
    };
    if mode & 0o006 != 0 {
        let what = if mode & 0o002 != 0 { "write" } else { "read" };
        let message = format!("everybody can {what} it (mode {mode:04o})");
        let path = path.to_owned();
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

fn directory(path: &Path, dir: &Dir, found: &mut Findings) {
    // One that only its owner can list is not one that everybody can write in.
    let _ = replaceable(path, "directory", found);
    let mode = dir.mode();
    // Who can list it has the ids, and who has an id is logged in; who can write runs code as the wiki.
    let what = match (mode & 0o002 != 0, mode & 0o004 != 0) {
        (true, _) => "everybody can put files here, which the wiki then unpickles",
        (false, true) => "everybody can list the ids here, and log in with them",
        (false, false) => return,
    };
    let message = format!("{what} (mode {mode:04o})");
    found.add(Finding { check: Check::UnsafeDirectory, path: path.to_owned(), message, key: String::new() });
}
