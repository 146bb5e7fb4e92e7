//! The page of a command, from its arguments.

use clap::{Arg, Command};

use super::roff::Roff;

/// What wikifarm reads and writes beside the stores.
const FILES: [(&str, &str); 5] = [
    (
        "./farm.toml, /etc/wikifarm/farm.toml",
        "The farm file, if neither `--farm` nor `WIKIFARM_FILE` names one.",
    ),
    (
        "/var/lib/wikifarm, ~/.local/state/wikifarm",
        "The time of the last run, and the journals of `session migrate`, for root and for other users.",
    ),
    ("/var/cache/wikifarm, ~/.cache/wikifarm", "The indexes of stores, for root and for other users."),
    ("/run/wikifarm", "Locks, if root runs wikifarm."),
    ("/usr/share/publicsuffix/public_suffix_list.dat", "The public suffix list that `--psl system` reads."),
];

const ENVIRONMENT: [(&str, &str); 4] = [
    ("WIKIFARM_FILE", "The farm file, unless `--farm` names one."),
    ("NO_COLOR", "Turns color off if set and not empty, unless `--color always` is given."),
    (
        "STATE_DIRECTORY, CACHE_DIRECTORY, RUNTIME_DIRECTORY",
        "Directories for state, indexes, and locks, as systemd sets them.",
    ),
    (
        "XDG_STATE_HOME, XDG_CACHE_HOME",
        "Parents of the directories for state and indexes of a user other than root.",
    ),
];

/// How the width of the output is chosen.
const OUTPUT: &str = "In a terminal, text and tables fit its width. In a pipe or a file, text has 80 columns, and \
    a table has one line for each row, however long. Results go to standard output, messages to standard error. \
    For scripts, use `--format json`: see `wikifarm-json`(7).";

const STATUSES: [(&str, &str); 5] = [
    ("0", "Success."),
    ("1", "The check found a problem: errors, unintended sharing, an unknown session, or drift."),
    ("2", "Bad usage, or the farm file cannot be read."),
    ("3", "Partly done: some files or stores failed, with a message for each."),
    ("4", "Refused by a guard: nothing was changed."),
];

/// Other pages.
const PAGES: [&str; 3] = ["farm.toml(5)", "wikifarm-rules(7)", "wikifarm-json(7)"];

/// The page of `command`, whose words joined by `-` are `name`; `siblings` are the pages of the same family.
pub(super) fn page(command: &Command, name: &str, siblings: &[String]) -> String {
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let mut page = Roff::new(name, 1, &about);
    page.section("SYNOPSIS");
    page.text(&format!("`{}`", usage(command)));
    page.section("DESCRIPTION");
    page.text(&command.get_long_about().map_or(about, ToString::to_string));
    commands(command, name, &mut page);
    options(command, &mut page);
    let is_root = name == "wikifarm";
    let notes = Notes::of(&command.get_after_long_help().map(ToString::to_string).unwrap_or_default());
    statuses(&notes, is_root, &mut page);
    if is_root {
        page.section("OUTPUT");
        page.text(OUTPUT);
        table("FILES", &FILES, &mut page);
        table("ENVIRONMENT", &ENVIRONMENT, &mut page);
    } else {
        page.section("FILES");
        page.text("See `wikifarm`(1) for the farm file and the directories of state, indexes, and locks.");
        page.section("ENVIRONMENT");
        page.text("See `wikifarm`(1).");
    }
    if !notes.examples.is_empty() {
        page.section("EXAMPLES");
        page.example(&notes.examples.join("\n"));
    }
    page.section("SEE ALSO");
    let others = siblings.iter().filter(|sibling| *sibling != name).map(|sibling| format!("{sibling}(1)"));
    let others: Vec<String> = others.chain(PAGES.map(str::to_owned)).collect();
    page.text(&others.join(", "));
    page.finish()
}

/// What follows the options in the help of a command.
#[derive(Default)]
struct Notes {
    status: String,
    examples: Vec<String>,
    others: Vec<String>,
}

impl Notes {
    fn of(help: &str) -> Notes {
        let mut notes = Notes::default();
        for line in help.lines().filter(|line| !line.is_empty()) {
            if let Some(status) = line.strip_prefix("Exit status: ") {
                status.clone_into(&mut notes.status);
            } else if let Some(example) = line.strip_prefix("Example: ") {
                notes.examples.push(example.to_owned());
            } else {
                notes.others.push(line.to_owned());
            }
        }
        notes
    }
}

