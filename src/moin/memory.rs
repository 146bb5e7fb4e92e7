//! Sessions and users in memory, and ids from a seed: for acting out, for tests, and as models for others.

use std::collections::BTreeMap;

use super::{IdForm, Items, Loaded, Profile, Sessions, Users};

/// Sessions by id.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MemorySessions(pub BTreeMap<String, Items>);

impl Sessions for MemorySessions {
    fn load(&self, id: &str) -> Loaded {
        self.0.get(id).map_or(Loaded::Missing, |items| Loaded::Items(items.clone()))
    }

    fn save(&mut self, id: &str, items: &Items) {
        self.0.insert(id.to_owned(), items.clone());
    }

    fn remove(&mut self, id: &str) {
        self.0.remove(id);
    }
}

/// Users in the order in which they came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MemoryUsers {
    /// The profiles.
    pub profiles: Vec<Profile>,
    /// How often each user's session token was made anew.
    tokens: BTreeMap<String, u32>,
}

impl MemoryUsers {
    /// With one more user, who wants to be remembered.
    #[must_use]
    pub fn with(mut self, id: &str, name: &str) -> MemoryUsers {
        self.profiles.push(Profile {
            id: id.to_owned(),
            name: name.to_owned(),
            disabled: false,
            remember_me: true,
        });
        self
    }

    /// The profile of that name, to change it.
    pub fn by_name_mut(&mut self, name: &str) -> Option<&mut Profile> {
        self.profiles.iter_mut().find(|profile| profile.name == name)
    }
}

impl Users for MemoryUsers {
    fn by_id(&self, id: &str) -> Option<Profile> {
        self.profiles.iter().find(|profile| profile.id == id).cloned()
    }

    fn by_name(&self, name: &str) -> Option<Profile> {
        self.profiles.iter().find(|profile| profile.name == name).cloned()
    }

    fn token(&mut self, id: &str) -> String {
        format!("token-{}", self.tokens.get(id).copied().unwrap_or_default())
    }

    fn renew_token(&mut self, id: &str) {
        let times = self.tokens.entry(id.to_owned()).or_default();
        *times = times.wrapping_add(1);
    }
}

/// Ids of the right form, the same ones for the same seed.
#[derive(Debug, Clone)]
pub struct SeededIds(fastrand::Rng);

impl SeededIds {
    /// From a seed.
    pub fn new(seed: u64) -> SeededIds {
        SeededIds(fastrand::Rng::with_seed(seed))
    }

    /// The next id; empty for 2.0, where the session is the cookie and needs none.
    pub fn next(&mut self, form: IdForm) -> String {
        form.random(&mut self.0)
    }
}
