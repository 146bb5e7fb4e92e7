//! Operators, comparisons, subscripts.

use std::rc::Rc;

use tree_sitter::Node;

use super::format;
use super::frame::Frame;
use super::syntax::children;
use super::value::{Item, Seq, Val};
use super::world::World;
use crate::farm::Span;

/// The longest string or list that is computed.
pub(super) const LONGEST: usize = 64 << 10;

/// How deep values are compared.
const DEEPEST_COMPARISON: u8 = 8;

impl World<'_> {
    /// What is left of a value that could not be used: unknown, with the expression at which that began.
    pub(super) fn lost(&self, item: &Item, why: &str) -> Val {
        match &item.val {
            Val::Unknown(_) => item.val.clone(),
            Val::Outside(name) if name.starts_with("os.environ") => {
                Val::unknown(&item.span, "it is taken from the environment of the wiki")
            }
            Val::Outside(name) => Val::unknown(&item.span, format!("{name} is not among the files")),
            Val::Object(_) => Val::unknown(&item.span, "it is made of an object"),
            Val::Function | Val::Method(_) => Val::unknown(&item.span, "it is a function"),
            _ => Val::unknown(&item.span, why),
        }
    }

    /// `left operator right`.
    pub(super) fn operate(
        &self,
        left: &Item,
        operator: &str,
        right: &Item,
        span: &Span,
        frame: &Frame,
    ) -> Val {
        let whole = self.python_3 || frame.division;
        let result = match (&left.val, operator, &right.val) {
            (Val::Str(text), "%", _) => return self.percent(&text.text, text.unicode, right, span),
            (Val::Str(a), "+", Val::Str(b)) if a.text.len() + b.text.len() <= LONGEST => {
                Some(Val::text(format!("{}{}", a.text, b.text), a.unicode || b.unicode))
            }
            (Val::Str(text), "*", times) | (times, "*", Val::Str(text)) => {
                let times = times.int().and_then(|times| usize::try_from(times.max(0)).ok());
                let fits = |times: &usize| times.checked_mul(text.text.len()).is_some_and(|it| it <= LONGEST);
                times.filter(fits).map(|times| Val::text(text.text.repeat(times), text.unicode))
            }
            (Val::List(_), "+", Val::List(_)) => {
                let (a, b) = (left.val.items().unwrap_or_default(), right.val.items().unwrap_or_default());
                (a.len() + b.len() <= LONGEST).then(|| Val::list([a, b].concat(), span))
            }
            (Val::Tuple(_), "+", Val::Tuple(_)) => {
                let (a, b) = (left.val.items().unwrap_or_default(), right.val.items().unwrap_or_default());
                (a.len() + b.len() <= LONGEST).then(|| Val::tuple([a, b].concat(), span))
            }
            (Val::List(_) | Val::Tuple(_), "*", times) => {
                let items = left.val.items().unwrap_or_default();
                let times = times.int().and_then(|times| usize::try_from(times.max(0)).ok());
                let fits = |times: &usize| times.checked_mul(items.len()).is_some_and(|it| it <= LONGEST);
                let items = times
                    .filter(fits)
                    .map(|times| std::iter::repeat_n(items.clone(), times).flatten().collect());
                items.map(|items| match &left.val {
                    Val::List(_) => Val::list(items, span),
                    _ => Val::tuple(items, span),
                })
            }
            (a, operator, b) => match (a.int(), b.int()) {
                (Some(a), Some(b)) => integers(a, operator, b, whole),
                _ => a.number().zip(b.number()).and_then(|(a, b)| floats(a, operator, b)),
            },
        };
        result.unwrap_or_else(|| self.neither(left, right, span, "it is not computed"))
    }

    /// Unknown because of the first of two values that is, or else for that reason.
    fn neither(&self, left: &Item, right: &Item, span: &Span, why: &str) -> Val {
        let known = |item: &Item| {
            !matches!(
                item.val,
                Val::Unknown(_) | Val::Outside(_) | Val::Object(_) | Val::Function | Val::Method(_)
            )
        };
        match (known(left), known(right)) {
            (false, _) => self.lost(left, why),
            (_, false) => self.lost(right, why),
            _ => Val::unknown(span, why),
        }
    }

    /// `-x`, `+x`, `~x`.
    pub(super) fn negate(&self, operator: &str, operand: &Item, span: &Span) -> Val {
        let result = match (operator, &operand.val) {
            ("-", Val::Float(number)) => Some(Val::Float(-number)),
            ("+", Val::Float(number)) => Some(Val::Float(*number)),
            ("-", val) => val.int().and_then(i64::checked_neg).map(Val::Int),
            ("+", val) => val.int().map(Val::Int),
            ("~", val) => val.int().map(|number| Val::Int(!number)),
            _ => None,
        };
        result.unwrap_or_else(|| self.neither(operand, operand, span, "it is not computed"))
    }

    /// `a == b`, `a in b`, `a < b < c`.
    pub(super) fn comparison(&mut self, node: Node<'_>, frame: &mut Frame) -> Val {
        let span = frame.span(node);
        let operands: Vec<Node<'_>> = children(node).collect();
        let mut cursor = node.walk();
        let operators: Vec<String> = node
            .children_by_field_name("operators", &mut cursor)
            .map(|operator| frame.text(operator).split_whitespace().collect::<Vec<_>>().join(" "))
            .collect();
        let items: Vec<Item> = operands.into_iter().map(|operand| self.item(operand, frame)).collect();
        let mut result = Some(true);
        for (pair, operator) in items.windows(2).zip(&operators) {
            let [left, right] = pair else { continue };
            match compare(left, operator, right) {
                None => return self.neither(left, right, &span, "it is not computed"),
                Some(truth) => result = result.map(|all| all && truth),
            }
        }
        result
            .filter(|_| operators.len() + 1 == items.len())
            .map_or_else(|| Val::unknown(&span, "it is not computed"), Val::Bool)
    }

    /// `value[index]`, `value[from:to]`, `settings['name']`.
    pub(super) fn subscript(&mut self, node: Node<'_>, frame: &mut Frame) -> Val {
        let span = frame.span(node);
        let parts = (node.child_by_field_name("value"), node.child_by_field_name("subscript"));
        let (Some(value), Some(subscript)) = parts else {
            return Val::unknown(&span, "there is a syntax error in it");
        };
        let value = self.item(value, frame);
        if subscript.kind() == "slice" {
            // Only the copy of the whole: x[:].
            let whole = children(subscript).next().is_none() && frame.text(subscript).trim() == ":";
            return match (&value.val, whole) {
                (Val::List(list), true) => Val::list(list.to_vec(), &span),
                (Val::Tuple(_) | Val::Str(_), true) => value.val,
                _ => self.lost(&value, "a part of it is taken"),
            };
        }
        let index = self.item(subscript, frame);
        match &value.val {
            Val::List(_) | Val::Tuple(_) => {
                let items = value.val.items().unwrap_or_default();
                let at = index.val.int().and_then(|at| {
                    let from_end = i64::try_from(items.len()).ok()?.checked_add(at)?;
                    usize::try_from(if at < 0 { from_end } else { at }).ok()
                });
                match at.and_then(|at| items.get(at)) {
                    Some(item) => item.val.clone(),
                    None => self.neither(&index, &index, &span, "there is no such item"),
                }
            }
            Val::Dict(dict) => match self.lookup_key(dict, &index) {
                Some(Some(item)) => item.val,
                Some(None) => Val::unknown(&span, "there is no such item"),
                None => self.neither(&index, &index, &span, "its key is not known"),
            },
            _ => self.neither(&value, &index, &span, "an item of it is taken"),
        }
    }

    /// The value of a key, the last one where it stands twice. `None` if a key is not known.
    pub(super) fn lookup_key(&self, dict: &Rc<Seq<(Item, Item)>>, key: &Item) -> Option<Option<Item>> {
        let mut found = None;
        for (other, value) in dict.items.borrow().iter() {
            if equal(&other.val, &key.val, DEEPEST_COMPARISON)? {
                found = Some(value.clone());
            }
        }
        Some(found)
    }

    /// `'…' % values`.
    fn percent(&self, template: &str, unicode: bool, values: &Item, span: &Span) -> Val {
        let mut text_is_unicode = unicode;
        let result = format::percent(template, &mut |wanted| {
            let item = match (wanted, &values.val) {
                (format::Wanted::Name(name), Val::Dict(dict)) => {
                    let name = Item::new(Val::text(name, false), span.clone());
                    self.lookup_key(dict, &name)
                        .flatten()
                        .ok_or_else(|| Val::unknown(&values.span, "there is no such item"))?
                }
                (format::Wanted::Next(at), Val::Tuple(_)) => {
                    let items = values.val.items().unwrap_or_default();
                    items
                        .get(at)
                        .cloned()
                        .ok_or_else(|| Val::unknown(span, "a value for its % is missing"))?
                }
                (format::Wanted::Next(0), _) => values.clone(),
                _ => return Err(self.lost(values, "its % is not computed")),
            };
            text_is_unicode |= matches!(&item.val, Val::Str(text) if text.unicode);
            match &item.val {
                val if format::display(val).is_some() => Ok(item.val.clone()),
                _ => Err(self.lost(&item, "it is no plain value")),
            }
        });
        match result {
            Ok(text) if text.len() <= LONGEST => Val::text(text, text_is_unicode),
            Ok(_) => Val::unknown(span, super::value::TOO_DEEP),
            Err(Some(unknown)) => unknown,
            Err(None) => Val::unknown(span, "its % is not computed"),
        }
    }
}

