//! Where the effects of a change differ between two browsers.

use std::collections::{HashMap, HashSet};

use schemars::JsonSchema;
use serde::Serialize;

use super::words::{what, who};
use crate::browser::{Difference, Jar, Profile, responsible_for_each};
use crate::farm::{Farm, Wiki, with_slash};
use crate::sharing::{As, Left, Model};
use crate::simulate::diff::{Case, Diff, Reason, Verdict, Way};
use crate::text::list;

/// An effect in the other browser that differs from the effect in the first.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Differs {
    /// The browser for which this holds.
    browsers: [&'static str; 1],
    /// The wiki, by its name in the old file.
    wiki: String,
    /// The URL in the old file.
    url: String,
    /// The behaviors in which the browsers differ and that cause this effect, by name as in `wikifarm cookie test`.
    differences: Vec<&'static str>,
    #[serde(flatten)]
    case: Case,
}

/// Everything that identifies a user at a wiki.
type Key<'a> = (&'a str, &'a str, &'static str, &'a Way);

fn cases(diff: &Diff) -> Vec<(Key<'_>, &Case)> {
    let mut found = Vec::new();
    for group in &diff.groups {
        for wiki in &group.wikis {
            for case in &group.cases {
                found.push(((wiki.old.as_str(), wiki.url.as_str(), case.visitor.name(), &case.way), case));
            }
        }
    }
    found
}

/// The effects in another browser, whose `old` cookies these are, that differ from those in the first.
pub(super) fn differences(first: &Diff, other: &Diff, old: &Model) -> Vec<Differs> {
    let profile = old.profile();
    // Nobody is logged in there before the change.
    let rejects =
        |wiki: &str| old.site(wiki).is_some_and(|site| matches!(site.left(As::User), Left::Rejected(..)));
    let (ours, theirs) = (cases(first), cases(other));
    let known: HashMap<_, _> = ours.iter().copied().collect();
    let theirs_by_key: HashMap<_, _> = theirs.iter().copied().collect();
    let seen = |case: &Case| (case.verdict, case.shadowed);
    let differs = |(wiki, url, ..): Key<'_>, case: Case| Differs {
        browsers: [profile.name()],
        wiki: wiki.to_owned(),
        url: url.to_owned(),
        differences: Vec::new(),
        case,
    };
    let mut found = Vec::new();
    for (key, case) in theirs {
        let same = known.get(&key).map_or(!case.hurts(), |known| seen(known) == seen(case));
        if !same {
            found.push(differs(key, case.clone()));
        }
    }
    for (key, case) in ours {
        if case.hurts() && !theirs_by_key.contains_key(&key) && !rejects(key.0) {
            found.push(differs(key, well(case)));
        }
    }
    found
}

/// The same user without a problem.
fn well(case: &Case) -> Case {
    Case {
        visitor: case.visitor,
        way: case.way.clone(),
        verdict: Verdict::Kept,
        reason: Reason::None,
        explanation: String::new(),
        cookies: Vec::new(),
        shadowed: false,
        until: None,
        until_at: None,
    }
}

/// Names the behaviors that cause the different effects, and returns all of them. Only the wikis of these effects are
/// simulated.
pub(super) fn name_causes(
    found: &mut [Differs],
    farms: [&Farm; 2],
    browser: &Jar,
    other: Profile,
    now: f64,
) -> Vec<&'static Difference> {
    let [old, new] = small(found, farms);
    let act = |browser: Jar| {
        let diff = Diff::in_browser(&old, &new, &browser, now);
        let seen: HashMap<_, _> = cases(&diff).into_iter().collect();
        let of = |one: &Differs| seen.get(&one.key()).map(|case| (case.verdict, case.shadowed));
        found.iter().map(|one| of(one).unwrap_or((Verdict::Kept, false))).collect::<Vec<_>>()
    };
    let causes = responsible_for_each(browser, other, act);
    let mut all: Vec<&'static Difference> = Vec::new();
    for (one, causes) in found.iter_mut().zip(causes) {
        one.differences = causes.iter().map(|difference| difference.name).collect();
        all.extend(causes);
    }
    let mut known = HashSet::new();
    all.retain(|difference| known.insert(difference.name));
    all
}

/// The farms without wikis that have nothing to do with the different effects.
fn small(found: &[Differs], farms: [&Farm; 2]) -> [Farm; 2] {
    let names: HashSet<&str> = found.iter().flat_map(|one| one.wikis()).collect();
    let urls = |wiki: &Wiki| wiki.addresses().map(|(url, _)| with_slash(url)).collect::<Vec<_>>();
    let named = farms.iter().flat_map(|farm| &farm.wikis).filter(|wiki| names.contains(wiki.name.as_str()));
    let known: HashSet<String> = named.flat_map(urls).collect();
    // A renamed wiki keeps a URL.
    let stays =
        |wiki: &&Wiki| names.contains(wiki.name.as_str()) || urls(wiki).iter().any(|url| known.contains(url));
    farms.map(|farm| farm.with_wikis(farm.wikis.iter().filter(stays).cloned().collect()))
}

impl Differs {
    fn key(&self) -> Key<'_> {
        (&self.wiki, &self.url, self.case.visitor.name(), &self.case.way)
    }

    /// The names of the wikis that the users visit.
    fn wikis(&self) -> impl Iterator<Item = &str> {
        let other = match &self.case.way {
            Way::Back | Way::Ended => None,
            Way::From(other) | Way::Over(other) | Way::Both(other) => Some(other.as_str()),
        };
        other.into_iter().chain([self.wiki.as_str()])
    }
}

/// A behavior in which browsers differ, and what each does.
pub(super) fn cause(of: &&'static Difference) -> String {
    let Difference { name, what, chromium, firefox, .. } = of;
    format!("difference {name}: {what}. Chromium: {chromium}. Firefox: {firefox}")
}

/// A line for each different effect.
pub(super) fn lines(found: &[Differs], profile: Profile) -> Vec<String> {
    let mut wikis: Vec<(String, Vec<&str>)> = Vec::new();
    for Differs { wiki, case, .. } in found {
        let line = format!("{} {}", who(case), what(case));
        match wikis.iter_mut().find(|(known, _)| *known == line) {
            Some((_, names)) if names.last() == Some(&wiki.as_str()) => {}
            Some((_, names)) => names.push(wiki),
            None => wikis.push((line, vec![wiki])),
        }
    }
    let line = |(line, names): (String, Vec<&str>)| {
        format!("{} differs at {}: {line}", profile.title(), list(&names, "and", 4))
    };
    wikis.into_iter().map(line).collect()
}
