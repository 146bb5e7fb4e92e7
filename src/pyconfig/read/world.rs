//! The modules and classes of a configuration, as they are while its files are read.
//!
//! A module's statements are followed in their order, once, as Python does when it imports the module; what they would
//! do outside the file is not done. Names stand in namespaces, classes find attributes along their bases.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::files::Files;
use super::frame::Frame;
use super::value::{Item, Val};
use super::{decode, syntax};
use crate::farm::{Problem, Source, Span};

/// How many expressions and statements are followed in all: a farm of 2,000 wikis needs some 100,000.
const MOST_STEPS: usize = 1_000_000;

/// How deep expressions, blocks and imports may stand in each other.
const DEEPEST: usize = 120;

/// How many modules may import each other in a row.
const MOST_NESTED_MODULES: usize = 24;

/// How many bases a class may have in all.
const MOST_BASES: usize = 64;

/// What a name stands for.
#[derive(Debug, Clone)]
pub(super) struct Binding {
    pub(super) item: Item,
    /// Where the name was bound.
    pub(super) key: Span,
}

pub(super) type Namespace = BTreeMap<String, Binding>;

/// A module: a file that was read.
#[derive(Debug)]
pub(super) struct Module {
    /// Its name as Python has it.
    pub(super) name: String,
    /// Its file.
    pub(super) path: PathBuf,
    pub(super) names: Namespace,
    /// Whether its statements are still being followed.
    running: bool,
    /// The last `from X import *` of a module that is not among the files: a name may come from there.
    pub(super) wildcard: Option<String>,
    /// Where its text begins.
    pub(super) start: usize,
}

/// A class.
#[derive(Debug)]
pub(super) struct Class {
    pub(super) name: String,
    pub(super) names: Namespace,
    /// Itself and the classes that it inherits from, in the order in which attributes are looked up.
    pub(super) order: Vec<usize>,
    /// Bases that are not among the files, other than MoinMoin's own defaults.
    pub(super) missing: Vec<Item>,
    /// Where its name stands.
    pub(super) span: Span,
}

/// All that was read.
pub(super) struct World<'a> {
    pub(super) files: &'a mut dyn Files,
    pub(super) source: Source,
    pub(super) problems: Vec<Problem>,
    pub(super) modules: Vec<Module>,
    pub(super) classes: Vec<Class>,
    by_path: HashMap<PathBuf, Option<usize>>,
    /// The modules under way, the innermost last.
    stack: Vec<usize>,
    /// Whether the files are Python 3: MoinMoin 2.
    pub(super) python_3: bool,
    /// The home that `~` stands for.
    pub(super) home: Option<PathBuf>,
    /// Expressions that were taken in a way that another machine or user would not.
    pub(super) assumed: Vec<(Span, String)>,
    /// The texts of passwords and keys.
    pub(super) secrets: Vec<Span>,
    /// Why the first file can't be used.
    pub(super) refused: Option<String>,
    steps: usize,
    depth: usize,
}

impl<'a> World<'a> {
    pub(super) fn new(files: &'a mut dyn Files, source: Source, home: Option<PathBuf>) -> World<'a> {
        World {
            files,
            source,
            problems: Vec::new(),
            modules: Vec::new(),
            classes: Vec::new(),
            by_path: HashMap::new(),
            stack: Vec::new(),
            python_3: false,
            home,
            assumed: Vec::new(),
            secrets: Vec::new(),
            refused: None,
            steps: 0,
            depth: 0,
        }
    }

    /// Goes one deeper, unless that would be too deep or too much in all. Each `enter` that succeeds has its `leave`.
    pub(super) fn enter(&mut self) -> Result<(), &'static str> {
        self.steps += 1;
        if self.steps > MOST_STEPS {
            return Err("there is too much to compute");
        }
        if self.depth >= DEEPEST {
            return Err("it is nested too deeply");
        }
        self.depth += 1;
        Ok(())
    }

