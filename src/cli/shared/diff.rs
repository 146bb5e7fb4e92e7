//! The changes of a farm file as a unified diff.

use similar::{ChangeTag, TextDiff};

use super::Context;
use crate::farm::Source;
use crate::location::hidden;
use crate::text::escape;

/// The changes as a unified diff, which `patch` accepts; empty if there are none.
pub(crate) fn unified(before: &Source, new: &str, context: &Context<'_>) -> String {
    let diff = TextDiff::from_lines(before.text(), new);
    let path = before.path().display().to_string();
    let mut text = String::new();
    for (position, hunk) in diff.unified_diff().context_radius(3).iter_hunks().enumerate() {
        if position == 0 {
            text.push_str(&format!("--- {path}\n+++ {path}\n"));
        }
        text.push_str(&format!("{}\n", hunk.header()));
        for change in hunk.iter_changes() {
            let (sign, color) = match change.tag() {
                ChangeTag::Delete => ("-", "\u{1b}[31m"),
                ChangeTag::Insert => ("+", "\u{1b}[32m"),
                ChangeTag::Equal => (" ", ""),
            };
            // A diff with a hidden password can't be applied, but it does not leak the password to a CI log.
            let line = hidden(change.value());
            // Control characters are a danger only on a terminal, and `patch` needs every byte.
            let bare = line.strip_suffix('\n').unwrap_or(&line);
            let shown = match context.terminal {
                true => escape(bare.strip_suffix('\r').unwrap_or(bare)),
                false => bare.into(),
            };
            match color {
                "" => text.push_str(&format!("{sign}{shown}\n")),
                _ if !context.color => text.push_str(&format!("{sign}{shown}\n")),
                _ => text.push_str(&format!("{color}{sign}{shown}\u{1b}[0m\n")),
            }
            if change.missing_newline() {
                text.push_str("\\ No newline at end of file\n");
            }
        }
    }
    text
}
