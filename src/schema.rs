//! The JSON Schema of the farm file, for editors that complete and check while the user types.
//!
//! It is made from the tables of the parser: [`Table`] with its keys, [`Key`] with its types, [`PRUNE_KEYS`], the names of
//! the rules, and the versions. `config check` finds more: a schema checks types, not relations between wikis.
//!
//! Source: JSON Schema draft 7, which Taplo and editors with it support.

use serde_json::{Map, Value, json};

use crate::farm::{HANDLERS, Key, Kind, MOST_SECONDS, NAMES_COOKIE, PRUNE_KEYS, PruneKind, Table};
use crate::lint;
use crate::location::options_of;
use crate::moin::Version;

/// The name of the schema file next to a farm file.
pub const FILE_NAME: &str = "farm.schema.json";

/// The limit for hours, a million years, as in the parser.
const MOST_HOURS: f64 = 8.8e9;

/// The schema of farm files.
pub fn document() -> Value {
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "wikifarm farm file",
        "description": "A farm of MoinMoin wikis, for wikifarm",
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

/// A key that is not a setting of wikis.
fn own(of: Table, name: &str) -> Value {
    let below = |of: Table, about: &str| table(about, keys(of));
    let tables = |about: &str, each: Value| json!({"type": "object", "description": about, "additionalProperties": each});
    match (of, name) {
        (Table::File, "farm") => {
            below(Table::Farm, "settings that every wiki inherits, as MoinMoin's FarmConfig")
        }
        (Table::File, "groups") => {
            let group = below(Table::Group, "settings of the wikis that name the group");
            tables("the groups, each with the settings of the wikis that name it", group)
        }
        (Table::File, "wikis") => {
            let mut wiki = below(Table::Wiki, "a wiki; the key is its name in `wikis` of farmconfig.py");
            insert(&mut wiki, "required", json!(["url"]));
            json!({"type": "object", "description": "the wikis", "minProperties": 1, "additionalProperties": wiki})
        }
        (Table::File, "share") => {
            let mut share = below(Table::Share, "wikis that should share a login");
            insert(&mut share, "required", json!(["wikis"]));
            json!({"type": "array", "description": "the wikis that should share a login; other wikis should not", "items": share})
        }
        (Table::File, "prune") => below(Table::Prune, "the policy of `session prune`"),
        (Table::File, "migrate") => below(Table::Migrate, "the policy of `session migrate`"),
        (Table::File, "lint") => below(Table::Lint, "the severities of the rules of `config check`"),
        (Table::Farm, "other_hosts") => {
            names("hosts without a wiki that receive cookies of a wide cookie_domain")
        }
        (Table::Group, "group") => {
            json!({"type": "string", "description": "the parent group, from which the group inherits"})
        }
        (Table::Wiki, "group") => {
            json!({"type": "string", "description": "the group from which the wiki inherits"})
        }
        (Table::Wiki, "lint") => below(Table::Lint, "the severities of rules for the wiki"),
        (_, "unset") => unset(),
        (Table::Share, "wikis") => names("the wikis that should share a login"),
        (Table::Prune, _) => prune(name),
        (Table::Migrate, "allow_globals") => {
            let mut globals = names(
                "classes that migrated sessions can contain in addition to known ones: module.Class, or module.* for a whole module",
            );
            insert(&mut globals, "items", json!({"type": "string", "pattern": "^[^.]+(\\.[^.]+)+$"}));
            globals
        }
        (Table::Lint, _) => levels(name),
        // A test checks that every key has its own case.
        _ => json!({}),
    }
}

/// One setting of a wiki.
fn setting(key: Key) -> Value {
    let mut schema = kind(key.kind());
    insert(&mut schema, "description", json!(key.about()));
    // The default of the assumed release. Python's None is not JSON.
    let default = key.default_in(Version::LATEST_1_9.behavior());
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
        Kind::Seconds => {
            json!({"type": "number", "exclusiveMinimum": -MOST_SECONDS, "exclusiveMaximum": MOST_SECONDS})
        }
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

/// The pattern of a store location: files, SQLite, Redis over TCP, and Redis over a socket.
fn store() -> String {
    let plain = "[^\\u0000-\\u001f\\u007f-\\u009f]";
    // A `?` is a part of the file name, unless a name and `=` follow.
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
        "description": "settings that are not inherited, and have MoinMoin's default",
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
        "allow" => "rules and families without reports",
        "warn" => "rules and families that report warnings",
        _ => "rules and families that report errors",
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
    fn schema_has_the_keys_of_the_parser() {
        let every: BTreeSet<&str> = Table::all().flat_map(Table::keys).collect();
        for table in Table::all() {
            let schema = of(table);
            assert_eq!(schema["additionalProperties"], json!(false), "{table:?}");
            let known = schema["properties"].as_object().unwrap();
            assert_eq!(known.len(), table.keys().count(), "{table:?}");
            for key in &every {
                // No value is a date, so the parser reports the key or its value.
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
    fn defaults_of_prune_are_those_of_session_prune() {
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
    fn defaults_are_those_of_moinmoin() {
        let document = document();
        let wiki = &document["properties"]["wikis"]["additionalProperties"]["properties"];
        assert_eq!(wiki["cookie_lifetime"]["default"], json!([0, 12]));
        assert_eq!(wiki["auth"]["default"], json!(["moin"]));
        assert_eq!(wiki["cookie_httponly"]["default"], json!(false));
        assert!(wiki["cookie_domain"].get("default").is_none(), "None is not valid TOML");
    }
}
