//! `wikifarm cookie preview WIKI..`, and its output for large farms and for other browsers.

use serde_json::json;

use crate::cookie_preview::FARM;
use crate::support::Place;

#[test]
fn preview_of_one_wiki_shows_its_pairs_with_every_other() {
    let place = Place::farm(FARM);
    place
        .wikifarm("cookie preview docs")
        .stdout(str![[r#"
Shared logins
  docs with plans
Problems
  visiting trap deletes the shared cookie: users are logged out of docs
  visiting docs deletes the shared cookie: users are logged out of trap
help: `wikifarm cookie explain docs trap` shows each step

"#]])
        .run();
    place
        .wikifarm("cookie preview old old")
        .stdout(str![[r#"
Shared logins
  none: old shares a login with no other wiki

"#]])
        .run();
    place
        .wikifarm("cookie preview docs --matrix")
        .status(2)
        .stderr(str![[r#"
error: --matrix needs two or more wikis
help: name another wiki, or no wiki to show all

"#]])
        .run();
    let preview = place.wikifarm("cookie preview trap --format json").any_stdout().run().json();
    assert_eq!(preview["wikis"], json!(["trap"]));
    assert_eq!(preview["complete"], true);
    let pairs: Vec<String> = preview["pairs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|pair| format!("{} {} {}", pair["from"], pair["to"], pair["as"]).replace('"', ""))
        .collect();
    assert_eq!(
        pairs,
        [
            "trap docs user",
            "trap docs anonymous",
            "docs trap user",
            "docs trap anonymous",
            "trap plans user",
            "trap plans anonymous",
            "plans trap user",
            "plans trap anonymous",
            "trap old user",
            "trap old anonymous",
            "old trap user",
            "old trap anonymous",
        ]
    );
}

#[test]
fn preview_names_a_login_that_is_shared_one_way_only() {
    let place = Place::farm(
        r#"
        moin = "1.9.11"

        [farm]
        user_dir = "users"
        session_dir = "sessions"
        cookie_name = "lab"

        [wikis.wide]
        url = "https://example.org/"
        cookie_domain = ".example.org"

        [wikis.narrow]
        url = "https://narrow.example.org/"
        "#,
    );
    place
        .wikifarm("cookie preview wide")
        .stdout(str![[r#"
Shared logins
  from wide to narrow, but not back

"#]])
        .run();
    place
        .wikifarm("cookie preview narrow")
        .stdout(str![[r#"
Shared logins
  from wide to narrow, but not back

"#]])
        .run();
}

/// Wikis with the same cookie name and domain, each with its own sessions.
fn many(count: usize) -> Place {
    let wikis: String = (0..count)
        .map(|n| format!("[wikis.w{n}]\nurl = \"https://w{n}.example.org/\"\ndata_dir = \"d{n}\"\n"))
        .collect();
    Place::farm(&format!(
        "moin = \"1.9.11\"\n[farm]\ncookie_domain = \".example.org\"\ncookie_name = \"lab\"\n{wikis}"
    ))
}

#[test]
fn preview_json_of_over_200_wikis_has_pairs_only_on_request() {
    let place = many(201);
    let pairs = |names: &str| {
        let words = format!("cookie preview --format json {names}");
        let preview = place.wikifarm(&words).any_stdout().run().json();
        (preview["complete"].as_bool().unwrap(), preview["pairs"].as_array().unwrap().len())
    };
    // At most two examples for each visited wiki: as a user, and without a login.
    let (complete, examples) = pairs("");
    assert!(!complete && (201..=2 * 201).contains(&examples), "{complete} {examples}");
    assert_eq!(pairs("w7"), (true, 200 * 2 * 2), "one with every other");
    assert_eq!(pairs("w7 w8 w9"), (true, 3 * 2 * 2), "among those named");
    let named: Vec<String> = (0..200).map(|n| format!("w{n}")).collect();
    assert_eq!(pairs(&named.join(" ")), (true, 200 * 199 * 2));
}

#[test]
fn preview_notes_pairs_with_another_verdict_by_rfc() {
    // In RFC 6265bis, `__Http-` is not a prefix.
    let farm = r#"
        moin = "2.0"

        [wikis.docs]
        url = "https://docs.example.org/"
        cookie_name = "__Http-lab"
        cookie_httponly = false
        secret_key_id = "k"
        user_dir = "users"

        [wikis.plans]
        url = "https://plans.example.org/"
        secret_key_id = "k"
        user_dir = "users"
    "#;
    let place = Place::farm(farm);
    place
        .wikifarm("cookie preview")
        .stdout(str![[r#"
No wikis share a login.
Problems
  nobody can log in at docs: browsers reject the cookie (http-prefix): a name
    that begins with __Http- needs Secure, https, and HttpOnly (RFC 6265bis 5.4)

"#]])
        .run();
    place
        .wikifarm("cookie preview --browser rfc")
        .stdout(str![[r#"
No wikis share a login.

"#]])
        .run();
}

#[test]
fn preview_of_named_wikis_shows_only_their_leaks() {
    let place = Place::farm(
        r#"
        moin = "1.9.11"

        [farm]
        other_hosts = ["www.example.org"]

        [wikis.wide]
        url = "https://wide.example.org/"
        cookie_domain = ".example.org"

        [wikis.narrow]
        url = "https://narrow.example.org/"
        "#,
    );
    let leaks = |names: &str| {
        place.wikifarm(&format!("cookie preview {names} --format json")).any_stdout().run().json()["leaks"]
            .clone()
    };
    assert_eq!(leaks("narrow"), json!([]));
    assert_eq!(leaks("wide")[0]["host"], "www.example.org");
    assert_eq!(leaks("wide"), leaks(""));
}
