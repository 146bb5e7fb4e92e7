//! Values of settings.

use std::fmt;
use std::path::{Path, PathBuf};

use url::Url;

use crate::location::{Location, LocationError, hidden};
use crate::moin::Version;
use crate::text::is_unsafe;

/// A setting's value.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// A string.
    Text(String),
    /// A list of strings.
    Names(Vec<String>),
    /// `true` or `false`.
    Bool(bool),
    /// A number, of hours or of seconds.
    Number(f64),
    /// A pair of numbers of hours.
    Pair(f64, f64),
    /// A directory, as written.
    Path(PathBuf),
    /// The location of a session store.
    Store {
        /// As written.
        text: String,
        /// What the text means.
        location: Box<Location>,
    },
    /// A version of MoinMoin.
    Version(Version),
    /// A URL.
    Url(Box<Url>),
    /// A list of URLs.
    Urls(Vec<Url>),
}

/// Parses the location of a `session_store`, one that MoinMoin can read.
///
/// # Errors
///
/// If it is not; the reason is for people.
fn session_store(text: &str) -> Result<Location, String> {
    let (kind, rest) = text.split_once(':').unwrap_or((text, ""));
    match kind {
        "moin-1.8" | "moin-1.9" | "sqlite" if rest.is_empty() => {
            return Err(format!("{kind}: the location is missing"));
        }
        "json" => return Err("MoinMoin can't read sessions in JSON".to_owned()),
        _ => {}
    }
    match Location::parse(text.as_ref()) {
        Ok(Location::Other { .. }) | Err(LocationError::NoScheme | LocationError::Empty) => {
            Err(format!("there is no session store {:?}", hidden(text)))
        }
        read => read.map_err(|error| error.to_string()),
    }
}

/// A name in the header of a table, such as `docs` in `[wikis.docs]`; in quotes if TOML requires them.
pub fn table_key(name: &str) -> String {
    let plain =
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if plain { name.to_owned() } else { quoted(name) }
}

/// A TOML string on one line, in quotes, for values and for names.
pub fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            '\0'..='\u{ffff}' if is_unsafe(character) => {
                quoted.push_str(&format!("\\u{:04X}", u32::from(character)));
            }
            _ if is_unsafe(character) => quoted.push_str(&format!("\\U{:08X}", u32::from(character))),
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

impl fmt::Display for Value {
    /// Formats the value as in a farm file.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, items: &mut dyn Iterator<Item = &str>| {
            f.write_str("[")?;
            for (position, item) in items.enumerate() {
                let comma = if position == 0 { "" } else { ", " };
                write!(f, "{comma}{}", quoted(item))?;
            }
            f.write_str("]")
        };
        match self {
            Value::Text(text) | Value::Store { text, .. } => f.write_str(&quoted(text)),
            Value::Names(names) => list(f, &mut names.iter().map(String::as_str)),
            Value::Bool(value) => write!(f, "{value}"),
            Value::Number(number) => write!(f, "{number}"),
            Value::Pair(anonymous, user) => write!(f, "[{anonymous}, {user}]"),
            Value::Path(path) => f.write_str(&quoted(&path.display().to_string())),
            Value::Version(version) => write!(f, "\"{version}\""),
            Value::Url(url) => write!(f, "\"{url}\""),
            Value::Urls(urls) => list(f, &mut urls.iter().map(Url::as_str)),
        }
    }
}

impl Value {
    /// The value of `session_store`.
    ///
    /// # Errors
    /// If the text is not a location that MoinMoin can read; the reason is for people.
    pub(crate) fn store(text: &str) -> Result<Value, String> {
        let location = Box::new(session_store(text)?);
        Ok(Value::Store { text: text.to_owned(), location })
    }

    /// The string, if it is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Value::Text(text) | Value::Store { text, .. } => Some(text),
            _ => None,
        }
    }

    /// The string, to keep.
    pub(super) fn owned_text(&self) -> Option<String> {
        self.text().map(str::to_owned)
    }

    /// The truth value, if it is one.
    pub fn bool(&self) -> Option<bool> {
        match self {
            Value::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The number of hours, if it is a single one.
    pub fn number(&self) -> Option<f64> {
        match self {
            Value::Number(hours) => Some(*hours),
            _ => None,
        }
    }

    /// The list of strings, if it is one.
    pub fn names(&self) -> Option<&[String]> {
        match self {
            Value::Names(names) => Some(names),
            _ => None,
        }
    }

    /// The directory as written, if it is one.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Value::Path(path) => Some(path),
            _ => None,
        }
    }

    /// The URL, if it is a single one.
    pub fn url(&self) -> Option<&Url> {
        match self {
            Value::Url(url) => Some(url),
            _ => None,
        }
    }

    /// The list of URLs, if it is one.
    pub fn urls(&self) -> Option<&[Url]> {
        match self {
            Value::Urls(urls) => Some(urls),
            _ => None,
        }
    }

    /// The version of MoinMoin, if it is one.
    pub fn version(&self) -> Option<Version> {
        match self {
            Value::Version(version) => Some(*version),
            _ => None,
        }
    }
}
