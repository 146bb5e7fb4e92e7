//! `wikifarm session stats`: what the stores hold, counted.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use clap::Args;
use serde::Serialize;

use crate::cli::shared::index;
use crate::cli::shared::look::look_at_all;
use crate::cli::shared::space::Space;
use crate::cli::shared::stores::StoreArgs;
use crate::cli::shared::summary::{self, MetricsArgs, Told};
use crate::cli::shared::users::Users;
use crate::cli::shared::{Context, Exit, Format, Outcome};
use crate::location::Layout;
use crate::moin::Behaviour;
use crate::ops::prune::WithoutExpires;
use crate::ops::{States, free_space};
use crate::report::measure::{bar, bytes, relative, rfc3339};
use crate::report::{escape, table};
use crate::store::index::Index;
use crate::store::{self, Expires, Found, Session, State, StoreSpec, Usage, is_older, seconds};

/// Count sessions by state, user and age, with the bytes and inodes they take
///
/// 'Never came back' are sessions of one request: the client did not send the cookie again, as most bots do not. MoinMoin
/// 1.9.2 and later write `expires` only from the second request on, so these are the sessions without it that were not
/// written for an hour. Up to 1.9.1 it is written with the first answer, in 1.9.0 never, so there nothing tells them from
/// others: null in JSON, and no metric. Growth is counted since the last `session prune` that
/// kept an index, and from what that run meant to stay.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit status: 0 done, 3 something could not be looked at.\n\nExample: wikifarm session stats --store-of wiki1"
)]
pub(in crate::cli) struct Options {
    #[command(flatten)]
    stores: StoreArgs,
    /// How many users to name
    #[arg(long, value_name = "N", default_value_t = 10)]
    top: usize,
    #[command(flatten)]
    metrics: MetricsArgs,
}

/// How many, and how much room they take.
#[derive(Debug, Default, Clone, Copy, Serialize)]
struct Amount {
    sessions: u64,
    bytes: u64,
    /// null in a database, where sessions have no files of their own.
    bytes_on_disk: Option<u64>,
}

/// What one store holds.
#[derive(Debug, Default, Serialize)]
struct Stats {
    store: String,
    wikis: Vec<String>,
    /// null where the store is on no disk of this machine.
    inodes: Option<u64>,
    states: BTreeMap<&'static str, Amount>,
    #[serde(skip)]
    counted: States,
    logged_in: u64,
    anonymous: u64,
    /// Logged in, but without `expires`: logins of one request, seconds old or never used again.
    one_request_logins: u64,
    acting_as_others: u64,
    /// Of one request; null where the versions that write here do not tell.
    never_came_back: Option<u64>,
    /// Since the last run of prune that kept an index; null where there is none.
    growth: Option<Growth>,
    /// The file system it lies on; null where it is on no disk of this machine.
    filesystem: Option<Space>,
    users: Vec<TopUser>,
    age: Vec<Bin>,
    expiry: Vec<Bin>,
}

/// What became of the number of sessions.
#[derive(Debug, Clone, Serialize)]
struct Growth {
    #[serde(skip)]
    since: i64,
    since_at: Option<String>,
    /// How many there were, without what was removed then.
    sessions: u64,
    /// How many more there are now; negative where there are fewer.
    change: i64,
}

#[derive(Debug, Serialize)]
struct TopUser {
    id: String,
    name: Option<String>,
    sessions: u64,
}

/// One bar of a histogram.
#[derive(Debug, Clone, Serialize)]
struct Bin {
    label: &'static str,
    sessions: u64,
}

const HOUR: f64 = 3600.0;
const DAY: f64 = 86_400.0;

/// Whoever comes back does so within this.
const CAME_BACK_BY: Duration = Duration::from_secs(3600);

/// The bars of the age histogram: the upper end of each.
const AGES: [(f64, &str); 7] = [
    (HOUR, "under 1 h"),
    (DAY, "1 h to 1 d"),
    (7.0 * DAY, "1 d to 7 d"),
    (30.0 * DAY, "7 d to 30 d"),
    (90.0 * DAY, "30 d to 90 d"),
    (400.0 * DAY, "90 d to 400 d"),
    (f64::INFINITY, "over 400 d"),
];

