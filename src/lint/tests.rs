//! The rules held against their own examples.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use super::*;

/// A disk on which everything is there and private, but for paths that say otherwise.
struct FakeDisk;

impl FakeDisk {
    fn says(path: &Path, word: &str) -> bool {
        path.components().any(|part| part.as_os_str() == word)
    }
}

impl Disk for FakeDisk {
    fn directory(&self, path: &Path) -> io::Result<Directory> {
        if Self::says(path, "missing") {
            return Err(io::Error::from(io::ErrorKind::NotFound));
        }
        let mode = match path {
            _ if Self::says(path, "open") || path.ends_with("everybodys") => 0o777,
            _ if Self::says(path, "listable") => 0o755,
            _ => 0o750,
        };
        let owner = if Self::says(path, "strangers") { 1 } else { 0 };
        let device = if Self::says(path, "memory") { 2 } else { 1 };
        Ok(Directory { is_directory: true, mode, owner, device })
    }

    fn entries(&self, path: &Path, _: crate::store::Layout) -> io::Result<Entries> {
        let sessions = if Self::says(path, "full") { MOST_ENTRIES } else { 1 };
        let foreign = Self::says(path, "common").then(|| "sess_ab".to_owned());
        Ok(Entries { sessions, foreign })
    }

    fn in_memory(&self, path: &Path) -> bool {
        Self::says(path, "memory")
    }

    fn has_cleaner(&self) -> bool {
        false
    }

    fn sweeper(&self, sessions: &[&Path]) -> Option<PathBuf> {
        sessions.iter().any(|path| Self::says(path, "swept")).then(|| "/etc/cron.d/wiki".into())
    }
}

/// What is found without being asked for advice.
fn check_text(text: &str) -> Vec<Finding> {
    let mut found = check_all(text);
    found.retain(|finding| finding.severity > Severity::Note);
    found
}

fn check_all(text: &str) -> Vec<Finding> {
    let farm = match farm(text) {
        Ok(farm) => farm,
        Err(errors) => return syntax_findings(&errors),
    };
    let suffixes: SharedSuffixes = std::sync::Arc::new(crate::browser::BuiltinSuffixes);
    check(&farm, &FakeDisk, &suffixes, &Overrides::default())
}

/// A farm file, or Python files, each below a line with its name: `# wikiconfig.py`.
fn farm(text: &str) -> Result<Farm, Box<crate::farm::SyntaxErrors>> {
    let mut files: Vec<(&str, String)> = Vec::new();
    let indented =
        text.lines().filter(|line| !line.trim().is_empty()).map(|line| line.len() - line.trim_start().len());
    let indent = indented.min().unwrap_or(0);
    for line in text.lines() {
        match line.trim().strip_prefix("# ").filter(|name| name.ends_with(".py")) {
            Some(name) => files.push((name, String::new())),
            None => {
                if let Some((_, file)) = files.last_mut() {
                    file.push_str(line.get(indent..).unwrap_or_default());
                    file.push('\n');
                }
            }
        }
    }
    if files.is_empty() {
        return Farm::parse(Path::new("farm.toml"), text.to_owned());
    }
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    Ok(crate::farm::python::read_texts(&files, &crate::farm::python::Options::default()).unwrap().farm)
}

#[test]
fn every_rule_reports_its_bad_example_and_not_its_good_one() {
    for rule in rules() {
        let bad = check_all(rule.bad);
        let own: Vec<_> = bad.iter().filter(|finding| finding.rule == rule.name).collect();
        assert!(!own.is_empty(), "{} does not report its example: {bad:#?}", rule.name);
        assert!(own.iter().all(|finding| finding.severity == rule.severity), "{}", rule.name);
        let good = check_all(rule.good);
        assert!(good.iter().all(|finding| finding.rule != rule.name), "{} reports: {good:#?}", rule.name);
        assert!(
            good.iter().all(|finding| finding.severity < Severity::Error),
            "the good example of {} is not: {good:#?}",
            rule.name
        );
    }
}

#[test]
fn names_are_unique_kebab_case_and_belong_to_one_family() {
    let mut names = BTreeSet::new();
    for rule in rules() {
        assert!(names.insert(rule.name), "{} twice", rule.name);
        assert!(
            rule.name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-' || b.is_ascii_digit()),
            "{}",
            rule.name
        );
        for text in [rule.title, rule.why, rule.cure] {
            assert!(!text.is_empty() && !text.contains("  "), "{}: {text}", rule.name);
        }
    }
    for family in FAMILIES {
        let names: BTreeSet<_> = family.iter().map(|rule| rule.family).collect();
        assert_eq!(names.len(), 1, "{names:?}");
    }
}

#[test]
fn the_parser_names_only_rules_that_exist() {
    // Each rule found by the parser is in its bad example's problems; so is no rule without an entry in the list.
    for rule in rules() {
        let Ok(farm) = farm(rule.bad) else {
            assert_eq!(rule.name, TOML_SYNTAX);
            continue;
        };
        for problem in &farm.problems {
            assert!(rules().any(|rule| rule.name == problem.rule), "{}", problem.rule);
        }
    }
}

#[test]
fn lint_levels_apply_but_not_to_what_makes_the_file_unusable() {
    let farm = |levels: &str| {
        format!("moin = \"1.9\"\n[wikis.one]\nurl = \"https://one.example.org/\"\n[lint]\n{levels}")
    };
    assert_eq!(check_text(&farm("")).len(), 1);
    assert_eq!(check_text(&farm("allow = [\"precise-version\"]")), []);
    assert_eq!(check_text(&farm("deny = [\"precise-version\"]"))[0].severity, Severity::Error);
    let fixed = check_text("[wikis.one]\nurl = \"x\"\n[lint]\nallow = [\"bad-url\"]");
    assert!(fixed.iter().any(|finding| finding.rule == "bad-url"), "{fixed:#?}");
    assert!(fixed.iter().any(|finding| finding.rule == "unknown-rule"), "{fixed:#?}");
}

