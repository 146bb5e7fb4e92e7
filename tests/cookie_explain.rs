//! `wikifarm cookie explain FROM TO`

use serde_json::json;

use crate::support::Place;

const FARM: &str = r#"
    moin = "1.9.11"

    [farm]
    user_dir = "users"
    cookie_domain = ".example.org"
    cookie_name = "lab"
    session_dir = "sessions"

    [wikis.docs]
    url = "https://docs.example.org/"

    [wikis.plans]
    url = "https://plans.example.org/"

    [wikis.trap]
    url = "https://trap.example.org/"
    session_dir = "trap"

    [wikis.far]
    url = "https://wiki.example.net/"
    cookie_domain = ".example.net"
"#;

#[test]
fn explain_of_a_shared_login_passes_all_six_steps() {
    Place::farm(FARM)
        .wikifarm("cookie explain docs plans")
        .stdout(str![[r#"
Users logged in at docs who go to plans: shared

  docs ──1─▶ browser ──2─▶ plans
                           └─3─▶ cookie ─4─▶ session ─5─▶ user ─6─▶ time

  1. yes the browser accepts the cookie: MOIN_SESSION_lab for example.org and
         its subdomains, path /, Secure
  2. yes the browser sends the cookie to plans: plans.example.org/ is within the
         domain and the path of the cookie
  3. yes plans looks for the cookie: both use the name MOIN_SESSION_lab
  4. yes plans finds the session: both keep sessions in sessions
  5. yes plans knows the user: both keep users in users
  6. yes the session has not expired: both read the expiry of the same session

Anonymous visitors of docs who go to plans: separate
  1. no the browser accepts the cookie: docs sends no session cookie: anonymous
        sessions are off (lifetime 0)

"#]])
        .run();
}

#[test]
fn explain_of_a_lost_login_stops_at_the_failing_step() {
    Place::farm(FARM)
        .wikifarm("cookie explain docs trap")
        .stdout(str![[r#"
Users logged in at docs who go to trap: conflict
  visiting trap deletes the shared cookie: users are logged out of docs

  docs ──1─▶ browser ──2─▶ trap
                           └─3─▶ cookie ─4─✗ session ┄5┄┄ user ┄6┄┄ time

  1. yes the browser accepts the cookie: MOIN_SESSION_lab for example.org and
         its subdomains, path /, Secure
  2. yes the browser sends the cookie to trap: trap.example.org/ is within the
         domain and the path of the cookie
  3. yes trap looks for the cookie: both use the name MOIN_SESSION_lab
  4. no  trap finds the session: docs keeps sessions in sessions, trap in trap

Anonymous visitors of docs who go to trap: separate
  1. no the browser accepts the cookie: docs sends no session cookie: anonymous
        sessions are off (lifetime 0)

"#]])
        .run();
}

#[test]
fn explain_of_another_domain_stops_at_sending() {
    Place::farm(FARM)
        .wikifarm("cookie explain docs far")
        .stdout(str![[r#"
Users logged in at docs who go to far: separate

  docs ──1─▶ browser ──2─✗ far
                           └┄3┄┄ cookie ┄4┄┄ session ┄5┄┄ user ┄6┄┄ time

  1. yes the browser accepts the cookie: MOIN_SESSION_lab for example.org and
         its subdomains, path /, Secure
  2. no  the browser sends the cookie to far: far does not receive the cookie of
         docs: wiki.example.net is outside the domain example.org of the cookie

Anonymous visitors of docs who go to far: separate
  1. no the browser accepts the cookie: docs sends no session cookie: anonymous
        sessions are off (lifetime 0)

"#]])
        .run();
}

#[test]
fn explain_in_a_utf_8_locale_draws_with_line_characters() {
    for (locale, line) in [
        ("C.UTF-8", "docs ──1─▶ browser ──2─▶ trap"),
        ("en_GB.utf8", "└─3─▶ cookie ─4─✗ session ┄5┄┄ user ┄6┄┄ time"),
        ("C", "`-3-> cookie -4-x session .5.. user .6.. time"),
    ] {
        let explained =
            Place::farm(FARM).wikifarm("cookie explain docs trap").env("LC_ALL", locale).any_stdout().run();
        assert!(explained.stdout.contains(line), "{locale}: {}", explained.stdout);
    }
}

/// A domain that Chromium converts to ASCII. The RFC requires ASCII.
const UMLAUT: &str = r#"
    moin = "1.9.11"

    [farm]
    user_dir = "users"
    session_dir = "sessions"
    cookie_name = "lab"
    cookie_domain = "b\u00fccher.example"

    [wikis.docs]
    url = "https://docs.b\u00fccher.example/"

    [wikis.plans]
    url = "https://plans.b\u00fccher.example/"
"#;

#[test]
fn explain_notes_if_firefox_differs_from_chromium() {
    let explained = |command: &str| Place::farm(UMLAUT).wikifarm(command).any_stdout().run().stdout;
    let chromium = explained("cookie explain docs plans");
    assert!(chromium.starts_with("Users logged in at docs who go to plans: shared\n"), "{chromium}");
    assert!(chromium.contains("Firefox differs: rejected: browsers reject the cookie of docs"), "{chromium}");
    for one in ["firefox", "rfc"] {
        let explained = explained(&format!("cookie explain docs plans --browser {one}"));
        assert!(explained.starts_with("Users logged in at docs who go to plans: rejected\n"), "{explained}");
        assert!(!explained.contains("differs"), "{explained}");
    }
    assert!(explained("cookie preview").contains("docs and plans"));
    assert!(explained("cookie preview --browser firefox").contains("nobody can log in at docs"));
    for (browser, outcome) in [("", "[stored]"), (" --browser firefox", "[rejected: Domain must be ASCII")] {
        let acted = Place::farm(UMLAUT)
            .wikifarm(&format!("cookie simulate{browser}"))
            .arg("login docs Bob")
            .arg("visit plans")
            .any_stdout()
            .run()
            .stdout;
        assert!(acted.split_whitespace().collect::<Vec<_>>().join(" ").contains(outcome), "{acted}");
    }
}

#[test]
fn explain_json_has_the_steps() {
    let explained =
        Place::farm(FARM).wikifarm("cookie explain docs far --format json").any_stdout().run().json();
    assert_eq!(explained["from"], "docs");
    assert_eq!(explained["to"], "far");
    let user = &explained["cases"][0];
    assert_eq!(user["as"], "user");
    assert_eq!(user["verdict"], "separate");
    assert_eq!(user["step"], 2);
    assert_eq!(user["cookie_sent"], false);
    assert_eq!(user["effect"], json!(null));
    assert_eq!(user["steps"][1]["title"], "the browser sends the cookie to the other wiki");
    assert_eq!(user["steps"][1]["result"], "no");
    assert_eq!(explained["cases"][1]["as"], "anonymous");
}

#[test]
fn explain_of_an_unknown_wiki_suggests_the_nearest() {
    Place::farm(FARM)
        .wikifarm("cookie explain docs plan")
        .status(2)
        .stderr(str![[r#"
error: farm.toml: no wiki "plan"
help: did you mean "plans"?

"#]])
        .run();
}

#[test]
fn explain_shows_a_new_login_that_only_one_browser_loses() {
    let place = Place::farm(
        "[farm]\ncookie_path = \"/\"\ncookie_name = \"lab\"\n\
         [wikis.new]\nmoin = \"1.9.0\"\nurl = \"https://new.example.org/\"\ndata_dir = \"new\"\n\
         [wikis.old]\nmoin = \"1.8.7\"\nurl = \"https://old.example.org/\"\ndata_dir = \"old\"\n\
         cookie_domain = \".example.org\"\n",
    );
    let explained = |browser: &str| {
        let command = format!("cookie explain new old {browser}");
        place.wikifarm(&command).any_stdout().run().stdout.replace('\n', " ")
    };
    let line = "users who log in at new, at old, and again at new are";
    let lost = "anonymous at new, which picks the cookie of old";
    let both = format!("{line} logged in at both (Chromium), {lost} (Firefox)");
    assert!(explained("").contains(&both), "{}", explained(""));
    assert!(explained("--browser firefox").contains(&format!("{line} {lost}")));
    assert!(!explained("--browser chromium").contains(line));
}
