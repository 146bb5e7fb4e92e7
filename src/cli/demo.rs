//! `wikifarm demo`: a small real farm, and the main commands run on it.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::shared::{Context, Exit, Failure, Format, Outcome};
use crate::demo;
use crate::sys::why;
use crate::text::{escape, hang};

/// Create a small farm with real sessions, and run the main commands on it
///
/// Without DIR, creates the farm in a temporary directory, and deletes it at the end.
#[derive(Debug, Args)]
#[command(after_help = "Example: wikifarm demo /tmp/farm && cd /tmp/farm && wikifarm config check")]
pub(super) struct Options {
    /// Create the farm in this directory, which must be new or empty, and keep it
    dir: Option<PathBuf>,
}

/// The commands that are run, each with the question it answers.
const TOUR: [(&str, &[&str]); 4] = [
    ("Which wikis share a login, and which log users out?", &["cookie", "preview"]),
    ("Why does visiting trap log users out of docs?", &["cookie", "explain", "docs", "trap"]),
    (
        "Where is BobBuilder logged in?",
        &["session", "list", "--user", "BobBuilder", "--state", "live", "--limit", "3"],
    ),
    ("Which sessions can be removed, and why?", &["session", "prune", "--dry-run"]),
];

/// Runs the command of these words.
type RunWords<'a> = &'a dyn Fn(&[&str], &mut Context<'_>) -> Outcome;

pub(super) fn run(options: &Options, context: &mut Context<'_>, run: RunWords<'_>) -> Outcome {
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
                Failure::partial(format!("can't create a temporary directory: {error}", error = why(&error)))
            })?;
            temporary.path()
        }
    };
    demo::make(dir, now).map_err(|error| {
        Failure::partial(format!(
            "can't create the demo farm in {}: {error}",
            dir.display(),
            error = why(&error)
        ))
    })?;
    if context.verbosity < 0 {
        return Ok(Exit::Success);
    }
    let text = format!("{}: farm.toml, four wikis, users, and sessions", dir.display());
    write!(context.out, "{}", hang("Created a demo farm in ", 2, &escape(&text), context.width));
    let file = dir.join("farm.toml");
    for (question, words) in TOUR {
        writeln!(context.out, "\n# {question}\n$ wikifarm {}\n", words.join(" "));
        let exit = show(&file, words, context, run)?;
        if exit != Exit::Success {
            return Ok(exit);
        }
    }
    match &options.dir {
        Some(dir) => {
            let dir = dir.display().to_string();
            writeln!(context.out, "\nhelp: try more commands: cd {} && wikifarm config check", escape(&dir))
        }
        None => {
            writeln!(context.out, "\nhelp: keep the farm to try more commands: wikifarm demo DIR")
        }
    }
    Ok(Exit::Success)
}

/// Creates `dir`, or checks that it is empty.
fn fresh(dir: &Path) -> Result<(), Failure> {
    let failed =
        |error: std::io::Error| Failure::usage(format!("{}: {error}", dir.display(), error = why(&error)));
    std::fs::create_dir_all(dir).map_err(failed)?;
    let mut entries = std::fs::read_dir(dir).map_err(failed)?;
    if entries.next().is_some() {
        return Err(
            Failure::usage(format!("{} is not empty", dir.display())).help("choose a new or empty directory")
        );
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
        color: context.color,
        width: context.width,
    };
    run(words, &mut inner)
}
