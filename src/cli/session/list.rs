//! `wikifarm session list`: lists the sessions in the stores.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::time::Duration;

use clap::{Args, ValueEnum};
use schemars::JsonSchema;
use serde::Serialize;

use crate::cli::parse::whole;
use crate::cli::session::json::{SessionJson, cut};
use crate::cli::shared::look::{open, states, stream};
use crate::cli::shared::stores::{StoreArgs, WHOIS_2, of_moin_2};
use crate::cli::shared::users::Users;
use crate::cli::shared::{Context, Failure, Format, Outcome};
use crate::farm::Farm;
use crate::report::json;
use crate::store::{self, Heads, Session, State, StoreSpec, is_older, seconds};
use crate::text::measure::{bytes, relative, sessions};

/// List sessions with their users, expiry, and last write
///
/// Sorts up to 50,000 sessions, and any number with --limit. Longer lists are in the order of the scan, and reject --sort and
/// --reverse.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit status: 0 done, also without sessions, 3 some stores or sessions could not be read.\n\n\
                        Example: wikifarm session list --state live --user AdminAda --limit 20"
)]
pub(in crate::cli) struct Options {
    #[command(flatten)]
    stores: StoreArgs,
    /// List only sessions that belong to or act as this user (NAME or id:ID)
    #[arg(long)]
    user: Option<String>,
    /// List only sessions in this state (repeatable)
    #[arg(long, value_name = "STATE", value_parser = states())]
    state: Vec<State>,
    /// List only sessions last written longer ago than this
    #[arg(long, value_name = "DURATION", value_parser = crate::farm::parse_duration)]
    older_than: Option<Duration>,
    /// List at most N sessions
    #[arg(long, value_name = "N", value_parser = whole::<usize>)]
    limit: Option<usize>,
    /// Sort by this key [default: modified]
    #[arg(long, value_enum, value_name = "KEY")]
    sort: Option<Sort>,
    /// Reverse the order
    #[arg(long)]
    reverse: bool,
    /// Show whole session ids, which are secrets
    #[arg(long)]
    reveal: bool,
}

/// The sessions in the stores.
#[derive(Serialize, JsonSchema)]
pub(super) struct Document<'a> {
    /// The sessions in the order of `--sort`.
    sessions: &'a [SessionJson],
}

/// `--sort`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Sort {
    /// Last write, newest first
    Modified,
    /// Expiry, earliest first; sessions without an expiry last
    Expires,
    /// Size, largest first
    Size,
    /// Name of the user
    User,
    /// Session id
    Id,
}

/// How many sessions are sorted without `--limit`.
const MOST_SORTED: usize = 50_000;

/// How many unsorted sessions are printed at a time.
const BATCH: usize = 1000;

/// One session of one store.
struct Row {
    store: usize,
    session: Session,
    state: State,
    /// The name of the user, if it is the sort key.
    user: Option<String>,
}

pub(super) fn run(options: &Options, context: &mut Context<'_>) -> Outcome {
    let stores = options.stores.find(context, false)?;
    let mut exit = stores.exit;
    if let Some(farm) = stores.farm.as_ref().filter(|_| options.stores.is_whole_farm()) {
        moin_2(farm, context);
    }
    let users = Users::of(&stores.specs);
    let wanted = options.user.as_ref().map(|user| users.ids(user, context)).transpose()?;
    #[expect(clippy::cast_possible_truncation, reason = "times are bounded where they are read")]
    let now = context.now() as i64;
    let mut list = List {
        options,
        specs: &stores.specs,
        idle: stores.farm.as_ref().and_then(|farm| farm.prune.idle),
        wanted,
        now,
        users,
        heads: Vec::new(),
        rows: Vec::new(),
        all: 0,
        shown: 0,
        sorted: true,
    };
    for (position, spec) in stores.specs.iter().enumerate() {
        let opened = open(spec, context);
        // Whole ids need no prefixes. The scan reports a store that can't be listed.
        let named = opened.as_ref().ok().filter(|_| !options.reveal);
        let heads = named.and_then(|store| Heads::of(|sink| store.names(sink)).ok());
        list.heads.push(heads.unwrap_or_default());
        // A progress bar would mix with the list.
        let quiet = context.terminal && options.limit.is_none();
        exit = exit.and(match opened {
            Err(unopened) => unopened,
            Ok(store) => stream(spec, store.as_ref(), quiet, context, |batch, context| {
                batch.into_iter().try_for_each(|session| list.take(position, session, context))
            })?,
        });
    }
    list.finish(context);
    Ok(exit)
}

/// Prints where the sessions of MoinMoin 2 are.
fn moin_2(farm: &Farm, context: &mut Context<'_>) {
    let wikis: Vec<&str> = of_moin_2(farm).map(|wiki| wiki.name.as_str()).collect();
    // `-v` gives the reason for each wiki.
    if !wikis.is_empty() && context.verbosity == 0 {
        let wikis = wikis.join(", ");
        context.note(&format!(
            "{wikis}: MoinMoin 2 keeps each session in a signed cookie in the user's browser: {WHOIS_2}"
        ));
    }
}

