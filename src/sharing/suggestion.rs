//! Suggests changes of settings for two wikis that disturb each other, or share a login against the intent.
//!
//! There are a few families of suggestions: another cookie name, narrower paths, no domain, or the same directories and
//! cookie. Each uses only settings of the wiki's version, and is offered only if it works in both directions of the pair.

use std::collections::HashSet;

use super::effect::Effect;
use super::groups::groups;
use super::meeting::{Meeting, meet};
use super::model::Model;
use super::relation::{Relation, is_plain, may_meet};
use super::site::{Site, at_its_url};
use super::suggest::Change;
use super::verdict::{As, Judgement, Verdict};
use crate::farm::{Farm, Key, Value, Wiki};
use crate::location::Directories;
use crate::moin::Behavior;
use crate::names::list;

/// Changes that solve a problem together, as the prediction shows.
#[derive(Debug, Clone, PartialEq)]
pub struct PairSuggestion {
    /// The changes.
    pub changes: Vec<Change>,
    /// The changes, as an imperative.
    pub words: String,
}

/// The aim of a suggestion for a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Aim {
    /// Neither wiki disturbs the other, whether they share a login or not.
    Harmless,
    /// The wikis share no login, and do not disturb each other.
    Apart,
}

/// The largest number of suggestions.
const MOST: usize = 3;

/// Finds suggestions for one farm.
pub struct Suggestions<'a> {
    farm: &'a Farm,
    model: &'a Model,
    directories: &'a dyn Directories,
    /// The wikis that share a login, which are changed last.
    tied: HashSet<&'a str>,
}

