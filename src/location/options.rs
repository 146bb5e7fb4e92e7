//! The options after the `?` of an address: one table for parsing, errors, help, the schema of farm files, and the redaction
//! of secrets.

use crate::text::list;

/// An option of an address.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct AddressOption {
    /// The name: `key_file` in `?key_file=FILE`.
    pub name: &'static str,
    /// The name of its value in help: `FILE` for a path, which is relative to the directory of the farm file.
    pub value: &'static str,
    /// The description, as a phrase.
    pub about: &'static str,
    /// The schemes of the addresses that accept it.
    pub schemes: &'static [&'static str],
    /// Why other addresses do not accept it, and which are expected.
    pub(super) instead: &'static str,
}

const REDIS: &[&str] = &["redis", "rediss", "redis+unix"];
const FILE: &str = "FILE";
const FOR_TLS: &str = "requires TLS, expected rediss:// instead of redis://";

const fn file(name: &'static str, schemes: &'static [&'static str], about: &'static str) -> AddressOption {
    AddressOption { name, value: FILE, about, schemes, instead: FOR_TLS }
}

const fn text(
    name: &'static str,
    value: &'static str,
    schemes: &'static [&'static str],
    instead: &'static str,
    about: &'static str,
) -> AddressOption {
    AddressOption { name, value, about, schemes, instead }
}

/// All options, in the order of messages.
pub const OPTIONS: [AddressOption; 9] = [
    text("prefix", "PREFIX", REDIS, "", "prefix of all keys [default: `wikifarm:`]"),
    file("password_file", REDIS, "file with the password"),
    file("key_file", &["sqlite", "redis", "rediss", "redis+unix"], "file with the key for MACs"),
    text("timeout", "SECONDS", REDIS, "", "how long a wiki waits for the server, 0.1 to 600 seconds"),
    text("db", "N", &["redis+unix"], "is for sockets, expected redis://HOST/DB", "number of the database"),
    text(
        "user",
        "USER",
        &["redis+unix"],
        "is for sockets, expected redis://USER@HOST",
        "user of the server (ACL)",
    ),
    file("ca_file", &["rediss"], "certificate authorities for the server, in PEM"),
    file("cert_file", &["rediss"], "certificate of the client, in PEM"),
    file("cert_key_file", &["rediss"], "key of the client certificate, in PEM"),
];

impl AddressOption {
    /// Whether the value is a path.
    pub fn is_file(&self) -> bool {
        self.value == FILE
    }
}

/// The help of all options, one line each.
pub fn options_help() -> String {
    let line = |option: &AddressOption| {
        let option_is = format!("{}={}", option.name, option.value);
        format!("  {option_is:<20}  {} ({})", option.about, option.schemes.join(", "))
    };
    OPTIONS.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// The options of addresses with `scheme`: `sqlite`, `redis`, `rediss`, or `redis+unix`.
pub fn options_of(scheme: &str) -> impl Iterator<Item = &'static AddressOption> {
    OPTIONS.iter().filter(move |option| option.schemes.contains(&scheme))
}

/// The option with this name.
pub(super) fn option(name: &str) -> Option<&'static AddressOption> {
    OPTIONS.iter().find(|option| option.name == name)
}

/// The names of the options of a scheme, for messages.
pub(super) fn expected(scheme: &str) -> String {
    let names: Vec<&str> = options_of(scheme).map(|option| option.name).collect();
    list(&names, "or", names.len())
}

/// Whether a byte can be part of an option name.
pub(super) fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::location::Location;

    #[test]
    fn option_is_accepted_only_in_its_addresses() {
        let addresses = [
            ("sqlite", "sqlite:/s.db"),
            ("redis", "redis://h"),
            ("rediss", "rediss://h"),
            ("redis+unix", "redis+unix:///run/r.sock"),
        ];
        for (scheme, address) in addresses {
            for AddressOption { name, schemes, .. } in OPTIONS {
                let other = if name == "cert_file" { "cert_key_file=/k" } else { "cert_file=/c" };
                let other = if name.starts_with("cert") { format!("&{other}") } else { String::new() };
                let read = format!("{address}?{name}=2{other}").parse::<Location>();
                assert_eq!(read.is_ok(), schemes.contains(&scheme), "{scheme} {name}: {read:?}");
            }
        }
    }

    #[test]
    fn module_readme_contains_each_option() {
        let readme = include_str!("../../contrib/moin/README.md");
        for option in OPTIONS {
            assert!(readme.contains(&format!("{}=", option.name)), "{}", option.name);
        }
    }
}
