//! A cookie as it lies in the jar.

use std::fmt;

/// The value of a `SameSite` attribute; a cookie without one, or with an unknown one, has no `SameSite`, and
/// is treated almost like `Lax` (RFC 6265bis 5.6.7, "Default").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SameSite {
    /// Only with requests from the same site.
    Strict,
    /// Also when a link leads to the site from another one.
    Lax,
    /// With every request; needs `Secure`.
    None,
}

impl SameSite {
    /// Reads the attribute's value, in any case; `None` if it is no known one.
    pub(super) fn parse(value: &[u8]) -> Option<Self> {
        [Self::Strict, Self::Lax, Self::None]
            .into_iter()
            .find(|same_site| value.eq_ignore_ascii_case(same_site.as_str().as_bytes()))
    }

    /// The value as the RFC writes it.
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

/// Chromium's `Priority` attribute: what goes last when a site has too many cookies. No RFC has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Priority {
    /// Goes first.
    Low,
    /// What a cookie without the attribute has.
    #[default]
    Medium,
    /// Goes last.
    High,
}

impl Priority {
    /// Reads the attribute's value; an unknown one is `Medium`.
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

/// A cookie as it is stored (RFC 6265bis 5.7). Times are unix seconds.
#[derive(Debug, Clone, PartialEq)]
pub struct Cookie {
    /// The name, byte for byte; may be empty.
    pub name: Vec<u8>,
    /// The value, byte for byte, quotes included.
    pub value: Vec<u8>,
    /// The host or domain it belongs to, without a leading dot.
    pub domain: String,
    /// Whether it belongs to that host alone, or also to what is below it.
    pub host_only: bool,
    /// The path it belongs to; raw bytes, since nothing checks what a `Path` attribute holds.
    pub path: Vec<u8>,
    /// Whether it goes over secure connections only.
    pub secure: bool,
    /// Whether scripts may not see it.
    pub http_only: bool,
    /// The `SameSite` attribute, if it had a known value.
    pub same_site: Option<SameSite>,
    /// When it expires; `None` when the browser is closed.
    pub expires: Option<f64>,
    /// When it was created: overwriting it may keep this (see [`super::Profile`]).
    pub created: f64,
    /// When it was last sent or set.
    pub last_access: f64,
    /// Chromium's eviction priority.
    pub priority: Priority,
    /// The site of the page it was set under, if it is `Partitioned`.
    pub partition: Option<String>,
    /// The registrable domain, or the host where there is none: cookies are counted by it.
    pub(super) site: String,
    /// The order of creation in this jar: what decides between cookies created in the same instant.
    pub(super) serial: u64,
}

impl Cookie {
    /// Whether it outlives the browser session.
    pub fn is_persistent(&self) -> bool {
        self.expires.is_some()
    }

    /// Whether it has expired at a time.
    pub fn is_expired(&self, now: f64) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }

    /// Its part of a `Cookie` header: `name=value`, or the value alone if it has no name.
    pub fn pair(&self) -> Vec<u8> {
        if self.name.is_empty() { self.value.clone() } else { [&self.name[..], b"=", &self.value].concat() }
    }

    /// Whether a new cookie takes this one's place: the same name, domain, host-only flag, path and partition
    /// (RFC 6265bis 5.7 step 23).
    pub(super) fn is_same_cookie(&self, other: &Self) -> bool {
        self.name == other.name
            && self.domain == other.domain
            && self.host_only == other.host_only
            && self.path == other.path
            && self.partition == other.partition
    }
}
