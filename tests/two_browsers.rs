//! `wikifarm cookie simulate` predicts each recorded step of a farm in which browsers differ.

use std::collections::{BTreeMap, HashMap};
use std::fs;

use serde_json::Value;

use crate::support::{Place, fixtures, unwrapped};

/// A `Cookie` header with session ids numbered in order of appearance.
fn numbered(header: &Value, known: &mut HashMap<String, usize>) -> Option<String> {
    let number = |pair: &str| {
        let (name, id) = pair.split_once('=').unwrap();
        // `simulate` shortens ids.
        let id = id.get(..8).unwrap_or(id).to_owned();
        let next = known.len() + 1;
        format!("{name}=session{}", known.entry(id).or_insert(next))
    };
    header.as_str().map(|header| header.split("; ").map(number).collect::<Vec<_>>().join("; "))
}

#[test]
fn simulate_predicts_each_step_that_two_browsers_took_with_acted_and_real_wikis() {
    let directory = fixtures().join("browser");
    let text = fs::read_to_string(directory.join("two-browsers.jsonl")).unwrap();
    let mut runs: BTreeMap<(String, bool), Vec<Value>> = BTreeMap::new();
    for row in text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        let browser = row["browser"].as_str().unwrap().split(' ').next().unwrap().to_lowercase();
        runs.entry((browser, row["server"] == "acted")).or_default().push(row);
    }
    let place = Place::farm(&fs::read_to_string(directory.join("two-browsers.toml")).unwrap());
    let mut predicted = Vec::new();
    for ((browser, acted), rows) in &runs {
        let command = format!("cookie simulate --browser {browser} --format json");
        let steps = rows.iter().map(|row| row["step"].as_str().unwrap());
        let run = steps.fold(place.wikifarm(&command), |run, step| run.arg(step));
        let played: Value = serde_json::from_str(&run.any_stdout().run().stdout).unwrap();
        let (mut ids, mut theirs) = (HashMap::new(), HashMap::new());
        for (row, step) in rows.iter().zip(played["steps"].as_array().unwrap()) {
            let at = format!("{browser}, acted {acted}: {}", row["step"]);
            assert_eq!(numbered(&step["cookie"], &mut ids), numbered(&row["cookie"], &mut theirs), "{at}");
            assert_eq!(step["seen"]["user"], row["sees"], "{at}");
        }
        predicted.push((browser.as_str(), *acted, rows.len()));
    }
    let each = [("chromium", false, 8), ("chromium", true, 8), ("firefox", false, 8), ("firefox", true, 8)];
    assert_eq!(predicted, each);
}

/// Two wikis of a host whose name is not ASCII, which share a login by a Domain in UTF-8.
const UTF_8: &str = "moin = \"1.9.8\"\n[farm]\ncookie_name = \"lab\"\ncookie_domain = \".bücher.example\"\n\
                     session_dir = \"s\"\nuser_dir = \"u\"\n\
                     [wikis.eins]\nurl = \"https://eins.bücher.example/\"\ndata_dir = \"a\"\n\
                     [wikis.zwei]\nurl = \"https://zwei.bücher.example/\"\ndata_dir = \"b\"\n";

#[test]
fn diff_names_the_browser_in_which_logins_are_shared() {
    let place =
        Place::farm(UTF_8).file("alone.toml", UTF_8.replace("cookie_domain = \".bücher.example\"\n", ""));
    let shared = unwrapped(&place.wikifarm("cookie diff alone.toml farm.toml").any_stdout().run().stdout);
    assert!(shared.contains("Chromium: zwei now shares a login with eins"), "{shared}");
    let line = "Firefox differs at eins and zwei: users with \"remember me\" cannot log in";
    assert!(shared.contains(line), "{shared}");
    let json = place.wikifarm("cookie diff alone.toml farm.toml --format json").any_stdout().run().json();
    let firefox = serde_json::json!({"browsers": ["firefox"], "no_longer_shared": [], "newly_shared": []});
    assert_eq!(json["other_logins"], firefox);
}

#[test]
fn diff_claims_no_login_in_a_browser_that_rejects_the_old_cookie() {
    let place = Place::farm(UTF_8).file("other.toml", UTF_8.replace("\"lab\"", "\"other\""));
    let shown = unwrapped(&place.wikifarm("cookie diff farm.toml other.toml").any_stdout().run().stdout);
    assert!(shown.contains("are logged out once") && !shown.contains("stay logged in"), "{shown}");
}

#[test]
fn diff_of_a_large_farm_compares_both_browsers() {
    let wikis =
        (0..200).map(|n| format!("[wikis.w{n}]\nurl = \"https://w{n}.example.net/\"\ndata_dir = \"w{n}\"\n"));
    let farm = "moin = \"1.9.4\"\n\
                [wikis.b]\nmoin = \"1.8.7\"\nurl = \"http://b.example.org/\"\ndata_dir = \"b\"\n\
                session_id_handler = \"cookie_name=MOIN_SESSION_x\"\ncookie_domain = \"b.example.org\"\nsession_dir = \"s\"\n\
                [wikis.c]\nmoin = \"2.0.0b5\"\nurl = \"http://c.example.org/\"\ndata_dir = \"c\"\n\
                cookie_name = \"MOIN_SESSION_x\"\nsecret_key_id = \"k\"\ncookie_domain = \".example.org\"\n";
    let farm = farm.to_owned() + &wikis.collect::<String>();
    let place = Place::farm(&farm).file("new.toml", farm.replace("\"b.example.org\"", "\".example.org\""));
    let run = place.wikifarm("cookie diff farm.toml new.toml --fail-on-impact").any_stdout().status(1).run();
    assert!(unwrapped(&run.stdout).contains("Firefox differs at c: users"), "{}", run.stdout);
}
