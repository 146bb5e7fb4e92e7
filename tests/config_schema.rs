//! `wikifarm config schema`, and `farm.schema.json`, which editors use.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use toml_edit::{DocumentMut, Item};
use wikifarm::farm::{Farm, Key};

use crate::support::{Place, bless};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn schema() -> Value {
    Place::new().wikifarm("config schema").any_stdout().run().json()
}

/// A farm file as JSON, which editors validate.
fn as_json(text: &str) -> Value {
    fn value(of: &toml_edit::Value) -> Value {
        match of {
            toml_edit::Value::String(text) => json!(text.value()),
            toml_edit::Value::Integer(number) => json!(number.value()),
            toml_edit::Value::Float(number) => json!(number.value()),
            toml_edit::Value::Boolean(yes) => json!(yes.value()),
            toml_edit::Value::Datetime(time) => json!({"datetime": time.value().to_string()}),
            toml_edit::Value::Array(items) => items.iter().map(value).collect(),
            toml_edit::Value::InlineTable(table) => {
                table.iter().map(|(name, item)| (name.to_owned(), value(item))).collect()
            }
        }
    }
    fn item(of: &Item) -> Value {
        match of {
            Item::None => Value::Null,
            Item::Value(of) => value(of),
            Item::Table(of) => of.iter().map(|(name, of)| (name.to_owned(), item(of))).collect(),
            Item::ArrayOfTables(of) => of.iter().map(|of| item(&Item::Table(of.clone()))).collect(),
        }
    }
    item(text.parse::<DocumentMut>().unwrap().as_item())
}

/// The schema's errors for a farm file.
fn errors(validator: &jsonschema::Validator, text: &str) -> Vec<String> {
    let document = as_json(text);
    validator.iter_errors(&document).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

#[test]
fn schema_prints_the_committed_schema() {
    let printed = Place::new().wikifarm("config schema").any_stdout().run().stdout;
    let path = root().join("farm.schema.json");
    if bless() {
        fs::write(&path, &printed).unwrap();
    }
    let committed = fs::read_to_string(path).unwrap_or_default();
    assert!(committed == printed, "farm.schema.json is out of date; update it: make bless");
}

#[test]
fn schema_is_a_valid_json_schema() {
    let schema = schema();
    assert!(jsonschema::meta::is_valid(&schema));
    // Every setting has a description.
    let wiki = &schema["properties"]["wikis"]["additionalProperties"]["properties"];
    for (name, setting) in wiki.as_object().unwrap() {
        assert!(setting["description"].as_str().is_some_and(|about| !about.is_empty()), "{name}");
    }
}

#[test]
fn schema_accepts_the_example_which_names_it() {
    let text = fs::read_to_string(root().join("farm.example.toml")).unwrap();
    assert_eq!(text.lines().next(), Some("#:schema ./farm.schema.json"));
    let validator = jsonschema::validator_for(&schema()).unwrap();
    assert_eq!(errors(&validator, &text), [""; 0]);
    let place = Place::new();
    place.wikifarm("demo farm").any_stdout().run();
    let demo = fs::read_to_string(place.path().join("farm/farm.toml")).unwrap();
    assert_eq!(errors(&validator, &demo), [""; 0]);
}

#[test]
fn schema_rejects_rule_examples_of_the_wrong_shape() {
    /// Rules for errors that a schema can express.
    const SHAPES: [&str; 9] = [
        "unknown-key",
        "misplaced-key",
        "wrong-type",
        "invalid-value",
        "unknown-version",
        "no-wikis",
        "missing-url",
        "invalid-url",
        "unknown-rule",
    ];
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let rules = Place::new().wikifarm("config rules --format json").any_stdout().run().json();
    // The examples of one family are Python.
    for rule in rules["rules"].as_array().unwrap().iter().filter(|rule| rule["family"] != "python") {
        let (name, page) = (rule["rule"].as_str().unwrap(), rule["page"].as_str().unwrap());
        let toml: Vec<&str> =
            page.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
        let [example, instead] = toml[..] else { panic!("{name}: {toml:?}") };
        assert_eq!(errors(&validator, instead), [""; 0], "{name}");
        if name != "toml-syntax" {
            assert_eq!(!errors(&validator, example).is_empty(), SHAPES.contains(&name), "{name}");
        }
    }
}

/// Values of every type. At least one is valid for each kind of setting.
const VALUES: [&str; 51] = [
    "\"\"",
    "\"word\"",
    "\"a\\u0001b\"",
    "\"1.9.11\"",
    "\"https://one.example.org/\"",
    "\"ftp://one.example.org/\"",
    "\"https://one.example.org/?x\"",
    "\"Lax\"",
    "\"first\"",
    "\"custom\"",
    "\"moin-1.9:sessions\"",
    "\"moin-1.8:/srv/wiki/cache/__common__/session\"",
    "\"moin-1.9:\"",
    "\"moin-2.0:sessions\"",
    "\"json:sessions\"",
    "\"sqlite:sessions.db?key_file=/etc/key\"",
    "\"sqlite:\"",
    "\"sqlite:sessions.db?keyfile=/etc/key\"",
    "\"sqlite:sessions.db?key_file=\"",
    "\"sqlite:?key_file=/etc/key\"",
    "\"sqlite:a?b-c?=d?e f=g?key_file=/etc/key?x=y\"",
    "\"sqlite:?\"",
    "\"redis+unix:///run/redis.sock?user=wiki\"",
    "\"redis://db.example.org/0?user=wiki\"",
    "\"redis://db.example.org\"",
    "\"redis://wiki@[::1]:7000/3?prefix=lab%3A&password_file=/etc/pw&key_file=/etc/key\"",
    "\"rediss://db.example.org:6380/0?key_file=key\"",
    "\"rediss://db.example.org?ca_file=/etc/ca.pem&cert_file=/etc/own.pem&cert_key_file=/etc/own.key\"",
    "\"redis://db.example.org?ca_file=/etc/ca.pem\"",
    "\"redis://:secret@db.example.org/0\"",
    "\"redis://db.example.org/zero\"",
    "\"redis://db.example.org/0?prefx=a\"",
    "\"redis://db.example.org/0?db=1\"",
    "\"redis:db.example.org\"",
    "\"redis:///0\"",
    "\"redis+unix:///run/redis.sock?db=2&prefix=lab:\"",
    "\"redis+unix://run\"",
    "\"rediss+unix:///run/redis.sock\"",
    "7",
    "-1.5",
    "9e9",
    "inf",
    "true",
    "1979-05-27",
    "[]",
    "[\"moin\"]",
    "[\"\"]",
    "[\"https://one.example.org/\"]",
    "[0.5, 12]",
    "[1, 2, 3]",
    "{ a = 1 }",
];

#[test]
fn schema_rejects_exactly_the_values_that_the_parser_rejects() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let mut refused = 0;
    for key in Key::all() {
        for value in VALUES {
            // JSON has no infinity, so editors show nothing there.
            if value == "inf" {
                continue;
            }
            let url = if key == Key::Url { "" } else { "url = \"https://one.example.org/\"\n" };
            let text = format!("[wikis.one]\n{url}{} = {value}\n", key.name());
            let sound = Farm::parse(Path::new("farm.toml"), text.clone()).unwrap().sound();
            let found = errors(&validator, &text);
            assert_eq!(found.is_empty(), sound, "{text}{found:?}");
            refused += usize::from(!sound);
        }
    }
    assert!(refused > 300, "{refused}");
}

