//! Text that a terminal shows, and does nothing else with.
//!
//! Text that steers a terminal, or that makes a line read as another, is written as `\u{..}`, and a byte that is no UTF-8
//! as `\x..`. Colors pass where they are on; nothing is ever taken away. Each format has its own escape before that, which
//! loses nothing: [`json`](super::json), [`csv`](super::csv), [`junit`](super::junit), [`github`](super::github).

use std::borrow::Cow;

use crate::text::{escape_into, is_unsafe};

/// The text of `bytes` without control characters, but with colors if `colors` is true.
pub fn safe(bytes: &[u8], colors: bool) -> Cow<'_, [u8]> {
    if is_plain(bytes) {
        return Cow::Borrowed(bytes);
    }
    let mut safe = String::with_capacity(bytes.len() + 16);
    for chunk in bytes.utf8_chunks() {
        let mut rest = chunk.valid();
        while let Some(at) = rest.find(|c| is_unsafe(c) && c != '\n' && c != '\t') {
            let (before, from) = rest.split_at_checked(at).unwrap_or((rest, ""));
            safe.push_str(before);
            let color = if colors { color(from) } else { 0 };
            let length = if color > 0 { color } else { from.chars().next().map_or(0, char::len_utf8) };
            let (one, after) = from.split_at_checked(length).unwrap_or((from, ""));
            if color > 0 {
                safe.push_str(one);
            } else {
                escape_into(one, &mut safe);
            }
            rest = after;
        }
        safe.push_str(rest);
        for byte in chunk.invalid() {
            safe.push_str(&format!("\\x{byte:02x}"));
        }
    }
    Cow::Owned(safe.into_bytes())
}

/// Whether there is nothing but printable ASCII, blanks, tabs, and line ends: many bytes at a time, without a branch for each.
pub(super) fn is_plain(bytes: &[u8]) -> bool {
    let plain = |byte: &u8| matches!(byte, b'\n' | b'\t' | b' '..=b'~');
    bytes.chunks(64).all(|some| some.iter().fold(true, |all, byte| all & plain(byte)))
}

/// The length of the color that `text` begins with (`ESC [ 31 m`), or 0.
fn color(text: &str) -> usize {
    let Some(rest) = text.strip_prefix("\u{1b}[") else { return 0 };
    let parameters = rest.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b';').count();
    if rest.as_bytes().get(parameters) == Some(&b'm') { parameters + 3 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_colors_reach_a_terminal_and_only_where_they_are_on() {
        let text =
            "\u{1b}[1;31mred\u{1b}[0m \u{1b}[2J\u{1b}]0;t\u{7}\u{9b}31m\u{202e}\ta\r\n\u{1b}[31".as_bytes();
        let rest = r"\u{1b}[2J\u{1b}]0;t\u{7}\u{9b}31m\u{202e}";
        let safe = |text, color| String::from_utf8(safe(text, color).into_owned()).unwrap();
        assert_eq!(safe(text, true), format!("\u{1b}[1;31mred\u{1b}[0m {rest}\ta\\u{{d}}\n\\u{{1b}}[31"));
        let off = safe(text, false);
        assert_eq!(off, format!("\\u{{1b}}[1;31mred\\u{{1b}}[0m {rest}\ta\\u{{d}}\n\\u{{1b}}[31"));
        assert_eq!(safe(b"a\xffb\xe2\x82", false), r"a\xffb\xe2\x82");
    }

    proptest! {
        #[test]
        fn no_bytes_steer_a_terminal(bytes in proptest::collection::vec(any::<u8>(), 0..60), text in any::<String>()) {
            for bytes in [bytes.as_slice(), text.as_bytes()] {
                let safe = |bytes: &[u8]| String::from_utf8(safe(bytes, false).into_owned()).unwrap();
                let shown = safe(bytes);
                prop_assert!(!shown.contains(|c| is_unsafe(c) && c != '\n' && c != '\t'), "{shown:?}");
                prop_assert_eq!(safe(shown.as_bytes()), shown);
            }
        }
    }
}
