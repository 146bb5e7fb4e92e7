//! `wikifarm man DIR`, and the pages in `man/`.

use std::fs;
use std::path::Path;

use crate::support::{Place, bless};

#[test]
fn man_writes_the_committed_pages() {
    let place = Place::new();
    place.wikifarm("man pages").any_stdout().run();
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("man");
    if bless() {
        for name in place.names("pages") {
            fs::write(committed.join(&name), fs::read(place.path().join("pages").join(&name)).unwrap())
                .unwrap();
        }
    }
    let help = "update them: make bless, and delete the pages of removed commands";
    let mut names: Vec<String> = fs::read_dir(&committed)
        .unwrap_or_else(|error| panic!("{}: {error}; {help}", committed.display()))
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, place.names("pages"), "{help}");
    for name in names {
        let (old, new) = (committed.join(&name), place.path().join("pages").join(&name));
        assert!(fs::read(old).unwrap() == fs::read(new).unwrap(), "man/{name} is out of date; {help}");
    }
}

#[test]
fn man_writes_a_page_for_each_command() {
    Place::new()
        .wikifarm("man -v pages")
        .stdout(str![[r#"
farm.toml.5
wikifarm-completions.1
wikifarm-config-check.1
wikifarm-config-export.1
wikifarm-config-import.1
wikifarm-config-new.1
wikifarm-config-rules.1
wikifarm-config-schema.1
wikifarm-config-show.1
wikifarm-config.1
wikifarm-cookie-diff.1
wikifarm-cookie-explain.1
wikifarm-cookie-header.1
wikifarm-cookie-preview.1
wikifarm-cookie-probe.1
wikifarm-cookie-simulate.1
wikifarm-cookie-suggest.1
wikifarm-cookie-test.1
wikifarm-cookie.1
wikifarm-demo.1
wikifarm-doctor.1
wikifarm-json.7
wikifarm-man.1
wikifarm-rules.7
wikifarm-schema.1
wikifarm-session-list.1
wikifarm-session-migrate.1
wikifarm-session-prune.1
wikifarm-session-revoke.1
wikifarm-session-show.1
wikifarm-session-stats.1
wikifarm-session-verify.1
wikifarm-session-whois.1
wikifarm-session.1
wikifarm-store-find.1
wikifarm-store-list.1
wikifarm-store.1
wikifarm.1
pages: wrote 38 manual pages

"#]])
        .run();
}

#[test]
fn man_into_an_unwritable_directory_fails() {
    Place::new()
        .file("pages", "")
        .wikifarm("man pages")
        .status(3)
        .stderr(str![[r#"
error: pages: can't write manual pages: file exists

"#]])
        .run();
}

#[test]
fn pages_have_the_sections_that_readers_expect() {
    let place = Place::new();
    place.wikifarm("man pages").any_stdout().run();
    for name in place.names("pages") {
        let page = fs::read_to_string(place.path().join("pages").join(&name)).unwrap();
        let expected: &[&str] = match name.rsplit('.').next().unwrap() {
            "1" => &[
                "NAME",
                "SYNOPSIS",
                "DESCRIPTION",
                "OPTIONS",
                "EXIT STATUS",
                "FILES",
                "ENVIRONMENT",
                "EXAMPLES",
                "SEE ALSO",
            ],
            _ => &["NAME", "DESCRIPTION", "SEE ALSO"],
        };
        let mut rest = page.as_str();
        for section in expected {
            let head = format!("\n.SH {section}\n");
            rest = rest.split_once(&head).unwrap_or_else(|| panic!("{name}: no {section} in its place")).1;
        }
    }
}

/// The rules of `mandoc -T lint`.
#[test]
fn pages_have_short_lines_and_no_macro_without_effect() {
    let place = Place::new();
    place.wikifarm("man pages").any_stdout().run();
    for name in place.names("pages") {
        let page = fs::read_to_string(place.path().join("pages").join(&name)).unwrap();
        let lines: Vec<&str> = page.lines().collect();
        let mut example = false;
        for pair in lines.windows(2) {
            example = (example || pair[1] == ".EX") && pair[1] != ".EE";
            assert!(example || pair[1].len() <= 80 || !pair[1].contains(' '), "{name}: {}", pair[1]);
            assert!(!pair[1].ends_with(' '), "{name}: {pair:?}");
            assert!(!(pair[0].starts_with(".S") && pair[1] == ".PP"), "{name}: {pair:?}");
        }
    }
}

#[test]
fn farm_toml_page_has_each_setting_with_type_and_a_valid_example() {
    let place = Place::new();
    place.wikifarm("man pages").any_stdout().run();
    let page = fs::read_to_string(place.path().join("pages/farm.toml.5")).unwrap().replace("\\-", "-");
    let page = page.split_once("SETTINGS OF WIKIS").unwrap().1;
    for key in wikifarm::farm::Key::all() {
        let name = key.name();
        let entry = page.split_once(&format!("\n\\fB{name}\\fR\n")).unwrap_or_else(|| panic!("no {name}")).1;
        let entry = entry.split(".TP").next().unwrap().replace('\n', " ");
        assert!(entry.contains("Type: "), "{entry}");
        let example = entry.split_once("Example: \\fB").unwrap().1.split_once("\\fR").unwrap().0;
        let example = example.replace("\\(dq", "\"");
        let versions = ["1.8.7", "1.9.11", "2.0"];
        let version = versions.into_iter().find(|version| {
            key.ignored_by(version.parse::<wikifarm::moin::Version>().unwrap().behavior()).is_none()
        });
        let others =
            [format!("moin = \"{}\"", version.unwrap()), "url = \"https://w.example.org/\"".to_owned()];
        let others = others.into_iter().filter(|line| !line.starts_with(&format!("{name} ")));
        let farm = others.fold("[wikis.w]\n".to_owned(), |farm, line| farm + &line + "\n") + &example;
        Place::farm(&farm).wikifarm("config show w").any_stdout().run();
    }
}

#[test]
fn pages_describe_every_option_of_their_command() {
    fn check(command: &clap::Command, name: &str) {
        let page = std::fs::read_to_string(format!("{}/man/{name}.1", env!("CARGO_MANIFEST_DIR"))).unwrap();
        for arg in command.get_arguments().filter(|arg| !arg.is_hide_set() && !arg.is_global_set()) {
            let Some(long) = arg.get_long() else { continue };
            let escaped = format!("\\-\\-{}", long.replace('-', "\\-"));
            assert!(page.contains(&escaped), "{name}.1: --{long}");
        }
        for child in command.get_subcommands().filter(|child| child.get_name() != "help") {
            check(child, &format!("{name}-{}", child.get_name()));
        }
    }
    check(&wikifarm::cli::command(), "wikifarm");
}
