//! The command line: parsing, dispatch, exit status. One file per command; nothing else knows clap.

mod completions;
mod config;
mod cookie;
mod demo;
mod doctor;
mod man;
mod parse;
mod schema;
mod session;
mod shared;
mod store;

use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anstream::stream::RawStream;
use anstream::{AutoStream, ColorChoice};
use clap::error::ErrorKind;
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

use crate::browser::{BuiltinSuffixes, ListSuffixes, SharedSuffixes, suffix_list_version};
use crate::load;
use crate::sys::{RunAsError, why};
use crate::text::escape;

use self::config::Config;
use self::cookie::Cookie;
use self::session::Session;
use self::shared::formats;
use self::shared::output::Writer;
use self::shared::redact::without_ids;
use self::store::Store;

pub use shared::{Context, Exit, Failure, Format, Outcome};

/// Check MoinMoin wiki farms, predict shared logins, and manage session files
#[derive(Debug, Parser)]
#[command(
    name = "wikifarm",
    disable_version_flag = true,
    max_term_width = 100,
    subcommand_help_heading = "Commands",
    after_help = "Exit status: 0 success; 1 the check found something; 2 bad usage or unreadable farm file; 3 done \
                  in part, with a message for each failure; 4 refused by a guard. If several apply, the highest counts.\n\n\
                  Example: wikifarm -f farm.toml config check"
)]
struct Cli {
    /// Print the version; -v adds the versions that wikifarm knows
    #[arg(short = 'V', long)]
    version: bool,
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Option<Command>,
}

/// The options of every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Common options")]
struct Global {
    /// Read this farm file [default: $WIKIFARM_FILE, ./farm.toml, /etc/wikifarm/farm.toml]
    #[arg(short = 'f', long = "farm", value_name = "FILE", global = true, hide_short_help = true)]
    farm: Option<PathBuf>,
    /// Print the output in this format
    #[arg(
        long,
        value_enum,
        default_value = "human",
        value_name = "FORMAT",
        global = true,
        hide_short_help = true
    )]
    format: Format,
    /// Choose when to use color
    #[arg(
        long,
        value_enum,
        default_value = "auto",
        value_name = "WHEN",
        global = true,
        hide_short_help = true
    )]
    color: Color,
    /// Print only errors and results; commands that make changes are silent on success
    #[arg(short = 'q', long, global = true, conflicts_with = "verbose", hide_short_help = true)]
    quiet: bool,
    /// Print more (repeatable)
    #[arg(short = 'v', long, action = ArgAction::Count, global = true, hide_short_help = true)]
    verbose: u8,
    /// Assume this time (RFC 3339 or unix seconds), and only plan removals
    #[arg(
        long,
        value_name = "TIME",
        value_parser = crate::farm::parse_time,
        global = true,
        allow_negative_numbers = true,
        hide_short_help = true
    )]
    now: Option<f64>,
    /// Run as this user; requires root
    ///
    /// wikifarm gives up root's rights before it opens a file. Locks and the time of the last run are then in that
    /// user's state directory, or in $STATE_DIRECTORY.
    #[arg(long, value_name = "NAME", global = true, hide_short_help = true)]
    run_as: Option<String>,
    /// Use this public suffix list; `system` uses the list of the distribution
    #[arg(long, value_name = "FILE", global = true, hide_short_help = true)]
    psl: Option<PathBuf>,
}

/// `--color`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Color {
    /// Use color on a terminal, unless NO_COLOR is set.
    Auto,
    /// Always use color.
    Always,
    /// Never use color.
    Never,
}

impl Color {
    /// The choice in arguments that are not parsed yet: help and errors about arguments follow it.
    fn asked(args: &[OsString]) -> Color {
        let words = || args.iter().map_while(|arg| Some(arg.to_string_lossy()).filter(|arg| arg != "--"));
        let next = words().zip(words().skip(1)).find(|(word, _)| word == "--color").map(|(_, next)| next);
        let joined = || words().find_map(|word| Some(word.strip_prefix("--color=")?.to_owned().into()));
        next.or_else(joined).and_then(|when| Color::from_str(&when, false).ok()).unwrap_or(Color::Auto)
    }

