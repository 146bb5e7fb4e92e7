//! `wikifarm store list`: lists the stores with their wikis, usage, and free space.

use std::sync::atomic::Ordering;

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use crate::cli::shared::space::Space;
use crate::cli::shared::stores::StoreArgs;
use crate::cli::shared::{Context, Exit, Format, Outcome};
use crate::ops::{Problem, Problems, StoreUsage, free_space, store_usage};
use crate::store::{self, StoreSpec, seconds, tally};
use crate::text::measure::{bytes, rfc3339};

/// List the stores with wikis, sessions, size, and free disk space
///
/// Reads every session to count live sessions.
#[derive(Debug, Args)]
#[command(after_help = "Exit status: 0 done, 3 some stores could not be read.\n\n\
                        Example: wikifarm store list\n\
                        Example: wikifarm store list --format csv >stores.csv")]
pub(in crate::cli) struct Options {
    #[command(flatten)]
    stores: StoreArgs,
}

/// Whether a store could be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema, strum::IntoStaticStr)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
enum Status {
    /// The store exists, and was read completely.
    Ok,
    /// The store does not exist: its wikis have stored no session yet.
    Missing,
    /// The store could not be read completely.
    Failed,
}

impl Status {
    fn name(self) -> &'static str {
        self.into()
    }
}

/// The stores.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Document {
    /// The stores.
    stores: Vec<Row>,
}

/// A store. The counts are absent if it could not be read.
#[derive(Debug, Serialize, JsonSchema)]
struct Row {
    /// The location of the store.
    store: String,
    /// The layout.
    layout: String,
    /// The wikis that use the store.
    wikis: Vec<String>,
    /// Whether the store could be read.
    status: Status,
    #[serde(flatten)]
    store_usage: Option<StoreUsageJson>,
    /// The file system of the store; null if it is not on a disk of this machine.
    filesystem: Option<Space>,
}

/// The usage of a store.
#[derive(Debug, Serialize, JsonSchema)]
struct StoreUsageJson {
    #[serde(flatten)]
    store_usage: StoreUsage,
    /// The earliest last write of a session as RFC 3339.
    oldest_at: Option<String>,
    /// The latest write of a session as RFC 3339.
    newest_at: Option<String>,
}

impl From<StoreUsage> for StoreUsageJson {
    fn from(store_usage: StoreUsage) -> Self {
        let at = |time: Option<i64>| time.and_then(|time| rfc3339(seconds(time)));
        StoreUsageJson { store_usage, oldest_at: at(store_usage.oldest), newest_at: at(store_usage.newest) }
    }
}

pub(super) fn run(options: &Options, context: &mut Context<'_>) -> Outcome {
    let stores = options.stores.find(context, false)?;
    let mut exit = stores.exit;
    let idle = stores.farm.as_ref().and_then(|farm| farm.prune.idle);
    let stop = context.stop()?;
    let mut rows = Vec::new();
    for spec in &stores.specs {
        let (row, read) = look(spec, idle, &stop, context);
        rows.push(row);
        exit = exit.and(read);
        if stop.load(Ordering::Relaxed) {
            exit = exit.and(context.stopped(&format!("{}: not read completely", spec.address())));
            break;
        }
    }
    match context.format {
        Format::Json => context.document(&Document { stores: rows }),
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
        status: Status::Failed,
        store_usage: None,
        filesystem: None,
    };
    let store = match store::open(spec.clone()) {
        Ok(store) => store,
        Err(error) if error.is_missing() && !spec.wikis.is_empty() => {
            row.status = Status::Missing;
            return (row, Exit::Success);
        }
        Err(error) => {
            return (row, context.store_failed(&error));
        }
    };
    #[expect(clippy::cast_possible_truncation, reason = "times are bounded where they are read")]
    let now = context.now() as i64;
    let mut problems = Problems::default();
    row.filesystem = free_space(spec).map(Space::from);
    let looking = context.progress("Scanning sessions", &tally::LOOKED, std::slice::from_ref(spec));
    let counted = store_usage(store.as_ref(), now, idle, stop, &mut problems);
    drop(looking);
    match counted {
        Ok(store_usage) => {
            row.store_usage = Some(store_usage.into());
            row.status = Status::Ok;
        }
        Err(error) => problems.push(Problem::of(&error)),
    }
    let problems = problems.lines(&spec.address());
    if stop.load(Ordering::Relaxed) || !problems.is_empty() {
        row.status = Status::Failed;
    }
    context.problems(&problems);
    (row, if problems.is_empty() { Exit::Success } else { Exit::Partial })
}

fn human(rows: &[Row], context: &mut Context<'_>) {
    let header =
        ["STORE", "WIKIS", "SESSIONS", "LIVE", "BYTES", "ON DISK", "INODES", "DISK FREE", "INODES FREE"];
    let number = |number: Option<u64>| number.map_or("-".to_owned(), |number| number.to_string());
    let size = |size: Option<u64>| size.map_or("-".to_owned(), bytes);
    let lines = rows.iter().map(|row| {
        let store_usage = row.store_usage.as_ref().map(|row| row.store_usage);
        let free_space = row.filesystem;
        let sessions = match row.status {
            Status::Ok => number(store_usage.map(|store_usage| store_usage.sessions)),
            other => other.name().to_owned(),
        };
        vec![
            row.store.clone(),
            if row.wikis.is_empty() { "-".to_owned() } else { row.wikis.join(", ") },
            sessions,
            number(store_usage.map(|store_usage| store_usage.states.live)),
            size(store_usage.map(|store_usage| store_usage.bytes)),
            size(store_usage.and_then(|store_usage| store_usage.bytes_on_disk)),
            number(store_usage.and_then(|store_usage| store_usage.inodes)),
            size(free_space.map(|free_space| free_space.bytes_free)),
            number(free_space.and_then(|free_space| free_space.inodes_free)),
        ]
    });
    context.list(&header, lines);
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
        let store_usage = row.store_usage.as_ref();
        let counted = |count: fn(&StoreUsage) -> u64| store_usage.map(|row| count(&row.store_usage));
        let number = |number: Option<u64>| number.map_or(String::new(), |number| number.to_string());
        let free_space = row.filesystem;
        [
            row.store.clone(),
            row.layout.clone(),
            row.wikis.join(" "),
            row.status.name().to_owned(),
            number(counted(|store_usage| store_usage.sessions)),
            number(counted(|store_usage| store_usage.states.live)),
            number(counted(|store_usage| store_usage.states.expired)),
            number(counted(|store_usage| store_usage.states.idle)),
            number(counted(|store_usage| store_usage.states.no_expires)),
            number(counted(|store_usage| store_usage.states.invalid_expires)),
            number(counted(|store_usage| store_usage.states.unreadable)),
            number(counted(|store_usage| store_usage.temp)),
            number(counted(|store_usage| store_usage.foreign)),
            number(counted(|store_usage| store_usage.bytes)),
            number(store_usage.and_then(|row| row.store_usage.bytes_on_disk)),
            number(store_usage.and_then(|row| row.store_usage.inodes)),
            store_usage.and_then(|row| row.oldest_at.clone()).unwrap_or_default(),
            store_usage.and_then(|row| row.newest_at.clone()).unwrap_or_default(),
            number(free_space.map(|free_space| free_space.bytes)),
            number(free_space.map(|free_space| free_space.bytes_free)),
            number(free_space.and_then(|free_space| free_space.inodes)),
            number(free_space.and_then(|free_space| free_space.inodes_free)),
        ]
    };
    context.csv(header, rows.iter().map(record));
}
