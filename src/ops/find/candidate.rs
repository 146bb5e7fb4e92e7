//! The results of a search.

use std::fmt;
use std::path::Path;

use crate::location::Location;
use crate::ops::problems::Problem;

/// How many problems are kept. The others are counted.
const MAX_PROBLEMS: usize = 1000;

/// Why a directory with session names may not be a session directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum Doubt {
    /// Most files have other names.
    FewAmongOthers,
    /// The files are not sessions.
    OtherContent,
    /// None of the files could be read.
    Unread,
    /// Only temporary files.
    OnlyLeftOvers,
}

impl Doubt {
    /// The stable name.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Doubt::FewAmongOthers => "most files have other names",
            Doubt::OtherContent => "the files are not sessions",
            Doubt::Unread => "none of the files could be read",
            Doubt::OnlyLeftOvers => "there are only leftover temporary files",
        })
    }
}

/// A session directory, or a directory that may be one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The directory, or the database.
    pub location: Location,
    /// Whether the directory also has sessions of the other MoinMoin layout, which are another candidate.
    pub mixed: bool,
    /// Why it may not be a session directory.
    pub doubt: Option<Doubt>,
    /// The number of sessions; `None` for a database, which is not opened.
    pub sessions: Option<u64>,
    /// The number of temporary files.
    pub temp: u64,
    /// The number of regular files with other names.
    pub others: u64,
    /// Bytes in the sessions or in the database file; 0 if doubtful.
    pub bytes: u64,
    /// The earliest last write of a session, in unix seconds; `None` if doubtful.
    pub oldest: Option<i64>,
    /// The latest write of a session.
    pub newest: Option<i64>,
    /// The owner.
    pub uid: u32,
    /// The permission bits.
    pub mode: u32,
    /// The wikis that use it.
    pub wikis: Vec<String>,
}

impl Candidate {
    /// The directory or database file.
    pub fn path(&self) -> &Path {
        self.location.path().unwrap_or(Path::new(""))
    }
}

/// The report of a search.
#[derive(Debug, Default)]
pub struct Report {
    /// Sorted by path.
    pub candidates: Vec<Candidate>,
    /// The number of searched directories.
    pub directories: u64,
    /// The number of skipped mount points.
    pub other_file_systems: u64,
    /// The first failures.
    pub problems: Vec<Problem>,
    /// The number of failures.
    pub failed: u64,
    /// Whether the search stopped at the maximum number of directories.
    pub cut: bool,
}

impl Report {
    /// Adds a failure.
    pub(super) fn fail(&mut self, path: &Path, error: &dyn fmt::Display) {
        self.failed += 1;
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(format!("{}: {error}", path.display()).into());
        }
    }
}
