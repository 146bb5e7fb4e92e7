//! The location of a session store: an address is parsed once into a [`Location`].
//!
//! | address | location |
//! |---|---|
//! | `moin-1.9:DIR`, `moin-1.8:DIR` | a session directory of MoinMoin |
//! | `json:DIR` | a directory with one JSON file for each session |
//! | `sqlite:FILE` | a database in one file |
//! | `redis://HOST:PORT/DB`, `rediss://..`, `redis+unix:///SOCKET` | keys on a Redis server |
//! | `SCHEME:REST` | a store of another kind |
//!
//! Promises:
//!
//! * A displayed address equals the given one, and parses to the same location.
//! * A location has no password: an address with a password is refused, and [`shortened`] hides it in the message.
//! * All locations of a store have the same [`Identity`].
//!
//! Source: the addresses are defined here. `contrib/moin/wikifarm_stores.py` also reads those of databases.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

mod identity;
mod layout;
mod options;
mod redact;
mod redis;
mod sqlite;

pub use identity::{Directories, Identity, RealDirectories};
pub use layout::{Layout, NameKind, is_id};
pub use options::{AddressOption, OPTIONS, options_help, options_of};
pub use redact::{hidden, secrets, shortened};
pub use redis::{DEFAULT_PREFIX, RedisLocation, RedisServer, TlsFiles};
pub use sqlite::SqliteLocation;

/// The location of a session store.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Location {
    /// A session directory of MoinMoin.
    Directory {
        /// The layout.
        layout: Layout,
        /// The directory.
        path: PathBuf,
    },
    /// A directory with one JSON file for each session.
    Json(PathBuf),
    /// A database in one file.
    Sqlite(SqliteLocation),
    /// Keys on a Redis server.
    Redis(RedisLocation),
    /// A store of another kind.
    Other {
        /// The scheme of its address.
        scheme: String,
        /// The text after `SCHEME:`.
        rest: OsString,
    },
}

/// A text that is not the location of a store.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LocationError {
    /// It is empty.
    #[error("no directory in the address")]
    Empty,
    /// It has no scheme.
    #[error("no scheme, expected an address such as moin-1.9:DIR")]
    NoScheme,
    /// An invalid address of SQLite or Redis: why.
    #[error("{0}")]
    Bad(String),
}

impl Location {
    /// Parses an address. An unknown scheme makes it a [`Location::Other`].
    ///
    /// # Errors
    ///
    /// [`LocationError::NoScheme`] for a path without a colon, or with a colon after a slash.
    pub fn parse(text: &OsStr) -> Result<Self, LocationError> {
        let bytes = text.as_bytes();
        if RedisLocation::is_meant(bytes) {
            let text = text.to_str().ok_or_else(|| "not UTF-8".to_owned());
            return text.and_then(RedisLocation::parse).map(Location::Redis).map_err(LocationError::Bad);
        }
        let colon = bytes.iter().position(|byte| *byte == b':').ok_or(match bytes {
            [] => LocationError::Empty,
            _ => LocationError::NoScheme,
        })?;
        let (scheme, rest) = bytes.split_at(colon);
        let rest = OsStr::from_bytes(rest.get(1..).unwrap_or_default());
        let path = || match rest.is_empty() {
            true => Err(LocationError::Empty),
            false => Ok(PathBuf::from(rest)),
        };
        match scheme {
            b"moin-1.8" => Ok(Location::Directory { layout: Layout::Moin18, path: path()? }),
            b"moin-1.9" => Ok(Location::Directory { layout: Layout::Moin19, path: path()? }),
            b"json" => Ok(Location::Json(path()?)),
            b"sqlite" => SqliteLocation::parse(&path()?).map(Location::Sqlite).map_err(LocationError::Bad),
            _ if scheme.contains(&b'/') => Err(LocationError::NoScheme),
            _ => {
                let scheme = String::from_utf8_lossy(scheme).into_owned();
                Ok(Location::Other { scheme, rest: rest.to_owned() })
            }
        }
    }

