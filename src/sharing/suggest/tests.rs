//! The search on farms from public reports, and on farms with one problem each.

use super::super::agreement::{model, parse};
use super::undo::belongs_to_upgrade;
use super::*;

/// The result for a farm file.
fn search(text: &str) -> Found {
    let farm = parse(text);
    let found = suggest(&farm, &model(&farm), &Asked::default(), &|_| true);
    for suggestion in &found.suggestions {
        must_hold(&farm, suggestion);
    }
    found
}

/// The suggestion gives what is wanted, and without any of its changes something is missing.
#[track_caller]
pub(super) fn must_hold(farm: &crate::farm::Farm, suggestion: &Suggestion) {
    let is_met = |changes: &[Change]| {
        let before = model(farm);
        let changed = changed(farm, changes);
        let after = model(&changed);
        let intents = Intents::new(farm, &before, &Asked::default());
        search::Search::new(farm, &before, &intents).check_of(&after).whole().is_none()
    };
    assert!(is_met(&suggestion.changes), "{}", suggestion.words());
    for left_out in 0..suggestion.changes.len() {
        let mut fewer = suggestion.changes.clone();
        let change = fewer.remove(left_out);
        let own = suggestion.changes.iter().filter(|other| other.wiki == change.wiki).map(|other| other.key);
        // Without it, the upgraded wiki logs an error.
        if belongs_to_upgrade(change.key, &own.collect()) {
            continue;
        }
        assert!(!is_met(&fewer), "{}: not needed: {change:?} in\n{}", suggestion.words(), farm.source.text());
    }
}

fn report(name: &str) -> Found {
    let path = format!("{}/tests/fixtures/reports/{name}.toml", env!("CARGO_MANIFEST_DIR"));
    search(&std::fs::read_to_string(path).unwrap())
}

#[track_caller]
fn words(found: &Found) -> Vec<String> {
    assert_eq!(found.impossible, [""; 0]);
    found.suggestions.iter().map(Suggestion::words).collect()
}

#[test]
fn wikis_of_1_9_0_on_two_ports_are_upgraded_or_get_hosts() {
    assert_eq!(
        words(&report("ports-1.9.0")),
        ["upgrade MoinMoin to 1.9.11 in docs", "use the URL \"http://docs.wiki.example.org:8081/\" in docs"]
    );
}

#[test]
fn nested_wiki_of_1_8_gets_a_cookie_name() {
    assert_eq!(words(&report("nested-1.8.7")), ["set session_id_handler = \"cookie_name=wiki1\" in wiki1"]);
}

#[test]
fn wiki_at_both_schemes_gets_a_redirect() {
    assert_eq!(words(&report("https-alias")), ["redirect the aliases to the URL in pub"]);
}

#[test]
fn production_and_staging_get_another_name_or_domain() {
    assert_eq!(
        words(&report("staging")),
        ["set cookie_name = \"staging\" in staging", "unset cookie_domain in prod"]
    );
}

#[test]
fn half_a_farm_gets_the_domain_of_the_other_half() {
    assert_eq!(words(&report("half-the-farm")), ["set cookie_domain = \".example.org\" in animal"]);
}

#[test]
fn two_registrable_domains_are_impossible() {
    let found = report("two-domains");
    assert_eq!(found.suggestions, []);
    assert_eq!(
        found.impossible,
        [
            "no cookie can cover customwiki.example and wikihost.example: for custom, use single sign-on, or a host below \
         wikihost.example"
        ]
    );
}

#[test]
fn wikis_at_two_ip_addresses_need_host_names_below_one_domain() {
    let found = search(
        r#"
        moin = "1.9.11"
        share = [{ wikis = ["a", "b"] }]
        wikis.a = { url = "http://192.0.2.1/", data_dir = "a" }
        wikis.b = { url = "http://192.0.2.2/", data_dir = "b" }
        "#,
    );
    let [why] = &found.impossible[..] else { panic!("{:?}", found.impossible) };
    assert!(why.ends_with("single sign-on, or host names below one domain for all wikis"), "{why}");
}

#[test]
fn farms_without_problems_are_met() {
    for name in ["torn-single", "moin2-data-made-anew.old", "moin2-data-made-anew.new"] {
        let found = report(name);
        assert!(found.met && found.suggestions.is_empty(), "{name}: {found:?}");
    }
}