#[test]
fn schema_of_the_other_tables_agrees_with_the_parser() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let wiki = "[wikis.one]\nurl = \"https://one.example.org/\"\n";
    for text in [
        "[prune]\ngrace = \"1h30m\"\nmax_delete = 5\nindex = false",
        "[prune]\ngrace = \"1\"",
        "[prune]\ngrace = 3600",
        "[prune]\nmax_delete = \"12.5%\"",
        "[prune]\nmax_delete = -1",
        "[prune]\nindex = 1",
        "[prune]\nkeep = \"1h\"",
        "[lint]\nallow = [\"path\", \"imprecise-version\"]",
        "[lint]\nallow = \"path\"",
        "[migrate]\nallow_globals = [\"a.b\", \"a.*\"]",
        "[migrate]\nallow_globals = [\"a\"]",
        "[[share]]\nwikis = [\"one\"]",
        "[[share]]\nwiki = [\"one\"]",
        "[share]\nwikis = [\"one\"]",
        "[groups.g]\ncookie_path = \"/\"\nunset = [\"user_dir\"]\ngroup = \"h\"\n[groups.h]\nmoin = \"1.9.11\"",
        "[groups.g]\nurl = \"https://one.example.org/\"",
        "[groups.g]\nunset = [\"url_\"]",
        "[groups.g]\nlint = {}",
        "[farm]\nother_hosts = [\"www.example.org\"]\nsiteid = \"x\"",
        "[farm]\nother_hosts = \"www.example.org\"",
        "[wiki.two]\nurl = \"https://two.example.org/\"",
    ] {
        let text = format!("{wiki}{text}\n");
        let sound = Farm::parse(Path::new("farm.toml"), text.clone()).unwrap().sound();
        let found = errors(&validator, &text);
        assert_eq!(found.is_empty(), sound, "{text}{found:?}");
    }
}
