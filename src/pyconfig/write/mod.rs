//! The way back from a farm file to MoinMoin's own configuration: what to paste where, as Python.
//!
//! [`python`] gives a snippet for each file: `farmconfig.py` with what the wikis of one version have in common, one for
//! each wiki with the rest, `wikiconfig.py` for a single wiki and for every wiki of 2.0. A snippet is Python by
//! itself, in ASCII; nothing in a farm file, whoever wrote it, can get out of a string or a comment. Only what the farm
//! file sets is written; all other settings keep MoinMoin's defaults. A setting that the version ignores becomes a
//! comment, never an assignment: pasting a snippet changes no cookie that was predicted. What MoinMoin has no setting for stands in
//! comments like `# wikifarm: backend_url = …`, so that `config import` makes the same farm of the files.

mod literal;
mod spell;

use std::cmp::Reverse;
use std::collections::BTreeSet;

use url::Url;

use literal::{Python, comment, literal, name, number, said};
use spell::{DATABASE18, DATABASE19, HANDLER, Line, Spelt, spell};

use crate::farm::{Farm, Key, Value, Wiki};
use crate::moin::{Behavior, Version};

/// The config module of a single wiki.
const ALONE: &str = "wikiconfig";

/// What to paste into one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snippet {
    /// The file's name.
    pub file: String,
    /// The version of MoinMoin that reads it.
    pub version: Version,
    /// The wikis whose settings it holds.
    pub wikis: Vec<String>,
    /// The Python.
    pub text: String,
}

/// The snippets of a farm, for each version: what is common first, then wiki by wiki.
pub fn python(farm: &Farm) -> Vec<Snippet> {
    let mut versions: Vec<Version> = Vec::new();
    for wiki in &farm.wikis {
        if !versions.contains(&wiki.version().resolved()) {
            versions.push(wiki.version().resolved());
        }
    }
    versions.into_iter().flat_map(|version| of_version(farm, version)).collect()
}

/// A line of Python that gives a setting this value, for advice.
pub fn assignment(version: Version, key: Key, value: &Value) -> String {
    let is_2 = version.behavior() >= Behavior::V2;
    let python = if is_2 { Python::Three } else { Python::Two };
    let value = match value {
        Value::Number(hours) if is_2 => format!("timedelta(hours={})", number(*hours)),
        Value::Pair(anonymous, user) => format!("({}, {})", number(*anonymous), number(*user)),
        Value::Names(_) if key == Key::Auth => "[MoinAuth()]".to_owned(),
        other => literal(other, python).unwrap_or_else(|| other.to_string()),
    };
    format!("{} = {value}", name(key, is_2))
}

/// The lines of Python for some settings of a wiki, with the modules that they need. A comment names settings to delete.
pub fn settings(wiki: &Wiki, keys: &[Key]) -> String {
    let spelt: Vec<Spelt> = spell(wiki).into_iter().filter(|spelt| keys.contains(&spelt.key)).collect();
    let lines: Vec<&Line> = spelt.iter().flat_map(|spelt| &spelt.lines).collect();
    let mut text = imports(&lines);
    for line in lines {
        match line {
            Line::Attribute(setting) | Line::Global(setting) => text.push_str(&format!("{setting}\n")),
            Line::Note(note) => text.push_str(&format!("{}\n", comment(note))),
        }
    }
    let flask = wiki.version().behavior() >= Behavior::V2;
    for key in keys.iter().filter(|key| wiki.setting(**key).is_none() && key.row().is_attribute) {
        text.push_str(&format!("# delete {}\n", name(*key, flask)));
    }
    text
}

