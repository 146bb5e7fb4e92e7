//! The measured table cell by cell, and the steps one by one.

use std::path::Path;

use super::*;
use crate::browser::{Jar, Outcome, Profile, Request, SharedSuffixes, Target};
use crate::farm::Farm;
use crate::location::{Directories, Identity};
use crate::moin::{Visitor, session_cookie};

/// The built-in public suffixes.
fn builtin() -> SharedSuffixes {
    std::sync::Arc::new(crate::browser::BuiltinSuffixes)
}

/// Every path is what it says.
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
    // A user whom B does not know it takes out of the cookie; one by a method it lacks it leaves there, until somebody logs
    // in by its own, which A lacks.
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
    // b's cookie goes along to a, which takes any id.
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

#[test]
fn site_receives_the_same_cookies_as_a_jar_sends() {
    let urls = [
        "https://a.example.org/",
        "http://a.example.org/",
        "https://example.org/a",
        "https://example.org/ab/",
        "http://192.0.2.1/",
        "http://localhost:8080/a",
        "https://b.a.example.org/A",
    ];
    let domains = ["", "cookie_domain = \".example.org\"", "cookie_domain = \"a.example.org\""];
    let paths = ["", "cookie_path = \"/\"", "cookie_path = \"/a\"", "cookie_path = \"/a/\""];
    let secures = ["", "cookie_secure = true", "cookie_secure = false"];
    let mut asked = 0;
    for domain in domains {
        for path in paths {
            for secure in secures {
                let mut text = "moin = \"1.9.11\"\n".to_owned();
                for (number, url) in urls.iter().enumerate() {
                    text.push_str(&format!(
                        "[wikis.w{number}]\nurl = \"{url}\"\n{domain}\n{path}\n{secure}\n"
                    ));
                }
                let model = model(&text);
                for from in model.sites() {
                    let header = session_cookie(&from.settings, Visitor::User, "x", 0.0).unwrap().to_string();
                    let mut jar = Jar::new(Profile::Chromium);
                    let outcome = jar.receive(&from.target, header.as_bytes(), &Request::direct(0.0));
                    let Outcome::Stored { cookie, .. } = outcome else { continue };
                    for to in model.sites() {
                        let target: &Target = &to.target;
                        let sent = !jar.peek(target, &Request::direct(1.0)).sent.is_empty();
                        assert_eq!(to.receives(&cookie), sent, "{header} to {target:?}");
                        asked += 1;
                    }
                }
            }
        }
    }
    assert!(asked > 500, "{asked}");
}

#[test]
fn classes_give_the_same_answers_as_pairs() {
    // A farm with every kind of wiki: what the classes say of groups and senders is what asking each pair says.
    let mut text = "moin = \"1.9.11\"\n".to_owned();
    let kinds = [
        "cookie_domain = \".example.org\"",
        "",
        "cookie_domain = \".example.org\"\nuser_dir = \"/v\"",
        "moin = \"1.8.7\"",
        "moin = \"1.9.0\"",
        "cookie_domain = \".example.org\"\ncookie_path = \"/x\"",
    ];
    for number in 0..24 {
        let kind = kinds[number % kinds.len()];
        let url = if number % 4 == 3 {
            format!("https://example.org/x/{number}")
        } else {
            // Two of one kind at one address.
            format!("https://w{}.example.org/", if number == 18 { 12 } else { number })
        };
        let users = if kind.contains("user_dir") { "" } else { "user_dir = \"/u\"" };
        text.push_str(&format!("[wikis.w{number}]\nurl = \"{url}\"\ndata_dir = \"/d\"\n{users}\n{kind}\n"));
        if !kind.contains("moin") {
            text.push_str("cookie_name = \"lab\"\n");
        }
    }
    let model = model(&text);
    let encounters = model.encounters();
    let judge = |from: usize, to: usize| model.judge(&model.sites()[from], &model.sites()[to], As::User);
    let wikis = model.sites().len();
    assert!(encounters.len() < wikis * (wikis - 1) / 2, "{} of {wikis}", encounters.len());
    for from in 0..wikis {
        for to in (0..wikis).filter(|to| *to != from) {
            let judged = judge(from, to);
            let shares = judged.verdict == Verdict::Shared;
            assert!(!shares || model.may_share(to).contains(&model.classes().class_of(from)));
            let mut asked = encounters.iter().filter(|(a, b)| *b == to || *a == from);
            assert!(
                !(shares || judged.is_trouble())
                    || asked.any(|(a, b)| {
                        let other = judge(*a, *b);
                        (other.verdict, other.effect) == (judged.verdict, judged.effect)
                    }),
                "{from} to {to} is like no pair asked about: {judged:?}"
            );
        }
    }
    for group in groups(&model) {
        for a in group {
            for b in group {
                if a != b {
                    let pair = model.pair(&model.sites()[*a], &model.sites()[*b], As::User);
                    assert_eq!(pair.verdict, Verdict::Shared);
                }
            }
        }
    }
    assert!(!groups(&model).is_empty());
}

