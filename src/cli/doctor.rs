//! `wikifarm doctor`: can people log in, and stay logged in?

mod config;
mod human;
mod line;
mod live;
mod stores;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use clap::{Args, ValueEnum};
use schemars::JsonSchema;
use serde::Serialize;

use self::line::{Area, Line, Status, Symptom};
use super::shared::stores::of_moin_2;
use super::shared::wiki::find_wiki;
use super::shared::{Context, Exit, Failure, Format, Outcome, index, must_be_trusted};
use crate::farm::{Farm, Trusted};
use crate::health::{Does, find_cleaners};
use crate::lint;
use crate::location::RealDirectories;
use crate::ops::prune::ClockCheck;
use crate::ops::verify;
use crate::sharing::Model;
use crate::store::{self, tally};
use crate::sys;
use crate::text::{list, shell_path, shell_word};

/// Find out why people can't log in, or are logged out
///
/// Checks the farm file, which wikis share logins, cookies that browsers reject, whether the wikis can save sessions, the
/// jobs that remove sessions, the sessions in the stores, and the clock. Prints one line for each cause, the worst first,
/// with its effect on people and the command that shows more. Changes nothing.
///
/// Run it as root or as the user of the wikis: other users can't read the sessions.
#[derive(Debug, Args)]
#[command(after_help = "Exit status: 0 no failure, 1 failures found, 3 something could not be checked.\n\n\
                        Example: wikifarm doctor\n\
                        Example: wikifarm doctor wiki1 --symptom logged-out --probe")]
pub(super) struct Options {
    /// Diagnose only these wikis
    #[arg(value_name = "WIKI")]
    wikis: Vec<String>,
    /// Show only causes of this symptom
    #[arg(long, value_enum, value_name = "SYMPTOM")]
    symptom: Option<Symptom>,
    /// Also visit the running wikis, as `cookie probe` does
    #[arg(long)]
    probe: bool,
    /// Read the jobs of cron, systemd, and tmpfiles.d below this directory: for wikis in a container
    ///
    /// No other command has this option: for these jobs, doctor names `config rules`, which explains the rule.
    #[arg(long, value_name = "DIR", default_value = "/")]
    root: PathBuf,
}

/// The diagnosis.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Document {
    /// The lines, the worst first.
    lines: Vec<Line>,
    /// How many lines are failures.
    failures: usize,
    /// How many lines are warnings.
    warnings: usize,
}

pub(super) fn run(options: &Options, context: &mut Context<'_>) -> Outcome {
    can_be_searched(&options.root).map_err(|error| {
        Failure::usage(format!("--root: {}: {}", options.root.display(), sys::why(&error)))
    })?;
    let farm = context.farm_with_problems()?;
    must_be_trusted(&farm)?;
    for name in &options.wikis {
        find_wiki(&farm, name)?;
    }
    let mut lines = check(&farm, options, context);
    // Without a usable farm file, there is nothing else to look at.
    if farm.sound()
        && let Ok(farm) = Trusted::new(farm)
    {
        lines.extend(farm_lines(&farm, options, context)?);
        lines.extend(well(&lines));
    }
    lines.sort_by_key(Line::rank);
    if let Some(symptom) = options.symptom {
        lines.retain(|line| line.symptoms.contains(&symptom));
        if lines.is_empty() {
            lines.push(none(options, context));
        }
    }
    let count = |status| lines.iter().filter(|line| line.status == status).count();
    let (failures, warnings, unknown) = (count(Status::Fail), count(Status::Warn), count(Status::Unknown));
    let mut exit = if failures > 0 { Exit::Found } else { Exit::Success };
    if unknown > 0 {
        exit = exit.and(Exit::Partial);
    }
    match context.format {
        Format::Json => context.document(&Document { lines, failures, warnings }),
        _ => human::show(&lines, &again(options, "-v", context), context),
    }
    Ok(exit)
}

/// A line for each area in which `config check` found nothing.
fn well(lines: &[Line]) -> Vec<Line> {
    let areas = [
        (Area::Storage, "nothing keeps the wikis from saving sessions"),
        (Area::Cookies, "browsers accept the cookies of all wikis"),
        (Area::Sharing, "no wiki ends the logins of another, and every [[share]] holds"),
    ];
    let clean = areas.into_iter().filter(|(area, _)| lines.iter().all(|line| line.area != *area));
    clean.map(|(area, text)| Line::new(Status::Ok, area, text)).collect()
}

/// The line if no cause of a symptom was found.
fn none(options: &Options, context: &Context<'_>) -> Line {
    let line = Line::new(Status::Ok, Area::Config, "no cause of this symptom was found");
    if options.probe { line } else { line.details(again(options, "--probe", context)) }
}

