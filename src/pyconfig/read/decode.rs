//! The bytes of a Python file as text: byte order mark, coding line, line ends.
//!
//! Source: PEP 263. A file without a coding line is ASCII in Python 2 and UTF-8 in Python 3: UTF-8 reads both.

use std::fmt;

use encoding_rs::{Encoding, UTF_8};
use fancy_regex::Regex;

/// Why bytes are no text.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum DecodeError {
    /// The coding line names an encoding that is not known.
    Unknown(String),
    /// At that byte it is not in the encoding of the coding line, or not UTF-8 if there is none.
    Malformed { encoding: String, at: usize },
    /// A NUL byte, which no Python file holds.
    Nul(usize),
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DecodeError::Unknown(name) => {
                write!(f, "its coding line names {name:?}, an encoding that is not known")
            }
            DecodeError::Malformed { encoding, at } => write!(
                f,
                "it is not {encoding} at byte {at}: name its encoding in the first line, like # -*- coding: iso-8859-1 -*-"
            ),
            DecodeError::Nul(at) => write!(f, "it holds a NUL at byte {at}, so it is no Python"),
        }
    }
}

/// The text, without a byte order mark and with line ends as they are.
pub(super) fn decode(bytes: &[u8]) -> Result<String, DecodeError> {
    if let Some(at) = bytes.iter().position(|byte| *byte == 0) {
        return Err(DecodeError::Nul(at));
    }
    let marked = bytes.strip_prefix(b"\xef\xbb\xbf");
    let body = marked.unwrap_or(bytes);
    let named = if marked.is_some() { None } else { coding(body) };
    let encoding = match &named {
        None => UTF_8,
        Some(name) => known(name).ok_or_else(|| DecodeError::Unknown(name.clone()))?,
    };
    if encoding == UTF_8 {
        return match std::str::from_utf8(body) {
            Ok(text) => Ok(text.to_owned()),
            Err(error) => {
                let at = bytes.len() - body.len() + error.valid_up_to();
                Err(DecodeError::Malformed { encoding: "UTF-8".to_owned(), at })
            }
        };
    }
    // Latin-1 proper has a character for each byte, where browsers and encoding_rs read it as cp1252.
    if named.as_deref().is_some_and(is_latin_1) {
        return Ok(body.iter().map(|byte| char::from(*byte)).collect());
    }
    let (text, malformed) = encoding.decode_without_bom_handling(body);
    if malformed {
        let (_, at) = first_malformed(encoding, body);
        return Err(DecodeError::Malformed { encoding: encoding.name().to_owned(), at });
    }
    Ok(text.into_owned())
}

/// Whether byte strings of the file are UTF-8.
pub(super) fn is_utf8(bytes: &[u8]) -> bool {
    let body = bytes.strip_prefix(b"\xef\xbb\xbf");
    body.is_some() || coding(bytes).is_none_or(|name| known(&name) == Some(UTF_8))
}

/// How much was read before the first bytes that are not of that encoding.
fn first_malformed(encoding: &'static Encoding, bytes: &[u8]) -> (encoding_rs::DecoderResult, usize) {
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let budget = decoder.max_utf8_buffer_length_without_replacement(bytes.len()).unwrap_or(0);
    let mut out = vec![0; budget];
    let (result, read, _) = decoder.decode_to_utf8_without_replacement(bytes, &mut out, true);
    let wrong = match result {
        encoding_rs::DecoderResult::Malformed(length, after) => usize::from(length) + usize::from(after),
        _ => 0,
    };
    (result, read.saturating_sub(wrong))
}

/// The encoding that a comment in the first two lines names: `coding[:=]\s*([-\w.]+)`.
fn coding(bytes: &[u8]) -> Option<String> {
    let mut lines = bytes.split(|byte| *byte == b'\n').take(2);
    let (first, second) = (lines.next()?, lines.next().unwrap_or_default());
    let blank_or_comment =
        |line: &[u8]| line.trim_ascii().is_empty() || line.trim_ascii_start().starts_with(b"#");
    coding_of(first).or_else(|| if blank_or_comment(first) { coding_of(second) } else { None })
}

fn coding_of(line: &[u8]) -> Option<String> {
    let line: String = line.iter().map(|byte| char::from(*byte)).collect();
    let named = Regex::new(r"^[ \t\f]*#.*?coding[:=][ \t]*([-.0-9A-Z_a-z]+)").ok()?;
    Some(named.captures(&line).ok()??.get(1)?.as_str().to_ascii_lowercase())
}

/// The encoding of a name. Python reads every name that begins with `utf-8-` or `latin-1-` as if it ended there.
fn known(name: &str) -> Option<&'static Encoding> {
    let plain = name.replace('_', "-");
    match plain.as_str() {
        "utf8" | "u8" | "utf" | "ascii" | "us-ascii" | "646" => Some(UTF_8),
        plain if begins(plain, "utf-8") => Some(UTF_8),
        plain if is_latin_1(plain) => Encoding::for_label(b"iso-8859-1"),
        plain => {
            let windows = plain.strip_prefix("cp").map(|number| format!("windows-{number}"));
            Encoding::for_label(windows.as_deref().unwrap_or(plain).as_bytes())
        }
    }
}

/// Whether a name is `root`, or goes on after a hyphen.
fn begins(name: &str, root: &str) -> bool {
    name.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

fn is_latin_1(name: &str) -> bool {
    let plain = name.replace('_', "-");
    let named = matches!(plain.as_str(), "latin1" | "latin" | "l1" | "iso8859-1" | "8859" | "cp819");
    named || ["latin-1", "iso-8859-1", "iso-latin-1"].iter().any(|root| begins(&plain, root))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decode_reads_the_coding_line_in_the_first_two_lines() {
        assert_eq!(
            decode(b"# -*- coding: iso-8859-1 -*-\nx = '\xe4'").unwrap(),
            "# -*- coding: iso-8859-1 -*-\nx = 'ä'"
        );
        assert_eq!(
            decode(b"#!/usr/bin/python\n# vim: set fileencoding=cp1252 :\n\x80").unwrap().chars().last(),
            Some('€')
        );
        assert_eq!(decode(b"# coding: latin-1\n\x80").unwrap().chars().last(), Some('\u{80}'));
        assert_eq!(decode(b"\n# coding=latin_1\r\n\xfc").unwrap().chars().last(), Some('ü'));
        for name in ["iso-latin-1-unix", "latin-1-dos"] {
            let text = format!("#-*-encoding:{name}-*-\n");
            assert_eq!(
                decode(&[text.as_bytes(), b"\xfc"].concat()).unwrap().chars().last(),
                Some('ü'),
                "{name}"
            );
        }
        assert_eq!(decode("#-*-encoding:utf-8-*-\nü".as_bytes()).unwrap().chars().last(), Some('ü'));
        assert_eq!(decode("\u{feff}x = 'ü'".as_bytes()).unwrap(), "x = 'ü'");
        let late = decode(b"x = 1\n# coding: latin-1\n'\xfc'");
        assert_eq!(late, Err(DecodeError::Malformed { encoding: "UTF-8".to_owned(), at: 25 }));
    }

    #[test]
    fn decode_names_the_byte_that_is_no_text() {
        assert_eq!(decode(b"a\0"), Err(DecodeError::Nul(1)));
        assert_eq!(decode(b"# coding: klingon\n"), Err(DecodeError::Unknown("klingon".to_owned())));
        let japanese = decode(b"# coding: euc-jp\n\xa4\xa2\xff");
        assert_eq!(japanese, Err(DecodeError::Malformed { encoding: "EUC-JP".to_owned(), at: 19 }));
    }
}
