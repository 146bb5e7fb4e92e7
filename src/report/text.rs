//! Plain text for terminals: lines of a given width, and colors.

/// The width of text that is not shown on a terminal, in columns.
const WIDTH: u16 = 80;

/// The lines of `text`, none wider than `width` columns (80 if unknown). The first line begins with `first`, and the
/// others with blanks of the same width. Lines break at spaces only: a longer word, such as a URL, stays whole.
pub fn wrap(first: &str, text: &str, width: Option<u16>) -> String {
    let width = usize::from(width.unwrap_or(WIDTH));
    let indent = first.chars().count();
    let mut lines = first.to_owned();
    let mut column = indent;
    for word in text.split(' ') {
        let length = word.chars().count();
        if column > indent && column + 1 + length > width {
            lines.push('\n');
            lines.extend(std::iter::repeat_n(' ', indent));
            column = indent;
        } else if column > indent {
            lines.push(' ');
            column += 1;
        }
        lines.push_str(word);
        column += length;
    }
    lines.push('\n');
    lines
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

/// Names as part of a sentence: `a`, `a and b`, or `a, b, and c`; of many, the first few and how many more there are.
pub fn list(names: &[&str], word: &str, most: usize) -> String {
    let more;
    let (shown, last) = if names.len() > most + 1 {
        more = format!("{} more", names.len() - most);
        (names.get(..most).unwrap_or(names), more.as_str())
    } else {
        match names.split_last() {
            Some((last, shown)) => (shown, *last),
            None => return String::new(),
        }
    };
    match shown {
        [] => last.to_owned(),
        [one] => format!("{one} {word} {last}"),
        several => format!("{}, {word} {last}", several.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrap_breaks_at_spaces_only() {
        assert_eq!(wrap("  ", "one two three", Some(9)), "  one two\n  three\n");
        assert_eq!(
            wrap("1. ", "see https://example.org/ for", Some(12)),
            "1. see\n   https://example.org/\n   for\n"
        );
        assert_eq!(wrap("", &"word ".repeat(20), None).lines().map(str::len).max(), Some(79));
    }

    #[test]
    fn list_cuts_long_lists_and_counts_the_rest() {
        assert_eq!(list(&[], "and", 4), "");
        assert_eq!(list(&["a"], "and", 4), "a");
        assert_eq!(list(&["a", "b"], "or", 4), "a or b");
        assert_eq!(list(&["a", "b", "c"], "and", 2), "a, b, and c");
        assert_eq!(list(&["a", "b", "c", "d"], "and", 2), "a, b, and 2 more");
    }
}
