//! Converts header bytes to JSON text and back.
//!
//! A header is bytes, but JSON has characters. Valid UTF-8 is unchanged. Each other byte 80..FF becomes the
//! lone surrogate U+DC80..U+DCFF (`"\udce9"` is the byte E9), as with Python's `surrogateescape`. The
//! conversion loses nothing. Rust strings can't contain lone surrogates, so the text is stored as WTF-8,
//! which is UTF-8 extended by surrogates.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::ser::{self, Serialize, Serializer};
use serde_json::value::RawValue;

/// A JSON string that represents bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct RawText {
    /// WTF-8 that contains no surrogates except U+DC80..U+DCFF.
    wtf8: Vec<u8>,
}

/// A piece of a text.
enum Piece<'a> {
    /// Characters.
    Text(&'a str),
    /// A raw byte, written as a surrogate.
    Byte(u8),
}

impl RawText {
    /// The text for bytes.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let mut wtf8 = Vec::with_capacity(bytes.len());
        for chunk in bytes.utf8_chunks() {
            wtf8.extend_from_slice(chunk.valid().as_bytes());
            for byte in chunk.invalid() {
                // U+DC80..U+DCFF in three bytes: the last byte has the lowest six bits, the middle byte the
                // next six.
                wtf8.extend_from_slice(&[0xed, 0xb0 | (byte >> 6), 0x80 | (byte & 0x3f)]);
            }
        }
        Self { wtf8 }
    }

    /// The bytes of the text: characters in UTF-8, and a byte for each lone surrogate.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.wtf8.len());
        for piece in self.pieces() {
            match piece {
                Piece::Text(text) => bytes.extend_from_slice(text.as_bytes()),
                Piece::Byte(byte) => bytes.push(byte),
            }
        }
        bytes
    }

    /// The bytes of the text if each character is a byte (Latin-1).
    ///
    /// # Errors
    /// The first character beyond U+00FF.
    pub fn to_latin_1(&self) -> Result<Vec<u8>, char> {
        let mut bytes = Vec::with_capacity(self.wtf8.len());
        for piece in self.pieces() {
            match piece {
                Piece::Byte(byte) => bytes.push(byte),
                Piece::Text(text) => {
                    for character in text.chars() {
                        bytes.push(u8::try_from(character).map_err(|_| character)?);
                    }
                }
            }
        }
        Ok(bytes)
    }

    /// The pieces of the text. `utf8_chunks` returns the three bytes of a surrogate one by one, each as
    /// invalid.
    fn pieces(&self) -> impl Iterator<Item = Piece<'_>> {
        let (mut middle, mut seen) = (0, 0);
        self.wtf8.utf8_chunks().flat_map(move |chunk| {
            let mut byte = None;
            for part in chunk.invalid() {
                seen = (seen + 1) % 3;
                match seen {
                    2 => middle = *part,
                    0 => byte = Some((middle << 6) | (part & 0x3f)),
                    _ => {}
                }
            }
            let text = Some(chunk.valid()).filter(|text| !text.is_empty()).map(Piece::Text);
            text.into_iter().chain(byte.map(Piece::Byte))
        })
    }
}

/// Whether each surrogate represents a byte.
fn surrogates_are_bytes(wtf8: &[u8]) -> bool {
    // In WTF-8, ED A0..BF always starts a surrogate. In other characters, ED appears only as the first byte.
    wtf8.windows(3).all(|window| match window {
        [0xed, 0xa0..=0xbf, _] => matches!(window, [_, 0xb2 | 0xb3, _]),
        _ => true,
    })
}

impl fmt::Debug for RawText {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "RawText(b\"{}\")", self.to_bytes().escape_ascii())
    }
}

impl Serialize for RawText {
    /// Writes the text as a JSON string, which must be written to text: a `serde_json::Value` can't contain
    /// it.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut json = String::with_capacity(self.wtf8.len().saturating_add(2));
        json.push('"');
        for piece in self.pieces() {
            match piece {
                Piece::Text(text) => {
                    let quoted = serde_json::to_string(text).map_err(ser::Error::custom)?;
                    json.push_str(
                        quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or_default(),
                    );
                }
                Piece::Byte(byte) => json.push_str(&format!("\\udc{byte:02x}")),
            }
        }
        json.push('"');
        RawValue::from_string(json).map_err(ser::Error::custom)?.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for RawText {
    /// Reads a JSON string. If bytes are requested, serde_json returns a string as WTF-8 and accepts lone
    /// surrogates.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl Visitor<'_> for Text {
            type Value = RawText;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a string")
            }

            fn visit_bytes<E: de::Error>(self, wtf8: &[u8]) -> Result<RawText, E> {
                if surrogates_are_bytes(wtf8) {
                    Ok(RawText { wtf8: wtf8.to_vec() })
                } else {
                    Err(E::custom(
                        "a lone surrogate encodes a raw byte, and must be one of \\udc80 to \\udcff",
                    ))
                }
            }
        }

        deserializer.deserialize_bytes(Text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(json: &str) -> Result<RawText, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn lone_surrogates_are_read_as_bytes() {
        let text = read(r#""a\udce9\udc80\udcffé\u0000\ud83d\ude00""#).unwrap();
        assert_eq!(text.to_bytes(), b"a\xe9\x80\xff\xc3\xa9\0\xf0\x9f\x98\x80");
        assert_eq!(serde_json::to_string(&text).unwrap(), r#""a\udce9\udc80\udcffé\u0000😀""#);
        assert_eq!(format!("{text:?}"), r#"RawText(b"a\xe9\x80\xff\xc3\xa9\x00\xf0\x9f\x98\x80")"#);
    }

    #[test]
    fn latin_1_characters_are_read_as_bytes() {
        assert_eq!(read(r#""é\u0080\udce9""#).unwrap().to_latin_1(), Ok(b"\xe9\x80\xe9".to_vec()));
        assert_eq!(read(r#""aĀb""#).unwrap().to_latin_1(), Err('Ā'));
    }

    #[test]
    fn other_surrogates_and_other_types_are_rejected() {
        for json in [r#""\udc7f""#, r#""\udd00""#, r#""\ud800""#, r#""x\udbff""#] {
            assert!(read(json).unwrap_err().starts_with("a lone surrogate encodes a raw byte"), "{json}");
        }
        assert_eq!(read("3").unwrap_err(), "invalid type: integer `3`, expected a string at line 1 column 1");
        assert!(read("[98]").unwrap_err().contains("expected a string"));
    }

    proptest! {
        #[test]
        fn bytes_are_restored_from_their_text(bytes: Vec<u8>) {
            let text = RawText::from_bytes(&bytes);
            prop_assert_eq!(&text.to_bytes(), &bytes);
            let json = serde_json::to_string(&text).unwrap();
            prop_assert!(json.is_ascii() || std::str::from_utf8(&bytes).is_ok() || json.contains("\\udc"));
            prop_assert_eq!(read(&json).unwrap(), text);
        }
    }
}
