//! `wikifarm config`: commands about the farm file.

mod check;
mod export;
mod import;
mod new;
mod rules;
mod run;
mod schema;
mod show;

use clap::Subcommand;

use super::shared::Format::{Github, Human, Json, Junit, Ndjson, Sarif};
use super::shared::{Context, Outcome, formats};
use crate::report::json::{CommandSchema, schema_of};

/// `wikifarm config …`.
#[derive(Debug, Subcommand)]
pub(super) enum Config {
    #[command(arg(formats(&[Human, Json, Ndjson, Sarif, Github, Junit])))]
    Check(check::Options),
    #[command(arg(formats(&[Human, Json])))]
    Show(show::Options),
    #[command(arg(formats(&[Human, Json])))]
    Rules(rules::Options),
    #[command(arg(formats(&[Human, Json])))]
    Export(export::Options),
    #[command(arg(formats(&[Human, Json])))]
    New(new::Options),
    #[command(arg(formats(&[Human, Json])))]
    Schema(schema::Options),
    #[command(arg(formats(&[Human, Json])))]
    Import(import::Options),
}

/// The commands with JSON output, and its schema.
pub(super) const SCHEMAS: &[CommandSchema] = &[
    ("config check", schema_of::<check::Document<'_>>),
    ("config show", schema_of::<show::Document>),
    ("config rules", schema_of::<rules::Document>),
    ("config export", schema_of::<export::Document<'_>>),
    ("config import", schema_of::<import::Document>),
    ("config new", schema_of::<new::Document<'_>>),
];

pub(super) fn run(command: &Config, context: &mut Context<'_>) -> Outcome {
    match command {
        Config::Check(options) => check::run(options, context),
        Config::Show(options) => show::run(options, context),
        Config::Rules(options) => rules::run(options, context),
        Config::Export(options) => export::run(options, context),
        Config::New(options) => new::run(options, context),
        Config::Schema(options) => schema::run(options, context),
        Config::Import(options) => import::run(options, context),
    }
}
