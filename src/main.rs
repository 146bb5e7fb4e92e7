//! The command: run the library on the process's arguments and turn the result into an exit status.

use std::process::ExitCode;

fn main() -> ExitCode {
    wikifarm::cli::main(std::env::args_os()).into()
}
