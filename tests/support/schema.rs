//! The JSON Schemas in docs/json.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// The file that holds the schema of a command's documents.
pub(crate) fn file(command: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("docs/json/{}.json", command.replace(' ', "-")))
}

/// Panics if a document does not match the schema of the command that `words` run. SARIF has a schema of its own.
#[track_caller]
pub(super) fn check(words: &[String], document: &Value) {
    if words.iter().any(|word| word == "sarif") {
        return;
    }
    let commands = words.windows(2).map(|pair| file(&pair.join(" ")));
    let Some(Ok(schema)) = commands.map(fs::read_to_string).find(Result::is_ok) else {
        return;
    };
    let schema = serde_json::from_str(&schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<_> =
        validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "$ wikifarm {}\n{}", words.join(" "), errors.join("\n"));
}
