//! The counts of `session revoke`.

use std::ops::AddAssign;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use crate::ops::report;
use crate::store::EntryName;

/// The counts of a store, or of all stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct Counts {
    /// Scanned sessions.
    pub scanned: u64,
    /// Matching sessions.
    pub matched: u64,
    /// Sessions that were ended; 0 in a dry run.
    pub revoked: u64,
    /// Sessions that a dry run would end; 0 in any other run.
    pub would_revoke: u64,
    /// Sessions that ended during the run.
    pub gone: u64,
    /// Sessions that a wiki saved again after their removal. Each was removed again.
    pub came_back: u64,
    /// How often these sessions were saved again, in total.
    pub returns: u64,
    /// Sessions that a wiki still saved at the end of the watch: their users are still logged in.
    pub still_there: u64,
    /// Kept sessions that were written after `issued_before`: the time of issue is unknown.
    pub undecided: u64,
    /// Kept unreadable sessions, which may match.
    pub unreadable: u64,
    /// Sessions that could not be read or removed.
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

/// A session that a wiki saved again after its removal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Returned {
    /// The session.
    pub id: EntryName,
    /// The id of the logged-in user; `None` for an anonymous session.
    pub user: Option<String>,
    /// How often it was saved again; 0 if it was written so often that it could never be removed.
    pub times: u64,
    /// When it was last seen, before the end of the watch.
    pub last_seen: Duration,
    /// Whether a wiki still saved it at the end of the watch.
    pub still_there: bool,
}

/// The sessions that returned to a store.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct Watch {
    /// The first sessions that returned; those that still exist come first.
    #[serde(skip)]
    pub returned: Vec<Returned>,
}

/// The report of a run.
pub type Report = report::Report<Counts, Watch, Counts>;
