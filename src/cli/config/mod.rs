//! `wikifarm config`: commands about the farm file.

mod check;
mod export;
mod import;
mod new;
mod rules;
mod schema;
mod show;

use clap::Subcommand;

use super::shared::{Context, Outcome};
use crate::report::json::CommandSchema;

/// `wikifarm config …`.
#[derive(Debug, Subcommand)]
pub(super) enum Config {
    Check(check::Options),
    Show(show::Options),
    Rules(rules::Options),
    Export(export::Options),
    New(new::Options),
    Schema(schema::Options),
    Import(import::Options),
}

/// The commands with JSON output, and its schema.
pub(super) const SCHEMAS: &[CommandSchema] = &[];

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
