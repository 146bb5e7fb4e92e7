//! What goes when there are too many cookies.
//!
//! The draft leaves the numbers to the browser (RFC 6265bis 5.7, "remove excess cookies"; 6.1 asks for at
//! least 50 per domain and 3,000 in all). These are Chromium's (`CookieMonster::GarbageCollect`): a site that
//! has more than 180 is cut to 150, a jar of more than 3,300 to 3,000. Expired ones go first, then the least
//! recently used, those without `Secure` and of low `Priority` before the others.

use super::cookie::{Cookie, Priority};
use super::suffix::Suffixes;

/// The most cookies a registrable domain may have.
pub const MAX_COOKIES_PER_SITE: usize = 180;
/// How many go below that when there are more.
const PURGED_PER_SITE: usize = 30;
/// The most cookies a jar may have, if some of them were not used for 30 days.
pub const MAX_COOKIES: usize = 3300;
/// How many go below that.
const PURGED: usize = 300;
/// Cookies used within this time, in seconds, stay when the whole jar is too large.
const SAFE: f64 = 30.0 * 86_400.0;

/// In which order cookies of a site go, and how many of each priority are spared in each round.
const ROUNDS: [(Priority, bool, usize); 6] = [
    (Priority::Low, false, 30),
    (Priority::Low, true, 30),
    (Priority::Medium, false, 50),
    (Priority::High, false, 70),
    (Priority::Medium, true, 50),
    (Priority::High, true, 70),
];

/// The name under which cookies are counted together: the registrable domain, or the host where there is
/// none.
pub(super) fn site_key<'c>(domain: &'c str, suffixes: &dyn Suffixes) -> &'c str {
    suffixes.registrable_domain(domain).unwrap_or(domain)
}

/// Removes what is too much after a cookie of `domain` was stored; returns the removed ones.
pub(super) fn evict(
    cookies: &mut Vec<Cookie>,
    domain: &str,
    now: f64,
    suffixes: &dyn Suffixes,
) -> Vec<Cookie> {
    let key = site_key(domain, suffixes);
    let mut evicted = Vec::new();
    if count(cookies, |cookie| site_key(&cookie.domain, suffixes) == key) > MAX_COOKIES_PER_SITE {
        evicted
            .extend(cookies.extract_if(.., |cookie| {
                cookie.is_expired(now) && site_key(&cookie.domain, suffixes) == key
            }));
        let mut own: Vec<_> =
            cookies.iter().filter(|cookie| site_key(&cookie.domain, suffixes) == key).cloned().collect();
        if own.len() > MAX_COOKIES_PER_SITE {
            let doomed = doomed_of_site(&mut own);
            evicted.extend(cookies.extract_if(.., |cookie| doomed.contains(&cookie.serial)));
        }
    }
    if cookies.len() > MAX_COOKIES {
        evicted.extend(cookies.extract_if(.., |cookie| cookie.is_expired(now)));
        if cookies.len() > MAX_COOKIES {
            let doomed = doomed_of_all(cookies, now);
            evicted.extend(cookies.extract_if(.., |cookie| doomed.contains(&cookie.serial)));
        }
    }
    evicted
}

fn count(cookies: &[Cookie], which: impl Fn(&Cookie) -> bool) -> usize {
    cookies.iter().filter(|cookie| which(cookie)).count()
}

/// Least recently used first.
fn sort_by_use(cookies: &mut [Cookie]) {
    cookies.sort_by(|one, other| {
        one.last_access
            .total_cmp(&other.last_access)
            .then(one.created.total_cmp(&other.created))
            .then(one.serial.cmp(&other.serial))
    });
}

/// The serials of the cookies of one site that go.
fn doomed_of_site(own: &mut Vec<Cookie>) -> Vec<u64> {
    sort_by_use(own);
    let mut goal = own.len().saturating_sub(MAX_COOKIES_PER_SITE - PURGED_PER_SITE);
    let mut doomed = Vec::new();
    for (priority, secure_too, spared) in ROUNDS {
        let of_priority = count(own, |cookie| cookie.priority == priority);
        if of_priority <= spared {
            continue;
        }
        let secure = count(own, |cookie| cookie.priority == priority && cookie.secure);
        let kept = if secure_too { spared } else { spared.max(secure) };
        let mut left = goal.min(of_priority.saturating_sub(kept));
        let gone: Vec<_> = own
            .extract_if(.., |cookie| {
                let goes = left > 0 && cookie.priority == priority && (secure_too || !cookie.secure);
                left -= usize::from(goes);
                goes
            })
            .map(|cookie| cookie.serial)
            .collect();
        goal = goal.saturating_sub(gone.len());
        doomed.extend(gone);
    }
    doomed
}

/// The serials of the cookies that go when the jar is too large: unused for 30 days, without `Secure` first.
fn doomed_of_all(cookies: &[Cookie], now: f64) -> Vec<u64> {
    let goal = cookies.len().saturating_sub(MAX_COOKIES - PURGED);
    let mut unused: Vec<_> =
        cookies.iter().filter(|cookie| cookie.last_access < now - SAFE).cloned().collect();
    sort_by_use(&mut unused);
    unused.sort_by_key(|cookie| cookie.secure);
    unused.iter().take(goal).map(|cookie| cookie.serial).collect()
}
