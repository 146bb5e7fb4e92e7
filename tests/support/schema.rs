//! The JSON Schemas in docs/json.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

/// The file with the schema of a command's documents.
pub(crate) fn file(command: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("docs/json/{}.json", command.replace(' ', "-")))
}

/// Panics if a document does not match the schema of the command in `words`. SARIF has its own schema.
#[track_caller]
pub(super) fn check(words: &[String], document: &Value) {
    if words.iter().any(|word| word == "sarif") {
        return;
    }
    if let Some(schema) = schema(words) {
        matches(words, &schema, document);
    }
}

/// Panics if a line of ndjson is not an element of the list in the command's document.
#[track_caller]
pub(super) fn check_lines(words: &[String], text: &str) {
    if !words.iter().any(|word| word.ends_with("ndjson")) {
        return;
    }
    let schema = schema(words).unwrap();
    let list = schema["properties"].as_object().unwrap().values().find(|one| one["type"] == "array").unwrap();
    let element = json!({"$defs": schema["$defs"], "$ref": list["items"]["$ref"]});
    for line in text.lines() {
        matches(words, &element, &serde_json::from_str(line).unwrap());
    }
}

/// The schema of the command in `words`.
fn schema(words: &[String]) -> Option<Value> {
    let alone = words.iter().find(|word| *word == "doctor").map(|word| file(word));
    let mut commands = words.windows(2).map(|pair| file(&pair.join(" "))).chain(alone);
    let text = commands.find_map(|file| fs::read_to_string(file).ok())?;
    Some(serde_json::from_str(&text).unwrap())
}

#[track_caller]
fn matches(words: &[String], schema: &Value, document: &Value) {
    let validator = jsonschema::validator_for(schema).unwrap();
    let errors: Vec<_> =
        validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "$ wikifarm {}\n{}", words.join(" "), errors.join("\n"));
}
