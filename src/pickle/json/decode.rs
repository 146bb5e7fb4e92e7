//! Converts the JSON form to a value. `serde_json` limits the depth, which limits the recursion here.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use num_bigint::BigInt;
use serde_json::{Map, Value};

use super::form::{JsonForm, MAX_DEPTH};
use crate::pickle::builder::TreeBuilder;
use crate::pickle::text::Text;
use crate::pickle::value::{Event, Global, Make, Node, NodeId, Object, Tree};

/// Why JSON is not the form of a value. Shows nothing of the value, because sessions contain secrets.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not the JSON form of a value: {0}")]
pub struct FormError(&'static str);

pub(super) fn decode(form: &JsonForm) -> Result<Tree, FormError> {
    let mut decoder = Decoder { builder: TreeBuilder::new(), numbers: Vec::new() };
    let root = decoder.value(&form.value, 0)?;
    for number in &form.memo {
        let id = decoder.numbered(u64::from(*number))?;
        decoder.builder.memoize(id);
    }
    decoder.builder.memo_starts_at(u64::from(form.memo_start));
    Ok(decoder.builder.finish(root))
}

struct Decoder {
    builder: TreeBuilder,
    /// The values in the order of the text.
    numbers: Vec<NodeId>,
}

impl Decoder {
    fn numbered(&self, number: u64) -> Result<NodeId, FormError> {
        let id = usize::try_from(number).ok().and_then(|number| self.numbers.get(number));
        id.copied().ok_or(FormError("\"again\" refers to no earlier value"))
    }

    fn begin(&mut self, node: Node) -> NodeId {
        let id = self.builder.push(node);
        self.numbers.push(id);
        id
    }

    fn value(&mut self, value: &Value, depth: usize) -> Result<NodeId, FormError> {
        // Less strict than the check when writing: it only prevents a stack overflow from a value written by
        // hand.
        if depth > 2 * MAX_DEPTH {
            return Err(FormError("nested too deeply"));
        }
        match value {
            Value::Null => Ok(self.begin(Node::None)),
            Value::Bool(value) => Ok(self.begin(Node::Bool(*value))),
            Value::Number(number) => {
                let int = number.as_i64().ok_or(FormError("a number that is not a 64-bit integer"))?;
                Ok(self.begin(Node::Int(int)))
            }
            Value::String(text) if text.is_ascii() => Ok(self.begin(Node::Str(text.as_bytes().to_vec()))),
            Value::String(_) => Err(FormError("a plain string that is not ASCII: use \"text\"")),
            Value::Array(items) => {
                let id = self.begin(Node::None);
                let items = self.values(items, depth)?;
                Ok(self.set(id, Node::List(items)))
            }
            Value::Object(map) => self.tagged(map, depth),
        }
    }

    fn set(&mut self, id: NodeId, node: Node) -> NodeId {
        if let Some(slot) = self.builder.node_mut(id) {
            *slot = node;
        }
        id
    }

    fn tagged(&mut self, map: &Map<String, Value>, depth: usize) -> Result<NodeId, FormError> {
        let mut members = map.iter();
        let (Some((kind, value)), None) = (members.next(), members.next()) else {
            return Err(FormError("an object without exactly one member"));
        };
        if kind == "again" {
            return self.numbered(value.as_u64().ok_or(FormError("\"again\" without a number"))?);
        }
        let id = self.begin(Node::None);
        let node = match (kind.as_str(), value) {
            ("text", Value::String(text)) => Node::Text(Text::from(text.as_str())),
            ("text64", Value::String(_)) => Node::Text(
                Text::from_generalised_utf8(&base64(value)?)
                    .ok_or(FormError("\"text64\" does not contain text"))?,
            ),
            ("str64", Value::String(_)) => Node::Str(base64(value)?),
            ("bytes64", Value::String(_)) => Node::Bytes(base64(value)?),
            ("bytearray64", Value::String(_)) => Node::ByteArray(base64(value)?),
            ("long", Value::String(digits)) => Node::Long(long(digits)?),
            ("float", Value::String(digits)) => {
                let float: f64 = digits.parse().map_err(|_| FormError("\"float\" is not a number"))?;
                if !float.is_finite() {
                    return Err(FormError("\"float\" is not finite: use \"float64\""));
                }
                Node::Float(float)
            }
            ("float64", Value::String(digits)) if digits.len() == 16 => {
                let bits = u64::from_str_radix(digits, 16)
                    .map_err(|_| FormError("\"float64\" has characters other than hexadecimal digits"))?;
                Node::Float(f64::from_bits(bits))
            }
            ("tuple", Value::Array(items)) => Node::Tuple(self.values(items, depth)?),
            ("set", Value::Array(items)) => Node::Set(self.values(items, depth)?),
            ("frozenset", Value::Array(items)) => Node::FrozenSet(self.values(items, depth)?),
            ("dict", Value::Array(pairs)) => Node::Dict(self.pairs(pairs, depth)?),
            ("dict", Value::Object(map)) => {
                let mut entries = Vec::with_capacity(map.len());
                for (key, value) in map {
                    if !key.is_ascii() {
                        return Err(FormError("a key that is not ASCII: write \"dict\" as an array"));
                    }
                    let key = self.begin(Node::Str(key.as_bytes().to_vec()));
                    entries.push((key, self.value(value, depth + 1)?));
                }
                Node::Dict(entries)
            }
            ("global", Value::Array(names)) => match names.as_slice() {
                [Value::String(module), Value::String(name)] => {
                    Node::Global(Box::new(Global::new(module.as_bytes(), name.as_bytes())))
                }
                _ => return Err(FormError("\"global\" without two names")),
            },
            ("object", Value::Object(map)) => Node::Object(Box::new(self.object(map, depth)?)),
            _ => return Err(FormError("an object of unknown kind")),
        };
        Ok(self.set(id, node))
    }

    fn values(&mut self, items: &[Value], depth: usize) -> Result<Vec<NodeId>, FormError> {
        items.iter().map(|item| self.value(item, depth + 1)).collect()
    }

    fn pairs(&mut self, pairs: &[Value], depth: usize) -> Result<Vec<(NodeId, NodeId)>, FormError> {
        let mut entries = Vec::with_capacity(pairs.len());
        for pair in pairs {
            match pair.as_array().map(Vec::as_slice) {
                Some([key, value]) => {
                    let key = self.value(key, depth + 1)?;
                    entries.push((key, self.value(value, depth + 1)?));
                }
                _ => return Err(FormError("an item of a dict is not a pair")),
            }
        }
        Ok(entries)
    }

    fn object(&mut self, map: &Map<String, Value>, depth: usize) -> Result<Object, FormError> {
        let known = ["make", "of", "args", "kwargs", "then"];
        if map.keys().any(|key| !known.contains(&key.as_str())) {
            return Err(FormError("an \"object\" with an unknown member"));
        }
        let member = |name: &str| map.get(name).ok_or(FormError("an \"object\" without a required member"));
        let make = member("make")?.as_str().unwrap_or_default();
        let class = self.value(member("of")?, depth + 1)?;
        let args = member("args")?;
        let make = match make {
            "reduce" => Make::Reduce { callable: class, args: self.value(args, depth + 1)? },
            "newobj" => Make::NewObj { class, args: self.value(args, depth + 1)? },
            "newobj-ex" => {
                let args = self.value(args, depth + 1)?;
                Make::NewObjEx { class, args, kwargs: self.value(member("kwargs")?, depth + 1)? }
            }
            "instance" => {
                let args = args
                    .as_array()
                    .ok_or(FormError("an \"instance\" with \"args\" that are not an array"))?;
                Make::Instance { class, args: self.values(args, depth)? }
            }
            _ => return Err(FormError("an \"object\" with an unknown \"make\"")),
        };
        let then = map.get("then").map_or(Some(&[][..]), |then| then.as_array().map(Vec::as_slice));
        let then = then.ok_or(FormError("a \"then\" that is not an array"))?;
        let log = then.iter().map(|event| self.event(event, depth)).collect::<Result<_, _>>()?;
        Ok(Object { make, log })
    }

    fn event(&mut self, event: &Value, depth: usize) -> Result<Event, FormError> {
        match event.as_array().map(Vec::as_slice) {
            Some([Value::String(kind), value]) => match (kind.as_str(), value) {
                ("build", state) => Ok(Event::Build(self.value(state, depth + 1)?)),
                ("append", Value::Array(items)) => Ok(Event::Append(self.values(items, depth)?)),
                ("add-items", Value::Array(items)) => Ok(Event::AddItems(self.values(items, depth)?)),
                ("set-items", Value::Array(pairs)) => Ok(Event::SetItems(self.pairs(pairs, depth)?)),
                _ => Err(FormError("an unknown step in \"then\"")),
            },
            _ => Err(FormError("a step in \"then\" that is not a pair")),
        }
    }
}

fn base64(value: &Value) -> Result<Vec<u8>, FormError> {
    let text = value.as_str().unwrap_or_default();
    STANDARD.decode(text).map_err(|_| FormError("invalid base64"))
}

/// The maximum number of digits of a long: 64 KiB of two's complement.
const MAX_DIGITS: usize = 160_000;

fn long(digits: &str) -> Result<BigInt, FormError> {
    if digits.len() > MAX_DIGITS {
        return Err(FormError("a \"long\" that is too long"));
    }
    digits.parse().map_err(|_| FormError("a \"long\" with characters other than digits"))
}
