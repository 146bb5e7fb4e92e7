//! `wikifarm session`: commands about session files.

mod json;
mod lines;
mod list;
mod migrate;
mod prune;
mod removal;
mod revoke;
mod show;
mod stats;
mod verify;
mod whois;

use clap::Subcommand;

use super::shared::Format::{Csv, Human, Json, Ndjson, Sarif};
use super::shared::{Context, Outcome, formats};
use crate::report::json::{CommandSchema, schema_of};

/// `wikifarm session …`.
#[derive(Debug, Subcommand)]
pub(super) enum Session {
    #[command(arg(formats(&[Human, Json, Ndjson, Csv])))]
    List(list::Options),
    #[command(arg(formats(&[Human, Json])))]
    Show(show::Options),
    #[command(arg(formats(&[Human, Json])))]
    Stats(stats::Options),
    #[command(arg(formats(&[Human, Json])))]
    Prune(prune::Options),
    #[command(arg(formats(&[Human, Json])))]
    Revoke(revoke::Options),
    #[command(arg(formats(&[Human, Json])))]
    Migrate(migrate::Options),
    #[command(arg(formats(&[Human, Json, Ndjson, Sarif])))]
    Verify(verify::Options),
    #[command(arg(formats(&[Human, Json])))]
    Whois(whois::Options),
}

/// The commands with JSON output, and its schema.
pub(super) const SCHEMAS: &[CommandSchema] = &[
    ("session list", schema_of::<list::Document<'_>>),
    ("session show", schema_of::<show::Document>),
    ("session stats", schema_of::<stats::Document>),
    ("session prune", schema_of::<crate::ops::prune::Report>),
    ("session revoke", schema_of::<revoke::Document>),
    ("session migrate", schema_of::<migrate::Document<'_>>),
    ("session verify", schema_of::<verify::Document<'_>>),
    ("session whois", schema_of::<whois::Document>),
];

pub(super) fn run(command: &Session, context: &mut Context<'_>) -> Outcome {
    match command {
        Session::List(options) => list::run(options, context),
        Session::Show(options) => show::run(options, context),
        Session::Stats(options) => stats::run(options, context),
        Session::Prune(options) => prune::run(options, context),
        Session::Revoke(options) => revoke::run(options, context),
        Session::Migrate(options) => migrate::run(options, context),
        Session::Verify(options) => verify::run(options, context),
        Session::Whois(options) => whois::run(options, context),
    }
}
