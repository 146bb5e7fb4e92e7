//! The `Cookie` module of Python 2.7, which reads the header up to 1.9.8.
//!
//! It goes from cookie to cookie and stops at the first that it does not understand: what follows is not seen. Source:
//! `Cookie.py` of CPython 2.7.18, `MoinMoin/request` of 1.7 and 1.8, `_ExtendedCookie` of the Werkzeug in 1.9.0 to 1.9.8.

use super::quoted::{Pair, quoted, unquote};

/// Names that are no cookies of their own, but belong to the one before.
const RESERVED: [&[u8]; 8] =
    [b"expires", b"path", b"comment", b"domain", b"max-age", b"secure", b"version", b"httponly"];

/// 1.7 and 1.8: a name that Python's `Cookie` finds illegal (`:` is the common one) drops all cookies.
pub(super) fn strict(header: &[u8]) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for (name, value) in (Cookies { rest: header }) {
        let reserved = |name: &[u8]| RESERVED.iter().any(|known| name.eq_ignore_ascii_case(known));
        match (name, value) {
            ([b'$', attribute @ ..], _) if !pairs.is_empty() && !reserved(attribute) => return Vec::new(),
            ([b'$', ..], _) => {}
            (name, Some(value)) if !reserved(name) => {
                if !name.iter().all(|byte| is_legal(*byte)) {
                    return Vec::new();
                }
                pairs.push((name.to_vec(), unquote(value)));
            }
            _ => {}
        }
    }
    pairs
}

/// 1.9.0 to 1.9.8: an illegal name is passed over. Only from 1.9.4 on are values unquoted.
pub(super) fn lenient(header: &[u8], unquote: fn(&[u8]) -> Vec<u8>) -> Vec<Pair> {
    let cookies = Cookies { rest: header }.filter_map(|(name, value)| Some((name, value?)));
    cookies
        .filter(|(name, _)| name.iter().all(|byte| is_legal(*byte)) && !name.starts_with(b"$"))
        .filter(|(name, _)| !RESERVED.iter().any(|known| name.eq_ignore_ascii_case(known)))
        .map(|(name, value)| (name.to_vec(), unquote(value)))
        .collect()
}

/// `_LegalChars`: of these a name may consist.
fn is_legal(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// `_LegalKeyChars`: of these the expression lets a name consist. No `[`, `]`, `"`, `\`, `;`, blank or non-ASCII.
fn is_key(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_!#%&'~`><@,:/$*+-.^|)(?}{=".contains(&byte)
}

fn is_blank(byte: &u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c)
}

/// What `_CookiePattern` matches, one after the other, until it does not.
struct Cookies<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Cookies<'a> {
    type Item = (&'a [u8], Option<&'a [u8]>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let text = skip_blanks(self.rest);
        let run = text.iter().take_while(|byte| is_key(**byte)).count();
        // The expression matches the shortest name after which the rest fits; a name may hold `=` where it must. What
        // can follow a name is `=`, a blank, `;` or the end.
        let follows = |at: &usize| match text.get(*at) {
            Some(byte) => *byte == b'=' || *at == run,
            None => true,
        };
        for length in (1..=run).filter(follows) {
            let (name, after) = text.split_at_checked(length)?;
            let with_value = skip_blanks(after).strip_prefix(b"=").and_then(|rest| value(skip_blanks(rest)));
            if let Some((value, rest)) = with_value {
                self.rest = rest;
                return Some((name, Some(value)));
            }
            if let Some(rest) = end(after) {
                self.rest = rest;
                return Some((name, None));
            }
        }
        self.rest = b"";
        None
    }
}

/// A value and what is behind its end.
fn value(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let lengths =
        [quoted(text), Some(text.iter().take_while(|b| is_key(**b) || matches!(b, b'[' | b']')).count())];
    lengths.into_iter().flatten().find_map(|length| {
        let (value, after) = text.split_at_checked(length)?;
        Some((value, end(after)?))
    })
}

/// Behind a cookie comes `;`, a blank, or nothing.
fn end(text: &[u8]) -> Option<&[u8]> {
    let rest = skip_blanks(text);
    match rest {
        [] => Some(rest),
        [b';', after @ ..] => Some(after),
        _ if rest.len() < text.len() => Some(rest),
        _ => None,
    }
}

fn skip_blanks(text: &[u8]) -> &[u8] {
    text.get(text.iter().take_while(|byte| is_blank(byte)).count()..).unwrap_or_default()
}
