//! Reads all pickles that Python and MoinMoin wrote, and compares them with the values that Python read.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::decoded::{Python, decoded, normalised};
use crate::pickle::read;

pub(super) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A pickle of the corpus, and the value that Python read from it.
pub(super) struct Pickled {
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
    pub(super) python: Python,
    pub(super) value: Value,
}

/// The pickles that Python 2 and 3 wrote in every protocol: `tests/fixtures/pickles/python2.jsonl` and
/// `python3.jsonl`.
pub(super) fn corpus() -> Vec<Pickled> {
    let mut corpus = Vec::new();
    for (file, python) in [("python2.jsonl", Python::Two), ("python3.jsonl", Python::Three)] {
        for mut line in lines(&fixtures().join("pickles").join(file)) {
            let name = line["name"].as_str().unwrap().to_owned();
            let bytes = STANDARD.decode(line["pickle"].as_str().unwrap()).unwrap();
            corpus.push(Pickled { name, bytes, python, value: normalised(line["value"].take()) });
        }
    }
    assert_eq!(corpus.len(), 614);
    corpus
}

#[test]
fn each_pickle_of_the_corpus_is_read_as_in_python() {
    for Pickled { name, bytes, python, value } in corpus() {
        let tree = read(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(tree.consumed(), bytes.len(), "{name}");
        assert_eq!(decoded(&tree, python), value, "{name}");
    }
}

/// The session files of the recorded MoinMoin runs by version: the name, the bytes, and the value that Python
/// 2 read, if it was recorded.
pub(super) fn sessions() -> Vec<(String, Vec<u8>, Option<Value>)> {
    let mut sessions = Vec::new();
    for entry in fs::read_dir(fixtures()).unwrap() {
        let version = entry.unwrap().path();
        let decoded = version.join("decoded.jsonl");
        let mut wanted = BTreeMap::new();
        for mut line in if decoded.exists() { lines(&decoded) } else { Vec::new() } {
            wanted.insert(line["file"].as_str().unwrap().to_owned(), normalised(line["value"].take()));
        }
        for dir in ["sessions", "cache/__common__/session"] {
            for file in fs::read_dir(version.join(dir)).into_iter().flatten() {
                let path = file.unwrap().path();
                let name = path.file_name().unwrap().to_str().unwrap().to_owned();
                if !path.is_file() {
                    continue;
                }
                let value = wanted.remove(&name);
                sessions.push((format!("{}/{name}", version.display()), fs::read(path).unwrap(), value));
            }
        }
    }
    sessions
}

#[test]
fn each_recorded_session_is_read_as_in_python() {
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
    // Either no recorded runs exist beside the pickles, or all of them.
    assert!(sessions.is_empty() || (sessions.len(), compared) == (364, 304), "{} {compared}", sessions.len());
}
