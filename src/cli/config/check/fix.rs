//! `--fix` and `--diff`: what was mended is written or shown.

use std::path::Path;

use serde::Serialize;
use similar::{ChangeTag, TextDiff};

use crate::cli::{Context, Exit, Failure, Outcome};
use crate::farm::{Position, Source};
use crate::lint::{Finding, Fixed, Severity};
use crate::location::hidden;
use crate::report::escape;
use crate::sys::{self, Replaced, why};

/// What was mended, for programs; the place is where it stood.
#[derive(Debug, Serialize)]
pub(super) struct Json<'a> {
    rule: &'a str,
    message: &'a str,
    line: usize,
    column: usize,
    safe: bool,
}

/// One of the things that were mended.
pub(super) fn json((finding, place): &(Finding, Position)) -> Json<'_> {
    let safe = finding.fix.as_ref().is_some_and(|fix| fix.safe);
    Json { rule: finding.rule, message: &finding.message, line: place.line, column: place.column, safe }
}

/// A line for each thing that was mended.
pub(super) fn list(path: &Path, fixed: &[(Finding, Position)], context: &mut Context<'_>) {
    for one in fixed {
        writeln!(context.out, "{}", escape(&line(path, one)));
    }
    if !fixed.is_empty() {
        writeln!(context.out);
    }
}

/// As [`list`], on stderr, for formats that cannot say it.
pub(super) fn note(path: &Path, fixed: &[(Finding, Position)], context: &mut Context<'_>) {
    fixed.iter().for_each(|one| context.note(&line(path, one)))
}

fn line(path: &Path, (finding, place): &(Finding, Position)) -> String {
    format!("fixed[{}]: {}:{}: {}", finding.rule, path.display(), place.line, finding.message)
}

/// Writes the mended file in place of the one that was read, if that is still what it was.
pub(super) fn write(before: &Source, fixed: &Fixed) -> Result<(), Failure> {
    if fixed.fixed.is_empty() {
        return Ok(());
    }
    let path = before.path();
    let fresh = |bytes: &[u8]| {
        // Its byte order mark is no part of the text, and stays.
        let (mark, text) = match bytes.strip_prefix(b"\xef\xbb\xbf") {
            Some(text) => (bytes.get(..3).unwrap_or_default(), text),
            None => (&[][..], bytes),
        };
        (text == before.text().as_bytes()).then(|| [mark, fixed.farm.source.text().as_bytes()].concat())
    };
    match sys::replace(path, fresh) {
        Ok(Replaced::Done) => Ok(()),
        Ok(Replaced::Changed) => Err(Failure::refused(format!(
            "{} changed while it was checked: nothing was written; run the command again",
            path.display()
        ))),
        Err(error) => {
            Err(Failure::partial(format!("can't change {}: {error}", path.display(), error = why(&error))))
        }
    }
}

/// Shows what would be changed, as a unified diff that `patch` takes.
pub(super) fn show(before: &Source, fixed: &Fixed, context: &mut Context<'_>) -> Outcome {
    let (old, new) = (before.text(), fixed.farm.source.text());
    let diff = TextDiff::from_lines(old, new);
    let path = before.path().display().to_string();
    let mut text = String::new();
    for (position, hunk) in diff.unified_diff().context_radius(3).iter_hunks().enumerate() {
        if position == 0 {
            text.push_str(&format!("--- {path}\n+++ {path}\n"));
        }
        text.push_str(&format!("{}\n", hunk.header()));
        for change in hunk.iter_changes() {
            let (sign, colour) = match change.tag() {
                ChangeTag::Delete => ("-", "\u{1b}[31m"),
                ChangeTag::Insert => ("+", "\u{1b}[32m"),
                ChangeTag::Equal => (" ", ""),
            };
            // A diff with stars in it cannot be applied; better that than a password in a CI log.
            let line = hidden(change.value());
            // Only a terminal is in danger; `patch` wants every byte as it is.
            let bare = line.strip_suffix('\n').unwrap_or(&line);
            let shown = match context.terminal {
                true => escape(bare.strip_suffix('\r').unwrap_or(bare)),
                false => bare.into(),
            };
            match colour {
                "" => text.push_str(&format!("{sign}{shown}\n")),
                _ if !context.colour => text.push_str(&format!("{sign}{shown}\n")),
                _ => text.push_str(&format!("{colour}{sign}{shown}\u{1b}[0m\n")),
            }
            if change.missing_newline() {
                text.push_str("\\ No newline at end of file\n");
            }
        }
    }
    match context.terminal {
        true => context.out.write_all(text.as_bytes()),
        false => context.out.whole(text.as_bytes()),
    }
    let errors = fixed.left.iter().any(|finding| finding.severity == Severity::Error);
    Ok(if errors || !fixed.fixed.is_empty() { Exit::Found } else { Exit::Success })
}
