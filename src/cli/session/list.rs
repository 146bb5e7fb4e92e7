//! `wikifarm session list`: the sessions in the stores.

use std::cmp::Ordering;
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::cli::session::json::{SessionJson, shown};
use crate::cli::shared::look::{look, states};
use crate::cli::shared::stores::StoreArgs;
use crate::cli::shared::users::Users;
use crate::cli::shared::{Context, Format, Outcome};
use crate::report::measure::{bytes, relative, sessions};
use crate::report::table;
use crate::store::{self, EntryName, Prefixes, Session, State, StoreSpec, is_older, seconds};

/// List sessions: whose they are, until when they last, when they were last written
#[derive(Debug, Args)]
#[command(after_help = "Exit status: 0 done, also if there is none, 3 something could not be looked at.\n\n\
                        Example: wikifarm session list --state live --user AdminAda --limit 20")]
pub(in crate::cli) struct Options {
    #[command(flatten)]
    stores: StoreArgs,
    /// Only sessions of that user: NAME or id:ID; as which a superuser acts counts too
    #[arg(long)]
    user: Option<String>,
    /// Only sessions in that state (repeatable)
    #[arg(long, value_name = "STATE", value_parser = states())]
    state: Vec<State>,
    /// Only sessions last written longer ago than that
    #[arg(long, value_name = "DURATION", value_parser = crate::farm::parse_duration)]
    older_than: Option<Duration>,
    /// At most so many
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// By what to sort
    #[arg(long, value_enum, default_value = "modified", value_name = "KEY")]
    sort: Sort,
    /// The other way round
    #[arg(long)]
    reverse: bool,
    /// Whole ids: they are secrets
    #[arg(long)]
    reveal: bool,
}

/// `--sort`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Sort {
    /// Last written, the newest first
    Modified,
    /// Ends first; without an end last
    Expires,
    /// The largest first
    Size,
    /// By the user's name
    User,
    /// By id
    Id,
}

/// One session of one store.
struct Row {
    store: usize,
    session: Session,
    state: State,
    /// The user's name, where it is sorted by that.
    user: Option<String>,
}

/// The rows that are to be shown, and few more: a store may hold millions.
struct Rows<'a> {
    options: &'a Options,
    most: usize,
    rows: Vec<Row>,
    all: usize,
}

impl<'a> Rows<'a> {
    fn new(options: &'a Options) -> Self {
        Rows { options, most: options.limit.unwrap_or(usize::MAX), rows: Vec::new(), all: 0 }
    }

    fn push(&mut self, row: Row) {
        self.all += 1;
        self.rows.push(row);
        if self.rows.len() >= self.most.saturating_mul(2).max(1000) {
            self.cut();
        }
    }

    fn cut(&mut self) {
        let Options { sort, reverse, .. } = self.options;
        self.rows.sort_by(|a, b| if *reverse { order(*sort, b, a) } else { order(*sort, a, b) });
        self.rows.truncate(self.most);
    }

    /// The rows in order, and how many there are with those that are not shown.
    fn sorted(mut self) -> (Vec<Row>, usize) {
        self.cut();
        (self.rows, self.all)
    }
}

/// What tells the sessions that are shown of a store from all its others; without their names the shortest does.
fn prefixes(position: usize, spec: &StoreSpec, rows: &[Row]) -> Prefixes {
    let ids: Vec<EntryName> =
        rows.iter().filter(|row| row.store == position).map(|row| row.session.id).collect();
    if ids.is_empty() {
        return Prefixes::default();
    }
    let mut prefixes = Prefixes::new(ids);
    if let Ok(store) = store::open(spec.clone()) {
        // What could not be looked at was said.
        let _ = store.names(&mut |name| prefixes.see(&name));
    }
    prefixes
}

