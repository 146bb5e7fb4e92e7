//! Strings in protocol 0. STRING is a Python literal with quotes and escapes; UNICODE uses the codec
//! `raw-unicode-escape`.

use super::error::ReadErrorKind;
use super::text::Text;

/// The argument of STRING. Blanks after the closing quote are dropped, as in cPickle.
pub(super) fn string_line(line: &[u8]) -> Result<Vec<u8>, ReadErrorKind> {
    let error = || ReadErrorKind::Argument("a quoted string");
    let mut line = line;
    while let [head @ .., 0..=b' '] = line {
        line = head;
    }
    let inner = match line {
        [b'\'', inner @ .., b'\''] | [b'"', inner @ .., b'"'] => inner,
        _ => return Err(error()),
    };
    let mut out = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        let (&escape, tail) = rest.split_first().ok_or_else(error)?;
        rest = tail;
        match escape {
            b'\\' | b'\'' | b'"' => out.push(escape),
            b'a' => out.push(7),
            b'b' => out.push(8),
            b't' => out.push(b'\t'),
            b'n' => out.push(b'\n'),
            b'v' => out.push(11),
            b'f' => out.push(12),
            b'r' => out.push(b'\r'),
            b'x' => {
                let (digits, tail) = rest.split_at_checked(2).ok_or_else(error)?;
                out.push(u8::try_from(hex(digits).ok_or_else(error)?).map_err(|_| error())?);
                rest = tail;
            }
            b'0'..=b'7' => {
                let mut value = u32::from(escape - b'0');
                for _ in 0..2 {
                    let [digit @ b'0'..=b'7', tail @ ..] = rest else { break };
                    value = value * 8 + u32::from(digit - b'0');
                    rest = tail;
                }
                // Three octal digits can be up to 511. Python keeps the low eight bits.
                out.push((value & 0xff) as u8);
            }
            // An unknown escape is kept unchanged.
            other => out.extend_from_slice(&[b'\\', other]),
        }
    }
    Ok(out)
}

/// The argument of UNICODE: Latin-1, except `\uXXXX` and `\UXXXXXXXX` after an odd number of backslashes.
pub(super) fn unicode_line(line: &[u8]) -> Result<Text, ReadErrorKind> {
    let error = || ReadErrorKind::Argument("raw-unicode-escape text");
    let mut text = Text::default();
    let mut rest = line;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        let digits = match (byte, rest) {
            (b'\\', [b'u', ..]) => 4,
            (b'\\', [b'U', ..]) => 8,
            (b'\\', [b'\\', tail @ ..]) => {
                // The second backslash of a pair does not start an escape.
                text.push_char('\\');
                text.push_char('\\');
                rest = tail;
                continue;
            }
            _ => {
                text.push_char(char::from(byte));
                continue;
            }
        };
        let digits = rest.get(1..=digits).ok_or_else(error)?;
        rest = rest.get(digits.len() + 1..).unwrap_or_default();
        if !text.push_code_point(hex(digits).ok_or_else(error)?) {
            return Err(error());
        }
    }
    Ok(text)
}

fn hex(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0u32, |value, &digit| Some(value << 4 | char::from(digit).to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn string_line_is_unescaped_as_in_python() {
        for (line, wanted) in [
            (&br"''"[..], &b""[..]),
            (br#""it's""#, b"it's"),
            (br#"'a"b'"#, b"a\"b"),
            (br"'\n\t\r\\\'\a\b\v\f'", b"\n\t\r\\'\x07\x08\x0b\x0c"),
            (br"'\xff\x00a'", b"\xff\0a"),
            (br"'\101\0\7778\1'", b"A\0\xff8\x01"),
            (br"'\q\8'", br"\q\8"),
            (b"'\xe4' \t", b"\xe4"),
        ] {
            assert_eq!(string_line(line).as_deref(), Ok(wanted), "{}", line.escape_ascii());
        }
        for bad in [&b""[..], b"'", b"a", b"'a", b"'a\"", br"'\'", br"'\x1'", br"'\xg0'"] {
            assert!(string_line(bad).is_err(), "{}", bad.escape_ascii());
        }
    }

    #[test]
    fn unicode_line_is_decoded_as_in_python() {
        let read = |line: &[u8]| unicode_line(line).map(|text| text.as_bytes().to_vec()).ok();
        for (line, wanted) in [
            (&b""[..], &b""[..]),
            (b"\xe4", "ä".as_bytes()),
            (br"\u65e5\U0001f600", "日😀".as_bytes()),
            (br"\\u0041", br"\\u0041"),
            (br"\\\u0041", br"\\A"),
            (br"\n\", br"\n\"),
            (br"\ud800", b"\xed\xa0\x80"),
            (br"a\u005cb\u000ac", b"a\\b\nc"),
        ] {
            assert_eq!(read(line).as_deref(), Some(wanted), "{}", line.escape_ascii());
        }
        for bad in [&br"\u"[..], br"\u004", br"\u00g0", br"\U00110000", br"\U0001f60", br"\u+041"] {
            assert_eq!(read(bad), None, "{}", bad.escape_ascii());
        }
    }
}
