//! Problems and notes of a run.

use crate::store::StoreError;
pub use crate::text::Problem;

impl Problem {
    /// An error of a store.
    pub fn of(error: &StoreError) -> Problem {
        Problem { message: error.to_string(), help: error.help().map(str::to_owned) }
    }
}

/// How many problems of a store are named. The others are counted.
const MOST: usize = 1000;

/// The problems of one store. There may be millions.
#[derive(Debug, Default)]
pub struct Problems {
    named: Vec<Problem>,
    more: u64,
}

impl Problems {
    /// Adds a problem.
    pub fn push(&mut self, problem: impl Into<Problem>) {
        if self.named.len() < MOST {
            self.named.push(problem.into());
        } else {
            self.more += 1;
        }
    }

    /// The named problems, and one line with the number of others in `store`.
    pub fn lines(self, store: &str) -> Vec<Problem> {
        let mut lines = self.named;
        if self.more > 0 {
            lines.push(format!("{store}: {} more of these messages", self.more).into());
        }
        lines
    }
}

/// What a step of a run reports about one store.
#[derive(Debug, Default)]
pub(super) struct Notes {
    /// How many entries could not be read or removed.
    pub(super) failed: u64,
    /// The failures.
    pub(super) problems: Problems,
    /// The unreadable sessions with reasons.
    pub(super) unreadable: Problems,
    /// Warnings that are not failures.
    pub(super) warnings: Vec<Problem>,
    /// Notes about normal states.
    pub(super) hints: Vec<Problem>,
}

impl Notes {
    /// Counts a failure and adds it to the problems.
    pub(super) fn fail(&mut self, problem: impl Into<Problem>) {
        self.failed += 1;
        self.problems.push(problem);
    }
}
