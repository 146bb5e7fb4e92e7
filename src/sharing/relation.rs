//! The relation between the addresses and cookies of two wikis: everything that the browser decides.

use std::cmp::Ordering;

use super::site::Site;
use crate::browser::{Cookie, domain_match, path_match};

/// What a browser decides about the cookies of two wikis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Relation {
    /// Whether each wiki receives its own cookie.
    home: (bool, bool),
    /// Whether B receives A's cookie, and A receives B's.
    reach: (bool, bool),
    /// Whether they are the same cookie.
    same: bool,
    /// Which path is longer, and so which cookie comes first.
    order: Option<Ordering>,
    /// Whether A's Secure cookie makes the browser reject B's cookie, and the other way round.
    bars: (bool, bool),
}

impl Relation {
    /// The relation of two wikis. A wiki without a cookie can still receive the other's.
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

    /// Whether the wikis never affect each other.
    pub(super) fn is_apart(&self) -> bool {
        self.reach == (false, false) && self.bars == (false, false)
    }
}

/// Whether the cookie of one wiki may affect the other.
pub(super) fn may_meet(from: &Site, to: &Site, relation: Relation) -> bool {
    let plain = is_plain(&from.cookie_name) && is_plain(&to.cookie_name);
    (from.cookie_name == to.cookie_name || !plain) && !relation.is_apart()
}

/// The cookie of a wiki: its domain, path and Secure are the same for everybody.
pub(super) fn cookie(site: &Site) -> Option<&Cookie> {
    site.own.as_deref()
}

/// Whether two cookies of one name are the same cookie: domain, host-only flag, and path.
pub(super) fn same_cookie(a: &Cookie, b: &Cookie) -> bool {
    a.domain == b.domain && a.host_only == b.host_only && a.path == b.path
}

/// Whether `old` makes the browser reject `new` of `site` ("leave secure cookies alone", RFC 6265bis 5.7 step 21).
fn bars(old: &Cookie, site: &Site, new: &Cookie) -> bool {
    old.secure
        && !site.target.is_secure()
        && (domain_match(&old.domain, &new.domain) || domain_match(&new.domain, &old.domain))
        && path_match(&String::from_utf8_lossy(&new.path), &String::from_utf8_lossy(&old.path))
}

/// Whether a cookie of that name leaves the other cookies readable. Other characters can stop a version from reading the
/// header.
pub(super) fn is_plain(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
}
