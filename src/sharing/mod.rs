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
//! What then happens, to A's login and to B's own, is acted out by [`crate::simulate`], once for all pairs that are alike
//! (`classes.rs`). Nothing here guesses: what the farm file does not tell is `unknown`. The disk is asked only whether two
//! paths are one directory, through [`Places`].

#[cfg(test)]
mod agreement;
mod classes;
mod cure;
#[cfg(test)]
mod cured;
mod effect;
mod groups;
mod intent;
mod leaks;
mod meeting;
mod modes;
mod places;
mod relation;
mod site;
mod steps;
mod third;

use std::collections::HashMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use serde::Serialize;

pub use classes::Classes;
pub use cure::{Aim, Change, Cure, Cures};
pub use effect::{By, Harm};
pub use groups::groups;
pub use intent::{Disagreement, disagreements};
pub use leaks::{Leak, Leaked, leaks};
pub use modes::Modes;
pub use places::{Identity, Places, RealPlaces, session_place};
pub use site::{Left, Site, Storage};
pub use steps::{Step, StepResult, TITLES};
pub use third::Third;

use crate::browser::{Jar, Mode, SharedSuffixes};
use crate::farm::Farm;
use meeting::{Meeting, meet};
use relation::{Relation, is_plain};

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
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
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

/// The prediction for one ordered pair, without the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judgement {
    /// What comes of it.
    pub verdict: Verdict,
    /// The step that failed, from 1; `None` where all passed.
    pub step: Option<usize>,
    /// Whether the browser sends A's cookie to B.
    pub cookie_sent: bool,
    /// The harm, if there is any.
    pub harm: Option<Harm>,
}

impl Judgement {
    /// Whether people notice, or nothing can be said.
    pub fn is_trouble(&self) -> bool {
        !matches!(self.verdict, Verdict::Shared | Verdict::Separate)
    }
}

/// All that a judgement depends on: pairs of one key have one judgement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    manners: (usize, usize),
    visitor: As,
    one_wiki: bool,
    same_storage: bool,
    same_users: bool,
    relation: Relation,
}

/// A farm, prepared for asking about pairs.
#[derive(Debug)]
pub struct Model {
    sites: Vec<Site>,
    classes: Classes,
    by_name: HashMap<String, usize>,
    /// An empty one, for whose rules everything is predicted.
    browser: Jar,
    /// What has been asked before.
    judged: Mutex<HashMap<Key, Judgement>>,
    /// The groups, once somebody has asked for them.
    groups: OnceLock<Vec<Vec<usize>>>,
}

impl Model {
    /// Prepares each wiki of `farm` once, for browsers with that list of public suffixes.
    pub fn new(farm: &Farm, places: &dyn Places, suffixes: &SharedSuffixes) -> Model {
        Model::for_browser(farm, places, suffixes, Mode::Chromium)
    }

    /// The same for browsers that go by other rules than Chromium's.
    pub fn for_browser(farm: &Farm, places: &dyn Places, suffixes: &SharedSuffixes, mode: Mode) -> Model {
        let browser = Jar::with_suffixes(mode, suffixes.clone());
        let mut sites = site::sites(farm, places, &browser);
        let by_name =
            sites.iter().enumerate().map(|(position, site)| (site.name.clone(), position)).collect();
        let classes = Classes::new(&mut sites);
        Model { classes, by_name, sites, browser, judged: Mutex::default(), groups: OnceLock::new() }
    }

    /// The wikis, in the farm's order.
    pub fn sites(&self) -> &[Site] {
        &self.sites
    }

    /// The wiki of that name.
    pub fn site(&self, name: &str) -> Option<&Site> {
        self.sites.get(*self.by_name.get(name)?)
    }