fn integers(a: i64, operator: &str, b: i64, true_division: bool) -> Option<Val> {
    let floor = |a: i64, b: i64| {
        let quotient = a.checked_div(b)?;
        Some(if a.checked_rem(b)? != 0 && (a < 0) != (b < 0) { quotient - 1 } else { quotient })
    };
    let result = match operator {
        "+" => a.checked_add(b),
        "-" => a.checked_sub(b),
        "*" => a.checked_mul(b),
        #[expect(clippy::cast_precision_loss, reason = "as Python's own division")]
        "/" if true_division => return (b != 0).then(|| Val::Float(a as f64 / b as f64)),
        "/" | "//" => floor(a, b),
        "%" => a.checked_sub(floor(a, b)?.checked_mul(b)?),
        "**" => u32::try_from(b).ok().and_then(|b| a.checked_pow(b)),
        "|" => Some(a | b),
        "&" => Some(a & b),
        "^" => Some(a ^ b),
        "<<" => u32::try_from(b).ok().filter(|b| *b < 62).and_then(|b| a.checked_mul(1 << b)),
        ">>" => u32::try_from(b).ok().filter(|b| *b < 64).map(|b| a >> b),
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
        "//" if b != 0.0 => (a / b).floor(),
        _ => return None,
    };
    result.is_finite().then_some(Val::Float(result))
}

