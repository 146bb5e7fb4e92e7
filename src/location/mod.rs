//! Addresses of stores: `moin-1.9:DIR`, `moin-1.8:DIR`, `json:DIR`, `sqlite:FILE`, `redis://..`, or a bare `DIR` whose
//! layout is told from its names.

use std::ffi::OsStr;
use std::fmt;
use std::io;
use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::moin::Version;
use crate::sys::{Dir, DirError, Kind, Place, same_place};

mod identity;
mod layout;
mod redact;
mod redis;
mod sqlite;

pub use identity::{Identity, Places, RealPlaces};
pub use layout::{Layout, NameKind};
pub use redact::{hidden, secrets, shortened};
pub use redis::{DEFAULT_PREFIX, RedisAddress, RedisPlace, TlsFiles};
pub use sqlite::SqliteAddress;

use redis::{FILES, percent_decoded};

/// One wiki that keeps its sessions in a store, with what reading and pruning need to know of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreWiki {
    /// Its name in the farm.
    pub name: String,
    /// What it runs.
    pub version: Version,
    /// Where its users are.
    pub user_dir: Option<PathBuf>,
    /// Names of users who may become others.
    pub superusers: Vec<String>,
}

/// A store: where it is, how sessions lie in it, and whose they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreSpec {
    /// How sessions lie in it.
    pub layout: Layout,
    /// The directory; of a database the file, with the options of its address behind it; of Redis the whole address.
    pub dir: PathBuf,
    /// The wikis that use it; none for a store given by its address.
    pub wikis: Vec<StoreWiki>,
}

impl StoreSpec {
    /// The address: `moin-1.9:DIR`, `sqlite:FILE`, `redis://..`.
    pub fn address(&self) -> String {
        if self.layout == Layout::Redis {
            return self.dir.display().to_string();
        }
        format!("{}:{}", self.layout, self.dir.display())
    }

    /// That an entry could not be looked at or removed, for people; an id is shortened.
    pub fn failed(&self, name: &dyn fmt::Display, error: &io::Error) -> String {
        format!("{}/{name}: {error}", self.dir.display())
    }

    /// What makes it the same store as another, whatever they are called.
    pub fn place(&self) -> Place {
        match self.layout {
            Layout::Redis => RedisAddress::parse(&self.dir.to_string_lossy())
                .map_or_else(|_| same_place(&self.dir), |address| address.place()),
            Layout::Sqlite => same_place(&SqliteAddress::file_of(&self.dir)),
            _ => same_place(&self.dir),
        }
    }
}

/// A store as named on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Absent for a bare `DIR`.
    pub layout: Option<Layout>,
    /// The directory.
    pub dir: PathBuf,
}

/// The text is no address.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AddressError {
    /// No directory in it.
    Empty,
    /// It begins with a kind of store that does not exist, as `moin-2.0:`.
    UnknownKind(String),
    /// What is wrong with an address of Redis.
    Redis(String),
    /// What is wrong with an address of SQLite.
    Sqlite(String),
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds = "expected moin-1.9:DIR, moin-1.8:DIR, json:DIR, sqlite:FILE, redis://HOST:PORT/DB, wiki:NAME, or a directory";
        match self {
            AddressError::Redis(why) | AddressError::Sqlite(why) => f.write_str(why),
            AddressError::Empty => write!(f, "no directory named: {kinds}"),
            AddressError::UnknownKind(kind) => write!(f, "there are no stores of kind {kind:?}: {kinds}"),
        }
    }
}

impl std::error::Error for AddressError {}

/// An address as it may be shown: without the password that somebody put into it.
pub fn shown_address(text: &OsStr) -> String {
    shortened(&text.to_string_lossy()).into_owned()
}

