//! Users by name or id, looked up in the user directories of stores.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;

use super::redact::without_ids;
use super::{Context, Failure};
use crate::farm::nearest;
use crate::store::{StoreSpec, UserDir};
use crate::text::list;

/// The user directories of some stores. Each id is looked up once.
#[derive(Default)]
pub(crate) struct Users {
    /// The directories of each store, by its position.
    of_store: Vec<Vec<PathBuf>>,
    /// The wikis with a user directory.
    wikis: BTreeSet<String>,
    open: HashMap<PathBuf, Option<UserDir>>,
    names: HashMap<(usize, String), Option<String>>,
}

/// The name that is most like `user`: with a few other letters, or longer.
fn near<'a>(user: &str, known: &'a [String]) -> Option<&'a str> {
    let begins = |name: &&str| name.to_lowercase().starts_with(&user.to_lowercase());
    let longer = || known.iter().map(String::as_str).filter(begins).min_by_key(|name| (name.len(), *name));
    nearest(user, known.iter().map(String::as_str)).or_else(|| longer().filter(|_| user.len() > 1))
}

/// How many wikis a message names.
const MOST_WIKIS: usize = 5;

/// How many names are kept: a store may name a million users.
const MOST_KEPT: usize = 10_000;

impl Users {
    pub(crate) fn of(specs: &[StoreSpec]) -> Users {
        let dirs = |spec: &StoreSpec| -> Vec<PathBuf> {
            spec.wikis
                .iter()
                .filter_map(|wiki| wiki.user_dir.clone())
                .collect::<BTreeSet<_>>()
                .into_iter()
                .collect()
        };
        let wikis = specs.iter().flat_map(|spec| &spec.wikis).filter(|wiki| wiki.user_dir.is_some());
        let wikis = wikis.map(|wiki| wiki.name.clone()).collect();
        Users { of_store: specs.iter().map(dirs).collect(), wikis, ..Users::default() }
    }

    /// The name of the user with that id, by the user directories of that store.
    pub(crate) fn name(&mut self, store: usize, id: &str) -> Option<String> {
        let dirs = self.of_store.get(store).filter(|dirs| !dirs.is_empty())?.clone();
        if let Some(known) = self.names.get(&(store, id.to_owned())) {
            return known.clone();
        }
        let name = dirs.iter().find_map(|dir| {
            let open = self.open.entry(dir.clone()).or_insert_with(|| UserDir::open(dir).ok());
            open.as_ref()?.user(id).ok().flatten().map(|user| user.name).filter(|name| !name.is_empty())
        });
        if self.names.len() < MOST_KEPT {
            self.names.insert((store, id.to_owned()), name.clone());
        }
        name
    }

    /// The known name that is most like `user`, if any.
    pub(crate) fn near(&self, user: &str) -> Option<String> {
        let dirs: BTreeSet<&PathBuf> = self.of_store.iter().flatten().collect();
        let users = dirs.into_iter().filter_map(|dir| UserDir::open(dir).ok()?.all().ok()).flatten();
        let names: Vec<String> = users.flatten().map(|user| user.name).collect();
        near(user, &names).map(str::to_owned)
    }

    /// The ids that `NAME` or `id:ID` stands for.
    ///
    /// # Errors
    /// If no user directory has the name; the message has the nearest name.
    pub(crate) fn ids(&self, user: &str, context: &mut Context<'_>) -> Result<BTreeSet<String>, Failure> {
        self.ids_found(user, context).map(|(ids, _)| ids)
    }

    /// The same, and whether every profile could be read. If not, another user can have the same name.
    pub(crate) fn ids_found(
        &self,
        user: &str,
        context: &mut Context<'_>,
    ) -> Result<(BTreeSet<String>, bool), Failure> {
        if let Some(id) = user.strip_prefix("id:") {
            return Ok((BTreeSet::from([id.to_owned()]), true));
        }
        // The name may be a session id by mistake.
        let shown = without_ids(user);
        let dirs: BTreeSet<&PathBuf> = self.of_store.iter().flatten().collect();
        if dirs.is_empty() {
            return Err(Failure::usage(format!(
                "can't look up the user {shown:?}: there is no user directory"
            ))
            .help("name the user as id:ID, or use a farm file"));
        }
        let (mut ids, mut known, mut complete, mut all_read) = (BTreeSet::new(), Vec::new(), true, true);
        for dir in dirs {
            let users = UserDir::open(dir).map_err(|error| error.to_string());
            let users = users.and_then(|users| users.all().map_err(|error| error.to_string()));
            match users {
                Ok(users) => {
                    for found in users {
                        match found {
                            Ok(found) if found.name == user => {
                                ids.insert(found.id);
                            }
                            Ok(found) => known.push(found.name),
                            Err(_) => all_read = false,
                        }
                    }
                }
                Err(error) => {
                    context.complain(&error);
                    complete = false;
                }
            }
        }
        if ids.is_empty() && !complete {
            return Err(Failure::partial(format!(
                "can't find the user {shown:?}: a user directory is unreadable"
            ))
            .help("name the user as id:ID"));
        }
        if ids.is_empty() {
            let help = match near(user, &known) {
                Some(near) => format!("did you mean {near:?}?"),
                None => "for a deleted profile, use id:ID as the name of the user".to_owned(),
            };
            let wikis: Vec<&str> = self.wikis.iter().map(String::as_str).collect();
            let wikis = list(&wikis, "and", MOST_WIKIS);
            return Err(
                Failure::usage(format!("no user {shown:?} in the user directories of {wikis}")).help(help)
            );
        }
        Ok((ids, complete && all_read))
    }
}
