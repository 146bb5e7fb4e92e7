//! The URL of a request or a page, reduced to the parts that matter for cookies.

use std::fmt;
use std::net::IpAddr;

use super::host::ip_of;
use super::suffix::Suffixes;

/// An `http` or `https` URL: scheme, canonical host, port, and path.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Target {
    https: bool,
    host: String,
    port: u16,
    path: String,
}

/// Why a text is not a [`Target`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    /// Not a URL, with the reason from the URL parser.
    #[error("not a URL: {0}")]
    NotAUrl(String),
    /// A URL with a scheme that has no cookies, such as `ftp`.
    #[error("scheme {0:?} has no cookies: use http or https")]
    Scheme(String),
    /// A URL without a host.
    #[error("the URL has no host")]
    NoHost,
}

impl Target {
    /// Parses a URL as browsers do: the host in lower case and ASCII, `127.1` as `127.0.0.1`, and the path
    /// percent-encoded only if necessary.
    ///
    /// # Errors
    ///
    /// The text is not a URL, not `http` or `https`, or has no host.
    pub fn parse(url: &str) -> Result<Self, TargetError> {
        Self::of(&url::Url::parse(url).map_err(|error| TargetError::NotAUrl(error.to_string()))?)
    }

    /// Like [`Target::parse`], for a parsed URL.
    ///
    /// # Errors
    ///
    /// The URL is not `http` or `https`, or has no host.
    pub fn of(url: &url::Url) -> Result<Self, TargetError> {
        let https = match url.scheme() {
            "https" => true,
            "http" => false,
            other => return Err(TargetError::Scheme(other.to_owned())),
        };
        let host = url.host_str().ok_or(TargetError::NoHost)?.to_owned();
        let port = url.port_or_known_default().unwrap_or(if https { 443 } else { 80 });
        Ok(Self { https, host, port, path: url.path().to_owned() })
    }

    /// The canonical host. An IPv6 address has brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The IP address, if the host is one.
    pub fn ip(&self) -> Option<IpAddr> {
        ip_of(&self.host)
    }

    /// The port, or the default port of the scheme. Cookies ignore it.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The path, which begins with a slash, without query and fragment.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether the scheme is `https`.
    pub fn scheme_is_https(&self) -> bool {
        self.https
    }

    /// Whether Secure cookies can be set by and sent to this URL: `https`, or a host on this machine
    /// (`localhost`, `*.localhost`, `127.0.0.0/8`, `::1`).
    ///
    /// The draft leaves it to the browser which connections are "secure" (5.8.3). This is Chromium's choice.
    pub fn is_secure(&self) -> bool {
        self.https || self.is_localhost()
    }

    fn is_localhost(&self) -> bool {
        match self.ip() {
            Some(address) => address.is_loopback(),
            None => {
                let name = self.host.strip_suffix('.').unwrap_or(&self.host);
                name == "localhost" || name.ends_with(".localhost")
            }
        }
    }

    /// The site: the scheme and the registrable domain, or the host if it has none. Two URLs are same-site if
    /// their sites are equal (RFC 6265bis 5.2, HTML "same site"). The port is ignored.
    pub fn site(&self, suffixes: &dyn Suffixes) -> String {
        let scheme = if self.https { "https" } else { "http" };
        format!("{scheme}://{}", self.registrable_domain(suffixes))
    }

    /// The registrable domain of the host, or the host if it has none.
    pub(super) fn registrable_domain<'a>(&'a self, suffixes: &'a dyn Suffixes) -> &'a str {
        suffixes.registrable_domain(&self.host).unwrap_or(&self.host)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, usual) = if self.https { ("https", 443) } else { ("http", 80) };
        write!(out, "{scheme}://{}", self.host)?;
        if self.port != usual {
            write!(out, ":{}", self.port)?;
        }
        out.write_str(&self.path)
    }
}

impl std::str::FromStr for Target {
    type Err = TargetError;

    fn from_str(url: &str) -> Result<Self, Self::Err> {
        Self::parse(url)
    }
}

#[cfg(test)]
mod tests {
    use super::super::BuiltinSuffixes;
    use super::*;

    fn at(url: &str) -> Target {
        Target::parse(url).unwrap()
    }

    #[test]
    fn url_is_parsed_as_in_a_browser() {
        assert_eq!(at("http://WIKI1.Example.ORG").to_string(), "http://wiki1.example.org/");
        assert_eq!(at("http://127.1/x?y#z").to_string(), "http://127.0.0.1/x");
        assert_eq!(
            at("https://farm.example.org:8443/wiki 1/").to_string(),
            "https://farm.example.org:8443/wiki%201/"
        );
        assert_eq!(at("http://farm.example.org/a%2Fb/").path(), "/a%2Fb/");
        assert_eq!(at("http://wiki1.example.org./").host(), "wiki1.example.org.");
    }

    #[test]
    fn invalid_target_has_a_reason() {
        assert_eq!(Target::parse("ftp://example.org/"), Err(TargetError::Scheme("ftp".to_owned())));
        assert!(matches!(Target::parse("wiki1.example.org"), Err(TargetError::NotAUrl(_))));
    }

    #[test]
    fn secure_is_https_or_this_machine() {
        for url in [
            "https://example.org",
            "http://localhost",
            "http://a.LOCALHOST:80",
            "http://127.9.9.9",
            "http://[::1]",
        ] {
            assert!(at(url).is_secure(), "{url}");
        }
        for url in ["http://example.org", "http://notlocalhost", "http://localhost.org", "http://10.0.0.1"] {
            assert!(!at(url).is_secure(), "{url}");
        }
    }

    #[test]
    fn site_is_scheme_and_registrable_domain() {
        assert_eq!(at("http://wiki1.example.org:8080").site(&BuiltinSuffixes), "http://example.org");
        assert_eq!(at("https://foo.github.io").site(&BuiltinSuffixes), "https://foo.github.io");
        assert_eq!(at("http://127.0.0.1").site(&BuiltinSuffixes), "http://127.0.0.1");
    }
}
