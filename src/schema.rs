//! The farm file as a JSON Schema, for editors that complete and check as one types.
//!
//! It is made from the tables that the parser itself goes by: [`Key`] with its kinds and words, [`PRUNE_KEYS`], the rules'
//! names, the versions. It says less than `config check`: a schema knows shapes, not wikis.
//!
//! Source: JSON Schema draft 7, which Taplo and the editors around it read.

use std::path::Path;

use serde_json::{Map, Value, json};

use crate::farm::{Farm, Key, Kind, LINT_KEYS, PRUNE_KEYS, PruneKind};
use crate::lint;
use crate::moin::Version;

/// The name under which the schema is kept beside a farm file.
pub const FILE_NAME: &str = "farm.schema.json";

/// Hours beyond this are a slip of the finger to the parser too: a million years.
const MOST_HOURS: f64 = 8.8e9;

/// The schema of farm files.
pub fn document() -> Value {
    let defaults = Defaults::new();
    let layer = |wiki: bool, group: bool| {
        let mut keys: Map<String, Value> = Key::all()
            .filter(|key| wiki || key.inheritable())
            // For the whole file it stands at the top.
            .filter(|key| wiki || group || *key != Key::Moin)
            .map(|key| (key.name().to_owned(), setting(key, &defaults)))
            .collect();
        if group {
            let about = if wiki { "the group whose settings it shares" } else { "the group's own parent" };
            keys.insert("group".to_owned(), json!({"type": "string", "description": about}));
            keys.insert("unset".to_owned(), unset());
        }
        keys
    };
    let mut farm = layer(false, false);
    let hosts = "hosts that are no wikis, but that a wide cookie would reach";
    farm.insert("other_hosts".to_owned(), names(hosts));
    let group = table("settings shared by the wikis that name the group", layer(false, true));
    let mut wiki = layer(true, true);
    wiki.insert("lint".to_owned(), levels("levels of rules for this wiki"));
    let mut wiki = table("a wiki; its key is its name in `wikis` of farmconfig.py", wiki);
    insert(&mut wiki, "required", json!(["url"]));
    let mut properties = Map::new();
    let mut add = |name: &str, value: Value| properties.insert(name.to_owned(), value);
    add("moin", setting(Key::Moin, &defaults));
    add("farm", table("settings that every wiki inherits, as from MoinMoin's FarmConfig", farm));
    add(
        "groups",
        json!({"type": "object", "description": "settings shared by some wikis", "additionalProperties": group}),
    );
    add(
        "wikis",
        json!({"type": "object", "description": "the wikis", "minProperties": 1, "additionalProperties": wiki}),
    );
    add("share", json!({"type": "array", "description": "what is intended", "items": share()}));
    add("prune", prune());
    add("migrate", migrate());
    add("lint", levels("levels of the rules of `config check`"));
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "wikifarm farm file",
        "description": "A farm of MoinMoin wikis, as wikifarm reads it",
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
        "required": ["wikis"],
    })
}

/// MoinMoin's own defaults, of the release that is assumed where none is named.
struct Defaults(Option<Farm>);

impl Defaults {
    fn new() -> Defaults {
        let text = format!(
            "moin = \"{}\"\n[wikis.NAME]\nurl = \"https://wiki.example.org/\"\n",
            Version::LATEST_1_9
        );
        Defaults(Farm::parse(Path::new("farm.toml"), text).ok())
    }

    /// A default that does not follow from other settings and that TOML can say.
    fn of(&self, key: Key) -> Option<Value> {
        let wiki = self.0.as_ref()?.wiki("NAME")?;
        if matches!(key, Key::Url | Key::Moin | Key::Siteid | Key::DuplicateCookie) {
            return None;
        }
        serde_json::from_str(&wiki.effective(key)?.0).ok()
    }
}

/// One setting of a wiki.
fn setting(key: Key, defaults: &Defaults) -> Value {
    let mut schema = kind(key.kind());
    if key == Key::SessionStore {
        schema = json!({"type": "string", "pattern": "^moin-1\\.[89]:."});
    }
    insert(&mut schema, "description", json!(key.about()));
    if let Some(default) = defaults.of(key) {
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
        Kind::Choice(words) => json!({"type": "string", "enum": words}),
    }
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

fn share() -> Value {
    let wikis = names("the wikis that are meant to share a login");
    let mut share =
        table("wikis that are meant to share a login", Map::from_iter([("wikis".to_owned(), wikis)]));
    insert(&mut share, "required", json!(["wikis"]));
    share
}

fn prune() -> Value {
    let row = |(name, kind, about, default): (&str, PruneKind, &str, Option<&str>)| {
        let mut schema = match kind {
            PruneKind::Duration => json!({"type": "string", "pattern": "^([0-9]+[smhdw])+$"}),
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
        (name.to_owned(), schema)
    };
    table("the policy of `session prune`; flags win over it", PRUNE_KEYS.into_iter().map(row).collect())
}

fn migrate() -> Value {
    let mut globals = names("classes that moved sessions may name beside the usual: module.name or module.*");
    let pattern = json!({"type": "string", "pattern": "^[^.]+(\\.[^.]+)+$"});
    insert(&mut globals, "items", pattern);
    table("for `session migrate`", Map::from_iter([("allow_globals".to_owned(), globals)]))
}

/// Lists of rules and families by level.
fn levels(about: &str) -> Value {
    let mut known: Vec<&str> = Vec::new();
    for rule in lint::rules().filter(|rule| !rule.fixed) {
        for name in [rule.family, rule.name] {
            if !known.contains(&name) {
                known.push(name);
            }
        }
    }
    let row = |name: &str| {
        let does = match name {
            "allow" => "rules and families that are not reported",
            "warn" => "rules and families that are reported as warnings",
            _ => "rules and families that are reported as errors",
        };
        let items = json!({"type": "string", "enum": known});
        (name.to_owned(), json!({"type": "array", "description": does, "items": items}))
    };
    table(about, LINT_KEYS.into_iter().map(row).collect())
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
    use super::*;
    use crate::farm::{TOP, parse_duration};
    use crate::ops::Policy;

    #[test]
    fn it_has_the_keys_that_the_parser_has() {
        let document = document();
        let mut keys: Vec<&str> =
            document["properties"].as_object().unwrap().keys().map(String::as_str).collect();
        let mut top = TOP.to_vec();
        keys.sort_unstable();
        top.sort_unstable();
        assert_eq!(keys, top);
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
        assert!(wiki["cookie_domain"].get("default").is_none(), "None is no TOML");
    }
}
