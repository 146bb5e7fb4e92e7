//! The settings that a farm file may hold, in one table.
//!
//! A row says everything about a setting but what MoinMoin does with it, which is in [`moin`](crate::moin). Reading a farm
//! file, the JSON schema, the rule `ignored-setting`, `config show`, `config import` with `--check`, and `config export`
//! follow from the row. To add a setting, add its row here, and its meaning there.
//!
//! Source: `multiconfig.py`, `session.py`, and `auth/` of the releases named; Flask's own names for 2.0.

use super::kind::{HANDLER, Kind, NAMES_COOKIE};
use super::value::Value;
use crate::moin::Behaviour::{self, V1_7_0, V1_7_3, V1_9_0, V1_9_1, V2};
use crate::moin::{Backend, CookieLifetime, Duplicate, Settings};

/// What is known of a setting.
pub(crate) struct Row {
    /// The name in the farm file, which is MoinMoin's own.
    pub(crate) name: &'static str,
    /// What its value must be.
    pub(crate) kind: Kind,
    /// What it is, in a few words.
    pub(crate) about: &'static str,
    /// Whether `[farm]` and groups may set it for many wikis at once.
    pub(crate) inheritable: bool,
    /// The versions that ignore it, and why.
    ignored: &'static [Ignored],
    /// MoinMoin's default from each version on, as a farm file would have it, or Python's `None`. Defaults that follow from
    /// other settings are in [`Wiki::effective`](super::Wiki::effective).
    defaults: &'static [(Behaviour, &'static str)],
    /// Whether it is an attribute of MoinMoin's configuration class, under the same name. If not, a comment says it:
    /// `# wikifarm: NAME = …`.
    pub(crate) is_attribute: bool,
    /// Its name among Flask's settings, which 2.0 has at the level of the module.
    pub(crate) flask: Option<&'static str>,
    /// If it shapes the session cookie: how, beside the wiki's URL.
    pub(crate) shapes_cookie: Option<fn(&mut Settings, &Value)>,
    /// How a farm file and Python files are compared.
    pub(crate) drift: Compare,
}

