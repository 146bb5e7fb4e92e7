//! Converts a value to its JSON form. The recursion is at most [`MAX_DEPTH`](super::form::MAX_DEPTH) deep.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::form::{JsonForm, MAX_DEPTH};
use crate::pickle::value::{Event, Make, Node, NodeId, Object, Tree};

pub(super) fn encode(tree: &Tree) -> Option<JsonForm> {
    let mut encoder = Encoder { tree, numbers: HashMap::new(), memo: Vec::new() };
    let value = encoder.value(tree.root(), 0)?;
    Some(JsonForm { value, memo: encoder.memo, memo_start: tree.memo_start() })
}

struct Encoder<'a> {
    tree: &'a Tree,
    /// The numbers of the started values.
    numbers: HashMap<NodeId, u32>,
    memo: Vec<u32>,
}

fn tagged(kind: &str, value: Value) -> Value {
    Value::Object(Map::from_iter([(kind.to_owned(), value)]))
}

fn base64(kind: &str, bytes: &[u8]) -> Value {
    tagged(kind, Value::from(STANDARD.encode(bytes)))
}

impl Encoder<'_> {
    /// Gives a value the next number.
    fn begin(&mut self, id: NodeId) -> Option<()> {
        let number = u32::try_from(self.numbers.len()).ok()?;
        self.numbers.insert(id, number);
        if self.tree.is_memoized(id) {
            self.memo.push(number);
        }
        Some(())
    }

    fn value(&mut self, id: NodeId, depth: usize) -> Option<Value> {
        if let Some(number) = self.numbers.get(&id) {
            return Some(json!({"again": number}));
        }
        if depth > MAX_DEPTH {
            return None;
        }
        self.begin(id)?;
        let tree = self.tree;
        Some(match tree.node(id) {
            Node::None => Value::Null,
            Node::Bool(value) => Value::from(*value),
            Node::Int(value) => Value::from(*value),
            Node::Long(value) => tagged("long", Value::from(value.to_string())),
            Node::Float(value) if value.is_finite() => tagged("float", Value::from(format!("{value:?}"))),
            Node::Float(value) => tagged("float64", Value::from(format!("{:016x}", value.to_bits()))),
            Node::Str(bytes) => match ascii(bytes) {
                Some(text) => Value::from(text),
                None => base64("str64", bytes),
            },
            Node::Bytes(bytes) => base64("bytes64", bytes),
            Node::ByteArray(bytes) => base64("bytearray64", bytes),
            Node::Text(text) => match text.as_str() {
                Some(text) => tagged("text", Value::from(text)),
                None => base64("text64", text.as_bytes()),
            },
            Node::List(items) => self.values(items, depth + 1)?,
            Node::Tuple(items) => tagged("tuple", self.values(items, depth + 2)?),
            Node::Set(items) => tagged("set", self.values(items, depth + 2)?),
            Node::FrozenSet(items) => tagged("frozenset", self.values(items, depth + 2)?),
            Node::Dict(entries) => tagged("dict", self.dict(entries, depth + 2)?),
            Node::Global(global) => {
                let (module, name) = (utf8(&global.module)?, utf8(&global.name)?);
                if !global.log.is_empty() {
                    return None;
                }
                tagged("global", json!([module, name]))
            }
            Node::Object(object) => tagged("object", self.object(object, depth + 2)?),
        })
    }

    fn values(&mut self, items: &[NodeId], depth: usize) -> Option<Value> {
        items.iter().map(|item| self.value(*item, depth)).collect::<Option<Vec<_>>>().map(Value::Array)
    }

    fn dict(&mut self, entries: &[(NodeId, NodeId)], depth: usize) -> Option<Value> {
        let plain = entries.iter().all(|(key, _)| match self.tree.node(*key) {
            Node::Str(bytes) => bytes.is_ascii() && !self.numbers.contains_key(key),
            _ => false,
        });
        if !plain {
            return self.pairs(entries, depth);
        }
        let mut map = Map::new();
        for (key, value) in entries {
            let Node::Str(name) = self.tree.node(*key) else { return None };
            // An outer value may be the same node as this key.
            if self.numbers.contains_key(key) {
                return None;
            }
            self.begin(*key)?;
            let value = self.value(*value, depth)?;
            map.insert(ascii(name)?.to_owned(), value);
        }
        // If two keys are equal as JSON, one replaced the other.
        (map.len() == entries.len()).then_some(Value::Object(map))
    }

    fn pairs(&mut self, entries: &[(NodeId, NodeId)], depth: usize) -> Option<Value> {
        let pair = |&(key, value): &(NodeId, NodeId)| self.values(&[key, value], depth + 1);
        entries.iter().map(pair).collect::<Option<Vec<_>>>().map(Value::Array)
    }

    fn object(&mut self, object: &Object, depth: usize) -> Option<Value> {
        let mut map = Map::new();
        let (make, of, args, kwargs) = match &object.make {
            Make::Reduce { callable, args } => ("reduce", *callable, Some(*args), None),
            Make::NewObj { class, args } => ("newobj", *class, Some(*args), None),
            Make::NewObjEx { class, args, kwargs } => ("newobj-ex", *class, Some(*args), Some(*kwargs)),
            Make::Instance { class, .. } => ("instance", *class, None, None),
        };
        map.insert("make".to_owned(), Value::from(make));
        map.insert("of".to_owned(), self.value(of, depth)?);
        if let Some(args) = args {
            map.insert("args".to_owned(), self.value(args, depth)?);
        }
        if let Make::Instance { args, .. } = &object.make {
            map.insert("args".to_owned(), self.values(args, depth + 1)?);
        }
        if let Some(kwargs) = kwargs {
            map.insert("kwargs".to_owned(), self.value(kwargs, depth)?);
        }
        let mut then = Vec::new();
        for event in &object.log {
            then.push(match event {
                Event::Build(state) => json!(["build", self.value(*state, depth + 2)?]),
                Event::Append(items) => json!(["append", self.values(items, depth + 3)?]),
                Event::AddItems(items) => json!(["add-items", self.values(items, depth + 3)?]),
                Event::SetItems(entries) => json!(["set-items", self.pairs(entries, depth + 3)?]),
            });
        }
        if !then.is_empty() {
            map.insert("then".to_owned(), Value::Array(then));
        }
        Some(Value::Object(map))
    }
}

fn ascii(bytes: &[u8]) -> Option<&str> {
    if bytes.is_ascii() { std::str::from_utf8(bytes).ok() } else { None }
}

fn utf8(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}
