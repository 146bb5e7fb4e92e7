//! The settings of a farm file, in one table.
//!
//! A row has everything about a setting except for its effect in MoinMoin, which is in [`moin`](crate::moin). The reader of
//! farm files, the JSON schema, the reference, the rule `ignored-setting`, `config show`, `config import` with `--check`, and
//! `config export` use the rows. To add a setting, add its row here, and its effect there.
//!
//! Source: `multiconfig.py`, `session.py`, and `auth/` of the releases named; Flask's own names for 2.0.

use super::kind::{HANDLER, Kind, NAMES_COOKIE};
use super::row::Ignored::{Before, From};
use super::row::{Compare, Row, ours, row};
use super::value::Value;
use crate::moin::Behavior::{self, V1_7_0, V1_7_3, V1_9_0, V1_9_1, V2, V2Beta};
use crate::moin::{Backend, CookieLifetime, Duplicate};

/// Defines [`Key`] and its rows from the table.
macro_rules! settings {
    ($($key:ident = $row:expr),* $(,)?) => {
        /// A setting of a wiki. Its name in the farm file is MoinMoin's name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        #[expect(missing_docs, reason = "see `Key::about`")]
        pub enum Key {
            $($key),*
        }

        impl Key {
            /// All keys, in display order.
            pub fn all() -> impl Iterator<Item = Key> {
                [$(Key::$key),*].into_iter()
            }

            /// The facts about the setting.
            pub(crate) fn row(self) -> &'static Row {
                match self {
                    $(Key::$key => {
                        static ROW: Row = $row;
                        &ROW
                    })*
                }
            }
        }
    };
}

