//! The diagnosis as text.

use super::line::{Line, Status};
use crate::cli::shared::Context;
use crate::text::{Paint, escape, hang, paint};

/// The column where messages begin.
const COLUMN: usize = 16;

/// Without `-v`, so many lines are shown.
const MOST: usize = 15;

/// Prints the lines, the worst first. Many causes are cut, and counted; `all` is the command that shows them.
pub(super) fn show(lines: &[Line], all: &str, context: &mut Context<'_>) {
    let causes = lines.iter().take_while(|line| line.status != Status::Ok).count();
    let well = lines.len() - causes;
    let shown = match lines.len() {
        many if many > MOST && context.verbosity <= 0 => MOST.saturating_sub(well + 1),
        _ => causes,
    };
    lines.iter().take(shown).for_each(|line| print(line, context));
    if shown < causes {
        writeln!(context.out, "{:COLUMN$}and {} more: run `{}`", "", causes - shown, escape(all));
    }
    lines.iter().skip(causes).for_each(|line| print(line, context));
}

/// Prints a line; the details of a line that is not well on a line of their own.
fn print(line: &Line, context: &mut Context<'_>) {
    let status = format!("{:<4}", line.status.name());
    let first = format!("{status}  {:<10}", line.area.name());
    let text = hang(&first, COLUMN, &escape(&line.message), context.width);
    let color = match line.status {
        Status::Fail => Paint::Bad,
        Status::Warn | Status::Unknown => Paint::Warning,
        Status::Ok => Paint::Good,
    };
    write!(context.out, "{}", text.replacen(&status, &paint(&status, color, context.color), 1));
    if let Some(details) = line.details.as_ref().filter(|_| line.status != Status::Ok) {
        writeln!(context.out, "{:COLUMN$}details: {}", "", escape(details));
    }
}
