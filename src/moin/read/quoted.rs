//! Quoted values.

/// A name and its value, as a version understood them.
pub(super) type Pair = (Vec<u8>, Vec<u8>);

/// The text within quotes, `\"` and `\ooo` resolved; anything else as it is.
///
/// Source: `_unquote` of Python's `Cookie.py`, `_cookie_unquote` of Werkzeug.
pub(super) fn unquote(text: &[u8]) -> Vec<u8> {
    let Some(inner) = text.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")) else {
        return text.to_vec();
    };
    let mut plain = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while let [first, tail @ ..] = rest {
        rest = match (first, tail) {
            (b'\\', [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', after @ ..]) => {
                plain.push(((a - b'0') << 6) | ((b - b'0') << 3) | (c - b'0'));
                after
            }
            (b'\\', [escaped, after @ ..]) => {
                plain.push(*escaped);
                after
            }
            _ => {
                plain.push(*first);
                tail
            }
        };
    }
    plain
}

/// The length of the quoted string that `text` begins with, quotes included.
///
/// As in the expression `"(?:[^\\"]|\\.)*"` of both modules: a backslash escapes the next byte.
pub(super) fn quoted(text: &[u8]) -> Option<usize> {
    let mut bytes = text.iter().enumerate();
    if bytes.next()?.1 != &b'"' {
        return None;
    }
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' => return Some(at + 1),
            b'\\' => {
                bytes.next().filter(|(_, escaped)| **escaped != b'\n')?;
            }
            _ => {}
        }
    }
    None
}
