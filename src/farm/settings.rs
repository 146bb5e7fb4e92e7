//! The settings a farm file may hold.

/// A setting of a wiki, by its name in the farm file, which is MoinMoin's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "`Key::about` says what each is, in one table")]
pub enum Key {
    Url,
    Aliases,
    BackendUrl,
    Moin,
    Siteid,
    Interwikiname,
    Superuser,
    CookieName,
    CookieDomain,
    CookiePath,
    CookieSecure,
    CookieHttponly,
    CookieSamesite,
    CookieLifetime,
    AnonymousSessionLifetime,
    DuplicateCookie,
    DataDir,
    CacheDir,
    SessionDir,
    SessionStore,
    UserDir,
    Auth,
    SecretKeyId,
    SessionHandler,
    SessionIdHandler,
    SessionService,
}

/// What a setting's value must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
const HANDLER: Kind = Kind::Choice(&HANDLERS);

/// The words for it.
pub const HANDLERS: [&str; 2] = ["default", "custom"];

/// What stands before the name that MoinMoin's own handler of 1.7 and 1.8 was given for the cookie:
/// `MoinCookieSessionIDHandler(cookie_name='LAB')`.
pub const NAMES_COOKIE: &str = "cookie_name=";

/// Each key with its name, kind, whether `[farm]` and groups may set it, and what it is.
const TABLE: [(Key, &str, Kind, bool, &str); 26] = {
    use Key as K;
    [
        (K::Url, "url", Kind::Url, false, "the wiki's public URL"),
        (K::Aliases, "aliases", Kind::Urls, false, "other URLs of the same wiki"),
        (K::BackendUrl, "backend_url", Kind::Url, false, "the URL that MoinMoin itself sees behind a proxy"),
        (K::Moin, "moin", Kind::Version, true, "the version of MoinMoin the wiki runs"),
        (
            K::Siteid,
            "siteid",
            Kind::Text,
            false,
            "the name of the wiki's config module (default: the wiki's key)",
        ),
        (K::Interwikiname, "interwikiname", Kind::Text, true, "the wiki's name in page trails"),
        (K::Superuser, "superuser", Kind::Names, true, "names of users who may act as others"),
        (K::CookieName, "cookie_name", Kind::Text, true, "part of the session cookie's name, from 1.9.1"),
        (K::CookieDomain, "cookie_domain", Kind::Text, true, "the cookie's Domain attribute"),
        (K::CookiePath, "cookie_path", Kind::Text, true, "the cookie's Path attribute"),
        (
            K::CookieSecure,
            "cookie_secure",
            Kind::Bool,
            true,
            "the cookie's Secure attribute; absent: on https only",
        ),
        (K::CookieHttponly, "cookie_httponly", Kind::Bool, true, "the cookie's HttpOnly attribute, from 1.9"),
        (
            K::CookieSamesite,
            "cookie_samesite",
            Kind::Choice(&["Lax", "Strict", "None"]),
            true,
            "the cookie's SameSite attribute, 2.0 only",
        ),
        (
            K::CookieLifetime,
            "cookie_lifetime",
            Kind::Lifetime,
            true,
            "hours a login lasts; from 1.9 a pair (anonymous, logged in)",
        ),
        (
            K::AnonymousSessionLifetime,
            "anonymous_session_lifetime",
            Kind::Hours,
            true,
            "hours an anonymous session lasts, 1.7 and 1.8",
        ),
        (
            K::DuplicateCookie,
            "duplicate_cookie",
            Kind::Choice(&["first", "last"]),
            true,
            "which of several cookies of one name the wiki takes; absent: by version",
        ),
        (K::DataDir, "data_dir", Kind::Path, true, "the wiki's data directory"),
        (K::CacheDir, "cache_dir", Kind::Path, true, "the cache directory; default data_dir/cache"),
        (K::SessionDir, "session_dir", Kind::Path, true, "the directory of session files, from 1.9"),
        (
            K::SessionStore,
            "session_store",
            Kind::Store,
            true,
            "where sessions lie, if not in MoinMoin's own directory",
        ),
        (K::UserDir, "user_dir", Kind::Path, true, "the directory of user profiles; default data_dir/user"),
        (K::Auth, "auth", Kind::Names, true, "names of the wiki's authentication methods; default moin"),
        (
            K::SecretKeyId,
            "secret_key_id",
            Kind::Text,
            true,
            "which SECRET_KEY signs the cookie, 2.0 only; never the key",
        ),
        (K::SessionHandler, "session_handler", HANDLER, true, "custom: not MoinMoin's own (1.7, 1.8)"),
        (
            K::SessionIdHandler,
            "session_id_handler",
            Kind::IdHandler,
            true,
            "custom: not MoinMoin's own; cookie_name=NAME: its own, with that cookie (1.7, 1.8)",
        ),
        (K::SessionService, "session_service", HANDLER, true, "custom: not MoinMoin's own (from 1.9)"),
    ]
};

impl Key {
    /// All keys, in the order in which they are shown.
    pub fn all() -> impl Iterator<Item = Key> {
        TABLE.iter().map(|row| row.0)
    }

    /// The key of that name.
    pub fn named(name: &str) -> Option<Key> {
        TABLE.iter().find(|row| row.1 == name).map(|row| row.0)
    }

    /// The name in the farm file.
    pub fn name(self) -> &'static str {
        self.row().1
    }

    /// What its value must be.
    pub fn kind(self) -> Kind {
        self.row().2
    }

    /// Whether `[farm]` and groups may set it for many wikis at once.
    pub fn inheritable(self) -> bool {
        self.row().3
    }

    /// What it is, in a few words.
    pub fn about(self) -> &'static str {
        self.row().4
    }

    fn row(self) -> &'static (Key, &'static str, Kind, bool, &'static str) {
        // The table has a row for each key (a test holds that); the first one stands in to keep this total.
        TABLE.iter().find(|row| row.0 == self).unwrap_or(&TABLE[0])
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_one_row_for_each_key() {
        for (position, key) in Key::all().enumerate() {
            assert_eq!(key as usize, position, "{}", key.name());
            assert_eq!(Key::named(key.name()), Some(key));
        }
        assert_eq!(Key::all().count(), Key::SessionService as usize + 1);
    }
}
