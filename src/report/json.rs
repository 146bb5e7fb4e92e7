//! JSON that is the same on a terminal and in a pipe, and safe in both.

use std::fmt::Write as _;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;

use super::safe::is_plain;
use crate::text::is_unsafe;

/// The version of all documents: a number goes up when a program that reads them has to change.
const VERSION: u8 = 1;

/// The result of a command as a JSON document: `"schema": 1` first, then the fields of `content`.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Document<T> {
    /// The version of this document's shape.
    #[schemars(extend("const" = VERSION))]
    schema: u8,
    #[serde(flatten)]
    content: T,
}

impl<T> Document<T> {
    /// The document with that content, which must be a struct or a map.
    pub(crate) fn new(content: T) -> Document<T> {
        Document { schema: VERSION, content }
    }
}

/// A command as typed, without `wikifarm`, and the JSON Schema of its documents.
pub(crate) type CommandSchema = (&'static str, fn(&str) -> Schema);

/// The JSON Schema (2020-12) of the documents that `command` prints: content `T`.
pub(crate) fn schema_of<T: JsonSchema>(command: &str) -> Schema {
    let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let mut schema = generator.into_root_schema_for::<Document<T>>();
    schema.insert("title".to_owned(), format!("wikifarm {command}").into());
    if let Some(text) = T::json_schema(&mut SchemaGenerator::default()).get("description") {
        schema.insert("description".to_owned(), text.clone());
    }
    schema
}

/// One document over several lines.
///
/// # Errors
/// If the value can't be written as JSON.
pub fn pretty(value: &impl Serialize) -> serde_json::Result<String> {
    serde_json::to_string_pretty(value).map(escaped)
}

/// One document on one line.
///
/// # Errors
/// If the value can't be written as JSON.
pub fn line(value: &impl Serialize) -> serde_json::Result<String> {
    serde_json::to_string(value).map(escaped)
}

/// The same document, in which a character that could steer a terminal or hide text is written as `\u....`. In JSON as
/// serde_json writes it, such a character stands only in strings.
fn escaped(text: String) -> String {
    if is_plain(text.as_bytes()) {
        return text;
    }
    let unsafe_here = |c: char| is_unsafe(c) && c != '\n';
    if !text.contains(unsafe_here) {
        return text;
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if unsafe_here(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                // Writing to a String does not fail.
                let _ = write!(safe, "\\u{unit:04x}");
            }
        } else {
            safe.push(character);
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_text_comes_back_and_none_steers_a_terminal(text in any::<String>(), at in 0u32..0xa0) {
            let text = format!("{text}{}\u{202e}\u{e0001}\u{feff}", char::from_u32(at).unwrap());
            for json in [line(&[&text]).unwrap(), pretty(&[&text]).unwrap()] {
                prop_assert!(!json.contains(|c| is_unsafe(c) && c != '\n'), "{json:?}");
                prop_assert_eq!(serde_json::from_str::<Vec<String>>(&json).unwrap(), [text.clone()]);
            }
        }
    }
}