/// Why the layout of a bare directory is not known.
#[derive(Debug)]
#[non_exhaustive]
pub enum LayoutError {
    /// No name in it is of either layout.
    Empty {
        /// The directory.
        dir: PathBuf,
    },
    /// Names of both layouts are in it.
    Mixed {
        /// The directory.
        dir: PathBuf,
        /// How many names are 1.8's.
        moin_1_8: u64,
        /// How many names are 1.9's.
        moin_1_9: u64,
    },
    /// It could not be opened.
    Directory(DirError),
    /// It could not be listed.
    Listing {
        /// The directory.
        dir: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl LayoutError {
    /// What lies together where it is [`LayoutError::Mixed`].
    pub fn together(moin_1_8: u64, moin_1_9: u64) -> String {
        let names = if moin_1_8 == 1 { "1 name".to_owned() } else { format!("{moin_1_8} names") };
        format!("{names} of MoinMoin 1.7 or 1.8 and {moin_1_9} of 1.9")
    }
}

impl fmt::Display for LayoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cure = "name the layout as moin-1.9:DIR or moin-1.8:DIR";
        match self {
            LayoutError::Empty { dir } => write!(f, "{}: no session tells the layout; {cure}", dir.display()),
            LayoutError::Mixed { dir, moin_1_8, moin_1_9 } => write!(
                f,
                "{}: {} lie together; {cure}",
                dir.display(),
                LayoutError::together(*moin_1_8, *moin_1_9)
            ),
            LayoutError::Directory(error) => error.fmt(f),
            LayoutError::Listing { dir, source } => write!(f, "{}: {source}", dir.display()),
        }
    }
}

impl LayoutError {
    /// Whether the way to the directory leads over a stranger's symbolic link.
    pub fn is_unsafe(&self) -> bool {
        matches!(self, LayoutError::Directory(DirError::UnsafeLink { .. }))
    }
}

impl std::error::Error for LayoutError {}

impl Address {
    /// Reads an address. A path that holds a colon can be written as `./a:b`.
    ///
    /// # Errors
    ///
    /// Where no directory is named, or a kind of store that does not exist.
    pub fn parse(text: &OsStr) -> Result<Self, AddressError> {
        let bytes = text.as_bytes();
        let dir = |bytes: &[u8]| {
            if bytes.is_empty() {
                Err(AddressError::Empty)
            } else {
                Ok(PathBuf::from(OsStr::from_bytes(bytes)))
            }
        };
        if RedisAddress::is_meant(bytes) {
            let text = text.to_str().ok_or_else(|| AddressError::Redis("no UTF-8".to_owned()))?;
            RedisAddress::parse(text).map_err(AddressError::Redis)?;
            return Ok(Address { layout: Some(Layout::Redis), dir: PathBuf::from(text) });
        }
        for layout in [Layout::Moin18, Layout::Moin19, Layout::Json, Layout::Sqlite] {
            let rest = bytes.strip_prefix(layout.name().as_bytes()).and_then(|rest| rest.strip_prefix(b":"));
            if let Some(rest) = rest {
                let dir = dir(rest)?;
                if layout == Layout::Sqlite {
                    SqliteAddress::parse(&dir).map_err(AddressError::Sqlite)?;
                }
                return Ok(Address { layout: Some(layout), dir });
            }
        }
        let kind = bytes.split(|byte| *byte == b':').next().filter(|kind| kind.len() < bytes.len());
        match kind {
            Some(kind) if !kind.contains(&b'/') => {
                Err(AddressError::UnknownKind(String::from_utf8_lossy(kind).into_owned()))
            }
            _ => Ok(Address { layout: None, dir: dir(bytes)? }),
        }
    }

    /// The store, of no wiki known; a bare directory is listed to tell its layout.
    ///
    /// # Errors
    ///
    /// Where the names do not tell the layout, or the directory cannot be listed.
    pub fn resolve(&self) -> Result<StoreSpec, LayoutError> {
        let layout = match self.layout {
            Some(layout) => layout,
            None => tell_layout(&self.dir)?,
        };
        Ok(StoreSpec { layout, dir: self.dir.clone(), wikis: Vec::new() })
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Address::parse(OsStr::new(text))
    }
}

