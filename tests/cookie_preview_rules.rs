//! `wikifarm cookie preview`: differences in Firefox in farms of more than 200 wikis.

use serde_json::{Value, json};

use crate::support::{Place, Run};

/// Wikis with the same cookie name and domain. The domain of the wikis in `odd` is rejected by Firefox, but
/// not by Chromium.
fn farm(count: usize, odd: &[usize], settings: impl Fn(usize) -> String) -> Place {
    let wiki = |number: usize| {
        let domain = if odd.contains(&number) { "ex\u{e4}mple.org" } else { "xn--exmple-cua.org" };
        format!(
            "[wikis.w{number}]\nurl = \"https://w{number}.ex\u{e4}mple.org/\"\ncookie_domain = \"{domain}\"\n{}\n",
            settings(number)
        )
    };
    let wikis: String = (0..count).map(wiki).collect();
    Place::farm(&format!("moin = \"1.9.11\"\n[farm]\ncookie_name = \"lab\"\nuser_dir = \"users\"\n{wikis}"))
}

/// The same sessions for all wikis.
fn shared(_: usize) -> String {
    "session_dir = \"sessions\"".to_owned()
}

/// Separate sessions for each wiki.
fn apart(number: usize) -> String {
    format!("session_dir = \"sessions{number}\"")
}

/// The lines below the heading that starts with this text.
fn below(preview: Run<'_>, heading: &str) -> Vec<String> {
    let stdout = preview.any_stdout().run().stdout;
    let mut lines = stdout.lines().skip_while(|line| !line.starts_with(heading));
    let heading = lines.next();
    let items = lines.take_while(|line| line.starts_with("  ")).filter(|line| !line.starts_with("    "));
    heading.into_iter().chain(items).map(|line| line.chars().take(60).collect()).collect()
}

#[test]
fn preview_names_every_wiki_that_only_one_browser_rejects() {
    let place = farm(201, &[3, 100], shared);
    assert_eq!(
        below(place.wikifarm("cookie preview"), "Firefox differs"),
        ["Firefox differs", "  nobody can log in at w3 and w100: browsers reject the cook",]
    );
    for one in ["chromium", "firefox", "rfc"] {
        let preview = place.wikifarm(&format!("cookie preview --browser {one}"));
        assert_eq!(below(preview, "Firefox differs"), Vec::<String>::new(), "{one}");
    }
    // For a named wiki, only its own lines are shown.
    assert_eq!(below(place.wikifarm("cookie preview w3"), "Firefox differs").len(), 2);
    assert_eq!(below(place.wikifarm("cookie preview w4"), "Firefox differs"), Vec::<String>::new());
}

#[test]
fn preview_reports_that_all_wikis_are_rejected() {
    let all: Vec<usize> = (0..201).collect();
    let place = farm(201, &all, shared);
    let lines = below(place.wikifarm("cookie preview"), "Firefox differs");
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert_eq!(lines[1], "  nobody can log in at w0, w1, w2, w3, and 197 more: browser");
    let json = place.wikifarm("cookie preview --format json").any_stdout().run().json();
    let pairs = json["pairs"].as_array().unwrap();
    let users = |name: &str| {
        pairs.iter().any(|pair| {
            pair["from"] == name && pair["as"] == "user" && pair["browsers"] == json!(["firefox"])
        })
    };
    assert!((0..201).all(|number| users(&format!("w{number}"))), "a pair of each");
}

#[test]
fn preview_shows_differing_pairs_by_example() {
    let place = farm(201, &[3, 100], apart);
    assert_eq!(
        below(place.wikifarm("cookie preview"), "Firefox differs"),
        [
            "Firefox differs (examples)",
            "  nobody can log in at w3 and w100: browsers reject the cook",
            "  w0 to w3: separate: w0 keeps sessions in sessions0, w3 in ",
        ]
    );
    assert_eq!(
        below(place.wikifarm("cookie preview"), "Problems"),
        [
            "Problems (examples)",
            "  visiting w1, w2, w3, w4, or 196 more deletes the shared co",
            "  visiting w0 deletes the shared cookie: users are logged ou",
        ]
    );
    // If all pairs are checked, they are counted.
    let lines = below(place.wikifarm("cookie preview w0 w1 w2 w3"), "Firefox differs");
    assert_eq!(lines[0], "Firefox differs");
}

