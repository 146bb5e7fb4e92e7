//! The options behind the `?` of an address: one table, from which parsing, errors, the schema of farm files, and the
//! redaction of secrets follow.

/// One option.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct AddressOption {
    /// Its name: `key_file` in `?key_file=FILE`.
    pub name: &'static str,
    /// What it is for, as a phrase.
    pub about: &'static str,
    /// Whether its value is a path, relative to the directory of the farm file.
    pub is_file: bool,
    /// How the addresses begin that have it.
    pub schemes: &'static [&'static str],
    /// What to write in an address that does not have it.
    pub(super) instead: &'static str,
}

const REDIS: &[&str] = &["redis", "rediss", "redis+unix"];
const FOR_TLS: &str = "is for TLS: say rediss:// instead of redis://";

const fn file(name: &'static str, schemes: &'static [&'static str], about: &'static str) -> AddressOption {
    AddressOption { name, about, is_file: true, schemes, instead: FOR_TLS }
}

const fn text(
    name: &'static str,
    schemes: &'static [&'static str],
    instead: &'static str,
    about: &'static str,
) -> AddressOption {
    AddressOption { name, about, is_file: false, schemes, instead }
}

/// All options, in the order in which messages list them.
pub const OPTIONS: [AddressOption; 9] = [
    text("prefix", REDIS, "", "how keys begin, by default `wikifarm:`"),
    file("password_file", REDIS, "the file that holds the password"),
    file("key_file", &["sqlite", "redis", "rediss", "redis+unix"], "the file that holds the key of the MACs"),
    text("timeout", REDIS, "", "how long a wiki waits for the server, in seconds between 0.1 and 600"),
    text("db", &["redis+unix"], "is for sockets: say redis://HOST/DB", "the number of the database"),
    text("user", &["redis+unix"], "is for sockets: say redis://USER@HOST", "the user to log in as (ACL)"),
    file("ca_file", &["rediss"], "the authorities that may sign the server's certificate, in PEM"),
    file("cert_file", &["rediss"], "the client's own certificate, in PEM"),
    file("cert_key_file", &["rediss"], "the key of that certificate, in PEM"),
];

/// The options of addresses that begin with `scheme`: `sqlite`, `redis`, `rediss`, or `redis+unix`.
pub fn options_of(scheme: &str) -> impl Iterator<Item = &'static AddressOption> {
    OPTIONS.iter().filter(move |option| option.schemes.contains(&scheme))
}

/// The option of that name, whichever addresses have it.
pub(super) fn option(name: &str) -> Option<&'static AddressOption> {
    OPTIONS.iter().find(|option| option.name == name)
}

/// The names of a scheme's options, as messages list them.
pub(super) fn expected(scheme: &str) -> String {
    let names: Vec<&str> = options_of(scheme).map(|option| option.name).collect();
    match names.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    }
}

/// Whether names of options have that byte.
pub(super) fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}
