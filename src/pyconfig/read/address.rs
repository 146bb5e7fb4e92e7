//! URLs out of the regular expressions of `wikis`.
//!
//! MoinMoin takes the first wiki whose expression matches (`re.match`, so from the beginning): up to 1.8 against
//! `host/path`, from 1.9 against the whole URL. Where the texts that an expression stands for (`texts.rs`) name a host and
//! a path prefix, they are the wiki's addresses.
//!
//! Source: `MoinMoin/config/multiconfig.py`, `_getConfigName`, of 1.8.7 and 1.9.11.

use fancy_regex::Regex;
use url::{Host, Url};

use super::texts::{MOST, Part, plain, texts};

/// What an expression says about a wiki's addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Addresses {
    /// These; the first one is the wiki's URL.
    These(Vec<Url>),
    /// Any: the expression names no host.
    Any,
    /// Not known, and why.
    Unclear(&'static str),
    /// None in this version, because of the scheme that the expression has or lacks.
    Never(&'static str),
}

/// An expression of `wikis`.
#[derive(Debug)]
pub(super) struct Expression {
    regex: Regex,
    texts: Result<Vec<Vec<Part>>, &'static str>,
}

/// Whether an expression begins with a scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    /// It always does.
    Always,
    /// It never does.
    Never,
    /// Both, or unknown.
    Either,
}

impl Expression {
    /// Reads an expression; the error says why it can't be used.
    pub(super) fn new(pattern: &str) -> Result<Expression, String> {
        // \Z of Python is \z here.
        let pattern = pattern.replace("\\Z", "\\z");
        // re.match begins at the beginning, whatever the expression says.
        let regex = Regex::new(&format!("\\A(?:{pattern})")).map_err(|error| {
            let text = error.to_string();
            text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
        })?;
        let mut parser = regex_syntax::ParserBuilder::new().unicode(false).utf8(false).build();
        let hir = parser.parse(&without_looks(&pattern)).map_err(|_| "wikifarm can't take it apart");
        let texts =
            hir.and_then(|hir| texts(&hir, &mut (MOST * 16)).ok_or("it stands for too many addresses"));
        Ok(Expression { regex, texts })
    }

    /// Whether it begins with a scheme.
    pub(super) fn scheme(&self) -> Scheme {
        let Ok(texts) = &self.texts else { return Scheme::Either };
        let begins = |text: &Vec<Part>| match text.first() {
            Some(Part::Byte(_)) => Some(scheme(text).0.is_some()),
            _ => None,
        };
        let all: Option<Vec<bool>> = texts.iter().map(begins).collect();
        match all {
            Some(all) if !all.is_empty() && all.iter().all(|it| *it) => Scheme::Always,
            Some(all) if !all.is_empty() && !all.iter().any(|it| *it) => Scheme::Never,
            _ => Scheme::Either,
        }
    }

    /// The addresses. `whole`: it is matched against the whole URL, as from 1.9.
    pub(super) fn addresses(&self, whole: bool) -> Addresses {
        let texts = match &self.texts {
            Ok(texts) => texts,
            Err(why) => return Addresses::Unclear(why),
        };
        let (mut found, mut unclear, mut any, mut never) = (Vec::<Found>::new(), None, false, None);
        for text in texts {
            if !text.iter().any(|part| matches!(part, Part::Byte(_))) {
                any = true;
                continue;
            }
            let (schemes, rest) = scheme(text);
            let schemes: &[&str] = match (schemes, whole) {
                (Some(schemes), true) => schemes,
                (None, false) => &["https", "http"],
                (None, true) if matches!(text.first(), Some(Part::Wild | Part::One)) => {
                    unclear = Some("it does not say with which host the URL begins");
                    continue;
                }
                (None, true) => {
                    never = Some("MoinMoin matches it against the whole URL since 1.9, and it has no scheme");
                    continue;
                }
                (Some(_), false) => {
                    never = Some("before 1.9 MoinMoin matches it against host/path, and it has a scheme");
                    continue;
                }
            };
            match host_and_path(rest) {
                Ok((host, port, path)) => {
                    for scheme in schemes {
                        found.push(Found {
                            scheme: (*scheme).to_owned(),
                            host: host.clone(),
                            port: port.clone(),
                            path: path.clone(),
                        });
                    }
                }
                Err(why) => unclear = Some(why),
            }
        }
        let urls = self.urls(found, whole);
        match (urls, unclear, any, never) {
            // Alternatives that name a whole host count, also beside alternatives that do not.
            (Ok(urls), _, false, _) if !urls.is_empty() => Addresses::These(urls),
            (Err(why), ..) | (_, Some(why), ..) => Addresses::Unclear(why),
            (_, _, false, Some(why)) => Addresses::Never(why),
            _ => Addresses::Any,
        }
    }

