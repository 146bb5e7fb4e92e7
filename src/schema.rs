//! The farm file as a JSON Schema, for editors that complete and check as one types.
//!
//! It is made from the tables that the parser itself goes by: [`Table`] with its keys, [`Key`] with its kinds and words,
//! [`PRUNE_KEYS`], the rules' names, the versions. It says less than `config check`: a schema knows shapes, not wikis.
//!
//! Source: JSON Schema draft 7, which Taplo and the editors around it read.

use serde_json::{Map, Value, json};

use crate::farm::{HANDLERS, Key, Kind, NAMES_COOKIE, PRUNE_KEYS, PruneKind, Table};
use crate::lint;
use crate::location::options_of;
use crate::moin::Version;

/// The name under which the schema is kept beside a farm file.
pub const FILE_NAME: &str = "farm.schema.json";

/// Hours beyond this are a slip of the finger to the parser too: a million years.
const MOST_HOURS: f64 = 8.8e9;

/// The schema of farm files.
pub fn document() -> Value {
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "wikifarm farm file",
        "description": "A farm of MoinMoin wikis, as wikifarm reads it",
        "type": "object",
        "properties": keys(Table::File),
        "additionalProperties": false,
        "required": ["wikis"],
    })
}

/// The keys of a table, the settings of wikis first.
fn keys(table: Table) -> Map<String, Value> {
    let settings = Key::all().filter(|key| table.has_setting(*key));
    let settings = settings.map(|key| (key.name().to_owned(), setting(key)));
    settings.chain(table.own().iter().map(|name| ((*name).to_owned(), own(table, name)))).collect()
}

/// A key that is no setting of a wiki.
fn own(of: Table, name: &str) -> Value {
    let below = |of: Table, about: &str| table(about, keys(of));
    let tables = |about: &str, each: Value| json!({"type": "object", "description": about, "additionalProperties": each});
    match (of, name) {
        (Table::File, "farm") => {
            below(Table::Farm, "settings that every wiki inherits, as from MoinMoin's FarmConfig")
        }
        (Table::File, "groups") => {
            let group = below(Table::Group, "settings shared by the wikis that name the group");
            tables("settings shared by some wikis", group)
        }
        (Table::File, "wikis") => {
            let mut wiki = below(Table::Wiki, "a wiki; its key is its name in `wikis` of farmconfig.py");
            insert(&mut wiki, "required", json!(["url"]));
            json!({"type": "object", "description": "the wikis", "minProperties": 1, "additionalProperties": wiki})
        }
        (Table::File, "share") => {
            let mut share = below(Table::Share, "wikis that are meant to share a login");
            insert(&mut share, "required", json!(["wikis"]));
            json!({"type": "array", "description": "what is intended", "items": share})
        }
        (Table::File, "prune") => below(Table::Prune, "the policy of `session prune`; flags win over it"),
        (Table::File, "migrate") => below(Table::Migrate, "for `session migrate`"),
        (Table::File, "lint") => below(Table::Lint, "levels of the rules of `config check`"),
        (Table::Farm, "other_hosts") => names("hosts that are no wikis, but that a wide cookie would reach"),
        (Table::Group, "group") => json!({"type": "string", "description": "the group's own parent"}),
        (Table::Wiki, "group") => {
            json!({"type": "string", "description": "the group whose settings it shares"})
        }
        (Table::Wiki, "lint") => below(Table::Lint, "levels of rules for this wiki"),
        (_, "unset") => unset(),
        (Table::Share, "wikis") => names("the wikis that are meant to share a login"),
        (Table::Prune, _) => prune(name),
        (Table::Migrate, "allow_globals") => {
            let mut globals =
                names("classes that moved sessions may name beside the usual: module.name or module.*");
            insert(&mut globals, "items", json!({"type": "string", "pattern": "^[^.]+(\\.[^.]+)+$"}));
            globals
        }
        (Table::Lint, _) => levels(name),
        // A test holds that no key comes here: the schema would take anything for it.
        _ => json!({}),
    }
}

/// One setting of a wiki.
fn setting(key: Key) -> Value {
    let mut schema = kind(key.kind());
    insert(&mut schema, "description", json!(key.about()));
    // Of the release that is assumed where none is named; Python's None is no JSON.
    let default = key.default_in(Version::LATEST_1_9.behaviour());
    if let Some(default) = default.and_then(|text| serde_json::from_str(text).ok()) {
        insert(&mut schema, "default", default);
    }
    schema
}

