//! `--fix` and `--diff`: writes the fixed farm file, or prints the changes.

use std::path::Path;

use schemars::JsonSchema;
use serde::Serialize;

use crate::cli::shared::diff::unified;
use crate::cli::{Context, Exit, Failure, Outcome};
use crate::farm::{Position, Source};
use crate::lint::{Finding, Fixed, Severity};
use crate::sys::{self, Replaced, why};
use crate::text::measure::count;
use crate::text::{escape, hang};

/// A finding that was fixed.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Fixed")]
pub(super) struct Json<'a> {
    /// The name of the rule.
    rule: &'a str,
    /// The problem.
    message: &'a str,
    /// The line of the finding before the fix, from 1.
    line: usize,
    /// The column in the line, from 1.
    column: usize,
    /// Whether the fix kept every prediction.
    safe: bool,
}

/// A fixed finding as JSON.
pub(super) fn json((finding, position): &(Finding, Position)) -> Json<'_> {
    let safe = finding.fix.as_ref().is_some_and(|fix| fix.safe);
    Json { rule: finding.rule, message: &finding.message, line: position.line, column: position.column, safe }
}

/// Prints a line for each fixed finding.
pub(super) fn list(path: &Path, fixed: &[(Finding, Position)], context: &mut Context<'_>) {
    for one in fixed {
        write!(context.out, "{}", hang("", 2, &escape(&line(path, one)), context.width));
    }
    if !fixed.is_empty() {
        writeln!(context.out);
    }
}

/// Prints that no finding was fixed, and how many could be.
pub(super) fn nothing(left: &[Finding], context: &mut Context<'_>) {
    let more = match left.iter().filter(|finding| finding.fix.is_some()).count() {
        0 => String::new(),
        many => format!(" ({} with --unsafe-fixes)", count(many as u64, "fix", "fixes")),
    };
    writeln!(context.out, "nothing to fix: no finding has a safe fix{more}\n");
}

/// As [`list`], but on stderr, for formats without fixed findings.
pub(super) fn note(path: &Path, fixed: &[(Finding, Position)], context: &mut Context<'_>) {
    fixed.iter().for_each(|one| context.note(&line(path, one)))
}

fn line(path: &Path, (finding, position): &(Finding, Position)) -> String {
    format!("fixed[{}]: {}:{}: {}", finding.rule, path.display(), position.line, finding.message)
}

/// Replaces the farm file by the fixed one, unless the file changed since it was read.
pub(super) fn write(before: &Source, fixed: &Fixed) -> Result<(), Failure> {
    if fixed.fixed.is_empty() {
        return Ok(());
    }
    let path = before.path();
    let fresh = |bytes: &[u8]| {
        // The byte order mark is not a part of the text, and stays.
        let (mark, text) = match bytes.strip_prefix(b"\xef\xbb\xbf") {
            Some(text) => (bytes.get(..3).unwrap_or_default(), text),
            None => (&[][..], bytes),
        };
        (text == before.text().as_bytes()).then(|| [mark, fixed.farm.source.text().as_bytes()].concat())
    };
    match sys::replace(path, fresh) {
        Ok(Replaced::Done) => Ok(()),
        Ok(Replaced::Changed) => {
            let message = format!("{}: not written: the file changed during the check", path.display());
            Err(Failure::refused(message).help("run the command again"))
        }
        Err(error) => Err(Failure::partial(format!("can't write {}: {}", path.display(), why(&error)))),
    }
}

/// Prints the changes as a unified diff, which `patch` accepts.
pub(super) fn show(before: &Source, fixed: &Fixed, context: &mut Context<'_>) -> Outcome {
    let text = unified(before, fixed.farm.source.text(), context);
    match context.terminal {
        true => context.out.write_all(text.as_bytes()),
        false => context.out.whole(text.as_bytes()),
    }
    let errors = fixed.left.iter().any(|finding| finding.severity == Severity::Error);
    Ok(if errors || !fixed.fixed.is_empty() { Exit::Found } else { Exit::Success })
}