#[test]
fn a_setting_that_many_wikis_inherit_is_one_finding() {
    let text = "moin = \"1.8.7\"\n[farm]\ncookie_name = \"lab\"\n\
                [wikis.a]\nurl = \"https://a.example.org/\"\n[wikis.b]\nurl = \"https://b.example.org/\"\n";
    let findings = check_text(text);
    assert_eq!(findings.len(), 1, "{findings:#?}");
    assert_eq!(findings[0].wikis, ["a", "b"]);
}

/// The farm mended as `--fix` would, with `--unsafe-fixes` or without.
fn mend(text: &str, unsafe_fixes: bool) -> Mended {
    let farm = Farm::parse(Path::new("farm.toml"), text.to_owned()).unwrap();
    let suffixes: SharedSuffixes = std::sync::Arc::new(crate::browser::BuiltinSuffixes);
    let wanted = Wanted { min_severity: Severity::Note, unsafe_fixes };
    fix(farm, &FakeDisk, &suffixes, &Overrides::default(), wanted)
}

#[test]
fn what_a_rule_says_can_be_mended_is_mended_in_its_own_example_and_nothing_else_is() {
    let mut count = (0, 0);
    for rule in rules() {
        let Ok(farm) = Farm::parse(Path::new("farm.toml"), rule.bad.to_owned()) else { continue };
        let mends =
            |unsafe_fixes: bool| mend(rule.bad, unsafe_fixes).mended.iter().any(|(f, _)| f.rule == rule.name);
        let found = match (mends(false), mends(true)) {
            (true, _) => Some(Safety::Safe),
            (false, true) => Some(Safety::Unsafe),
            (false, false) => None,
        };
        assert_eq!(found, rule.fix, "{}", rule.name);
        match found {
            Some(Safety::Safe) => count.0 += 1,
            Some(Safety::Unsafe) => count.1 += 1,
            None => continue,
        }
        let mended = mend(rule.bad, rule.fix == Some(Safety::Unsafe));
        assert!(
            mended.left.iter().all(|finding| finding.rule != rule.name),
            "{}: {:#?}",
            rule.name,
            mended.left
        );
        assert!(mended.farm.sound() || !farm.sound(), "{}", rule.name);
        let again = mend(mended.farm.source.text(), true);
        assert!(
            again.mended.iter().all(|(finding, _)| finding.rule != rule.name),
            "{} is mended twice",
            rule.name
        );
    }
    assert!(count.0 >= 10, "{count:?}");
}

#[test]
fn sound_examples_are_not_changed_by_safe_fixes() {
    // Files in Python are not changed at all.
    for rule in rules().filter(|rule| rule.family != "python") {
        let mended = mend(rule.good, false);
        let expected: Vec<_> = mended.mended.iter().map(|(finding, _)| finding.rule).collect();
        assert_eq!(expected, [""; 0], "{}", rule.name);
        assert_eq!(mended.farm.source.text(), rule.good);
    }
}

/// A farm with many kinds of settings, to make slips in.
const LARGE: &str = "moin = \"1.9.11\"\n[farm]\ncookie_domain = \".example.org\" # all\nsuperuser = [\"Ada\", \"Bob\"]\n\
    cookie_lifetime = [0.5, 12]\n[groups.lab]\ncookie_name = \"lab\"\nunset = [\"superuser\"]\n[wikis.one]\ngroup = \"lab\"\n\
    url = \"https://one.example.org/\"\naliases = [\n  \"https://uno.example.org/\", # old\n]\n[wikis.two]\ngroup = \"lab\"\n\
    url = \"https://two.example.org/\"\ncookie_secure = true\nlint = { allow = [\"path\"] }\n[[share]]\nwikis = [\"one\", \"two\"]\n\
    [prune]\nidle = \"400d\"\n[lint]\nallow = [\"missing-directory\"]\n";

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(200))]

    /// Whatever slips: what is mended can be read, is no worse, and needs no second run.
    #[test]
    fn mending_ends_and_never_breaks_a_farm(
        slips in proptest::collection::vec((0..LARGE.len(), 0..3usize, 0..LARGE.len(), 1..20usize), 1..4),
        unsafe_fixes: bool,
    ) {
        let mut text = LARGE.to_owned();
        for (at, kind, from, length) in slips {
            let at = at.min(text.len());
            let end = (at + length % 3 + 1).min(text.len());
            match kind {
                0 => text.replace_range(at..end, ""),
                1 => text.insert_str(at, LARGE.get(from..(from + length).min(LARGE.len())).unwrap()),
                _ => text.replace_range(at..end, LARGE.get(from..(from + 1).min(LARGE.len())).unwrap()),
            }
        }
        if let Ok(farm) = Farm::parse(Path::new("farm.toml"), text.clone()) {
            let mended = mend(&text, unsafe_fixes);
            assert!(mended.farm.sound() || !farm.sound());
            let fatal = |farm: &Farm| farm.problems.iter().filter(|problem| problem.fatal).count();
            assert!(fatal(&mended.farm) <= fatal(&farm));
            let again = mend(mended.farm.source.text(), unsafe_fixes);
            assert_eq!(again.mended.len(), 0, "{text}\n{:#?}", again.mended);
        }
    }
}
