//! Decides whether two values are the same dict key or set element in Python 2.
//!
//! `1`, `1L`, `1.0`, and `True` are one key. An ASCII `str` equals the same `unicode`; other byte strings
//! equal no text. Tuples and frozensets compare by content. NaN and unresolved objects are equal only to
//! themselves. Python 3 `bytes` equal only `bytes`: a file with both was written by Python 3.
//!
//! Each value gets the number of its class of equal values once. The class of a tuple is computed from the
//! numbers of its items. So a tuple that contains another tuple a thousand times costs only its own length,
//! and a lookup hashes only a number. The tables use the keyed hash of the standard library, so nobody can
//! choose keys that collide.

use std::collections::HashMap;

use num_bigint::BigInt;

use super::builder::TreeBuilder;
use super::error::ReadErrorKind;
use super::limits::Meter;
use super::value::{Node, NodeId};

/// A class of equal keys.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct KeyClass(u32);

/// The value that decides whether two keys are equal.
#[derive(PartialEq, Eq, Hash, Debug)]
enum Form {
    None,
    Int(i64),
    Big(BigInt),
    /// A float that is not an integer, as its bits.
    Fraction(u64),
    /// A byte string that is not ASCII.
    Str(Vec<u8>),
    /// Text, or an ASCII byte string.
    Text(Vec<u8>),
    Bytes(Vec<u8>),
    Tuple(Vec<KeyClass>),
    FrozenSet(Vec<KeyClass>),
    Global(Vec<u8>, Vec<u8>),
    Identity(NodeId),
}

/// The classes found so far in one pickle.
#[derive(Debug, Default)]
pub(super) struct Keys {
    by_form: HashMap<Form, KeyClass>,
    /// The classes by node number, as far as they were requested.
    by_node: Vec<Option<KeyClass>>,
}

impl Keys {
    /// The class of a value. An error if Python can't hash the value.
    pub(super) fn class(
        &mut self,
        nodes: &TreeBuilder,
        id: NodeId,
        meter: &mut Meter,
    ) -> Result<KeyClass, ReadErrorKind> {
        // Tuples wait on the stack until their items have classes. A tuple contains only nodes that were made
        // before, except through objects, which compare by identity. So there are no cycles.
        let mut waiting = vec![(id, false)];
        while let Some((id, items_done)) = waiting.pop() {
            if self.known(id).is_some() {
                continue;
            }
            let node = nodes.node(id);
            if let (Node::Tuple(items) | Node::FrozenSet(items), false) = (node, items_done) {
                meter.charge(items.len() as u64)?;
                waiting.push((id, true));
                waiting.extend(items.iter().map(|&item| (item, false)));
                continue;
            }
            let form = self.form(id, node, meter)?;
            let next = KeyClass(u32::try_from(self.by_form.len()).unwrap_or(u32::MAX));
            let class = *self.by_form.entry(form).or_insert(next);
            if self.by_node.len() <= id.index() {
                self.by_node.resize(id.index() + 1, None);
            }
            if let Some(known) = self.by_node.get_mut(id.index()) {
                *known = Some(class);
            }
        }
        self.class_of(id)
    }

    fn known(&self, id: NodeId) -> Option<KeyClass> {
        self.by_node.get(id.index()).copied().flatten()
    }

    /// The class of a node that was computed before.
    fn class_of(&self, id: NodeId) -> Result<KeyClass, ReadErrorKind> {
        self.known(id).ok_or(ReadErrorKind::Unhashable("value"))
    }

    fn form(&self, id: NodeId, node: &Node, meter: &mut Meter) -> Result<Form, ReadErrorKind> {
        let classes =
            |items: &[NodeId]| items.iter().map(|&item| self.class_of(item)).collect::<Result<Vec<_>, _>>();
        Ok(match node {
            Node::None => Form::None,
            Node::Bool(value) => Form::Int(i64::from(*value)),
            Node::Int(value) => Form::Int(*value),
            Node::Long(value) => {
                meter.charge(value.bits() / 128)?;
                integer(value.clone())
            }
            Node::Float(value) => float(*value, id),
            Node::Str(bytes) => {
                meter.charge_bytes(bytes.len())?;
                if bytes.is_ascii() { Form::Text(bytes.clone()) } else { Form::Str(bytes.clone()) }
            }
            Node::Text(text) => {
                meter.charge_bytes(text.as_bytes().len())?;
                Form::Text(text.as_bytes().to_vec())
            }
            Node::Bytes(bytes) => {
                meter.charge_bytes(bytes.len())?;
                Form::Bytes(bytes.clone())
            }
            Node::Tuple(items) => Form::Tuple(classes(items)?),
            Node::FrozenSet(items) => {
                let mut classes = classes(items)?;
                classes.sort_unstable();
                Form::FrozenSet(classes)
            }
            Node::Global(global) => Form::Global(global.module.clone(), global.name.clone()),
            Node::Object(_) => Form::Identity(id),
            Node::List(_) | Node::Dict(_) | Node::Set(_) | Node::ByteArray(_) => {
                return Err(ReadErrorKind::Unhashable(node.kind()));
            }
        })
    }
}

