//! Sessions on a Redis server: `redis://[USER@]HOST[:PORT][/DB]`, `rediss://..`, `redis+unix:///SOCKET`.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use url::Url;

use super::identity::Identity;
use super::options::{expected, is_of_name, option};
use crate::sys::directory_identity;

/// The default prefix of keys.
pub const DEFAULT_PREFIX: &str = "wikifarm:";

/// The server.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RedisServer {
    /// A host and a port.
    Tcp(String, u16),
    /// A host and a port, with TLS.
    Tls(String, u16),
    /// A socket of this machine.
    Unix(PathBuf),
}

/// A database of a Redis server, and the prefix of the keys.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RedisLocation {
    /// The given address, with paths relative to the working directory.
    text: String,
    /// The server.
    pub server: RedisServer,
    /// The number of the database.
    pub db: i64,
    /// The prefix of the keys.
    pub prefix: String,
    /// The user (ACL); the default user if `None`.
    pub user: Option<String>,
    /// The file with the password.
    pub password_file: Option<PathBuf>,
    /// The file with the key for MACs; see [`MacKey`](crate::store::MacKey).
    pub key_file: Option<PathBuf>,
    /// How long a wiki waits for the server. wikifarm itself waits longer.
    pub timeout: Option<Duration>,
    /// Files for [`RedisServer::Tls`].
    pub tls: TlsFiles,
}

/// Files for TLS, in PEM.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TlsFiles {
    /// The trusted certificate authorities; those of the system if `None`.
    pub ca_file: Option<PathBuf>,
    /// The client certificate and its key.
    pub own: Option<(PathBuf, PathBuf)>,
}

const PASSWORD: &str =
    "password in an address, which other users can see in `ps`, expected a file: ?password_file=FILE";

impl RedisLocation {
    /// Whether a text begins like an address of Redis.
    pub fn is_meant(text: &[u8]) -> bool {
        [&b"redis:"[..], b"rediss:", b"redis+unix:"].iter().any(|scheme| text.starts_with(scheme))
    }

    /// Parses `redis://[USER@]HOST[:PORT][/DB]`, `rediss://..` or `redis+unix:///SOCKET`, each with the options that
    /// [`options_of`](super::options_of) its scheme.
    ///
    /// # Errors
    ///
    /// The problem, without a password.
    pub fn parse(text: &str) -> Result<Self, String> {
        let url = url(text)?;
        let mut location = RedisLocation {
            text: text.to_owned(),
            server: server(&url)?,
            db: 0,
            prefix: DEFAULT_PREFIX.to_owned(),
            user: Some(percent_decoded(url.username())).filter(|user| !user.is_empty()),
            password_file: None,
            key_file: None,
            timeout: None,
            tls: TlsFiles::default(),
        };
        if !matches!(location.server, RedisServer::Unix(_)) {
            location.db = number(url.path().trim_start_matches('/'))?;
        }
        let (mut cert, mut cert_key) = (None, None);
        for (name, value) in url.query_pairs() {
            allowed(url.scheme(), &name, &value)?;
            let file = || Some(PathBuf::from(value.as_ref()));
            match name.as_ref() {
                "prefix" if value.contains(|c: char| c.is_control()) => {
                    return Err("control characters in the prefix".to_owned());
                }
                "prefix" => location.prefix = value.into_owned(),
                "db" => location.db = number(&value)?,
                "user" => location.user = Some(value.into_owned()).filter(|user| !user.is_empty()),
                "password_file" => location.password_file = file(),
                "key_file" => location.key_file = file(),
                "timeout" => location.timeout = Some(timeout(&value)?),
                "ca_file" => location.tls.ca_file = file(),
                "cert_file" => cert = file(),
                "cert_key_file" => cert_key = file(),
                _ => {}
            }
        }
        location.tls.own = match (cert, cert_key) {
            (Some(cert), Some(key)) => Some((cert, key)),
            (None, None) => None,
            _ => return Err("cert_file and cert_key_file must be used together".to_owned()),
        };
        Ok(location)
    }

    /// The location with files relative to `base`.
    pub(super) fn based(mut self, base: &Path) -> Self {
        self.text = based(&self.text, base);
        let TlsFiles { ca_file, own } = &mut self.tls;
        let own = own.iter_mut().flat_map(|(cert, key)| [cert, key]);
        let all = [&mut self.password_file, &mut self.key_file, ca_file].into_iter().flatten().chain(own);
        for file in all.filter(|file| !file.as_os_str().is_empty()) {
            *file = base.join(&file);
        }
        self
    }

    /// The files in the options.
    pub(super) fn files(&self) -> impl Iterator<Item = &Path> {
        let own = self.tls.own.iter().flat_map(|(cert, key)| [cert, key]);
        let all = [&self.password_file, &self.key_file, &self.tls.ca_file].into_iter().flatten();
        all.chain(own).map(PathBuf::as_path)
    }

