//! Types of values.

use crate::text::list;

/// The type of a setting's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// A URL with scheme http or https.
    Url,
    /// A list of such URLs.
    Urls,
    /// A version of MoinMoin.
    Version,
    /// Any string.
    Text,
    /// A list of strings, none empty.
    Names,
    /// `true` or `false`.
    Bool,
    /// A number of hours.
    Hours,
    /// A number of seconds.
    Seconds,
    /// A number of hours, or a pair of them.
    Lifetime,
    /// A directory.
    Path,
    /// The location of a session store.
    Store,
    /// The handler of session ids: one of [`HANDLERS`], or [`NAMES_COOKIE`] and a name.
    IdHandler,
    /// One of these words.
    Choice(&'static [&'static str]),
}

/// Fewer seconds than these: a hundred years.
pub const MOST_SECONDS: f64 = 3.2e9;

/// MoinMoin's own session handler, or another one, with unknown behavior.
pub(super) const HANDLER: Kind = Kind::Choice(&HANDLERS);

/// The words for session handlers.
pub const HANDLERS: [&str; 2] = ["default", "custom"];

/// The prefix of a cookie name that was given to MoinMoin's own handler of 1.7 and 1.8:
/// `MoinCookieSessionIDHandler(cookie_name='LAB')`.
pub const NAMES_COOKIE: &str = "cookie_name=";

impl Kind {
    /// The type in words, as in "must be …".
    pub fn describe(self) -> String {
        match self {
            Kind::Url => "a URL such as \"https://wiki.example.org/\"".to_owned(),
            Kind::Urls => "a list of URLs such as [\"https://wiki.example.org/\"]".to_owned(),
            Kind::Version => "a version such as \"1.9.11\"".to_owned(),
            Kind::Text | Kind::Store => "a string".to_owned(),
            Kind::Names => "a list of strings such as [\"a\", \"b\"]".to_owned(),
            Kind::Bool => "true or false".to_owned(),
            Kind::Hours => "a number of hours".to_owned(),
            Kind::Seconds => "a number of seconds".to_owned(),
            Kind::Lifetime => "a number of hours, or a pair such as [0, 12]".to_owned(),
            Kind::Path => "a directory such as \"wiki/data\"".to_owned(),
            Kind::IdHandler => format!("{} or \"{NAMES_COOKIE}NAME\"", HANDLER.describe()),
            Kind::Choice(words) => {
                let words: Vec<String> = words.iter().map(|word| format!("{word:?}")).collect();
                list(&words.iter().map(String::as_str).collect::<Vec<_>>(), "or", words.len())
            }
        }
    }
}
