//! How names are bound and found in a scope.

use std::rc::Rc;

use super::frame::Frame;
use super::value::{Item, Val};
use super::world::{Binding, Namespace, World};
use crate::farm::Span;

/// The built-in names that have a meaning here.
const BUILT_IN: [&str; 38] = [
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
    "set",
    "len",
    "range",
    "xrange",
    "object",
    "type",
    "property",
    "setattr",
    "getattr",
    "hasattr",
    "isinstance",
    "issubclass",
    "locals",
    "globals",
    "vars",
    "dir",
    "sorted",
    "reversed",
    "enumerate",
    "zip",
    "map",
    "eval",
    "execfile",
    "reload",
    "__import__",
    "compile",
    "super",
    "open",
];

impl World<'_> {
    /// The namespace in which the frame binds names.
    pub(super) fn space(&mut self, frame: &Frame) -> Option<&mut Namespace> {
        match frame.class {
            Some(class) => self.classes.get_mut(class).map(|class| &mut class.space),
            None => self.modules.get_mut(frame.module).map(|module| &mut module.space),
        }
    }

    /// Binds a name.
    pub(super) fn bind(&mut self, name: &str, item: Item, key: Span, frame: &Frame) {
        let space = if frame.globals.iter().any(|global| global == name) {
            self.modules.get_mut(frame.module).map(|module| &mut module.space)
        } else {
            self.space(frame)
        };
        if let Some(space) = space {
            space.names.insert(name.to_owned(), Binding { item, key });
        }
    }

    /// What a name stands for.
    pub(super) fn lookup(&self, name: &str, span: &Span, frame: &Frame) -> Val {
        let class = frame.class.and_then(|class| self.classes.get(class));
        let module = self.modules.get(frame.module);
        let own = class.and_then(|class| class.space.get(name));
        if let Some(binding) = own.or_else(|| module?.space.names.get(name).cloned()) {
            return binding.item.val;
        }
        match (name, module) {
            ("__file__", Some(module)) => {
                // Where Python has a relative name here, os.path.abspath would make it this.
                let path = std::path::absolute(&module.path).unwrap_or_else(|_| module.path.clone());
                let end = if self.python_3 { "" } else { super::paths::COMPILED };
                return Val::text(format!("{}{end}", path.display()), self.python_3);
            }
            ("__name__", Some(module)) => return Val::text(module.name.as_str(), self.python_3),
            _ if BUILT_IN.contains(&name) => return Val::Outside(Rc::from(name)),
            _ => {}
        }
        match module.and_then(|module| module.space.get(name)) {
            Some(binding) => binding.item.val,
            None => Val::unknown(span, format!("the name {name} is not bound in the files")),
        }
    }

    /// A name of a module that is not among the files.
    pub(super) fn outside(&self, module: &str, name: &str, span: &Span) -> Val {
        let whole = format!("{module}.{name}");
        match whole.len() {
            ..300 => Val::Outside(Rc::from(whole)),
            _ => Val::unknown(span, super::value::TOO_DEEP),
        }
    }
}
