//! `wikifarm session verify`: checks the stores and suggests fixes.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::Ordering;

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use crate::cli::shared::stores::{StoreArgs, Stores};
use crate::cli::shared::summary::{self, LogArgs, MetricsArgs, RunSummary, StoreLabels};
use crate::cli::shared::{Context, Exit, Failure, Format, Outcome};
use crate::location::RealDirectories;
use crate::ops::verify::{self, Finding, Report, Rule};
use crate::report::sarif;
use crate::sharing::Model;
use crate::store::{StoreSpec, tally};
use crate::text::measure::{count, sessions};
use crate::text::{Paint, ellipsis, escape, hang, paint};

/// Check the stores and suggest a fix for each problem; changes nothing
///
/// Checks sessions: unreadable, with forbidden classes, without a valid MAC, of users who do not exist, acting as another
/// user without being a superuser, without `expires`, or with an `expires` that the configuration does not allow.
///
/// Checks files: modes that give access to other local users, owners that lock the wiki out, names that no wiki looks up,
/// leftover files, session directories that no wiki uses, and ids in two stores whose wikis share a cookie. Some of these
/// rules need a farm file.
///
/// Each rule counts once per store, with the number of files. The wiki's user is the owner of most session
/// files, or, without session files, the owner of user_dir or of the session directory. Files of root count only if
/// root owns these directories. Skips owners if the directory has an access control list.
///
/// To find directories that no wiki uses, verify searches below the cache_dir of each wiki, and beside its data_dir and
/// session directory: five levels deep, on the same file system, at most 100,000 directories, without following links.
/// `wikifarm store find ROOT --orphans` searches everything below ROOT.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit status: 0 no problem found, 1 problems found, 3 some stores or sessions could not be checked.\n\n\
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

/// A problem in a store.
#[derive(Serialize, JsonSchema)]
struct Json<'a> {
    /// The rule.
    rule: &'static str,
    /// `error` or `warning`.
    severity: &'static str,
    /// The location of the store.
    store: String,
    /// The wikis that use the store.
    wikis: Vec<&'a str>,
    /// The file or directory, with a shortened id.
    path: String,
    /// The problem.
    message: &'a str,
    /// The suggested fix.
    help: &'static str,
}

/// How many files, directories, or sessions break a rule; `findings` has at most [`verify::MAX_SHOWN`] of them.
#[derive(Serialize, JsonSchema)]
struct Count {
    /// The rule.
    rule: &'static str,
    /// `error` or `warning`.
    severity: &'static str,
    /// The location of the store.
    store: String,
    /// The number of files, directories, or sessions.
    files: u64,
}

/// The problems in the stores.
#[derive(Serialize, JsonSchema)]
pub(super) struct Document<'a> {
    /// The problems; of each rule and store, the first.
    findings: Vec<Json<'a>>,
    /// The number of files by rule and store.
    counts: Vec<Count>,
    /// The number of checked sessions.
    scanned: u64,
    /// The number of errors. Each rule counts once a store.
    errors: u64,
    /// The number of warnings. Each rule counts once a store.
    warnings: u64,
    /// The number of files, directories, or sessions with errors.
    error_files: u64,
    /// The number of files, directories, or sessions with warnings.
    warning_files: u64,
}

pub(super) fn run(options: &Options, context: &mut Context<'_>) -> Outcome {
    let (metrics, log) = (options.metrics.metrics.as_deref(), options.log.log.as_deref());
    summary::record("verify", metrics, log, context, |context, summary| verify(options, context, summary))
}

