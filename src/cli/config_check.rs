//! `wikifarm config check`: every rule over the farm file.

use clap::Args;
use serde::Serialize;

use super::{Context, Exit, Format, Outcome};
use crate::lint::{self, Severity};
use crate::report::findings;

/// Check the farm file with every rule; the exit status is CI's answer
///
/// Exit status 0 if there are no errors (there may be warnings), 1 if there are, 2 if the file can't be read.
#[derive(Debug, Args)]
#[command(after_help = "Example: wikifarm -f farm.toml config check --format json")]
pub(super) struct Options {}

#[derive(Serialize)]
struct Document<'a> {
    findings: Vec<findings::Json<'a>>,
    errors: usize,
    warnings: usize,
}

pub(super) fn run(_: &Options, context: &mut Context<'_>) -> Outcome {
    context.formats("config check", &[Format::Human, Format::Json])?;
    let farm = context.farm_with_problems()?;
    let found = lint::check(&farm, &lint::RealDisk, &context.suffixes);
    let count = |severity| found.iter().filter(|finding| finding.severity == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    match context.format {
        Format::Json => {
            let findings = found.iter().map(|finding| findings::json(&farm.source, finding)).collect();
            context.json(&Document { findings, errors, warnings })?;
        }
        _ => {
            let text = findings::human(&farm.source, &found, context.colour);
            context.out.write_all(text.as_bytes())?;
            if context.verbosity >= 0 {
                let wikis = farm.wikis_written;
                let summary = findings::summary(&farm.source, wikis, errors, warnings);
                writeln!(context.out, "{summary}")?;
            }
        }
    }
    Ok(if errors > 0 { Exit::Found } else { Exit::Success })
}
