//! `wikifarm completions`: scripts with which shells ask wikifarm itself for commands, wikis, rules, and stores.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::Path;

use clap::{Args, Command};
use clap_complete::env::Shells;
use clap_complete::{ArgValueCompleter, CompleteEnv, CompletionCandidate};

use crate::cli::schema;
use crate::cli::shared::{Context, Exit, Failure, Outcome};
use crate::farm::trust;
use crate::{lint, load, store};

/// The variable in which a completion script names its shell.
const VARIABLE: &str = "WIKIFARM_COMPLETE";

/// Print a completion script for a shell
///
/// The script asks wikifarm for commands and options, and for the wikis of the farm file, the rules, and the kinds of
/// stores.
#[derive(Debug, Args)]
#[command(after_help = "Example: wikifarm completions bash >/etc/bash_completion.d/wikifarm")]
pub(super) struct Options {
    /// Print the script for this shell
    #[arg(value_parser = ["bash", "elvish", "fish", "powershell", "zsh"])]
    shell: String,
}

pub(super) fn run(options: &Options, context: &mut Context<'_>) -> Outcome {
    let mut script = Vec::new();
    let shells = Shells::builtins();
    let shell = shells.completer(&options.shell);
    let written = shell
        .map(|shell| shell.write_registration(VARIABLE, "wikifarm", "wikifarm", "wikifarm", &mut script));
    match written {
        Some(Ok(())) => context.out.write_all(&script),
        _ => return Err(Failure::usage(format!("no completion script for {}", options.shell))),
    }
    Ok(Exit::Success)
}

/// Answers a completion script, if one runs wikifarm; returns whether it does.
pub(super) fn answer(args: &[OsString], tree: impl Fn() -> Command) -> bool {
    let complete = CompleteEnv::with_factory(|| with_candidates(tree())).var(VARIABLE).bin("wikifarm");
    let dir = std::env::current_dir().ok();
    complete.try_complete(args.iter().cloned(), dir.as_deref()).unwrap_or(true)
}

/// The tree with what arguments can be, by the names of their values.
fn with_candidates(command: Command) -> Command {
    command.mut_subcommands(with_candidates).mut_args(|arg| {
        let name = arg.get_value_names().and_then(|names| names.first());
        let complete = match name.and_then(|name| name.split('|').next()) {
            Some("WIKI,WIKI") => ArgValueCompleter::new(wiki_lists),
            Some("WIKI" | "WIKIS" | "FROM" | "TO") => ArgValueCompleter::new(wikis),
            Some("RULE") => ArgValueCompleter::new(rules(name.map_or("", |name| name.as_str()))),
            Some("COMMAND") => ArgValueCompleter::new(commands),
            Some("ADDRESS" | "LOCATION" | "STORE") => ArgValueCompleter::new(stores),
            _ => return arg,
        };
        arg.add(complete)
    })
}

fn beginning_with(current: &OsStr, words: impl Iterator<Item = String>) -> Vec<CompletionCandidate> {
    let current = current.to_string_lossy();
    words.filter(|word| word.starts_with(&*current)).map(CompletionCandidate::new).collect()
}

/// The rules; also the families and `warnings`, if the name of the value has them.
fn rules(value: &str) -> impl Fn(&OsStr) -> Vec<CompletionCandidate> + use<> {
    let mut words: BTreeSet<&str> = lint::rules().map(|rule| rule.name).collect();
    if value.contains("FAMILY") {
        words.extend(lint::rules().map(|rule| rule.family));
    }
    words.extend(value.contains(lint::WARNINGS).then_some(lint::WARNINGS));
    move |current| beginning_with(current, words.iter().map(|word| (*word).to_owned()))
}

fn stores(current: &OsStr) -> Vec<CompletionCandidate> {
    let schemes = store::BACKENDS.iter().map(|backend| format!("{}:", backend.scheme));
    let wikis = farm_wikis().into_iter().map(|name| format!("wiki:{name}"));
    beginning_with(current, schemes.chain(wikis))
}

fn wikis(current: &OsStr) -> Vec<CompletionCandidate> {
    beginning_with(current, farm_wikis().into_iter())
}

/// Wikis separated by commas: the list so far with each other wiki.
fn wiki_lists(current: &OsStr) -> Vec<CompletionCandidate> {
    let text = current.to_string_lossy();
    let before = text.rfind(',').and_then(|comma| text.get(..=comma)).unwrap_or_default();
    let is_new = |name: &String| before.split(',').all(|listed| listed != name);
    beginning_with(current, farm_wikis().into_iter().filter(is_new).map(|name| format!("{before}{name}")))
}

fn farm_wikis() -> Vec<String> {
    let args: Vec<OsString> = std::env::args_os().collect();
    names(farm_of(&args).as_deref()).unwrap_or_default()
}

/// The commands with JSON documents, for `wikifarm schema`.
fn commands(current: &OsStr) -> Vec<CompletionCandidate> {
    beginning_with(current, schema::all().map(|(command, _)| (*command).to_owned()))
}

/// The value of -f in a command line that is not complete.
fn farm_of(args: &[OsString]) -> Option<OsString> {
    args.iter().enumerate().find_map(|(position, arg)| match arg.to_str()? {
        "-f" | "--farm" => args.get(position + 1).cloned(),
        arg => arg.strip_prefix("--farm=").map(OsString::from),
    })
}

/// The names of the farm's wikis; none if the farm file can't be read, or could be another user's trap for root.
fn names(flag: Option<&OsStr>) -> Option<Vec<String>> {
    let found = load::locate(flag.map(Path::new), std::env::var_os(load::VARIABLE).as_deref()).ok()?;
    if found.by_chance {
        trust::check_path(&found.path).ok()?;
    }
    let farm = load::load(&found.path).ok()?;
    Some(farm.wikis.into_iter().map(|wiki| wiki.name).collect())
}