    /// Whether a request for a page of the wiki at that URL is matched.
    pub(super) fn matches(&self, url: &Url, whole: bool) -> bool {
        let matches = |end: &str| self.is_match(url, whole, end);
        matches("/") || matches("/FrontPage") || (url.as_str().ends_with(|c| c != '/') && matches(""))
    }

    /// Whether every page of the wiki at that URL is matched.
    pub(super) fn hides(&self, url: &Url, whole: bool) -> bool {
        self.is_match(url, whole, "/") && self.is_match(url, whole, "/FrontPage")
    }

    fn is_match(&self, url: &Url, whole: bool, end: &str) -> bool {
        let text = url.as_str();
        let text = if whole { text } else { text.split_once("://").map_or(text, |(_, rest)| rest) };
        self.regex.is_match(&format!("{}{end}", text.trim_end_matches('/'))).unwrap_or(false)
    }

    /// URLs, each once: in the order of the hosts, https before http, other machines before this one.
    fn urls(&self, found: Vec<Found>, whole: bool) -> Result<Vec<Url>, &'static str> {
        let mut urls: Vec<Url> = Vec::new();
        let mut hosts: Vec<(String, String)> = Vec::new();
        for one in &found {
            let port = match &one.port {
                Port::Any => continue,
                // The address without it is the one that people use.
                Port::This(port) if port == "80" || port == "443" => String::new(),
                Port::This(port) => format!(":{port}"),
                Port::None => String::new(),
            };
            let host = (format!("{}{port}", one.host), one.path.trim_end_matches('/').to_owned());
            if !hosts.contains(&host) {
                hosts.push(host);
            }
            let text = format!("{}://{}{port}{}", one.scheme, one.host, one.path);
            let url = Url::parse(&text).map_err(|_| "its beginning is no URL")?;
            let with = |port: u16| {
                let mut url = url.clone();
                url.set_port(Some(port)).is_ok() && self.matches(&url, whole)
            };
            if !self.matches(&url, whole) && !with(80) && !with(443) {
                return Err("wikifarm can't take it apart");
            }
            if !urls.iter().any(|other| same(other, &url)) {
                urls.push(url);
            }
        }
        if urls.is_empty() && !found.is_empty() {
            return Err("it wants a port, and does not say which one");
        }
        urls.sort_by_key(|url| {
            let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
            let host = (
                format!("{}{port}", url.host_str().unwrap_or_default()),
                url.path().trim_end_matches('/').to_owned(),
            );
            (is_local(url), hosts.iter().position(|other| *other == host), url.scheme() != "https")
        });
        Ok(urls)
    }
}

/// Whether two URLs are of one wiki: a slash at the end makes no difference.
pub(super) fn same(a: &Url, b: &Url) -> bool {
    a.as_str().trim_end_matches('/') == b.as_str().trim_end_matches('/')
}

/// Whether a URL reaches only the machine itself.
fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// The pattern without `(?!…)`, `(?=…)`, and their like, which match no text themselves.
fn without_looks(pattern: &str) -> String {
    let mut out = String::new();
    let (mut depth, mut class, mut rest) = (0usize, false, pattern);
    while let Some(c) = rest.chars().next() {
        let look = ["(?!", "(?=", "(?<!", "(?<="].iter().any(|it| rest.starts_with(it));
        let length = if c == '\\' { 1 + rest.chars().nth(1).map_or(0, char::len_utf8) } else { c.len_utf8() };
        match c {
            '[' => class = true,
            ']' => class = false,
            '(' if !class && (depth > 0 || look) => depth += 1,
            ')' if !class && depth > 0 => {
                depth -= 1;
                rest = rest.get(1..).unwrap_or_default();
                continue;
            }
            _ => {}
        }
        if depth == 0 {
            out.push_str(rest.get(..length).unwrap_or_default());
        }
        rest = rest.get(length..).unwrap_or_default();
    }
    out
}

