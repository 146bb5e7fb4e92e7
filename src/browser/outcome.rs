//! What a browser does with a `Set-Cookie` header.

use super::{Cookie, Rejection};

/// What became of a `Set-Cookie` header.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Outcome {
    /// The cookie is in the jar.
    Stored {
        /// As it was stored.
        cookie: Cookie,
        /// The cookie whose place it took.
        replaced: Option<Cookie>,
        /// Cookies that had to go because there were too many.
        evicted: Vec<Cookie>,
    },
    /// The cookie had already expired: such a header deletes.
    Deleted {
        /// The cookie it named, which need not be there: name, domain, host-only flag and path must be the
        /// same.
        cookie: Cookie,
        /// The cookie that went; `None` if there was none of that name, domain and path.
        removed: Option<Cookie>,
    },
    /// The header had no effect.
    Rejected(Rejection),
}

impl Outcome {
    /// The stored cookie, if it was stored.
    pub fn stored(&self) -> Option<&Cookie> {
        match self {
            Self::Stored { cookie, .. } => Some(cookie),
            Self::Deleted { .. } | Self::Rejected(_) => None,
        }
    }

    /// The rejection, if it was rejected.
    pub fn rejection(&self) -> Option<&Rejection> {
        match self {
            Self::Rejected(rejection) => Some(rejection),
            Self::Stored { .. } | Self::Deleted { .. } => None,
        }
    }
}
