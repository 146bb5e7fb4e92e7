//! Any bytes as a Python farm file: an answer, never a panic, and never a farm file that is no TOML.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use wikifarm::farm::Farm;
use wikifarm::pyconfig::{read as python, to_toml};

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    // The second file begins behind a form feed.
    let (main, wiki) = text.split_once('\u{c}').unwrap_or((&text, ""));
    let files = [("farmconfig.py", main), ("wiki1.py", wiki)];
    if let Ok(read) = python::read_texts(&files, &python::Options::default()) {
        let toml = to_toml(&read, None);
        assert!(Farm::parse(Path::new("farm.toml"), toml).is_ok());
    }
});