    /// The identity of the store: server, database, and prefix.
    pub fn identity(&self) -> Identity {
        let server = match &self.server {
            RedisServer::Tcp(host, port) | RedisServer::Tls(host, port) => {
                match host.to_ascii_lowercase().as_str() {
                    "localhost" | "::1" => format!("127.0.0.1:{port}"),
                    host => format!("{host}:{port}"),
                }
            }
            RedisServer::Unix(path) => format!("{:?}", directory_identity(path)),
        };
        Identity::Address(format!("redis {server} {} {}", self.db, self.prefix))
    }
}

impl fmt::Display for RedisLocation {
    /// The given address, which has no password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Parses the address as a URL.
fn url(text: &str) -> Result<Url, String> {
    let socket_of = |text: &str| {
        let authority = text.strip_prefix("redis+unix://")?.split('/').next()?;
        authority.rsplit_once('@').map(|(user, _)| user.contains(':'))
    };
    if socket_of(text) == Some(false) {
        return Err(
            "user in the address of a socket, expected redis+unix:///run/redis.sock?user=USER".to_owned()
        );
    }
    match Url::parse(text) {
        Ok(url) if url.password().is_some() => Err(PASSWORD.to_owned()),
        Ok(url) => Ok(url),
        Err(_) if socket_of(text) == Some(true) => Err(PASSWORD.to_owned()),
        Err(error) => Err(format!("not the URL of a Redis server: {error}")),
    }
}

fn server(url: &Url) -> Result<RedisServer, String> {
    let port = url.port().unwrap_or(6379);
    let host = || match url.host_str() {
        Some(host) if !host.is_empty() => Ok(host.trim_matches(['[', ']']).to_owned()),
        _ => Err("no host, expected redis://127.0.0.1:6379/0".to_owned()),
    };
    match url.scheme() {
        "redis+unix" if url.host_str().is_none_or(str::is_empty) && url.path().len() > 1 => {
            Ok(RedisServer::Unix(PathBuf::from(percent_decoded(url.path()))))
        }
        "redis+unix" => Err("no socket path, expected redis+unix:///run/redis.sock".to_owned()),
        "rediss" => Ok(RedisServer::Tls(host()?, port)),
        _ => Ok(RedisServer::Tcp(host()?, port)),
    }
}

/// Refuses an option that the scheme does not accept. A text that is not a name may be part of a password.
fn allowed(scheme: &str, name: &str, value: &str) -> Result<(), String> {
    match option(name) {
        Some(option) if option.schemes.contains(&scheme) => Ok(()),
        Some(option) => Err(format!("{name} {}", option.instead)),
        _ if name.bytes().all(is_of_name) && !value.is_empty() => {
            Err(format!("unknown option {name:?}, expected {}", expected(scheme)))
        }
        _ => Err(format!("unknown option, expected {}", expected(scheme))),
    }
}

/// The text of an address with its files relative to `base`.
fn based(text: &str, base: &Path) -> String {
    let Some((address, query)) = text.split_once('?') else { return text.to_owned() };
    let part = |part: &str| match part.split_once('=') {
        // An absolute path stays the same, also with %2F in identity of the slash.
        Some((name, path))
            if option(name).is_some_and(|option| option.is_file())
                && !percent_decoded(path).starts_with('/')
                && !path.is_empty() =>
        {
            format!("{name}={}/{path}", base.display())
        }
        _ => part.to_owned(),
    };
    let parts: Vec<String> = query.split('&').map(part).collect();
    format!("{address}?{}", parts.join("&"))
}

fn number(text: &str) -> Result<i64, String> {
    if text.is_empty() {
        return Ok(0);
    }
    // The text may be the end of a password with a slash.
    let wrong = || "invalid database number, expected redis://127.0.0.1:6379/0".to_owned();
    text.parse().ok().filter(|db| *db >= 0).ok_or_else(wrong)
}

/// Parses seconds like the modules of the wikis.
fn timeout(text: &str) -> Result<Duration, String> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    let seconds = text.parse().ok().filter(|_| digits(whole) && digits(fraction));
    seconds
        .filter(|seconds| (0.1..=600.0).contains(seconds))
        .map(Duration::from_secs_f64)
        .ok_or_else(|| "invalid timeout: expected 0.1 to 600 seconds, as in timeout=2".to_owned())
}

