//! Changes of settings in the text of a farm file. Comments, order, and everything else stay.

use std::collections::BTreeSet;

use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, Table, TableLike, Value as Toml, value};

use super::change::{Change, Together, together};
use super::find::changed;
use crate::farm::{Farm, Key, Value};

/// The text of the farm file with changes, and with a `[[share]]` for each list of wikis. `None` if the file is not TOML, or
/// not written in tables.
pub fn edited(farm: &Farm, changes: &[Change], shares: &[Vec<String>]) -> Option<String> {
    if farm.source.comments().is_some() {
        return None;
    }
    let wanted = changed(farm, changes);
    let attempt = |compact: bool| {
        let text = edit(farm, changes, shares, compact)?;
        let read = Farm::parse(farm.source.path(), text.clone()).ok()?;
        is_same(&read, &wanted).then_some(text)
    };
    attempt(true).or_else(|| attempt(false))
}

/// Whether every wiki has the same settings.
fn is_same(read: &Farm, wanted: &Farm) -> bool {
    read.sound()
        && wanted.wikis.iter().all(|wiki| {
            let read = read.wiki(&wiki.name);
            read.is_some_and(|read| Key::all().all(|key| read.value(key) == wiki.value(key)))
        })
}

fn edit(farm: &Farm, changes: &[Change], shares: &[Vec<String>], compact: bool) -> Option<String> {
    let windows = farm.source.text().contains("\r\n");
    let mut document: DocumentMut = farm.source.text().replace("\r\n", "\n").parse().ok()?;
    for mut one in together(changes) {
        if compact {
            common_lines(farm, document.as_table_mut(), &mut one)?;
        }
        for wiki in one.wikis {
            change(document.as_table_mut(), wiki, one.key, one.value)?;
        }
    }
    for share in shares {
        let tables = document.entry("share").or_insert(Item::ArrayOfTables(ArrayOfTables::new()));
        let mut table = Table::new();
        table.insert("wikis", value(share.iter().map(String::as_str).collect::<Array>()));
        tables.as_array_of_tables_mut()?.push(table);
    }
    let text = document.to_string();
    Some(if windows { text.replace('\n', "\r\n") } else { text })
}

/// Changes the tables whose setting all these wikis inherit, and leaves the other wikis.
fn common_lines(farm: &Farm, document: &mut Table, one: &mut Together<'_>) -> Option<()> {
    let wikis: BTreeSet<&str> = one.wikis.iter().copied().collect();
    for layer in layers(document) {
        let members = |name: &&str| {
            chain(document, name).is_some_and(|chain| chain.contains(&layer))
                && table(document, &[vec!["wikis".to_owned(), (*name).to_owned()]].concat()).is_some()
        };
        let below: Vec<&str> = farm.wikis.iter().map(|wiki| wiki.name.as_str()).filter(members).collect();
        let here = table(document, &layer).is_some_and(|table| table.contains_key(one.key.name()));
        let allowed = one.key.inheritable() && (here || (one.key != Key::Moin && !layer.is_empty()));
        let all = below.len() > 1 && below.iter().all(|wiki| wikis.contains(wiki));
        // Nothing nearer to the wikis sets it.
        let nearest = below.iter().all(|wiki| is_nearest(document, wiki, &layer, one.key));
        if !(allowed && all && nearest && (here || one.value.is_some())) {
            continue;
        }
        put(table_mut(document, &layer)?, one.key, one.value);
        one.wikis.retain(|wiki| !below.contains(wiki));
        return Some(());
    }
    Some(())
}

/// The path of a table, from the top of the file.
type TablePath = Vec<String>;

/// The tables whose settings wikis inherit: the top of the file, `[farm]`, and groups.
fn layers(document: &Table) -> Vec<TablePath> {
    let groups =
        document.get("groups").and_then(Item::as_table_like).into_iter().flat_map(|groups| groups.iter());
    let groups = groups.map(|(name, _)| vec!["groups".to_owned(), name.to_owned()]);
    let farm = document.contains_key("farm").then(|| vec!["farm".to_owned()]);
    std::iter::once(Vec::new()).chain(farm).chain(groups).collect()
}

/// The tables from which a wiki inherits, the nearest first.
fn chain(document: &Table, wiki: &str) -> Option<Vec<TablePath>> {
    let mut chain: Vec<TablePath> = Vec::new();
    let mut at = vec!["wikis".to_owned(), wiki.to_owned()];
    while let Some(group) = table(document, &at)?.get("group").and_then(Item::as_str) {
        at = vec!["groups".to_owned(), group.to_owned()];
        if chain.contains(&at) {
            break;
        }
        chain.push(at.clone());
    }
    chain.extend([vec!["farm".to_owned()], Vec::new()]);
    Some(chain)
}

/// Whether a wiki has the setting of a table: nothing nearer sets or unsets it.
fn is_nearest(document: &Table, wiki: &str, layer: &TablePath, key: Key) -> bool {
    let own = vec!["wikis".to_owned(), wiki.to_owned()];
    let nearer = std::iter::once(own).chain(chain(document, wiki).unwrap_or_default());
    let mut nearer = nearer.take_while(|path| path != layer).filter_map(|path| table(document, &path));
    !nearer.any(|table| table.contains_key(key.name()) || unset_position(table, key).is_some())
}

