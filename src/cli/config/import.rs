//! `wikifarm config import`: a farm file from MoinMoin's Python configuration, and how the two differ.

use std::path::{Path, PathBuf};

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;
use url::Url;

use super::run::RunOptions;
use crate::cli::shared::{Context, Exit, Failure, Format, Outcome};
use crate::farm::{Farm, Key, nearest, parse_url};
use crate::lint::{self, Severity};
use crate::load::LoadError;
use crate::moin::Version;
use crate::pyconfig::drift::{self, Difference};
use crate::pyconfig::read::{self as python, Imported, Kept};
use crate::pyconfig::to_toml;
use crate::report::findings;
use crate::sys;
use crate::sys::why;
use crate::text::escape;

/// Create a farm file from MoinMoin's Python files, or compare it with them
///
/// PY is a farmconfig.py with the files of its wikis beside it, the wikiconfig.py of a single wiki, or a directory with these files. wikifarm reads
/// the files without running them. If a setting is known only after Python runs, wikifarm writes a comment in its place and exits with status 3. `--run PYTHON` runs the files.
#[derive(Debug, Args)]
#[command(after_help = "Example: wikifarm config import /etc/moin --moin 1.9.11 -o farm.toml\n\
                        Example: wikifarm config import /etc/moin --check farm.toml\n\
                        Example: wikifarm config import /etc/moin --run python2.7 --as www-data")]
pub(in crate::cli) struct Options {
    /// Read this Python file, or the Python files in this directory
    #[arg(value_name = "PY", default_value = ".")]
    py: PathBuf,
    /// Write the farm file to FILE instead of standard output
    #[arg(short = 'o', long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace FILE if it exists
    #[arg(long, requires = "output")]
    force: bool,
    /// Use this MoinMoin version for the wikis
    #[arg(long, value_name = "VERSION")]
    moin: Option<Version>,
    /// Use this URL for the only wiki, or for the wiki NAME
    #[arg(long, value_name = "[NAME=]URL", value_parser = named_url)]
    url: Vec<(Option<String>, Url)>,
    /// List how FARM differs from the Python files (exit status 1); write nothing
    #[arg(long, value_name = "FARM", conflicts_with = "output")]
    check: Option<PathBuf>,
    #[command(flatten)]
    run: RunOptions,
}

/// `NAME=URL`, or a URL alone.
fn named_url(text: &str) -> Result<(Option<String>, Url), String> {
    match text.split_once('=') {
        Some((name, url)) if !name.contains([':', '/']) => Ok((Some(name.to_owned()), parse_url(url)?)),
        _ => Ok((None, parse_url(text)?)),
    }
}

/// The result of an import, or of a comparison.
#[derive(Serialize, JsonSchema)]
pub(super) struct Document {
    /// The farm file that was written or compared.
    file: String,
    /// The wikis that were read.
    wikis: Vec<String>,
    /// Settings that are unknown or invalid.
    left_out: Vec<LeftOut>,
    /// Wikis without a known class `Config`.
    left_out_wikis: Vec<String>,
    /// Wikis without a known URL.
    without_url: Vec<String>,
    /// The differences; null without `--check`.
    drift: Option<Vec<Drift>>,
}

/// A setting that the import omits.
#[derive(Serialize, JsonSchema)]
struct LeftOut {
    /// The wiki's name.
    wiki: String,
    /// The setting's name.
    setting: &'static str,
    /// The Python file.
    file: String,
    /// The line of the expression, from 1.
    line: usize,
    /// The expression.
    expression: String,
    /// Why the import omits the setting.
    why: String,
}

/// A difference between the farm file and the Python files.
#[derive(Serialize, JsonSchema)]
struct Drift {
    /// The wiki's name.
    wiki: String,
    /// The setting's name; null for the whole wiki.
    setting: Option<&'static str>,
    /// The value in the farm file; null if it has none.
    farm: Option<String>,
    /// The position of that value.
    farm_origin: Option<String>,
    /// The value in the Python files; null if they have none.
    python: Option<String>,
    /// The position of that value.
    python_origin: Option<String>,
}

