//! Plain text for terminals: lines of a given width, and colors.

use std::env::var_os;

use super::escape;

/// The width of text that is not shown on a terminal, in columns.
const WIDTH: u16 = 80;

/// The width in columns: 80 if unknown.
pub fn columns(width: Option<u16>) -> usize {
    usize::from(width.unwrap_or(WIDTH))
}

/// The lines of `text`, none wider than `width` columns (80 if unknown). The first line begins with `first`, and the
/// others with blanks of the same width. Lines break at spaces only: a longer word, such as a URL, stays whole, and so
/// does a command in backticks.
pub fn wrap(first: &str, text: &str, width: Option<u16>) -> String {
    hang(first, length(first), text, width)
}

/// As [`wrap`], but the other lines begin with `indent` blanks.
pub fn hang(first: &str, indent: usize, text: &str, width: Option<u16>) -> String {
    let width = columns(width);
    let mut lines = first.to_owned();
    let (mut column, mut is_first) = (length(first), true);
    for word in words(text) {
        let length = length(word);
        if is_first {
            is_first = false;
        } else if column >= indent && column + 1 + length > width {
            lines.truncate(lines.trim_end().len());
            lines.push('\n');
            lines.extend(std::iter::repeat_n(' ', indent));
            column = indent;
        } else {
            lines.push(' ');
            column += 1;
        }
        lines.push_str(word);
        column += length;
    }
    lines.push('\n');
    lines
}

/// The words of a text. Text in backticks is one word.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    text.split(move |c| {
        quoted ^= c == '`';
        c == ' ' && !quoted
    })
}

/// The number of columns of a text without line breaks: colors have no width.
pub fn length(text: &str) -> usize {
    let mut escaped = false;
    let is_shown = |c: &char| {
        let shown = !escaped && *c != '\u{1b}';
        escaped = !shown && *c != 'm';
        shown
    };
    text.chars().filter(is_shown).count()
}

/// A message such as `error: TEXT`, wrapped; `error:` and `warning:` in color.
pub fn message(word: &str, text: &str, colored: bool, width: Option<u16>) -> String {
    let word = format!("{word}:");
    let word = match word.as_str() {
        "error:" => paint(&word, Paint::Bad, colored),
        "warning:" => paint(&word, Paint::Warning, colored),
        _ => word,
    };
    hang(&format!("{word} "), 2, &escape(text), width)
}

/// Whether the locale can show only ASCII: by the first of these variables that is set, as in libc.
pub fn only_ascii() -> bool {
    let locale =
        ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(|name| var_os(name).filter(|v| !v.is_empty()));
    let locale = locale.unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    !(locale.contains("utf-8") || locale.contains("utf8"))
}

/// The sign for what was left out: `…`, or `...` where the locale shows only ASCII.
pub fn ellipsis() -> &'static str {
    if only_ascii() { "..." } else { "…" }
}

/// What a color means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paint {
    /// All is well.
    Good,
    /// Something deserves a look.
    Warning,
    /// Something is wrong.
    Bad,
    /// A heading.
    Heading,
    /// Less important text.
    Faint,
}

/// The text in a color, or as it is if colors are off.
pub fn paint(text: &str, paint: Paint, colored: bool) -> String {
    if !colored {
        return text.to_owned();
    }
    let code = match paint {
        Paint::Good => "32",
        Paint::Warning => "33",
        Paint::Bad => "1;31",
        Paint::Heading => "1",
        Paint::Faint => "2",
    };
    format!("\u{1b}[{code}m{text}\u{1b}[0m")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colors_have_no_width() {
        let red = paint("red", Paint::Bad, true);
        assert_eq!(length(&red), 3);
        assert_eq!(message("error", "one two", false, Some(10)), "error: one\n  two\n");
        assert_eq!(message("error", "one two", true, Some(10)), "\u{1b}[1;31merror:\u{1b}[0m one\n  two\n");
    }

    #[test]
    fn wrap_breaks_at_spaces_only() {
        assert_eq!(wrap("  ", "one two three", Some(9)), "  one two\n  three\n");
        assert_eq!(hang("", 2, "one two three", Some(8)), "one two\n  three\n");
        assert_eq!(
            wrap("1. ", "see https://example.org/ for", Some(12)),
            "1. see\n   https://example.org/\n   for\n"
        );
        assert_eq!(wrap("", &"word ".repeat(20), None).lines().map(str::len).max(), Some(79));
        assert_eq!(hang("", 2, "run `a b c` now", Some(9)), "run\n  `a b c`\n  now\n");
    }
}
