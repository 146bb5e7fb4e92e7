//! Expressions, computed where everything in them is known.

use std::rc::Rc;

use tree_sitter::Node;

use super::compare::{equal, find, position};
use super::frame::Frame;
use super::literal;
use super::syntax::children;
use super::value::{Item, LONGEST, NO_EXPRESSION, Text, Val};
use super::world::World;
use crate::farm::Span;

impl World<'_> {
    /// The value of an expression, with its span.
    pub(super) fn item(&mut self, node: Node<'_>, frame: &mut Frame) -> Item {
        Item::new(self.eval(node, frame), frame.span(node))
    }

    /// The value of an expression.
    pub(super) fn eval(&mut self, node: Node<'_>, frame: &mut Frame) -> Val {
        if let Err(why) = self.enter() {
            return Val::Unknown(self.spoil(node, frame, why));
        }
        let whole = matches!(node.kind(), "call" | "list" | "tuple" | "parenthesized_expression");
        let broken = node.is_error() || node.is_missing() || (node.has_error() && !whole);
        let val = match broken {
            true => None,
            false => self.expression(node, frame),
        };
        self.leave();
        val.unwrap_or_else(|| {
            let why = if broken { NO_EXPRESSION } else { "wikifarm does not compute such an expression" };
            Val::Unknown(self.spoil(node, frame, why))
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
                let all: Option<Vec<&Text>> = parts.iter().map(Item::string).collect();
                let literal = all.iter().flatten().all(|text| text.literal);
                match literal::join(&all?, "")? {
                    Val::Str(text) => Val::Str(Text { literal, ..text }),
                    other => other,
                }
            }
            "parenthesized_expression" => return children(node).next().map(|inner| self.eval(inner, frame)),
            "tuple" | "expression_list" => Val::tuple(self.items(node, frame)?, &span),
            "list" => Val::list(self.items(node, frame)?, &span),
            "dictionary" => {
                let mut pairs: Vec<(Item, Item)> = Vec::new();
                for child in children(node) {
                    let (key, value) =
                        (child.child_by_field_name("key")?, child.child_by_field_name("value")?);
                    let pair = (self.item(key, frame), self.item(value, frame));
                    match find(&pairs, &pair.0)? {
                        Some(at) => pairs.get_mut(at)?.1 = pair.1,
                        None => pairs.push(pair),
                    }
                }
                Val::dict(pairs, &span)
            }
            "attribute" => {
                let object = self.item(field("object")?, frame);
                self.attribute(&object, frame.text(field("attribute")?), &span)
            }
            "subscript" => return self.subscript(node, frame),
            "call" => self.call(node, frame),
            "lambda" => self.function(node, frame),
            "unary_operator" => {
                let operand = self.item(field("argument")?, frame);
                match (operator.as_str(), &operand.val) {
                    ("-", Val::Float(number)) => Val::Float(-number),
                    ("-", val) if val.int().is_some() => Val::Int(val.int()?.checked_neg()?),
                    _ => Val::Unknown(operand.lost("wikifarm does not compute it")),
                }
            }
            "not_operator" => {
                let operand = self.item(field("argument")?, frame);
                match operand.val.truth() {
                    Some(truth) => Val::Bool(!truth),
                    None => Val::Unknown(operand.lost("it is not known")),
                }
            }
            "boolean_operator" => {
                let (left, right) = (self.item(field("left")?, frame), field("right")?);
                match left.val.truth() {
                    Some(truth) if truth == (operator == "and") => self.eval(right, frame),
                    Some(_) => left.val,
                    None => self.either(&left, &[right], Some(&left.val), frame),
                }
            }
            "conditional_expression" => {
                let parts: Vec<Node<'_>> = children(node).collect();
                let [then, condition, otherwise] = parts.as_slice() else { return None };
                let truth = self.item(*condition, frame);
                match truth.val.truth() {
                    Some(true) => self.eval(*then, frame),
                    Some(false) => self.eval(*otherwise, frame),
                    None => self.either(&truth, &[*then, *otherwise], None, frame),
                }
            }
            "binary_operator" => {
                let (left, right) = (self.item(field("left")?, frame), self.item(field("right")?, frame));
                self.operate(&left, &operator, &right, &span, frame)
            }
            "comparison_operator" => {
                let operands: Vec<Node<'_>> = children(node).collect();
                let [left, right] = operands.as_slice() else { return None };
                let operator = field("operators").map(|it| it.kind().to_owned())?;
                let (left, right) = (self.item(*left, frame), self.item(*right, frame));
                match self.compare(&left, &operator, &right) {
                    Some(truth) => Val::Bool(truth),
                    None => self.neither(&left, &right, &span),
                }
            }
            "list_comprehension" => return self.comprehension(node, frame),
            _ => return None,
        })
    }

    fn items(&mut self, node: Node<'_>, frame: &mut Frame) -> Option<Vec<Item>> {
        let plain = children(node).all(|child| !child.kind().ends_with("splat"));
        plain.then(|| children(node).map(|child| self.item(child, frame)).collect())
    }

    /// One of several values, but which is not known: each of them can be changed through the result.
    fn either(&mut self, why: &Item, others: &[Node<'_>], one: Option<&Val>, frame: &mut Frame) -> Val {
        let unknown = why.lost("its condition is not known");
        one.into_iter().for_each(|val| self.spoil_value(val, &unknown));
        others.iter().for_each(|node| drop(self.spoil(*node, frame, &unknown.why)));
        Val::Unknown(unknown)
    }

    fn string(&mut self, node: Node<'_>, frame: &mut Frame) -> Option<Val> {
        let parts: Vec<Node<'_>> = children(node).collect();
        let (start, end) = (parts.first()?, parts.last()?);
        let span = frame.span(node);
        let prefix = frame.text(*start).trim_end_matches(['\'', '"']).to_ascii_lowercase();
        let text = frame.between(start.end_byte(), end.start_byte().max(start.end_byte()));
        let bytes = prefix.contains('b');
        let unicode = !bytes && (prefix.contains('u') || frame.unicode_literals || self.python_3);
        if prefix.contains(['f', '`']) || (bytes && self.python_3) {
            return None;
        }
        if super::syntax::template(text).is_some() {
            return Some(Val::unknown(&span, super::syntax::TEMPLATE));
        }
        let why = "its bytes are not UTF-8, or it has an escape that wikifarm does not compute";
        let plain = match prefix.contains('r') {
            true => (!unicode || self.python_3 || !text.contains("\\u")).then(|| literal::lines(text)),
            false => literal::unescape(text, unicode),
        };
        let utf8 = unicode || frame.utf8;
        let plain = plain.filter(|text| utf8 || text.is_ascii());
        Some(plain.map_or_else(
            || Val::unknown(&span, why),
            |text| Val::Str(Text { text: Rc::from(text), unicode, literal: true }),
        ))
    }

    /// `[x for y in z if c]`, with one `for`.
    pub(super) fn comprehension(&mut self, node: Node<'_>, frame: &mut Frame) -> Option<Val> {
        let span = frame.span(node);
        let clauses: Vec<Node<'_>> = children(node).skip(1).collect();
        let [clause, conditions @ ..] = clauses.as_slice() else { return None };
        if conditions.iter().any(|it| it.kind() != "if_clause") {
            return None;
        }
        let (left, right) = (clause.child_by_field_name("left")?, clause.child_by_field_name("right")?);
        let body = node.child_by_field_name("body")?;
        let over = self.item(right, frame);
        let items = self.iterate(&over)?;
        // Only a list's variables stay bound, and only in Python 2. All others have a scope of their own.
        let stays = node.kind() == "list_comprehension" && !self.python_3;
        let class = if stays { frame.class } else { frame.class.take() };
        let saved: Vec<(String, Option<super::world::Binding>)> = match left.kind() {
            _ if stays => Vec::new(),
            "identifier" => vec![frame.text(left).to_owned()],
            _ => children(left).map(|it| frame.text(it).to_owned()).collect(),
        }
        .into_iter()
        .map(|name: String| {
            (name.clone(), self.space(frame).and_then(|space| space.names.get(&name).cloned()))
        })
        .collect();
        let mut out = Vec::new();
        let mut known = Some(());
        for item in items {
            self.assign(left, item, frame);
            let mut truths = conditions.iter().filter_map(|it| children(*it).next());
            let passes = truths.try_fold(true, |all, it| Some(all && self.eval(it, frame).truth()?));
            match passes {
                Some(true) => out.push(self.item(body, frame)),
                Some(false) => {}
                None => known = None,
            }
        }
        for (name, binding) in saved {
            let Some(space) = self.space(frame) else { continue };
            match binding {
                Some(binding) => drop(space.names.insert(name, binding)),
                None => drop(space.names.remove(&name)),
            }
        }
        frame.class = class;
        known.map(|()| Val::list(out, &span))
    }

    /// What `object.name` is.
    pub(super) fn attribute(&mut self, object: &Item, name: &str, span: &Span) -> Val {
        let object_class = object.val.class().map(Val::Class);
        match object_class.as_ref().unwrap_or(&object.val) {
            Val::Module(_) | Val::Class(_) if name == "__dict__" => {
                let unknown = object.lost("its names are changed by their text");
                self.spoil_value(&object.val, &unknown);
                Val::Unknown(unknown)
            }
            Val::Module(module) => {
                let module = self.modules.get(*module);
                let name_of = module.map_or("the module", |module| module.name.as_str());
                let missing = || Val::unknown(span, format!("{name_of} does not bind {name}"));
                module.and_then(|module| module.space.get(name)).map_or_else(missing, |it| it.item.val)
            }
            Val::Class(class) => match self.class_attribute(*class, name) {
                Some(binding) => binding.item.val,
                None => Val::unknown(span, format!("MoinMoin's own {name} is not among the files")),
            },
            Val::Outside(outside) => match (outside.as_ref(), name) {
                (outside, name) if self.patched => self.outside(outside, name, span),
                ("os" | "os.path", "sep") => Val::text("/", self.python_3),
                ("os" | "os.path", "pardir") => Val::text("..", self.python_3),
                ("os" | "os.path", "curdir") => Val::text(".", self.python_3),
                ("os", "name") => Val::text("posix", self.python_3),
                (outside, name) => self.outside(outside, name, span),
            },
            Val::Object(made) => {
                // A property runs, and a value can be kept in the object.
                let unknown = object.lost("");
                if let Some(Val::Function(function)) = made
                    .class
                    .class()
                    .and_then(|class| self.class_attribute(class, name))
                    .map(|it| it.item.val)
                {
                    self.effects(&function, &unknown);
                }
                Val::Method(Rc::new((object.clone(), name.to_owned())))
            }
            Val::Str(_) | Val::List(_) | Val::Dict(_) | Val::Tuple(_) => {
                Val::Method(Rc::new((object.clone(), name.to_owned())))
            }
            _ => Val::Unknown(object.lost("an attribute of it is used")),
        }
    }

    /// `left operator right`.
    pub(super) fn operate(
        &mut self,
        left: &Item,
        operator: &str,
        right: &Item,
        span: &Span,
        frame: &Frame,
    ) -> Val {
        let whole = self.python_3 || frame.division;
        let result = match (&left.val, operator, &right.val) {
            (Val::Str(text), "%", _) => match literal::percent(text, right) {
                Ok(val) => return val,
                Err(item) => {
                    let unknown = item.lost("wikifarm does not compute its %");
                    self.used(&[right], &unknown);
                    return Val::Unknown(unknown);
                }
            },
            (Val::Str(a), "+", Val::Str(b)) => literal::join(&[a, b], ""),
            (Val::List(_), "+", Val::List(_)) | (Val::Tuple(_), "+", Val::Tuple(_)) => {
                let both = left.val.items().zip(right.val.items()).map(|(a, b)| [a, b].concat());
                let both = both.filter(|both| both.len() <= LONGEST);
                both.map(|items| match &left.val {
                    Val::List(_) => Val::list(items, span),
                    _ => Val::tuple(items, span),
                })
            }
            (a, operator, b) => match (a.int(), b.int()) {
                (Some(a), Some(b)) => integers(a, operator, b, whole),
                _ => a.number().zip(b.number()).and_then(|(a, b)| floats(a, operator, b)),
            },
        };
        result.unwrap_or_else(|| self.neither(left, right, span))
    }

    /// Unknown because of the first of two values that is unknown.
    fn neither(&mut self, left: &Item, right: &Item, span: &Span) -> Val {
        let why = "wikifarm does not compute it";
        self.used(&[left, right], &left.lost(why));
        let reasons = [left, right].map(|item| item.lost(""));
        let reason = reasons.into_iter().find(|unknown| !unknown.why.is_empty());
        reason.map_or_else(|| Val::unknown(span, why), Val::Unknown)
    }

    /// Whether the comparison holds, if that is known.
    fn compare(&self, left: &Item, operator: &str, right: &Item) -> Option<bool> {
        let none = |item: &Item| match &item.val {
            Val::None => Some(true),
            Val::Unknown(_) | Val::Outside(_) => None,
            _ => Some(false),
        };
        match operator {
            "==" => equal(&left.val, &right.val),
            "!=" | "<>" => equal(&left.val, &right.val).map(|it| !it),
            "is" | "is not" => {
                let (left, right) = (none(left)?, none(right)?);
                (left || right).then_some((left && right) == (operator == "is"))
            }
            "in" | "not in" => {
                let found = match &right.val {
                    Val::Str(text) => text.text.contains(left.text().filter(|it| it.is_ascii())?),
                    Val::Dict(dict) => find(&dict.items()?, left)?.is_some(),
                    other => {
                        let mut found = other.items()?.into_iter();
                        found.try_fold(false, |any, it| Some(equal(&it.val, &left.val)? || any))?
                    }
                };
                Some(found == (operator == "in"))
            }
            _ => {
                let (a, b) = (left.val.number()?, right.val.number()?);
                match operator {
                    "<" => Some(a < b),
                    "<=" => Some(a <= b),
                    ">" => Some(a > b),
                    ">=" => Some(a >= b),
                    _ => None,
                }
            }
        }
    }

    /// `value[index]`, `value[from:to]`, `settings['name']`.
    fn subscript(&mut self, node: Node<'_>, frame: &mut Frame) -> Option<Val> {
        let span = frame.span(node);
        let (value, subscript) = (node.child_by_field_name("value")?, node.child_by_field_name("subscript")?);
        let value = self.item(value, frame);
        if subscript.kind() == "slice" {
            let (from, to) = self.bounds(subscript, frame)?;
            return Some(match (&value.val, value.val.items()) {
                (Val::List(_), Some(items)) => Val::list(slice(&items, from, to), &span),
                (Val::Tuple(_), Some(items)) => Val::tuple(slice(&items, from, to), &span),
                (Val::Str(text), _) if text.counts() => {
                    let chars: Vec<char> = text.text.chars().collect();
                    Val::text(slice(&chars, from, to).into_iter().collect::<String>(), text.unicode)
                }
                _ => Val::Unknown(value.lost("a part of it is taken")),
            });
        }
        let index = self.item(subscript, frame);
        let found = match &value.val {
            Val::Dict(dict) => {
                let pairs = dict.items();
                let at = pairs.as_ref().and_then(|pairs| find(pairs, &index)).flatten();
                at.and_then(|at| pairs?.into_iter().nth(at)).map(|(_, item)| item)
            }
            Val::Str(text) if text.counts() => {
                let chars: Vec<char> = text.text.chars().collect();
                let at = position(&index.val, chars.len()).and_then(|at| chars.get(at));
                at.map(|it| Item::new(Val::text(it.to_string(), text.unicode), span.clone()))
            }
            other => {
                let items = other.items().unwrap_or_default();
                position(&index.val, items.len()).and_then(|at| items.into_iter().nth(at))
            }
        };
        if let Some(item) = found {
            return Some(item.val);
        }
        // Any of its items can be changed through the result.
        let unknown = match index.lost("") {
            unknown if !unknown.why.is_empty() => unknown,
            _ => value.lost("there is no such item"),
        };
        value.val.items().into_iter().flatten().for_each(|item| self.spoil_value(&item.val, &unknown));
        if let Val::Dict(_) | Val::Outside(_) | Val::Object(_) = &value.val {
            self.spoil_value(&value.val, &unknown);
        }
        Some(Val::Unknown(unknown))
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

fn slice<T: Clone>(items: &[T], from: Option<i64>, to: Option<i64>) -> Vec<T> {
    let count = i64::try_from(items.len()).unwrap_or(i64::MAX);
    let bound = |bound: i64| {
        let bound = if bound < 0 { bound.saturating_add(count) } else { bound };
        usize::try_from(bound.clamp(0, count)).unwrap_or_default()
    };
    items.get(bound(from.unwrap_or(0))..bound(to.unwrap_or(count))).unwrap_or_default().to_vec()
}

fn integers(a: i64, operator: &str, b: i64, true_division: bool) -> Option<Val> {
    let result = match operator {
        "+" => a.checked_add(b),
        "-" => a.checked_sub(b),
        "*" => a.checked_mul(b),
        #[expect(clippy::cast_precision_loss, reason = "as Python's own division")]
        "/" if true_division => return (b != 0).then(|| Val::Float(a as f64 / b as f64)),
        "/" => {
            let floor = i64::from(a.checked_rem(b)? != 0 && (a < 0) != (b < 0));
            Some(a.checked_div(b)? - floor)
        }
        _ => None,
    };
    result.map(Val::Int)
}

fn floats(a: f64, operator: &str, b: f64) -> Option<Val> {
    let result = match operator {
        "+" => a + b,
        "-" => a - b,
        "*" => a * b,
        "/" if b != 0.0 => a / b,
        _ => return None,
    };
    result.is_finite().then_some(Val::Float(result))
}
