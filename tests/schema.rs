//! `wikifarm schema` and docs/json: the schemas of all JSON documents.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::{Place, bless, same, schema};

fn commands() -> Vec<String> {
    let listed = Place::new().wikifarm("schema").any_stdout().run().stdout;
    listed.lines().map(str::to_owned).collect()
}

#[test]
fn schema_of_each_command_is_the_committed_file() {
    for command in commands() {
        let found = Place::new().wikifarm(&format!("schema {command}")).any_stdout().run().stdout;
        let path = schema::file(&command);
        if bless() {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, &found).unwrap();
        }
        same(&found, fs::read_to_string(&path).unwrap_or_default());
    }
}

#[test]
fn docs_json_has_no_file_of_a_command_without_json() {
    let listed: BTreeSet<_> = commands().iter().map(|command| schema::file(command)).collect();
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/json");
    let kept: BTreeSet<_> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(kept, listed);
}

#[test]
fn schema_requires_the_version_and_describes_every_field() {
    for command in commands() {
        let document = Place::new().wikifarm(&format!("schema {command}")).any_stdout().run();
        let document: Value = serde_json::from_str(&document.stdout).unwrap();
        assert_eq!(document["required"][0], "schema", "{command}");
        assert_eq!(document["properties"]["schema"]["const"], 1, "{command}");
        let definitions = document["$defs"].as_object().into_iter().flatten().map(|(_, part)| part);
        for part in definitions.chain([&document]) {
            for (name, field) in part["properties"].as_object().into_iter().flatten() {
                let described = [&field["description"], &field["$ref"], &field["items"]["$ref"]];
                assert!(described.iter().any(|text| text.is_string()), "{command}: {name}");
            }
        }
    }
}

#[test]
fn schema_of_unknown_command_names_the_nearest_or_the_list() {
    for (command, help) in [
        ("session prun", "did you mean `wikifarm schema session prune`?"),
        ("xyzzy", "`wikifarm schema` lists these commands"),
    ] {
        let message = format!("error: `{command}` is not a command with JSON output\nhelp: {help}\n");
        Place::new().wikifarm(&format!("schema {command}")).status(2).stderr(message).run();
    }
}