fn of_version(farm: &Farm, version: Version) -> Vec<Snippet> {
    let all = farm.wikis.iter().filter(|wiki| wiki.version().resolved() == version);
    let flask = version.behavior() >= Behavior::V2;
    let (alone, together): (Vec<&Wiki>, Vec<&Wiki>) = all.partition(|wiki| flask || wiki.siteid() == ALONE);
    let spelt: Vec<(&Wiki, Vec<Spelt>)> = together.into_iter().map(|wiki| (wiki, spell(wiki))).collect();
    let mut snippets = Vec::new();
    let common = common(&spelt);
    if !spelt.is_empty() {
        snippets.push(farmconfig(version, &spelt, &common));
    }
    for (wiki, settings) in &spelt {
        let own: Vec<&Line> =
            settings.iter().filter(|spelt| !common.contains(spelt)).flat_map(|spelt| &spelt.lines).collect();
        let imports = ["from farmconfig import FarmConfig"];
        snippets.push(one(wiki, &format!("{}.py", wiki.siteid()), &imports, "FarmConfig", &own));
    }
    for wiki in alone {
        let settings = spell(wiki);
        let lines: Vec<&Line> = settings.iter().flat_map(|spelt| &spelt.lines).collect();
        let (import, base) = match flask {
            true => ("from moin.config.default import DefaultConfig", "DefaultConfig"),
            false => ("from MoinMoin.config import multiconfig", "multiconfig.DefaultConfig"),
        };
        snippets.push(one(wiki, &format!("{ALONE}.py"), &[import], base, &lines));
    }
    snippets
}

/// The settings that all wikis have alike; of one wiki those that a farm's wikis usually share.
fn common(wikis: &[(&Wiki, Vec<Spelt>)]) -> Vec<Spelt> {
    let Some(((_, first), rest)) = wikis.split_first() else { return Vec::new() };
    let own = |key: Key| matches!(key, Key::DataDir | Key::Interwikiname);
    let everywhere = |spelt: &&Spelt| match rest {
        // In farmconfig.py it would count for every wiki.
        _ if !spelt.key.inheritable() => false,
        [] => !own(spelt.key),
        _ => rest.iter().all(|(_, other)| other.contains(spelt)),
    };
    first.iter().filter(everywhere).cloned().collect()
}

fn farmconfig(version: Version, wikis: &[(&Wiki, Vec<Spelt>)], common: &[Spelt]) -> Snippet {
    let lines: Vec<&Line> = common.iter().flat_map(|spelt| &spelt.lines).collect();
    let moin = comment(&said(Key::Moin, &Value::Version(version)));
    let mut text =
        format!("# farmconfig.py of MoinMoin {version}\n{moin}\nfrom MoinMoin.config import multiconfig\n");
    text.push_str(&imports(&lines));
    text.push_str("\nwikis = [\n");
    // MoinMoin takes the first wiki that matches: a wiki below the path of another goes before it.
    let mut deepest_first: Vec<&Wiki> = wikis.iter().map(|(wiki, _)| *wiki).collect();
    deepest_first.sort_by_key(|wiki| Reverse(path(wiki).trim_end_matches('/').matches('/').count()));
    for wiki in deepest_first {
        let name = literal::string(wiki.siteid(), literal::Python::Two);
        text.push_str(&format!("    ({name}, r\"{}\"),\n", expression(wiki)));
    }
    text.push_str("]\n");
    text.push_str(&body("FarmConfig", "multiconfig.DefaultConfig", &lines));
    let names = wikis.iter().map(|(wiki, _)| wiki.name.clone()).collect();
    Snippet { file: "farmconfig.py".to_owned(), version, wikis: names, text }
}

/// The snippet of one wiki.
fn one(wiki: &Wiki, file: &str, modules: &[&str], base: &str, lines: &[&Line]) -> Snippet {
    let version = wiki.version().resolved();
    let mut head = comment(&format!("{file} of the wiki {}, MoinMoin {version}", wiki.name));
    if file.strip_suffix(".py") == Some(ALONE) {
        head = format!("{head}\n{}", comment(&said(Key::Moin, &Value::Version(version))));
    }
    let mut text = format!("{head}\n{}\n{}", modules.join("\n"), imports(lines));
    let addresses = addresses(wiki);
    let lines: Vec<&Line> = addresses.iter().chain(lines.iter().copied()).collect();
    text.push_str(&body("Config", base, &lines));
    Snippet { file: file.to_owned(), version, wikis: vec![wiki.name.clone()], text }
}

/// What the lines need beside the class that is inherited from.
fn imports(lines: &[&Line]) -> String {
    let needs = |name: &str| {
        let call = format!("= {name}(");
        lines
            .iter()
            .any(|line| matches!(line, Line::Attribute(text) | Line::Global(text) if text.contains(&call)))
    };
    let modules = [
        ("datetime", "timedelta"),
        ("MoinMoin.session", HANDLER),
        ("wikifarm_session18", DATABASE18),
        ("wikifarm_session19", DATABASE19),
    ];
    let needed = modules.iter().filter(|(_, name)| needs(name));
    needed.map(|(module, name)| format!("from {module} import {name}\n")).collect()
}

