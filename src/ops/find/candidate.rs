//! What a search finds.

use std::fmt;
use std::path::Path;

use crate::location::Location;
use crate::ops::problems::Problem;

/// As many problems are named one by one; more are only counted.
const MAX_PROBLEMS: usize = 1000;

/// Why names like those of sessions make no session directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
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
        self.into()
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
pub struct Candidate {
    /// The directory, or the database.
    pub location: Location,
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

impl Candidate {
    /// The directory; of a database the file.
    pub fn path(&self) -> &Path {
        self.location.path().unwrap_or(Path::new(""))
    }
}

/// What was found.
#[derive(Debug, Default)]
pub struct Report {
    /// In the order of their paths.
    pub candidates: Vec<Candidate>,
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

impl Report {
    /// Counts and names what could not be looked at.
    pub(super) fn fail(&mut self, path: &Path, error: &dyn fmt::Display) {
        self.failed += 1;
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(Problem(format!("{}: {error}", path.display())));
        }
    }
}
