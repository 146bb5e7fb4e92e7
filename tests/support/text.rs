//! Expected text, and how it differs from what came.

use std::fmt::Write;

/// A text that begins on the line after its quote, without the indentation that all its lines have.
pub(crate) fn unindent(text: &str) -> String {
    let Some(body) = text.strip_prefix('\n') else { return text.to_owned() };
    // The last line holds the closing quote.
    let body = body.rsplit_once('\n').filter(|(_, last)| last.trim().is_empty()).map_or(body, |(all, _)| all);
    let lines = || body.split('\n');
    let blanks = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let margin = lines().filter(|line| !line.trim().is_empty()).map(blanks).min().unwrap_or(0);
    lines().fold(String::new(), |mut text, line| {
        writeln!(text, "{}", line.get(margin..).unwrap_or("")).unwrap();
        text
    })
}

/// The lines that differ, `-` expected and `+` found, with a few around them.
pub(super) fn difference(expected: &str, found: &str) -> String {
    const AROUND: usize = 3;
    let (old, new): (Vec<&str>, Vec<&str>) =
        (expected.split_inclusive('\n').collect(), found.split_inclusive('\n').collect());
    let same = |pairs: &mut dyn Iterator<Item = (&&str, &&str)>| pairs.take_while(|(a, b)| a == b).count();
    let head = same(&mut old.iter().zip(&new));
    let rest = old.len().min(new.len()) - head;
    let tail = same(&mut old.iter().rev().zip(new.iter().rev())).min(rest);
    let mut text = String::new();
    let mut add = |mark: char, lines: &[&str]| {
        for line in lines {
            let end = if line.ends_with('\n') { "" } else { "  (no newline)\n" };
            write!(text, "  {mark} {}{end}", line.replace('\u{1b}', "\\e")).unwrap();
        }
    };
    add(' ', old.get(head.saturating_sub(AROUND)..head).unwrap_or_default());
    add('-', old.get(head..old.len() - tail).unwrap_or_default());
    add('+', new.get(head..new.len() - tail).unwrap_or_default());
    add(' ', old.get(old.len() - tail..old.len().min(old.len() - tail + AROUND)).unwrap_or_default());
    text
}
