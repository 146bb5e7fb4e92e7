//! What methods of a configuration class change on their object: MoinMoin calls them when the wiki runs.

use tree_sitter::Node;

use super::frame::Frame;
use super::spoil::is_target;
use super::syntax::children;
use super::world::World;
use crate::farm::{Key, Kind, Span};

/// Methods that change a list or dictionary.
const CHANGES: [&str; 11] = [
    "append",
    "extend",
    "insert",
    "remove",
    "pop",
    "sort",
    "reverse",
    "update",
    "setdefault",
    "clear",
    "popitem",
];

/// Where a list is only read. Elsewhere it can be changed under another name.
const READS: [&str; 8] = [
    "attribute",
    "subscript",
    "for_statement",
    "for_in_clause",
    "comparison_operator",
    "if_statement",
    "boolean_operator",
    "not_operator",
];

/// The largest method that is looked at.
const MOST_NODES: usize = 5_000;

/// Functions that only look at what they are given.
const LOOKS: [&str; 8] = ["super", "isinstance", "hasattr", "getattr", "str", "repr", "id", "type"];

impl World<'_> {
    /// Notes which attributes of its object a method sets or changes.
    pub(super) fn by_method(&mut self, function: Node<'_>, frame: &Frame) {
        let Some(class) = frame.class else { return };
        let parameters: Vec<Node<'_>> =
            function.child_by_field_name("parameters").into_iter().flat_map(children).collect();
        let first = parameters.first().map_or("self", |it| frame.text(*it)).to_owned();
        let Some(body) = function.child_by_field_name("body") else { return };
        let mut changed: Vec<(String, Span)> = Vec::new();
        let mut open = vec![body];
        if body.descendant_count() > MOST_NODES {
            changed.push(("*".to_owned(), frame.span(function)));
            open.clear();
        }
        while let Some(node) = open.pop() {
            let own = frame.text(node) == first;
            if node.kind() == "identifier" {
                let whole = node.parent().filter(|it| it.kind() == "attribute").unwrap_or(node);
                // A setting of any other object may be one of the class.
                let may = |name: &String| own || Key::named(name).is_some();
                changed.extend(change(node, frame).filter(may).map(|name| (name, frame.span(whole))));
            }
            open.extend(children(node));
        }
        let init = function.child_by_field_name("name").is_some_and(|it| frame.text(it) == "__init__");
        let named_by = if init { named_by(body, &parameters, &first, frame) } else { None };
        let once = changed.iter().filter(|(name, _)| name == "name" || name == "*").count() == 1;
        let Some(class) = self.classes.get_mut(class) else { return };
        if once && named_by.is_some() {
            class.named_by = named_by;
            changed.retain(|(name, _)| name != "name");
        }
        class.by_methods.extend(changed);
    }
}

/// The attribute that is changed where the object is mentioned; `*` if it may be any.
fn change(object: Node<'_>, frame: &Frame) -> Option<String> {
    let any = Some("*".to_owned());
    let parent = object.parent()?;
    if parent.kind() != "attribute" || parent.child_by_field_name("object") != Some(object) {
        return if is_target(object) || passed(object, parent, frame) { any } else { None };
    }
    let name = frame.text(parent.child_by_field_name("attribute")?).to_owned();
    if name == "__dict__" || name == "__class__" {
        return any;
    }
    // self.name, self.name[0], self.name[0].part
    let mut whole = parent;
    while let Some(outer) = whole.parent() {
        let inside = ["object", "value"].iter().any(|it| outer.child_by_field_name(it) == Some(whole));
        if is_target(whole) {
            return Some(name);
        }
        if !inside || !matches!(outer.kind(), "attribute" | "subscript") {
            break;
        }
        whole = outer;
    }
    let outer = parent.parent()?;
    let method = outer.child_by_field_name("attribute").map_or("", |it| frame.text(it));
    let list = Key::named(&name).is_some_and(|it| it.kind() == Kind::Names);
    let elsewhere = list && !READS.contains(&outer.kind());
    (elsewhere || (outer.kind() == "attribute" && CHANGES.contains(&method))).then_some(name)
}

/// Whether the object itself is given to something that may change it.
fn passed(object: Node<'_>, parent: Node<'_>, frame: &Frame) -> bool {
    match parent.kind() {
        "argument_list" => {
            let function = parent.parent().and_then(|call| call.child_by_field_name("function"));
            let function = function.map_or("", |it| frame.text(it));
            !function.ends_with(".__init__") && !LOOKS.contains(&function)
        }
        "binary_operator" | "comparison_operator" | "parameters" | "return_statement" => false,
        // An attribute of another object that has the same name.
        "attribute" => false,
        _ => object.kind() == "identifier",
    }
}

/// The parameter that an `__init__` keeps as `self.name`, and its position behind `self`.
fn named_by(body: Node<'_>, parameters: &[Node<'_>], first: &str, frame: &Frame) -> Option<(usize, String)> {
    let kept = format!("{first}.name");
    let statements = children(body).filter(|it| it.kind() == "expression_statement").flat_map(children);
    let sets = |it: &Node<'_>| it.child_by_field_name("left").is_some_and(|left| frame.text(left) == kept);
    let value = statements.filter(|it| it.kind() == "assignment").find(sets)?.child_by_field_name("right")?;
    let name = frame.text(value);
    let position = parameters.iter().position(|it| it.kind() == "identifier" && frame.text(*it) == name)?;
    let mut open = vec![body];
    while let Some(node) = open.pop() {
        if node.kind() == "identifier" && frame.text(node) == name && is_target(node) {
            return None;
        }
        open.extend(children(node));
    }
    Some((position.checked_sub(1)?, name.to_owned()))
}
