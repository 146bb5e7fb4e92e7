//! Finds the other wikis whose cookies matter to a wiki, without trying every pair.

use std::collections::HashMap;

use super::acted::Acted;
use super::case::CookieKey;
use crate::browser::{domain_match, path_match};
use crate::location::Identity;

/// The maximum number of other wikis whose users are simulated at each wiki.
const MOST: usize = 8;

/// The old cookies, by name and domain.
pub(super) struct Cookies {
    by_name: HashMap<(Vec<u8>, String), Vec<usize>>,
    /// The Secure ones by name, for wikis over http.
    secure: HashMap<Vec<u8>, Vec<usize>>,
}

impl Cookies {
    pub(super) fn new(seats: &[Acted]) -> Cookies {
        let mut by_name: HashMap<(Vec<u8>, String), Vec<usize>> = HashMap::new();
        let mut secure: HashMap<Vec<u8>, Vec<usize>> = HashMap::new();
        let mut known: HashMap<(CookieKey, Option<Identity>), ()> = HashMap::new();
        for (position, acted) in seats.iter().enumerate() {
            let Some((_, cookie)) = &acted.remembered else { continue };
            // Keep one wiki for each combination of cookie and storage.
            let identity = acted.seat.old.sessions.as_ref().map(|dir| dir.identity.clone());
            if known.insert((CookieKey::of(cookie), identity), ()).is_none() {
                by_name.entry((cookie.name.clone(), cookie.domain.clone())).or_default().push(position);
                if cookie.secure {
                    secure.entry(cookie.name.clone()).or_default().push(position);
                }
            }
        }
        Cookies { by_name, secure }
    }

    /// The other wikis whose old cookie a browser sends to the new wiki at `position`, under the name it looks for.
    pub(super) fn that_reach(&self, position: usize, seats: &[Acted]) -> Vec<usize> {
        let Some(acted) = seats.get(position) else { return Vec::new() };
        let root = &acted.seat.new.root;
        let own = acted.remembered.as_ref().map(|(_, cookie)| CookieKey::of(cookie));
        let name = acted.seat.new.settings().session_cookie_name().into_bytes();
        let host = root.host();
        let parents = host.match_indices('.').filter_map(|(dot, _)| host.get(dot + 1..));
        let domains = std::iter::once(host).chain(parents);
        let found =
            domains.filter_map(|domain| self.by_name.get(&(name.clone(), domain.to_owned()))).flatten();
        let reaches = |other: &&usize| {
            let Some(other) = seats.get(**other) else { return false };
            let Some((_, cookie)) = &other.remembered else { return false };
            let path = String::from_utf8_lossy(&cookie.path);
            // Users with the wiki's own old cookie are simulated as those who come back.
            let is_own = own.as_ref().is_some_and(|own| own.is_same(&CookieKey::of(cookie)));
            let goes = (!cookie.host_only || cookie.domain == host) && path_match(root.path(), &path);
            goes && !is_own && other.pair != acted.pair && (!cookie.secure || root.is_secure())
        };
        let mut found: Vec<usize> = found.filter(reaches).copied().take(MOST).collect();
        let blocking = self.that_block(acted, seats).filter(|other| !found.contains(other));
        found.extend(blocking.take(MOST).collect::<Vec<_>>());
        found
    }

    /// The other wikis whose Secure cookie prevents that a browser stores the cookie of a wiki over http (RFC 6265bis 5.7
    /// step 16). The browser does not send them to this wiki.
    fn that_block<'a>(&'a self, acted: &'a Acted, seats: &'a [Acted]) -> impl Iterator<Item = usize> + 'a {
        let ours = acted.ours.as_ref().filter(|_| !acted.seat.new.root.is_secure());
        let blocks = move |other: &&usize| {
            let Some((ours, other)) = ours.zip(seats.get(**other)) else { return false };
            let Some((_, cookie)) = &other.remembered else { return false };
            let (ours_path, path) =
                (String::from_utf8_lossy(&ours.path), String::from_utf8_lossy(&cookie.path));
            let related =
                domain_match(&ours.domain, &cookie.domain) || domain_match(&cookie.domain, &ours.domain);
            related && path_match(&ours_path, &path) && other.pair != acted.pair
        };
        let named = ours.and_then(|ours| self.secure.get(&ours.name));
        named.into_iter().flatten().filter(blocks).copied()
    }
}

/// The new wikis that set the same cookie.
pub(super) struct Neighbors {
    of: Vec<Vec<usize>>,
}

impl Neighbors {
    /// For each wiki, one neighbor with the same session directory and one with another; only if one of the two had
    /// another cookie before.
    pub(super) fn new(seats: &[Acted]) -> Neighbors {
        let mut sharing: HashMap<CookieKey, Vec<usize>> = HashMap::new();
        for (position, acted) in seats.iter().enumerate() {
            if let Some(ours) = &acted.ours {
                let key = CookieKey { secure: false, ..CookieKey::of(ours) };
                sharing.entry(key).or_default().push(position);
            }
        }
        let mut of = vec![Vec::new(); seats.len()];
        for members in sharing.values() {
            for position in members {
                let Some(here) = seats.get(*position) else { continue };
                let identity =
                    |acted: &Acted| acted.seat.new.sessions.as_ref().map(|dir| dir.identity.clone());
                let mine = identity(here);
                let mut others = [None, None];
                for other in members {
                    let Some(there) = seats.get(*other) else { continue };
                    if there.pair == here.pair || !(changed(here) || changed(there)) {
                        continue;
                    }
                    let slot = others.get_mut(usize::from(identity(there) == mine));
                    if let Some(slot @ None) = slot {
                        *slot = Some(*other);
                    }
                    if others.iter().all(Option::is_some) {
                        break;
                    }
                }
                if let Some(found) = of.get_mut(*position) {
                    found.extend(others.into_iter().flatten());
                }
            }
        }
        Neighbors { of }
    }

    pub(super) fn of(&self, position: usize) -> impl Iterator<Item = usize> + '_ {
        self.of.get(position).into_iter().flatten().copied()
    }
}

/// Whether the wiki's old and new cookie differ.
fn changed(acted: &Acted) -> bool {
    match (&acted.remembered, &acted.ours) {
        (Some((_, old)), Some(new)) => !CookieKey::of(old).is_same(&CookieKey::of(new)),
        (None, None) => false,
        _ => true,
    }
}
