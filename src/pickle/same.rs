//! Compares two trees: they are the same if they have the same types, the same order, the same bits of
//! floats, and the same sharing of values that are mutable or contain others. Node numbers are ignored, and
//! so is whether two equal strings are one object, because no Python program should depend on it.

use std::collections::HashMap;

use super::value::{Event, Make, Node, Tree};

impl PartialEq for Tree {
    fn eq(&self, other: &Tree) -> bool {
        // The nodes matched so far, in both directions. Each pair is compared once, so shared and recursive
        // values end.
        let (mut left, mut right) = (HashMap::new(), HashMap::new());
        let mut pairs = vec![(self.root(), other.root())];
        while let Some((a, b)) = pairs.pop() {
            let (one, two) = (self.node(a), other.node(b));
            if holds_others(one) || matches!(one, Node::ByteArray(_)) {
                match (left.insert(a, b), right.insert(b, a)) {
                    (None, None) => {}
                    (Some(before), Some(_)) if before == b => continue,
                    _ => return false,
                }
            }
            if !same_but_for_children(one, two) {
                return false;
            }
            let mut children = Vec::new();
            one.for_each_child(|child| children.push(child));
            let mut others = Vec::with_capacity(children.len());
            two.for_each_child(|child| others.push(child));
            if children.len() != others.len() {
                return false;
            }
            pairs.extend(children.into_iter().zip(others));
        }
        true
    }
}

fn holds_others(node: &Node) -> bool {
    match node {
        // Python has only one empty tuple.
        Node::Tuple(items) => !items.is_empty(),
        Node::List(_) | Node::Dict(_) | Node::Set(_) | Node::FrozenSet(_) | Node::Object(_) => true,
        Node::Global(global) => !global.log.is_empty(),
        _ => false,
    }
}

fn same_but_for_children(one: &Node, two: &Node) -> bool {
    match (one, two) {
        (Node::Float(a), Node::Float(b)) => a.to_bits() == b.to_bits(),
        (Node::Tuple(a), Node::Tuple(b))
        | (Node::List(a), Node::List(b))
        | (Node::Set(a), Node::Set(b))
        | (Node::FrozenSet(a), Node::FrozenSet(b)) => a.len() == b.len(),
        (Node::Dict(a), Node::Dict(b)) => a.len() == b.len(),
        (Node::Global(a), Node::Global(b)) => {
            (&a.module, &a.name) == (&b.module, &b.name) && same_log(&a.log, &b.log)
        }
        (Node::Object(a), Node::Object(b)) => same_make(&a.make, &b.make) && same_log(&a.log, &b.log),
        (one, two) if holds_others(one) || holds_others(two) => false,
        (one, two) => one == two,
    }
}

fn same_make(a: &Make, b: &Make) -> bool {
    match (a, b) {
        (Make::Instance { args: a, .. }, Make::Instance { args: b, .. }) => a.len() == b.len(),
        _ => std::mem::discriminant(a) == std::mem::discriminant(b),
    }
}

fn same_log(a: &[Event], b: &[Event]) -> bool {
    let len = |event: &Event| match event {
        Event::Build(_) => 1,
        Event::Append(items) | Event::AddItems(items) => items.len(),
        Event::SetItems(entries) => entries.len(),
    };
    let same = |(a, b)| std::mem::discriminant(a) == std::mem::discriminant(b) && len(a) == len(b);
    a.len() == b.len() && a.iter().zip(b).all(same)
}

#[cfg(test)]
mod tests {
    use crate::pickle::read;

    fn same(a: &[u8], b: &[u8]) -> bool {
        read(a).unwrap() == read(b).unwrap()
    }

    #[test]
    fn comparison_includes_types_order_bits_and_sharing() {
        assert!(same(b"I1\n.", b"K\x01."));
        assert!(!same(b"K\x01.", b"L1L\n."));
        assert!(!same(b"U\x01a.", b"X\x01\0\0\0a."));
        assert!(!same(b"F0.0\n.", b"F-0.0\n."));
        assert!(same(b"Fnan\n.", b"Fnan\n."));
        assert!(!same(b"(K\x01K\x02l.", b"(K\x02K\x01l."));
        assert!(!same(b"(K\x01l.", b"(K\x01t."));
        assert!(same(b"(]q\0h\0l.", b"(]2l."));
        assert!(!same(b"(]q\0h\0l.", b"(]]l."));
        assert!(!same(b"(]]l.", b"(]q\0h\0l."));
        assert!(same(b"(U\x01aq\0h\0l.", b"(U\x01aU\x01al."));
        assert!(same(b"()q\0h\0l.", b"())l."));
        assert!(same(b"]q\0h\0a.", b"]q\x07h\x07a."));
        assert!(!same(b"]q\0h\0a.", b"]]a."));
        assert!(!same(b"ca\nb\n)R.", b"ca\nb\n)\x81."));
        assert!(!same(b"ca\nb\n)R}b.", b"ca\nb\n)R."));
    }
}
