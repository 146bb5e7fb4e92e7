//! Where names are looked up and bound: comprehensions, the class under way, the module, the built-in names.

use std::rc::Rc;

use super::frame::Frame;
use super::value::{Item, Val};
use super::world::{Binding, Namespace, World};
use crate::farm::Span;

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
