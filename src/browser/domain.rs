//! Gets the domain of a cookie from the `Domain` attribute: accepts it, makes the cookie host-only, or
//! rejects the cookie.
//!
//! Source: RFC 6265bis 5.6.3 and 5.7 steps 7 to 10, and Chromium's `GetCookieDomainWithString`.

use super::host::url_host;
use super::matching::domain_match;
use super::rules::{DomainAttribute, Rules};
use super::suffix::Suffixes;
use super::{Profile, RejectionReason, Target};

/// The hosts that a cookie is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CookieDomain {
    /// The host or domain, without a leading dot.
    pub domain: String,
    /// Whether the cookie is for this host only.
    pub host_only: bool,
}

/// The domain of a cookie that `from` sets with this `Domain` attribute (raw; empty if there is none).
///
/// # Errors
///
/// [`RejectionReason::MalformedDomain`], [`RejectionReason::NonAsciiDomain`],
/// [`RejectionReason::PublicSuffix`], or [`RejectionReason::DomainMismatch`].
pub fn cookie_domain(
    from: &Target,
    attribute: &[u8],
    suffixes: &dyn Suffixes,
    profile: Profile,
) -> Result<CookieDomain, RejectionReason> {
    domain_by(profile.rules(), from, attribute, suffixes)
}

pub(super) fn domain_by(
    rules: &Rules,
    from: &Target,
    attribute: &[u8],
    suffixes: &dyn Suffixes,
) -> Result<CookieDomain, RejectionReason> {
    if rules.rejects_empty_label && (from.host().starts_with('.') || from.host().contains("..")) {
        return Err(RejectionReason::MalformedDomain);
    }
    if !rules.converts_idn && !attribute.is_ascii() {
        return Err(RejectionReason::NonAsciiDomain);
    }
    match rules.domain {
        DomainAttribute::Browsers => browsers(from, attribute, suffixes),
        DomainAttribute::Rfc => rfc(from, attribute, suffixes),
    }
}

fn host_only(from: &Target) -> Result<CookieDomain, RejectionReason> {
    Ok(CookieDomain { domain: from.host().to_owned(), host_only: true })
}

fn rfc(from: &Target, attribute: &[u8], suffixes: &dyn Suffixes) -> Result<CookieDomain, RejectionReason> {
    let attribute = attribute.strip_prefix(b".").unwrap_or(attribute).to_ascii_lowercase();
    let Some(domain) = String::from_utf8(attribute).ok().filter(|domain| domain.is_ascii()) else {
        return Err(RejectionReason::NonAsciiDomain);
    };
    if domain.is_empty() {
        return host_only(from);
    }
    if suffixes.is_public_suffix(&domain) {
        return if domain == from.host() { host_only(from) } else { Err(RejectionReason::PublicSuffix) };
    }
    if !domain_match(from.host(), &domain) {
        return Err(RejectionReason::DomainMismatch);
    }
    Ok(CookieDomain { domain, host_only: false })
}

fn browsers(
    from: &Target,
    attribute: &[u8],
    suffixes: &dyn Suffixes,
) -> Result<CookieDomain, RejectionReason> {
    let host = from.host();
    if host.ends_with("..") {
        return Err(RejectionReason::MalformedDomain);
    }
    let bare = attribute.strip_prefix(b".").unwrap_or(attribute);
    let names_the_host = bare.eq_ignore_ascii_case(host.as_bytes());
    if attribute.is_empty() || (from.ip().is_some() && names_the_host) {
        return host_only(from);
    }
    if from.ip().is_some() {
        return Err(RejectionReason::DomainMismatch);
    }
    if attribute.contains(&b'%') {
        return Err(RejectionReason::MalformedDomain);
    }
    let canonical = url_host(attribute).ok_or(RejectionReason::MalformedDomain)?;
    let domain = canonical.strip_prefix('.').unwrap_or(&canonical);
    if domain.is_empty() || domain.starts_with('.') {
        return Err(RejectionReason::MalformedDomain);
    }
    let Some(registrable) = suffixes.registrable_domain(host) else {
        // The host itself is a suffix or a single label, so the attribute may only name the host.
        return if names_the_host { host_only(from) } else { Err(rejected_domain(domain, suffixes)) };
    };
    if suffixes.registrable_domain(domain) != Some(registrable) || !domain_match(host, domain) {
        return Err(rejected_domain(domain, suffixes));
    }
    Ok(CookieDomain { domain: domain.to_owned(), host_only: false })
}

/// The reason to reject a `Domain`. Browsers have one reason for all cases. A precise reason helps to fix the
/// attribute.
fn rejected_domain(domain: &str, suffixes: &dyn Suffixes) -> RejectionReason {
    let in_a_host = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    if !domain.bytes().all(in_a_host) {
        RejectionReason::MalformedDomain
    } else if suffixes.is_public_suffix(domain) {
        RejectionReason::PublicSuffix
    } else {
        RejectionReason::DomainMismatch
    }
}

#[cfg(test)]
mod tests {
    use super::super::BuiltinSuffixes;
    use super::*;

