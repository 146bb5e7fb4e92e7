//! `wikifarm session stats`: statistics of the stores.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use crate::cli::shared::index;
use crate::cli::shared::look::look_at_all;
use crate::cli::shared::space::Space;
use crate::cli::shared::stores::StoreArgs;
use crate::cli::shared::summary::{self, MetricsArgs, RunSummary, StoreLabels};
use crate::cli::shared::users::Users;
use crate::cli::shared::{Context, Exit, Format, Outcome};
use crate::location::Layout;
use crate::moin::Behavior;
use crate::ops::prune::WithoutExpires;
use crate::ops::{States, free_space};
use crate::report::measure::{bar, bytes, relative, rfc3339};
use crate::report::text::{only_ascii, wrap};
use crate::report::{escape, table};
use crate::store::index::Index;
use crate::store::{self, Expires, Found, Session, State, StoreSpec, Usage, is_older, seconds};

/// Count sessions by state, user, and age, with bytes and inodes
///
/// "Never came back" counts sessions of one request: the client did not return the cookie, like most bots. MoinMoin 1.9.2
/// and later write `expires` from the second request on, so these sessions have no `expires`, and were not written for an
/// hour. Earlier versions do not show the difference: the count is null in JSON, and there is no metric.
///
/// Growth counts the sessions added since the last `session prune` that wrote an index.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit status: 0 done, 3 some stores or sessions could not be read.\n\nExample: wikifarm session stats --store-of wiki1"
)]
pub(in crate::cli) struct Options {
    #[command(flatten)]
    stores: StoreArgs,
    /// Show the N users with the most sessions
    #[arg(long, value_name = "N", default_value_t = 10)]
    top: usize,
    #[command(flatten)]
    metrics: MetricsArgs,
}

/// A number of sessions and their size.
#[derive(Debug, Default, Clone, Copy, Serialize, JsonSchema)]
struct Amount {
    /// The number of sessions.
    sessions: u64,
    /// Their size in bytes.
    bytes: u64,
    /// Bytes on disk; null in a database.
    bytes_on_disk: Option<u64>,
}

/// Statistics of stores.
#[derive(Serialize, JsonSchema)]
pub(super) struct Document {
    /// The stores.
    stores: Vec<Stats>,
}

/// The sessions in one state.
#[derive(Debug, Serialize, JsonSchema)]
struct InState {
    /// The state.
    state: State,
    #[serde(flatten)]
    amount: Amount,
}

/// The statistics of a store.
#[derive(Debug, Default, Serialize, JsonSchema)]
struct Stats {
    /// The address of the store.
    store: String,
    /// The wikis that use the store.
    wikis: Vec<String>,
    /// Inodes of the store; null if it is not on a disk of this machine.
    inodes: Option<u64>,
    /// Sessions by state.
    states: Vec<InState>,
    #[serde(skip)]
    counted: States,
    /// Sessions with a logged-in user.
    logged_in: u64,
    /// Sessions without a user.
    anonymous: u64,
    /// Sessions with a logged-in user and without `expires`: new, or never used again.
    one_request_logins: u64,
    /// Sessions in which a superuser acts as another user.
    acting_as_others: u64,
    /// Sessions of one request; null if the MoinMoin versions of the store do not show this.
    never_came_back: Option<u64>,
    /// Growth since the last prune that wrote an index; null if there is none.
    growth: Option<Growth>,
    /// The file system of the store; null if it is not on a disk of this machine.
    filesystem: Option<Space>,
    /// The users with the most sessions.
    users: Vec<TopUser>,
    /// Sessions by time since the last write.
    age: Vec<Bin>,
    /// Sessions by expiry.
    expiry: Vec<Bin>,
}

/// The growth of a store.
#[derive(Debug, Clone, Serialize, JsonSchema)]
struct Growth {
    /// The time of the last prune in unix seconds.
    since: i64,
    /// The time of the last prune as RFC 3339.
    since_at: Option<String>,
    /// The number of sessions after that prune.
    sessions: u64,
    /// How many sessions were added since that prune; negative if there are fewer.
    change: i64,
}

