//! Chooses the cookies that a browser sends with a request, their order, and the reasons to withhold the
//! others.
//!
//! RFC 6265bis 5.8.3, and Chromium's `IncludeForRequestURL` and `CookieSorter`: cookies with longer paths
//! first, then older cookies. The host-only flag does not affect the order.

use std::fmt;

use super::Target;
use super::cookie::{Cookie, SameSite};
use super::matching::{domain_match, path_covers};
use super::rules::{Rules, ThirdParty};
use super::same_site::{Context, Request, Via, allows};
use super::suffix::Suffixes;

/// Why a browser withholds a cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, strum::EnumIter, strum::IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
#[non_exhaustive]
pub enum WithheldReason {
    /// The cookie is for another host or domain.
    DomainMismatch,
    /// The cookie is for another path.
    PathMismatch,
    /// The cookie is Secure, but the connection is not.
    SecureOnly,
    /// The cookie has expired.
    Expired,
    /// The request comes from another site.
    SameSite,
    /// The cookie is HttpOnly, and the request is from a script.
    HttpOnlyFromScript,
    /// The browser keeps the cookie apart for another site in the address bar.
    OtherPartition,
    /// The request is embedded in a page of another site, and the browser keeps such requests apart from
    /// other visits, or blocks their cookies.
    ThirdParty,
}

use WithheldReason as W;

impl WithheldReason {
    /// All reasons.
    pub fn all() -> impl DoubleEndedIterator<Item = Self> {
        <Self as strum::IntoEnumIterator>::iter()
    }

    /// The stable name, in kebab-case.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The section of RFC 6265bis draft 20. For reasons that only Chromium has, the nearest section.
    pub fn section(self) -> &'static str {
        match self {
            W::DomainMismatch => "5.1.3",
            W::PathMismatch => "5.1.4",
            W::Expired => "5.7",
            W::SameSite => "5.6.7.1",
            W::SecureOnly | W::HttpOnlyFromScript | W::OtherPartition => "5.8.3",
            W::ThirdParty => "7.1",
        }
    }

    /// The explanation as a sentence.
    pub fn explanation(self) -> &'static str {
        match self {
            W::DomainMismatch => "the cookie is for another host or domain",
            W::PathMismatch => "the cookie is for another path",
            W::SecureOnly => "browsers send Secure cookies over https only",
            W::Expired => "the cookie has expired",
            W::SameSite => "SameSite withholds the cookie from requests of other sites",
            W::HttpOnlyFromScript => "scripts cannot read HttpOnly cookies",
            W::OtherPartition => "the browser keeps the cookie apart for another site in the address bar",
            W::ThirdParty => "a page embedded in another site does not get the cookies of other visits",
        }
    }
}

impl fmt::Display for WithheldReason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.explanation())
    }
}

/// A cookie that the browser does not send.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Withheld {
    /// The cookie.
    pub cookie: Cookie,
    /// The reason. If there are several, the first in the order of [`WithheldReason::all`].
    pub reason: WithheldReason,
    /// The other reasons.
    pub also: Vec<WithheldReason>,
}

/// The cookies that a request sends, and the cookies that it does not send.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Visit {
    /// The sent cookies, in order.
    pub sent: Vec<Cookie>,
    /// The value of the `Cookie` header. `None` if there is no header.
    pub header: Option<Vec<u8>>,
    /// All other cookies of the jar, with reasons.
    pub withheld: Vec<Withheld>,
}

/// Decides for each cookie of a jar whether to send it.
pub(super) fn visit(
    cookies: &[Cookie],
    rules: &Rules,
    suffixes: &dyn Suffixes,
    to: &Target,
    request: &Request,
) -> Visit {
    let mut visit = Visit::default();
    let context = request.context(to, suffixes, rules);
    let partition = request.partition(to, suffixes);
    for cookie in cookies {
        let mut reasons = reasons(cookie, to, request, context, &partition, rules).into_iter();
        match reasons.next() {
            None => visit.sent.push(cookie.clone()),
            Some(reason) => {
                visit.withheld.push(Withheld { cookie: cookie.clone(), reason, also: reasons.collect() });
            }
        }
    }
    visit.sent.sort_by(|one, other| {
        other
            .path
            .len()
            .cmp(&one.path.len())
            .then(one.created.total_cmp(&other.created))
            .then(one.serial.cmp(&other.serial))
    });
    if !visit.sent.is_empty() {
        let pairs: Vec<_> = visit.sent.iter().map(Cookie::pair).collect();
        visit.header = Some(pairs.join(&b"; "[..]));
    }
    visit
}

fn reasons(
    cookie: &Cookie,
    to: &Target,
    request: &Request,
    context: Context,
    partition: &str,
    rules: &Rules,
) -> Vec<WithheldReason> {
    let belongs =
        if cookie.host_only { to.host() == cookie.domain } else { domain_match(to.host(), &cookie.domain) };
    let kept_apart = context == Context::CrossSite && rules.third_party != ThirdParty::Allowed;
    let checks = [
        (belongs, W::DomainMismatch),
        (path_covers(&cookie.path, to.path().as_bytes()), W::PathMismatch),
        (!cookie.secure || to.is_secure(), W::SecureOnly),
        (!cookie.is_expired(request.now), W::Expired),
        (allows(cookie, context, request.now, rules), W::SameSite),
        (!cookie.http_only || request.via == Via::Http, W::HttpOnlyFromScript),
        (cookie.partition.as_deref().is_none_or(|own| own == partition), W::OtherPartition),
        (!kept_apart || cookie.partition.is_some(), W::ThirdParty),
    ];
    checks.into_iter().filter(|(holds, _)| !holds).map(|(_, reason)| reason).collect()
}

impl Withheld {
    /// The names of the reasons in Chromium's developer tools, without reasons that have no name there.
    pub fn devtools_names(&self) -> Vec<&'static str> {
        let name = |reason| match reason {
            W::DomainMismatch => Some("DomainMismatch"),
            W::PathMismatch => Some("NotOnPath"),
            W::SecureOnly => Some("SecureOnly"),
            W::SameSite => Some(match self.cookie.same_site {
                Some(SameSite::Strict) => "SchemefulSameSiteStrict",
                Some(_) => "SchemefulSameSiteLax",
                None => "SchemefulSameSiteUnspecifiedTreatedAsLax",
            }),
            W::ThirdParty => Some("UserPreferences"),
            W::Expired | W::HttpOnlyFromScript | W::OtherPartition => None,
        };
        std::iter::once(self.reason).chain(self.also.iter().copied()).filter_map(name).collect()
    }
}
