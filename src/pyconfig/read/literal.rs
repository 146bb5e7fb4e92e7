//! Literals: numbers and strings of Python 2 and 3.

use super::value::Val;

/// A number as it is written: decimal, hexadecimal, binary, octal as `0o666` and `0666`, with `L` and `_`.
/// `None` for what is too large, or no real number.
pub(super) fn number(text: &str) -> Option<Val> {
    let plain = text.replace('_', "");
    let whole = plain.trim_end_matches(['l', 'L']);
    let radix = |digits: &str, radix: u32| i64::from_str_radix(digits, radix).ok().map(Val::Int);
    let lower = whole.to_ascii_lowercase();
    if let Some(digits) = lower.strip_prefix("0x") {
        return radix(digits, 16);
    }
    if let Some(digits) = lower.strip_prefix("0b") {
        return radix(digits, 2);
    }
    if let Some(digits) = lower.strip_prefix("0o") {
        return radix(digits, 8);
    }
    if lower.bytes().all(|byte| byte.is_ascii_digit()) {
        return match lower.strip_prefix('0') {
            Some(digits) if !digits.is_empty() => radix(digits, 8),
            _ => radix(&lower, 10),
        };
    }
    let float = lower.parse::<f64>().ok().filter(|number| number.is_finite());
    float
        .filter(|_| lower.bytes().all(|byte| byte.is_ascii_digit() || b".e+-".contains(&byte)))
        .map(Val::Float)
}

/// What a string's prefix says: `u`, `b`, `r`, `f`.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Prefix {
    pub(super) unicode: bool,
    pub(super) bytes: bool,
    pub(super) raw: bool,
    pub(super) format: bool,
}

/// Reads what stands before the first quote; `None` for a backtick, which is no string.
pub(super) fn prefix(start: &str) -> Option<Prefix> {
    let mut prefix = Prefix::default();
    for letter in start.chars() {
        match letter.to_ascii_lowercase() {
            'u' => prefix.unicode = true,
            'b' => prefix.bytes = true,
            'r' => prefix.raw = true,
            'f' => prefix.format = true,
            '\'' | '"' => return Some(prefix),
            _ => return None,
        }
    }
    None
}

/// Resolves the escapes of a string that is not raw. A byte string of Python 2 that holds bytes above ASCII by escapes is no
/// text that a setting could hold: `None`.
pub(super) fn unescape(text: &str, unicode: bool) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\\' {
            // Python reads each line end as \n.
            match c {
                '\r' if chars.peek() == Some(&'\n') => {}
                '\r' => out.push('\n'),
                _ => out.push(c),
            }
            continue;
        }
        let Some(escaped) = chars.next() else {
            out.push('\\');
            break;
        };
        let mut digits = |most: usize, radix: u32, first: Option<char>| {
            let mut number = first.and_then(|c| c.to_digit(radix)).unwrap_or(0);
            let mut count = usize::from(first.is_some());
            while count < most
                && let Some(digit) = chars.peek().and_then(|c| c.to_digit(radix))
            {
                number = number.checked_mul(radix)?.checked_add(digit)?;
                chars.next();
                count += 1;
            }
            Some((number, count))
        };
        let code = match escaped {
            '\n' => continue,
            '\r' => {
                if chars.peek() == Some(&'\n') {
                    chars.next();
                }
                continue;
            }
            '\\' | '\'' | '"' => u32::from(escaped),
            'a' => 7,
            'b' => 8,
            'f' => 12,
            'n' => 10,
            'r' => 13,
            't' => 9,
            'v' => 11,
            '0'..='7' => digits(3, 8, Some(escaped))?.0,
            'x' => match digits(2, 16, None)? {
                (number, 2) => number,
                _ => return None,
            },
            'u' | 'U' if unicode => {
                let length = if escaped == 'u' { 4 } else { 8 };
                match digits(length, 16, None)? {
                    (number, count) if count == length => number,
                    _ => return None,
                }
            }
            'N' if unicode => return None,
            other => {
                out.push('\\');
                out.push(other);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_both_pythons() {
        let int = |text: &str| number(text).and_then(|val| val.int());
        assert_eq!(
            [int("12"), int("0"), int("0666"), int("0o666")],
            [Some(12), Some(0), Some(438), Some(438)]
        );
        assert_eq!(
            [int("0x1FL"), int("10l"), int("0b11"), int("1_000")],
            [Some(31), Some(10), Some(3), Some(1000)]
        );
        assert_eq!([int("09"), int("9223372036854775808"), int("1j")], [None, None, None]);
        let float = |text: &str| number(text).and_then(|val| val.number());
        assert_eq!(
            [float("0.5"), float(".5"), float("1e3"), float("12.")],
            [Some(0.5), Some(0.5), Some(1000.0), Some(12.0)]
        );
        assert!(number("1e999").is_none() && number("nan").is_none() && number("3.0j").is_none());
    }

    #[test]
    fn prefixes() {
        assert_eq!(prefix("ur'"), Some(Prefix { unicode: true, raw: true, ..Prefix::default() }));
        assert_eq!(prefix("\"\"\""), Some(Prefix::default()));
        assert_eq!(prefix("`"), None);
    }

    #[test]
    fn escapes() {
        assert_eq!(unescape("a\\n\\'\\x41\\101\\\\d", false).unwrap(), "a\n'AA\\d");
        assert_eq!(unescape("\\.", false).unwrap(), "\\.");
        assert_eq!(unescape("\\u00fc\\U0001F600", true).unwrap(), "ü😀");
        assert_eq!(unescape("\\u00fc", false).unwrap(), "\\u00fc");
        assert_eq!(unescape("\\xfc", true).unwrap(), "ü");
        assert_eq!(unescape("\\xfc", false), None);
        assert_eq!(unescape("a\\\r\nb\r\nc", false).unwrap(), "ab\nc");
        assert_eq!(unescape("\\x4", true), None);
    }
}
