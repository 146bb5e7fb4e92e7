//! `import`: modules of the configuration's directory are read, all others are only known by name.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use tree_sitter::Node;

use super::database::OURS;
use super::frame::Frame;
use super::syntax::children;
use super::value::{Item, Val};
use super::world::{Binding, World};

impl World<'_> {
    pub(super) fn import(&mut self, node: Node<'_>, frame: &mut Frame) {
        match node.kind() {
            "import_statement" => {
                let mut cursor = node.walk();
                let names: Vec<Node<'_>> = node.children_by_field_name("name", &mut cursor).collect();
                names.into_iter().for_each(|name| self.import_module(name, frame));
            }
            "future_import_statement" => {
                for name in children(node) {
                    match frame.text(name) {
                        "unicode_literals" => frame.unicode_literals = true,
                        "division" => frame.division = true,
                        _ => {}
                    }
                }
            }
            _ => self.import_from(node, frame),
        }
    }

    /// `import a.b` binds `a`; `import a.b as c` binds `c` to the whole.
    fn import_module(&mut self, name: Node<'_>, frame: &mut Frame) {
        let (dotted, alias) = match name.kind() {
            "aliased_import" => (name.child_by_field_name("name"), name.child_by_field_name("alias")),
            _ => (Some(name), None),
        };
        let Some(dotted) = dotted else { return };
        let span = frame.span(dotted);
        let whole: String = frame.text(dotted).chars().filter(|c| !c.is_whitespace()).collect();
        let val = self.found(&whole, 0, &span, frame);
        let (bound, val) = match alias {
            Some(alias) => (frame.text(alias).to_owned(), val),
            None => {
                let first = whole.split('.').next().unwrap_or_default();
                let val = if first == whole { val } else { self.found(first, 0, &span, frame) };
                (first.to_owned(), val)
            }
        };
        self.bind(&bound, Item::new(val, span.clone()), span, frame);
    }

    fn import_from(&mut self, node: Node<'_>, frame: &mut Frame) {
        let Some(from) = node.child_by_field_name("module_name") else { return };
        let span = frame.span(from);
        let text: String = frame.text(from).chars().filter(|c| !c.is_whitespace()).collect();
        let module = text.trim_start_matches('.').to_owned();
        let level = text.len() - module.len();
        let base = self.found(&module, level, &span, frame);
        if children(node).any(|child| child.kind() == "wildcard_import") {
            self.import_all(&module, &base, frame);
            return;
        }
        let mut cursor = node.walk();
        let names: Vec<Node<'_>> = node.children_by_field_name("name", &mut cursor).collect();
        for name in names {
            let (name, alias) = match name.kind() {
                "aliased_import" => (name.child_by_field_name("name"), name.child_by_field_name("alias")),
                _ => (Some(name), None),
            };
            let Some(name) = name else { continue };
            let key = frame.span(alias.unwrap_or(name));
            let bound = frame.text(alias.unwrap_or(name)).to_owned();
            let wanted = frame.text(name).to_owned();
            let item = match &base {
                Val::Module(id) => self.of_module(*id, &wanted, &module, level, &frame.span(name), frame),
                Val::Outside(outside) => outside_item(outside, &wanted, &frame.span(name)),
                other => Item::new(other.clone(), span.clone()),
            };
            self.bind(&bound, item, key, frame);
        }
    }

    /// A name of a module that was read: what it binds, or else a module below it.
    fn of_module(
        &mut self,
        id: usize,
        wanted: &str,
        module: &str,
        level: usize,
        span: &std::ops::Range<usize>,
        frame: &Frame,
    ) -> Item {
        if let Some(binding) = self.modules.get(id).and_then(|module| module.names.get(wanted)) {
            return binding.item.clone();
        }
        let below = if module.is_empty() { wanted.to_owned() } else { format!("{module}.{wanted}") };
        if let Val::Module(below) = self.found(&below, level, span, frame) {
            return Item::new(Val::Module(below), span.clone());
        }
        let why = match self.modules.get(id).and_then(|module| module.wildcard.clone()) {
            Some(wildcard) => format!("{wanted} may come from {wildcard}, which is not among the files"),
            None => format!("{module} does not bind {wanted}"),
        };
        Item::new(Val::unknown(span, why), span.clone())
    }

    /// `from X import *`.
    fn import_all(&mut self, module: &str, base: &Val, frame: &mut Frame) {
        match base {
            Val::Module(id) => {
                let Some(from) = self.modules.get(*id) else { return };
                let wildcard = from.wildcard.clone();
                let public = from.names.iter().filter(|(name, _)| !name.starts_with('_'));
                let all: Vec<(String, Binding)> =
                    public.map(|(name, it)| (name.clone(), it.clone())).collect();
                if let Some(into) = self.modules.get_mut(frame.module) {
                    into.wildcard = wildcard.or_else(|| into.wildcard.take());
                }
                if let Some(names) = self.names(frame) {
                    names.extend(all);
                }
            }
            _ => {
                if let Some(into) = self.modules.get_mut(frame.module) {
                    into.wildcard = Some(module.to_owned());
                }
            }
        }
    }

    /// The module of that name, seen from the module that imports it: beside it, or in the directory of the configuration.
    pub(super) fn found(
        &mut self,
        dotted: &str,
        level: usize,
        span: &std::ops::Range<usize>,
        frame: &Frame,
    ) -> Val {
        let outside = || Val::Outside(Rc::from(dotted));
        // In a source tree MoinMoin itself lies beside the configuration: it is no part of that. Nor are wikifarm's own
        // modules for MoinMoin, which are known by name.
        let known = |root: &str| matches!(root, "MoinMoin" | "moin") || OURS.contains(&root);
        if level == 0 && dotted.split('.').next().is_some_and(known) {
            return outside();
        }
        let plain = |part: &str| !part.is_empty() && part.chars().all(|c| c == '_' || c.is_alphanumeric());
        if dotted.len() > 200 || !(dotted.is_empty() && level > 0 || dotted.split('.').all(plain)) {
            return outside();
        }
        let Some(importer) = self.modules.get(frame.module).map(|module| module.path.clone()) else {
            return outside();
        };
        let beside = importer.parent().map(Path::to_owned).unwrap_or_default();
        let root = self.modules.first().and_then(|first| first.path.parent()).map(Path::to_owned);
        let directories: Vec<PathBuf> = if level > 0 {
            // One dot is the directory itself, each more is one up; the reader refuses what lies outside.
            vec![beside.ancestors().nth(level - 1).map(Path::to_owned).unwrap_or(beside)]
        } else {
            std::iter::once(beside.clone()).chain(root.filter(|root| *root != beside)).collect()
        };
        for directory in directories {
            let mut path = directory.clone();
            let parts: Vec<&str> = dotted.split('.').filter(|part| !part.is_empty()).collect();
            path.extend(&parts);
            for candidate in [path.with_extension("py"), path.join("__init__.py")] {
                if parts.is_empty()
                    && candidate.extension() == Some("py".as_ref())
                    && !candidate.ends_with("__init__.py")
                {
                    continue;
                }
                if let Some(module) = self.module(dotted, &candidate, Some(span)) {
                    return Val::Module(module);
                }
            }
        }
        outside()
    }
}

/// A name of a module that is not among the files.
pub(super) fn outside_item(outside: &str, name: &str, span: &std::ops::Range<usize>) -> Item {
    let val = match outside.len() + name.len() {
        ..300 => Val::Outside(Rc::from(format!("{outside}.{name}"))),
        _ => Val::unknown(span, super::value::TOO_DEEP),
    };
    Item::new(val, span.clone())
}
