//! The search: builds the farm in several ways, reverts what is not needed, and ranks the results.

use super::build::{KEEP_HTTPS, KEEP_NAMES, KEEP_SCOPES, Way, build};
use super::change::{Change, Suggestion};
use super::intents::{Asked, Intents};
use super::reason::reasons;
use super::search::Search;
use super::undo::Trial;
use crate::browser::{Profile, SharedSuffixes};
use crate::farm::{Farm, Wiki};
use crate::location::RealDirectories;
use crate::sharing::Model;
use crate::sharing::site::NOW;
use crate::simulate::diff::{Case, Diff};
use crate::sys::one_by_one;

/// So many suggestions are shown.
const MOST: usize = 3;

/// The result of a search.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Found {
    /// Whether the farm is as wanted without any change.
    pub met: bool,
    /// Changes that give what is wanted, smallest first.
    pub suggestions: Vec<Suggestion>,
    /// Why nothing does, if nothing does.
    pub impossible: Vec<String>,
}

/// Whether a changed farm has no other problems.
type Accept<'a> = &'a (dyn Fn(&Farm) -> bool + Sync);

/// Searches the smallest changes that give what is wanted, in Chromium, Firefox, and the browser of the model: the
/// `[[share]]` tables of the farm file, and what is asked for in addition. `accept` can refuse a changed farm for other
/// reasons.
pub fn suggest(farm: &Farm, model: &Model, asked: &Asked, accept: &(dyn Fn(&Farm) -> bool + Sync)) -> Found {
    let others = [Profile::Chromium, Profile::Firefox].into_iter().filter(|it| *it != model.profile());
    let profiles: Vec<Profile> = std::iter::once(model.profile()).chain(others).collect();
    let intents = Intents::new(farm, model, asked);
    let mut found = Found { met: true, suggestions: Vec::new(), impossible: Vec::new() };
    let mut broken = Vec::new();
    for profile in profiles.iter().copied() {
        if !found.suggestions.is_empty() {
            break;
        }
        let other = (profile != model.profile())
            .then(|| model.in_browser(farm, &RealDirectories::default(), profile));
        let search = Search::new(farm, other.as_ref().unwrap_or(model), &intents);
        if search.check().whole().is_some() {
            found.met = false;
            broken.push(profile);
            found.search(&search, &profiles, accept);
        }
    }
    found.rank();
    if let [only] = broken[..] {
        found.impossible.iter_mut().for_each(|why| *why = format!("with {}, {why}", only.title()));
    }
    found
}

impl Found {
    /// Adds what the search in one browser finds.
    fn search(&mut self, search: &Search<'_>, profiles: &[Profile], accept: Accept<'_>) {
        let go = |way: &Way| search.go(*way, profiles, accept);
        let mut results = one_by_one(&search.ways(), go);
        if results.iter().all(Result::is_err) {
            results.extend(one_by_one(&search.last_ways(), go));
        }
        for result in results {
            match result {
                Ok(suggestion) if !self.suggestions.contains(&suggestion) => {
                    self.suggestions.push(suggestion);
                }
                Ok(_) => {}
                Err(reasons) => self.impossible = reasons,
            }
        }
    }

    /// Of equally large suggestions, puts the one first that affects users of fewer wikis.
    #[must_use]
    pub fn by_affected(mut self, farm: &Farm, suffixes: &SharedSuffixes) -> Found {
        let equal = |two: &[Suggestion]| matches!(two, [a, b] if a.settings == b.settings);
        if !self.suggestions.windows(2).any(equal) {
            return self;
        }
        let affected = one_by_one(&self.suggestions, |one| affected(farm, one, suffixes));
        let mut ranked: Vec<_> = affected.into_iter().zip(self.suggestions).collect();
        ranked.sort_by_key(|(affected, one)| (one.settings, *affected));
        self.suggestions = ranked.into_iter().map(|(_, one)| one).collect();
        self
    }

    fn rank(&mut self) {
        self.suggestions.sort_by_key(|one| (one.settings, one.changes.len()));
        // A much larger change is no alternative.
        let most = self.suggestions.first().map_or(0, |first| 2 * first.settings + 1);
        self.suggestions.retain(|suggestion| suggestion.settings <= most);
        self.suggestions.truncate(MOST);
        if !self.suggestions.is_empty() {
            self.impossible.clear();
        }
    }
}

/// How many wikis have users whom the rollout of a suggestion affects.
fn affected(farm: &Farm, suggestion: &Suggestion, suffixes: &SharedSuffixes) -> usize {
    let diff = Diff::new(farm, &changed(farm, &suggestion.changes), suffixes, NOW);
    diff.wikis(Case::logs_in_again).len() + diff.wikis(Case::is_stuck).len()
}

impl Search<'_> {
    /// The ways that change settings only.
    fn ways(&self) -> Vec<Way> {
        let first = Way { order: KEEP_NAMES, narrow: false, https: true, upgrade: false, hosts: false };
        let scopes = Way { order: KEEP_SCOPES, ..first };
        let mut ways = vec![first, scopes];
        let parties = || self.intents.parties.iter().filter(|party| party.len() > 1);
        if parties().next().is_some() {
            ways.extend([first, scopes].map(|way| Way { narrow: true, ..way }));
        }
        let http = self.wikis.iter().any(|wiki| wiki.url.scheme() == "http");
        // `__Secure-` or `__Host-`.
        if http || self.model.sites().iter().any(|site| site.cookie_name.starts_with("__")) {
            ways.push(Way { order: KEEP_HTTPS, ..first });
        }
        if http && parties().next().is_some() {
            ways.push(Way { https: false, ..first });
        }
        ways
    }

    /// The ways that are left if settings do not help.
    fn last_ways(&self) -> Vec<Way> {
        let first = Way { order: KEEP_NAMES, narrow: false, https: true, upgrade: true, hosts: false };
        let hosts = Way { upgrade: false, hosts: true, ..first };
        vec![first, hosts, Way { upgrade: true, ..hosts }]
    }

    /// Builds the farm in one way, reverts what is not needed, and checks the result in all browsers.
    fn go(&self, way: Way, profiles: &[Profile], accept: Accept<'_>) -> Result<Suggestion, Vec<String>> {
        let mut trial = Trial::new(self, build(&self.wikis, &self.intents.parties, way));
        self.must_be_well(&mut trial)?;
        trial.undo(way);
        self.must_be_well(&mut trial)?;
        let changes = trial.changes();
        let farm = changed(self.farm, &changes);
        for other in profiles.iter().filter(|other| **other != self.model.profile()) {
            let other = trial.model().in_browser(&farm, &RealDirectories::default(), *other);
            if let Some(broken) = self.check_of(&other).whole() {
                return Err(reasons(self, broken, &other));
            }
        }
        match accept(&farm) {
            true => Ok(Suggestion::new(changes, self.farm)),
            false => Err(vec!["other rules of `wikifarm config check` report errors then".to_owned()]),
        }
    }

    fn must_be_well(&self, trial: &mut Trial<'_>) -> Result<(), Vec<String>> {
        match trial.broken() {
            None => Ok(()),
            Some(broken) => Err(reasons(self, broken, trial.model())),
        }
    }
}

/// The farm with changes, in memory.
pub fn changed(farm: &Farm, changes: &[Change]) -> Farm {
    let wiki = |wiki: &Wiki| {
        let own = changes.iter().filter(|change| change.wiki == wiki.name);
        own.fold(wiki.clone(), |wiki, change| wiki.with(change.key, change.value.clone()))
    };
    farm.with_wikis(farm.wikis.iter().map(wiki).collect())
}
