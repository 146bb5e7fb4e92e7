//! The cookie jar: receives `Set-Cookie` headers, keeps cookies, and chooses the cookies that a request
//! sends.
//!
//! Source: RFC 6265bis 5.7, and Chromium's `CanonicalCookie::Create`, `IsSetPermittedInContext`, and
//! `CookieMonster`.

use std::fmt;
use std::sync::Arc;

use super::cookie::{Cookie, SameSite};
use super::domain::{CookieDomain, domain_by};
use super::evict::evict;
use super::lifetime::expires_at;
use super::matching::{domain_match, path_covers};
use super::prefix::broken_prefix;
use super::retrieve::{self, Visit};
use super::rules::{Overwriting, Reasons, Rules, ThirdParty};
use super::same_site::{Request, Via};
use super::set_cookie::{SetCookie, first_line, parse_by};
use super::suffix::{BuiltinSuffixes, SharedSuffixes, Suffixes};
use super::{Outcome, Profile, Rejection, RejectionReason, Target};

/// Chromium updates the time of last use at most once in this time, in seconds.
const ACCESS_RESOLUTION: f64 = 60.0;

/// The cookies of one browser.
#[derive(Clone)]
pub struct Jar {
    profile: Profile,
    rules: Rules,
    suffixes: Arc<dyn Suffixes + Send + Sync>,
    cookies: Vec<Cookie>,
    next_serial: u64,
}

impl Jar {
    /// An empty jar with the built-in public suffix list.
    pub fn new(profile: Profile) -> Self {
        Self::with_suffixes(profile, Arc::new(BuiltinSuffixes))
    }

    /// An empty jar with another public suffix list.
    pub fn with_suffixes(profile: Profile, suffixes: Arc<dyn Suffixes + Send + Sync>) -> Self {
        Self { profile, rules: *profile.rules(), suffixes, cookies: Vec::new(), next_serial: 0 }
    }

    /// The jar of a browser that blocks third-party cookies, as Debian's Chromium does. Pages embedded in
    /// another site then have `Partitioned` cookies only.
    #[must_use]
    pub fn blocking_third_parties(mut self) -> Self {
        self.rules.third_party = ThirdParty::Blocked;
        self
    }

    /// An empty jar with the same suffixes, for a browser that may differ from each profile.
    pub(super) fn emptied(&self, rules: Rules) -> Self {
        Self { rules, ..Self::with_suffixes(self.profile, self.shared_suffixes()) }
    }

    /// The profile whose behavior the jar predicts.
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// The public suffix list.
    pub fn suffixes(&self) -> &dyn Suffixes {
        &*self.suffixes
    }

    /// The public suffix list, for sharing.
    pub fn shared_suffixes(&self) -> SharedSuffixes {
        Arc::clone(&self.suffixes)
    }

    /// All cookies, in the order in which they were stored. An expired cookie stays until the next header or
    /// request.
    pub fn all(&self) -> &[Cookie] {
        &self.cookies
    }

    /// Closes and reopens the browser. Removes and returns cookies without a lifetime.
    pub fn end_session(&mut self) -> Vec<Cookie> {
        self.cookies.extract_if(.., |cookie| !cookie.is_persistent()).collect()
    }

    /// Receives one `Set-Cookie` header (the bytes after the colon) of the response that `from` sent to
    /// `request`. With [`Via::Script`], the header is what a script of the page `from` wrote to
    /// `document.cookie`.
    pub fn receive(&mut self, from: &Target, header: &[u8], request: &Request) -> Outcome {
        let header = match request.via {
            Via::Http => first_line(header, self.rules.line_end),
            Via::Script => header,
        };
        let set_cookie = match parse_by(&self.rules, header) {
            Ok(set_cookie) => set_cookie,
            Err(rejection) => return Outcome::Rejected(rejection),
        };
        // The request before this response has already removed expired cookies.
        self.drop_expired(request.now);
        let mut cookie = match self.admit(from, set_cookie, request) {
            Ok(cookie) => cookie,
            Err(rejection) => return Outcome::Rejected(rejection),
        };
        let old = self.cookies.iter().position(|old| old.is_same_cookie(&cookie));
        let old = old.map(|index| self.cookies.remove(index));
        if cookie.is_expired(request.now) {
            return Outcome::Deleted { cookie, removed: old };
        }
        match &old {
            Some(old)
                if self.rules.overwriting == Overwriting::KeepsCreation || old.value == cookie.value =>
            {
                (cookie.created, cookie.serial) = (old.created, old.serial);
            }
            _ => {
                cookie.serial = self.next_serial;
                self.next_serial = self.next_serial.wrapping_add(1);
            }
        }
        self.cookies.push(cookie.clone());
        let evicted = evict(&mut self.cookies, &cookie.site, request.now);
        Outcome::Stored { cookie, replaced: old, evicted }
    }