#[test]
fn wikis_of_2_0_get_one_key_and_the_profiles_of_one_data_dir() {
    let wiki = |name: &str| {
        format!(
            "[wikis.{name}]\nurl = \"https://example.org/{name}\"\nsecret_key_id = \"{name}\"\ndata_dir = \"{name}\"\n"
        )
    };
    let farm = format!(
        "moin = \"2.0.0b5\"\n[farm]\ncookie_secure = true\n{}{}[[share]]\nwikis = [\"a\", \"b\"]\n",
        wiki("a"),
        wiki("b")
    );
    assert_eq!(
        words(&search(&farm)),
        ["set user_dir = \"a/userprofiles\" and use one SECRET_KEY (secret_key_id = \"a\") in b"]
    );
}

#[test]
fn upgrade_from_1_8_keeps_both_lifetimes_in_the_new_form() {
    let farm = "
        [farm]
        cookie_domain = \".example.org\"
        user_dir = \"users\"
        [wikis.new]
        moin = \"1.9.11\"
        url = \"https://new.example.org/\"
        cookie_name = \"lab\"
        session_dir = \"s\"
        [wikis.old]
        moin = \"1.8.7\"
        url = \"https://old.example.org/\"
        data_dir = \"old\"
        cookie_lifetime = 24
        anonymous_session_lifetime = 0.5
        [[share]]
        wikis = [\"new\", \"old\"]
    ";
    assert_eq!(
        words(&search(farm)),
        [
            "upgrade MoinMoin to 1.9.11, set cookie_name = \"lab\", set cookie_lifetime = [0.5, 24], and set session_dir = \"s\" \
             in old"
        ]
    );
}

/// The suggestions for one wiki with these lines.
#[track_caller]
fn for_one(moin: &str, url: &str, lines: &str) -> Vec<String> {
    words(&search(&format!("moin = \"{moin}\"\n[wikis.one]\nurl = \"{url}\"\ndata_dir = \"d\"\n{lines}\n")))
}

#[test]
fn invalid_cookie_names_get_the_nearest_valid_name() {
    let at = "https://one.example.org/";
    let long = "x".repeat(5000);
    for (moin, setting, name, expected) in [
        ("1.9.11", "cookie_name", "lab; one", "lab_one"),
        ("1.9.11", "cookie_name", "lab=", "lab"),
        ("1.9.8", "cookie_name", "lab one", "lab_one"),
        ("1.9.11", "cookie_name", ";", "one"),
        ("1.9.8", "cookie_name", "lab[1]", "lab_1"),
        ("1.9.11", "cookie_name", &long, "one"),
        ("2.0.0b5", "cookie_name", "=", "one"),
        ("2.0.0b5", "cookie_name", "a,b;", "a_b"),
        ("1.8.7", "session_id_handler", "cookie_name=lab;x", "cookie_name=lab_x"),
    ] {
        let found = for_one(moin, at, &format!("{setting} = \"{name}\""));
        assert_eq!(found, [format!("set {setting} = \"{expected}\" in one")], "{moin} {setting} {name}");
    }
}

#[test]
fn invalid_name_of_wikis_that_share_gets_one_valid_name() {
    let farm = |b: &str| {
        let found = search(&format!(
            "moin = \"1.9.11\"\n[farm]\ndata_dir = \"d\"\ncookie_domain = \".example.org\"\ncookie_name = \"lab; x\"\n\
             [wikis.a]\nurl = \"https://a.example.org/\"\n[wikis.b]\nurl = \"https://b.example.org/\"\n{b}\n\
             [[share]]\nwikis = [\"a\", \"b\"]\n"
        ));
        words(&found)
    };
    assert_eq!(farm(""), ["set cookie_name = \"lab_x\" in a and b"]);
    assert_eq!(farm("cookie_name = \"lab\""), ["set cookie_name = \"lab\" in a"]);
}

#[test]
fn rejected_domains_are_unset_or_widened_to_a_parent() {
    let at = "https://one.example.org/";
    for domain in [".org", "example.net", "example.org:80", "https://example.org/", "b\u{fc}cher.example"] {
        let found = for_one("1.9.11", at, &format!("cookie_domain = \"{domain}\""));
        assert_eq!(found, ["unset cookie_domain in one"], "{domain}");
    }
    // 1.9.4 and later fail on every response.
    assert_eq!(for_one("1.9.11", at, "cookie_domain = \"org\""), ["unset cookie_domain in one"]);
    let found = search(
        "moin = \"1.9.11\"\n[farm]\ndata_dir = \"d\"\ncookie_domain = \".org\"\ncookie_name = \"lab\"\n\
         [wikis.a]\nurl = \"https://a.example.org/\"\n[wikis.b]\nurl = \"https://b.example.org/\"\n\
         [[share]]\nwikis = [\"a\", \"b\"]\n",
    );
    assert_eq!(words(&found), ["set cookie_domain = \".example.org\" in a and b"]);
}

#[test]
fn secure_cookies_over_http_are_plain_or_get_https() {
    let at = "http://one.example.org/";
    let https = "use the URL \"https://one.example.org/\" in one";
    assert_eq!(for_one("1.9.11", at, "cookie_secure = true"), ["unset cookie_secure in one", https]);
    assert_eq!(
        for_one("1.9.11", at, "backend_url = \"https://127.0.0.1/\""),
        ["set cookie_secure = false in one", https]
    );
    assert_eq!(
        for_one("2.0.0b5", at, "cookie_partitioned = true"),
        ["unset cookie_partitioned in one", https]
    );
}

#[test]
fn same_site_none_gets_secure_over_https_only() {
    let lines = "cookie_samesite = \"None\"\nsecret_key_id = \"k\"";
    assert_eq!(for_one("2.0.0b5", "https://one.example.org/", lines), ["set cookie_secure = true in one"]);
    assert_eq!(
        for_one("2.0.0b5", "http://one.example.org/", lines),
        [
            "unset cookie_samesite in one",
            "use the URL \"https://one.example.org/\" and set cookie_secure = true in one"
        ]
    );
}

#[test]
fn names_with_a_prefix_get_another_name_or_secure() {
    let at = "https://one.example.org/";
    let renamed = "set cookie_name = \"Host-lab\" in one";
    let secure = "set cookie_secure = true in one";
    assert_eq!(for_one("2.0.0b5", at, "cookie_name = \"__Host-lab\""), [renamed, secure]);
    let lines = "cookie_name = \"__Host-lab\"\ncookie_secure = true\ncookie_domain = \"example.org\"";
    assert_eq!(for_one("2.0.0b5", at, lines), [renamed, "unset cookie_domain in one"]);
    // The path of a __Host- cookie is `/`, which reaches other wikis of the host.
    assert_eq!(for_one("2.0.0b5", "https://one.example.org/w", "cookie_name = \"__Host-lab\""), [renamed]);
}

#[test]
fn cookie_that_only_firefox_rejects_is_found_and_repaired() {
    // Chromium encodes such a domain.
    let farm = parse(
        "moin = \"1.9.11\"\n[wikis.one]\nurl = \"https://w.b\u{fc}cher.example/\"\ndata_dir = \"d\"\n\
         cookie_domain = \".b\u{fc}cher.example\"\n",
    );
    let chromium = model(&farm);
    let firefox = chromium.in_browser(
        &farm,
        &crate::location::RealDirectories::default(),
        crate::browser::Profile::Firefox,
    );
    for model in [chromium, firefox] {
        let found = suggest(&farm, &model, &Asked::default(), &|_| true);
        assert_eq!(words(&found), ["unset cookie_domain in one"]);
    }
}

#[test]
fn cookie_of_one_host_goes_to_no_other_host() {
    let farm = "moin = \"1.9.11\"\n[farm]\nother_hosts = [\"www.example.org\"]\n\
                [wikis.docs]\nurl = \"https://example.org/\"\ndata_dir = \"docs\"\ncookie_domain = \".example.org\"\n";
    assert_eq!(words(&search(farm)), ["unset cookie_domain in docs"]);
}

#[test]
fn upgrade_keeps_the_lifetimes_that_the_old_version_uses() {
    let farm = |lines: &str| {
        let wiki = |name: &str, moin: &str, lines: &str| {
            format!(
                "[wikis.{name}]\nmoin = \"{moin}\"\nurl = \"https://{name}.example.org/\"\ndata_dir = \"{name}\"\n{lines}\n"
            )
        };
        let share = "[[share]]\nwikis = [\"a\", \"b\"]\n";
        let farm = wiki("a", "1.9.11", "cookie_name = \"lab\"") + &wiki("b", "1.8.7", lines) + share;
        let found = search(&farm);
        words(&found).first().cloned().unwrap_or_default()
    };
    for (lines, pair) in [
        ("cookie_lifetime = 0.5", Some("[0, 87600]")),
        ("cookie_lifetime = 0", Some("[0, 87600]")),
        ("cookie_lifetime = 2.7", Some("[0, 2]")),
        ("anonymous_session_lifetime = 0.5", Some("[0.5, 12]")),
        ("", None),
    ] {
        let words = farm(lines);
        assert!(words.contains("upgrade MoinMoin to 1.9.11"), "{words}");
        match pair {
            Some(pair) => assert!(words.contains(&format!("cookie_lifetime = {pair}")), "{lines}: {words}"),
            None => assert!(!words.contains("cookie_lifetime"), "{words}"),
        }
    }
}
