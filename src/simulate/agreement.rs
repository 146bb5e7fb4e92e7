//! The six steps and the simulation, held to each other on random pairs of wikis.
//!
//! What a pair's verdict and effect say in words is acted out here in a fresh browser, and must come true. All wikis are
//! at https: of a pair that mixes http and https, the steps do not say that B gives the cookie Secure, and so takes it
//! from A.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::*;
use crate::browser::BuiltinSuffixes;
use crate::farm::Farm;
use crate::sharing::{As, Model, Pair, RealPlaces, Verdict};

/// How many farms: sixty thousand of them were tried once.
const FARMS: usize = 1500;

const NOW: f64 = 1_795_400_000.0;

/// A wiki's settings, as the lines of a farm file.
fn wiki(name: &'static str) -> impl Strategy<Value = String> {
    // The first, which makes for sharing, as often as all others.
    let choose = |lines: &[&str]| {
        let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        let first = lines[0].clone();
        prop_oneof![Just(first), proptest::sample::select(lines)]
    };
    let url = choose(&[
        &format!("url = \"https://{name}.example.org/\""),
        &format!("url = \"https://example.org/{name}\""),
        &format!("url = \"https://example.org/a/x/{name}\""),
        &format!("url = \"https://example.org/a/{name}\""),
    ]);
    let domain = choose(&[
        "cookie_domain = \".example.org\"",
        "",
        "cookie_domain = \"example.org\"",
        "cookie_domain = \".example.net\"",
    ]);
    let path = choose(&["", "cookie_path = \"/\"", "cookie_path = \"/a\""]);
    let cookie = choose(&["cookie_name = \"lab\"", "cookie_name = \"other\"", ""]);
    let secure = choose(&["", "cookie_secure = false", "cookie_secure = true"]);
    let anonymous = any::<bool>();
    let storage = choose(&["data_dir = \"/none/shared\"", &format!("data_dir = \"/none/{name}\"")]);
    let users = choose(&["user_dir = \"/none/users\"", &format!("user_dir = \"/none/{name}/users\"")]);
    let auth = choose(&["", "auth = [\"ldap\"]"]);
    let key = choose(&["secret_key_id = \"k\"", "secret_key_id = \"l\""]);
    ((url, domain, path, cookie), (secure, anonymous, storage), (users, auth, key)).prop_map(
        move |((url, domain, path, cookie), (secure, anonymous, storage), (users, auth, key))| {
            let anonymous = if anonymous { "ANONYMOUS" } else { "" };
            let lines = [&url, &domain, &path, &cookie, &secure, anonymous, &storage, &users, &auth, &key];
            format!("[wikis.{name}]\nVERSION\n{}\n", lines.map(String::from).join("\n"))
        },
    )
}

/// Gives a wiki its version, in which some settings are called otherwise or do not exist.
fn of_version(wiki: &str, version: &str) -> String {
    let lines = wiki.lines().filter_map(|line| {
        let (old, flask) = (version < "1.9", version == "2.0");
        Some(match line {
            "VERSION" => format!("moin = \"{version}\""),
            "ANONYMOUS" if old => "anonymous_session_lifetime = 2".to_owned(),
            "ANONYMOUS" if flask => return None,
            "ANONYMOUS" => "cookie_lifetime = [2, 12]".to_owned(),
            line if line.starts_with("cookie_name") && (old || version == "1.9.0") => return None,
            line if line.starts_with("cookie_secure") && version == "1.7.0" => return None,
            line if line.starts_with("secret_key_id") && !flask => return None,
            line => line.to_owned(),
        })
    });
    lines.collect::<Vec<_>>().join("\n") + "\n"
}

const VERSIONS: [&str; 11] =
    ["1.7.0", "1.7.3", "1.8.7", "1.9.0", "1.9.1", "1.9.3", "1.9.8", "1.9.9", "1.9.10", "1.9.11", "2.0"];

/// Two wikis, of one version half of the time.
fn pairs() -> impl Strategy<Value = String> {
    let version = || proptest::sample::select(&VERSIONS[..]);
    (wiki("a"), wiki("b"), version(), version(), any::<bool>()).prop_map(|(a, b, first, second, same)| {
        of_version(&a, first) + &of_version(&b, if same { first } else { second })
    })
}

/// What is seen in the last step of a script, and the world after it.
fn act(farm: &Farm, script: &[&str]) -> (Option<String>, World) {
    let plan = Plan::new(script.iter().copied(), farm, &|_| Err(String::new())).unwrap();
    let mut world = World::new(NOW, 1, Arc::new(BuiltinSuffixes));
    let mut seen = None;
    world
        .run(&plan, |event| -> Result<(), ()> {
            seen = event.seen.and_then(|seen| seen.user);
            Ok(())
        })
        .unwrap();
    (seen, world)
}

fn sees_bob(farm: &Farm, script: &[&str]) -> bool {
    act(farm, script).0.is_some()
}

