//! `wikifarm store list`: the stores, whose they are, what they hold, and how much room is left.

use std::sync::atomic::Ordering;

use clap::Args;
use serde::Serialize;

use crate::cli::shared::space::Space;
use crate::cli::shared::stores::StoreArgs;
use crate::cli::shared::{Context, Exit, Format, Outcome};
use crate::ops::{Census, Problems, census, room};
use crate::report::measure::{bytes, rfc3339};
use crate::report::table;
use crate::store::{self, StoreSpec, seconds, tally};

/// List the stores: layout, wikis, sessions, bytes, inodes, and the room left on their disks
///
/// Every session is read, to tell those that are live.
#[derive(Debug, Args)]
#[command(after_help = "Exit status: 0 done, 3 a store could not be looked at.\n\n\
                        Example: wikifarm store list\n\
                        Example: wikifarm store list --format csv >stores.csv")]
pub(in crate::cli) struct Options {
    #[command(flatten)]
    stores: StoreArgs,
}

/// How a store was met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, strum::IntoStaticStr)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
enum Met {
    /// It is there, and all of it was looked at.
    Ok,
    /// It is not there: no wiki has run yet.
    Missing,
    /// It could not be looked at, or not to its end.
    Failed,
}

impl Met {
    fn name(self) -> &'static str {
        self.into()
    }
}

/// One store. Where it could not be counted, the counts are absent.
#[derive(Debug, Serialize)]
struct Row {
    store: String,
    layout: String,
    wikis: Vec<String>,
    status: Met,
    #[serde(flatten)]
    census: Option<CensusJson>,
    filesystem: Option<Space>,
}

#[derive(Debug, Serialize)]
struct CensusJson {
    #[serde(flatten)]
    census: Census,
    oldest_at: Option<String>,
    newest_at: Option<String>,
}

impl From<Census> for CensusJson {
    fn from(census: Census) -> Self {
        let at = |time: Option<i64>| time.and_then(|time| rfc3339(seconds(time)));
        CensusJson { census, oldest_at: at(census.oldest), newest_at: at(census.newest) }
    }
}

pub(super) fn run(options: &Options, context: &mut Context<'_>) -> Outcome {
    context.formats("store list", &[Format::Human, Format::Json, Format::Ndjson, Format::Csv])?;
    let stores = options.stores.find(context, false)?;
    let mut exit = stores.exit;
    let idle = stores.farm.as_ref().and_then(|farm| farm.prune.idle);
    let stop = context.stop()?;
    let mut rows = Vec::new();
    for spec in &stores.specs {
        let (row, met) = look(spec, idle, &stop, context);
        rows.push(row);
        exit = exit.and(met);
        if stop.load(Ordering::Relaxed) {
            exit = exit.and(context.stopped(&format!("{} was not wholly looked at", spec.address())));
            break;
        }
    }
    match context.format {
        Format::Json => context.json(&rows),
        Format::Ndjson => rows.iter().for_each(|row| context.json_line(row)),
        Format::Csv => csv(&rows, context),
        _ => human(&rows, context),
    }
    Ok(exit)
}

fn look(
    spec: &StoreSpec,
    idle: Option<std::time::Duration>,
    stop: &std::sync::atomic::AtomicBool,
    context: &mut Context<'_>,
) -> (Row, Exit) {
    let mut row = Row {
        store: spec.address(),
        layout: spec.location.scheme().to_owned(),
        wikis: spec.wikis.iter().map(|wiki| wiki.name.clone()).collect(),
        status: Met::Failed,
        census: None,
        filesystem: None,
    };
    let store = match store::open(spec.clone()) {
        Ok(store) => store,
        Err(error) if error.is_missing() && !spec.wikis.is_empty() => {
            row.status = Met::Missing;
            return (row, Exit::Success);
        }
        Err(error) => {
            context.complain(&error.to_string());
            return (row, Exit::from(&error));
        }
    };
    #[expect(clippy::cast_possible_truncation, reason = "times are bounded where they are read")]
    let now = context.now() as i64;
    let mut problems = Problems::default();
    row.filesystem = room(spec).map(Space::from);
    let looking = context.progress("Looking at sessions", &tally::LOOKED, std::slice::from_ref(spec));
    let counted = census(store.as_ref(), now, idle, stop, &mut problems);
    drop(looking);
    match counted {
        Ok(census) => {
            row.census = Some(census.into());
            row.status = Met::Ok;
        }
        Err(error) => problems.push(&error),
    }
    let problems = problems.told(&spec.address());
    if stop.load(Ordering::Relaxed) || !problems.is_empty() {
        row.status = Met::Failed;
    }
    for problem in &problems {
        context.complain(&problem.to_string());
    }
    (row, if problems.is_empty() { Exit::Success } else { Exit::Partial })
}

