//! How the addresses and cookies of two wikis lie to each other: all that the browser decides between them.

use std::cmp::Ordering;

use super::site::Site;
use crate::browser::{Cookie, domain_match, path_match};

/// What a browser has to decide about two wikis' cookies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Relation {
    /// Each one's cookie comes back to itself.
    home: (bool, bool),
    /// The cookie of the one comes to the other: A's to B, and B's to A.
    reach: (bool, bool),
    /// They are one cookie to the browser.
    same: bool,
    /// Whose path is longer, and so whose cookie comes first.
    order: Option<Ordering>,
    /// With the one's Secure cookie there, the browser refuses the other's: A's bars B's, and the other way round.
    bars: (bool, bool),
}

impl Relation {
    /// Between two wikis; one that sends no cookie may still get the other's.
    pub(super) fn of(a: &Site, b: &Site) -> Relation {
        let (ours, theirs) = (cookie(a), cookie(b));
        let comes = |cookie: Option<&Cookie>, to: &Site| cookie.is_some_and(|cookie| to.receives(cookie));
        let both = ours.zip(theirs);
        Relation {
            home: (comes(ours, a), comes(theirs, b)),
            reach: (comes(ours, b), comes(theirs, a)),
            same: both.is_some_and(|(ours, theirs)| same_cookie(ours, theirs)),
            order: both.map(|(ours, theirs)| ours.path.len().cmp(&theirs.path.len())),
            bars: both
                .map_or((false, false), |(ours, theirs)| (bars(ours, b, theirs), bars(theirs, a, ours))),
        }
    }

    /// Whether nothing of the one can ever concern the other.
    pub(super) fn is_apart(&self) -> bool {
        self.reach == (false, false) && self.bars == (false, false)
    }
}

/// Whether the cookie of the one may concern the other.
pub(super) fn may_meet(from: &Site, to: &Site, relation: Relation) -> bool {
    let plain = is_plain(&from.cookie_name) && is_plain(&to.cookie_name);
    (from.cookie_name == to.cookie_name || !plain) && !relation.is_apart()
}

/// The cookie of a wiki: its domain, path and Secure are the same for everybody.
pub(super) fn cookie(site: &Site) -> Option<&Cookie> {
    site.own.as_deref()
}

/// Whether two cookies of one name are one for the browser: the same domain, host-only flag and path.
pub(super) fn same_cookie(a: &Cookie, b: &Cookie) -> bool {
    a.domain == b.domain && a.host_only == b.host_only && a.path == b.path
}

/// Whether `old` keeps the browser from taking `new` of `site` ("leave secure cookies alone", RFC 6265bis 5.7 step 21).
fn bars(old: &Cookie, site: &Site, new: &Cookie) -> bool {
    old.secure
        && !site.target.is_secure()
        && (domain_match(&old.domain, &new.domain) || domain_match(&new.domain, &old.domain))
        && path_match(&String::from_utf8_lossy(&new.path), &String::from_utf8_lossy(&old.path))
}

/// Whether a cookie of that name leaves every other one readable: what else is in a name may stop a version from reading
/// the header.
pub(super) fn is_plain(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
}
