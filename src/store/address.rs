//! Stores on the command line: an address, or a bare `DIR` whose layout is detected from its names.

use std::ffi::OsStr;
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::location::{Layout, Location, LocationError, NameKind, shortened};
use crate::sys::{Dir, DirError, Kind, why};

use super::registry::{backend, forms};
use super::spec::StoreSpec;

/// A store on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "one for each store on the command line")]
#[non_exhaustive]
pub enum Address {
    /// An address with a scheme.
    Location(Location),
    /// A bare `DIR`.
    Bare(PathBuf),
}

/// A text that is not an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// It is empty.
    #[error("empty address: expected {}, wiki:NAME, or a directory", forms())]
    Empty,
    /// An unknown scheme, such as `moin-2.0:`.
    #[error("unknown kind of store {0:?}: expected {kinds}, wiki:NAME, or a directory", kinds = forms())]
    UnknownKind(String),
    /// An invalid address of SQLite or Redis: why.
    #[error("{0}")]
    Bad(String),
}

/// The address without a password, for messages.
pub fn shown_address(text: &OsStr) -> String {
    shortened(&text.to_string_lossy()).into_owned()
}

/// What to do if the layout is unknown.
const NAME_IT: &str = "use moin-1.9:DIR or moin-1.8:DIR";

/// Why the layout of a bare directory is unknown.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LayoutError {
    /// It has no session names.
    #[error("{}: unknown layout, as there are no sessions: {NAME_IT}", .dir.display())]
    Empty {
        /// The directory.
        dir: PathBuf,
    },
    /// It has session names of both layouts.
    #[error("{}: mixed layouts ({}): {NAME_IT}", .dir.display(), LayoutError::together(*.moin_1_8, *.moin_1_9))]
    Mixed {
        /// The directory.
        dir: PathBuf,
        /// The number of names of MoinMoin 1.7 and 1.8.
        moin_1_8: u64,
        /// The number of names of MoinMoin 1.9.
        moin_1_9: u64,
    },
    /// It could not be opened.
    #[error(transparent)]
    Directory(DirError),
    /// It could not be listed.
    #[error("{}: {}", .dir.display(), why(.source))]
    Listing {
        /// The directory.
        dir: PathBuf,
        /// The error.
        source: io::Error,
    },
}

impl LayoutError {
    /// The counts of [`LayoutError::Mixed`], for messages.
    pub fn together(moin_1_8: u64, moin_1_9: u64) -> String {
        let names = if moin_1_8 == 1 { "1 session".to_owned() } else { format!("{moin_1_8} sessions") };
        format!("{names} of MoinMoin 1.7 or 1.8, {moin_1_9} of MoinMoin 1.9")
    }
}

impl LayoutError {
    /// Whether the path contains a symbolic link of another user.
    pub fn is_unsafe(&self) -> bool {
        matches!(self, LayoutError::Directory(DirError::UnsafeLink { .. }))
    }
}

impl Address {
    /// Parses an address. A path with a colon can be written as `./a:b`.
    ///
    /// # Errors
    ///
    /// If it is empty, or has an unknown scheme.
    pub fn parse(text: &OsStr) -> Result<Self, AddressError> {
        match Location::parse(text) {
            Ok(Location::Other { scheme, .. }) if backend(&scheme).is_none() => {
                Err(AddressError::UnknownKind(scheme))
            }
            Ok(location) => Ok(Address::Location(location)),
            Err(LocationError::NoScheme) => Ok(Address::Bare(PathBuf::from(text))),
            Err(LocationError::Empty) => Err(AddressError::Empty),
            Err(why) => Err(AddressError::Bad(why.to_string())),
        }
    }

    /// The store without wikis. Lists a bare directory to detect its layout.
    ///
    /// # Errors
    ///
    /// If the layout is unknown, or the directory can't be listed.
    pub fn resolve(self) -> Result<StoreSpec, LayoutError> {
        match self {
            Address::Location(location) => Ok(location.into()),
            Address::Bare(path) => {
                let layout = detect_layout(&path)?;
                Ok(Location::Directory { layout, path }.into())
            }
        }
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Address::parse(OsStr::new(text))
    }
}

fn detect_layout(path: &Path) -> Result<Layout, LayoutError> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn address_has_a_layout_or_the_directory_determines_it() {
        let parse = |text: &str| text.parse::<Address>();
        let with =
            |layout, path: &str| Ok(Address::Location(Location::Directory { layout, path: path.into() }));
        assert_eq!(parse("moin-1.9:/srv/s"), with(Layout::Moin19, "/srv/s"));
        assert_eq!(parse("moin-1.8:s:t"), with(Layout::Moin18, "s:t"));
        for bare in ["/srv/a:b", "./a:b", "sessions"] {
            assert_eq!(parse(bare), Ok(Address::Bare(bare.into())));
        }
        assert_eq!(parse(""), Err(AddressError::Empty));
        assert_eq!(parse("moin-1.9:"), Err(AddressError::Empty));
        assert_eq!(parse("moin-2.0:x"), Err(AddressError::UnknownKind("moin-2.0".into())));
    }

    #[test]
    fn password_in_address_is_not_shown() {
        let shown = |text: &str| shown_address(OsStr::new(text));
        assert_eq!(shown("redis://:s3cret@h/0"), "redis://:…@h/0");
        assert_eq!(shown("rediss://u:p@ss@h:1/0?prefix=a"), "rediss://u:…@h:1/0?prefix=a");
        assert_eq!(shown("redis://h/0"), "redis://h/0");
        assert_eq!(shown("/srv//a@b"), "/srv//a@b");
    }

    #[test]
    fn layout_of_bare_directory_is_detected_or_an_error() {
        let root = tempfile::tempdir().unwrap();
        let address = Address::Bare(root.path().to_owned());
        let old = root.path().join("a".repeat(32));
        fs::write(root.path().join("README"), "").unwrap();
        fs::create_dir(root.path().join("b".repeat(40))).unwrap();
        assert!(matches!(address.clone().resolve(), Err(LayoutError::Empty { .. })));
        fs::write(&old, "").unwrap();
        assert_eq!(address.clone().resolve().unwrap().location.layout(), Some(Layout::Moin18));
        fs::write(root.path().join("tmpabcdef.__session"), "").unwrap();
        assert!(matches!(
            address.clone().resolve(),
            Err(LayoutError::Mixed { moin_1_8: 1, moin_1_9: 1, .. })
        ));
        fs::remove_file(&old).unwrap();
        let spec = address.clone().resolve().unwrap();
        assert_eq!(spec.address(), format!("moin-1.9:{}", root.path().display()));
        let missing = Address::Bare(root.path().join("missing"));
        assert!(matches!(missing.resolve(), Err(LayoutError::Directory(DirError::Missing { .. }))));
    }
}
