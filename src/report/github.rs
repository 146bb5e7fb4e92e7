//! Results as annotations of GitHub Actions: one line each, which GitHub shows next to the line of the file.
//!
//! Source: "Workflow commands for GitHub Actions", and for the escapes `command.ts` of `@actions/core`.

use std::fmt::Write;

use super::sarif::{Finding, Level};
use crate::text::escape;

/// One line for each finding.
pub fn annotations<'a>(findings: impl IntoIterator<Item = Finding<'a>>) -> String {
    let mut text = String::new();
    for finding in findings {
        let command = match finding.level {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Note => "notice",
        };
        let mut properties = vec![("file", finding.path.display().to_string())];
        if let Some(region) = finding.region {
            properties.push(("line", region.line.to_string()));
            properties.push(("endLine", region.end_line.to_string()));
            // GitHub accepts columns only for a range in one line.
            if region.line == region.end_line {
                properties.push(("col", region.column.to_string()));
                properties.push(("endColumn", region.end_column.to_string()));
            }
        }
        properties.push(("title", finding.rule.to_owned()));
        let properties: Vec<String> =
            properties.into_iter().map(|(name, value)| format!("{name}={}", property(&value))).collect();
        // Writing to a String does not fail.
        let _ = writeln!(text, "::{command} {}::{}", properties.join(","), data(finding.message));
    }
    text
}

/// The message, which ends with the line. Control characters could change how a log is shown.
fn data(text: &str) -> String {
    escape(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property, which ends with a comma or two colons.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::sarif::Region;
    use super::*;

    #[test]
    fn annotations_escape_messages_and_paths() {
        let finding = Finding {
            rule: "a-rule",
            level: Level::Error,
            message: "100% wrong\n::error::mine\r",
            path: Path::new("a:b,c%.toml"),
            region: Some(Region { line: 2, column: 3, end_line: 2, end_column: 9 }),
            key: "",
            edits: &[],
        };
        assert_eq!(
            annotations([finding]),
            "::error file=a%3Ab%2Cc%25.toml,line=2,endLine=2,col=3,endColumn=9,title=a-rule::\
             100%25 wrong\\u{a}::error::mine\\u{d}\n"
        );
    }

    #[test]
    fn annotations_have_columns_only_for_a_range_in_one_line() {
        let region = Some(Region { line: 2, column: 3, end_line: 4, end_column: 1 });
        let (path, level) = (Path::new("farm.toml"), Level::Note);
        let finding = Finding { rule: "r", level, message: "m", path, region, key: "", edits: &[] };
        assert_eq!(annotations([finding]), "::notice file=farm.toml,line=2,endLine=4,title=r::m\n");
    }
}
