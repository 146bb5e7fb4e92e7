//! The scope in which statements are followed, and how names are bound and found in it.

use std::rc::Rc;

use tree_sitter::Node;

use super::value::{Item, TOO_DEEP, Val};
use super::world::{Binding, Space, World};
use crate::farm::Span;

/// The built-in names that have a meaning here.
const BUILT_IN: &str = "str unicode int long float bool bytes len range xrange object type dict list tuple set open \
                        property super setattr getattr hasattr isinstance issubclass dir sorted reversed enumerate \
                        zip map eval execfile compile globals locals vars reload __import__";

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

impl World<'_> {
    /// Binds a name.
    pub(super) fn bind(&mut self, name: &str, item: Item, key: Span, frame: &Frame) {
        self.put(frame.space(), name, Binding { item, key });
    }

    /// What a name stands for.
    pub(super) fn lookup(&self, name: &str, span: &Span, frame: &Frame) -> Val {
        let class = frame.class.and_then(|class| self.classes.get(class));
        let Some(module) = self.modules.get(frame.module) else { return Val::None };
        let own = class.and_then(|class| class.space.get(name));
        if let Some(binding) = own.or_else(|| module.space.names.get(name).cloned()) {
            return binding.item.val;
        }
        match (name, &module.space.open) {
            ("__file__", _) => {
                // Where Python has a relative name here, os.path.abspath would make it this.
                let path = std::path::absolute(&module.path).unwrap_or_else(|_| module.path.clone());
                let end = if self.python_3 { "" } else { super::paths::COMPILED };
                Val::text(format!("{}{end}", path.display()), self.python_3)
            }
            ("__name__", _) => Val::text(module.name.as_str(), self.python_3),
            _ if BUILT_IN.split(' ').any(|it| it == name) => Val::Outside(Rc::from(name)),
            (_, Some(open)) => Val::Unknown(Rc::clone(open)),
            (_, None) => Val::unknown(span, format!("the name {name} is not bound in the files")),
        }
    }

    /// A name of a module that is not among the files.
    pub(super) fn outside(&self, module: &str, name: &str, span: &Span) -> Val {
        match format!("{module}.{name}") {
            whole if whole.len() < 300 => Val::Outside(Rc::from(whole)),
            _ => Val::unknown(span, TOO_DEEP),
        }
    }
}