fn human(rows: &[Row], context: &mut Context<'_>) {
    let header =
        ["STORE", "WIKIS", "SESSIONS", "LIVE", "BYTES", "ON DISK", "INODES", "DISK FREE", "INODES FREE"];
    let number = |number: Option<u64>| number.map_or("-".to_owned(), |number| number.to_string());
    let size = |size: Option<u64>| size.map_or("-".to_owned(), bytes);
    let lines = rows.iter().map(|row| {
        let census = row.census.as_ref().map(|row| row.census);
        let room = row.filesystem;
        let sessions = match row.status {
            Met::Ok => number(census.map(|census| census.sessions)),
            other => other.name().to_owned(),
        };
        vec![
            row.store.clone(),
            if row.wikis.is_empty() { "-".to_owned() } else { row.wikis.join(", ") },
            sessions,
            number(census.map(|census| census.states.live)),
            size(census.map(|census| census.bytes)),
            size(census.and_then(|census| census.bytes_on_disk)),
            number(census.and_then(|census| census.inodes)),
            size(room.map(|room| room.bytes_free)),
            number(room.and_then(|room| room.inodes_free)),
        ]
    });
    write!(context.out, "{}", table::list(&header, lines, context.width));
}

fn csv(rows: &[Row], context: &mut Context<'_>) {
    let header = [
        "store",
        "layout",
        "wikis",
        "status",
        "sessions",
        "live",
        "expired",
        "idle",
        "no_expires",
        "invalid_expires",
        "unreadable",
        "temp",
        "foreign",
        "bytes",
        "bytes_on_disk",
        "inodes",
        "oldest_at",
        "newest_at",
        "filesystem_bytes",
        "filesystem_bytes_free",
        "filesystem_inodes",
        "filesystem_inodes_free",
    ];
    let record = |row: &Row| {
        let census = row.census.as_ref();
        let counted = |count: fn(&Census) -> u64| census.map(|row| count(&row.census));
        let number = |number: Option<u64>| number.map_or(String::new(), |number| number.to_string());
        let room = row.filesystem;
        [
            row.store.clone(),
            row.layout.clone(),
            row.wikis.join(" "),
            row.status.name().to_owned(),
            number(counted(|census| census.sessions)),
            number(counted(|census| census.states.live)),
            number(counted(|census| census.states.expired)),
            number(counted(|census| census.states.idle)),
            number(counted(|census| census.states.no_expires)),
            number(counted(|census| census.states.invalid_expires)),
            number(counted(|census| census.states.unreadable)),
            number(counted(|census| census.temp)),
            number(counted(|census| census.foreign)),
            number(counted(|census| census.bytes)),
            number(census.and_then(|row| row.census.bytes_on_disk)),
            number(census.and_then(|row| row.census.inodes)),
            census.and_then(|row| row.oldest_at.clone()).unwrap_or_default(),
            census.and_then(|row| row.newest_at.clone()).unwrap_or_default(),
            number(room.map(|room| room.bytes)),
            number(room.map(|room| room.bytes_free)),
            number(room.and_then(|room| room.inodes)),
            number(room.and_then(|room| room.inodes_free)),
        ]
    };
    context.csv(header, rows.iter().map(record));
}
