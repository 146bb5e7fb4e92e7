//! Problems and notes of a run.

use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

/// An error or a warning about an entry or a store. Holds at most 8 characters of an id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Problem(pub String);

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
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
    pub fn push(&mut self, problem: &dyn fmt::Display) {
        if self.named.len() < MOST {
            self.named.push(Problem(problem.to_string()));
        } else {
            self.more += 1;
        }
    }

    /// The named problems, and one line with the number of others in `store`.
    pub fn lines(self, store: &str) -> Vec<Problem> {
        let mut lines = self.named;
        if self.more > 0 {
            lines.push(Problem(format!("{store}: {} more of these messages", self.more)));
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
    pub(super) fn fail(&mut self, problem: &dyn fmt::Display) {
        self.failed += 1;
        self.problems.push(problem);
    }
}
