//! Classes and kinds of wikis, so that a farm of thousands is asked about by kind, not by pair.
//!
//! Wikis of one *class* differ only in their address. Classes of one *kind* differ only in where sessions and users
//! lie; and what becomes of a pair depends on no more of that than whether both have the same. So for any wiki gone to
//! it is enough to ask, of each kind whose cookie comes there, about one wiki with the same storage and users, one
//! with the same storage only, and so on: at most four.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;

use super::site::{Left, Site, Storage};
use super::{As, Model};

/// Which sites are of one class, which classes of one kind, and which kinds' cookies reach where.
#[derive(Debug, Default)]
pub struct Classes {
    /// The class of each site.
    pub of: Vec<usize>,
    /// The sites of each class, by position.
    pub members: Vec<Vec<usize>>,
    /// Where each class keeps sessions and users, as numbers that only tell same from other.
    places: Vec<(usize, usize)>,
    kinds: Vec<Kind>,
    kind_of: Vec<usize>,
    /// The kinds by their login cookie's domain and path.
    by_cookie: HashMap<String, HashMap<Vec<u8>, Vec<usize>>>,
}

/// Classes that differ only in where sessions and users lie.
#[derive(Debug, Default)]
struct Kind {
    classes: Vec<usize>,
    /// The classes by where users lie, then sessions.
    by_users: HashMap<usize, BTreeMap<usize, usize>>,
    /// The classes by where sessions lie.
    by_storage: HashMap<usize, Vec<usize>>,
}

impl Classes {
    /// The kind of a class: classes of one kind differ only in where sessions and users lie.
    pub fn kind_of(&self, class: usize) -> usize {
        self.kind_of.get(class).copied().unwrap_or_default()
    }

