//! How names are bound and found in a scope.

use std::rc::Rc;

use super::frame::Frame;
use super::value::{Item, TOO_DEEP, Val};
use super::world::{Binding, World};
use crate::farm::Span;

/// The built-in names that have a meaning here.
const BUILT_IN: &str = "str unicode int long float bool bytes len range xrange object type dict list tuple set open \
                        property super setattr getattr hasattr isinstance issubclass dir sorted reversed enumerate \
                        zip map eval execfile compile globals locals vars reload __import__";

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
