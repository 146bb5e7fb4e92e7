//! What `session prune` reports; the field names are a promise to users.

use std::fmt;
use std::ops::AddAssign;

use serde::Serialize;

use super::states::States;
use crate::store::State;

/// What was counted in a store, or in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counts {
    /// Sessions looked at: the sum of the six states.
    pub scanned: u64,
    /// By state.
    #[serde(flatten)]
    pub states: States,
    /// Half-written files old enough to go.
    pub stale_temp: u64,
    /// Not MoinMoin's.
    pub foreign: u64,
    /// Removed; in a dry run, what would be.
    pub deleted: u64,
    /// Planned to go, and kept because they were written meanwhile.
    pub kept_by_race: u64,
    /// What could not be looked at or removed, each with a [`Problem`].
    pub failed: u64,
    /// Bytes in what was removed; in a dry run, in what would be.
    pub bytes: u64,
}

impl Counts {
    /// Counts one session.
    pub(super) fn count(&mut self, state: State) {
        self.scanned += 1;
        self.states.count(state);
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.scanned += other.scanned;
        self.states += other.states;
        self.stale_temp += other.stale_temp;
        self.foreign += other.foreign;
        self.deleted += other.deleted;
        self.kept_by_race += other.kept_by_race;
        self.failed += other.failed;
        self.bytes += other.bytes;
    }
}

/// One store's part of the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoreResult {
    /// Its address.
    pub store: String,
    /// The wikis that use it.
    pub wikis: Vec<String>,
    /// What was counted.
    #[serde(flatten)]
    pub counts: Counts,
    /// Why nothing was removed, where a guard refused.
    pub refused: Option<String>,
    /// How many sessions were answered from an index instead of being read.
    pub from_index: u64,
}

/// The sums over all stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Total {
    /// What was counted.
    #[serde(flatten)]
    pub counts: Counts,
    /// How many stores were refused.
    pub refused: u64,
    /// How many sessions were answered from an index instead of being read.
    pub from_index: u64,
}

/// What a run did, or would do.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Store by store.
    pub stores: Vec<StoreResult>,
    /// All together.
    pub total: Total,
    /// Nothing was removed, as nothing was to be.
    pub dry_run: bool,
    /// How long it took.
    pub seconds: f64,
    /// What could not be handled.
    #[serde(skip)]
    pub problems: Vec<Problem>,
    /// The unreadable sessions, each with its reason; none of these is live by an index, so every run reads them.
    #[serde(skip)]
    pub unreadable: Vec<Problem>,
    /// What is worth saying and no failure.
    #[serde(skip)]
    pub warnings: Vec<Problem>,
    /// What is as it should be, and good to know for whoever looks on.
    #[serde(skip)]
    pub hints: Vec<Problem>,
    /// The clock's refusal, which concerns every store.
    #[serde(skip)]
    pub clock: Option<String>,
    /// It was stopped before its end.
    #[serde(skip)]
    pub stopped: bool,
}

/// Something that could not be handled, or is odd. Holds at most 8 characters of an id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem(pub String);

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// As many problems of a store are told one by one; more are only counted.
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

    /// A line for each that is named, and one for all others. `store` says where they are.
    pub fn told(self, store: &str) -> Vec<Problem> {
        let mut told = self.named;
        if self.more > 0 {
            told.push(Problem(format!("{store}: and {} more", self.more)));
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn field_names_are_those_promised() {
        let counts = Counts::default();
        let store =
            StoreResult { store: String::new(), wikis: Vec::new(), counts, refused: None, from_index: 0 };
        let report = Report {
            stores: vec![store],
            total: Total::default(),
            dry_run: true,
            seconds: 0.5,
            problems: Vec::new(),
            unreadable: Vec::new(),
            warnings: Vec::new(),
            hints: Vec::new(),
            clock: None,
            stopped: false,
        };
        let json = serde_json::to_value(report).unwrap();
        let keys = |value: &serde_json::Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(keys(&json), ["stores", "total", "dry_run", "seconds"]);
        let counted = "scanned live expired idle no_expires invalid_expires unreadable stale_temp foreign \
                       deleted kept_by_race failed bytes refused from_index";
        let counted: Vec<_> = counted.split_whitespace().collect();
        assert_eq!(keys(&json["stores"][0]), [["store", "wikis"].as_slice(), &counted].concat());
        assert_eq!(keys(&json["total"]), counted);
    }

    #[test]
    fn sums_leave_no_field_out() {
        let mut one = Counts::default();
        State::ALL.into_iter().for_each(|state| one.count(state));
        let others =
            Counts { stale_temp: 1, foreign: 1, deleted: 1, kept_by_race: 1, failed: 1, bytes: 1, ..one };
        let mut sum = others;
        sum += others;
        let json = serde_json::to_value(sum).unwrap();
        for (key, value) in json.as_object().unwrap() {
            assert_eq!(*value, if key == "scanned" { 12 } else { 2 }, "{key}");
        }
    }
}