    pub(super) fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    /// Reads the module at `path` and follows its statements, unless that has been done. `by` is the import.
    ///
    /// `None` if the file is not there or can't be used; why, is a problem.
    pub(super) fn module(&mut self, name: &str, path: &Path, by: Option<&Span>) -> Option<usize> {
        if let Some(known) = self.by_path.get(path) {
            let known = (*known)?;
            if self.modules.get(known).is_some_and(|module| module.running) {
                self.cycle(known, by);
            }
            return Some(known);
        }
        let bytes = match self.files.read(path) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return None,
            Err(why) => return self.unusable(path, by, &why),
        };
        let text = match decode::decode(&bytes) {
            Ok(text) => text,
            Err(error) => return self.unusable(path, by, &error.to_string()),
        };
        if self.stack.len() >= MOST_NESTED_MODULES {
            return self.unusable(path, by, "too many modules import each other");
        }
        let Some(tree) = syntax::parse(&text) else {
            return self.unusable(path, by, "it is too ambiguous to be parsed");
        };
        self.python_3 |= text.contains("from moin.") || text.contains("import moin.");
        let kept = (text.as_bytes() != bytes).then_some(bytes);
        let start = self.source.add(path.to_owned(), text.clone(), kept);
        let found = syntax::look_over(&tree, &text);
        for (span, message) in found.errors {
            let span = start + span.start..start + span.end;
            let problem = Problem::new("python-syntax", span, message);
            self.problems.push(problem.help("the rest of the file was read"));
        }
        self.secrets.extend(found.secrets.into_iter().map(|span| start + span.start..start + span.end));
        for span in found.comments {
            let said = text.get(span.clone()).unwrap_or_default();
            self.source
                .add_comment(start + span.start..start + span.start + said.trim_end_matches('\r').len());
        }
        let module = self.modules.len();
        self.modules.push(Module {
            name: name.to_owned(),
            path: path.to_owned(),
            names: Namespace::new(),
            running: true,
            wildcard: None,
            start,
        });
        self.by_path.insert(path.to_owned(), Some(module));
        self.stack.push(module);
        let mut frame = Frame::new(module, Rc::from(text), start);
        self.block(tree.root_node(), &mut frame);
        self.stack.pop();
        if let Some(module) = self.modules.get_mut(module) {
            module.running = false;
        }
        Some(module)
    }

    fn unusable(&mut self, path: &Path, by: Option<&Span>, why: &str) -> Option<usize> {
        self.by_path.insert(path.to_owned(), None);
        if self.modules.is_empty() {
            self.refused = Some(why.to_owned());
        }
        let message = format!("can't read {}: {why}", path.display());
        let span = by.cloned().unwrap_or(0..0);
        self.problems.push(Problem::new("python-syntax", span, message));
        None
    }

    fn cycle(&mut self, module: usize, by: Option<&Span>) {
        let from = self.stack.iter().position(|running| *running == module).unwrap_or(0);
        let around = self.stack.iter().skip(from).chain([&module]);
        let names: Vec<&str> =
            around.filter_map(|module| Some(self.modules.get(*module)?.name.as_str())).collect();
        let message = format!("these modules import each other: {}", names.join(" -> "));
        let problem = Problem::new("import-cycle", by.cloned().unwrap_or(0..0), message);
        let help =
            "what a module binds below such an import is not there yet: move what both need into a third";
        self.problems.push(Problem { fatal: false, ..problem.help(help) });
    }

    /// Makes a class; its bases are given, its names follow.
    pub(super) fn new_class(&mut self, name: &str, span: Span, bases: Vec<Item>) -> usize {
        let id = self.classes.len();
        let (mut order, mut missing, mut parents) = (vec![id], Vec::new(), Vec::new());
        for base in bases {
            match &base.val {
                Val::Class(base) => {
                    if let Some(class) = self.classes.get(*base) {
                        parents.push(class.order.clone());
                        missing.extend(class.missing.iter().cloned());
                    }
                }
                Val::Outside(name) if is_default(name) => {}
                _ => missing.push(base),
            }
        }
        order.extend(merge(parents));
        if order.len() > MOST_BASES {
            order.truncate(MOST_BASES);
            let val = Val::unknown(&span, "it has too many bases");
            missing.push(Item::new(val, span.clone()));
        }
        self.classes.push(Class { name: name.to_owned(), names: Namespace::new(), order, missing, span });
        id
    }

    /// An attribute of a class, its own or inherited.
    pub(super) fn class_attribute(&self, class: usize, name: &str) -> Option<&Binding> {
        let order = &self.classes.get(class)?.order;
        order.iter().find_map(|class| self.classes.get(*class)?.names.get(name))
    }
}

/// Whether a class is the root of configurations: MoinMoin's own defaults, or nothing at all.
fn is_default(name: &str) -> bool {
    let root = name.split('.').next().unwrap_or_default();
    let last = name.rsplit('.').next().unwrap_or_default();
    name == "object" || (matches!(root, "MoinMoin" | "moin") && last.contains("DefaultConfig"))
}

/// The order of inherited classes: Python's linearisation, or where the bases contradict each other (Python refuses such a class)
/// the first mention of each.
fn merge(mut lists: Vec<Vec<usize>>) -> Vec<usize> {
    let all = lists.concat();
    let mut order = Vec::new();
    lists.push(lists.iter().filter_map(|list| list.first().copied()).collect());
    loop {
        lists.retain(|list| !list.is_empty());
        if lists.is_empty() {
            return order;
        }
        let later = |class: &usize| lists.iter().any(|list| list.iter().skip(1).any(|other| other == class));
        let Some(next) = lists.iter().filter_map(|list| list.first()).find(|class| !later(class)).copied()
        else {
            let mut seen = std::collections::HashSet::new();
            return all.into_iter().filter(|class| seen.insert(*class)).collect();
        };
        order.push(next);
        for list in &mut lists {
            list.retain(|class| *class != next);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_bases_is_pythons() {
        // class O; A(O); B(O); C(A, B): C, A, B, O.
        assert_eq!(merge(vec![vec![1, 0], vec![2, 0]]), [1, 2, 0]);
        assert_eq!(merge(vec![vec![1, 0]]), [1, 0]);
        assert_eq!(merge(vec![vec![1, 2], vec![2, 1]]), [1, 2]);
        assert!(merge(Vec::new()).is_empty());
    }

    #[test]
    fn moinmoins_own_defaults_are_no_missing_base() {
        for name in [
            "MoinMoin.config.multiconfig.DefaultConfig",
            "MoinMoin.multiconfig.DefaultConfig",
            "object",
            "moin.config.default.DefaultConfig",
        ] {
            assert!(is_default(name), "{name}");
        }
        assert!(!is_default("common.DefaultConfig") && !is_default("MoinMoin.farm.Base"));
    }
}
