//! What becomes of values when code is not followed. The one rule: what such code mentions it may change, at once or
//! later, so it is unknown from then on and for good. A name that it binds is unknown.
//!
//! A function that it may call could change what the function mentions. So wherever a value comes out unknown, everything
//! that could be changed through it is lost before.

use std::rc::Rc;

use tree_sitter::Node;

use super::frame::Frame;
use super::syntax::children;
use super::value::{Function, Item, Unknown, Val};
use super::world::{Binding, Space, World};

/// Names through which Python code can reach everything. The rest of a dotted name may follow.
const REACHES_ALL: &str = "eval execfile compile globals locals vars reload __import__ sys.modules sys._getframe \
                           importlib imp inspect gc";

/// Whether code can reach everything through this name.
pub(super) fn reaches_all(name: &str) -> bool {
    let below =
        |root: &str| name.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    REACHES_ALL.split(' ').any(below)
}

/// Functions that only look at what they are given.
pub(super) const LOOKS: [&str; 8] =
    ["super", "isinstance", "hasattr", "getattr", "str", "repr", "id", "type"];

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
    pub(super) fn skip(&mut self, root: Node<'_>, frame: &mut Frame, why: &str) -> Rc<Unknown> {
        self.skip_as(root, Role::Read, frame, why)
    }

    /// [`World::skip`] for code that does `role` with `root`.
    pub(super) fn skip_as(
        &mut self,
        root: Node<'_>,
        role: Role,
        frame: &mut Frame,
        why: &str,
    ) -> Rc<Unknown> {
        self.doubts += 1;
        let unknown = Rc::new(Unknown { span: frame.span(root), why: why.to_owned() });
        let mut open = vec![(root, role)];
        while let Some((node, role)) = open.pop() {
            let field = |name: &str| node.child_by_field_name(name);
            match (node.kind(), role) {
                ("identifier", Role::Bound) => self.bind_unknown(node, &unknown, frame),
                ("identifier" | "attribute", Role::Looked) => open.extend(parts(node, role, frame)),
                ("identifier", _) => {
                    let val = self.lookup(frame.text(node), &unknown.span, frame);
                    self.lose(&val, &unknown);
                }
                ("attribute", _) => {
                    let object = field("object").and_then(|object| self.dotted(object, frame));
                    let (Some(object), Some(name)) = (object, field("attribute")) else {
                        open.extend(parts(node, role, frame));
                        continue;
                    };
                    let (name, key) = (frame.text(name).to_owned(), frame.span(name));
                    if role == Role::Bound {
                        self.set_attribute(&object.val, &name, unknown_item(&unknown), key);
                        continue;
                    }
                    let val = self.attribute(&object, &name, &key);
                    self.lose(&val, &unknown);
                    if role == Role::Called {
                        self.lose(&object.val, &unknown);
                    }
                }
                ("lambda" | "function_definition", _) => {
                    field("name").into_iter().for_each(|name| self.bind_unknown(name, &unknown, frame));
                    let val = self.function(node, frame);
                    self.lose(&val, &unknown);
                }
                ("class_definition", _) => {
                    field("name").into_iter().for_each(|name| self.bind_unknown(name, &unknown, frame));
                    let inner = [field("superclasses"), field("body")].into_iter().flatten();
                    open.extend(inner.map(|it| (it, Role::Read)));
                }
                ("import_statement" | "import_from_statement", _) => self.skip_import(node, &unknown, frame),
                ("exec_statement", _) => self.lose_all(&unknown),
                ("global_statement", _) => {
                    for name in children(node) {
                        let val = self.watch(frame.module, frame.text(name), true, &unknown);
                        val.into_iter().for_each(|val| self.lose(&val, &unknown));
                    }
                }
                _ => open.extend(parts(node, role, frame)),
            }
        }
        unknown
    }

    /// What a name with attributes stands for.
    fn dotted(&mut self, node: Node<'_>, frame: &Frame) -> Option<Item> {
        let (mut names, mut at) = (Vec::new(), node);
        while at.kind() == "attribute" && names.len() < 100 {
            names.push(at.child_by_field_name("attribute")?);
            at = at.child_by_field_name("object")?;
        }
        let span = frame.span(at);
        let mut item = Item::new(self.lookup(frame.text(at), &span, frame), span);
        for name in names.into_iter().rev() {
            let span = frame.span(name);
            item = Item::new(self.attribute(&item, frame.text(name), &span), span);
        }
        (at.kind() == "identifier").then_some(item)
    }

    fn bind_unknown(&mut self, name: Node<'_>, unknown: &Rc<Unknown>, frame: &mut Frame) {
        let key = frame.span(name);
        self.bind(frame.text(name), unknown_item(unknown), key, frame);
    }

    fn skip_import(&mut self, node: Node<'_>, unknown: &Rc<Unknown>, frame: &mut Frame) {
        let modules = self.lose_modules(&modules_of(node, frame), frame.module, unknown);
        modules.iter().for_each(|module| self.lose(module, unknown));
        let mut cursor = node.walk();
        for name in node.children_by_field_name("name", &mut cursor) {
            let bound = name.child_by_field_name("alias").or_else(|| children(name).next()).unwrap_or(name);
            self.bind_unknown(bound, unknown, frame);
        }
        if children(node).any(|child| child.kind() == "wildcard_import")
            && let Some(space) = self.namespace(frame.space())
        {
            let _ = space.forget(unknown);
        }
    }

    /// Code imports these modules at some time. Returns what can be changed through them.
    fn lose_modules(&mut self, names: &[String], by: usize, unknown: &Rc<Unknown>) -> Vec<Val> {
        let mut vals = Vec::new();
        for name in names {
            let loaded = self.modules.len();
            vals.push(self.found(name, 0, &unknown.span, by));
            if self.modules.len() != loaded {
                // What its statements do when they run then is not known.
                self.lose_all(unknown);
            }
        }
        vals
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
                Val::Method(method) => open.push(method.0.val.clone()),
                Val::Module(module) => {
                    open.extend(
                        self.namespace(Space::Module(*module)).into_iter().flat_map(|it| it.lose(unknown)),
                    );
                }
                Val::Function(function) => open.extend(self.lose_function(function, unknown)),
                Val::Outside(name) if reaches_all(name) => self.lose_all(unknown),
                _ => open.extend(val.class().into_iter().flat_map(|class| self.lose_class(class, unknown))),
            }
        }
    }

    /// The values that can be changed through a class, whose own names are unknown from now on.
    fn lose_class(&mut self, class: usize, unknown: &Rc<Unknown>) -> Vec<Val> {
        let Some(lost) = self.classes.get_mut(class).filter(|class| class.space.lost.is_none()) else {
            return Vec::new();
        };
        let (mut vals, order) = (lost.space.lose(unknown), lost.order.clone());
        for class in order {
            vals.extend(self.held(class));
        }
        vals
    }

    /// What the attributes of a class hold, without other classes.
    fn held(&self, class: usize) -> Vec<Val> {
        let names = self.classes.get(class).into_iter().flat_map(|class| class.space.names.values());
        names.map(|it| it.item.val.clone()).filter(|val| val.class().is_none()).collect()
    }

    /// An object of the class is made: its methods may run at any time.
    pub(super) fn lose_methods(&mut self, class: usize, unknown: &Rc<Unknown>) -> bool {
        let order = self.classes.get(class).map(|class| class.order.clone()).unwrap_or_default();
        let held: Vec<Val> = order.into_iter().flat_map(|class| self.held(class)).collect();
        let any = held.iter().any(|val| matches!(val, Val::Function(_)));
        held.iter().filter(|_| any).for_each(|val| self.lose(val, unknown));
        any
    }

    /// MoinMoin makes an object of the class, and calls its methods.
    pub(super) fn run_methods(&mut self, class: usize) {
        let Some(class) = self.classes.get(class) else { return };
        let why = "a method may change it".to_owned();
        let unknown = Rc::new(Unknown { span: class.span.clone(), why });
        let held: Vec<Val> = class.order.clone().into_iter().flat_map(|class| self.held(class)).collect();
        let functions = held.iter().filter(|val| matches!(val, Val::Function(_)));
        functions.for_each(|function| self.lose(function, &unknown));
    }

    /// Nothing that was bound so far is known.
    pub(super) fn lose_all(&mut self, unknown: &Rc<Unknown>) {
        self.doubts += 1;
        self.reached = true;
        let spaces = self.modules.iter_mut().map(|module| &mut module.space);
        for space in spaces.chain(self.classes.iter_mut().map(|class| &mut class.space)) {
            let _ = space.forget(unknown);
        }
    }

    /// A function runs, or may run at any time. Returns what it can change.
    fn lose_function(&mut self, function: &Function, unknown: &Rc<Unknown>) -> Vec<Val> {
        self.doubts += 1;
        if function.lost.replace(true) {
            return Vec::new();
        }
        if function.names.iter().any(|(name, _)| reaches_all(name)) {
            self.lose_all(unknown);
        }
        let mut vals = self.lose_modules(&function.imports, function.module, unknown);
        let names = function.names.iter();
        vals.extend(names.filter_map(|(name, bound)| self.watch(function.module, name, *bound, unknown)));
        vals
    }

    /// Code that may run at any time mentions a name of a module, or binds it. Returns what the name stands for.
    fn watch(&mut self, module: usize, name: &str, bound: bool, unknown: &Rc<Unknown>) -> Option<Val> {
        let space = self.namespace(Space::Module(module))?;
        let watched = space.watched.entry(name.to_owned()).or_insert_with(|| (Rc::clone(unknown), bound));
        watched.1 |= bound;
        let val = space.names.get(name).map(|binding| binding.item.val.clone());
        if bound && !matches!(val, Some(Val::Class(_))) {
            let item = unknown_item(unknown);
            let key = space.names.get(name).map_or_else(|| item.span.clone(), |binding| binding.key.clone());
            space.names.insert(name.to_owned(), Binding { item, key });
        }
        val
    }

    /// A function or lambda of the files.
    pub(super) fn function(&self, node: Node<'_>, frame: &Frame) -> Val {
        let mut names = std::collections::BTreeMap::new();
        let mut imports = Vec::new();
        let mut open = parts(node, Role::Read, frame);
        while let Some((node, role)) = open.pop() {
            match node.kind() {
                // A name that it binds is its own. `'%(name)s' % locals()` has the names of the function.
                "identifier"
                    if !matches!(role, Role::Looked | Role::Bound) && frame.text(node) != "locals" =>
                {
                    names.entry(frame.text(node).to_owned()).or_insert(false);
                }
                "parameters" | "lambda_parameters" => {
                    let defaults = children(node).filter_map(|part| part.child_by_field_name("value"));
                    open.extend(defaults.map(|value| (value, Role::Read)));
                    continue;
                }
                "global_statement" => {
                    names.extend(children(node).map(|name| (frame.text(name).to_owned(), true)));
                    continue;
                }
                "import_statement" | "import_from_statement" => imports.extend(modules_of(node, frame)),
                // Their names are not known here, or reach everything.
                "wildcard_import" | "exec_statement" => drop(names.insert("eval".to_owned(), false)),
                _ => {}
            }
            open.extend(parts(node, role, frame));
        }
        let (names, lost) = (names.into_iter().collect(), std::cell::Cell::new(false));
        Val::Function(Rc::new(Function { module: frame.module, names, imports, lost }))
    }
}

fn unknown_item(unknown: &Rc<Unknown>) -> Item {
    Item::new(Val::Unknown(Rc::clone(unknown)), unknown.span.clone())
}

/// The modules that a statement imports.
fn modules_of(node: Node<'_>, frame: &Frame) -> Vec<String> {
    let mut cursor = node.walk();
    let field = if node.kind() == "import_statement" { "name" } else { "module_name" };
    let names = node.children_by_field_name(field, &mut cursor);
    names.map(|name| frame.text(name.child_by_field_name("name").unwrap_or(name)).to_owned()).collect()
}
