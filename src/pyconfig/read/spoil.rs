//! What becomes of values when code is not followed: everything that the code could change is unknown from then on.
//!
//! Code could change everything that it mentions. So a list, dictionary, object, class, or module that it mentions is
//! marked, and every name that it binds is unknown. A function that it calls could change what the function mentions.

use std::rc::Rc;

use tree_sitter::Node;

use super::frame::Frame;
use super::syntax::children;
use super::value::{Function, Item, Unknown, Val};
use super::world::{Binding, World};

/// Names through which Python code can reach everything. The rest of a dotted name may follow.
const REACHES_ALL: [&str; 14] = [
    "eval",
    "execfile",
    "compile",
    "globals",
    "locals",
    "vars",
    "reload",
    "__import__",
    "sys.modules",
    "sys._getframe",
    "importlib",
    "imp",
    "inspect",
    "gc",
];

/// How many values code may keep before everything is unknown.
const MOST_ESCAPED: usize = 200;

/// Whether code can reach everything through this name.
pub(super) fn reaches_all(name: &str) -> bool {
    let below =
        |root: &str| name.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    REACHES_ALL.into_iter().any(below)
}

/// Whether a node is bound or deleted, not read.
pub(super) fn is_target(node: Node<'_>) -> bool {
    let mut node = node;
    while let Some(parent) = node.parent() {
        let is = |name: &str| parent.child_by_field_name(name).is_some_and(|child| child.id() == node.id());
        match parent.kind() {
            "assignment" | "augmented_assignment" | "for_statement" | "for_in_clause" => return is("left"),
            "named_expression" => return is("name"),
            "as_pattern" => return is("alias"),
            "delete_statement" => return true,
            "pattern_list"
            | "tuple_pattern"
            | "list_pattern"
            | "tuple"
            | "list"
            | "expression_list"
            | "parenthesized_expression"
            | "as_pattern_target"
            | "list_splat_pattern" => node = parent,
            _ => return false,
        }
    }
    false
}

/// What code does with an expression.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Read,
    Called,
    /// Binds or deletes it.
    Target,
}

fn role_of(node: Node<'_>) -> Role {
    if is_target(node) { Role::Target } else { Role::Read }
}

