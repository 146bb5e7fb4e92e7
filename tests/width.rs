//! The width of output: 80 columns, except for words that can't break.

use std::fs;
use std::path::Path;

use crate::support::farms::{DOCS, DOCS_AND_PLANS, DOCS_WITH_USERS};
use crate::support::{HOUR, NOW, Place, Session};

/// Commands with output for people. On a demo farm, their arguments are right; on other farms, some are wrong.
const COMMANDS: [&str; 45] = [
    "doctor",
    "config check",
    "config check --min-severity note",
    "config show",
    "config show gone",
    "config rules log-out-trap",
    "config import farm.toml",
    "config check gone.toml",
    "cookie preview",
    "cookie preview --matrix",
    "cookie preview docs",
    "cookie explain docs plans",
    "cookie explain docs trap",
    "cookie suggest",
    "cookie suggest --share docs,trap",
    "cookie header docs",
    "cookie header old --browser rfc",
    "cookie test --from docs --visit https://plans.example.org/",
    "cookie test --url https://a.example.com/ --set-cookie A=1;Domain=other.example.org",
    "cookie diff farm.toml new.toml",
    "cookie simulate script",
    "cookie probe docs --resolve docs.example.org:127.0.0.1",
    "session list --state live --limit 5",
    "session list --state unreadable",
    "session list --user Nobody",
    "session list --store gone",
    "session show aaaaaaaa",
    "session stats",
    "session whois aaaaaaaa",
    "session whois bbbbbbbb",
    "session verify",
    "session prune -n",
    "session prune -n -v",
    "session prune --all",
    "session prune -n --metrics metrics.txt",
    "session revoke --user BobBuilder -n",
    "session revoke --user Bob",
    "session migrate --from moin-1.9:sessions --to json:target -n",
    "session migrate --from moin-1.9:sessions --to sqlite:/target.db",
    "session migrate --from moin-1.9:sessions --to moin-1.9:sessions/below",
    "session migrate --from moin-1.9:sessions --to json:target --rollback --cookie-map json --rename-ids",
    "store list",
    "store find .",
    "--version -v",
    "config check new.toml --fix",
];

/// Commands whose output is a program, a file, or a list with one entry a line.
const OTHERS: [&str; 8] =
    ["completions", "config export", "config new", "config rules", "config schema", "demo", "man", "schema"];

/// Whether a line fits, or has a word that does not: a path, a URL, or a command in backticks.
fn fits(line: &str) -> bool {
    // The lines of the farm file stay as they are.
    let is_source =
        line.trim_start().split_once(" | ").is_some_and(|(number, _)| number.parse::<u32>().is_ok());
    let mut quoted = false;
    let mut words = line.split(|c| {
        quoted ^= c == '`';
        c == ' ' && !quoted
    });
    line.chars().count() <= 80 || is_source || words.next_back().is_some_and(|word| word.chars().count() > 50)
}

/// Tables have one line for each row, except on a terminal.
fn has_table(command: &str) -> bool {
    ["session list", "session prune", "session revoke", "store list", "store find"]
        .iter()
        .any(|table| command.starts_with(table))
}

fn check(place: &Place, dir: &Path) {
    fs::write(dir.join("script"), "login docs\nvisit trap\nvisit docs\n").unwrap();
    let farm = fs::read_to_string(dir.join("farm.toml")).unwrap();
    fs::write(dir.join("new.toml"), farm.replace("\"sessions\"", "\"elsewhere\"")).unwrap();
    for command in COMMANDS {
        let run = || place.wikifarm(command).in_dir(dir).env("LANG", "C.UTF-8");
        let (stdout, stderr) = run().on_terminal(80);
        let (piped, errors, _) = run().raw();
        let piped = if has_table(command) { Vec::new() } else { piped };
        for text in [stdout, stderr, piped, errors] {
            let text = String::from_utf8(text).unwrap();
            let wide: Vec<&str> = text.lines().filter(|line| !fits(line)).collect();
            assert!(wide.is_empty(), "wikifarm {command}: {wide:#?}");
        }
    }
}

#[test]
fn every_command_with_output_for_people_is_checked() {
    fn collect(command: &clap::Command, path: &str, all: &mut Vec<String>) {
        for child in command.get_subcommands().filter(|child| child.get_name() != "help") {
            collect(child, &format!("{path} {}", child.get_name()), all);
        }
        if !command.has_subcommands() {
            all.push(path.trim().to_owned());
        }
    }
    let mut all = Vec::new();
    collect(&wikifarm::cli::command(), "", &mut all);
    for command in all {
        let checked = COMMANDS.iter().any(|known| known.starts_with(&command));
        assert!(checked || OTHERS.contains(&command.as_str()), "{command}");
    }
}

#[test]
fn output_on_the_demo_farm_fits_80_columns() {
    let place = Place::new();
    place.wikifarm("demo farm").any_stdout().run();
    let tour = place.wikifarm("demo other").any_stdout().run().stdout;
    let first = tour.lines().next().unwrap();
    assert!(fits(first), "{first}");
    check(&place, &place.path().join("farm"));
}

#[test]
fn output_on_small_farms_fits_80_columns() {
    for farm in [DOCS, DOCS_WITH_USERS, DOCS_AND_PLANS, "moin = \"1.9\"\ntypo = 1\n[wikis.docs]\nurl = 5\n"] {
        let place = Place::farm(farm)
            .session("sessions", Session::new('a').expires(NOW + HOUR).user("1.2.3").acts_as("4.5.6"))
            .session("sessions", Session::new('b').raw(b"(dS'"))
            .session("sessions", Session::new('c').raw(b"cposix\nsystem\n."))
            .dir("users");
        check(&place, &place.path());
    }
}
