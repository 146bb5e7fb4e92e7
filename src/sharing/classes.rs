//! Classes and kinds of wikis, so that farms of thousands are predicted by kind, not by pair.
//!
//! Wikis of one *behavior* do the same wherever they lie: version, cookie name, lifetimes, login methods, Secure. Those of
//! one *kind* have the same domain and path for their cookie, too; those of one *class* also the same sessions and users,
//! and differ only in their address. The result for a pair depends on the two behaviors, on whether they have the same
//! sessions and the same users, and on the relation of their addresses ([`super::relation`]); so for any wiki gone
//! to it is enough to ask, of each kind whose cookie comes there under the same name, about one wiki with the same storage
//! and users, one with the same storage only, and so on.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;

use super::relation::{cookie, is_plain};
use super::site::{Left, Marks, Site, Storage};
use super::verdict::As;
use crate::moin::lifetimes;

/// Which sites are of one class, which classes of one kind, and which kinds' cookies reach where.
#[derive(Debug, Default, Clone)]
pub struct Classes {
    /// The class of each site.
    pub of: Vec<usize>,
    /// The sites of each class, by position.
    pub members: Vec<Vec<usize>>,
    /// Where each class keeps sessions and users, as numbers that are equal for equal locations.
    pub(super) directories: Vec<(usize, usize)>,
    pub(super) kinds: Vec<Kind>,
    kind_of: Vec<usize>,
    /// The kinds by their cookie's domain, path and name.
    pub(super) by_cookie: HashMap<String, HashMap<Vec<u8>, Named>>,
}

/// Classes that differ only in where sessions and users lie.
#[derive(Debug, Default, Clone)]
pub(super) struct Kind {
    behavior: usize,
    pub(super) classes: Vec<usize>,
    /// The classes by where users lie, then sessions.
    pub(super) by_users: HashMap<usize, BTreeMap<usize, usize>>,
    /// The classes by where sessions lie.
    by_storage: HashMap<usize, Vec<usize>>,
}

/// Kinds whose cookies have one domain and one path.
#[derive(Debug, Default, Clone)]
pub(super) struct Named {
    pub(super) by_name: HashMap<String, Vec<usize>>,
    /// Those whose cookie concerns wikis that look for another name, too: nobody knows it, or it may make the header
    /// unreadable.
    pub(super) odd: Vec<usize>,
}

impl Classes {
    /// The kind of a class: classes of one kind differ only in where sessions and users lie.
    pub fn kind_of(&self, class: usize) -> usize {
        self.kind_of.get(class).copied().unwrap_or_default()
    }

    /// The positions of the sites of a kind.
    pub(crate) fn members_of_kind(&self, kind: usize) -> impl Iterator<Item = usize> {
        let classes = self.kinds.get(kind).into_iter().flat_map(|kind| &kind.classes);
        classes.filter_map(|class| self.members.get(*class)).flatten().copied()
    }

    /// The behavior of a class: classes of one behavior do the same, wherever they lie.
    pub fn behavior_of(&self, class: usize) -> usize {
        self.kinds.get(self.kind_of(class)).map(|kind| kind.behavior).unwrap_or_default()
    }

    /// The class of a site.
    pub fn class_of(&self, position: usize) -> usize {
        self.of.get(position).copied().unwrap_or_default()
    }

    /// Sorts marked sites into classes and kinds.
    pub(super) fn new(sites: &[Site]) -> Classes {
        let mut classes = Classes::default();
        let mut known: HashMap<(usize, (usize, usize)), usize> = HashMap::new();
        for (position, site) in sites.iter().enumerate() {
            let Marks { behavior, kind, storage, users } = site.marks;
            if kind >= classes.kinds.len() {
                classes.kinds.resize_with(kind + 1, Kind::default);
            }
            let directories = (storage, users);
            let mut first = false;
            let class = *known.entry((kind, directories)).or_insert_with(|| {
                let class = classes.members.len();
                classes.members.push(Vec::new());
                classes.directories.push(directories);
                classes.kind_of.push(kind);
                if let Some(kind) = classes.kinds.get_mut(kind) {
                    first = kind.classes.is_empty();
                    kind.behavior = behavior;
                    kind.classes.push(class);
                    kind.by_users.entry(users).or_default().insert(storage, class);
                    kind.by_storage.entry(storage).or_default().push(class);
                }
                class
            });
            if let Some(cookie) = cookie(site).filter(|_| first) {
                let paths = classes.by_cookie.entry(cookie.domain.clone()).or_default();
                let named = paths.entry(cookie.path.clone()).or_default();
                if site.custom.is_some() || !is_plain(&site.cookie_name) {
                    named.odd.push(kind);
                } else {
                    named.by_name.entry(site.cookie_name.clone()).or_default().push(kind);
                }
            }
            classes.of.push(class);
            if let Some(members) = classes.members.get_mut(class) {
                members.push(position);
            }
        }
        classes
    }
}

