//! What the value of a setting must be.

/// What a setting's value must be.
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
    /// A number of hours, or a pair of them.
    Lifetime,
    /// A directory.
    Path,
    /// The address of a session store.
    Store,
    /// Who gives ids: one of the words of [`Kind::Choice`], or [`NAMES_COOKIE`] and a name.
    IdHandler,
    /// One of a few words.
    Choice(&'static [&'static str]),
}

/// Who handles sessions: MoinMoin's own class, or another whose behaviour nobody can predict.
pub(super) const HANDLER: Kind = Kind::Choice(&HANDLERS);

/// The words for it.
pub const HANDLERS: [&str; 2] = ["default", "custom"];

/// What stands before the name that MoinMoin's own handler of 1.7 and 1.8 was given for the cookie:
/// `MoinCookieSessionIDHandler(cookie_name='LAB')`.
pub const NAMES_COOKIE: &str = "cookie_name=";

impl Kind {
    /// The kind in words, as in "expected …".
    pub fn describe(self) -> String {
        match self {
            Kind::Url => "a URL like \"https://wiki.example.org/\"".to_owned(),
            Kind::Urls => "a list of URLs like [\"https://wiki.example.org/\"]".to_owned(),
            Kind::Version => "a version like \"1.9.11\"".to_owned(),
            Kind::Text | Kind::Store => "a string".to_owned(),
            Kind::Names => "a list of strings like [\"moin\"]".to_owned(),
            Kind::Bool => "true or false".to_owned(),
            Kind::Hours => "a number of hours".to_owned(),
            Kind::Lifetime => "a number of hours, or a pair of them like [0, 12]".to_owned(),
            Kind::Path => "a directory like \"wiki/data\"".to_owned(),
            Kind::IdHandler => format!("{} or \"{NAMES_COOKIE}NAME\"", HANDLER.describe()),
            Kind::Choice(words) => {
                let words: Vec<String> = words.iter().map(|word| format!("{word:?}")).collect();
                words.join(" or ")
            }
        }
    }
}