    /// Makes the cookie that the header describes, or returns the reasons to reject it.
    fn admit(&self, from: &Target, set_cookie: SetCookie, request: &Request) -> Result<Cookie, Rejection> {
        let suffixes = self.suffixes();
        let partitioned = set_cookie.partitioned;
        let insecure_partition = partitioned && !(set_cookie.secure && from.is_secure());
        let attribute = set_cookie.domain.as_deref().unwrap_or_default();
        let domain = domain_by(&self.rules, from, attribute, suffixes);
        let mut reasons: Vec<_> =
            broken_prefix(&set_cookie, domain.as_ref().ok(), from, &self.rules).into_iter().collect();
        reasons.extend(insecure_partition.then_some(RejectionReason::PartitionedInsecure));
        let domain = match domain {
            Ok(domain) => domain,
            Err(reason) if self.rules.reasons == Reasons::First => return Err(reason.into()),
            Err(reason) => return Err(Rejection { reason, also: reasons }),
        };
        let ahead = request.server_time.filter(|_| self.rules.counts_from_date);
        let ahead = ahead.map_or(0.0, |date| date - request.now);
        let mut cookie = new_cookie(from, set_cookie, domain, request.now, ahead);
        cookie.site = suffixes.registrable_domain(&cookie.domain).unwrap_or(&cookie.domain).to_owned();
        let apart = partitioned
            || self.rules.third_party == ThirdParty::Partitioned
                && request.is_third_party(from, suffixes, &self.rules);
        cookie.partition = apart.then(|| request.partition(from, suffixes));
        // Browsers check the connection and the jar only if the header itself is valid.
        if self.rules.reasons == Reasons::First || reasons.is_empty() {
            reasons.extend(self.reasons_against(&cookie, from, request));
        }
        if self.rules.reasons == Reasons::First {
            // The draft stops at the first reason. The order of reasons is the order of its steps.
            reasons.sort();
            reasons.truncate(1);
        }
        match Rejection::from_reasons(reasons) {
            None => Ok(cookie),
            Some(rejection) => Err(rejection),
        }
    }

    /// The reasons to reject a cookie that depend on the page that sets it and on the jar.
    fn reasons_against(&self, cookie: &Cookie, from: &Target, request: &Request) -> Vec<RejectionReason> {
        let blocked = self.rules.third_party == ThirdParty::Blocked && cookie.partition.is_none();
        if blocked && request.is_third_party(from, self.suffixes(), &self.rules) {
            return vec![RejectionReason::ThirdParty];
        }
        let script = request.via == Via::Script;
        let shadows_secure = !from.is_secure()
            && self.cookies.iter().any(|old| {
                old.secure
                    && old.name == cookie.name
                    && old.partition == cookie.partition
                    && (domain_match(&old.domain, &cookie.domain)
                        || domain_match(&cookie.domain, &old.domain))
                    && path_covers(&old.path, &cookie.path)
            });
        let replaces_http_only =
            script && self.cookies.iter().any(|old| old.http_only && old.is_same_cookie(cookie));
        let checks = [
            (cookie.secure && !from.is_secure(), RejectionReason::SecureFromInsecure),
            (cookie.http_only && script, RejectionReason::HttpOnlyFromScript),
            (
                cookie.same_site == Some(SameSite::None) && !cookie.secure,
                RejectionReason::SameSiteNoneInsecure,
            ),
            (
                !request.may_set(cookie.same_site, from, self.suffixes(), &self.rules),
                RejectionReason::CrossSite,
            ),
            (shadows_secure, RejectionReason::OverwriteSecure),
            (replaces_http_only, RejectionReason::OverwriteHttpOnly),
        ];
        checks.into_iter().filter(|(applies, _)| *applies).map(|(_, reason)| reason).collect()
    }

