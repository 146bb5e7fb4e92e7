//! What went wrong with the server, in words, with what to do.

use std::fmt;
use std::io;

use redis::{ErrorKind, RedisError, ServerErrorKind};

use super::wire::GivenUp;

/// Of what a server says no more is repeated, in characters.
const LONGEST: usize = 300;

/// An error of the server, or of the way there.
#[derive(Debug, Clone)]
pub(super) struct Trouble {
    /// For people.
    text: String,
    /// What the same would be of a file; more than one session has to do with it unless it is `Other`.
    kind: io::ErrorKind,
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<&Trouble> for io::Error {
    fn from(trouble: &Trouble) -> io::Error {
        io::Error::new(trouble.kind, trouble.text.clone())
    }
}

impl Trouble {
    /// Why we gave up.
    pub(super) fn given_up(why: GivenUp) -> Trouble {
        Trouble { text: why.to_string(), kind: io::ErrorKind::NotConnected }
    }

    /// Names came without end: `read` so much, of a server that says it has so many keys.
    pub(super) fn endless(read: &str, size: u64) -> Trouble {
        let says = if size == u64::MAX {
            String::new()
        } else {
            format!(", although it says that it has {size} keys")
        };
        let text = format!("its list of keys doesn't end: read {read}{says}: see what answers there");
        Trouble { text, kind: io::ErrorKind::NotConnected }
    }

    /// An error in words.
    pub(super) fn of(error: &RedisError) -> Trouble {
        let Trouble { text, kind } = Trouble::whole(error);
        Trouble { text: shortened(&text), kind }
    }

    fn whole(error: &RedisError) -> Trouble {
        use io::ErrorKind as Kind;
        let code = error.code().unwrap_or_default();
        let text = error.to_string();
        let says = |word: &str| code == word || text.contains(word);
        let (kind, text) = match error.kind() {
            ErrorKind::Server(ServerErrorKind::BusyLoading) => {
                (Kind::ResourceBusy, "Redis is still loading its data: try again when it has".to_owned())
            }
            ErrorKind::Server(ServerErrorKind::ReadOnly) => {
                (Kind::ReadOnlyFilesystem, "this Redis is a read-only replica: name its master".to_owned())
            }
            ErrorKind::Server(ServerErrorKind::NoPerm) => (
                Kind::PermissionDenied,
                format!("the user may not do this (ACL): {}", error.detail().unwrap_or_default()),
            ),
            _ if says("NOAUTH") => (
                Kind::PermissionDenied,
                "Redis wants a password: put it into a file that only you can read, and say ?password_file=FILE"
                    .to_owned(),
            ),
            _ if says("WRONGPASS") || error.kind() == ErrorKind::AuthenticationFailed => (
                Kind::PermissionDenied,
                "Redis does not take this user or password, or has none: see user and ?password_file in the address"
                    .to_owned(),
            ),
            _ if says("WRONGTYPE") => {
                (Kind::Other, "keys of another program are under this prefix: choose another ?prefix".to_owned())
            }
            _ if code == "OOM" || text.contains("OOM command") => (
                Kind::StorageFull,
                "Redis is full (maxmemory), and nothing more can be written: make room, and run this again"
                    .to_owned(),
            ),
            _ if is_mistrust(error) => (
                Kind::PermissionDenied,
                format!(
                    "its certificate is not trusted ({text}): name the authority that signed it with ?ca_file=FILE, and \
                     the server as the certificate does"
                ),
            ),
            _ if text.contains("CertificateRequired") || text.contains("certificate required") => (
                Kind::PermissionDenied,
                "the server wants a certificate of ours: say ?cert_file=FILE&cert_key_file=FILE".to_owned(),
            ),
            ErrorKind::Parse => (Kind::NotConnected, format!("what answers there is no Redis: {text}")),
            _ if error.is_connection_refusal() => {
                (Kind::NotConnected, format!("nothing listens there: {text}"))
            }
            _ if error.is_timeout() => (
                Kind::NotConnected,
                "Redis does not answer: see whether it is busy or stopped, and run this again".to_owned(),
            ),
            _ if error.is_io_error() || error.is_unrecoverable_error() => (Kind::NotConnected, text),
            _ => (Kind::Other, text),
        };
        Trouble { text, kind }
    }
}

/// The beginning of a text of the server's.
pub(super) fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// Whether the server's certificate was not good enough for us.
pub(super) fn is_mistrust(error: &RedisError) -> bool {
    error.to_string().contains("invalid peer certificate")
}
