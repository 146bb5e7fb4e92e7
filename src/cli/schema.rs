//! `wikifarm schema`: JSON Schemas of what commands print with `--format json`.

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use super::{config, cookie, doctor, session, store};
use crate::cli::shared::{Context, Exit, Failure, Format, Outcome};
use crate::farm::nearest;
use crate::report::json::{CommandSchema, schema_of};

/// Print the JSON Schema of a command's JSON output
///
/// Without a command, lists the commands with JSON output. For the schema of the farm file, see
/// `wikifarm config schema`.
#[derive(Debug, Args)]
#[command(after_help = "Example: wikifarm schema session prune")]
pub(super) struct Options {
    /// Print the schema of this command, as typed after `wikifarm`
    #[arg(value_name = "COMMAND")]
    command: Vec<String>,
}

pub(super) fn run(options: &Options, context: &mut Context<'_>) -> Outcome {
    let wanted = options.command.join(" ");
    if wanted.is_empty() {
        list(context);
        return Ok(Exit::Success);
    }
    let found = all().find(|(name, _)| *name == wanted);
    let Some((name, schema)) = found else {
        let help = match nearest(&wanted, all().map(|(name, _)| *name)) {
            Some(near) => format!("did you mean `wikifarm schema {near}`?"),
            None => "`wikifarm schema` lists these commands".to_owned(),
        };
        return Err(Failure::usage(format!("`{wanted}` is not a command with JSON output")).help(help));
    };
    context.json(&schema(name));
    Ok(Exit::Success)
}

fn list(context: &mut Context<'_>) {
    let commands: Vec<&str> = all().map(|(name, _)| *name).collect();
    if context.format == Format::Json {
        return context.document(&Document { commands });
    }
    for name in commands {
        writeln!(context.out, "{name}");
    }
}

/// The commands with JSON output.
#[derive(Serialize, JsonSchema)]
struct Document {
    /// The commands as typed after `wikifarm`.
    commands: Vec<&'static str>,
}

/// The commands with JSON output, and their schemas.
pub(super) fn all() -> impl Iterator<Item = &'static CommandSchema> {
    const OWN: &[CommandSchema] =
        &[("doctor", schema_of::<doctor::Document>), ("schema", schema_of::<Document>)];
    [config::SCHEMAS, cookie::SCHEMAS, session::SCHEMAS, store::SCHEMAS, OWN].into_iter().flatten()
}
