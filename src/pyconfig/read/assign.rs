//! Assignments: to names, attributes, items, and to several at once.

use tree_sitter::Node;

use super::frame::Frame;
use super::syntax::children;
use super::value::{Item, Val};
use super::world::World;

impl World<'_> {
    pub(super) fn assignment(&mut self, node: Node<'_>, frame: &mut Frame) {
        let Some(left) = node.child_by_field_name("left") else { return };
        let Some(right) = node.child_by_field_name("right") else { return };
        // a = b = 3
        let mut lefts = vec![left];
        let mut right = right;
        while right.kind() == "assignment" {
            let parts = (right.child_by_field_name("left"), right.child_by_field_name("right"));
            let (Some(next_left), Some(next_right)) = parts else { return };
            lefts.push(next_left);
            right = next_right;
        }
        let item = self.item(right, frame);
        for left in lefts {
            self.assign(left, item.clone(), frame);
        }
    }

    /// Binds what stands on the left to a value.
    pub(super) fn assign(&mut self, left: Node<'_>, item: Item, frame: &mut Frame) {
        match left.kind() {
            "identifier" => {
                let name = frame.text(left).to_owned();
                let span = frame.span(left);
                match frame.locals.last_mut() {
                    Some(locals) => {
                        locals.insert(name, item);
                    }
                    None => self.bind(&name, item, span, frame),
                }
            }
            "pattern_list" | "tuple_pattern" | "list_pattern" | "tuple" | "list" | "expression_list" => {
                let lefts: Vec<Node<'_>> = children(left).collect();
                match item.val.items().filter(|items| items.len() == lefts.len()) {
                    Some(items) => {
                        for (left, item) in lefts.into_iter().zip(items) {
                            self.assign(left, item, frame);
                        }
                    }
                    None => {
                        let lost = Item::new(self.lost(&item, "its parts are not known"), item.span);
                        for left in lefts {
                            self.assign(left, lost.clone(), frame);
                        }
                    }
                }
            }
            "parenthesized_expression" => {
                if let Some(inner) = children(left).next() {
                    self.assign(inner, item, frame);
                }
            }
            "attribute" => self.assign_attribute(left, item, frame),
            "subscript" => self.assign_subscript(left, item, frame),
            _ => self.forget(left, frame, "it is bound in an unusual way"),
        }
    }

    /// `FarmConfig.cookie_domain = '…'`.
    fn assign_attribute(&mut self, left: Node<'_>, item: Item, frame: &mut Frame) {
        let parts = (left.child_by_field_name("object"), left.child_by_field_name("attribute"));
        let (Some(object), Some(attribute)) = parts else { return };
        let name = frame.text(attribute).to_owned();
        let binding = super::world::Binding { item, key: frame.span(attribute) };
        match self.eval(object, frame) {
            Val::Class(class) => {
                if let Some(class) = self.classes.get_mut(class) {
                    class.names.insert(name, binding);
                }
            }
            Val::Module(module) => {
                if let Some(module) = self.modules.get_mut(module) {
                    module.names.insert(name, binding);
                }
            }
            _ => {}
        }
    }

    /// `settings['x'] = …`, for dictionaries; of a list then nothing is known any more.
    fn assign_subscript(&mut self, left: Node<'_>, item: Item, frame: &mut Frame) {
        let parts = (left.child_by_field_name("value"), left.child_by_field_name("subscript"));
        let (Some(value), Some(subscript)) = parts else { return };
        let names = ["globals()", "locals()", "vars()"];
        if names.contains(&frame.text(value)) || frame.text(value).contains("__dict__") {
            self.trick(frame.span(left), "a name is bound by its text");
            return;
        }
        let base = self.eval(value, frame);
        if let Val::Dict(dict) = &base {
            let key = self.item(subscript, frame);
            if self.lookup_key(dict, &key).is_some_and(|found| found.is_none()) && dict.push((key, item)) {
                return;
            }
        }
        self.forget(left, frame, "an item of it is replaced");
    }

    pub(super) fn augmented_assignment(&mut self, node: Node<'_>, frame: &mut Frame) {
        let parts = (node.child_by_field_name("left"), node.child_by_field_name("right"));
        let (Some(left), Some(right)) = parts else { return };
        let operator =
            node.child_by_field_name("operator").map(|it| frame.text(it).trim_end_matches('=').to_owned());
        let (old, new) = (self.item(left, frame), self.item(right, frame));
        let span = frame.span(right);
        // A list grows in place, for whoever else has it.
        if operator.as_deref() == Some("+")
            && let (Val::List(list), Some(items)) = (&old.val, new.val.items())
        {
            for item in items {
                if !list.push(item) {
                    self.forget(left, frame, super::value::TOO_DEEP);
                    return;
                }
            }
            self.assign(left, Item::new(old.val.clone(), old.span), frame);
            return;
        }
        let val = self.operate(&old, operator.as_deref().unwrap_or_default(), &new, &span, frame);
        self.assign(left, Item::new(val, span), frame);
    }
}
