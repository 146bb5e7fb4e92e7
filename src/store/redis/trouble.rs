//! Readable errors of the server, with suggestions.

use std::fmt;
use std::io;

use redis::{ErrorKind, RedisError, ServerErrorKind};

use super::wire::GivenUp;
use crate::store::{StoreError, StoreSpec};
use crate::text::Problem;

/// The maximum number of characters that are shown of a message from the server.
const LONGEST: usize = 300;

/// What to do if the answers are not those of Redis.
const WHO_LISTENS: &str = "check which program listens there";

/// An error of the server or of the connection.
#[derive(Debug, Clone)]
pub(super) struct Trouble {
    /// The message.
    text: String,
    /// What to do.
    help: Option<&'static str>,
    /// The kind of the same error for a file. Except for `Other`, it is an error of the whole store.
    kind: io::ErrorKind,
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<&Trouble> for io::Error {
    fn from(trouble: &Trouble) -> io::Error {
        let Trouble { text, help, kind } = trouble.clone();
        io::Error::new(kind, Problem { message: text, help: help.map(str::to_owned) })
    }
}

impl Trouble {
    fn new(kind: io::ErrorKind, text: String) -> Trouble {
        Trouble { text, help: None, kind }
    }

    /// As an error of the store `spec`.
    pub(super) fn of_store(self, spec: &StoreSpec) -> StoreError {
        let help = self.help.map(str::to_owned);
        StoreError::Unusable { store: spec.address(), why: self.text, help, missing: false }
    }

    /// Why the connection was given up.
    pub(super) fn given_up(why: GivenUp) -> Trouble {
        let help = matches!(why, GivenUp::TooLong(_)).then_some(WHO_LISTENS);
        Trouble { help, ..Trouble::new(io::ErrorKind::NotConnected, why.to_string()) }
    }

    /// The list of names did not end: `read` is the amount read, `size` is the number of keys that the server
    /// reports.
    pub(super) fn endless(read: &str, size: u64) -> Trouble {
        let claim = if size == u64::MAX { String::new() } else { format!(", but it reports {size} keys") };
        let text = format!("endless list of keys: read {read}{claim}");
        Trouble { text, help: Some(WHO_LISTENS), kind: io::ErrorKind::NotConnected }
    }

    /// Makes an error readable.
    pub(super) fn of(error: &RedisError) -> Trouble {
        let Trouble { text, help, kind } = Trouble::whole(error);
        Trouble { text: shortened(&text), help, kind }
    }

    fn whole(error: &RedisError) -> Trouble {
        use io::ErrorKind as Kind;
        let code = error.code().unwrap_or_default();
        let text = error.to_string();
        let says = |word: &str| code == word || text.contains(word);
        let (kind, why, help) = match error.kind() {
            ErrorKind::Server(ServerErrorKind::BusyLoading) => {
                (Kind::ResourceBusy, "Redis is loading its data", "try again later")
            }
            ErrorKind::Server(ServerErrorKind::ReadOnly) => (
                Kind::ReadOnlyFilesystem,
                "this Redis is a read-only replica",
                "use the address of its primary",
            ),
            ErrorKind::Server(ServerErrorKind::NoPerm) => {
                let detail = error.detail().unwrap_or_default();
                return Trouble::new(
                    Kind::PermissionDenied,
                    format!("permission denied by the ACL: {detail}"),
                );
            }
            _ if says("NOAUTH") => (
                Kind::PermissionDenied,
                "Redis requires a password",
                "write the password to a file that only you can read, and use ?password_file=FILE",
            ),
            _ if says("WRONGPASS") || error.kind() == ErrorKind::AuthenticationFailed => (
                Kind::PermissionDenied,
                "Redis rejects this user or password",
                "check the user and ?password_file in the address",
            ),
            _ if says("WRONGTYPE") => {
                (Kind::Other, "another program uses keys with this prefix", "choose another ?prefix")
            }
            _ if code == "OOM" || text.contains("OOM command") => (
                Kind::StorageFull,
                "Redis is full (maxmemory)",
                "free memory or raise maxmemory, and run the command again",
            ),
            _ if is_mistrust(error) => {
                let help = "pass the certificate authority with ?ca_file=FILE, and use the server name in the certificate";
                let text = format!("untrusted certificate ({text})");
                return Trouble { help: Some(help), ..Trouble::new(Kind::PermissionDenied, text) };
            }
            _ if text.contains("CertificateRequired") || text.contains("certificate required") => (
                Kind::PermissionDenied,
                "the server requires a client certificate",
                "use ?cert_file=FILE&cert_key_file=FILE",
            ),
            ErrorKind::Parse => {
                return Trouble::new(Kind::NotConnected, format!("not a Redis server: {text}"));
            }
            _ if error.is_connection_refusal() => {
                return Trouble::new(Kind::NotConnected, format!("can't connect: {text}"));
            }
            _ if error.is_timeout() => {
                (Kind::NotConnected, "Redis does not answer", "check that it is running, and try again")
            }
            _ if error.is_io_error() || error.is_unrecoverable_error() => {
                return Trouble::new(Kind::NotConnected, text);
            }
            _ => return Trouble::new(Kind::Other, text),
        };
        Trouble { help: Some(help), ..Trouble::new(kind, why.to_owned()) }
    }
}

/// The start of a text from the server.
pub(super) fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// Whether the certificate of the server was not accepted.
pub(super) fn is_mistrust(error: &RedisError) -> bool {
    error.to_string().contains("invalid peer certificate")
}
