//! Indented texts.

use std::fmt::Write;

/// A text that starts on the line after its quote, without the common indentation of its lines.
pub(crate) fn unindent(text: &str) -> String {
    let Some(body) = text.strip_prefix('\n') else { return text.to_owned() };
    // The last line has the closing quote.
    let body = body.rsplit_once('\n').filter(|(_, last)| last.trim().is_empty()).map_or(body, |(all, _)| all);
    let lines = || body.split('\n');
    let blanks = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let margin = lines().filter(|line| !line.trim().is_empty()).map(blanks).min().unwrap_or(0);
    lines().fold(String::new(), |mut text, line| {
        writeln!(text, "{}", line.get(margin..).unwrap_or("")).unwrap();
        text
    })
}
