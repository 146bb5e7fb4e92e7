//! `wikifarm demo`: a small real farm, and the main commands run on it.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::shared::{Context, Exit, Failure, Format, Outcome};
use crate::demo;
use crate::report::escape;
use crate::sys::why;

/// Make a small real farm in a fresh directory and run the main commands on it
///
/// Without DIR the farm is made in a temporary directory, which is gone afterwards.
#[derive(Debug, Args)]
#[command(after_help = "Example: wikifarm demo /tmp/farm && cd /tmp/farm && wikifarm config check")]
pub(super) struct Options {
    /// Where to make the farm: a directory that does not exist yet, or is empty; it stays
    dir: Option<PathBuf>,
}

/// What is run, each with what it shows.
const TOUR: [(&str, &[&str]); 8] = [
    ("What is wrong with this farm?", &["config", "check"]),
    ("Who shares a login with whom?", &["cookie", "preview"]),
    ("Why does a visit to `trap` hurt a login at `docs`?", &["cookie", "explain", "docs", "trap"]),
    ("What does `docs` send to browsers?", &["cookie", "header", "docs"]),
    ("What lies in the session directories?", &["session", "stats", "--top", "3"]),
    (
        "Whose sessions are live?",
        &["session", "list", "--state", "live", "--sort", "expires", "--limit", "5"],
    ),
    (
        "Who is logged in as AdminAda?",
        &["session", "list", "--user", "AdminAda", "--state", "live", "--limit", "3"],
    ),
    ("What would `session prune` remove, and why?", &["session", "prune", "--dry-run"]),
];

/// Runs the command of these words.
type RunWords<'a> = &'a dyn Fn(&[&str], &mut Context<'_>) -> Outcome;

pub(super) fn run(options: &Options, context: &mut Context<'_>, run: RunWords<'_>) -> Outcome {
    context.formats("demo", &[Format::Human])?;
    #[expect(clippy::cast_possible_truncation, reason = "times are bounded where they are read")]
    let now = context.now() as i64;
    let temporary;
    let dir: &Path = match &options.dir {
        Some(dir) => {
            fresh(dir)?;
            dir
        }
        None => {
            let made = tempfile::Builder::new().prefix("wikifarm-demo-").tempdir();
            temporary = made.map_err(|error| {
                Failure::partial(format!("can't make a temporary directory: {error}", error = why(&error)))
            })?;
            temporary.path()
        }
    };
    demo::make(dir, now).map_err(|error| {
        Failure::partial(format!(
            "can't make the demo farm in {}: {error}",
            dir.display(),
            error = why(&error)
        ))
    })?;
    if context.verbosity < 0 {
        return Ok(Exit::Success);
    }
    writeln!(
        context.out,
        "A farm of four wikis in {}: farm.toml, users, and sessions of every kind.",
        escape(&dir.display().to_string())
    );
    let file = dir.join("farm.toml");
    for (question, words) in TOUR {
        writeln!(context.out, "\n# {question}\n$ wikifarm {}\n", words.join(" "));
        let exit = show(&file, words, context, run)?;
        match exit {
            Exit::Success => {}
            Exit::Found => {
                writeln!(context.out, "\n(exit status 1: something was found, as it should be here)")
            }
            other => return Ok(other),
        }
    }
    match &options.dir {
        Some(dir) => {
            let dir = dir.display().to_string();
            writeln!(context.out, "\nThe farm stays in {}: go there and try the commands.", escape(&dir))
        }
        None => {
            writeln!(context.out, "\n`wikifarm demo DIR` makes the same farm in DIR and leaves it there.")
        }
    }
    Ok(Exit::Success)
}

/// Makes `dir`, or sees that it is empty.
fn fresh(dir: &Path) -> Result<(), Failure> {
    let failed = |error: std::io::Error| {
        Failure::usage(format!("can't use {}: {error}", dir.display(), error = why(&error)))
    };
    std::fs::create_dir_all(dir).map_err(failed)?;
    let mut entries = std::fs::read_dir(dir).map_err(failed)?;
    if entries.next().is_some() {
        return Err(Failure::usage(format!("{} is not empty: name a directory that is", dir.display())));
    }
    Ok(())
}

/// Runs one command on the farm, as if it had been typed.
fn show(file: &Path, words: &[&str], context: &mut Context<'_>, run: RunWords<'_>) -> Outcome {
    let mut inner = Context {
        out: &mut *context.out,
        err: &mut *context.err,
        format: Format::Human,
        verbosity: 0,
        pinned_now: context.pinned_now,
        farm_file: Some(file.to_owned()),
        suffixes: context.suffixes.clone(),
        suffixes_are: context.suffixes_are.clone(),
        terminal: context.terminal,
        colour: context.colour,
        width: context.width,
    };
    run(words, &mut inner)
}