#[test]
fn preview_names_a_third_wiki_that_interferes_in_one_browser_only() {
    // Firefox rejects the cookie of c because of its domain. In Chromium, b receives it beside the cookie of
    // a.
    let others: String = (0..200)
        .map(|number| {
            format!("[wikis.w{number}]\nurl = \"https://w{number}.example.net/\"\ncookie_name = \"x\"\n")
        })
        .collect();
    let place = Place::farm(&format!(
        "moin = \"1.9.11\"\n[farm]\nuser_dir = \"u\"\nsession_dir = \"s\"\ncookie_name = \"lab\"\n\
         [wikis.a]\nurl = \"https://a.ex\u{e4}mple.org/\"\ncookie_domain = \".xn--exmple-cua.org\"\n\
         [wikis.b]\nurl = \"https://b.w.ex\u{e4}mple.org/\"\n\
         [wikis.c]\nurl = \"https://c.w.ex\u{e4}mple.org/\"\ncookie_lifetime = [2, 12]\ncookie_domain = \"w.ex\u{e4}mple.org\"\n{others}"
    ));
    let third = "after visiting c, users who log in at a stay anonymous at b: b picks the cookie of c";
    for named in ["", "a b c"] {
        let json = place.wikifarm(&format!("cookie preview {named} --format json")).any_stdout().run().json();
        let thirds = json["interferences"].as_array().unwrap();
        let found = thirds.iter().find(|found| found["effect"] == third);
        assert_eq!(found.map(|found| &found["browsers"]), Some(&json!(["chromium"])), "{thirds:?}");
    }
    let json: Value = place.wikifarm("cookie preview --format json").any_stdout().run().json();
    assert_eq!(json["complete"], false);
}

#[test]
fn preview_names_the_browser_in_which_a_new_login_is_seen() {
    let place = Place::farm(
        "[farm]\ncookie_path = \"/\"\ncookie_name = \"lab\"\n\
         [wikis.new]\nmoin = \"1.9.0\"\nurl = \"https://new.example.org/\"\ndata_dir = \"new\"\n\
         [wikis.old]\nmoin = \"1.8.7\"\nurl = \"https://old.example.org/\"\ndata_dir = \"old\"\n\
         cookie_domain = \".example.org\"\n",
    );
    let stdout = place.wikifarm("cookie preview").any_stdout().run().stdout;
    let line = "users who log in at new, at old, and again at new are logged in at both (Chromium), anonymous at new, which \
                picks the cookie of old (Firefox)";
    assert!(stdout.replace("\n    ", " ").contains(line), "{stdout}");
    let json = place.wikifarm("cookie preview --format json").any_stdout().run().json();
    let of = |browser: &str| {
        let logins = json["new_logins"].as_array().unwrap().clone();
        logins.into_iter().find(|login| login["browsers"] == json!([browser])).unwrap()["effect"].clone()
    };
    assert_eq!(of("chromium"), "logged in at both");
    assert_eq!(of("firefox"), "anonymous at new, which picks the cookie of old");
}

#[test]
fn preview_for_one_browser_names_logins_that_only_this_browser_loses() {
    let place = Place::farm(
        "[farm]\ncookie_path = \"/\"\ncookie_name = \"lab\"\n\
         [wikis.new]\nmoin = \"1.9.0\"\nurl = \"https://new.example.org/\"\ndata_dir = \"new\"\n\
         [wikis.old]\nmoin = \"1.8.7\"\nurl = \"https://old.example.org/\"\ndata_dir = \"old\"\n\
         cookie_domain = \".example.org\"\n",
    );
    let preview = |browser: &str, format: &str| {
        let command = format!("cookie preview --browser {browser} {format}");
        place.wikifarm(&command).any_stdout().run()
    };
    let line = "users who log in at new, at old, and again at new are anonymous at new, which picks the cookie of old";
    for (browser, shown, effect) in [
        ("firefox", true, "anonymous at new, which picks the cookie of old"),
        ("chromium", false, "logged in at both"),
        ("rfc", true, "anonymous at new, which picks the cookie of old"),
    ] {
        let stdout = preview(browser, "").stdout.replace("\n    ", " ");
        assert_eq!(stdout.contains(line), shown, "{browser}: {stdout}");
        let json = preview(browser, "--format json").json();
        let expected = json!([{"from": "new", "to": "old", "browsers": [browser], "effect": effect}]);
        assert_eq!(json["new_logins"], expected, "{browser}");
    }
}

#[test]
fn preview_and_config_check_of_a_large_farm_name_a_new_login_that_only_firefox_loses() {
    let others: String = (0..200)
        .map(|number| {
            format!("[wikis.w{number}]\nurl = \"https://w{number}.example.net/\"\ncookie_name = \"x\"\n")
        })
        .collect();
    let place = Place::farm(&format!(
        "moin = \"1.9.11\"\n[wikis.new]\nmoin = \"1.9.0\"\nurl = \"https://new.example.org/\"\ndata_dir = \"new\"\n\
         [wikis.old]\nmoin = \"1.8.7\"\nurl = \"https://old.example.org/\"\ndata_dir = \"old\"\n\
         cookie_domain = \".example.org\"\n{others}"
    ));
    let line = "users who log in at new, at old, and again at new are logged in at both (Chromium), anonymous at new, which \
                picks the cookie of old (Firefox)";
    for (command, status) in [("cookie preview", 0), ("config check --no-disk", 1)] {
        let run = place.wikifarm(command).any_stdout().any_stderr().status(status).run();
        let text = run.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(line), "{command}: {}", run.stdout);
    }
}
