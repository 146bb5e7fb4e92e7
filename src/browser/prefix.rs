//! Cookie name prefixes: promises a name makes, which the browser enforces.
//!
//! RFC 6265bis 5.4 and 5.7 steps 20 to 22; Chromium's `IsCookiePrefixValid`, which adds `__Http-` and
//! `__Host-Http-`. Names are compared in any case.

use super::set_cookie::SetCookie;
use super::{Mode, RefusalReason, Target};

/// The prefixes; the longer of two that fit stands first.
const PREFIXES: [(&[u8], RefusalReason); 4] = [
    (b"__Secure-", RefusalReason::SecurePrefix),
    (b"__Http-", RefusalReason::HttpPrefix),
    (b"__Host-Http-", RefusalReason::HostHttpPrefix),
    (b"__Host-", RefusalReason::HostPrefix),
];

/// The prefix a text begins with, as the reason to refuse a cookie that breaks its promise.
fn prefix_of(text: &[u8], mode: Mode) -> Option<RefusalReason> {
    let begins =
        |prefix: &[u8]| text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    PREFIXES
        .into_iter()
        .filter(|(_, reason)| mode == Mode::Chromium || reason.is_in_the_draft())
        .find_map(|(prefix, reason)| begins(prefix).then_some(reason))
}

/// Whether the cookie breaks what its name promises.
pub(super) fn broken_prefix(set_cookie: &SetCookie, from: &Target, mode: Mode) -> Option<RefusalReason> {
    if set_cookie.name.is_empty() {
        return prefix_of(&set_cookie.value, mode).map(|_| RefusalReason::HiddenPrefix);
    }
    let prefix = prefix_of(&set_cookie.name, mode)?;
    // The draft asks for the Secure flag only: it has refused Secure cookies from insecure hosts before.
    let secure = set_cookie.secure && (mode == Mode::Rfc || from.is_secure());
    let domain = set_cookie.domain.as_deref().unwrap_or_default();
    let host_only = match mode {
        Mode::Chromium => domain.is_empty() || (from.ip().is_some() && domain == from.host().as_bytes()),
        Mode::Rfc => matches!(domain, b"" | b"."),
    };
    let host = host_only && set_cookie.path.as_deref() == Some(b"/");
    let kept = match prefix {
        RefusalReason::HostPrefix => secure && host,
        RefusalReason::HttpPrefix => secure && set_cookie.http_only,
        RefusalReason::HostHttpPrefix => secure && host && set_cookie.http_only,
        _ => secure,
    };
    (!kept).then_some(prefix)
}

#[cfg(test)]
mod tests {
    use super::super::parse_set_cookie;
    use super::*;

    fn broken(header: &str, url: &str, mode: Mode) -> Option<&'static str> {
        let set_cookie = parse_set_cookie(header.as_bytes(), mode).unwrap();
        broken_prefix(&set_cookie, &Target::parse(url).unwrap(), mode).map(RefusalReason::name)
    }

    #[test]
    fn each_prefix_asks_for_its_attributes() {
        let at = |header| broken(header, "https://wiki1.example.org/wiki1/", Mode::Chromium);
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
    fn the_draft_knows_two_prefixes() {
        let at = |header| broken(header, "https://wiki1.example.org/", Mode::Rfc);
        assert_eq!(at("__Http-M=x"), None);
        assert_eq!(at("__Host-Http-M=x; Secure; Path=/"), None);
        assert_eq!(at("__Host-Http-M=x"), Some("host-prefix"));
    }

    #[test]
    fn localhost_is_secure_enough() {
        assert_eq!(broken("__Secure-M=x; Secure", "http://localhost/", Mode::Chromium), None);
        assert_eq!(
            broken("__Secure-M=x; Secure", "http://example.org/", Mode::Chromium),
            Some("secure-prefix")
        );
    }
}
