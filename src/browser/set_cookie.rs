//! Parses a `Set-Cookie` header into name, value, and attributes. Decides nothing about the cookie.
//!
//! Source: RFC 6265bis 5.6, and Chromium's `ParsedCookie`. If an attribute is repeated, the last one counts,
//! even if it is empty. An attribute with a value over 1,024 bytes is ignored. Bytes over 127 are kept.

use super::cookie::{Priority, SameSite};
use super::date::{format_cookie_date, read_date};
use super::lifetime::read_max_age;
use super::matching::default_path;
use super::rules::{EmptyName, InnerTab, LineEnd, NoEqualsSign, RepeatedLifetime, Rules};
use super::{Profile, Rejection, RejectionReason, Target};

/// The maximum length of name and value together, in bytes (RFC 6265bis 5.6 step 5).
pub const MAX_NAME_AND_VALUE: usize = 4096;
/// The maximum length of the value of an attribute, in bytes (RFC 6265bis 5.6 step 6 of the attributes).
pub const MAX_ATTRIBUTE_VALUE: usize = 1024;

/// A parsed `Set-Cookie` header.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SetCookie {
    /// The name, without spaces and tabs at both ends. May be empty.
    pub name: Vec<u8>,
    /// The value, without spaces and tabs at both ends. Quotes are part of it.
    pub value: Vec<u8>,
    /// The last `Domain` attribute, as written.
    pub domain: Option<Vec<u8>>,
    /// The last `Path` attribute, as written.
    pub path: Option<Vec<u8>>,
    /// The date of the `Expires` attribute that counts, in unix seconds.
    pub expires: Option<i64>,
    /// The seconds in the `Max-Age` attribute that counts.
    pub max_age: Option<i64>,
    /// Whether there is a `Secure` attribute.
    pub secure: bool,
    /// Whether there is an `HttpOnly` attribute.
    pub http_only: bool,
    /// The last `SameSite` attribute, if its value is known.
    pub same_site: Option<SameSite>,
    /// Whether there is a `Partitioned` attribute (Chromium).
    pub partitioned: bool,
    /// The last `Priority` attribute (Chromium).
    pub priority: Priority,
}

/// Parses the value of a `Set-Cookie` header.
///
/// # Errors
///
/// The browser ignores the whole header: it has control characters, no content, or is too long.
pub fn parse_set_cookie(header: &[u8], profile: Profile) -> Result<SetCookie, Rejection> {
    parse_by(profile.rules(), header)
}

pub(super) fn parse_by(rules: &Rules, header: &[u8]) -> Result<SetCookie, Rejection> {
    if header.iter().any(|&byte| byte != b'\t' && byte.is_ascii_control()) {
        return Err(RejectionReason::DisallowedCharacter.into());
    }
    let mut parts = header.split(|&byte| byte == b';');
    let pair = parts.next().unwrap_or_default();
    let (name, value) = match split_pair(pair) {
        (name, Some(value)) => (name, value),
        (text, None) if rules.no_equals_sign == NoEqualsSign::IsName => (text, &b""[..]),
        (text, None) => (&b""[..], text),
    };
    check_name_and_value(name, value, rules)?;
    if name.is_empty() && pair.contains(&b'=') {
        check_empty_name(value, rules.empty_name)?;
    }
    let decoded = |text: &[u8]| match rules.decodes_value {
        true => String::from_utf8_lossy(text).into_owned().into_bytes(),
        false => text.to_vec(),
    };
    let mut set_cookie = SetCookie { name: name.to_vec(), value: decoded(value), ..SetCookie::default() };
    for part in parts {
        let (name, value) = split_pair(part);
        let value = value.unwrap_or_default();
        if has_rejected_tab(name, value, rules) {
            return Err(RejectionReason::DisallowedCharacter.into());
        }
        if value.len() <= MAX_ATTRIBUTE_VALUE {
            set_cookie.attribute(name, &decoded(value), rules);
        }
    }
    Ok(set_cookie)
}

/// Splits at the first `=` and trims both parts.
fn split_pair(part: &[u8]) -> (&[u8], Option<&[u8]>) {
    let mut sides = part.splitn(2, |&byte| byte == b'=');
    let name = trim(sides.next().unwrap_or_default());
    (name, sides.next().map(trim))
}

