//! The stores of a farm.

use std::collections::HashMap;

use super::spec::{StoreSpec, StoreWiki};
use crate::farm::{Key, Trusted, Wiki};
use crate::location::{Identity, Location};
use crate::moin::Behavior;

/// The stores of the wikis in a farm, and the wikis without a store.
#[derive(Debug, Default)]
pub struct FarmStores {
    /// The stores in the order of their first wiki; wikis that share a directory are together.
    pub stores: Vec<StoreSpec>,
    /// Wikis without a store, with the reason.
    pub without: Vec<(String, String)>,
}

/// Finds the stores of a farm. Two paths of one directory are one store. The farm must be trusted, because the stores will be
/// opened.
pub fn of_farm(farm: &Trusted) -> FarmStores {
    let mut found = FarmStores::default();
    let mut known: HashMap<(String, Identity), usize> = HashMap::new();
    for wiki in &farm.wikis {
        let location = match location(wiki) {
            Ok(location) => location,
            Err(why) => {
                found.without.push((wiki.name.clone(), why));
                continue;
            }
        };
        let key = (location.scheme().to_owned(), location.identity());
        let position = *known.entry(key).or_insert_with(|| {
            found.stores.push(location.clone().into());
            found.stores.len() - 1
        });
        if let Some(store) = found.stores.get_mut(position) {
            // One wiki with a key is enough: the others ignore MACs.
            if store.location.key_file().is_none() && location.key_file().is_some() {
                store.location = location;
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

/// The location of a wiki's sessions, or why it is unknown.
fn location(wiki: &Wiki) -> Result<Location, String> {
    let in_cookie = wiki.version().behavior() >= Behavior::V2;
    if wiki.session_store().is_none() || in_cookie {
        // Another class for ids only renames the cookie. The sessions are in the usual directory.
        if let Some(key) = wiki.custom_handler().filter(|key| *key != Key::SessionIdHandler) {
            return Err(format!("custom {}", key.name()));
        }
        if in_cookie {
            return Err("MoinMoin 2 keeps each session in a signed cookie in the user's browser".to_owned());
        }
    }
    let unknown = || "no data_dir, cache_dir, or session_dir in the farm file".to_owned();
    wiki.session_location().ok_or_else(unknown)
}
