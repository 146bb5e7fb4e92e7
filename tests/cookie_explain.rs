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
    Place::farm(FARM).wikifarm("cookie explain docs plans").stdout(str![[r#"
Logged in at docs, going to plans: shared

  docs --1-> browser --2-> plans
                           `-3-> cookie -4-> session -5-> user -6-> time

  1. the browser accepts the cookie   yes      MOIN_SESSION_lab for example.org and all below it, path /, Secure
  2. the browser sends it on          yes      plans.example.org/ is within its domain and path
  3. the other wiki looks for it      yes      both call it MOIN_SESSION_lab
  4. it finds the session             yes      both keep sessions in sessions
  5. it knows the user                yes      both keep users in users
  6. the session has not expired      yes      both read the same session, and with it the same expiry

With an anonymous session of docs, going to plans: separate

  docs --1-x browser ..2.. plans
                           `.3.. cookie .4.. session .5.. user .6.. time

  1. the browser accepts the cookie   no       docs sends no session cookie: anonymous sessions are off: their lifetime is 0
  2. the browser sends it on          -
  3. the other wiki looks for it      -
  4. it finds the session             -
  5. it knows the user                -
  6. the session has not expired      -

"#]]).run();
}

#[test]
fn explain_of_a_lost_login_stops_at_the_failing_step() {
    Place::farm(FARM).wikifarm("cookie explain docs trap").stdout(str![[r#"
Logged in at docs, going to trap: conflict

  docs --1-> browser --2-> trap
                           `-3-> cookie -4-x session .5.. user .6.. time

  1. the browser accepts the cookie   yes      MOIN_SESSION_lab for example.org and all below it, path /, Secure
  2. the browser sends it on          yes      trap.example.org/ is within its domain and path
  3. the other wiki looks for it      yes      both call it MOIN_SESSION_lab
  4. it finds the session             no       docs keeps sessions in sessions, trap in trap
  5. it knows the user                -
  6. the session has not expired      -
  effect: one visit to trap deletes the cookie and logs out of docs

With an anonymous session of docs, going to trap: separate

  docs --1-x browser ..2.. trap
                           `.3.. cookie .4.. session .5.. user .6.. time

  1. the browser accepts the cookie   no       docs sends no session cookie: anonymous sessions are off: their lifetime is 0
  2. the browser sends it on          -
  3. the other wiki looks for it      -
  4. it finds the session             -
  5. it knows the user                -
  6. the session has not expired      -

"#]]).run();
}

#[test]
fn explain_of_another_domain_stops_at_sending() {
    Place::farm(FARM).wikifarm("cookie explain docs far").stdout(str![[r#"
Logged in at docs, going to far: separate

  docs --1-> browser --2-x far
                           `.3.. cookie .4.. session .5.. user .6.. time

  1. the browser accepts the cookie   yes      MOIN_SESSION_lab for example.org and all below it, path /, Secure
  2. the browser sends it on          no       the cookie of docs is not sent to far: wiki.example.net is not within its domain example.org
  3. the other wiki looks for it      -
  4. it finds the session             -
  5. it knows the user                -
  6. the session has not expired      -

With an anonymous session of docs, going to far: separate

  docs --1-x browser ..2.. far
                           `.3.. cookie .4.. session .5.. user .6.. time

  1. the browser accepts the cookie   no       docs sends no session cookie: anonymous sessions are off: their lifetime is 0
  2. the browser sends it on          -
  3. the other wiki looks for it      -
  4. it finds the session             -
  5. it knows the user                -
  6. the session has not expired      -

"#]]).run();
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

/// Chromium turns the domain into ASCII, the draft wants it so.
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
    assert!(chromium.starts_with("Logged in at docs, going to plans: shared\n"), "{chromium}");
    assert!(chromium.contains("Firefox differs: rejected at step 1: the browser refuses"), "{chromium}");
    for one in ["firefox", "rfc"] {
        let explained = explained(&format!("cookie explain docs plans --browser {one}"));
        assert!(explained.starts_with("Logged in at docs, going to plans: rejected\n"), "{explained}");
        assert!(!explained.contains("differs"), "{explained}");
    }
    assert!(explained("cookie preview").contains("1. docs, plans"));
    assert!(explained("cookie preview --browser firefox").contains("docs: rejected, nobody can log in"));
    for (browser, outcome) in [("", "[stored]"), (" --browser firefox", "[refused: Domain must be ASCII")] {
        let acted = Place::farm(UMLAUT)
            .wikifarm(&format!("cookie simulate{browser}"))
            .arg("login docs Bob")
            .arg("visit plans")
            .any_stdout()
            .run()
            .stdout;
        assert!(acted.contains(outcome), "{acted}");
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
    assert_eq!(user["steps"][1]["title"], "the browser sends it on");
    assert_eq!(user["steps"][1]["result"], "no");
    assert_eq!(explained["cases"][1]["as"], "anonymous");
}

#[test]
fn explain_of_an_unknown_wiki_suggests_the_nearest() {
    Place::farm(FARM)
        .wikifarm("cookie explain docs plan")
        .status(2)
        .stderr(str![[r#"
error: the farm farm.toml has no wiki "plan"; did you mean "plans"?

"#]])
        .run();
}
