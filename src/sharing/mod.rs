//! Who shares a login with whom, and why.
//!
//! For an ordered pair of wikis A and B: somebody is at A (logged in, or with an anonymous session) and goes to B. Six
//! steps decide, in MOINMOIN's order, and the first that fails names the verdict:
//!
//! 1. the browser accepts A's Set-Cookie at A's URL;
//! 2. the browser sends it to B's URL;
//! 3. B looks for a cookie of that name, and no other cookie of the name shadows it;
//! 4. B accepts the id's form and finds the session;
//! 5. B knows the user and how he logged in;
//! 6. the session has not expired.
//!
//! What B then does to A's login was measured on running wikis; `effect.rs` holds that table. Nothing here guesses:
//! what the farm file does not tell is `unknown`. The disk is asked only whether two paths are one directory, through
//! [`Places`].

mod classes;
mod effect;
mod groups;
mod intent;
mod leaks;
mod places;
mod site;
mod steps;

use std::collections::HashMap;

use serde::Serialize;

pub use classes::Classes;
pub use effect::Effect;
pub use groups::groups;
pub use intent::{Disagreement, disagreements};
pub use leaks::{Leak, Leaked, leaks};
pub use places::{Identity, Places, RealPlaces};
pub use site::{Left, Site, Storage};
pub use steps::{Step, StepResult, TITLES, steps};

use crate::browser::SharedSuffixes;
use crate::farm::Farm;

/// As whom somebody comes from A.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum As {
    /// Logged in at A.
    User,
    /// With an anonymous session of A's.
    Anonymous,
}

/// What comes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// B goes on with A's session.
    Shared,
    /// Nothing of A's reaches B, or it does no harm.
    Separate,
    /// B gets A's cookie and it hurts; the effect says how.
    Conflict,
    /// The browser refuses A's cookie: nobody can log in at A.
    Rejected,
    /// A cookie of B's own hides A's.
    Shadowed,
    /// The farm file does not tell.
    Unknown,
}

impl Verdict {
    /// The word in output.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Shared => "shared",
            Verdict::Separate => "separate",
            Verdict::Conflict => "conflict",
            Verdict::Rejected => "rejected",
            Verdict::Shadowed => "shadowed",
            Verdict::Unknown => "unknown",
        }
    }
}

/// The prediction for one ordered pair.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// What comes of it.
    pub verdict: Verdict,
    /// The step that failed, from 1; `None` where all passed: then the login is shared, though a visit may still
    /// hurt.
    pub step: Option<usize>,
    /// Why, in one line.
    pub reason: String,
    /// Whether the browser sends A's cookie to B.
    pub cookie_sent: bool,
    /// What B does to A's login, where it hurts.
    pub effect: Option<String>,
}

/// A farm, prepared for asking about pairs.
#[derive(Debug)]
pub struct Model {
    sites: Vec<Site>,
    classes: Classes,
    by_name: HashMap<String, usize>,
}

impl Model {
    /// Prepares each wiki of `farm` once, for browsers with that list of public suffixes.
    pub fn new(farm: &Farm, places: &dyn Places, suffixes: &SharedSuffixes) -> Model {
        let sites = site::sites(farm, places, suffixes);
        let by_name =
            sites.iter().enumerate().map(|(position, site)| (site.name.clone(), position)).collect();
        Model { classes: Classes::new(&sites), by_name, sites }
    }

    /// The wikis, in the farm's order.
    pub fn sites(&self) -> &[Site] {
        &self.sites
    }

    /// The wiki of that name.
    pub fn site(&self, name: &str) -> Option<&Site> {
        self.sites.get(*self.by_name.get(name)?)
    }

    /// Where the answer is another one by other addresses of the two wikis: each with the two addresses.
    pub fn by_alias<'a>(&self, from: &'a Site, to: &'a Site, visitor: As) -> Vec<(&'a Site, &'a Site, Pair)> {
        let plain = self.pair(from, to, visitor).verdict;
        let all = |site: &'a Site| std::iter::once(site).chain(&site.aliases);
        let pairs = all(from).flat_map(|a| all(to).map(move |b| (a, b)));
        pairs
            .map(|(a, b)| (a, b, self.pair(a, b, visitor)))
            .filter(|(_, _, pair)| pair.verdict != plain)
            .collect()
    }

    /// The prediction for somebody who goes from `from` to `to`.
    pub fn pair(&self, from: &Site, to: &Site, visitor: As) -> Pair {
        let steps = steps::steps(from, to, visitor);
        let cookie_sent =
            steps.len() > 2 || steps.get(1).is_some_and(|step| step.result == StepResult::Passed);
        let Some((number, last)) = steps.iter().enumerate().next_back() else {
            // There is always a first step; without one nothing is known.
            return Pair {
                verdict: Verdict::Unknown,
                step: None,
                reason: String::new(),
                cookie_sent: false,
                effect: None,
            };
        };
        let number = number + 1;
        let step = (last.result != StepResult::Passed).then_some(number);
        // Of what is unknown nothing is said.
        let failed = step.filter(|_| last.result == StepResult::Failed);
        let effect = match (failed, last.result) {
            (Some(step), _) => effect::effect(from, to, visitor, step),
            (None, StepResult::Passed) if visitor == As::User => effect::effect_of_sharing(from, to),
            _ => None,
        };
        let verdict = match (last.result, number) {
            (StepResult::Passed, _) if effect.is_some() => Verdict::Conflict,
            (StepResult::Passed, _) => Verdict::Shared,
            (StepResult::Unknown, _) => Verdict::Unknown,
            (StepResult::Failed, 1) if from.refused(visitor) => Verdict::Rejected,
            (StepResult::Shadowed, _) => Verdict::Shadowed,
            (StepResult::Failed, _) if effect.is_some() => Verdict::Conflict,
            (StepResult::Failed, _) => Verdict::Separate,
        };
        let reason = match verdict {
            _ if step.is_none() => steps::summary(from, visitor),
            _ => last.evidence.clone(),
        };
        let effect = effect.map(|effect| effect.to_string());
        Pair { verdict, step, reason, cookie_sent, effect }
    }
}

#[cfg(test)]
mod tests;
