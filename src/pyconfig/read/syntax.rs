//! The syntax tree of a Python file, by tree-sitter, which continues after what it does not understand.
//!
//! Its grammar is that of Python 3 with the statements of Python 2. What differs inside expressions (octal numbers, `ur''`,
//! backticks) is handled where literals are read, and indentation is checked here.

use std::ops::ControlFlow;

use tree_sitter::{Node, ParseOptions, ParseState, Parser, Tree};

use crate::farm::Span;
use crate::location::secrets as passwords_in;

/// How many steps the parser may take for each byte, and at least. Real files take about one for each 100 bytes; only text
/// that is ambiguous on purpose needs many.
const STEPS_A_BYTE: usize = 20;
const STEPS: usize = 100_000;

/// How many syntax errors of one file are reported.
const MOST_ERRORS: usize = 20;

/// Why nothing is read from a template.
pub(super) const TEMPLATE: &str = "this is a template: render it first";

const REST: &str = "the rest of the file was read";

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
    /// Syntax errors, each with a help.
    pub(super) errors: Vec<(Span, String, &'static str)>,
    pub(super) comments: Vec<Span>,
    /// The texts of passwords and keys, by the names that they are bound to: no message may show them.
    pub(super) secrets: Vec<Span>,
    /// The first marker of a template that is not inside a string.
    pub(super) template: Option<Span>,
}

/// Walks the whole tree without recursion.
pub(super) fn look_over(tree: &Tree, text: &str) -> Findings {
    let mut found = Findings::default();
    let mut lines = Lines { text, ..Lines::default() };
    let mut strings: Vec<Span> = Vec::new();
    let mut open = vec![tree.root_node()];
    while let Some(node) = open.pop() {
        let within = found.errors.last().is_some_and(|(span, ..)| span.end > node.start_byte());
        if (node.is_error() || node.is_missing()) && !within {
            let message = match node.is_missing() {
                true => format!("{:?} is missing here", node.kind()),
                false => "syntax error".to_owned(),
            };
            found.errors.push((node.byte_range(), message, REST));
        }
        match node.kind() {
            "comment" => {
                found.comments.push(node.byte_range());
                let shown = text.get(node.byte_range()).unwrap_or_default().trim_start_matches(['#', ' ']);
                if !shown.starts_with("{%") && !shown.starts_with("<%") {
                    strings.push(node.byte_range());
                }
                continue;
            }
            "assignment" | "keyword_argument" | "pair" => secrets(node, text, &mut found.secrets),
            "string_content" => passwords(node, text, &mut found.secrets),
            "string" => strings.push(node.byte_range()),
            _ => {}
        }
        if (node.kind() == "string" || node.child_count() == 0) && !node.is_missing() {
            lines.token(node);
        }
        let mut cursor = node.walk();
        let inner: Vec<Node<'_>> = node.children(&mut cursor).collect();
        open.extend(inner.into_iter().rev());
    }
    let mut at = 0;
    while found.template.is_none()
        && let Some(marker) = template(text.get(at..).unwrap_or_default())
    {
        let span = at + marker.start..at + marker.end;
        let inside = strings.iter().any(|string| string.start <= span.start && span.end <= string.end);
        at = span.end;
        found.template = (!inside).then_some(span);
    }
    found.errors.extend(lines.error.map(|(span, message)| (span, message, REST)));
    if let Some(span) = &found.template {
        found.errors = vec![(span.clone(), TEMPLATE.to_owned(), "import the rendered file")];
    }
    found.errors.truncate(MOST_ERRORS);
    found
}

/// The first marker of Jinja, ERB, or a shell template: `{{ name }}`, `{% if %}`, `<% if %>`, `${NAME}`.
pub(super) fn template(text: &str) -> Option<Span> {
    let name = |text: &str| {
        text.trim_start_matches(['-', '+', '=', ' '])
            .starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
    };
    text.char_indices().filter(|(_, c)| matches!(c, '{' | '<' | '$')).find_map(|(at, _)| {
        let rest = text.get(at..)?;
        let (close, inner) = [("{{", "}}"), ("{%", "%}"), ("<%", "%>"), ("${", "}")]
            .into_iter()
            .find_map(|(open, close)| Some((close, rest.strip_prefix(open)?)))?;
        let end = inner.find(close)?;
        let inner = inner.get(..end).filter(|inner| !inner.contains('\n') && name(inner))?;
        Some(at..at + 2 + inner.len() + close.len())
    })
}

