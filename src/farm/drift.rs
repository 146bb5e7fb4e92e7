//! How a farm file differs from the Python files that it was made from.

use std::path::PathBuf;

use url::Url;

use super::python::Imported;
use super::{Farm, Key, Setting, Value, Wiki};

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

/// What Python files do not say, so that a farm file adds it.
const ADDED: [Key; 6] =
    [Key::BackendUrl, Key::DuplicateCookie, Key::SessionStore, Key::SecretKeyId, Key::Siteid, Key::Aliases];

/// All differences, in the order of the Python files, then of the farm file. Settings that are not known from the
/// Python files are no differences.
pub fn differences(farm: &Farm, imported: &Imported) -> Vec<Difference> {
    let python = &imported.farm;
    let mut found = Vec::new();
    for wiki in &python.wikis {
        match farm.wiki(&wiki.name) {
            Some(other) => compare(farm, other, imported, wiki, &mut found),
            None => {
                let there = (format!("\"{}\"", wiki.url), python.source.file_line(wiki.span.start));
                found.push(Difference {
                    wiki: wiki.name.clone(),
                    key: None,
                    farm: None,
                    python: Some(there),
                });
            }
        }
    }
    let left_out = |name: &str| imported.left_out_wikis.iter().any(|(other, ..)| other == name);
    for wiki in farm.wikis.iter().filter(|wiki| python.wiki(&wiki.name).is_none() && !left_out(&wiki.name)) {
        let there = (format!("\"{}\"", wiki.url), farm.source.file_line(wiki.span.start));
        found.push(Difference { wiki: wiki.name.clone(), key: None, farm: Some(there), python: None });
    }
    found
}

fn compare(farm: &Farm, ours: &Wiki, imported: &Imported, theirs: &Wiki, found: &mut Vec<Difference>) {
    let python = &imported.farm;
    let left_out = imported.left_out.get(&theirs.name);
    let known = |key: Key| !left_out.into_iter().flatten().any(|left| left.key == key);
    for key in Key::all().filter(|key| !ADDED.contains(key) && known(*key)) {
        let (here, there) = (ours.setting(key), theirs.setting(key));
        let same = match (key, here, there) {
            (Key::Url, _, _) => same_addresses(ours, theirs),
            // What only the files' form tells says no more than the line.
            (Key::Moin, _, None) => true,
            (Key::Moin, _, Some(_)) if imported.evidence.is_some() => {
                let line = |wiki: &Wiki| {
                    wiki.version().resolved().to_string().splitn(3, '.').take(2).collect::<Vec<_>>().join(".")
                };
                line(ours) == line(theirs)
                    || !theirs.setting(key).is_some_and(|it| it.span == evidence_span(imported))
                        && ours.version() == theirs.version()
            }
            (_, None, None) => true,
            (_, Some(here), Some(there)) => value(ours, here) == value(theirs, there),
            // One side says what is the other's default.
            (_, Some(here), None) => default(theirs, key).is_some_and(|it| it == value(ours, here)),
            (_, None, Some(there)) => default(ours, key).is_some_and(|it| it == value(theirs, there)),
        };
        if !same {
            let told = |wiki: &Wiki, source: &super::Source, setting: Option<&Setting>| {
                let setting = setting?;
                let shown = if key == Key::Url { addresses(wiki) } else { value(wiki, setting) };
                let place = match setting.span == (0..0) {
                    true => "--moin".to_owned(),
                    false => source.file_line(setting.span.start),
                };
                Some((shown, place))
            };
            found.push(Difference {
                wiki: theirs.name.clone(),
                key: Some(key),
                farm: told(ours, &farm.source, here),
                python: told(theirs, &python.source, there),
            });
        }
    }
}

fn evidence_span(imported: &Imported) -> super::Span {
    imported.evidence.as_ref().map_or(0..0, |told| told.span.clone())
}

/// A value, with directories as they are resolved.
fn value(wiki: &Wiki, setting: &Setting) -> String {
    match &setting.value {
        Value::Path(path) => {
            let whole = wiki.json(setting);
            let whole = whole.as_str().map_or_else(|| path.clone(), PathBuf::from);
            let whole = std::path::absolute(&whole).unwrap_or(whole);
            format!("{:?}", super::python::normal(&whole))
        }
        other => other.to_string(),
    }
}

/// What the wiki has where nothing is said.
fn default(wiki: &Wiki, key: Key) -> Option<String> {
    let (text, _) = wiki.effective(key)?;
    match key {
        Key::CacheDir | Key::SessionDir | Key::UserDir => {
            let whole = std::path::absolute(text.trim_matches('"')).ok()?;
            Some(format!("{:?}", super::python::normal(&whole)))
        }
        _ => Some(text),
    }
}

/// Whether both have the same addresses, in whatever order, with or without a slash at the end.
fn same_addresses(a: &Wiki, b: &Wiki) -> bool {
    let all = |wiki: &Wiki| {
        let mut all: Vec<String> =
            wiki.addresses().map(|(url, _)| url.as_str().trim_end_matches('/').to_owned()).collect();
        all.sort();
        all.dedup();
        all
    };
    all(a) == all(b)
}

fn addresses(wiki: &Wiki) -> String {
    wiki.addresses().map(|(url, _)| Url::as_str(url)).collect::<Vec<_>>().join(", ")
}
