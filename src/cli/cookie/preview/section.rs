//! A part of the output: a heading, and a line for each thing.

use super::row::MOST_LINES;
use crate::cli::Context;
use crate::text::{Paint, escape, hang, paint};

/// A heading and its lines, wrapped; of many, the first ones. Nothing without lines.
pub(super) fn section(title: &str, lines: &[String], context: &mut Context<'_>) {
    if lines.is_empty() {
        return;
    }
    writeln!(context.out, "{}", paint(title, Paint::Heading, context.color));
    for line in lines.iter().take(MOST_LINES) {
        item(line, context);
    }
    let more = lines.len().saturating_sub(MOST_LINES);
    if more > 0 {
        writeln!(context.out, "  and {more} more: name wikis to see their lines");
    }
}

/// A line under a heading, wrapped.
pub(super) fn item(line: &str, context: &mut Context<'_>) {
    write!(context.out, "{}", hang("  ", 4, &escape(line), context.width));
}
