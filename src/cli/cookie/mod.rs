//! `wikifarm cookie`: commands about cookies and shared logins.

mod diff;
mod explain;
mod header;
mod new_logins;
mod preview;
mod probe;
mod simulate;
mod suggest;
mod test;

use clap::Subcommand;

use super::shared::Format::{self, Human, Json, Markdown};
use super::shared::{Context, Outcome, formats};
use crate::report::json::{CommandSchema, schema_of};

/// `wikifarm cookie …`.
#[derive(Debug, Subcommand)]
pub(super) enum Cookie {
    #[command(arg(formats(&[Human, Json])))]
    Preview(preview::Options),
    #[command(arg(formats(&[Human, Json])))]
    Explain(explain::Options),
    #[command(arg(formats(&[Human, Json, Format::Diff])))]
    Suggest(suggest::Options),
    #[command(arg(formats(&[Human, Json])))]
    Header(header::Options),
    #[command(arg(formats(&[Human, Json, Markdown])))]
    Diff(diff::Options),
    #[command(arg(formats(&[Human, Json])))]
    Probe(probe::Options),
    #[command(arg(formats(&[Human, Json])))]
    Test(test::Options),
    #[command(arg(formats(&[Human, Json])))]
    Simulate(simulate::Options),
}

/// The commands with JSON output, and its schema.
pub(super) const SCHEMAS: &[CommandSchema] = &[
    ("cookie preview", schema_of::<preview::Document<'_>>),
    ("cookie explain", schema_of::<explain::Document<'_>>),
    ("cookie suggest", schema_of::<suggest::Document<'_>>),
    ("cookie header", schema_of::<header::Document>),
    ("cookie diff", schema_of::<diff::Document<'_>>),
    ("cookie probe", schema_of::<probe::Document>),
    ("cookie test", schema_of::<test::Document>),
    ("cookie simulate", schema_of::<simulate::Document>),
];

pub(super) fn run(command: &Cookie, context: &mut Context<'_>) -> Outcome {
    match command {
        Cookie::Preview(options) => preview::run(options, context),
        Cookie::Explain(options) => explain::run(options, context),
        Cookie::Suggest(options) => suggest::run(options, context),
        Cookie::Header(options) => header::run(options, context),
        Cookie::Diff(options) => diff::run(options, context),
        Cookie::Probe(options) => probe::run(options, context),
        Cookie::Test(options) => test::run(options, context),
        Cookie::Simulate(options) => simulate::run(options, context),
    }
}
