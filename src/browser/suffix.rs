//! Public suffixes: domains below which anybody can register names. No cookie may cover a whole public
//! suffix.
//!
//! The list is Mozilla's. It includes private domains such as `github.io`, because browsers use them for
//! cookies. A top-level domain that is not listed (`intranet`, `local`) counts as a suffix. IP addresses have
//! no suffix. As in Chromium, a trailing dot is part of the suffix (`example.org.` has `org.`), and leading
//! dots are skipped.

use psl::Psl as _;

use super::host::is_ip;

/// A list of public suffixes. Hosts must be canonical: lower case, ASCII.
pub trait Suffixes {
    /// The public suffix at the end of a host. `None` for an IP address and for an empty host.
    fn public_suffix<'h>(&self, host: &'h str) -> Option<&'h str>;

    /// The public suffix and one more label, which one owner can register. `None` for an IP address, and for
    /// a host that is itself a public suffix.
    fn registrable_domain<'h>(&self, host: &'h str) -> Option<&'h str> {
        let host = named(host)?;
        let suffix = self.public_suffix(host)?;
        let label = host.strip_suffix(suffix)?.strip_suffix('.')?.rsplit('.').next()?;
        let length = label.len().checked_add(1)?.checked_add(suffix.len())?;
        host.get(host.len().checked_sub(length)?..).filter(|_| !label.is_empty())
    }

    /// Whether a host itself is a public suffix.
    fn is_public_suffix(&self, host: &str) -> bool {
        self.public_suffix(host) == Some(host)
    }
}

/// A host without leading dots. `None` if it is empty or an address.
fn named(host: &str) -> Option<&str> {
    let host = host.trim_start_matches('.');
    (!host.is_empty() && !is_ip(host)).then_some(host)
}

/// A list that jars share.
pub type SharedSuffixes = std::sync::Arc<dyn Suffixes + Send + Sync>;

/// The list that is compiled into the program (crate `psl`); [`suffix_list_version`] returns its version.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BuiltinSuffixes;

impl Suffixes for BuiltinSuffixes {
    fn public_suffix<'h>(&self, host: &'h str) -> Option<&'h str> {
        let suffix = psl::List.suffix(named(host)?.as_bytes())?;
        std::str::from_utf8(suffix.as_bytes()).ok()
    }
}

/// Another list, in the format of `public_suffix_list.dat`.
#[derive(Debug, Clone)]
pub struct ListSuffixes(publicsuffix::List);

impl ListSuffixes {
    /// Parses the text of a `public_suffix_list.dat`. The comments that mark its sections may be missing.
    ///
    /// # Errors
    ///
    /// A sentence with the problem and its line, if the text is not such a list or has no rules.
    pub fn parse(text: &str) -> Result<Self, String> {
        let odd = |character: char| {
            character.is_ascii() && !character.is_ascii_alphanumeric() && !"-.*!".contains(character)
        };
        for (number, line) in (1_usize..).zip(text.lines()) {
            let rule = line.split_whitespace().next().unwrap_or_default();
            if !line.starts_with("//") && rule.contains(odd) {
                return Err(format!("not a public suffix list: line {number} is not a rule: {rule:?}"));
            }
        }
        // The crate skips rules before the first section.
        let list: publicsuffix::List = format!("// BEGIN ICANN DOMAINS\n{text}")
            .parse()
            .map_err(|error: publicsuffix::Error| format!("not a public suffix list: {error}"))?;
        Ok(Self(list))
    }
}

impl Suffixes for ListSuffixes {
    fn public_suffix<'h>(&self, host: &'h str) -> Option<&'h str> {
        let suffix = publicsuffix::Psl::suffix(&self.0, named(host)?.as_bytes())?;
        std::str::from_utf8(suffix.as_bytes()).ok()
    }
}

/// The version of the built-in public suffix list, such as `psl 2.1.247`. Each change of Mozilla's list has
/// its own release of the crate.
pub fn suffix_list_version() -> String {
    let lock = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.lock"));
    let version = lock
        .split("[[package]]")
        .find_map(|package| package.trim_start().strip_prefix("name = \"psl\"\nversion = \""))
        .and_then(|rest| rest.split('"').next());
    format!("psl {}", version.unwrap_or("(unknown version)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_list_has_private_wildcard_and_exception_rules() {
        let registrable = |host| BuiltinSuffixes.registrable_domain(host);
        assert_eq!(registrable("wiki1.example.org"), Some("example.org"));
        assert_eq!(registrable("a.wiki.co.uk"), Some("wiki.co.uk"));
        assert_eq!(registrable("foo.github.io"), Some("foo.github.io"));
        assert_eq!(registrable("github.io"), None);
        assert_eq!(registrable("wiki.city.kawasaki.jp"), Some("city.kawasaki.jp"));
        assert_eq!(registrable("foo.kawasaki.jp"), None);
        assert_eq!(registrable("wiki1.farm.intranet"), Some("farm.intranet"));
        assert_eq!(registrable("xn--p1ai"), None);
        assert_eq!(registrable("wiki1.example.org."), Some("example.org."));
        assert_eq!(registrable("..example.org"), Some("example.org"));
    }

    #[test]
    fn addresses_and_invalid_hosts_have_no_suffix() {
        for host in ["127.0.0.1", "[::1]", "", ".", "..", "..."] {
            assert_eq!(BuiltinSuffixes.registrable_domain(host), None, "{host:?}");
        }
        assert!(!BuiltinSuffixes.is_public_suffix("127.0.0.1"));
        assert!(BuiltinSuffixes.is_public_suffix("localhost"));
    }

    #[test]
    fn another_list_can_be_used() {
        let list = ListSuffixes::parse("// mine\nexample.org\n*.wild\n!city.wild\n").unwrap();
        assert_eq!(list.registrable_domain("a.wiki1.example.org"), Some("wiki1.example.org"));
        assert_eq!(list.registrable_domain("a.b.c.wild"), Some("b.c.wild"));
        assert_eq!(list.registrable_domain("a.city.wild"), Some("city.wild"));
        assert_eq!(list.registrable_domain("a.b.unlisted"), Some("b.unlisted"));
        assert!(ListSuffixes::parse("// nothing\n").is_err());
        assert_eq!(
            ListSuffixes::parse("org\n<html>\n").unwrap_err(),
            "not a public suffix list: line 2 is not a rule: \"<html>\""
        );
    }

    #[test]
    fn version_of_the_list_is_known() {
        assert!(suffix_list_version().starts_with("psl 2."), "{}", suffix_list_version());
    }
}
