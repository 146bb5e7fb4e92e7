//! Values as Python writes them: in ASCII alone, so that no coding line decides what they mean.

use std::fmt::Write;

use crate::farm::{Key, Value};

/// Which Python reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Python {
    /// 2, as MoinMoin 1.x wants it: `'…'` are bytes, `u'…'` is text.
    Two,
    /// 3, as MoinMoin 2 wants it.
    Three,
}

/// A string as MoinMoin 1.x has it for paths and cookies: bytes, UTF-8 where they are no ASCII. In Python 3, text.
pub(super) fn string(text: &str, python: Python) -> String {
    match python {
        Python::Three => quote("", text),
        Python::Two => {
            let mut literal = String::from("'");
            for byte in text.bytes() {
                match byte {
                    b'\'' | b'\\' => literal.extend(['\\', char::from(byte)]),
                    b' '..=b'~' => literal.push(char::from(byte)),
                    // Writing to a String does not fail.
                    _ => drop(write!(literal, "\\x{byte:02x}")),
                }
            }
            literal.push('\'');
            literal
        }
    }
}

/// Text, as for the names of users.
pub(super) fn text(text: &str, python: Python) -> String {
    quote(if python == Python::Two { "u" } else { "" }, text)
}

fn quote(prefix: &str, text: &str) -> String {
    let mut literal = format!("{prefix}'");
    for character in text.chars() {
        match character {
            '\'' | '\\' => literal.extend(['\\', character]),
            ' '..='~' => literal.push(character),
            _ => drop(match u32::from(character) {
                code @ 0..=0xff => write!(literal, "\\x{code:02x}"),
                code @ 0x100..=0xffff => write!(literal, "\\u{code:04x}"),
                code => write!(literal, "\\U{code:08x}"),
            }),
        }
    }
    literal.push('\'');
    literal
}

/// A list of texts.
pub(super) fn texts(names: &[String], python: Python) -> String {
    let names: Vec<String> = names.iter().map(|name| text(name, python)).collect();
    format!("[{}]", names.join(", "))
}

/// A number: whole ones without a point, as MoinMoin's own examples have them.
pub(super) fn number(value: f64) -> String {
    format!("{value}")
}

/// True or False.
pub(super) fn boolean(value: bool) -> &'static str {
    if value { "True" } else { "False" }
}

/// A value that Python can have as it is; `None` for a pair, a path, a version, and URLs.
pub(super) fn literal(value: &Value, python: Python) -> Option<String> {
    Some(match value {
        Value::Text(value) | Value::Store { text: value, .. } => string(value, python),
        Value::Bool(value) => boolean(*value).to_owned(),
        Value::Number(hours) => number(*hours),
        Value::Names(names) => texts(names, python),
        Value::Path(_) | Value::Pair(..) | Value::Version(_) | Value::Url(_) | Value::Urls(_) => return None,
    })
}

/// The name of a setting in a file of MoinMoin; `flask` in a file of 2.0.
pub(super) fn name(key: Key, flask: bool) -> &'static str {
    key.row().flask.filter(|_| flask).unwrap_or_else(|| key.name())
}

/// A comment with a setting as in a farm file; `config import` reads it.
pub(super) fn said(key: Key, value: &Value) -> String {
    let mut ascii = String::new();
    for character in value.to_string().chars() {
        match character {
            ' '..='~' => ascii.push(character),
            _ => drop(write!(ascii, "\\U{:08x}", u32::from(character))),
        }
    }
    format!("wikifarm: {} = {ascii}", key.name())
}

/// A comment of one line, for any text.
pub(super) fn comment(text: &str) -> String {
    let mut comment = String::from("# ");
    for character in text.chars() {
        match character {
            ' '..='~' => comment.push(character),
            // A line end in a name must not end the comment.
            _ => drop(write!(comment, "\\u{{{:x}}}", u32::from(character))),
        }
    }
    comment
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_string_ends_it() {
        assert_eq!(string("/srv/wiki's\\x", Python::Two), r"'/srv/wiki\'s\\x'");
        assert_eq!(string("Größe\n", Python::Two), r"'Gr\xc3\xb6\xc3\x9fe\x0a'");
        assert_eq!(string("Größe", Python::Three), r"'Gr\xf6\xdfe'");
        assert_eq!(text("Ünal€\u{1f600}", Python::Two), r"u'\xdcnal\u20ac\U0001f600'");
        assert_eq!(text("Ada", Python::Three), "'Ada'");
        assert_eq!(comment("a\nimport os\r\u{2028}ü"), "# a\\u{a}import os\\u{d}\\u{2028}\\u{fc}");
    }

    #[test]
    fn what_a_comment_says_is_toml() {
        let names = Value::Names(vec!["moin".to_owned(), "Ünal\"\u{1f600}".to_owned()]);
        assert_eq!(said(Key::Auth, &names), r#"wikifarm: auth = ["moin", "\U000000dcnal\"\U0001f600"]"#);
        assert_eq!(
            said(Key::CookieLifetime, &Value::Pair(0.0, 12.5)),
            "wikifarm: cookie_lifetime = [0, 12.5]"
        );
    }

    #[test]
    fn numbers_and_words() {
        assert_eq!([12.0, 0.5, -3.0, 0.0].map(number), ["12", "0.5", "-3", "0"]);
        assert_eq!(boolean(true), "True");
        assert_eq!(texts(&["a".to_owned(), "b".to_owned()], Python::Two), "[u'a', u'b']");
    }
}
