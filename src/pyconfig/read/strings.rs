//! Strings: `%`, `format`, slices, and methods. They are computed in ASCII, where bytes and text of Python 2 are alike.

use super::compare::{find, position};
use super::paths::COMPILED;
use super::value::{Arguments, Item, LONGEST, Text, Val};
use crate::farm::Span;

/// A computed string, unless it is too long or not ASCII.
pub(super) fn computed(text: String) -> Option<Val> {
    (text.len() <= LONGEST && text.is_ascii()).then(|| Val::text(text))
}

/// The text that `str()` makes of a plain value.
pub(super) fn display(val: &Val) -> Option<String> {
    Some(match val {
        Val::Str(text) if text.text.is_ascii() || text.text.contains(COMPILED) => text.text.to_string(),
        Val::None => "None".to_owned(),
        Val::Bool(true) => "True".to_owned(),
        Val::Bool(false) => "False".to_owned(),
        Val::Int(number) => number.to_string(),
        _ => return None,
    })
}

/// `template % values`, with `%s`, `%d`, and `%(name)s`. The error is the value that prevents it.
pub(super) fn percent(template: &str, values: &Item) -> Result<Val, Item> {
    let whole = || values.clone();
    let listed = match &values.val {
        Val::Tuple(seq) => seq.items().ok_or_else(whole)?,
        _ => vec![values.clone()],
    };
    let mut listed = listed.into_iter();
    let (mut out, mut rest) = (String::new(), template);
    while let Some((before, behind)) = rest.split_once('%') {
        out.push_str(before);
        if let Some(behind) = behind.strip_prefix('%') {
            out.push('%');
            rest = behind;
            continue;
        }
        let (item, behind) = match (behind.strip_prefix('('), &values.val) {
            (Some(inside), Val::Dict(dict)) => {
                let (name, behind) = inside.split_once(')').ok_or_else(whole)?;
                // Python accepts names that are left over.
                listed = Vec::new().into_iter();
                let key = Item::new(Val::text(name), values.span.clone());
                let found = dict.items().and_then(|pairs| find(&pairs, &key).flatten());
                (Item::new(found.ok_or_else(whole)?.1, values.span.clone()), behind)
            }
            _ => (listed.next().ok_or_else(whole)?, behind),
        };
        let number = || item.val.int().map(|number| number.to_string());
        let (shown, behind) = match (behind.strip_prefix('s'), behind.strip_prefix('d')) {
            (Some(behind), _) => (display(&item.val), behind),
            (None, Some(behind)) => (number(), behind),
            (None, None) => return Err(whole()),
        };
        out.push_str(&shown.ok_or_else(|| item.clone())?);
        rest = behind;
    }
    out.push_str(rest);
    // Python refuses values that are left over.
    computed(out).filter(|_| listed.next().is_none()).ok_or_else(whole)
}

/// `template.format(…)`, with `{}`, `{0}`, and `{name}`.
fn format(template: &str, given: &Arguments) -> Option<Val> {
    let (mut out, mut rest) = (String::new(), template);
    let (mut next, mut numbered) = (0, false);
    while let Some(at) = rest.find(['{', '}']) {
        let (before, behind) = rest.split_at(at);
        out.push_str(before);
        if behind.starts_with("{{") || behind.starts_with("}}") {
            out.push_str(behind.get(..1)?);
            rest = behind.get(2..)?;
            continue;
        }
        let (name, behind) = behind.strip_prefix('{')?.split_once('}')?;
        let position = name.parse().ok().filter(|_: &usize| !name.starts_with('+'));
        numbered |= position.is_some();
        let position = position.unwrap_or(if name.is_empty() { next } else { usize::MAX });
        next += usize::from(name.is_empty());
        // Python refuses both at once.
        let item = given.get(position, name).filter(|_| !numbered || next == 0)?;
        out.push_str(&display(&item.val)?);
        rest = behind;
    }
    computed(out + rest)
}

/// `text[from:to]`.
pub(super) fn slice(text: &str, from: Option<i64>, to: Option<i64>) -> Option<Val> {
    let count = i64::try_from(text.len()).ok()?;
    let bound = |bound: i64| {
        let bound = if bound < 0 { bound.saturating_add(count) } else { bound };
        usize::try_from(bound.clamp(0, count)).unwrap_or_default()
    };
    let (from, to) = (bound(from.unwrap_or(0)), bound(to.unwrap_or(count)));
    computed(text.get(from..to.max(from)).filter(|_| text.is_ascii())?.to_owned())
}

/// `text[at]`.
pub(super) fn character(text: &str, at: &Val) -> Option<Val> {
    let at = position(at, text.len())?;
    computed(text.get(at..=at).filter(|_| text.is_ascii())?.to_owned())
}

/// A method of a string; `None` if it is not computed.
pub(super) fn method(text: &Text, name: &str, given: &Arguments, span: &Span) -> Option<Val> {
    let text = Some(text.text.as_ref()).filter(|text| text.is_ascii())?;
    if name == "format" || !given.keywords.is_empty() {
        return format(text, given).filter(|_| name == "format");
    }
    let texts = |items: &[Item]| {
        let texts: Option<Vec<String>> =
            items.iter().map(|item| display(&item.val).filter(|_| item.text().is_some())).collect();
        texts
    };
    if let ("join", [list]) = (name, given.args.as_slice()) {
        return computed(texts(&list.val.items()?)?.join(text));
    }
    let given = texts(&given.args)?;
    let pieces = |pieces: &mut dyn Iterator<Item = &str>| {
        let pieces = pieces.map(|piece| Item::new(Val::text(piece), span.clone()));
        Some(Val::holding(pieces.collect(), Val::List, span))
    };
    let blank = |c: char| matches!(c, ' ' | '\t'..='\r');
    match (name, given.iter().map(String::as_str).collect::<Vec<_>>().as_slice()) {
        ("encode" | "decode", [] | ["utf-8" | "utf8" | "ascii" | "latin-1" | "iso-8859-1"]) => {
            computed(text.to_owned())
        }
        ("lower", []) => computed(text.to_ascii_lowercase()),
        ("upper", []) => computed(text.to_ascii_uppercase()),
        ("strip", []) => computed(text.trim_matches(blank).to_owned()),
        ("split", []) => pieces(&mut text.split(blank).filter(|piece| !piece.is_empty())),
        ("split", [one]) if !one.is_empty() => pieces(&mut text.split(one)),
        ("strip", [one]) => computed(text.trim_matches(|c| one.contains(c)).to_owned()),
        ("lstrip", [one]) => computed(text.trim_start_matches(|c| one.contains(c)).to_owned()),
        ("rstrip", [one]) => computed(text.trim_end_matches(|c| one.contains(c)).to_owned()),
        ("startswith", [one]) => Some(Val::Bool(text.starts_with(one))),
        ("endswith", [one]) => Some(Val::Bool(text.ends_with(one))),
        ("replace", [from, to]) if !from.is_empty() && text.len() * (to.len() + 1) <= LONGEST * 16 => {
            computed(text.replace(from, to))
        }
        _ => None,
    }
}
