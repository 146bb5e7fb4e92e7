//! Modes and owners of directories, session files, and databases.

use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::owners;
use super::{Finding, Findings, Problem, Report, Rule};
use crate::health::{Collector, Kind, Owners};
use crate::ops::troubles;
use crate::store::{Session, StoreSpec};
use crate::sys::{AsOwner, Dir, why};

/// Reports what keeps the wikis from saving sessions, beside modes and owners.
pub(super) fn health(spec: &StoreSpec, collector: &Collector, now: i64, found: &mut Findings) {
    for trouble in troubles(spec, collector, now) {
        let rule = match trouble.kind {
            Kind::ReadOnly => Rule::ReadOnlySessions,
            Kind::Full => Rule::DiskFull,
            Kind::Denied => Rule::AccessDenied,
            _ => continue,
        };
        let message = format!("the wiki {}", trouble.message);
        found.add(Finding { rule, path: spec.location.stem(), message, key: String::new() });
    }
}

/// Modes and owners of the directory of a store and of its files.
pub(super) struct Modes<'a> {
    spec: &'a StoreSpec,
    /// Absent if the store is not a directory or could not be opened.
    dir: Option<Dir>,
    owners: Owners,
    /// Whether the owner of the directory can't read some file, whose owner is then not counted.
    failed: bool,
}

impl<'a> Modes<'a> {
    /// Checks the directory, or the file of a database.
    pub(super) fn of(spec: &'a StoreSpec, found: &mut Findings, problems: &mut Vec<Problem>) -> Self {
        let (path, file) = (spec.location.directory(), spec.location.path());
        let dir = match (path, file) {
            (Some(path), _) => Dir::open(path).map_err(|error| problems.push(error.to_string().into())).ok(),
            (None, Some(file)) => {
                database(file, found, problems);
                None
            }
            (None, None) => None,
        };
        if let (Some(path), Some(dir)) = (path, &dir) {
            directory(path, dir, found);
        }
        Modes { spec, dir, owners: Owners::new(), failed: false }
    }

    /// Checks the mode of a session file, and counts its owner.
    pub(super) fn session(&mut self, session: &Session, found: &mut Findings) {
        let (Some(dir), Some((uid, mode))) = (&self.dir, session.access) else { return };
        *self.owners.entry(uid).or_default() += 1;
        // If other users can't enter the directory, the mode of the file does not matter.
        if dir.mode() & 0o001 != 0 && mode & 0o006 != 0 {
            let key = session.id.to_string();
            found.add(file_mode(mode, self.spec.entry(&key), key));
        }
    }

    /// Notes that a session could not be read.
    pub(super) fn failed(&mut self) {
        self.failed = true;
    }

    /// Checks what the wiki's user may do, after all sessions were seen.
    pub(super) fn finish(self, stop: &AtomicBool, found: &mut Findings, report: &mut Report) {
        let Some(dir) = &self.dir else { return };
        let stop = || stop.load(Ordering::Relaxed);
        let checked = AsOwner::of(dir).and_then(|_owner| {
            let owners = if self.failed { owners::all(self.spec, dir, &stop)? } else { self.owners };
            owners::check(self.spec, dir, &owners, &stop, found)
        });
        match checked {
            Ok(note) => report.notes.extend(note),
            Err(error) => {
                let message = format!("{}: {}", self.spec.location.stem().display(), why(&error));
                report.problems.push(message.into());
            }
        }
    }
}

/// Checks the mode of a database file, which holds all sessions.
fn database(path: &Path, found: &mut Findings, problems: &mut Vec<Problem>) {
    if let Err(error) = replaceable(path, "file", found) {
        problems.push(format!("{}: {error}", path.display(), error = why(&error)).into());
    }
    let mode = match std::fs::symlink_metadata(path) {
        Ok(stat) => stat.mode() & 0o7777,
        Err(error) => {
            return problems.push(format!("{}: {error}", path.display(), error = why(&error)).into());
        }
    };
    if mode & 0o006 != 0 {
        found.add(file_mode(mode, path.to_owned(), String::new()));
    }
}

/// The finding about a file that every local user can read or write.
fn file_mode(mode: u32, path: PathBuf, key: String) -> Finding {
    let (rule, what) = match mode & 0o002 {
        0 => (Rule::ReadableSessions, "readable"),
        _ => (Rule::WritableSessions, "writable"),
    };
    Finding { rule, path, message: format!("{what} by every local user (mode {mode:04o})"), key }
}

/// Reports directories in which every local user can replace the store. The wiki would then unpickle what they put there.
/// Checks all directories above `path`: as written, absolute, and with links resolved.
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
            // In a sticky directory such as /tmp, only the owner can replace a file.
            if seen.insert((stat.dev(), stat.ino())) && mode & 0o1002 == 0o002 {
                let message = format!("every local user can replace the session {what} (mode {mode:04o})");
                let path = above.to_owned();
                found.add(Finding { rule: Rule::WritableParent, path, message, key: String::new() });
            }
            what = "directory";
        }
    }
    Ok(())
}

fn directory(path: &Path, dir: &Dir, found: &mut Findings) {
    // An error means that only the owner can list a directory above: then nobody else can write there.
    let _ = replaceable(path, "directory", found);
    let mode = dir.mode();
    // An id is a login. A file written here is unpickled, so it runs code as the wiki.
    let rules = [
        (
            0o002,
            Rule::WorldWritable,
            "every local user can write here, and the wiki unpickles what they write",
        ),
        (
            0o004,
            Rule::ListableSessions,
            "every local user can list the session ids here and log in with them",
        ),
    ];
    for (_, rule, what) in rules.into_iter().filter(|(bit, ..)| mode & bit != 0) {
        let message = format!("{what} (mode {mode:04o})");
        found.add(Finding { rule, path: path.to_owned(), message, key: String::new() });
    }
}
