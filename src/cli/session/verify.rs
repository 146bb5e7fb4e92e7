//! `wikifarm session verify`: what is wrong in the stores, each with the cure.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::Ordering;

use clap::Args;
use serde::Serialize;

use crate::cli::shared::stores::{StoreArgs, Stores};
use crate::cli::shared::summary::{self, LogArgs, MetricsArgs, Told};
use crate::cli::shared::{Context, Exit, Failure, Format, Outcome};
use crate::location::RealDirectories;
use crate::ops::migrate::AllowList;
use crate::ops::prune::Policy;
use crate::ops::verify::{self, Check, Finding, Report};
use crate::report::measure::{count, sessions};
use crate::report::{escape, sarif};
use crate::sharing::Model;
use crate::store::{StoreSpec, tally};

/// Say what is wrong in the stores, each with the cure; changes nothing
///
/// Unreadable sessions, sessions that name what the wiki would run, or have not the seal of their store's key, users who
/// do not exist, strangers who act as others, sessions without `expires`, names that no wiki looks up, left-overs, session
/// directories that no wiki uses, ids in two stores of one cookie, modes that let strangers in, directories and files
/// that the wiki's user can't use, and expiry beyond what the configuration can produce. What only a farm file can tell
/// needs one.
///
/// Each check counts once a store, with the number of files beside it. The wiki's user is the owner of most session files;
/// where there is none, the owner of user_dir. Where a directory has an access control list, owners are not checked.
///
/// For directories that no wiki uses it looks below the cache_dir of each wiki, and beside its data_dir and session
/// directory: five levels deep, on the same file system, in at most 100,000 directories, and behind no link. `store find
/// ROOT --orphans` looks through all that lies below ROOT.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit status: 0 nothing is wrong, 1 something is, 3 something could not be looked at.\n\n\
                        Example: wikifarm session verify\n\
                        Example: wikifarm session verify --format sarif >verify.sarif"
)]
pub(in crate::cli) struct Options {
    #[command(flatten)]
    stores: StoreArgs,
    #[command(flatten)]
    metrics: MetricsArgs,
    #[command(flatten)]
    log: LogArgs,
}

/// One finding for programs.
#[derive(Serialize)]
struct Json<'a> {
    check: &'static str,
    severity: &'static str,
    store: String,
    wikis: Vec<&'a str>,
    path: String,
    message: &'a str,
    help: &'static str,
}

/// How many files, directories, or sessions a check found; at most [`verify::MAX_SHOWN`] of each are among the findings.
#[derive(Serialize)]
struct Count {
    check: &'static str,
    severity: &'static str,
    store: String,
    files: u64,
}

#[derive(Serialize)]
struct Document<'a> {
    findings: Vec<Json<'a>>,
    counts: Vec<Count>,
    scanned: u64,
    /// Each check once a store.
    errors: u64,
    warnings: u64,
    /// What these are about.
    error_files: u64,
    warning_files: u64,
}

pub(super) fn run(options: &Options, context: &mut Context<'_>) -> Outcome {
    let (metrics, log) = (options.metrics.metrics.as_deref(), options.log.log.as_deref());
    summary::tell("verify", metrics, log, context, |context, told| verify(options, context, told))
}

fn verify(options: &Options, context: &mut Context<'_>, told: &mut Told) -> Outcome {
    let Stores { specs, farm, exit } = options.stores.find(context, false)?;
    let mut policy = Policy::default();
    if let Some(farm) = &farm {
        let refused = |error: crate::ops::prune::PolicyError| Failure::usage(error.to_string());
        if let Some(age) = farm.prune.stale_temp {
            policy = policy.with_stale_temp(age).map_err(refused)?;
        }
        policy = policy.with_idle(farm.prune.idle).map_err(refused)?;
        if let Some(age) = farm.prune.no_expires {
            policy = policy.with_no_expires(age).map_err(refused)?;
        }
    }
    #[expect(clippy::cast_possible_truncation, reason = "times are bounded where they are read")]
    let run = verify::Options {
        policy,
        now: context.now() as i64,
        allow: AllowList::with(farm.as_ref().map_or(Vec::new(), |farm| farm.allow_globals.clone())),
        whole_farm: options.stores.is_whole_farm(),
    };
    let model = farm.as_ref().map(|farm| Model::new(farm, &RealDirectories::default(), &context.suffixes));
    let farm = farm.as_ref().zip(model.as_ref());
    let stop = context.stop()?;
    let looking = context.progress("Looking at sessions", &tally::LOOKED, &specs);
    let report = verify::verify(specs, farm, &run, &stop);
    drop(looking);
    tell(&report, told);
    let mut status = exit;
    if report.counts() != Default::default() {
        status = status.and(Exit::Found);
    }
    let stopped = stop.load(Ordering::Relaxed);
    if stopped || !report.problems.is_empty() {
        status = status.and(Exit::Partial);
    }
    if report.refused {
        status = status.and(Exit::Refused);
    }
    for problem in &report.problems {
        context.complain(&problem.to_string());
    }
    for note in &report.notes {
        context.note(note);
    }
    match context.format {
        Format::Json => context.json(&document(&report)),
        Format::Ndjson => {
            for finding in document(&report).findings {
                context.json_line(&finding);
            }
        }
        Format::Sarif => context.json(&as_sarif(&report)),
        _ => human(&report, context),
    }
    if stopped {
        context.stopped(&format!("{} looked at", sessions(report.scanned())));
    }
    Ok(status)
}

