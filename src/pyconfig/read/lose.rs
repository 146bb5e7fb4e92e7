//! What becomes of values when code is not followed. The one rule: what such code mentions it may change, at once or
//! later, so it is unknown from then on and for good. A name that it binds is unknown.
//!
//! Functions are not followed: from where a function is defined, it may run at any time. What a value is lost for, everything
//! that could be changed through the value is lost for, too.

use std::rc::Rc;

use tree_sitter::Node;

use super::auth::own_class;
use super::import::{imported, modules_of};
use super::namespace::{Binding, Frame, Space};
use super::syntax::children;
use super::value::{Item, Unknown, Val};
use super::world::World;

/// Names through which Python code can reach everything. The rest of a dotted name may follow.
const REACHES_ALL: &str = "eval exec execfile compile globals locals vars reload __import__ sys.modules \
                           sys._getframe sys._current_frames importlib imp inspect gc ctypes runpy \
                           __builtins__ __builtin__ builtins";

/// Attributes of functions and frames, and of `sys`, that lead to the names of modules.
const FRAMES: &str =
    "modules func_globals f_globals f_locals f_back f_builtins gi_frame tb_frame cr_frame ag_frame";

/// Whether code can reach everything through this name.
pub(super) fn reaches_all(name: &str) -> bool {
    let below =
        |root: &str| name.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    REACHES_ALL.split(' ').any(below)
}

/// Whether code can reach everything, or at least more than the object, through an attribute of this name.
pub(super) fn reaches(name: &str) -> bool {
    let plain = ["__init__", "__name__", "__doc__", "__file__", "__module__", "__version__"];
    let special = name.starts_with("__") && !plain.contains(&name);
    special || FRAMES.split(' ').any(|it| it == name)
}

/// Functions that only look at what they are given.
pub(super) const LOOKS: [&str; 7] = ["super", "isinstance", "hasattr", "str", "repr", "id", "type"];

/// Why a function can't be used as a value.
pub(super) const FUNCTION: &str = "it is a function";

/// What code does with an expression.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Its value goes somewhere else.
    Read,
    /// Its value is only looked at.
    Looked,
    Called,
    /// Binds or deletes it.
    Bound,
    /// Changes it in place.
    Changed,
}

/// The parts of a node, each with what the code does with it.
pub(super) fn parts<'tree>(node: Node<'tree>, role: Role, frame: &Frame) -> Vec<(Node<'tree>, Role)> {
    let field = |name: &str| node.child_by_field_name(name);
    let text = |name: &str| field(name).map_or("", |field| frame.text(field));
    let bound = match node.kind() {
        "assignment" | "augmented_assignment" | "for_statement" | "for_in_clause" => field("left"),
        "named_expression" | "class_definition" | "function_definition" => field("name"),
        "as_pattern" => field("alias"),
        _ => None,
    };
    let part = |child: Node<'_>| match node.kind() {
        _ if Some(child) == bound => Role::Bound,
        "delete_statement" => Role::Bound,
        "call" if Some(child) == field("function") => Role::Called,
        "subscript" if Some(child) == field("value") => match role {
            Role::Read | Role::Looked => role,
            _ => Role::Changed,
        },
        // `DefaultConfig.__init__(self, siteid)`
        "attribute" => match role {
            Role::Called if text("attribute") == "__init__" => Role::Looked,
            Role::Read | Role::Looked => role,
            _ => Role::Changed,
        },
        "call" if LOOKS.contains(&text("function")) => Role::Looked,
        "argument_list" => role,
        "comparison_operator" | "not_operator" => Role::Looked,
        _ if Some(child) == field("condition") => Role::Looked,
        "pattern_list" | "tuple_pattern" | "list_pattern" | "tuple" | "list" | "expression_list"
        | "as_pattern_target" | "list_splat_pattern"
            if role == Role::Bound =>
        {
            role
        }
        "parenthesized_expression" | "boolean_operator" | "conditional_expression" => role,
        _ => Role::Read,
    };
    let named = matches!(node.kind(), "keyword_argument" | "attribute");
    let inner = children(node)
        .filter(|child| !named || ["value", "object"].iter().any(|it| field(it) == Some(*child)));
    let mut all: Vec<_> = inner.map(|child| (child, part(child))).collect();
    // Python 2 has `except X, name`.
    if node.kind() == "except_clause" {
        let names = all.iter_mut().filter(|(child, _)| child.kind() == "identifier");
        names.skip(1).for_each(|(_, role)| *role = Role::Bound);
    }
    all
}

