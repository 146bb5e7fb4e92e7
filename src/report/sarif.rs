//! Results as SARIF 2.1.0, for code hosts and CI.
//!
//! Source: the OASIS standard, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0". Callers hide secrets:
//! this module writes every text as it is.

use std::borrow::Cow;
use std::fmt::Write;
use std::path::Path;

use serde_json::{Value, json};
use sha1::{Digest, Sha1};

/// The severity of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum Level {
    /// The check fails.
    Error,
    /// A problem with which the check passes.
    Warning,
    /// Advice.
    Note,
}

impl Level {
    fn name(self) -> &'static str {
        self.into()
    }
}

/// A rule.
#[derive(Debug, Clone)]
pub struct Rule<'a> {
    /// The name.
    pub id: &'a str,
    /// What the rule reports, in a few words.
    pub title: Cow<'a, str>,
    /// What to do about a finding.
    pub help: Cow<'a, str>,
    /// The documentation as Markdown.
    pub page: Option<&'a str>,
}

/// A range of a text file. Lines and columns count from 1; the end is the position after the last character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    /// The first line.
    pub line: usize,
    /// The column in it.
    pub column: usize,
    /// The last line.
    pub end_line: usize,
    /// The column in it.
    pub end_column: usize,
}

/// A change to a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The text to replace.
    pub region: Region,
    /// The new text.
    pub with: String,
}

/// One result.
#[derive(Debug, Clone)]
pub struct Finding<'a> {
    /// The name of one of the rules.
    pub rule: &'a str,
    /// The severity.
    pub level: Level,
    /// The problem.
    pub message: &'a str,
    /// The file or directory with the problem.
    pub path: &'a Path,
    /// The range in the file; `None` if the problem is not in a text.
    pub region: Option<Region>,
    /// Identifies the finding in the next run, together with rule and path: never a line, a count, or an age.
    pub key: &'a str,
    /// Changes to the file that remove the finding together.
    pub edits: &'a [Edit],
}

