//! Whether browsers accept the cookie domain of a wiki, worked out once for several rules.

use url::Url;

use crate::browser::{Profile, RejectionReason, SharedSuffixes, Target, cookie_domain};
use crate::farm::{Key, Wiki};

/// How browsers judge the cookie domain of a wiki.
pub(super) struct Domain<'a> {
    suffixes: &'a SharedSuffixes,
    /// The rejection at the wiki's own URL, if any.
    pub(super) rejected: Option<Rejected>,
}

/// A domain, the host at which browsers reject it, and why.
pub(super) type Rejected = (String, String, RejectionReason);

impl<'a> Domain<'a> {
    pub(super) fn of(wiki: &Wiki, suffixes: &'a SharedSuffixes) -> Domain<'a> {
        let domain = Domain { suffixes, rejected: None };
        Domain { rejected: domain.rejection(wiki, &wiki.url), ..domain }
    }

    /// Why a browser rejects the wiki's domain at `url`.
    pub(super) fn rejection(&self, wiki: &Wiki, url: &Url) -> Option<Rejected> {
        let domain = wiki.text(Key::CookieDomain)?;
        let target = Target::of(url).ok()?;
        let reason =
            cookie_domain(&target, domain.as_bytes(), self.suffixes.as_ref(), Profile::Chromium).err()?;
        Some((domain.to_owned(), target.host().to_owned(), reason))
    }
}