    /// The cookies that a request to `to` sends. Updates their time of last use, and removes expired cookies.
    pub fn cookies_for(&mut self, to: &Target, request: &Request) -> Visit {
        let visit = self.peek(to, request);
        for cookie in &mut self.cookies {
            let sent = visit.sent.iter().any(|sent| sent.serial == cookie.serial);
            if sent && request.now - cookie.last_access >= ACCESS_RESOLUTION {
                cookie.last_access = request.now;
            }
        }
        self.drop_expired(request.now);
        visit
    }

    fn drop_expired(&mut self, now: f64) {
        self.cookies.retain(|cookie| !cookie.is_expired(now));
    }

    /// The cookies that a request to `to` would send. Does not change the jar.
    pub fn peek(&self, to: &Target, request: &Request) -> Visit {
        retrieve::visit(&self.cookies, &self.rules, &*self.suffixes, to, request)
    }
}

fn new_cookie(
    from: &Target,
    set_cookie: SetCookie,
    CookieDomain { domain, host_only }: CookieDomain,
    now: f64,
    ahead: f64,
) -> Cookie {
    let expires = expires_at(set_cookie.max_age, set_cookie.expires, now, ahead);
    let path = set_cookie.path_or_default(from).to_vec();
    Cookie {
        name: set_cookie.name,
        value: set_cookie.value,
        domain,
        host_only,
        path,
        secure: set_cookie.secure,
        http_only: set_cookie.http_only,
        same_site: set_cookie.same_site,
        expires,
        created: now,
        last_access: now,
        priority: set_cookie.priority,
        partition: None,
        site: String::new(),
        serial: 0,
    }
}

impl fmt::Debug for Jar {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Jar")
            .field("profile", &self.profile)
            .field("cookies", &self.cookies)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Nav;
    use super::*;

    const NOW: f64 = 1_795_394_121.0;

    fn at(url: &str) -> Target {
        Target::parse(url).unwrap()
    }

    /// A jar that received these headers, one second apart.
    fn jar_of(headers: &[(&str, &str)]) -> Jar {
        let mut jar = Jar::new(Profile::Chromium);
        for (second, (url, header)) in headers.iter().enumerate() {
            jar.receive(&at(url), header.as_bytes(), &Request::direct(NOW + second as f64));
        }
        jar
    }

    fn header(jar: &Jar, url: &str, request: &Request) -> String {
        String::from_utf8(jar.peek(&at(url), request).header.unwrap_or_default()).unwrap()
    }

    #[test]
    fn login_with_new_value_puts_the_other_wikis_cookie_first() {
        let mut jar = jar_of(&[
            ("http://w1.example.org/", "M=w1"),
            ("http://w2.example.org/", "M=w2; Domain=example.org"),
        ]);
        assert_eq!(header(&jar, "http://w1.example.org/", &Request::direct(NOW)), "M=w1; M=w2");
        jar.receive(&at("http://w1.example.org/"), b"M=new", &Request::direct(NOW + 9.0));
        assert_eq!(header(&jar, "http://w1.example.org/", &Request::direct(NOW + 9.0)), "M=w2; M=new");
    }

    #[test]
    fn end_of_session_removes_cookies_without_lifetime() {
        let mut jar =
            jar_of(&[("http://w1.example.org/", "A=1"), ("http://w1.example.org/", "B=2; Max-Age=9")]);
        assert_eq!(jar.end_session().len(), 1);
        assert_eq!(header(&jar, "http://w1.example.org/", &Request::direct(NOW)), "B=2");
    }

    #[test]
    fn expired_cookies_are_reported_once_and_removed() {
        let mut jar = jar_of(&[("http://w1.example.org/", "A=1; Max-Age=9")]);
        let visit = jar.cookies_for(&at("http://w1.example.org/"), &Request::direct(NOW + 9.0));
        let reasons: Vec<_> = visit.withheld.iter().map(|withheld| withheld.reason.name()).collect();
        assert_eq!(reasons, ["expired"]);
        assert!(jar.all().is_empty());
    }