fn table<'t>(document: &'t Table, path: &[String]) -> Option<&'t dyn TableLike> {
    let mut table: &dyn TableLike = document;
    for name in path {
        table = table.get(name)?.as_table_like()?;
    }
    Some(table)
}

fn table_mut<'t>(document: &'t mut Table, path: &[String]) -> Option<&'t mut dyn TableLike> {
    let mut table: &mut dyn TableLike = document;
    for name in path {
        table = table.get_mut(name)?.as_table_like_mut()?;
    }
    Some(table)
}

/// Changes a setting of one wiki.
fn change(document: &mut Table, wiki: &str, key: Key, new: Option<&Value>) -> Option<()> {
    let inherited = chain(document, wiki)?.iter().find_map(|path| {
        let table = table(document, path)?;
        match unset_position(table, key) {
            Some(_) => Some(None),
            None => table.get(key.name()).map(|item| Some(item.to_string().trim().to_owned())),
        }
    });
    let inherited = inherited.flatten();
    let own = table_mut(document, &["wikis".to_owned(), wiki.to_owned()])?;
    forget_unset(own, key);
    match new {
        Some(new) if inherited.as_ref() == Some(&toml(new).to_string()) => drop(own.remove(key.name())),
        Some(_) => put(own, key, new),
        None => {
            own.remove(key.name());
            if inherited.is_some() {
                let list = own.entry("unset").or_insert(value(Array::new()));
                list.as_array_mut()?.push(key.name());
            }
        }
    }
    Some(())
}

/// Sets a value, with the comment at its end, or removes the setting.
fn put(table: &mut dyn TableLike, key: Key, new: Option<&Value>) {
    let Some(new) = new.map(toml) else {
        table.remove(key.name());
        return;
    };
    match table.get_mut(key.name()).and_then(Item::as_value_mut) {
        Some(old) => {
            let decor = old.decor().clone();
            *old = new;
            *old.decor_mut() = decor;
        }
        None => drop(table.insert(key.name(), Item::Value(new))),
    }
}

fn unset_position(table: &dyn TableLike, key: Key) -> Option<usize> {
    table.get("unset")?.as_array()?.iter().position(|name| name.as_str() == Some(key.name()))
}

fn forget_unset(table: &mut dyn TableLike, key: Key) {
    let Some(position) = unset_position(table, key) else { return };
    let Some(list) = table.get_mut("unset").and_then(Item::as_array_mut) else { return };
    list.remove(position);
    if list.is_empty() {
        table.remove("unset");
    }
}

/// A value as TOML.
fn toml(value: &Value) -> Toml {
    let texts = |items: Vec<String>| Toml::Array(items.into_iter().collect());
    #[expect(clippy::cast_possible_truncation, reason = "only whole numbers of hours, which are small")]
    let number = |hours: f64| match hours.fract() == 0.0 {
        true => Toml::from(hours as i64),
        false => Toml::from(hours),
    };
    match value {
        Value::Text(text) | Value::Store { text, .. } => Toml::from(text.as_str()),
        Value::Names(names) => texts(names.clone()),
        Value::Bool(value) => Toml::from(*value),
        Value::Number(hours) => number(*hours),
        Value::Pair(anonymous, user) => Toml::Array([*anonymous, *user].map(number).into_iter().collect()),
        Value::Path(path) => Toml::from(path.display().to_string()),
        Value::Version(version) => Toml::from(version.to_string()),
        Value::Url(url) => Toml::from(url.as_str()),
        Value::Urls(urls) => texts(urls.iter().map(ToString::to_string).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::agreement::parse;
    use super::*;

    fn unset(wiki: &str) -> Change {
        Change { wiki: wiki.to_owned(), key: Key::CookieDomain, value: None }
    }

    fn named(wiki: &str) -> Change {
        Change { wiki: wiki.to_owned(), key: Key::CookieName, value: Some(Value::Text("x".to_owned())) }
    }

    const FARM: &str = "moin = \"1.9.11\" # all\n\n[farm]\n# wide\ncookie_domain = \".example.org\" # why\n\n[wikis.a]\n\
        url = \"https://a.example.org/\"\ndata_dir = \"a\"\n\n[wikis.b] # second\nurl = \"https://b.example.org/\"\n\
        cookie_name = \"b\" # own\ndata_dir = \"b\"\n";

    #[test]
    fn edited_changes_the_line_that_all_wikis_inherit() {
        let text = edited(&parse(FARM), &[unset("a"), unset("b")], &[]).unwrap();
        let without = FARM.replace("# wide\ncookie_domain = \".example.org\" # why\n", "");
        assert_eq!(text, without);
    }

    #[test]
    fn edited_changes_one_wiki_and_keeps_comments() {
        let changes = [unset("b"), named("b")];
        let text = edited(&parse(FARM), &changes, &[vec!["a".to_owned(), "b".to_owned()]]).unwrap();
        let expected = FARM.replace("\"b\" # own", "\"x\" # own")
            + "unset = [\"cookie_domain\"]\n\n[[share]]\nwikis = [\"a\", \"b\"]\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn edited_keeps_the_line_endings_of_windows() {
        let farm = FARM.replace('\n', "\r\n");
        let text = edited(&parse(&farm), &[named("a")], &[]).unwrap();
        let line = "url = \"https://a.example.org/\"\r\ndata_dir = \"a\"\r\n";
        assert_eq!(text, farm.replace(line, &format!("{line}cookie_name = \"x\"\r\n")));
    }
}