fn verify(options: &Options, context: &mut Context<'_>, summary: &mut RunSummary) -> Outcome {
    let Stores { specs, farm, exit } = options.stores.find(context, false)?;
    let whole_farm = options.stores.is_whole_farm();
    let run = verify::Options::of(farm.as_ref(), context.now() as i64, whole_farm)
        .map_err(|error| Failure::usage(error.to_string()))?;
    let model = farm.as_ref().map(|farm| Model::new(farm, &RealDirectories::default(), &context.suffixes));
    let farm = farm.as_ref().zip(model.as_ref());
    let stop = context.stop()?;
    let looking = context.progress("Checking sessions", &tally::LOOKED, &specs);
    let report = verify::verify(specs, farm, &run, &stop);
    drop(looking);
    record(&report, summary);
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
    context.problems(&report.problems);
    for note in &report.notes {
        context.note(note);
    }
    match context.format {
        Format::Json => context.document(&document(&report)),
        Format::Ndjson => {
            for finding in document(&report).findings {
                context.json_line(&finding);
            }
        }
        Format::Sarif => context.json(&as_sarif(&report)),
        _ => human(&report, context),
    }
    if stopped {
        context.stopped(&format!("{} checked", sessions(report.scanned())));
    }
    Ok(status)
}

/// For metrics and the log.
fn record(report: &Report, summary: &mut RunSummary) {
    for (spec, found) in &report.stores {
        let of = &StoreLabels::of(spec);
        for rule in Rule::all() {
            let files = found.by_rule.get(&rule).map_or(0, |kind| kind.count);
            let labels = [("rule", rule.name()), ("severity", severity(rule))];
            summary.metric(of, summary::FINDINGS, &labels, files.min(1));
            summary.metric(of, summary::FINDING_FILES, &labels, files);
        }
        // A store that could not be read is not an empty store.
        if found.states.sum() > 0 || found.complete {
            summary.sessions(of, &found.states);
        }
        summary.removed(of, 0, 0);
        summary.inodes(of, spec);
    }
    let (errors, warnings) = report.counts();
    summary.field("stores", report.stores.len());
    summary.field("scanned", report.scanned());
    summary.field("errors", errors.findings);
    summary.field("warnings", warnings.findings);
    summary.field("error_files", errors.files);
    summary.field("warning_files", warnings.files);
    summary.field("failed", report.problems.len());
}

/// All findings that were kept, store by store.
fn findings(report: &Report) -> impl Iterator<Item = (&StoreSpec, &Finding)> {
    report.stores.iter().flat_map(|(spec, found)| {
        found.by_rule.values().flat_map(|kind| &kind.findings).map(move |finding| (spec, finding))
    })
}

fn severity(rule: Rule) -> &'static str {
    if rule.is_error() { "error" } else { "warning" }
}