/// A list in progress.
struct List<'a> {
    options: &'a Options,
    specs: &'a [StoreSpec],
    idle: Option<Duration>,
    /// The ids of `--user`.
    wanted: Option<BTreeSet<String>>,
    now: i64,
    users: Users,
    /// The prefixes of each store.
    heads: Vec<Heads>,
    /// Rows that are not printed yet.
    rows: Vec<Row>,
    all: usize,
    shown: usize,
    /// Whether the list is sorted.
    sorted: bool,
}

impl List<'_> {
    fn take(&mut self, store: usize, session: Session, context: &mut Context<'_>) -> Result<(), Failure> {
        let state = session.state(self.now, self.idle);
        if !self.is_wanted(&session, state) {
            return Ok(());
        }
        let user = session.facts.as_ref().ok().and_then(|facts| facts.user.as_ref());
        let user = user.filter(|_| self.options.sort == Some(Sort::User));
        let user = user.map(|user| self.users.name(store, &user.id).unwrap_or_else(|| user.id.clone()));
        self.all += 1;
        self.rows.push(Row { store, session, state, user });
        match self.options.limit {
            Some(most) if self.rows.len() >= most.saturating_mul(2).max(BATCH) => self.cut(),
            Some(_) => {}
            None if self.sorted && self.rows.len() > MOST_SORTED => self.give_up_order(context)?,
            None if !self.sorted && self.rows.len() >= BATCH => self.show(context),
            None => {}
        }
        Ok(())
    }

    fn is_wanted(&self, session: &Session, state: State) -> bool {
        let options = self.options;
        let facts = session.facts.as_ref().ok();
        let theirs = |id: &String| {
            facts.is_some_and(|facts| {
                facts.user.as_ref().is_some_and(|user| user.id == *id) || facts.setuid.as_ref() == Some(id)
            })
        };
        (options.state.is_empty() || options.state.contains(&state))
            && options.older_than.is_none_or(|age| is_older(session.modified, age, self.now))
            && self.wanted.as_ref().is_none_or(|ids| ids.iter().any(theirs))
    }

    /// Sorts the rows, and keeps the first.
    fn cut(&mut self) {
        let Options { sort, reverse, limit, .. } = self.options;
        let sort = sort.unwrap_or(Sort::Modified);
        self.rows.sort_by(|a, b| if *reverse { order(sort, b, a) } else { order(sort, a, b) });
        self.rows.truncate(limit.unwrap_or(usize::MAX));
    }

    /// Stops sorting: there are too many sessions.
    fn give_up_order(&mut self, context: &mut Context<'_>) -> Result<(), Failure> {
        if self.options.sort.is_some() || self.options.reverse {
            let why = format!("more than {MOST_SORTED} sessions: too many to sort");
            return Err(Failure::usage(why).help("use --limit, or omit --sort and --reverse"));
        }
        self.sorted = false;
        self.show(context);
        Ok(())
    }

    /// Prints the rows.
    fn show(&mut self, context: &mut Context<'_>) {
        let rows = std::mem::take(&mut self.rows);
        // Limits the memory of a table or document.
        let most = if self.sorted { rows.len() } else { BATCH };
        match rows.is_empty() {
            true => self.write(&rows, context),
            false => rows.chunks(most).for_each(|rows| self.write(rows, context)),
        }
    }

    fn write(&mut self, rows: &[Row], context: &mut Context<'_>) {
        let first = self.shown == 0;
        self.shown += rows.len();
        let (specs, heads, users) = (self.specs, &self.heads, &mut self.users);
        let output = rows.iter().filter_map(|row| {
            let (spec, heads) = (specs.get(row.store)?, heads.get(row.store)?);
            let id = &row.session.id;
            let id = cut(id, (!self.options.reveal).then(|| heads.length(id)));
            Some((row, SessionJson::new(&row.session, (row.store, spec), row.state, id, users)))
        });
        match context.format {
            Format::Json => {
                let sessions: Vec<SessionJson> = output.map(|(_, json)| json).collect();
                json_part(&sessions, first, context)
            }
            Format::Ndjson => output.for_each(|(_, json)| context.json_line(&json)),
            Format::Csv => csv(output.map(|(_, json)| json), first, context),
            _ => {
                let many = specs.len() > 1;
                let lines: Vec<Vec<String>> =
                    output.map(|(row, json)| line(row, &json, self.now, many)).collect();
                human(lines, many, context)
            }
        }
    }

    fn finish(mut self, context: &mut Context<'_>) {
        if self.sorted {
            self.cut();
        }
        self.show(context);
        match context.format {
            Format::Json => {
                writeln!(context.out, "{}]{}", if self.shown > 0 { "\n  " } else { "" }, around().1)
            }
            Format::Human if context.verbosity >= 0 => {
                let (all, shown) = (self.all, self.shown);
                let cut = if shown < all { format!(", {shown} shown") } else { String::new() };
                writeln!(context.out, "{}{cut}", sessions(all as u64));
            }
            _ => {}
        }
        if !self.sorted {
            context.note(&format!("more than {MOST_SORTED} sessions: not sorted; use --limit N to sort"));
        }
    }
}

