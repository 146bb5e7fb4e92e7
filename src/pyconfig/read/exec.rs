//! Statements, followed in their order as Python runs them when it imports a module.

use std::rc::Rc;

use tree_sitter::Node;

use super::compare::{find, position};
use super::frame::Frame;
use super::syntax::children;
use super::value::{Item, NO_EXPRESSION, TOO_DEEP, Unknown, Val};
use super::world::{Binding, World};
use crate::farm::Span;

/// How a block ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    /// With its last statement.
    Next,
    Break,
    Continue,
    /// With an import that fails, inside a `try`.
    Raised,
    /// Where it continues is not known.
    Lost,
}

/// How many rounds of a loop are followed.
const MOST_ROUNDS: usize = 20_000;

impl World<'_> {
    /// Follows the statements of a block or module.
    pub(super) fn block(&mut self, block: Node<'_>, frame: &mut Frame) -> Flow {
        if self.enter().is_err() {
            self.spoil(block, frame, TOO_DEEP);
            return Flow::Lost;
        }
        let mut statements = children(block);
        let flow = loop {
            let Some(statement) = statements.next() else { break Flow::Next };
            match self.statement(statement, frame) {
                Flow::Next => {}
                flow => break flow,
            }
        };
        self.leave();
        flow
    }

    fn statement(&mut self, node: Node<'_>, frame: &mut Frame) -> Flow {
        let broken = |child: &Node<'_>| child.is_error() || children(*child).any(|it| it.is_error());
        match node.kind() {
            // Parts of the statement may be in the wrong place, or belong to the next one.
            "expression_statement" if children(node).any(|child| broken(&child)) => {
                self.spoil(node, frame, NO_EXPRESSION);
            }
            "expression_statement" | "print_statement" | "assert_statement" => {
                children(node).for_each(|child| self.expression_statement(child, frame));
            }
            "import_statement" | "import_from_statement" | "future_import_statement" => {
                return self.import(node, frame);
            }
            "class_definition" => self.class(node, frame),
            "function_definition" => self.define(node, node, frame),
            "decorated_definition" => match node.child_by_field_name("definition") {
                Some(function) if function.kind() == "function_definition" => {
                    self.define(function, node, frame);
                }
                _ => drop(self.spoil(node, frame, "a decorator changes it")),
            },
            "if_statement" => return self.if_statement(node, frame),
            "for_statement" => return self.for_statement(node, frame),
            "try_statement" => return self.try_statement(node, frame),
            "delete_statement" => children(node).for_each(|child| self.delete(child, frame)),
            "global_statement" => {
                let names = children(node).map(|name| frame.text(name).to_owned()).collect::<Vec<_>>();
                frame.globals.extend(names);
            }
            "break_statement" => return Flow::Break,
            "continue_statement" => return Flow::Continue,
            "raise_statement" => return Flow::Lost,
            "pass_statement" => {}
            // As far as it can be read.
            "ERROR" => return self.block(node, frame),
            "while_statement" => drop(self.spoil(node, frame, "it depends on a loop")),
            "exec_statement" => drop(self.spoil(node, frame, "exec runs code")),
            kind => {
                let word = kind.split('_').next().unwrap_or_default().to_owned();
                self.spoil(node, frame, &format!("it depends on a `{word}` statement"));
            }
        }
        Flow::Next
    }

    fn expression_statement(&mut self, node: Node<'_>, frame: &mut Frame) {
        let field = |name: &str| node.child_by_field_name(name);
        match (node.kind(), field("left"), field("right")) {
            ("assignment", Some(left), Some(right)) => self.assignment(left, right, frame),
            ("augmented_assignment", Some(left), Some(right)) => {
                let operator =
                    field("operator").map_or("", |it| frame.text(it)).trim_end_matches('=').to_owned();
                let (old, new) = (self.item(left, frame), self.item(right, frame));
                let span = frame.span(right);
                // A list grows in place, for everybody who has it.
                let grown = match (&old.val, new.val.items()) {
                    (Val::List(list), Some(more)) if operator == "+" => {
                        self.extend(list, more).then(|| old.val.clone())
                    }
                    _ => None,
                };
                let val = grown.unwrap_or_else(|| self.operate(&old, &operator, &new, &span, frame));
                if let Val::Unknown(unknown) = &val {
                    self.spoil_value(&old.val, unknown);
                }
                self.assign(left, Item::new(val, span), frame);
            }
            // An annotation alone binds nothing.
            ("assignment", ..) => {}
            _ => {
                if matches!(self.eval(node, frame), Val::Unknown(_)) {
                    self.doubts += 1;
                }
            }
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
        if matches!(item.val, Val::Unknown(_)) {
            self.doubts += 1;
        }
        lefts.into_iter().for_each(|left| self.assign(left, item.clone(), frame));
    }

    /// Binds what stands on the left to a value.
    pub(super) fn assign(&mut self, left: Node<'_>, item: Item, frame: &mut Frame) {
        let field = |name: &str| left.child_by_field_name(name);
        match left.kind() {
            "identifier" => {
                let (name, span) = (frame.text(left).to_owned(), frame.span(left));
                self.bind(&name, item, span, frame);
            }
            "pattern_list" | "tuple_pattern" | "list_pattern" | "tuple" | "list" | "expression_list" => {
                let lefts: Vec<Node<'_>> = children(left).collect();
                let items = item.val.items().filter(|items| items.len() == lefts.len());
                let lost = Item::new(Val::Unknown(item.lost("its parts are not known")), item.span);
                for (at, left) in lefts.into_iter().enumerate() {
                    let part = items.as_ref().and_then(|items| items.get(at)).unwrap_or(&lost);
                    self.assign(left, part.clone(), frame);
                }
            }
            "parenthesized_expression" => {
                children(left).for_each(|inner| self.assign(inner, item.clone(), frame));
            }
            "attribute" => {
                let (Some(object), Some(attribute)) = (field("object"), field("attribute")) else { return };
                let (name, key) = (frame.text(attribute).to_owned(), frame.span(attribute));
                let object = self.eval(object, frame);
                self.set_attribute(&object, &name, item, key);
            }
            "subscript" => {
                let (Some(value), Some(subscript)) = (field("value"), field("subscript")) else { return };
                let owner = self.eval(value, frame);
                if !self.set_item(&owner, subscript, item.clone(), frame) {
                    let unknown = self.spoil(left, frame, "an item of it is replaced");
                    self.spoil_value(&owner, &unknown);
                    self.escape(&item.val);
                    self.run_escaped(&unknown);
                }
            }
            _ => drop(self.spoil(left, frame, "it is bound in an unusual way")),
        }
    }

    /// `FarmConfig.cookie_domain = …`.
    pub(super) fn set_attribute(&mut self, object: &Val, name: &str, item: Item, key: Span) {
        let binding = Binding { item, key };
        let space = match (object.class(), object) {
            (Some(class), _) => self.classes.get_mut(class).map(|class| &mut class.space),
            (None, Val::Module(module)) => self.modules.get_mut(*module).map(|module| &mut module.space),
            _ => None,
        };
        match space {
            Some(space) if !name.starts_with("__") => drop(space.names.insert(name.to_owned(), binding)),
            _ => {
                self.patched |= matches!(object, Val::Outside(_));
                let kept = binding.item.val.clone();
                self.escape(&kept);
                let why = "an attribute of it is set".to_owned();
                let unknown = Rc::new(Unknown { span: binding.key, why });
                self.spoil_value(object, &unknown);
                if matches!(object, Val::Unknown(_) | Val::Method(_)) {
                    self.run_escaped(&unknown);
                }
            }
        }
    }

    /// `owner[subscript] = item`; returns whether that was possible.
    fn set_item(&mut self, owner: &Val, subscript: Node<'_>, item: Item, frame: &mut Frame) -> bool {
        if !self.may_nest(std::slice::from_ref(&item)) {
            return false;
        }
        match owner {
            Val::List(list) if subscript.kind() == "slice" => {
                let more = item.val.items().filter(|_| frame.text(subscript).trim() == ":");
                more.is_some_and(|items| list.set(items))
            }
            Val::List(list) => {
                let index = self.item(subscript, frame);
                let Some(mut items) = list.items() else { return false };
                let place = position(&index.val, items.len()).and_then(|at| items.get_mut(at));
                place.map(|place| *place = item).is_some() && list.set(items)
            }
            Val::Dict(dict) => {
                let key = self.item(subscript, frame);
                let Some(mut pairs) = dict.items() else { return false };
                match find(&pairs, &key) {
                    Some(Some(at)) => {
                        pairs.get_mut(at).map(|pair| pair.1 = item).is_some() && dict.set(pairs)
                    }
                    Some(None) => {
                        pairs.push((key, item));
                        dict.set(pairs)
                    }
                    None => false,
                }
            }
            _ => false,
        }
    }

    /// `del name`, `del FarmConfig.name`, `del settings['name']`.
    fn delete(&mut self, node: Node<'_>, frame: &mut Frame) {
        let field = |name: &str| node.child_by_field_name(name);
        match node.kind() {
            "expression_list" | "tuple" | "parenthesized_expression" => {
                children(node).for_each(|child| self.delete(child, frame));
            }
            "identifier" => {
                let (name, span) = (frame.text(node).to_owned(), frame.span(node));
                let removed = self.space(frame).and_then(|space| space.names.remove(&name));
                if let Some(object) = removed.filter(|it| matches!(it.item.val, Val::Object(_))) {
                    self.spoil_value(
                        &object.item.val,
                        &Item::new(Val::None, span).lost("an object is deleted"),
                    );
                }
            }
            "attribute" => {
                let object = field("object").map(|object| self.eval(object, frame));
                let name = field("attribute").map_or("", |name| frame.text(name));
                match object.and_then(|object| object.class()) {
                    Some(class) => {
                        self.classes.get_mut(class).map(|class| class.space.names.remove(name));
                    }
                    _ => drop(self.spoil(node, frame, "an attribute of it is deleted")),
                }
            }
            _ => drop(self.spoil(node, frame, "a part of it is deleted")),
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
        let class = self.new_class(&name, span.clone(), bases);
        let outer = (frame.class.replace(class), std::mem::take(&mut frame.globals));
        let flow = node.child_by_field_name("body").map(|body| self.block(body, frame));
        (frame.class, frame.globals) = outer;
        let changes = ["__metaclass__", "__getattribute__", "__getattr__", "__init_subclass__", "__new__"];
        if let Some(class) = self.classes.get_mut(class) {
            class.meta |= meta || changes.iter().any(|name| class.space.names.contains_key(*name));
            let why = if class.meta {
                "a metaclass or a special method may change it"
            } else {
                "its class is not followed"
            };
            if class.meta || flow.is_some_and(|flow| flow != Flow::Next) {
                class.space.spoil(&Rc::new(Unknown { span: span.clone(), why: why.to_owned() }));
            }
        }
        self.bind(&name, Item::new(Val::Class(class), span.clone()), span, frame);
    }

    /// A function; `whole` has the decorators.
    fn define(&mut self, function: Node<'_>, whole: Node<'_>, frame: &mut Frame) {
        let Some(name) = function.child_by_field_name("name") else { return };
        let (name, span) = (frame.text(name).to_owned(), frame.span(name));
        // Decorators and default values are computed now.
        let parameters = function.child_by_field_name("parameters");
        let defaults =
            parameters.into_iter().flat_map(children).filter_map(|it| it.child_by_field_name("value"));
        let decorators = children(whole).filter(|child| child.kind() == "decorator");
        let computed: Vec<Node<'_>> =
            defaults.chain(decorators).filter(|it| it.named_child_count() > 0).collect();
        computed.into_iter().for_each(|node| drop(self.spoil(node, frame, "a function may change it")));
        let val = self.function(whole, frame);
        self.bind(&name, Item::new(val, span.clone()), span, frame);
        self.by_method(function, frame);
    }

    fn if_statement(&mut self, node: Node<'_>, frame: &mut Frame) -> Flow {
        let mut cursor = node.walk();
        let others: Vec<Node<'_>> = node.children_by_field_name("alternative", &mut cursor).collect();
        for branch in std::iter::once(node).chain(others) {
            let condition = branch.child_by_field_name("condition");
            let truth = match condition {
                Some(condition) => self.eval(condition, frame).truth(),
                None => Some(true),
            };
            match (truth, condition) {
                (Some(false), _) => {}
                (Some(true), _) => {
                    let body = ["consequence", "body"].iter().find_map(|it| branch.child_by_field_name(it));
                    return body.map_or(Flow::Next, |body| self.block(body, frame));
                }
                (None, condition) => {
                    let shown: String = condition.map_or("", |it| frame.text(it)).chars().take(60).collect();
                    self.spoil(node, frame, &format!("it depends on `{shown}`"));
                    let jumps = ["break_statement", "continue_statement"];
                    return if holds(node, &jumps) { Flow::Lost } else { Flow::Next };
                }
            }
        }
        Flow::Next
    }

    fn for_statement(&mut self, node: Node<'_>, frame: &mut Frame) -> Flow {
        let field = |name: &str| node.child_by_field_name(name);
        let (Some(left), Some(right), Some(body)) = (field("left"), field("right"), field("body")) else {
            return Flow::Next;
        };
        let over = self.item(right, frame);
        let items = self.iterate(&over).filter(|items| items.len() <= MOST_ROUNDS);
        for item in items.iter().flatten() {
            self.assign(left, item.clone(), frame);
            match self.block(body, frame) {
                Flow::Next | Flow::Continue => {}
                Flow::Break => return Flow::Next,
                Flow::Raised => return Flow::Raised,
                Flow::Lost => {
                    self.spoil(node, frame, "it depends on a loop");
                    return Flow::Next;
                }
            }
        }
        if items.is_none() {
            self.spoil(node, frame, "it depends on a loop");
            return Flow::Next;
        }
        let other = field("alternative").and_then(|other| other.child_by_field_name("body"));
        other.map_or(Flow::Next, |body| self.block(body, frame))
    }

    /// The body is followed as long as everything in it is. If an import of it fails, the handler is followed.
    fn try_statement(&mut self, node: Node<'_>, frame: &mut Frame) -> Flow {
        let before = self.doubts;
        let Some(body) = node.child_by_field_name("body") else { return Flow::Next };
        let outer = std::mem::replace(&mut frame.trying, true);
        let mut flow = self.block(body, frame);
        frame.trying = outer;
        if self.doubts != before || flow == Flow::Lost {
            self.spoil(node, frame, "it depends on whether a `try` succeeds");
            return if flow == Flow::Raised { Flow::Next } else { flow };
        }
        let part = |kind: &str| children(node).find(|clause| clause.kind() == kind);
        let next = match flow {
            Flow::Raised => {
                let catches = |clause: &Node<'_>| {
                    let head = frame.text(*clause).split(':').next().unwrap_or_default().to_owned();
                    head.trim() == "except"
                        || ["ImportError", "ModuleNotFoundError", "Exception"]
                            .iter()
                            .any(|it| head.contains(it))
                };
                children(node).filter(|it| it.kind() == "except_clause").find(catches).and_then(block_of)
            }
            Flow::Next => part("else_clause").and_then(block_of),
            _ => None,
        };
        if let Some(next) = next {
            flow = self.block(next, frame);
        }
        match part("finally_clause").and_then(block_of).map(|last| self.block(last, frame)) {
            Some(Flow::Next) | None => flow,
            Some(last) => last,
        }
    }

    /// The items that a loop goes over, if they and their order are known.
    pub(super) fn iterate(&self, over: &Item) -> Option<Vec<Item>> {
        match &over.val {
            Val::Tuple(_) | Val::List(_) => over.val.items(),
            // Python 2 orders keys by their hashes.
            Val::Dict(dict) => {
                let pairs = dict.items().filter(|pairs| self.python_3 || pairs.len() <= 1)?;
                Some(pairs.into_iter().map(|(key, _)| key).collect())
            }
            _ => None,
        }
    }
}

/// The block of a clause.
fn block_of(clause: Node<'_>) -> Option<Node<'_>> {
    children(clause).find(|child| child.kind() == "block")
}

/// Whether a node of one of these kinds stands within.
fn holds(node: Node<'_>, kinds: &[&str]) -> bool {
    let mut open = vec![node];
    while let Some(node) = open.pop() {
        if kinds.contains(&node.kind()) {
            return true;
        }
        open.extend(children(node));
    }
    false
}
