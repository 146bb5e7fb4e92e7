//! The search on random farms with random intents.
//!
//! Each suggestion must meet every intent, and need each of its changes. If there is none, no combination of settings of two
//! wikis may meet the intents either.
//!
//! The short form tries 50 farms; `WIKIFARM_FARMS=20000 cargo test --release --lib suggestions_meet` tries that many.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::super::agreement::{farms, model, parse};
use super::party::common_parent;
use super::search::Search;
use super::tests::must_hold;
use super::*;
use crate::farm::{Key, Value, Wiki};
use crate::location::RealDirectories;
use crate::moin::Version;
use crate::sharing::site::{Site, site};

/// Changes a generated farm file: the address of the last wiki, hosts that are no wikis, and intents.
fn with_intents(names: &'static [&'static str]) -> impl Strategy<Value = String> {
    let last = names[names.len() - 1];
    let (a, b) = (names[0], names[1]);
    let all = names.join("\", \"");
    let share = proptest::sample::select(vec![
        String::new(),
        format!("[[share]]\nwikis = [\"{a}\", \"{b}\"]\n"),
        format!("[[share]]\nwikis = [\"{b}\", \"{last}\"]\n"),
        format!("[[share]]\nwikis = [\"{all}\"]\n"),
    ]);
    let host = proptest::sample::select(vec!["", "", "", ":8080", ":8081", "net"]);
    let proxy = proptest::sample::select(vec!["", "", "backend_url = \"http://127.0.0.1:8080/\"\n"]);
    let others = proptest::sample::select(vec!["", "[farm]\nother_hosts = [\"www.example.org\"]\n"]);
    // What browsers reject: an odd name, and a public suffix as domain.
    let odd = proptest::sample::select(vec![
        ("\n", "\n"),
        ("\n", "\n"),
        ("cookie_name = \"other\"", "cookie_name = \"other; x\""),
        ("cookie_name = \"other\"", "cookie_name = \"=\""),
        ("cookie_name = \"lab\"", "cookie_name = \"__Secure-lab\""),
        (".example.net", ".org"),
    ]);
    (farms(names), share, host, proxy, others, odd).prop_map(
        move |(text, share, host, proxy, others, odd)| {
            let text = text.replace(odd.0, odd.1);
            let (before, own) = text.split_at(text.find(&format!("[wikis.{last}]")).unwrap());
            let own = match host {
                "" => own.to_owned(),
                "net" => own.replace(".example.org/", ".example.net/"),
                port => own.replace("example.org/", &format!("example.org{port}/")),
            };
            format!("{others}{before}{own}{proxy}{share}")
        },
    )
}

/// The number of farms to try, in CI one eighth of those for predictions.
fn tried() -> usize {
    match std::env::var("WIKIFARM_FARMS") {
        Ok(_) => super::super::agreement::farms_tried(),
        Err(_) => super::super::agreement::farms_tried() / 8,
    }
}

#[test]
fn suggestions_meet_every_intent_and_need_each_change() {
    let mut runner = TestRunner::deterministic();
    let strategy = with_intents(&["a", "b", "c"]);
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut count = |what: String| *counts.entry(what).or_default() += 1;
    for _ in 0..tried() {
        let text = strategy.new_tree(&mut runner).unwrap().current();
        let farm = parse(&text);
        let found = suggest(&farm, &model(&farm), &Asked::default(), &|_| true);
        match (found.met, found.suggestions.len()) {
            (true, 0) => count("met".to_owned()),
            (false, 0) => count("impossible".to_owned()),
            (_, many) => count(format!("{many} suggestions")),
        }
        for reason in &found.impossible {
            count(format!("  {}", reason.clone()));
        }
        for suggestion in &found.suggestions {
            must_hold(&farm, suggestion);
            every_pair_is_as_wanted(&farm, suggestion);
            suggestion.changes.iter().for_each(|change| count(change.key.name().to_owned()));
        }
    }
    println!("{counts:#?}");
    assert!(counts["1 suggestions"] > 0 && counts["impossible"] > 0, "{counts:#?}");
}

/// What `cookie preview` shows for every pair is as wanted.
#[track_caller]
fn every_pair_is_as_wanted(farm: &crate::farm::Farm, suggestion: &Suggestion) {
    let before = model(farm);
    let after = model(&changed(farm, &suggestion.changes));
    let intents = Intents::new(farm, &before, &Asked::default());
    let search = Search::new(farm, &before, &intents);
    let all = || after.sites.iter().enumerate();
    for ((at, from), (other, to)) in all().flat_map(|one| all().map(move |other| (one, other))) {
        let wanted = search.intents.wanted(at, other);
        let well = at == other || search.check_of(&after).is_as_wanted(from, to, wanted);
        assert!(well, "{}: {} to {} in\n{}", suggestion.words(), from.name, to.name, farm.source.text());
    }
}

