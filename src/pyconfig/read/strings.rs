//! Strings of Python 2 and 3: `%`, `format`, slices, and methods.

use super::compare::{find, position};
use super::value::{Arguments, Item, LONGEST, Text, Val};
use crate::farm::Span;

impl Text {
    /// How long Python's string is, if each `char` is one item of it.
    fn counted(&self) -> Option<usize> {
        let wide = self.unicode && self.text.chars().all(|c| c < '\u{10000}');
        (self.text.is_ascii() || wide).then(|| self.text.chars().count())
    }

    /// A part of a template.
    fn piece(&self, text: &str) -> Text {
        Text { text: text.into(), unicode: self.unicode, literal: false }
    }
}

/// Strings as one. `None` where Python 2 can't decode the bytes in them, or the result is too long.
pub(super) fn join(parts: &[&Text], between: &str) -> Option<Val> {
    let unicode = parts.iter().any(|text| text.unicode);
    let same = parts.iter().all(|text| text.unicode == unicode || text.text.is_ascii());
    let joined = parts.iter().map(|text| text.text.as_ref()).collect::<Vec<_>>().join(between);
    (same && joined.len() <= LONGEST).then(|| Val::text(joined, unicode))
}

/// The text that `str()` makes of a plain value.
pub(super) fn display(val: &Val) -> Option<Text> {
    let text = match val {
        Val::Str(text) => return Some(text.clone()),
        Val::None => "None".to_owned(),
        Val::Bool(true) => "True".to_owned(),
        Val::Bool(false) => "False".to_owned(),
        Val::Int(number) => number.to_string(),
        _ => return None,
    };
    Some(Text { text: text.into(), unicode: false, literal: false })
}

/// `template % values`, with `%s`, `%d`, and `%(name)s`. The error is the value that prevents it.
pub(super) fn percent(template: &Text, values: &Item) -> Result<Val, Item> {
    let whole = || values.clone();
    let tuple = match &values.val {
        Val::Tuple(seq) => seq.items(),
        _ => None,
    };
    let mut parts: Vec<Text> = Vec::new();
    let piece = |text: &str| template.piece(text);
    let (mut rest, mut next, mut named) = (template.text.as_ref(), 0, false);
    while let Some((before, behind)) = rest.split_once('%') {
        parts.push(piece(before));
        if let Some(behind) = behind.strip_prefix('%') {
            parts.push(piece("%"));
            rest = behind;
            continue;
        }
        let (item, behind) = match (behind.strip_prefix('('), &values.val) {
            (Some(inside), Val::Dict(dict)) => {
                let (name, behind) = inside.split_once(')').ok_or_else(whole)?;
                named = true;
                let pairs = dict.items().ok_or_else(whole)?;
                let key = Item::new(Val::text(name, false), values.span.clone());
                let (_, val) = find(&pairs, &key).flatten().ok_or_else(whole)?;
                (Some(Item::new(val, values.span.clone())), behind)
            }
            (None, Val::Tuple(_)) => (tuple.as_ref().and_then(|items| items.get(next)).cloned(), behind),
            (None, _) if next == 0 => (Some(whole()), behind),
            _ => return Err(whole()),
        };
        next += 1;
        let item = item.ok_or_else(whole)?;
        rest = match behind.strip_prefix('s') {
            Some(rest) => rest,
            None => behind.strip_prefix('d').filter(|_| item.val.int().is_some()).ok_or_else(whole)?,
        };
        let number = Item::new(item.val.int().map_or(Val::None, Val::Int), item.span.clone());
        let shown = if behind.starts_with('d') { &number } else { &item };
        parts.push(display(&shown.val).ok_or_else(|| item.clone())?);
    }
    parts.push(piece(rest));
    // Python refuses values that are left over.
    let used = match &values.val {
        Val::Tuple(_) => tuple.is_some_and(|items| items.len() == next),
        Val::Dict(_) => named || next == 0,
        _ => next == 1,
    };
    join(&parts.iter().collect::<Vec<_>>(), "").filter(|_| used).ok_or_else(whole)
}

