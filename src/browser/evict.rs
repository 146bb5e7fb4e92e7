//! Evicts cookies when there are too many.
//!
//! The draft leaves the limits to the browser (RFC 6265bis 5.7, "remove excess cookies"; 6.1 asks for at
//! least 50 per domain and 3,000 in total). These limits are Chromium's (`CookieMonster::GarbageCollect`).
//! Chromium reduces a site with more than 180 cookies to 150, and a jar with more than 3,300 to 3,000. It
//! evicts the least recently used cookies first, and cookies without `Secure` and with low `Priority` before
//! the others. It removes expired cookies before it counts.

use super::cookie::{Cookie, Priority};

/// The maximum number of cookies of a registrable domain.
pub const MAX_COOKIES_PER_SITE: usize = 180;
/// An eviction leaves this many fewer cookies than the maximum.
const PURGED_PER_SITE: usize = 30;
/// The maximum number of cookies in a jar, if some of them were not used for 30 days.
pub const MAX_COOKIES: usize = 3300;
/// An eviction leaves this many fewer cookies than the maximum.
const PURGED: usize = 300;
/// Cookies that were used within this time, in seconds, are kept if the jar is too large.
const SAFE: f64 = 30.0 * 86_400.0;

/// The order in which cookies of a site are evicted, and how many of each priority each round keeps.
const ROUNDS: [(Priority, bool, usize); 6] = [
    (Priority::Low, false, 30),
    (Priority::Low, true, 30),
    (Priority::Medium, false, 50),
    (Priority::High, false, 70),
    (Priority::Medium, true, 50),
    (Priority::High, true, 70),
];

/// Evicts excess cookies after a cookie of `site` was stored. Returns the evicted cookies. Expired cookies
/// must be removed before.
pub(super) fn evict(cookies: &mut Vec<Cookie>, site: &str, now: f64) -> Vec<Cookie> {
    let mut evicted = Vec::new();
    let mut remove = |cookies: &mut Vec<Cookie>, doomed: Vec<u64>| {
        evicted.extend(cookies.extract_if(.., |cookie| doomed.contains(&cookie.serial)));
    };
    if count(cookies, |cookie| cookie.site == site) > MAX_COOKIES_PER_SITE {
        let mut own: Vec<_> = cookies.iter().filter(|cookie| cookie.site == site).cloned().collect();
        remove(cookies, doomed_of_site(&mut own));
    }
    if cookies.len() > MAX_COOKIES {
        let doomed = doomed_of_all(cookies, now);
        remove(cookies, doomed);
    }
    evicted
}

fn count(cookies: &[Cookie], which: impl Fn(&Cookie) -> bool) -> usize {
    cookies.iter().filter(|cookie| which(cookie)).count()
}

/// Sorts the least recently used cookies first.
fn sort_by_use(cookies: &mut [Cookie]) {
    cookies.sort_by(|one, other| {
        one.last_access
            .total_cmp(&other.last_access)
            .then(one.created.total_cmp(&other.created))
            .then(one.serial.cmp(&other.serial))
    });
}

/// The serials of the cookies of a site to evict.
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

/// The serials of the cookies to evict if the jar is too large: not used for 30 days, cookies without
/// `Secure` first.
fn doomed_of_all(cookies: &[Cookie], now: f64) -> Vec<u64> {
    let goal = cookies.len().saturating_sub(MAX_COOKIES - PURGED);
    let mut unused: Vec<_> =
        cookies.iter().filter(|cookie| cookie.last_access < now - SAFE).cloned().collect();
    sort_by_use(&mut unused);
    unused.sort_by_key(|cookie| cookie.secure);
    unused.iter().take(goal).map(|cookie| cookie.serial).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{Jar, Outcome, Profile, Request, Target};
    use super::*;

    /// A jar that received numbered cookies with some attributes, one second apart.
    fn filled(count: usize, attributes: impl Fn(usize) -> &'static str) -> (Jar, usize) {
        let mut jar = Jar::new(Profile::Chromium);
        let mut evicted_at_last = 0;
        for number in 0..count {
            let from = Target::parse(&format!("https://wiki{}.example.org/", number % 7)).unwrap();
            let header = format!("c{number}=x; Domain=example.org{}", attributes(number));
            match jar.receive(&from, header.as_bytes(), &Request::direct(number as f64)) {
                Outcome::Stored { evicted, .. } => evicted_at_last = evicted.len(),
                other => panic!("{other:?}"),
            }
        }
        (jar, evicted_at_last)
    }

    fn names(jar: &Jar) -> Vec<String> {
        jar.all().iter().map(|cookie| String::from_utf8(cookie.name.clone()).unwrap()).collect()
    }

    #[test]
    fn one_cookie_over_the_limit_reduces_the_site_to_150() {
        assert_eq!(filled(180, |_| "").0.all().len(), 180);
        let (jar, evicted) = filled(181, |_| "");
        assert_eq!((jar.all().len(), evicted), (150, 31));
        assert_eq!(names(&jar).first().map(String::as_str), Some("c31"));
    }

    #[test]
    fn expired_cookies_do_not_count() {
        let (jar, evicted) = filled(181, |number| if number == 100 { "; Max-Age=1" } else { "" });
        assert_eq!((jar.all().len(), evicted), (180, 0));
    }

    #[test]
    fn secure_cookies_and_those_of_high_priority_stay_longer() {
        let (jar, _) = filled(181, |number| if number < 40 { "; Secure" } else { "" });
        assert_eq!(jar.all().iter().filter(|cookie| cookie.secure).count(), 40);
        let (jar, _) = filled(181, |number| if number < 100 { "; Priority=High" } else { "; Priority=Low" });
        let high = jar.all().iter().filter(|cookie| cookie.priority == Priority::High).count();
        assert_eq!((high, jar.all().len()), (100, 150));
    }

    #[test]
    fn recently_used_cookies_are_kept() {
        let (mut jar, _) = filled(180, |_| "");
        let to = Target::parse("https://wiki1.example.org/").unwrap();
        let seen = jar.receive(&to, b"c0=y; Domain=example.org", &Request::direct(180.0));
        assert!(matches!(seen, Outcome::Stored { replaced: Some(_), .. }));
        jar.receive(&to, b"last=x; Domain=example.org", &Request::direct(181.0));
        assert!(names(&jar).contains(&"c0".to_owned()));
        assert!(!names(&jar).contains(&"c1".to_owned()));
    }

    #[test]
    fn other_sites_are_not_changed() {
        let mut jar = Jar::new(Profile::Chromium);
        jar.receive(&Target::parse("http://example.net/").unwrap(), b"a=b", &Request::direct(0.0));
        let from = Target::parse("http://example.org/").unwrap();
        for number in 0..181 {
            jar.receive(&from, format!("c{number}=x").as_bytes(), &Request::direct(1.0));
        }
        assert_eq!(jar.all().len(), 151);
    }

    #[test]
    fn too_large_jar_evicts_cookies_unused_for_30_days() {
        let mut jar = Jar::new(Profile::Chromium);
        for number in 0..3301 {
            let from = Target::parse(&format!("http://example{}.org/", number / 100)).unwrap();
            let now = if number < 3300 { 0.0 } else { SAFE + 1.0 };
            jar.receive(&from, format!("c{number}=x").as_bytes(), &Request::direct(now));
        }
        assert_eq!(jar.all().len(), 3000);
    }
}
