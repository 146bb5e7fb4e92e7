//! Everything that the preview predicts, for any format.

use super::addresses::{self, ByUrl};
use super::browsers::Differences;
use super::chosen::Chosen;
use super::trouble::Problems;
use crate::browser::Profile;
use crate::cli::cookie::new_logins::{NewLoginJson, new_logins};
use crate::farm::Farm;
use crate::sharing::{Disagreement, Leak, Model, Third, disagreements, groups, leaks};

/// Everything that is predicted, for any format.
pub(super) struct Prediction<'a> {
    pub(super) model: &'a Model,
    /// The same farm in the browser it is compared with.
    pub(super) other: Option<&'a Model>,
    pub(super) chosen: &'a Chosen<'a>,
    pub(super) groups: Vec<Vec<&'a str>>,
    pub(super) problems: Problems,
    pub(super) interferences: Vec<Third>,
    pub(super) by_url: Vec<ByUrl<'a>>,
    pub(super) leaks: Vec<Leak>,
    pub(super) differences: Option<Differences<'a>>,
    /// In a prediction for one browser: pairs where a new login has another result than in others.
    pub(super) new_logins: Vec<NewLoginJson<'a>>,
    pub(super) unmet: Vec<Unmet>,
}

/// A disagreement with `[[share]]`, and the browser it holds for, if it is only one.
pub(super) type Unmet = (Option<Profile>, Disagreement);

pub(super) fn predict<'a>(
    farm: &Farm,
    model: &'a Model,
    other: Option<&'a Model>,
    chosen: &'a Chosen<'a>,
) -> Prediction<'a> {
    let all = model.thirds();
    let names = |group: &Vec<usize>| -> Vec<&'a str> {
        group.iter().filter_map(|at| chosen.sites.get(at)).map(|site| site.name.as_str()).collect()
    };
    let concerned = |group: &&Vec<usize>| chosen.one.is_none_or(|one| group.contains(&one));
    let mut problems = Problems::new(model, chosen);
    let new_logins = match other {
        None => {
            let (found, lines) = new_logins(model, None, &chosen.pairs, chosen.in_full());
            problems.lines.extend(lines);
            found
        }
        Some(_) => Vec::new(),
    };
    let groups = groups(model).iter().filter(concerned).map(names).filter(|group| group.len() > 1);
    Prediction {
        model,
        other,
        chosen,
        groups: groups.collect(),
        problems,
        new_logins,
        interferences: all.iter().filter(|third| chosen.has(third)).copied().collect(),
        by_url: addresses::different(model, chosen),
        leaks: leaks(farm, model).into_iter().filter_map(|leak| chosen.leak(leak)).collect(),
        differences: other.map(|other| Differences::new(model, other, chosen, &all)),
        unmet: unmet(farm, model, other),
    }
}

/// Where the prediction for one browser or for both differs from `[[share]]`.
fn unmet(farm: &Farm, model: &Model, other: Option<&Model>) -> Vec<Unmet> {
    let ours = disagreements(farm, model);
    let Some(other) = other else { return ours.into_iter().map(|found| (None, found)).collect() };
    let theirs = disagreements(farm, other);
    let has = |list: &[Disagreement], found: &Disagreement| {
        list.iter().any(|one| (&one.from, &one.to, one.intended) == (&found.from, &found.to, found.intended))
    };
    let only = |profile: Profile, list: &[Disagreement], found: &Disagreement| {
        if has(list, found) { None } else { Some(profile) }
    };
    let new: Vec<Unmet> = theirs
        .iter()
        .filter(|found| !has(&ours, found))
        .map(|found| (Some(other.profile()), found.clone()))
        .collect();
    let known = ours.into_iter().map(|found| (only(model.profile(), &theirs, &found), found));
    known.chain(new).collect()
}
