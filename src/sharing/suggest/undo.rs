//! Takes back the changes of a construction that are not needed.

use std::collections::BTreeSet;

use super::build::Way;
use super::change::{Change, MOVES};
use super::check::{Broken, Check};
use super::search::Search;
use crate::farm::{Key, Value, Wiki};
use crate::location::RealDirectories;
use crate::sharing::Model;
use crate::sharing::site::{Site, site};

/// So few wikis are checked one by one, and more with the whole farm.
const FEW: usize = 4;

/// A farm on which changes are tried.
pub(super) struct Trial<'a> {
    search: &'a Search<'a>,
    directories: RealDirectories,
    built: Vec<Wiki>,
    /// The settings of each wiki that are as built.
    kept: Vec<BTreeSet<Key>>,
    model: Model,
    /// Whether sites changed since they were sorted into classes.
    stale: bool,
}

impl<'a> Trial<'a> {
    /// The farm as built.
    pub(super) fn new(search: &'a Search<'a>, built: Vec<Wiki>) -> Trial<'a> {
        let differs = |(old, new): (&Wiki, &Wiki)| {
            MOVES.iter().copied().filter(|key| old.value(*key) != new.value(*key)).collect()
        };
        let kept: Vec<BTreeSet<Key>> = search.wikis.iter().zip(&built).map(differs).collect();
        let directories = RealDirectories::default();
        let mut trial = Trial { search, directories, built, kept, model: search.model.copy(), stale: false };
        for at in 0..trial.kept.len() {
            if trial.kept.get(at).is_some_and(|keys| !keys.is_empty()) {
                trial.apply(at);
            }
        }
        trial
    }

    /// The first problem of the farm.
    pub(super) fn broken(&mut self) -> Option<Broken> {
        self.sort();
        self.check().whole()
    }

    /// The model of the farm as it is now.
    pub(super) fn model(&self) -> &Model {
        &self.model
    }

    /// The changes that are left.
    pub(super) fn changes(&self) -> Vec<Change> {
        let mut changes = Vec::new();
        for ((old, new), keys) in self.search.wikis.iter().zip(&self.built).zip(&self.kept) {
            let change =
                |key: &Key| Change { wiki: old.name.clone(), key: *key, value: new.value(*key).cloned() };
            changes.extend(keys.iter().map(change));
        }
        changes
    }

    /// Takes back every change without which the farm still is as wanted.
    pub(super) fn undo(&mut self, way: Way) {
        for key in way.order {
            self.without(*key);
        }
        for at in 0..self.kept.len() {
            self.some_aliases(at);
        }
        // A change that was needed for another one may not be needed any more.
        let all: Vec<usize> = (0..self.kept.len()).collect();
        let mut left = usize::MAX;
        while self.count() < left {
            left = self.count();
            way.order.iter().for_each(|key| self.one_by_one(*key, &all));
        }
    }

    /// The number of changes that are left.
    fn count(&self) -> usize {
        self.kept.iter().map(BTreeSet::len).sum()
    }

    /// Takes back a setting everywhere, else at a party, else at a wiki.
    fn without(&mut self, key: Key) {
        let all: Vec<usize> = (0..self.kept.len()).collect();
        if self.take_back(&all, key) {
            return;
        }
        for party in &self.search.intents.parties {
            if party.len() == 1 || !self.take_back(party, key) {
                self.one_by_one(key, party);
            }
        }
    }

    fn one_by_one(&mut self, key: Key, wikis: &[usize]) {
        for at in wikis {
            self.take_back(&[*at], key);
        }
    }

    /// Takes back a setting at some wikis, unless that breaks something. Whether the setting is back.
    ///
    /// An upgrade and the lifetime in the form of the new version belong together.
    fn take_back(&mut self, wikis: &[usize], key: Key) -> bool {
        let has = |at: &&usize| {
            let keys = self.kept.get(**at);
            keys.is_some_and(|keys| keys.contains(&key) && !belongs_to_upgrade(key, keys))
        };
        let wikis: Vec<usize> = wikis.iter().filter(has).copied().collect();
        if wikis.is_empty() {
            return true;
        }
        let now = |at: &usize| Some((*at, self.model.sites.get(*at)?.clone(), self.kept.get(*at)?.clone()));
        let old: Vec<(usize, Site, BTreeSet<Key>)> = wikis.iter().filter_map(now).collect();
        for at in &wikis {
            let gone = |other: &Key| *other == key || (key == Key::Moin && *other == Key::CookieLifetime);
            self.kept.get_mut(*at).into_iter().for_each(|keys| keys.retain(|other| !gone(other)));
            self.apply(*at);
        }
        let well = match wikis.len() <= FEW {
            true => wikis.iter().all(|at| self.is_well_around(*at)),
            false => self.broken().is_none(),
        };
        if !well {
            for (at, site, keys) in old {
                self.kept.get_mut(at).into_iter().for_each(|slot| *slot = keys.clone());
                self.model.sites.get_mut(at).into_iter().for_each(|slot| *slot = site.clone());
            }
            self.stale = true;
        }
        well
    }

    /// Keeps the aliases of a wiki that break nothing, if not all can be kept.
    fn some_aliases(&mut self, at: usize) {
        let Some(old) = self.search.wikis.get(at) else { return };
        if !self.kept.get(at).is_some_and(|keys| keys.contains(&Key::Aliases)) || old.aliases().len() < 2 {
            return;
        }
        let mut kept: Vec<url::Url> = Vec::new();
        for alias in old.aliases() {
            kept.push(alias.clone());
            if !self.set_aliases(at, &kept) {
                kept.pop();
                self.set_aliases(at, &kept);
            }
        }
    }

    /// Gives a wiki these aliases. Whether the farm still is as wanted.
    fn set_aliases(&mut self, at: usize, aliases: &[url::Url]) -> bool {
        let value = (!aliases.is_empty()).then(|| Value::Urls(aliases.to_vec()));
        self.built.get_mut(at).into_iter().for_each(|wiki| *wiki = wiki.with(Key::Aliases, value.clone()));
        self.apply(at);
        self.is_well_around(at)
    }

    fn is_well_around(&mut self, at: usize) -> bool {
        if self.check().around(at).is_some() {
            return false;
        }
        if !self.check().has_several_cookies(at) {
            return true;
        }
        self.sort();
        self.model.thirds_among(&|wikis| wikis.contains(&at)).is_empty()
    }

    fn check(&self) -> Check<'_> {
        self.search.check_of(&self.model)
    }

    /// Sorts the sites into classes, after some have changed.
    fn sort(&mut self) {
        if std::mem::take(&mut self.stale) {
            let sites = std::mem::take(&mut self.model.sites);
            self.model = self.model.with_sites(sites);
        }
    }

    /// Puts the wiki with its changes into the farm.
    fn apply(&mut self, at: usize) {
        let search = self.search;
        let (Some(old), Some(new), Some(keys)) =
            (search.wikis.get(at), self.built.get(at), self.kept.get(at))
        else {
            return;
        };
        let wiki = keys.iter().fold(old.clone(), |wiki, key| wiki.with(*key, new.value(*key).cloned()));
        if let Some(mut fresh) = site(&wiki, &self.directories, &search.model.browser) {
            self.model.mark(&mut fresh);
            self.model.sites.get_mut(at).into_iter().for_each(|slot| *slot = fresh.clone());
        }
        self.stale = true;
    }
}

/// Whether a change is part of an upgrade among these changes.
pub(super) fn belongs_to_upgrade(key: Key, changes: &BTreeSet<Key>) -> bool {
    key == Key::CookieLifetime && changes.contains(&Key::Moin)
}
