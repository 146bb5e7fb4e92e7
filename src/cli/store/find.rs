//! `wikifarm store find`: finds session directories below a directory, and the wikis that use them.

use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::Duration;

use clap::Args;
use clap::builder::PossibleValuesParser;
use schemars::JsonSchema;
use serde::Serialize;

use crate::cli::shared::{Context, Exit, Failure, Format, Outcome};
use crate::farm::parse_duration;
use crate::ops::find::{self, Candidate, Report, Users};
use crate::store::{self, is_older, seconds, tally};
use crate::text::escape;
use crate::text::measure::{bytes, count, relative, rfc3339};

/// Find session directories below a directory, and the wikis that use them
///
/// Finds default session directories of MoinMoin (`__session__`, `__common__/session`), directories in the farm file, and
/// directories where at least half of the files are named like sessions and a sample of them is readable. -v
/// also shows doubtful directories with a reason. Does not follow links. Shows wikis only with a farm file.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit status: 0 done, also if nothing was found, 3 some directories could not be read.\n\n\
                        Example: wikifarm store find /srv\n\
                        Example: wikifarm store find / --orphans --older-than 90d --format ndjson"
)]
pub(in crate::cli) struct Options {
    /// Search below this directory
    #[arg(value_name = "ROOT", required = true)]
    roots: Vec<PathBuf>,
    /// Show only stores that no wiki in the farm file uses
    #[arg(long)]
    orphans: bool,
    /// Show only stores with this layout (repeatable)
    #[arg(long, value_name = "LAYOUT", value_parser = PossibleValuesParser::new(SCHEMES))]
    layout: Vec<String>,
    /// Show only stores with at least N sessions
    #[arg(long, value_name = "N", default_value_t = 0)]
    min_sessions: u64,
    /// Show only stores whose newest session was written longer ago than this
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    older_than: Option<Duration>,
    /// Search at most N levels deep [default: 128]
    #[arg(long, value_name = "N")]
    max_depth: Option<usize>,
    /// Also search file systems mounted below ROOT
    #[arg(long)]
    all_file_systems: bool,
}

/// The layouts of stores in files.
const SCHEMES: [&str; 4] = ["moin-1.8", "moin-1.9", "json", "sqlite"];

/// A session directory or database.
#[derive(Serialize, JsonSchema)]
struct Row<'a> {
    /// The location of the store.
    store: String,
    /// The layout.
    layout: &'a str,
    /// The path.
    path: String,
    /// The wikis that use the store; null without a farm file.
    wikis: Option<&'a [String]>,
    /// The number of sessions; null for a database, which is not opened.
    sessions: Option<u64>,
    /// The number of temporary files.
    temp: u64,
    /// The number of other files.
    foreign: u64,
    /// Bytes in the sessions.
    bytes: u64,
    /// The earliest last write of a session in unix seconds.
    oldest: Option<i64>,
    /// The earliest last write of a session as RFC 3339.
    oldest_at: Option<String>,
    /// The latest write of a session in unix seconds.
    newest: Option<i64>,
    /// The latest write of a session as RFC 3339.
    newest_at: Option<String>,
    /// Whether the directory has sessions of both MoinMoin layouts.
    mixed: bool,
    /// The user id of the owner.
    uid: u32,
    /// The permission bits, octal.
    mode: String,
    /// Why it may not be a session directory.
    doubt: Option<&'static str>,
}

/// The stores below a directory.
#[derive(Serialize, JsonSchema)]
pub(super) struct Document<'a> {
    /// The stores.
    stores: Vec<Row<'a>>,
    /// Directories with session names that may not be session directories.
    doubtful: Vec<Row<'a>>,
    /// The number of searched directories.
    directories: u64,
    /// The number of skipped mount points.
    other_file_systems: u64,
    /// The number of directories that could not be read.
    failed: u64,
}

pub(super) fn run(options: &Options, context: &mut Context<'_>) -> Outcome {
    // An invalid farm file is an error. Without one, only the wikis are unknown.
    let farm = context.farm_if_any()?;
    if farm.is_none() && options.orphans {
        return Err(Failure::usage("--orphans needs a farm file").help("pass -f FILE"));
    }
    let users = farm.as_ref().map(|farm| Users::of(&store::of_farm(farm).stores)).unwrap_or_default();
    let how = find::Options {
        all_file_systems: options.all_file_systems,
        max_depth: options.max_depth,
        ..find::Options::default()
    };
    let stop = context.stop()?;
    let mut report = Report::default();
    let looking = context.progress_of("Searching directories", &tally::WALKED, Box::new(|| None));
    for root in &options.roots {
        find::find(root, &users, &how, &stop, &mut report);
    }
    drop(looking);
    report.candidates.dedup_by(|a, b| a.location == b.location);
    #[expect(clippy::cast_possible_truncation, reason = "times are bounded where they are read")]
    let now = context.now() as i64;
    report.candidates.retain(|candidate| wanted(candidate, options, now));
    context.problems(&report.problems);
    let unnamed = report.failed.saturating_sub(report.problems.len() as u64);
    if unnamed > 0 {
        context.complain(&format!("{unnamed} more directories could not be read"));
    }
    print(&report, farm.is_some(), context);
    let mut exit = if report.failed > 0 { Exit::Partial } else { Exit::Success };
    if stop.load(Ordering::Relaxed) {
        let looked = count(report.directories, "directory", "directories");
        exit = exit.and(context.stopped(&format!("{looked} searched")));
    }
    Ok(exit)
}

