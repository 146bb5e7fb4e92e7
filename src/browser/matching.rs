//! Matches cookies with requests: domain-match, path-match, and the default path.
//!
//! RFC 6265bis 5.1.3 and 5.1.4, and Chromium's `IsDomainMatch`, `IsOnPath`, and `CanonPathWithString` give
//! the same results. All compare bytes, without case folding or percent-decoding.

use super::host::is_ip;

/// Whether a host domain-matches a cookie's domain (RFC 6265bis 5.1.3).
///
/// Both must be canonical, and `domain` must have no leading dot. An IP address matches only itself.
pub fn domain_match(host: &str, domain: &str) -> bool {
    if host == domain {
        return true;
    }
    let below = host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'));
    !domain.is_empty() && below && !is_ip(host)
}

/// Whether the path of a request path-matches a cookie's path (RFC 6265bis 5.1.4): `/wiki1` covers
/// `/wiki1/Page`, but neither `/wiki10` nor `/Wiki1`, and `/wiki1/` does not cover `/wiki1`.
pub fn path_match(request_path: &str, cookie_path: &str) -> bool {
    path_covers(cookie_path.as_bytes(), request_path.as_bytes())
}

/// Path-match on raw bytes. The path of a cookie may contain bytes that are not possible in a URL.
pub(super) fn path_covers(cookie_path: &[u8], request_path: &[u8]) -> bool {
    match request_path.strip_prefix(cookie_path) {
        _ if cookie_path.is_empty() => false,
        None => false,
        Some(rest) => rest.is_empty() || cookie_path.ends_with(b"/") || rest.starts_with(b"/"),
    }
}

/// The path of a cookie without a `Path` attribute: the path of the URL up to its last slash (RFC 6265bis
/// 5.1.4).
pub fn default_path(url_path: &str) -> &str {
    match url_path.rsplit_once('/') {
        Some((up_to_last, _)) if up_to_last.starts_with('/') => up_to_last,
        _ => "/",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domain_matches_itself_and_hosts_below_it() {
        assert!(domain_match("example.org", "example.org"));
        assert!(domain_match("wiki1.example.org", "example.org"));
        assert!(!domain_match("badexample.org", "example.org"));
        assert!(!domain_match("example.org", "wiki1.example.org"));
        assert!(!domain_match("example.org.", ""));
        assert!(!domain_match("127.0.0.1", "0.0.1"));
    }

    #[test]
    fn path_matches_whole_segments() {
        assert!(path_match("/wiki1", "/wiki1"));
        assert!(path_match("/wiki1/FrontPage", "/wiki1"));
        assert!(path_match("/wiki1/FrontPage", "/wiki1/"));
        assert!(path_match("/anything", "/"));
        assert!(!path_match("/wiki10", "/wiki1"));
        assert!(!path_match("/Wiki1", "/wiki1"));
        assert!(!path_match("/wiki1", "/wiki1/"));
        assert!(!path_match("/wiki1", ""));
    }

    #[test]
    fn default_path_ends_before_the_last_slash() {
        assert_eq!(default_path("/wiki1"), "/");
        assert_eq!(default_path("/wiki1/"), "/wiki1");
        assert_eq!(default_path("/a//b"), "/a/");
        assert_eq!(default_path("//"), "/");
        assert_eq!(default_path("strange/path"), "/");
    }
}
