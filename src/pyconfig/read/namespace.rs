//! The names of modules and classes.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::value::{Item, Unknown};
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
    /// Names that such code mentions, and whether it binds them.
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
    /// Attributes that its methods change on an object; `*`: any attribute.
    pub(super) by_methods: BTreeMap<String, Span>,
    /// The parameter of `__init__` that becomes `self.name`, and its position.
    pub(super) named_by: Option<(usize, String)>,
    /// Whether a metaclass, or a method like one, changes this class and its subclasses.
    pub(super) meta: bool,
    /// The span of its name.
    pub(super) span: Span,
}