fn tell_layout(path: &Path) -> Result<Layout, LayoutError> {
    let dir = Dir::open(path).map_err(LayoutError::Directory)?;
    let (mut old, mut new) = (0, 0);
    let listed = dir.list(|entry| {
        let name = entry.name.to_bytes();
        if entry.kind == Kind::Regular {
            old += u64::from(Layout::Moin18.kind(name) != NameKind::Foreign);
            new += u64::from(Layout::Moin19.kind(name) != NameKind::Foreign);
        }
        ControlFlow::Continue(())
    });
    listed.map_err(|source| LayoutError::Listing { dir: path.to_owned(), source })?;
    match (old, new) {
        (0, 0) => Err(LayoutError::Empty { dir: path.to_owned() }),
        (0, _) => Ok(Layout::Moin19),
        (_, 0) => Ok(Layout::Moin18),
        (moin_1_8, moin_1_9) => Err(LayoutError::Mixed { dir: path.to_owned(), moin_1_8, moin_1_9 }),
    }
}

/// Where a wiki keeps its sessions, if `session_store` says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreAddress {
    /// Files as 1.7 and 1.8 have them, in that directory.
    Moin18(PathBuf),
    /// Files as 1.9 has them, in that directory.
    Moin19(PathBuf),
    /// A database, with the options of its address behind it.
    Sqlite(PathBuf),
    /// A server: the whole address.
    Redis(String),
}

impl StoreAddress {
    /// Reads an address. Paths in it are relative to `base`.
    ///
    /// # Errors
    ///
    /// What is wrong with it, for people.
    pub fn parse(text: &str, base: &Path) -> Result<Self, String> {
        if RedisAddress::is_meant(text.as_bytes()) {
            RedisAddress::parse(text)?;
            return Ok(StoreAddress::Redis(based(text, base)));
        }
        let (kind, rest) = text.split_once(':').unwrap_or((text, ""));
        let place = Path::new(rest);
        match kind {
            "moin-1.8" | "moin-1.9" | "sqlite" if rest.is_empty() => Err(format!("{kind}: of what?")),
            "moin-1.8" => Ok(StoreAddress::Moin18(join(base, place))),
            "moin-1.9" => Ok(StoreAddress::Moin19(join(base, place))),
            "sqlite" => {
                let SqliteAddress { file, key_file } = SqliteAddress::parse(place)?;
                let mut whole = join(base, &file).into_os_string();
                if let Some(key) = key_file {
                    whole.push("?key_file=");
                    whole.push(join(base, &key));
                }
                Ok(StoreAddress::Sqlite(PathBuf::from(whole)))
            }
            "json" => Err("no MoinMoin reads sessions in JSON".to_owned()),
            _ => Err(format!("there is no session store {:?}", hidden(text))),
        }
    }

    /// As it stands in a farm file.
    pub fn text(&self) -> String {
        match self {
            StoreAddress::Moin18(dir) => format!("moin-1.8:{}", dir.display()),
            StoreAddress::Moin19(dir) => format!("moin-1.9:{}", dir.display()),
            StoreAddress::Sqlite(place) => format!("sqlite:{}", place.display()),
            StoreAddress::Redis(address) => address.clone(),
        }
    }

    /// The directory, where it is one of MoinMoin's own.
    pub fn dir(&self) -> Option<&Path> {
        match self {
            StoreAddress::Moin18(dir) | StoreAddress::Moin19(dir) => Some(dir),
            StoreAddress::Sqlite(_) | StoreAddress::Redis(_) => None,
        }
    }
}

/// The address of Redis with its files relative to `base`.
fn based(text: &str, base: &Path) -> String {
    let Some((address, query)) = text.split_once('?').filter(|_| base != Path::new(".")) else {
        return text.to_owned();
    };
    let part = |part: &str| match part.split_once('=') {
        // A path from the root stays what it is, also where its slash is written as %2F.
        Some((name, path))
            if FILES.contains(&name) && !percent_decoded(path).starts_with('/') && !path.is_empty() =>
        {
            format!("{name}={}/{path}", base.display())
        }
        _ => part.to_owned(),
    };
    let parts: Vec<String> = query.split('&').map(part).collect();
    format!("{address}?{}", parts.join("&"))
}

