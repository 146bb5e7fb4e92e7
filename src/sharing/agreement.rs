//! Compares predictions with simulations of random farms.
//!
//! For each pair, scripts as in `cookie simulate`, each in a fresh browser, must show the predicted verdict and effect, and no
//! other effect. Wikis are at http, at https, or at both, of any two versions, and users go both ways.
//!
//! The short form tries 400 farms; `WIKIFARM_FARMS=12000 cargo test --release --lib predictions_come_true` that many.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::meeting::meet;
use super::*;
use crate::browser::BuiltinSuffixes;
use crate::farm::Farm;
use crate::location::RealDirectories;
use crate::simulate::{Plan, World};

/// How many farms of two wikis are tried.
pub(super) fn farms_tried() -> usize {
    std::env::var("WIKIFARM_FARMS").map_or(400, |text| text.parse().expect("WIKIFARM_FARMS is a number"))
}

const NOW: f64 = 1_795_400_000.0;

/// The settings of a wiki, as lines of a farm file.
fn wiki(name: &'static str) -> impl Strategy<Value = String> {
    // The first, which favors sharing, is as likely as all others together.
    let choose = |lines: &[&str]| {
        let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        let first = lines[0].clone();
        prop_oneof![Just(first), proptest::sample::select(lines)]
    };
    let address = choose(&[
        &format!("{name}.example.org/"),
        &format!("example.org/{name}"),
        &format!("example.org/a/x/{name}"),
        &format!("example.org/a/{name}"),
    ]);
    // Mostly https; some at both.
    let scheme = proptest::sample::select(vec!["https", "https", "http", "both"]);
    let url = (scheme, address).prop_map(|(scheme, address)| match scheme {
        "both" => format!("url = \"https://{address}\"\naliases = [\"http://{address}\"]"),
        scheme => format!("url = \"{scheme}://{address}\""),
    });
    let domain = choose(&[
        "cookie_domain = \".example.org\"",
        "",
        "cookie_domain = \"example.org\"",
        "cookie_domain = \".example.net\"",
    ]);
    let path = choose(&["", "cookie_path = \"/\"", "cookie_path = \"/a\""]);
    let cookie =
        choose(&["cookie_name = \"lab\"", "cookie_name = \"other\"", "", "cookie_name = \"odd; x\""]);
    let secure = choose(&["", "cookie_secure = false", "cookie_secure = true"]);
    let anonymous = proptest::sample::select(vec!["ANONYMOUS", "", "", "ANONYMOUS", "LOGIN OFF"]);
    let storage = choose(&["data_dir = \"/none/shared\"", &format!("data_dir = \"/none/{name}\"")]);
    let users = choose(&["user_dir = \"/none/users\"", &format!("user_dir = \"/none/{name}/users\"")]);
    let auth = choose(&["", "auth = [\"ldap\"]"]);
    let key = choose(&["secret_key_id = \"k\"", "secret_key_id = \"l\""]);
    ((url, domain, path, cookie), (secure, anonymous, storage), (users, auth, key)).prop_map(
        move |((url, domain, path, cookie), (secure, anonymous, storage), (users, auth, key))| {
            let lines = [&url, &domain, &path, &cookie, &secure, anonymous, &storage, &users, &auth, &key];
            format!("[wikis.{name}]\nVERSION\n{}\n", lines.map(String::from).join("\n"))
        },
    )
}

