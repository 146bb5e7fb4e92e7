//! Results as JUnit XML, which Jenkins, GitLab, and others show as tests.
//!
//! A rule without findings is a passed test. Each finding is a test, too: an error is a failed test, and a warning is a
//! passed test with its text as output.

use std::collections::HashSet;
use std::fmt::Write;

use super::sarif::{Finding, Level, Rule};
use crate::text::is_unsafe;

/// The whole document.
pub fn document<'a>(
    suite: &str,
    rules: impl IntoIterator<Item = Rule<'a>>,
    findings: impl IntoIterator<Item = Finding<'a>>,
) -> String {
    let findings: Vec<Finding<'_>> = findings.into_iter().collect();
    let reported: HashSet<&str> = findings.iter().map(|finding| finding.rule).collect();
    let suite = xml(suite);
    let mut cases = String::new();
    let mut tests = 0;
    for rule in rules.into_iter().filter(|rule| !reported.contains(rule.id)) {
        tests += 1;
        // Writing to a String does not fail.
        let _ = writeln!(cases, "    <testcase classname=\"{suite}\" name=\"{}\"/>", xml(rule.id));
    }
    for finding in &findings {
        tests += 1;
        let file = finding.path.display().to_string();
        let (position, line) = match finding.region {
            Some(region) => {
                (format!("{file}:{}:{}", region.line, region.column), format!(" line=\"{}\"", region.line))
            }
            None => (file.clone(), String::new()),
        };
        let name = xml(&format!("{} {position}", finding.rule)).into_owned();
        let _ = writeln!(
            cases,
            "    <testcase classname=\"{suite}\" name=\"{name}\" file=\"{}\"{line}>",
            xml(&file)
        );
        let message = xml(finding.message);
        let _ = match finding.level {
            Level::Error => writeln!(
                cases,
                "      <failure type=\"{}\" message=\"{message}\">{}: {message}</failure>",
                xml(finding.rule),
                xml(&position)
            ),
            Level::Warning | Level::Note => {
                let word = if finding.level == Level::Warning { "warning" } else { "note" };
                writeln!(cases, "      <system-out>{}: {word}: {message}</system-out>", xml(&position))
            }
        };
        cases.push_str("    </testcase>\n");
    }
    let failures = findings.iter().filter(|finding| finding.level == Level::Error).count();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite name=\"{suite}\" tests=\"{tests}\" \
         failures=\"{failures}\" errors=\"0\">\n{cases}  </testsuite>\n</testsuites>\n"
    )
}

/// Text for XML 1.0 and its attributes. Control characters become references, and characters that XML does not allow become
/// U+FFFD.
fn xml(text: &str) -> std::borrow::Cow<'_, str> {
    let has = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..);
    let plain = |c: char| has(c) && !is_unsafe(c) && !"&<>\"'".contains(c);
    if text.chars().all(plain) {
        return text.into();
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            _ if plain(character) => safe.push(character),
            _ if has(character) => {
                // Writing to a String does not fail.
                let _ = write!(safe, "&#{};", u32::from(character));
            }
            _ => safe.push('\u{fffd}'),
        }
    }
    safe.into()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn document_keeps_any_text_for_a_parser() {
        let message = "a<b> & \"c\" 'd'\n]]> \u{85}\u{202e}\u{e0001}é";
        let finding = |level| Finding {
            rule: "two",
            level,
            message,
            path: Path::new("a<.toml"),
            region: None,
            key: "",
            edits: &[],
        };
        let rules = ["one", "two"].map(|id| Rule { id, title: "".into(), help: "".into(), page: None });
        let text = document("check", rules, [finding(Level::Error), finding(Level::Warning)]);
        let parsed = roxmltree::Document::parse(&text).unwrap();
        let suite = parsed.descendants().find(|node| node.has_tag_name("testsuite")).unwrap();
        assert_eq!((suite.attribute("tests"), suite.attribute("failures")), (Some("3"), Some("1")));
        let failures: Vec<_> = parsed.descendants().filter(|node| node.has_tag_name("failure")).collect();
        assert_eq!(failures.len(), 1);
        assert_eq!(failures[0].attribute("message"), Some(message));
        assert_eq!(failures[0].text(), Some(format!("a<.toml: {message}").as_str()));
        assert_eq!(xml("a\u{0}b\u{fffe}"), "a\u{fffd}b\u{fffd}");
    }
}