    /// Sorts sites into classes and kinds.
    pub(super) fn new(sites: &[Site]) -> Classes {
        let mut classes = Classes::default();
        let mut names = Names::default();
        let mut known: HashMap<(usize, (usize, usize)), usize> = HashMap::new();
        for (position, site) in sites.iter().enumerate() {
            let kind = names.number(kind_key(site));
            if kind >= classes.kinds.len() {
                classes.kinds.resize_with(kind + 1, Kind::default);
            }
            let places = (names.number(storage_key(site)), names.number(users_key(site)));
            let class = *known.entry((kind, places)).or_insert_with(|| {
                let class = classes.members.len();
                classes.members.push(Vec::new());
                classes.places.push(places);
                classes.kind_of.push(kind);
                if let (Some(kind), (storage, users)) = (classes.kinds.get_mut(kind), places) {
                    kind.classes.push(class);
                    kind.by_users.entry(users).or_default().insert(storage, class);
                    kind.by_storage.entry(storage).or_default().push(class);
                }
                class
            });
            if let (Left::Cookie(cookie), Some(true)) =
                (site.left(As::User), classes.kinds.get(kind).map(|kind| kind.classes == [class]))
            {
                let kinds = classes.by_cookie.entry(cookie.domain.clone()).or_default();
                let kinds = kinds.entry(cookie.path.clone()).or_default();
                if kinds.last() != Some(&kind) && !kinds.contains(&kind) {
                    kinds.push(kind);
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

impl Model {
    /// The kinds whose login cookie a browser sends to `to`.
    fn kinds_that_reach<'a>(&'a self, to: &'a Site) -> impl Iterator<Item = &'a Kind> + 'a {
        // A cookie's domain is the host or a parent of it, its path the request's or a beginning of it.
        let (host, path) = (to.target.host(), to.target.path());
        let parents = host.match_indices('.').filter_map(move |(dot, _)| host.get(dot + 1..));
        let domains =
            std::iter::once(host).chain(parents).filter_map(|domain| self.classes.by_cookie.get(domain));
        let beginnings = move || {
            let cuts = path.match_indices('/').flat_map(|(at, _)| [at, at + 1]).chain([path.len()]);
            let mut cuts: Vec<usize> = cuts.filter(|cut| *cut > 0).collect();
            cuts.dedup();
            cuts.into_iter().filter_map(move |cut| path.as_bytes().get(..cut))
        };
        let kinds = domains.flat_map(move |paths| beginnings().filter_map(|path| paths.get(path))).flatten();
        kinds.filter_map(|kind| self.classes.kinds.get(*kind)).filter(|kind| {
            match kind.classes.first().and_then(|class| self.example(*class)).map(|site| site.left(As::User))
            {
                Some(Left::Cookie(cookie)) => to.receives(cookie),
                _ => false,
            }
        })
    }

    /// All classes whose login cookie a browser sends to `to`.
    pub fn senders<'a>(&'a self, to: &'a Site) -> impl Iterator<Item = usize> + 'a {
        self.kinds_that_reach(to).flat_map(|kind| kind.classes.iter().copied())
    }

    /// Of the classes whose login cookie a browser sends to the site at `position`, enough that every outcome is
    /// among theirs: at most four of each kind.
    pub fn examples(&self, position: usize) -> impl Iterator<Item = usize> + '_ {
        let places = self.classes.of.get(position).and_then(|class| self.classes.places.get(*class)).copied();
        let to = self.sites.get(position).zip(places);
        to.into_iter().flat_map(move |(to, (storage, users))| {
            self.kinds_that_reach(to).flat_map(move |kind| {
                let same_users = kind.by_users.get(&users);
                let both = same_users.and_then(|classes| classes.get(&storage)).copied();
                let only_users = same_users
                    .and_then(|classes| classes.iter().find(|(other, _)| **other != storage))
                    .map(|(_, c)| *c);
                let others =
                    |class: &&usize| self.classes.places.get(**class).is_some_and(|(_, u)| *u != users);
                let only_storage =
                    kind.by_storage.get(&storage).and_then(|classes| classes.iter().find(others)).copied();
                let neither = kind.classes.iter().find(|class| {
                    self.classes.places.get(**class).is_some_and(|(s, u)| *s != storage && *u != users)
                });
                [both, only_users, only_storage, neither.copied()].into_iter().flatten()
            })
        })
    }

    /// The classes that may share a login with the site at `position`: their cookie comes there, and they have the
    /// same users and, but for 1.9.0, the same storage.
    pub fn may_share(&self, position: usize) -> Vec<usize> {
        let places = self.classes.of.get(position).and_then(|class| self.classes.places.get(*class));
        let (Some(to), Some((storage, users))) = (self.sites.get(position), places) else {
            return Vec::new();
        };
        let process = matches!(to.storage, Storage::Process(..));
        let mut classes = Vec::new();
        for kind in self.kinds_that_reach(to) {
            match kind.by_users.get(users) {
                // One process of 1.9.0 has one storage, whatever its wikis are told.
                Some(same_users) if process => classes.extend(same_users.values().copied()),
                Some(same_users) => classes.extend(same_users.get(storage).copied()),
                None => {}
            }
        }
        classes.sort_unstable();
        classes
    }

    /// The first site of a class.
    pub fn example(&self, class: usize) -> Option<&Site> {
        self.sites.get(*self.classes.members.get(class)?.first()?)
    }

    /// A site of a class other than the one at `position`.
    pub fn another(&self, class: usize, position: usize) -> Option<&Site> {
        let other = self.classes.members.get(class)?.iter().find(|member| **member != position)?;
        self.sites.get(*other)
    }

    /// The classes.
    pub fn classes(&self) -> &Classes {
        &self.classes
    }
}

/// Numbers for texts, each kind of text from 0.
#[derive(Default)]
struct Names {
    known: HashMap<char, HashMap<String, usize>>,
}

impl Names {
    fn number(&mut self, (what, text): (char, String)) -> usize {
        let known = self.known.entry(what).or_default();
        let next = known.len();
        *known.entry(text).or_insert(next)
    }
}

fn storage_key(site: &Site) -> (char, String) {
    let key = match &site.storage {
        Storage::Directory(_, identity) | Storage::Process(_, identity) => format!("{identity:?}"),
        Storage::Cookie(key) => format!("{key:?}"),
        Storage::Unknown => String::new(),
    };
    ('s', key)
}

fn users_key(site: &Site) -> (char, String) {
    ('u', site.users.as_ref().map_or(String::new(), |(_, identity)| format!("{identity:?}")))
}

/// Everything about a site that decides about a pair, except its address and where sessions and users lie.
fn kind_key(site: &Site) -> (char, String) {
    let storage = match &site.storage {
        Storage::Directory(..) => 'd',
        Storage::Process(..) => 'p',
        Storage::Cookie(None) => 'n',
        Storage::Cookie(Some(_)) => 'k',
        Storage::Unknown => '?',
    };
    let mut key = format!(
        "{}\0{}\0{:?}\0{storage}\0{}\0{:?}\0{:?}\0{:?}",
        site.cookie_name,
        site.target.is_secure(),
        site.behaviour(),
        site.users.is_some(),
        site.auth,
        site.custom,
        site.settings.takes(),
    );
    for visitor in [As::User, As::Anonymous] {
        // Writing to a String does not fail.
        let _ = match site.left(visitor) {
            Left::None(why) => write!(key, "\0{why:?}"),
            Left::Refused(reason, _) => write!(key, "\0{reason:?}"),
            Left::Cookie(cookie) => write!(
                key,
                "\0{}\0{}\0{:?}\0{}\0{:?}",
                cookie.domain, cookie.host_only, cookie.path, cookie.secure, cookie.expires
            ),
        };
    }
    ('k', key)
}
