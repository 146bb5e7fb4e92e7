//! What methods of a configuration class change on their object: MoinMoin calls them when the wiki runs.

use std::collections::BTreeSet;
use std::rc::Rc;

use tree_sitter::Node;

use super::lose::{LOOKS, Role, parts, reaches};
use super::namespace::Frame;
use super::syntax::children;
use super::value::Unknown;
use super::world::World;
use crate::farm::{Key, Kind, Span};

/// Stands for any attribute.
pub(super) const ANY: &str = "*";

/// Methods that change a list or dictionary.
const CHANGES: &str = "append extend insert remove pop sort reverse update setdefault clear popitem";

impl World<'_> {
    /// Notes which attributes of its object a method sets or changes. `only`: whether it is certain that the class has it.
    pub(super) fn by_method(&mut self, function: Node<'_>, only: bool, frame: &Frame) {
        let Some(class) = frame.class else { return };
        let Some(method) = function.child_by_field_name("name") else { return };
        let parameters: Vec<Node<'_>> =
            function.child_by_field_name("parameters").into_iter().flat_map(children).collect();
        let first = parameters.first().map_or("self", |it| frame.text(*it));
        let Some(body) = function.child_by_field_name("body") else { return };
        let mut calls = Vec::new();
        let mut changed = changed(body, first, &mut calls, frame);
        // `*args` has the object, too.
        let odd = parameters.first().filter(|it| it.kind() != "identifier");
        changed.extend(odd.map(|it| (ANY.to_owned(), frame.span(*it))));
        let init = only && frame.text(method) == "__init__";
        let named_by = if init { named_by(body, &parameters, first, frame) } else { None };
        let once = changed.iter().filter(|(name, _)| name == "name" || name == ANY).count() == 1;
        let Some(class) = self.classes.get_mut(class) else { return };
        let named = once && named_by.is_some();
        if named {
            class.named_by = named_by;
        }
        if function.parent().is_none_or(|it| it.kind() != "decorated_definition") {
            class.methods.insert(frame.span(method).start);
        }
        class.calls.extend(calls);
        class.by_methods.extend(changed.into_iter().filter(|(name, _)| !named || name != "name"));
    }
}

impl World<'_> {
    /// What the methods of a class may change in place is lost: others may have it, too.
    pub(super) fn lose_changed(&mut self, class: usize, span: &Span) {
        let order = self.classes.get(class).map(|class| class.order.clone()).unwrap_or_default();
        let classes = order.iter().filter_map(|class| self.classes.get(*class));
        let names: BTreeSet<String> = classes.flat_map(|class| class.by_methods.keys().cloned()).collect();
        let vals = match names.contains(ANY) {
            true => self.held(class),
            false => names
                .iter()
                .filter_map(|name| Some(self.class_attribute(class, name)?.item.val))
                .filter(|val| val.class().is_none())
                .collect(),
        };
        let unknown = Rc::new(Unknown { span: span.clone(), why: "a method may change it".to_owned() });
        vals.iter().for_each(|val| self.lose(val, &unknown));
    }
}

/// The attributes that a method changes, of its object or of the classes that it names: those of its object `first`, and
/// all that are called like a setting.
///
/// `calls` are the names of the methods that it calls.
fn changed(body: Node<'_>, first: &str, calls: &mut Vec<String>, frame: &Frame) -> Vec<(String, Span)> {
    let mut changed = Vec::new();
    let mut open = vec![(body, Role::Read)];
    while let Some((node, role)) = open.pop() {
        let field = |name: &str| node.child_by_field_name(name);
        let text = field("attribute").map_or("", |name| frame.text(name));
        match (node.kind(), field("object")) {
            ("identifier", _) if frame.text(node) == first && role != Role::Looked => {
                changed.push((ANY.to_owned(), frame.span(node)));
            }
            ("attribute", Some(object)) => {
                let key = Key::named(text);
                let own = object.kind() == "identifier" && frame.text(object) == first;
                let list = key.is_some_and(|key| key.kind() == Kind::Names) && role == Role::Read;
                let changes = matches!(role, Role::Bound | Role::Changed) || list;
                if changes && (own || key.is_some()) {
                    changed.push((text.to_owned(), frame.span(node)));
                }
                changed.extend(reaches(text).then(|| (ANY.to_owned(), frame.span(node))));
                calls.extend((role == Role::Called).then(|| text.to_owned()));
                let role = match role {
                    _ if CHANGES.split(' ').any(|it| it == text) => Role::Changed,
                    Role::Changed | Role::Bound if !own => Role::Changed,
                    _ => Role::Looked,
                };
                open.push((object, role));
            }
            ("call", _) => {
                let function = field("function").map_or("", |it| frame.text(it));
                let looks = function.ends_with(".__init__") || LOOKS.contains(&function);
                let own = |part: &Node<'_>| looks && frame.text(*part) == first;
                open.extend(field("function").map(|function| (function, Role::Called)));
                let given = field("arguments").into_iter().flat_map(children).filter(|part| !own(part));
                open.extend(given.map(|part| (part, Role::Read)));
            }
            // The items of lists that are settings can't be changed.
            ("for_statement" | "for_in_clause", _) => {
                let right = field("right");
                let looked = |(part, role)| (part, if Some(part) == right { Role::Looked } else { role });
                open.extend(parts(node, role, frame).into_iter().map(looked));
            }
            // `type(self).name = …` is taken for the statement of Python 3.
            ("type_alias_statement", _) => changed.push((ANY.to_owned(), frame.span(node))),
            ("binary_operator", _) => open.extend(children(node).map(|part| (part, Role::Looked))),
            _ => open.extend(parts(node, role, frame)),
        }
    }
    changed
}

/// The parameter that an `__init__` keeps as `self.name`, and its position behind `self`.
fn named_by(body: Node<'_>, parameters: &[Node<'_>], first: &str, frame: &Frame) -> Option<(usize, String)> {
    let kept = format!("{first}.name");
    let statements = children(body).filter(|it| it.kind() == "expression_statement").flat_map(children);
    let sets = |it: &Node<'_>| it.child_by_field_name("left").is_some_and(|left| frame.text(left) == kept);
    let value = statements.filter(|it| it.kind() == "assignment").find(sets)?.child_by_field_name("right")?;
    let name = frame.text(value);
    let position = parameters.iter().position(|it| it.kind() == "identifier" && frame.text(*it) == name)?;
    let mut open = vec![(body, Role::Read)];
    while let Some((node, role)) = open.pop() {
        if node.kind() == "identifier" && frame.text(node) == name && role == Role::Bound {
            return None;
        }
        open.extend(parts(node, role, frame));
    }
    Some((position.checked_sub(1)?, name.to_owned()))
}
