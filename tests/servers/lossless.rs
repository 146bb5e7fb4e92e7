//! Migrates sessions between every pair of stores and back, and compares all bytes. The sessions contain
//! pickles of Python 2 and 3 in every protocol, with instances of unknown classes, shared references, and big
//! ints.
//!
//! `WIKIFARM_LOSSLESS=10000 cargo test --test servers -- --ignored --nocapture every_pair` migrates 10,000
//! sessions and prints a table.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::one_line;
use super::redis_server::RedisServer;

/// Sessions that expire long from now, each with another value of the corpus.
fn corpus() -> Vec<Vec<u8>> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/pickles");
    let texts = ["python2.jsonl", "python3.jsonl"].map(|file| fs::read_to_string(dir.join(file)).unwrap());
    let mut corpus = Vec::new();
    for line in texts.iter().flat_map(|text| text.lines()) {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let bytes = STANDARD.decode(line["pickle"].as_str().unwrap()).unwrap();
        // A pickle can contain the opcodes of another pickle, except PROTO at its start and STOP at its end.
        // Frames of protocol 4 may be at any position.
        let body = match bytes.as_slice() {
            [0x80, 2 | 3, body @ .., b'.'] => body,
            [0x80, ..] => continue,
            [body @ .., b'.'] => body,
            _ => continue,
        };
        let mut session = b"(S'expires'\nF4000000000.0\nS'v'\n".to_vec();
        session.extend_from_slice(body);
        session.extend_from_slice(b"d.");
        if wikifarm::pickle::read(&session).is_ok() {
            corpus.push(session);
        }
    }
    corpus
}

fn wikifarm(dir: &Path, from: &str, to: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wikifarm"));
    command
        .args(["-f", "farm.toml", "session", "migrate", "-q", "--from", from, "--to", to])
        .current_dir(dir);
    command.env("STATE_DIRECTORY", dir.join("state")).env("RUNTIME_DIRECTORY", dir.join("locks"));
    command.output().unwrap()
}

fn moved(dir: &Path, from: &str, to: &str) {
    let output = wikifarm(dir, from, to);
    assert!(output.status.success(), "{from} to {to}: {}", String::from_utf8_lossy(&output.stderr));
}

fn contents(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(path).unwrap()))
        .collect()
}

/// Allows the classes in the sessions of the corpus, which these tests do not check.
fn allow_what_is_named(dir: &Path, from: &str) {
    fs::write(dir.join("farm.toml"), "[wikis.w]\nurl = \"https://w.example.org/\"\n").unwrap();
    let output = wikifarm(dir, from, "json:none");
    let text = one_line(&output.stderr);
    let name = |rest: &str| Some(rest.split_once(", which")?.0.to_owned());
    let named: BTreeSet<String> = text.split(" contains ").skip(1).filter_map(name).collect();
    let list: Vec<String> = named.iter().map(|name| format!("{name:?}")).collect();
    fs::write(
        dir.join("farm.toml"),
        format!(
            "[wikis.w]\nurl = \"https://w.example.org/\"\n[migrate]\nallow_globals = [{}]\n",
            list.join(", ")
        ),
    )
    .unwrap();
}

#[test]
#[ignore = "needs redis-server: make check-servers"]
fn migrate_between_every_pair_of_stores_is_lossless() {
    let corpus = corpus();
    assert!(corpus.len() > 300, "{}", corpus.len());
    let count = std::env::var("WIKIFARM_LOSSLESS").ok().and_then(|text| text.parse().ok());
    let count: usize = count.unwrap_or(corpus.len());
    let server = RedisServer::start(&[]);
    let root = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    for (layout, width, kinds) in [
        ("moin-1.9", 40, ["moin-1.9", "json", "sqlite", "redis"]),
        ("moin-1.8", 32, ["moin-1.8", "json", "sqlite", "redis"]),
    ] {
        let dir = root.path().join(layout);
        fs::create_dir_all(dir.join("from")).unwrap();
        for number in 0..count {
            let bytes = &corpus[number % corpus.len()];
            fs::write(dir.join("from").join(format!("{number:0width$x}")), bytes).unwrap();
        }
        let from = format!("{layout}:from");
        allow_what_is_named(&dir, &from);
        let all = contents(&dir.join("from"));
        assert_eq!(all.len(), count);
        let place = |kind: &str, number: usize| match kind {
            "sqlite" => format!("sqlite:{number}.db"),
            "redis" => server.address(&format!("prefix={layout}-{number}:")),
            _ => {
                fs::create_dir_all(dir.join(number.to_string())).unwrap();
                format!("{kind}:{number}")
            }
        };
        let mut number = 0;
        for there in kinds {
            for beyond in kinds {
                let places = [there, beyond, there, layout].map(|kind| {
                    number += 1;
                    place(kind, number)
                });
                let mut before = from.clone();
                for place in &places {
                    moved(&dir, &before, place);
                    before.clone_from(place);
                }
                assert!(contents(&dir.join(number.to_string())) == all, "{there} to {beyond} and back");
                println!(
                    "{layout} | {there:8} to {beyond:8} and back | {count} sessions | the same byte for byte"
                );
                server.cli(&["FLUSHALL"]);
            }
        }
    }
}
