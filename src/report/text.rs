//! Plain text for terminals: lines of a given width, and colors.

use std::env::var_os;

/// The width of text that is not shown on a terminal, in columns.
const WIDTH: u16 = 80;

/// The lines of `text`, none wider than `width` columns (80 if unknown). The first line begins with `first`, and the
/// others with blanks of the same width. Lines break at spaces only: a longer word, such as a URL, stays whole.
pub fn wrap(first: &str, text: &str, width: Option<u16>) -> String {
    hang(first, first.chars().count(), text, width)
}

/// As [`wrap`], but the other lines begin with `indent` blanks.
pub fn hang(first: &str, indent: usize, text: &str, width: Option<u16>) -> String {
    let width = usize::from(width.unwrap_or(WIDTH));
    let mut lines = first.to_owned();
    let (mut column, mut is_first) = (first.chars().count(), true);
    for word in text.split(' ') {
        let length = word.chars().count();
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
    fn wrap_breaks_at_spaces_only() {
        assert_eq!(wrap("  ", "one two three", Some(9)), "  one two\n  three\n");
        assert_eq!(hang("", 2, "one two three", Some(8)), "one two\n  three\n");
        assert_eq!(
            wrap("1. ", "see https://example.org/ for", Some(12)),
            "1. see\n   https://example.org/\n   for\n"
        );
        assert_eq!(wrap("", &"word ".repeat(20), None).lines().map(str::len).max(), Some(79));
    }
}
