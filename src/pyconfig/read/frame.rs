//! The scope in which statements are followed.

use std::rc::Rc;

use tree_sitter::Node;

use super::namespace::Space;
use crate::farm::Span;

/// The scope in which statements are followed.
pub(super) struct Frame {
    pub(super) module: usize,
    /// The class whose body is followed, if it is one.
    pub(super) class: Option<usize>,
    /// Whether `'…'` is text: `from __future__ import unicode_literals`.
    pub(super) unicode_literals: bool,
    /// Whether `1 / 2` is a half: `from __future__ import division`.
    pub(super) division: bool,
    /// Whether an `except` clause waits for an import that fails.
    pub(super) trying: bool,
    /// Whether the file is UTF-8, so that its byte strings are.
    pub(super) utf8: bool,
    text: Rc<str>,
    start: usize,
}

impl Frame {
    pub(super) fn new(module: usize, text: Rc<str>, start: usize, utf8: bool) -> Frame {
        let (unicode_literals, division, trying) = (false, false, false);
        Frame { module, class: None, unicode_literals, division, trying, utf8, text, start }
    }

    /// The span of a node among all files.
    pub(super) fn span(&self, node: Node<'_>) -> Span {
        self.start + node.start_byte()..self.start + node.end_byte()
    }

    /// The text of a node.
    pub(super) fn text(&self, node: Node<'_>) -> &str {
        self.between(node.start_byte(), node.end_byte())
    }

    /// The beginning of the text of a node, as messages show it.
    pub(super) fn shown(&self, node: Node<'_>) -> String {
        self.text(node).chars().take(60).collect()
    }

    /// The text between two offsets of the file.
    pub(super) fn between(&self, start: usize, end: usize) -> &str {
        self.text.get(start..end).unwrap_or_default()
    }

    /// Where names are bound.
    pub(super) fn space(&self) -> Space {
        self.class.map_or(Space::Module(self.module), Space::Class)
    }
}
