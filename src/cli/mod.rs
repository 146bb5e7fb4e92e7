//! The command line: parsing, dispatch, exit status. One file per command; nothing else knows clap.

mod browser;
mod completions;
mod config_check;
mod config_export;
mod config_import;
mod config_new;
mod config_rules;
mod config_schema;
mod config_show;
mod context;
mod cookie_diff;
mod cookie_explain;
mod cookie_header;
mod cookie_preview;
mod cookie_probe;
mod cookie_simulate;
mod cookie_test;
mod demo;
mod exit;
mod ids;
mod index;
mod man;
mod output;
mod session_json;
mod session_lines;
mod session_list;
mod session_migrate;
mod session_prune;
mod session_revoke;
mod session_show;
mod session_stats;
mod session_verify;
mod session_whois;
mod store_find;
mod store_list;
mod stores;
mod told;
mod users;

use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anstream::{AutoStream, ColorChoice};
use clap::{ArgAction, Args, CommandFactory, Parser, Subcommand, ValueEnum};

use crate::browser::{BuiltinSuffixes, ListSuffixes, SharedSuffixes, suffix_list_version};
use crate::farm::locate;
use crate::report::{Sink, escape};
use crate::sys::RunAsError;

pub use context::{Context, Failure, Outcome};
pub use exit::Exit;

/// Checks MoinMoin wiki farms, predicts which wikis share a login, and looks after their session files.
#[derive(Debug, Parser)]
#[command(
    name = "wikifarm",
    disable_version_flag = true,
    disable_help_subcommand = true,
    max_term_width = 100,
    after_help = "Exit status: 0 done and nothing wrong, 1 the check found something, 2 the command could not be \
                  understood or the farm file not read, 3 done in part, 4 refused by a guard. Where several apply, \
                  the highest counts.\n\nExample: wikifarm -f farm.toml config check"
)]
struct Cli {
    /// Print the version; with -v also which public suffix list is used
    #[arg(short = 'V', long)]
    version: bool,
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Option<Command>,
}

/// The options that every command takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Common options")]
struct Global {
    /// The farm file [default: $WIKIFARM_FILE, ./farm.toml, /etc/wikifarm/farm.toml]
    #[arg(short = 'f', long = "farm", value_name = "FILE", global = true)]
    farm: Option<PathBuf>,
    /// How results look
    #[arg(long, value_enum, default_value = "human", value_name = "FORMAT", global = true)]
    format: Format,
    /// When to use colours; NO_COLOR is honoured
    #[arg(long, value_enum, default_value = "auto", value_name = "WHEN", global = true)]
    color: Color,
    /// Say less
    #[arg(short = 'q', long, global = true, conflicts_with = "verbose")]
    quiet: bool,
    /// Say more
    #[arg(short = 'v', long, action = ArgAction::Count, global = true)]
    verbose: u8,
    /// Judge as if it were that time (RFC 3339 or unix seconds); commands that delete then only plan
    #[arg(long, value_name = "TIME", value_parser = crate::farm::parse_time, global = true, allow_negative_numbers = true)]
    now: Option<f64>,
    /// Become that user for good, before anything is opened; for root
    ///
    /// Locks and the time of the last run then lie in that user's state directory, or where STATE_DIRECTORY says.
    #[arg(long, value_name = "NAME", global = true)]
    run_as: Option<String>,
    /// A public suffix list instead of the built-in one; `system` is the distribution's
    #[arg(long, value_name = "FILE", global = true)]
    psl: Option<PathBuf>,
}

/// `--format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Text for people.
    Human,
    /// One JSON document.
    Json,
    /// One JSON object a line (lists).
    Ndjson,
    /// Comma-separated values with a header line (lists).
    Csv,
    /// SARIF 2.1.0 (checks).
    Sarif,
    /// Markdown, for a merge request (cookie diff).
    Markdown,
    /// Annotations of GitHub Actions (checks).
    Github,
    /// JUnit XML (checks).
    Junit,
}

impl Format {
    /// The word for `--format`.
    pub fn name(self) -> &'static str {
        match self {
            Format::Human => "human",
            Format::Json => "json",
            Format::Ndjson => "ndjson",
            Format::Csv => "csv",
            Format::Sarif => "sarif",
            Format::Markdown => "markdown",
            Format::Github => "github",
            Format::Junit => "junit",
        }
    }
}

/// `--color`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Color {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check, show and explain the farm file
    #[command(
        subcommand,
        arg_required_else_help = true,
        after_help = "Example: wikifarm -f farm.toml config check"
    )]
    Config(Config),
    /// Predict which wikis share a login, and explain it
    #[command(
        subcommand,
        arg_required_else_help = true,
        after_help = "Example: wikifarm cookie preview --matrix"
    )]
    Cookie(Cookie),
    /// List, show, count, prune, revoke and verify session files
    #[command(
        subcommand,
        arg_required_else_help = true,
        after_help = "Example: wikifarm session prune --dry-run"
    )]
    Session(Session),
    /// List the farm's stores, and find session directories anywhere
    #[command(subcommand, arg_required_else_help = true, after_help = "Example: wikifarm store list")]
    Store(Store),
    Demo(demo::Options),
    Completions(completions::Options),
    Man(man::Options),
}

