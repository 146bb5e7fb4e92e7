//! The state between steps: browser, stores, user directories, and time.

use std::path::{Path, PathBuf};

use super::event::{StoreView, in_jar, session};
use super::people::People;
use super::wiki::{Dir, Site};
use crate::browser::{Jar, Profile, SharedSuffixes};
use crate::moin::{Behavior, Items, MemorySessions, SeededIds, Users, Version};

/// The state that outlasts a request.
#[derive(Debug, Clone)]
pub struct World {
    pub(super) jar: Jar,
    pub(super) now: f64,
    pub(super) ids: SeededIds,
    pub(super) stores: Vec<Store>,
    pub(super) people: Vec<People>,
    /// The store of the 1.9.0 process, once one of its wikis was visited.
    pub(super) process: Option<usize>,
    pub(super) unmet: usize,
}

/// A session directory.
#[derive(Debug, Clone)]
pub struct Store {
    pub(super) dir: Dir,
    /// The version of the first wiki that used the store.
    pub(super) version: Version,
    pub(super) sessions: MemorySessions,
}

impl Store {
    /// The directory, as in the farm file.
    pub fn path(&self) -> &Path {
        &self.dir.path
    }

    /// The version of the first wiki that used it.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The sessions in it.
    pub fn sessions(&self) -> &MemorySessions {
        &self.sessions
    }
}

impl World {
    /// A world with a new browser and without sessions.
    pub fn new(now: f64, seed: u64, suffixes: SharedSuffixes) -> World {
        World {
            jar: Jar::with_suffixes(Profile::Chromium, suffixes),
            now,
            ids: SeededIds::new(seed),
            stores: Vec::new(),
            people: Vec::new(),
            process: None,
            unmet: 0,
        }
    }

    /// Returns the world with another browser than Chromium.
    #[must_use]
    pub fn with_profile(self, profile: Profile) -> World {
        let jar = Jar::with_suffixes(profile, self.jar.shared_suffixes());
        self.with_jar(jar)
    }

    /// Returns the world with this browser.
    #[must_use]
    pub(crate) fn with_jar(self, jar: Jar) -> World {
        World { jar, ..self }
    }

    /// The time, in unix seconds.
    pub fn now(&self) -> f64 {
        self.now
    }

    /// The browser's cookies.
    pub fn jar(&self) -> &Jar {
        &self.jar
    }

    /// The stores used so far.
    pub fn stores(&self) -> &[Store] {
        &self.stores
    }

    /// The number of unmet expectations so far.
    pub fn unmet(&self) -> usize {
        self.unmet
    }

    /// The session with an id in a wiki's store.
    pub(crate) fn session_of(&self, site: &Site, id: &str) -> Option<&Items> {
        self.stores.get(self.known_store(site)?)?.sessions.0.get(id)
    }

    /// Whether two visited wikis keep their sessions in the same store.
    pub(crate) fn have_one_store(&self, one: &Site, other: &Site) -> bool {
        let store = self.known_store(one);
        store.is_some() && store == self.known_store(other)
    }

    /// The position of the store of a visited wiki.
    fn known_store(&self, site: &Site) -> Option<usize> {
        let dir = site.sessions.as_ref()?;
        let process = self.process.filter(|_| site.behavior() == Behavior::V1_9_0);
        process.or_else(|| self.stores.iter().position(|store| store.dir.identity == dir.identity))
    }

    /// The position of a wiki's store. 1.9.0 uses the store of the first visited wiki of the process.
    pub(super) fn store(&mut self, site: &Site) -> Option<usize> {
        let dir = site.sessions.as_ref()?;
        let position = self.known_store(site).unwrap_or_else(|| {
            let store = Store {
                dir: dir.clone(),
                version: site.settings().version,
                sessions: MemorySessions::default(),
            };
            self.stores.push(store);
            self.stores.len() - 1
        });
        if site.behavior() == Behavior::V1_9_0 {
            self.process = Some(position);
        }
        Some(position)
    }

    /// The position of a wiki's users.
    pub(super) fn users(&mut self, site: &Site) -> usize {
        let known = self.people.iter().position(|people| people.dir.identity == site.users.identity);
        known.unwrap_or_else(|| {
            self.people.push(People::new(&site.users));
            self.people.len() - 1
        })
    }

    /// The cookies, in words.
    pub(super) fn jar_view(&self) -> Vec<String> {
        let live = self.jar.all().iter().filter(|cookie| !cookie.is_expired(self.now));
        live.map(in_jar).collect()
    }

    /// The stores with their sessions.
    pub(super) fn stores_view(&self) -> Vec<StoreView> {
        let name =
            |id: &str| self.people.iter().find_map(|people| people.known.by_id(id)).map(|user| user.name);
        let view = |store: &Store| StoreView {
            store: store.dir.path.display().to_string(),
            sessions: store.sessions.0.iter().map(|(id, items)| session(id, items, name)).collect(),
        };
        self.stores.iter().map(view).collect()
    }

    /// The directories with sessions.
    pub(super) fn directories(&self) -> impl Iterator<Item = (PathBuf, &Store)> {
        self.stores.iter().map(|store| (store.dir.path.clone(), store))
    }
}
