//! Where in the files statements are followed.

use std::collections::HashMap;
use std::rc::Rc;

use tree_sitter::Node;

use super::value::Item;
use crate::farm::Span;

/// The place in the files at which statements are followed.
pub(super) struct Frame {
    pub(super) module: usize,
    /// The class whose body it is, if it is one.
    pub(super) class: Option<usize>,
    /// Variables of comprehensions, the innermost last.
    pub(super) locals: Vec<HashMap<String, Item>>,
    /// Whether `'…'` is text: `from __future__ import unicode_literals`.
    pub(super) unicode_literals: bool,
    /// Whether `1 / 2` is a half: `from __future__ import division`.
    pub(super) division: bool,
    text: Rc<str>,
    start: usize,
}

impl Frame {
    pub(super) fn new(module: usize, text: Rc<str>, start: usize) -> Frame {
        Frame {
            module,
            class: None,
            locals: Vec::new(),
            unicode_literals: false,
            division: false,
            text,
            start,
        }
    }

    /// The place of a node among all files.
    pub(super) fn span(&self, node: Node<'_>) -> Span {
        self.start + node.start_byte()..self.start + node.end_byte()
    }

    /// The text of a node.
    pub(super) fn text(&self, node: Node<'_>) -> &str {
        self.text.get(node.byte_range()).unwrap_or_default()
    }

    /// The text between two offsets of the file.
    pub(super) fn between(&self, start: usize, end: usize) -> &str {
        self.text.get(start..end).unwrap_or_default()
    }
}