#[derive(Debug, Subcommand)]
enum Config {
    Check(config_check::Options),
    Show(config_show::Options),
    Rules(config_rules::Options),
    Export(config_export::Options),
    New(config_new::Options),
    Schema(config_schema::Options),
    Import(config_import::Options),
}

#[derive(Debug, Subcommand)]
enum Cookie {
    Preview(cookie_preview::Options),
    Explain(cookie_explain::Options),
    Header(cookie_header::Options),
    Diff(cookie_diff::Options),
    Probe(cookie_probe::Options),
    Test(cookie_test::Options),
    Simulate(cookie_simulate::Options),
}

#[derive(Debug, Subcommand)]
enum Session {
    List(session_list::Options),
    Show(session_show::Options),
    Stats(session_stats::Options),
    Prune(session_prune::Options),
    Revoke(session_revoke::Options),
    Migrate(session_migrate::Options),
    Verify(session_verify::Options),
    Whois(session_whois::Options),
}

#[derive(Debug, Subcommand)]
enum Store {
    List(store_list::Options),
    Find(store_find::Options),
}

/// The command tree, for manual pages and completions.
pub fn command() -> clap::Command {
    Cli::command()
}

/// Runs wikifarm on `args` (the program name first) with the process's own output.
pub fn main(args: impl IntoIterator<Item = OsString>) -> Exit {
    let args: Vec<OsString> = args.into_iter().collect();
    let shown: Vec<String> = args.iter().map(|arg| escape(&arg.to_string_lossy()).into_owned()).collect();
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Success };
            // clap repeats arguments as they are: what it says is asked for again, with arguments that are safe to show.
            let error = Cli::try_parse_from(shown).err().unwrap_or(error);
            return match refused(&error) {
                Err(error) => said(Failure::from(error)),
                Ok(()) => exit,
            };
        }
    };
    if let Some(name) = &cli.global.run_as
        && let Err(error) = crate::sys::run_as(name)
    {
        let exit = if matches!(error, RunAsError::Unknown(_)) { Exit::Usage } else { Exit::Refused };
        return said(Failure { exit, message: format!("--run-as: {error}") });
    }
    // Where it is not allowed, an owner's rights reach as far as root's groups: no reason not to go on.
    let _ = crate::sys::forget_groups();
    let choice = match cli.global.color {
        Color::Auto => AutoStream::choice(&io::stdout()),
        Color::Always => ColorChoice::Always,
        Color::Never => ColorChoice::Never,
    };
    let (suffixes, suffixes_are) = match suffixes(cli.global.psl.as_deref()) {
        Ok(list) => list,
        Err(failure) => return said(failure),
    };
    let stdout = io::stdout();
    let terminal = stdout.is_terminal();
    let width =
        terminal.then(|| rustix::termios::tcgetwinsize(&stdout).ok()).flatten().map(|size| size.ws_col);
    let colour = choice != ColorChoice::Never;
    let to = output::Output::new(stdout.lock(), &stdout);
    let mut out = Sink::new(io::BufWriter::new(to), colour);
    let mut err = Sink::new(io::stderr(), colour);
    let mut context = Context {
        out: &mut out,
        err: &mut err,
        format: cli.global.format,
        verbosity: if cli.global.quiet { -1 } else { i8::try_from(cli.global.verbose).unwrap_or(i8::MAX) },
        pinned_now: cli.global.now,
        farm_file: cli.global.farm.clone(),
        suffixes,
        suffixes_are,
        terminal,
        colour,
        width: width.filter(|width| *width > 0),
    };
    let outcome = dispatch(cli, &mut context);
    let flushed = out.flush().map_err(Failure::from);
    match (outcome, flushed) {
        (Ok(exit), Ok(())) => exit,
        (Ok(exit), Err(failure)) => exit.and(said(failure)),
        (Err(failure), _) => said(failure),
    }
}

/// Prints what clap says: help, or what could not be understood, in which a whole session id is shortened as everywhere.
fn refused(error: &clap::Error) -> io::Result<()> {
    let text = error.render();
    let coloured = |choice| match choice {
        ColorChoice::Never => (text.to_string(), false),
        _ => (text.ansi().to_string(), true),
    };
    if !error.use_stderr() {
        let (text, colour) = coloured(AutoStream::choice(&io::stdout()));
        let mut out = Sink::new(output::Output::new(io::stdout(), io::stdout()), colour);
        out.write_all(text.as_bytes())?;
        return out.flush();
    }
    let (text, colour) = coloured(AutoStream::choice(&io::stderr()));
    Sink::new(io::stderr(), colour).write_all(without_ids(&text).as_bytes())
}