    /// Whether output to this stream has color.
    fn is_on(self, stream: &impl RawStream) -> bool {
        match self {
            Color::Auto => AutoStream::choice(stream) != ColorChoice::Never,
            Color::Always => true,
            Color::Never => false,
        }
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check, show, and convert the farm file
    #[command(
        subcommand,
        arg_required_else_help = true,
        disable_help_subcommand = true,
        after_help = "Example: wikifarm -f farm.toml config check"
    )]
    Config(Config),
    /// Predict which wikis share a login, and explain why
    #[command(
        subcommand,
        arg_required_else_help = true,
        disable_help_subcommand = true,
        after_help = "Example: wikifarm cookie preview --matrix"
    )]
    Cookie(Cookie),
    /// List, inspect, prune, revoke, verify, and migrate sessions
    #[command(
        subcommand,
        arg_required_else_help = true,
        disable_help_subcommand = true,
        after_help = "Example: wikifarm session prune --dry-run"
    )]
    Session(Session),
    /// List the farm's session stores, or search a directory for stores
    #[command(
        subcommand,
        arg_required_else_help = true,
        disable_help_subcommand = true,
        after_help = "Example: wikifarm store list"
    )]
    Store(Store),
    #[command(arg(formats(&[Format::Human, Format::Json])))]
    Doctor(doctor::Options),
    #[command(arg(formats(&[Format::Human])))]
    Demo(demo::Options),
    #[command(arg(formats(&[Format::Human])))]
    Completions(completions::Options),
    #[command(arg(formats(&[Format::Human, Format::Json])))]
    Schema(schema::Options),
    #[command(arg(formats(&[Format::Human])))]
    Man(man::Options),
}

/// The command tree, for manual pages and completions.
pub fn command() -> clap::Command {
    parse::tree::<Cli>()
}

/// Runs wikifarm on `args` (the program name first) with the process's own output.
pub fn main(args: impl IntoIterator<Item = OsString>) -> Exit {
    let args: Vec<OsString> = args.into_iter().collect();
    if completions::answer(&args, command) {
        return Exit::Success;
    }
    let color = Color::asked(&args);
    let shown: Vec<String> = args.iter().map(|arg| escape(&arg.to_string_lossy()).into_owned()).collect();
    let cli: Cli = match parse::parse(args) {
        Ok(cli) => cli,
        Err(error) => {
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Success };
            // clap repeats arguments in its message: parse again, with arguments that are safe to print.
            let error = parse::parse::<Cli>(shown.into_iter().map(OsString::from)).err().unwrap_or(error);
            return refused(&error, exit, color);
        }
    };
    if let Some(name) = &cli.global.run_as
        && let Err(error) = crate::sys::run_as(name)
    {
        let exit = if matches!(error, RunAsError::Unknown(_)) { Exit::Usage } else { Exit::Refused };
        let color = cli.global.color.is_on(&io::stderr());
        return report(Failure::new(exit, format!("--run-as: {error}")), color);
    }
    // If this is not allowed, owners' rights include root's groups, which is no reason to stop.
    let _ = crate::sys::forget_groups();
    let report = |failure| report(failure, cli.global.color.is_on(&io::stderr()));
    let (suffixes, suffixes_are) = match suffixes(cli.global.psl.as_deref()) {
        Ok(list) => list,
        Err(failure) => return report(failure),
    };
    let mut out = Writer::stdout(cli.global.color.is_on(&io::stdout()));
    let mut err = Writer::stderr(cli.global.color.is_on(&io::stderr()));
    let (color, width) = (out.color(), out.width());
    let mut context = Context {
        out: &mut out,
        err: &mut err,
        format: cli.global.format,
        verbosity: if cli.global.quiet { -1 } else { i8::try_from(cli.global.verbose).unwrap_or(i8::MAX) },
        pinned_now: cli.global.now,
        farm_file: cli.global.farm.clone(),
        suffixes,
        suffixes_are,
        terminal: io::stdout().is_terminal(),
        color,
        width,
    };
    let outcome = dispatch(&cli, &mut context);
    let written = out.finish();
    let exit = outcome.unwrap_or_else(report);
    let exit = if err.finish().is_err() { exit.and(Exit::Partial) } else { exit };
    lost(written, exit, report)
}

