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
        search::Search::new(farm, &before, &Asked::default()).check_of(&after).whole().is_none()
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
        assert!(!is_met(&fewer), "{}: not needed: {change:?}", suggestion.words());
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
