//! The wikis that use a directory or file.

use std::collections::HashMap;
use std::os::unix::fs::MetadataExt;

use crate::location::Location;
use crate::store::StoreSpec;
use crate::sys::{Dir, FileId};

/// The wikis that use each directory or file.
#[derive(Debug, Default)]
pub struct Users {
    by_candidate: HashMap<(FileId, String), Vec<String>>,
}

impl Users {
    /// The wikis of the stores that exist.
    pub fn of(stores: &[StoreSpec]) -> Self {
        let mut users = Users::default();
        for spec in stores {
            let id = match (spec.location.directory(), spec.location.path()) {
                (Some(dir), _) => Dir::open(dir).ok().map(|dir| dir.id()),
                (None, file) => {
                    let stat = file.and_then(|file| file.symlink_metadata().ok());
                    stat.map(|stat| FileId { device: stat.dev(), inode: stat.ino() })
                }
            };
            if let Some(id) = id {
                let wikis = spec.wikis.iter().map(|wiki| wiki.name.clone());
                users.by_candidate.entry((id, spec.location.scheme().to_owned())).or_default().extend(wikis);
            }
        }
        users
    }

    pub(super) fn get(&self, id: FileId, location: &Location) -> Option<&[String]> {
        self.by_candidate.get(&(id, location.scheme().to_owned())).map(Vec::as_slice)
    }
}