    /// The scheme: `moin-1.8`, `moin-1.9`, `json`, `sqlite`, `redis` for all addresses of Redis, or another.
    pub fn scheme(&self) -> &str {
        match self {
            Location::Directory { layout, .. } => layout.name(),
            Location::Json(_) => "json",
            Location::Sqlite(_) => "sqlite",
            Location::Redis(_) => "redis",
            Location::Other { scheme, .. } => scheme,
        }
    }

    /// The layout of a session directory of MoinMoin.
    pub fn layout(&self) -> Option<Layout> {
        match self {
            Location::Directory { layout, .. } => Some(*layout),
            _ => None,
        }
    }

    /// The directory, if each session is a file.
    pub fn directory(&self) -> Option<&Path> {
        match self {
            Location::Directory { path, .. } | Location::Json(path) => Some(path),
            _ => None,
        }
    }

    /// The directory, or the database file. `None` if it is not on a disk of this machine.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Location::Sqlite(database) => Some(&database.file),
            _ => self.directory(),
        }
    }

    /// The file with the key for MACs.
    pub fn key_file(&self) -> Option<&Path> {
        match self {
            Location::Sqlite(database) => database.key_file.as_deref(),
            Location::Redis(server) => server.key_file.as_deref(),
            _ => None,
        }
    }

    /// The meaning of `name` in the store. Databases and JSON accept ids of every version.
    pub fn kind(&self, name: &[u8]) -> NameKind {
        match self {
            Location::Directory { layout, .. } => layout.kind(name),
            _ if is_id(name) => NameKind::Session,
            _ => NameKind::Foreign,
        }
    }

    /// The identity of the store. Reads the disk.
    pub fn identity(&self) -> Identity {
        self.identity_in(&RealDirectories::default())
    }

    /// As [`Location::identity`], with `directories` in place of the disk.
    pub fn identity_in(&self, directories: &dyn Directories) -> Identity {
        match (self, self.path()) {
            (_, Some(path)) => directories.identity(path),
            (Location::Redis(server), None) => server.identity(),
            _ => Identity::Address(self.to_string()),
        }
    }

    /// The path without the kind of store, or the address of a store without a path. For messages.
    pub fn path_or_address(&self) -> String {
        self.path().map_or_else(|| self.to_string(), |path| path.display().to_string())
    }

    /// The path, or the address of a store without one. Messages put it before the name of an entry.
    pub fn stem(&self) -> PathBuf {
        match self {
            Location::Directory { path, .. } | Location::Json(path) => path.clone(),
            Location::Sqlite(database) => PathBuf::from(database.text()),
            Location::Redis(_) | Location::Other { .. } => PathBuf::from(self.to_string()),
        }
    }

    /// The location with paths relative to `base`. The working directory, `.`, changes nothing, so that paths stay as in the
    /// farm file.
    #[must_use]
    pub fn based(self, base: &Path) -> Self {
        match self {
            here if base == Path::new(".") => here,
            Location::Directory { layout, path } => Location::Directory { layout, path: base.join(path) },
            Location::Json(path) => Location::Json(base.join(path)),
            Location::Sqlite(database) => Location::Sqlite(database.based(base)),
            Location::Redis(server) => Location::Redis(server.based(base)),
            other @ Location::Other { .. } => other,
        }
    }

    /// Whether all its paths are absolute.
    pub fn is_absolute(&self) -> bool {
        let files: Vec<&Path> = match self {
            Location::Redis(server) => server.files().collect(),
            _ => self.path().into_iter().chain(self.key_file()).collect(),
        };
        files.into_iter().all(Path::is_absolute)
    }
}

impl fmt::Display for Location {
    /// The address, without secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Location::Redis(server) => server.fmt(f),
            Location::Other { scheme, rest } => {
                f.write_str(&shortened(&format!("{scheme}:{}", rest.to_string_lossy())))
            }
            _ => write!(f, "{}:{}", self.scheme(), self.stem().display()),
        }
    }
}