#[test]
fn leaks_lists_other_hosts_that_receive_login_cookies() {
    let text = "moin = \"1.9.11\"\n[farm]\nother_hosts = [\"www.example.org\", \"other.org\", \"a.example.org\"]\n\
                cookie_name = \"lab\"\n\
                [wikis.a]\nurl = \"https://a.example.org/\"\ncookie_domain = \".example.org\"\n\
                [wikis.b]\nurl = \"https://b.example.org/\"\n\
                [wikis.c]\nurl = \"https://c.example.org/\"\ncookie_domain = \".example.org\"\ncookie_secure = false\n\
                [wikis.d]\nurl = \"https://a.example.org/d\"\ncookie_path = \"/d\"\ncookie_name = \"d\"\n";
    let farm = Farm::parse(Path::new("farm.toml"), text.to_owned()).unwrap();
    let found: Vec<String> = leaks(&farm, &Model::new(&farm, &Paper, &builtin()))
        .iter()
        .flat_map(|leak| {
            leak.cookies.iter().map(|c| format!("{} {} {:?} {}", leak.host, c.name, c.wikis, c.over_http))
        })
        .collect();
    let expected = [
        "www.example.org MOIN_SESSION_lab [\"a\"] false",
        "www.example.org MOIN_SESSION_lab [\"c\"] true",
        "a.example.org MOIN_SESSION_d [\"d\"] false",
        "a.example.org MOIN_SESSION_lab [\"a\"] false",
        "a.example.org MOIN_SESSION_lab [\"c\"] true",
    ];
    assert_eq!(found, expected);
}

#[test]
fn by_alias_has_urls_with_another_verdict() {
    let text = "moin = \"1.9.11\"\n[farm]\nuser_dir = \"/u\"\nsession_dir = \"/s\"\ncookie_name = \"lab\"\n\
                [wikis.a]\nurl = \"https://example.org/a\"\naliases = [\"http://example.org/a\"]\n\
                [wikis.b]\nurl = \"http://example.org/b\"\n";
    let model = model(text);
    let (a, b) = (model.site("a").unwrap(), model.site("b").unwrap());
    assert_eq!(model.pair(a, b, As::User).verdict, Verdict::Separate, "Secure over https only");
    let others = model.by_alias(a, b, As::User);
    let shown: Vec<_> =
        others.iter().map(|(a, b, p)| (a.target.to_string(), b.target.to_string(), p.verdict)).collect();
    assert_eq!(
        shown,
        [("http://example.org/a/".to_owned(), "http://example.org/b/".to_owned(), Verdict::Shared)]
    );
}

#[test]
fn pair_over_http_and_https_makes_the_cookie_secure() {
    let text = "moin = \"1.9.11\"\n[farm]\nuser_dir = \"/u\"\nsession_dir = \"/s\"\ncookie_name = \"lab\"\n\
                cookie_domain = \".example.org\"\n[wikis.a]\nurl = \"http://a.example.org/\"\n\
                [wikis.b]\nurl = \"https://b.example.org/\"\n";
    let got = pair(text, As::User);
    assert_eq!((got.verdict, got.step, got.cookie_sent), (Verdict::Conflict, None, true));
    assert_eq!(
        got.effect.unwrap(),
        "visiting b makes the shared cookie Secure: users are logged out of a, since browsers send Secure cookies over \
         https only"
    );
    let never_secure = text.replace("[wikis.a]", "cookie_secure = false\n[wikis.a]");
    assert_eq!(pair(&never_secure, As::User).verdict, Verdict::Shared);
}

#[test]
fn thirds_lists_a_wiki_that_interferes() {
    let farm = |third: &str| {
        format!(
            "moin = \"1.9.11\"\n[farm]\nuser_dir = \"/u\"\nsession_dir = \"/s\"\ncookie_name = \"lab\"\n\
             [wikis.a]\nurl = \"https://a.example.org/\"\ncookie_domain = \".example.org\"\n\
             [wikis.b]\nurl = \"https://example.org/b\"\n\
             [wikis.c]\nurl = \"https://example.org/c\"\n{third}\n"
        )
    };
    let found = |text: &str| {
        let model = model(text);
        model.thirds().iter().map(|third| third.describe(model.sites())).collect::<Vec<_>>()
    };
    assert!(found(&farm("")).is_empty(), "c makes no anonymous sessions");
    assert_eq!(
        found(&farm("cookie_lifetime = [2, 12]")),
        ["after visiting c, users who log in at a stay anonymous at b: b picks the cookie of c"]
    );
    // From the last place b takes the cookie of a, which comes later.
    assert!(found(&farm("cookie_lifetime = [2, 12]").replace("1.9.11", "1.9.10")).is_empty());
}
