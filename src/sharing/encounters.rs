//! Which pairs of a farm are enough to ask about: those whose cookies may meet, one of each class of wikis.

use std::collections::HashMap;

use super::classes::{Classes, Kind};
use super::model::Model;
use super::relation::{cookie, is_plain};
use super::site::{Site, Storage};
use crate::browser::Target;

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
            if to.custom.is_some() || !is_plain(&to.cookie_name) {
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
    pub fn encounters(&self) -> &[(usize, usize)] {
        self.encounters.get_or_init(|| self.find_encounters())
    }

    fn find_encounters(&self) -> Vec<(usize, usize)> {
        let mut found = Vec::new();
        let mut known: HashMap<(usize, usize), Apart> = HashMap::new();
        for (position, to) in self.sites.iter().enumerate() {
            for kind in self.kinds_near(to) {
                for class in kind.examples(&self.classes.directories, to.marks) {
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
        for same_address in self.by_address().filter(|same_address| same_address.len() > 1) {
            let others =
                same_address.iter().skip(1).filter_map(|other| Some((*same_address.first()?, *other)));
            found.extend(others.flat_map(|(one, other)| [(one, other), (other, one)]));
        }
        found
    }

    /// The wikis by address, in order.
    fn by_address(&self) -> impl Iterator<Item = Vec<usize>> {
        let mut by_address: HashMap<&Target, Vec<usize>> = HashMap::new();
        for (position, site) in self.sites.iter().enumerate() {
            by_address.entry(&site.target).or_default().push(position);
        }
        let mut by_address: Vec<Vec<usize>> = by_address.into_values().collect();
        by_address.sort_unstable();
        by_address.into_iter()
    }

    /// Whether two positions are of two wikis that do not lie at one address.
    pub(super) fn apart(&self, one: usize, other: usize) -> bool {
        let same_address = |(one, other): (&Site, &Site)| one.shares_address_with(other);
        one != other && !self.sites.get(one).zip(self.sites.get(other)).is_some_and(same_address)
    }

    /// One wiki of each class that is an example of those whose cookie comes to the site at `position`.
    pub(super) fn near(&self, position: usize) -> Vec<usize> {
        let Some(to) = self.sites.get(position) else { return Vec::new() };
        let classes = self
            .kinds_near(to)
            .into_iter()
            .flat_map(|kind| kind.examples(&self.classes.directories, to.marks));
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
                // One process of 1.9.0 has one storage. The settings of its wikis do not matter.
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