/// Versions that ignore a setting, and why.
enum Ignored {
    /// Those before this one.
    Before(Behaviour, &'static str),
    /// This one and all later ones.
    From(Behaviour, &'static str),
}

/// How a setting in a farm file is compared with the same in Python files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compare {
    /// By value. Where one side has none, it has MoinMoin's default.
    Value,
    /// By value. Where one side has none, it has MoinMoin's own handler.
    Handler,
    /// By value. Python has it in a comment at most: what a farm file adds is no difference.
    Added,
    /// All addresses of the wiki, in any order.
    Addresses,
    /// With another setting.
    Elsewhere,
    /// The form of the files alone tells no more than a line of versions.
    Version,
    /// Where it is not set, it is the wiki's name.
    Siteid,
    /// The location of the sessions, in whichever way it is written.
    Store,
    /// Names of keys, which mean that two keys are one or are not.
    SecretKey,
}

/// A row of a setting that is a plain attribute in every version.
const fn row(name: &'static str, kind: Kind, about: &'static str) -> Row {
    Row {
        name,
        kind,
        about,
        inheritable: true,
        ignored: &[],
        defaults: &[],
        is_attribute: true,
        flask: None,
        shapes_cookie: None,
        drift: Compare::Value,
    }
}

/// A row of a setting that MoinMoin does not have.
const fn ours(name: &'static str, kind: Kind, about: &'static str, drift: Compare) -> Row {
    Row { is_attribute: false, drift, ..row(name, kind, about) }
}

use Ignored::{Before, From};

/// Makes [`Key`] and its rows out of the table.
macro_rules! settings {
    ($($key:ident = $row:expr),* $(,)?) => {
        /// A setting of a wiki, by its name in the farm file, which is MoinMoin's own.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        #[expect(missing_docs, reason = "`Key::about` says what each is")]
        pub enum Key {
            $($key),*
        }

        impl Key {
            /// All keys, in the order in which they are shown.
            pub fn all() -> impl Iterator<Item = Key> {
                [$(Key::$key),*].into_iter()
            }

            /// What is known of it.
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
    Url = Row { inheritable: false, ..ours("url", Kind::Url, "the wiki's public URL", Compare::Addresses) },
    Aliases = Row {
        inheritable: false,
        ..ours("aliases", Kind::Urls, "other URLs of the same wiki", Compare::Elsewhere)
    },
    BackendUrl = Row {
        inheritable: false,
        shapes_cookie: Some(|settings, value| {
            if let Some(url) = value.url() {
                settings.backend = Backend::of(url);
            }
        }),
        ..ours("backend_url", Kind::Url, "the URL that MoinMoin itself sees behind a proxy", Compare::Added)
    },
    Moin = Row {
        shapes_cookie: Some(|settings, value| {
            if let Some(version) = value.version() {
                settings.version = version;
            }
        }),
        ..ours("moin", Kind::Version, "the version of MoinMoin the wiki runs", Compare::Version)
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
            "the name of the wiki's config module (default: the wiki's key)",
            Compare::Siteid
        )
    },
    Interwikiname = row("interwikiname", Kind::Text, "the wiki's name in page trails"),
    Superuser = Row {
        defaults: &[(V1_7_0, "[]")],
        ..row("superuser", Kind::Names, "names of users who may act as others")
    },
    CookieName = Row {
        ignored: &[
            Before(V1_9_0, "session_id_handler names the cookie; cookie_name came with 1.9.1"),
            Before(V1_9_1, "the name is always MOIN_SESSION; cookie_name came with 1.9.1"),
        ],
        defaults: &[(V1_9_1, "None"), (V2, "\"session\"")],
        flask: Some("SESSION_COOKIE_NAME"),
        shapes_cookie: Some(|settings, value| settings.cookie_name = value.owned_text()),
        ..row("cookie_name", Kind::Text, "part of the session cookie's name, from 1.9.1")
    },
    CookieDomain = Row {
        defaults: &[(V1_7_0, "None")],
        flask: Some("SESSION_COOKIE_DOMAIN"),
        shapes_cookie: Some(|settings, value| settings.cookie_domain = value.owned_text()),
        ..row("cookie_domain", Kind::Text, "the cookie's Domain attribute")
    },
    CookiePath = Row {
        defaults: &[(V1_7_0, "None")],
        flask: Some("SESSION_COOKIE_PATH"),
        shapes_cookie: Some(|settings, value| settings.cookie_path = value.owned_text()),
        ..row("cookie_path", Kind::Text, "the cookie's Path attribute")
    },
    CookieSecure = Row {
        ignored: &[Before(V1_7_3, "it came with 1.7.3")],
        defaults: &[(V1_7_3, "None"), (V2, "false")],
        flask: Some("SESSION_COOKIE_SECURE"),
        shapes_cookie: Some(|settings, value| settings.cookie_secure = value.bool()),
        ..row("cookie_secure", Kind::Bool, "the cookie's Secure attribute; absent: on https only")
    },
    CookieHttponly = Row {
        ignored: &[Before(V1_9_0, "it came with 1.9.0")],
        defaults: &[(V1_9_0, "false"), (V2, "true")],
        flask: Some("SESSION_COOKIE_HTTPONLY"),
        shapes_cookie: Some(|settings, value| settings.cookie_httponly = value.bool()),
        ..row("cookie_httponly", Kind::Bool, "the cookie's HttpOnly attribute, from 1.9")
    },
    CookieSamesite = Row {
        ignored: &[Before(V2, "no MoinMoin before 2.0 sends SameSite")],
        defaults: &[(V2, "\"Lax\"")],
        is_attribute: false,
        flask: Some("SESSION_COOKIE_SAMESITE"),
        shapes_cookie: Some(|settings, value| settings.cookie_samesite = value.owned_text()),
        ..row(
            "cookie_samesite",
            Kind::Choice(&["Lax", "Strict", "None"]),
            "the cookie's SameSite attribute, 2.0 only"
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
            "hours a login lasts; from 1.9 a pair (anonymous, logged in)"
        )
    },
    AnonymousSessionLifetime = Row {
        ignored: &[From(V1_9_0, "since 1.9 the first number of cookie_lifetime says it")],
        defaults: &[(V1_7_0, "None")],
        shapes_cookie: Some(|settings, value| settings.anonymous_session_lifetime = value.number()),
        ..row("anonymous_session_lifetime", Kind::Hours, "hours an anonymous session lasts, 1.7 and 1.8")
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
            "which of several cookies of one name the wiki takes; absent: by version",
            Compare::Added
        )
    },
    DataDir = row("data_dir", Kind::Path, "the wiki's data directory"),
    CacheDir = row("cache_dir", Kind::Path, "the cache directory; default data_dir/cache"),
    SessionDir = Row {
        ignored: &[
            Before(V1_9_0, "sessions lie in <cache_dir>/__common__/session; session_dir came with 1.9"),
            From(V2, "2.0 keeps the session in the cookie itself"),
        ],
        ..row("session_dir", Kind::Path, "the directory of session files, from 1.9")
    },
    SessionStore = Row {
        ignored: &[From(V2, "2.0 keeps the session in the cookie itself")],
        ..ours(
            "session_store",
            Kind::Store,
            "where sessions lie, if not in MoinMoin's own directory",
            Compare::Store
        )
    },
    UserDir = row("user_dir", Kind::Path, "the directory of user profiles; default data_dir/user"),
    Auth = Row {
        defaults: &[(V1_7_0, "[\"moin\"]")],
        ..row("auth", Kind::Names, "names of the wiki's authentication methods; default moin")
    },
    SecretKeyId = Row {
        ignored: &[Before(V2, "only 2.0 signs its cookies")],
        flask: Some("SECRET_KEY"),
        ..ours(
            "secret_key_id",
            Kind::Text,
            "which SECRET_KEY signs the cookie, 2.0 only; never the key",
            Compare::SecretKey
        )
    },
    SessionHandler = Row {
        ignored: &[From(V1_9_0, "1.9 replaced it by session_service")],
        drift: Compare::Handler,
        ..row("session_handler", HANDLER, "custom: not MoinMoin's own (1.7, 1.8)")
    },
    SessionIdHandler = Row {
        ignored: &[From(V1_9_0, "1.9 replaced it by session_service")],
        shapes_cookie: Some(|settings, value| {
            let name = value.text().and_then(|word| word.strip_prefix(NAMES_COOKIE));
            let name = name.filter(|_| settings.version.behaviour() < V1_9_0);
            settings.handler_cookie_name = name.map(str::to_owned);
        }),
        drift: Compare::Handler,
        ..row(
            "session_id_handler",
            Kind::IdHandler,
            "custom: not MoinMoin's own; cookie_name=NAME: its own, with that cookie (1.7, 1.8)"
        )
    },
    SessionService = Row {
        ignored: &[
            Before(V1_9_0, "session_service came with 1.9; here it is session_handler"),
            From(V2, "2.0 leaves sessions to Flask"),
        ],
        drift: Compare::Handler,
        ..row("session_service", HANDLER, "custom: not MoinMoin's own (from 1.9)")
    },
];

impl Key {
    /// The key of that name.
    pub fn named(name: &str) -> Option<Key> {
        Key::all().find(|key| key.name() == name)
    }

    /// The name in the farm file.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// What its value must be.
    pub fn kind(self) -> Kind {
        self.row().kind
    }

    /// Whether `[farm]` and groups may set it for many wikis at once.
    pub fn inheritable(self) -> bool {
        self.row().inheritable
    }

    /// What it is, in a few words.
    pub fn about(self) -> &'static str {
        self.row().about
    }

    /// Why a version ignores it, if it does.
    pub fn ignored_by(self, version: Behaviour) -> Option<&'static str> {
        self.row().ignored.iter().find_map(|ignored| match ignored {
            Before(first, why) if version < *first => Some(*why),
            From(last, why) if version >= *last => Some(*why),
            _ => None,
        })
    }

    /// MoinMoin's default, as a farm file would have it or Python's `None`, unless it follows from other settings. `None` if the
    /// version has no such setting.
    pub fn default_in(self, version: Behaviour) -> Option<&'static str> {
        let mut defaults = self.row().defaults.iter().rev();
        let default = defaults.find(|(from, _)| version >= *from).map(|(_, value)| *value);
        default.filter(|_| self.ignored_by(version).is_none())
    }
}
