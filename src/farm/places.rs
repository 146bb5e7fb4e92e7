//! Whether two paths are one directory, and two wikis have one place for sessions.

use std::path::{Path, PathBuf};

use super::{RedisAddress, SqliteAddress, StoreAddress, Wiki};
use crate::moin::Behaviour;
use crate::sys::PlaceMap;

pub use crate::sys::Place as Identity;

/// The disk, or what a test says it is.
pub trait Places {
    /// What the directory at `path` is.
    fn identity(&self, path: &Path) -> Identity;
}

/// Where a wiki keeps its sessions: as people know it, and what makes it the same as another's. `None` where the farm
/// file does not tell, and in 2.0.
pub fn session_place(wiki: &Wiki, places: &dyn Places) -> Option<(PathBuf, Identity)> {
    let store = wiki.session_store().filter(|_| wiki.version().behaviour() != Behaviour::V2);
    match store {
        Some(StoreAddress::Redis(text)) => {
            let identity = RedisAddress::parse(&text).ok()?.place();
            Some((PathBuf::from(text), identity))
        }
        Some(StoreAddress::Sqlite(place)) => {
            let file = SqliteAddress::file_of(&place);
            let identity = places.identity(&file);
            Some((file, identity))
        }
        _ => wiki.session_dir().map(|dir| (dir.clone(), places.identity(&dir))),
    }
}

/// The disk of this machine, each directory looked at once.
#[derive(Debug, Default)]
pub struct RealPlaces(PlaceMap);

impl Places for RealPlaces {
    fn identity(&self, path: &Path) -> Identity {
        self.0.place(path)
    }
}