/// The class with its attributes, then the names of the module.
fn body(class: &str, base: &str, lines: &[&Line]) -> String {
    let inside = lines.iter().filter_map(|line| match line {
        Line::Attribute(setting) => Some(format!("    {setting}\n")),
        Line::Note(note) => Some(format!("    {}\n", comment(note))),
        Line::Global(_) => None,
    });
    let mut text = format!("\n\nclass {class}({base}):\n{}", inside.collect::<String>());
    if !lines.iter().any(|line| matches!(line, Line::Attribute(_))) {
        text.push_str("    pass\n");
    }
    let globals = lines.iter().filter_map(|line| match line {
        Line::Global(setting) => Some(format!("{setting}\n")),
        _ => None,
    });
    let globals: String = globals.collect();
    if globals.is_empty() { text } else { format!("{text}\n\n{globals}") }
}

/// The regular expression over a wiki's addresses: over the whole URL from 1.9, over host and path before.
fn expression(wiki: &Wiki) -> String {
    let mut hosts: Vec<String> = Vec::new();
    for (url, _) in wiki.addresses() {
        let host = escaped(url.host_str().unwrap_or_default());
        if !hosts.contains(&host) {
            hosts.push(host);
        }
    }
    let host = match hosts.as_slice() {
        [one] => one.clone(),
        several => format!("({})", several.join("|")),
    };
    let path = match path(wiki).trim_end_matches('/') {
        "" => "/.*".to_owned(),
        path => format!("{}(/.*)?", escaped(path)),
    };
    let scheme = if wiki.version().behavior() < Behavior::V1_9_0 { "(https?://)?" } else { "https?://" };
    format!("^{scheme}{host}(:\\d+)?{path}$")
}

/// The path that MoinMoin sees: behind a proxy, the path that the proxy asks for.
fn path(wiki: &Wiki) -> &str {
    wiki.value(Key::BackendUrl).and_then(Value::url).unwrap_or(&wiki.url).path()
}

/// The wiki's URL and aliases, if `config import` would not read the same from its expression.
fn addresses(wiki: &Wiki) -> Vec<Line> {
    let plain = |url: &Url| url.as_str().trim_end_matches('/').to_owned();
    let read_back: Vec<Url> = expressed(wiki);
    let all = |urls: &mut dyn Iterator<Item = &Url>| urls.map(plain).collect::<BTreeSet<String>>();
    let alone = wiki.siteid() == ALONE || wiki.version().behavior() >= Behavior::V2;
    let same = !alone && all(&mut read_back.iter()) == all(&mut wiki.addresses().map(|(url, _)| url));
    let mut lines = Vec::new();
    if !same || read_back.first().map(plain) != Some(plain(&wiki.url)) {
        lines.push(said(Key::Url, &Value::Url(Box::new(wiki.url.clone()))));
    }
    if !same && (!alone || !wiki.aliases().is_empty()) {
        lines.push(said(Key::Aliases, &Value::Urls(wiki.aliases().to_vec())));
    }
    lines.into_iter().map(Line::Note).collect()
}

/// The addresses that are read out of a wiki's expression: each host by both schemes.
fn expressed(wiki: &Wiki) -> Vec<Url> {
    let mut all = Vec::new();
    for (url, _) in wiki.addresses() {
        let path = path(wiki);
        let host = url.host_str().unwrap_or_default();
        let by = |scheme: &str| Url::parse(&format!("{scheme}://{host}{path}")).ok();
        all.extend(["https", "http"].into_iter().filter_map(by));
    }
    all
}

/// Text as a regular expression that matches it alone, and that ends no raw string.
fn escaped(text: &str) -> String {
    let mut expression = String::new();
    for character in text.chars() {
        match character {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '/' | '-' | '_' | '~' | '%' => expression.push(character),
            ' '..='~' if character != '"' => expression.extend(['\\', character]),
            _ => expression.push('.'),
        }
    }
    expression
}

#[cfg(test)]
mod round_trip;
#[cfg(test)]
mod tests;
