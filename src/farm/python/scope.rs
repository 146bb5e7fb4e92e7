//! Where names are looked up and bound: comprehensions, the class under way, the module, the built-in names.

use std::collections::HashMap;
use std::rc::Rc;

use tree_sitter::Node;

use super::value::{Item, Val};
use super::world::{Binding, Namespace, World};
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

/// The built-in names that mean something here.
const BUILT_IN: [&str; 27] = [
    "str",
    "unicode",
    "bytes",
    "int",
    "long",
    "float",
    "bool",
    "list",
    "tuple",
    "dict",
    "len",
    "range",
    "xrange",
    "object",
    "setattr",
    "getattr",
    "locals",
    "globals",
    "vars",
    "sorted",
    "reversed",
    "enumerate",
    "zip",
    "eval",
    "execfile",
    "__import__",
    "compile",
];

impl World<'_> {
    /// The namespace in which the frame binds names.
    pub(super) fn names(&mut self, frame: &Frame) -> Option<&mut Namespace> {
        match frame.class {
            Some(class) => self.classes.get_mut(class).map(|class| &mut class.names),
            None => self.modules.get_mut(frame.module).map(|module| &mut module.names),
        }
    }

    /// Binds a name.
    pub(super) fn bind(&mut self, name: &str, item: Item, key: Span, frame: &Frame) {
        if let Some(names) = self.names(frame) {
            names.insert(name.to_owned(), Binding { item, key });
        }
    }

    /// What a name stands for.
    pub(super) fn lookup(&self, name: &str, span: &Span, frame: &Frame) -> Val {
        if let Some(item) = frame.locals.iter().rev().find_map(|locals| locals.get(name)) {
            return item.val.clone();
        }
        let own = frame.class.and_then(|class| self.classes.get(class)?.names.get(name));
        let module = self.modules.get(frame.module);
        if let Some(binding) = own.or_else(|| module?.names.get(name)) {
            return binding.item.val.clone();
        }
        if let Some(module) = module {
            match name {
                "__file__" => {
                    // Where Python has a relative name here, os.path.abspath would make it this.
                    let path = std::path::absolute(&module.path).unwrap_or_else(|_| module.path.clone());
                    return Val::text(path.display().to_string(), self.python_3);
                }
                "__name__" => return Val::text(module.name.as_str(), self.python_3),
                _ => {}
            }
            if let Some(wildcard) = &module.wildcard
                && !BUILT_IN.contains(&name)
            {
                return Val::unknown(
                    span,
                    format!("{name} may come from {wildcard}, which is not among the files"),
                );
            }
        }
        if BUILT_IN.contains(&name) {
            return Val::Outside(Rc::from(name));
        }
        Val::unknown(span, format!("the name {name} is not bound in the files"))
    }
}