/// The text with every word that could be a session id cut to its first 8 characters.
pub(super) fn without_ids(text: &str) -> String {
    let is_part = |character: char| character.is_ascii_alphanumeric() || character == '_';
    let mut short = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|character| is_part(character) || character == '\x1b') {
        let (before, from) = rest.split_at_checked(start).unwrap_or((rest, ""));
        // A colour, to its end, is no part of the word behind it.
        if from.starts_with('\x1b') {
            let end =
                from.find(|character: char| character.is_ascii_alphabetic()).map_or(from.len(), |at| at + 1);
            let (colour, after) = from.split_at_checked(end).unwrap_or((from, ""));
            short.extend([before, colour]);
            rest = after;
            continue;
        }
        let length = from.find(|character| !is_part(character)).unwrap_or(from.len());
        let (word, after) = from.split_at_checked(length).unwrap_or((from, ""));
        short.push_str(before);
        match word.get(..8).filter(|_| word.len() >= 16) {
            Some(beginning) => short.extend([beginning, "…"]),
            None => short.push_str(word),
        }
        rest = after;
    }
    short + rest
}

/// Where distributions keep the public suffix list.
const SYSTEM_LIST: &str = "/usr/share/publicsuffix/public_suffix_list.dat";

/// The public suffixes to go by, and which list that is.
fn suffixes(file: Option<&Path>) -> Result<(SharedSuffixes, String), Failure> {
    let Some(file) = file else {
        return Ok((Arc::new(BuiltinSuffixes), format!("built in, {}", suffix_list_version())));
    };
    let path = if file == Path::new("system") { Path::new(SYSTEM_LIST) } else { file };
    let failed =
        |why: String| Failure::usage(format!("can't use the public suffix list {}: {why}", path.display()));
    let text = locate::read_text(path).map_err(|error| failed(error.why()))?;
    let list = ListSuffixes::parse(&text).map_err(failed)?;
    Ok((Arc::new(list), path.display().to_string()))
}

/// Says on stderr what failed.
fn said(failure: Failure) -> Exit {
    if !failure.message.is_empty() {
        // Nowhere is left to complain if this fails too; the status still tells.
        let _ = writeln!(Sink::new(io::stderr(), false), "wikifarm: {}", escape(&failure.message));
    }
    failure.exit
}

fn dispatch(cli: Cli, context: &mut Context<'_>) -> Outcome {
    if cli.version {
        return version(context);
    }
    match cli.command {
        None => Err(Failure::usage("a command is missing; see `wikifarm --help`")),
        Some(Command::Config(Config::Check(options))) => config_check::run(&options, context),
        Some(Command::Config(Config::Show(options))) => config_show::run(&options, context),
        Some(Command::Config(Config::Rules(options))) => config_rules::run(&options, context),
        Some(Command::Config(Config::Export(options))) => config_export::run(&options, context),
        Some(Command::Config(Config::New(options))) => config_new::run(&options, context),
        Some(Command::Config(Config::Schema(options))) => config_schema::run(&options, context),
        Some(Command::Config(Config::Import(options))) => config_import::run(&options, context),
        Some(Command::Cookie(Cookie::Preview(options))) => cookie_preview::run(&options, context),
        Some(Command::Cookie(Cookie::Explain(options))) => cookie_explain::run(&options, context),
        Some(Command::Cookie(Cookie::Diff(options))) => cookie_diff::run(&options, context),
        Some(Command::Cookie(Cookie::Header(options))) => cookie_header::run(&options, context),
        Some(Command::Cookie(Cookie::Probe(options))) => cookie_probe::run(&options, context),
        Some(Command::Cookie(Cookie::Test(options))) => cookie_test::run(&options, context),
        Some(Command::Cookie(Cookie::Simulate(options))) => cookie_simulate::run(&options, context),
        Some(Command::Demo(options)) => demo::run(&options, context),
        Some(Command::Completions(options)) => completions::run(&options, context),
        Some(Command::Man(options)) => man::run(&options, context),
        Some(Command::Session(Session::List(options))) => session_list::run(&options, context),
        Some(Command::Session(Session::Show(options))) => session_show::run(&options, context),
        Some(Command::Session(Session::Stats(options))) => session_stats::run(&options, context),
        Some(Command::Session(Session::Prune(options))) => session_prune::run(&options, context),
        Some(Command::Session(Session::Revoke(options))) => session_revoke::run(&options, context),
        Some(Command::Session(Session::Migrate(options))) => session_migrate::run(&options, context),
        Some(Command::Session(Session::Verify(options))) => session_verify::run(&options, context),
        Some(Command::Session(Session::Whois(options))) => session_whois::run(&options, context),
        Some(Command::Store(Store::List(options))) => store_list::run(&options, context),
        Some(Command::Store(Store::Find(options))) => store_find::run(&options, context),
    }
}

fn version(context: &mut Context<'_>) -> Outcome {
    writeln!(context.out, "wikifarm {}", env!("CARGO_PKG_VERSION"))?;
    if context.verbosity > 0 {
        writeln!(context.out, "public suffix list: {}", context.suffixes_are)?;
        writeln!(context.out, "MoinMoin: 1.7.0 to 1.9.11, 2.0")?;
    }
    Ok(Exit::Success)
}
