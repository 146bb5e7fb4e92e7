//! What helps two wikis that hurt each other, or share what they should not: changes of settings, each tried out.
//!
//! A suggestion is taken from a few families: another cookie name, narrower paths, no domain, or the same places and the same
//! cookie. Only what the wiki's version has is tried, and only what makes both directions of the pair well is offered.

use std::collections::HashSet;

use super::effect::Effect;
use super::groups::groups;
use super::meeting::{Meeting, meet};
use super::model::Model;
use super::relation::{Relation, is_plain, may_meet};
use super::site::{Site, at_its_url};
use super::verdict::{As, Judgement, Verdict};
use crate::farm::{Farm, Key, Value, Wiki};
use crate::location::Directories;
use crate::moin::Behaviour;

/// A change of one setting.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The wiki.
    pub wiki: String,
    /// The setting.
    pub key: Key,
    /// Its value; `None` leaves it out, as `unset` does.
    pub value: Option<Value>,
}

/// Changes that help together, tried out.
#[derive(Debug, Clone, PartialEq)]
pub struct Suggestion {
    /// The changes.
    pub changes: Vec<Change>,
    /// What to do, in words that go on from 'either'.
    pub words: String,
}

/// What is wanted of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aim {
    /// Neither login hurts the other; shared or not.
    Harmless,
    /// Neither login is good at the other wiki, and it does no harm.
    Apart,
}

/// So many suggestions are offered.
const MOST: usize = 3;

/// Looks for suggestions in one farm.
pub struct Suggestions<'a> {
    farm: &'a Farm,
    model: &'a Model,
    directories: &'a dyn Directories,
    /// The wikis that share a login: they had better stay as they are.
    tied: HashSet<&'a str>,
}

