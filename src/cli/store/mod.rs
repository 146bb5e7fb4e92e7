//! `wikifarm store`: commands about stores.

mod find;
mod list;

use clap::Subcommand;

use super::shared::Format::{Csv, Human, Json, Ndjson};
use super::shared::{Context, Outcome, formats};
use crate::report::json::{CommandSchema, schema_of};

/// `wikifarm store …`.
#[derive(Debug, Subcommand)]
pub(super) enum Store {
    #[command(arg(formats(&[Human, Json, Ndjson, Csv])))]
    List(list::Options),
    #[command(arg(formats(&[Human, Json, Ndjson, Csv])))]
    Find(find::Options),
}

/// The commands with JSON output, and its schema.
pub(super) const SCHEMAS: &[CommandSchema] =
    &[("store list", schema_of::<list::Document>), ("store find", schema_of::<find::Document<'_>>)];

pub(super) fn run(command: &Store, context: &mut Context<'_>) -> Outcome {
    match command {
        Store::List(options) => list::run(options, context),
        Store::Find(options) => find::run(options, context),
    }
}