pub(super) fn run(options: &Options, context: &mut Context<'_>) -> Outcome {
    context.formats("session list", &[Format::Human, Format::Json, Format::Ndjson, Format::Csv])?;
    let stores = options.stores.find(context, false)?;
    let mut exit = stores.exit;
    let idle = stores.farm.as_ref().and_then(|farm| farm.prune.idle);
    let mut users = Users::of(&stores.specs);
    let wanted = options.user.as_ref().map(|user| users.ids(user, context)).transpose()?;
    #[expect(clippy::cast_possible_truncation, reason = "times are bounded where they are read")]
    let now = context.now() as i64;
    let mut rows = Rows::new(options);
    for (position, spec) in stores.specs.iter().enumerate() {
        let complete = look(spec, context, |session| {
            let state = session.state(now, idle);
            let facts = session.facts.as_ref().ok();
            let his = |id: &String| {
                facts.is_some_and(|f| {
                    f.user.as_ref().is_some_and(|user| user.id == *id) || f.setuid.as_ref() == Some(id)
                })
            };
            let keep = (options.state.is_empty() || options.state.contains(&state))
                && options.older_than.is_none_or(|age| is_older(session.modified, age, now))
                && wanted.as_ref().is_none_or(|ids| ids.iter().any(his));
            if keep {
                let user = session.facts.as_ref().ok().and_then(|facts| facts.user.as_ref());
                let user = user.filter(|_| options.sort == Sort::User);
                let user = user.map(|user| users.name(position, &user.id).unwrap_or_else(|| user.id.clone()));
                rows.push(Row { store: position, session, state, user });
            }
        })?;
        exit = exit.and(complete);
    }
    let (rows, all) = rows.sorted();
    // Whole ids are told apart without the others.
    let prefixes = |(position, spec)| {
        if options.reveal { Prefixes::default() } else { prefixes(position, spec, &rows) }
    };
    let prefixes: Vec<Prefixes> = stores.specs.iter().enumerate().map(prefixes).collect();
    let output = rows.iter().filter_map(|row| {
        let spec = stores.specs.get(row.store)?;
        let id = shown(&row.session.id, prefixes.get(row.store)?, options.reveal);
        Some((row, SessionJson::new(&row.session, (row.store, spec), row.state, id, &mut users)))
    });
    match context.format {
        Format::Json => {
            let sessions: Vec<SessionJson> = output.map(|(_, json)| json).collect();
            context.json(&sessions);
        }
        Format::Ndjson => {
            for (_, json) in output {
                context.json_line(&json);
            }
        }
        Format::Csv => csv(output.map(|(_, json)| json), context),
        _ => {
            let many = stores.specs.len() > 1;
            let lines: Vec<Vec<String>> = output.map(|(row, json)| line(row, &json, now, many)).collect();
            human(lines, many, all, context);
        }
    }
    Ok(exit)
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
    let end = match &row.session.facts {
        Err(why) => why.to_string(),
        Ok(facts) => match facts.expires {
            store::Expires::At(end) => relative(end, now),
            store::Expires::Absent => "never said".to_owned(),
            store::Expires::Invalid(what) => what.to_owned(),
        },
    };
    let mut who = json.who();
    if let Some(setuid) = &json.setuid {
        who = format!("{who} as id:{setuid}");
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
    cells
}

fn human(lines: Vec<Vec<String>>, many: bool, all: usize, context: &mut Context<'_>) {
    let shown = lines.len();
    let mut header = vec!["ID", "STATE", "USER", "ENDS", "WRITTEN", "SIZE"];
    if many {
        header.push("WIKIS");
    }
    if shown > 0 {
        write!(context.out, "{}", table::list(&header, lines, context.width));
    }
    if context.verbosity >= 0 {
        let sessions = sessions(all as u64);
        let cut = if shown < all { format!(", {shown} shown") } else { String::new() };
        writeln!(context.out, "{sessions}{cut}");
    }
}

fn csv(sessions: impl Iterator<Item = SessionJson>, context: &mut Context<'_>) {
    let header = [
        "store",
        "id",
        "wikis",
        "state",
        "expires",
        "expires_at",
        "modified_at",
        "size",
        "user_id",
        "user_name",
        "auth_method",
        "setuid",
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
            session.modified_at.clone().unwrap_or_default(),
            session.size.to_string(),
            user.map_or(String::new(), |user| user.id.clone()),
            user.and_then(|user| user.name.clone()).unwrap_or_default(),
            user.and_then(|user| user.auth_method.clone()).unwrap_or_default(),
            session.setuid.clone().unwrap_or_default(),
        ]
    };
    context.csv(header, sessions.map(record));
}
