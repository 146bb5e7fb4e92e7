//! `wikifarm man`: manual pages, for packaging.

mod command;
mod farm_toml;
mod roff;
mod topics;

use std::path::PathBuf;

use clap::{Args, Command};

use self::command::children;

use crate::cli::shared::{Context, Exit, Failure, Outcome};
use crate::sys;
use crate::sys::why;
use crate::text::escape;

/// Write the manual pages to a directory
#[derive(Debug, Args)]
#[command(after_help = "Example: wikifarm man /tmp/man")]
pub(super) struct Options {
    /// Write to this directory, and create it if necessary
    dir: PathBuf,
}

pub(super) fn run(options: &Options, command: Command, context: &mut Context<'_>) -> Outcome {
    let dir = options.dir.display().to_string();
    let failed = |error: std::io::Error| {
        Failure::partial(format!("{dir}: can't write manual pages: {error}", error = why(&error)))
    };
    std::fs::create_dir_all(&options.dir).map_err(failed)?;
    let pages = pages(command);
    for (name, page) in &pages {
        sys::write_atomically(&options.dir.join(name), page.as_bytes(), 0o644).map_err(failed)?;
        if context.verbosity > 0 {
            writeln!(context.out, "{name}");
        }
    }
    if context.verbosity >= 0 {
        writeln!(context.out, "{}: wrote {} manual pages", escape(&dir), pages.len());
    }
    Ok(Exit::Success)
}

/// Every page: its file name and its text.
fn pages(mut root: Command) -> Vec<(String, String)> {
    root.build();
    let mut pages = vec![
        ("farm.toml.5".to_owned(), farm_toml::page()),
        ("wikifarm-rules.7".to_owned(), topics::rules()),
        ("wikifarm-json.7".to_owned(), topics::json()),
    ];
    collect(&root, "wikifarm", &[], &mut pages);
    pages.sort();
    pages
}

/// The pages of a command and of all below it.
fn collect(command: &Command, name: &str, siblings: &[String], pages: &mut Vec<(String, String)>) {
    pages.push((format!("{name}.1"), command::page(command, name, siblings)));
    let below: Vec<String> = children(command).map(|child| format!("{name}-{}", child.get_name())).collect();
    let family: Vec<String> = std::iter::once(name.to_owned()).chain(below.iter().cloned()).collect();
    for (child, name) in children(command).zip(&below) {
        collect(child, name, &family, pages);
    }
}
