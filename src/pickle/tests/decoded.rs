//! Converts a tree to the form of the `decoded*.jsonl` fixtures, in which Python wrote the values it had
//! read.

use serde_json::{Value, json};

use crate::pickle::{Event, Make, Node, NodeId, Tree};

/// The Python version that wrote the fixtures.
#[derive(Copy, Clone, PartialEq, Eq)]
pub(super) enum Python {
    Two,
    Three,
}

/// The value as this Python version wrote it. If the tree has more information than the fixtures:
///
/// * Python 3 has one kind of int, and reads `str` opcodes as text.
/// * Python 2 reads Python 3 bytes as `str`, and the fixtures have `bytes` for both.
/// * An unresolved object is its class name. An `OrderedDict` is a dict made from its arguments and its log.
/// * A value that contains itself is only `recursive`.
pub(super) fn decoded(tree: &Tree, python: Python) -> Value {
    if is_recursive(tree) { json!({"t": "recursive"}) } else { value(tree, tree.root(), python) }
}

fn is_recursive(tree: &Tree) -> bool {
    // Depth first: if an unfinished node is found again, it contains itself.
    let (mut open, mut done) = (vec![false; tree.node_count()], vec![false; tree.node_count()]);
    let mut stack = vec![(tree.root(), false)];
    while let Some((id, leave)) = stack.pop() {
        let index = id.index();
        if leave {
            (open[index], done[index]) = (false, true);
            continue;
        }
        if open[index] {
            return true;
        }
        if done[index] {
            continue;
        }
        open[index] = true;
        stack.push((id, true));
        tree.node(id).for_each_child(|child| stack.push((child, false)));
    }
    false
}

fn value(tree: &Tree, id: NodeId, python: Python) -> Value {
    let list = |items: &[NodeId]| Value::Array(items.iter().map(|&item| value(tree, item, python)).collect());
    match tree.node(id) {
        Node::None => json!({"t": "none"}),
        Node::Bool(value) => json!({"t": "bool", "v": value}),
        Node::Int(value) => json!({"t": "int", "v": value.to_string()}),
        Node::Long(value) if python == Python::Three => json!({"t": "int", "v": value.to_string()}),
        Node::Long(value) => json!({"t": "long", "v": value.to_string()}),
        Node::Float(value) => json!({"t": "float", "v": float(*value)}),
        Node::Str(bytes) if python == Python::Three => {
            json!({"t": "text", "v": String::from_utf8_lossy(bytes)})
        }
        Node::Str(bytes) | Node::Bytes(bytes) => json!({"t": "bytes", "b64": base64(bytes)}),
        Node::ByteArray(bytes) => json!({"t": "bytearray", "b64": base64(bytes)}),
        Node::Text(text) => {
            json!({"t": "text", "v": text.as_str().expect("no lone surrogates in the fixtures")})
        }
        Node::Tuple(items) => json!({"t": "tuple", "v": list(items)}),
        Node::List(items) => json!({"t": "list", "v": list(items)}),
        Node::Set(items) => json!({"t": "set", "v": sorted(list(items))}),
        Node::FrozenSet(items) => json!({"t": "frozenset", "v": sorted(list(items))}),
        Node::Dict(entries) => dict(tree, entries, python),
        Node::Global(_) => json!({"t": "object", "class": tree.class_name(id)}),
        Node::Object(object) => match tree.class_name(id).as_deref() {
            Some("collections.OrderedDict") => {
                let mut entries = Vec::new();
                if let Make::Reduce { args, .. } = object.make
                    && let [pairs] = tree.items(args).unwrap()
                {
                    for &pair in tree.items(*pairs).unwrap() {
                        let [key, value] = tree.items(pair).unwrap() else { panic!("no pair") };
                        entries.push((*key, *value));
                    }
                }
                for event in &object.log {
                    let Event::SetItems(more) = event else { panic!("{event:?}") };
                    entries.extend(more);
                }
                dict(tree, &entries, python)
            }
            class => json!({"t": "object", "class": class}),
        },
    }
}

fn dict(tree: &Tree, entries: &[(NodeId, NodeId)], python: Python) -> Value {
    let pairs = entries.iter().map(|&(k, v)| json!([value(tree, k, python), value(tree, v, python)]));
    json!({"t": "dict", "v": sorted(pairs.collect())})
}

/// The order of dicts and sets is not part of the value.
fn sorted(items: Value) -> Value {
    let Value::Array(mut items) = items else { panic!("no array") };
    items.sort_by_key(|item| item.to_string());
    Value::Array(items)
}

fn float(value: f64) -> String {
    if value.is_nan() { "nan".to_owned() } else { format!("{:016x}", value.to_bits()) }
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// Converts a value in a fixture to the form of [`decoded`]: floats as bits, members sorted.
pub(super) fn normalised(mut wanted: Value) -> Value {
    match wanted["t"].as_str().unwrap() {
        "float" => wanted["v"] = json!(float(wanted["v"].as_str().unwrap().parse().unwrap())),
        "dict" => {
            let pairs = wanted["v"].as_array().unwrap().iter();
            let pairs = pairs.map(|pair| json!([normalised(pair[0].clone()), normalised(pair[1].clone())]));
            wanted["v"] = sorted(pairs.collect());
        }
        kind @ ("tuple" | "list" | "set" | "frozenset") => {
            let items: Value = wanted["v"].as_array().unwrap().iter().cloned().map(normalised).collect();
            wanted["v"] = if kind.ends_with("set") { sorted(items) } else { items };
        }
        _ => {}
    }
    wanted
}
