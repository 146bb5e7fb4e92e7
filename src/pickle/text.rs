//! Python text. A Python string is a sequence of code points that may contain lone surrogates, so a `String`
//! can't hold it. The text is stored as generalized UTF-8, in which a surrogate has three bytes like any
//! other code point. Pickle uses the same encoding (`surrogatepass` in Python 3, plain UTF-8 in Python 2).

use std::borrow::Cow;
use std::fmt;

/// Text as in Python: any code points, including lone surrogates.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Text(Vec<u8>);

/// A piece of a [`Text`].
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Chunk<'a> {
    /// A run of ordinary characters.
    Str(&'a str),
    /// A surrogate, U+D800 to U+DFFF.
    Surrogate(u16),
}

impl Text {
    /// The text from generalized UTF-8. `None` if the bytes are invalid.
    pub fn from_generalised_utf8(bytes: &[u8]) -> Option<Text> {
        let mut chunks = Chunks { rest: bytes };
        while chunks.next().is_some() {}
        chunks.rest.is_empty().then(|| Text(bytes.to_vec()))
    }

    /// The text from bytes, each of which is the number of a code point, as in Python's codec `latin-1`.
    pub fn from_latin1(bytes: &[u8]) -> Text {
        let mut text = Text::default();
        for &byte in bytes {
            text.push_char(char::from(byte));
        }
        text
    }

    /// The bytes that the codec `latin-1` makes of the text. `None` if a code point is above U+00FF.
    pub fn to_latin1(&self) -> Option<Vec<u8>> {
        self.as_str()?.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect()
    }

    /// The text as a string slice. `None` if it contains surrogates.
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    /// The text as a string, in which U+FFFD replaces each surrogate.
    pub fn to_string_lossy(&self) -> Cow<'_, str> {
        match self.as_str() {
            Some(text) => Cow::Borrowed(text),
            None => self
                .chunks()
                .map(|chunk| match chunk {
                    Chunk::Str(text) => Cow::Borrowed(text),
                    Chunk::Surrogate(_) => Cow::Borrowed("\u{fffd}"),
                })
                .collect::<String>()
                .into(),
        }
    }

    /// The generalized UTF-8, as protocol 2 writes it.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Runs of ordinary characters and surrogates, in order.
    pub fn chunks(&self) -> impl Iterator<Item = Chunk<'_>> {
        Chunks { rest: &self.0 }
    }

    /// Appends a character.
    pub fn push_char(&mut self, c: char) {
        self.0.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    }

    /// Appends a code point, which may be a surrogate. Returns false, and appends nothing, for a code point
    /// above U+10FFFF.
    #[must_use]
    pub fn push_code_point(&mut self, point: u32) -> bool {
        match (char::from_u32(point), u16::try_from(point)) {
            (Some(c), _) => self.push_char(c),
            (None, Ok(surrogate)) => {
                let [high, low] = surrogate.to_be_bytes();
                // 1110xxxx 10xxxxxx 10xxxxxx. The first four x are always 1101.
                self.0.extend_from_slice(&[0xed, 0x80 | (high & 0x0f) << 2 | low >> 6, 0x80 | low & 0x3f]);
            }
            (None, Err(_)) => return false,
        }
        true
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Text(text.as_bytes().to_vec())
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        for chunk in self.chunks() {
            match chunk {
                Chunk::Str(text) => write!(f, "{}", text.escape_debug())?,
                Chunk::Surrogate(unit) => write!(f, "\\u{unit:04x}")?,
            }
        }
        f.write_str("\"")
    }
}

/// Iterates over generalized UTF-8. Stops at an invalid byte, and then `rest` is not empty.
struct Chunks<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Chunks<'a> {
    type Item = Chunk<'a>;

    fn next(&mut self) -> Option<Chunk<'a>> {
        if let [0xed, second @ 0xa0..=0xbf, third @ 0x80..=0xbf, rest @ ..] = self.rest {
            self.rest = rest;
            return Some(Chunk::Surrogate(0xd000 | u16::from(second & 0x3f) << 6 | u16::from(third & 0x3f)));
        }
        let valid = match std::str::from_utf8(self.rest) {
            Ok(all) => all.len(),
            Err(error) => error.valid_up_to(),
        };
        let (head, rest) = self.rest.split_at_checked(valid)?;
        if head.is_empty() {
            return None;
        }
        self.rest = rest;
        // The bytes were checked above, so the default is never used.
        Some(Chunk::Str(std::str::from_utf8(head).unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn surrogates_are_kept_and_other_invalid_utf8_is_refused() {
        for point in [0xd800, 0xdabc, 0xdfff] {
            let mut text = Text::from("a");
            assert!(text.push_code_point(point));
            assert!(text.push_code_point(0x1f600));
            let again = Text::from_generalised_utf8(text.as_bytes()).unwrap();
            assert_eq!(again, text);
            let wanted = [Chunk::Str("a"), Chunk::Surrogate(point as u16), Chunk::Str("😀")];
            assert_eq!(again.chunks().collect::<Vec<_>>(), wanted);
            assert_eq!(again.as_str(), None);
            assert_eq!(again.to_string_lossy(), "a\u{fffd}😀");
        }
        assert!(!Text::default().push_code_point(0x110000));
        for bad in
            [&b"\xff"[..], b"\xc0\x80", b"\xed\xa0", b"a\xed\xb0\x80\x80", b"\xf4\x90\x80\x80", b"\xe4\xbd"]
        {
            assert_eq!(Text::from_generalised_utf8(bad), None, "{bad:x?}");
        }
    }

    #[test]
    fn latin1_is_converted_both_ways() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(Text::from_latin1(&all).to_latin1(), Some(all));
        assert_eq!(Text::from("Ā").to_latin1(), None);
    }
}
