//! How a farm file differs from the Python files that it was made from.

use std::collections::BTreeSet;
use std::path::Path;

use url::Url;

use super::read::{Imported, normpath};
use crate::farm::{Compare, Farm, HANDLERS, Key, Kind, Setting, Source, Value, Wiki};
use crate::moin::Behavior;

/// A difference. What a side does not have is `None`.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// The wiki.
    pub wiki: String,
    /// The setting; `None`: the whole wiki.
    pub key: Option<Key>,
    /// The value in the farm file, and where it stands.
    pub farm: Option<(String, String)>,
    /// The value in the Python files, and where it stands.
    pub python: Option<(String, String)>,
}

/// The config module of a single wiki.
const ALONE: &str = "wikiconfig";

/// The names that both sides have for keys.
type Names = Vec<(String, String)>;

/// Whether the names of two wikis' keys can stand for one key.
fn are_one_key(names: &mut Names, ours: &str, theirs: &str) -> bool {
    // An import made it out of the key itself.
    if ours.len() == theirs.len() && ours.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return ours == theirs;
    }
    match names.iter().find(|(here, there)| here == ours || there == theirs) {
        Some((here, there)) => here == ours && there == theirs,
        None => {
            names.push((ours.to_owned(), theirs.to_owned()));
            true
        }
    }
}

/// All differences, in the order of the Python files, then of the farm file. Settings that are not known from the
/// Python files are no differences.
pub fn differences(farm: &Farm, imported: &Imported) -> Vec<Difference> {
    let python = &imported.farm;
    let (mut found, mut names) = (Vec::new(), Names::new());
    // The files of a single wiki do not name it.
    let only = match (python.wikis.as_slice(), farm.wikis.as_slice()) {
        ([theirs], [ours]) if theirs.siteid() == ALONE => Some(ours),
        _ => None,
    };
    let whole = |wiki: &Wiki, farm: Option<(String, String)>, python: Option<(String, String)>| Difference {
        wiki: wiki.name.clone(),
        key: None,
        farm,
        python,
    };
    let url =
        |wiki: &Wiki, source: &Source| Some((format!("\"{}\"", wiki.url), source.file_line(wiki.span.start)));
    for wiki in &python.wikis {
        match farm.wiki(&wiki.name).or(only) {
            Some(other) => compare(farm, other, imported, wiki, &mut names, &mut found),
            None => found.push(whole(wiki, None, url(wiki, &python.source))),
        }
    }
    let left_out = |name: &str| imported.left_out_wikis.iter().any(|(other, ..)| other == name);
    let strange = |wiki: &&Wiki| only.is_none() && python.wiki(&wiki.name).is_none() && !left_out(&wiki.name);
    let strange = farm.wikis.iter().filter(strange);
    found.extend(strange.map(|wiki| whole(wiki, url(wiki, &farm.source), None)));
    found
}

