use std::path::Path;

use serde_json::Value;

use super::*;
use crate::moin::{Backend, Version};

/// A wiki of `version` that looks for a cookie named `M`.
fn pairs(version: Version, header: &[u8]) -> Option<Vec<u8>> {
    let backend = Backend { https: true, port: 443, script_path: String::new() };
    let settings =
        Settings { cookie_name: Some("M".to_owned()), ..Settings::defaults(version, "wiki", backend) };
    // Before 2.0 a name has a beginning of its own.
    let name = settings.session_cookie_name();
    let pairs = understood(version, header);
    let mut ours = pairs.into_iter().filter(|(key, _)| key == b"M").map(|(_, value)| value);
    assert!(name.starts_with("MOIN_SESSION"));
    match settings.takes() {
        Duplicate::First => ours.next(),
        Duplicate::Last => ours.next_back(),
    }
}

#[test]
fn headers_are_read_as_each_version_was_seen_to() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/cookie-headers/read.jsonl");
    let (mut asked, mut wrong) = (0, Vec::new());
    for line in std::fs::read_to_string(path).unwrap().lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let header: Vec<u8> =
            row["cookie"].as_str().unwrap().chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
        for (version, expected) in row.as_object().unwrap().iter().filter(|(key, _)| *key != "cookie") {
            let ours = pairs(version.parse().unwrap(), &header);
            let ours = ours.map(|value| String::from_utf8_lossy(&value).into_owned());
            asked += 1;
            if ours.as_deref() != expected.as_str() {
                wrong.push(format!("{version} {}: {ours:?} instead of {expected}", row["cookie"]));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {asked}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(asked > 3000, "{asked}");
}

fn read(version: &str, header: &str) -> Option<String> {
    let backend = Backend { https: true, port: 443, script_path: String::new() };
    let settings = Settings {
        cookie_name: Some("lab".to_owned()),
        ..Settings::defaults(version.parse().unwrap(), "wiki", backend)
    };
    let header = header.replace('M', &settings.session_cookie_name());
    read_cookie(&settings, header.as_bytes()).map(|value| String::from_utf8(value).unwrap())
}

#[test]
fn the_last_of_two_wins_until_the_first_does() {
    for version in ["1.7.3", "1.8.7", "1.9.0", "1.9.3", "1.9.4", "1.9.8", "1.9.9", "1.9.10"] {
        assert_eq!(read(version, "M=a; x=y; M=b").as_deref(), Some("b"), "{version}");
    }
    for version in ["1.9.11", "2.0"] {
        assert_eq!(read(version, "M=a; x=y; M=b").as_deref(), Some("a"), "{version}");
    }
}

#[test]
fn a_farm_file_knows_better_which_of_two_wins() {
    let backend = Backend { https: true, port: 443, script_path: String::new() };
    let settings = Settings {
        duplicate_cookie: Some(Duplicate::First),
        ..Settings::defaults("1.8.7".parse().unwrap(), "wiki", backend)
    };
    assert_eq!(read_cookie(&settings, b"MOIN_SESSION=a; MOIN_SESSION=b").unwrap(), b"a");
}

#[test]
fn foreign_cookies_hide_ours_by_version() {
    for (header, hidden) in [
        ("a[b]=1; M=x", "1.7.3 1.8.7 1.9.0 1.9.3 1.9.8"),
        ("a:b=1; M=x", "1.7.3 1.8.7"),
        ("M=x; a:b=1", "1.7.3 1.8.7"),
        ("nameless; M=x", "1.9.9"),
        ("a=1; M=x", ""),
    ] {
        for version in ["1.7.3", "1.8.7", "1.9.0", "1.9.3", "1.9.8", "1.9.9", "1.9.10", "1.9.11", "2.0"] {
            let expected = (!hidden.split(' ').any(|one| one == version)).then_some("x");
            assert_eq!(read(version, header).as_deref(), expected, "{version}: {header}");
        }
    }
}

#[test]
fn werkzeug_of_2_0_reads_odd_headers_as_measured() {
    for (header, a1, b5) in [
        ("a=\"x;M=y\"; M=z", Some("z"), Some("z")),
        ("M=\"a\\142c\"", Some("abc"), Some("abc")),
        ("M; =x", Some(""), Some("")),
        ("a b=1; M=x", Some("x"), Some("x")),
        ("M=x y; M=1", Some("x y"), Some("1")),
        ("M=\"x\" y; M=2", Some("\"x\" y"), Some("2")),
        ("M=a\"b; M=2", Some("a\"b"), Some("2")),
        ("M = x ; N=2", Some("x"), Some("x")),
        ("M=\"\";M=2", Some(""), Some("")),
        ("M=\"a", Some("\"a"), None),
        ("M=x=y", Some("x=y"), Some("x=y")),
        ("\"M\"=1;M=2", Some("2"), Some("2")),
        ("M=\"a\\\"b\"", Some("a\"b"), Some("a\"b")),
        ("M=x,N=y", Some("x,N=y"), Some("x,N=y")),
    ] {
        assert_eq!(read("2.0.0a1", header).as_deref(), a1, "2.0.0a1: {header}");
        assert_eq!(read("2.0.0b5", header).as_deref(), b5, "2.0.0b5: {header}");
    }
}

proptest::proptest! {
    #[test]
    fn no_header_is_too_odd(header in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..80)) {
        for version in ["1.8.7", "1.9.3", "1.9.9", "1.9.10", "1.9.11", "2.0"] {
            understood(version.parse().unwrap(), &header);
        }
    }
}
