//! Expressions, computed where everything in them is known.

use std::rc::Rc;

use tree_sitter::Node;

use super::frame::Frame;
use super::literal;
use super::syntax::children;
use super::value::{Item, TOO_DEEP, Text, Val};
use super::world::World;

impl World<'_> {
    /// The value of an expression, with its place.
    pub(super) fn item(&mut self, node: Node<'_>, frame: &mut Frame) -> Item {
        Item::new(self.eval(node, frame), frame.span(node))
    }

    /// The value of an expression.
    pub(super) fn eval(&mut self, node: Node<'_>, frame: &mut Frame) -> Val {
        let span = frame.span(node);
        if let Err(why) = self.enter() {
            return Val::unknown(&span, why);
        }
        let whole = matches!(node.kind(), "call" | "list" | "tuple" | "parenthesized_expression");
        let odd = node.is_error() || node.is_missing() || (node.has_error() && !whole);
        let val = if odd {
            Val::unknown(&span, "there is a syntax error in it")
        } else {
            self.expression(node, frame)
        };
        self.leave();
        val
    }

    fn expression(&mut self, node: Node<'_>, frame: &mut Frame) -> Val {
        let span = frame.span(node);
        let field = |name: &str| node.child_by_field_name(name);
        match node.kind() {
            "identifier" => match frame.text(node) {
                // Names in Python 2.
                "True" => Val::Bool(true),
                "False" => Val::Bool(false),
                "None" => Val::None,
                name => self.lookup(name, &span, frame),
            },
            "true" => Val::Bool(true),
            "false" => Val::Bool(false),
            "none" => Val::None,
            "integer" | "float" => literal::number(frame.text(node)).unwrap_or_else(|| {
                Val::unknown(&span, "it is a number that is too large, or no real number")
            }),
            "string" => self.string(node, frame),
            "concatenated_string" => self.concatenated(node, frame),
            "parenthesized_expression" => match children(node).next() {
                Some(inner) => self.eval(inner, frame),
                None => Val::unknown(&span, "there is a syntax error in it"),
            },
            "tuple" | "expression_list" => match self.items(node, frame) {
                Ok(items) => Val::tuple(items, &span),
                Err(unknown) => unknown,
            },
            "list" => match self.items(node, frame) {
                Ok(items) => Val::list(items, &span),
                Err(unknown) => unknown,
            },
            "dictionary" => self.dictionary(node, frame),
            "attribute" => {
                let (Some(object), Some(name)) = (field("object"), field("attribute")) else {
                    return Val::unknown(&span, "there is a syntax error in it");
                };
                let object = self.item(object, frame);
                self.attribute(&object, frame.text(name), &span)
            }
            "subscript" => self.subscript(node, frame),
            "call" => self.call(node, frame),
            "unary_operator" => {
                let operand = field("argument").map(|operand| self.item(operand, frame));
                let operator = field("operator").map_or("", |operator| frame.text(operator));
                match operand {
                    Some(operand) => self.negate(operator, &operand, &span),
                    None => Val::unknown(&span, "there is a syntax error in it"),
                }
            }
            "not_operator" => {
                let operand = field("argument").map(|operand| self.item(operand, frame));
                match operand.as_ref().and_then(|operand| operand.val.truth()) {
                    Some(truth) => Val::Bool(!truth),
                    None => operand.map_or(Val::None, |operand| self.lost(&operand, "it is not known")),
                }
            }
            "boolean_operator" => self.boolean(node, frame),
            "binary_operator" => {
                let (Some(left), Some(right)) = (field("left"), field("right")) else {
                    return Val::unknown(&span, "there is a syntax error in it");
                };
                let operator = field("operator").map_or("", |operator| frame.text(operator)).to_owned();
                let (left, right) = (self.item(left, frame), self.item(right, frame));
                self.operate(&left, &operator, &right, &span, frame)
            }
            "comparison_operator" => self.comparison(node, frame),
            "conditional_expression" => {
                let parts: Vec<Node<'_>> = children(node).collect();
                let [then, condition, otherwise] = parts.as_slice() else {
                    return Val::unknown(&span, "there is a syntax error in it");
                };
                let truth = self.item(*condition, frame);
                match truth.val.truth() {
                    Some(true) => self.eval(*then, frame),
                    Some(false) => self.eval(*otherwise, frame),
                    None => self.lost(&truth, "its condition is not known"),
                }
            }
            "list_comprehension" | "generator_expression" => self.comprehension(node, frame),
            "lambda" => Val::Function,
            _ => Val::unknown(&span, "it is of a kind that is not computed"),
        }
    }

    /// The items of a list or tuple; `*x` adds those of `x`.
    fn items(&mut self, node: Node<'_>, frame: &mut Frame) -> Result<Vec<Item>, Val> {
        let mut items = Vec::new();
        for child in children(node) {
            if child.kind() == "list_splat" {
                let inner = children(child).next().map(|inner| self.item(inner, frame));
                match inner.as_ref().and_then(|inner| inner.val.items()) {
                    Some(more) => items.extend(more),
                    None => return Err(Val::unknown(&frame.span(child), "what `*` adds is not known")),
                }
            } else {
                items.push(self.item(child, frame));
            }
        }
        Ok(items)
    }

    fn dictionary(&mut self, node: Node<'_>, frame: &mut Frame) -> Val {
        let span = frame.span(node);
        let mut pairs = Vec::new();
        for child in children(node) {
            let parts = (child.child_by_field_name("key"), child.child_by_field_name("value"));
            match parts {
                (Some(key), Some(value)) => pairs.push((self.item(key, frame), self.item(value, frame))),
                _ => {
                    let inner = children(child).next().map(|inner| self.eval(inner, frame));
                    let Some(Val::Dict(more)) = inner else {
                        return Val::unknown(&frame.span(child), "what `**` adds is not known");
                    };
                    pairs.extend(more.to_vec());
                }
            }
        }
        Val::dict(pairs, &span)
    }

    fn string(&mut self, node: Node<'_>, frame: &mut Frame) -> Val {
        let span = frame.span(node);
        let parts: Vec<Node<'_>> = children(node).collect();
        let (Some(start), Some(end)) = (parts.first(), parts.last()) else {
            return Val::unknown(&span, TOO_DEEP);
        };
        let Some(prefix) = literal::prefix(frame.text(*start)) else {
            return Val::unknown(&span, "backticks are not computed");
        };
        let unicode = !prefix.bytes && (prefix.unicode || frame.unicode_literals || self.python_3);
        let plain = |text: &str| {
            // In ur'…' of Python 2, \u is resolved nevertheless; no setting needs that.
            if prefix.raw { Some(text.to_owned()) } else { literal::unescape(text, unicode) }
        };
        let odd = |span| Val::unknown(span, "it holds an escape that is not computed");
        if prefix.format {
            let mut out = String::new();
            for part in parts.iter().skip(1).take(parts.len().saturating_sub(2)) {
                if part.kind() == "interpolation" {
                    match self.interpolation(*part, frame) {
                        Ok(text) => out.push_str(&text),
                        Err(unknown) => return unknown,
                    }
                } else {
                    match plain(&frame.text(*part).replace("{{", "{").replace("}}", "}")) {
                        Some(text) => out.push_str(&text),
                        None => return odd(&span),
                    }
                }
            }
            return Val::text(out, unicode);
        }
        match plain(frame.between(start.end_byte(), end.start_byte().max(start.end_byte()))) {
            Some(text) => Val::Str(Text { text: Rc::from(text), unicode, literal: true }),
            None => odd(&span),
        }
    }

    fn interpolation(&mut self, node: Node<'_>, frame: &mut Frame) -> Result<String, Val> {
        let span = frame.span(node);
        let Some(expression) = node.child_by_field_name("expression") else {
            return Err(Val::unknown(&span, "there is a syntax error in it"));
        };
        let item = self.item(expression, frame);
        let conversion = node.child_by_field_name("type_conversion").map(|it| frame.text(it).to_owned());
        if node.child_by_field_name("format_specifier").is_some() || conversion.is_some_and(|it| it != "!s") {
            return Err(Val::unknown(&span, "its format is not computed"));
        }
        match super::format::display(&item.val) {
            Some(text) => Ok(text),
            None => Err(self.lost(&item, "it is no plain value")),
        }
    }

    /// Strings that stand behind each other are one.
    fn concatenated(&mut self, node: Node<'_>, frame: &mut Frame) -> Val {
        let (mut out, mut unicode, mut literal) = (String::new(), false, true);
        for child in children(node) {
            match self.eval(child, frame) {
                Val::Str(text) => {
                    out.push_str(&text.text);
                    unicode |= text.unicode;
                    literal &= text.literal;
                }
                other => return other,
            }
        }
        Val::Str(Text { text: Rc::from(out), unicode, literal })
    }

    fn boolean(&mut self, node: Node<'_>, frame: &mut Frame) -> Val {
        let span = frame.span(node);
        let parts = (node.child_by_field_name("left"), node.child_by_field_name("right"));
        let (Some(left), Some(right)) = parts else {
            return Val::unknown(&span, "there is a syntax error in it");
        };
        let and = node.child_by_field_name("operator").is_some_and(|it| frame.text(it) == "and");
        let item = self.item(left, frame);
        match item.val.truth() {
            Some(truth) if truth == and => self.eval(right, frame),
            Some(_) => item.val,
            None => self.lost(&item, "it is not known"),
        }
    }

    fn comprehension(&mut self, node: Node<'_>, frame: &mut Frame) -> Val {
        let span = frame.span(node);
        let Some(body) = node.child_by_field_name("body") else {
            return Val::unknown(&span, "there is a syntax error in it");
        };
        let clauses: Vec<Node<'_>> =
            children(node).filter(|child| matches!(child.kind(), "for_in_clause" | "if_clause")).collect();
        let mut out = Vec::new();
        let done = self.in_scope(frame, |world, frame| world.clauses(&clauses, body, frame, &mut out));
        match done {
            Ok(()) => Val::list(out, &span),
            Err(unknown) => unknown,
        }
    }

    fn clauses(
        &mut self,
        clauses: &[Node<'_>],
        body: Node<'_>,
        frame: &mut Frame,
        out: &mut Vec<Item>,
    ) -> Result<(), Val> {
        let Some((clause, rest)) = clauses.split_first() else {
            out.push(self.item(body, frame));
            return Ok(());
        };
        let span = frame.span(*clause);
        if let Err(why) = self.enter() {
            return Err(Val::unknown(&span, why));
        }
        let result = if clause.kind() == "if_clause" {
            let condition = children(*clause).next().map(|condition| self.item(condition, frame));
            match condition.as_ref().and_then(|condition| condition.val.truth()) {
                Some(true) => self.clauses(rest, body, frame, out),
                Some(false) => Ok(()),
                None => Err(Val::unknown(&span, "its condition is not known")),
            }
        } else {
            let parts = (clause.child_by_field_name("left"), clause.child_by_field_name("right"));
            let over = parts.1.map(|right| self.item(right, frame));
            match (parts.0, over.as_ref().and_then(|over| self.iterate(over))) {
                (Some(left), Some(items)) => items.into_iter().try_for_each(|item| {
                    self.assign(left, item, frame);
                    self.clauses(rest, body, frame, out)
                }),
                _ => Err(Val::unknown(&span, "what it goes over is not known")),
            }
        };
        self.leave();
        result
    }

    /// What `object.name` is.
    pub(super) fn attribute(&mut self, object: &Item, name: &str, span: &std::ops::Range<usize>) -> Val {
        match &object.val {
            Val::Module(module) => {
                let module = self.modules.get(*module);
                match module.and_then(|module| module.names.get(name)) {
                    Some(binding) => binding.item.val.clone(),
                    None => {
                        let module = module.map_or("the module", |module| module.name.as_str());
                        Val::unknown(span, format!("{module} does not bind {name}"))
                    }
                }
            }
            Val::Class(class) => match self.class_attribute(*class, name) {
                Some(binding) => binding.item.val.clone(),
                None => Val::unknown(span, format!("MoinMoin's own {name} is not among the files")),
            },
            Val::Outside(outside) => match (outside.as_ref(), name) {
                ("os", "sep") | ("os.path", "sep") => Val::text("/", self.python_3),
                ("os", "pardir") | ("os.path", "pardir") => Val::text("..", self.python_3),
                ("os", "curdir") | ("os.path", "curdir") => Val::text(".", self.python_3),
                ("os", "name") => Val::text("posix", self.python_3),
                (outside, name) => super::import::outside_item(outside, name, span).val,
            },
            Val::Str(_) | Val::List(_) | Val::Dict(_) | Val::Tuple(_) => {
                Val::Method(Rc::new((object.clone(), name.to_owned())))
            }
            _ => self.lost(object, "an attribute of it is used"),
        }
    }
}
