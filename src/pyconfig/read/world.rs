//! The modules of a configuration while its files are read.
//!
//! The statements of a module are followed once, in their order, as Python does when it imports the module. Names are in
//! namespaces.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::decode;
use super::files::Files;
pub(super) use super::namespace::{Binding, Namespace, Space};
use super::namespace::{Class, Frame};
use super::syntax::{self, children};
use super::value::{TOO_DEEP, Unknown, Val};
use crate::farm::{Problem, Source, Span};
use crate::moin::{Behavior, Version};

/// How many expressions and statements are followed in all. A farm of 2,000 wikis needs some 100,000.
const MOST_STEPS: usize = 1_000_000;

/// How deep expressions, blocks, and imports may nest.
const DEEPEST: usize = 120;

/// How many modules may import each other in a row.
const MOST_NESTED_MODULES: usize = 24;

/// A module: a file that was read.
#[derive(Debug)]
pub(super) struct Module {
    /// The name that Python knows the module by.
    pub(super) name: String,
    pub(super) path: PathBuf,
    pub(super) space: Namespace,
    /// The offset of its text among all files.
    pub(super) start: usize,
}

/// Everything that was read.
pub(super) struct World<'a> {
    pub(super) files: &'a mut dyn Files,
    pub(super) source: Source,
    pub(super) problems: Vec<Problem>,
    pub(super) modules: Vec<Module>,
    pub(super) classes: Vec<Class>,
    by_path: HashMap<PathBuf, Option<usize>>,
    /// The modules that are being followed, the innermost last.
    pub(super) stack: Vec<usize>,
    /// Whether the files are for Python 3, as those of MoinMoin 2.
    pub(super) python_3: bool,
    version_known: bool,
    /// Expressions whose value another machine or user could see differently.
    pub(super) assumed: Vec<(Span, String)>,
    /// The texts of passwords and keys.
    pub(super) secrets: Vec<Span>,
    /// Why the main file can't be used.
    pub(super) refused: Option<String>,
    /// Why another module may be found than the one among the files: where they change `sys.path`.
    pub(super) search: Option<Rc<Unknown>>,
    /// Why nothing is known for good: code may reach everything.
    pub(super) lost: Option<Rc<Unknown>>,
    /// How often something was not followed: a `try` compares the count before and after its body.
    pub(super) doubts: usize,
    /// Whether the files change a module that is not among them, such as `os.path`.
    pub(super) patched: bool,
    /// Names of MoinMoin that code which is not followed has.
    pub(super) changed: HashMap<Rc<str>, Rc<Unknown>>,
    /// The module in which an `except` clause waits for an import that fails.
    pub(super) trying: Option<usize>,
    /// Whether several wikis share what the files make: in which order MoinMoin imports them is not known.
    pub(super) shared: bool,
    /// The directory of the configuration.
    pub(super) root: PathBuf,
    steps: usize,
    depth: usize,
}

impl<'a> World<'a> {
    pub(super) fn new(files: &'a mut dyn Files, source: Source, moin: Option<Version>) -> World<'a> {
        let mut world = World {
            files,
            source,
            problems: Vec::new(),
            modules: Vec::new(),
            classes: Vec::new(),
            by_path: HashMap::new(),
            stack: Vec::new(),
            python_3: moin.is_some_and(|moin| moin.behavior() >= Behavior::V2),
            version_known: moin.is_some(),
            assumed: Vec::new(),
            secrets: Vec::new(),
            refused: None,
            search: None,
            lost: None,
            doubts: 0,
            patched: false,
            changed: HashMap::new(),
            trying: None,
            shared: false,
            root: PathBuf::new(),
            steps: 0,
            depth: 0,
        };
        world.new_class("DefaultConfig", 0..0, Vec::new());
        world
    }

    /// Goes one level deeper, unless that is too deep or too much in all. Each `enter` that succeeds has its `leave`.
    pub(super) fn enter(&mut self) -> Result<(), &'static str> {
        self.steps += 1;
        if self.steps > MOST_STEPS {
            return Err("there is too much to compute");
        }
        if self.depth >= DEEPEST {
            return Err(TOO_DEEP);
        }
        self.depth += 1;
        Ok(())
    }

    pub(super) fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    pub(super) fn namespace(&mut self, space: Space) -> Option<&mut Namespace> {
        match space {
            Space::Module(module) => self.modules.get_mut(module).map(|module| &mut module.space),
            Space::Class(class) => self.classes.get_mut(class).map(|class| &mut class.space),
        }
    }

