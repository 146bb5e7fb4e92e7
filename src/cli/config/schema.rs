//! `wikifarm config schema`: the farm file as a JSON Schema.

use clap::Args;

use crate::cli::shared::{Context, Exit, Outcome};
use crate::schema;

/// Print the JSON Schema of the farm file, for editors
///
/// Editors with a TOML language server (Taplo, Even Better TOML) complete and check a farm file whose first line is
/// `#:schema ./farm.schema.json`.
#[derive(Debug, Args)]
#[command(after_help = "Example: wikifarm config schema >farm.schema.json")]
pub(in crate::cli) struct Options {}

pub(super) fn run(_: &Options, context: &mut Context<'_>) -> Outcome {
    context.json(&schema::document());
    Ok(Exit::Success)
}