/// The whole document: one run with its rules and results.
pub fn document<'a>(
    rules: impl IntoIterator<Item = Rule<'a>>,
    findings: impl IntoIterator<Item = Finding<'a>>,
) -> Value {
    let rules: Vec<Rule<'_>> = rules.into_iter().collect();
    let results: Vec<Value> = findings.into_iter().map(|finding| result(&rules, &finding)).collect();
    let rules: Vec<Value> = rules
        .iter()
        .map(|rule| {
            let mut help = json!({"text": rule.help});
            if let (Some(page), Some(help)) = (rule.page, help.as_object_mut()) {
                help.insert("markdown".to_owned(), page.into());
            }
            json!({"id": rule.id, "shortDescription": {"text": rule.title}, "help": help})
        })
        .collect();
    json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {"name": "wikifarm", "version": env!("CARGO_PKG_VERSION"), "rules": rules}},
            // The unit of columns.
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn result(rules: &[Rule<'_>], finding: &Finding<'_>) -> Value {
    let uri = uri(finding.path);
    let mut location = json!({"artifactLocation": {"uri": uri}});
    if let (Some(region), Some(location)) = (finding.region, location.as_object_mut()) {
        location.insert("region".to_owned(), region_json(&region));
    }
    let mut result = json!({
        "ruleId": finding.rule,
        "level": finding.level.name(),
        "message": {"text": finding.message},
        "locations": [{"physicalLocation": location}],
        "partialFingerprints": {"wikifarm/v1": fingerprint(finding.rule, &uri, finding.key)},
    });
    if let (Some(result), false) = (result.as_object_mut(), finding.edits.is_empty()) {
        let replacements: Vec<Value> = finding
            .edits
            .iter()
            .map(|Edit { region, with }| {
                let mut replacement = json!({"deletedRegion": region_json(region)});
                if let (Some(replacement), false) = (replacement.as_object_mut(), with.is_empty()) {
                    replacement.insert("insertedContent".to_owned(), json!({"text": with}));
                }
                replacement
            })
            .collect();
        let change = json!({"artifactLocation": {"uri": uri}, "replacements": replacements});
        result.insert("fixes".to_owned(), json!([{"artifactChanges": [change]}]));
    }
    let index = rules.iter().position(|rule| rule.id == finding.rule);
    if let (Some(index), Some(result)) = (index, result.as_object_mut()) {
        result.insert("ruleIndex".to_owned(), json!(index));
    }
    result
}

fn region_json(region: &Region) -> Value {
    json!({
        "startLine": region.line,
        "startColumn": region.column,
        "endLine": region.end_line,
        "endColumn": region.end_column,
    })
}

/// The fingerprint of a finding, independent of other findings.
fn fingerprint(rule: &str, uri: &str, key: &str) -> String {
    let mut hash = Sha1::new();
    for part in [rule, uri, key] {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    hash.finalize().iter().take(16).fold(String::new(), |mut text, byte| {
        // Writing to a String does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A relative path as a relative reference, an absolute one as a `file:` URI (RFC 3986, RFC 8089).
fn uri(path: &Path) -> String {
    use std::os::unix::ffi::OsStrExt;
    let mut uri = String::new();
    if path.is_absolute() {
        uri.push_str("file://");
    }
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(*byte));
            }
            // A colon in the first part of a relative reference would mean a scheme.
            other => {
                let _ = write!(uri, "%{other:02X}");
            }
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: [Rule<'_>; 2] = [
        Rule {
            id: "one",
            title: Cow::Borrowed("the first"),
            help: Cow::Borrowed("fix it"),
            page: Some("# one"),
        },
        Rule {
            id: "two",
            title: Cow::Borrowed("the second"),
            help: Cow::Borrowed("fix it, too"),
            page: None,
        },
    ];

    fn finding<'a>(rule: &'a str, path: &'a str, key: &'a str) -> Finding<'a> {
        Finding {
            rule,
            level: Level::Error,
            message: "wrong",
            path: Path::new(path),
            region: None,
            key,
            edits: &[],
        }
    }

    #[test]
    fn document_has_rule_and_region_of_each_result() {
        let region = Some(Region { line: 3, column: 1, end_line: 3, end_column: 9 });
        let text = document(RULES, [Finding { region, ..finding("two", "farm.toml", "") }]);
        assert_eq!(text["version"], "2.1.0");
        let run = &text["runs"][0];
        assert_eq!(run["tool"]["driver"]["rules"][1]["shortDescription"]["text"], "the second");
        let result = &run["results"][0];
        assert_eq!((&result["ruleId"], &result["ruleIndex"]), (&json!("two"), &json!(1)));
        let expected = json!({
            "artifactLocation": {"uri": "farm.toml"},
            "region": {"startLine": 3, "startColumn": 1, "endLine": 3, "endColumn": 9},
        });
        assert_eq!(result["locations"][0]["physicalLocation"], expected);
        assert!(document(RULES, [])["runs"][0]["results"].as_array().unwrap().is_empty());
    }

    #[test]
    fn fingerprint_is_stable_and_differs_by_rule_path_and_key() {
        let print = |rule: &str, path: &str, key: &str| {
            let text = document(RULES, [finding(rule, path, key)]);
            text["runs"][0]["results"][0]["partialFingerprints"]["wikifarm/v1"].as_str().unwrap().to_owned()
        };
        assert_eq!(print("one", "a", "k"), print("one", "a", "k"));
        let different = [print("one", "a", "k"), print("two", "a", "k"), print("one", "b", "k")];
        let all: std::collections::BTreeSet<_> =
            different.into_iter().chain([print("one", "a", "l"), print("one", "ak", "")]).collect();
        assert_eq!(all.len(), 5);
        assert_eq!(print("one", "a", "k").len(), 32);
    }

    #[test]
    fn uri_escapes_paths() {
        assert_eq!(uri(Path::new("/srv/a b")), "file:///srv/a%20b");
        assert_eq!(uri(Path::new("c:d/é")), "c%3Ad/%C3%A9");
    }
}
