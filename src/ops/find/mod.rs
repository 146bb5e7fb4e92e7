//! Finding the session directories below a directory, whatever else lies there.
//!
//! What it promises, whoever can write in the tree:
//!
//! * Each directory is opened in the one that it was seen in, and no link is followed, so that nothing outside the
//!   tree is looked at. (Walkers that go by path list whatever a swapped directory has become.)
//! * Memory does not grow with the entries of a directory, nor with the tree: only with what is found.
//! * What could not be looked at is counted and named.
//!
//! What makes a session directory is in `judge`.

mod judge;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::ffi::{CStr, OsStr};
use std::fmt;
use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::store::{Layout, SqliteAddress, StoreSpec, tally};
use crate::sys::{Dir, FileId, Kind};

use super::problems::Problem;
use judge::Tally;

/// Deeper below the root no directory is looked into: nobody's wiki lies there, and each level takes two handles.
pub const DEEPEST: usize = 128;

/// As many problems are told one by one; more are only counted.
const MAX_PROBLEMS: usize = 1000;

/// What to look for, and where.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Also look into file systems mounted below the root.
    pub all_file_systems: bool,
    /// So many levels below the root, at most [`DEEPEST`].
    pub max_depth: Option<usize>,
    /// Directories of these names are not looked into.
    pub without: &'static [&'static str],
    /// At most so many directories are looked into.
    pub most: Option<u64>,
}

/// Why names like those of sessions make no session directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// Most files there have other names.
    FewAmongOthers,
    /// The files with such names hold no sessions.
    OtherContent,
    /// None of the files could be read.
    Unread,
    /// Half-written files and no session.
    OnlyLeftOvers,
}

impl Doubt {
    /// A stable name.
    pub fn name(self) -> &'static str {
        match self {
            Doubt::FewAmongOthers => "few-among-others",
            Doubt::OtherContent => "other-content",
            Doubt::Unread => "unread",
            Doubt::OnlyLeftOvers => "only-left-overs",
        }
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Doubt::FewAmongOthers => "most files there have other names",
            Doubt::OtherContent => "what is in them is no session",
            Doubt::Unread => "none could be read",
            Doubt::OnlyLeftOvers => "half-written files, and no session",
        })
    }
}

/// A session directory, or what might be one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The directory; of a database the file.
    pub path: PathBuf,
    /// How sessions lie in it.
    pub layout: Layout,
    /// Sessions of the other layout of MoinMoin lie there too, which is a place of its own here.
    pub mixed: bool,
    /// Why it may be none; `None` where it is one.
    pub doubt: Option<Doubt>,
    /// How many names of sessions there are; `None` for a database, which is not opened.
    pub sessions: Option<u64>,
    /// How many half-written files.
    pub temp: u64,
    /// How many regular files of other names.
    pub others: u64,
    /// Bytes in the sessions, or in the file of a database; 0 where in doubt.
    pub bytes: u64,
    /// When the session not written for longest was written, in seconds since 1970; `None` where in doubt.
    pub oldest: Option<i64>,
    /// When the newest was written.
    pub newest: Option<i64>,
    /// Whose the directory is.
    pub uid: u32,
    /// Its permission bits.
    pub mode: u32,
    /// The wikis of the farm that use it.
    pub wikis: Vec<String>,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Report {
    /// In the order of their paths.
    pub places: Vec<Place>,
    /// How many directories were looked into.
    pub directories: u64,
    /// Mount points that were not looked into.
    pub other_file_systems: u64,
    /// What could not be looked at, the first of them.
    pub problems: Vec<Problem>,
    /// How much could not be looked at.
    pub failed: u64,
    /// There are more directories than were to be looked into.
    pub cut: bool,
}

/// Which wikis use which directory or file.
#[derive(Debug, Default)]
pub struct Users {
    by_place: HashMap<(FileId, Layout), Vec<String>>,
}

