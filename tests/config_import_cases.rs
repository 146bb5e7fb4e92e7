//! `wikifarm config import` of configurations that mislead a reader. Each directory of
//! `tests/fixtures/config-cases` has Python files, and the values that MoinMoin sees. An imported value may
//! be unknown, but never wrong.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use wikifarm::farm::{Key, Kind};
use wikifarm::pyconfig::read::{Options, read_texts};

use crate::support::{Place, fixtures};

/// All cases: the name, the files, and the expected values.
pub(crate) fn cases() -> impl Iterator<Item = (String, Place, Value)> {
    let mut directories: Vec<PathBuf> =
        fs::read_dir(fixtures().join("config-cases")).unwrap().map(|entry| entry.unwrap().path()).collect();
    directories.sort();
    directories.into_iter().filter(|path| path.is_dir()).map(|directory| {
        let mut place = Place::new();
        for entry in fs::read_dir(&directory).unwrap().map(Result::unwrap) {
            let name = entry.file_name().into_string().unwrap();
            place = place.file(&format!("config/{name}"), fs::read(entry.path()).unwrap());
        }
        let expected = fs::read(directory.join("expected.json")).unwrap();
        let name = directory.file_name().unwrap().to_str().unwrap().to_owned();
        (name, place, serde_json::from_slice(&expected).unwrap())
    })
}

/// The settings of each wiki after an import with more options. `UNKNOWN` for settings that are left out.
pub(crate) fn imported(
    place: &Place,
    expected: &Value,
    more: &str,
) -> BTreeMap<String, BTreeMap<String, Value>> {
    let url = expected["url"].as_str().map_or_else(String::new, |url| format!(" --url {url}"));
    let moin = expected["moin"].as_str().unwrap();
    let import = format!("config import config --moin {moin}{url} -o farm.toml --force --format json {more}");
    let command = place.wikifarm(&import);
    // The interpreter may be in a directory of the tester.
    let command = if more.is_empty() { command } else { command.by_tester() };
    let ran = command.status_among(&[0, 3]).any_stderr().any_stdout().run();
    let mut wikis: BTreeMap<String, BTreeMap<String, Value>> = BTreeMap::new();
    let shown = place.wikifarm("-f farm.toml config show --format json").by_tester();
    let shown = shown.any_stdout().any_stderr().status_among(&[0, 2]).run();
    let rows: Value = serde_json::from_str(&shown.stdout).unwrap_or_default();
    for row in rows.get("settings").unwrap_or(&rows).as_array().unwrap_or(&Vec::new()) {
        let settings = wikis.entry(row["wiki"].as_str().unwrap().to_owned()).or_default();
        settings.insert(row["setting"].as_str().unwrap().to_owned(), row["value"].clone());
    }
    for left in ran.json()["left_out"].as_array().unwrap() {
        let settings = wikis.entry(left["wiki"].as_str().unwrap().to_owned()).or_default();
        settings.insert(left["setting"].as_str().unwrap().to_owned(), "UNKNOWN".into());
    }
    wikis
}

/// Panics if a value is not the expected one. If `may_be_unknown`, a value may also be unknown.
#[track_caller]
pub(crate) fn check(case: &str, place: &Place, expected: &Value, more: &str, may_be_unknown: bool) {
    let found = imported(place, expected, more);
    for (wiki, settings) in expected["wikis"].as_object().unwrap() {
        let own = found.get(wiki).unwrap_or_else(|| panic!("{case}: no wiki {wiki}"));
        let url = url::Url::parse(own["url"].as_str().unwrap()).unwrap();
        for (name, value) in settings.as_object().unwrap().iter().filter(|(name, _)| *name != "comment") {
            let is = match name.as_str() {
                "host" => url.host_str().unwrap().into(),
                "path" => {
                    url.path().strip_suffix('/').filter(|path| !path.is_empty()).unwrap_or(url.path()).into()
                }
                _ => own.get(name).cloned().unwrap_or_default(),
            };
            let numbers = |value: &Value| {
                value.as_array().and_then(|all| all.iter().map(Value::as_f64).collect::<Option<Vec<_>>>())
            };
            let equal = is == *value || (numbers(&is).is_some() && numbers(&is) == numbers(value));
            assert!(
                equal || (may_be_unknown && is == "UNKNOWN"),
                "{case}: {wiki}.{name} is {is}, not {value}"
            );
        }
    }
}

#[test]
fn import_of_misleading_files_gives_pythons_values_or_none() {
    for (case, place, expected) in cases() {
        check(&case, &place, &expected, "", expected["may_be_unknown"].as_bool().unwrap_or_default());
    }
}

/// The first lines of the files in `misleading.jsonl`.
const HEAD: &str = "from MoinMoin.config.multiconfig import DefaultConfig\nfrom MoinMoin.auth import MoinAuth\n\
                    import os, sys, re\n# wikifarm: url = \"https://wiki.example.org/\"\n";

