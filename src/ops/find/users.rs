//! Which wikis use which directory or file.

use std::collections::HashMap;
use std::os::unix::fs::MetadataExt;

use crate::store::{Layout, SqliteAddress, StoreSpec};
use crate::sys::{Dir, FileId};

/// Which wikis use which directory or file.
#[derive(Debug, Default)]
pub struct Users {
    by_place: HashMap<(FileId, Layout), Vec<String>>,
}

impl Users {
    /// The users of these stores, as far as they exist.
    pub fn of(stores: &[StoreSpec]) -> Self {
        let mut users = Users::default();
        for spec in stores {
            let id = match spec.layout {
                Layout::Redis => None,
                Layout::Sqlite => {
                    let stat = SqliteAddress::file_of(&spec.dir).symlink_metadata().ok();
                    stat.map(|stat| FileId { device: stat.dev(), inode: stat.ino() })
                }
                _ => Dir::open(&spec.dir).ok().map(|dir| dir.id()),
            };
            if let Some(id) = id {
                let wikis = spec.wikis.iter().map(|wiki| wiki.name.clone());
                users.by_place.entry((id, spec.layout)).or_default().extend(wikis);
            }
        }
        users
    }

    pub(super) fn get(&self, id: FileId, layout: Layout) -> Option<&[String]> {
        self.by_place.get(&(id, layout)).map(Vec::as_slice)
    }
}