/// Gives a wiki its version, in which some settings have other names or do not exist.
fn of_version(wiki: &str, version: &str) -> String {
    let lines = wiki.lines().filter_map(|line| {
        let (old, flask) = (version < "1.9", version == "2.0");
        Some(match line {
            "VERSION" => format!("moin = \"{version}\""),
            "LOGIN OFF" if old || flask => return None,
            "LOGIN OFF" => "cookie_lifetime = [2, 0]".to_owned(),
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

/// Some wikis, of one version half of the time.
pub(super) fn farms(names: &'static [&'static str]) -> impl Strategy<Value = String> {
    let version = || proptest::sample::select(&VERSIONS[..]);
    let wikis: Vec<_> = names.iter().map(|name| (wiki(name), version())).collect();
    (wikis, any::<bool>(), version()).prop_map(|(wikis, same, one)| {
        wikis.iter().map(|(wiki, version)| of_version(wiki, if same { one } else { version })).collect()
    })
}

pub(super) fn parse(text: &str) -> Farm {
    let farm = Farm::parse(Path::new("farm.toml"), text.to_owned()).unwrap();
    assert!(farm.sound(), "{:?} in\n{text}", farm.problems);
    farm
}

pub(super) fn model(farm: &Farm) -> Model {
    Model::new(farm, &RealDirectories::default(), &(Arc::new(BuiltinSuffixes) as _))
}

/// Scripts about two wikis at two addresses.
struct Scripts<'a> {
    farm: &'a Farm,
    a: String,
    b: String,
}

impl Scripts<'_> {
    /// Whether the wiki sees Bob in the last step, and the world after it. `+a` is a login at A, `a` a visit.
    fn act(&self, script: &str) -> (bool, World) {
        let line = |step: &str| match step {
            "a" => format!("visit {}", self.a),
            "b" => format!("visit {}", self.b),
            "+a" => format!("login {} Bob forget", self.a),
            _ => format!("login {} Bob forget", self.b),
        };
        let lines: Vec<String> = script.split(' ').map(line).collect();
        let plan = Plan::new(lines.iter().map(String::as_str), self.farm, &|_| Err(String::new())).unwrap();
        let mut world = World::new(NOW, 1, Arc::new(BuiltinSuffixes));
        let mut seen = false;
        let done = world.run(&plan, |event| -> Result<(), ()> {
            seen = event.seen.is_some_and(|seen| seen.user.is_some());
            Ok(())
        });
        done.unwrap();
        (seen, world)
    }

    fn sees_bob(&self, script: &str) -> bool {
        self.act(script).0
    }

    /// What is wrong in a prediction for a user.
    fn untrue(&self, judged: Judgement) -> Option<&'static str> {
        if matches!(judged.verdict, Verdict::Unknown) {
            return None;
        }
        let home = self.sees_bob("+a a");
        if judged.verdict == Verdict::Rejected || !home {
            let checks = [
                (home, "rejected, but logged in"),
                (judged.effect.is_some(), "nobody stays logged in at A, but the user is affected"),
            ];
            return checks.into_iter().find(|(wrong, _)| *wrong).map(|(_, what)| what);
        }
        let (at_b, after) = self.act("+a b");
        let (_, browser) = self.act("+a");
        let back = self.sees_bob("+a b a");
        let back_after_login = at_b || self.sees_bob("+a b +b a");
        let been = self.sees_bob("b b +a a");
        let both = self.sees_bob("+b +a a") || !self.sees_bob("+b b");
        let shared_after_visit = self.sees_bob("b b +a b");
        let cookies = |world: &World| world.jar().all().len();
        let soon =
            |world: &World| world.jar().all().iter().any(|cookie| cookie.expires <= Some(NOW + 7200.0));
        let unaffected = [
            (!back, "A sees nobody after a visit to B"),
            (!back_after_login, "A sees nobody after a login at B"),
            (!been, "A sees nobody who was at B before"),
            (!both, "A sees nobody who was logged in at B before"),
        ];
        let mut checks = vec![];
        match (judged.verdict, judged.effect) {
            (Verdict::Shared, _) => {
                checks.extend([(!at_b, "shared, but B sees nobody")]);
                checks.extend(unaffected);
                checks.push((!shared_after_visit, "shared, but B sees nobody who was there before"));
            }
            (Verdict::Shadowed, _) => {
                checks.push((!at_b, "B sees nobody"));
                checks.push((shared_after_visit, "shadowed, but B sees users who were there before"));
            }
            (Verdict::Separate, _) => {
                checks.push((at_b, "separate, but B sees the user"));
                checks.extend(unaffected);
            }
            (_, Some(Effect::DeletesCookie(By::Visit))) => {
                checks.push((back, "A still sees the user"));
                checks.push((cookies(&after) >= cookies(&browser), "no cookie is deleted"));
                checks.push((logins(&after) < logins(&browser), "the session is deleted, too"));
            }
            (_, Some(Effect::DeletesSession { cookie, by: By::Visit })) => {
                checks.push((back, "A still sees the user"));
                checks.push((logins(&after) >= logins(&browser), "the session is not deleted"));
                checks.push((cookie && cookies(&after) >= cookies(&browser), "the cookie is not deleted"));
            }
            (_, Some(Effect::Shortens)) => {
                // No worse effect: a lost login counts before a shorter one.
                checks.extend(unaffected);
                checks.push((at_b, "B sees the user"));
                checks.push((!soon(&after), "the lifetime is not shortened"));
            }
            (
                _,
                Some(
                    Effect::Overwrites(By::Visit)
                    | Effect::Covers(By::Visit)
                    | Effect::MakesSecure(By::Visit),
                ),
            ) => {
                checks.push((back, "A still sees the user"));
            }
            (
                _,
                Some(
                    Effect::Overwrites(By::Login)
                    | Effect::Covers(By::Login)
                    | Effect::MakesSecure(By::Login)
                    | Effect::DeletesCookie(By::Login)
                    | Effect::DeletesSession { by: By::Login, .. },
                ),
            ) => {
                checks.push((!back, "a visit is enough"));
                checks.push((back_after_login, "a login at B harms nobody"));
            }
            (_, Some(Effect::Bars(By::Visit) | Effect::Spoils(By::Visit))) => {
                checks.push((been, "A sees users who were at B before"));
            }
            (_, Some(Effect::Bars(By::Login) | Effect::Spoils(By::Login))) => {
                checks.push((both, "A sees users who were logged in at B before"));
            }
            (_, Some(Effect::Hides)) => {
                checks.push((self.sees_bob("+b +a b"), "B still sees its own login"));
            }
            (_, None) => checks.push((true, "a conflict without an effect")),
        }
        checks.into_iter().find(|(wrong, _)| *wrong).map(|(_, what)| what)
    }

    /// What is wrong in a prediction for an anonymous visitor.
    fn untrue_anonymous(&self, judged: Judgement) -> Option<&'static str> {
        // The session of A's in the browser after a script.
        let sessions = |script: &str| -> Vec<Vec<u8>> {
            self.act(script).1.jar().all().iter().map(|cookie| cookie.value.clone()).collect()
        };
        let before = sessions("a a");
        let after = sessions("a a b");
        let back = sessions("a a b a");
        let kept = !before.is_empty() && back.contains(&before[0]);
        // A cookie that does not come back to A makes no session that could be lost.
        if sessions("a a a") != before {
            return judged.effect.map(|_| "A keeps no session, but it is harmed");
        }
        let checks = match (judged.verdict, judged.effect) {
            (Verdict::Shared, _) => vec![
                (before.is_empty(), "shared, but A makes no session"),
                (!kept, "shared, but A has another session afterwards"),
            ],
            (Verdict::Rejected, _) => vec![(!before.is_empty(), "rejected, but stored")],
            (Verdict::Separate, _) => vec![(!before.is_empty() && after.is_empty(), "the cookie is deleted")],
            (Verdict::Conflict, Some(Effect::DeletesCookie(_) | Effect::DeletesSession { .. })) => {
                vec![(kept, "A still has the session"), (!after.is_empty(), "the cookie is not deleted")]
            }
            _ => vec![],
        };
        checks.into_iter().find(|(wrong, _)| *wrong).map(|(_, what)| what)
    }
}

