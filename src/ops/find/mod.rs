//! Finds session directories below a directory. `judge` decides which directories these are.
//!
//! walkdir lists the tree by path, sorted by name. Promises, even if other users can write to the tree:
//!
//! * A directory is opened in the handle of its parent, and links are not followed: nothing outside the tree is read. A
//!   directory that is replaced during the search is skipped and counted.
//! * Memory grows with the results, and with the largest directory: a million names take about 300 MB.
//! * Failures are counted and named.

mod candidate;
mod judge;
#[cfg(test)]
mod tests;
mod users;

use std::ffi::CString;
use std::io;
use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use walkdir::{DirEntry, WalkDir};

use crate::store::tally;
use crate::sys::{Dir, FileId, Kind};

use judge::{Judge, Tally};

pub use candidate::{Candidate, Doubt, Report};
pub use users::Users;

/// The maximum depth of a search. Each level takes a file handle.
pub const DEEPEST: usize = 128;

/// Options of a search.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Also search file systems mounted below the root.
    pub all_file_systems: bool,
    /// How many levels to search, at most [`DEEPEST`].
    pub max_depth: Option<usize>,
    /// Skip directories with these names.
    pub without: &'static [&'static str],
    /// How many directories to search at most.
    pub most: Option<u64>,
}

/// Searches the tree below `root`, and adds to `report`. Setting `stop` ends the search early.
pub fn find(root: &Path, users: &Users, options: &Options, stop: &AtomicBool, report: &mut Report) {
    match Dir::open(root) {
        Ok(dir) => walk(root, dir, (users, options), stop, report, &mut |_| ()),
        Err(error) => {
            report.failed += 1;
            report.problems.push(error.to_string().into());
        }
    }
    report.candidates.sort_by(|a, b| (a.path(), a.location.scheme()).cmp(&(b.path(), b.location.scheme())));
}

/// Walks the tree. Calls `listed` with each directory between its listing and its opening.
fn walk(
    root: &Path,
    dir: Dir,
    (users, options): (&Users, &Options),
    stop: &AtomicBool,
    report: &mut Report,
    listed: &mut dyn FnMut(&Path),
) {
    let limit = options.max_depth.filter(|depth| *depth <= DEEPEST);
    let end = options.most.map(|most| report.directories.saturating_add(most));
    let device = (!options.all_file_systems).then_some(dir.id().device);
    let mut walk = Walk { users, device, stop, report, open: Vec::new(), failed: None };
    let mut root_dir = Some(dir);
    let mut entries = WalkDir::new(root)
        .same_file_system(!options.all_file_systems)
        .sort_by_file_name()
        // One level more, to report directories that are too deep.
        .max_depth(limit.unwrap_or(DEEPEST + 1))
        .into_iter();
    while let Some(entry) = entries.next() {
        let entry = match entry {
            _ if stop.load(Ordering::Relaxed) => return,
            Err(error) => {
                walk.not_listed(&error);
                continue;
            }
            Ok(entry) if !entry.file_type().is_dir() => continue,
            Ok(entry) => entry,
        };
        let seen =
            entry.path().symlink_metadata().map(|stat| FileId { device: stat.dev(), inode: stat.ino() });
        listed(entry.path());
        if let Some(dir) = root_dir.take() {
            walk.look(dir, entry.path());
            continue;
        }
        let skipped = options.without.iter().any(|name| entry.file_name() == *name);
        if !skipped && end.is_some_and(|end| walk.report.directories >= end) {
            walk.report.cut = true;
            return;
        }
        match walk.open(&entry, seen.ok()) {
            // walkdir lists only directories of this file system.
            Some(_) if skipped => entries.skip_current_dir(),
            Some(dir) => walk.look(dir, entry.path()),
            None => {}
        }
    }
}

fn is_gone(path: &Path) -> bool {
    path.symlink_metadata().is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
}

struct Walk<'a> {
    users: &'a Users,
    /// The file system to stay on.
    device: Option<u64>,
    stop: &'a AtomicBool,
    report: &'a mut Report,
    /// The open directories above the current one, the root first.
    open: Vec<Dir>,
    /// The last directory that could not be read.
    failed: Option<PathBuf>,
}

impl Walk<'_> {
    /// Opens a directory in its parent, if it is still the directory that was listed.
    fn open(&mut self, entry: &DirEntry, seen: Option<FileId>) -> Option<Dir> {
        self.open.truncate(entry.depth());
        // `None` below a directory that was skipped.
        let parent = self.open.last().filter(|_| self.open.len() == entry.depth())?;
        let name = CString::new(entry.file_name().as_bytes()).ok()?;
        let opened = match parent.open_in(&name) {
            Ok(opened) => opened,
            Err(error) => {
                self.fail(entry.path(), &crate::sys::why(&error));
                return None;
            }
        };
        match opened.filter(|dir| seen == Some(dir.id())) {
            None if is_gone(entry.path()) => {}
            None => self.fail(entry.path(), &"replaced during the search"),
            Some(_) if entry.depth() > DEEPEST => {
                self.fail(entry.path(), &format!("more than {DEEPEST} levels deep"));
            }
            Some(dir) if self.device.is_some_and(|device| device != dir.id().device) => {
                self.report.other_file_systems += 1;
            }
            Some(dir) => return Some(dir),
        }
        None
    }

    /// Lists and judges a directory.
    fn look(&mut self, dir: Dir, path: &Path) {
        self.report.directories += 1;
        tally::WALKED.add(1);
        let mut tally = Tally::default();
        let listed = dir.list(|entry| {
            if self.stop.load(Ordering::Relaxed) {
                return ControlFlow::Break(());
            }
            if entry.kind == Kind::Regular {
                tally.take(entry.name);
            }
            ControlFlow::Continue(())
        });
        match listed {
            Err(error) => self.fail(path, &crate::sys::why(&error)),
            Ok(()) if self.stop.load(Ordering::Relaxed) => {}
            Ok(()) => {
                Judge { users: self.users, stop: self.stop, path, report: self.report }.judge(&dir, &tally)
            }
        }
        self.open.push(dir);
    }

    fn fail(&mut self, path: &Path, error: &dyn std::fmt::Display) {
        self.report.fail(path, error);
        self.failed = Some(path.to_owned());
    }

    /// Adds a failure of walkdir, unless it was reported or the directory was removed.
    fn not_listed(&mut self, error: &walkdir::Error) {
        let Some(path) = error.path().filter(|path| self.failed.as_deref() != Some(path)) else { return };
        match error.io_error() {
            Some(error) if error.kind() == io::ErrorKind::NotFound => {}
            Some(error) => self.report.fail(path, &crate::sys::why(error)),
            None => self.report.fail(path, error),
        }
    }
}