/// Whether the comparison holds, if that is known.
fn compare(left: &Item, operator: &str, right: &Item) -> Option<bool> {
    let same = || equal(&left.val, &right.val, DEEPEST_COMPARISON);
    match operator {
        "==" => same(),
        "!=" | "<>" => same().map(|it| !it),
        "is" | "is not" => {
            let none = |val: &Val| matches!(val, Val::None);
            let known = |val: &Val| !matches!(val, Val::Unknown(_) | Val::Outside(_));
            let one_is_none = (none(&left.val) || none(&right.val)) && known(&left.val) && known(&right.val);
            one_is_none.then(|| (none(&left.val) && none(&right.val)) == (operator == "is"))
        }
        "in" | "not in" => {
            let found = match &right.val {
                Val::Str(text) => text.text.contains(left.text()?),
                Val::Dict(dict) => {
                    let mut found = false;
                    for (key, _) in dict.items.borrow().iter() {
                        found |= equal(&key.val, &left.val, DEEPEST_COMPARISON)?;
                    }
                    found
                }
                other => {
                    let mut found = false;
                    for item in other.items()? {
                        found |= equal(&item.val, &left.val, DEEPEST_COMPARISON)?;
                    }
                    found
                }
            };
            Some(found == (operator == "in"))
        }
        _ => {
            let order = match (&left.val, &right.val) {
                (Val::Str(a), Val::Str(b)) => a.text.cmp(&b.text),
                (a, b) => a.number()?.partial_cmp(&b.number()?)?,
            };
            match operator {
                "<" => Some(order.is_lt()),
                "<=" => Some(order.is_le()),
                ">" => Some(order.is_gt()),
                ">=" => Some(order.is_ge()),
                _ => None,
            }
        }
    }
}

/// Whether two values are equal, if that is known.
fn equal(a: &Val, b: &Val, depth: u8) -> Option<bool> {
    match (a, b) {
        (Val::Unknown(_) | Val::Outside(_) | Val::Object(_) | Val::Method(_), _)
        | (_, Val::Unknown(_) | Val::Outside(_) | Val::Object(_) | Val::Method(_)) => None,
        (Val::Str(a), Val::Str(b)) => Some(a.text == b.text),
        (Val::None, Val::None) => Some(true),
        (Val::Class(a), Val::Class(b)) => Some(a == b),
        (Val::Tuple(_), Val::Tuple(_)) | (Val::List(_), Val::List(_)) => {
            let (a, b) = (a.items()?, b.items()?);
            let depth = depth.checked_sub(1)?;
            if a.len() != b.len() {
                return Some(false);
            }
            let mut all = true;
            for (a, b) in a.iter().zip(&b) {
                all &= equal(&a.val, &b.val, depth)?;
            }
            Some(all)
        }
        (Val::Dict(_) | Val::Function, Val::Dict(_) | Val::Function) => None,
        _ => match (a.number(), b.number()) {
            #[expect(clippy::float_cmp, reason = "as Python's own ==")]
            (Some(a), Some(b)) => Some(a == b),
            _ => Some(false),
        },
    }
}
