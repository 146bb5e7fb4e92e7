//! The stores of a farm.

use std::path::{Path, PathBuf};

use super::{Layout, StoreSpec, StoreWiki};
use crate::farm::{Key, Trusted, Wiki};
use crate::location::StoreAddress;
use crate::moin::Behaviour;

/// The stores of a farm's wikis, and the wikis that have none that can be looked after, each with the reason.
#[derive(Debug, Default)]
pub struct FarmStores {
    /// The stores in the order of their first wiki; wikis that share a directory are together.
    pub stores: Vec<StoreSpec>,
    /// Wikis left out, each with why.
    pub without: Vec<(String, String)>,
}

/// Finds the stores of a farm. Two paths of one directory are one store. They are there to be opened, so the farm has to
/// be trusted.
pub fn of_farm(farm: &Trusted) -> FarmStores {
    let mut found = FarmStores::default();
    let mut places: std::collections::HashMap<(Layout, crate::sys::Place), usize> =
        std::collections::HashMap::new();
    for wiki in &farm.wikis {
        let (layout, dir) = match place(wiki) {
            Ok(place) => place,
            Err(why) => {
                found.without.push((wiki.name.clone(), why));
                continue;
            }
        };
        let spec = StoreSpec { layout, dir: dir.clone(), wikis: Vec::new() };
        let position = *places.entry((layout, spec.place())).or_insert_with(|| {
            found.stores.push(spec);
            found.stores.len() - 1
        });
        if let Some(store) = found.stores.get_mut(position) {
            // One wiki that wants seals is enough: the others do not mind them.
            if !has_key(&store.dir) && has_key(&dir) {
                store.dir = dir;
            }
            store.wikis.push(StoreWiki {
                name: wiki.name.clone(),
                version: wiki.version(),
                user_dir: wiki.user_dir(),
                superusers: wiki.names(Key::Superuser).unwrap_or_default().to_vec(),
            });
        }
    }
    found
}

/// Whether the address of a database names a key.
fn has_key(address: &Path) -> bool {
    address.to_string_lossy().contains("key_file=")
}

/// Where a wiki keeps its sessions, or why that can't be said.
fn place(wiki: &Wiki) -> Result<(Layout, PathBuf), String> {
    if wiki.version().behaviour() != Behaviour::V2
        && let Some(store) = wiki.session_store()
    {
        return Ok(match store {
            StoreAddress::Moin18(dir) => (Layout::Moin18, dir),
            StoreAddress::Moin19(dir) => (Layout::Moin19, dir),
            StoreAddress::Sqlite(file) => (Layout::Sqlite, file),
            StoreAddress::Redis(address) => (Layout::Redis, PathBuf::from(address)),
        });
    }
    // Another class for ids alone renames the cookie; sessions lie where they always do.
    if let Some(key) = wiki.custom_handler().filter(|key| *key != Key::SessionIdHandler) {
        return Err(format!("it has its own {}", key.name()));
    }
    let layout = match wiki.version().behaviour() {
        Behaviour::V2 => return Err("MoinMoin 2 keeps sessions in the cookie".to_owned()),
        Behaviour::V1_7_0 | Behaviour::V1_7_3 | Behaviour::V1_8 => Layout::Moin18,
        _ => Layout::Moin19,
    };
    match wiki.session_dir() {
        Some(dir) => Ok((layout, dir)),
        None => Err("the farm file gives it no data_dir, cache_dir or session_dir".to_owned()),
    }
}
