//! Where the effects of a change differ between two browsers.

use std::collections::HashMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::words::{what, who};
use crate::browser::Profile;
use crate::farm::Farm;
use crate::location::RealDirectories;
use crate::sharing::{Browsers, Model};
use crate::simulate::diff::{Case, Diff, Reason, Verdict, Way};
use crate::text::list;

/// In larger farms, a second browser is simulated only if it reads a header of a wiki differently.
const ALL_WIKIS: usize = 200;

/// An effect in the other browser that differs from the effect in the first.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Differs {
    /// The browser for which this holds.
    browsers: [&'static str; 1],
    /// The wiki, by its name in the old file.
    wiki: String,
    #[serde(flatten)]
    case: Case,
}

/// Whether another browser may treat the cookies of a farm differently than the browser of its model.
pub(super) fn may_differ(farm: &Farm, model: &Model, other: Profile) -> bool {
    farm.wikis.len() <= ALL_WIKIS
        || Browsers::new(model, &model.in_browser(farm, &RealDirectories::default(), other)).any_differs()
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

/// The effects in another browser that differ from those in the first.
pub(super) fn differences(first: &Diff, other: &Diff, profile: Profile) -> Vec<Differs> {
    let (ours, theirs) = (cases(first), cases(other));
    let known: HashMap<_, _> = ours.iter().copied().collect();
    let theirs_by_key: HashMap<_, _> = theirs.iter().copied().collect();
    let seen = |case: &Case| (case.verdict, case.shadowed);
    let differs =
        |wiki: &str, case: Case| Differs { browsers: [profile.name()], wiki: wiki.to_owned(), case };
    let mut found = Vec::new();
    for (key, case) in theirs {
        let same = known.get(&key).map_or(!case.hurts(), |known| seen(known) == seen(case));
        if !same {
            found.push(differs(key.0, case.clone()));
        }
    }
    for (key, case) in ours {
        if case.hurts() && !theirs_by_key.contains_key(&key) {
            found.push(differs(key.0, well(case)));
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
