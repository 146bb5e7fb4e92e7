//! Pieces of the files, as they are shown.

use crate::farm::{Source, Span};
use crate::text::escape;

/// The longest expression that is shown of what is not known.
const LONGEST_EXPRESSION: usize = 80;

/// The text of an expression, on one line and not too long.
pub fn expression(source: &Source, span: &Span) -> String {
    let text = one_line(source.text().get(span.clone()).unwrap_or_default());
    match text.char_indices().nth(LONGEST_EXPRESSION) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text,
    }
}

/// Without line ends and control characters, so that it can stand in a comment; what could hide text is escaped.
pub(in crate::pyconfig) fn one_line(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    escape(&plain.split_whitespace().collect::<Vec<_>>().join(" ")).into_owned()
}
