//! Classes of wikis that differ only in their address, so that a farm of thousands is asked about by class, not by
//! pair.

use std::collections::HashMap;
use std::fmt::Write;

use super::site::{Left, Site, Storage};
use super::{As, Model};

/// Which sites are of one class, and which classes' cookies reach where.
#[derive(Debug, Default)]
pub struct Classes {
    /// The class of each site.
    pub of: Vec<usize>,
    /// The sites of each class, by position.
    pub members: Vec<Vec<usize>>,
    /// For each class a number that classes have in common if they may share a login at all.
    common: Vec<usize>,
    /// The classes by their login cookie's domain and path.
    by_place: HashMap<String, HashMap<Vec<u8>, Vec<usize>>>,
}

impl Classes {
    /// Sorts sites into classes.
    pub(super) fn new(sites: &[Site]) -> Classes {
        let mut classes = Classes::default();
        let mut known: HashMap<String, usize> = HashMap::new();
        let mut commons: HashMap<String, usize> = HashMap::new();
        // 1.9.0 may find a session wherever another 1.9.0 left it.
        let by_storage = !sites.iter().any(|site| matches!(site.storage, Storage::Process(..)));
        for (position, site) in sites.iter().enumerate() {
            let class = *known.entry(key(site)).or_insert_with(|| {
                let class = classes.members.len();
                classes.members.push(Vec::new());
                let next = commons.len();
                classes.common.push(*commons.entry(common(site, by_storage)).or_insert(next));
                if let Left::Cookie(cookie) = site.left(As::User) {
                    let paths = classes.by_place.entry(cookie.domain.clone()).or_default();
                    paths.entry(cookie.path.clone()).or_default().push(class);
                }
                class
            });
            classes.of.push(class);
            if let Some(members) = classes.members.get_mut(class) {
                members.push(position);
            }
        }
        classes
    }
}

impl Model {
    /// The classes whose login cookie a browser sends to `to`.
    pub fn senders<'a>(&'a self, to: &'a Site) -> impl Iterator<Item = usize> + 'a {
        // A cookie's domain is the host or a parent of it, its path the request's or a beginning of it.
        let (host, path) = (to.target.host(), to.target.path());
        let parents = host.match_indices('.').filter_map(move |(dot, _)| host.get(dot + 1..));
        let places =
            std::iter::once(host).chain(parents).filter_map(|domain| self.classes.by_place.get(domain));
        let beginnings = move || {
            let cuts = path.match_indices('/').flat_map(|(at, _)| [at, at + 1]).chain([path.len()]);
            let mut cuts: Vec<usize> = cuts.filter(|cut| *cut > 0).collect();
            cuts.dedup();
            cuts.into_iter().filter_map(move |cut| path.as_bytes().get(..cut))
        };
        let candidates =
            places.flat_map(move |paths| beginnings().filter_map(|path| paths.get(path))).flatten();
        candidates.copied().filter(|class| match self.example(*class).map(|site| site.left(As::User)) {
            Some(Left::Cookie(cookie)) => to.receives(cookie),
            _ => false,
        })
    }

    /// Those classes whose login cookie a browser sends to the site at `position`, and which look for the same name
    /// in the same storage and know the same users: of all others the login is not shared.
    pub fn may_share(&self, position: usize) -> impl Iterator<Item = usize> + '_ {
        let common = self.classes.of.get(position).and_then(|class| self.classes.common.get(*class));
        let to = self.sites.get(position);
        let same = move |class: &usize| common.is_some() && self.classes.common.get(*class) == common;
        to.into_iter().flat_map(|to| self.senders(to)).filter(same)
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

/// What two sites must have in common to share a login.
fn common(site: &Site, by_storage: bool) -> String {
    let storage = match &site.storage {
        Storage::Directory(_, identity) if by_storage => format!("{identity:?}"),
        Storage::Cookie(key) => format!("{key:?}"),
        _ => String::new(),
    };
    let users = site.users.as_ref().map(|(_, identity)| identity);
    format!("{}\0{storage}\0{users:?}", site.cookie_name)
}

/// Everything about a site that decides about a pair, except its address.
fn key(site: &Site) -> String {
    let mut key = format!(
        "{}\0{:?}\0{:?}\0{:?}\0{:?}\0{:?}\0{:?}",
        site.cookie_name,
        site.behaviour(),
        site.storage,
        site.users,
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
    key
}
