//! The outcome of a `Set-Cookie` header.

use super::{Cookie, Rejection};

/// The outcome of a `Set-Cookie` header.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Outcome {
    /// The browser stored the cookie.
    Stored {
        /// The stored cookie.
        cookie: Cookie,
        /// The cookie that it replaced.
        replaced: Option<Cookie>,
        /// Cookies that were evicted because there were too many.
        evicted: Vec<Cookie>,
    },
    /// The cookie had already expired, so the header deletes a cookie.
    Deleted {
        /// The cookie in the header. The deleted cookie has the same name, domain, host-only flag, and path.
        /// It may not exist.
        cookie: Cookie,
        /// The deleted cookie. `None` if there was no cookie with the same name, domain, and path.
        removed: Option<Cookie>,
    },
    /// The browser rejected the cookie, so the header had no effect.
    Rejected(Rejection),
}

impl Outcome {
    /// The stored cookie, if the browser stored it.
    pub fn stored(&self) -> Option<&Cookie> {
        match self {
            Self::Stored { cookie, .. } => Some(cookie),
            Self::Deleted { .. } | Self::Rejected(_) => None,
        }
    }

    /// The rejection, if the browser rejected the cookie.
    pub fn rejection(&self) -> Option<&Rejection> {
        match self {
            Self::Rejected(rejection) => Some(rejection),
            Self::Stored { .. } | Self::Deleted { .. } => None,
        }
    }
}
