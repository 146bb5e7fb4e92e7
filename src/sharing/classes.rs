//! Classes and kinds of wikis, so that a farm of thousands is asked about by kind, not by pair.
//!
//! Wikis of one *manner* do the same wherever they lie: version, cookie name, lifetimes, login methods, Secure. Those of
//! one *kind* have the same domain and path for their cookie, too; those of one *class* also the same sessions and users,
//! and differ only in their address. What becomes of a pair depends on the two manners, on whether they have the same
//! sessions and the same users, and on how their addresses lie to each other ([`super::relation`]); so for any wiki gone
//! to it is enough to ask, of each kind whose cookie comes there under the same name, about one wiki with the same storage
//! and users, one with the same storage only, and so on.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;

use super::relation::{cookie, is_plain};
use super::site::{Left, Site, Storage};
use super::{As, Model};
use crate::browser::Target;
use crate::moin::lifetimes;

/// Numbers that tell the same from another.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Marks {
    /// Of all that a wiki does, wherever it lies.
    pub(super) manner: usize,
    /// Of that and its cookie's domain and path.
    kind: usize,
    /// Of where its sessions lie.
    pub(super) storage: usize,
    /// Of where its users lie.
    pub(super) users: usize,
}

/// Which sites are of one class, which classes of one kind, and which kinds' cookies reach where.
#[derive(Debug, Default, Clone)]
pub struct Classes {
    /// The class of each site.
    pub of: Vec<usize>,
    /// The sites of each class, by position.
    pub members: Vec<Vec<usize>>,
    /// Where each class keeps sessions and users, as numbers that only tell same from other.
    places: Vec<(usize, usize)>,
    kinds: Vec<Kind>,
    kind_of: Vec<usize>,
    /// The kinds by their cookie's domain, path and name.
    by_cookie: HashMap<String, HashMap<Vec<u8>, Named>>,
}

/// Classes that differ only in where sessions and users lie.
#[derive(Debug, Default, Clone)]
struct Kind {
    manner: usize,
    classes: Vec<usize>,
    /// The classes by where users lie, then sessions.
    by_users: HashMap<usize, BTreeMap<usize, usize>>,
    /// The classes by where sessions lie.
    by_storage: HashMap<usize, Vec<usize>>,
}

/// Kinds whose cookies have one domain and one path.
#[derive(Debug, Default, Clone)]
struct Named {
    by_name: HashMap<String, Vec<usize>>,
    /// Those whose cookie concerns wikis that look for another name, too: nobody knows it, or it may make the header
    /// unreadable.
    odd: Vec<usize>,
}

impl Classes {
    /// The kind of a class: classes of one kind differ only in where sessions and users lie.
    pub fn kind_of(&self, class: usize) -> usize {
        self.kind_of.get(class).copied().unwrap_or_default()
    }

    /// The manner of a class: classes of one manner do the same, wherever they lie.
    pub fn manner_of(&self, class: usize) -> usize {
        self.kinds.get(self.kind_of(class)).map(|kind| kind.manner).unwrap_or_default()
    }

    /// The class of a site.
    pub fn class_of(&self, position: usize) -> usize {
        self.of.get(position).copied().unwrap_or_default()
    }

