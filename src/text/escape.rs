//! Text from files, made safe for a terminal. Every module may use it.

use std::borrow::Cow;
use std::fmt::Write;

/// Escapes what could steer a terminal or make a line read as another: control characters (tab and newline too),
/// bidirectional marks and overrides, zero-width and other invisible characters.
pub fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    escape_into(text, &mut safe);
    Cow::Owned(safe)
}

/// Appends the escaped text.
pub(crate) fn escape_into(text: &str, safe: &mut String) {
    for character in text.chars() {
        if is_unsafe(character) {
            // Writing to a String does not fail.
            let _ = write!(safe, "\\u{{{:x}}}", u32::from(character));
        } else {
            safe.push(character);
        }
    }
}

/// Whether a character could steer a terminal or make a line read as another. Every format escapes these.
pub fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_shown_as_a_number() {
        assert_eq!(escape("wiki1:Größe"), "wiki1:Größe");
        assert_eq!(escape("a\u{1b}[2Jb\nc"), "a\\u{1b}[2Jb\\u{a}c");
        assert_eq!(escape("user\u{202e}nimda"), "user\\u{202e}nimda");
        assert_eq!(escape("\u{9b}x\u{200b}"), "\\u{9b}x\\u{200b}");
    }
}
