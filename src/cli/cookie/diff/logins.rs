//! Which wikis stop or start sharing a login when the farm file changes.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::browser::Profile;
use crate::farm::{Farm, Span};
use crate::sharing::{Model, groups};
use crate::text::list;

/// Wikis that share a login in one of the two farm files, in the groups in which they share it in the other.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
pub(super) struct Split(Vec<Vec<String>>);

/// The changes of shared logins.
#[derive(Debug, Default, PartialEq, Serialize, JsonSchema)]
pub(super) struct Logins {
    /// Wikis that share a login before the change, in the groups that still share it after the change.
    no_longer_shared: Vec<Split>,
    /// Wikis that share a login after the change, in the groups that already shared it before the change.
    newly_shared: Vec<Split>,
}

/// The wikis that share a login, by group. A wiki that shares with none has a group of its own.
type Shared = Vec<Vec<String>>;

impl Logins {
    /// Compares two farms by the names of their wikis, without `unknown` wikis and wikis that only one farm has.
    pub(super) fn new(old: &Model, new: &Model, unknown: &[&str]) -> Logins {
        let compared =
            |name: &str| old.site(name).is_some() && new.site(name).is_some() && !unknown.contains(&name);
        let (old, new) = (shared(old, &compared), shared(new, &compared));
        Logins { no_longer_shared: split(&old, &new), newly_shared: split(&new, &old) }
    }

    /// Whether wikis stop sharing a login.
    pub(super) fn any_lost(&self) -> bool {
        !self.no_longer_shared.is_empty()
    }

    /// A sentence for each change.
    pub(super) fn lines(&self, most: usize) -> Vec<String> {
        let lines = |splits: &[Split], one: &str, many: &str| {
            let line = |Split(groups): &Split| {
                let mut groups = groups.iter().map(|group| names(group, most));
                let first = groups.next().unwrap_or_default();
                let verb = |group: &(String, bool)| if group.1 { many.to_owned() } else { one.to_owned() };
                groups
                    .map(|group| format!("{} {} a login with {}", group.0, verb(&group), first.0))
                    .collect::<Vec<_>>()
            };
            splits.iter().flat_map(line).collect::<Vec<_>>()
        };
        let mut all = lines(&self.no_longer_shared, "no longer shares", "no longer share");
        all.extend(lines(&self.newly_shared, "now shares", "now share"));
        all
    }
}

/// Names as text, and whether they are several.
fn names(group: &[String], most: usize) -> (String, bool) {
    let names: Vec<&str> = group.iter().map(String::as_str).collect();
    (list(&names, "and", most), names.len() > 1)
}

/// The changes of shared logins in another browser, if they differ.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct OtherLogins {
    /// The browser.
    browsers: [&'static str; 1],
    #[serde(flatten)]
    logins: Logins,
}

impl OtherLogins {
    pub(super) fn new(mine: &Logins, theirs: Logins, profile: Profile) -> Option<OtherLogins> {
        (theirs != *mine).then_some(OtherLogins { browsers: [profile.name()], logins: theirs })
    }
}

/// A sentence for each change, with the name of the browser if it holds in one only.
pub(super) fn sentences_of(
    [(mine, first), (theirs, other)]: [(&Logins, Profile); 2],
    most: usize,
) -> Vec<String> {
    let (mine, theirs) = (mine.lines(most), theirs.lines(most));
    let only = |lines: &[String], without: &[String], profile: Profile| {
        let only = lines.iter().filter(|line| !without.contains(line));
        only.map(|line| format!("{}: {line}", profile.title())).collect::<Vec<_>>()
    };
    let both = mine.iter().filter(|line| theirs.contains(line)).cloned();
    both.chain(only(&mine, &theirs, first)).chain(only(&theirs, &mine, other)).collect()
}

/// The wikis that are to share a login if no file declares any: those that do before or after the change.
pub(super) fn before_or_after([old, new]: [&Model; 2]) -> Vec<Vec<String>> {
    [old, new].iter().flat_map(|model| shared(model, &|name| new.site(name).is_some())).collect()
}

/// The wikis that are to share a login if only the old file declares some: those of its `[[share]]` tables, and those that do after
/// the change.
pub(super) fn declared_or_after(old: &Farm, new: &Model) -> Vec<Vec<String>> {
    let stays = |(name, _): &&(String, Span)| new.site(name).is_some();
    let declared = old
        .shares
        .iter()
        .map(|share| share.wikis.iter().filter(stays).map(|(name, _)| name.clone()).collect::<Vec<_>>());
    declared.chain(shared(new, &|_| true)).collect()
}

fn shared(model: &Model, compared: &dyn Fn(&str) -> bool) -> Shared {
    let name = |position: &usize| model.sites().get(*position).map(|site| site.name.clone());
    let group =
        |members: &Vec<usize>| members.iter().filter_map(name).filter(|name| compared(name)).collect();
    groups(model).iter().map(group).collect()
}

/// The groups of `one` that `other` divides.
fn split(one: &Shared, other: &Shared) -> Vec<Split> {
    let mut of: BTreeMap<&str, usize> = BTreeMap::new();
    for (position, group) in other.iter().enumerate() {
        of.extend(group.iter().map(|name| (name.as_str(), position)));
    }
    let divided = |group: &Vec<String>| {
        let mut parts: Vec<(Option<usize>, Vec<String>)> = Vec::new();
        for name in group {
            let part = of.get(name.as_str()).copied();
            match parts.iter_mut().find(|(known, _)| part.is_some() && *known == part) {
                Some((_, names)) => names.push(name.clone()),
                None => parts.push((part, vec![name.clone()])),
            }
        }
        parts.sort_by_key(|(_, names)| std::cmp::Reverse(names.len()));
        Split(parts.into_iter().map(|(_, names)| names).collect())
    };
    one.iter().map(divided).filter(|Split(parts)| parts.len() > 1).collect()
}