    /// Binds a name. The value is lost if code that is not followed has it by this name.
    pub(super) fn put(&mut self, at: Space, name: &str, mut binding: Binding) {
        let all = self.lost.clone();
        let Some(space) = self.namespace(at) else { return };
        let lost = all.or_else(|| space.lost.clone()).map(|unknown| (unknown, true));
        let lost = lost.or_else(|| space.watched.get(name).cloned());
        let val = binding.item.val.clone();
        if let (Some((unknown, true)), false) = (&lost, matches!(val, Val::Class(_))) {
            binding.item.val = Val::Unknown(Rc::clone(unknown));
        }
        space.names.insert(name.to_owned(), binding);
        if let Some((unknown, _)) = lost {
            self.lose(&val, &unknown);
        }
    }

    /// Reads the module at `path` and follows its statements, unless that was done before. `by` is the import.
    ///
    /// `None` if there is no such file or it can't be used; the reason is then a problem.
    pub(super) fn module(&mut self, name: &str, path: &Path, by: Option<&Span>) -> Option<usize> {
        if let Some(known) = self.by_path.get(path) {
            return *known;
        }
        let bytes = match self.files.read(path) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return None,
            Err(why) => return self.unusable(path, by, &why),
        };
        let text = match decode::decode(&bytes) {
            Ok(text) => text,
            Err(why) => return self.unusable(path, by, &why),
        };
        if self.stack.len() >= MOST_NESTED_MODULES {
            return self.unusable(path, by, "too many modules import each other");
        }
        let Some(tree) = syntax::parse(&text) else {
            return self.unusable(path, by, "it is too ambiguous to parse");
        };
        let mut code = children(tree.root_node()).filter_map(|it| text.get(it.byte_range()));
        self.python_3 |= !self.version_known
            && code.any(|it| ["from moin.", "from moin ", "import moin"].iter().any(|of| it.starts_with(of)));
        let utf8 = decode::is_utf8(&bytes);
        let kept = (text.as_bytes() != bytes).then_some(bytes);
        let start = self.source.add(path.to_owned(), text.clone(), kept);
        let shift = |span: Span| start + span.start..start + span.end;
        let found = syntax::look_over(&tree, &text, self.python_3);
        for (span, message, help) in found.errors {
            self.problems.push(Problem::new("python-syntax", shift(span), message).help(help));
        }
        self.secrets.extend(found.secrets.into_iter().map(shift));
        for span in found.comments {
            let said = text.get(span.clone()).unwrap_or_default().trim_end_matches('\r').len();
            self.source.add_comment(start + span.start..start + span.start + said);
        }
        let module = self.modules.len();
        let (name, path) = (name.to_owned(), path.to_owned());
        self.by_path.insert(path.clone(), Some(module));
        self.modules.push(Module { name, path, space: Namespace::default(), start });
        self.stack.push(module);
        let (text, class) = (Rc::from(text), None);
        let (unicode_literals, division) = (false, false);
        let mut frame = Frame { module, class, unicode_literals, division, utf8, text, start };
        let end = self.block(tree.root_node(), &mut frame);
        self.stack.pop();
        if end.is_err() {
            let why = "the import of its file may fail".to_owned();
            let unknown = Rc::new(Unknown { span: by.cloned().unwrap_or(start..start), why });
            self.modules.get_mut(module).map(|module| module.space.lose(&unknown));
        }
        // Of a template nothing is known but the names of its classes.
        if let Some(span) = found.template {
            let unknown = Rc::new(Unknown { span: shift(span), why: syntax::TEMPLATE.to_owned() });
            let own = |class: &&mut Class| class.span.start >= start;
            self.classes.iter_mut().filter(own).for_each(|class| drop(class.space.lose(&unknown)));
            self.modules.get_mut(module).map(|module| module.space.lose(&unknown));
        }
        Some(module)
    }

    fn unusable(&mut self, path: &Path, by: Option<&Span>, why: &str) -> Option<usize> {
        self.by_path.insert(path.to_owned(), None);
        if self.modules.is_empty() {
            self.refused = Some(why.to_owned());
        }
        let message = format!("can't read {}: {why}", path.display());
        self.problems.push(Problem::new("python-syntax", by.cloned().unwrap_or(0..0), message));
        None
    }

    /// Reports that a module imports one that is still being followed, and so has not bound all its names yet.
    pub(super) fn cycle(&mut self, module: usize, by: &Span) {
        let Some(from) = self.stack.iter().position(|running| *running == module) else { return };
        let around = self.stack.iter().skip(from).chain([&module]);
        let names: Vec<&str> =
            around.filter_map(|module| Some(self.modules.get(*module)?.name.as_str())).collect();
        let message = format!("these modules import each other: {}", names.join(" -> "));
        let problem = Problem::new("import-cycle", by.clone(), message);
        let help = "a module has no names yet that it binds after such an import: move what both need into a third module";
        self.problems.push(Problem { fatal: false, ..problem.help(help) });
    }
}