settings![
    Url = Row {
        inheritable: false,
        ..ours(
            "url",
            Kind::Url,
            "\"https://wiki.example.org/\"",
            "the public URL of the wiki",
            Compare::Addresses
        )
    },
    Aliases = Row {
        inheritable: false,
        ..ours(
            "aliases",
            Kind::Urls,
            "[\"https://www.example.org/wiki\"]",
            "other public URLs of the wiki",
            Compare::Elsewhere
        )
    },
    BackendUrl = Row {
        inheritable: false,
        shapes_cookie: Some(|settings, value| {
            if let Some(url) = value.url() {
                settings.backend = Backend::of(url);
            }
        }),
        ..ours(
            "backend_url",
            Kind::Url,
            "\"http://127.0.0.1:8080/\"",
            "the URL that MoinMoin sees behind a proxy: scheme, port, and path decide the cookie's name, path, and Secure",
            Compare::Added
        )
    },
    Moin = Row {
        shapes_cookie: Some(|settings, value| {
            if let Some(version) = value.version() {
                settings.version = version;
            }
        }),
        ..ours("moin", Kind::Version, "\"1.9.11\"", "the release of MoinMoin", Compare::Version)
    },
    Siteid = Row {
        inheritable: false,
        shapes_cookie: Some(|settings, value| {
            if let Some(siteid) = value.owned_text() {
                settings.siteid = siteid;
            }
        }),
        ..ours(
            "siteid",
            Kind::Text,
            "\"lab\"",
            "the name of the wiki's config module; default: the name of the wiki",
            Compare::Siteid
        )
    },
    Interwikiname = row("interwikiname", Kind::Text, "\"LabWiki\"", "the name of the wiki in page trails"),
    Superuser = Row {
        defaults: &[(V1_7_0, "[]")],
        ..row("superuser", Kind::Names, "[\"AdminAda\"]", "names of users who can act as other users")
    },
    CookieName = Row {
        ignored: &[
            Before(V1_9_0, "the setting is new in 1.9.1; session_id_handler names the cookie"),
            Before(V1_9_1, "the setting is new in 1.9.1; the cookie name is MOIN_SESSION"),
        ],
        defaults: &[(V1_9_1, "None"), (V2, "\"session\"")],
        flask: Some("SESSION_COOKIE_NAME"),
        shapes_cookie: Some(|settings, value| settings.cookie_name = value.owned_text()),
        ..row(
            "cookie_name",
            Kind::Text,
            "\"labfarm\"",
            "the name of the session cookie, after MOIN_SESSION_ before 2.0; default: from port and path"
        )
    },
    CookieDomain = Row {
        defaults: &[(V1_7_0, "None")],
        flask: Some("SESSION_COOKIE_DOMAIN"),
        shapes_cookie: Some(|settings, value| settings.cookie_domain = value.owned_text()),
        ..row("cookie_domain", Kind::Text, "\".example.org\"", "the Domain attribute of the session cookie")
    },
    CookiePath = Row {
        defaults: &[(V1_7_0, "None")],
        flask: Some("SESSION_COOKIE_PATH"),
        shapes_cookie: Some(|settings, value| settings.cookie_path = value.owned_text()),
        ..row("cookie_path", Kind::Text, "\"/\"", "the Path attribute of the session cookie")
    },
    CookieSecure = Row {
        ignored: &[Before(V1_7_3, "the setting is new in 1.7.3")],
        defaults: &[(V1_7_3, "None"), (V2, "false")],
        flask: Some("SESSION_COOKIE_SECURE"),
        shapes_cookie: Some(|settings, value| settings.cookie_secure = value.bool()),
        ..row(
            "cookie_secure",
            Kind::Bool,
            "true",
            "the Secure attribute of the session cookie; absent: Secure if MoinMoin sees https, before 2.0"
        )
    },
    CookieHttponly = Row {
        ignored: &[Before(V1_9_0, "the setting is new in 1.9.0")],
        defaults: &[(V1_9_0, "false"), (V2, "true")],
        flask: Some("SESSION_COOKIE_HTTPONLY"),
        shapes_cookie: Some(|settings, value| settings.cookie_httponly = value.bool()),
        ..row("cookie_httponly", Kind::Bool, "true", "the HttpOnly attribute of the session cookie")
    },
    CookieSamesite = Row {
        ignored: &[Before(V2, "MoinMoin sends SameSite only from 2.0 on")],
        defaults: &[(V2, "None")],
        is_attribute: false,
        flask: Some("SESSION_COOKIE_SAMESITE"),
        shapes_cookie: Some(|settings, value| settings.cookie_samesite = value.owned_text()),
        ..row(
            "cookie_samesite",
            Kind::Choice(&["Lax", "Strict", "None"]),
            "\"Lax\"",
            "the SameSite attribute of the session cookie"
        )
    },
    CookiePartitioned = Row {
        ignored: &[Before(V2Beta, "Flask sends Partitioned only from 2.0.0b1 on")],
        defaults: &[(V2Beta, "false")],
        is_attribute: false,
        flask: Some("SESSION_COOKIE_PARTITIONED"),
        shapes_cookie: Some(|settings, value| settings.cookie_partitioned = value.bool()),
        ..row(
            "cookie_partitioned",
            Kind::Bool,
            "true",
            "the Partitioned attribute of the session cookie, which brings Secure"
        )
    },
    CookieLifetime = Row {
        defaults: &[(V1_7_0, "12"), (V1_9_0, "[0, 12]"), (V2, "744")],
        flask: Some("PERMANENT_SESSION_LIFETIME"),
        shapes_cookie: Some(|settings, value| {
            settings.cookie_lifetime = match value {
                Value::Pair(anonymous, user) => Some(CookieLifetime::Pair(*anonymous, *user)),
                _ => value.number().map(CookieLifetime::Hours),
            }
        }),
        ..row(
            "cookie_lifetime",
            Kind::Lifetime,
            "[0.5, 12]",
            "how long a login lasts, in hours; from 1.9 to 1.9.11 a pair [anonymous, logged in]; in 2.0 the age at which a cookie is no longer accepted"
        )
    },
    AnonymousSessionLifetime = Row {
        ignored: &[
            From(V2, "2.0 has one lifetime, cookie_lifetime, for all visitors"),
            From(V1_9_0, "from 1.9 on, it is the first number of cookie_lifetime"),
        ],
        defaults: &[(V1_7_0, "None")],
        shapes_cookie: Some(|settings, value| settings.anonymous_session_lifetime = value.number()),
        ..row(
            "anonymous_session_lifetime",
            Kind::Hours,
            "0.5",
            "how long an anonymous session lasts, in hours"
        )
    },
    DuplicateCookie = Row {
        shapes_cookie: Some(|settings, value| {
            settings.duplicate_cookie = value.text().map(|word| match word {
                "first" => Duplicate::First,
                _ => Duplicate::Last,
            });
        }),
        ..ours(
            "duplicate_cookie",
            Kind::Choice(&["first", "last"]),
            "\"last\"",
            "the cookie that the wiki uses if several have its name; default: by version",
            Compare::Added
        )
    },
    ClockSkew = Row {
        shapes_cookie: Some(|settings, value| settings.clock_skew = value.number().unwrap_or_default()),
        ..ours(
            "clock_skew",
            Kind::Seconds,
            "-90",
            "how many seconds the clock of the wiki's server is ahead, or behind if negative; default: 0",
            Compare::Added
        )
    },
    DataDir = row("data_dir", Kind::Path, "\"/srv/wiki/data\"", "the data directory of the wiki"),
    CacheDir =
        row("cache_dir", Kind::Path, "\"/srv/wiki/cache\"", "the cache directory; default: data_dir/cache"),
    SessionDir = Row {
        ignored: &[
            Before(V1_9_0, "the setting is new in 1.9; the sessions are in cache_dir/__common__/session"),
            From(V2, "2.0 stores the session in the cookie"),
        ],
        ..row(
            "session_dir",
            Kind::Path,
            "\"/srv/wiki/sessions\"",
            "the directory of the session files; default: cache_dir/__session__"
        )
    },
    SessionStore = Row {
        ignored: &[From(V2, "2.0 stores the session in the cookie")],
        ..ours(
            "session_store",
            Kind::Store,
            "\"sqlite:/srv/wiki/db/sessions.db\"",
            "the location of the sessions, if it is not MoinMoin's own directory",
            Compare::Store
        )
    },
    UserDir = row(
        "user_dir",
        Kind::Path,
        "\"/srv/wiki/users\"",
        "the directory of the user profiles; default: data_dir/user, in 2.0 data_dir/userprofiles"
    ),
    Auth = Row {
        defaults: &[(V1_7_0, "[\"moin\"]")],
        ..row("auth", Kind::Names, "[\"http\", \"moin\"]", "the names of the authentication methods")
    },
    SecretKeyId = Row {
        ignored: &[Before(V2, "MoinMoin signs cookies only from 2.0 on")],
        flask: Some("SECRET_KEY"),
        ..ours(
            "secret_key_id",
            Kind::Text,
            "\"main\"",
            "a name for the SECRET_KEY that signs the cookie, never the key itself",
            Compare::SecretKey
        )
    },
    SessionHandler = Row {
        ignored: &[From(V1_9_0, "1.9 replaced the setting by session_service")],
        drift: Compare::Handler,
        ..row(
            "session_handler",
            HANDLER,
            "\"custom\"",
            "`custom` if the session handler is not MoinMoin's own"
        )
    },
    SessionIdHandler = Row {
        ignored: &[From(V1_9_0, "1.9 replaced the setting by session_service")],
        shapes_cookie: Some(|settings, value| {
            let name = value.text().and_then(|word| word.strip_prefix(NAMES_COOKIE));
            let name = name.filter(|_| settings.version.behavior() < V1_9_0);
            settings.handler_cookie_name = name.map(str::to_owned);
        }),
        drift: Compare::Handler,
        ..row(
            "session_id_handler",
            Kind::IdHandler,
            "\"cookie_name=LAB\"",
            "`custom` if the handler of session ids is not MoinMoin's own; `cookie_name=NAME` if it has that cookie"
        )
    },
    SessionService = Row {
        ignored: &[
            Before(V1_9_0, "the setting is new in 1.9; the name before 1.9 is session_handler"),
            From(V2, "2.0 uses the sessions of Flask"),
        ],
        drift: Compare::Handler,
        ..row(
            "session_service",
            HANDLER,
            "\"custom\"",
            "`custom` if the session service is not MoinMoin's own"
        )
    },
];

