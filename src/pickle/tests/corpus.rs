//! Every pickle that Python and MoinMoin wrote for us reads as the same Python read it.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::decoded::{Python, decoded, normalised};
use crate::pickle::read;

pub(super) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn lines(path: &Path) -> Vec<(String, Value)> {
    let text = fs::read_to_string(path).unwrap();
    text.lines()
        .map(|line| {
            let mut line: Value = serde_json::from_str(line).unwrap();
            (line["file"].as_str().unwrap().to_owned(), normalised(line["value"].take()))
        })
        .collect()
}

#[test]
fn every_pickle_of_the_corpus_reads_as_python_read_it() {
    let dir = fixtures().join("pickles");
    let mut compared = 0;
    for (list, python) in [("decoded-py2.jsonl", Python::Two), ("decoded-py3.jsonl", Python::Three)] {
        for (name, wanted) in lines(&dir.join(list)) {
            let bytes = fs::read(dir.join(&name)).unwrap();
            let tree = read(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(tree.consumed(), bytes.len(), "{name}");
            assert_eq!(decoded(&tree, python), wanted, "{name}");
            compared += 1;
        }
    }
    let files = fs::read_dir(&dir).unwrap().filter(|entry| {
        entry.as_ref().unwrap().path().extension().is_some_and(|extension| extension == "pickle")
    });
    assert_eq!((compared, files.count()), (614, 614));
}

/// The session files of the recorded MoinMoin runs, by version: name, bytes, and what Python 2 read where that
/// was recorded.
pub(super) fn sessions() -> Vec<(String, Vec<u8>, Option<Value>)> {
    let mut sessions = Vec::new();
    for entry in fs::read_dir(fixtures()).unwrap() {
        let version = entry.unwrap().path();
        let decoded = version.join("decoded.jsonl");
        let wanted = if decoded.exists() { lines(&decoded) } else { Vec::new() };
        for dir in ["sessions", "cache/__common__/session"] {
            for file in fs::read_dir(version.join(dir)).into_iter().flatten() {
                let path = file.unwrap().path();
                let name = path.file_name().unwrap().to_str().unwrap().to_owned();
                if !path.is_file() {
                    continue;
                }
                let value = wanted.iter().find(|(file, _)| *file == name).map(|(_, value)| value.clone());
                sessions.push((format!("{}/{name}", version.display()), fs::read(path).unwrap(), value));
            }
        }
    }
    sessions
}

#[test]
fn every_recorded_session_reads_as_python_read_it() {
    let mut compared = 0;
    let sessions = sessions();
    for (name, bytes, wanted) in &sessions {
        let tree = read(bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(tree.consumed(), bytes.len(), "{name}");
        if let Some(wanted) = wanted {
            assert_eq!(decoded(&tree, Python::Two), *wanted, "{name}");
            compared += 1;
        }
    }
    // All of them, once the recorded runs lie beside the pickles.
    assert!(sessions.is_empty() || (sessions.len(), compared) == (364, 304), "{} {compared}", sessions.len());
}