/// How many sessions of users there are.
fn logins(world: &World) -> usize {
    let sessions = world.stores.iter().flat_map(|store| store.sessions.0.values());
    sessions.filter(|items| items.contains_key("user.id")).count()
}

/// What does not come true of a prediction.
fn untrue(farm: &Farm, pair: &Pair) -> Option<&'static str> {
    const LOGIN: &str = "login a Bob forget";
    let at_b = sees_bob(farm, &[LOGIN, "visit b"]);
    let back = sees_bob(farm, &[LOGIN, "visit b", "visit a"]);
    let been = sees_bob(farm, &["visit b", LOGIN, "visit b"]);
    let (_, browser) = act(farm, &[LOGIN]);
    let (_, after) = act(farm, &[LOGIN, "visit b"]);
    // A cookie that does not even come back to A says nothing about B; and what a cookie of B's own does at A is for the
    // pair the other way round to tell.
    let own = after.jar.all().len() > browser.jar.all().len();
    let unharmed = back || own || !pair.cookie_sent || !sees_bob(farm, &[LOGIN, "visit a"]);
    let short = |world: &World| world.jar.all().iter().all(|cookie| cookie.expires <= Some(NOW + 7200.0));
    let effect = pair.effect.as_deref().unwrap_or_default();
    let checks: Vec<(bool, &'static str)> = match pair.verdict {
        Verdict::Unknown => vec![],
        Verdict::Rejected => {
            vec![
                (browser.jar.all().is_empty(), "rejected, and yet stored"),
                (!back, "rejected, and yet logged in"),
            ]
        }
        Verdict::Shared => vec![
            (at_b, "shared, and yet B sees nobody"),
            (unharmed, "shared, and yet A sees nobody afterwards"),
            (been, "shared, and yet B sees nobody who was there before"),
        ],
        Verdict::Shadowed => vec![(!been, "shadowed, and yet B sees him who was there before")],
        Verdict::Separate => {
            vec![(!at_b, "separate, and yet B sees him"), (unharmed, "separate, and yet A is harmed")]
        }
        Verdict::Conflict if effect.contains("deletes the cookie and logs out") => vec![
            (!at_b, "B sees him"),
            (!back, "the cookie is not deleted"),
            (logins(&after) == logins(&browser), "the session is deleted, too"),
        ],
        Verdict::Conflict if effect.contains("the anonymous lifetime") => {
            vec![
                (!at_b, "B sees him"),
                (unharmed, "A sees nobody at once"),
                (short(&after), "the lifetime is not shortened"),
            ]
        }
        Verdict::Conflict if effect.contains("session file") => vec![
            (!at_b, "B sees him"),
            (!back, "A still sees him"),
            (logins(&after) == 0, "the session is not deleted"),
            (short(&after) || !effect.contains("cookie and"), "the cookie is not deleted"),
        ],
        Verdict::Conflict if effect.contains("replaces the cookie") => {
            let replaced = !sees_bob(farm, &[LOGIN, "login b Bob forget", "visit a"]);
            vec![(!at_b, "B sees him"), (replaced, "a login at B harms nobody")]
        }
        Verdict::Conflict if effect.contains("it takes the other cookie") => {
            let hidden = !sees_bob(farm, &["login b Bob forget", LOGIN, "visit b"]);
            vec![
                (!at_b, "B sees him"),
                (hidden, "B still sees its own login"),
                (unharmed, "A is harmed, too"),
            ]
        }
        Verdict::Conflict => vec![(false, "an effect without a test")],
    };
    checks.into_iter().find(|(holds, _)| !holds).map(|(_, what)| what)
}

fn predicted(farm: &Farm) -> Pair {
    let model = Model::new(farm, &RealPlaces, &(Arc::new(BuiltinSuffixes) as _));
    let site = |name: &str| model.site(name).unwrap();
    model.pair(site("a"), site("b"), As::User)
}

#[test]
fn predictions_come_true() {
    let mut runner = TestRunner::deterministic();
    let strategy = pairs();
    let mut verdicts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for _ in 0..FARMS {
        let text = strategy.new_tree(&mut runner).unwrap().current();
        let farm = Farm::parse(Path::new("farm.toml"), text.clone()).unwrap();
        assert!(farm.sound(), "{:?} in\n{text}", farm.problems);
        let pair = predicted(&farm);
        *verdicts.entry(pair.verdict.name()).or_default() += 1;
        wrong.extend(untrue(&farm, &pair).map(|what| format!("{what}: {pair:?} in\n{text}")));
    }
    assert!(wrong.is_empty(), "{} of {FARMS}, the first: {}", wrong.len(), wrong[0]);
    for verdict in ["shared", "separate", "conflict", "rejected", "shadowed"] {
        assert!(verdicts.contains_key(verdict), "{verdicts:?}");
    }
}
