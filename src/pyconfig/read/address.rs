//! URLs out of the regular expressions of `wikis`.
//!
//! MoinMoin uses the first wiki whose expression matches (`re.match`, so from the beginning): up to 1.8 against
//! `host/path`, from 1.9 against the whole URL. Where the texts that an expression stands for (`texts.rs`) name a host and
//! a path prefix, they are the wiki's addresses.
//!
//! Source: `MoinMoin/config/multiconfig.py`, `_getConfigName`, of 1.8.7 and 1.9.11.

use fancy_regex::Regex;
use url::{Host, Url};

use super::texts::{MOST, Part, plain, texts};

/// What an expression shows of a wiki's addresses.
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

impl Expression {
    /// Reads an expression; the error is the reason why it can't be used.
    pub(super) fn new(pattern: &str) -> Result<Expression, String> {
        // \Z of Python is \z here.
        let pattern = pattern.replace("\\Z", "\\z");
        // re.match always begins at the beginning.
        let regex = Regex::new(&format!("\\A(?:{pattern})")).map_err(|error| {
            let text = error.to_string();
            text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
        })?;
        let mut parser = regex_syntax::ParserBuilder::new().unicode(false).utf8(false).build();
        let hir = parser.parse(&without_looks(&pattern)).map_err(|_| "wikifarm can't analyze it");
        let texts =
            hir.and_then(|hir| texts(&hir, &mut (MOST * 16)).ok_or("it stands for too many addresses"));
        Ok(Expression { regex, texts })
    }

    /// The addresses, other machines before this one, https before http. `whole`: the expression is matched against the
    /// whole URL, as from 1.9.
    pub(super) fn addresses(&self, whole: bool) -> Addresses {
        let texts = match &self.texts {
            Ok(texts) => texts,
            Err(why) => return Addresses::Unclear(why),
        };
        let (mut urls, mut others) = (Vec::<Url>::new(), Vec::new());
        for text in texts {
            match self.of_text(text, whole) {
                Ok(found) => urls.extend(found),
                Err(other) => others.push(other),
            }
        }
        // A default port is dropped, and a port that is the default of another scheme is meant for that one.
        let odd = |url: &Url| matches!((url.scheme(), url.port()), ("https", Some(80)) | ("http", Some(443)));
        if !urls.iter().all(odd) {
            urls.retain(|url| !odd(url));
        }
        // Alternatives that name a whole host count, also beside alternatives that do not.
        let elsewhere = |other: &Addresses| !matches!(other, Addresses::Never(_));
        let only_here = urls.iter().all(is_local) && others.iter().any(elsewhere);
        if only_here || urls.is_empty() || others.contains(&Addresses::Any) {
            let rank = |other: &Addresses| match other {
                Addresses::Unclear(_) => 0,
                Addresses::Never(_) => 2,
                _ => 1,
            };
            return others.into_iter().min_by_key(rank).unwrap_or(Addresses::Any);
        }
        let hosts: Vec<String> = urls.iter().map(without_scheme).collect();
        urls.sort_by_key(|url| {
            let host = hosts.iter().position(|host| *host == without_scheme(url));
            let rooted = url.host_str().is_some_and(|host| host.ends_with('.'));
            (is_local(url), rooted, host, url.scheme() != "https")
        });
        urls.dedup_by(|a, b| same(a, b));
        Addresses::These(urls)
    }

    /// The URLs that a text stands for.
    fn of_text(&self, text: &[Part], whole: bool) -> Result<Vec<Url>, Addresses> {
        if !text.iter().any(|part| matches!(part, Part::Byte(_))) {
            return Err(Addresses::Any);
        }
        let (schemes, rest) = scheme(text);
        let schemes: &[&str] = match (schemes, whole) {
            (Some(schemes), true) => schemes,
            (None, false) => &["https", "http"],
            (None, true) if matches!(text.first(), Some(Part::Wild | Part::One)) => {
                return Err(Addresses::Unclear("it does not name the host of the URL"));
            }
            (None, true) => {
                let why = "MoinMoin matches it against the whole URL since 1.9, and it has no scheme";
                return Err(Addresses::Never(why));
            }
            (Some(_), false) => {
                let why = "before 1.9 MoinMoin matches it against host/path, and it has a scheme";
                return Err(Addresses::Never(why));
            }
        };
        let address = address(rest).map_err(Addresses::Unclear)?;
        let url = |scheme: &&str| {
            let text = format!("{scheme}://{address}");
            let url = Url::parse(&text).map_err(|_| "its beginning is no URL")?;
            let fits = self.matches(&url, whole) || self.is_match(&text, whole, "/");
            if fits { Ok(url) } else { Err("wikifarm can't analyze it") }
        };
        schemes.iter().map(url).collect::<Result<_, _>>().map_err(Addresses::Unclear)
    }