fn integer(value: BigInt) -> Form {
    i64::try_from(&value).map_or(Form::Big(value), Form::Int)
}

/// A float equals an integer only if the values are exactly the same.
fn float(value: f64, id: NodeId) -> Form {
    if value.is_nan() {
        return Form::Identity(id);
    }
    if value.is_infinite() || value.fract() != 0.0 {
        return Form::Fraction(value.to_bits());
    }
    // The float is an integer: 53 bits of mantissa, shifted. Below 2^53, the cast is exact.
    if value.abs() < 9_007_199_254_740_992.0 {
        return Form::Int(value as i64);
    }
    let bits = value.to_bits();
    let mantissa = BigInt::from(bits & ((1 << 52) - 1) | 1 << 52) << ((bits >> 52 & 0x7ff) - 1075);
    integer(if value < 0.0 { -mantissa } else { mantissa })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pickle::{Global, Text};

    fn classes(build: impl FnOnce(&mut TreeBuilder) -> Vec<NodeId>) -> Vec<Option<u32>> {
        let mut nodes = TreeBuilder::new();
        let ids = build(&mut nodes);
        let mut keys = Keys::default();
        let mut meter = Meter::new(1 << 20);
        ids.iter().map(|&id| keys.class(&nodes, id, &mut meter).ok().map(|class| class.0)).collect()
    }

    fn equal(a: Node, b: Node) -> bool {
        let classes = classes(|nodes| vec![nodes.push(a), nodes.push(b)]);
        assert!(classes.iter().all(Option::is_some));
        classes[0] == classes[1]
    }

    #[test]
    fn numbers_are_equal_by_value() {
        let long = |value: i128| Node::Long(BigInt::from(value));
        assert!(equal(Node::Int(1), Node::Bool(true)));
        assert!(equal(Node::Int(1), Node::Float(1.0)));
        assert!(equal(long(1), Node::Float(1.0)));
        assert!(equal(Node::Float(-0.0), Node::Int(0)));
        assert!(equal(long(-(1 << 70)), Node::Float(-(2f64.powi(70)))));
        assert!(equal(Node::Int(1 << 53), Node::Float(2f64.powi(53))));
        assert!(!equal(Node::Int((1 << 53) + 1), Node::Float(2f64.powi(53))));
        assert!(equal(Node::Int(i64::MIN), Node::Float(-(2f64.powi(63)))));
        assert!(!equal(Node::Int(i64::MAX), Node::Float(2f64.powi(63))));
        assert!(!equal(Node::Float(0.5), Node::Float(0.25)));
        assert!(equal(Node::Float(f64::INFINITY), Node::Float(f64::INFINITY)));
        assert!(!equal(Node::Float(f64::NAN), Node::Float(f64::NAN)));
        assert!(!equal(Node::None, Node::Int(0)));
    }

    #[test]
    fn ascii_bytes_equal_text_and_other_bytes_do_not() {
        let str = |bytes: &[u8]| Node::Str(bytes.to_vec());
        let text = |text: &str| Node::Text(Text::from(text));
        assert!(equal(str(b"expires"), text("expires")));
        assert!(!equal(str("ä".as_bytes()), text("ä")));
        assert!(!equal(Node::Bytes(b"a".to_vec()), str(b"a")));
        assert!(!equal(Node::Bytes(b"a".to_vec()), text("a")));
    }

    #[test]
    fn containers_compare_by_content_and_objects_by_identity() {
        let all = classes(|nodes| {
            let one = nodes.push(Node::Int(1));
            let also_one = nodes.push(Node::Float(1.0));
            let two = nodes.push(Node::Int(2));
            let list = nodes.push(Node::List(vec![]));
            let global = || Node::Global(Box::new(Global::new("a", "b")));
            vec![
                nodes.push(Node::Tuple(vec![one, two])),
                nodes.push(Node::Tuple(vec![also_one, two])),
                nodes.push(Node::Tuple(vec![two, one])),
                nodes.push(Node::FrozenSet(vec![one, two])),
                nodes.push(Node::FrozenSet(vec![two, also_one])),
                nodes.push(global()),
                nodes.push(global()),
                nodes.push(Node::Tuple(vec![list])),
            ]
        });
        assert_eq!(all[0], all[1]);
        assert_ne!(all[0], all[2]);
        assert_eq!(all[3], all[4]);
        assert_ne!(all[0], all[3]);
        assert_eq!(all[5], all[6]);
        assert_eq!(all[7], None);
    }
}
