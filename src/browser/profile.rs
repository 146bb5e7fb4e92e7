//! Browser profiles: whose behavior is predicted.

use super::rules::{CHROMIUM, FIREFOX, RFC, Rules};

/// A browser as recorded, or the standard.
///
/// [`DIFFERENCES`](super::DIFFERENCES) lists every behavior in which profiles differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
#[non_exhaustive]
pub enum Profile {
    /// Chromium 156, as recorded.
    #[default]
    Chromium,
    /// Firefox 153 ESR with shipped preferences, as recorded.
    Firefox,
    /// RFC 6265bis, draft 20. No released browser follows it completely.
    Rfc6265bis,
}

impl Profile {
    /// All profiles.
    pub const ALL: [Self; 3] = [Self::Chromium, Self::Firefox, Self::Rfc6265bis];

    /// The name on the command line and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Chromium => "chromium",
            Self::Firefox => "firefox",
            Self::Rfc6265bis => "rfc",
        }
    }

    /// The name in a sentence.
    pub fn title(self) -> &'static str {
        match self {
            Self::Chromium => "Chromium",
            Self::Firefox => "Firefox",
            Self::Rfc6265bis => "RFC 6265bis",
        }
    }

    pub(super) fn rules(self) -> &'static Rules {
        match self {
            Self::Chromium => &CHROMIUM,
            Self::Firefox => &FIREFOX,
            Self::Rfc6265bis => &RFC,
        }
    }
}