impl<'a> Suggestions<'a> {
    /// Prepares for looking.
    pub fn new(farm: &'a Farm, model: &'a Model, directories: &'a dyn Directories) -> Suggestions<'a> {
        let tied = groups(model).iter().flatten();
        let tied = tied.filter_map(|at| model.sites().get(*at)).map(|site| site.name.as_str()).collect();
        Suggestions { farm, model, directories, tied }
    }

    /// What makes a pair as it is wanted, the least first; empty where no setting does.
    pub fn find(&self, from: &Site, to: &Site, aim: Aim) -> Vec<Suggestion> {
        let (Some(a), Some(b)) = (self.farm.wiki(&from.name), self.farm.wiki(&to.name)) else {
            return Vec::new();
        };
        // Who shares with nobody is changed first, and of two such the one gone to.
        let tied = |wiki: &Wiki| self.tied.contains(wiki.name.as_str());
        let order = if tied(b) && !tied(a) { [a, b] } else { [b, a] };
        let effect = self.model.judge(from, to, As::User).effect;
        let over_http = matches!(effect, Some(Effect::MakesSecure(_) | Effect::Bars(_)));
        let mut families = vec![self.names(order), paths(order), domains(order), narrow(order)];
        if aim == Aim::Harmless {
            families.insert(1, same_directories(order));
            families.insert(if over_http { 0 } else { families.len() }, over_https(order));
        }
        let works = |suggestion: &Suggestion| self.works(a, b, suggestion, aim);
        families.into_iter().filter_map(|family| family.into_iter().find(works)).take(MOST).collect()
    }

    /// What to do, in a line.
    pub fn help(&self, from: &Site, to: &Site, aim: Aim) -> String {
        let suggestions = self.find(from, to, aim);
        if suggestions.is_empty() {
            return "no setting of theirs helps: serve one of them under another host name, and give neither a \
                    cookie_domain that reaches the other"
                .to_owned();
        }
        let words: Vec<String> = suggestions.into_iter().map(|suggestion| suggestion.words).collect();
        words.join(", or ")
    }

    /// Whether a pair is as wanted with the changes, both ways, and both wikis can still be logged in at.
    fn works(&self, a: &Wiki, b: &Wiki, suggestion: &Suggestion, aim: Aim) -> bool {
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

    /// A cookie name of its own, for one of them.
    fn names(&self, order: [&Wiki; 2]) -> Vec<Suggestion> {
        let able = order.into_iter().filter(|wiki| wiki.ignores(Key::CookieName).is_none());
        able.filter_map(|wiki| {
            let words = if self.tied.contains(wiki.name.as_str()) {
                format!("give {}, and the wikis that it shares a login with, another cookie_name", wiki.name)
            } else {
                format!("give {} a cookie_name of its own", wiki.name)
            };
            let name = Value::Text(self.free_name(wiki)?);
            Some(Suggestion { changes: vec![change(wiki, Key::CookieName, Some(name))], words })
        })
        .collect()
    }

    /// A cookie name that no wiki has.
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
fn at_one_or_both(order: [&Wiki; 2], narrower: impl Fn(&Wiki) -> Vec<Change>) -> Vec<Suggestion> {
    let [first, second] = order.map(narrower);
    let mut both = first.clone();
    both.extend(second.clone());
    let mut tries = vec![first.clone(), second.clone()];
    if !(first.is_empty() || second.is_empty()) {
        tries.push(both);
    }
    tries.retain(|changes| !changes.is_empty());
    tries.into_iter().map(|changes| Suggestion { words: spelt_out(&changes), changes }).collect()
}

/// Each wiki's cookie for its own path.
fn paths(order: [&Wiki; 2]) -> Vec<Suggestion> {
    at_one_or_both(order, own_path)
}

fn own_path(wiki: &Wiki) -> Vec<Change> {
    let path = wiki.url.path().trim_end_matches('/');
    if path.is_empty() || wiki.moin().effective_cookie_path() == path {
        return Vec::new();
    }
    vec![change(wiki, Key::CookiePath, Some(Value::Text(path.to_owned())))]
}

/// Each wiki's cookie for its own host.
fn domains(order: [&Wiki; 2]) -> Vec<Suggestion> {
    at_one_or_both(order, own_host)
}

fn own_host(wiki: &Wiki) -> Vec<Change> {
    let set = wiki.setting(Key::CookieDomain).is_some();
    if set { vec![change(wiki, Key::CookieDomain, None)] } else { Vec::new() }
}

/// Both of that.
fn narrow(order: [&Wiki; 2]) -> Vec<Suggestion> {
    let both = |wiki: &Wiki| own_host(wiki).into_iter().chain(own_path(wiki)).collect();
    let has = |suggestion: &Suggestion, key| suggestion.changes.iter().any(|change| change.key == key);
    let mut suggestions = at_one_or_both(order, both);
    suggestions.retain(|suggestion| has(suggestion, Key::CookieDomain) && has(suggestion, Key::CookiePath));
    suggestions
}

/// The one over http, where the other is at https, over https too.
fn over_https(order: [&Wiki; 2]) -> Vec<Suggestion> {
    let plain = order.into_iter().filter(|wiki| wiki.url.scheme() == "http");
    plain
        .filter_map(|wiki| {
            let mut url = wiki.url.clone();
            url.set_scheme("https").ok()?;
            let mut changes = vec![change(wiki, Key::Url, Some(Value::Url(Box::new(url))))];
            if wiki.setting(Key::BackendUrl).is_some() {
                // What the wiki itself sees has to follow, or it does not say Secure.
                changes.push(change(wiki, Key::BackendUrl, None));
            }
            Some(Suggestion { words: format!("serve {} over https", wiki.name), changes })
        })
        .collect()
}

/// The places of the other, for the first; then its cookie, too.
fn same_directories([taker, giver]: [&Wiki; 2]) -> Vec<Suggestion> {
    let Some(directories) = directories(taker, giver) else { return Vec::new() };
    let cookie = cookie(taker, giver);
    let tries =
        [directories.clone(), cookie.clone(), directories.into_iter().chain(cookie).collect::<Vec<_>>()];
    let tries = tries.into_iter().filter(|changes| !changes.is_empty());
    tries
        .map(|changes| {
            let names: Vec<&str> = changes.iter().map(|change| in_words(change.key)).collect();
            let words = format!("give {} the {} of {}", taker.name, listed(&names), giver.name);
            Suggestion { changes, words }
        })
        .collect()
}

/// What makes the first find the other's sessions and users; `None` where the versions keep them in different ways.
fn directories(taker: &Wiki, giver: &Wiki) -> Option<Vec<Change>> {
    let (one, other) = (taker.version().behaviour(), giver.version().behaviour());
    let mut changes = Vec::new();
    let mut set = |key, value| changes.push(change(taker, key, Some(value)));
    if one < Behaviour::V1_9_0 && other < Behaviour::V1_9_0 {
        let dir = giver.cache_dir()?;
        if taker.session_dir() != giver.session_dir() {
            set(Key::CacheDir, Value::Path(dir));
        }
    } else if one == Behaviour::V2 && other == Behaviour::V2 {
        let key = giver.text(Key::SecretKeyId)?;
        if taker.text(Key::SecretKeyId) != Some(key) {
            set(Key::SecretKeyId, Value::Text(key.to_owned()));
        }
    } else if (Behaviour::V1_9_0..Behaviour::V2).contains(&one)
        && (Behaviour::V1_9_0..Behaviour::V2).contains(&other)
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

/// What gives the first the very cookie of the other.
fn cookie(taker: &Wiki, giver: &Wiki) -> Vec<Change> {
    let (ours, theirs) = (taker.moin(), giver.moin());
    let mut changes = Vec::new();
    if ours.cookie_domain != theirs.cookie_domain {
        changes.push(change(taker, Key::CookieDomain, theirs.cookie_domain.clone().map(Value::Text)));
    }
    if ours.effective_cookie_path() != theirs.effective_cookie_path() {
        let path = Value::Text(theirs.effective_cookie_path().to_owned());
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
            None => format!("leave out {}", key.name()),
            Some(value) => format!("set {} = {value}", key.name()),
        });
        parts.collect::<Vec<_>>().join(" and ")
    };
    // What is the same at both is said once.
    let mut alike: Vec<(String, Vec<&str>)> = Vec::new();
    for wiki in wikis {
        let what = parts(wiki);
        match alike.iter_mut().find(|(known, _)| *known == what) {
            Some((_, there)) => there.push(wiki),
            None => alike.push((what, vec![wiki])),
        }
    }
    let lines = alike.into_iter().map(|(what, wikis)| format!("{what} at {}", wikis.join(" and ")));
    lines.collect::<Vec<_>>().join(", and ")
}

/// `a, b and c`.
fn listed(names: &[&str]) -> String {
    match names {
        [rest @ .., last] if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => names.concat(),
    }
}

impl Model {
    /// The prediction for a user between sites that are none of the model's.
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
