//! The counts of `session prune`.

use std::ops::AddAssign;

use schemars::JsonSchema;
use serde::Serialize;

use crate::ops::report::{self, StoreResult};
use crate::ops::states::States;
use crate::store::State;

/// The counts of a store, or of all stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct Counts {
    /// Scanned sessions: the sum of the six states.
    pub scanned: u64,
    /// By state.
    #[serde(flatten)]
    pub states: States,
    /// Leftover temporary files older than `stale_temp`.
    pub stale_temp: u64,
    /// Files with names that are not MoinMoin's.
    pub foreign: u64,
    /// Removed entries; 0 in a dry run.
    pub deleted: u64,
    /// Entries that a dry run would remove; 0 in any other run.
    pub would_delete: u64,
    /// Entries that were kept because they changed during the run.
    pub kept_by_race: u64,
    /// Entries that could not be read or removed.
    pub failed: u64,
    /// Bytes in the removed entries, or in the entries to remove.
    pub bytes: u64,
}

impl Counts {
    /// Counts one session.
    pub(super) fn count(&mut self, state: State) {
        self.scanned += 1;
        self.states.count(state);
    }
}

impl report::Counts for Counts {
    fn fail(&mut self, more: u64) {
        self.failed += more;
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.scanned += other.scanned;
        self.states += other.states;
        self.stale_temp += other.stale_temp;
        self.foreign += other.foreign;
        self.deleted += other.deleted;
        self.would_delete += other.would_delete;
        self.kept_by_race += other.kept_by_race;
        self.failed += other.failed;
        self.bytes += other.bytes;
    }
}

/// The source of the counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct Source {
    /// Sessions counted from an index instead of being read.
    pub from_index: u64,
}

/// The sums over all stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct Total {
    /// The counts.
    #[serde(flatten)]
    pub counts: Counts,
    /// The number of stores with a refusal.
    pub refused: u64,
    /// Sessions counted from an index instead of being read.
    pub from_index: u64,
}

impl Total {
    pub(super) fn of(stores: &[StoreResult<Counts, Source>]) -> Self {
        let mut total = Total::default();
        for store in stores {
            total.counts += store.counts;
            total.refused += u64::from(store.refused.is_some());
            total.from_index += store.more.from_index;
        }
        total
    }
}

/// The report of a run.
pub type Report = report::Report<Counts, Source, Total>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn report_has_the_field_names_of_the_schema() {
        let counts = Counts::default();
        let more = Source::default();
        let store = StoreResult { store: String::new(), wikis: Vec::new(), counts, refused: None, more };
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
                       deleted would_delete kept_by_race failed bytes refused from_index";
        let counted: Vec<_> = counted.split_whitespace().collect();
        assert_eq!(keys(&json["stores"][0]), [["store", "wikis"].as_slice(), &counted].concat());
        assert_eq!(keys(&json["total"]), counted);
    }

    #[test]
    fn sums_include_every_field() {
        let mut one = Counts::default();
        State::all().for_each(|state| one.count(state));
        let others = Counts {
            stale_temp: 1,
            foreign: 1,
            deleted: 1,
            would_delete: 1,
            kept_by_race: 1,
            failed: 1,
            bytes: 1,
            ..one
        };
        let mut sum = others;
        sum += others;
        let json = serde_json::to_value(sum).unwrap();
        for (key, value) in json.as_object().unwrap() {
            assert_eq!(*value, if key == "scanned" { 12 } else { 2 }, "{key}");
        }
    }
}
