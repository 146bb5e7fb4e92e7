//! Changes of settings, and the words for them.

use std::collections::{BTreeMap, BTreeSet};

use crate::farm::{Farm, Key, Value};
use crate::text::list;

/// The settings that a suggestion can change.
pub(super) const MOVES: &[Key] = super::build::KEEP_NAMES;

/// In one sentence, so many wikis are named.
const MOST: usize = 4;

/// A change of one setting.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Change {
    /// The wiki.
    pub wiki: String,
    /// The setting.
    pub key: Key,
    /// The new value; `None` unsets it.
    pub value: Option<Value>,
}

/// Changes that together give what is wanted, as the prediction shows.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Suggestion {
    /// The changes, by wiki in the order of the farm.
    pub changes: Vec<Change>,
    /// The number of lines that change in the farm file: wikis that inherit a setting change together.
    pub settings: usize,
}

/// Wikis that get the same value.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Together<'a> {
    /// The setting.
    pub key: Key,
    /// The new value; `None` unsets it.
    pub value: Option<&'a Value>,
    /// The wikis.
    pub wikis: Vec<&'a str>,
}

impl Suggestion {
    pub(super) fn new(changes: Vec<Change>, farm: &Farm) -> Suggestion {
        let settings = together(&changes).iter().map(|one| lines(one, farm)).sum();
        Suggestion { changes, settings }
    }

    /// The changes, each with all wikis that get the same value.
    pub fn together(&self) -> Vec<Together<'_>> {
        together(&self.changes)
    }

    /// The changes as an imperative, in one line.
    pub fn words(&self) -> String {
        // Wikis with equal changes share one phrase.
        let mut phrases: Vec<(Vec<&str>, Vec<String>)> = Vec::new();
        for one in self.together() {
            let words = words(one.key, one.value);
            match phrases.iter_mut().find(|(wikis, _)| *wikis == one.wikis) {
                Some((_, phrase)) => phrase.push(words),
                None => phrases.push((one.wikis, vec![words])),
            }
        }
        let phrases: Vec<String> =
            phrases.into_iter().map(|(wikis, phrase)| phrase_of(&wikis, &phrase)).collect();
        let phrases: Vec<&str> = phrases.iter().map(String::as_str).collect();
        list(&phrases, "and", MOST)
    }
}

fn phrase_of(wikis: &[&str], phrase: &[String]) -> String {
    let phrase: Vec<&str> = phrase.iter().map(String::as_str).collect();
    format!("{} in {}", list(&phrase, "and", MOST), list(wikis, "and", MOST))
}

/// One change as an imperative.
fn words(key: Key, value: Option<&Value>) -> String {
    match (key, value) {
        (Key::Moin, Some(Value::Version(version))) => format!("upgrade MoinMoin to {version}"),
        (Key::Url, Some(value)) => format!("use the URL {value}"),
        (Key::Aliases, None) => "redirect the aliases to the URL".to_owned(),
        (Key::Aliases, Some(value)) => format!("redirect all aliases but {value} to the URL"),
        (Key::SecretKeyId, Some(value)) => format!("use one SECRET_KEY (secret_key_id = {value})"),
        (key, None) => format!("unset {}", key.name()),
        (key, Some(value)) => format!("set {} = {value}", key.name()),
    }
}

pub(super) fn together(changes: &[Change]) -> Vec<Together<'_>> {
    let mut known: Vec<Together<'_>> = Vec::new();
    let mut index: BTreeMap<(Key, String), usize> = BTreeMap::new();
    for change in changes {
        let value = change.value.as_ref();
        let key = (change.key, value.map(ToString::to_string).unwrap_or_default());
        let at = *index.entry(key).or_insert(known.len());
        if at == known.len() {
            known.push(Together { key: change.key, value, wikis: Vec::new() });
        }
        known.get_mut(at).into_iter().for_each(|one| one.wikis.push(&change.wiki));
    }
    known
}

/// The lines that change in the farm file: one for wikis that inherit the old value from one line, if all of these wikis
/// change.
fn lines(one: &Together<'_>, farm: &Farm) -> usize {
    let line = |wiki: &str| farm.wiki(wiki)?.setting(one.key).map(|setting| setting.key_span.start);
    let lines: BTreeSet<Option<usize>> = one.wikis.iter().map(|wiki| line(wiki)).collect();
    let wikis: BTreeSet<&str> = one.wikis.iter().copied().collect();
    let count = |at: Option<usize>| {
        let inherits = |wiki: &&str| line(wiki) == at;
        let all = farm.wikis.iter().map(|wiki| wiki.name.as_str()).filter(inherits);
        let ours = one.wikis.iter().copied().filter(inherits).count();
        if all.clone().count() == ours
            && all.clone().all(|wiki| wikis.contains(wiki))
            && one.key.inheritable()
        {
            1
        } else {
            ours
        }
    };
    lines.into_iter().map(count).sum()
}
