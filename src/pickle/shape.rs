//! The parts of a display: joins of finished values, steps of a JSON pointer, and escapes.

use serde_json::{Map, Value, json};

use super::text::{Chunk, Text};
use super::value::{Node, NodeId};

/// How to join values into one.
pub(super) enum Join {
    Array,
    Object(Vec<String>),
    /// `{"$py": kind, "items": [..]}`, with the number of items left out.
    Items(&'static str, usize),
    Event(&'static str),
    Instance {
        class: Option<String>,
        how: &'static str,
        args: usize,
        omitted: usize,
    },
}

impl Join {
    pub(super) fn of(self, mut parts: Vec<Value>) -> Value {
        match self {
            Join::Array => Value::Array(parts),
            Join::Object(keys) => Value::Object(keys.into_iter().zip(parts).collect()),
            Join::Items(kind, 0) => json!({"$py": kind, "items": parts}),
            Join::Items(kind, omitted) => json!({"$py": kind, "items": parts, "omitted": omitted}),
            Join::Event(name) => {
                parts.insert(0, Value::from(name));
                Value::Array(parts)
            }
            Join::Instance { class, how, args, omitted } => {
                let log = parts.split_off(args.min(parts.len()));
                let mut object = Map::new();
                object.insert("$py".to_owned(), Value::from("object"));
                object.insert("class".to_owned(), Value::from(class));
                object.insert("how".to_owned(), Value::from(how));
                object.insert("args".to_owned(), Value::Array(parts));
                object.insert("log".to_owned(), Value::Array(log));
                if omitted > 0 {
                    object.insert("omitted".to_owned(), Value::from(omitted));
                }
                Value::Object(object)
            }
        }
    }
}

/// A step of a JSON pointer.
#[derive(Copy, Clone)]
pub(super) enum Step {
    Root,
    Key(NodeId),
    Index(usize),
    /// An item of a `$py` form.
    Item(usize),
    /// A pair of a `$py` dict, and whether the step goes to its key or its value.
    Pair(usize, usize),
    Arg(usize),
    Log(usize, usize),
    LogPair(usize, usize, usize),
}

/// Replaces a value that is too long or too deep to be shown.
pub(super) fn truncated(node: &Node) -> Value {
    json!({"$py": "truncated", "kind": node.kind()})
}

/// The inside of a Python bytes literal.
pub(super) fn escaped(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for &byte in bytes {
        match byte {
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            b' '..=b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("\\x{byte:02x}")),
        }
    }
    out
}

/// The inside of a Python text literal. Escapes only surrogates, which JSON can't represent, and therefore
/// also backslashes.
pub(super) fn escaped_text(text: &Text) -> String {
    text.chunks()
        .map(|chunk| match chunk {
            Chunk::Str(text) => text.replace('\\', "\\\\"),
            Chunk::Surrogate(unit) => format!("\\u{unit:04x}"),
        })
        .collect()
}