impl<'a> Suggestions<'a> {
    /// Prepares the search.
    pub fn new(farm: &'a Farm, model: &'a Model, directories: &'a dyn Directories) -> Suggestions<'a> {
        let tied = groups(model).iter().flatten();
        let tied = tied.filter_map(|at| model.sites().get(*at)).map(|site| site.name.as_str()).collect();
        Suggestions { farm, model, directories, tied }
    }

    /// Suggestions for a pair, smallest first; empty if no setting helps.
    pub fn find(&self, from: &Site, to: &Site, aim: Aim) -> Vec<PairSuggestion> {
        let (Some(a), Some(b)) = (self.farm.wiki(&from.name), self.farm.wiki(&to.name)) else {
            return Vec::new();
        };
        // Change a wiki that shares with no other one first; of two such wikis, the one gone to.
        let tied = |wiki: &Wiki| self.tied.contains(wiki.name.as_str());
        let order = if tied(b) && !tied(a) { [a, b] } else { [b, a] };
        let effect = self.model.judge(from, to, As::User).effect;
        let over_http = matches!(effect, Some(Effect::MakesSecure(_) | Effect::Bars(_)));
        let mut families = vec![self.names(order), paths(order), domains(order), narrow(order)];
        if aim == Aim::Harmless {
            families.insert(1, same_directories(order));
            families.insert(if over_http { 0 } else { families.len() }, over_https(order));
        }
        let works = |suggestion: &PairSuggestion| self.works(a, b, suggestion, aim);
        families.into_iter().filter_map(|family| family.into_iter().find(works)).take(MOST).collect()
    }

    /// The suggestions, in one line.
    pub fn help(&self, from: &Site, to: &Site, aim: Aim) -> String {
        let suggestions = self.find(from, to, aim);
        if suggestions.is_empty() {
            return format!(
                "no setting helps: serve {} or {} under another host name, with cookie_domain unset",
                from.name, to.name
            );
        }
        let words: Vec<String> = suggestions.into_iter().map(|suggestion| suggestion.words).collect();
        words.join(", or ")
    }

    /// Whether the changes achieve the aim in both directions, and users can log in at both wikis.
    fn works(&self, a: &Wiki, b: &Wiki, suggestion: &PairSuggestion, aim: Aim) -> bool {
        let changed = |wiki: &Wiki| {
            let mut changed = wiki.clone();
            for change in suggestion.changes.iter().filter(|change| change.wiki == wiki.name) {
                changed = changed.with(change.key, change.value.clone());
            }
            at_its_url(&changed, self.directories, &self.model.browser)
        };
        let (Some(from), Some(to)) = (changed(a), changed(b)) else { return false };
        let well = |judged: Judgement| match aim {
            Aim::Harmless => !judged.is_trouble(),
            Aim::Apart => judged.verdict == Verdict::Separate,
        };
        well(self.model.judge_anew(&from, &to)) && well(self.model.judge_anew(&to, &from))
    }

    /// A new cookie name for one of the wikis.
    fn names(&self, order: [&Wiki; 2]) -> Vec<PairSuggestion> {
        let able = order.into_iter().filter(|wiki| wiki.ignores(Key::CookieName).is_none());
        able.filter_map(|wiki| {
            let name = Value::Text(self.free_name(wiki)?);
            let words = if self.tied.contains(wiki.name.as_str()) {
                format!("set cookie_name = {name} in {} and in all wikis that share its login", wiki.name)
            } else {
                format!("give {} a cookie of its own: cookie_name = {name}", wiki.name)
            };
            Some(PairSuggestion { changes: vec![change(wiki, Key::CookieName, Some(name))], words })
        })
        .collect()
    }

    /// A cookie name that no wiki uses.
    fn free_name(&self, wiki: &Wiki) -> Option<String> {
        let plain = is_plain(&wiki.name) && !wiki.name.eq_ignore_ascii_case("siteidmagic");
        let own = if plain { wiki.name.as_str() } else { "own" };
        let names: HashSet<&str> = self.model.sites().iter().map(|site| site.cookie_name.as_str()).collect();
        let free = |name: &String| {
            let named = wiki.with(Key::CookieName, Some(Value::Text(name.clone())));
            !names.contains(named.moin().session_cookie_name().as_str())
        };
        let numbered = (2..).map(|number| format!("{own}_{number}"));
        std::iter::once(own.to_owned()).chain(numbered).take(self.model.sites().len() + 1).find(free)
    }
}

fn change(wiki: &Wiki, key: Key, value: Option<Value>) -> Change {
    Change { wiki: wiki.name.clone(), key, value }
}

/// Changes at one wiki, at the other, at both.
fn at_one_or_both(order: [&Wiki; 2], narrower: impl Fn(&Wiki) -> Vec<Change>) -> Vec<PairSuggestion> {
    let [first, second] = order.map(narrower);
    let mut both = first.clone();
    both.extend(second.clone());
    let mut tries = vec![first.clone(), second.clone()];
    if !(first.is_empty() || second.is_empty()) {
        tries.push(both);
    }
    tries.retain(|changes| !changes.is_empty());
    tries.into_iter().map(|changes| PairSuggestion { words: spelt_out(&changes), changes }).collect()
}

/// Limits cookies to the path of their wiki.
fn paths(order: [&Wiki; 2]) -> Vec<PairSuggestion> {
    at_one_or_both(order, own_path)
}

fn own_path(wiki: &Wiki) -> Vec<Change> {
    let path = wiki.url.path().trim_end_matches('/');
    if path.is_empty() || wiki.moin().effective_cookie_path() == path {
        return Vec::new();
    }
    vec![change(wiki, Key::CookiePath, Some(Value::Text(path.to_owned())))]
}

/// Limits cookies to the host of their wiki.
fn domains(order: [&Wiki; 2]) -> Vec<PairSuggestion> {
    at_one_or_both(order, own_host)
}

fn own_host(wiki: &Wiki) -> Vec<Change> {
    let set = wiki.setting(Key::CookieDomain).is_some();
    if set { vec![change(wiki, Key::CookieDomain, None)] } else { Vec::new() }
}

/// Limits cookies to host and path.
fn narrow(order: [&Wiki; 2]) -> Vec<PairSuggestion> {
    let both = |wiki: &Wiki| own_host(wiki).into_iter().chain(own_path(wiki)).collect();
    let has = |suggestion: &PairSuggestion, key| suggestion.changes.iter().any(|change| change.key == key);
    let mut suggestions = at_one_or_both(order, both);
    suggestions.retain(|suggestion| has(suggestion, Key::CookieDomain) && has(suggestion, Key::CookiePath));
    suggestions
}

/// Serves the wiki over http over https.
fn over_https(order: [&Wiki; 2]) -> Vec<PairSuggestion> {
    let plain = order.into_iter().filter(|wiki| wiki.url.scheme() == "http");
    plain
        .filter_map(|wiki| {
            let mut url = wiki.url.clone();
            url.set_scheme("https").ok()?;
            let mut changes = vec![change(wiki, Key::Url, Some(Value::Url(Box::new(url))))];
            if wiki.setting(Key::BackendUrl).is_some() {
                // The wiki must see https too, or it sends no Secure.
                changes.push(change(wiki, Key::BackendUrl, None));
            }
            Some(PairSuggestion { words: format!("serve {} over https", wiki.name), changes })
        })
        .collect()
}

/// Gives the first wiki the directories of the other; then also its cookie.
fn same_directories([taker, giver]: [&Wiki; 2]) -> Vec<PairSuggestion> {
    let Some(directories) = directories(taker, giver) else { return Vec::new() };
    let cookie = cookie(taker, giver);
    let tries =
        [directories.clone(), cookie.clone(), directories.into_iter().chain(cookie).collect::<Vec<_>>()];
    let tries = tries.into_iter().filter(|changes| !changes.is_empty());
    tries
        .map(|changes| {
            let names: Vec<&str> = changes.iter().map(|change| in_words(change.key)).collect();
            let words =
                format!("give {} the {} of {}", taker.name, list(&names, "and", usize::MAX - 1), giver.name);
            PairSuggestion { changes, words }
        })
        .collect()
}

/// Changes with which the first wiki finds the sessions and users of the other; `None` if the versions keep them in
/// different ways.
fn directories(taker: &Wiki, giver: &Wiki) -> Option<Vec<Change>> {
    let (one, other) = (taker.version().behavior(), giver.version().behavior());
    let mut changes = Vec::new();
    let mut set = |key, value| changes.push(change(taker, key, Some(value)));
    if one < Behavior::V1_9_0 && other < Behavior::V1_9_0 {
        let dir = giver.cache_dir()?;
        if taker.session_dir() != giver.session_dir() {
            set(Key::CacheDir, Value::Path(dir));
        }
    } else if one >= Behavior::V2 && other >= Behavior::V2 {
        let key = giver.text(Key::SecretKeyId)?;
        if taker.text(Key::SecretKeyId) != Some(key) {
            set(Key::SecretKeyId, Value::Text(key.to_owned()));
        }
    } else if (Behavior::V1_9_0..Behavior::V2).contains(&one)
        && (Behavior::V1_9_0..Behavior::V2).contains(&other)
    {
        let databases = taker.session_store().is_some() || giver.session_store().is_some();
        if databases && taker.text(Key::SessionStore) != giver.text(Key::SessionStore) {
            set(Key::SessionStore, giver.value(Key::SessionStore)?.clone());
        } else if !databases && taker.session_dir() != giver.session_dir() {
            set(Key::SessionDir, Value::Path(giver.session_dir()?));
        }
    } else {
        return None;
    }
    if taker.user_dir() != giver.user_dir() {
        set(Key::UserDir, Value::Path(giver.user_dir()?));
    }
    if taker.auth() != giver.auth() {
        set(Key::Auth, Value::Names(giver.auth().into_iter().map(str::to_owned).collect()));
    }
    Some(changes)
}

/// Changes that give the first wiki the cookie of the other.
fn cookie(taker: &Wiki, giver: &Wiki) -> Vec<Change> {
    let (ours, theirs) = (taker.moin(), giver.moin());
    let mut changes = Vec::new();
    if ours.cookie_domain != theirs.cookie_domain {
        changes.push(change(taker, Key::CookieDomain, theirs.cookie_domain.clone().map(Value::Text)));
    }
    if ours.effective_cookie_path() != theirs.effective_cookie_path() {
        let path = Value::Text(theirs.effective_cookie_path().into_owned());
        changes.push(change(taker, Key::CookiePath, Some(path)));
    }
    changes
}

fn in_words(key: Key) -> &'static str {
    match key {
        Key::SecretKeyId => "SECRET_KEY (secret_key_id)",
        key => key.name(),
    }
}