impl FromStr for Location {
    type Err = LocationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Location::parse(OsStr::new(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> Location {
        text.parse().unwrap()
    }

    #[test]
    fn address_is_displayed_as_it_was_written() {
        for (text, scheme, path, stem) in [
            ("moin-1.9:/srv/s", "moin-1.9", Some("/srv/s"), "/srv/s"),
            ("moin-1.8:s:t", "moin-1.8", Some("s:t"), "s:t"),
            ("json:d", "json", Some("d"), "d"),
            ("sqlite:/a.db", "sqlite", Some("/a.db"), "/a.db"),
            ("sqlite:/a.db?key_file=k", "sqlite", Some("/a.db"), "/a.db?key_file=k"),
            ("rediss://h/3?prefix=a%3A", "redis", None, "rediss://h/3?prefix=a%3A"),
            ("vault:x:y", "vault", None, "vault:x:y"),
        ] {
            let location = parse(text);
            assert_eq!(location.to_string(), text);
            assert_eq!(location.scheme(), scheme);
            assert_eq!(location.path(), path.map(Path::new));
            assert_eq!(location.stem(), Path::new(stem));
        }
        let errors = ["", "moin-1.9:", "s", "/srv/a:b", "./a:b", "sqlite:?key_file=a"];
        let errors = errors.map(|text| text.parse::<Location>().unwrap_err());
        use LocationError::{Bad, Empty, NoScheme};
        assert_eq!(
            errors,
            [Empty, Empty, NoScheme, NoScheme, NoScheme, Bad("no file name, expected sqlite:FILE".into())]
        );
    }

    #[test]
    fn one_store_has_one_identity() {
        let identity = |text: &str| parse(text).identity();
        for (one, other) in [
            ("moin-1.9:/srv/s", "moin-1.8:/srv/../srv/s/"),
            ("sqlite:/srv/a.db", "sqlite:/srv/./a.db?key_file=k"),
            ("redis://localhost", "redis://wiki@127.0.0.1:6379/0"),
            ("vault:x", "vault:x"),
        ] {
            assert_eq!(identity(one), identity(other), "{one} {other}");
        }
        assert_ne!(identity("vault:x"), identity("vault:y"));
    }

    #[test]
    fn paths_are_relative_to_a_base() {
        let based = |text: &str| parse(text).based(Path::new("/etc/farm"));
        for (text, whole) in [
            ("moin-1.9:s", "moin-1.9:/etc/farm/s"),
            ("moin-1.8:/s", "moin-1.8:/s"),
            ("json:s", "json:/etc/farm/s"),
            ("sqlite:s.db", "sqlite:/etc/farm/s.db"),
            ("sqlite:/s.db?key_file=key", "sqlite:/s.db?key_file=/etc/farm/key"),
            (
                "rediss://h/0?prefix=p:&password_file=pw&key_file=%2Fetc/key&ca_file=ca.pem",
                "rediss://h/0?prefix=p:&password_file=/etc/farm/pw&key_file=%2Fetc/key&ca_file=/etc/farm/ca.pem",
            ),
            (
                "rediss://h?cert_file=c&cert_key_file=k",
                "rediss://h?cert_file=/etc/farm/c&cert_key_file=/etc/farm/k",
            ),
        ] {
            assert_eq!(based(text), parse(whole), "{text}");
            assert!(parse(whole).is_absolute());
            assert_eq!(parse(text).based(Path::new(".")), parse(text));
            assert_eq!(parse(text).is_absolute(), text == "moin-1.8:/s");
        }
    }

    #[test]
    fn no_secret_is_displayed() {
        assert_eq!(parse("vault://u:geheim@h").to_string(), "vault://u:…@h");
    }

    proptest! {
        #[test]
        fn what_is_displayed_parses_to_the_same(text in "(moin-1\\.9|json|sqlite|redis|rediss|redis\\+unix):[ -~]{0,30}") {
            if let Ok(location) = text.parse::<Location>() {
                prop_assert_eq!(parse(&location.to_string()), location.clone());
                prop_assert_eq!(location.to_string(), text);
            }
        }
    }
}
