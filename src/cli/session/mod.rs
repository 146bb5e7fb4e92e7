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

use super::shared::{Context, Outcome};
use crate::report::json::CommandSchema;

/// `wikifarm session …`.
#[derive(Debug, Subcommand)]
pub(super) enum Session {
    List(list::Options),
    Show(show::Options),
    Stats(stats::Options),
    Prune(prune::Options),
    Revoke(revoke::Options),
    Migrate(migrate::Options),
    Verify(verify::Options),
    Whois(whois::Options),
}

/// The commands with JSON output, and its schema.
pub(super) const SCHEMAS: &[CommandSchema] = &[];

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
