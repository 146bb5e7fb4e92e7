//! `wikifarm completions`: for packaging.

use clap::Args;
use clap_complete::Shell;

use crate::cli::shared::{Context, Exit, Outcome};

/// Print a completion script for a shell
#[derive(Debug, Args)]
#[command(
    after_help = "Example: wikifarm completions bash > /usr/share/bash-completion/completions/wikifarm"
)]
pub(super) struct Options {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

pub(super) fn run(options: &Options, command: &mut clap::Command, context: &mut Context<'_>) -> Outcome {
    // Into memory first: the generator panics where it can't write, as into a closed pipe.
    let mut script = Vec::new();
    clap_complete::generate(options.shell, command, "wikifarm", &mut script);
    context.out.write_all(&script);
    Ok(Exit::Success)
}
