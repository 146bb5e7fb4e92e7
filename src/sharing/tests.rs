//! The measured table cell by cell, and the steps one by one.

use std::path::Path;

use super::*;
use crate::browser::SharedSuffixes;
use crate::farm::Farm;
use crate::location::{Directories, Identity};

mod whole_farm;

/// The built-in public suffixes.
fn builtin() -> SharedSuffixes {
    std::sync::Arc::new(crate::browser::BuiltinSuffixes)
}

/// Every path is its own real path.
struct Paper;

impl Directories for Paper {
    fn identity(&self, path: &Path) -> Identity {
        Identity::Path(path.to_owned())
    }
}

fn model(text: &str) -> Model {
    let farm = Farm::parse(Path::new("farm.toml"), text.to_owned()).unwrap();
    assert!(farm.sound(), "{:?}", farm.problems);
    Model::new(&farm, &Paper, &builtin())
}

/// The pair from wiki `a` to wiki `b` of a farm.
#[track_caller]
fn pair(text: &str, visitor: As) -> Pair {
    let model = model(text);
    let site = |name: &str| model.sites().iter().find(|site| site.name == name).unwrap();
    model.pair(site("a"), site("b"), visitor)
}

/// Two wikis of one version, same cookie, that differ in what `b` is given.
fn farm(version: &str, lifetimes: &str, b: &str) -> String {
    let name = if version < "1.9.1" { "" } else { "cookie_name = \"lab\"" };
    let storage = if version < "1.9" { "cache_dir = \"/cache\"" } else { "session_dir = \"/sessions\"" };
    let b = if version < "1.9" { b.replace("session_dir", "cache_dir") } else { b.to_owned() };
    format!(
        "moin = \"{version}\"\n[farm]\ncookie_domain = \".example.org\"\ncookie_path = \"/\"\n{name}\n{lifetimes}\n\
         user_dir = \"/users\"\n{storage}\n\
         [wikis.a]\nurl = \"https://a.example.org/\"\n[wikis.b]\nurl = \"https://b.example.org/\"\n{b}\n"
    )
}

const OLD: [&str; 3] = ["1.7.3", "1.8.7", "1.8.5"];
const NEW: [&str; 5] = ["1.9.2", "1.9.3", "1.9.8", "1.9.10", "1.9.11"];

/// Lifetimes with anonymous sessions of two hours.
fn anonymous(version: &str) -> &'static str {
    if version < "1.9" { "anonymous_session_lifetime = 2" } else { "cookie_lifetime = [2, 12]" }
}

#[test]
fn pair_with_equal_settings_is_shared() {
    for version in OLD.iter().chain(&["1.9.0", "1.9.1"]).chain(&NEW) {
        for lifetimes in ["", anonymous(version)] {
            let got = pair(&farm(version, lifetimes, ""), As::User);
            assert_eq!(
                (got.verdict, got.step, got.cookie_sent),
                (Verdict::Shared, None, true),
                "{version}: {got:?}"
            );
        }
    }
}

#[test]
fn pair_with_other_storage_deletes_the_cookie() {
    for version in NEW {
        let got = pair(&farm(version, "", "session_dir = \"/b\""), As::User);
        assert_eq!((got.verdict, got.step), (Verdict::Conflict, Some(4)), "{version}");
        assert_eq!(got.effect.unwrap(), "visiting b deletes the shared cookie: users are logged out of a");
    }
    for version in OLD.iter().chain(&["1.9.1"]) {
        let got = pair(&farm(version, "", "session_dir = \"/b\""), As::User);
        assert_eq!((got.verdict, got.step, got.effect), (Verdict::Separate, Some(4), None), "{version}");
    }
    // One process has one storage.
    assert_eq!(pair(&farm("1.9.0", "", "session_dir = \"/b\""), As::User).verdict, Verdict::Shared);
}

#[test]
fn pair_with_two_effects_has_the_worse_one() {
    // A visit to b gives the cookie two hours; whoever tries to log in there, where nobody stays logged in, loses it.
    let text = farm("1.9.10", "", "session_dir = \"/b\"\ncookie_lifetime = [2, 0]");
    let got = pair(&text, As::User);
    assert_eq!(got.verdict, Verdict::Conflict);
    assert_eq!(got.effect.unwrap(), "logging in at b deletes the shared cookie: users are logged out of a");
}

#[test]
fn pair_with_other_storage_and_anonymous_sessions_shortens_the_cookie() {
    for version in OLD.iter().chain(&["1.9.1"]).chain(&NEW) {
        let got = pair(&farm(version, anonymous(version), "session_dir = \"/b\""), As::User);
        assert_eq!((got.verdict, got.step), (Verdict::Conflict, Some(4)), "{version}");
        assert_eq!(
            got.effect.unwrap(),
            "visiting b shortens the shared cookie to 2 h: users are logged out of a unless they return in time"
        );
    }
}

