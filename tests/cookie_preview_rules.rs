//! `wikifarm cookie preview`: what is otherwise by the letter of RFC 6265bis, in farms of more than 200 wikis

use serde_json::Value;

use crate::support::{Place, Run};

/// So many wikis with one name and one domain; `odd` of them write the domain as the draft refuses it, and Chromium does not.
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

/// One for all.
fn shared(_: usize) -> String {
    "session_dir = \"sessions\"".to_owned()
}

/// Each its own.
fn apart(number: usize) -> String {
    format!("session_dir = \"sessions{number}\"")
}

/// The lines below the heading that begins so.
fn below(preview: Run<'_>, heading: &str) -> Vec<String> {
    let stdout = preview.any_stdout().run().stdout;
    let lines = stdout.lines().skip_while(|line| !line.starts_with(heading));
    lines.take_while(|line| !line.is_empty()).map(|line| line.chars().take(60).collect()).collect()
}

#[test]
fn preview_names_every_wiki_that_only_one_browser_rejects() {
    let place = farm(201, &[3, 100], shared);
    assert_eq!(
        below(place.wikifarm("cookie preview"), "Otherwise"),
        [
            "Otherwise by the letter of RFC 6265bis (--rfc):",
            "  w3: rejected, nobody can log in: the browser refuses the c",
            "  w100: rejected, nobody can log in: the browser refuses the",
        ]
    );
    assert_eq!(
        below(place.wikifarm("cookie preview --rfc"), "Otherwise"),
        [
            "Otherwise in Chromium:",
            "  w3: not rejected, people can log in",
            "  w100: not rejected, people can log in",
        ]
    );
    // Of one that is named only its own.
    assert_eq!(below(place.wikifarm("cookie preview w3"), "Otherwise").len(), 2);
    assert_eq!(below(place.wikifarm("cookie preview w4"), "Otherwise"), Vec::<String>::new());
}

#[test]
fn preview_names_that_all_wikis_are_rejected() {
    let all: Vec<usize> = (0..201).collect();
    let place = farm(201, &all, shared);
    for words in ["cookie preview", "cookie preview --rfc"] {
        let lines = below(place.wikifarm(words), "Otherwise");
        assert_eq!(lines.len(), 22, "{lines:?}");
        assert_eq!(lines[21], "  and 181 more lines: name some wikis to see theirs");
        let json = place.wikifarm(&format!("{words} --format json")).any_stdout().run().json();
        let pairs = json["otherwise"]["pairs"].as_array().unwrap();
        let users = |name: &str| pairs.iter().any(|pair| pair["from"] == name && pair["as"] == "user");
        assert!((0..201).all(|number| users(&format!("w{number}"))), "{words}: a pair of each");
    }
}

#[test]
fn preview_shows_differing_pairs_by_example() {
    let place = farm(201, &[3, 100], apart);
    assert_eq!(
        below(place.wikifarm("cookie preview"), "Otherwise"),
        [
            "Otherwise by the letter of RFC 6265bis (--rfc), by example:",
            "  w3: rejected, nobody can log in: the browser refuses the c",
            "  w100: rejected, nobody can log in: the browser refuses the",
            "  w0 -> w3: separate at step 4: w0 keeps sessions in session",
        ]
    );
    assert_eq!(
        below(place.wikifarm("cookie preview"), "Pairs"),
        [
            "Pairs that do not work, by example:",
            "  w0, w1 -> w0, w1, w2, w3 and 197 more: conflict at step 4:",
        ]
    );
    // Where all are looked at, they are counted.
    let lines = below(place.wikifarm("cookie preview w0 w1 w2 w3"), "Otherwise");
    assert_eq!(lines[0], "Otherwise by the letter of RFC 6265bis (--rfc):");
}

#[test]
fn preview_names_a_third_wiki_that_only_one_browser_rejects() {
    // To Chromium a bare dot is no domain; to the draft it is none at all, so that c keeps to its host.
    let others: String = (0..200)
        .map(|number| {
            format!("[wikis.w{number}]\nurl = \"https://w{number}.example.net/\"\ncookie_name = \"x\"\n")
        })
        .collect();
    let place = Place::farm(&format!(
        "moin = \"1.9.11\"\n[farm]\nuser_dir = \"u\"\nsession_dir = \"s\"\ncookie_name = \"lab\"\n\
         [wikis.a]\nurl = \"https://a.example.org/\"\ncookie_domain = \".example.org\"\n\
         [wikis.b]\nurl = \"https://example.org/b\"\n\
         [wikis.c]\nurl = \"https://example.org/c\"\ncookie_lifetime = [2, 12]\ncookie_domain = \".\"\n{others}"
    ));
    let told = |words: &str, key: &str| {
        let json = place.wikifarm(words).any_stdout().run().json();
        let thirds = json["otherwise"][key].as_array().unwrap().iter();
        thirds.map(|third| third["effect"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let third = "whoever has been at c and logs in at a is anonymous at b: it takes the cookie of c";
    for named in ["", "a b c"] {
        assert_eq!(told(&format!("cookie preview {named} --format json"), "thirds"), [third], "{named}");
        assert_eq!(
            told(&format!("cookie preview {named} --rfc --format json"), "not_thirds"),
            [third],
            "{named}"
        );
    }
    let none: Vec<String> = Vec::new();
    assert_eq!(told("cookie preview --format json", "not_thirds"), none);
    let json: Value = place.wikifarm("cookie preview --format json").any_stdout().run().json();
    assert_eq!(json["complete"], false);
}