    /// Where the answer is another one by other addresses of the two wikis: each with the two addresses, by which they
    /// are called.
    pub fn by_alias<'a>(&self, from: &'a Site, to: &'a Site, visitor: As) -> Vec<(&'a Site, &'a Site, Pair)> {
        let plain = self.judge(from, to, visitor).verdict;
        let all = |site: &'a Site| std::iter::once(site).chain(&site.aliases);
        let pairs = all(from).flat_map(|a| all(to).map(move |b| (a, b)));
        pairs
            .filter(|(a, b)| self.judge(a, b, visitor).verdict != plain)
            .map(|(a, b)| (a, b, self.pair(&a.by_address(), &b.by_address(), visitor)))
            .collect()
    }

    /// The prediction for somebody who goes from `from` to `to`, in words.
    pub fn pair(&self, from: &Site, to: &Site, visitor: As) -> Pair {
        let Judgement { verdict, step, cookie_sent, harm } = self.judge(from, to, visitor);
        let reason = match self.steps(from, to, visitor).pop() {
            Some(last) if step.is_some() => last.evidence,
            _ => steps::summary(from, visitor),
        };
        let effect = harm.map(|harm| harm.describe(from, to, visitor));
        Pair { verdict, step, reason, cookie_sent, effect }
    }

    /// The six steps from one wiki to another with their evidence, up to the first that does not pass.
    pub fn steps(&self, from: &Site, to: &Site, visitor: As) -> Vec<Step> {
        let mut steps = steps::steps(from, to, visitor);
        if self.judge(from, to, visitor).verdict == Verdict::Shadowed {
            steps.truncate(3);
            if let Some(third) = steps.last_mut() {
                *third = steps::shadowed(to);
            }
        }
        steps
    }

    /// The prediction for somebody who goes from `from` to `to`.
    pub fn judge(&self, from: &Site, to: &Site, visitor: As) -> Judgement {
        let relation = Relation::of(from, to);
        let (one, other) = (from.marks, to.marks);
        let key = Key {
            manners: (one.manner, other.manner),
            visitor,
            one_wiki: from.name == to.name,
            same_storage: one.storage == other.storage,
            same_users: one.users == other.users,
            relation,
        };
        // What has nothing to do with each other is not worth remembering: a farm can have many such pairs. Of two wikis at
        // one address nobody knows which is visited.
        if !Model::may_meet(from, to, relation) || from.crowds(to) {
            return self.work_out(from, to, visitor, Meeting::APART);
        }
        if let Some(known) = self.judged.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return *known;
        }
        let judgement = self.work_out(from, to, visitor, meet(from, to, visitor, &self.browser));
        self.judged.lock().unwrap_or_else(PoisonError::into_inner).insert(key, judgement);
        judgement
    }

    /// Whether the cookie of the one may concern the other.
    fn may_meet(from: &Site, to: &Site, relation: Relation) -> bool {
        let plain = is_plain(&from.cookie_name) && is_plain(&to.cookie_name);
        (from.cookie_name == to.cookie_name || !plain) && !relation.is_apart()
    }

    /// Holds the steps and what was acted out together.
    fn work_out(&self, from: &Site, to: &Site, visitor: As, meeting: Meeting) -> Judgement {
        let (passed, last) = steps::results(from, to, visitor);
        let cookie_sent = passed >= 2;
        let step = (last != StepResult::Passed).then_some(passed + 1);
        // What A makes of B's cookie is known only where both are.
        let known = from.name == to.name || (from.is_known() && to.is_known());
        let harm = meeting.harm.filter(|harm| known || !harm.is_at_home());
        let judged = |verdict, step, harm| Judgement { verdict, step, cookie_sent, harm };
        match last {
            StepResult::Unknown => judged(Verdict::Unknown, step, None),
            StepResult::Failed if passed == 0 && from.refused(visitor) => {
                judged(Verdict::Rejected, step, None)
            }
            StepResult::Passed if meeting.shared && !meeting.shared_after_visit && harm.is_none() => {
                judged(Verdict::Shadowed, Some(3), None)
            }
            _ if harm.is_some() => judged(Verdict::Conflict, step, harm),
            StepResult::Passed => judged(Verdict::Shared, None, None),
            _ => judged(Verdict::Separate, step, None),
        }
    }
}

#[cfg(test)]
mod tests;