/// A user with many sessions.
#[derive(Debug, Serialize, JsonSchema)]
struct TopUser {
    /// The id.
    id: String,
    /// The name; null if no user directory has this id.
    name: Option<String>,
    /// The number of sessions.
    sessions: u64,
}

/// One bin of a histogram.
#[derive(Debug, Clone, Serialize, JsonSchema)]
struct Bin {
    /// The lower bound in seconds; null if there is none.
    from: Option<f64>,
    /// The upper bound in seconds, which is not in the bin; null if there is none.
    to: Option<f64>,
    /// The bounds as text.
    label: &'static str,
    /// The number of sessions.
    sessions: u64,
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
struct Counter {
    stats: Stats,
    users: BTreeMap<String, u64>,
    expires_seen: bool,
    /// Sessions without `expires` that were not written for [`CAME_BACK_BY`].
    never_came_back: u64,
    /// Sessions and temporary files.
    entries: u64,
    now: i64,
    idle: Option<Duration>,
}

impl Counter {
    fn new(spec: &StoreSpec, now: i64, idle: Option<Duration>) -> Counter {
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

    fn take(&mut self, found: &Found) {
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

    fn finish(mut self, (position, spec): (usize, &StoreSpec), top: usize, users: &mut Users) -> Stats {
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

/// The growth since the last prune, if it wrote an index.
fn growth(spec: &StoreSpec, place: Option<&Path>, sessions: u64) -> Option<Growth> {
    let stamp = store::open(spec.clone()).ok()?.stamp()?;
    let index = Index::open(place?, spec.location.layout()?, stamp);
    let (totals, since) = index.last()?;
    let before = totals.sessions();
    let change = i64::try_from(sessions).ok()?.checked_sub_unsigned(before)?;
    Some(Growth { since, since_at: rfc3339(seconds(since)), sessions: before, change })
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

pub(super) fn run(options: &Options, context: &mut Context<'_>) -> Outcome {
    let metrics = options.metrics.metrics.as_deref();
    summary::record("stats", metrics, None, context, |context, summary| stats(options, context, summary))
}

fn stats(options: &Options, context: &mut Context<'_>, summary: &mut RunSummary) -> Outcome {
    let stores = options.stores.find(context, false)?;
    let mut exit = stores.exit;
    let idle = stores.farm.as_ref().and_then(|farm| farm.prune.idle);
    let mut users = Users::of(&stores.specs);
    #[expect(clippy::cast_possible_truncation, reason = "times are bounded where they are read")]
    let now = context.now() as i64;
    let place = index::place(stores.farm.as_ref());
    let mut all = Vec::new();
    for (position, spec) in stores.specs.iter().enumerate() {
        let mut counter = Counter::new(spec, now, idle);
        let looked = look_at_all(spec, context, |found| counter.take(&found))?;
        exit = exit.and(looked);
        // A store that could not be read is not an empty store. The error was reported.
        if looked != Exit::Success && counter.entries == 0 {
            continue;
        }
        let mut stats = counter.finish((position, spec), options.top, &mut users);
        stats.growth = growth(spec, place.as_deref(), stats.counted.sum());
        record(&stats, spec, summary);
        all.push(stats);
    }
    if context.format == Format::Json {
        context.document(&Document { stores: all });
        return Ok(exit);
    }
    for (position, stats) in all.iter().enumerate() {
        if position > 0 {
            writeln!(context.out);
        }
        human(stats, context);
    }
    Ok(if all.is_empty() { exit.and(Exit::Success) } else { exit })
}

/// For metrics.
fn record(stats: &Stats, spec: &StoreSpec, summary: &mut RunSummary) {
    let of = &StoreLabels::of(spec);
    summary.sessions(of, &stats.counted);
    summary.removed(of, 0, 0);
    if let Some(sessions) = stats.never_came_back {
        summary.metric(of, summary::NEVER_CAME_BACK, &[], sessions);
    }
    summary.inodes(of, spec);
}

/// Inodes, bots, and growth, if known.
fn lines(stats: &Stats, sessions: u64, now: f64) -> String {
    let mut text = String::new();
    match stats.never_came_back {
        Some(never) => {
            let share = (never * 100).checked_div(sessions).unwrap_or(0);
            text += &format!("  never came back {never} ({share} %)\n");
        }
        None if sessions > 0 && !stats.wikis.is_empty() => {
            text += "  never came back: unknown (requires MoinMoin 1.9.2 or later)\n";
        }
        None => {}
    }
    if let Some(growth) = &stats.growth {
        let change = match growth.change {
            0 => "no more and no fewer sessions".to_owned(),
            more if more > 0 => format!("{more} more sessions"),
            fewer => format!("{} fewer sessions", fewer.unsigned_abs()),
        };
        text += &format!("  {change} than after the last prune ({})\n", relative(seconds(growth.since), now));
    }
    // JSON and `store list` show the free inodes.
    if let (Some(inodes), Some(Space { inodes: Some(all), .. })) = (stats.inodes, stats.filesystem) {
        text += &format!("  the store uses {inodes} of the {all} inodes of its file system\n");
    }
    text
}

fn human(stats: &Stats, context: &mut Context<'_>) {
    let now = context.now();
    let out = &mut *context.out;
    let wikis = if stats.wikis.is_empty() { String::new() } else { format!(" ({})", stats.wikis.join(", ")) };
    writeln!(out, "{}{}", escape(&stats.store), escape(&wikis));
    let mut total = Amount { bytes_on_disk: Some(0), ..Amount::default() };
    let mut rows = Vec::new();
    for InState { state, amount } in &stats.states {
        total.sessions += amount.sessions;
        total.bytes += amount.bytes;
        total.bytes_on_disk =
            total.bytes_on_disk.zip(amount.bytes_on_disk).map(|(sum, on_disk)| sum + on_disk);
        if amount.sessions > 0 {
            rows.push(row(state.name(), amount));
        }
    }
    rows.push(row("all", &total));
    write!(out, "{}", table::list(&["  STATE", "SESSIONS", "BYTES", "ON DISK"], rows, context.width));
    let logins = format!(
        "logged in {}, anonymous {}, one-request logins {}, superusers acting as others {}",
        stats.logged_in, stats.anonymous, stats.one_request_logins, stats.acting_as_others
    );
    write!(out, "{}", wrap("  ", &logins, context.width));
    write!(out, "{}", lines(stats, total.sessions, now));
    if !stats.users.is_empty() {
        writeln!(out, "\n  users with the most sessions");
        let rows = stats.users.iter().map(|user| {
            let name = user.name.clone().unwrap_or_else(|| format!("id:{}", user.id));
            [format!("    {name}"), user.sessions.to_string()]
        });
        write!(out, "{}", table::plain(rows));
    }
    let ascii = only_ascii();
    for (title, bins) in [("last written", &stats.age), ("expires", &stats.expiry)] {
        let most = bins.iter().map(|bin| bin.sessions).max().unwrap_or(0);
        if most == 0 {
            continue;
        }
        writeln!(out, "\n  {title}");
        let width = most.to_string().len();
        for bin in bins {
            let line = format!(
                "    {:<17} {:>width$} {}",
                bin.label,
                bin.sessions,
                bar(bin.sessions, most, 40, ascii)
            );
            writeln!(out, "{}", line.trim_end());
        }
    }
}

fn row(label: &str, amount: &Amount) -> Vec<String> {
    let on_disk = amount.bytes_on_disk.map_or("-".to_owned(), bytes);
    vec![format!("  {label}"), amount.sessions.to_string(), bytes(amount.bytes), on_disk]
}
