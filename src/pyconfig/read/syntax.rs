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
pub(super) fn look_over(tree: &Tree, text: &str, python_3: bool) -> Findings {
    let mut found = Findings::default();
    let mut lines = Lines { text, python_3, ..Lines::default() };
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
                let line = text.get(..=node.start_byte()).and_then(|it| it.rsplit('\n').next());
                let within = line.is_some_and(|line| line.contains("<%") || line.ends_with("{#"));
                if !within && !shown.starts_with("{%") && !shown.starts_with("<%") {
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
    let mut bare = text.as_bytes().to_vec();
    for string in strings {
        bare.get_mut(string).into_iter().for_each(|string| string.fill(b' '));
    }
    found.template = template(&String::from_utf8_lossy(&bare));
    lines.finish();
    found.errors.extend(lines.error.map(|(span, message)| (span, message, REST)));
    if let Some(span) = &found.template {
        found.errors = vec![(span.clone(), TEMPLATE.to_owned(), "import the rendered file")];
    }
    found.errors.truncate(MOST_ERRORS);
    found
}

/// The first marker of Jinja, ERB, or a shell template: `{{ name }}`, `{% if %}`, `{# note #}`, `<%= name %>`, `${NAME}`.
pub(super) fn template(text: &str) -> Option<Span> {
    // `'{{}}'.format()` gives braces.
    let text = text.replace("{{}}", "    ");
    let markers = [("{{", "}}"), ("{%", "%}"), ("{#", "#}"), ("<%", "%>"), ("${", "}")];
    let found = markers.into_iter().filter_map(|(open, close)| {
        let start = text.find(open)?;
        let inner = text.get(start + open.len()..)?;
        let end = inner.find(close)?;
        let shown = if inner.get(..end)?.contains('\n') { 0 } else { end + close.len() };
        Some(start..start + open.len() + shown)
    });
    found.min_by_key(|span| span.start)
}

/// Indentation, checked line by line as Python does.
#[derive(Default)]
struct Lines<'a> {
    text: &'a str,
    python_3: bool,
    /// The columns of the open blocks, with a tab as 8 and as 1.
    columns: Vec<(usize, usize)>,
    /// How many brackets are open.
    brackets: usize,
    /// Where the last token ended, and whether it opens a block.
    end: usize,
    opens: bool,
    error: Option<(Span, String)>,
}

impl Lines<'_> {
    fn token(&mut self, node: Node<'_>) {
        if node.start_byte() == node.end_byte() {
            return;
        }
        let between = self.text.get(self.end..node.start_byte()).unwrap_or_default();
        let first = self.end == 0 || (between.contains('\n') && !continued(between));
        if first && self.brackets == 0 {
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

    /// A block that the end of the file leaves open.
    fn finish(&mut self) {
        if self.opens && self.error.is_none() {
            let message = "an indented block is missing behind this line".to_owned();
            self.error = Some((self.end.saturating_sub(1)..self.end, message));
        }
    }

    fn line(&mut self, node: Node<'_>) {
        let start = self.text.get(..node.start_byte()).map_or(0, |it| it.rfind('\n').map_or(0, |at| at + 1));
        let indent = self.text.get(start..node.start_byte()).unwrap_or_default();
        if !indent.chars().all(|c| matches!(c, ' ' | '\t' | '\u{c}' | '\u{feff}')) {
            return;
        }
        let (column, short) = indent.chars().fold((0, 0), |(column, short), c| match c {
            '\t' => ((column / 8 + 1) * 8, short + 1),
            ' ' => (column + 1, short + 1),
            _ => (0, 0),
        });
        if self.columns.is_empty() {
            self.columns.push((0, 0));
        }
        let deeper = self.columns.last().is_some_and(|(top, _)| column > *top);
        self.columns.retain(|(open, _)| *open <= column);
        let (open, open_short) = self.columns.last().copied().unwrap_or_default();
        if deeper {
            self.columns.push((column, short));
        }
        let message = match () {
            () if indent.contains(" \t") => "blanks before a tab indent this line",
            () if self.opens && !deeper => "an indented block is missing here",
            () if !self.opens && deeper => "this line is indented too far",
            () if column != open && !deeper => "the indentation of this line matches no open block",
            () if self.python_3 && column.cmp(&open) != short.cmp(&open_short) => {
                "tabs and blanks indent this line inconsistently"
            }
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
        let found = look_over(&parse(text).unwrap(), text, false);
        assert_eq!(found.errors, []);
    }

    #[test]
    fn template_finds_markers_of_any_text() {
        let markers = [
            "<%= @name %>",
            "<%=@a -%>",
            "{{ 'a' | upper }}",
            "{{ (a or b) }}",
            "{{\n a }}",
            "{# a #}",
            "${1}",
        ];
        for text in markers {
            assert_eq!(template(&format!("/srv/{text}/x")).map(|it| it.start), Some(5), "{text}");
        }
        for text in ["{}", "{{}}", "{0}", "$a", "a < %s", "{a: {b: 1}}", "%(a)s"] {
            assert_eq!(template(text), None, "{text}");
        }
    }

    #[test]
    fn look_over_names_the_line_of_a_marker() {
        let lines = [
            "a = <%= @x %>",
            "<% @wikis.each do |w| %>",
            "<% if a # note %>",
            "{#- c -#}",
            "# {% if x %}",
            "a = {{ x['y'] }}",
            "a = ${x}",
        ];
        for line in lines {
            let text = format!("b = '{{{{ x }}}}'\n{line}\nc = 1\n");
            let found = look_over(&parse(&text).unwrap(), &text, false);
            let start = found.template.unwrap_or_else(|| panic!("{line}")).start;
            assert_eq!(text.get(..start).unwrap().lines().count().max(2), 2, "{line}");
            assert_eq!(found.errors.len(), 1, "{line}");
        }
        let text = "d = {# a note\n 'a': 1} #}\n# as in ${HOME} or {{ x }}\n";
        assert_eq!(look_over(&parse(text).unwrap(), text, false).template, None);
    }

    #[test]
    fn look_over_reports_indentation_that_python_refuses() {
        let errors = |text: &str, python_3| {
            let found = look_over(&parse(text).unwrap(), text, python_3);
            found.errors.iter().map(|(_, message, _)| message.clone()).collect::<Vec<_>>().join(", ")
        };
        for head in ["class A:\n", "if 1:\n", "def f():  # f\n", "if 1:\n    # nothing\n"] {
            let missing = errors(&format!("{head}x = 1\n"), false);
            assert!(missing.contains("an indented block is missing here"), "{head}: {missing}");
            let at_end = errors(head, false);
            assert!(at_end.contains("an indented block is missing behind this line"), "{head}: {at_end}");
        }
        let mixed = "if 1:\n        a = 1\n\tb = 1\n";
        assert_eq!(errors(mixed, false), "");
        assert_eq!(errors(mixed, true), "tabs and blanks indent this line inconsistently");
        assert_eq!(errors("class A:\n    x = {\n'a': 1}\n    def f(self): pass\nif 1:\n\tpass\n", true), "");
    }

    #[test]
    fn look_over_reports_errors_and_reads_the_rest() {
        let text = "a = 1\nb = = 2 # one\nc = 3\n";
        let tree = parse(text).unwrap();
        let found = look_over(&tree, text, false);
        assert_eq!(found.errors.len(), 1, "{found:?}");
        assert_eq!(text.get(..found.errors[0].0.start).unwrap().lines().count(), 2);
        assert_eq!(found.comments.first(), Some(&(14..19)));
        assert!(children(tree.root_node()).count() >= 2);
    }
}
