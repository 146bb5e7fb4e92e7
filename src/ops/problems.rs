//! What could not be handled, or is odd.

use std::fmt;

use serde::Serialize;

/// Something that could not be handled, or is odd. Holds at most 8 characters of an id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem(pub String);

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// As many problems of a store are named one by one; more are only counted.
const MOST: usize = 1000;

/// The problems of one store, of which there may be millions.
#[derive(Debug, Default)]
pub struct Problems {
    named: Vec<Problem>,
    more: u64,
}

impl Problems {
    /// One more.
    pub fn push(&mut self, problem: &dyn fmt::Display) {
        if self.named.len() < MOST {
            self.named.push(Problem(problem.to_string()));
        } else {
            self.more += 1;
        }
    }

    /// A line for each that is named, and one for all others. `store` is where they are.
    pub fn told(self, store: &str) -> Vec<Problem> {
        let mut told = self.named;
        if self.more > 0 {
            told.push(Problem(format!("{store}: and {} more", self.more)));
        }
        told
    }
}

/// What the steps of a run report of one store.
#[derive(Debug, Default)]
pub(super) struct Notes {
    /// How many entries could not be looked at or removed.
    pub(super) failed: u64,
    /// What could not be handled.
    pub(super) problems: Problems,
    /// The unreadable sessions, each with its reason.
    pub(super) unreadable: Problems,
    /// What is odd, and no failure.
    pub(super) warnings: Vec<Problem>,
    /// What is as it should be, and good to know for whoever looks on.
    pub(super) hints: Vec<Problem>,
}

impl Notes {
    /// Counts and names a failure.
    pub(super) fn fail(&mut self, problem: &dyn fmt::Display) {
        self.failed += 1;
        self.problems.push(problem);
    }
}
