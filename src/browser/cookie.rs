//! A cookie in the jar.

use std::fmt;

/// The value of a `SameSite` attribute. A cookie without the attribute, or with an unknown value, has no
/// `SameSite`. Browsers treat it almost like `Lax` (RFC 6265bis 5.6.7, "Default").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SameSite {
    /// Sent only with requests from the same site.
    Strict,
    /// Also sent when a link leads to the site from another site.
    Lax,
    /// Sent with every request. Needs `Secure`.
    None,
}

impl SameSite {
    /// Reads the value of the attribute and ignores case. `None` if the value is unknown.
    pub(super) fn parse(value: &[u8]) -> Option<Self> {
        [Self::Strict, Self::Lax, Self::None]
            .into_iter()
            .find(|same_site| value.eq_ignore_ascii_case(same_site.as_str().as_bytes()))
    }

    /// The value as in the RFC.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Strict => "Strict",
            Self::Lax => "Lax",
            Self::None => "None",
        }
    }
}

impl fmt::Display for SameSite {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// Chromium's `Priority` attribute, which decides what Chromium evicts last when a site has too many cookies.
/// It is in no RFC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Priority {
    /// Evicted first.
    Low,
    /// The default without the attribute.
    #[default]
    Medium,
    /// Evicted last.
    High,
}

impl Priority {
    /// Reads the value of the attribute. An unknown value is `Medium`.
    pub(super) fn parse(value: &[u8]) -> Self {
        match value {
            _ if value.eq_ignore_ascii_case(b"low") => Self::Low,
            _ if value.eq_ignore_ascii_case(b"high") => Self::High,
            _ => Self::Medium,
        }
    }

    /// The value as Chromium writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "Low",
            Self::Medium => "Medium",
            Self::High => "High",
        }
    }
}

/// A stored cookie (RFC 6265bis 5.7). Times are unix seconds.
#[derive(Debug, Clone, PartialEq)]
pub struct Cookie {
    /// The name, byte for byte. May be empty.
    pub name: Vec<u8>,
    /// The value, byte for byte, including quotes.
    pub value: Vec<u8>,
    /// The host or domain of the cookie, without a leading dot.
    pub domain: String,
    /// Whether the cookie is for this host only. If not, it is also for the hosts below it.
    pub host_only: bool,
    /// The path of the cookie. Raw bytes, because browsers do not check the `Path` attribute.
    pub path: Vec<u8>,
    /// Whether the cookie is sent only over secure connections.
    pub secure: bool,
    /// Whether scripts can't read the cookie.
    pub http_only: bool,
    /// The `SameSite` attribute, if its value is known.
    pub same_site: Option<SameSite>,
    /// The time of expiry. `None` if the cookie expires when the browser is closed.
    pub expires: Option<f64>,
    /// The time of creation. A cookie that replaces another may keep its time (see [`super::Profile`]).
    pub created: f64,
    /// The time when the cookie was last sent or set.
    pub last_access: f64,
    /// Chromium's eviction priority.
    pub priority: Priority,
    /// The site of the page in the address bar, if the browser keeps the cookie apart by this site: because
    /// the cookie is `Partitioned`, or because Firefox received it in a page embedded in another site.
    pub partition: Option<String>,
    /// The registrable domain, or the host if it has none. Limits count cookies by it.
    pub(super) site: String,
    /// The order of creation in this jar. Decides between cookies created at the same time.
    pub(super) serial: u64,
}

impl Cookie {
    /// Whether the cookie survives the end of the browser session.
    pub fn is_persistent(&self) -> bool {
        self.expires.is_some()
    }

    /// Whether the cookie has expired at a time.
    pub fn is_expired(&self, now: f64) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }

    /// The cookie in a `Cookie` header: `name=value`, or only the value if the cookie has no name.
    pub fn pair(&self) -> Vec<u8> {
        if self.name.is_empty() { self.value.clone() } else { [&self.name[..], b"=", &self.value].concat() }
    }

    /// Whether a new cookie replaces this cookie: both have the same name, domain, host-only flag, path, and
    /// partition (RFC 6265bis 5.7 step 23).
    pub(super) fn is_same_cookie(&self, other: &Self) -> bool {
        self.name == other.name
            && self.domain == other.domain
            && self.host_only == other.host_only
            && self.path == other.path
            && self.partition == other.partition
    }
}
