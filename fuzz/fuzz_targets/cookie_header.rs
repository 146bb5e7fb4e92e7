//! Any bytes as a Cookie header: each version reads them without a panic, and finds no value that is not in them.
//! The first byte chooses the version.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wikifarm::moin::{Backend, Settings, read_cookie};

const VERSIONS: [&str; 9] = ["1.7.0", "1.8.7", "1.9.0", "1.9.3", "1.9.8", "1.9.9", "1.9.10", "1.9.11", "2.0"];

fuzz_target!(|input: &[u8]| {
    let Some((choice, header)) = input.split_first() else { return };
    let version = VERSIONS[usize::from(*choice) % VERSIONS.len()].parse().unwrap();
    let backend = Backend { https: true, port: 443, script_path: String::new() };
    let settings = Settings::defaults(version, "wiki", backend);
    if let Some(value) = read_cookie(&settings, header) {
        assert!(value.len() <= header.len(), "a longer value than the header");
    }
});
