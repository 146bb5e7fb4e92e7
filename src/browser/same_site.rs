//! Requests: their time, their navigation, and the page they come from; and the effect of `SameSite`.
//!
//! Source: RFC 6265bis 5.2 and 5.6.7, and Chromium's `ComputeSameSiteContext`. The scheme is part of the
//! site.

use super::Target;
use super::cookie::{Cookie, SameSite};
use super::rules::{Rules, SameSiteDefault};
use super::suffix::Suffixes;

/// The kind of navigation that starts a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Nav {
    /// An address typed into the address bar, or a bookmark.
    #[default]
    Direct,
    /// A link, or a form with method GET, on the page `from`.
    Link,
    /// A form with method POST on the page `from`.
    Post,
    /// A frame, an image, or a `fetch` with credentials in the page `from`, which stays in the address bar.
    Embedded,
}

/// What reads or sets the cookies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Via {
    /// HTTP: the `Cookie` and `Set-Cookie` headers.
    #[default]
    Http,
    /// A script: `document.cookie`.
    Script,
}

/// A request, and its response.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// The time in unix seconds.
    pub now: f64,
    /// The kind of navigation.
    pub nav: Nav,
    /// The page that the request comes from; ignored for [`Nav::Direct`]. A link or form without a page
    /// counts as same-site.
    pub from: Option<Target>,
    /// Headers or a script.
    pub via: Via,
    /// The time in the `Date` header of the response, in unix seconds. `None` if the response has no such
    /// header.
    pub server_time: Option<f64>,
}

impl Request {
    /// A request for an address typed into the address bar.
    pub fn direct(now: f64) -> Self {
        Self { now, nav: Nav::Direct, from: None, via: Via::Http, server_time: None }
    }

    /// A request from a link on a page.
    pub fn link(now: f64, from: Target) -> Self {
        Self { nav: Nav::Link, from: Some(from), ..Self::direct(now) }
    }

    /// A request from a POST form on a page.
    pub fn post(now: f64, from: Target) -> Self {
        Self { nav: Nav::Post, from: Some(from), ..Self::direct(now) }
    }

    /// A request from a frame, an image, or a `fetch` in a page.
    pub fn embedded(now: f64, from: Target) -> Self {
        Self { nav: Nav::Embedded, from: Some(from), ..Self::direct(now) }
    }

    /// A use of `document.cookie` in a page that was opened by itself, not embedded.
    pub fn script(now: f64) -> Self {
        Self { via: Via::Script, ..Self::direct(now) }
    }

    /// Whether the request comes from the same site, or from no page.
    fn is_same_site(&self, to: &Target, suffixes: &dyn Suffixes, rules: &Rules) -> bool {
        match &self.from {
            Some(from) if self.nav != Nav::Direct => {
                from.registrable_domain(suffixes) == to.registrable_domain(suffixes)
                    && (!rules.schemeful || from.scheme_is_https() == to.scheme_is_https())
            }
            _ => true,
        }
    }

    /// How close the request is to the site of its target.
    pub(super) fn context(&self, to: &Target, suffixes: &dyn Suffixes, rules: &Rules) -> Context {
        match (self.is_same_site(to, suffixes, rules), self.nav, self.via) {
            (true, ..) => Context::Strict,
            (false, Nav::Embedded, _) => Context::CrossSite,
            // A script in a page sees all cookies that the page's own site sees, however the page was
            // reached.
            (false, _, Via::Script) => Context::Strict,
            (false, Nav::Post, _) => Context::LaxUnsafe,
            (false, Nav::Direct | Nav::Link, _) => Context::Lax,
        }
    }

    /// Whether the response may set a cookie with this `SameSite`: in any top-level page, or within the site
    /// (RFC 6265bis 5.7 step 18).
    pub(super) fn may_set(
        &self,
        same_site: Option<SameSite>,
        from: &Target,
        suffixes: &dyn Suffixes,
        rules: &Rules,
    ) -> bool {
        let is_none = match same_site {
            Some(same_site) => same_site == SameSite::None,
            None => rules.same_site_default == SameSiteDefault::None,
        };
        is_none || self.context(from, suffixes, rules) != Context::CrossSite
    }

    /// Whether the request is embedded in a page of another site.
    pub(super) fn is_third_party(&self, to: &Target, suffixes: &dyn Suffixes, rules: &Rules) -> bool {
        self.context(to, suffixes, rules) == Context::CrossSite
    }

    /// The site of the page in the address bar, which separates partitioned cookies.
    pub(super) fn partition(&self, to: &Target, suffixes: &dyn Suffixes) -> String {
        match (&self.from, self.nav) {
            (Some(page), Nav::Embedded) => page.site(suffixes),
            _ => to.site(suffixes),
        }
    }
}

/// How close a request is to the site of its target, from far to near.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Context {
    /// Embedded in another site.
    CrossSite,
    /// A top-level navigation from another site, by POST.
    LaxUnsafe,
    /// A top-level navigation from another site, by GET.
    Lax,
    /// From the same site, or from no site.
    Strict,
}

/// How long after its creation a cookie without `SameSite` is sent with a cross-site POST: two minutes
/// ("Lax-Allowing-Unsafe", RFC 6265bis 5.6.7.2), in seconds.
const LAX_ALLOWING_UNSAFE: f64 = 120.0;

/// Whether the cookie's `SameSite` allows sending the cookie in this context.
pub(super) fn allows(cookie: &Cookie, context: Context, now: f64, rules: &Rules) -> bool {
    let is_young = now - cookie.created <= LAX_ALLOWING_UNSAFE;
    let least = match cookie.same_site {
        Some(SameSite::None) => Context::CrossSite,
        Some(SameSite::Strict) => Context::Strict,
        Some(SameSite::Lax) => Context::Lax,
        None => match rules.same_site_default {
            SameSiteDefault::None => Context::CrossSite,
            SameSiteDefault::LaxAllowingUnsafe if is_young => Context::LaxUnsafe,
            SameSiteDefault::LaxAllowingUnsafe | SameSiteDefault::Lax => Context::Lax,
        },
    };
    context >= least
}

#[cfg(test)]
mod tests {
    use super::super::{BuiltinSuffixes, Profile};
    use super::*;

    fn context(nav: Nav, from: &str, to: &str) -> Context {
        let request = Request { nav, ..Request::link(0.0, Target::parse(from).unwrap()) };
        request.context(&Target::parse(to).unwrap(), &BuiltinSuffixes, Profile::Chromium.rules())
    }

    #[test]
    fn sibling_host_is_same_site_and_other_scheme_is_not() {
        assert_eq!(
            context(Nav::Post, "http://wiki1.example.org", "http://wiki2.example.org:8080"),
            Context::Strict
        );
        assert_eq!(context(Nav::Link, "http://wiki1.example.org", "https://wiki1.example.org"), Context::Lax);
        assert_eq!(context(Nav::Link, "http://bar.github.io", "http://foo.github.io"), Context::Lax);
        assert_eq!(
            context(Nav::Post, "http://portal.example.net", "http://wiki1.example.org"),
            Context::LaxUnsafe
        );
        assert_eq!(
            context(Nav::Embedded, "http://portal.example.net", "http://wiki1.example.org"),
            Context::CrossSite
        );
        assert_eq!(
            context(Nav::Direct, "http://portal.example.net", "http://wiki1.example.org"),
            Context::Strict
        );
    }
}