/// The bars of the expiry histogram: the upper end of each, counted from now.
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

/// Counts one store.
struct Counter {
    stats: Stats,
    users: BTreeMap<String, u64>,
    expires_seen: bool,
    /// Without `expires`, and not written for [`CAME_BACK_BY`].
    never_came_back: u64,
    /// Sessions and half-written ones.
    entries: u64,
    now: i64,
    idle: Option<Duration>,
}

impl Counter {
    fn new(spec: &StoreSpec, now: i64, idle: Option<Duration>) -> Counter {
        let bins = |ends: &[(f64, &'static str)]| {
            ends.iter().map(|(_, label)| Bin { label, sessions: 0 }).collect::<Vec<_>>()
        };
        let files = spec.location.directory().is_some();
        let none = Amount { bytes_on_disk: files.then_some(0), ..Amount::default() };
        let stats = Stats {
            store: spec.address(),
            wikis: spec.wikis.iter().map(|wiki| wiki.name.clone()).collect(),
            states: State::all().map(|state| (state.name(), none)).collect(),
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
        let amount = stats.states.entry(state.name()).or_default();
        amount.sessions += 1;
        amount.bytes += session.size;
        if let Some(on_disk) = &mut amount.bytes_on_disk {
            *on_disk += session.bytes_on_disk;
        }
        let now = seconds(self.now);
        add(&mut stats.age, &AGES, now - seconds(session.modified));
        let Ok(facts) = &session.facts else { return };
        self.expires_seen |= facts.expires != Expires::Absent;
        if let Expires::At(end) = facts.expires {
            add(&mut stats.expiry, &ENDS, end - now);
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
        // 1.9.0 never writes `expires`: there its absence says nothing.
        let versions = spec.wikis.iter().map(|wiki| wiki.version);
        if WithoutExpires::of(spec.location.layout(), versions, self.expires_seen) == WithoutExpires::Usual {
            self.stats.one_request_logins = 0;
        }
        self.stats.never_came_back =
            tells_who_came_back(spec, self.expires_seen).then_some(self.never_came_back);
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

/// Whether the wikis of a store write `expires` from a session's second request on. Where no wiki is known, names of 1.9
/// with an `expires` among them are taken for that: 1.9.0 never writes one, and in 1.9.1 none is without.
fn tells_who_came_back(spec: &StoreSpec, expires_seen: bool) -> bool {
    if spec.wikis.is_empty() {
        return spec.location.layout() == Some(Layout::Moin19) && expires_seen;
    }
    spec.wikis.iter().all(|wiki| {
        let behaviour = wiki.version.behaviour();
        behaviour >= Behaviour::V1_9_2 && behaviour < Behaviour::V2
    })
}

/// What the last run of prune counted, if it kept an index, and how many sessions there are more now.
fn growth(spec: &StoreSpec, place: Option<&Path>, sessions: u64) -> Option<Growth> {
    let stamp = store::open(spec.clone()).ok()?.stamp()?;
    let index = Index::open(place?, spec.location.layout()?, stamp);
    let (totals, since) = index.last()?;
    let before = totals.sessions();
    let change = i64::try_from(sessions).ok()?.checked_sub_unsigned(before)?;
    Some(Growth { since, since_at: rfc3339(seconds(since)), sessions: before, change })
}

/// Counts `value` into the first bar whose end it is below.
fn add(bins: &mut [Bin], ends: &[(f64, &'static str)], value: f64) {
    let at = ends.iter().position(|(end, _)| value < *end).unwrap_or(ends.len().saturating_sub(1));
    if let Some(bin) = bins.get_mut(at) {
        bin.sessions += 1;
    }
}

pub(super) fn run(options: &Options, context: &mut Context<'_>) -> Outcome {
    let metrics = options.metrics.metrics.as_deref();
    summary::tell("stats", metrics, None, context, |context, told| stats(options, context, told))
}

fn stats(options: &Options, context: &mut Context<'_>, told: &mut Told) -> Outcome {
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
        // That nothing is there, and that nothing could be looked at, is not the same. The latter was said.
        if looked != Exit::Success && counter.entries == 0 {
            continue;
        }
        let mut stats = counter.finish((position, spec), options.top, &mut users);
        stats.growth = growth(spec, place.as_deref(), stats.counted.sum());
        tell(&stats, spec, told);
        all.push(stats);
    }
    if context.format == Format::Json {
        context.json(&all);
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
fn tell(stats: &Stats, spec: &StoreSpec, told: &mut Told) {
    let of = (stats.store.as_str(), stats.wikis.as_slice());
    told.saw(of, &stats.counted);
    told.removed(of, 0, 0);
    if let Some(sessions) = stats.never_came_back {
        told.of_store(of, summary::NEVER_CAME_BACK, &[], sessions);
    }
    told.inodes(spec);
}

/// Inodes, bots and growth, as far as they are known.
fn lines(stats: &Stats, sessions: u64, now: f64) -> String {
    let mut text = String::new();
    match stats.never_came_back {
        Some(never) => {
            let share = (never * 100).checked_div(sessions).unwrap_or(0);
            text += &format!("  never came back {never} ({share} %)\n");
        }
        None if sessions > 0 && !stats.wikis.is_empty() => {
            text += "  never came back: only MoinMoin 1.9.2 and later tell\n";
        }
        None => {}
    }
    if let Some(growth) = &stats.growth {
        let change = match growth.change {
            0 => "as many as".to_owned(),
            more if more > 0 => format!("{more} more than"),
            fewer => format!("{} fewer than", fewer.unsigned_abs()),
        };
        text +=
            &format!("  {change} {}, when prune last kept an index\n", relative(seconds(growth.since), now));
    }
    // How many are free changes all the time: JSON and `store list` tell.
    if let (Some(inodes), Some(Space { inodes: Some(all), .. })) = (stats.inodes, stats.filesystem) {
        text += &format!("  inodes {inodes}, of {all} that the file system has\n");
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
    for (state, amount) in
        State::all().filter_map(|state| Some((state.name(), stats.states.get(state.name())?)))
    {
        total.sessions += amount.sessions;
        total.bytes += amount.bytes;
        total.bytes_on_disk =
            total.bytes_on_disk.zip(amount.bytes_on_disk).map(|(sum, on_disk)| sum + on_disk);
        if amount.sessions > 0 {
            rows.push(row(state, amount));
        }
    }
    rows.push(row("all", &total));
    write!(out, "{}", table::list(&["  STATE", "SESSIONS", "BYTES", "ON DISK"], rows, context.width));
    writeln!(
        out,
        "  logged in {}, anonymous {}, one-request logins {}, superusers acting as others {}",
        stats.logged_in, stats.anonymous, stats.one_request_logins, stats.acting_as_others
    );
    write!(out, "{}", lines(stats, total.sessions, now));
    if !stats.users.is_empty() {
        writeln!(out, "\n  users with most sessions");
        let rows = stats.users.iter().map(|user| {
            let name = user.name.clone().unwrap_or_else(|| format!("id:{}", user.id));
            [format!("    {name}"), user.sessions.to_string()]
        });
        write!(out, "{}", table::plain(rows));
    }
    for (title, bins) in [("last written", &stats.age), ("ends", &stats.expiry)] {
        let most = bins.iter().map(|bin| bin.sessions).max().unwrap_or(0);
        if most == 0 {
            continue;
        }
        writeln!(out, "\n  {title}");
        let width = most.to_string().len();
        for bin in bins {
            let line =
                format!("    {:<17} {:>width$} {}", bin.label, bin.sessions, bar(bin.sessions, most, 40));
            writeln!(out, "{}", line.trim_end());
        }
    }
}

fn row(label: &str, amount: &Amount) -> Vec<String> {
    let on_disk = amount.bytes_on_disk.map_or("-".to_owned(), bytes);
    vec![format!("  {label}"), amount.sessions.to_string(), bytes(amount.bytes), on_disk]
}
