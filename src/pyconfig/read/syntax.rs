//! The syntax tree of a Python file, by tree-sitter, which goes on behind what it does not understand.
//!
//! Its grammar is Python 3's with the statements of Python 2; what differs inside expressions (octal numbers, `ur''`,
//! backticks) is looked at where literals are read.

use std::ops::ControlFlow;

use tree_sitter::{Node, ParseOptions, ParseState, Parser, Tree};

use crate::farm::Span;
use crate::location::secrets as passwords_in;

/// How many steps the parser may take for each byte, and at least. Real files take about one for each 100 bytes; only text made
/// to be ambiguous needs many.
const STEPS_A_BYTE: usize = 20;
const STEPS: usize = 100_000;

/// How many syntax errors are told of one file.
const MOST_ERRORS: usize = 20;

/// Parses a file; `None` if that would take too long.
pub(super) fn parse(text: &str) -> Option<Tree> {
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_python::LANGUAGE.into()).ok()?;
    let mut left = STEPS + text.len() * STEPS_A_BYTE;
    let mut count = |_: &ParseState| {
        left = left.saturating_sub(1);
        if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let options = ParseOptions::new().progress_callback(&mut count);
    let bytes = text.as_bytes();
    parser.parse_with_options(&mut |at, _| bytes.get(at..).unwrap_or_default(), None, Some(options))
}

/// Words in the names of secrets: `SECRET_KEY`, `bind_pw`, `passwd`, `apikey`.
const SECRETS: [&str; 7] = ["secret", "passw", "passphrase", "_pw", "apikey", "api_key", "token"];

/// What was found beside the statements.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// Places that are no Python.
    pub(super) errors: Vec<(Span, String)>,
    /// Comments.
    pub(super) comments: Vec<Span>,
    /// The texts of passwords and keys, by the names that they are bound to: no message must show them.
    pub(super) secrets: Vec<Span>,
}

/// Walks the whole tree for errors and comments, without recursion.
pub(super) fn look_over(tree: &Tree, text: &str) -> Findings {
    let mut found = Findings::default();
    let mut cursor = tree.walk();
    loop {
        let node = cursor.node();
        let error = node.is_error() || node.is_missing();
        let within = found.errors.last().is_some_and(|(span, _)| span.end > node.start_byte());
        if error && !within && found.errors.len() < MOST_ERRORS {
            let message = match node.is_missing() {
                true => format!("{:?} is missing here", node.kind()),
                false => "this is no Python".to_owned(),
            };
            found.errors.push((node.byte_range(), message));
        } else if node.kind() == "comment" {
            found.comments.push(node.byte_range());
        } else if matches!(node.kind(), "assignment" | "keyword_argument" | "pair") {
            secrets(node, text, &mut found.secrets);
        } else if node.kind() == "string_content" {
            passwords(node, text, &mut found.secrets);
        }
        // What an error holds is told by the error itself, but for comments.
        if cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return found;
            }
        }
    }
}

/// The texts within `node`, if it binds a name that speaks of a secret.
fn secrets(node: Node<'_>, text: &str, found: &mut Vec<Span>) {
    let name = ["left", "name", "key"].iter().find_map(|field| node.child_by_field_name(field));
    let value = ["right", "value"].iter().find_map(|field| node.child_by_field_name(field));
    let (Some(name), Some(value)) = (name, value) else { return };
    let name = text.get(name.byte_range()).unwrap_or_default().to_ascii_lowercase();
    let known = found.last().is_some_and(|last| last.end >= value.start_byte());
    if known || name.len() > 100 || !SECRETS.iter().any(|word| name.contains(word)) {
        return;
    }
    let mut open = vec![value];
    let mut all = Vec::new();
    while let Some(node) = open.pop() {
        match node.kind() {
            "string_content" => all.push(node.byte_range()),
            _ => open.extend(children(node)),
        }
    }
    all.sort_by_key(|span| span.start);
    found.extend(all);
}

/// The passwords in a text with addresses, like `redis://user:password@host`.
fn passwords(node: Node<'_>, text: &str, found: &mut Vec<Span>) {
    let start = node.start_byte();
    let all = passwords_in(text.get(node.byte_range()).unwrap_or_default());
    found.extend(all.into_iter().map(|span| start + span.start..start + span.end));
}

/// The named children of a node, comments left out.
pub(super) fn children<'tree>(node: Node<'tree>) -> impl Iterator<Item = Node<'tree>> {
    let mut cursor = node.walk();
    let mut more = cursor.goto_first_child();
    std::iter::from_fn(move || {
        while more {
            let child = cursor.node();
            more = cursor.goto_next_sibling();
            if child.is_named() && child.kind() != "comment" && child.kind() != "line_continuation" {
                return Some(child);
            }
        }
        None
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn python_2_is_understood() {
        let text = "print x\nprint >>f, 'a', b\nexec 'x=1'\nA = 0666 + 0x1FL + 10L\nB = ur'\\S+'\nC = `A`\nD = 1 <> 2\n\
                    try:\n    import foo\nexcept ImportError, err:\n    pass\nraise ValueError, 'x'\n";
        let found = look_over(&parse(text).unwrap(), text);
        assert_eq!(found.errors, []);
    }

    #[test]
    fn errors_are_told_with_their_place_and_the_rest_is_read() {
        let text = "a = 1\nb = = 2 # one\nc = 3\n";
        let tree = parse(text).unwrap();
        let found = look_over(&tree, text);
        assert_eq!(found.errors.len(), 1, "{found:?}");
        assert_eq!(text.get(..found.errors[0].0.start).unwrap().lines().count(), 2);
        assert_eq!(found.comments.first(), Some(&(14..19)));
        assert!(children(tree.root_node()).count() >= 2);
    }
}