/// An address that an expression names.
#[derive(Debug, Clone)]
struct Found {
    scheme: String,
    host: String,
    port: Port,
    path: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Port {
    None,
    This(String),
    Any,
}

/// The schemes that a text begins with, and what stands behind `://`.
fn scheme(text: &[Part]) -> (Option<&'static [&'static str]>, &[Part]) {
    let literal = |prefix: &str| {
        let parts = prefix.bytes().map(Part::Byte);
        text.len() >= prefix.len() && parts.zip(text).all(|(a, b)| a == *b)
    };
    let behind = |length: usize| text.get(length..).unwrap_or_default();
    if literal("https://") {
        return (Some(&["https"]), behind(8));
    }
    if literal("http://") {
        return (Some(&["http"]), behind(7));
    }
    // `\w+://`, `.*://`
    if let [Part::Wild, Part::Byte(b':'), Part::Byte(b'/'), Part::Byte(b'/'), rest @ ..] = text {
        return (Some(&["https", "http"]), rest);
    }
    (None, text)
}

/// Host, port and path prefix of `host[:port][/path]`.
fn host_and_path(text: &[Part]) -> Result<(String, Port, String), &'static str> {
    let end = text
        .iter()
        .position(|part| matches!(part, Part::Byte(b'/' | b':') | Part::Wild))
        .unwrap_or(text.len());
    let (host, rest) = text.split_at(end);
    let mut host = plain(host);
    if rest.iter().all(|part| *part == Part::Wild) && host.ends_with('.') {
        // `wiki\.example\..*`: any top-level domain.
        return Err("it does not say the whole host");
    }
    if host.is_empty() {
        return Err("it does not say with which host the URL begins");
    }
    host.make_ascii_lowercase();
    let (port, rest) = match rest {
        [Part::Byte(b':'), rest @ ..] => {
            let end = rest.iter().position(|part| *part == Part::Byte(b'/')).unwrap_or(rest.len());
            let (port, rest) = rest.split_at(end);
            match port.contains(&Part::Wild) {
                true => (Port::Any, rest),
                false => (Port::This(plain(port)), rest),
            }
        }
        _ => (Port::None, rest),
    };
    let end = rest.iter().position(|part| *part == Part::Wild).unwrap_or(rest.len());
    let (path, behind) = rest.split_at(end);
    // What stands behind the host before any slash is the rest of a host, unless nothing follows.
    let wild_host = path.is_empty() && behind.iter().any(|part| *part != Part::Wild);
    if wild_host || behind.iter().any(|part| *part != Part::Wild) {
        return Err(if wild_host {
            "it does not say the whole host"
        } else {
            "its path goes on behind a wildcard"
        });
    }
    // `/.`: a page of any name.
    let path = match path {
        [path @ .., Part::Byte(b'/'), Part::One] => format!("{}/", plain(path)),
        path => plain(path),
    };
    Ok((host, port, if path.is_empty() { "/".to_owned() } else { path }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(pattern: &str, whole: bool) -> Vec<String> {
        match Expression::new(pattern).unwrap().addresses(whole) {
            Addresses::These(urls) => urls.iter().map(Url::to_string).collect(),
            Addresses::Any => vec!["any".to_owned()],
            Addresses::Unclear(why) => vec![format!("unclear: {why}")],
            Addresses::Never(why) => vec![format!("never: {why}")],
        }
    }

    #[test]
    fn addresses_lists_both_schemes_without_default_ports() {
        let both = ["https://wiki1.example.org/", "http://wiki1.example.org/"];
        assert_eq!(told(r"^https?://wiki1\.example\.org(:\d+)?/.*$", true), both);
        assert_eq!(told(r"^(https?://)?wiki1\.example\.org(:\d+)?/.*$", true), both);
        assert_eq!(told(r"^(https?://)?wiki1\.example\.org(:\d+)?/.*$", false), both);
        assert_eq!(told(r"^wiki1\.example\.org/.*$", false), both);
        assert_eq!(told(r"https?://wiki1.example.org", true), both);
        assert_eq!(told(r"^\w+://wiki1\.example\.org.*", true), both);
        assert_eq!(told(r"^(http|https)://wiki1\.example\.org/", true), both);
        assert_eq!(told(r"(?i)^https?://WIKI1\.example\.org/\Z", true), both);
        assert_eq!(told(r"^http://wiki1\.example\.org:8080/", true), ["http://wiki1.example.org:8080/"]);
        assert_eq!(
            told(r"^http://localhost(:8080|:8081)?/", true),
            ["http://localhost:8080/", "http://localhost:8081/", "http://localhost/"]
        );
        // Default ports are dropped, and another host comes before this machine.
        assert_eq!(told(r"^https?://wiki1\.example\.org(:80|:443)?/", true), both);
        assert_eq!(
            told(r"^https?://(localhost:\d+|localhost|wiki1\.example\.org)/", true).get(..2),
            Some(&both.map(str::to_owned)[..])
        );
        assert_eq!(told(r"^https?://(.*\.example\.net|wiki1\.example\.org)/(?!private/)", true), both);
    }

    #[test]
    fn addresses_lists_each_host_and_path() {
        assert_eq!(
            told(r"^https://(www\.)?(a|bc)\.example\.org/", true),
            [
                "https://www.a.example.org/",
                "https://www.bc.example.org/",
                "https://a.example.org/",
                "https://bc.example.org/"
            ]
        );
        assert_eq!(
            told(r"^https?://example\.org(:\d+)?/alpha.*$", true),
            ["https://example.org/alpha", "http://example.org/alpha"]
        );
        assert_eq!(told(r"^https://example\.org/alpha(/.*)?$", true), ["https://example.org/alpha/"]);
        assert_eq!(
            told(r"^https://example\.org/(de|en)/wiki/[^/]*", true),
            ["https://example.org/de/wiki/", "https://example.org/en/wiki/"]
        );
        assert_eq!(told(r"^https://example\.org/.", true), ["https://example.org/"]);
        assert_eq!(
            told(r"^example\.org/~joe", false),
            ["https://example.org/~joe", "http://example.org/~joe"]
        );
    }

    #[test]
    fn addresses_without_a_whole_host_are_unclear() {
        for any in [".*", ".", "", "^.*$", "^", r"[\s\S]+"] {
            assert_eq!(told(any, true), ["any"], "{any}");
        }
        assert_eq!(
            told(r"^https?://.*\.example\.org/", true),
            ["unclear: it does not say with which host the URL begins"]
        );
        assert_eq!(
            told(r"^https?://wiki\d+\.example\.org/", true),
            ["unclear: it does not say the whole host"]
        );
        assert_eq!(told(r"^https?://wiki\.example\..*", true), ["unclear: it does not say the whole host"]);
        assert_eq!(
            told(r".*example\.org/", true),
            ["unclear: it does not say with which host the URL begins"]
        );
        assert_eq!(
            told(r"^https?://example\.org:\d+/", true),
            ["unclear: it wants a port, and does not say which one"]
        );
        assert_eq!(
            told(r"^https?://example\.org/.*/wiki", true),
            ["unclear: its path goes on behind a wildcard"]
        );
        assert_eq!(
            told(r"^https?://[a-d]{3}[a-d]{2}\.example\.org/", true),
            ["unclear: it stands for too many addresses"]
        );
    }

    #[test]
    fn addresses_need_a_scheme_only_from_1_9() {
        let (with, without) = (r"^https?://a\.org/", r"^a\.org/");
        assert!(told(with, false)[0].starts_with("never: before 1.9"));
        assert!(told(without, true)[0].starts_with("never: MoinMoin matches it against the whole URL"));
        let scheme = |pattern| Expression::new(pattern).unwrap().scheme();
        assert_eq!([scheme(with), scheme(without)], [Scheme::Always, Scheme::Never]);
        assert_eq!([scheme(".*"), scheme(r"^(https?://)?a\.org")], [Scheme::Either, Scheme::Either]);
    }

    #[test]
    fn expressions_with_lookarounds_are_read() {
        assert!(Expression::new("(").is_err());
        assert_eq!(told(r"^https?://(?!www)a\.org", true), ["https://a.org/", "http://a.org/"]);
        assert_eq!(told(r"^https?://(?!a)a\.org", true), ["unclear: wikifarm can't take it apart"]);
        assert_eq!(told(r"^https://(a)\.\1", true), ["unclear: wikifarm can't take it apart"]);
    }

    #[test]
    fn hides_needs_every_page_to_match() {
        let url = Url::parse("https://example.org/alphabet").unwrap();
        let hides = |pattern: &str| Expression::new(pattern).unwrap().hides(&url, true);
        assert!(hides(".*") && hides(r"^https?://example\.org/alpha"));
        assert!(!hides(r"^https?://example\.org/alpha/") && !hides(r"example\.org"));
    }
}
