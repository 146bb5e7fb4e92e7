//! How Flask writes a cookie's domain and path in MoinMoin 2.0.
//!
//! Source: `get_cookie_domain` of Flask 2.2 and 3.1, `dump_cookie` of Werkzeug 2.2.3 (2.0.0a1) and 3.1.9 (2.0.0b1 to b5),
//! Python's codec `idna`. Measured on 2.0.0a1 and 2.0.0b1 to b5.

use std::borrow::Cow;
use std::net::IpAddr;

use super::{Behavior, Version};

/// Characters besides letters, digits, and `_.-~` that stay as they are in a path.
const KEPT: &str = "%!$&'()*+,/:=@";
/// The same in 2.0.0a1, which reads the path as an address.
const KEPT_IN_A1: &str = ":/?#[]@!$&'()*+,;=%";
/// The most bytes of a label.
const MOST_LABEL: usize = 63;
/// What parts labels in IDNA.
const DOTS: [char; 4] = ['.', '\u{3002}', '\u{ff0e}', '\u{ff61}'];
/// Characters besides letters and digits that need no quotes.
const PLAIN: &str = "/=!#$%&'*+-.^_`|~:";
const NO_HOST: &str = "a cookie_domain that is not a host name";

/// The Path attribute for `SESSION_COOKIE_PATH`: other characters become `%XX`.
pub(super) fn path(path: &str, behavior: Behavior) -> Cow<'_, str> {
    let kept = if behavior == Behavior::V2 { KEPT_IN_A1 } else { KEPT };
    let stays =
        |byte: u8| byte.is_ascii_alphanumeric() || b"_.-~".contains(&byte) || kept.as_bytes().contains(&byte);
    if path.bytes().all(stays) {
        return path.into();
    }
    let escape = |byte| if stays(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    path.bytes().map(escape).collect::<String>().into()
}

/// The Domain attribute for `SESSION_COOKIE_DOMAIN`: without a port, in ASCII, and from 2.0.0b1 on without leading dots.
///
/// # Errors
/// What makes Werkzeug refuse it, so that the response fails.
pub(super) fn domain(domain: &str, behavior: Behavior) -> Result<Option<Cow<'_, str>>, &'static str> {
    if domain.is_empty() {
        // 2.0.0a1 reads it as no domain.
        return Ok((behavior > Behavior::V2).then_some("".into()));
    }
    let host = domain.split(':').next().unwrap_or_default();
    if behavior > Behavior::V2 {
        return ascii(host.trim_start_matches('.'), true).map(Some);
    }
    let host = ascii(host, false)?;
    if host.contains('.') { Ok(Some(quoted(host))) } else { Err("a cookie_domain without a dot") }
}

/// The domain that 2.0.0a1 reads from `SERVER_NAME` where `SESSION_COOKIE_DOMAIN` is not set; later releases use none.
pub fn domain_of_server(name: &str, cookie_path: &str, version: Version) -> Option<String> {
    let host = name.rsplit_once(':').map_or(name, |(host, _)| host).trim_start_matches('.');
    if version.behavior() != Behavior::V2 || !host.contains('.') {
        return None;
    }
    let alone = cookie_path != "/" || host.parse::<IpAddr>().is_ok();
    Some(if alone { host.to_owned() } else { format!(".{host}") })
}

/// A host name as Python's codec `idna` encodes it; `strict` checks the whole name, and not only each label.
fn ascii(host: &str, strict: bool) -> Result<Cow<'_, str>, &'static str> {
    if host.is_ascii() && !strict {
        return Ok(host.into());
    }
    let labels: Option<Vec<Cow<'_, str>>> = host.split(DOTS).map(label).collect();
    let labels =
        labels.filter(|labels| labels.iter().all(|label| label.len() <= MOST_LABEL)).ok_or(NO_HOST)?;
    let inner = labels.split_last().map_or(&[][..], |(_, inner)| inner);
    if strict && inner.iter().any(|label| label.is_empty()) {
        Err(NO_HOST)
    } else {
        Ok(labels.join(".").into())
    }
}

