//! `wikifarm man`: manual pages, one a command, for packaging.

use std::path::PathBuf;

use clap::Args;

use crate::cli::shared::{Context, Exit, Failure, Outcome};
use crate::report::escape;
use crate::sys;
use crate::sys::why;

/// Write the manual pages, one a command, into a directory
#[derive(Debug, Args)]
#[command(after_help = "Example: wikifarm man /usr/share/man/man1")]
pub(super) struct Options {
    /// The directory; it is made if it is not there
    dir: PathBuf,
}

pub(super) fn run(options: &Options, command: clap::Command, context: &mut Context<'_>) -> Outcome {
    let failed = |error: std::io::Error| {
        Failure::partial(format!(
            "can't write manual pages into {}: {error}",
            options.dir.display(),
            error = why(&error)
        ))
    };
    std::fs::create_dir_all(&options.dir).map_err(failed)?;
    let pages = pages(command).map_err(failed)?;
    for (name, page) in &pages {
        sys::write_atomically(&options.dir.join(name), page, 0o644).map_err(failed)?;
        if context.verbosity > 0 {
            writeln!(context.out, "{name}");
        }
    }
    if context.verbosity >= 0 {
        let dir = options.dir.display().to_string();
        writeln!(context.out, "{}: wrote {} manual pages", escape(&dir), pages.len());
    }
    Ok(Exit::Success)
}

/// Every page: its file name and its text.
fn pages(mut root: clap::Command) -> std::io::Result<Vec<(String, Vec<u8>)>> {
    root.build();
    let mut pages = Vec::new();
    let mut open = vec![(root, "wikifarm".to_owned())];
    while let Some((command, name)) = open.pop() {
        for child in command.get_subcommands().filter(|child| child.get_name() != "help") {
            open.push((child.clone(), format!("{name}-{}", child.get_name())));
        }
        let mut page = Vec::new();
        let titled = command.name(name.clone()).disable_help_flag(true);
        // The date would make every build another; the version says which it is.
        clap_mangen::Man::new(titled)
            .date("")
            .source(format!("wikifarm {}", env!("CARGO_PKG_VERSION")))
            .manual("wikifarm manual")
            .render(&mut page)?;
        pages.push((format!("{name}.1"), page));
    }
    pages.sort();
    Ok(pages)
}
