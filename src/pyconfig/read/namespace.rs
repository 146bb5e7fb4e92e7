//! The names of modules and classes, and the scope in which statements are followed.

use std::collections::{BTreeMap, HashSet};
use std::rc::Rc;

use tree_sitter::Node;

use super::value::{Item, Unknown, Val};
use crate::farm::Span;

/// What a name stands for.
#[derive(Debug, Clone)]
pub(super) struct Binding {
    pub(super) item: Item,
    /// The span of the name.
    pub(super) key: Span,
}

/// Where names are bound.
#[derive(Debug, Clone, Copy)]
pub(super) enum Space {
    Module(usize),
    Class(usize),
}

/// The names of a module or class.
#[derive(Debug, Default)]
pub(super) struct Namespace {
    pub(super) names: BTreeMap<String, Binding>,
    /// Why there may be other names, which are not known.
    pub(super) open: Option<Rc<Unknown>>,
    /// Why each name is unknown for good: code that is not followed has the module or class.
    pub(super) lost: Option<Rc<Unknown>>,
    /// Names that functions mention, and whether they bind them.
    pub(super) watched: BTreeMap<String, (Rc<Unknown>, bool)>,
}

/// A class.
#[derive(Debug)]
pub(super) struct Class {
    /// The name; the whole dotted name if the class is not among the files.
    pub(super) name: String,
    pub(super) space: Namespace,
    /// The class itself and those that it inherits from, in the order of Python's lookups.
    pub(super) order: Vec<usize>,
    /// Where the names of its methods stand.
    pub(super) methods: HashSet<usize>,
    /// The names of methods that its methods call.
    pub(super) calls: HashSet<String>,
    /// Attributes that its methods change on an object; `*`: any attribute.
    pub(super) by_methods: BTreeMap<String, Span>,
    /// The parameter of `__init__` that becomes `self.name`, and its position.
    pub(super) named_by: Option<(usize, String)>,
    /// Whether a metaclass, or a method like one, changes this class and its subclasses.
    pub(super) meta: bool,
    /// Whether it derives from `object`, as all classes of Python 3 do.
    pub(super) new_style: bool,
    /// The span of its name.
    pub(super) span: Span,
}

/// The scope in which statements are followed.
pub(super) struct Frame {
    pub(super) module: usize,
    /// The class whose body is followed, if it is one.
    pub(super) class: Option<usize>,
    /// Whether `'…'` is text: `from __future__ import unicode_literals`.
    pub(super) unicode_literals: bool,
    /// Whether `1 / 2` is a half: `from __future__ import division`.
    pub(super) division: bool,
    /// Whether the file is UTF-8, so that its byte strings are.
    pub(super) utf8: bool,
    pub(super) text: Rc<str>,
    pub(super) start: usize,
}

impl Binding {
    /// A name that stands for nothing that is known.
    pub(super) fn unknown(unknown: &Rc<Unknown>, key: Span) -> Binding {
        Binding { item: Item::new(Val::Unknown(Rc::clone(unknown)), unknown.span.clone()), key }
    }
}

impl Namespace {
    /// What a name stands for.
    pub(super) fn get(&self, name: &str) -> Option<Binding> {
        let open = || Some(Binding::unknown(self.open.as_ref()?, self.open.as_ref()?.span.clone()));
        self.names.get(name).cloned().or_else(open)
    }

    /// Makes all names unknown for good and returns their values. A class stays: its own names are made unknown, too.
    pub(super) fn lose(&mut self, unknown: &Rc<Unknown>) -> Vec<Val> {
        if self.lost.is_some() {
            return Vec::new();
        }
        (self.open, self.lost) = (Some(Rc::clone(unknown)), Some(Rc::clone(unknown)));
        let lost = |binding: &mut Binding| match &binding.item.val {
            Val::Class(class) => Val::Class(*class),
            _ => std::mem::replace(&mut binding.item.val, Val::Unknown(Rc::clone(unknown))),
        };
        self.names.values_mut().map(lost).collect()
    }
}

impl Frame {
    /// The span of a node among all files.
    pub(super) fn span(&self, node: Node<'_>) -> Span {
        self.start + node.start_byte()..self.start + node.end_byte()
    }

    /// The text of a node.
    pub(super) fn text(&self, node: Node<'_>) -> &str {
        self.text.get(node.byte_range()).unwrap_or_default()
    }

    /// The beginning of the text of a node, as messages show it.
    pub(super) fn shown(&self, node: Node<'_>) -> String {
        self.text(node).chars().take(60).collect()
    }

    /// Where names are bound.
    pub(super) fn space(&self) -> Space {
        self.class.map_or(Space::Module(self.module), Space::Class)
    }
}