/// A label in ASCII, by the rules of IDNA 2003.
fn label(label: &str) -> Option<Cow<'_, str>> {
    if label.is_ascii() {
        return Some(label.into());
    }
    // The four characters that only later rules keep.
    let label = label.replace('ß', "ss").replace('ς', "σ").replace(['\u{200c}', '\u{200d}'], "");
    idna::domain_to_ascii(&label).ok().map(Cow::from)
}

/// In quotes where a character asks for them, as Werkzeug 2.2 writes a domain.
fn quoted(text: Cow<'_, str>) -> Cow<'_, str> {
    let plain = |char: char| char.is_ascii_alphanumeric() || PLAIN.contains(char);
    if text.chars().all(plain) {
        return text;
    }
    let escape = |char: char| match char {
        '"' | '\\' => format!("\\{char}"),
        char if (' '..='~').contains(&char) && !",;".contains(char) => char.to_string(),
        char => format!("\\{:03o}", u32::from(char)),
    };
    format!("\"{}\"", text.chars().map(escape).collect::<String>()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_escaped_as_measured() {
        let all: String = (33..127).map(char::from).collect();
        assert_eq!(
            path(&all, Behavior::V2Beta),
            "!%22%23$%&'()*+,-./0123456789:%3B%3C=%3E%3F@ABCDEFGHIJKLMNOPQRSTUVWXYZ%5B%5C%5D%5E_%60\
             abcdefghijklmnopqrstuvwxyz%7B%7C%7D~"
        );
        assert_eq!(
            path(&all, Behavior::V2),
            "!%22#$%&'()*+,-./0123456789:;%3C=%3E?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[%5C]%5E_%60\
             abcdefghijklmnopqrstuvwxyz%7B%7C%7D~"
        );
        assert_eq!(path("/a\u{1}\u{7f}b€", Behavior::V2Beta), "/a%01%7Fb%E2%82%AC");
        assert_eq!(path("/a%20b%zz", Behavior::V2Beta), "/a%20b%zz");
    }

    #[test]
    fn domains_are_sent_as_measured() {
        let long = format!("{}.org", "a".repeat(64));
        let wide = format!("ü{}.example", "a".repeat(70));
        let refused = "-";
        let none = "none";
        for (configured, b1, a1) in [
            ("", "", none),
            ("localhost", "localhost", refused),
            ("127.0.0.1", "127.0.0.1", "127.0.0.1"),
            (".example.org", "example.org", ".example.org"),
            ("..example.org", "example.org", "..example.org"),
            ("Example.ORG", "Example.ORG", "Example.ORG"),
            ("example.org.", "example.org.", "example.org."),
            ("example.org:8080", "example.org", "example.org"),
            (".", "", "."),
            (":80", "", refused),
            ("[::1]", "[", refused),
            ("a..org", refused, "a..org"),
            (&long, refused, &long),
            (&wide, refused, refused),
            ("bücher.example", "xn--bcher-kva.example", "xn--bcher-kva.example"),
            (".Bücher.example:80", "xn--bcher-kva.example", ".xn--bcher-kva.example"),
            ("b。ücher.example", "b.xn--cher-zra.example", "b.xn--cher-zra.example"),
            ("straße.example", "strasse.example", "strasse.example"),
            ("Ａ.example", "a.example", "a.example"),
            ("a_b.example.org", "a_b.example.org", "a_b.example.org"),
            ("exa mple.org", "exa mple.org", "\"exa mple.org\""),
            ("a.org; x", "a.org; x", "\"a.org\\073 x\""),
        ] {
            for (behavior, expected) in [(Behavior::V2Beta, b1), (Behavior::V2, a1)] {
                let sent = match domain(configured, behavior) {
                    Ok(sent) => sent.map_or(none.to_owned(), Cow::into_owned),
                    Err(_) => refused.to_owned(),
                };
                assert_eq!(sent, expected, "{configured} {behavior:?}");
            }
        }
    }
}
