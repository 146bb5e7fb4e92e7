//! Statements, followed in their order as Python runs them when it imports a module.

use std::rc::Rc;

use tree_sitter::Node;

use super::compare::{position, set_key};
use super::lose::{FUNCTION, Role, parts};
use super::namespace::{Binding, Frame, Space};
use super::syntax::children;
use super::value::{Item, NO_EXPRESSION, NOT_COMPUTED, Seq, TOO_DEEP, Unknown, Val};
use super::world::World;
use crate::farm::Span;

/// Why a block did not end with its last statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// An import fails inside a `try`.
    Raised,
    /// Where it continues is not known.
    Lost,
}

/// How many rounds of a loop are followed.
const MOST_ROUNDS: usize = 20_000;

/// Why what a loop binds or changes is not known.
const LOOP: &str = "it depends on a loop";

/// Why what a wiki's file changes in a file of the farm is not known.
const SHARED: &str = "it depends on which wiki MoinMoin serves first";

/// Methods through which a class or its metaclass changes the class and its subclasses.
const CHANGING: [&str; 5] =
    ["__metaclass__", "__getattribute__", "__getattr__", "__init_subclass__", "__new__"];

impl World<'_> {
    /// Follows the statements of a block or module.
    pub(super) fn block(&mut self, block: Node<'_>, frame: &mut Frame) -> Result<(), Stop> {
        if self.enter().is_err() {
            self.skip(block, frame, TOO_DEEP);
            return Err(Stop::Lost);
        }
        let end = children(block).try_for_each(|statement| self.statement(statement, frame));
        self.leave();
        end
    }

    fn statement(&mut self, node: Node<'_>, frame: &mut Frame) -> Result<(), Stop> {
        let broken = |child: &Node<'_>| child.is_error() || children(*child).any(|it| it.is_error());
        match node.kind() {
            // Parts of the statement may be misplaced, or belong to the next one.
            "expression_statement" if children(node).any(|child| broken(&child)) => {
                self.skip(node, frame, NO_EXPRESSION);
            }
            "expression_statement" | "print_statement" | "assert_statement" => {
                children(node).for_each(|child| self.expression_statement(child, frame));
            }
            "import_statement" | "import_from_statement" | "future_import_statement" => {
                return self.import(node, frame).ok_or(Stop::Raised);
            }
            "class_definition" => self.class(node, frame),
            "function_definition" => drop(self.skip(node, frame, FUNCTION)),
            "decorated_definition" => drop(self.skip(node, frame, "a decorator changes it")),
            "if_statement" => return self.if_statement(node, frame),
            "for_statement" => return self.for_statement(node, frame),
            "try_statement" => return self.try_statement(node, frame),
            "delete_statement" => children(node).for_each(|child| self.delete(child, frame)),
            "global_statement" if frame.class.is_none() => {}
            "break_statement" | "continue_statement" | "raise_statement" => return Err(Stop::Lost),
            "pass_statement" => {}
            // As far as it can be read.
            "ERROR" => return self.block(node, frame),
            "while_statement" => drop(self.skip(node, frame, LOOP)),
            "exec_statement" => drop(self.skip(node, frame, "exec runs code")),
            kind => {
                let word = kind.split('_').next().unwrap_or_default().to_owned();
                let unknown = self.skip(node, frame, &format!("it depends on a `{word}` statement"));
                // `global` in a class: its names are bound elsewhere.
                if let (Some(class), "global") = (frame.class, word.as_str()) {
                    self.lose(&Val::Class(class), &unknown);
                }
            }
        }
        Ok(())
    }

    fn expression_statement(&mut self, node: Node<'_>, frame: &mut Frame) {
        let field = |name: &str| node.child_by_field_name(name);
        match (node.kind(), field("left"), field("right")) {
            ("assignment", Some(left), Some(right)) => self.assignment(left, right, frame),
            ("augmented_assignment", Some(left), Some(right)) => {
                let operator =
                    field("operator").map_or("", |it| frame.text(it)).trim_end_matches('=').to_owned();
                let (old, new) = (self.item(left, frame), self.item(right, frame));
                // A list grows in place, for everybody who has it.
                let val = match (&old.val, new.val.items()) {
                    (Val::List(list), Some(more)) if operator == "+" => match self.extend(list, more) {
                        true => old.val,
                        false => self.give_up(&[&old, &new], NOT_COMPUTED),
                    },
                    _ => self.operate(&old, &operator, &new, frame),
                };
                self.assign(left, Item::new(val, frame.span(right)), frame);
            }
            // An annotation alone binds nothing.
            ("assignment", ..) => {}
            _ => self.doubts += usize::from(matches!(self.eval(node, frame), Val::Unknown(_))),
        }
    }

    /// `left = right`, also in a row: `a = b = 3`.
    fn assignment(&mut self, left: Node<'_>, right: Node<'_>, frame: &mut Frame) {
        let (mut lefts, mut right) = (vec![left], right);
        while right.kind() == "assignment" {
            let parts = (right.child_by_field_name("left"), right.child_by_field_name("right"));
            let (Some(next_left), Some(next_right)) = parts else { break };
            lefts.push(next_left);
            right = next_right;
        }
        let item = self.item(right, frame);
        self.doubts += usize::from(matches!(item.val, Val::Unknown(_)));
        lefts.into_iter().for_each(|left| self.assign(left, item.clone(), frame));
    }

    /// Binds what stands on the left to a value.
    pub(super) fn assign(&mut self, left: Node<'_>, item: Item, frame: &mut Frame) {
        let field = |name: &str| left.child_by_field_name(name);
        match (left.kind(), field("object").or(field("value")), field("attribute").or(field("subscript"))) {
            ("identifier", ..) => {
                let key = frame.span(left);
                self.put(frame.space(), frame.text(left), Binding { item, key });
            }
            (
                "pattern_list" | "tuple_pattern" | "list_pattern" | "tuple" | "list" | "expression_list",
                ..,
            ) => {
                let lefts: Vec<Node<'_>> = children(left).collect();
                let items = item.val.items().filter(|items| items.len() == lefts.len());
                let items = items.unwrap_or_else(|| {
                    let lost = Item::new(self.give_up(&[&item], "its parts are not known"), item.span);
                    vec![lost; lefts.len()]
                });
                lefts.into_iter().zip(items).for_each(|(left, item)| self.assign(left, item, frame));
            }
            ("parenthesized_expression", ..) => {
                children(left).for_each(|inner| self.assign(inner, item.clone(), frame));
            }
            ("attribute", Some(object), Some(attribute)) => {
                let (name, key) = (frame.text(attribute).to_owned(), frame.span(attribute));
                let object = self.eval(object, frame);
                self.set_attribute(&object, &name, item, key);
            }
            ("subscript", Some(value), Some(subscript)) => {
                let owner = self.eval(value, frame);
                if self.set_item(&owner, subscript, item.clone(), frame).is_none() {
                    let unknown =
                        self.skip_as(left, Role::Bound, frame, "an item or a slice of it is replaced");
                    self.lose(&owner, &unknown);
                    self.lose(&item.val, &unknown);
                }
            }
            _ => {
                let unknown = self.skip_as(left, Role::Bound, frame, "it is bound in an unusual way");
                self.lose(&item.val, &unknown);
            }
        }
    }

    /// `FarmConfig.cookie_domain = …`.
    pub(super) fn set_attribute(&mut self, object: &Val, name: &str, item: Item, key: Span) {
        let space = match (object.class(), object) {
            (Some(class), _) => Some(Space::Class(class)),
            (None, Val::Module(module)) => Some(Space::Module(*module)),
            _ => None,
        };
        let mut item = item;
        if space.is_some_and(|space| self.is_shared(self.start_of(space))) {
            item.val = Val::unknown(&key, SHARED);
        }
        // There may be objects of the class that have the function now.
        let function = matches!(&item.val, Val::Unknown(unknown) if unknown.why == FUNCTION);
        let special = name.starts_with("__") || function;
        if special || space.is_none() {
            let unknown = Rc::new(Unknown { span: key.clone(), why: "an attribute of it is set".to_owned() });
            if let Val::Outside(module) = object {
                self.patched = true;
                let outside = self.outside(module, name, &key);
                self.lose(&outside, &unknown);
            }
            self.lose(&item.val, &unknown);
            self.lose(object, &unknown);
        }
        if let Some(space) = space {
            self.put(space, name, Binding { item, key });
        }
    }

    /// `owner[subscript] = item`; `None` if that is not possible.
    fn set_item(&mut self, owner: &Val, subscript: Node<'_>, item: Item, frame: &mut Frame) -> Option<()> {
        let (Val::List(seq) | Val::Dict(seq), true) = (owner, subscript.kind() != "slice") else {
            return None;
        };
        if self.is_shared(seq.start) {
            return None;
        }
        let index = self.item(subscript, frame);
        let (mut items, put) = (seq.items()?, [index.clone(), item.clone()]);
        match owner {
            Val::Dict(_) => set_key(&mut items, index, item)?,
            _ => *position(&index.val, items.len()).and_then(|at| items.get_mut(at))? = item,
        }
        seq.set(items, &put).then_some(())
    }

    /// Adds items to a list; returns whether that was possible.
    pub(super) fn extend(&self, list: &Seq, more: Vec<Item>) -> bool {
        let items = list.items().filter(|_| !self.is_shared(list.start));
        items.is_some_and(|items| list.set([items, more.clone()].concat(), &more))
    }

    /// Whether the value that was made there belongs to another file than the one whose statements are followed, and
    /// several wikis share it.
    fn is_shared(&self, start: usize) -> bool {
        let module_of = |at: usize| self.modules.partition_point(|module| module.start <= at);
        self.shared && self.stack.last().is_some_and(|module| module_of(start) != module + 1)
    }

    fn start_of(&self, space: Space) -> usize {
        match space {
            Space::Class(class) => self.classes.get(class).map_or(0, |class| class.span.start),
            Space::Module(module) => self.modules.get(module).map_or(0, |module| module.start),
        }
    }

    /// `del name`, `del FarmConfig.name`.
    fn delete(&mut self, node: Node<'_>, frame: &mut Frame) {
        let field = |name: &str| node.child_by_field_name(name);
        let (space, name) = match (node.kind(), field("object"), field("attribute")) {
            ("expression_list" | "tuple" | "parenthesized_expression", ..) => {
                return children(node).for_each(|child| self.delete(child, frame));
            }
            ("identifier", ..) => (Some(frame.space()), node),
            ("attribute", Some(object), Some(name)) => {
                (self.eval(object, frame).class().map(Space::Class), name)
            }
            _ => (None, node),
        };
        let space = space.filter(|space| !self.is_shared(self.start_of(*space)));
        match space.and_then(|space| self.namespace(space)) {
            Some(space) => drop(space.names.remove(frame.text(name))),
            None => drop(self.skip_as(node, Role::Bound, frame, "a part of it is deleted")),
        }
    }

    fn class(&mut self, node: Node<'_>, frame: &mut Frame) {
        let Some(name) = node.child_by_field_name("name") else { return };
        let (name, span) = (frame.text(name).to_owned(), frame.span(name));
        let (mut bases, mut meta) = (Vec::new(), false);
        for base in node.child_by_field_name("superclasses").into_iter().flat_map(children) {
            match base.kind() {
                "keyword_argument" | "list_splat" | "dictionary_splat" => meta = true,
                _ => bases.push(self.item(base, frame)),
            }
        }
        let id = self.new_class(&name, span.clone(), bases);
        let outer = frame.class.replace(id);
        let end = node.child_by_field_name("body").map_or(Ok(()), |body| self.block(body, frame));
        frame.class = outer;
        if let Some(class) = self.classes.get_mut(id) {
            class.meta |= meta || CHANGING.iter().any(|name| class.space.names.contains_key(*name));
            class.meta |= self.modules.iter().any(|module| module.space.names.contains_key("__metaclass__"));
            let why = match class.meta {
                true => Some("a metaclass or a special method may change it"),
                false => end.err().map(|_| "its class is not followed"),
            };
            if let Some(why) = why {
                let unknown = Rc::new(Unknown { span: span.clone(), why: why.to_owned() });
                self.lose(&Val::Class(id), &unknown);
            }
        }
        self.lose_changed(id, &span);
        let item = Item::new(Val::Class(id), span.clone());
        self.put(frame.space(), &name, Binding { item, key: span });
    }

    fn if_statement(&mut self, node: Node<'_>, frame: &mut Frame) -> Result<(), Stop> {
        let mut cursor = node.walk();
        let others: Vec<Node<'_>> = node.children_by_field_name("alternative", &mut cursor).collect();
        for branch in std::iter::once(node).chain(others) {
            let condition = branch.child_by_field_name("condition");
            let truth = condition.map_or(Some(true), |condition| self.eval(condition, frame).truth());
            if truth == Some(true) {
                let body = ["consequence", "body"].iter().find_map(|it| branch.child_by_field_name(it));
                return body.map_or(Ok(()), |body| self.block(body, frame));
            }
            if truth.is_none() {
                let shown = condition.map(|it| frame.shown(it)).unwrap_or_default();
                self.skip(node, frame, &format!("it depends on `{shown}`"));
                return Ok(());
            }
        }
        Ok(())
    }

    fn for_statement(&mut self, node: Node<'_>, frame: &mut Frame) -> Result<(), Stop> {
        let field = |name: &str| node.child_by_field_name(name);
        let (Some(left), Some(right), Some(body)) = (field("left"), field("right"), field("body")) else {
            return Ok(());
        };
        let plain = field("alternative").is_none() && !jumps(body);
        let list = self.eval(right, frame);
        let (mut end, mut rounds) = (if plain { Ok(()) } else { Err(Stop::Lost) }, 0);
        // The body may add items to the list.
        while end.is_ok()
            && let Some(item) = list.item(rounds)
        {
            self.assign(left, item, frame);
            rounds += 1;
            end = if rounds > MOST_ROUNDS { Err(Stop::Lost) } else { self.block(body, frame) };
        }
        if end == Err(Stop::Lost) || list.items().is_none() {
            self.skip(node, frame, LOOP);
            return Ok(());
        }
        end
    }

    /// The body is followed as long as everything in it is. If an import of it fails, the handler is followed.
    fn try_statement(&mut self, node: Node<'_>, frame: &mut Frame) -> Result<(), Stop> {
        let before = self.doubts;
        let Some(body) = node.child_by_field_name("body") else { return Ok(()) };
        let outer = self.trying.replace(frame.module);
        let end = self.block(body, frame);
        self.trying = outer;
        let more = children(node).any(|clause| matches!(clause.kind(), "else_clause" | "finally_clause"));
        if self.doubts != before || end == Err(Stop::Lost) || more || !children(body).all(may_only_bind) {
            self.skip(node, frame, "it depends on whether a `try` succeeds");
            return if end == Err(Stop::Raised) { Ok(()) } else { end };
        }
        if end.is_ok() {
            return end;
        }
        let catches = |clause: &Node<'_>| {
            let head = frame.text(*clause).split(':').next().unwrap_or_default().trim().to_owned();
            let caught = ["ImportError", "ModuleNotFoundError", "Exception"];
            head == "except" || caught.iter().any(|it| head.contains(it))
        };
        let handler = children(node).filter(|it| it.kind() == "except_clause").find(catches);
        for (part, role) in handler.into_iter().flat_map(|it| parts(it, Role::Read, frame)) {
            match part.kind() {
                "block" => return self.block(part, frame),
                _ => drop(self.skip_as(part, role, frame, "it is the exception")),
            }
        }
        end
    }
}

/// Whether a statement raises nothing if its value is known, or is an import.
fn may_only_bind(node: Node<'_>) -> bool {
    let bound = |it: Node<'_>| it.child_by_field_name("left").is_some_and(|left| left.kind() == "identifier");
    match node.kind() {
        "import_statement" | "import_from_statement" | "pass_statement" => true,
        "expression_statement" => children(node).all(|it| it.kind() == "assignment" && bound(it)),
        _ => false,
    }
}

/// Whether `break` or `continue` stands within.
fn jumps(node: Node<'_>) -> bool {
    let mut open = vec![node];
    while let Some(node) = open.pop() {
        if matches!(node.kind(), "break_statement" | "continue_statement") {
            return true;
        }
        open.extend(children(node));
    }
    false
}
