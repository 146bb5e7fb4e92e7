//! The effects of a changed farm file on users who already have cookies and sessions.
//!
//! Every effect is simulated. A user gets cookies from the old wikis, the farm changes, and the user comes back to the new
//! wikis, logs in if necessary, and logs out. The same is done with a fresh browser. Problems that only the old cookies
//! cause are the effects of the change. These users are simulated:
//!
//! * anonymous, logged in, and logged in with "remember me"; at each URL of each wiki ([`Way::Back`]);
//! * with "remember me" and a session that has ended since ([`Way::Ended`]);
//! * with "remember me" at another wiki whose old cookie now reaches this wiki under its cookie name, or prevents over
//!   http that browsers store the cookie of this wiki ([`Way::From`]);
//! * with "remember me" here, who log in at a neighbor that shares the cookie after the change ([`Way::Over`],
//!   [`Way::Both`]).
//!
//! Wikis are matched by name, then by URL. The module writes nothing. It asks the disk only whether two paths are the same
//! directory.

mod act;
mod acted;
mod case;
mod groups;
mod pair;
mod search;
mod stage;
mod suggestion;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use self::acted::Acted;
use self::pair::{Seat, pair};
use self::stage::{Stage, act_out};
use crate::browser::{Jar, Profile, SharedSuffixes};
use crate::farm::Farm;
use crate::location::Identity;
use crate::moin::Visitor;

pub use case::{Case, CookieKey, InHeader, Reason, Verdict, Way};
pub use groups::{Change, Group, Member};
pub use suggestion::{Deletion, FreshName, Left, Suggestions, Undeletable};

/// The effects of a changed farm file.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Diff {
    /// The wikis that both files have, in groups with the same effects, worst first.
    pub groups: Vec<Group>,
    /// The names of wikis that only the new file has.
    pub added: Vec<String>,
    /// The names of wikis that only the old file has.
    pub removed: Vec<String>,
    /// The wikis that cannot be predicted.
    pub unknown: Vec<Unknown>,
    /// The session directories of the old file, and the wikis that still find their sessions.
    pub stores: Vec<Reached>,
    /// Changes that avoid the problems.
    pub suggestions: Suggestions,
}

/// A wiki that cannot be predicted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Unknown {
    /// Its name.
    pub wiki: String,
    /// Why.
    pub reason: String,
}

/// A session directory of the old farm file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Reached {
    /// The directory, as the farm file has it.
    pub store: String,
    /// The wikis that used it.
    pub wikis: Vec<String>,
    /// The wikis that still find these sessions after the change.
    pub reachable_from: Vec<String>,
    /// The wikis that cannot be predicted.
    pub unknown: Vec<String>,
    /// The sessions in it; null if they were not counted.
    pub sessions: Option<Counted>,
}

/// The sessions in a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct Counted {
    /// Sessions that have not expired.
    pub live: usize,
    /// Live sessions of logged-in users.
    pub logged_in: usize,
}

impl Reached {
    /// Whether no wiki finds its sessions any more.
    pub fn unreachable(&self) -> bool {
        self.reachable_from.is_empty() && self.unknown.is_empty()
    }
}

impl Diff {
    /// Simulates the change from `old` to `new` at `now` (unix seconds), for browsers with this list of public suffixes.
    pub fn new(old: &Farm, new: &Farm, suffixes: &SharedSuffixes, now: f64) -> Diff {
        Diff::in_browser(old, new, &Jar::with_suffixes(Profile::Chromium, suffixes.clone()), now)
    }

    /// Like [`Diff::new`], in another browser, which is empty.
    pub fn in_browser(old: &Farm, new: &Farm, browser: &Jar, now: f64) -> Diff {
        let paired = pair(old, new);
        let mut unknown = Vec::new();
        let mut seats: Vec<(usize, Seat)> = Vec::new();
        for (position, pair) in paired.both.iter().enumerate() {
            match &pair.seats {
                Ok(known) => seats.extend(known.iter().map(|seat| (position, seat.clone()))),
                Err(reason) => unknown.push(Unknown { wiki: pair.old.name.clone(), reason: reason.clone() }),
            }
        }
        let stage = Stage { browser, now, headers: Arc::default() };
        let seats: Vec<Acted> = seats.into_iter().map(|(pair, seat)| stage.prepare(pair, seat)).collect();
        let all: Vec<usize> = (0..seats.len()).collect();
        let cases = act_out(&stage, &seats, &all);
        let suggestions = suggestion::suggestions(&seats, &cases, &stage);
        let stores = reached(&paired, &seats, &cases);
        let name = |wiki: &&crate::farm::Wiki| wiki.name.clone();
        Diff {
            groups: groups::groups(&paired.both, seats, cases),
            added: paired.added.iter().map(name).collect(),
            removed: paired.removed.iter().map(name).collect(),
            unknown,
            stores,
            suggestions,
        }
    }

    /// The wikis where users are affected in such a way, by their names in the old file.
    pub fn wikis(&self, which: impl Fn(&Case) -> bool) -> BTreeSet<&str> {
        let groups = self.groups.iter().filter(|group| group.cases.iter().any(&which));
        groups.flat_map(|group| &group.wikis).map(|wiki| wiki.old.as_str()).collect()
    }

    /// Whether users are logged out, or old cookies hide new ones.
    pub fn hurts(&self) -> bool {
        self.groups.iter().any(Group::hurts)
    }
}

/// Which wikis still find the sessions of each old directory.
fn reached(paired: &pair::Paired<'_>, seats: &[Acted], cases: &[Vec<Case>]) -> Vec<Reached> {
    let mut stores: Vec<Reached> = Vec::new();
    let mut known: HashMap<Identity, usize> = HashMap::new();
    let mut note = |identity: &Identity, store: String, wiki: &str, goes_on: bool| {
        let position = *known.entry(identity.clone()).or_insert_with(|| {
            stores.push(Reached {
                store,
                wikis: Vec::new(),
                reachable_from: Vec::new(),
                unknown: Vec::new(),
                sessions: None,
            });
            stores.len() - 1
        });
        let Some(store) = stores.get_mut(position) else { return };
        if store.wikis.last().is_none_or(|last| last != wiki) {
            store.wikis.push(wiki.to_owned());
        }
        if goes_on && store.reachable_from.last().is_none_or(|last| last != wiki) {
            store.reachable_from.push(wiki.to_owned());
        }
    };
    for (acted, cases) in seats.iter().zip(cases) {
        let Some(dir) = acted.seat.old.sessions.as_ref().filter(|dir| !dir.assumed) else { continue };
        let goes_on = cases.iter().any(|case| {
            let in_it = matches!(case.verdict, Verdict::Kept | Verdict::LogsOut | Verdict::CannotLogOut);
            case.way == Way::Back && in_it && case.visitor != Visitor::Anonymous
        });
        note(&dir.identity, dir.path.display().to_string(), &acted.seat.old.name, goes_on);
    }
    for wiki in &paired.removed {
        let site = super::wiki::Site::new(wiki, &wiki.url).ok();
        let Some(dir) = site.and_then(|site| site.sessions).filter(|dir| !dir.assumed) else { continue };
        note(&dir.identity, dir.path.display().to_string(), &wiki.name, false);
    }
    for pair in paired.both.iter().filter(|pair| pair.seats.is_err()) {
        let Some(location) = pair.old.session_location() else { continue };
        if let Some(store) = known.get(&location.identity()).and_then(|position| stores.get_mut(*position)) {
            store.unknown.push(pair.old.name.clone());
        }
    }
    stores
}

#[cfg(test)]
mod property;
#[cfg(test)]
mod tests;