pub(super) fn run(options: &Options, context: &mut Context<'_>) -> Outcome {
    if context.format == Format::Json && options.output.is_none() && options.check.is_none() {
        return Err(
            Failure::usage("--format json requires -o or --check").help("add -o FILE or --check FARM")
        );
    }
    if let Some(path) = options.output.as_deref().filter(|path| is_file(path)) {
        may_write(path, options.force)?;
    }
    if options.py.extension().is_some_and(|extension| extension == "toml") {
        let py = options.py.display();
        return Err(Failure::usage(format!(
            "{py} is a farm file already: `config import` reads Python files"
        ))
        .help(format!("check the farm file with `wikifarm config check {py}`")));
    }
    let farm = options.check.as_deref().map(|path| context.farm_at(path)).transpose()?;
    let imported = read(options, farm.as_ref(), context)?;
    unknown_names(options, &imported)?;
    let found = lint::parse_findings(&imported.farm);
    let text = findings::human(&imported.farm.source, &found, context.color, context.width);
    context.err.write_all(text.as_bytes());
    for (span, note) in &imported.assumed {
        let position = imported.farm.source.file_line(span.start);
        context.note(&format!("{position}: {note}"));
    }
    if imported.farm.wikis.is_empty() && imported.without_url.is_empty() {
        return Err(Failure::usage(format!("no wiki of {} can be read", options.py.display())));
    }
    advise(options, &imported, context);
    let fatal = imported.farm.problems.iter().any(|problem| problem.fatal);
    let errors = found.iter().any(|finding| finding.severity == Severity::Error);
    let done = match (fatal, errors) {
        (true, _) => Exit::Partial,
        (false, true) => Exit::Found,
        (false, false) => Exit::Success,
    };
    match farm {
        Some(farm) => compare(options, &farm, &imported, context).map(|exit| exit.and(done)),
        None => write(options, &imported, context).map(|exit| exit.and(done)),
    }
}

/// Reads the configuration, after running it if that is asked for.
fn read(options: &Options, farm: Option<&Farm>, context: &mut Context<'_>) -> Result<Imported, Failure> {
    let kept = farm.into_iter().flat_map(|farm| &farm.wikis).map(|wiki| Kept {
        name: wiki.name.clone(),
        url: wiki.url.clone(),
        aliases: wiki.aliases().to_vec(),
        version: wiki.version(),
    });
    let (moin, urls, kept) = (options.moin, options.url.clone(), kept.collect());
    let mut asked = python::Options { moin, urls, importing: true, kept, ran: None };
    let read = |asked: &python::Options| {
        python::read(&options.py, asked).map_err(|error| Failure::usage(LoadError::from(error).to_string()))
    };
    let imported = read(&asked)?;
    asked.ran = options.run.run(&options.py, &imported, context)?;
    if asked.ran.is_none() { Ok(imported) } else { read(&asked) }
}