fn kind(kind: Kind) -> Value {
    let hours = || json!({"type": "number", "exclusiveMinimum": -MOST_HOURS, "exclusiveMaximum": MOST_HOURS});
    match kind {
        Kind::Url => url(),
        Kind::Urls => json!({"type": "array", "items": url()}),
        Kind::Version => json!({"type": "string", "enum": Version::names().collect::<Vec<_>>()}),
        Kind::Text => json!({"type": "string", "pattern": "^[^\\u0000-\\u001f\\u007f-\\u009f]*$"}),
        Kind::Names => json!({"type": "array", "items": {"type": "string", "minLength": 1}}),
        Kind::Bool => json!({"type": "boolean"}),
        Kind::Hours => hours(),
        Kind::Lifetime => json!({"anyOf": [
            {"type": "array", "items": hours(), "minItems": 2, "maxItems": 2},
            hours(),
        ]}),
        Kind::Path => json!({"type": "string", "minLength": 1}),
        Kind::Store => json!({"type": "string", "pattern": store()}),
        Kind::IdHandler => json!({"anyOf": [
            {"type": "string", "enum": HANDLERS},
            {"type": "string", "pattern": format!("^{NAMES_COOKIE}[^\\u0000-\\u001f\\u007f-\\u009f]+$")},
        ]}),
        Kind::Choice(words) => json!({"type": "string", "enum": words}),
    }
}

/// An address of a session store: files, SQLite, Redis over TCP, Redis by a socket.
fn store() -> String {
    let plain = "[^\\u0000-\\u001f\\u007f-\\u009f]";
    // A `?` is part of the file's name, unless a name and `=` follow.
    let file = "[^?\\u0000-\\u001f\\u007f-\\u009f]";
    let (word, none) = ("[A-Za-z0-9_-]", "[^?=A-Za-z0-9_\\-\\u0000-\\u001f\\u007f-\\u009f]");
    let mark = format!("\\?({word}*|{word}*{none}{file}*|={file}*)");
    let options = |scheme: &str| {
        let names: Vec<&str> = options_of(scheme).map(|option| option.name).collect();
        let option = format!("({})=[^\\s#&]*", names.join("|"));
        format!("(\\?{option}(&{option})*)?")
    };
    let of_file: Vec<&str> = options_of("sqlite").map(|option| option.name).collect();
    let of_file = of_file.join("|");
    let server = "([^\\s/?#@:]+@)?([^\\s/?#@:\\[\\]]+|\\[[0-9A-Fa-f:.]+\\])(:[0-9]{0,5})?(/[0-9]*)?";
    [
        format!("^moin-1\\.[89]:{plain}+$"),
        format!("^sqlite:({file}+({mark})*|({mark})+)(\\?{of_file}={plain}+)?$"),
        format!("^redis://{server}{}$", options("redis")),
        format!("^rediss://{server}{}$", options("rediss")),
        format!("^redis\\+unix:(//)?/[^\\s/?#][^\\s?#]*{}$", options("redis+unix")),
    ]
    .join("|")
}

fn url() -> Value {
    json!({"type": "string", "pattern": "^[hH][tT][tT][pP][sS]?://[^\\s/?#@]+(/[^\\s?#]*)?$"})
}

fn names(about: &str) -> Value {
    let mut schema = kind(Kind::Names);
    insert(&mut schema, "description", json!(about));
    schema
}

fn unset() -> Value {
    let known: Vec<&str> = Key::all().filter(|key| *key != Key::Moin).map(Key::name).collect();
    json!({
        "type": "array",
        "description": "inherited settings that are taken back: MoinMoin's default again",
        "items": {"type": "string", "enum": known},
    })
}

/// A key of `[prune]`.
fn prune(name: &str) -> Value {
    let Some((_, kind, about, default)) = PRUNE_KEYS.into_iter().find(|row| row.0 == name) else {
        return json!({});
    };
    let mut schema = match kind {
        PruneKind::Duration => json!({"type": "string", "pattern": "^([0-9]+(\\.[0-9]+)?[smhdw])+$"}),
        PruneKind::Limit => json!({"anyOf": [
            {"type": "string", "pattern": "^([0-9]+|[0-9]+(\\.[0-9]*)?%)$"},
            {"type": "integer", "minimum": 0},
        ]}),
        PruneKind::Index => json!({"anyOf": [{"type": "boolean"}, {"type": "string", "minLength": 1}]}),
    };
    insert(&mut schema, "description", json!(about));
    if let Some(default) = default {
        insert(&mut schema, "default", json!(default));
    }
    schema
}

