//! `wikifarm cookie`: commands about cookies and shared logins.

mod diff;
mod explain;
mod header;
mod preview;
mod probe;
mod simulate;
mod test;

use clap::Subcommand;

use super::shared::{Context, Outcome};

/// `wikifarm cookie …`.
#[derive(Debug, Subcommand)]
pub(super) enum Cookie {
    Preview(preview::Options),
    Explain(explain::Options),
    Header(header::Options),
    Diff(diff::Options),
    Probe(probe::Options),
    Test(test::Options),
    Simulate(simulate::Options),
}

pub(super) fn run(command: &Cookie, context: &mut Context<'_>) -> Outcome {
    match command {
        Cookie::Preview(options) => preview::run(options, context),
        Cookie::Explain(options) => explain::run(options, context),
        Cookie::Header(options) => header::run(options, context),
        Cookie::Diff(options) => diff::run(options, context),
        Cookie::Probe(options) => probe::run(options, context),
        Cookie::Test(options) => test::run(options, context),
        Cookie::Simulate(options) => simulate::run(options, context),
    }
}
