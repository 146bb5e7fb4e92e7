//! What a piece of Python may bind or change, told from its syntax alone.

use tree_sitter::Node;

/// Something that is bound or changed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Target<'tree> {
    /// A name.
    Name(Node<'tree>),
    /// An attribute of an object.
    Attribute(Node<'tree>, Node<'tree>),
    /// A name whose value is changed in place, if it is one that can be.
    Changed(Node<'tree>),
}

/// Whatever `node` may bind or change, without what stands in functions and classes of its own.
pub(super) fn targets(node: Node<'_>) -> Vec<Target<'_>> {
    let mut found = Vec::new();
    let mut cursor = node.walk();
    let mut depth = 0usize;
    loop {
        let here = cursor.node();
        let inside = match here.kind() {
            "assignment" | "augmented_assignment" | "for_statement" => {
                here.child_by_field_name("left").into_iter().for_each(|left| pattern(left, &mut found));
                true
            }
            "class_definition" | "function_definition" => {
                found.extend(here.child_by_field_name("name").map(Target::Name));
                depth == 0
            }
            "import_statement" | "import_from_statement" => {
                imported(here, &mut found);
                false
            }
            "call" => {
                called(here, &mut found);
                true
            }
            "delete_statement" => {
                super::syntax::children(here).for_each(|child| pattern(child, &mut found));
                true
            }
            "as_pattern_target" | "as_pattern" => {
                here.child_by_field_name("alias").into_iter().for_each(|left| pattern(left, &mut found));
                true
            }
            // A decorated class or function is bound by its own name.
            "lambda" => false,
            _ => true,
        };
        if inside && cursor.goto_first_child() {
            depth += 1;
            continue;
        }
        loop {
            if depth == 0 {
                return found;
            }
            if cursor.goto_next_sibling() {
                break;
            }
            if !cursor.goto_parent() {
                return found;
            }
            depth -= 1;
        }
    }
}

/// The names of a pattern on the left of `=`.
fn pattern<'tree>(left: Node<'tree>, found: &mut Vec<Target<'tree>>) {
    let mut open = vec![left];
    while let Some(node) = open.pop() {
        match node.kind() {
            "identifier" => found.push(Target::Name(node)),
            "attribute" => {
                let parts = (node.child_by_field_name("object"), node.child_by_field_name("attribute"));
                if let (Some(object), Some(attribute)) = parts {
                    found.push(Target::Attribute(object, attribute));
                }
            }
            "subscript" => {
                if let Some(value) = node.child_by_field_name("value") {
                    match value.kind() {
                        "identifier" => found.push(Target::Changed(value)),
                        _ => open.push(value),
                    }
                }
            }
            _ => open.extend(super::syntax::children(node)),
        }
    }
}

fn imported<'tree>(node: Node<'tree>, found: &mut Vec<Target<'tree>>) {
    let mut cursor = node.walk();
    for name in node.children_by_field_name("name", &mut cursor) {
        let alias = name.child_by_field_name("alias");
        let bound = alias.or_else(|| super::syntax::children(name).next()).unwrap_or(name);
        found.push(Target::Name(bound));
    }
}

/// `x.append(…)` may change `x`.
fn called<'tree>(call: Node<'tree>, found: &mut Vec<Target<'tree>>) {
    let Some(function) = call.child_by_field_name("function") else { return };
    if function.kind() == "attribute"
        && let Some(object) = function.child_by_field_name("object")
        && matches!(object.kind(), "identifier" | "attribute" | "subscript")
    {
        match object.kind() {
            "identifier" => found.push(Target::Changed(object)),
            _ => pattern(object, found),
        }
    }
    // A function may change the lists that it is given.
    let arguments = call.child_by_field_name("arguments");
    let named =
        arguments.into_iter().flat_map(super::syntax::children).filter(|node| node.kind() == "identifier");
    found.extend(named.map(Target::Changed));
}

/// Whether a node of one of these kinds stands within.
pub(super) fn holds(node: Node<'_>, kinds: &[&str]) -> bool {
    let mut open = vec![node];
    while let Some(node) = open.pop() {
        if kinds.contains(&node.kind()) {
            return true;
        }
        open.extend(super::syntax::children(node));
    }
    false
}

#[cfg(test)]
mod tests {
    use super::super::syntax;
    use super::*;

    fn names(text: &str) -> Vec<String> {
        let tree = syntax::parse(text).unwrap();
        let part = |node: Node<'_>| text.get(node.byte_range()).unwrap().to_owned();
        let name = |target: Target<'_>| match target {
            Target::Name(node) | Target::Changed(node) => part(node),
            Target::Attribute(object, name) => {
                format!("{}.{}", part(object), part(name))
            }
        };
        let mut names: Vec<String> = targets(tree.root_node()).into_iter().map(name).collect();
        names.sort();
        names
    }

    #[test]
    fn whatever_may_be_bound_or_changed_is_found() {
        assert_eq!(names("if x:\n    a = b, (c, d) = e\nelse:\n    f += 1\n"), ["a", "b", "c", "d", "f"]);
        assert_eq!(names("import a.b, c as d\nfrom e import f, g as h\n"), ["a", "d", "f", "h"]);
        assert_eq!(
            names("for i in x:\n    wikis.append(i)\n    C.n = i\n    d['k'] = i\n"),
            ["C.n", "d", "i", "i", "wikis"]
        );
        assert_eq!(names("class A:\n    b = 1\ndef f():\n    c = 1\n"), ["A", "f"]);
    }
}