/// The command of this run with one more option.
fn again(options: &Options, more: &str, context: &Context<'_>) -> String {
    let mut words = vec!["doctor".to_owned()];
    words.extend(options.wikis.iter().map(|wiki| shell_word(wiki)));
    if let Some(symptom) = options.symptom.and_then(|symptom| symptom.to_possible_value()) {
        words.push(format!("--symptom {}", symptom.get_name()));
    }
    if options.probe {
        words.push("--probe".to_owned());
    }
    if is_other(&options.root) {
        words.push(format!("--root {}", shell_path(&options.root)));
    }
    words.push(more.to_owned());
    context.command(&words.join(" "))
}

/// Whether this process can list a directory and open the files in it.
fn can_be_searched(dir: &Path) -> io::Result<()> {
    dir.read_dir()?;
    dir.join(".").metadata()?;
    Ok(())
}

/// Whether `--root` names another directory than `/`, which all other commands read.
fn is_other(root: &Path) -> bool {
    root != Path::new("/")
}

/// Whether one of the wikis was chosen. With no choice, and for the whole farm, yes.
fn chosen<'w>(options: &Options, mut wikis: impl Iterator<Item = &'w String> + Clone) -> bool {
    let whole = wikis.clone().next().is_none();
    options.wikis.is_empty() || whole || wikis.any(|wiki| options.wikis.contains(wiki))
}

/// The lines of `config check`.
fn check(farm: &Farm, options: &Options, context: &Context<'_>) -> Vec<Line> {
    let disk = lint::WithJobsOf(lint::disk_for(farm), &options.root);
    let findings = match farm.sound() {
        true => lint::check(farm, &disk, &context.suffixes, &lint::Overrides::default()),
        false => lint::parse_findings(farm),
    };
    let about = |finding: &lint::Finding| chosen(options, finding.wikis.iter());
    config::lines(farm, findings, &about, is_other(&options.root), context)
}

/// The lines about stores, jobs, the clock, and the running wikis.
fn farm_lines(
    farm: &Trusted,
    options: &Options,
    context: &mut Context<'_>,
) -> Result<Vec<Line>, super::Failure> {
    let now = context.now();
    #[expect(clippy::cast_possible_truncation, reason = "times are bounded where they are read")]
    let seconds = now as i64;
    let store::FarmStores { stores: mut specs, mut without } = store::of_farm(farm);
    // MoinMoin 2 has no sessions on disk.
    without.retain(|(wiki, _)| of_moin_2(farm).all(|other| other.name != *wiki));
    without.retain(|(wiki, _)| chosen(options, std::iter::once(wiki)));
    specs.retain(|spec| chosen(options, spec.wikis.iter().map(|wiki| &wiki.name)));
    let model = Model::new(farm, &RealDirectories::default(), &context.suffixes);
    let run =
        verify::Options::of(Some(farm), seconds, false).map_err(|error| Failure::usage(error.to_string()))?;
    let stop = context.stop()?;
    let looking = context.progress("Checking sessions", &tally::LOOKED, &specs);
    let report = verify::verify(specs, Some((farm, &model)), &run, &stop);
    drop(looking);
    let index_dir = index::index_dir(Some(farm));
    let mut lines = stores::lines(&report, index_dir.as_deref(), now, context);
    lines.extend(stores::without(without, context));
    if stop.load(Ordering::Relaxed) {
        lines.push(Line::new(Status::Unknown, Area::Sessions, "stopped by a signal: not checked completely"));
    }
    let clock = ClockCheck::Against { state_dir: sys::state_dir().ok() };
    lines.extend(clock.check(seconds).err().map(|refusal| stores::clock(&refusal.to_string(), context)));
    lines.extend(jobs(&options.root, context));
    if options.probe {
        lines.extend(live::lines(farm, &options.wikis, context));
    }
    Ok(lines)
}

/// The line about the jobs that remove sessions as they should, or about those that can't be read. A rule reports that there
/// is none.
fn jobs(root: &Path, context: &Context<'_>) -> Option<Line> {
    let cleaners = find_cleaners(root);
    let files = |does: &Does| {
        let jobs = cleaners.iter().filter(|job| job.does == *does);
        let mut files: Vec<String> = jobs.map(|job| job.file.display().to_string()).collect();
        files.dedup();
        let shown: Vec<&str> = files.iter().map(String::as_str).collect();
        list(&shown, "and", 2)
    };
    let (prune, unread) = (files(&Does::Prune { all: false }), files(&Does::Unread));
    if !prune.is_empty() {
        let line = Line::new(Status::Ok, Area::Cleaners, format!("`wikifarm session prune` runs in {prune}"));
        return Some(line.details(context.command("config rules no-prune-job")));
    }
    let text = format!("can't read {unread}: unknown which jobs delete sessions");
    let line = Line::new(Status::Unknown, Area::Cleaners, text);
    (!unread.is_empty()).then(|| line.symptoms(&[Symptom::LoggedOut, Symptom::DiskFull, Symptom::Slow]))
}
