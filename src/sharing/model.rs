//! A farm, prepared for asking about pairs of its wikis.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::classes::{Classes, Names};
use super::describe;
use super::meeting::{Meeting, meet};
use super::parties::route;
use super::relation::{Relation, may_meet};
use super::site::{self, Site};
use super::steps::{self, Evidence, StepResult};
use super::verdict::{As, Judgement, Pair, Verdict};
use crate::browser::{Jar, Profile, SharedSuffixes};
use crate::farm::Farm;
use crate::location::Directories;

/// Everything that a judgement depends on: pairs of one key have the same judgement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key {
    behaviors: (usize, usize),
    visitor: As,
    one_wiki: bool,
    same_storage: bool,
    same_users: bool,
    relation: Relation,
}

impl Key {
    pub(super) fn of(from: &Site, to: &Site, visitor: As) -> Key {
        let (one, other) = (from.marks, to.marks);
        Key {
            behaviors: (one.behavior, other.behavior),
            visitor,
            one_wiki: from.name == to.name,
            same_storage: one.storage == other.storage,
            same_users: one.users == other.users,
            relation: Relation::of(from, to),
        }
    }
}

/// One step with its evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Step {
    /// How the step ends.
    pub result: StepResult,
    /// Why, in one line.
    pub evidence: String,
}

/// A farm, prepared for asking about pairs.
#[derive(Debug)]
pub struct Model {
    pub(super) sites: Vec<Site>,
    pub(super) classes: Classes,
    pub(super) by_name: HashMap<String, usize>,
    /// An empty jar of the predicted browser.
    pub(super) browser: Jar,
    /// The numbers in the marks of sites.
    pub(super) names: Arc<Mutex<Names>>,
    /// Known judgements.
    pub(super) judged: Arc<Mutex<HashMap<Key, Judgement>>>,
    /// The pairs that are enough to ask about, once computed.
    pub(super) encounters: OnceLock<Vec<(usize, usize)>>,
    /// The groups, once computed.
    pub(super) groups: OnceLock<Vec<Vec<usize>>>,
}

impl Model {
    /// Prepares each wiki of `farm`, for Chromium with this list of public suffixes.
    pub fn new(farm: &Farm, directories: &dyn Directories, suffixes: &SharedSuffixes) -> Model {
        Model::for_browser(farm, directories, suffixes, Profile::Chromium)
    }

    /// As [`Model::new`], for another browser.
    pub fn for_browser(
        farm: &Farm,
        directories: &dyn Directories,
        suffixes: &SharedSuffixes,
        profile: Profile,
    ) -> Model {
        let browser = Jar::with_suffixes(profile, suffixes.clone());
        let mut sites = site::sites(farm, directories, &browser);
        let by_name =
            sites.iter().enumerate().map(|(position, site)| (site.name.clone(), position)).collect();
        let mut names = Names::default();
        sites.iter_mut().for_each(|site| names.mark(site));
        let names = Arc::new(Mutex::new(names));
        Model::of(sites, by_name, browser, names)
    }

    /// A model of marked sites.
    pub(super) fn of(
        sites: Vec<Site>,
        by_name: HashMap<String, usize>,
        browser: Jar,
        names: Arc<Mutex<Names>>,
    ) -> Model {
        let classes = Classes::new(&sites);
        let (groups, encounters) = (OnceLock::new(), OnceLock::new());
        Model { classes, by_name, sites, browser, names, judged: Arc::default(), encounters, groups }
    }

    /// The same farm with other wikis at the same positions. Equal pairs keep their judgements.
    pub(super) fn with_sites(&self, sites: Vec<Site>) -> Model {
        let model = Model::of(sites, self.by_name.clone(), self.browser.clone(), Arc::clone(&self.names));
        Model { judged: Arc::clone(&self.judged), ..model }
    }

    /// A model of the same wikis that counts and remembers by itself.
    pub(super) fn copy(&self) -> Model {
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Model::of(self.sites.clone(), self.by_name.clone(), self.browser.clone(), Arc::new(Mutex::new(names)))
    }

    /// Marks a site, so that it can be compared with the sites of the model.
    pub(super) fn mark(&self, site: &mut Site) {
        self.names.lock().unwrap_or_else(PoisonError::into_inner).mark(site);
    }

    /// The browser it predicts for.
    pub fn profile(&self) -> Profile {
        self.browser.profile()
    }

    /// The public suffixes.
    pub(crate) fn suffixes(&self) -> SharedSuffixes {
        self.browser.shared_suffixes()
    }

    /// The wikis, in the farm's order.
    pub fn sites(&self) -> &[Site] {
        &self.sites
    }

    /// The wiki of that name.
    pub fn site(&self, name: &str) -> Option<&Site> {
        self.sites.get(*self.by_name.get(name)?)
    }