/// Joins without a leading `./`, so that paths read as in the farm file.
pub(crate) fn join(base: &Path, path: &Path) -> PathBuf {
    if base == Path::new(".") { path.to_owned() } else { base.join(path) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn addresses_name_a_layout_or_leave_it_to_the_directory() {
        let parse = |text: &str| text.parse::<Address>();
        let with = |layout, dir: &str| Ok(Address { layout, dir: PathBuf::from(dir) });
        assert_eq!(parse("moin-1.9:/srv/s"), with(Some(Layout::Moin19), "/srv/s"));
        assert_eq!(parse("moin-1.8:s:t"), with(Some(Layout::Moin18), "s:t"));
        assert_eq!(parse("/srv/a:b"), with(None, "/srv/a:b"));
        assert_eq!(parse("./a:b"), with(None, "./a:b"));
        assert_eq!(parse("sessions"), with(None, "sessions"));
        assert_eq!(parse(""), Err(AddressError::Empty));
        assert_eq!(parse("moin-1.9:"), Err(AddressError::Empty));
        assert_eq!(parse("moin-2.0:x"), Err(AddressError::UnknownKind("moin-2.0".into())));
    }

    #[test]
    fn a_password_in_an_address_is_not_shown() {
        let shown = |text: &str| shown_address(OsStr::new(text));
        assert_eq!(shown("redis://:s3cret@h/0"), "redis://:…@h/0");
        assert_eq!(shown("rediss://u:p@ss@h:1/0?prefix=a"), "rediss://u:…@h:1/0?prefix=a");
        assert_eq!(shown("redis://h/0"), "redis://h/0");
        assert_eq!(shown("/srv//a@b"), "/srv//a@b");
    }

    #[test]
    fn a_bare_directory_tells_its_layout_or_is_an_error() {
        let root = tempfile::tempdir().unwrap();
        let address = Address { layout: None, dir: root.path().to_owned() };
        let old = root.path().join("a".repeat(32));
        fs::write(root.path().join("README"), "").unwrap();
        fs::create_dir(root.path().join("b".repeat(40))).unwrap();
        assert!(matches!(address.resolve(), Err(LayoutError::Empty { .. })));
        fs::write(&old, "").unwrap();
        assert_eq!(address.resolve().unwrap().layout, Layout::Moin18);
        fs::write(root.path().join("tmpabcdef.__session"), "").unwrap();
        assert!(matches!(address.resolve(), Err(LayoutError::Mixed { moin_1_8: 1, moin_1_9: 1, .. })));
        fs::remove_file(&old).unwrap();
        let spec = address.resolve().unwrap();
        assert_eq!(spec.address(), format!("moin-1.9:{}", root.path().display()));
        let missing = Address { layout: None, dir: root.path().join("missing") };
        assert!(matches!(missing.resolve(), Err(LayoutError::Directory(DirError::Missing { .. }))));
    }

    #[test]
    fn paths_in_the_farm_file_are_relative_to_it() {
        let parse = |text: &str| StoreAddress::parse(text, Path::new("/etc/farm"));
        let sqlite = |text: &str| Ok(StoreAddress::Sqlite(text.into()));
        assert_eq!(parse("moin-1.9:s"), Ok(StoreAddress::Moin19("/etc/farm/s".into())));
        assert_eq!(parse("moin-1.8:/s"), Ok(StoreAddress::Moin18("/s".into())));
        assert_eq!(parse("sqlite:s.db"), sqlite("/etc/farm/s.db"));
        assert_eq!(parse("sqlite:/s.db?key_file=key"), sqlite("/s.db?key_file=/etc/farm/key"));
        let redis = "rediss://h/0?prefix=p:&password_file=pw&key_file=%2Fetc/key&ca_file=ca.pem";
        let based =
            "rediss://h/0?prefix=p:&password_file=/etc/farm/pw&key_file=%2Fetc/key&ca_file=/etc/farm/ca.pem";
        assert_eq!(parse(redis), Ok(StoreAddress::Redis(based.into())));
        assert_eq!(StoreAddress::parse(redis, Path::new(".")), Ok(StoreAddress::Redis(redis.into())));
        for text in ["json:d", "sqlite:", "moin-2.0:d", "d", "redis://:pw@h", "redis://h?prefx=1"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
