//! Statements, followed in their order as Python runs them when it imports a module.

use std::collections::HashMap;

use tree_sitter::Node;

use super::frame::Frame;
use super::syntax::children;
use super::targets::{Target, targets};
use super::value::{Item, Val};
use super::world::World;
use crate::farm::{Key, Problem, Span};

/// How a block ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    /// With its last statement.
    Next,
    /// By `break`.
    Break,
    /// By `continue`.
    Continue,
    /// Where it goes on is not known: `raise`, or a `break` under a condition that is not known.
    Lost,
}

/// How often a loop over known items is followed.
const MOST_ROUNDS: usize = 20_000;

impl World<'_> {
    /// Follows the statements of a block or module.
    pub(super) fn block(&mut self, block: Node<'_>, frame: &mut Frame) -> Flow {
        if self.enter().is_err() {
            self.forget(block, frame, "it is nested too deeply");
            return Flow::Lost;
        }
        let mut flow = Flow::Next;
        for statement in children(block) {
            flow = self.statement(statement, frame);
            if flow != Flow::Next {
                break;
            }
        }
        self.leave();
        flow
    }

    fn statement(&mut self, node: Node<'_>, frame: &mut Frame) -> Flow {
        match node.kind() {
            "expression_statement" => {
                // Parts of such a statement may be in the wrong place, or those of the next ones.
                if children(node).any(|child| child.is_error() || children(child).any(|it| it.is_error())) {
                    self.forget(node, frame, "there is a syntax error in it");
                    return Flow::Next;
                }
                for child in children(node) {
                    self.expression_statement(child, frame);
                }
            }
            "import_statement" | "import_from_statement" | "future_import_statement" => {
                self.import(node, frame)
            }
            "class_definition" => self.class(node, frame),
            "decorated_definition" => self.forget(node, frame, "a decorator changes it"),
            "function_definition" => {
                if let Some(name) = node.child_by_field_name("name") {
                    let span = frame.span(name);
                    self.bind(frame.text(name), Item::new(Val::Function, span.clone()), span, frame);
                }
                self.set_in_method(node, frame);
            }
            "if_statement" => return self.if_statement(node, frame),
            "for_statement" => return self.for_statement(node, frame),
            "while_statement" => self.forget(node, frame, "it is built in a loop"),
            "try_statement" => return self.try_statement(node, frame),
            "with_statement" => self.forget(node, frame, "it depends on a `with`"),
            "match_statement" => self.forget(node, frame, "it depends on a `match`"),
            "delete_statement" => self.forget(node, frame, "it is deleted again"),
            "exec_statement" => self.trick(frame.span(node), "exec runs code that can't be read"),
            "break_statement" => return Flow::Break,
            "continue_statement" => return Flow::Continue,
            "raise_statement" => return Flow::Lost,
            // What stands in an error is read as far as it can be told.
            "ERROR" => return self.block(node, frame),
            _ => {}
        }
        Flow::Next
    }

    fn expression_statement(&mut self, node: Node<'_>, frame: &mut Frame) {
        match node.kind() {
            "assignment" => self.assignment(node, frame),
            "augmented_assignment" => self.augmented_assignment(node, frame),
            "call" => {
                let before = self.problems.len();
                let val = self.eval(node, frame);
                // A call that is not followed may change what it is given.
                if matches!(val, Val::Unknown(_)) && self.problems.len() == before {
                    self.forget(node, frame, "a call changes it");
                }
            }
            _ => {}
        }
    }

    fn class(&mut self, node: Node<'_>, frame: &mut Frame) {
        let Some(name) = node.child_by_field_name("name") else { return };
        let span = frame.span(name);
        let mut bases = Vec::new();
        for base in node.child_by_field_name("superclasses").into_iter().flat_map(children) {
            if base.kind() == "keyword_argument" {
                self.trick(frame.span(base), "a metaclass can change every setting");
            } else {
                bases.push(self.item(base, frame));
            }
        }
        let name = frame.text(name).to_owned();
        let class = self.new_class(&name, span.clone(), bases);
        if let Some(body) = node.child_by_field_name("body") {
            let outer = frame.class.replace(class);
            self.block(body, frame);
            frame.class = outer;
        }
        self.bind(&name, Item::new(Val::Class(class), span.clone()), span, frame);
    }

    fn if_statement(&mut self, node: Node<'_>, frame: &mut Frame) -> Flow {
        let mut part = Some(node);
        let mut cursor = node.walk();
        let mut others =
            node.children_by_field_name("alternative", &mut cursor).collect::<Vec<_>>().into_iter();
        while let Some(branch) = part {
            if branch.kind() == "else_clause" {
                return match branch.child_by_field_name("body") {
                    Some(body) => self.block(body, frame),
                    None => Flow::Next,
                };
            }
            let Some(condition) = branch.child_by_field_name("condition") else { return Flow::Next };
            match self.eval(condition, frame).truth() {
                Some(true) => {
                    return match branch.child_by_field_name("consequence") {
                        Some(body) => self.block(body, frame),
                        None => Flow::Next,
                    };
                }
                Some(false) => part = others.next(),
                None => {
                    let shown: String = frame.text(condition).chars().take(60).collect();
                    self.forget(node, frame, &format!("it depends on `{shown}`"));
                    let jumps = ["break_statement", "continue_statement"];
                    return if super::targets::holds(node, &jumps) { Flow::Lost } else { Flow::Next };
                }
            }
        }
        Flow::Next
    }

    fn for_statement(&mut self, node: Node<'_>, frame: &mut Frame) -> Flow {
        let parts = (
            node.child_by_field_name("left"),
            node.child_by_field_name("right"),
            node.child_by_field_name("body"),
        );
        let (Some(left), Some(right), Some(body)) = parts else { return Flow::Next };
        let over = self.item(right, frame);
        let items = self.iterate(&over).filter(|items| items.len() <= MOST_ROUNDS);
        let Some(items) = items else {
            self.forget(node, frame, "it is built in a loop");
            return Flow::Next;
        };
        for item in items {
            self.assign(left, item, frame);
            match self.block(body, frame) {
                Flow::Next | Flow::Continue => {}
                Flow::Break => return Flow::Next,
                Flow::Lost => {
                    self.forget(node, frame, "it is built in a loop");
                    return Flow::Next;
                }
            }
        }
        match node.child_by_field_name("alternative").and_then(|other| other.child_by_field_name("body")) {
            Some(body) => self.block(body, frame),
            None => Flow::Next,
        }
    }

    /// The body is followed as if it went well; what a handler binds instead is not known.
    fn try_statement(&mut self, node: Node<'_>, frame: &mut Frame) -> Flow {
        let mut flow = Flow::Next;
        if let Some(body) = node.child_by_field_name("body") {
            flow = self.block(body, frame);
        }
        for clause in children(node) {
            match clause.kind() {
                "except_clause" => self.forget(clause, frame, "it depends on whether a `try` succeeds"),
                "else_clause" | "finally_clause" => {
                    let body = children(clause).find(|child| child.kind() == "block");
                    if let Some(body) = body {
                        flow = self.block(body, frame);
                    }
                }
                _ => {}
            }
        }
        flow
    }

    /// Makes unknown whatever `node` may bind or change.
    pub(super) fn forget(&mut self, node: Node<'_>, frame: &mut Frame, why: &str) {
        for target in targets(node) {
            match target {
                Target::Changed(name) if !self.can_change(frame.text(name), &frame.span(name), frame) => {}
                Target::Name(name) | Target::Changed(name) => {
                    let span = frame.span(name);
                    let name = frame.text(name).to_owned();
                    // A change in a class body or loop may be of a name that the module has.
                    let whole = frame.span(node);
                    let item = Item::new(Val::unknown(&whole, why), whole);
                    self.bind(&name, item, span, frame);
                }
                Target::Attribute(object, name) => {
                    let span = frame.span(name);
                    let name = frame.text(name).to_owned();
                    let whole = frame.span(node);
                    let item = Item::new(Val::unknown(&whole, why), whole);
                    if let Val::Class(class) = self.eval(object, frame)
                        && let Some(class) = self.classes.get_mut(class)
                    {
                        class.names.insert(name, super::world::Binding { item, key: span });
                    }
                }
            }
        }
    }

    /// Whether the value of that name can be changed in place.
    fn can_change(&self, name: &str, span: &Span, frame: &Frame) -> bool {
        matches!(self.lookup(name, span, frame), Val::List(_) | Val::Dict(_) | Val::Object(_))
    }

    /// `self.cookie_domain = …` in a method of a configuration: it is run with the wiki.
    fn set_in_method(&mut self, function: Node<'_>, frame: &mut Frame) {
        if frame.class.is_none() {
            return;
        }
        for target in targets(function.child_by_field_name("body").unwrap_or(function)) {
            let Target::Attribute(object, name) = target else { continue };
            if frame.text(object) == "self" && Key::named(frame.text(name)).is_some() {
                let span = frame.span(name);
                let item = Item::new(Val::unknown(&span, "a method sets it"), span.clone());
                self.bind(frame.text(name), item, span, frame);
            }
        }
    }

    /// Notes a statement that can change settings in a way that reading can't follow.
    pub(super) fn trick(&mut self, span: Span, why: &str) {
        let problem = Problem::new(
            "dynamic-setting",
            span,
            format!("{why}: what it does to the settings is not known"),
        );
        self.problems.push(problem.help(
            "write the settings as plain assignments, or say them in comments: # wikifarm: NAME = VALUE",
        ));
    }

    /// The items that a loop would go over, if they are known.
    pub(super) fn iterate(&self, over: &Item) -> Option<Vec<Item>> {
        match &over.val {
            Val::Tuple(_) | Val::List(_) => over.val.items(),
            Val::Dict(dict) => Some(dict.to_vec().into_iter().map(|(key, _)| key).collect()),
            _ => None,
        }
    }

    /// A scope for the variables of a comprehension.
    pub(super) fn in_scope<T>(
        &mut self,
        frame: &mut Frame,
        go: impl FnOnce(&mut Self, &mut Frame) -> T,
    ) -> T {
        frame.locals.push(HashMap::new());
        let result = go(self, frame);
        frame.locals.pop();
        result
    }
}
