//! Wikis to which the same happens, together.

use std::collections::HashMap;

use serde::Serialize;

use super::acted::Acted;
use super::case::{Case, CookieKey, Verdict};
use super::pair::Pair;
use crate::farm::{Key, Wiki};

/// Wikis to which the same happens.
#[derive(Debug, Serialize)]
pub struct Group {
    /// The wikis. What else is said of the group is said of the first.
    pub wikis: Vec<Member>,
    /// What the new wikis run.
    pub moin: String,
    /// The settings that differ.
    pub changes: Vec<Change>,
    /// The cookie that the old wiki left with people who are remembered.
    pub old_cookie: Option<CookieKey>,
    /// The one that the new wiki sets.
    pub new_cookie: Option<CookieKey>,
    /// What becomes of whom.
    pub cases: Vec<Case>,
    /// Whether a setting or a cookie of another one is not as that of the first.
    #[serde(skip)]
    pub varies: bool,
}

/// A wiki of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Member {
    /// Its name in the old file.
    pub old: String,
    /// Its name in the new file.
    pub new: String,
    /// The address that people know.
    pub url: String,
}

/// A setting that differs, effective values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Its name.
    pub setting: &'static str,
    /// As it was; `None` where the version has no such setting.
    pub old: Option<String>,
    /// As it is.
    pub new: Option<String>,
}

impl Group {
    /// Whether somebody is hurt.
    pub fn hurts(&self) -> bool {
        self.cases.iter().any(Case::hurts)
    }

    /// Whether anything of the wikis' sessions and cookies changes.
    pub fn is_quiet(&self) -> bool {
        !self.cases.iter().any(|case| case.hurts() || case.lasts() || case.verdict != Verdict::Kept)
    }
}

pub(super) fn groups(pairs: &[Pair<'_>], seats: Vec<Acted>, cases: Vec<Vec<Case>>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    for (acted, cases) in seats.into_iter().zip(cases) {
        let Some(pair) = pairs.get(acted.pair) else { continue };
        let changes = changes(pair.old, pair.new);
        let member = Member {
            old: pair.old.name.clone(),
            new: pair.new.name.clone(),
            url: acted.seat.old.root.to_string(),
        };
        let shape = format!("{} {}", pair.new.version(), shape(&changes, &cases));
        let old_cookie = acted.remembered.as_ref().map(|(_, cookie)| CookieKey::of(cookie));
        let new_cookie = acted.ours.as_ref().map(CookieKey::of);
        match known.get(&shape).and_then(|position| groups.get_mut(*position)) {
            Some(group) => {
                group.varies |= (&group.changes, &group.old_cookie, &group.new_cookie)
                    != (&changes, &old_cookie, &new_cookie);
                group.wikis.push(member);
            }
            None => {
                known.insert(shape, groups.len());
                let moin = pair.new.version().to_string();
                let wikis = vec![member];
                groups.push(Group { wikis, moin, changes, old_cookie, new_cookie, cases, varies: false });
            }
        }
    }
    // Stable: within one severity the farm's order.
    let worst = |group: &Group| {
        let verdict = group.cases.iter().map(|case| case.verdict).max();
        (verdict, group.cases.iter().any(|case| case.shadowed))
    };
    groups.sort_by_key(|group| std::cmp::Reverse(worst(group)));
    groups
}

/// What makes two wikis alike: all but names, addresses and dates to the second.
fn shape(changes: &[Change], cases: &[Case]) -> String {
    let settings: Vec<&str> = changes.iter().map(|change| change.setting).collect();
    let case = |case: &Case| {
        let cookies: Vec<_> =
            case.cookies.iter().map(|c| (c.old, c.taken, c.cookie.host_only, c.cookie.secure)).collect();
        let who = (case.visitor.name(), case.way.kind(), case.verdict.name(), case.reason.name());
        format!("{who:?} {cookies:?} {} {}", case.shadowed, case.until.is_some())
    };
    let cases: Vec<String> = cases.iter().map(case).collect();
    format!("{settings:?} {cases:?}")
}

/// The settings that differ in what they come to; the names of wikis aside.
fn changes(old: &Wiki, new: &Wiki) -> Vec<Change> {
    let value = |wiki: &Wiki, key: Key| wiki.effective(key).map(|(value, _)| value);
    let mut changes: Vec<Change> = Key::all()
        .filter_map(|key| {
            let (old, new) = (value(old, key), value(new, key));
            (old != new).then_some(Change { setting: key.name(), old, new })
        })
        .collect();
    // What follows from another key of the same wiki is said by that key.
    let says = |changes: &[Change], name| changes.iter().any(|change: &Change| change.setting == name);
    for (from, to) in [("data_dir", "cache_dir"), ("cache_dir", "session_dir"), ("data_dir", "user_dir")] {
        let set = |wiki: &Wiki| Key::named(to).is_some_and(|key| wiki.setting(key).is_some());
        if says(&changes, from) && !set(old) && !set(new) {
            changes.retain(|change| change.setting != to);
        }
    }
    changes
}
