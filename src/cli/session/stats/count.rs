//! Counts the sessions of a store.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use crate::cli::shared::space::Space;
use crate::cli::shared::users::Users;
use crate::location::Layout;
use crate::moin::Behavior;
use crate::ops::prune::WithoutExpires;
use crate::ops::{States, free_space};
use crate::store::{self, Expires, Found, Session, State, StoreSpec, Usage, is_older, seconds};

/// A number of sessions and their size.
#[derive(Debug, Default, Clone, Copy, Serialize, JsonSchema)]
pub(super) struct Amount {
    /// The number of sessions.
    pub(super) sessions: u64,
    /// Their size in bytes.
    pub(super) bytes: u64,
    /// Bytes on disk; null in a database.
    pub(super) bytes_on_disk: Option<u64>,
}

/// The sessions in one state.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct InState {
    /// The state.
    pub(super) state: State,
    #[serde(flatten)]
    pub(super) amount: Amount,
}

/// The statistics of a store.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub(super) struct Stats {
    /// The location of the store.
    pub(super) store: String,
    /// The wikis that use the store.
    pub(super) wikis: Vec<String>,
    /// Inodes of the store; null if it is not on a disk of this machine.
    pub(super) inodes: Option<u64>,
    /// Sessions by state.
    pub(super) states: Vec<InState>,
    #[serde(skip)]
    pub(super) counted: States,
    /// Sessions with a logged-in user.
    pub(super) logged_in: u64,
    /// Sessions without a user.
    pub(super) anonymous: u64,
    /// Sessions with a logged-in user and without `expires`: new, or never used again.
    pub(super) one_request_logins: u64,
    /// Sessions in which a superuser acts as another user.
    pub(super) acting_as_others: u64,
    /// Sessions of one request; null if the MoinMoin versions of the store do not show this.
    pub(super) never_came_back: Option<u64>,
    /// Growth since the last prune that wrote an index; null if there is none.
    pub(super) growth: Option<Growth>,
    /// The file system of the store; null if it is not on a disk of this machine.
    pub(super) filesystem: Option<Space>,
    /// What keeps the wikis from saving sessions, or will soon.
    pub(super) problems: Vec<String>,
    /// The users with the most sessions.
    pub(super) users: Vec<TopUser>,
    /// Sessions by time since the last write.
    pub(super) age: Vec<Bin>,
    /// Sessions by expiry.
    pub(super) expiry: Vec<Bin>,
}

/// The growth of a store.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(super) struct Growth {
    /// The time of the last prune in unix seconds.
    pub(super) since: i64,
    /// The time of the last prune as RFC 3339.
    pub(super) since_at: Option<String>,
    /// The number of sessions after that prune.
    pub(super) sessions: u64,
    /// How many sessions were added since that prune; negative if there are fewer.
    pub(super) change: i64,
}

/// A user with many sessions.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct TopUser {
    /// The id.
    pub(super) id: String,
    /// The name; null if no user directory has this id.
    pub(super) name: Option<String>,
    /// The number of sessions.
    pub(super) sessions: u64,
}

/// One bin of a histogram.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(super) struct Bin {
    /// The lower bound in seconds; null if there is none.
    pub(super) from: Option<f64>,
    /// The upper bound in seconds, which is not in the bin; null if there is none.
    pub(super) to: Option<f64>,
    /// The bounds as text.
    pub(super) label: &'static str,
    /// The number of sessions.
    pub(super) sessions: u64,
}

const HOUR: f64 = 3600.0;
const DAY: f64 = 86_400.0;

/// A client that comes back does so within this time.
const CAME_BACK_BY: Duration = Duration::from_secs(3600);

/// The bins of the age histogram: upper bound and label.
const AGES: [(f64, &str); 7] = [
    (HOUR, "under 1 h"),
    (DAY, "1 h to 1 d"),
    (7.0 * DAY, "1 d to 7 d"),
    (30.0 * DAY, "7 d to 30 d"),
    (90.0 * DAY, "30 d to 90 d"),
    (400.0 * DAY, "90 d to 400 d"),
    (f64::INFINITY, "over 400 d"),
];

/// The bins of the expiry histogram: upper bound relative to now, and label.
const ENDS: [(f64, &str); 8] = [
    (-30.0 * DAY, "over 30 d ago"),
    (-DAY, "1 d to 30 d ago"),
    (0.0, "under 1 d ago"),
    (HOUR, "in under 1 h"),
    (DAY, "in 1 h to 1 d"),
    (30.0 * DAY, "in 1 d to 30 d"),
    (400.0 * DAY, "in 30 d to 400 d"),
    (f64::INFINITY, "in over 400 d"),
];