fn usage(command: &Command) -> String {
    let usage = command.clone().render_usage().to_string();
    usage.trim_start_matches("Usage: ").replace('\n', " ")
}

fn commands(command: &Command, name: &str, page: &mut Roff) {
    let all: Vec<&Command> = children(command).collect();
    if all.is_empty() {
        return;
    }
    page.section("COMMANDS");
    for child in all {
        let about = child.get_about().map(ToString::to_string).unwrap_or_default();
        page.item(&format!("{name}-{}(1)", child.get_name()), &about);
    }
}

fn options(command: &Command, page: &mut Roff) {
    let is_root = command.get_name() == "wikifarm";
    let args = || command.get_arguments().filter(|arg| !arg.is_hide_set());
    let common = |arg: &&Arg| arg.is_global_set() && arg.is_hide_short_help_set();
    let positional: Vec<&Arg> = args().filter(|arg| arg.is_positional()).collect();
    if !positional.is_empty() {
        page.section("ARGUMENTS");
        positional.into_iter().for_each(|arg| option(arg, page));
    }
    page.section("OPTIONS");
    args().filter(|arg| !arg.is_positional() && !common(arg)).for_each(|arg| option(arg, page));
    if is_root {
        page.section("COMMON OPTIONS");
        page.text("Every command has these options.");
        // Each command has formats of its own.
        args().filter(common).filter(|arg| arg.get_id() != "format").for_each(|arg| option(arg, page));
    } else {
        page.text("The common options `-f`, `--color`, `-q`, `-v`, `--now`, `--run-as`, and `--psl` are described in `wikifarm`(1).");
    }
}

fn option(arg: &Arg, page: &mut Roff) {
    let value =
        arg.get_value_names().map(|names| names.join(" ")).filter(|_| arg.get_action().takes_values());
    let short = arg.get_short().map(|short| format!("-{short}"));
    let long = arg.get_long().map(|long| format!("--{long}"));
    let names: Vec<String> = short.into_iter().chain(long).collect();
    let term = match (names.is_empty(), value) {
        (true, value) => value.unwrap_or_default(),
        (false, Some(value)) => format!("{} {value}", names.join(", ")),
        (false, None) => names.join(", "),
    };
    let help = arg.get_long_help().or_else(|| arg.get_help()).map(ToString::to_string).unwrap_or_default();
    page.item(&term, &format!("{}{}", sentence(&help), values(arg)));
}

/// The values that an option can have, and its default.
fn values(arg: &Arg) -> String {
    let mut text = String::new();
    if arg.is_hide_possible_values_set() || !arg.get_action().takes_values() {
        return text;
    }
    let names: Vec<String> =
        arg.get_possible_values().iter().map(|value| format!("`{}`", value.get_name())).collect();
    if !names.is_empty() {
        text = format!("\n\nPossible values: {}.", names.join(", "));
    }
    let defaults: Vec<String> =
        arg.get_default_values().iter().map(|value| value.to_string_lossy().into_owned()).collect();
    if !defaults.is_empty() {
        text += &format!("\n\nDefault: `{}`.", defaults.join(", "));
    }
    text
}

/// The first paragraph with a full stop, as help has none.
fn sentence(help: &str) -> String {
    let (first, rest) = help.split_once("\n\n").unwrap_or((help, ""));
    let stop = if first.ends_with(['.', '?', ':']) { "" } else { "." };
    if rest.is_empty() { format!("{first}{stop}") } else { format!("{first}{stop}\n\n{rest}") }
}

fn statuses(notes: &Notes, is_root: bool, page: &mut Roff) {
    if !notes.others.is_empty() {
        page.section("NOTES");
        page.text(&notes.others.join("\n\n"));
    }
    page.section("EXIT STATUS");
    if is_root {
        STATUSES.iter().for_each(|(status, text)| page.item(status, text));
        page.text("If several apply, the highest counts.");
        return;
    }
    if !notes.status.is_empty() {
        page.text(&notes.status);
    }
    page.text("See `wikifarm`(1) for the meaning of each status.");
}

fn table(title: &str, rows: &[(&str, &str)], page: &mut Roff) {
    page.section(title);
    rows.iter().for_each(|(term, text)| page.item(term, text));
}

/// The commands below a command.
pub(super) fn children(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|child| child.get_name() != "help")
}