/// Imports small files. Python 2.7.18 computed their values, and Python 3.11 those of MoinMoin 2.
#[test]
fn import_of_small_misleading_files_gives_pythons_values_or_none() {
    let lines = fs::read_to_string(fixtures().join("misleading.jsonl")).unwrap();
    let (mut known, mut unknown) = (0, 0);
    for case in lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        let files = case["files"].as_object().unwrap().iter().map(|(name, text)| {
            let head = if name == "wikiconfig.py" { HEAD } else { "" };
            (name.as_str(), format!("{head}{}", text.as_str().unwrap()))
        });
        let mut files: Vec<(&str, String)> = files.collect();
        files.sort_by_key(|(name, _)| *name != "wikiconfig.py");
        let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
        let moin = case.get("moin").and_then(Value::as_str).unwrap_or("1.9.8");
        let options = Options { moin: Some(moin.parse().unwrap()), ..Options::default() };
        let read = read_texts(&files, &options).unwrap();
        // If even the class Config is unknown, there is no wiki.
        let Some(wiki) = read.farm.wikis.first() else { continue };
        for key in Key::all().filter(|key| key.name().starts_with("cookie") || key.kind() == Kind::Names) {
            let expected = &case["values"][key.name()];
            if read.left_out.values().flatten().any(|left| left.key == key) {
                unknown += 1;
            } else if !case["unknown"].as_array().unwrap().contains(&key.name().into()) {
                let found = wiki.setting(key).map(|setting| wiki.json(setting)).unwrap_or_default();
                let numbers = |value: &Value| serde_json::from_value::<Vec<f64>>(value.clone()).ok();
                let same = numbers(&found).is_some() && numbers(&found) == numbers(expected);
                assert!(
                    same || found == *expected,
                    "{}: {} is {found}, not {expected}",
                    case["name"],
                    key.name()
                );
                known += usize::from(!found.is_null());
            }
        }
    }
    // Some values must be known.
    assert!(known >= 60, "{known} known, {unknown} unknown");
}

#[test]
fn import_of_what_a_wiki_changes_for_other_wikis_gives_no_value() {
    let farm = "from MoinMoin.config.multiconfig import DefaultConfig\n\
                wikis = [('one', r'^https://one\\.example\\.org/'), ('two', r'^https://two\\.example\\.org/')]\n\
                class FarmConfig(DefaultConfig):\n    superuser = [u'Ada']\n    cookie_domain = None\n    user_dir = '/u'\n";
    let two = "from farmconfig import FarmConfig\nclass Config(FarmConfig):\n    pass\n";
    for (one, left_out) in [
        ("    superuser = FarmConfig.superuser\n    superuser += [u'Eve']\n", Key::Superuser),
        ("    FarmConfig.superuser.append(u'Eve')\n", Key::Superuser),
        ("    FarmConfig.superuser[0] = u'Eve'\n", Key::Superuser),
        ("    FarmConfig.cookie_domain = '.example.org'\n", Key::CookieDomain),
        ("    del FarmConfig.cookie_domain\n", Key::CookieDomain),
        ("    def __init__(self, siteid):\n        self.superuser.append(u'Eve')\n", Key::Superuser),
    ] {
        let one = format!("from farmconfig import FarmConfig\nclass Config(FarmConfig):\n{one}");
        let files = [("farmconfig.py", farm), ("one.py", one.as_str()), ("two.py", two)];
        let read = read_texts(&files, &Options::default()).unwrap();
        let left = read.left_out.get("two").into_iter().flatten().map(|left| left.key);
        assert_eq!(left.collect::<Vec<_>>(), [left_out], "{one}");
        assert!(read.farm.wikis[1].setting(Key::UserDir).is_some(), "{one}");
    }
    let own = "from farmconfig import FarmConfig\nclass Config(FarmConfig):\n    superuser = ['a']\n    superuser += ['b']\n";
    let files = [("farmconfig.py", farm), ("one.py", own), ("two.py", two)];
    assert!(read_texts(&files, &Options::default()).unwrap().left_out.is_empty());
}

#[test]
fn import_of_directories_reads_only_the_files_beside_each_wiki() {
    let text = "from MoinMoin.config.multiconfig import DefaultConfig\ntry:\n    from local import NAME\n\
                except ImportError:\n    NAME = 'none'\n# wikifarm: moin = \"1.9.11\"\n\
                class Config(DefaultConfig):\n    interwikiname = NAME\n";
    let place = Place::new()
        .file("wikis/a/wikiconfig.py", text)
        .file("wikis/a/local.py", "NAME = 'a'\n")
        .file("wikis/b/wikiconfig.py", text);
    let urls = "--url a=https://a.example.org/ --url b=https://b.example.org/";
    let ran = place.wikifarm(&format!("config import wikis {urls}")).any_stdout().any_stderr().run();
    assert_eq!(ran.stdout.matches("interwikiname = \"a\"").count(), 1, "{}", ran.stdout);
    assert_eq!(ran.stdout.matches("interwikiname = \"none\"").count(), 1, "{}", ran.stdout);
}
