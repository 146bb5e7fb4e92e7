//! `wikifarm config import`: a farm file from MoinMoin's Python configuration, without running it; and what differs.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use url::Url;

use crate::cli::shared::{Context, Exit, Failure, Format, Outcome};
use crate::farm::{Farm, parse_url};
use crate::lint;
use crate::load::LoadError;
use crate::moin::Version;
use crate::pyconfig::drift::{self, Difference};
use crate::pyconfig::read::{self as python, Imported};
use crate::pyconfig::to_toml;
use crate::report::{escape, findings};
use crate::sys;
use crate::sys::why;

/// Make a farm file from farmconfig.py or wikiconfig.py, without running them; or say what differs
///
/// PY is a farmconfig.py, whose wikis are read from the files beside it, the wikiconfig.py of a single wiki, or a directory of them. What can't be
/// known without running Python is left out, with a comment that names the place; the exit status is 3 then. MoinMoin's URL expressions give the URLs.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: wikifarm config import /etc/moin/farmconfig.py --moin 1.9.11 -o farm.toml\n\
                        Example: wikifarm config import /etc/moin --check farm.toml"
)]
pub(in crate::cli) struct Options {
    /// The Python file, or its directory
    #[arg(value_name = "PY", default_value = ".")]
    py: PathBuf,
    /// Where to write the farm file; to standard output if absent
    #[arg(short = 'o', long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Write over FILE if it is there
    #[arg(long, requires = "output")]
    force: bool,
    /// The version that the wikis run
    #[arg(long, value_name = "VERSION")]
    moin: Option<Version>,
    /// The URL of a wiki, where its expression does not tell it; of the only one, or by name
    #[arg(long, value_name = "[NAME=]URL", value_parser = named_url)]
    url: Vec<(Option<String>, Url)>,
    /// Write nothing: say, setting by setting, how FARM differs from the Python files (exit status 1)
    #[arg(long, value_name = "FARM", conflicts_with = "output")]
    check: Option<PathBuf>,
}

/// `NAME=URL`, or a URL alone.
fn named_url(text: &str) -> Result<(Option<String>, Url), String> {
    match text.split_once('=') {
        Some((name, url)) if !name.contains([':', '/']) => Ok((Some(name.to_owned()), parse_url(url)?)),
        _ => Ok((None, parse_url(text)?)),
    }
}

/// A setting that was left out, for programs.
#[derive(Serialize)]
struct LeftOut<'a> {
    wiki: &'a str,
    setting: &'static str,
    file: String,
    line: usize,
    expression: String,
    why: &'a str,
}

#[derive(Serialize)]
struct Written<'a> {
    file: String,
    wikis: usize,
    left_out: Vec<LeftOut<'a>>,
    left_out_wikis: Vec<&'a str>,
}

/// A difference, for programs.
#[derive(Serialize)]
struct Drift<'a> {
    wiki: &'a str,
    setting: Option<&'static str>,
    farm: Option<&'a str>,
    farm_origin: Option<&'a str>,
    python: Option<&'a str>,
    python_origin: Option<&'a str>,
}

#[derive(Serialize)]
struct Checked<'a> {
    drift: Vec<Drift<'a>>,
    not_known: Vec<LeftOut<'a>>,
}