    /// Whether a request for a page of the wiki at that URL is matched.
    pub(super) fn matches(&self, url: &Url, whole: bool) -> bool {
        let matches = |end: &str| self.is_match(url.as_str(), whole, end);
        matches("/") || matches("/FrontPage") || (url.as_str().ends_with(|c| c != '/') && matches(""))
    }

    /// Whether every page of the wiki at that URL is matched.
    pub(super) fn hides(&self, url: &Url, whole: bool) -> bool {
        self.is_match(url.as_str(), whole, "/") && self.is_match(url.as_str(), whole, "/FrontPage")
    }

    fn is_match(&self, text: &str, whole: bool, end: &str) -> bool {
        let text = if whole { text } else { text.split_once("://").map_or(text, |(_, rest)| rest) };
        self.regex.is_match(&format!("{}{end}", text.trim_end_matches('/'))).unwrap_or(false)
    }
}

/// Whether two URLs are of one wiki: a slash at the end makes no difference.
pub(super) fn same(a: &Url, b: &Url) -> bool {
    a.as_str().trim_end_matches('/') == b.as_str().trim_end_matches('/')
}

/// The host, port, and path of a URL.
fn without_scheme(url: &Url) -> String {
    let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
    format!("{}{port}{}", url.host_str().unwrap_or_default(), url.path().trim_end_matches('/'))
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

/// The address in `host[:port][/path]`.
fn address(text: &[Part]) -> Result<String, &'static str> {
    let ends = |part: &Part| matches!(part, Part::Byte(b'/' | b':') | Part::Wild);
    let (host, rest) = text.split_at(text.iter().position(ends).unwrap_or(text.len()));
    let host = plain(host).to_ascii_lowercase();
    if host.is_empty() {
        return Err("it does not name the host of the URL");
    }
    let (port, rest) = match rest {
        [Part::Byte(b':'), rest @ ..] => {
            rest.split_at(rest.iter().position(|part| *part == Part::Byte(b'/')).unwrap_or(rest.len()))
        }
        _ => rest.split_at(0),
    };
    if port.contains(&Part::Wild) {
        return Err("it requires a port and does not name one");
    }
    let port = match plain(port).as_str() {
        "" => String::new(),
        port => format!(":{port}"),
    };
    let (path, behind) =
        rest.split_at(rest.iter().position(|part| *part == Part::Wild).unwrap_or(rest.len()));
    let more = behind.iter().any(|part| *part != Part::Wild);
    // What stands behind the host before any slash is the rest of a host: `wiki\.example\..*`.
    match path {
        [] if more || (port.is_empty() && host.ends_with('.')) => Err("it names only a part of the host"),
        _ if more => Err("its path goes on behind a wildcard"),
        // `/.`: a page of any name.
        [path @ .., Part::Byte(b'/'), Part::One] => Ok(format!("{host}{port}{}/", plain(path))),
        path => Ok(format!("{host}{port}{}", plain(path))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(pattern: &str, whole: bool) -> Vec<String> {
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
        assert_eq!(shown(r"^https?://wiki1\.example\.org(:\d+)?/.*$", true), both);
        assert_eq!(shown(r"^(https?://)?wiki1\.example\.org(:\d+)?/.*$", true), both);
        assert_eq!(shown(r"^(https?://)?wiki1\.example\.org(:\d+)?/.*$", false), both);
        assert_eq!(shown(r"^wiki1\.example\.org/.*$", false), both);
        assert_eq!(shown(r"https?://wiki1.example.org", true), both);
        assert_eq!(shown(r"^\w+://wiki1\.example\.org.*", true), both);
        assert_eq!(shown(r"^(http|https)://wiki1\.example\.org/", true), both);
        assert_eq!(shown(r"(?i)^https?://WIKI1\.example\.org/\Z", true), both);
        assert_eq!(shown(r"^http://wiki1\.example\.org:8080/", true), ["http://wiki1.example.org:8080/"]);
        assert_eq!(
            shown(r"^http://localhost(:8080|:8081)?/", true),
            ["http://localhost:8080/", "http://localhost:8081/", "http://localhost/"]
        );
        // Default ports are dropped, and another host comes before this machine.
        assert_eq!(shown(r"^https?://wiki1\.example\.org(:80|:443)?/", true), both);
        assert_eq!(
            shown(r"^https?://(localhost:\d+|localhost|wiki1\.example\.org)/", true).get(..2),
            Some(&both.map(str::to_owned)[..])
        );
        assert_eq!(shown(r"^https://a\.org:80/", true), ["https://a.org:80/"]);
        assert_eq!(shown(r"^http://a\.org:443/", true), ["http://a.org:443/"]);
        assert_eq!(
            shown(r"^https?://a\.org(:443|:8443)/x", true),
            ["https://a.org/x", "https://a.org:8443/x", "http://a.org:8443/x"]
        );
        assert_eq!(shown(r"^https://a\.org\.?(:\d+)?/", true), ["https://a.org/", "https://a.org./"]);
        assert_eq!(
            shown(r"^https?://(localhost:8080|.*\.a\.org)/x", true),
            ["unclear: it does not name the host of the URL"]
        );
        assert_eq!(shown(r"^https?://(.*\.example\.net|wiki1\.example\.org)/(?!private/)", true), both);
    }

    #[test]
    fn addresses_lists_each_host_and_path() {
        assert_eq!(
            shown(r"^https://(www\.)?(a|bc)\.example\.org/", true),
            [
                "https://www.a.example.org/",
                "https://www.bc.example.org/",
                "https://a.example.org/",
                "https://bc.example.org/"
            ]
        );
        assert_eq!(
            shown(r"^https?://example\.org(:\d+)?/alpha.*$", true),
            ["https://example.org/alpha", "http://example.org/alpha"]
        );
        assert_eq!(shown(r"^https://example\.org/alpha(/.*)?$", true), ["https://example.org/alpha/"]);
        assert_eq!(
            shown(r"^https://example\.org/(de|en)/wiki/[^/]*", true),
            ["https://example.org/de/wiki/", "https://example.org/en/wiki/"]
        );
        assert_eq!(shown(r"^https://example\.org/.", true), ["https://example.org/"]);
        assert_eq!(
            shown(r"^example\.org/~joe", false),
            ["https://example.org/~joe", "http://example.org/~joe"]
        );
    }

    #[test]
    fn addresses_without_a_whole_host_are_unclear() {
        for any in [".*", ".", "", "^.*$", "^", r"[\s\S]+"] {
            assert_eq!(shown(any, true), ["any"], "{any}");
        }
        assert_eq!(
            shown(r"^https?://.*\.example\.org/", true),
            ["unclear: it does not name the host of the URL"]
        );
        assert_eq!(
            shown(r"^https?://wiki\d+\.example\.org/", true),
            ["unclear: it names only a part of the host"]
        );
        assert_eq!(
            shown(r"^https?://wiki\.example\..*", true),
            ["unclear: it names only a part of the host"]
        );
        assert_eq!(shown(r".*example\.org/", true), ["unclear: it does not name the host of the URL"]);
        assert_eq!(
            shown(r"^https?://example\.org:\d+/", true),
            ["unclear: it requires a port and does not name one"]
        );
        assert_eq!(
            shown(r"^https?://example\.org/.*/wiki", true),
            ["unclear: its path goes on behind a wildcard"]
        );
        assert_eq!(
            shown(r"^https?://[a-d]{3}[a-d]{2}\.example\.org/", true),
            ["unclear: it stands for too many addresses"]
        );
    }

    #[test]
    fn addresses_need_a_scheme_only_from_1_9() {
        let (with, without) = (r"^https?://a\.org/", r"^a\.org/");
        assert!(shown(with, false)[0].starts_with("never: before 1.9"));
        assert!(shown(without, true)[0].starts_with("never: MoinMoin matches it against the whole URL"));
    }

    #[test]
    fn expressions_with_lookarounds_are_read() {
        assert!(Expression::new("(").is_err());
        assert_eq!(shown(r"^https?://(?!www)a\.org", true), ["https://a.org/", "http://a.org/"]);
        assert_eq!(shown(r"^https?://(?!a)a\.org", true), ["unclear: wikifarm can't analyze it"]);
        assert_eq!(shown(r"^https://(a)\.\1", true), ["unclear: wikifarm can't analyze it"]);
    }

    #[test]
    fn hides_needs_every_page_to_match() {
        let url = Url::parse("https://example.org/alphabet").unwrap();
        let hides = |pattern: &str| Expression::new(pattern).unwrap().hides(&url, true);
        assert!(hides(".*") && hides(r"^https?://example\.org/alpha"));
        assert!(!hides(r"^https?://example\.org/alpha/") && !hides(r"example\.org"));
    }
}
