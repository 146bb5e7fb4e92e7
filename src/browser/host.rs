//! Host names in the form in which cookies are compared.
//!
//! RFC 6265bis 5.1.2: lower case, labels in ASCII form (IDNA). A trailing dot is kept, because a host with
//! the dot is another host.

use std::net::IpAddr;

/// Whether a host is an IP address. Brackets, as in a URL, and a zone are optional.
pub fn is_ip(host: &str) -> bool {
    ip_of(host).is_some()
}

/// The IP address of a host in full form. `None` for other hosts, such as `127.1` and `0x7f.0.0.1`.
pub(super) fn ip_of(host: &str) -> Option<IpAddr> {
    let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    let without_zone = bare.split_once('%').map_or(bare, |(address, _zone)| address);
    without_zone.parse().ok()
}

/// The canonical form of a host from a `Host` header or a configuration: without the port and the brackets of
/// an IPv6 address, in lower case, with other than ASCII labels in their `xn--` form.
///
/// `None` if the text can't be a host: an unmatched bracket, or a label that IDNA rejects.
pub fn canonical_host(host: &str) -> Option<String> {
    let without_port = match host.strip_prefix('[') {
        Some(rest) => return rest.split_once(']').map(|(address, _port)| address.to_ascii_lowercase()),
        None if is_ip(host) => host,
        None => match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => host,
        },
    };
    if without_port.is_ascii() {
        return Some(without_port.to_ascii_lowercase());
    }
    idna::domain_to_ascii(without_port).ok()
}

/// The canonical form that Chromium gives the value of a `Domain` attribute. `None` if the URL standard
/// (WHATWG) does not accept the value as a host, for example with a port, quotes, slashes, or invalid UTF-8.
/// Converts raw UTF-8, and `127.1` to `127.0.0.1`.
pub(super) fn url_host(domain: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(domain).ok()?;
    url::Host::parse(text).ok().map(|host| host.to_string()).filter(|host| !host.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_full_addresses_are_ip_addresses() {
        for host in ["127.0.0.1", "::1", "[::1]", "fe80::1%eth0"] {
            assert!(is_ip(host), "{host}");
        }
        for host in ["127.1", "0x7f.0.0.1", "127.0.0.1.", "1.2.example.org", ""] {
            assert!(!is_ip(host), "{host}");
        }
    }

    #[test]
    fn hosts_are_converted_to_canonical_form() {
        assert_eq!(canonical_host("WIKI1.Example.org:8080").as_deref(), Some("wiki1.example.org"));
        assert_eq!(canonical_host("wiki.bücher.de").as_deref(), Some("wiki.xn--bcher-kva.de"));
        assert_eq!(canonical_host("wiki1.example.org.").as_deref(), Some("wiki1.example.org."));
        assert_eq!(canonical_host("[::1]:8080").as_deref(), Some("::1"));
        assert_eq!(canonical_host("::1").as_deref(), Some("::1"));
        assert_eq!(canonical_host("[bad"), None);
    }

    #[test]
    fn domain_attribute_must_be_a_host() {
        assert_eq!(url_host("BÜCHER.org".as_bytes()).as_deref(), Some("xn--bcher-kva.org"));
        assert_eq!(url_host("exａmple.org".as_bytes()).as_deref(), Some("example.org"));
        assert_eq!(url_host(b"127.1").as_deref(), Some("127.0.0.1"));
        for bad in [&b"http://example.org"[..], b"example.org:80", b"b\xfccher.org", b"exam ple.org"] {
            assert_eq!(url_host(bad), None, "{bad:?}");
        }
    }
}