pub(super) fn run(options: &Options, context: &mut Context<'_>) -> Outcome {
    if context.format == Format::Json && options.output.is_none() && options.check.is_none() {
        return Err(Failure::usage(
            "--format json tells what was written or differs: name a file with -o FILE or --check FARM",
        ));
    }
    let home = std::env::var_os("HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
    let read = python::Options { moin: options.moin, urls: options.url.clone(), home, importing: true };
    let imported = python::read(&options.py, &read)
        .map_err(|error| Failure::usage(LoadError::from(error).to_string()))?;
    unknown_names(options, &imported)?;
    // What is not known is told below, in the words of an import.
    let problems = imported.farm.problems.iter();
    let fatal = problems.clone().any(|problem| problem.fatal);
    let found = lint::parse_findings(&imported.farm);
    let text = findings::human(&imported.farm.source, &found, context.colour);
    context.err.write_all(text.as_bytes());
    for (span, note) in &imported.assumed {
        let place = imported.farm.source.file_line(span.start);
        context.note(&format!("{place}: {note}"));
    }
    if imported.farm.wikis.is_empty() {
        return Err(Failure::usage(format!("no wiki of {} can be read", options.py.display())));
    }
    let done = if fatal { Exit::Partial } else { Exit::Success };
    match &options.check {
        Some(path) => check(path, &imported, context).map(|exit| exit.and(done)),
        None => write(options, &imported, context).map(|exit| exit.and(done)),
    }
}

/// Refuses URLs of wikis that are not there.
fn unknown_names(options: &Options, imported: &Imported) -> Result<(), Failure> {
    let all = || {
        let without = imported.left_out_wikis.iter().map(|(name, ..)| name.as_str());
        imported.farm.wikis.iter().map(|wiki| wiki.name.as_str()).chain(without)
    };
    for (name, url) in &options.url {
        match name {
            Some(name) if !all().any(|other| other == name) => {
                let hint = match crate::farm::nearest(name, all()) {
                    Some(near) => format!("; did you mean {near:?}?"),
                    None => String::new(),
                };
                return Err(Failure::usage(format!(
                    "--url: {} has no wiki {name:?}{hint}",
                    options.py.display()
                )));
            }
            None if all().count() > 1 => {
                let message = format!(
                    "--url {url}: {} has several wikis, so say which: --url NAME={url}",
                    options.py.display()
                );
                return Err(Failure::usage(message));
            }
            _ => {}
        }
    }
    Ok(())
}

fn write(options: &Options, imported: &Imported, context: &mut Context<'_>) -> Outcome {
    let Some(path) = options.output.as_deref().filter(|path| *path != Path::new("-")) else {
        let text = to_toml(imported, Path::new("."));
        context.out.write_all(text.as_bytes());
        return Ok(Exit::Success);
    };
    let directory = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    let there = path.symlink_metadata().is_ok();
    if there && !options.force {
        return Err(Failure::refused(format!(
            "{} is there already: compare it with --check {0}, or write over it with --force",
            path.display()
        )));
    }
    let text = to_toml(imported, directory);
    let failed =
        |error: std::io::Error| Failure::partial(format!("can't write {}: {}", path.display(), why(&error)));
    sys::write_atomically(path, text.as_bytes(), 0o644).map_err(failed)?;
    if context.format == Format::Json {
        let left_out_wikis = imported.left_out_wikis.iter().map(|(name, ..)| name.as_str()).collect();
        let (file, wikis) = (path.display().to_string(), imported.farm.wikis.len());
        context.json(&Written { file, wikis, left_out: left_out(imported), left_out_wikis });
        return Ok(Exit::Success);
    }
    if context.verbosity >= 0 {
        let all = left_out(imported);
        let mut parts = vec![count(imported.farm.wikis.len(), "wiki")];
        if !all.is_empty() {
            parts.push(format!("{} left out, each with a comment", count(all.len(), "setting")));
        }
        if !imported.left_out_wikis.is_empty() {
            parts.push(format!("{} left out", count(imported.left_out_wikis.len(), "wiki")));
        }
        writeln!(context.out, "{}: {}", escape(&path.display().to_string()), parts.join(", "));
    }
    Ok(Exit::Success)
}

fn count(number: usize, word: &str) -> String {
    if number == 1 { format!("1 {word}") } else { format!("{number} {word}s") }
}

fn left_out(imported: &Imported) -> Vec<LeftOut<'_>> {
    let source = &imported.farm.source;
    let all = imported.left_out.iter().flat_map(|(wiki, all)| all.iter().map(move |left| (wiki, left)));
    all.map(|(wiki, left)| LeftOut {
        wiki,
        setting: left.key.name(),
        file: source.path_at(left.span.start).display().to_string(),
        line: source.place(left.span.start).line,
        expression: python::expression(source, &left.span),
        why: &left.why,
    })
    .collect()
}

fn check(path: &Path, imported: &Imported, context: &mut Context<'_>) -> Outcome {
    let farm: Farm = context.farm_at(path)?;
    let found = drift::differences(&farm, imported);
    let exit = if found.is_empty() { Exit::Success } else { Exit::Found };
    if context.format == Format::Json {
        let side = |side: &'_ Option<(String, String)>| side.clone().unzip();
        let sides: Vec<_> = found.iter().map(|it| (it, side(&it.farm), side(&it.python))).collect();
        let drift = sides.iter().map(|(difference, farm, python)| Drift {
            wiki: &difference.wiki,
            setting: difference.key.map(crate::farm::Key::name),
            farm: farm.0.as_deref(),
            farm_origin: farm.1.as_deref(),
            python: python.0.as_deref(),
            python_origin: python.1.as_deref(),
        });
        let document = Checked { drift: drift.collect(), not_known: left_out(imported) };
        context.json(&document);
        return Ok(exit);
    }
    for difference in &found {
        writeln!(context.out, "{}", escape(&sentence(difference)));
    }
    if context.verbosity >= 0 {
        let summary = match found.len() {
            0 => "as in the Python files".to_owned(),
            1 => "1 difference".to_owned(),
            number => format!("{number} differences"),
        };
        let all = left_out(imported).len();
        let beside = if all == 0 { String::new() } else { format!("; {} not known", count(all, "setting")) };
        writeln!(context.out, "{}: {summary}{beside}", escape(&path.display().to_string()));
    }
    Ok(exit)
}

fn sentence(difference: &Difference) -> String {
    let Difference { wiki, key, farm, python } = difference;
    let what = key.map_or_else(String::new, |key| format!(" {}", key.name()));
    let side = |side: &Option<(String, String)>, missing: &str| match side {
        Some((value, place)) => format!("{value} ({place})"),
        None => missing.to_owned(),
    };
    let (here, there) = (side(farm, "not in the farm file"), side(python, "not in the Python files"));
    format!("{wiki}{what}: {here}, but {there}")
}