impl Users {
    /// The users of these stores, as far as they exist.
    pub fn of(stores: &[StoreSpec]) -> Self {
        let mut users = Users::default();
        for spec in stores {
            let id = match spec.layout {
                Layout::Redis => None,
                Layout::Sqlite => {
                    let stat = SqliteAddress::file_of(&spec.dir).symlink_metadata().ok();
                    use std::os::unix::fs::MetadataExt;
                    stat.map(|stat| FileId { device: stat.dev(), inode: stat.ino() })
                }
                _ => Dir::open(&spec.dir).ok().map(|dir| dir.id()),
            };
            if let Some(id) = id {
                let wikis = spec.wikis.iter().map(|wiki| wiki.name.clone());
                users.by_place.entry((id, spec.layout)).or_default().extend(wikis);
            }
        }
        users
    }

    fn get(&self, id: FileId, layout: Layout) -> Option<&[String]> {
        self.by_place.get(&(id, layout)).map(Vec::as_slice)
    }
}

/// Looks through the tree below `root`. Setting `stop` ends it early, with what was found so far. Adds to `report`.
pub fn find(root: &Path, users: &Users, options: &Options, stop: &AtomicBool, report: &mut Report) {
    let deepest = options.max_depth.unwrap_or(DEEPEST).min(DEEPEST);
    let limited = options.max_depth.is_some_and(|depth| depth <= DEEPEST);
    match Dir::open(root) {
        Err(error) => {
            report.failed += 1;
            report.problems.push(Problem(error.to_string()));
        }
        Ok(dir) => {
            let device = (!options.all_file_systems).then_some(dir.id().device);
            let without = options.without;
            let end = options.most.map(|most| report.directories.saturating_add(most));
            let path = root.to_owned();
            let mut walk = Walk { users, device, deepest, limited, without, end, stop, path, report };
            walk.look(&dir, 0);
        }
    }
    report.places.sort_by(|a, b| a.path.cmp(&b.path).then(a.layout.name().cmp(b.layout.name())));
}

struct Walk<'a> {
    users: &'a Users,
    /// The file system to stay on.
    device: Option<u64>,
    deepest: usize,
    /// The depth was asked for: what lies deeper is no failure.
    limited: bool,
    without: &'static [&'static str],
    /// How many directories are enough.
    end: Option<u64>,
    stop: &'a AtomicBool,
    path: PathBuf,
    report: &'a mut Report,
}

impl Walk<'_> {
    fn look(&mut self, dir: &Dir, depth: usize) {
        self.report.directories += 1;
        tally::WALKED.add(1);
        let mut tally = Tally::default();
        let listed = dir.list(|entry| {
            if self.stop.load(Ordering::Relaxed) {
                return ControlFlow::Break(());
            }
            match entry.kind {
                Kind::Directory => self.descend(dir, entry.name, depth),
                Kind::Regular => tally.take(entry.name),
                Kind::Other => {}
            }
            ControlFlow::Continue(())
        });
        match listed {
            Err(error) => self.fail(&error),
            Ok(()) if self.stop.load(Ordering::Relaxed) => {}
            Ok(()) => self.judge(dir, &tally),
        }
    }

    fn descend(&mut self, dir: &Dir, name: &CStr, depth: usize) {
        if depth >= self.deepest && self.limited
            || self.without.iter().any(|without| without.as_bytes() == name.to_bytes())
        {
            return;
        }
        if self.end.is_some_and(|end| self.report.directories >= end) {
            self.report.cut = true;
            return;
        }
        self.path.push(OsStr::from_bytes(name.to_bytes()));
        match dir.open_in(name) {
            _ if depth >= self.deepest => {
                self.fail(&format!("more than {DEEPEST} levels deep, and not looked into"));
            }
            Err(error) => self.fail(&error),
            Ok(None) => {}
            Ok(Some(inner)) if self.device.is_some_and(|device| device != inner.id().device) => {
                self.report.other_file_systems += 1;
            }
            Ok(Some(inner)) => self.look(&inner, depth + 1),
        }
        self.path.pop();
    }

    fn fail(&mut self, error: &dyn fmt::Display) {
        self.report.failed += 1;
        if self.report.problems.len() < MAX_PROBLEMS {
            self.report.problems.push(Problem(format!("{}: {error}", self.path.display())));
        }
    }
}
