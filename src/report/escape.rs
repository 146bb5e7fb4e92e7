//! Text from files, made safe for a terminal.

use std::borrow::Cow;
use std::fmt::Write;

/// Escapes what could steer a terminal or make a line read otherwise than it is: control characters (tab and newline
/// too), bidirectional marks and overrides, zero-width and other invisible characters.
pub fn escape(text: &str) -> Cow<'_, str> {
    if text.chars().all(|c| !unsafe_to_show(c)) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if unsafe_to_show(character) {
            // Writing to a String does not fail.
            let _ = write!(safe, "\\u{{{:x}}}", u32::from(character));
        } else {
            safe.push(character);
        }
    }
    Cow::Owned(safe)
}

fn unsafe_to_show(character: char) -> bool {
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
