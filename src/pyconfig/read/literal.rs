//! Numbers and strings of Python 2 and 3: literals, `%`, and `format`.

use super::compare::find;
use super::value::{Arguments, Item, LONGEST, Text, Val};

/// A number: decimal, hexadecimal, binary, octal as `0o666` and `0666`, with `L` and `_`.
/// `None` for numbers that are too large or not real.
pub(super) fn number(text: &str) -> Option<Val> {
    let plain = text.replace('_', "").to_ascii_lowercase();
    let whole = plain.trim_end_matches('l');
    let radix = |digits: &str, radix: u32| i64::from_str_radix(digits, radix).ok().map(Val::Int);
    for (prefix, base) in [("0x", 16), ("0b", 2), ("0o", 8)] {
        if let Some(digits) = whole.strip_prefix(prefix) {
            return radix(digits, base);
        }
    }
    if whole.bytes().all(|byte| byte.is_ascii_digit()) {
        let octal = whole.len() > 1 && whole.starts_with('0');
        return radix(whole, if octal { 8 } else { 10 });
    }
    let decimal = whole.bytes().all(|byte| byte.is_ascii_digit() || b".e+-".contains(&byte));
    whole.parse::<f64>().ok().filter(|number| decimal && number.is_finite()).map(Val::Float)
}

/// The text with line ends as Python reads them.
pub(super) fn lines(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

/// Resolves the escapes of a string that is not raw. `None` for bytes above ASCII that are written as escapes, and for
/// names of characters.
pub(super) fn unescape(text: &str, unicode: bool) -> Option<String> {
    let text = lines(text);
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        let escaped = chars.next()?;
        let mut digits = |least: usize, most: usize, radix: u32, first: u32| {
            let (mut number, mut count) = (first, 0);
            while count < most
                && let Some(digit) = chars.peek().and_then(|c| c.to_digit(radix))
            {
                number = number.checked_mul(radix)?.checked_add(digit)?;
                chars.next();
                count += 1;
            }
            (count >= least).then_some(number)
        };
        let code = match escaped {
            '\n' => continue,
            '\\' | '\'' | '"' => u32::from(escaped),
            'a' => 7,
            'b' => 8,
            'f' => 12,
            'n' => 10,
            'r' => 13,
            't' => 9,
            'v' => 11,
            '0'..='7' => digits(0, 2, 8, escaped.to_digit(8)?)?,
            'x' => digits(2, 2, 16, 0)?,
            'u' if unicode => digits(4, 4, 16, 0)?,
            'U' if unicode => digits(8, 8, 16, 0)?,
            'N' if unicode => return None,
            other => {
                out.extend(['\\', other]);
                continue;
            }
        };
        if code > 0x7f && !unicode {
            return None;
        }
        out.push(char::from_u32(code)?);
    }
    Some(out)
}

impl Text {
    /// Whether each `char` is one item of Python's string.
    pub(super) fn counts(&self) -> bool {
        self.text.is_ascii() || (self.unicode && self.text.chars().all(|c| c < '\u{10000}'))
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
    let piece = |text: &str| Text { text: text.into(), unicode: template.unicode, literal: false };
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
                let at = find(&pairs, &key).flatten().ok_or_else(whole)?;
                (pairs.into_iter().nth(at).map(|(_, item)| item), behind)
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
    let piece = |text: &str| Text { text: text.into(), unicode: template.unicode, literal: false };
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_reads_those_of_both_pythons() {
        let int = |text: &str| number(text).and_then(|val| val.int());
        let (octal, long) = (["0666", "0o666"].map(int), ["0x1FL", "10l", "1_000", "0"].map(int));
        assert_eq!((octal, long), ([Some(438); 2], [Some(31), Some(10), Some(1000), Some(0)]));
        assert_eq!(["09", "9223372036854775808", "1j"].map(int), [None; 3]);
        let float = |text: &str| number(text).and_then(|val| val.number());
        assert_eq!([".5", "1e3", "12.", "1e999"].map(float), [Some(0.5), Some(1000.0), Some(12.0), None]);
    }

    #[test]
    fn unescape_resolves_what_python_does() {
        assert_eq!(unescape("a\\n\\'\\x41\\101\\\\d\\.", false).unwrap(), "a\n'AA\\d\\.");
        assert_eq!(unescape("\\u00fc\\U0001F600\\xfc", true).unwrap(), "ü😀ü");
        assert_eq!(unescape("\\u00fc", false).unwrap(), "\\u00fc");
        assert_eq!(unescape("a\\\r\nb\r\nc", false).unwrap(), "ab\nc");
        assert_eq!([unescape("\\xfc", false), unescape("\\x4", true)], [None, None]);
    }
}