fn wanted(candidate: &Candidate, options: &Options, now: i64) -> bool {
    (!options.orphans || candidate.wikis.is_empty())
        && (options.layout.is_empty()
            || options.layout.iter().any(|scheme| scheme == candidate.location.scheme()))
        && (options.min_sessions == 0
            || candidate.sessions.is_some_and(|sessions| sessions >= options.min_sessions))
        && options
            .older_than
            .is_none_or(|age| candidate.newest.is_none_or(|newest| is_older(newest, age, now)))
}

fn print(report: &Report, farm: bool, context: &mut Context<'_>) {
    let (found, doubtful): (Vec<&Candidate>, Vec<&Candidate>) =
        report.candidates.iter().partition(|candidate| candidate.doubt.is_none());
    match context.format {
        Format::Json => context.document(&Document {
            stores: found.iter().map(|candidate| row(candidate, farm)).collect(),
            doubtful: doubtful.iter().map(|candidate| row(candidate, farm)).collect(),
            directories: report.directories,
            other_file_systems: report.other_file_systems,
            failed: report.failed,
        }),
        Format::Ndjson | Format::Csv => {
            let shown = if context.verbosity > 0 { doubtful.as_slice() } else { &[] };
            let rows: Vec<Row<'_>> =
                found.iter().chain(shown).map(|candidate| row(candidate, farm)).collect();
            match context.format {
                Format::Csv => csv(&rows, context),
                _ => rows.iter().for_each(|row| context.json_line(row)),
            }
        }
        _ => human(report, (&found, &doubtful), farm, context),
    }
}

fn row(candidate: &Candidate, farm: bool) -> Row<'_> {
    let at = |time: Option<i64>| time.and_then(|time| rfc3339(seconds(time)));
    Row {
        store: candidate.location.to_string(),
        layout: candidate.location.scheme(),
        path: candidate.path().display().to_string(),
        wikis: farm.then_some(candidate.wikis.as_slice()),
        sessions: candidate.sessions,
        temp: candidate.temp,
        foreign: candidate.others,
        bytes: candidate.bytes,
        oldest: candidate.oldest,
        oldest_at: at(candidate.oldest),
        newest: candidate.newest,
        newest_at: at(candidate.newest),
        mixed: candidate.mixed,
        uid: candidate.uid,
        mode: format!("{:04o}", candidate.mode),
        doubt: candidate.doubt.map(|doubt| doubt.name()),
    }
}

fn human(
    report: &Report,
    (found, doubtful): (&[&Candidate], &[&Candidate]),
    farm: bool,
    context: &mut Context<'_>,
) {
    let now = context.now();
    let ago = |time: Option<i64>| time.map_or("-".to_owned(), |time| relative(seconds(time), now));
    let lines = found.iter().map(|candidate| {
        let mut cells = vec![
            candidate.location.to_string(),
            candidate.sessions.map_or("-".to_owned(), |sessions| sessions.to_string()),
            bytes(candidate.bytes),
            ago(candidate.oldest),
            ago(candidate.newest),
        ];
        if farm {
            cells.push(if candidate.wikis.is_empty() {
                "no wiki".to_owned()
            } else {
                candidate.wikis.join(", ")
            });
        }
        cells
    });
    let mut header = vec!["STORE", "SESSIONS", "BYTES", "OLDEST", "NEWEST"];
    if farm {
        header.push("USED BY");
    }
    if !found.is_empty() {
        context.list(&header, lines);
    }
    if context.verbosity < 0 {
        return;
    }
    let mixed = found.iter().filter(|candidate| candidate.mixed).count() / 2;
    if mixed > 0 {
        writeln!(
            context.out,
            "{} sessions of both MoinMoin layouts",
            count(mixed as u64, "directory contains", "directories contain")
        );
    }
    if context.verbosity > 0 {
        for candidate in doubtful {
            if let Some(doubt) = candidate.doubt {
                let names =
                    count(candidate.sessions.unwrap_or(0) + candidate.temp, "file name", "file names");
                let line = format!(
                    "doubtful: {}: {names} of {}, but {doubt}",
                    candidate.path().display(),
                    candidate.location.scheme()
                );
                writeln!(context.out, "{}", escape(&line));
            }
        }
    }
    let mut text = format!(
        "{} in {}",
        count(found.len() as u64, "store", "stores"),
        count(report.directories, "directory", "directories")
    );
    if !doubtful.is_empty() {
        let hint = if context.verbosity > 0 { "" } else { " (-v shows them)" };
        text += &format!(", {} doubtful{hint}", doubtful.len());
    }
    if report.other_file_systems > 0 {
        let skipped = count(report.other_file_systems, "mount point", "mount points");
        text += &format!("; skipped {skipped} (--all-file-systems)");
    }
    writeln!(context.out, "{text}");
}

fn csv(rows: &[Row<'_>], context: &mut Context<'_>) {
    let header = [
        "store",
        "layout",
        "path",
        "wikis",
        "sessions",
        "temp",
        "foreign",
        "bytes",
        "oldest_at",
        "newest_at",
        "mixed",
        "uid",
        "mode",
        "doubt",
    ];
    let record = |row: &Row<'_>| {
        [
            row.store.clone(),
            row.layout.to_owned(),
            row.path.clone(),
            row.wikis.unwrap_or_default().join(" "),
            row.sessions.map_or(String::new(), |sessions| sessions.to_string()),
            row.temp.to_string(),
            row.foreign.to_string(),
            row.bytes.to_string(),
            row.oldest_at.clone().unwrap_or_default(),
            row.newest_at.clone().unwrap_or_default(),
            row.mixed.to_string(),
            row.uid.to_string(),
            row.mode.clone(),
            row.doubt.unwrap_or_default().to_owned(),
        ]
    };
    context.csv(header, rows.iter().map(record))
}