/// The status of a run with that status, whose output may be lost.
fn lost(written: io::Result<()>, exit: Exit, report: impl Fn(Failure) -> Exit) -> Exit {
    let failure = |error| Failure::partial(format!("can't write the output: {error}", error = why(&error)));
    written.map_or_else(|error| exit.and(report(failure(error))), |()| exit)
}

/// Prints help, or an error about the arguments, in which session ids are shortened.
fn refused(error: &clap::Error, exit: Exit, asked: Color) -> Exit {
    let text = error.render();
    let colored = |color| if color { text.ansi().to_string() } else { text.to_string() };
    let color = asked.is_on(&io::stderr());
    let report = |failure| report(failure, color);
    if error.use_stderr() && error.kind() != ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        let mut err = Writer::stderr(color);
        err.write_text(&parse::message(&without_ids(&colored(color)), err.width()));
        return lost(err.finish(), exit, report);
    }
    let color = asked.is_on(&io::stdout());
    let mut out = Writer::stdout(color);
    out.write_all(colored(color).as_bytes());
    lost(out.finish(), exit, report)
}

/// The path of the public suffix list in Debian and other distributions.
const SYSTEM_LIST: &str = "/usr/share/publicsuffix/public_suffix_list.dat";

/// The public suffixes, and the name of their list.
fn suffixes(file: Option<&Path>) -> Result<(SharedSuffixes, String), Failure> {
    let Some(file) = file else {
        return Ok((Arc::new(BuiltinSuffixes), format!("built in, {}", suffix_list_version())));
    };
    let path = if file == Path::new("system") { Path::new(SYSTEM_LIST) } else { file };
    let failed = |why: String| {
        Failure::usage(format!("{}: not usable as a public suffix list: {why}", path.display()))
    };
    let text = load::read_text(path).map_err(|error| failed(error.why()))?;
    let list = ListSuffixes::parse(&text).map_err(failed)?;
    Ok((Arc::new(list), path.display().to_string()))
}

/// Reports a failure on stderr.
fn report(failure: Failure, color: bool) -> Exit {
    // Where writing fails, too, the status remains.
    let mut stderr = Writer::stderr(color);
    stderr.message("error", &failure.message);
    if let Some(help) = &failure.help {
        stderr.message("help", help);
    }
    failure.exit
}

fn dispatch(cli: &Cli, context: &mut Context<'_>) -> Outcome {
    if cli.version {
        return version(context);
    }
    match &cli.command {
        None => {
            let help = command().render_help();
            let help = if context.color { help.ansi().to_string() } else { help.to_string() };
            context.out.write_all(help.as_bytes());
            Ok(Exit::Usage)
        }
        Some(Command::Config(command)) => config::run(command, context),
        Some(Command::Cookie(command)) => cookie::run(command, context),
        Some(Command::Session(command)) => session::run(command, context),
        Some(Command::Store(command)) => store::run(command, context),
        Some(Command::Doctor(options)) => doctor::run(options, context),
        Some(Command::Demo(options)) => demo::run(options, context, &run_words),
        Some(Command::Completions(options)) => completions::run(options, context),
        Some(Command::Schema(options)) => schema::run(options, context),
        Some(Command::Man(options)) => man::run(options, command(), context),
    }
}

/// Runs a command as typed, with the context of another command.
fn run_words(words: &[&str], context: &mut Context<'_>) -> Outcome {
    let args = ["wikifarm"].iter().chain(words).map(OsString::from);
    let cli = parse::parse(args).map_err(|error| Failure::usage(error.to_string()))?;
    dispatch(&cli, context)
}

fn version(context: &mut Context<'_>) -> Outcome {
    writeln!(context.out, "wikifarm {}", env!("CARGO_PKG_VERSION"));
    if context.verbosity > 0 {
        writeln!(context.out, "public suffix list: {}", context.suffixes_are);
        writeln!(context.out, "MoinMoin: 1.7.0 to 1.9.11, 2.0.0a1 to 2.0.0b5, 2.0-dev");
        writeln!(context.out, "browsers, as recorded: Chromium 156, Firefox 153 ESR");
    }
    Ok(Exit::Success)
}