/// For metrics and the log.
fn tell(report: &Report, told: &mut Told) {
    for (spec, found) in &report.stores {
        let wikis: Vec<String> = spec.wikis.iter().map(|wiki| wiki.name.clone()).collect();
        let address = spec.address();
        for check in Check::all() {
            let files = found.by_check.get(&check).map_or(0, |kind| kind.count);
            let labels = [("check", check.name()), ("severity", severity(check))];
            told.of_store((&address, &wikis), summary::FINDINGS, &labels, files.min(1));
            told.of_store((&address, &wikis), summary::FINDING_FILES, &labels, files);
        }
        // A store that could not be looked at does not hold nothing.
        if found.states.sum() > 0 || found.complete {
            told.saw((&address, &wikis), &found.states);
        }
        told.removed((&address, &wikis), 0, 0);
        told.inodes(spec);
    }
    let (errors, warnings) = report.counts();
    told.say("stores", report.stores.len());
    told.say("scanned", report.scanned());
    told.say("errors", errors.findings);
    told.say("warnings", warnings.findings);
    told.say("error_files", errors.files);
    told.say("warning_files", warnings.files);
    told.say("failed", report.problems.len());
}

/// Every finding that was kept, store by store.
fn findings(report: &Report) -> impl Iterator<Item = (&StoreSpec, &Finding)> {
    report.stores.iter().flat_map(|(spec, found)| {
        found.by_check.values().flat_map(|kind| &kind.findings).map(move |finding| (spec, finding))
    })
}

fn severity(check: Check) -> &'static str {
    if check.is_error() { "error" } else { "warning" }
}

fn document(report: &Report) -> Document<'_> {
    let (errors, warnings) = report.counts();
    let counts = report.stores.iter().flat_map(|(spec, found)| {
        let count = |(check, kind): (&Check, &verify::Kind)| Count {
            check: check.name(),
            severity: severity(*check),
            store: spec.address(),
            files: kind.count,
        };
        found.by_check.iter().map(count)
    });
    let findings = findings(report).map(|(spec, finding)| Json {
        check: finding.check.name(),
        severity: severity(finding.check),
        store: spec.address(),
        wikis: spec.wikis.iter().map(|wiki| wiki.name.as_str()).collect(),
        path: finding.path.display().to_string(),
        message: &finding.message,
        help: finding.check.suggestion(),
    });
    Document {
        findings: findings.collect(),
        counts: counts.collect(),
        scanned: report.scanned(),
        errors: errors.findings,
        warnings: warnings.findings,
        error_files: errors.files,
        warning_files: warnings.files,
    }
}

fn as_sarif(report: &Report) -> serde_json::Value {
    let rules = Check::all().map(|check| sarif::Rule {
        id: check.name(),
        title: check.title().into(),
        help: check.suggestion().into(),
        page: None,
    });
    let results = findings(report).map(|(_, finding)| sarif::Finding {
        rule: finding.check.name(),
        level: if finding.check.is_error() { sarif::Level::Error } else { sarif::Level::Warning },
        message: &finding.message,
        path: &finding.path,
        region: None,
        key: &finding.key,
        edits: &[],
    });
    sarif::document(rules, results)
}

/// Without `-v` so many findings of a check are shown.
const EXAMPLES: usize = 3;

fn human(report: &Report, context: &mut Context<'_>) {
    let most = if context.verbosity > 0 { usize::MAX } else { EXAMPLES };
    for (spec, found) in report.stores.iter().filter(|(_, found)| !found.by_check.is_empty()) {
        let wikis: Vec<&str> = spec.wikis.iter().map(|wiki| wiki.name.as_str()).collect();
        let users = if wikis.is_empty() { String::new() } else { format!(" ({})", wikis.join(", ")) };
        writeln!(context.out, "{}", escape(&format!("{}{users}", spec.address())));
        for (check, kind) in &found.by_check {
            let (one, many) = check.counted_in(&spec.location);
            let files = count(kind.count, one, many);
            writeln!(context.out, "  {} {}: {files}", severity(*check), check.name());
            for finding in kind.findings.iter().take(most) {
                let name = if finding.path == spec.location.stem() {
                    finding.path.display().to_string()
                } else {
                    finding.path.file_name().map(Path::new).unwrap_or(&finding.path).display().to_string()
                };
                writeln!(context.out, "    {}", escape(&format!("{name}  {}", finding.message)));
            }
            let shown = kind.findings.len().min(most) as u64;
            if kind.count > shown {
                let more = kind.count - shown;
                let hint = if context.verbosity > 0 { "" } else { "; -v lists them" };
                writeln!(context.out, "    and {more} more{hint}");
            }
            writeln!(context.out, "    cure: {}", check.suggestion());
        }
    }
    if context.verbosity >= 0 {
        let (errors, warnings) = report.counts();
        let stores = count(report.stores.len() as u64, "store", "stores");
        let errors = counted(report, errors, true, ("error", "errors"));
        let warnings = counted(report, warnings, false, ("warning", "warnings"));
        writeln!(context.out, "{} in {stores}: {errors}, {warnings}", sessions(report.scanned()));
    }
}

/// As `2 errors (30 files)`.
fn counted(report: &Report, all: verify::Count, errors: bool, (one, many): (&str, &str)) -> String {
    let findings = count(all.findings, one, many);
    if all.findings == 0 {
        return findings;
    }
    let units = report.stores.iter().flat_map(|(spec, found)| {
        let checks = found.by_check.keys().filter(|check| check.is_error() == errors);
        checks.map(|check| check.counted_in(&spec.location))
    });
    let units: BTreeSet<_> = units.collect();
    let unit = match units.first() {
        Some(unit) if units.len() == 1 => *unit,
        _ => ("entry", "entries"),
    };
    format!("{findings} ({})", count(all.files, unit.0, unit.1))
}