/// The wiki with every combination of settings that can matter. `donor` is the wiki whose directories, key, and methods
/// both have, if they are to share a login. Other URLs help nobody.
fn variants(wiki: &Wiki, other: &Wiki, donor: Option<&Wiki>) -> Vec<Wiki> {
    let mut base = wiki.with(Key::Aliases, None);
    if let Some(donor) = donor {
        let latest = donor.with(Key::Moin, Some(Value::Version(Version::LATEST_1_9)));
        let key = donor.text(Key::SecretKeyId).unwrap_or("k").to_owned();
        base = base
            .with(Key::UserDir, donor.user_dir().map(Value::Path))
            .with(Key::Auth, Some(Value::Names(donor.auth().into_iter().map(str::to_owned).collect())))
            .with(Key::CacheDir, donor.cache_dir().map(Value::Path))
            .with(Key::SessionDir, latest.session_dir().map(Value::Path))
            .with(Key::SecretKeyId, Some(Value::Text(key)));
    }
    let text = |text: &str| Some(Value::Text(text.to_owned()));
    let name = if donor.is_some() { "x" } else { wiki.name.as_str() };
    let url = |scheme: &str, own: bool| {
        let mut url = wiki.url.clone();
        url.set_scheme(scheme).unwrap();
        let host = format!("{}.{}", wiki.name, url.host_str().unwrap());
        url.set_host(Some(&host).filter(|_| own).map_or(wiki.url.host_str(), |host| Some(host))).unwrap();
        Some(Value::Url(Box::new(url)))
    };
    let (scheme, path) = (wiki.url.scheme(), wiki.url.path().trim_end_matches('/'));
    let parent = common_parent(&[wiki.url.host_str().unwrap(), other.url.host_str().unwrap()]);
    let choices = [
        (Key::Moin, vec![Some(Value::Version(Version::LATEST_1_9))]),
        (Key::Url, vec![url("https", false), url(scheme, donor.is_none()), url("https", donor.is_none())]),
        (Key::CookieSecure, vec![None, Some(Value::Bool(false))]),
        (Key::CookieDomain, vec![None, parent.map(Value::Text)]),
        (Key::CookiePath, vec![text("/"), text(if path.is_empty() { "/" } else { path })]),
        (Key::CookieName, vec![text(name)]),
        (Key::SessionIdHandler, vec![text(&format!("cookie_name={name}"))]),
    ];
    let mut variants = vec![base];
    for (key, values) in choices {
        let fits = |wiki: &Wiki| match key {
            // Nobody goes back from 2.0.
            Key::Moin => wiki.version().behavior() < crate::moin::Behavior::V2,
            _ => wiki.ignores(key).is_none(),
        };
        let change = |wiki: &Wiki| {
            let values = values.iter().filter(|value| fits(wiki) && wiki.value(key) != value.as_ref());
            values.map(|value| wiki.with(key, value.clone())).collect::<Vec<_>>()
        };
        let more: Vec<Wiki> = variants.iter().flat_map(change).collect();
        variants.extend(more);
    }
    variants
}

#[test]
fn farms_without_a_suggestion_have_no_solution() {
    let mut runner = TestRunner::deterministic();
    let strategy = with_intents(&["a", "b"]);
    let (mut impossible, mut pairs, mut solved) = (0, 0, 0);
    for _ in 0..tried() {
        let text = strategy.new_tree(&mut runner).unwrap().current();
        let farm = parse(&text);
        let base = model(&farm);
        let found = suggest(&farm, &base, &Asked::default(), &|_| true);
        if found.met || !found.suggestions.is_empty() {
            solved += 1;
            continue;
        }
        impossible += 1;
        let intents = Intents::new(&farm, &base, &Asked::default());
        let search = Search::new(&farm, &base, &intents);
        let wanted = search.intents.wanted(0, 1);
        let [a, b] = [&farm.wikis[0], &farm.wikis[1]];
        let donor = (wanted == Wanted::Shared).then_some(a);
        let directories = RealDirectories::default();
        let sites = |wiki: &Wiki, other: &Wiki| -> Vec<Site> {
            let sites = variants(wiki, other, donor).into_iter().filter_map(|wiki| {
                let mut site = site(&wiki, &directories, &base.browser)?;
                base.mark(&mut site);
                Some(site)
            });
            sites.collect()
        };
        let alone = |at: usize, site: &Site| {
            let mut both = base.sites.clone();
            both[at] = site.clone();
            search.check_of(&base.with_sites(both)).alone(at).is_none()
        };
        let mut left = sites(a, b);
        left.retain(|site| alone(0, site));
        let mut right = sites(b, a);
        right.retain(|site| alone(1, site));
        let check = search.check();
        for one in &left {
            for other in &right {
                let well = check.is_as_wanted(one, other, wanted) && check.is_as_wanted(other, one, wanted);
                assert!(!well, "{:?}: {one:#?}\n{other:#?} in\n{text}", found.impossible);
                pairs += 1;
            }
        }
    }
    println!(
        "{impossible} farms without a suggestion, {pairs} combinations; {solved} solved or without problems"
    );
    assert!(impossible > 0 && solved > 0);
}
