//! What `session revoke` counts.

use std::ops::AddAssign;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use crate::ops::report;
use crate::store::EntryName;

/// What was counted in a store, or in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct Counts {
    /// Sessions looked at.
    pub scanned: u64,
    /// Sessions that are meant.
    pub matched: u64,
    /// Sessions that were ended; 0 in a dry run.
    pub revoked: u64,
    /// Sessions that a dry run would end; 0 in any other run.
    pub would_revoke: u64,
    /// Ended by themselves, or by their users, meanwhile.
    pub gone: u64,
    /// Sessions that a wiki wrote again after they were removed. Each was removed again.
    pub came_back: u64,
    /// How often these sessions came back, all together.
    pub returns: u64,
    /// Sessions that a wiki still wrote at the end of the watch: their users are still logged in.
    pub still_there: u64,
    /// Written since `issued_before`, so that nobody can tell when they were issued: kept.
    pub undecided: u64,
    /// Unreadable, so that they could be meant: kept.
    pub unreadable: u64,
    /// What could not be looked at or removed, each with a [`Problem`](crate::ops::Problem).
    pub failed: u64,
}

impl report::Counts for Counts {
    fn fail(&mut self, more: u64) {
        self.failed += more;
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.scanned += other.scanned;
        self.matched += other.matched;
        self.revoked += other.revoked;
        self.would_revoke += other.would_revoke;
        self.gone += other.gone;
        self.came_back += other.came_back;
        self.returns += other.returns;
        self.still_there += other.still_there;
        self.undecided += other.undecided;
        self.unreadable += other.unreadable;
        self.failed += other.failed;
    }
}

/// A session that came back after it was removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Returned {
    /// The session.
    pub id: EntryName,
    /// The id of the user who is logged in; `None` for an anonymous session.
    pub user: Option<String>,
    /// How often it came back; 0 if it was written so often that it could never be removed.
    pub times: u64,
    /// When it was last seen: so long before the end of the watch.
    pub last_seen: Duration,
    /// A wiki still wrote it at the end of the watch.
    pub still_there: bool,
}

/// What came back to a store.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct Watch {
    /// Sessions that came back, first those that are still there; of many, only the first.
    #[serde(skip)]
    pub returned: Vec<Returned>,
}

/// What a run did, or would do.
pub type Report = report::Report<Counts, Watch, Counts>;