    fn at(profile: Profile, url: &str, attribute: &[u8]) -> Result<(String, bool), &'static str> {
        cookie_domain(&Target::parse(url).unwrap(), attribute, &BuiltinSuffixes, profile)
            .map(|domain| (domain.domain, domain.host_only))
            .map_err(RejectionReason::name)
    }

    #[test]
    fn parent_domain_is_accepted() {
        for profile in Profile::ALL {
            for attribute in [&b"example.org"[..], b".example.org", b".Example.ORG"] {
                assert_eq!(
                    at(profile, "http://wiki1.example.org", attribute),
                    Ok(("example.org".to_owned(), false))
                );
            }
            assert_eq!(
                at(profile, "http://wiki1.example.org", b""),
                Ok(("wiki1.example.org".to_owned(), true))
            );
        }
    }

    #[test]
    fn suffixes_and_unrelated_domains_are_rejected() {
        for profile in Profile::ALL {
            for (url, attribute, reason) in [
                ("http://wiki.example.org", "org", "public-suffix"),
                ("http://foo.github.io", "github.io", "public-suffix"),
                ("http://wiki1.localhost", "localhost", "public-suffix"),
                ("http://wiki.example.org", "xample.org", "domain-mismatch"),
                ("http://wiki.example.org", "a.wiki.example.org", "domain-mismatch"),
                ("http://wiki.example.org", "example.org.", "domain-mismatch"),
                ("http://farmhost", "farmhost.local", "domain-mismatch"),
            ] {
                assert_eq!(
                    at(profile, url, attribute.as_bytes()),
                    Err(reason),
                    "{profile:?} {url} {attribute}"
                );
            }
        }
    }

    #[test]
    fn suffix_or_address_can_name_itself() {
        assert_eq!(
            at(Profile::Chromium, "http://github.io", b".github.io"),
            Ok(("github.io".to_owned(), true))
        );
        assert_eq!(
            at(Profile::Rfc6265bis, "http://github.io", b".github.io"),
            Ok(("github.io".to_owned(), true))
        );
        assert_eq!(
            at(Profile::Chromium, "http://127.0.0.1", b".127.0.0.1"),
            Ok(("127.0.0.1".to_owned(), true))
        );
        assert_eq!(
            at(Profile::Rfc6265bis, "http://127.0.0.1", b".127.0.0.1"),
            Ok(("127.0.0.1".to_owned(), false))
        );
        assert_eq!(at(Profile::Chromium, "http://[::1]", b"[::1]"), Ok(("[::1]".to_owned(), true)));
        assert_eq!(at(Profile::Chromium, "http://[::1]", b"::1"), Err("domain-mismatch"));
        assert_eq!(at(Profile::Chromium, "http://127.0.0.1", b"127.1"), Err("domain-mismatch"));
    }

    #[test]
    fn invalid_host_is_rejected() {
        for attribute in [
            ".",
            "..",
            "..example.org",
            "http://example.org",
            "example.org:80",
            "\"example.org\"",
            "ex%41mple.org",
        ] {
            assert_eq!(
                at(Profile::Chromium, "http://wiki.example.org", attribute.as_bytes()),
                Err("malformed-domain"),
                "{attribute}"
            );
        }
        for profile in Profile::ALL {
            assert_eq!(at(profile, "http://wiki.example.org..", b""), Err("malformed-domain"));
        }
    }

    #[test]
    fn raw_utf8_is_accepted_by_chromium_only() {
        let url = "http://wiki1.xn--bcher-kva.org";
        let utf8 = "BÜCHER.org".as_bytes();
        assert_eq!(at(Profile::Chromium, url, utf8), Ok(("xn--bcher-kva.org".to_owned(), false)));
        assert_eq!(at(Profile::Rfc6265bis, url, utf8), Err("non-ascii-domain"));
        assert_eq!(at(Profile::Chromium, url, b"b\xfccher.org"), Err("malformed-domain"));
    }

    #[test]
    fn host_with_empty_label_sets_cookies_as_recorded_from_chromium() {
        use super::super::{Jar, Request};
        // Recorded from Chromium 156.0.8078.108 with --host-resolver-rules: each host sent the three headers
        // in one response and was visited again. No name server has such a host, but a URL may contain it
        // (WHATWG, "domain to ASCII": VerifyDnsLength is false), and Chromium's URL parser accepts it.
        for (host, received) in
            [("a..example.org", Some("x=1; d=1; h=1")), ("a..b", Some("x=1; h=1")), ("example.org..", None)]
        {
            let wiki = Target::parse(&format!("http://{host}/")).unwrap();
            let (mut jar, now) = (Jar::new(Profile::Chromium), Request::direct(1_795_400_000.0));
            for header in ["x=1", "d=1; Domain=example.org", &format!("h=1; Domain={host}")] {
                jar.receive(&wiki, format!("{header}; Max-Age=99999").as_bytes(), &now);
            }
            let header = jar.peek(&wiki, &now).header;
            assert_eq!(header.as_deref(), received.map(str::as_bytes), "{host}");
        }
    }
}