/// Changes by wiki, in words.
fn spelt_out(changes: &[Change]) -> String {
    let mut wikis: Vec<&str> = changes.iter().map(|change| change.wiki.as_str()).collect();
    wikis.dedup();
    let parts = |wiki: &str| {
        let own = changes.iter().filter(|change| change.wiki == wiki);
        let parts = own.map(|Change { key, value, .. }| match value {
            None => format!("unset {}", key.name()),
            Some(value) => format!("set {} = {value}", key.name()),
        });
        parts.collect::<Vec<_>>().join(" and ")
    };
    // Equal changes of both wikis share one phrase.
    let mut alike: Vec<(String, Vec<&str>)> = Vec::new();
    for wiki in wikis {
        let what = parts(wiki);
        match alike.iter_mut().find(|(known, _)| *known == what) {
            Some((_, there)) => there.push(wiki),
            None => alike.push((what, vec![wiki])),
        }
    }
    let lines = alike.into_iter().map(|(what, wikis)| format!("{what} in {}", wikis.join(" and ")));
    lines.collect::<Vec<_>>().join(", and ")
}

impl Model {
    /// The prediction for a user between sites that are not in the model.
    fn judge_anew(&self, from: &Site, to: &Site) -> Judgement {
        let relation = Relation::of(from, to);
        let meeting = if may_meet(from, to, relation) {
            meet(from, to, As::User, &self.browser)
        } else {
            Meeting::APART
        };
        self.work_out(from, to, As::User, meeting)
    }
}
