//! What a job does with sessions.

use std::path::PathBuf;
use std::time::Duration;

use super::pattern::{Reach, Target};

/// A job that removes sessions, or may remove sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cleaner {
    /// The file that defines the job.
    pub file: PathBuf,
    /// What the job does.
    pub does: Does,
}

/// What a job does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Does {
    /// Runs `wikifarm session prune`.
    Prune {
        /// Whether it removes the sessions of users who are logged in, too: `--all`.
        all: bool,
    },
    /// Runs `moin maint cleansessions`.
    CleanSessions {
        /// Whether it deletes live sessions, too: `--all`.
        all: bool,
    },
    /// Deletes files.
    Delete(Deletion),
    /// Something, but this process can't read the file, or the directory of jobs.
    Unread,
}

/// A deletion of files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deletion {
    /// The program.
    pub program: &'static str,
    /// Which files.
    pub(super) reach: Reach,
    /// The age from which files are deleted; `None` for all files.
    pub age: Option<Duration>,
    /// Whether the reader did not understand the command completely.
    pub(super) unsure: bool,
}

impl Cleaner {
    /// Whether the job may remove sessions in a directory.
    pub fn may_clean(&self, dir: &Target) -> bool {
        match &self.does {
            Does::Prune { .. } | Does::CleanSessions { .. } | Does::Unread => true,
            Does::Delete(deletion) => deletion.reach.covers(dir),
        }
    }

    /// What the job certainly deletes in a directory, whether it has expired or not: by age, or all files.
    pub fn deletes(&self, dir: &Target) -> Option<&Deletion> {
        match &self.does {
            Does::Delete(deletion) => (!deletion.unsure && deletion.reach.covers(dir)).then_some(deletion),
            Does::Prune { .. } | Does::CleanSessions { .. } | Does::Unread => None,
        }
    }
}