    /// The pairs of URLs of the two wikis that have another verdict than their first URLs. The reasons name the URLs.
    pub fn by_alias<'a>(&self, from: &'a Site, to: &'a Site, visitor: As) -> Vec<(&'a Site, &'a Site, Pair)> {
        let plain = self.judge(from, to, visitor).verdict;
        let all = |site: &'a Site| std::iter::once(site).chain(&site.aliases);
        let pairs = all(from).flat_map(|a| all(to).map(move |b| (a, b)));
        pairs
            .map(|(a, b)| (a, b, self.judge(a, b, visitor)))
            .filter(|(_, _, judgement)| judgement.verdict != plain)
            .map(|(a, b, judgement)| {
                (a, b, self.described(judgement, &a.by_address(), &b.by_address(), visitor))
            })
            .collect()
    }

    /// The prediction for somebody who goes from `from` to `to`, in words.
    pub fn pair(&self, from: &Site, to: &Site, visitor: As) -> Pair {
        self.described(self.judge(from, to, visitor), from, to, visitor)
    }

    fn described(&self, judgement: Judgement, from: &Site, to: &Site, visitor: As) -> Pair {
        let Judgement { verdict, step, cookie_sent, effect } = judgement;
        let reason = match evidence_of(judgement, from, to, visitor).pop() {
            Some(last) if step.is_some() => describe::evidence(&last, from, to, visitor),
            _ => describe::summary(from, visitor),
        };
        let effect = effect.map(|effect| effect.describe((&[&from.called], &[&to.called]), to, visitor));
        Pair { verdict, step, reason, cookie_sent, effect }
    }

    /// A problem between the wikis named `from` and `to`, of which a and b are two, in one line about users.
    pub fn describe_problem(
        &self,
        judgement: Judgement,
        names: (&[&str], &[&str]),
        (a, b): (&Site, &Site),
    ) -> String {
        match judgement.effect {
            Some(effect) => effect.describe(names, b, As::User),
            None if judgement.verdict == Verdict::Shadowed => describe::shadowed(names, b),
            None => {
                let reason = self.described(judgement, a, b, As::User).reason;
                format!("{}: {}: {reason}", route(names.0, names.1), judgement.verdict.name())
            }
        }
    }

    /// The six steps from one wiki to another with their evidence, up to the first that does not pass.
    pub fn steps(&self, from: &Site, to: &Site, visitor: As) -> Vec<Step> {
        let steps = evidence_of(self.judge(from, to, visitor), from, to, visitor);
        let described = |evidence: Evidence| Step {
            result: evidence.result(),
            evidence: describe::evidence(&evidence, from, to, visitor),
        };
        steps.into_iter().map(described).collect()
    }

    /// The prediction for somebody who goes from `from` to `to`.
    pub fn judge(&self, from: &Site, to: &Site, visitor: As) -> Judgement {
        let key = Key::of(from, to, visitor);
        // Wikis that never meet are not remembered, since a farm can have many such pairs. Of two wikis at a shared address,
        // nobody knows which is visited.
        if !may_meet(from, to, key.relation) || from.shares_address_with(to) {
            return self.work_out(from, to, visitor, Meeting::APART);
        }
        if let Some(known) = self.judged.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return *known;
        }
        let judgement = self.work_out(from, to, visitor, meet(from, to, visitor, &self.browser));
        self.judged.lock().unwrap_or_else(PoisonError::into_inner).insert(key, judgement);
        judgement
    }

    /// Combines the steps and the simulation.
    pub(super) fn work_out(&self, from: &Site, to: &Site, visitor: As, meeting: Meeting) -> Judgement {
        let steps = steps::steps(from, to, visitor);
        let last = steps.last().map_or(StepResult::Unknown, Evidence::result);
        let passed = steps.iter().filter(|step| step.result() == StepResult::Passed).count();
        let cookie_sent = passed >= 2;
        let step = (last != StepResult::Passed).then_some(passed + 1);
        // Effects at A are known only if everything about both wikis is.
        let known = from.name == to.name || (from.is_known() && to.is_known());
        let effect = meeting.effect.filter(|effect| known || !effect.is_at_home());
        let judged = |verdict, step, effect| Judgement { verdict, step, cookie_sent, effect };
        match last {
            StepResult::Unknown => judged(Verdict::Unknown, step, None),
            StepResult::Failed if passed == 0 && from.rejected(visitor) => {
                judged(Verdict::Rejected, step, None)
            }
            StepResult::Passed if meeting.shared && !meeting.shared_after_visit && effect.is_none() => {
                judged(Verdict::Shadowed, Some(3), None)
            }
            _ if effect.is_some() => judged(Verdict::Conflict, step, effect),
            StepResult::Passed => judged(Verdict::Shared, None, None),
            _ => judged(Verdict::Separate, step, None),
        }
    }
}

/// The evidence of the steps up to the first that does not pass, of a pair that was judged so.
fn evidence_of(judgement: Judgement, from: &Site, to: &Site, visitor: As) -> Vec<Evidence> {
    let mut steps = steps::steps(from, to, visitor);
    if judgement.verdict == Verdict::Shadowed {
        steps.truncate(2);
        steps.push(Evidence::Shadowed);
    }
    steps
}