#[test]
fn pair_with_other_users_deletes_the_session() {
    for version in OLD {
        let got = pair(&farm(version, "", "user_dir = \"/b\""), As::User);
        assert_eq!((got.verdict, got.step), (Verdict::Conflict, Some(5)), "{version}");
        assert_eq!(
            got.effect.unwrap(),
            "visiting b deletes the session: users are logged out of a and everywhere else"
        );
    }
    for version in ["1.9.0", "1.9.1"].iter().chain(&NEW) {
        let got = pair(&farm(version, "", "user_dir = \"/b\""), As::User);
        assert_eq!((got.verdict, got.step), (Verdict::Conflict, Some(5)), "{version}");
        assert_eq!(
            got.effect.unwrap(),
            "visiting b deletes the cookie and the session: users are logged out of a and everywhere else"
        );
    }
}

#[test]
fn pair_with_other_storage_and_users_deletes_the_cookie() {
    for version in NEW {
        let got = pair(&farm(version, "", "user_dir = \"/b\"\nsession_dir = \"/b\""), As::User);
        assert_eq!((got.verdict, got.step), (Verdict::Conflict, Some(4)), "{version}");
    }
    let got = pair(&farm("1.8.7", "", "user_dir = \"/b\"\nsession_dir = \"/b\""), As::User);
    assert_eq!(got.verdict, Verdict::Separate);
}

#[test]
fn pair_with_an_unknown_auth_method_deletes_the_session() {
    for version in OLD.iter().chain(&["1.9.0", "1.9.1"]).chain(&NEW) {
        let got = pair(&farm(version, "", "auth = [\"ldap\"]"), As::User);
        assert_eq!((got.verdict, got.step), (Verdict::Conflict, Some(5)), "{version}");
        let cookie = !OLD.contains(version);
        assert_eq!(got.effect.unwrap().contains("deletes the cookie and"), cookie, "{version}");
    }
}

#[test]
fn pair_with_other_cookie_names_is_separate() {
    let got = pair(&farm("1.9.1", "", "cookie_name = \"other\""), As::User);
    assert_eq!((got.verdict, got.step, got.cookie_sent), (Verdict::Separate, Some(3), true));
}

#[test]
fn shadowed_wikis_pick_one_by_one_and_users_log_in_at_any_of_them() {
    let model = model(&farm("1.9.11", "", ""));
    let words = |from: &[&str], to: &[&str]| describe::shadowed((from, to), model.site("b").unwrap());
    assert_eq!(
        words(&["a"], &["b"]),
        "after visiting b, users who log in at a stay anonymous at b: b picks its own cookie, the first of two named \
         MOIN_SESSION_lab"
    );
    assert_eq!(
        words(&["a", "c"], &["b", "d"]),
        "after visiting b or d, users who log in at a or c stay anonymous at the visited wiki: the visited wiki picks its own \
         cookie, the first of two named MOIN_SESSION_lab"
    );
    assert_eq!(
        words(&["a", "b"], &["a", "b"]),
        "after visiting one of a and b, users who log in at another one stay anonymous at the visited wiki: the visited wiki \
         picks its own cookie, the first of two named MOIN_SESSION_lab"
    );
}

#[test]
fn pair_with_an_invalid_name_is_separate_also_for_one_wiki() {
    let text = farm("1.9.11", "", "").replace("\"lab\"", "\"lab; x\"");
    let found = pair(&text, As::User);
    assert_eq!((found.verdict, found.step), (Verdict::Separate, Some(3)));
    assert_eq!(found.reason, "b does not find the cookie: \"MOIN_SESSION_lab; x\" is not a valid name");
    let model = model(&text);
    let a = model.site("a").unwrap();
    assert_eq!(model.judge(a, a, As::User).verdict, Verdict::Separate);
}

#[test]
fn anonymous_pair_with_other_users_is_shared() {
    let text = farm("1.9.11", anonymous("1.9.11"), "user_dir = \"/b\"");
    assert_eq!(pair(&text, As::Anonymous).verdict, Verdict::Shared);
    let off = pair(&farm("1.9.11", "", ""), As::Anonymous);
    assert_eq!((off.verdict, off.step, off.cookie_sent), (Verdict::Separate, Some(1), false));
}

#[test]
fn pair_with_a_rejected_cookie_is_rejected() {
    let text = farm("1.9.11", "", "").replace("[wikis.a]", "[wikis.a]\ncookie_domain = \".example.net\"");
    let got = pair(&text, As::User);
    assert_eq!((got.verdict, got.step, got.cookie_sent), (Verdict::Rejected, Some(1), false));
}

