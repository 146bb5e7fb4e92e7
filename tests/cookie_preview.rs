//! `wikifarm cookie preview`

use serde_json::json;

use crate::support::Place;

/// Two wikis share a login, the third is a log-out trap, and the fourth is old and separate.
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
Shared logins
  docs and plans
Separate
  trap and old
Problems
  visiting trap deletes the shared cookie: users are logged out of docs and
    plans
  visiting docs or plans deletes the shared cookie: users are logged out of trap
help: `wikifarm cookie explain docs trap` shows each step

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
Shared logins
  docs and plans

"#]])
        .run();
}

#[test]
fn preview_with_a_met_share_exits_0() {
    Place::farm(&shares("\"docs\", \"plans\""))
        .wikifarm("cookie preview docs plans")
        .stdout(str![[r#"
Shared logins
  docs and plans

"#]])
        .run();
}

#[test]
fn preview_with_an_unmet_share_exits_1() {
    Place::farm(&shares("\"docs\", \"trap\""))
        .wikifarm("cookie preview docs old")
        .status(1)
        .stdout(str![[r#"
No wikis share a login.
Differs from [[share]]
  docs and trap: not shared: docs keeps sessions in sessions, trap in
    trap/sessions
  docs and plans: shared, but no [[share]] lists both

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
            "effect": "visiting trap deletes the shared cookie: users are logged out of docs"
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
No wikis share a login.
Problems
  nobody can log in at docs: browsers reject the cookie (domain-mismatch):
    Domain must be the host that sets the cookie, or a parent of it (RFC 6265bis
    5.7 step 10)

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
No wikis share a login.
Problems
  docs to own: unknown: own has a custom session_service, which can look for any
    cookie
  own to docs: unknown: own has a custom session_service, which can send any
    cookie
help: `wikifarm cookie explain docs own` shows each step

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
    assert_eq!(lines.len(), 33, "{}", matrix.stdout);
    assert!(lines.iter().all(|line| line.chars().count() <= 80), "{}", matrix.stdout);
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
Shared logins
  w001, w003, w005, w007, w009, w011, w013, w015, w017, w019, w021, w023, and
    238 more
  w002, w004, w006, w008, w010, w012, w014, w016, w018, w020, w022, w024, and
    238 more

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
error: --matrix shows at most 100 wikis, and the farm has 101
help: name up to 100 wikis

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
No wikis share a login.
Problems
  visiting one of w0, w1, w2, w3, and 26 more deletes the shared cookie: users
    are logged out of the others
help: `wikifarm cookie explain w0 w1` shows each step

"#]])
        .run();
}

#[test]
fn preview_of_one_host_shows_cookies_received_by_path() {
    // Before 1.9.1, all cookies have the same name, and each has its own path. The cookie of /wiki1 is not
    // sent to /wiki10. The cookie of / is sent to all wikis, after their own, and the last cookie counts.
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
No wikis share a login.
Problems
  logging in at root makes users of wiki1 and wiki10 anonymous: those wikis pick
    the cookie of root
  logging in at root leaves a second cookie: users are logged out of wiki1 and
    wiki10, since those wikis pick the cookie of root
help: `wikifarm cookie explain root wiki1` shows each step

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

/// `docs` accepts the login of `login`, unless somebody has visited `news` on the same host.
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
Shared logins
  docs and news
Separate
  login
Problems
  after visiting news, users who log in at login stay anonymous at news: news
    picks its own cookie, the first of two named MOIN_SESSION_lab
  after visiting news, users who log in at login stay anonymous at docs: docs
    picks the cookie of news
help: `wikifarm cookie explain login news` shows each step

"#]])
        .run();
    let preview = Place::farm(THIRD).wikifarm("cookie preview --format json").any_stdout().run().json();
    assert_eq!(
        preview["interferences"],
        json!([{
            "from": "login", "to": "docs", "by": "news",
            "effect": "after visiting news, users who log in at login stay anonymous at docs: docs picks the cookie of news"
        }])
    );
    // The simulation has the same result.
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
No wikis share a login.
Problems
  after logging in at plans, users cannot log in at docs over http: browsers
    keep the Secure cookie of plans and reject the cookie of docs
help: `wikifarm cookie explain docs plans` shows each step

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
Shared logins
  docs and plans
Via other URLs
  https://docs.example.org/ to http://docs.example.org/: separate:
    http://docs.example.org/ does not receive the cookie of
    https://docs.example.org/: the cookie is Secure, and docs.example.org is
    visited over http
  visiting https://docs.example.org/ makes the shared cookie Secure: users are
    logged out of http://docs.example.org/, since browsers send Secure cookies
    over https only
  https://plans.example.org/ to http://docs.example.org/: separate:
    http://docs.example.org/ does not receive the cookie of
    https://plans.example.org/: the cookie is Secure, and docs.example.org is
    visited over http
  visiting https://plans.example.org/ makes the shared cookie Secure: users are
    logged out of http://docs.example.org/, since browsers send Secure cookies
    over https only

"#]])
        .run();
    let preview = place.wikifarm("cookie preview --format json").any_stdout().run().json();
    assert_eq!(
        preview["by_url"][0],
        json!({
            "from": "docs", "from_url": "https://docs.example.org/",
            "to": "docs", "to_url": "http://docs.example.org/", "verdict": "separate", "step": 2,
            "reason": "http://docs.example.org/ does not receive the cookie of https://docs.example.org/: \
                       the cookie is Secure, and docs.example.org is visited over http",
            "cookie_sent": false, "effect": null
        })
    );
}
