//! Tests that run the rules on the examples in their pages.

use std::collections::BTreeSet;
use std::path::Path;

use super::fake_disk::FakeDisk;
use super::page::REPORTS;
use super::rules::FAMILIES;
use super::*;
use crate::browser::SharedSuffixes;
use crate::farm::{Farm, SyntaxErrors};

/// The fenced blocks of a section, each with its language.
pub(super) fn blocks(section: &str) -> Vec<(&str, &str)> {
    section.split("```").skip(1).step_by(2).map(|block| block.split_once('\n').unwrap()).collect()
}

/// The farm file of a page's section, if it is TOML.
fn toml(section: &str) -> Option<&str> {
    blocks(section).into_iter().find(|(language, _)| *language == "toml").map(|(_, text)| text)
}

/// The findings above notes.
fn check_text(text: &str) -> Vec<Finding> {
    above_notes(check_farm(Farm::parse(Path::new("farm.toml"), text.to_owned()), &FakeDisk::default()))
}

fn above_notes(mut found: Vec<Finding>) -> Vec<Finding> {
    found.retain(|finding| finding.severity > Severity::Note);
    found
}

fn check_farm(farm: Result<Farm, Box<SyntaxErrors>>, disk: &dyn Disk) -> Vec<Finding> {
    match farm {
        Ok(farm) => check(&farm, disk, &suffixes(), &Overrides::default()),
        Err(errors) => syntax_findings(&errors),
    }
}

fn suffixes() -> SharedSuffixes {
    std::sync::Arc::new(crate::browser::BuiltinSuffixes)
}

/// The findings in the blocks of a page's section: TOML, or Python files that begin with `# NAME.py`.
fn check_section(section: &str) -> Vec<Finding> {
    let farm = match toml(section) {
        Some(text) => Farm::parse(Path::new("farm.toml"), text.to_owned()),
        None => {
            let python = blocks(section).into_iter().filter(|(language, _)| *language == "python");
            let files: Vec<(&str, &str)> = python
                .map(|(_, text)| text.strip_prefix("# ").and_then(|text| text.split_once('\n')).unwrap())
                .collect();
            Ok(crate::pyconfig::read::read_texts(&files, &crate::pyconfig::read::Options::default())
                .unwrap()
                .farm)
        }
    };
    check_farm(farm, &FakeDisk::of(section))
}

/// Rules whose example also triggers another rule: the rule, and the other one.
const ALSO: [(&str, &str); 11] = [
    ("first-request-store", "torn-writes"),
    ("misplaced-key", "missing-version"),
    ("unknown-version", "missing-version"),
    ("python-syntax", "dynamic-setting"),
    ("attribute-too-long", "path-mismatch"),
    ("browsers-differ", "log-out-trap"),
    ("browsers-differ", "torn-writes"),
    ("lifetime-below-one-hour", "lifetime-over-400-days"),
    ("ten-year-login", "lifetime-over-400-days"),
    ("cookie-rejected", "invalid-cookie-name"),
    ("never-pruned", "prune-without-idle"),
];

#[test]
fn rule_example_triggers_its_rule_alone_and_instead_triggers_none() {
    for rule in rules() {
        let (own, others): (Vec<_>, Vec<_>) = check_section(rule.page.section("Example"))
            .into_iter()
            .partition(|finding| finding.rule == rule.name);
        assert!(!own.is_empty(), "{} does not report its example: {others:#?}", rule.name);
        assert!(own.iter().all(|finding| finding.severity == rule.severity), "{}", rule.name);
        let expected = |finding: &Finding| ALSO.contains(&(rule.name, finding.rule));
        let others: Vec<_> = above_notes(others).into_iter().filter(|finding| !expected(finding)).collect();
        assert_eq!(others, [], "{}", rule.name);
        let instead = check_section(rule.page.section("Instead"));
        assert!(
            instead.iter().all(|finding| finding.rule != rule.name),
            "{} reports: {instead:#?}",
            rule.name
        );
        assert_eq!(above_notes(instead), [], "{}", rule.name);
    }
}

#[test]
fn rule_pages_are_the_files_below_docs_rules() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rules");
    let files =
        std::fs::read_dir(directory).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let pages: BTreeSet<String> = rules().map(|rule| format!("{}.md", rule.name)).collect();
    assert_eq!(files.collect::<BTreeSet<_>>(), pages);
    assert_eq!(pages.len(), rules().count(), "a name is used twice");
}