/// The `SECRET_KEY` in MoinMoin's sample configuration, and the `secret_key_id` that `config import` writes for it.
pub(crate) const SAMPLE_SECRET_KEY: [&str; 2] =
    ["WARNING: set this to a unique string to create secure cookies", "a90fd079"];

impl Key {
    /// The key with that name.
    pub fn named(name: &str) -> Option<Key> {
        Key::all().find(|key| key.name() == name)
    }

    /// The name in the farm file.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// The type of the value.
    pub fn kind(self) -> Kind {
        self.row().kind
    }

    /// Whether `[farm]` and groups can set it for many wikis.
    pub fn inheritable(self) -> bool {
        self.row().inheritable
    }

    /// The meaning, in a few words.
    pub fn about(self) -> &'static str {
        self.row().about
    }

    /// Why a version ignores the setting, if it does.
    pub fn ignored_by(self, version: Behavior) -> Option<&'static str> {
        self.row().ignored.iter().find_map(|ignored| match ignored {
            Before(first, why) if version < *first => Some(*why),
            From(last, why) if version >= *last => Some(*why),
            _ => None,
        })
    }

    /// MoinMoin's default as TOML, or Python's `None`, unless it follows from other settings. `None` if the version has no such
    /// setting.
    pub fn default_in(self, version: Behavior) -> Option<&'static str> {
        let mut defaults = self.row().defaults.iter().rev();
        let default = defaults.find(|(from, _)| version >= *from).map(|(_, value)| *value);
        default.filter(|_| self.ignored_by(version).is_none())
    }
}
