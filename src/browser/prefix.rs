//! Cookie name prefixes, such as `__Host-`: conditions that a cookie with this name must meet.
//!
//! Source: RFC 6265bis 5.4 and 5.7 steps 20 to 22, and Chromium's `IsCookiePrefixValid`, which adds `__Http-`
//! and `__Host-Http-`. The comparison of names ignores case.

use super::domain::CookieDomain;
use super::rules::{HostPrefix, Rules};
use super::set_cookie::SetCookie;
use super::{RejectionReason, Target};

/// The prefixes. If two match, the longer one comes first.
const PREFIXES: [(&[u8], RejectionReason); 4] = [
    (b"__Secure-", RejectionReason::SecurePrefix),
    (b"__Http-", RejectionReason::HttpPrefix),
    (b"__Host-Http-", RejectionReason::HostHttpPrefix),
    (b"__Host-", RejectionReason::HostPrefix),
];

/// The reason to reject a cookie that does not meet the conditions of the prefix of a text. `None` if the
/// text has no prefix.
fn prefix_of(text: &[u8], http_prefixes: bool) -> Option<RejectionReason> {
    let begins =
        |prefix: &[u8]| text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    let is_enforced = |reason| {
        http_prefixes || !matches!(reason, RejectionReason::HttpPrefix | RejectionReason::HostHttpPrefix)
    };
    PREFIXES
        .into_iter()
        .filter(|(_, reason)| is_enforced(*reason))
        .find_map(|(prefix, reason)| begins(prefix).then_some(reason))
}

/// Whether the cookie does not meet the conditions of its prefix. `domain` is the domain of the cookie, if
/// its `Domain` is accepted.
pub(super) fn broken_prefix(
    set_cookie: &SetCookie,
    domain: Option<&CookieDomain>,
    from: &Target,
    rules: &Rules,
) -> Option<RejectionReason> {
    if set_cookie.name.is_empty() {
        return prefix_of(&set_cookie.value, rules.http_prefixes).map(|_| RejectionReason::HiddenPrefix);
    }
    let prefix = prefix_of(&set_cookie.name, rules.http_prefixes)?;
    // The draft checks only the Secure flag: it has already rejected Secure cookies from insecure hosts.
    let secure = set_cookie.secure && (rules.host_prefix == HostPrefix::Rfc || from.is_secure());
    let host = || is_of_its_host(set_cookie, domain, from, rules.host_prefix);
    let kept = match prefix {
        RejectionReason::HostPrefix => secure && host(),
        RejectionReason::HttpPrefix => secure && set_cookie.http_only,
        RejectionReason::HostHttpPrefix => secure && host() && set_cookie.http_only,
        _ => secure,
    };
    (!kept).then_some(prefix)
}

/// Whether the cookie is for one host and all paths, as `__Host-` requires.
fn is_of_its_host(
    set_cookie: &SetCookie,
    domain: Option<&CookieDomain>,
    from: &Target,
    rule: HostPrefix,
) -> bool {
    let attribute = set_cookie.domain.as_deref().unwrap_or_default();
    let host_only = match rule {
        HostPrefix::Attributes => {
            attribute.is_empty() || (from.ip().is_some() && attribute == from.host().as_bytes())
        }
        HostPrefix::Rfc => matches!(attribute, b"" | b"."),
        HostPrefix::Cookie => domain.is_some_and(|domain| domain.host_only),
    };
    let root = match rule {
        HostPrefix::Attributes | HostPrefix::Rfc => set_cookie.path.as_deref() == Some(b"/"),
        HostPrefix::Cookie => set_cookie.path_or_default(from) == b"/",
    };
    host_only && root
}

#[cfg(test)]
mod tests {
    use super::super::{BuiltinSuffixes, Profile, cookie_domain, parse_set_cookie};
    use super::*;

    fn broken(header: &str, url: &str, profile: Profile) -> Option<&'static str> {
        let set_cookie = parse_set_cookie(header.as_bytes(), profile).unwrap();
        let (from, attribute) = (Target::parse(url).unwrap(), set_cookie.domain.clone().unwrap_or_default());
        let domain = cookie_domain(&from, &attribute, &BuiltinSuffixes, profile).ok();
        broken_prefix(&set_cookie, domain.as_ref(), &from, profile.rules()).map(RejectionReason::name)
    }

    #[test]
    fn each_prefix_requires_its_attributes() {
        let at = |header| broken(header, "https://wiki1.example.org/wiki1/", Profile::Chromium);
        assert_eq!(at("__Host-M=x; Secure; Path=/"), None);
        assert_eq!(at("__Host-M=x; Secure; Path=/; Domain="), None);
        assert_eq!(at("__host-M=x; Secure"), Some("host-prefix"));
        assert_eq!(at("__Host-M=x; Secure; Path=/; Domain=wiki1.example.org"), Some("host-prefix"));
        assert_eq!(at("__SeCuRe-M=x"), Some("secure-prefix"));
        assert_eq!(at("__Secure-M=x; Secure; Domain=example.org"), None);
        assert_eq!(at("__Http-M=x; Secure"), Some("http-prefix"));
        assert_eq!(at("__Host-Http-M=x; Secure; Path=/"), Some("host-http-prefix"));
        assert_eq!(at("__Host-Http-M=x; Secure; Path=/; HttpOnly"), None);
        assert_eq!(at("__HostM=x"), None);
        assert_eq!(at("=__Host-x"), Some("hidden-prefix"));
    }

    #[test]
    fn rfc_has_two_prefixes() {
        let at = |header| broken(header, "https://wiki1.example.org/", Profile::Rfc6265bis);
        assert_eq!(at("__Http-M=x"), None);
        assert_eq!(at("__Host-Http-M=x; Secure; Path=/"), None);
        assert_eq!(at("__Host-Http-M=x"), Some("host-prefix"));
    }

    #[test]
    fn firefox_checks_the_resulting_cookie() {
        let at = |header, url| broken(header, url, Profile::Firefox);
        assert_eq!(at("__Host-M=x; Secure", "https://wiki1.example.org/"), None);
        assert_eq!(at("__Host-M=x; Secure", "https://wiki1.example.org/wiki1/"), Some("host-prefix"));
        assert_eq!(at("__Host-M=x; Secure; Domain=github.io", "https://github.io/"), None);
        assert_eq!(at("__Host-Http-M=x; Secure; HttpOnly", "https://wiki1.example.org/"), None);
        for header in ["__Host-Http-M=x; Secure; Path=/", "__host-http-M=x; Secure; Path=/"] {
            assert_eq!(at(header, "https://wiki1.example.org/"), Some("host-http-prefix"));
        }
        assert_eq!(at("__Http-M=x; Secure", "https://wiki1.example.org/"), Some("http-prefix"));
    }

    #[test]
    fn localhost_counts_as_secure() {
        assert_eq!(broken("__Secure-M=x; Secure", "http://localhost/", Profile::Chromium), None);
        assert_eq!(
            broken("__Secure-M=x; Secure", "http://example.org/", Profile::Chromium),
            Some("secure-prefix")
        );
    }
}