/// Indentation, checked line by line as Python does.
#[derive(Default)]
struct Lines<'a> {
    text: &'a str,
    /// The columns of the open blocks.
    columns: Vec<usize>,
    /// How many brackets are open.
    brackets: usize,
    /// Where the last token ended, and whether it opens a block.
    end: usize,
    opens: bool,
    error: Option<(Span, String)>,
}

impl Lines<'_> {
    fn token(&mut self, node: Node<'_>) {
        let between = self.text.get(self.end..node.start_byte()).unwrap_or_default();
        let first = self.end == 0 || (between.contains('\n') && !continued(between));
        if first && self.brackets == 0 && node.start_byte() < node.end_byte() {
            self.line(node);
        }
        match node.kind() {
            "(" | "[" | "{" => self.brackets += 1,
            ")" | "]" | "}" => self.brackets = self.brackets.saturating_sub(1),
            _ => {}
        }
        self.opens = node.kind() == ":";
        self.end = node.end_byte();
    }

    fn line(&mut self, node: Node<'_>) {
        let start = self.text.get(..node.start_byte()).map_or(0, |it| it.rfind('\n').map_or(0, |at| at + 1));
        let indent = self.text.get(start..node.start_byte()).unwrap_or_default();
        if !indent.chars().all(|c| matches!(c, ' ' | '\t' | '\u{c}' | '\u{feff}')) {
            return;
        }
        let column = indent.chars().fold(0, |column, c| match c {
            '\t' => (column / 8 + 1) * 8,
            ' ' => column + 1,
            _ => 0,
        });
        if self.columns.is_empty() {
            self.columns.push(0);
        }
        let deeper = self.columns.last().is_some_and(|top| column > *top);
        self.columns.retain(|open| *open <= column);
        let fits = deeper || self.columns.last() == Some(&column);
        if deeper {
            self.columns.push(column);
        }
        let message = match () {
            () if indent.contains(" \t") => "blanks before a tab indent this line",
            () if self.opens && !deeper => "an indented block is missing here",
            () if !self.opens && deeper => "this line is indented too far",
            () if !fits => "the indentation of this line matches no open block",
            () => return,
        };
        if self.error.is_none() {
            self.error = Some((node.byte_range(), message.to_owned()));
        }
    }
}

/// Whether the line between two tokens is continued by a backslash.
fn continued(between: &str) -> bool {
    between.trim_start_matches([' ', '\t']).starts_with('\\')
}

/// The texts within `node`, if it binds a name that suggests a secret.
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

/// The named children of a node, without comments.
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
    fn look_over_accepts_python_2() {
        let text = "print x\nprint >>f, 'a', b\nexec 'x=1'\nA = 0666 + 0x1FL + 10L\nB = ur'\\S+'\nC = `A`\nD = 1 <> 2\n\
                    try:\n    import foo\nexcept ImportError, err:\n    pass\nraise ValueError, 'x'\n";
        let found = look_over(&parse(text).unwrap(), text);
        assert_eq!(found.errors, []);
    }

    #[test]
    fn look_over_reports_errors_and_reads_the_rest() {
        let text = "a = 1\nb = = 2 # one\nc = 3\n";
        let tree = parse(text).unwrap();
        let found = look_over(&tree, text);
        assert_eq!(found.errors.len(), 1, "{found:?}");
        assert_eq!(text.get(..found.errors[0].0.start).unwrap().lines().count(), 2);
        assert_eq!(found.comments.first(), Some(&(14..19)));
        assert!(children(tree.root_node()).count() >= 2);
    }
}