impl World<'_> {
    /// Makes unknown everything that `root` could bind or change.
    pub(super) fn spoil(&mut self, root: Node<'_>, frame: &mut Frame, why: &str) -> Rc<Unknown> {
        self.doubts += 1;
        let unknown = Rc::new(Unknown { span: frame.span(root), why: why.to_owned() });
        let mut open = vec![(root, role_of(root))];
        while let Some((node, role)) = open.pop() {
            let field = |name: &str| node.child_by_field_name(name);
            match (node.kind(), role) {
                ("identifier", Role::Target) => self.bind_unknown(node, &unknown, frame),
                ("identifier" | "lambda", _) => {
                    let val = match node.kind() {
                        "lambda" => self.function(node, frame),
                        _ => self.lookup(frame.text(node), &unknown.span, frame),
                    };
                    self.spoil_value(&val, &unknown);
                }
                ("attribute", role) => {
                    let (object, root) = self.peek(field("object"), &unknown, frame);
                    match (&object, role, field("attribute")) {
                        (_, Role::Target, Some(name)) => {
                            let item = Item::new(Val::Unknown(Rc::clone(&unknown)), unknown.span.clone());
                            let name_span = frame.span(name);
                            self.set_attribute(&object, frame.text(name), item, name_span);
                        }
                        (_, Role::Read, _) => {}
                        _ => self.spoil_value(&object, &unknown),
                    }
                    if role != Role::Target {
                        let (val, _) = self.peek(Some(node), &unknown, frame);
                        self.spoil_value(&val, &unknown);
                    }
                    open.extend(root.map(|root| (root, Role::Read)));
                }
                ("subscript", Role::Target) => {
                    let (val, _) = self.peek(field("value"), &unknown, frame);
                    self.spoil_value(&val, &unknown);
                    open.extend(children(node).map(|child| (child, Role::Read)));
                }
                ("class_definition" | "function_definition", _) => {
                    open.extend(field("name").map(|name| (name, Role::Target)));
                    let inner = [field("superclasses"), field("body")].into_iter().flatten();
                    let class = node.kind() == "class_definition";
                    open.extend(inner.filter(|_| class).map(|it| (it, Role::Read)));
                }
                ("import_statement" | "import_from_statement", _) => self.spoil_import(node, &unknown, frame),
                ("exec_statement", _) => self.spoil_all(&unknown),
                ("keyword_argument", _) => open.extend(field("value").map(|it| (it, Role::Read))),
                (kind, role) => {
                    let bound = ["left", "name", "alias"].iter().find_map(|name| field(name));
                    let function = field("function");
                    open.extend(children(node).map(|child| {
                        let role = match kind {
                            "assignment"
                            | "augmented_assignment"
                            | "for_statement"
                            | "for_in_clause"
                            | "named_expression"
                            | "as_pattern"
                                if Some(child) == bound =>
                            {
                                Role::Target
                            }
                            "call" if Some(child) == function => Role::Called,
                            "delete_statement" => Role::Target,
                            _ if role == Role::Target => Role::Target,
                            _ => Role::Read,
                        };
                        (child, role)
                    }));
                    // Python 2 has `except X, name`.
                    if kind == "except_clause" {
                        let names = children(node).filter(|child| child.kind() == "identifier");
                        open.extend(names.skip(1).map(|name| (name, Role::Target)));
                    }
                }
            }
        }
        unknown
    }

    /// What a name with attributes and items stands for: the list itself for its items. Also returns the node that it
    /// begins with, if that is no name.
    fn peek<'tree>(
        &mut self,
        node: Option<Node<'tree>>,
        unknown: &Rc<Unknown>,
        frame: &Frame,
    ) -> (Val, Option<Node<'tree>>) {
        let mut names = Vec::new();
        let mut at = node;
        while let Some(node) = at {
            match node.kind() {
                "attribute" => {
                    names.extend(node.child_by_field_name("attribute"));
                    at = node.child_by_field_name("object");
                }
                "subscript" => {
                    names.clear();
                    at = node.child_by_field_name("value");
                }
                _ => break,
            }
        }
        let Some(root) = at.filter(|root| root.kind() == "identifier") else {
            return (Val::Unknown(Rc::clone(unknown)), at);
        };
        let mut val = self.lookup(frame.text(root), &unknown.span, frame);
        for name in names.into_iter().rev() {
            let object = Item::new(val, unknown.span.clone());
            val = self.attribute(&object, frame.text(name), &unknown.span);
        }
        (val, None)
    }

    fn bind_unknown(&mut self, name: Node<'_>, unknown: &Rc<Unknown>, frame: &mut Frame) {
        let item = Item::new(Val::Unknown(Rc::clone(unknown)), unknown.span.clone());
        let key = frame.span(name);
        self.bind(frame.text(name), item, key, frame);
    }

    fn spoil_import(&mut self, node: Node<'_>, unknown: &Rc<Unknown>, frame: &mut Frame) {
        let loaded = self.modules.len();
        for name in modules_of(node, frame) {
            self.found(&name, 0, &unknown.span, frame.module);
        }
        if self.modules.len() != loaded {
            self.spoil_all(unknown);
        }
        let mut cursor = node.walk();
        for name in node.children_by_field_name("name", &mut cursor) {
            let bound = name.child_by_field_name("alias").or_else(|| children(name).next()).unwrap_or(name);
            self.bind_unknown(bound, unknown, frame);
        }
        if children(node).any(|child| child.kind() == "wildcard_import")
            && let Some(space) = self.space(frame)
        {
            space.spoil(unknown);
        }
    }

    /// Marks a value, and everything that can be reached through it. Code may keep it, and change it again later.
    pub(super) fn spoil_value(&mut self, val: &Val, unknown: &Rc<Unknown>) {
        self.escape(val);
        self.mark(val, unknown);
    }

    /// Code that is not followed may keep the value.
    pub(super) fn escape(&mut self, val: &Val) {
        let changes = match val {
            Val::List(_)
            | Val::Dict(_)
            | Val::Object(_)
            | Val::Module(_)
            | Val::Function(_)
            | Val::Method(_) => true,
            Val::Tuple(seq) => seq.items().into_iter().flatten().any(|item| !is_plain(&item.val)),
            _ => val.class().is_some(),
        };
        if changes && !self.escaped.iter().any(|known| is_same(known, val)) {
            self.escaped.push(val.clone());
        }
    }

    /// An operation that is not followed uses these values: its result may share them, and objects may have methods
    /// that run.
    pub(super) fn used(&mut self, items: &[&Item], unknown: &Rc<Unknown>) {
        for item in items {
            match &item.val {
                Val::Object(_) => self.spoil_value(&item.val, unknown),
                val => self.escape(val),
            }
        }
    }

    fn mark(&mut self, val: &Val, unknown: &Rc<Unknown>) {
        if let Some(class) = val.class() {
            // Classes can hold each other.
            let lost = |it: &Binding| matches!(it.item.val, Val::Unknown(_) | Val::Class(_));
            let known = |class: &&mut super::world::Class| {
                class.space.open.is_none() || !class.space.names.values().all(lost)
            };
            let values = self.classes.get_mut(class).filter(known).map(|class| class.space.spoil(unknown));
            values.into_iter().flatten().for_each(|val| self.mark(&val, unknown));
            self.spoil_inherited(class, 1, unknown);
            return;
        }
        match val {
            Val::Tuple(seq) => {
                seq.items().into_iter().flatten().for_each(|item| self.mark(&item.val, unknown));
            }
            Val::List(seq) => seq.spoil(unknown).iter().for_each(|item| self.mark(&item.val, unknown)),
            Val::Dict(seq) => {
                for (key, value) in seq.spoil(unknown) {
                    self.mark(&key.val, unknown);
                    self.mark(&value.val, unknown);
                }
            }
            Val::Object(object) => {
                object.all.spoil(unknown).iter().for_each(|item| self.mark(&item.val, unknown));
                if let Val::Class(class) = object.class {
                    self.spoil_inherited(class, 0, unknown);
                }
            }
            Val::Module(module) => {
                let values = self.modules.get_mut(*module).map(|module| module.space.spoil(unknown));
                values.into_iter().flatten().for_each(|val| self.mark(&val, unknown));
            }
            Val::Method(method) => self.mark(&method.0.val, unknown),
            Val::Function(function) => {
                self.effects(function, unknown);
            }
            Val::Outside(name) if reaches_all(name) => self.spoil_all(unknown),
            _ => {}
        }
    }

    /// Marks what the attributes of a class hold, from a position in its order on, but not the class itself.
    fn spoil_inherited(&mut self, class: usize, skip: usize, unknown: &Rc<Unknown>) {
        let order = self.classes.get(class).map(|class| class.order.clone()).unwrap_or_default();
        for class in order.into_iter().skip(skip) {
            let values = self.classes.get(class).map(|class| class.space.names.values());
            let values: Vec<Val> = values.into_iter().flatten().map(|it| it.item.val.clone()).collect();
            let inside = |val: &&Val| {
                matches!(val, Val::List(_) | Val::Tuple(_) | Val::Dict(_) | Val::Object(_) | Val::Function(_))
            };
            values.iter().filter(inside).for_each(|val| self.mark(val, unknown));
        }
    }

    /// Everything is unknown.
    pub(super) fn spoil_all(&mut self, unknown: &Rc<Unknown>) {
        self.doubts += 1;
        for module in &mut self.modules {
            module.space.spoil(unknown);
        }
        for class in &mut self.classes {
            class.space.spoil(unknown);
        }
    }

    /// A function may have run.
    pub(super) fn effects(&mut self, function: &Rc<Function>, unknown: &Rc<Unknown>) {
        if function.busy.replace(true) {
            return;
        }
        self.doubts += 1;
        if function.names.iter().any(|name| reaches_all(name)) {
            self.spoil_all(unknown);
        }
        for name in &function.imports {
            let loaded = self.modules.len();
            let val = self.found(name, 0, &unknown.span, function.module);
            match self.modules.len() == loaded {
                true => self.mark(&val, unknown),
                // What its statements do when they run then is not known.
                false => self.spoil_all(unknown),
            }
        }
        for name in &function.names {
            let module = self.modules.get(function.module);
            let val = module.and_then(|module| module.space.names.get(name)).map(|it| it.item.val.clone());
            if let Some(val) = val {
                self.spoil_value(&val, unknown);
            }
        }
        if let Some(module) = self.modules.get_mut(function.module) {
            for name in &function.globals {
                let item = Item::new(Val::Unknown(Rc::clone(unknown)), unknown.span.clone());
                module.space.names.insert(name.clone(), Binding { item, key: unknown.span.clone() });
            }
        }
        function.busy.set(false);
    }

    /// Code that is not followed runs: it may change what it still has, and call functions.
    pub(super) fn run_escaped(&mut self, unknown: &Rc<Unknown>) {
        match self.escaped.len() {
            ..=MOST_ESCAPED => self.escaped.clone().iter().for_each(|val| self.mark(val, unknown)),
            _ => self.spoil_all(unknown),
        }
    }

    /// The effects that a function or lambda of the files has when it is called.
    pub(super) fn function(&self, node: Node<'_>, frame: &Frame) -> Val {
        let (mut names, mut globals) = (std::collections::BTreeSet::new(), Vec::new());
        let mut imports = Vec::new();
        let mut open = vec![node];
        while let Some(node) = open.pop() {
            match node.kind() {
                "identifier" => drop(names.insert(frame.text(node).to_owned())),
                "global_statement" => {
                    globals.extend(children(node).map(|name| frame.text(name).to_owned()));
                }
                "import_statement" | "import_from_statement" => imports.extend(modules_of(node, frame)),
                // Their names are not known here, or reach everything.
                "wildcard_import" | "exec_statement" => drop(names.insert("eval".to_owned())),
                _ => {}
            }
            open.extend(children(node));
        }
        let busy = std::cell::Cell::new(false);
        let names = names.into_iter().collect();
        Val::Function(Rc::new(Function { module: frame.module, names, globals, imports, busy }))
    }
}