/// Decodes `%2F` and similar. Invalid UTF-8 becomes U+FFFD.
fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((first, after)) = rest.split_first() {
        let hex = (*first == b'%').then(|| after.get(..2)).flatten();
        let byte = hex
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match (byte, after.get(2..)) {
            (Some(byte), Some(behind)) => {
                out.push(byte);
                rest = behind;
            }
            _ => {
                out.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn redis_addresses_are_parsed() {
        let parse = |text: &str| RedisLocation::parse(text).unwrap();
        let plain = parse("redis://localhost");
        assert_eq!(plain.server, RedisServer::Tcp("localhost".into(), 6379));
        assert_eq!((plain.db, plain.prefix.as_str(), plain.user.clone()), (0, DEFAULT_PREFIX, None));
        let full = parse("rediss://wiki@[::1]:7000/3?prefix=lab%3A&password_file=/etc/pw&key_file=/etc/key");
        assert_eq!(full.server, RedisServer::Tls("::1".into(), 7000));
        assert_eq!((full.db, full.prefix.as_str(), full.user.as_deref()), (3, "lab:", Some("wiki")));
        assert_eq!(full.password_file, Some("/etc/pw".into()));
        assert_eq!(full.key_file, Some("/etc/key".into()));
        assert_eq!(full.tls, TlsFiles::default());
        let tls = parse("rediss://h?ca_file=/ca&cert_file=/cert&cert_key_file=%2Fkey").tls;
        assert_eq!(tls, TlsFiles { ca_file: Some("/ca".into()), own: Some(("/cert".into(), "/key".into())) });
        let unix = parse("redis+unix:///run/my%20redis.sock?db=2");
        assert_eq!((unix.server, unix.db), (RedisServer::Unix("/run/my redis.sock".into()), 2));
        assert_eq!(parse("redis+unix:///run/r.sock?user=read%20only").user.as_deref(), Some("read only"));
    }

    /// As in contrib/moin/test_wikifarm_stores.py.
    #[test]
    fn timeout_is_a_number_of_seconds() {
        let parse = |text: &str| RedisLocation::parse(&format!("redis://h?timeout={text}"));
        for (text, seconds) in [("2", 2.0), ("0.25", 0.25), ("600", 600.0)] {
            assert_eq!(parse(text).unwrap().timeout, Some(Duration::from_secs_f64(seconds)));
        }
        for text in ["", "0", "0.05", "601", "-1", "1e1", "2s", "nan", "%2B2", "%202", "2.", ".5", "2.0001"] {
            assert!(parse(text).unwrap_err().contains("expected 0.1 to 600 seconds"), "{text}");
        }
        assert_eq!(RedisLocation::parse("redis://h").unwrap().timeout, None);
    }

    #[test]
    fn redis_errors_do_not_contain_the_password() {
        for (text, why) in [
            ("redis://:geheim@h/0", "password_file"),
            ("redis://h/zero", "invalid database number"),
            ("redis://h/-1", "invalid database number"),
            ("redis://h/0?prefx=a", "unknown option \"prefx\""),
            ("redis://h/0?db=1", "expected redis://HOST/DB"),
            ("redis://h/0?user=a", "expected redis://USER@HOST"),
            ("redis://h/0?geheim", "unknown option, expected prefix, password_file, key_file, or timeout"),
            ("redis://u:1/geheim@h", "invalid database number"),
            ("redis://u:1?geheim@h=x", "unknown option, expected"),
            (
                "rediss://h/0?x=1",
                "unknown option \"x\", expected prefix, password_file, key_file, timeout, ca_file, cert_file, or",
            ),
            (
                "redis+unix:///s?x=1",
                "unknown option \"x\", expected prefix, password_file, key_file, timeout, db, or user",
            ),
            ("redis+unix://ro@/run/r.sock", "redis+unix:///run/redis.sock?user=USER"),
            ("redis+unix://ro:geheim@/run/r.sock", "password_file"),
            ("redis:h", "no host"),
            ("redis://h?ca_file=/ca", "expected rediss://"),
            ("rediss://h?cert_file=/cert", "must be used together"),
            ("redis+unix://h", "no socket path"),
            ("redis://h?timeout=geheim", "invalid timeout"),
            ("redis://h:99999", "invalid port"),
        ] {
            let error = RedisLocation::parse(text).unwrap_err();
            assert!(error.contains(why) && !error.contains("geheim"), "{text}: {error}");
        }
    }

    #[test]
    fn redis_addresses_of_one_store_have_one_identity() {
        let identity = |text: &str| RedisLocation::parse(text).unwrap().identity();
        assert_eq!(
            identity("redis://localhost"),
            identity("redis://wiki@127.0.0.1:6379/0?prefix=wikifarm:&key_file=/k")
        );
        for other in
            ["redis://localhost:6380", "redis://localhost/1", "redis://localhost?prefix=x:", "redis://h"]
        {
            assert_ne!(identity("redis://localhost"), identity(other), "{other}");
        }
        assert_eq!(identity("redis+unix:///run/r.sock"), identity("redis+unix:///run/../run/r.sock?db=0"));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "(redis|rediss|redis\\+unix):[ -~]{0,30}") {
            let _ = RedisLocation::parse(&text);
        }
    }
}