/// `template.format(…)`, with `{}`, `{0}`, and `{name}`.
pub(super) fn format(template: &Text, arguments: &Arguments) -> Option<Val> {
    let mut parts: Vec<Text> = Vec::new();
    let piece = |text: &str| template.piece(text);
    let (mut rest, mut next, mut numbered) = (template.text.as_ref(), 0, false);
    while let Some(at) = rest.find(['{', '}']) {
        let (before, behind) = rest.split_at(at);
        parts.push(piece(before));
        if behind.starts_with("{{") || behind.starts_with("}}") {
            parts.push(piece(behind.get(..1)?));
            rest = behind.get(2..)?;
            continue;
        }
        let (name, behind) = behind.strip_prefix('{')?.split_once('}')?;
        let item = match name {
            // Python refuses both at once.
            "" if !numbered => {
                next += 1;
                arguments.args.get(next - 1)
            }
            _ if name.bytes().all(|byte| byte.is_ascii_digit()) && next == 0 => {
                numbered = true;
                arguments.args.get(name.parse::<usize>().ok()?)
            }
            _ => arguments.keywords.iter().find(|(key, _)| key == name).map(|(_, item)| item),
        };
        parts.push(display(&item?.val)?);
        rest = behind;
    }
    parts.push(piece(rest));
    // The result has the type of the template.
    let same = parts.iter().all(|text| text.unicode == template.unicode || text.text.is_ascii());
    let whole: String = parts.iter().map(|text| text.text.as_ref()).collect();
    (same && whole.len() <= LONGEST).then(|| Val::text(whole, template.unicode))
}

/// `text[at]`.
pub(super) fn character(text: &Text, at: i64) -> Option<Val> {
    let at = position(&Val::Int(at), text.counted()?)?;
    text.text.chars().nth(at).map(|c| Val::text(c.to_string(), text.unicode))
}

/// `text[from:to]`.
pub(super) fn slice(text: &Text, from: Option<i64>, to: Option<i64>) -> Option<Val> {
    let count = i64::try_from(text.counted()?).ok()?;
    let bound = |bound: i64| {
        let bound = if bound < 0 { bound.saturating_add(count) } else { bound };
        usize::try_from(bound.clamp(0, count)).unwrap_or_default()
    };
    let (from, to) = (bound(from.unwrap_or(0)), bound(to.unwrap_or(count)));
    let part: String = text.text.chars().skip(from).take(to.saturating_sub(from)).collect();
    Some(Val::text(part, text.unicode))
}

/// A method of a string; `None` if it is not computed.
pub(super) fn method(text: &Text, name: &str, arguments: &Arguments, span: &Span) -> Option<Val> {
    let args = arguments.args.as_slice();
    if name == "format" || !arguments.keywords.is_empty() {
        return format(text, arguments).filter(|_| name == "format");
    }
    if let ("join", [list]) = (name, args) {
        let items = list.val.items()?;
        let parts: Vec<&Text> = items.iter().map(Item::string).collect::<Option<_>>()?;
        let Val::Str(all) = join(&parts, &text.text)? else { return None };
        // The text between counts, too.
        let same = all.unicode == text.unicode || (all.text.is_ascii() && text.text.is_ascii());
        return same.then(|| Val::text(all.text, all.unicode || text.unicode));
    }
    let given: Vec<&Text> = args.iter().map(Item::string).collect::<Option<_>>()?;
    let plain = text.text.as_ref();
    if !plain.is_ascii() || given.iter().any(|given| !given.text.is_ascii()) {
        return None;
    }
    let unicode = text.unicode || given.iter().any(|given| given.unicode);
    let made = |made: &str| Some(Val::text(made, text.unicode));
    let pieces = |pieces: &mut dyn Iterator<Item = &str>| {
        let pieces = pieces.map(|piece| Item::new(Val::text(piece, unicode), span.clone()));
        Some(Val::holding(pieces.collect(), Val::List, span))
    };
    let blank = |c: char| matches!(c, ' ' | '\t'..='\r');
    match (name, given.iter().map(|given| given.text.as_ref()).collect::<Vec<_>>().as_slice()) {
        ("encode" | "decode", _) => Some(Val::text(plain, name == "decode")),
        ("lower", []) => made(&plain.to_ascii_lowercase()),
        ("upper", []) => made(&plain.to_ascii_uppercase()),
        ("strip", []) => made(plain.trim_matches(blank)),
        ("split", []) => pieces(&mut plain.split(blank).filter(|piece| !piece.is_empty())),
        ("split", [one]) if !one.is_empty() => pieces(&mut plain.split(one)),
        ("strip", [one]) => Some(Val::text(plain.trim_matches(|c| one.contains(c)), unicode)),
        ("lstrip", [one]) => Some(Val::text(plain.trim_start_matches(|c| one.contains(c)), unicode)),
        ("rstrip", [one]) => Some(Val::text(plain.trim_end_matches(|c| one.contains(c)), unicode)),
        ("startswith", [one]) => Some(Val::Bool(plain.starts_with(one))),
        ("endswith", [one]) => Some(Val::Bool(plain.ends_with(one))),
        ("replace", [from, to]) if !from.is_empty() => {
            let fits = plain.len() + plain.matches(from).count() * to.len() <= LONGEST;
            fits.then(|| Val::text(plain.replace(from, to), unicode))
        }
        _ => None,
    }
}