/// A list of rules and families, by level.
fn levels(level: &str) -> Value {
    let mut known: Vec<&str> = Vec::new();
    for rule in lint::rules().filter(|rule| !rule.fatal) {
        for name in [rule.family, rule.name] {
            if !known.contains(&name) {
                known.push(name);
            }
        }
    }
    let does = match level {
        "allow" => "rules and families that are not reported",
        "warn" => "rules and families that are reported as warnings",
        _ => "rules and families that are reported as errors",
    };
    json!({"type": "array", "description": does, "items": {"type": "string", "enum": known}})
}

fn table(about: &str, properties: Map<String, Value>) -> Value {
    json!({"type": "object", "description": about, "properties": properties, "additionalProperties": false})
}

fn insert(schema: &mut Value, key: &str, value: Value) {
    if let Some(schema) = schema.as_object_mut() {
        schema.insert(key.to_owned(), value);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;
    use crate::farm::{Farm, parse_duration};
    use crate::ops::prune::Policy;

    /// The schema of a table.
    fn of(table: Table) -> Value {
        let document = document();
        let file = &document["properties"];
        match table {
            Table::File => document.clone(),
            Table::Farm => file["farm"].clone(),
            Table::Group => file["groups"]["additionalProperties"].clone(),
            Table::Wiki => file["wikis"]["additionalProperties"].clone(),
            Table::Share => file["share"]["items"].clone(),
            Table::Prune => file["prune"].clone(),
            Table::Migrate => file["migrate"].clone(),
            Table::Lint => file["lint"].clone(),
        }
    }

    #[test]
    fn it_has_the_keys_that_the_parser_has() {
        let every: BTreeSet<&str> = Table::all().flat_map(Table::keys).collect();
        for table in Table::all() {
            let schema = of(table);
            assert_eq!(schema["additionalProperties"], json!(false), "{table:?}");
            let known = schema["properties"].as_object().unwrap();
            assert_eq!(known.len(), table.keys().count(), "{table:?}");
            for key in &every {
                // No key is a date: the parser complains of the key, or of its value.
                let line = format!("{key} = 1979-05-27");
                let text = match table {
                    Table::File => format!("{line}\n"),
                    Table::Farm => format!("[farm]\n{line}\n"),
                    Table::Group => format!("[groups.g]\n{line}\n"),
                    Table::Wiki => format!("[wikis.w]\n{line}\n"),
                    Table::Share => format!("[[share]]\n{line}\n"),
                    Table::Prune => format!("[prune]\n{line}\n"),
                    Table::Migrate => format!("[migrate]\n{line}\n"),
                    Table::Lint => format!("[lint]\n{line}\n"),
                };
                let farm = Farm::parse(Path::new("farm.toml"), text.clone()).unwrap();
                let at = text.find(&line).unwrap();
                let rules: Vec<&str> =
                    farm.problems.iter().filter(|it| it.span.start >= at).map(|it| it.rule).collect();
                assert_eq!(rules.contains(&"wrong-type"), known.contains_key(*key), "{text}{rules:?}");
                let strange = rules.contains(&"unknown-key") || rules.contains(&"misplaced-key");
                assert_eq!(strange, !known.contains_key(*key), "{text}{rules:?}");
                if let Some(schema) = known.get(*key) {
                    assert!(schema.get("description").is_some(), "{table:?} {key}");
                    let typed = ["type", "enum", "anyOf"].iter().any(|word| schema.get(word).is_some());
                    assert!(typed, "{table:?} {key}");
                }
            }
        }
    }

    #[test]
    fn defaults_of_prune_are_those_that_prune_has() {
        let policy = Policy::default();
        let age = |name: &str| {
            let row = PRUNE_KEYS.iter().find(|row| row.0 == name).unwrap();
            row.3.map(|text| parse_duration(text).unwrap())
        };
        assert_eq!(age("grace"), Some(policy.grace()));
        assert_eq!(age("no_expires"), Some(policy.no_expires()));
        assert_eq!(age("stale_temp"), Some(policy.stale_temp()));
        assert_eq!((age("idle"), age("unreadable")), (policy.idle(), policy.unreadable()));
        let limit = PRUNE_KEYS.iter().find(|row| row.0 == "max_delete").unwrap().3.unwrap();
        assert_eq!(limit.parse(), Ok(policy.max_delete()));
    }

    #[test]
    fn defaults_are_moinmoins_own() {
        let document = document();
        let wiki = &document["properties"]["wikis"]["additionalProperties"]["properties"];
        assert_eq!(wiki["cookie_lifetime"]["default"], json!([0, 12]));
        assert_eq!(wiki["auth"]["default"], json!(["moin"]));
        assert_eq!(wiki["cookie_httponly"]["default"], json!(false));
        assert!(wiki["cookie_domain"].get("default").is_none(), "None is not valid TOML");
    }
}
