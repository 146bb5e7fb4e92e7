//! `wikifarm config export`: settings to paste into MoinMoin's own files.

use clap::Args;

use crate::cli::shared::snippets;
use crate::cli::shared::wiki::find_wiki;
use crate::cli::shared::{Context, Exit, Format, Outcome};
use crate::pyconfig::write;

/// Print the settings of the farm file as Python, to paste into MoinMoin's own files
///
/// One part for farmconfig.py with what the wikis of one version have in common, and one for each wiki, each in the spelling
/// of its version. What that version ignores, or what would break it, is a comment; MoinMoin's defaults are not written. What
/// MoinMoin has no setting for stands in comments, by which `config import` makes the same farm of the files.
#[derive(Debug, Args)]
#[command(after_help = "Example: wikifarm -f farm.toml config export --python")]
pub(in crate::cli) struct Options {
    /// Only what concerns this wiki
    wiki: Option<String>,
    /// As Python, which is the only language there is
    #[arg(long)]
    python: bool,
}

pub(super) fn run(options: &Options, context: &mut Context<'_>) -> Outcome {
    // There is nothing else to choose.
    let Options { wiki, python: _ } = options;
    let farm = context.farm_to_predict()?;
    let mut snippets = write::python(&farm);
    if let Some(name) = wiki {
        let wiki = find_wiki(&farm, name)?;
        snippets.retain(|snippet| snippet.wikis.contains(&wiki.name));
    }
    if context.format == Format::Json {
        context.json(&snippets::json(&snippets));
    } else {
        context.out.write_all(snippets::text(&snippets).as_bytes());
    }
    Ok(Exit::Success)
}
