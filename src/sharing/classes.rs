//! Classes of wikis that differ only in their address, so that a farm of thousands is asked about by class, not by
//! pair.

use std::collections::HashMap;
use std::fmt::Write;

use super::site::{Left, Site};
use super::{As, Model};

/// Which sites are of one class, and which classes' cookies reach where.
#[derive(Debug, Default)]
pub struct Classes {
    /// The class of each site.
    pub of: Vec<usize>,
    /// The sites of each class, by position.
    pub members: Vec<Vec<usize>>,
    /// The classes whose login cookie has that domain.
    by_domain: HashMap<String, Vec<usize>>,
}

impl Classes {
    /// Sorts sites into classes.
    pub(super) fn new(sites: &[Site]) -> Classes {
        let mut classes = Classes::default();
        let mut known: HashMap<String, usize> = HashMap::new();
        for (position, site) in sites.iter().enumerate() {
            let class = *known.entry(key(site)).or_insert_with(|| {
                let class = classes.members.len();
                classes.members.push(Vec::new());
                if let Left::Cookie(cookie) = site.left(As::User) {
                    classes.by_domain.entry(cookie.domain.clone()).or_default().push(class);
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
    pub fn senders(&self, to: &Site) -> Vec<usize> {
        let host = to.target.host();
        let parents = host.match_indices('.').filter_map(|(dot, _)| host.get(dot + 1..));
        let candidates =
            std::iter::once(host).chain(parents).filter_map(|domain| self.classes.by_domain.get(domain));
        let reaches = |class: &usize| match self.example(*class).map(|site| site.left(As::User)) {
            Some(Left::Cookie(cookie)) => to.receives(cookie).is_ok(),
            _ => false,
        };
        candidates.flatten().copied().filter(reaches).collect()
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