impl Kind {
    /// Of its classes one that has all directories in common with a site, one that has the users, one that has the storage,
    /// and one that has neither; as far as there are any.
    pub(super) fn examples(
        &self,
        directories: &[(usize, usize)],
        of: Marks,
    ) -> impl Iterator<Item = usize> + use<> {
        let same_users = self.by_users.get(&of.users);
        let both = same_users.and_then(|classes| classes.get(&of.storage)).copied();
        let only_users = same_users
            .and_then(|classes| classes.iter().find(|(other, _)| **other != of.storage))
            .map(|(_, class)| *class);
        let directories = |class: &usize| directories.get(*class).copied().unwrap_or_default();
        let other_users = |class: &&usize| directories(class).1 != of.users;
        let only_storage =
            self.by_storage.get(&of.storage).and_then(|classes| classes.iter().find(other_users)).copied();
        let neither =
            self.classes.iter().find(|class| other_users(class) && directories(class).0 != of.storage);
        [both, only_users, only_storage, neither.copied()].into_iter().flatten()
    }
}

/// Numbers for texts, each kind of text from 0.
#[derive(Debug, Default, Clone)]
pub(super) struct Names {
    known: HashMap<char, HashMap<String, usize>>,
}

impl Names {
    /// Marks a site and its aliases.
    pub(super) fn mark(&mut self, site: &mut Site) {
        self.mark_one(site);
        for alias in &mut site.aliases {
            self.mark_one(alias);
        }
    }

    fn mark_one(&mut self, site: &mut Site) {
        let behavior = behavior_key(site);
        let kind = format!("{behavior}\0{}", address_key(site));
        site.marks = Marks {
            behavior: self.number('m', behavior),
            kind: self.number('k', kind),
            storage: self.number('s', storage_key(site)),
            users: self.number('u', users_key(site)),
        };
    }

    fn number(&mut self, what: char, text: String) -> usize {
        let known = self.known.entry(what).or_default();
        let next = known.len();
        *known.entry(text).or_insert(next)
    }
}

fn storage_key(site: &Site) -> String {
    match &site.storage {
        Storage::Directory(_, identity) | Storage::Process(_, identity) => format!("{identity:?}"),
        Storage::Cookie(key) => format!("{key:?}"),
        Storage::Unknown => String::new(),
    }
}

fn users_key(site: &Site) -> String {
    site.users.as_ref().map_or(String::new(), |(_, identity)| format!("{identity:?}"))
}

/// Everything about a site that decides about a pair, except its address and where sessions and users lie.
fn behavior_key(site: &Site) -> String {
    let storage = match &site.storage {
        Storage::Directory(..) => 'd',
        Storage::Process(..) => 'p',
        Storage::Cookie(None) => 'n',
        Storage::Cookie(Some(_)) => 'k',
        Storage::Unknown => '?',
    };
    let mut key = format!(
        "{}\0{}\0{:?}\0{}\0{storage}\0{}\0{:?}\0{:?}\0{:?}\0{:?}\0{}",
        site.cookie_name,
        site.target.is_secure(),
        site.behavior(),
        site.settings.version.reads_names_over_semicolons(),
        site.users.is_some(),
        site.auth,
        site.custom,
        site.settings.takes(),
        lifetimes(&site.settings),
        site.settings.clock_skew,
    );
    for visitor in [As::User, As::Anonymous] {
        // Writing to a String does not fail.
        let _ = match site.left(visitor) {
            Left::None(why) => write!(key, "\0{why:?}"),
            Left::Rejected(reason, _) => write!(key, "\0{reason:?}"),
            Left::Expired(seconds) => write!(key, "\0{seconds}"),
            Left::Cookie(cookie) => write!(key, "\0{}\0{:?}", cookie.secure, cookie.expires),
        };
    }
    key
}

/// Where its cookie goes.
fn address_key(site: &Site) -> String {
    let address = |cookie: &crate::browser::Cookie| {
        format!("{}\0{}\0{:?}", cookie.domain, cookie.host_only, cookie.path)
    };
    cookie(site).map(address).unwrap_or_default()
}
