//! Pairs of wikis where a new login has another result in one browser than in others.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::browser::Profile;
use crate::sharing::{Model, NewLogin};

/// What users see after logins at `from`, at `to`, and again at `from`.
#[derive(Serialize, JsonSchema)]
pub(super) struct NewLoginJson<'a> {
    /// The wiki that users come from.
    from: &'a str,
    /// The wiki that users go to.
    to: &'a str,
    /// The browsers for which this holds.
    browsers: [&'static str; 1],
    /// What users see.
    effect: String,
}

/// The pairs, by position, where a new login has another result in the other browser, and a line for each kind of them.
/// Without another browser: where browsers differ, and a line if users lose a login in the one that is predicted. `full`
/// is whether `pairs` are all pairs, which are counted, and not examples.
pub(super) fn new_logins<'a>(
    model: &'a Model,
    other: Option<&Model>,
    pairs: &[(usize, usize)],
    full: bool,
) -> (Vec<NewLoginJson<'a>>, Vec<String>) {
    let unlike = match (other, model.profile()) {
        (Some(other), _) => other.profile(),
        (None, Profile::Chromium) => Profile::Firefox,
        (None, _) => Profile::Chromium,
    };
    let mut found = Vec::new();
    let mut alike: BTreeMap<String, (String, usize)> = BTreeMap::new();
    for ((from, to), [ours, theirs]) in model.new_logins(unlike, pairs) {
        let (Some(from), Some(to)) = (model.sites().get(from), model.sites().get(to)) else { continue };
        let (from, to) = (from.name.as_str(), to.name.as_str());
        let mut results = vec![(model.profile(), ours)];
        results.extend(other.map(|other| (other.profile(), theirs)));
        if other.is_some() || !(ours.here && ours.there) {
            let line = || (NewLogin::describe_in(from, to, &results), 0);
            alike.entry(format!("{results:?}")).or_insert_with(line).1 += 1;
        }
        found.extend(results.iter().map(|(profile, result)| NewLoginJson {
            from,
            to,
            browsers: [profile.name()],
            effect: result.describe(from, to),
        }));
    }
    (found, alike.into_values().map(|(line, count)| with_count(line, if full { count } else { 1 })).collect())
}

/// The line for one of several pairs.
pub(super) fn with_count(line: String, count: usize) -> String {
    match count {
        1 => line,
        2 => format!("{line} (the same for 1 more pair)"),
        count => format!("{line} (the same for {} more pairs)", count - 1),
    }
}