#[test]
fn rule_pages_have_the_same_sections_and_the_facts_of_the_rule() {
    let sections = ["What it does", "Why it matters", "Example", "Instead", "Suggestion", "Since"];
    for rule in rules() {
        let page = rule.page.markdown();
        let headings: Vec<_> = page.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        assert_eq!(headings, sections, "{}", rule.name);
        let fixed = if rule.fatal { " (fixed)" } else { "" };
        let fix = rule.fix.map_or("none", Safety::name);
        let head = format!(
            "# {}\n\nSeverity: {}{fixed}. Family: {}. Fix: {fix}.\n\n## ",
            rule.name,
            rule.severity.name(),
            rule.family
        );
        assert!(page.starts_with(&head), "{}: expected {head}", rule.name);
        assert!(rule.page.section("What it does").starts_with(REPORTS), "{}", rule.name);
        assert!(!rule.page.suggestion().is_empty(), "{}", rule.name);
        assert!(page.chars().all(|c| c == '\n' || !c.is_control()), "{}", rule.name);
        let wide = page.lines().find(|line| line.chars().count() > 78 && !line.starts_with("cookie_path = "));
        assert_eq!(wide, None, "{}", rule.name);
    }
}

#[test]
fn rule_names_are_kebab_case_and_families_are_uniform() {
    let kebab = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    assert!(rules().all(|rule| rule.name.bytes().all(kebab)));
    for family in FAMILIES {
        let names: BTreeSet<_> = family.iter().map(|rule| rule.family).collect();
        assert_eq!(names.len(), 1, "{names:?}");
    }
}

