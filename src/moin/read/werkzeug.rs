//! Werkzeug, which reads the header from 1.9.9 on.
//!
//! Source: `_cookie_parse_impl` and `parse_cookie` of the Werkzeug in 1.9.9 and 1.9.11, of 2.2.3 (2.0.0a1) and 3.1.9.

use super::quoted::{Pair, quoted, unquote};

/// Names that 1.9.9 passes over.
const PARAMETERS: [&[u8]; 7] =
    [b"expires", b"path", b"comment", b"max-age", b"secure", b"httponly", b"version"];

/// 1.9.9. A name reaches from the end of the last cookie to the next `=`, a `;` included: a cookie without a
/// name (`x; MOIN_SESSION=..`) hides the one behind it.
pub(super) fn old(header: &[u8]) -> Vec<Pair> {
    let mut pairs = Vec::new();
    let mut rest = header;
    loop {
        rest = skip(rest, b"=");
        let Some(equals) = rest.iter().position(|byte| *byte == b'=') else { break };
        let (name, after) = split(rest, equals);
        let (value, after) = value(after);
        rest = after;
        let name = name.trim_ascii();
        if !PARAMETERS.iter().any(|known| name.eq_ignore_ascii_case(known)) {
            pairs.push((unquote(name), unquote(value)));
        }
    }
    pairs
}

/// 1.9.10, 1.9.11, and 2.0.0a1. A cookie without `=` has an empty value; one without a name is passed over. Quotes around a
/// name go in 1.9, see `named`.
pub(super) fn new(header: &[u8], named: fn(&[u8]) -> Vec<u8>) -> Vec<Pair> {
    let mut pairs = Vec::new();
    let mut rest = skip(header, b"=;");
    while !rest.is_empty() {
        let length = rest.iter().position(|byte| matches!(byte, b'=' | b';')).unwrap_or(rest.len());
        let assigned = rest.get(length) == Some(&b'=');
        let (name, after) = split(rest, length);
        let (value, after) = if assigned { value(after) } else { (&b""[..], after) };
        rest = skip(after, b"=;");
        let name = named(name.trim_ascii());
        if !name.is_empty() {
            pairs.push((name, unquote(value)));
        }
    }
    pairs
}

/// 2.0.0b1 and later, with Werkzeug 3.1.9: what is no cookie up to the next `;` is passed over.
pub(super) fn current(header: &[u8]) -> Vec<Pair> {
    let mut pairs = Vec::new();
    let mut rest = header;
    loop {
        if let Some((name, value, after)) = pair(rest) {
            pairs.push((name.to_vec(), unquote(value)));
            rest = after;
        } else if let Some(end) = rest.iter().position(|byte| *byte == b';') {
            rest = split(rest, end).1;
        } else {
            return pairs;
        }
    }
}

/// A name and its value at the beginning, and what is behind the `;` that follows. Neither holds blanks, or quotes other
/// than around the whole value.
fn pair(text: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let until =
        |text: &[u8], ends: &[u8]| text.iter().position(|byte| ends.contains(byte)).unwrap_or(text.len());
    let text = skip(text, b" \t");
    let (name, after) =
        text.split_at_checked(until(text, b" \t=\";")).filter(|(name, _)| !name.is_empty())?;
    let after = skip(after, b" \t");
    let (value, after) = match after {
        [b'=', after @ ..] => {
            let after = skip(after, b" \t");
            after.split_at_checked(quoted(after).unwrap_or_else(|| until(after, b" \t\";")))?
        }
        _ => (&b""[..], after),
    };
    match skip(after, b" \t") {
        [] => Some((name, value, b"")),
        [b';', after @ ..] => Some((name, value, after)),
        _ => None,
    }
}

/// A value up to the next `;`, or a quoted string that a `;` follows; and what is behind that.
fn value(text: &[u8]) -> (&[u8], &[u8]) {
    let text = text.trim_ascii_start();
    if let Some(length) = quoted(text) {
        let (value, after) = text.split_at_checked(length).unwrap_or((text, b""));
        match after.trim_ascii_start() {
            [] => return (value, b""),
            [b';', after @ ..] => return (value, after),
            _ => {}
        }
    }
    let end = text.iter().position(|byte| *byte == b';').unwrap_or(text.len());
    let (value, after) = split(text, end);
    (value.trim_ascii_end(), after)
}

/// What is before and what is behind the byte at `at`.
fn split(text: &[u8], at: usize) -> (&[u8], &[u8]) {
    (text.get(..at).unwrap_or(text), text.get(at + 1..).unwrap_or_default())
}

/// Without the bytes of `unwanted` it begins with.
fn skip<'a>(text: &'a [u8], unwanted: &[u8]) -> &'a [u8] {
    let count = text.iter().take_while(|byte| unwanted.contains(byte)).count();
    text.get(count..).unwrap_or_default()
}
