//! The diagnosis as text.

use super::line::{Line, Status};
use crate::cli::shared::Context;
use crate::report::escape;
use crate::report::text::{Paint, hang, paint};

/// The column where messages begin.
const COLUMN: usize = 16;

/// Prints the lines; the details of lines that are not well on a line of their own.
pub(super) fn show(lines: &[Line], context: &mut Context<'_>) {
    for line in lines {
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
}