/// Removes spaces and tabs (WSP) from both ends, but no other white space.
fn trim(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = text {
        text = rest;
    }
    text
}

/// Whether a TAB in an attribute rejects the header.
fn has_rejected_tab(name: &[u8], value: &[u8], rules: &Rules) -> bool {
    match rules.inner_tab {
        InnerTab::Kept => false,
        InnerTab::KeptExceptInPath => name.eq_ignore_ascii_case(b"path") && value.contains(&b'\t'),
        InnerTab::Rejected => name.contains(&b'\t') || value.contains(&b'\t'),
    }
}

fn check_name_and_value(name: &[u8], value: &[u8], rules: &Rules) -> Result<(), RejectionReason> {
    if name.is_empty() && value.is_empty() {
        return Err(RejectionReason::NoCookieContent);
    }
    if name.len().saturating_add(value.len()) > MAX_NAME_AND_VALUE {
        return Err(RejectionReason::NameAndValueTooLong);
    }
    if rules.inner_tab == InnerTab::Rejected && (name.contains(&b'\t') || value.contains(&b'\t')) {
        return Err(RejectionReason::DisallowedCharacter);
    }
    Ok(())
}

/// Whether a header that begins with `=` is rejected.
fn check_empty_name(value: &[u8], rule: EmptyName) -> Result<(), RejectionReason> {
    match rule {
        EmptyName::RejectedIfAmbiguous if value.contains(&b'=') => Err(RejectionReason::AmbiguousNameless),
        EmptyName::Rejected => Err(RejectionReason::EmptyName),
        EmptyName::Kept | EmptyName::RejectedIfAmbiguous => Ok(()),
    }
}

/// The part of a header that HTTP passes on.
pub(super) fn first_line(header: &[u8], rule: LineEnd) -> &[u8] {
    let up_to = |ends: fn(&u8) -> bool| header.split(ends).next().unwrap_or_default();
    match rule {
        LineEnd::Rejected => header,
        LineEnd::EndsHeader => up_to(|byte| matches!(byte, b'\r' | b'\n')),
        LineEnd::LfEndsHeader => {
            let line = up_to(|byte| *byte == b'\n');
            if line.len() < header.len() { line.strip_suffix(b"\r").unwrap_or(line) } else { line }
        }
    }
}

impl SetCookie {
    /// The path of the cookie: the `Path` attribute, or the default path of the URL that sets the cookie (RFC
    /// 6265bis 5.1.4).
    pub(super) fn path_or_default<'a>(&'a self, from: &'a Target) -> &'a [u8] {
        match &self.path {
            Some(path) if path.starts_with(b"/") => path,
            _ => default_path(from.path()).as_bytes(),
        }
    }

    /// Reads one attribute. Ignores unknown attributes.
    fn attribute(&mut self, name: &[u8], value: &[u8], rules: &Rules) {
        let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
        // The draft ignores an attribute that it can't read. In browsers, such an attribute cancels an
        // earlier one.
        let keep = |earlier: Option<i64>| match rules.repeated_lifetime {
            RepeatedLifetime::LastValid => earlier,
            RepeatedLifetime::Last => None,
        };
        if is("Expires") {
            self.expires = read_date(value, rules.dates).or(keep(self.expires));
        } else if is("Max-Age") {
            self.max_age = read_max_age(value, rules.max_age).or(keep(self.max_age));
        } else if is("Domain") {
            self.domain = Some(value.to_vec());
        } else if is("Path") {
            self.path = Some(value.to_vec());
        } else if is("Secure") {
            self.secure = true;
        } else if is("HttpOnly") {
            self.http_only = true;
        } else if is("SameSite") {
            self.same_site = SameSite::parse(value);
        } else if rules.partitioned && is("Partitioned") {
            self.partitioned = true;
        } else if rules.priority && is("Priority") {
            self.priority = Priority::parse(value);
        }
    }