impl World<'_> {
    /// Makes unknown everything that `root` could bind or change.
    pub(super) fn skip(&mut self, root: Node<'_>, frame: &Frame, why: &str) -> Rc<Unknown> {
        self.skip_as(root, Role::Read, frame, why)
    }

    /// [`World::skip`] for code that does `role` with `root`.
    pub(super) fn skip_as(&mut self, root: Node<'_>, role: Role, frame: &Frame, why: &str) -> Rc<Unknown> {
        let because = |why: &str| Rc::new(Unknown { span: frame.span(root), why: why.to_owned() });
        let (now, in_function) = (because(why), because("a function may change it"));
        self.doubts += 1;
        // Whether a function does it later.
        let mut open = vec![(root, role, false)];
        while let Some((node, role, later)) = open.pop() {
            let unknown = if later { &in_function } else { &now };
            let field = |name: &str| node.child_by_field_name(name);
            let inner =
                |node, role| parts(node, role, frame).into_iter().map(move |(it, role)| (it, role, later));
            match node.kind() {
                "identifier" => self.skip_name(node, role, later, unknown, frame),
                "attribute" if role != Role::Looked => {
                    if !self.skip_attribute(node, role, unknown, frame) || later {
                        open.extend(inner(node, role));
                    }
                }
                "lambda" | "function_definition" => {
                    let special = field("name").is_some_and(|name| frame.text(name) == "__set_name__");
                    match later || special {
                        false => self.by_method(node, node == root, frame),
                        true if special => self.lose_all(unknown),
                        true => {}
                    }
                    open.extend(field("name").map(|name| (name, Role::Bound, later)));
                    open.extend(field("body").map(|body| (body, Role::Read, true)));
                    let defaults = field("parameters").into_iter().flat_map(children);
                    let defaults = defaults.filter_map(|part| part.child_by_field_name("value"));
                    open.extend(defaults.map(|value| (value, Role::Read, later)));
                }
                "class_definition" => {
                    open.extend(field("name").map(|name| (name, Role::Bound, later)));
                    let inner = [field("superclasses"), field("body")].into_iter().flatten();
                    open.extend(inner.map(|it| (it, Role::Read, later)));
                }
                "import_statement" | "import_from_statement" => self.skip_import(node, later, unknown, frame),
                // `match` binds names in ways of its own, and `type(x).y = z` is taken for a `type` statement.
                "exec_statement" | "match_statement" | "type_alias_statement" => self.lose_all(unknown),
                "global_statement" => {
                    children(node).for_each(|name| self.watch(frame.module, frame.text(name), true, unknown));
                }
                _ => open.extend(inner(node, role)),
            }
        }
        now
    }

    /// Code that is not followed does something with a name.
    fn skip_name(&mut self, node: Node<'_>, role: Role, later: bool, unknown: &Rc<Unknown>, frame: &Frame) {
        let (name, span) = (frame.text(node), frame.span(node));
        match role {
            Role::Looked => {}
            // A name that a function binds is its own.
            Role::Bound if later => {}
            Role::Bound => self.put(frame.space(), name, Binding::unknown(unknown, span)),
            // `'%(name)s' % locals()` has the names of the function.
            _ if later && name == "locals" => {}
            _ => {
                let val = self.lookup(name, &span, frame);
                self.lose(&val, unknown);
                if later {
                    self.watch(frame.module, name, false, unknown);
                }
            }
        }
    }

    /// Code that is not followed does something with `name.….attribute`; returns whether it is that.
    fn skip_attribute(&mut self, node: Node<'_>, role: Role, unknown: &Rc<Unknown>, frame: &Frame) -> bool {
        let object = node.child_by_field_name("object").and_then(|object| self.dotted(object, frame));
        let (Some(object), Some(name)) = (object, node.child_by_field_name("attribute")) else {
            return false;
        };
        let (name, key) = (frame.text(name), frame.span(name));
        if role == Role::Bound {
            let item = Binding::unknown(unknown, key.clone()).item;
            self.set_attribute(&object.val, name, item, key);
            return true;
        }
        // `DefaultConfig.__init__(self, siteid)`
        if role == Role::Called && name == "__init__" {
            return true;
        }
        let names = matches!(object.val, Val::Module(_) | Val::Class(_) | Val::Outside(_));
        if names {
            let val = self.attribute(&object, name, &key);
            self.lose(&val, unknown);
        }
        if role == Role::Called || !names {
            self.lose(&object.val, unknown);
        }
        true
    }

    /// What a name with attributes stands for.
    fn dotted(&mut self, node: Node<'_>, frame: &Frame) -> Option<Item> {
        let (mut names, mut at) = (Vec::new(), node);
        while at.kind() == "attribute" && names.len() < 100 {
            names.push(at.child_by_field_name("attribute")?);
            at = at.child_by_field_name("object")?;
        }
        let span = frame.span(at);
        let root = (at.kind() == "identifier").then(|| self.lookup(frame.text(at), &span, frame))?;
        Some(names.into_iter().rev().fold(Item::new(root, span), |object, name| {
            let span = frame.span(name);
            Item::new(self.attribute(&object, frame.text(name), &span), span)
        }))
    }

    fn skip_import(&mut self, node: Node<'_>, later: bool, unknown: &Rc<Unknown>, frame: &Frame) {
        for name in modules_of(node, frame) {
            let loaded = self.modules.len();
            let module = self.found(&name, 0, &unknown.span, frame.module);
            if !matches!(module, Val::Outside(_)) || reaches_all(&name) {
                self.lose(&module, unknown);
            }
            // What its statements do when they run then is not known.
            if self.modules.len() != loaded {
                self.lose_all(unknown);
            }
        }
        if children(node).any(|child| child.kind() == "wildcard_import") {
            self.lose_all(unknown);
        }
        for bound in imported(node) {
            self.skip_name(bound, Role::Bound, later, unknown, frame);
        }
    }

    /// Code that is not followed has the value. What can be changed through it is unknown from now on.
    pub(super) fn lose(&mut self, val: &Val, unknown: &Rc<Unknown>) {
        let mut open = vec![val.clone()];
        while let Some(val) = open.pop() {
            let vals = |items: Vec<Item>| items.into_iter().map(|item| item.val);
            match &val {
                // A tuple itself can't be changed.
                Val::Tuple(seq) if val.depth() == 1 => open.extend(seq.items().into_iter().flat_map(vals)),
                Val::Tuple(seq) | Val::List(seq) | Val::Dict(seq) => open.extend(vals(seq.lose(unknown))),
                Val::Object(object) => {
                    open.extend(vals(object.all.lose(unknown)));
                    open.extend(matches!(object.class, Val::Class(_)).then(|| object.class.clone()));
                }
                Val::Module(module) => {
                    let space = self.namespace(Space::Module(*module));
                    open.extend(space.into_iter().flat_map(|space| space.lose(unknown)));
                }
                Val::Outside(name) if reaches_all(name) || name.as_ref() == "sys" => self.lose_all(unknown),
                Val::Outside(name) if own_class(&val).is_some() => {
                    self.changed.insert(Rc::clone(name), Rc::clone(unknown));
                }
                Val::Outside(name) if name.starts_with("sys.path") => {
                    self.search.get_or_insert_with(|| Rc::clone(unknown));
                }
                _ => open.extend(val.class().into_iter().flat_map(|class| self.lose_class(class, unknown))),
            }
        }
    }

    /// The values that can be changed through a class, whose own names are unknown from now on.
    fn lose_class(&mut self, class: usize, unknown: &Rc<Unknown>) -> Vec<Val> {
        let Some(lost) = self.classes.get_mut(class).filter(|class| class.space.lost.is_none()) else {
            return Vec::new();
        };
        let mut vals = lost.space.lose(unknown);
        vals.extend(self.held(class));
        vals
    }

    /// What the attributes of a class hold, without other classes.
    pub(super) fn held(&self, class: usize) -> Vec<Val> {
        let order = self.classes.get(class).map(|class| class.order.as_slice()).unwrap_or_default();
        let order = order.iter().filter_map(|class| self.classes.get(*class));
        let vals = order.flat_map(|class| class.space.names.values()).map(|it| it.item.val.clone());
        vals.filter(|val| val.class().is_none()).collect()
    }

    /// An object of the class is made: its methods may run at any time. Returns whether it has any.
    pub(super) fn lose_methods(&mut self, class: usize, unknown: &Rc<Unknown>) -> bool {
        let order = self.classes.get(class).map(|class| class.order.as_slice()).unwrap_or_default();
        let any = order.iter().any(|class| self.classes.get(*class).is_some_and(|it| !it.methods.is_empty()));
        if any {
            self.held(class).iter().for_each(|val| self.lose(val, unknown));
        }
        any
    }

    /// Nothing is known for good.
    pub(super) fn lose_all(&mut self, unknown: &Rc<Unknown>) {
        self.doubts += 1;
        self.lost.get_or_insert_with(|| Rc::clone(unknown));
        let spaces = self.modules.iter_mut().map(|module| &mut module.space);
        for space in spaces.chain(self.classes.iter_mut().map(|class| &mut class.space)) {
            drop(space.lose(unknown));
        }
    }

    /// Code that may run at any time mentions a name of a module, or binds it.
    pub(super) fn watch(&mut self, module: usize, name: &str, bound: bool, unknown: &Rc<Unknown>) {
        let Some(space) = self.namespace(Space::Module(module)) else { return };
        let watched = space.watched.entry(name.to_owned()).or_insert_with(|| (Rc::clone(unknown), false));
        watched.1 |= bound;
        match space.names.get(name).cloned() {
            // The name may be bound now.
            None if bound => {
                self.put(Space::Module(module), name, Binding::unknown(unknown, unknown.span.clone()))
            }
            binding => binding.into_iter().for_each(|known| self.put(Space::Module(module), name, known)),
        }
    }
}