#[test]
fn pair_without_necessary_settings_is_unknown() {
    let silent = "moin = \"1.9.11\"\n[farm]\ncookie_domain = \".example.org\"\ncookie_name = \"lab\"\n\
                  [wikis.a]\nurl = \"https://a.example.org/\"\n[wikis.b]\nurl = \"https://b.example.org/\"\n";
    assert_eq!((pair(silent, As::User).verdict, pair(silent, As::User).step), (Verdict::Unknown, Some(4)));
    for (who, step) in [("a", 1), ("b", 3)] {
        let custom = format!("[wikis.{who}]\nsession_service = \"custom\"");
        let got = pair(&farm("1.9.11", "", "").replace(&format!("[wikis.{who}]"), &custom), As::User);
        assert_eq!((got.verdict, got.step), (Verdict::Unknown, Some(step)));
    }
}

#[test]
fn pair_with_an_own_anonymous_cookie_is_shadowed_by_version() {
    // b keeps its cookie to its own host; somebody was there before logging in at a.
    for (version, verdict) in [("1.9.11", Verdict::Shadowed), ("1.9.10", Verdict::Shared)] {
        let text = farm(version, "cookie_lifetime = [2, 12]", "unset = [\"cookie_domain\"]");
        assert_eq!(pair(&text, As::User).verdict, verdict, "{version}");
    }
    // The order is the other one where the paths differ in length.
    for (version, verdict) in [("1.9.11", Verdict::Shared), ("1.9.10", Verdict::Shared)] {
        let text = farm(version, "", "unset = [\"cookie_domain\"]");
        assert_eq!(pair(&text, As::User).verdict, verdict, "{version}: without anonymous sessions");
    }
}

#[test]
fn pair_of_2_0_is_shared_with_the_same_key_only() {
    let farm = |a: &str, b: &str| {
        format!(
            "moin = \"2.0\"\n[farm]\ncookie_domain = \"example.org\"\nuser_dir = \"/users\"\n\
             [wikis.a]\nurl = \"https://a.example.org/\"\n{a}\n[wikis.b]\nurl = \"https://b.example.org/\"\n{b}\n"
        )
    };
    let key = |key: &str| format!("secret_key_id = \"{key}\"");
    assert_eq!(pair(&farm(&key("k"), &key("k")), As::User).verdict, Verdict::Shared);
    assert_eq!(pair(&farm("", ""), As::User).verdict, Verdict::Unknown);
    let got = pair(&farm(&key("k"), &key("l")), As::User);
    assert_eq!((got.verdict, got.step), (Verdict::Conflict, Some(4)));
    assert_eq!(got.effect.unwrap(), "visiting b replaces the shared cookie: users are logged out of a");
}

#[test]
fn pair_of_2_0_with_other_users_replaces_the_cookie() {
    let farm = |b: &str| {
        format!(
            "moin = \"2.0\"\n[farm]\ncookie_domain = \"example.org\"\nuser_dir = \"/users\"\nsecret_key_id = \"k\"\n\
             [wikis.a]\nurl = \"https://a.example.org/\"\n[wikis.b]\nurl = \"https://b.example.org/\"\n{b}\n"
        )
    };
    // B removes a user whom it does not know from the cookie. It keeps a user of a method that it lacks, until somebody logs
    // in by B's own method, which A lacks.
    let got = pair(&farm("user_dir = \"/b\""), As::User);
    assert_eq!((got.verdict, got.step), (Verdict::Conflict, Some(5)));
    assert_eq!(got.effect.unwrap(), "visiting b replaces the shared cookie: users are logged out of a");
    for b in ["auth = [\"ldap\"]", "auth = [\"ldap\"]\nuser_dir = \"/b\""] {
        let got = pair(&farm(b), As::User);
        assert_eq!((got.verdict, got.step), (Verdict::Conflict, Some(5)), "{b}");
        assert_eq!(
            got.effect.unwrap(),
            "logging in at b replaces the shared cookie: users are logged out of a",
            "{b}"
        );
    }
}

#[test]
fn pair_whose_deletion_misses_the_cookie_still_deletes_the_session() {
    let text = farm("1.9.11", "", "user_dir = \"/b\"\nunset = [\"cookie_domain\"]");
    assert_eq!(
        pair(&text, As::User).effect.unwrap(),
        "visiting b deletes the session: users are logged out of a and everywhere else"
    );
}

#[test]
fn pair_that_continues_under_the_id_of_b_has_no_effect() {
    // The browser sends b's cookie to a, which accepts any id.
    for (version, effect) in [("1.9.10", None), ("2.0", Some(()))] {
        let text = format!(
            "moin = \"{version}\"\n[farm]\ncookie_name = \"lab\"\nuser_dir = \"/users\"\n\
             [wikis.a]\nurl = \"https://example.org/a/a\"\ncookie_domain = \"example.org\"\ndata_dir = \"/a\"\n\
             secret_key_id = \"a\"\n[wikis.b]\nurl = \"https://example.org/a/b\"\ndata_dir = \"/b\"\n\
             secret_key_id = \"b\"\ncookie_path = \"/\"\nduplicate_cookie = \"last\"\n"
        );
        let text = if version == "2.0" { text } else { text.replace("secret_key_id = ", "interwikiname = ") };
        assert_eq!(pair(&text, As::User).effect.map(drop), effect, "{version}");
    }
}
