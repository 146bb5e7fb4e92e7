//! From arguments to a command, and the help where they are not one.

use std::ffi::OsString;
use std::str::FromStr;

use anstream::adapter::strip_str;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{ArgMatches, Command, CommandFactory, Error, FromArgMatches};

use super::shared::Format;
use crate::text::{hang, list};

/// Names alike enough that one may be meant where the other is typed; 1 is the same name.
const ALIKE: f64 = 0.85;

const COMMON: &str =
    "Common options (see --help): -f FILE, --color WHEN, -q, -v, --now TIME, --run-as NAME, --psl FILE";

/// The command tree of `T`, in which short help names the common options in one line.
pub(super) fn tree<T: CommandFactory>() -> Command {
    short_help(T::command())
}

fn short_help(command: Command) -> Command {
    let notes = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let long = command.get_after_long_help().map_or(notes.clone(), ToString::to_string);
    let examples =
        notes.split("\n\n").filter(|note| command.has_subcommands() || !note.starts_with("Exit status"));
    let lines = rare_options(&command).into_iter().chain([COMMON.to_owned()]);
    let short = lines.chain(examples.map(str::to_owned)).collect::<Vec<_>>().join("\n\n");
    command.after_help(short).after_long_help(long).mut_subcommands(short_help)
}

/// One line with the options that only long help describes.
fn rare_options(command: &Command) -> Option<String> {
    let rare = command.get_arguments().filter(|arg| arg.is_hide_short_help_set() && !arg.is_global_set());
    let names: Vec<String> = rare.filter_map(|arg| arg.get_long()).map(|name| format!("--{name}")).collect();
    (!names.is_empty()).then(|| format!("More options (see --help): {}", names.join(", ")))
}

/// Parses arguments, the program's name first.
///
/// # Errors
/// If they are not a command, or ask for help.
pub(super) fn parse<T: CommandFactory + FromArgMatches>(
    args: impl IntoIterator<Item = OsString>,
) -> Result<T, Error> {
    let mut tree = tree::<T>();
    let matches = tree.try_get_matches_from_mut(args).map_err(|error| with_suggestion(error, &tree))?;
    has_format(&mut tree, &matches)?;
    T::from_arg_matches(&matches).map_err(|error| error.format(&mut tree))
}

/// The message of an error in the style of other messages: wrapped, with `help:` before each suggestion.
pub(super) fn message(text: &str, width: Option<u16>) -> String {
    let mut message = String::new();
    for line in text.lines() {
        let plain = strip_str(line).to_string();
        if let Some(tip) = plain.trim_start().strip_prefix("tip: ") {
            // The blank line before it.
            message.truncate(message.trim_end_matches('\n').len());
            message.push('\n');
            let near = tip.strip_prefix("a similar ").and_then(|tip| tip.split_once(" exists: "));
            let tip = near.map_or_else(|| tip.to_owned(), |(_, near)| format!("did you mean {near}?"));
            message.push_str(&hang("help: ", 2, &tip, width));
        } else if plain.starts_with("error: ") {
            message.push_str(&hang("", 2, line, width));
        } else {
            message.extend([line, "\n"]);
        }
    }
    message
}

/// The number of an option such as `--limit N`.
///
/// # Errors
/// If the text is not a whole number.
pub(super) fn whole<N: FromStr>(text: &str) -> Result<N, String> {
    text.parse().map_err(|_| "expected a whole number".to_owned())
}

/// Refuses a `--format` before the command that the command does not have; after it, clap itself does.
fn has_format(command: &mut Command, matches: &ArgMatches) -> Result<(), Error> {
    if let Some((name, matches)) = matches.subcommand()
        && let Some(child) = command.find_subcommand_mut(name)
    {
        return has_format(child, matches);
    }
    let Some(format) = matches.get_one::<Format>("format") else { return Ok(()) };
    let Some(arg) = command.get_arguments().find(|arg| arg.get_id() == "format") else { return Ok(()) };
    let known: Vec<String> = arg.get_possible_values().iter().map(|one| one.get_name().to_owned()).collect();
    if known.iter().any(|name| name == format.name()) {
        return Ok(());
    }
    let mut error = Error::new(ErrorKind::InvalidValue).with_cmd(command);
    error.insert(ContextKind::InvalidArg, ContextValue::String("--format <FORMAT>".to_owned()));
    error.insert(ContextKind::InvalidValue, ContextValue::String(format.name().to_owned()));
    error.insert(ContextKind::ValidValue, ContextValue::Strings(known));
    Err(error)
}

/// Names the whole command where only its last word was typed, as in `wikifarm prune`.
fn with_suggestion(mut error: Error, tree: &Command) -> Error {
    if error.kind() == ErrorKind::InvalidSubcommand
        && let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidSubcommand)
        && let Some(meant) = nearest(word, tree)
    {
        error.remove(ContextKind::SuggestedSubcommand);
        error.insert(
            ContextKind::Suggested,
            ContextValue::StyledStrs(vec![format!("did you mean {meant}?").into()]),
        );
    }
    error
}

/// The commands whose last word is most like `word`, as typed.
fn nearest(word: &str, tree: &Command) -> Option<String> {
    let mut all = Vec::new();
    paths(tree, "wikifarm", &mut all);
    let alike = |path: &String| strsim::jaro_winkler(word, path.rsplit(' ').next().unwrap_or_default());
    let most = all.iter().map(alike).max_by(f64::total_cmp).filter(|most| *most >= ALIKE)?;
    let meant = all.iter().filter(|path| alike(path).total_cmp(&most).is_eq());
    let meant: Vec<String> = meant.map(|path| format!("`{path}`")).collect();
    Some(list(&meant.iter().map(String::as_str).collect::<Vec<_>>(), "or", meant.len()))
}

fn paths(command: &Command, path: &str, all: &mut Vec<String>) {
    for child in command.get_subcommands().filter(|child| child.get_name() != "help") {
        let path = format!("{path} {}", child.get_name());
        paths(child, &path, all);
        all.push(path);
    }
}
