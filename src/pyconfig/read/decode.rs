//! The bytes of a Python file as text: byte order mark, coding line, line ends.
//!
//! Source: PEP 263. A file without a coding line is ASCII in Python 2 and UTF-8 in Python 3: UTF-8 reads both.

use encoding_rs::{Encoding, UTF_8};
use fancy_regex::Regex;

/// The text, without a byte order mark. The error is the reason why the bytes are no text.
pub(super) fn decode(bytes: &[u8]) -> Result<String, String> {
    let mut text = characters(bytes)?.into_bytes();
    // For Python, a lone CR ends a line, too.
    for at in 0..text.len() {
        let crlf = text.get(at + 1) == Some(&b'\n');
        text.get_mut(at).filter(|byte| **byte == b'\r' && !crlf).into_iter().for_each(|byte| *byte = b'\n');
    }
    String::from_utf8(text).map_err(|error| error.to_string())
}

fn characters(bytes: &[u8]) -> Result<String, String> {
    if let Some(at) = bytes.iter().position(|byte| *byte == 0) {
        return Err(format!("it holds a NUL at byte {at}, so it is no Python"));
    }
    let marked = bytes.strip_prefix(b"\xef\xbb\xbf");
    let body = marked.unwrap_or(bytes);
    let named = if marked.is_some() { None } else { coding(body) };
    let not_known = |name: &String| format!("its coding line names {name:?}, an encoding that is not known");
    let encoding = named.as_ref().map_or(Ok(UTF_8), |name| known(name).ok_or_else(|| not_known(name)))?;
    let malformed = |at: String| {
        let help = "name its encoding in the first line, like # -*- coding: iso-8859-1 -*-";
        format!("it is not {}{at}: {help}", encoding.name())
    };
    if encoding == UTF_8 {
        let text = std::str::from_utf8(body).map(str::to_owned);
        let at = |error: std::str::Utf8Error| bytes.len() - body.len() + error.valid_up_to();
        return text.map_err(|error| malformed(format!(" at byte {}", at(error))));
    }
    // Latin-1 proper has a character for each byte, where browsers and encoding_rs read it as cp1252.
    if named.as_deref().is_some_and(is_latin_1) {
        return Ok(body.iter().map(|byte| char::from(*byte)).collect());
    }
    let text = encoding.decode_without_bom_handling_and_without_replacement(body);
    text.map(Into::into).ok_or_else(|| malformed(String::new()))
}

/// Whether byte strings of the file are UTF-8.
pub(super) fn is_utf8(bytes: &[u8]) -> bool {
    let body = bytes.strip_prefix(b"\xef\xbb\xbf");
    body.is_some() || coding(bytes).is_none_or(|name| known(&name) == Some(UTF_8))
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
        assert!(late.unwrap_err().starts_with("it is not UTF-8 at byte 25: "));
    }

    #[test]
    fn decode_names_the_byte_that_is_no_text() {
        assert_eq!(decode(b"a\0").unwrap_err(), "it holds a NUL at byte 1, so it is no Python");
        let klingon = decode(b"# coding: klingon\n").unwrap_err();
        assert_eq!(klingon, "its coding line names \"klingon\", an encoding that is not known");
        let japanese = decode(b"# coding: euc-jp\n\xa4\xa2\xff").unwrap_err();
        assert!(japanese.starts_with("it is not EUC-JP: "), "{japanese}");
    }
}