    /// A header with the same meaning: [`parse_set_cookie`] parses it to an equal `SetCookie`.
    pub fn to_header(&self) -> Vec<u8> {
        let mut header = [&self.name[..], b"=", &self.value].concat();
        let mut add = |text: &str, value: &[u8]| {
            header.extend_from_slice(b"; ");
            header.extend_from_slice(text.as_bytes());
            header.extend_from_slice(value);
        };
        if let Some(domain) = &self.domain {
            add("Domain=", domain);
        }
        if let Some(path) = &self.path {
            add("Path=", path);
        }
        if let Some(expires) = self.expires {
            add("Expires=", format_cookie_date(expires).as_bytes());
        }
        if let Some(max_age) = self.max_age {
            add("Max-Age=", max_age.to_string().as_bytes());
        }
        if let Some(same_site) = self.same_site {
            add("SameSite=", same_site.as_str().as_bytes());
        }
        if self.priority != Priority::default() {
            add("Priority=", self.priority.as_str().as_bytes());
        }
        for (flag, name) in
            [(self.secure, "Secure"), (self.http_only, "HttpOnly"), (self.partitioned, "Partitioned")]
        {
            if flag {
                add(name, b"");
            }
        }
        header
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(header: &str) -> SetCookie {
        parse_set_cookie(header.as_bytes(), Profile::Chromium).unwrap()
    }

    fn rejected(header: &str, profile: Profile) -> Option<&'static str> {
        parse_set_cookie(header.as_bytes(), profile).err().map(|rejection| rejection.name())
    }

    #[test]
    fn moinmoin_header_is_parsed() {
        let read = read(
            "MOIN_SESSION=abc; Domain=.example.org; expires=Tue, 24-Nov-2026 00:37:06 GMT; httponly; Max-Age=3600",
        );
        assert_eq!((&read.name[..], &read.value[..]), (&b"MOIN_SESSION"[..], &b"abc"[..]));
        assert_eq!(read.domain.as_deref(), Some(&b".example.org"[..]));
        assert_eq!((read.expires, read.max_age), (Some(1_795_480_626), Some(3600)));
        assert!(read.http_only && !read.secure);
    }

    #[test]
    fn last_of_repeated_attributes_counts() {
        assert_eq!(read("a=b; Domain=x; Domain=").domain.as_deref(), Some(&b""[..]));
        assert_eq!(read("a=b; SameSite=Strict; SameSite=foo").same_site, None);
        assert_eq!(read("a=b; Max-Age=100; Max-Age=x").max_age, None);
        let rfc = parse_set_cookie(b"a=b; Max-Age=100; Max-Age=x", Profile::Rfc6265bis).unwrap();
        assert_eq!(rfc.max_age, Some(100));
    }

    #[test]
    fn firefox_replaces_bytes_that_are_not_utf_8_in_the_value_alone() {
        let read = |header: &[u8]| parse_set_cookie(header, Profile::Firefox).unwrap();
        assert_eq!(read(b"caf\xe9=1").name, b"caf\xe9");
        assert_eq!(read(b"a=\xe9").value, "\u{fffd}".as_bytes());
        assert_eq!(read(b"\xe9").name, b"\xe9");
        // The limit counts the bytes of the header.
        let long = [&b"a="[..], &[0xe9; 4095]].concat();
        assert_eq!(read(&long).value.len(), 3 * 4095);
    }

    #[test]
    fn name_can_be_missing() {
        for header in ["x", "=x", " = x ", "x;y"] {
            assert_eq!((read(header).name, read(header).value), (vec![], b"x".to_vec()), "{header}");
        }
    }

    #[test]
    fn invalid_header_is_rejected_as_a_whole() {
        for header in ["", "=", "  ", "; Path=/"] {
            assert_eq!(rejected(header, Profile::Rfc6265bis), Some("no-cookie-content"), "{header}");
        }
        assert_eq!(rejected("a=b\x01", Profile::Rfc6265bis), Some("disallowed-character"));
        assert_eq!(rejected("a=b\tc", Profile::Chromium), Some("disallowed-character"));
        assert_eq!(rejected("a=b\tc", Profile::Rfc6265bis), None);
        assert_eq!(rejected("=a=b", Profile::Chromium), Some("ambiguous-nameless"));
        assert_eq!(rejected("=a=b", Profile::Rfc6265bis), None);
        assert_eq!(
            rejected(&format!("a={}", "x".repeat(4096)), Profile::Rfc6265bis),
            Some("name-and-value-too-long")
        );
        assert_eq!(rejected(&format!("a={}", "x".repeat(4095)), Profile::Rfc6265bis), None);
    }
}
