//! `wikifarm cookie preview`

use serde_json::json;

use crate::support::Place;

/// Two wikis share, a third is a trap, a fourth is old and keeps apart.
pub(crate) const FARM: &str = r#"
    moin = "1.9.11"

    [farm]
    user_dir = "users"
    cookie_domain = ".example.org"
    cookie_name = "lab"

    [wikis.docs]
    url = "https://docs.example.org/"
    session_dir = "sessions"
    data_dir = "docs"

    [wikis.plans]
    url = "https://plans.example.org/"
    session_dir = "sessions"
    data_dir = "plans"

    [wikis.trap]
    url = "https://trap.example.org/"
    session_dir = "trap/sessions"
    data_dir = "trap"

    [wikis.old]
    moin = "1.8.7"
    url = "https://example.org/old"
    unset = ["cookie_domain", "cookie_name"]
    data_dir = "old"
"#;

fn shares(wikis: &str) -> String {
    format!("{FARM}\n    [[share]]\n    wikis = [{wikis}]\n")
}

#[test]
fn preview_prints_groups_before_pairs_that_fail() {
    Place::farm(FARM)
        .wikifarm("cookie preview")
        .stdout(str![[r#"
Wikis that share a login:
  1. docs, plans
On their own: trap, old

Pairs that do not work:
  docs, plans -> trap: conflict at step 4: one visit to trap deletes the cookie and logs out of docs
  trap -> docs, plans: conflict at step 4: one visit to docs deletes the cookie and logs out of trap

"#]])
        .run();
}

#[test]
fn preview_matrix_shows_every_pair() {
    Place::farm(FARM)
        .wikifarm("cookie preview --matrix")
        .stdout(str![[r#"
from \ to 1 2 3 4
1 docs    \ = ! .
2 plans   = \ ! .
3 trap    ! ! \ .
4 old     . . . \
= shared   . separate   ! conflict   x rejected   ~ shadowed   ? unknown

"#]])
        .run();
}

#[test]
fn preview_of_named_wikis_shows_only_their_pairs() {
    Place::farm(FARM)
        .wikifarm("cookie preview docs plans")
        .stdout(str![[r#"
Wikis that share a login:
  1. docs, plans

"#]])
        .run();
}

#[test]
fn preview_with_a_met_share_exits_0() {
    Place::farm(&shares("\"docs\", \"plans\""))
        .wikifarm("cookie preview docs plans")
        .stdout(str![[r#"
Wikis that share a login:
  1. docs, plans

"#]])
        .run();
}

#[test]
fn preview_with_an_unmet_share_exits_1() {
    Place::farm(&shares("\"docs\", \"trap\""))
        .wikifarm("cookie preview docs old")
        .status(1)
        .stdout(str![[r#"
No two wikis share a login.

Other than intended by [[share]]:
  docs -> trap: conflict at step 4: docs keeps sessions in sessions, trap in trap/sessions
  trap -> docs: conflict at step 4: trap keeps sessions in trap/sessions, docs in sessions
  docs -> plans: shared, though no [[share]] has both
  plans -> docs: shared, though no [[share]] has both

"#]])
        .run();
}

#[test]
fn preview_json_has_wikis_groups_and_pairs() {
    let preview =
        Place::farm(FARM).wikifarm("cookie preview docs trap --format json").any_stdout().run().json();
    assert_eq!(preview["wikis"], json!(["docs", "trap"]));
    assert_eq!(preview["groups"], json!([]));
    assert_eq!(preview["complete"], true);
    assert_eq!(preview["disagreements"], json!([]));
    assert_eq!(preview["pairs"].as_array().unwrap().len(), 4);
    assert_eq!(
        preview["pairs"][0],
        json!({
            "from": "docs", "to": "trap", "as": "user", "verdict": "conflict", "step": 4,
            "reason": "docs keeps sessions in sessions, trap in trap/sessions", "cookie_sent": true,
            "effect": "one visit to trap deletes the cookie and logs out of docs"
        })
    );
}

#[test]
fn preview_names_a_cookie_that_browsers_reject() {
    Place::farm(
        r#"
        moin = "1.9.11"

        [wikis.docs]
        url = "https://docs.example.org/"
        cookie_domain = ".example.com"

        [wikis.plans]
        url = "https://plans.example.org/"
        "#,
    )
    .wikifarm("cookie preview")
    .stdout(str![[r#"
No two wikis share a login.

Pairs that do not work:
  docs: rejected, nobody can log in: the browser refuses the cookie of docs (domain-mismatch): Domain must be the host that sets the cookie, or a parent of it (RFC 6265bis 5.7 step 10)

"#]])
    .run();
}

#[test]
fn preview_of_a_custom_handler_is_unknown() {
    Place::farm(
        r#"
        moin = "1.9.11"

        [farm]
        cookie_domain = ".example.org"
        cookie_name = "lab"

        [wikis.docs]
        url = "https://docs.example.org/"

        [wikis.own]
        url = "https://own.example.org/"
        session_service = "custom"
        "#,
    )
    .wikifarm("cookie preview")
    .stdout(str![[r#"
No two wikis share a login.

Pairs that do not work:
  docs -> own: unknown at step 3: own has its own session_service: nobody can say what it looks for
  own -> docs: unknown at step 1: own has its own session_service: nobody can say what cookie it sends

"#]])
    .run();
}

#[test]
fn preview_matrix_of_30_wikis_fits_the_width() {
    let wiki = |number| format!("[wikis.wiki{number}]\nurl = \"https://wiki{number}.example.org/\"\n");
    let farm: String = (1..=30).map(wiki).collect();
    let matrix = Place::farm(&format!("moin = \"1.9.11\"\n{farm}"))
        .wikifarm("cookie preview --matrix")
        .any_stdout()
        .run();
    let lines: Vec<&str> = matrix.stdout.lines().collect();
    assert_eq!(lines.len(), 32, "{}", matrix.stdout);
    assert!(lines.iter().all(|line| line.chars().count() <= 110), "{}", matrix.stdout);
}

#[test]
fn preview_of_500_wikis_prints_groups() {
    let wiki = |number| {
        let name = if number % 2 == 0 { "even" } else { "odd" };
        format!(
            "[wikis.w{number:03}]\nurl = \"https://w{number:03}.example.org/\"\ncookie_name = \"{name}\"\n\
             session_dir = \"{name}\"\n"
        )
    };
    let farm: String = (1..=500).map(wiki).collect();
    let farm =
        format!("moin = \"1.9.11\"\n[farm]\nuser_dir = \"u\"\ncookie_domain = \".example.org\"\n{farm}");
    Place::farm(&farm)
        .wikifarm("cookie preview")
        .stdout(str![[r#"
Wikis that share a login:
  1. w001, w003, w005, w007, w009, w011, w013, w015, w017, w019, w021, w023 and 238 more
  2. w002, w004, w006, w008, w010, w012, w014, w016, w018, w020, w022, w024 and 238 more

"#]])
        .run();
}

#[test]
fn preview_matrix_of_101_wikis_is_refused() {
    let wikis: String =
        (0..101).map(|n| format!("[wikis.w{n}]\nurl = \"https://w{n}.example.org/\"\n")).collect();
    Place::farm(&wikis)
        .wikifarm("cookie preview --matrix")
        .status(2)
        .stderr(str![[r#"
error: a grid of 101 wikis can't be read: name up to 100 of them

"#]])
        .run();
}

#[test]
fn preview_prints_one_line_for_many_wikis_with_one_problem() {
    let wikis: String = (0..30)
        .map(|n| format!("[wikis.w{n}]\nurl = \"https://w{n}.example.org/\"\ndata_dir = \"d{n}\"\n"))
        .collect();
    let farm = format!(
        "moin = \"1.9.11\"\n[farm]\ncookie_domain = \".example.org\"\ncookie_name = \"lab\"\n{wikis}"
    );
    Place::farm(&farm)
        .wikifarm("cookie preview")
        .stdout(str![[r#"
No two wikis share a login.

Pairs that do not work:
  w0, w1, w2, w3 and 26 more -> w0, w1, w2, w3 and 26 more: conflict at step 4: one visit to w1 deletes the cookie and logs out of w0

"#]])
        .run();
}

#[test]
fn preview_of_one_host_shows_cookies_received_by_path() {
    // Before 1.9.1 all have one name, and each its own path: that of /wiki1 does not come to /wiki10, that of / comes to
    // all, behind their own, and the last one counts.
    let place = Place::farm(
        r#"
        moin = "1.8.7"

        [wikis.root]
        url = "https://example.org/"
        data_dir = "root"

        [wikis.wiki1]
        url = "https://example.org/wiki1"
        data_dir = "wiki1"

        [wikis.wiki10]
        url = "https://example.org/wiki10"
        data_dir = "wiki10"
        "#,
    );
    place
        .wikifarm("cookie preview")
        .stdout(str![[r#"
No two wikis share a login.

Pairs that do not work:
  root -> wiki1: conflict at step 4: whoever is logged in at wiki1 and then logs in at root is anonymous at wiki1: it takes the other cookie
  root -> wiki10: conflict at step 4: whoever is logged in at wiki10 and then logs in at root is anonymous at wiki10: it takes the other cookie
  wiki1 -> root: conflict at step 2: a login at root leaves a cookie that wiki1 takes for its own, and logs out of wiki1
  wiki10 -> root: conflict at step 2: a login at root leaves a cookie that wiki10 takes for its own, and logs out of wiki10

"#]])
        .run();
    place
        .wikifarm("cookie preview --matrix wiki1 wiki10")
        .stdout(str![[r#"
from \ to 1 2
1 wiki1   \ .
2 wiki10  . \
= shared   . separate   ! conflict   x rejected   ~ shadowed   ? unknown

"#]])
        .run();
}

/// `docs` takes the login of `login`, unless somebody was at `news` on the same host.
const THIRD: &str = r#"
    moin = "1.9.11"

    [farm]
    user_dir = "users"
    session_dir = "sessions"
    cookie_name = "lab"

    [wikis.login]
    url = "https://login.example.org/"
    cookie_domain = ".example.org"

    [wikis.docs]
    url = "https://example.org/docs"

    [wikis.news]
    url = "https://example.org/news"
    cookie_lifetime = [2, 12]
"#;

#[test]
fn preview_shows_a_third_wiki_that_interferes() {
    Place::farm(THIRD)
        .wikifarm("cookie preview")
        .stdout(str![[r#"
Wikis that share a login:
  1. docs, news
On their own: login

Pairs that do not work:
  login -> news: shadowed at step 3: news takes the first of two cookies named MOIN_SESSION_lab, which is its own if somebody was there before
  whoever has been at news and logs in at login is anonymous at docs: it takes the cookie of news

"#]])
        .run();
    let preview = Place::farm(THIRD).wikifarm("cookie preview --format json").any_stdout().run().json();
    assert_eq!(
        preview["thirds"],
        json!([{
            "from": "login", "to": "docs", "by": "news",
            "effect": "whoever has been at news and logs in at login is anonymous at docs: it takes the cookie of news"
        }])
    );
    // As the simulation has it, which the preview is made of.
    Place::farm(THIRD)
        .wikifarm("cookie simulate -q")
        .arg("visit news")
        .arg("visit news")
        .arg("login login Bob")
        .arg("expect login Bob")
        .arg("expect docs anonymous")
        .stdout(str![[r#"
2 of 2 expectations met

"#]])
        .any_stderr()
        .run();
}

#[test]
fn preview_shows_a_secure_cookie_that_blocks_a_wiki_over_http() {
    Place::farm(
        r#"
        moin = "1.9.11"

        [farm]
        cookie_name = "lab"

        [wikis.docs]
        url = "http://docs.example.org/"
        data_dir = "docs"

        [wikis.plans]
        url = "https://plans.example.org/"
        cookie_domain = ".example.org"
        data_dir = "plans"
        "#,
    )
    .wikifarm("cookie preview")
    .stdout(str![[r#"
No two wikis share a login.

Pairs that do not work:
  docs -> plans: conflict at step 2: whoever is logged in at plans can't log in at docs over http: the browser keeps the Secure cookie of plans and refuses that of docs

"#]])
    .run();
}

#[test]
fn preview_of_a_wiki_with_aliases_predicts_each_url() {
    let place = Place::farm(
        r#"
        moin = "1.9.11"

        [farm]
        user_dir = "users"
        session_dir = "sessions"
        cookie_name = "lab"
        cookie_domain = ".example.org"

        [wikis.docs]
        url = "https://docs.example.org/"
        aliases = ["http://docs.example.org/", "https://docs.example.org:8443/"]

        [wikis.plans]
        url = "https://plans.example.org/"
        "#,
    );
    place
        .wikifarm("cookie preview")
        .stdout(str![[r#"
Wikis that share a login:
  1. docs, plans

By other addresses of the wikis:
  https://docs.example.org/ -> http://docs.example.org/: separate at step 2: the cookie of https://docs.example.org/ is not sent to http://docs.example.org/: it is Secure, and docs.example.org is visited over http
  http://docs.example.org/ -> https://docs.example.org/: conflict: one visit to https://docs.example.org/ makes the cookie Secure: the browser no longer sends it to http://docs.example.org/, which is visited over http
  https://plans.example.org/ -> http://docs.example.org/: separate at step 2: the cookie of https://plans.example.org/ is not sent to http://docs.example.org/: it is Secure, and docs.example.org is visited over http
  http://docs.example.org/ -> https://plans.example.org/: conflict: one visit to https://plans.example.org/ makes the cookie Secure: the browser no longer sends it to http://docs.example.org/, which is visited over http

"#]])
        .run();
    let preview = place.wikifarm("cookie preview --format json").any_stdout().run().json();
    assert_eq!(
        preview["by_address"][0],
        json!({
            "from": "docs", "from_url": "https://docs.example.org/",
            "to": "docs", "to_url": "http://docs.example.org/", "verdict": "separate", "step": 2,
            "reason": "the cookie of https://docs.example.org/ is not sent to http://docs.example.org/: it is Secure, and docs.example.org \
                       is visited over http",
            "cookie_sent": false, "effect": null
        })
    );
}
