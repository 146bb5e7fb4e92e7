//! `wikifarm store find`: the session directories below a directory, and who uses them.

use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::Duration;

use clap::Args;
use clap::builder::PossibleValuesParser;
use serde::Serialize;

use crate::cli::shared::{Context, Exit, Failure, Format, Outcome};
use crate::farm::parse_duration;
use crate::ops::find::{self, Candidate, Report, Users};
use crate::report::measure::{bytes, count, relative, rfc3339};
use crate::report::{escape, table};
use crate::store::{self, is_older, seconds, tally};

/// Find session directories below a directory: layout, sessions, bytes, age, and which wiki uses them
///
/// A directory is one of sessions if it lies where MoinMoin puts them (`__session__`, `__common__/session`), if a wiki
/// of the farm names it, or if at least half of its files have names of sessions and a sample of them reads as such.
/// Others with such names are counted; -v shows them, and why they are none. No link is followed. Without a farm file
/// nothing is said about wikis.
#[derive(Debug, Args)]
#[command(after_help = "Exit status: 0 done, also if there is none, 3 something could not be looked at.\n\n\
                        Example: wikifarm store find /srv\n\
                        Example: wikifarm store find / --orphans --older-than 90d --format ndjson")]
pub(in crate::cli) struct Options {
    /// Where to look
    #[arg(value_name = "ROOT", required = true)]
    roots: Vec<PathBuf>,
    /// Only those that no wiki of the farm uses
    #[arg(long)]
    orphans: bool,
    /// Only those of that layout (repeatable)
    #[arg(long, value_name = "LAYOUT", value_parser = PossibleValuesParser::new(SCHEMES))]
    layout: Vec<String>,
    /// Only those with at least so many sessions
    #[arg(long, value_name = "N", default_value_t = 0)]
    min_sessions: u64,
    /// Only those whose newest session was last written longer ago than that
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    older_than: Option<Duration>,
    /// Look so many levels deep [default: 128]
    #[arg(long, value_name = "N")]
    max_depth: Option<usize>,
    /// Also look into file systems mounted below ROOT
    #[arg(long)]
    all_file_systems: bool,
}

/// How the addresses begin of what lies in files.
const SCHEMES: [&str; 4] = ["moin-1.8", "moin-1.9", "json", "sqlite"];

/// One session directory; of a database, `sessions` is null, as it is not opened.
#[derive(Serialize)]
struct Row<'a> {
    store: String,
    layout: &'a str,
    path: String,
    /// null where there is no farm file.
    wikis: Option<&'a [String]>,
    sessions: Option<u64>,
    temp: u64,
    others: u64,
    bytes: u64,
    oldest_at: Option<String>,
    newest_at: Option<String>,
    mixed: bool,
    uid: u32,
    mode: String,
    /// Why it may be no session directory.
    doubt: Option<&'static str>,
}

#[derive(Serialize)]
struct Document<'a> {
    found: Vec<Row<'a>>,
    doubtful: Vec<Row<'a>>,
    directories: u64,
    other_file_systems: u64,
    failed: u64,
}

pub(super) fn run(options: &Options, context: &mut Context<'_>) -> Outcome {
    // A farm file that is there is to be understood; without one, only the wikis are unknown.
    let farm = context.farm_if_any()?;
    if farm.is_none() && options.orphans {
        return Err(Failure::usage(
            "--orphans needs a farm file, which says what is used: name one with -f FILE",
        ));
    }
    let users = farm.as_ref().map(|farm| Users::of(&store::of_farm(farm).stores)).unwrap_or_default();
    let how = find::Options {
        all_file_systems: options.all_file_systems,
        max_depth: options.max_depth,
        ..find::Options::default()
    };
    let stop = context.stop()?;
    let mut report = Report::default();
    let looking = context.progress_of("Looking into directories", &tally::WALKED, Box::new(|| None));
    for root in &options.roots {
        find::find(root, &users, &how, &stop, &mut report);
    }
    drop(looking);
    report.candidates.dedup_by(|a, b| a.location == b.location);
    #[expect(clippy::cast_possible_truncation, reason = "times are bounded where they are read")]
    let now = context.now() as i64;
    report.candidates.retain(|candidate| wanted(candidate, options, now));
    for problem in &report.problems {
        context.complain(&problem.to_string());
    }
    let untold = report.failed.saturating_sub(report.problems.len() as u64);
    if untold > 0 {
        context.complain(&format!("and {untold} more that could not be looked at"));
    }
    tell(&report, farm.is_some(), context);
    let mut exit = if report.failed > 0 { Exit::Partial } else { Exit::Success };
    if stop.load(Ordering::Relaxed) {
        let looked = count(report.directories, "directory", "directories");
        exit = exit.and(context.stopped(&format!("{looked} looked into")));
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

fn tell(report: &Report, farm: bool, context: &mut Context<'_>) {
    let (found, doubtful): (Vec<&Candidate>, Vec<&Candidate>) =
        report.candidates.iter().partition(|candidate| candidate.doubt.is_none());
    match context.format {
        Format::Json => context.json(&Document {
            found: found.iter().map(|candidate| row(candidate, farm)).collect(),
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
        others: candidate.others,
        bytes: candidate.bytes,
        oldest_at: at(candidate.oldest),
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
        write!(context.out, "{}", table::list(&header, lines, context.width));
    }
    if context.verbosity < 0 {
        return;
    }
    let mixed = found.iter().filter(|candidate| candidate.mixed).count() / 2;
    if mixed > 0 {
        writeln!(
            context.out,
            "{} sessions of both layouts",
            count(mixed as u64, "directory holds", "directories hold")
        );
    }
    if context.verbosity > 0 {
        for candidate in doubtful {
            if let Some(doubt) = candidate.doubt {
                let names = count(candidate.sessions.unwrap_or(0) + candidate.temp, "name", "names");
                let line = format!(
                    "no session directory: {}: {names} of {}, but {doubt}",
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
        let hint = if context.verbosity > 0 { "" } else { " (-v says why)" };
        text += &format!(", {} more by name only{hint}", doubtful.len());
    }
    if report.other_file_systems > 0 {
        let skipped = count(report.other_file_systems, "mount point", "mount points");
        text += &format!("; {skipped} left out (--all-file-systems)");
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
        "others",
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
            row.others.to_string(),
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
