//! `wikifarm config export`: settings to paste into MoinMoin's own files.

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use crate::cli::shared::snippets;
use crate::cli::shared::wiki::find_wiki;
use crate::cli::shared::{Context, Exit, Format, Outcome};
use crate::pyconfig::write;

/// Print the farm file's settings as Python code to paste into MoinMoin's files
///
/// wikifarm prints one part for farmconfig.py with the settings that the wikis of one version share, and one part for each wiki, in the spelling of its
/// version. Settings that the version ignores, or that would break the wiki, are comments. wikifarm omits MoinMoin's defaults. Settings that MoinMoin does not have are comments that
/// `config import` reads.
#[derive(Debug, Args)]
#[command(after_help = "Example: wikifarm -f farm.toml config export --python")]
pub(in crate::cli) struct Options {
    /// Print only the settings of this wiki
    wiki: Option<String>,
    /// Accepted for clarity: the settings are always Python
    #[arg(long)]
    python: bool,
}

/// Settings for MoinMoin's own files.
#[derive(Serialize, JsonSchema)]
pub(super) struct Document<'a> {
    /// The settings, file by file.
    snippets: Vec<snippets::Json<'a>>,
}

pub(super) fn run(options: &Options, context: &mut Context<'_>) -> Outcome {
    let Options { wiki, python: _ } = options;
    let farm = context.farm_to_predict()?;
    let mut snippets = write::python(&farm);
    if let Some(name) = wiki {
        let wiki = find_wiki(&farm, name)?;
        snippets.retain(|snippet| snippet.wikis.contains(&wiki.name));
    }
    if context.format == Format::Json {
        context.document(&Document { snippets: snippets::json(&snippets) });
    } else {
        context.out.write_all(snippets::text(&snippets).as_bytes());
    }
    Ok(Exit::Success)
}
