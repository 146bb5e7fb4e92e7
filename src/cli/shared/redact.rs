//! Shortening session ids in texts.

/// The text with every word that could be a session id cut to its first 8 characters.
pub(crate) fn without_ids(text: &str) -> String {
    let is_part = |character: char| character.is_ascii_alphanumeric() || character == '_';
    let mut short = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|character| is_part(character) || character == '\x1b') {
        let (before, from) = rest.split_at_checked(start).unwrap_or((rest, ""));
        // An escape sequence is not part of the word behind it.
        if from.starts_with('\x1b') {
            let end =
                from.find(|character: char| character.is_ascii_alphabetic()).map_or(from.len(), |at| at + 1);
            let (sequence, after) = from.split_at_checked(end).unwrap_or((from, ""));
            short.extend([before, sequence]);
            rest = after;
            continue;
        }
        let length = from.find(|character| !is_part(character)).unwrap_or(from.len());
        let (word, after) = from.split_at_checked(length).unwrap_or((from, ""));
        short.push_str(before);
        match word.get(..8).filter(|_| word.len() >= 16) {
            Some(beginning) => short.extend([beginning, "…"]),
            None => short.push_str(word),
        }
        rest = after;
    }
    short + rest
}