fn compare(
    farm: &Farm,
    ours: &Wiki,
    imported: &Imported,
    theirs: &Wiki,
    names: &mut Names,
    found: &mut Vec<Difference>,
) {
    let python = &imported.farm;
    let left_out = imported.left_out.get(&theirs.name);
    let known = |key: Key| !left_out.into_iter().flatten().any(|left| left.key == key);
    for key in Key::all().filter(|key| known(*key)) {
        let (here, there) = (ours.setting(key), theirs.setting(key));
        let plain = || match (here, there) {
            (None, None) => true,
            (Some(here), Some(there)) => value(ours, here) == value(theirs, there),
            // One side sets what the other has by default.
            (Some(here), None) => default(theirs, key).is_some_and(|it| it == value(ours, here)),
            (None, Some(there)) => default(ours, key).is_some_and(|it| it == value(theirs, there)),
        };
        let same = match key.row().drift {
            Compare::Elsewhere => true,
            Compare::Addresses => same_addresses(ours, theirs),
            // What modules show is only the line.
            Compare::Version => {
                let (here, evidence) = (ours.version(), imported.evidence.as_ref().map(|it| &it.span));
                let line = here.line() == theirs.version().line();
                there.is_none_or(|it| line && evidence == Some(&it.span))
                    || here.resolved() == theirs.version().resolved()
            }
            // It is no more than a name from 2.0 on.
            Compare::Siteid => {
                ours.siteid() == theirs.siteid() || theirs.version().behavior() >= Behavior::V2
            }
            Compare::Store => same_store(ours, theirs),
            Compare::SecretKey => match (ours.text(key), theirs.text(key)) {
                (Some(here), Some(there)) => are_one_key(names, here, there),
                // It may stand in another file of Flask's.
                (_, None) => true,
                (None, Some(_)) => false,
            },
            Compare::Added => there.is_none() || plain(),
            Compare::Value | Compare::Handler => plain(),
        };
        if !same {
            let shown = |wiki: &Wiki, source: &Source, setting: Option<&Setting>| match setting {
                None if key == Key::Siteid => {
                    Some((format!("{:?}", wiki.siteid()), source.file_line(wiki.span.start)))
                }
                None => None,
                Some(setting) => {
                    let shown = if key == Key::Url { addresses(wiki) } else { value(wiki, setting) };
                    let given = setting.span == (0..0);
                    let position =
                        if given { "--moin".to_owned() } else { source.file_line(setting.span.start) };
                    Some((shown, position))
                }
            };
            found.push(Difference {
                wiki: ours.name.clone(),
                key: Some(key),
                farm: shown(ours, &farm.source, here),
                python: shown(theirs, &python.source, there),
            });
        }
    }
}

/// Whether both keep sessions in one location, if one of them sets a store.
fn same_store(ours: &Wiki, theirs: &Wiki) -> bool {
    let stores = |wiki: &Wiki| wiki.setting(Key::SessionStore).map(|_| wiki.whole_session_store());
    match (stores(ours), stores(theirs)) {
        (None, None) => true,
        (Some(here), Some(there)) => here == there,
        // The location of a custom handler's sessions is not known from Python.
        (Some(_), None) if theirs.custom_handler().is_some() => true,
        (Some(store), None) | (None, Some(store)) => {
            let directory = |wiki: &Wiki| wiki.session_dir().map(|dir| whole(&dir));
            store.is_some_and(|store| store.directory().is_some()) && directory(ours) == directory(theirs)
        }
    }
}

/// A value, with directories as they are resolved.
fn value(wiki: &Wiki, setting: &Setting) -> String {
    match &setting.value {
        Value::Path(path) => {
            let json = wiki.json(setting);
            format!("{:?}", whole(json.as_str().map_or(path, Path::new)))
        }
        other => other.to_string(),
    }
}

/// A directory from the root, without what changes nothing in it.
fn whole(path: &Path) -> String {
    normpath(&std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).display().to_string())
}

/// What the wiki has by default.
fn default(wiki: &Wiki, key: Key) -> Option<String> {
    if key.row().drift == Compare::Handler {
        return Some(format!("{:?}", HANDLERS[0]));
    }
    let (text, _) = wiki.effective(key)?;
    match key.kind() {
        Kind::Path => Some(format!("{:?}", whole(Path::new(text.trim_matches('"'))))),
        _ => Some(text),
    }
}

/// Whether both have the same addresses, in any order, with or without a slash at the end.
fn same_addresses(a: &Wiki, b: &Wiki) -> bool {
    let all = |wiki: &Wiki| {
        let plain = wiki.addresses().map(|(url, _)| url.as_str().trim_end_matches('/').to_owned());
        plain.collect::<BTreeSet<_>>()
    };
    all(a) == all(b)
}

fn addresses(wiki: &Wiki) -> String {
    wiki.addresses().map(|(url, _)| Url::as_str(url)).collect::<Vec<_>>().join(", ")
}
