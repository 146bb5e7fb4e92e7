//! What a changed farm file does to people who already have cookies and sessions.
//!
//! Nothing is looked up in a table: somebody gets his cookies from the old wikis, the farm changes, and he comes back
//! with them to the new ones, logs in where he has to, and logs out; then the same is done with a fresh browser. What
//! goes wrong only with the old cookies is what the change does to people. Who that somebody is:
//!
//! * anonymous, logged in, or logged in and remembered; at each address of each wiki ([`Way::Back`]);
//! * remembered, with a session that has ended since ([`Way::Ended`]);
//! * remembered at another wiki, whose old cookie now comes here under the name that is looked for ([`Way::From`]);
//! * remembered here, and logging in at a neighbour that after the change shares the cookie ([`Way::Over`],
//!   [`Way::Both`]).
//!
//! Wikis are the same by name, then by address. Nothing is written, and of the disk only which paths are one directory.

mod act;
mod acted;
mod case;
mod groups;
mod pair;
mod search;
mod stage;
mod suggestion;

use std::collections::HashMap;
use std::sync::Arc;

use serde::Serialize;

use self::acted::Acted;
use self::pair::{Seat, pair};
use self::stage::{Stage, act_out};
use crate::browser::{Profile, SharedSuffixes};
use crate::farm::Farm;
use crate::farm::session_location;
use crate::location::RealDirectories;
use crate::moin::Visitor;

pub use case::{Case, CookieKey, InHeader, Reason, Verdict, Way};
pub use groups::{Change, Group, Member};
pub use suggestion::{Deletion, FreshName, Left, Suggestions};

/// What rolling out a changed farm file does.
#[derive(Debug, Serialize)]
pub struct Diff {
    /// The wikis that both files have, those alike together; those who are hurt most first.
    pub groups: Vec<Group>,
    /// The names of wikis that only the new file has.
    pub added: Vec<String>,
    /// The names of wikis that only the old file has.
    pub removed: Vec<String>,
    /// The names of wikis of which nothing can be said, each with the reason.
    pub unknown: Vec<Unknown>,
    /// Session directories that wikis of the old file used, and whether their sessions are still reached.
    pub stores: Vec<Reached>,
    /// What helps.
    pub suggestions: Suggestions,
}

/// A wiki of which nothing can be said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unknown {
    /// Its name.
    pub wiki: String,
    /// Why.
    pub reason: String,
}

/// A session directory of the old farm file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reached {
    /// The directory, as the farm file has it.
    pub dir: String,
    /// The wikis that used it.
    pub wikis: Vec<String>,
    /// Those whose users' sessions in it go on after the change.
    pub still: Vec<String>,
    /// Those of which nothing can be said.
    pub unknown: Vec<String>,
    /// What lies in it, if somebody looked.
    pub sessions: Option<Counted>,
}

/// What lies in a session directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counted {
    /// How many sessions have not expired.
    pub live: usize,
    /// In how many of those somebody is logged in.
    pub logged_in: usize,
}

impl Reached {
    /// Whether no session in it is ever found again.
    pub fn unreachable(&self) -> bool {
        self.still.is_empty() && self.unknown.is_empty()
    }
}

impl Diff {
    /// Acts out the change from `old` to `new` at `now` (unix seconds), for browsers with that list of public suffixes.
    pub fn new(old: &Farm, new: &Farm, suffixes: &SharedSuffixes, now: f64) -> Diff {
        Diff::for_browser(old, new, suffixes, Profile::Chromium, now)
    }

    /// The same for browsers that go by other rules than Chromium's.
    pub fn for_browser(
        old: &Farm,
        new: &Farm,
        suffixes: &SharedSuffixes,
        profile: Profile,
        now: f64,
    ) -> Diff {
        let paired = pair(old, new);
        let mut unknown = Vec::new();
        let mut seats: Vec<(usize, Seat)> = Vec::new();
        for (position, pair) in paired.both.iter().enumerate() {
            match &pair.seats {
                Ok(known) => seats.extend(known.iter().map(|seat| (position, seat.clone()))),
                Err(reason) => unknown.push(Unknown { wiki: pair.old.name.clone(), reason: reason.clone() }),
            }
        }
        let stage = Stage { suffixes, profile, now, headers: Arc::default() };
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

    /// Whether somebody is logged out, or has an old cookie in the way of a new one.
    pub fn hurts(&self) -> bool {
        self.groups.iter().any(Group::hurts)
    }
}

/// Which wikis still find the sessions of each old directory.
fn reached(paired: &pair::Paired<'_>, seats: &[Acted], cases: &[Vec<Case>]) -> Vec<Reached> {
    let mut stores: Vec<Reached> = Vec::new();
    let mut known: HashMap<crate::sys::DirectoryIdentity, usize> = HashMap::new();
    let mut note = |place: &crate::sys::DirectoryIdentity, dir: String, wiki: &str, goes_on: bool| {
        let position = *known.entry(place.clone()).or_insert_with(|| {
            stores.push(Reached {
                dir,
                wikis: Vec::new(),
                still: Vec::new(),
                unknown: Vec::new(),
                sessions: None,
            });
            stores.len() - 1
        });
        let Some(store) = stores.get_mut(position) else { return };
        if store.wikis.last().is_none_or(|last| last != wiki) {
            store.wikis.push(wiki.to_owned());
        }
        if goes_on && store.still.last().is_none_or(|last| last != wiki) {
            store.still.push(wiki.to_owned());
        }
    };
    for (acted, cases) in seats.iter().zip(cases) {
        let Some(dir) = acted.seat.old.sessions.as_ref().filter(|dir| !dir.assumed) else { continue };
        let goes_on = cases.iter().any(|case| {
            let in_it = matches!(case.verdict, Verdict::Kept | Verdict::LogsOut | Verdict::CannotLogOut);
            case.way == Way::Back && in_it && case.visitor != Visitor::Anonymous
        });
        note(&dir.place, dir.path.display().to_string(), &acted.seat.old.name, goes_on);
    }
    for wiki in &paired.removed {
        let site = super::wiki::Site::new(wiki, &wiki.url).ok();
        let Some(dir) = site.and_then(|site| site.sessions).filter(|dir| !dir.assumed) else { continue };
        note(&dir.place, dir.path.display().to_string(), &wiki.name, false);
    }
    for pair in paired.both.iter().filter(|pair| pair.seats.is_err()) {
        let Some((_, place)) = session_location(pair.old, &RealDirectories::default()) else { continue };
        if let Some(store) = known.get(&place).and_then(|position| stores.get_mut(*position)) {
            store.unknown.push(pair.old.name.clone());
        }
    }
    stores
}

#[cfg(test)]
mod tests;