    #[test]
    fn expired_secure_cookie_does_not_block_a_new_one() {
        let mut jar = jar_of(&[("https://w1.example.org/", "M=1; Secure; Max-Age=9")]);
        let mut plain = |later| {
            let outcome = jar.receive(&at("http://w1.example.org/"), b"M=2", &Request::direct(NOW + later));
            outcome.rejection().map(|rejection| rejection.name())
        };
        assert_eq!(plain(8.0), Some("overwrite-secure"));
        assert_eq!(plain(9.0), None);
    }

    #[test]
    fn delete_needs_the_same_domain_and_path() {
        let mut jar = jar_of(&[("http://w1.example.org/", "M=1; Domain=example.org")]);
        let mut delete = |header: &str| {
            let outcome =
                jar.receive(&at("http://w1.example.org/"), header.as_bytes(), &Request::direct(NOW));
            matches!(outcome, Outcome::Deleted { removed: Some(_), .. })
        };
        assert!(!delete("M=; Max-Age=0"));
        assert!(!delete("M=; Max-Age=0; Domain=w1.example.org"));
        assert!(!delete("M=; Max-Age=0; Domain=example.org; Path=/wiki1"));
        assert!(delete("M=; Max-Age=0; Domain=example.org"));
    }

    #[test]
    fn scripts_can_not_read_or_replace_http_only_cookies() {
        let mut jar = jar_of(&[("http://w1.example.org/", "M=1; HttpOnly")]);
        let url = at("http://w1.example.org/");
        let mut script = |header: &[u8]| {
            jar.receive(&url, header, &Request::script(NOW)).rejection().map(|rejection| rejection.name())
        };
        assert_eq!(script(b"M=2"), Some("overwrite-http-only"));
        assert_eq!(script(b"N=2; HttpOnly"), Some("http-only-from-script"));
        assert_eq!(script(b"N=2"), None);
        assert_eq!(header(&jar, "http://w1.example.org/", &Request::script(NOW)), "N=2");
    }

    #[test]
    fn cookie_without_same_site_is_sent_with_cross_site_post_for_two_minutes() {
        let jar =
            jar_of(&[("http://w1.example.org/", "A=1; SameSite=Lax"), ("http://w1.example.org/", "M=1")]);
        let post = |later| {
            header(
                &jar,
                "http://w1.example.org/",
                &Request::post(NOW + later, at("http://evil.example.net/")),
            )
        };
        assert_eq!(post(121.0), "M=1");
        assert_eq!(post(122.0), "");
    }

    #[test]
    fn embedded_page_of_another_site_gets_only_same_site_none() {
        let embedded =
            Request { nav: Nav::Embedded, ..Request::link(NOW, at("https://portal.example.net/")) };
        let mut jar = Jar::new(Profile::Chromium);
        let mut set = |header: &[u8]| {
            let outcome = jar.receive(&at("https://w1.example.org/"), header, &embedded);
            outcome.rejection().map(|rejection| rejection.name())
        };
        assert_eq!(set(b"M=1"), Some("cross-site"));
        assert_eq!(set(b"M=1; SameSite=None; Secure"), None);
        assert_eq!(set(b"P=1; SameSite=None; Secure; Partitioned"), None);
        assert_eq!(header(&jar, "https://w1.example.org/", &embedded), "M=1; P=1");
        assert_eq!(header(&jar, "https://w1.example.org/", &Request::direct(NOW)), "M=1");
    }

    #[test]
    fn chromium_reports_all_reasons_of_a_stage() {
        let mut jar = jar_of(&[("https://w1.example.org/", "M=1; Secure")]);
        let outcome = jar.receive(&at("http://w1.example.org/"), b"M=2; Secure", &Request::direct(NOW));
        let names: Vec<_> = outcome.rejection().unwrap().reasons().map(RejectionReason::name).collect();
        assert_eq!(names, ["secure-from-insecure", "overwrite-secure"]);
    }
}
