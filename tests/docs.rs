//! README.md and the book in docs: checks the examples and the links.
//!
//! A `console` block has a command and its output in the demo farm. `make bless` updates the output.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{Place, bless, same};

/// The time at which the demo farm of the examples was created.
const NOW: &str = "2026-11-23T02:00:00Z";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap()
}

/// The pages of the book, without README.md and the pages of rules.
fn pages() -> Vec<String> {
    let entries = fs::read_dir(root().join("docs")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let pages = names.filter(|name| name.ends_with(".md") && name != "SUMMARY.md");
    let mut pages: Vec<String> = pages.map(|name| format!("docs/{name}")).collect();
    pages.sort();
    pages
}

fn wikifarm(dir: &Path, words: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wikifarm"));
    command
        .args(words)
        .args(["--now", NOW])
        .current_dir(dir)
        .env_clear()
        .env("HOME", dir)
        .env("LC_ALL", "C.UTF-8");
    let output = command.output().unwrap();
    assert!(output.stderr.is_empty(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The text with the current output of its commands, and the number of commands.
fn fresh(text: &str, farm: &Path) -> (String, usize) {
    let mut fresh = String::new();
    let mut lines = text.lines();
    let mut commands = 0;
    while let Some(line) = lines.next() {
        writeln!(fresh, "{line}").unwrap();
        if line != "```console" {
            continue;
        }
        let prompt = lines.next().unwrap();
        // The quotes are for the reader's shell.
        let words = prompt.strip_prefix("$ wikifarm ").unwrap().split(' ').map(|word| word.trim_matches('"'));
        writeln!(fresh, "{prompt}").unwrap();
        fresh.push_str(&wikifarm(farm, &words.collect::<Vec<_>>()));
        fresh.push_str("```\n");
        commands += 1;
        lines.by_ref().find(|line| *line == "```").unwrap();
    }
    (fresh, commands)
}

#[test]
fn docs_show_what_the_commands_print() {
    let farm = tempfile::tempdir().unwrap();
    wikifarm(farm.path(), &["demo", "."]);
    let mut all = 0;
    for page in pages().into_iter().chain(["README.md".to_owned()]) {
        let (fresh, commands) = fresh(&read(&page), farm.path());
        if bless() {
            fs::write(root().join(&page), &fresh).unwrap();
        }
        same(&fresh, read(&page));
        all += commands;
    }
    assert!(all >= 12, "{all}");
}

#[test]
fn docs_show_farm_files_without_errors() {
    let mut blocks = 0;
    for page in pages() {
        for block in read(&page).split("```toml\n").skip(1) {
            let mut farm = block.split_once("```").unwrap().0.to_owned();
            if !farm.contains("[wikis.") {
                farm.push_str("[wikis.one]\nmoin = \"1.9.11\"\nurl = \"https://one.example.org/\"\n");
            }
            Place::farm(&farm).wikifarm("-q config check --min-severity error").run();
            blocks += 1;
        }
    }
    assert!(blocks >= 3, "{blocks}");
}

/// The files that a Markdown text links to.
fn links(text: &str) -> Vec<&str> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    targets.map(|(target, _)| target).filter(|target| !target.starts_with("http")).collect()
}

/// Every Markdown file of the source tree, but for those of the book.
fn texts() -> Vec<PathBuf> {
    let kept = |entry: &walkdir::DirEntry| {
        let name = entry.file_name().to_string_lossy();
        entry.depth() == 0
            || !["target", "docs", "fixtures"].contains(&&*name)
                && (name == ".github" || !name.starts_with('.'))
    };
    let entries = walkdir::WalkDir::new(root()).into_iter().filter_entry(kept);
    let paths = entries.map(|entry| entry.unwrap().into_path());
    paths.filter(|path| path.extension().is_some_and(|end| end == "md")).collect()
}

/// The headings of a page as fragments of links.
fn fragments(page: &str) -> Vec<String> {
    let headings = page.lines().filter(|line| line.starts_with('#'));
    let word = |heading: &str| {
        let kept = heading.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
        kept.chars().filter(|c| c.is_alphanumeric() || "-_".contains(*c)).collect()
    };
    headings.map(word).collect()
}

/// The links of a page, each resolved; panics if one leads nowhere.
fn targets(page: &Path) -> Vec<PathBuf> {
    let text = fs::read_to_string(page).unwrap();
    let target = |link: &&str| {
        let (file, fragment) = link.split_once('#').map_or((*link, None), |(file, at)| (file, Some(at)));
        let path = if file.is_empty() { page.to_owned() } else { page.parent().unwrap().join(file) };
        let path = path.canonicalize().unwrap_or_else(|error| panic!("{}: {link}: {error}", page.display()));
        if let Some(fragment) = fragment {
            let known = fragments(&fs::read_to_string(&path).unwrap());
            assert!(known.contains(&fragment.to_owned()), "{}: {link}: {known:?}", page.display());
        }
        path
    };
    links(&text).iter().map(target).collect()
}

#[test]
fn links_lead_to_existing_files_and_headings() {
    let all: usize = texts().iter().map(|page| targets(page).len()).sum();
    assert!(all > 12, "{all}");
}

/// The book has only the files in docs.
#[test]
fn links_in_the_book_stay_in_the_book() {
    let docs = root().join("docs").canonicalize().unwrap();
    let pages = walkdir::WalkDir::new(&docs).into_iter().map(|entry| entry.unwrap().into_path());
    let mut all = 0;
    for page in pages.filter(|path| path.extension().is_some_and(|end| end == "md")) {
        for target in targets(&page) {
            assert!(
                target.starts_with(&docs) && target.is_file(),
                "{}: {}",
                page.display(),
                target.display()
            );
            all += 1;
        }
    }
    assert!(all > 200, "{all}");
}

#[test]
fn docs_name_no_site_of_this_project() {
    for page in texts().into_iter().chain(pages().iter().map(|page| root().join(page))) {
        let text = fs::read_to_string(&page).unwrap();
        let mut sites = text.split("https://").skip(1).filter_map(|rest| rest.split_whitespace().next());
        let site = sites.find(|site| site.contains("wikifarm"));
        assert_eq!(site, None, "{}: the project has no public site", page.display());
    }
}

/// The table of contents of the book, with a line for each rule below the page of rules.
fn summary() -> String {
    const RULES: &str = "- [Rules](rules.md)\n";
    let text = read("docs/SUMMARY.md");
    let kept = text.lines().filter(|line| !line.contains("](rules/"));
    let kept: String = kept.map(|line| format!("{line}\n")).collect();
    let rules = wikifarm::lint::rules().map(|rule| format!("  - [{0}](rules/{0}.md)\n", rule.name));
    kept.replace(RULES, &format!("{RULES}{}", rules.collect::<String>()))
}

#[test]
fn summary_of_the_book_names_each_page_and_each_rule() {
    if bless() {
        fs::write(root().join("docs/SUMMARY.md"), summary()).unwrap();
    }
    let text = read("docs/SUMMARY.md");
    same(&summary(), &text);
    let pages_in = links(&text).into_iter().filter(|link| !link.starts_with("rules/"));
    let named: BTreeSet<String> = pages_in.map(|link| format!("docs/{link}")).collect();
    assert_eq!(named, pages().into_iter().collect());
}

/// The page of all rules: a table for each family.
fn rules() -> String {
    let mut page = "# Rules\n\n`config check` applies these rules to the farm file. `wikifarm config rules NAME` prints the page of a rule.\n\
                    `[lint]` in the farm file allows, warns about, or denies a rule or a family by name; a comment\n\
                    `# wikifarm: allow(RULE) reason` allows a rule for one line.\n"
        .to_owned();
    let mut family = "";
    for rule in wikifarm::lint::rules() {
        if family != rule.family {
            family = rule.family;
            write!(page, "\n## {family}\n\n| rule | severity | what it reports |\n|---|---|---|\n").unwrap();
        }
        let (name, severity) = (rule.name, rule.severity.name());
        let summary = rule.page.summary().replace('|', "\\|");
        writeln!(page, "| [`{name}`](rules/{name}.md) | {severity} | {summary} |").unwrap();
    }
    page
}

#[test]
fn page_of_rules_lists_each_rule() {
    if bless() {
        fs::write(root().join("docs/rules.md"), rules()).unwrap();
    }
    same(&rules(), read("docs/rules.md"));
}

#[test]
fn page_of_json_lists_the_other_formats_of_each_command() {
    let page = read("docs/json.md");
    let mut rows = 0;
    for family in wikifarm::cli::command().get_subcommands() {
        for command in family.get_subcommands() {
            let Some(format) = command.get_arguments().find(|arg| arg.get_id() == "format") else { continue };
            let values = format.get_possible_values();
            let names =
                values.iter().map(|value| value.get_name()).filter(|name| !["human", "json"].contains(name));
            let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
            let head = format!("| `{} {}` | ", family.get_name(), command.get_name());
            let row = page.lines().find_map(|line| line.strip_prefix(&head));
            assert_eq!(row.unwrap_or(" |"), format!("{} |", names.join(", ")), "{head}");
            rows += usize::from(row.is_some());
        }
    }
    assert!(rows >= 6, "{rows}");
}

#[test]
fn readme_is_at_most_200_lines_and_the_changelog_30() {
    assert!(read("README.md").lines().count() <= 200);
    let changes = read("CHANGELOG.md");
    let release = changes.split("\n## ").nth(1).unwrap();
    assert!(release.lines().count() <= 30, "{release}");
}

#[test]
#[cfg(target_env = "gnu")]
fn readme_names_every_library_that_the_program_needs() {
    let output = Command::new("ldd").arg(env!("CARGO_BIN_EXE_wikifarm")).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let libraries: Vec<&str> = text.lines().filter_map(|line| line.split_whitespace().next()).collect();
    let known = ["libc.so", "libm.so", "libgcc_s.so", "linux-vdso.so", "/lib"];
    let known = |library: &&str| known.iter().any(|known| library.starts_with(known));
    assert!(libraries.iter().any(|library| library.starts_with("libc.so")), "{text}");
    assert!(libraries.iter().all(known), "{text}");
    assert!(read("README.md").contains("needs the C library (glibc) and libgcc of the distribution"));
}
