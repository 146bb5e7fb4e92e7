//! Expressions, computed where everything in them is known.

use std::rc::Rc;

use tree_sitter::Node;

use super::classes::DEFAULT;
use super::compare::{compare, find, position, set_key};
use super::lose::{FUNCTION, reaches, reaches_all};
use super::namespace::{Binding, Frame, Space};
use super::strings;
use super::syntax::children;
use super::value::{Item, NO_EXPRESSION, NOT_COMPUTED, TOO_DEEP, Text, Val};
use super::world::World;
use super::{literal, syntax};
use crate::farm::{Key, Kind, Span};

/// Built-in names that have a meaning here, beside those that reach everything.
const BUILT_IN: &str = "str unicode int long float bool bytes len range xrange object type dict list tuple set open \
                        property super setattr getattr hasattr isinstance issubclass dir sorted reversed \
                        enumerate zip map filter";

impl World<'_> {
    /// The value of an expression, with its span.
    pub(super) fn item(&mut self, node: Node<'_>, frame: &mut Frame) -> Item {
        Item::new(self.eval(node, frame), frame.span(node))
    }

    /// The value of an expression.
    pub(super) fn eval(&mut self, node: Node<'_>, frame: &mut Frame) -> Val {
        if let Err(why) = self.enter() {
            return Val::Unknown(self.skip(node, frame, why));
        }
        let whole = matches!(node.kind(), "call" | "list" | "tuple" | "parenthesized_expression");
        let broken = node.is_error() || node.is_missing() || (node.has_error() && !whole);
        let val = if broken { None } else { self.expression(node, frame) };
        self.leave();
        val.unwrap_or_else(|| {
            let why = if broken { NO_EXPRESSION } else { "wikifarm does not compute such an expression" };
            Val::Unknown(self.skip(node, frame, why))
        })
    }

    /// `None` if expressions of the kind are not computed.
    fn expression(&mut self, node: Node<'_>, frame: &mut Frame) -> Option<Val> {
        let span = frame.span(node);
        let field = |name: &str| node.child_by_field_name(name);
        let operator = field("operator").map_or("", |operator| frame.text(operator)).to_owned();
        Some(match node.kind() {
            "true" => Val::Bool(true),
            "false" => Val::Bool(false),
            "none" => Val::None,
            // Names in Python 2.
            "identifier" => match frame.text(node) {
                "True" => Val::Bool(true),
                "False" => Val::Bool(false),
                "None" => Val::None,
                name => self.lookup(name, &span, frame),
            },
            "integer" | "float" => literal::number(frame.text(node))?,
            "string" => return self.string(node, frame),
            "concatenated_string" => {
                let parts: Vec<Item> = children(node).map(|child| self.item(child, frame)).collect();
                let text = parts.iter().map(Item::text).collect::<Option<String>>()?;
                let literal = |part: &Item| matches!(&part.val, Val::Str(text) if text.literal);
                Val::Str(Text { text: text.into(), literal: parts.iter().all(literal) })
            }
            "parenthesized_expression" => return children(node).next().map(|inner| self.eval(inner, frame)),
            "tuple" | "expression_list" => Val::holding(self.items(node, frame)?, Val::Tuple, &span),
            "list" => Val::holding(self.items(node, frame)?, Val::List, &span),
            "dictionary" => self.dictionary(node, frame)?,
            "attribute" => {
                let object = self.item(field("object")?, frame);
                self.attribute(&object, frame.text(field("attribute")?), &span)
            }
            "subscript" => self.subscript(field("value")?, field("subscript")?, frame)?,
            "call" => self.call(node, frame),
            "lambda" => Val::Unknown(self.skip(node, frame, FUNCTION)),
            "unary_operator" => {
                let operand = self.item(field("argument")?, frame);
                match (operator.as_str(), &operand.val) {
                    ("-", Val::Float(number)) => Val::Float(-number),
                    ("-", val) if val.int().is_some() => Val::Int(val.int()?.checked_neg()?),
                    _ => self.give_up(&[&operand], NOT_COMPUTED),
                }
            }
            "not_operator" => {
                let operand = self.item(field("argument")?, frame);
                let truth = operand.val.truth();
                truth.map_or_else(|| self.give_up(&[&operand], NOT_COMPUTED), |truth| Val::Bool(!truth))
            }
            "boolean_operator" => {
                let left = self.item(field("left")?, frame);
                match left.val.truth() {
                    Some(truth) if truth == (operator == "and") => self.eval(field("right")?, frame),
                    Some(_) => left.val,
                    None => self.either(&left, node, frame),
                }
            }
            "conditional_expression" => {
                let parts: Vec<Node<'_>> = children(node).collect();
                let [then, condition, other] = parts.as_slice() else { return None };
                let condition = self.item(*condition, frame);
                match condition.val.truth() {
                    Some(truth) => self.eval(if truth { *then } else { *other }, frame),
                    None => self.either(&condition, node, frame),
                }
            }
            "binary_operator" => {
                let (left, right) = (self.item(field("left")?, frame), self.item(field("right")?, frame));
                self.operate(&left, &operator, &right, frame)
            }
            "comparison_operator" => {
                let operands: Vec<Node<'_>> = children(node).collect();
                let [left, right] = operands.as_slice() else { return None };
                let operator = field("operators").map(|it| it.kind().to_owned())?;
                let (left, right) = (self.item(*left, frame), self.item(*right, frame));
                let holds = compare(&left, &operator, &right);
                holds.map_or_else(|| self.give_up(&[&left, &right], NOT_COMPUTED), Val::Bool)
            }
            "list_comprehension" if !self.python_3 => return self.comprehension(node, frame),
            _ => return None,
        })
    }

    fn items(&mut self, node: Node<'_>, frame: &mut Frame) -> Option<Vec<Item>> {
        let plain = children(node).all(|child| !child.kind().ends_with("splat"));
        plain.then(|| children(node).map(|child| self.item(child, frame)).collect())
    }

    fn dictionary(&mut self, node: Node<'_>, frame: &mut Frame) -> Option<Val> {
        let mut pairs: Vec<Item> = Vec::new();
        for child in children(node) {
            let (key, value) = (child.child_by_field_name("key")?, child.child_by_field_name("value")?);
            let (key, value) = (self.item(key, frame), self.item(value, frame));
            set_key(&mut pairs, key, value)?;
        }
        Some(Val::holding(pairs, Val::Dict, &frame.span(node)))
    }

    /// Unknown, for the reason of the first of these values that is unknown, or else for this one. What could be changed
    /// through the result is lost.
    pub(super) fn give_up(&mut self, items: &[&Item], why: &str) -> Val {
        let reasons = items.iter().map(|item| item.reason(""));
        let first = items.first().map(|item| item.reason(why));
        let Some(unknown) = reasons.into_iter().find(|unknown| !unknown.why.is_empty()).or(first) else {
            return Val::None;
        };
        items.iter().for_each(|item| self.lose(&item.val, &unknown));
        Val::Unknown(unknown)
    }

    /// One of the values in an expression, but which is not known.
    fn either(&mut self, condition: &Item, node: Node<'_>, frame: &Frame) -> Val {
        let unknown = condition.reason("its condition is not known");
        self.lose(&condition.val, &unknown);
        self.skip(node, frame, &unknown.why);
        Val::Unknown(unknown)
    }

    fn string(&mut self, node: Node<'_>, frame: &Frame) -> Option<Val> {
        let parts: Vec<Node<'_>> = children(node).collect();
        let (start, end) = (parts.first()?, parts.last()?);
        let prefix = frame.text(*start).trim_end_matches(['\'', '"']).to_ascii_lowercase();
        let text = frame.text.get(start.end_byte()..end.start_byte().max(start.end_byte()))?;
        let bytes = prefix.contains('b');
        let unicode = !bytes && (prefix.contains('u') || frame.unicode_literals || self.python_3);
        if prefix.contains(['f', '`']) || (bytes && self.python_3) {
            return None;
        }
        if syntax::template(text).is_some() {
            return Some(Val::unknown(&frame.span(node), syntax::TEMPLATE));
        }
        let plain = match prefix.contains('r') {
            true => (!unicode || self.python_3 || !text.contains("\\u")).then(|| literal::lines(text)),
            false => literal::unescape(text, unicode),
        };
        let plain = plain.filter(|text| unicode || frame.utf8 || text.is_ascii());
        let why = "its bytes are not UTF-8, or it has an escape that wikifarm does not compute";
        Some(plain.map_or_else(
            || Val::unknown(&frame.span(node), why),
            |text| Val::Str(Text { text: text.into(), literal: !unicode }),
        ))
    }

    /// `[x for y in z]` of Python 2, where the variable stays bound.
    fn comprehension(&mut self, node: Node<'_>, frame: &mut Frame) -> Option<Val> {
        let parts: Vec<Node<'_>> = children(node).collect();
        let [body, clause] = parts.as_slice() else { return None };
        let (left, right) = (clause.child_by_field_name("left")?, clause.child_by_field_name("right")?);
        let items = self.eval(right, frame).items()?;
        let mut out = Vec::new();
        for item in items {
            self.assign(left, item, frame);
            out.push(self.item(*body, frame));
        }
        Some(Val::holding(out, Val::List, &frame.span(node)))
    }

    /// What a name stands for.
    pub(super) fn lookup(&self, name: &str, span: &Span, frame: &Frame) -> Val {
        let class = frame.class.and_then(|class| self.classes.get(class)?.space.get(name));
        let Some(module) = self.modules.get(frame.module) else { return Val::None };
        if let Some(binding) = class.or_else(|| module.space.names.get(name).cloned()) {
            return binding.item.val;
        }
        match (name, &module.space.open) {
            ("__file__", _) => {
                // Where Python has a relative name here, os.path.abspath would make it this.
                let path = std::path::absolute(&module.path).unwrap_or_else(|_| module.path.clone());
                let end = if self.python_3 { "" } else { super::paths::COMPILED };
                Val::text(format!("{}{end}", path.display()))
            }
            // Flask gives the main file this name.
            ("__name__", _) if self.python_3 && frame.module == 0 => Val::text("config"),
            ("__name__", _) => Val::text(module.name.as_str()),
            _ if BUILT_IN.split(' ').any(|it| it == name) || reaches_all(name) => Val::Outside(name.into()),
            (_, Some(open)) => Val::Unknown(Rc::clone(open)),
            (_, None) => Val::unknown(span, format!("the name {name} is not bound in the files")),
        }
    }

    /// A name of a module that is not among the files.
    pub(super) fn outside(&self, module: &str, name: &str, span: &Span) -> Val {
        match format!("{module}.{name}") {
            whole if whole.len() < 300 => Val::Outside(whole.into()),
            _ => Val::unknown(span, TOO_DEEP),
        }
    }

    /// What `object.name` is.
    pub(super) fn attribute(&mut self, object: &Item, name: &str, span: &Span) -> Val {
        if reaches(name) && !matches!(object.val, Val::Outside(_)) {
            self.lose_all(&object.reason("everything may be changed through it"));
        }
        let class = object.val.class().map(Val::Class);
        match class.as_ref().unwrap_or(&object.val) {
            Val::Module(_) | Val::Class(_) if name.starts_with("__") => {
                self.give_up(&[object], "its names are changed by their text")
            }
            Val::Module(module) => {
                let module = self.modules.get(*module);
                let name_of = module.map_or("the module", |module| module.name.as_str());
                let missing = || Val::unknown(span, format!("{name_of} does not bind {name}"));
                module.and_then(|module| module.space.get(name)).map_or_else(missing, |it| it.item.val)
            }
            Val::Class(class) => match self.class_attribute(*class, name) {
                Some(binding) => binding.item.val,
                None => self.moinmoins(name, span),
            },
            Val::Outside(outside) => match (outside.as_ref(), name) {
                ("os" | "os.path", "sep") if !self.patched => Val::text("/"),
                ("os", "name") if !self.patched => Val::text("posix"),
                (outside, name) => self.outside(outside, name, span),
            },
            _ => self.give_up(&[object], "an attribute of it is used"),
        }
    }

    /// MoinMoin's own value of an attribute. A list of it can be changed by whoever has it.
    fn moinmoins(&mut self, name: &str, span: &Span) -> Val {
        let val = Val::unknown(span, format!("MoinMoin's own {name} is not among the files"));
        if Key::named(name).is_some_and(|key| key.kind() == Kind::Names) {
            let binding = Binding { item: Item::new(val.clone(), span.clone()), key: span.clone() };
            self.put(Space::Class(DEFAULT), name, binding);
        }
        val
    }

    /// `left operator right`.
    pub(super) fn operate(&mut self, left: &Item, operator: &str, right: &Item, frame: &Frame) -> Val {
        let span = left.span.start..right.span.end;
        let result = match (&left.val, operator, &right.val) {
            (Val::Str(text), "%", _) => match strings::percent(&text.text, right) {
                Ok(val) => Some(val),
                Err(item) => return self.give_up(&[&item, right], "wikifarm does not compute its %"),
            },
            (Val::Str(a), "+", Val::Str(b)) => strings::computed(format!("{}{}", a.text, b.text)),
            (Val::List(_), "+", Val::List(_)) | (Val::Tuple(_), "+", Val::Tuple(_)) => {
                let both = left.val.items().zip(right.val.items()).map(|(a, b)| [a, b].concat());
                let kind = if matches!(left.val, Val::List(_)) { Val::List } else { Val::Tuple };
                both.map(|both| Val::holding(both, kind, &span))
            }
            (a, operator, b) => literal::compute(a, operator, b, self.python_3 || frame.division),
        };
        result.unwrap_or_else(|| self.give_up(&[left, right], NOT_COMPUTED))
    }

    /// `list[index]`, `settings['name']`, and `text[index]` or `text[from:to]`.
    fn subscript(&mut self, value: Node<'_>, index: Node<'_>, frame: &mut Frame) -> Option<Val> {
        let value = self.item(value, frame);
        if index.kind() == "slice" {
            let (from, to) = self.bounds(index, frame)?;
            let part = value.text().and_then(|text| strings::slice(text, from, to));
            return Some(part.unwrap_or_else(|| self.give_up(&[&value], "a part of it is taken")));
        }
        let index = self.item(index, frame);
        let found = match &value.val {
            Val::Dict(dict) => {
                dict.items().and_then(|pairs| find(&pairs, &index).flatten().map(|(_, val)| val))
            }
            Val::Str(text) => strings::character(&text.text, &index.val),
            other => other
                .items()
                .and_then(|items| Some(items.get(position(&index.val, items.len())?)?.val.clone())),
        };
        Some(found.unwrap_or_else(|| match index.reason("").why.as_str() {
            "" => self.give_up(&[&value], "there is no such item"),
            _ => self.give_up(&[&index, &value], ""),
        }))
    }

    /// The bounds of a slice without a step.
    fn bounds(&mut self, node: Node<'_>, frame: &mut Frame) -> Option<(Option<i64>, Option<i64>)> {
        let mut bounds = [None, None];
        let mut at = 0;
        let mut cursor = node.walk();
        let parts: Vec<Node<'_>> = node.children(&mut cursor).filter(|it| it.kind() != "comment").collect();
        for part in parts {
            match part.kind() {
                ":" => at += 1,
                _ => *bounds.get_mut(at)? = Some(self.eval(part, frame).int()?),
            }
        }
        (at == 1).then_some((bounds[0], bounds[1]))
    }
}
