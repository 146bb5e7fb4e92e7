//! `import`: modules of the configuration's directory are read, all others are only known by name.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use tree_sitter::Node;

use super::database::OURS;
use super::namespace::{Binding, Frame, Space};
use super::syntax::children;
use super::value::{Item, Unknown, Val};
use super::world::World;
use crate::farm::Span;

/// Modules that every Python has. An import of another one may fail.
const STANDARD: &str = "os os.path sys re time datetime socket string logging random copy glob tempfile types functools \
                        itertools posixpath platform locale errno stat";

/// Parts of MoinMoin that every version has.
const ALWAYS: [&str; 4] =
    ["MoinMoin", "MoinMoin.config", "MoinMoin.config.multiconfig", "moin.config.default"];

impl World<'_> {
    /// `None` if the import fails.
    pub(super) fn import(&mut self, node: Node<'_>, frame: &mut Frame) -> Option<()> {
        let mut cursor = node.walk();
        let names: Vec<Node<'_>> = node.children_by_field_name("name", &mut cursor).collect();
        match node.kind() {
            "import_statement" => names.into_iter().try_for_each(|name| self.import_module(name, frame)),
            "import_from_statement" => self.import_from(node, &names, frame),
            _ => {
                for name in children(node) {
                    frame.unicode_literals |= frame.text(name) == "unicode_literals";
                    frame.division |= frame.text(name) == "division";
                }
                Some(())
            }
        }
    }

    /// `import a.b` binds `a`; `import a.b as c` binds `c` to the whole. `None` if the import fails.
    fn import_module(&mut self, name: Node<'_>, frame: &mut Frame) -> Option<()> {
        let (dotted, alias) = parts(name);
        let (whole, key) = (dotted_name(dotted, frame), frame.span(dotted));
        let mut val = self.found(&whole, 0, &key, frame.module);
        self.succeeds(&val, &whole, None, &key, frame)?;
        let first = whole.split('.').next().unwrap_or_default();
        if alias.is_none() && first != whole {
            val = self.found(first, 0, &key, frame.module);
        }
        if let Val::Module(module) = val {
            self.cycle(module, &key);
        }
        let bound = alias.map_or(first, |alias| frame.text(alias));
        self.put(frame.space(), bound, Binding { item: Item::new(val, key.clone()), key });
        Some(())
    }

    /// `None` if the import fails.
    fn import_from(&mut self, node: Node<'_>, names: &[Node<'_>], frame: &mut Frame) -> Option<()> {
        let from = node.child_by_field_name("module_name")?;
        let (text, span) = (dotted_name(from, frame), frame.span(from));
        let module = text.trim_start_matches('.');
        let level = text.len() - module.len();
        let base = self.found(module, level, &span, frame.module);
        let wanted: Vec<&str> = names.iter().map(|name| frame.text(parts(*name).0)).collect();
        self.succeeds(&base, module, Some(&wanted), &span, frame)?;
        if children(node).any(|child| child.kind() == "wildcard_import") {
            self.import_all(module, &base, &span, frame);
        }
        for name in names {
            let (name, alias) = parts(*name);
            let (wanted, name_span) = (frame.text(name), frame.span(name));
            let val = match &base {
                Val::Module(id) => match self.of_module(*id, wanted, module, level, &name_span, frame) {
                    None if self.trying.is_some() => return None,
                    val => val.unwrap_or_else(|| {
                        Val::unknown(&name_span, format!("{module} does not bind {wanted}"))
                    }),
                },
                Val::Outside(outside) => self.outside(outside, wanted, &name_span),
                other => other.clone(),
            };
            let bound = alias.unwrap_or(name);
            let binding = Binding { item: Item::new(val, name_span), key: frame.span(bound) };
            self.put(frame.space(), frame.text(bound), binding);
        }
        Some(())
    }

    /// `None` if an import inside a `try` fails: the module would be beside the configuration and is not. Where that is
    /// not certain, it is a doubt.
    fn succeeds(
        &mut self,
        val: &Val,
        module: &str,
        names: Option<&[&str]>,
        span: &Span,
        frame: &Frame,
    ) -> Option<()> {
        let Some(trying) = self.trying else { return Some(()) };
        let root = module.split('.').next().unwrap_or_default();
        let standard = STANDARD.split(' ').any(|it| it == module);
        let ours = OURS.contains(&root) || matches!(root, "MoinMoin" | "moin");
        // Which names a module has depends on its version.
        let names_known = names.is_none_or(|names| names == ["DefaultConfig"]);
        let nested = trying != frame.module;
        let known = match val {
            Val::Module(id) => self.modules.get(*id).is_some_and(|module| module.space.lost.is_none()),
            // The `except` clause is meant for the file that imports this one.
            _ if nested => standard || ours,
            _ => (standard || ALWAYS.contains(&module)) && names_known,
        };
        if known {
            return Some(());
        }
        let beside = names.is_some() && root == module && self.search.is_none() && !standard && !ours;
        if beside && matches!(val, Val::Outside(_)) {
            let note = format!("the module {module} is taken to be absent: there is no {module}.py");
            self.assumed.push((span.clone(), note));
            return None;
        }
        self.doubts += 1;
        (!nested).then_some(())
    }

    /// A name of a module that was read: what it binds, or else a module below it.
    fn of_module(
        &mut self,
        id: usize,
        wanted: &str,
        module: &str,
        level: usize,
        span: &Span,
        frame: &Frame,
    ) -> Option<Val> {
        if let Some(binding) = self.modules.get(id).and_then(|module| module.space.get(wanted)) {
            return Some(binding.item.val);
        }
        let below = if module.is_empty() { wanted.to_owned() } else { format!("{module}.{wanted}") };
        if let below @ Val::Module(_) = self.found(&below, level, span, frame.module) {
            return Some(below);
        }
        self.cycle(id, span);
        None
    }

    /// `from X import *`.
    fn import_all(&mut self, module: &str, base: &Val, span: &Span, frame: &Frame) {
        let from = if let Val::Module(id) = base { self.modules.get(*id).map(|it| &it.space) } else { None };
        let why = match from {
            None => Some(format!("it may come from {module}, which is not among the files")),
            Some(from) => from.names.get("__all__").map(|_| format!("{module} lists its names in __all__")),
        };
        let root = module.split('.').next().unwrap_or_default();
        let known = STANDARD.split(' ').any(|it| it == root) || matches!(root, "MoinMoin" | "moin");
        let plain = known || (why.is_none() && from.is_some_and(|from| from.lost.is_none()));
        let open = why.map(|why| Rc::new(Unknown { span: span.clone(), why }));
        let open = open.or_else(|| from?.open.clone());
        let public = from.into_iter().flat_map(|from| &from.names).filter(|(name, _)| !name.starts_with('_'));
        let all: Vec<(String, Binding)> = public.map(|(name, it)| (name.clone(), it.clone())).collect();
        match (self.namespace(frame.space()), open) {
            (Some(space), Some(open)) if plain => space.open = Some(open),
            // It may bind every name again.
            (Some(space), Some(open)) => drop(space.lose(&open)),
            _ => {}
        }
        all.into_iter().for_each(|(name, binding)| self.put(frame.space(), &name, binding));
    }

    /// The module of that name, seen from the module that imports it: beside it, or in the configuration's directory.
    pub(super) fn found(&mut self, dotted: &str, level: usize, span: &Span, by: usize) -> Val {
        let outside = Val::Outside(Rc::from(dotted));
        let root = dotted.split('.').next().unwrap_or_default();
        // In a source tree MoinMoin itself is beside the configuration. It and wikifarm's own modules are known by name.
        if level == 0 && (matches!(root, "MoinMoin" | "moin") || OURS.contains(&root)) {
            return outside;
        }
        let plain = |part: &str| !part.is_empty() && part.chars().all(|c| c == '_' || c.is_alphanumeric());
        if dotted.len() > 200 || !(dotted.is_empty() && level > 0 || dotted.split('.').all(plain)) {
            return outside;
        }
        let Some(importer) = self.modules.get(by) else { return outside };
        let beside = importer.path.parent().unwrap_or(Path::new("")).to_owned();
        let directories = match level {
            // Python 3 does not look beside a module in a package.
            0 if self.python_3 => vec![self.root.clone()],
            0 if beside == self.root => vec![beside],
            0 => vec![beside, self.root.clone()],
            // One dot is the directory itself, each more is one up. What is outside is not read.
            _ => vec![beside.ancestors().nth(level - 1).unwrap_or(&beside).to_owned()],
        };
        let parts: Vec<&str> = dotted.split('.').filter(|part| !part.is_empty()).collect();
        for directory in directories {
            if let Some(module) = self.found_in(directory, &parts, span) {
                let module = Val::Module(module);
                return self.search.as_ref().map_or(module, |why| Val::Unknown(Rc::clone(why)));
            }
        }
        outside
    }

    /// The module below a directory. Python imports the packages above it first.
    fn found_in(&mut self, mut at: PathBuf, parts: &[&str], span: &Span) -> Option<usize> {
        if parts.is_empty() {
            return self.module("", &at.join("__init__.py"), Some(span));
        }
        let mut package = None;
        for (count, part) in parts.iter().enumerate() {
            at.push(part);
            let (name, last) = (parts.get(..=count)?.join("."), count + 1 == parts.len());
            let known = self.modules.len();
            let mut found = self.module(&name, &at.join("__init__.py"), Some(span));
            if last && found.is_none() {
                found = self.module(&name, &at.with_extension("py"), Some(span));
            }
            // A package has a module by its name as soon as that is imported.
            if let (Some(package), Some(module)) = (package, found.filter(|module| *module >= known)) {
                let item = Item::new(Val::Module(module), span.clone());
                self.put(Space::Module(package), part, Binding { item, key: span.clone() });
            }
            if last || (found.is_none() && !self.python_3) {
                return found;
            }
            package = found;
        }
        None
    }
}

/// The name and the alias of what is imported.
fn parts<'tree>(name: Node<'tree>) -> (Node<'tree>, Option<Node<'tree>>) {
    let whole = name.child_by_field_name("name").filter(|_| name.kind() == "aliased_import");
    (whole.unwrap_or(name), name.child_by_field_name("alias"))
}

/// A dotted name without blanks.
fn dotted_name(name: Node<'_>, frame: &Frame) -> String {
    frame.text(name).chars().filter(|c| !c.is_whitespace()).collect()
}

/// The modules that a statement imports.
pub(super) fn modules_of(node: Node<'_>, frame: &Frame) -> Vec<String> {
    let mut cursor = node.walk();
    let field = if node.kind() == "import_statement" { "name" } else { "module_name" };
    let names = node.children_by_field_name(field, &mut cursor);
    names.map(|name| dotted_name(parts(name).0, frame)).collect()
}

/// The names that an import binds.
pub(super) fn imported(node: Node<'_>) -> Vec<Node<'_>> {
    let mut cursor = node.walk();
    let names = node.children_by_field_name("name", &mut cursor);
    names.map(|name| parts(name).1.or_else(|| children(name).next()).unwrap_or(name)).collect()
}
