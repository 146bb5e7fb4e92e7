//! The settings that shape the session cookie, as one wiki has them in effect.

use std::borrow::Cow;

use url::Url;

use super::{Behavior, Version, flask};

/// One wiki's effective settings: what was configured, `None` where MoinMoin's own default applies.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Settings {
    /// The release the wiki runs.
    pub version: Version,
    /// The name of the wiki's config module: its name in a farm, `wikiconfig` for a stand-alone wiki.
    pub siteid: String,
    /// What the wiki itself sees of its URL, behind a proxy too.
    pub backend: Backend,
    /// `cookie_domain` (2.0: `SESSION_COOKIE_DOMAIN`).
    pub cookie_domain: Option<String>,
    /// `cookie_path` (2.0: `SESSION_COOKIE_PATH`).
    pub cookie_path: Option<String>,
    /// `cookie_name`, from 1.9.1 on (2.0: `SESSION_COOKIE_NAME`).
    pub cookie_name: Option<String>,
    /// The `cookie_name` that `MoinCookieSessionIDHandler` was given, 1.7 and 1.8.
    pub handler_cookie_name: Option<String>,
    /// `cookie_secure`, from 1.7.3 on: `None` is "on https requests".
    pub cookie_secure: Option<bool>,
    /// `cookie_httponly`, from 1.9.0 on.
    pub cookie_httponly: Option<bool>,
    /// 2.0's `SESSION_COOKIE_SAMESITE` in any letter case; no earlier version sends the attribute.
    pub cookie_samesite: Option<String>,
    /// 2.0's `SESSION_COOKIE_PARTITIONED`, from 2.0.0b1 on.
    pub cookie_partitioned: Option<bool>,
    /// `cookie_lifetime`: a number of hours up to 1.8, a pair (anonymous, logged in) from 1.9.
    pub cookie_lifetime: Option<CookieLifetime>,
    /// `anonymous_session_lifetime` in hours, 1.7 and 1.8.
    pub anonymous_session_lifetime: Option<f64>,
    /// Overrides which of several cookies of one name this wiki uses.
    pub duplicate_cookie: Option<Duplicate>,
    /// How far the clock of the wiki's server is ahead, in seconds; negative if it is behind.
    pub clock_skew: f64,
}

/// The URL as the wiki's own server sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backend {
    /// Whether the request arrives over https.
    pub https: bool,
    /// The port, the scheme's own where the URL names none.
    pub port: u16,
    /// The path the wiki is mounted at, without a slash at its end: `""` or `/alpha`.
    pub script_path: String,
}

impl Backend {
    /// What a server sees of its own URL.
    pub fn of(url: &Url) -> Backend {
        Backend {
            https: url.scheme() == "https",
            port: url.port_or_known_default().unwrap_or(80),
            script_path: url.path().trim_end_matches('/').to_owned(),
        }
    }
}

/// `cookie_lifetime` as it was written, in hours.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum CookieLifetime {
    /// One number, as 1.7 and 1.8 want it.
    Hours(f64),
    /// (anonymous, logged in), as 1.9 wants it.
    Pair(f64, f64),
}

/// Which of several cookies of one name in a Cookie header a wiki uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Duplicate {
    /// The first: 1.9.11 and 2.0.
    First,
    /// The last: up to 1.9.10.
    Last,
}

/// As whom somebody visits a wiki.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, strum::EnumIter, strum::IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum Visitor {
    /// Without having logged in.
    Anonymous,
    /// Logged in, with `remember_me` off in the user's preferences.
    User,
    /// Logged in, with `remember_me` on, which is MoinMoin's default for a user.
    Remember,
}

impl Visitor {
    /// All visitors, in the order in which they are shown.
    pub fn all() -> impl DoubleEndedIterator<Item = Self> {
        <Self as strum::IntoEnumIterator>::iter()
    }

    /// The word for `--as` and in JSON.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

impl Settings {
    /// The settings of a wiki that configures nothing.
    pub fn defaults(version: Version, siteid: &str, backend: Backend) -> Settings {
        Settings {
            version,
            siteid: siteid.to_owned(),
            backend,
            cookie_domain: None,
            cookie_path: None,
            cookie_name: None,
            handler_cookie_name: None,
            cookie_secure: None,
            cookie_httponly: None,
            cookie_samesite: None,
            cookie_partitioned: None,
            cookie_lifetime: None,
            anonymous_session_lifetime: None,
            duplicate_cookie: None,
            clock_skew: 0.0,
        }
    }