/// Counts the sessions of a store.
pub(super) struct Counter {
    stats: Stats,
    users: BTreeMap<String, u64>,
    expires_seen: bool,
    /// Sessions without `expires` that were not written for [`CAME_BACK_BY`].
    never_came_back: u64,
    /// Sessions and temporary files.
    pub(super) entries: u64,
    now: i64,
    idle: Option<Duration>,
}

impl Counter {
    pub(super) fn new(spec: &StoreSpec, now: i64, idle: Option<Duration>) -> Counter {
        let files = spec.location.directory().is_some();
        let none = Amount { bytes_on_disk: files.then_some(0), ..Amount::default() };
        let stats = Stats {
            store: spec.address(),
            wikis: spec.wikis.iter().map(|wiki| wiki.name.clone()).collect(),
            states: State::all().map(|state| InState { state, amount: none }).collect(),
            age: bins(&AGES),
            expiry: bins(&ENDS),
            ..Stats::default()
        };
        Counter {
            stats,
            users: BTreeMap::new(),
            expires_seen: false,
            never_came_back: 0,
            entries: 0,
            now,
            idle,
        }
    }

    pub(super) fn take(&mut self, found: &Found) {
        self.entries += u64::from(matches!(found, Found::Session(_) | Found::Temp(_)));
        if let Found::Session(session) = found {
            self.count(session);
        }
    }

    fn count(&mut self, session: &Session) {
        let stats = &mut self.stats;
        let state = session.state(self.now, self.idle);
        stats.counted.count(state);
        if let Some(InState { amount, .. }) = stats.states.iter_mut().find(|one| one.state == state) {
            amount.sessions += 1;
            amount.bytes += session.size;
            if let Some(on_disk) = &mut amount.bytes_on_disk {
                *on_disk += session.bytes_on_disk;
            }
        }
        let now = seconds(self.now);
        add(&mut stats.age, now - seconds(session.modified));
        let Ok(facts) = &session.facts else { return };
        self.expires_seen |= facts.expires != Expires::Absent;
        if let Expires::At(end) = facts.expires {
            add(&mut stats.expiry, end - now);
        }
        if facts.expires == Expires::Absent && is_older(session.modified, CAME_BACK_BY, self.now) {
            self.never_came_back += 1;
        }
        stats.acting_as_others += u64::from(facts.setuid.is_some());
        match &facts.user {
            None => stats.anonymous += 1,
            Some(user) => {
                stats.logged_in += 1;
                stats.one_request_logins += u64::from(facts.expires == Expires::Absent);
                *self.users.entry(user.id.clone()).or_default() += 1;
            }
        }
    }

    pub(super) fn finish(
        mut self,
        (position, spec): (usize, &StoreSpec),
        top: usize,
        users: &mut Users,
    ) -> Stats {
        // MoinMoin 1.9.0 never writes `expires`.
        let versions = spec.wikis.iter().map(|wiki| wiki.version);
        if WithoutExpires::of(spec.location.layout(), versions, self.expires_seen) == WithoutExpires::Usual {
            self.stats.one_request_logins = 0;
        }
        self.stats.never_came_back =
            shows_who_came_back(spec, self.expires_seen).then_some(self.never_came_back);
        self.stats.filesystem = free_space(spec).map(Space::from);
        self.stats.inodes = store::usage(spec, Usage { bytes: None, inodes: Some(self.entries) }).inodes;
        let mut counted: Vec<(String, u64)> = self.users.into_iter().collect();
        counted.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        counted.truncate(top);
        let named = counted.into_iter().map(|(id, sessions)| TopUser {
            name: users.name(position, &id),
            id,
            sessions,
        });
        self.stats.users = named.collect();
        self.stats
    }
}

/// Whether the wikis of a store write `expires` from the second request on. If no wiki is known, a store in the layout of
/// 1.9 with some `expires` counts: 1.9.0 never writes `expires`, and 1.9.1 always does.
fn shows_who_came_back(spec: &StoreSpec, expires_seen: bool) -> bool {
    if spec.wikis.is_empty() {
        return spec.location.layout() == Some(Layout::Moin19) && expires_seen;
    }
    spec.wikis.iter().all(|wiki| {
        let behavior = wiki.version.behavior();
        behavior >= Behavior::V1_9_2 && behavior < Behavior::V2
    })
}

/// Empty bins with these upper bounds.
fn bins(ends: &[(f64, &'static str)]) -> Vec<Bin> {
    let mut from = None;
    let bin = |(end, label): &(f64, &'static str)| {
        let to = Some(*end).filter(|end| end.is_finite());
        Bin { from: std::mem::replace(&mut from, to), to, label, sessions: 0 }
    };
    ends.iter().map(bin).collect()
}

/// Counts `value` in its bin.
fn add(bins: &mut [Bin], value: f64) {
    if let Some(bin) = bins.iter_mut().find(|bin| bin.to.is_none_or(|to| value < to)) {
        bin.sessions += 1;
    }
}
