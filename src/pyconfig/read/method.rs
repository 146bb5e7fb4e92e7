//! Methods of strings, lists and dictionaries that only compute.

use super::call::Arguments;
use super::format;
use super::operate::LONGEST;
use super::value::{Item, Val};
use super::world::World;
use crate::farm::Span;

impl World<'_> {
    /// A method of a string, list or dictionary.
    pub(super) fn method(&mut self, owner: &Item, name: &str, arguments: &Arguments, span: &Span) -> Val {
        let args = arguments.args.as_slice();
        let result = match &owner.val {
            Val::Str(text) if name == "format" => {
                return self.format(&text.text, text.unicode, arguments, span);
            }
            Val::Str(text) => string_method(&text.text, text.unicode, name, args, span),
            Val::List(list) => match (name, args) {
                ("append", [item]) => Some(list.push(item.clone())),
                ("extend", [items]) => {
                    self.iterate(items).map(|items| items.into_iter().all(|item| list.push(item)))
                }
                ("insert", [at, item]) if at.val.int() == Some(0) && list.push(item.clone()) => {
                    let mut items = list.items.borrow_mut();
                    items.rotate_right(1);
                    Some(true)
                }
                _ => None,
            }
            .filter(|done| *done)
            .map(|_| Val::None),
            Val::Dict(dict) => match (name, args) {
                ("get", [key]) => self.lookup_key(dict, key).map(|it| it.map_or(Val::None, |item| item.val)),
                ("get", [key, other]) => {
                    self.lookup_key(dict, key).map(|it| it.map_or_else(|| other.val.clone(), |item| item.val))
                }
                ("items" | "iteritems", []) => {
                    let pair = |(key, value): (Item, Item)| {
                        let span = key.span.clone();
                        Item::new(Val::tuple(vec![key, value], &span), span)
                    };
                    Some(Val::list(dict.to_vec().into_iter().map(pair).collect(), span))
                }
                ("keys", []) => self.iterate(owner).map(|keys| Val::list(keys, span)),
                ("values", []) => {
                    Some(Val::list(dict.to_vec().into_iter().map(|(_, value)| value).collect(), span))
                }
                ("update", [Item { val: Val::Dict(more), .. }]) => {
                    let more = more.to_vec();
                    more.into_iter().all(|pair| dict.push(pair)).then_some(Val::None)
                }
                ("copy", []) => Some(Val::dict(dict.to_vec(), span)),
                _ => None,
            },
            _ => None,
        };
        let odd = args.iter().find(|arg| matches!(arg.val, Val::Unknown(_) | Val::Outside(_)));
        result.unwrap_or_else(|| match odd {
            Some(odd) => self.lost(odd, "it is not known"),
            None => Val::unknown(span, format!("its method {name}() is not computed")),
        })
    }

    /// `'…'.format(…)`.
    fn format(&mut self, template: &str, unicode: bool, arguments: &Arguments, span: &Span) -> Val {
        let result = format::braces(template, &mut |wanted| {
            let item = match wanted {
                format::Wanted::Next(at) => arguments.args.get(at),
                format::Wanted::Name(name) => {
                    arguments.keywords.iter().find(|(key, _)| key == name).map(|(_, item)| item)
                }
            };
            let item = item.ok_or_else(|| Val::unknown(span, "a value for its {} is missing"))?;
            match super::format::display(&item.val) {
                Some(_) => Ok(item.val.clone()),
                None => Err(self.lost(item, "it is no plain value")),
            }
        });
        match result {
            Ok(text) if text.len() <= LONGEST => Val::text(text, unicode),
            Err(Some(unknown)) => unknown,
            _ => Val::unknown(span, "its format() is not computed"),
        }
    }
}

/// A method of a string; `None` if it is not computed.
fn string_method(text: &str, unicode: bool, name: &str, args: &[Item], span: &Span) -> Option<Val> {
    let texts: Option<Vec<&str>> = args.iter().map(Item::text).collect();
    let made = |text: String| Some(Val::text(text, unicode));
    match (name, args, texts.as_deref()) {
        ("join", [list], _) => {
            let items = list.val.items()?;
            let parts: Option<Vec<&str>> = items.iter().map(Item::text).collect();
            let joined = parts?.join(text);
            (joined.len() <= LONGEST).then(|| Val::text(joined, unicode))
        }
        ("encode" | "decode", [], _) => Some(Val::text(text, name == "decode")),
        ("encode" | "decode", _, Some([_])) if text.is_ascii() => Some(Val::text(text, name == "decode")),
        ("encode" | "decode", _, Some([coding])) if coding.to_lowercase().replace('-', "") == "utf8" => {
            Some(Val::text(text, name == "decode"))
        }
        (_, _, Some([])) => match name {
            "strip" => made(text.trim().to_owned()),
            "lstrip" => made(text.trim_start().to_owned()),
            "rstrip" => made(text.trim_end().to_owned()),
            "lower" => made(text.to_lowercase()),
            "upper" => made(text.to_uppercase()),
            "split" => Some(pieces(text.split_whitespace(), unicode, span)),
            _ => None,
        },
        (_, _, Some([one])) => match name {
            "strip" => made(text.trim_matches(|c| one.contains(c)).to_owned()),
            "lstrip" => made(text.trim_start_matches(|c| one.contains(c)).to_owned()),
            "rstrip" => made(text.trim_end_matches(|c| one.contains(c)).to_owned()),
            "startswith" => Some(Val::Bool(text.starts_with(one))),
            "endswith" => Some(Val::Bool(text.ends_with(one))),
            "split" if !one.is_empty() => Some(pieces(text.split(one), unicode, span)),
            _ => None,
        },
        ("replace", _, Some([from, to])) if !from.is_empty() => {
            let length = text.len() + text.matches(from).count() * to.len();
            (length <= LONGEST).then(|| Val::text(text.replace(from, to), unicode))
        }
        _ => None,
    }
}

fn pieces<'a>(pieces: impl Iterator<Item = &'a str>, unicode: bool, span: &Span) -> Val {
    Val::list(pieces.map(|piece| Item::new(Val::text(piece, unicode), span.clone())).collect(), span)
}
