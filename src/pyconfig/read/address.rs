//! URLs out of the regular expressions of `wikis`.
//!
//! MoinMoin takes the first wiki whose expression matches (`re.match`, so from the beginning): up to 1.8 against
//! `host/path`, from 1.9 against the whole URL. Where the texts that an expression stands for (`texts.rs`) name a host and
//! a path prefix, they are the wiki's addresses.
//!
//! Source: `MoinMoin/config/multiconfig.py`, `_getConfigName`, of 1.8.7 and 1.9.11.

use regex::bytes::{Regex, RegexBuilder};
use url::Url;

use super::texts::{MOST, Part, plain, texts};

/// What an expression says about a wiki's addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Addresses {
    /// These, the first one the wiki's URL.
    These(Vec<Url>),
    /// Any: the expression says nothing about the host.
    Any,
    /// What it begins with is not told by it: why.
    Unclear(&'static str),
    /// None, in the version: it has, or lacks, a scheme.
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
    /// Both, or it can't be told.
    Either,
}

impl Expression {
    /// Reads an expression; the error says why it can't be used.
    pub(super) fn new(pattern: &str) -> Result<Expression, String> {
        // \Z of Python is \z here.
        let pattern = pattern.replace("\\Z", "\\z");
        let words = |error: &dyn std::fmt::Display| {
            let text = error.to_string();
            let last = text.lines().last().unwrap_or_default();
            last.strip_prefix("error: ").unwrap_or(last).to_owned()
        };
        // re.match begins at the beginning, whatever the expression says.
        let regex =
            RegexBuilder::new(&format!("\\A(?:{pattern})")).unicode(false).size_limit(1 << 20).build();
        let regex = regex.map_err(|error| words(&error))?;
        let mut parser = regex_syntax::ParserBuilder::new().unicode(false).utf8(false).build();
        let hir = parser.parse(&pattern).map_err(|error| words(&error))?;
        let mut budget = MOST * 16;
        let texts = texts(&hir, &mut budget).ok_or("it stands for too many addresses");
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
            (Ok(urls), None, false, _) if !urls.is_empty() => Addresses::These(urls),
            (Err(why), ..) | (_, Some(why), ..) => Addresses::Unclear(why),
            (_, _, true, _) => Addresses::Any,
            (_, _, _, Some(why)) => Addresses::Never(why),
            _ => Addresses::Any,
        }
    }

    /// Whether a request for a page of the wiki at that URL is matched.
    pub(super) fn matches(&self, url: &Url, whole: bool) -> bool {
        let text = url.as_str();
        let text = if whole { text } else { text.split_once("://").map_or(text, |(_, rest)| rest) };
        let stem = text.trim_end_matches('/');
        [text.to_owned(), format!("{stem}/"), format!("{stem}/FrontPage")]
            .iter()
            .any(|text| self.regex.is_match(text.as_bytes()))
    }

    /// Whether every page of the wiki at that URL is matched.
    pub(super) fn hides(&self, url: &Url, whole: bool) -> bool {
        let text = url.as_str();
        let text = if whole { text } else { text.split_once("://").map_or(text, |(_, rest)| rest) };
        let stem = text.trim_end_matches('/');
        [format!("{stem}/"), format!("{stem}/FrontPage")]
            .iter()
            .all(|text| self.regex.is_match(text.as_bytes()))
    }

    /// URLs, the same only once, https before http, in the order of the hosts.
    fn urls(&self, found: Vec<Found>, whole: bool) -> Result<Vec<Url>, &'static str> {
        let same = |a: &Found, b: &Found| {
            a.scheme == b.scheme
                && a.host == b.host
                && a.path.trim_end_matches('/') == b.path.trim_end_matches('/')
        };
        let mut kept: Vec<Found> = Vec::new();
        for one in &found {
            // With any port it is the same wiki; without one it is the address people use.
            if one.port == Port::Any {
                if !found.iter().any(|other| other.port != Port::Any && same(one, other)) {
                    return Err("it wants a port, and does not say which");
                }
            } else if !kept.iter().any(|other| same(one, other) && one.port == other.port) {
                kept.push(one.clone());
            }
        }
        let mut places: Vec<(String, Port, String)> = Vec::new();
        let place =
            |one: &Found| (one.host.clone(), one.port.clone(), one.path.trim_end_matches('/').to_owned());
        for one in &kept {
            if !places.contains(&place(one)) {
                places.push(place(one));
            }
        }
        kept.sort_by_key(|one| {
            let at = places.iter().position(|other| *other == place(one));
            (at, one.scheme != "https")
        });
        let mut urls = Vec::new();
        for one in kept {
            let port = match &one.port {
                Port::This(port) => format!(":{port}"),
                _ => String::new(),
            };
            let text = format!("{}://{}{port}{}", one.scheme, one.host, one.path);
            let url = Url::parse(&text).map_err(|_| "what it begins with is no URL")?;
            if !self.matches(&url, whole) {
                return Err("it can't be taken apart");
            }
            if !urls.contains(&url) {
                urls.push(url);
            }
        }
        Ok(urls)
    }
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
    fn both_schemes_and_optional_ports() {
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
    }

    #[test]
    fn several_hosts_and_path_prefixes() {
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
    fn what_is_not_told_is_not_guessed() {
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
            ["unclear: it wants a port, and does not say which"]
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
    fn the_scheme_belongs_to_1_9() {
        let (with, without) = (r"^https?://a\.org/", r"^a\.org/");
        assert!(told(with, false)[0].starts_with("never: before 1.9"));
        assert!(told(without, true)[0].starts_with("never: MoinMoin matches it against the whole URL"));
        let scheme = |pattern| Expression::new(pattern).unwrap().scheme();
        assert_eq!([scheme(with), scheme(without)], [Scheme::Always, Scheme::Never]);
        assert_eq!([scheme(".*"), scheme(r"^(https?://)?a\.org")], [Scheme::Either, Scheme::Either]);
    }

    #[test]
    fn what_python_has_and_rust_has_not_is_told() {
        for pattern in [r"^https?://(?!www)a\.org", r"(", r"(a)\1"] {
            assert!(Expression::new(pattern).is_err(), "{pattern}");
        }
    }

    #[test]
    fn an_earlier_expression_can_hide_a_wiki() {
        let url = Url::parse("https://example.org/alphabet").unwrap();
        let hides = |pattern: &str| Expression::new(pattern).unwrap().hides(&url, true);
        assert!(hides(".*") && hides(r"^https?://example\.org/alpha"));
        assert!(!hides(r"^https?://example\.org/alpha/") && !hides(r"example\.org"));
    }
}
