//! Whatever a farm file holds, what is exported is Python, and only settings.

use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::farm::quoted;

/// The rest of `text` behind a literal, a list, a tuple or a call of one of the known functions.
fn value(text: &str) -> Option<&str> {
    for word in ["True", "False"] {
        if let Some(rest) = text.strip_prefix(word) {
            return Some(rest);
        }
    }
    for call in [
        "timedelta(hours=",
        "MoinCookieSessionIDHandler(cookie_name=",
        "WikifarmSessionService(",
        "session_handler(",
    ] {
        if let Some(rest) = text.strip_prefix(call) {
            return value(rest)?.strip_prefix(')');
        }
    }
    if let Some(mut rest) = text.strip_prefix(['[', '(']) {
        loop {
            if let Some(rest) = rest.strip_prefix([']', ')']) {
                return Some(rest);
            }
            rest = value(rest)?;
            rest = rest.strip_prefix(", ").unwrap_or(rest);
        }
    }
    if let Some(inside) = text.strip_prefix("u'").or_else(|| text.strip_prefix('\'')) {
        let mut escaped = false;
        for (at, character) in inside.char_indices() {
            match character {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '\'' => return inside.get(at + 1..),
                _ => {}
            }
        }
        return None;
    }
    let digits = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.' || c == '-');
    (digits.len() < text.len()).then_some(digits)
}

/// Whether a line is one of those that are ever written.
fn is_known(line: &str) -> bool {
    let name = |name: &str| name.chars().all(|c| c.is_ascii_alphabetic() || c == '_');
    let assignment = |text: &str| {
        text.split_once(" = ").is_some_and(|(left, right)| name(left) && value(right) == Some(""))
    };
    let expression = |text: &str| {
        let rest = text.strip_prefix("    (").and_then(value).and_then(|rest| rest.strip_prefix(", r\""));
        rest.and_then(|rest| rest.strip_suffix("\"),"))
            .is_some_and(|inside| !inside.contains('"') && !inside.ends_with('\\'))
    };
    let fixed = ["", "wikis = [", "]", "    pass"].contains(&line)
        || [
            "from MoinMoin.",
            "from moin.",
            "from farmconfig import FarmConfig",
            "from datetime import timedelta",
            "from wikifarm_session",
            "class FarmConfig(",
            "class Config(",
        ]
        .iter()
        .any(|begin| line.starts_with(begin));
    fixed
        || line.trim_start().starts_with("# ")
        || expression(line)
        || assignment(line)
        || line.strip_prefix("    ").is_some_and(assignment)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn nothing_gets_out_of_a_string_or_a_comment(
        texts in proptest::collection::vec("[ -~ü€\u{1f600}\u{2028}\u{85}'\"\\\\]{0,12}", 9),
        name in "\\PC{1,8}|a\n[ -~]{0,8}",
        version in proptest::sample::select(vec!["1.7.2", "1.8.7", "1.9.0", "1.9.3", "1.9.11", "2.0"]),
        hours in -100.0..1000.0f64,
        pair: bool,
    ) {
        let stores = ["sqlite:", "redis://h/0?prefix=", "moin-1.9:"];
        let keys = ["cookie_name", "cookie_domain", "cookie_path", "interwikiname", "secret_key_id", "data_dir", "user_dir", "session_dir", "siteid"];
        let mut farm = format!("moin = \"{version}\"\n[wikis.{}]\nurl = \"https://wiki.example.org/it's\"\n", quoted(&name));
        for (key, text) in keys.iter().zip(&texts) {
            let plain: String = text.chars().filter(|c| !c.is_control()).collect();
            if !plain.is_empty() {
                farm.push_str(&format!("{key} = {}\n", quoted(&plain)));
            }
        }
        let store: String = texts[3].chars().filter(|c| !c.is_control() && !"#&%?".contains(*c)).collect();
        farm.push_str(&format!("session_store = {}\n", quoted(&format!("{}x{store}", stores[texts[4].len() % 3]))));
        farm.push_str(&format!("session_id_handler = {}\n", quoted(&format!("cookie_name=x{store}"))));
        farm.push_str(&format!("superuser = [{}, {}]\n", quoted(&format!("x{}", texts[0])), quoted(&format!("y{}", texts[1]))));
        farm.push_str(&format!("auth = [{}]\n", quoted(&format!("z{}", texts[2]))));
        farm.push_str(&if pair { format!("cookie_lifetime = [{hours:?}, {hours:?}]\n") } else { format!("cookie_lifetime = {hours:?}\n") });
        let farm = Farm::parse(Path::new("/srv/farm.toml"), farm).unwrap();
        prop_assert!(farm.sound(), "{:?}", farm.problems);
        for snippet in python(&farm) {
            prop_assert!(snippet.text.chars().all(|c| c == '\n' || (' '..='~').contains(&c)), "{}", snippet.text);
            for line in snippet.text.lines() {
                prop_assert!(is_known(line), "{line}");
            }
        }
    }
}

#[test]
fn an_expression_matches_the_wikis_addresses_only() {
    let farm = |wiki: &str| Farm::parse(Path::new("farm.toml"), format!("[wikis.a]\n{wiki}\n")).unwrap();
    for (wiki, expected) in [
        ("url = \"https://a.example.org/\"", r"^https?://a\.example\.org(:\d+)?/.*$"),
        ("url = \"https://a.example.org/x/y/\"", r"^https?://a\.example\.org(:\d+)?/x/y(/.*)?$"),
        ("moin = \"1.8.7\"\nurl = \"http://a/b.c\"", r"^(https?://)?a(:\d+)?/b\.c(/.*)?$"),
        ("url = \"http://[::1]:8080/\"", r"^https?://\[\:\:1\](:\d+)?/.*$"),
        (
            "url = \"https://a/x\"\naliases = [\"http://a/x\", \"https://b/x\"]\nbackend_url = \"http://127.0.0.1/y\"",
            r"^https?://(a|b)(:\d+)?/y(/.*)?$",
        ),
    ] {
        assert_eq!(expression(&farm(wiki).wikis[0]), expected);
    }
}

#[test]
fn settings_to_delete_have_the_name_of_the_version() {
    for (version, name) in
        [("1.9.11", "cookie_name"), ("2.0.0a1", "SESSION_COOKIE_NAME"), ("2.0.0b5", "SESSION_COOKIE_NAME")]
    {
        let farm = format!("moin = \"{version}\"\n[wikis.a]\nurl = \"https://a.example.org/\"\n");
        let farm = Farm::parse(Path::new("farm.toml"), farm).unwrap();
        assert_eq!(settings(&farm.wikis[0], &[Key::CookieName]), format!("# delete {name}\n"));
    }
}