    /// Sorts sites into classes and kinds, and marks them and their aliases.
    pub(super) fn new(sites: &mut [Site]) -> Classes {
        let mut classes = Classes::default();
        let mut names = Names::default();
        let mut known: HashMap<(usize, (usize, usize)), usize> = HashMap::new();
        for (position, site) in sites.iter_mut().enumerate() {
            names.mark(site);
            for alias in &mut site.aliases {
                names.mark(alias);
            }
            let Marks { manner, kind, storage, users } = site.marks;
            if kind >= classes.kinds.len() {
                classes.kinds.resize_with(kind + 1, Kind::default);
            }
            let places = (storage, users);
            let mut first = false;
            let class = *known.entry((kind, places)).or_insert_with(|| {
                let class = classes.members.len();
                classes.members.push(Vec::new());
                classes.places.push(places);
                classes.kind_of.push(kind);
                if let Some(kind) = classes.kinds.get_mut(kind) {
                    first = kind.classes.is_empty();
                    kind.manner = manner;
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

impl Model {
    /// The kinds whose cookie comes to `to`, or would but for its Secure, and may mean something there.
    fn kinds_near<'a>(&'a self, to: &'a Site) -> Vec<&'a Kind> {
        // A cookie's domain is the host or a parent of it, its path the request's or a beginning of it.
        let (host, path) = (to.target.host(), to.target.path());
        let parents = host.match_indices('.').filter_map(|(dot, _)| host.get(dot + 1..));
        let domains =
            std::iter::once(host).chain(parents).filter_map(|domain| self.classes.by_cookie.get(domain));
        let beginnings = || {
            let cuts = path.match_indices('/').flat_map(|(at, _)| [at, at + 1]).chain([path.len()]);
            let mut cuts: Vec<usize> = cuts.filter(|cut| *cut > 0).collect();
            cuts.dedup();
            cuts.into_iter().filter_map(|cut| path.as_bytes().get(..cut))
        };
        let mut near: Vec<usize> = Vec::new();
        for named in domains.flat_map(|paths| beginnings().filter_map(|path| paths.get(path))) {
            near.extend(&named.odd);
            if to.custom.is_some() {
                near.extend(named.by_name.values().flatten());
            } else {
                near.extend(named.by_name.get(&to.cookie_name).into_iter().flatten());
            }
        }
        near.sort_unstable();
        let kinds = near.into_iter().filter_map(|number| self.classes.kinds.get(number));
        let comes = |kind: &Kind| {
            let site = kind.classes.first().and_then(|class| self.example(*class));
            site.and_then(cookie).is_some_and(|cookie| to.is_within(cookie))
        };
        kinds.filter(|kind| comes(kind)).collect()
    }

    /// Enough pairs, as positions of the wiki left and the wiki gone to, that every outcome at every wiki is among
    /// theirs: those whose cookies have nothing to do with each other are left out, and of wikis that are alike one
    /// stands for all.
    pub fn encounters(&self) -> Vec<(usize, usize)> {
        let mut found = Vec::new();
        let mut known: HashMap<(usize, usize), Apart> = HashMap::new();
        for (position, to) in self.sites.iter().enumerate() {
            for kind in self.kinds_near(to) {
                for class in kind.examples(&self.classes.places, to.marks) {
                    // The members of a class differ in whether the other's cookie comes to them.
                    let apart =
                        known.entry((to.marks.kind, class)).or_insert_with(|| Apart::new(self, class, to));
                    let other =
                        |some: &[usize]| some.iter().copied().find(|other| self.apart(*other, position));
                    let (reached, unreached) = (other(&apart.reached), other(&apart.unreached));
                    found.extend(reached.into_iter().chain(unreached).map(|from| (from, position)));
                    // Where its cookie comes, the way back is asked about there.
                    found.extend(unreached.map(|other| (position, other)));
                }
            }
        }
        for crowd in self.crowds().filter(|crowd| crowd.len() > 1) {
            let others = crowd.iter().skip(1).filter_map(|other| Some((*crowd.first()?, *other)));
            found.extend(others.flat_map(|(one, other)| [(one, other), (other, one)]));
        }
        found
    }

    /// The wikis by address, in order.
    fn crowds(&self) -> impl Iterator<Item = Vec<usize>> {
        let mut crowds: HashMap<&Target, Vec<usize>> = HashMap::new();
        for (position, site) in self.sites.iter().enumerate() {
            crowds.entry(&site.target).or_default().push(position);
        }
        let mut crowds: Vec<Vec<usize>> = crowds.into_values().collect();
        crowds.sort_unstable();
        crowds.into_iter()
    }

    /// Whether two positions are of two wikis that do not lie at one address.
    pub(super) fn apart(&self, one: usize, other: usize) -> bool {
        let crowd = |(one, other): (&Site, &Site)| one.crowds(other);
        one != other && !self.sites.get(one).zip(self.sites.get(other)).is_some_and(crowd)
    }

    /// One wiki of each class that is an example of those whose cookie comes to the site at `position`.
    pub(super) fn near(&self, position: usize) -> Vec<usize> {
        let Some(to) = self.sites.get(position) else { return Vec::new() };
        let classes =
            self.kinds_near(to).into_iter().flat_map(|kind| kind.examples(&self.classes.places, to.marks));
        let member = |class: usize| {
            let members = self.classes.members.get(class)?;
            members.iter().copied().find(|other| self.apart(*other, position))
        };
        classes.filter_map(member).collect()
    }

    /// The classes that may share a login with the site at `position`: their cookie comes there, and they have the
    /// same users and, but for 1.9.0, the same storage.
    pub fn may_share(&self, position: usize) -> Vec<usize> {
        let Some(to) = self.sites.get(position) else { return Vec::new() };
        let process = matches!(to.storage, Storage::Process(..));
        let mut classes = Vec::new();
        for kind in self.kinds_near(to) {
            match kind.by_users.get(&to.marks.users) {
                // One process of 1.9.0 has one storage, whatever its wikis are told.
                Some(same_users) if process => classes.extend(same_users.values().copied()),
                Some(same_users) => classes.extend(same_users.get(&to.marks.storage).copied()),
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

    /// The classes.
    pub fn classes(&self) -> &Classes {
        &self.classes
    }
}

impl Kind {
    /// Of its classes one that has all places in common with a site, one that has the users, one that has the storage,
    /// and one that has neither; as far as there are any.
    fn examples(&self, places: &[(usize, usize)], of: Marks) -> impl Iterator<Item = usize> + use<> {
        let same_users = self.by_users.get(&of.users);
        let both = same_users.and_then(|classes| classes.get(&of.storage)).copied();
        let only_users = same_users
            .and_then(|classes| classes.iter().find(|(other, _)| **other != of.storage))
            .map(|(_, class)| *class);
        let places = |class: &usize| places.get(*class).copied().unwrap_or_default();
        let other_users = |class: &&usize| places(class).1 != of.users;
        let only_storage =
            self.by_storage.get(&of.storage).and_then(|classes| classes.iter().find(other_users)).copied();
        let neither = self.classes.iter().find(|class| other_users(class) && places(class).0 != of.storage);
        [both, only_users, only_storage, neither.copied()].into_iter().flatten()
    }
}

/// Members of a class, up to two each: those to whom the cookie of another kind comes, and those to whom it does not.
struct Apart {
    reached: Vec<usize>,
    unreached: Vec<usize>,
}

impl Apart {
    fn new(model: &Model, class: usize, other: &Site) -> Apart {
        let mut apart = Apart { reached: Vec::new(), unreached: Vec::new() };
        let own = cookie(other);
        for member in model.classes.members.get(class).into_iter().flatten() {
            let reached = model.sites.get(*member).zip(own).is_some_and(|(site, own)| site.receives(own));
            let list = if reached { &mut apart.reached } else { &mut apart.unreached };
            if list.len() < 2 {
                if list.iter().all(|known| model.apart(*known, *member)) {
                    list.push(*member);
                }
            } else if apart.reached.len() + apart.unreached.len() == 4 {
                break;
            }
        }
        apart
    }
}

/// Numbers for texts, each kind of text from 0.
#[derive(Default)]
struct Names {
    known: HashMap<char, HashMap<String, usize>>,
}

impl Names {
    fn mark(&mut self, site: &mut Site) {
        let manner = manner_key(site);
        let kind = format!("{manner}\0{}", address_key(site));
        site.marks = Marks {
            manner: self.number('m', manner),
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
fn manner_key(site: &Site) -> String {
    let storage = match &site.storage {
        Storage::Directory(..) => 'd',
        Storage::Process(..) => 'p',
        Storage::Cookie(None) => 'n',
        Storage::Cookie(Some(_)) => 'k',
        Storage::Unknown => '?',
    };
    let mut key = format!(
        "{}\0{}\0{:?}\0{}\0{storage}\0{}\0{:?}\0{:?}\0{:?}\0{:?}",
        site.cookie_name,
        site.target.is_secure(),
        site.behaviour(),
        site.settings.version.reads_names_over_semicolons(),
        site.users.is_some(),
        site.auth,
        site.custom,
        site.settings.takes(),
        lifetimes(&site.settings),
    );
    for visitor in [As::User, As::Anonymous] {
        // Writing to a String does not fail.
        let _ = match site.left(visitor) {
            Left::None(why) => write!(key, "\0{why:?}"),
            Left::Refused(reason, _) => write!(key, "\0{reason:?}"),
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