#[test]
fn parser_names_only_rules_that_exist() {
    for rule in rules() {
        let Some(text) = toml(rule.page.section("Example")) else { continue };
        let Ok(farm) = Farm::parse(Path::new("farm.toml"), text.to_owned()) else { continue };
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
    assert_eq!(check_text(&farm("allow = [\"imprecise-version\"]")), []);
    assert_eq!(check_text(&farm("deny = [\"imprecise-version\"]"))[0].severity, Severity::Error);
    let fixed = check_text("[wikis.one]\nurl = \"x\"\n[lint]\nallow = [\"invalid-url\"]");
    assert!(fixed.iter().any(|finding| finding.rule == "invalid-url"), "{fixed:#?}");
    assert!(fixed.iter().any(|finding| finding.rule == "unknown-rule"), "{fixed:#?}");
}

#[test]
fn check_joins_findings_that_differ_only_in_the_wiki() {
    let text = "moin = \"1.8.7\"\n[farm]\ncookie_name = \"lab\"\n\
                [wikis.a]\nurl = \"https://a.example.org/\"\n[wikis.b]\nurl = \"https://b.example.org/\"\n";
    let findings = check_text(text);
    assert_eq!(findings.len(), 1, "{findings:#?}");
    assert_eq!(findings[0].wikis, ["a", "b"]);
    assert!(
        findings[0].message.starts_with("a and b: MoinMoin 1.8.7 ignores cookie_name: "),
        "{findings:#?}"
    );
    // Settings at several positions, too.
    let text = "moin = \"1.9.11\"\n[wikis.a]\nurl = \"https://a.example.org/\"\ncookie_secure = false\n\
                [wikis.b]\nurl = \"https://b.example.org/\"\ncookie_secure = false\n";
    let findings = check_text(text);
    assert_eq!(findings.len(), 1, "{findings:#?}");
    assert_eq!(findings[0].wikis, ["a", "b"]);
    assert_eq!(findings[0].also.len(), 1);
}

/// Wikis with one session directory, and a login of half an hour.
fn with_clocks(domain: &str, skews: &[f64]) -> String {
    let wiki = |(at, skew): (usize, &f64)| {
        format!("[wikis.w{at}]\nurl = \"https://w{at}.example.org/\"\nclock_skew = {skew}\n")
    };
    let wikis: String = skews.iter().enumerate().map(wiki).collect();
    format!(
        "moin = \"1.9.11\"\n[farm]\ncookie_name = \"lab\"\n{domain}cookie_lifetime = [0, 0.5]\n\
         session_dir = \"sessions\"\nuser_dir = \"users\"\n{wikis}"
    )
}

#[test]
fn clock_skew_is_reported_once_for_each_clock_if_the_cookie_reaches_the_other_wiki() {
    let reported = |domain: &str, skews: &[f64]| {
        let found =
            check_text(&with_clocks(domain, skews)).into_iter().filter(|one| one.rule == "clock-skew");
        found.map(|one| one.message).collect::<Vec<_>>().join("\n")
    };
    let wide = "cookie_domain = \".example.org\"\n";
    let ahead = |from: &str, to: &str| {
        format!(
            "{to}: logins of {from} expire at once at {to}: the clock there is 2 h ahead, and the sessions last 30 m"
        )
    };
    assert_eq!(reported(wide, &[0.0, 7200.0]), ahead("w0", "w1"));
    // The wikis share the store, but each cookie stays at its own host.
    assert_eq!(reported("", &[0.0, 7200.0]), "");
    assert_eq!(
        reported(wide, &[0.0, 0.0, 0.0, 7200.0]),
        ahead("w0", "w3") + " (the same for 2 other pairs of wikis)"
    );
    assert_eq!(reported(wide, &[0.0, 600.0]), "");
}

#[test]
fn ignored_setting_of_some_wikis_is_unset_for_these_and_kept_for_the_others() {
    let text = "[farm]\ncookie_name = \"lab\"\n\
                [wikis.a]\nmoin = \"1.8.7\"\nurl = \"https://a.example.org/\"\n\
                [wikis.b]\nmoin = \"1.8.6\"\nurl = \"https://b.example.org/\"\nunset = [\"user_dir\"]\n\
                [wikis.c]\nmoin = \"1.9.11\"\nurl = \"https://c.example.org/\"\n";
    let helps: Vec<_> =
        check_text(text).into_iter().filter(|finding| finding.rule == "ignored-setting").collect();
    assert_eq!(helps.len(), 2);
    assert_eq!(helps[0].help.as_deref(), Some("add unset = [\"cookie_name\"] under [wikis.a] and [wikis.b]"));
    let fixed = fix_up(text, false);
    let expected = "[farm]\ncookie_name = \"lab\"\n\
                    [wikis.a]\nunset = [\"cookie_name\"]\nmoin = \"1.8.7\"\nurl = \"https://a.example.org/\"\n\
                    [wikis.b]\nmoin = \"1.8.6\"\nurl = \"https://b.example.org/\"\nunset = [\"cookie_name\"]\n\
                    [wikis.c]\nmoin = \"1.9.11\"\nurl = \"https://c.example.org/\"\n";
    assert_eq!(fixed.farm.source.text(), expected);
}

/// The farm after `--fix`, with or without `--unsafe-fixes`.
fn fix_up(text: &str, unsafe_fixes: bool) -> Fixed {
    let farm = Farm::parse(Path::new("farm.toml"), text.to_owned()).unwrap();
    let wanted = Wanted { min_severity: Severity::Note, unsafe_fixes };
    fix(farm, &FakeDisk::default(), &suffixes(), &Overrides::default(), wanted)
}

#[test]
fn fix_repairs_the_example_of_each_rule_that_has_a_fix_and_of_no_other() {
    let mut safe = 0;
    for rule in rules() {
        let Some(text) = toml(rule.page.section("Example")) else { continue };
        let Ok(farm) = Farm::parse(Path::new("farm.toml"), text.to_owned()) else { continue };
        let fixes = |unsafe_fixes| fix_up(text, unsafe_fixes).fixed.iter().any(|(f, _)| f.rule == rule.name);
        let found = match (fixes(false), fixes(true)) {
            (true, _) => Some(Safety::Safe),
            (false, true) => Some(Safety::Unsafe),
            (false, false) => None,
        };
        assert_eq!(found, rule.fix, "{}", rule.name);
        let Some(safety) = found else { continue };
        safe += usize::from(safety == Safety::Safe);
        let after = fix_up(text, safety == Safety::Unsafe);
        assert!(
            after.left.iter().all(|finding| finding.rule != rule.name),
            "{}: {:#?}",
            rule.name,
            after.left
        );
        assert!(after.farm.sound() || !farm.sound(), "{}", rule.name);
        let again = fix_up(after.farm.source.text(), true);
        assert!(
            again.fixed.iter().all(|(finding, _)| finding.rule != rule.name),
            "{} is fixed twice",
            rule.name
        );
    }
    assert!(safe >= 10, "{safe}");
}

#[test]
fn fix_does_not_change_the_instead_of_any_rule() {
    for rule in rules() {
        let Some(text) = toml(rule.page.section("Instead")) else { continue };
        let after = fix_up(text, false);
        let changed: Vec<_> = after.fixed.iter().map(|(finding, _)| finding.rule).collect();
        assert_eq!(changed, [""; 0], "{}", rule.name);
        assert_eq!(after.farm.source.text(), text);
    }
}

/// A farm with many kinds of settings, for random edits.
const LARGE: &str = "moin = \"1.9.11\"\n[farm]\ncookie_domain = \".example.org\" # all\nsuperuser = [\"Ada\", \"Bob\"]\n\
    cookie_lifetime = [0.5, 12]\n[groups.lab]\ncookie_name = \"lab\"\nunset = [\"superuser\"]\n[wikis.one]\ngroup = \"lab\"\n\
    url = \"https://one.example.org/\"\naliases = [\n  \"https://uno.example.org/\", # old\n]\n[wikis.two]\ngroup = \"lab\"\n\
    url = \"https://two.example.org/\"\ncookie_secure = true\nlint = { allow = [\"path\"] }\n[[share]]\nwikis = [\"one\", \"two\"]\n\
    [prune]\nidle = \"400d\"\n[lint]\nallow = [\"missing-directory\"]\n";

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(200))]

    /// After random edits, the fixed file has no more errors, and a second run changes nothing.
    #[test]
    fn fix_of_random_edits_ends_and_never_breaks_the_farm(
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
            let fixed = fix_up(&text, unsafe_fixes);
            assert!(fixed.farm.sound() || !farm.sound());
            let fatal = |farm: &Farm| farm.problems.iter().filter(|problem| problem.fatal).count();
            assert!(fatal(&fixed.farm) <= fatal(&farm));
            let again = fix_up(fixed.farm.source.text(), unsafe_fixes);
            assert_eq!(again.fixed.len(), 0, "{text}\n{:#?}", again.fixed);
        }
    }
}