fn order(sort: Sort, a: &Row, b: &Row) -> Ordering {
    let end = |row: &Row| match row.session.facts.as_ref().map(|facts| facts.expires) {
        Ok(store::Expires::At(end)) => end,
        _ => f64::INFINITY,
    };
    let first = match sort {
        Sort::User => a.user.cmp(&b.user).then(b.session.modified.cmp(&a.session.modified)),
        Sort::Modified => b.session.modified.cmp(&a.session.modified),
        Sort::Expires => end(a).total_cmp(&end(b)),
        Sort::Size => b.session.size.cmp(&a.session.size),
        Sort::Id => Ordering::Equal,
    };
    first.then_with(|| a.session.id.cmp(&b.session.id)).then(a.store.cmp(&b.store))
}

fn line(row: &Row, json: &SessionJson, now: i64, many: bool) -> Vec<String> {
    let now = seconds(now);
    let expires = row.session.facts.as_ref().ok().map(|facts| facts.expires);
    let (end, invalid) = match expires {
        Some(store::Expires::At(end)) => (relative(end, now), None),
        Some(store::Expires::Invalid(what)) => ("-".to_owned(), Some(format!("`expires` is {what}"))),
        _ => ("-".to_owned(), None),
    };
    let why = json.problem.clone().or(invalid).unwrap_or_default();
    let mut who = json.who();
    if let Some(acts_as) = json.acts_as() {
        who = format!("{who} as {acts_as}");
    }
    let mut cells = vec![
        json.id.clone(),
        json.state.name().to_owned(),
        if who.is_empty() { "-".to_owned() } else { who },
        end,
        relative(seconds(row.session.modified), now),
        bytes(json.size),
    ];
    if many {
        let wikis = json.wikis.join(", ");
        cells.push(if wikis.is_empty() { json.store.clone() } else { wikis });
    }
    cells.push(why);
    cells
}

fn human(mut lines: Vec<Vec<String>>, many: bool, context: &mut Context<'_>) {
    if lines.is_empty() {
        return;
    }
    let mut header = vec!["ID", "STATE", "USER", "EXPIRES", "WRITTEN", "BYTES"];
    if many {
        header.push("WIKIS");
    }
    if lines.iter().any(|cells| cells.last().is_some_and(|why| !why.is_empty())) {
        header.push("PROBLEM");
    } else {
        lines.iter_mut().for_each(|cells| cells.truncate(header.len()));
    }
    context.list(&header, lines);
}

/// The text before and after the sessions of a document.
fn around() -> (String, String) {
    let empty = json::pretty(&json::Document::new(Document { sessions: &[] })).unwrap_or_default();
    let (before, after) = empty.split_once(']').unwrap_or_default();
    (before.to_owned(), after.to_owned())
}

/// Prints a part of the sessions.
fn json_part(sessions: &[SessionJson], first: bool, context: &mut Context<'_>) {
    let text = match json::pretty(&sessions) {
        Ok(text) => text,
        Err(error) => return context.out.note(Err(error.into())),
    };
    let part = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or_default();
    let before = match (first, part.is_empty()) {
        (true, _) => around().0,
        (false, true) => String::new(),
        (false, false) => ",".to_owned(),
    };
    write!(context.out, "{before}{}", part.trim_end().replace('\n', "\n  "));
}

fn csv(sessions: impl Iterator<Item = SessionJson>, first: bool, context: &mut Context<'_>) {
    let header = [
        "store",
        "id",
        "wikis",
        "state",
        "expires",
        "expires_at",
        "modified",
        "modified_at",
        "size",
        "user_id",
        "user_name",
        "auth_method",
        "setuid",
        "setuid_name",
    ];
    let record = |session: SessionJson| {
        let user = session.user.as_ref();
        [
            session.store.clone(),
            session.id.clone(),
            session.wikis.join(" "),
            session.state.name().to_owned(),
            session.expires.map_or(String::new(), |expires| expires.to_string()),
            session.expires_at.clone().unwrap_or_default(),
            session.modified.to_string(),
            session.modified_at.clone().unwrap_or_default(),
            session.size.to_string(),
            user.map_or(String::new(), |user| user.id.clone()),
            user.and_then(|user| user.name.clone()).unwrap_or_default(),
            user.and_then(|user| user.auth_method.clone()).unwrap_or_default(),
            session.setuid.clone().unwrap_or_default(),
            session.setuid_name.clone().unwrap_or_default(),
        ]
    };
    context.csv(first.then_some(header), sessions.map(record));
}