fn document(report: &Report) -> Document<'_> {
    let (errors, warnings) = report.counts();
    let counts = report.stores.iter().flat_map(|(spec, found)| {
        let count = |(rule, kind): (&Rule, &verify::Kind)| Count {
            rule: rule.name(),
            severity: severity(*rule),
            store: spec.address(),
            files: kind.count,
        };
        found.by_rule.iter().map(count)
    });
    let findings = findings(report).map(|(spec, finding)| Json {
        rule: finding.rule.name(),
        severity: severity(finding.rule),
        store: spec.address(),
        wikis: spec.wikis.iter().map(|wiki| wiki.name.as_str()).collect(),
        path: finding.path.display().to_string(),
        message: &finding.message,
        help: finding.rule.suggestion(),
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
    let rules = Rule::all().map(|rule| sarif::Rule {
        id: rule.name(),
        title: rule.title().into(),
        help: rule.suggestion().into(),
        page: None,
    });
    let results = findings(report).map(|(_, finding)| sarif::Finding {
        rule: finding.rule.name(),
        level: if finding.rule.is_error() { sarif::Level::Error } else { sarif::Level::Warning },
        message: &finding.message,
        path: &finding.path,
        region: None,
        key: &finding.key,
        edits: &[],
    });
    sarif::document(rules, results)
}

/// How many findings of each rule are shown without `-v`.
const EXAMPLES: usize = 3;

fn human(report: &Report, context: &mut Context<'_>) {
    for (spec, found) in report.stores.iter().filter(|(_, found)| !found.by_rule.is_empty()) {
        let wikis: Vec<&str> = spec.wikis.iter().map(|wiki| wiki.name.as_str()).collect();
        let users = if wikis.is_empty() { String::new() } else { format!(" ({})", wikis.join(", ")) };
        writeln!(context.out, "{}", escape(&format!("{}{users}", spec.address())));
        for (rule, kind) in &found.by_rule {
            human_rule(spec, *rule, kind, context);
        }
    }
    if context.verbosity >= 0 {
        write!(context.out, "{}", hang("", 2, &summary_line(report), context.width));
    }
}

/// The last line. A store that was not read completely may have more errors than were found.
fn summary_line(report: &Report) -> String {
    let (errors, warnings) = report.counts();
    let all = report.stores.len() as u64;
    let incomplete = report.stores.iter().filter(|(_, found)| found.failed).count() as u64;
    let stores = match incomplete {
        0 => count(all, "store", "stores"),
        _ => format!("{} of {}", all - incomplete, count(all, "store", "stores")),
    };
    let missed = match incomplete {
        0 => String::new(),
        _ => format!("; could not check all of {}", count(incomplete, "other store", "other stores")),
    };
    let found = match (errors.findings + warnings.findings, incomplete) {
        (0, 1..) if incomplete == all && report.scanned() == 0 => return "no session was checked".to_owned(),
        (0, 1..) => "no problems".to_owned(),
        _ => format!(
            "{}, {}",
            counted(report, errors, true, ("error", "errors")),
            counted(report, warnings, false, ("warning", "warnings"))
        ),
    };
    format!("{} in {stores}: {found}{missed}", sessions(report.scanned()))
}

fn human_rule(spec: &StoreSpec, rule: Rule, kind: &verify::Kind, context: &mut Context<'_>) {
    let (most, width) = (if context.verbosity > 0 { usize::MAX } else { EXAMPLES }, context.width);
    let (one, many) = rule.counted_in(&spec.location);
    let heading = format!("{}[{}]", severity(rule), rule.name());
    let color = if rule.is_error() { Paint::Bad } else { Paint::Warning };
    let heading = paint(&heading, color, context.color);
    let text = format!("{heading}: {} ({})", rule.title(), count(kind.count, one, many));
    write!(context.out, "{}", hang("  ", 4, &text, width));
    for finding in kind.findings.iter().take(most) {
        let name = if finding.path == spec.location.stem() {
            finding.path.display().to_string()
        } else {
            finding.path.file_name().map(Path::new).unwrap_or(&finding.path).display().to_string()
        };
        let line = format!("{}  {}", escape(&name), escape(&finding.message));
        write!(context.out, "{}", hang("    ", 6, &line, width));
    }
    let shown = kind.findings.len().min(most) as u64;
    if kind.count > shown {
        let more = kind.count - shown;
        let hint = if context.verbosity > 0 { "" } else { " (-v lists all)" };
        writeln!(context.out, "    {} and {more} more{hint}", ellipsis());
    }
    write!(context.out, "{}", hang("    ", 6, &format!("help: {}", rule.suggestion()), width));
}

/// Formats counts as `2 errors (30 files)`.
fn counted(report: &Report, all: verify::Count, errors: bool, (one, many): (&str, &str)) -> String {
    let findings = count(all.findings, one, many);
    if all.findings == 0 {
        return findings;
    }
    let units = report.stores.iter().flat_map(|(spec, found)| {
        let rules = found.by_rule.keys().filter(|rule| rule.is_error() == errors);
        rules.map(|rule| rule.counted_in(&spec.location))
    });
    let units: BTreeSet<_> = units.collect();
    let unit = match units.first() {
        Some(unit) if units.len() == 1 => *unit,
        _ => ("entry", "entries"),
    };
    format!("{findings} ({})", count(all.files, unit.0, unit.1))
}