/// How many sessions of users there are.
fn logins(world: &World) -> usize {
    let sessions = world.stores().iter().flat_map(|store| store.sessions().0.values());
    sessions.filter(|items| items.contains_key("user.id")).count()
}

#[test]
fn predictions_come_true() {
    let mut runner = TestRunner::deterministic();
    let strategy = farms(&["a", "b"]);
    let mut outcomes: BTreeMap<String, usize> = BTreeMap::new();
    let (mut wrong, mut asked) = (Vec::new(), 0);
    for _ in 0..farms_tried() {
        let text = strategy.new_tree(&mut runner).unwrap().current();
        let farm = parse(&text);
        let model = model(&farm);
        let at = |name: &str| {
            let site = model.site(name).unwrap();
            std::iter::once(site).chain(&site.aliases)
        };
        let pairs = at("a").flat_map(|a| at("b").flat_map(move |b| [(a, b), (b, a)]));
        for (from, to) in pairs {
            let scripts = Scripts { farm: &farm, a: from.target.to_string(), b: to.target.to_string() };
            for visitor in [As::User, As::Anonymous] {
                let judged = model.judge(from, to, visitor);
                let untrue = match visitor {
                    As::User => scripts.untrue(judged),
                    As::Anonymous => scripts.untrue_anonymous(judged),
                };
                let effect = judged.effect.map(|effect| format!("{effect:?}")).unwrap_or_default();
                *outcomes.entry(format!("{visitor:?} {} {effect}", judged.verdict.name())).or_default() += 1;
                asked += 1;
                wrong.extend(untrue.map(|what| {
                    format!("{what}: {visitor:?} {} to {} {judged:?} in\n{text}", scripts.a, scripts.b)
                }));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {asked}, the first: {}", wrong.len(), wrong[0]);
    println!("{asked} predictions came true");
    let expected = [
        "User shared",
        "User separate",
        "User rejected",
        "User shadowed",
        "User conflict DeletesCookie(Visit)",
        "User conflict DeletesSession",
        "User conflict Shortens",
        "User conflict Overwrites(Visit)",
        "User conflict Overwrites(Login)",
        "User conflict MakesSecure(Visit)",
        "User conflict MakesSecure(Login)",
        "User conflict Covers(Login)",
        "User conflict Covers(Visit)",
        "User conflict Bars(Visit)",
        "User conflict Bars(Login)",
        "User conflict Spoils(Visit)",
        "User conflict Hides",
        "Anonymous shared",
        "Anonymous conflict DeletesCookie",
    ];
    for outcome in expected {
        assert!(outcomes.keys().any(|known| known.starts_with(outcome)), "no {outcome} among {outcomes:#?}");
    }
}

#[test]
fn judgement_is_equal_for_all_pairs_of_one_key() {
    let mut runner = TestRunner::deterministic();
    let strategy = farms(&["a", "b", "c", "d", "e", "f"]);
    let mut asked = 0;
    for _ in 0..farms_tried() / 8 {
        let text = strategy.new_tree(&mut runner).unwrap().current();
        let model = model(&parse(&text));
        for from in model.sites() {
            for to in model.sites().iter().filter(|to| to.name != from.name) {
                for visitor in [As::User, As::Anonymous] {
                    let anew = model.work_out(from, to, visitor, meet(from, to, visitor, &model.browser));
                    let judged = model.judge(from, to, visitor);
                    assert_eq!(judged, anew, "{visitor:?} {} to {} in\n{text}", from.name, to.name);
                    asked += 1;
                }
            }
        }
    }
    assert!(asked > 1000, "{asked}");
}