/// The modules that a statement imports.
fn modules_of(node: Node<'_>, frame: &Frame) -> Vec<String> {
    let mut cursor = node.walk();
    let field = if node.kind() == "import_statement" { "name" } else { "module_name" };
    let names = node.children_by_field_name(field, &mut cursor);
    names.map(|name| frame.text(name.child_by_field_name("name").unwrap_or(name)).to_owned()).collect()
}

/// Whether nothing can be changed in a value.
fn is_plain(val: &Val) -> bool {
    matches!(val, Val::None | Val::Bool(_) | Val::Int(_) | Val::Float(_) | Val::Str(_) | Val::Unknown(_))
}

/// Whether both are the same value, not only equal ones.
fn is_same(a: &Val, b: &Val) -> bool {
    match (a, b) {
        (Val::List(a), Val::List(b)) => Rc::ptr_eq(a, b),
        (Val::Tuple(a), Val::Tuple(b)) => Rc::ptr_eq(a, b),
        (Val::Dict(a), Val::Dict(b)) => Rc::ptr_eq(a, b),
        (Val::Object(a), Val::Object(b)) => Rc::ptr_eq(a, b),
        (Val::Function(a), Val::Function(b)) => Rc::ptr_eq(a, b),
        (Val::Method(a), Val::Method(b)) => Rc::ptr_eq(a, b),
        (Val::Module(a), Val::Module(b)) => a == b,
        _ => a.class().is_some() && a.class() == b.class(),
    }
}