    /// The name under which this wiki sends its session cookie and looks for it.
    ///
    /// Source: `MoinCookieSessionIDHandler` (1.7, 1.8), `FileSessionService.get_session` (1.9), Flask (2.0).
    pub fn session_cookie_name(&self) -> String {
        match self.version.behavior() {
            Behavior::V1_7_0 | Behavior::V1_7_3 | Behavior::V1_8 => {
                self.handler_cookie_name.as_deref().unwrap_or("MOIN_SESSION").to_owned()
            }
            Behavior::V1_9_0 => "MOIN_SESSION".to_owned(),
            Behavior::V2 | Behavior::V2Beta | Behavior::V2Dev => {
                self.cookie_name.clone().unwrap_or_else(|| "session".to_owned())
            }
            _ => match self.cookie_name.as_deref() {
                None => {
                    let path = self.backend.script_path.replace('/', "_");
                    format!("MOIN_SESSION_{}_ROOT{path}", self.backend.port)
                }
                Some("siteidmagic") => format!("MOIN_SESSION_{}", self.siteid),
                Some(name) => format!("MOIN_SESSION_{name}"),
            },
        }
    }

    /// The Path attribute this wiki sends.
    pub fn effective_cookie_path(&self) -> Cow<'_, str> {
        let behavior = self.version.behavior();
        match &self.cookie_path {
            // Flask then sends `APPLICATION_ROOT`, which is `/`.
            Some(path) if path.is_empty() && behavior >= Behavior::V2 => "/".into(),
            Some(path) if behavior >= Behavior::V2 => flask::path(path, behavior),
            Some(path) => path.into(),
            None if behavior <= Behavior::V1_9_0 && !self.backend.script_path.is_empty() => {
                self.backend.script_path.as_str().into()
            }
            None => "/".into(),
        }
    }

    /// The Domain attribute this wiki sends; `None` too where it can send no cookie.
    pub fn effective_cookie_domain(&self) -> Option<Cow<'_, str>> {
        let (domain, behavior) = (self.cookie_domain.as_deref()?, self.version.behavior());
        match behavior {
            _ if behavior >= Behavior::V2 => flask::domain(domain, behavior).ok().flatten(),
            _ => Some(domain).filter(|domain| !domain.is_empty()).map(Cow::from),
        }
    }

    /// Whether the cookie this wiki sends carries Secure.
    pub fn sends_secure(&self) -> bool {
        match self.version.behavior() {
            Behavior::V1_7_0 => false,
            behavior if behavior >= Behavior::V2 => {
                self.cookie_secure.unwrap_or(false) || self.sends_partitioned()
            }
            _ => self.cookie_secure.unwrap_or(self.backend.https),
        }
    }

    /// Whether the cookie this wiki sends carries Partitioned, which brings Secure.
    pub fn sends_partitioned(&self) -> bool {
        self.version.behavior() >= Behavior::V2Beta && self.cookie_partitioned == Some(true)
    }

    /// Whether the cookie this wiki sends carries HttpOnly.
    pub fn sends_http_only(&self) -> bool {
        match self.version.behavior() {
            Behavior::V1_7_0 | Behavior::V1_7_3 | Behavior::V1_8 => self.version.always_http_only(),
            Behavior::V2 | Behavior::V2Beta | Behavior::V2Dev => self.cookie_httponly.unwrap_or(true),
            _ => self.cookie_httponly.unwrap_or(false),
        }
    }

    /// Which of several cookies of its name this wiki uses. Measured on 1.7.3 to 1.9.11.
    pub fn takes(&self) -> Duplicate {
        self.duplicate_cookie.unwrap_or(if self.version.behavior() >= Behavior::V1_9_11 {
            Duplicate::First
        } else {
            Duplicate::Last
        })
    }

    /// What is wrong with the cookie domain so that no response with a session cookie succeeds, if so.
    ///
    /// A domain without a dot breaks every response from 1.9.4 to 1.9.11 and every login of 2.0.0a1, an empty one every
    /// response from 1.9.9 to 1.9.11. Later releases of 2.0 refuse what is no host name.
    pub fn broken_domain(&self) -> Option<&'static str> {
        let (domain, behavior) = (self.cookie_domain.as_deref()?, self.version.behavior());
        match behavior {
            _ if behavior >= Behavior::V2 => flask::domain(domain, behavior).err(),
            _ if behavior >= Behavior::V1_9_9 && domain.is_empty() => Some("an empty cookie_domain"),
            _ if behavior >= Behavior::V1_9_4 && !domain.is_empty() && !domain.contains('.') => {
                Some("a cookie_domain without a dot")
            }
            _ => None,
        }
    }
}