/// Refuses URLs of wikis that do not exist.
fn unknown_names(options: &Options, imported: &Imported) -> Result<(), Failure> {
    let left_out = imported.left_out_wikis.iter().map(|(name, _)| name.as_str());
    let wikis = imported.farm.wikis.iter().chain(&imported.without_url);
    let all: Vec<&str> = wikis.map(|wiki| wiki.name.as_str()).chain(left_out).collect();
    for (name, url) in &options.url {
        let py = options.py.display();
        match name {
            Some(name) if !all.contains(&name.as_str()) => {
                let failure = Failure::usage(format!("--url: {py} has no wiki {name:?}"));
                return Err(match nearest(name, all.iter().copied()) {
                    Some(near) => failure.help(format!("did you mean {near:?}?")),
                    None => failure,
                });
            }
            None if all.len() > 1 => {
                return Err(Failure::usage(format!("--url {url}: {py} has several wikis"))
                    .help(format!("name the wiki: --url NAME={url}")));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Names all options that give what the files do not say.
fn advise(options: &Options, imported: &Imported, context: &mut Context<'_>) {
    let mut missing: Vec<String> =
        imported.without_url.iter().map(|wiki| format!("--url {}=https://…", wiki.name)).collect();
    if missing.is_empty() {
        return;
    }
    if options.moin.is_none() && imported.evidence.as_ref().is_none_or(|it| !it.version.is_precise()) {
        missing.push("--moin VERSION".to_owned());
    }
    context.help(&format!("add to the command: {}", missing.join(" ")));
}

fn is_file(path: &Path) -> bool {
    path != Path::new("-")
}

fn may_write(path: &Path, force: bool) -> Result<(), Failure> {
    if force || path.symlink_metadata().is_err() {
        return Ok(());
    }
    let shown = path.display();
    Err(Failure::refused(format!("{shown} exists"))
        .help(format!("compare it with --check {shown}, or replace it with --force")))
}

fn write(options: &Options, imported: &Imported, context: &mut Context<'_>) -> Outcome {
    let path = options.output.as_deref().filter(|path| is_file(path));
    let text = to_toml(imported, path);
    let Some(path) = path else {
        context.out.write_all(text.as_bytes());
        return Ok(Exit::Success);
    };
    let failed =
        |error: std::io::Error| Failure::partial(format!("can't write {}: {}", path.display(), why(&error)));
    sys::write_atomically(path, text.as_bytes(), 0o644).map_err(failed)?;
    let document = document(path, imported, None);
    if context.format == Format::Json {
        context.document(&document);
    } else if context.verbosity >= 0 {
        let mut parts = vec![count(document.wikis.len(), "wiki")];
        let mut add = |number: usize, word: &str, text: &str| {
            if number > 0 {
                parts.push(format!("{} {text}", count(number, word)));
            }
        };
        add(document.left_out.len(), "setting", "omitted (see the comments in the file)");
        add(document.left_out_wikis.len(), "wiki", "omitted");
        add(document.without_url.len(), "wiki", "without a URL");
        writeln!(context.out, "{}: {}", escape(&document.file), parts.join(", "));
    }
    Ok(Exit::Success)
}

fn count(number: usize, word: &str) -> String {
    if number == 1 { format!("1 {word}") } else { format!("{number} {word}s") }
}

fn document(file: &Path, imported: &Imported, drift: Option<Vec<Drift>>) -> Document {
    let source = &imported.farm.source;
    let all = imported.left_out.iter().flat_map(|(wiki, all)| all.iter().map(move |left| (wiki, left)));
    let left_out = all.map(|(wiki, left)| LeftOut {
        wiki: wiki.clone(),
        setting: left.key.name(),
        file: source.path_at(left.span.start).display().to_string(),
        line: source.position(left.span.start).line,
        expression: python::expression(source, &left.span),
        why: left.why.clone(),
    });
    let wikis = imported.farm.wikis.iter().chain(&imported.without_url);
    Document {
        file: file.display().to_string(),
        wikis: wikis.map(|wiki| wiki.name.clone()).collect(),
        left_out: left_out.collect(),
        left_out_wikis: imported.left_out_wikis.iter().map(|(name, _)| name.clone()).collect(),
        without_url: imported.without_url.iter().map(|wiki| wiki.name.clone()).collect(),
        drift,
    }
}

fn compare(options: &Options, farm: &Farm, imported: &Imported, context: &mut Context<'_>) -> Outcome {
    let found = drift::differences(farm, imported);
    let exit = if found.is_empty() { Exit::Success } else { Exit::Found };
    let path = options.check.as_deref().unwrap_or(Path::new("-"));
    let document = document(path, imported, Some(found.iter().map(drift_row).collect()));
    if context.format == Format::Json {
        context.document(&document);
        return Ok(exit);
    }
    for difference in &found {
        writeln!(context.out, "{}", escape(&sentence(difference)));
    }
    if context.verbosity >= 0 {
        let summary = match found.len() {
            0 => "no differences from the Python files".to_owned(),
            number => count(number, "difference"),
        };
        let beside = match document.left_out.len() {
            0 => String::new(),
            number => format!("; {} not known", count(number, "setting")),
        };
        writeln!(context.out, "{}: {summary}{beside}", escape(&document.file));
    }
    Ok(exit)
}

fn drift_row(difference: &Difference) -> Drift {
    let (farm, farm_origin) = difference.farm.clone().unzip();
    let (python, python_origin) = difference.python.clone().unzip();
    let setting = difference.key.map(Key::name);
    Drift { wiki: difference.wiki.clone(), setting, farm, farm_origin, python, python_origin }
}

fn sentence(difference: &Difference) -> String {
    let Difference { wiki, key, farm, python } = difference;
    let what = key.map_or_else(String::new, |key| format!(" {}", key.name()));
    let side = |side: &Option<(String, String)>, missing: &str| match side {
        Some((value, position)) => format!("{value} ({position})"),
        None => missing.to_owned(),
    };
    let (here, there) = (side(farm, "not in the farm file"), side(python, "not in the Python files"));
    format!("{wiki}{what}: {here}, but {there}")
}
