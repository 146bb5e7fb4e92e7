//! Groups of wikis on which a change has the same effects.

use std::collections::HashMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::acted::Acted;
use super::case::{Case, CookieKey, Verdict, Way};
use super::pair::Pair;
use crate::farm::{Key, Wiki};

/// Wikis on which the change has the same effects.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Group {
    /// The wikis. The settings, cookies, and neighbors (`other`) of the group are those of the first.
    pub wikis: Vec<Member>,
    /// The MoinMoin version in the new farm file.
    pub moin: String,
    /// The settings that differ.
    pub changes: Vec<Change>,
    /// The cookie that the old wiki sends to users with "remember me".
    pub old_cookie: Option<CookieKey>,
    /// The cookie that the new wiki sends to them.
    pub new_cookie: Option<CookieKey>,
    /// The effects on each kind of user.
    pub cases: Vec<Case>,
    /// Whether the settings or cookies of another wiki differ from those of the first.
    #[serde(skip)]
    pub varies: bool,
    /// Whether users of another wiki of the group come over another neighbor than those of the first.
    #[serde(skip)]
    pub neighbors_vary: bool,
}

/// A wiki of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Member {
    /// Its name in the old file.
    pub old: String,
    /// Its name in the new file.
    pub new: String,
    /// The URL in the old file.
    pub url: String,
}

/// A setting whose effective value changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Change {
    /// Its name.
    pub setting: &'static str,
    /// The old value; null if the old version has no such setting.
    pub old: Option<String>,
    /// The new value; null if the new version has no such setting.
    pub new: Option<String>,
}

impl Group {
    /// Whether users are affected.
    pub fn hurts(&self) -> bool {
        self.cases.iter().any(Case::hurts)
    }

    /// Whether sessions and cookies stay as they are.
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
                let ways = |cases: &[Case]| cases.iter().map(|case| case.way.clone()).collect::<Vec<_>>();
                group.neighbors_vary |= ways(&group.cases) != ways(&cases);
                group.wikis.push(member);
            }
            None => {
                known.insert(shape, groups.len());
                let moin = pair.new.version().to_string();
                let wikis = vec![member];
                let (varies, neighbors_vary) = (false, false);
                groups.push(Group {
                    wikis,
                    moin,
                    changes,
                    old_cookie,
                    new_cookie,
                    cases,
                    varies,
                    neighbors_vary,
                });
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

/// What wikis of one group have in common: everything but names, URLs, neighbors, and exact dates.
fn shape(changes: &[Change], cases: &[Case]) -> String {
    let settings: Vec<&str> = changes.iter().map(|change| change.setting).collect();
    let case = |case: &Case| {
        let cookies: Vec<_> =
            case.cookies.iter().map(|c| (c.old, c.picked, c.cookie.host_only, c.cookie.secure)).collect();
        let from = match &case.way {
            Way::From(other) => other.as_str(),
            _ => "",
        };
        let who = (case.visitor.name(), case.way.kind(), from, case.verdict.name(), case.reason.name());
        format!("{who:?} {cookies:?} {} {}", case.shadowed, case.until.is_some())
    };
    let cases: Vec<String> = cases.iter().map(case).collect();
    format!("{settings:?} {cases:?}")
}

/// The settings whose effective values differ.
fn changes(old: &Wiki, new: &Wiki) -> Vec<Change> {
    let value = |wiki: &Wiki, key: Key| wiki.effective(key).map(|(value, _)| value);
    let mut changes: Vec<Change> = Key::all()
        .filter_map(|key| {
            let (old, new) = (value(old, key), value(new, key));
            (old != new).then_some(Change { setting: key.name(), old, new })
        })
        .collect();
    // A directory that only follows another setting is not a change of its own.
    let says = |changes: &[Change], name| changes.iter().any(|change: &Change| change.setting == name);
    for (from, to) in [("data_dir", "cache_dir"), ("cache_dir", "session_dir"), ("data_dir", "user_dir")] {
        let set = |wiki: &Wiki| Key::named(to).is_some_and(|key| wiki.setting(key).is_some());
        if says(&changes, from) && !set(old) && !set(new) {
            changes.retain(|change| change.setting != to);
        }
    }
    changes
}
