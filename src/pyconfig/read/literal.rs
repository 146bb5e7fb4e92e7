//! Numbers of Python 2 and 3, and the escapes in strings.

use super::value::Val;

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
/// rare ones.
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
            'n' => 10,
            'r' => 13,
            't' => 9,
            '0'..='7' => digits(0, 2, 8, escaped.to_digit(8)?)?,
            'x' => digits(2, 2, 16, 0)?,
            'u' if unicode => digits(4, 4, 16, 0)?,
            'U' if unicode => digits(8, 8, 16, 0)?,
            'a' | 'b' | 'f' | 'v' | 'N' => return None,
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

/// `a operator b` of numbers.
pub(super) fn compute(a: &Val, operator: &str, b: &Val, true_division: bool) -> Option<Val> {
    if let (Some(a), Some(b), false) = (a.int(), b.int(), operator == "/" && true_division) {
        let result = match operator {
            "+" => a.checked_add(b),
            "-" => a.checked_sub(b),
            "*" => a.checked_mul(b),
            // Python rounds down.
            "/" if b > 0 => a.checked_div_euclid(b),
            _ => None,
        };
        return result.map(Val::Int);
    }
    let (a, b) = (a.number()?, b.number()?);
    let result = match operator {
        "+" => a + b,
        "-" => a - b,
        "*" => a * b,
        "/" => a / b,
        _ => return None,
    };
    result.is_finite().then_some(Val::Float(result))
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
