//! Users of random farms who come from one wiki to another after a change.
//!
//! If a script shows that they can't log in, and a fresh browser can, the diff must show them as stuck at login at that wiki,
//! and name the wiki they come from. Without 1.9.0: its process uses the directory of its first request, so there a restart
//! alone has effects.
//!
//! The short form tries 100 farms; `WIKIFARM_FARMS=5000 cargo test --release --lib diff_shows` tries that many.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::tests::{NOW, farm};
use super::*;
use crate::browser::BuiltinSuffixes;
use crate::simulate::{Plan, World};

/// Lines that shape a wiki's cookie; those that make two wikis meet are frequent.
fn cookie_lines() -> impl Strategy<Value = String> {
    let one_of = |lines: &[&'static str]| proptest::sample::select(lines.to_vec());
    let name = one_of(&["cookie_name = \"x\"", "cookie_name = \"x\"", "cookie_name = \"y\"", ""]);
    let domain = one_of(&["", "", "cookie_domain = \".example.org\""]);
    let path = one_of(&["", "", "cookie_path = \"/\""]);
    (name, domain, path).prop_map(|(name, domain, path)| format!("{name}\n{domain}\n{path}\n"))
}

/// A farm file of two wikis before and after a change of one cookie.
fn changes() -> impl Strategy<Value = (String, String)> {
    let url = || {
        let scheme = proptest::sample::select(vec!["http", "https"]);
        let address = proptest::sample::select(vec![
            "a.example.org/",
            "a.example.org/w/v",
            "b.example.org/",
            "example.org/",
        ]);
        (scheme, address).prop_map(|(scheme, address)| format!("url = \"{scheme}://{address}NAME\""))
    };
    let version = proptest::sample::select(vec!["1.8.7", "1.9.3", "1.9.8", "1.9.11", "2.0.0b5"]);
    let storage = proptest::sample::select(vec!["/none/NAME", "/none/both"]);
    let three = (cookie_lines(), cookie_lines(), cookie_lines());
    (version, storage, url(), url(), three).prop_map(|(version, storage, a, b, (of_a, of_b, changed))| {
        let file = |of_b: &str| {
            let wiki = |name: &str, url: &str, lines: &str| {
                format!("[wikis.{name}]\n{url}\ndata_dir = \"{storage}\"\nsecret_key_id = \"NAME\"\n{lines}")
                    .replace("NAME", name)
            };
            format!("moin = \"{version}\"\n{}{}", wiki("a", &a, &of_a), wiki("b", &b, of_b))
        };
        (file(&of_b), file(&changed))
    })
}

/// Whether the script ends with a met expectation; `None` if it can't be run.
fn is_met(steps: &[&str], old: &Farm, new: &str, profile: Profile) -> Option<bool> {
    let load = |_: &std::path::Path| Ok(farm(new));
    let plan = Plan::new(steps.iter().copied(), old, &load).ok()?;
    let mut world = World::new(NOW, 1, Arc::new(BuiltinSuffixes)).with_profile(profile);
    let ran: Result<(), ()> = world.run(&plan, |_| Ok(()));
    ran.ok().map(|()| world.unmet() == 0)
}

/// The cookie of a wiki before the change.
fn old_cookie(old: &Farm, name: &str, profile: Profile) -> Option<CookieKey> {
    let wiki = old.wiki(name)?;
    let site = crate::simulate::wiki::Site::new(wiki, &wiki.url).ok()?;
    let cookie =
        crate::simulate::person::Person::new(NOW, &Jar::new(profile), Visitor::Remember).come(&site)?;
    Some(CookieKey::of(&cookie))
}

#[test]
fn diff_shows_each_user_from_another_wiki_who_can_no_longer_log_in() {
    let tried = std::env::var("WIKIFARM_FARMS").map_or(100, |text| text.parse().expect("a number"));
    let mut runner = TestRunner::deterministic();
    let strategy = changes();
    let mut stuck = 0;
    for _ in 0..tried {
        let (before, after) = strategy.new_tree(&mut runner).unwrap().current();
        let (old, new) = (farm(&before), farm(&after));
        for profile in [Profile::Chromium, Profile::Firefox] {
            let diff = Diff::in_browser(&old, &new, &Jar::new(profile), NOW);
            for (from, to) in [("a", "b"), ("b", "a")] {
                let steps = [
                    format!("login {from} Ann"),
                    "reconfigure new".to_owned(),
                    format!("login {to} Ann"),
                    format!("visit {to}"),
                    format!("expect {to} Ann"),
                ];
                let steps: Vec<&str> = steps.iter().map(String::as_str).collect();
                let fresh: Vec<&str> = [&steps[1..2], &steps[..1], &steps[2..]].concat();
                if is_met(&steps, &old, &after, profile) != Some(false)
                    || is_met(&fresh, &old, &after, profile) != Some(true)
                {
                    continue;
                }
                stuck += 1;
                // Users with the cookie that the wiki had itself can be those who come back.
                let cookie = |name| old_cookie(&old, name, profile);
                let same = cookie(from).zip(cookie(to)).is_some_and(|(a, b)| a.is_same(&b));
                let here = diff.groups.iter().filter(|group| group.wikis.iter().any(|wiki| wiki.old == to));
                let cases: Vec<&Case> = here.flat_map(|group| &group.cases).collect();
                let comes = |way: &Way| *way == Way::From(from.to_owned()) || (same && *way == Way::Back);
                let is_it = |case: &&Case| comes(&case.way) && case.verdict == Verdict::StuckAtLogin;
                assert!(
                    cases.iter().any(is_it),
                    "{profile:?}: from {from} to {to}: {cases:#?} in\n{before}\nafter\n{after}"
                );
            }
        }
    }
    println!("{stuck} of {tried} farms with users who can no longer log in");
    assert!(stuck > 0);
}
