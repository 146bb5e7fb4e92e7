//! `wikifarm cookie diff OLD NEW`

use serde_json::json;

use crate::support::{Place, Session, unwrapped};

/// A farm whose wikis limit their cookies to their own paths.
const OLD: &str = r#"
    moin = "1.9.11"

    [farm]
    user_dir = "users"
    session_dir = "sessions"
    cookie_name = "farm"

    [wikis.alpha]
    url = "https://example.org/alpha"
    data_dir = "alpha"
    cookie_path = "/alpha"

    [wikis.beta]
    url = "https://example.org/beta"
    data_dir = "beta"
    cookie_path = "/beta"
"#;

const AT: &str = "--now 2026-11-24T00:00:00Z";

/// The farm, and the result of these replacements as `new.toml`.
fn change(replacements: &[(&str, &str)]) -> Place {
    let mut new = OLD.to_owned();
    for (from, to) in replacements {
        assert!(new.contains(from), "{from}");
        new = new.replace(from, to);
    }
    let new: String = new.lines().map(|line| format!("{}\n", line.trim())).collect();
    Place::farm(OLD).file("new.toml", new)
}

/// A farm that changes to one login for all of example.org.
fn widened() -> Place {
    change(&[("\"/alpha\"", "\"/\""), ("\"/beta\"", "\"/\"")])
}

#[test]
fn diff_with_a_wider_path_shows_the_old_cookie_before_the_new_one() {
    widened()
        .wikifarm(&format!("cookie diff farm.toml new.toml {AT}"))
        .stdout(str![[r#"
alpha and beta
  users with "remember me" keep their session, with the old cookie (until
    2027-12-29T00:04:00Z, when the last old cookie expires)
  users without "remember me" keep their session, with the old cookie (until
    2026-11-24T12:04:00Z, when the last old cookie expires)
  users with "remember me" here and at another wiki cannot log out: logging out
    deletes the new cookie, but the old one still opens a session (until
    2027-12-29T00:06:00Z, when the last old cookie expires)
  example     alpha
  setting     cookie_path: "/alpha" -> "/"
  old cookie  MOIN_SESSION_farm for example.org only, path /alpha, Secure
  new cookie  MOIN_SESSION_farm for example.org only, path /, Secure
  browsers send these cookies, in this order
    1. old: MOIN_SESSION_farm for example.org only, path /alpha, Secure
       (MoinMoin 1.9.11 picks this one)
    2. new: MOIN_SESSION_farm for example.org only, path /, Secure

beta now shares a login with alpha
help: let the web server delete the old cookies until 2027-12-29T00:06:00Z, when
  the last old cookie expires
  result: users stay logged in; no problem remains
  nginx (a block with its own add_header does not inherit these lines):
    # https://example.org/alpha/
    add_header Set-Cookie "MOIN_SESSION_farm=; Path=/alpha; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Secure" always;
    # https://example.org/beta/
    add_header Set-Cookie "MOIN_SESSION_farm=; Path=/beta; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Secure" always;
  Apache (mod_headers):
    # https://example.org/alpha/
    Header always add Set-Cookie "MOIN_SESSION_farm=; Path=/alpha; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Secure"
    # https://example.org/beta/
    Header always add Set-Cookie "MOIN_SESSION_farm=; Path=/beta; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Secure"
help: use a cookie name that no browser knows
  result: users log in once; no problem remains
  cookie_name = "farm_2" for alpha and beta (the cookie is MOIN_SESSION_farm_2)
farm.toml -> new.toml: users cannot log out and old cookies hide new ones at 2
  of 2 URLs

"#]])
        .run();
}

#[test]
fn diff_markdown_fits_a_merge_request() {
    widened()
        .wikifarm(&format!("cookie diff farm.toml new.toml {AT} --format markdown"))
        .stdout(str![[r###"
## Effects of this change on users

`farm.toml` → `new.toml`: **users cannot log out and old cookies hide new ones at 2 of 2 URLs.**

### alpha and beta

Settings and cookies of `alpha`:

- `cookie_path`: `"/alpha"` → `"/"`

| users | effect | how long |
|---|---|---|
| users with "remember me" | keep their session, with the old cookie | until 2027-12-29T00:04:00Z, when the last old cookie expires |
| users without "remember me" | keep their session, with the old cookie | until 2026-11-24T12:04:00Z, when the last old cookie expires |
| users with "remember me" here and at another wiki | cannot log out: logging out deletes the new cookie, but the old one still opens a session | until 2027-12-29T00:06:00Z, when the last old cookie expires |

The browsers of users with "remember me" send these cookies, in this order:

1. old: MOIN\_SESSION\_farm for example.org only, path /alpha, Secure (MoinMoin 1.9.11 picks this one)
2. new: MOIN\_SESSION\_farm for example.org only, path /, Secure

beta now shares a login with alpha.

### Suggestion: delete the old cookies

Let the web server send these headers until 2027-12-29T00:06:00Z, when the last old cookie expires. Result: users stay logged in; no problem remains.

```nginx
# https://example.org/alpha/
add_header Set-Cookie "MOIN_SESSION_farm=; Path=/alpha; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Secure" always;
# https://example.org/beta/
add_header Set-Cookie "MOIN_SESSION_farm=; Path=/beta; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Secure" always;
```

```apache
# https://example.org/alpha/
Header always add Set-Cookie "MOIN_SESSION_farm=; Path=/alpha; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Secure"
# https://example.org/beta/
Header always add Set-Cookie "MOIN_SESSION_farm=; Path=/beta; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Secure"
```

### Suggestion: use a cookie name that no browser knows

Result: users log in once; no problem remains.

- cookie\_name = "farm\_2" for alpha and beta (the cookie is MOIN\_SESSION\_farm\_2)

"###]])
        .run();
}

#[test]
fn diff_without_changes_prints_one_line() {
    change(&[])
        .wikifarm("cookie diff farm.toml new.toml --fail-on-impact")
        .stdout(str![[r#"
farm.toml -> new.toml: nobody is logged out, and no old cookie hides a new one

"#]])
        .run();
}

#[test]
fn diff_by_firefox_shows_other_effects_than_by_chromium() {
    // Chromium converts the domain to ASCII, and Firefox rejects it.
    let place = change(&[
        ("cookie_path = \"/alpha\"", "cookie_domain = \"b\\u00fccher.example\""),
        ("example.org/alpha", "b\\u00fccher.example/alpha"),
    ]);
    let run = |browser: &str| place.wikifarm(&format!("cookie diff farm.toml new.toml {AT}{browser}"));
    let shown = |browser: &str| run(browser).any_stdout().run().stdout;
    assert!(
        !shown(" --browser chromium").contains("cannot log in, even"),
        "{}",
        shown(" --browser chromium")
    );
    assert!(shown(" --browser firefox").contains("cannot log in, even"), "{}", shown(" --browser firefox"));
    let line =
        "Firefox differs at alpha: users with \"remember me\" cannot log in, even with a fresh browser";
    let both = shown("").split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(both.contains(line), "{both}");
    let cause =
        "difference domain-non-ascii: Domain in raw UTF-8. Chromium: converted by IDNA. Firefox: rejected";
    assert_eq!(both.matches(cause).count(), 1, "{both}");
    let markdown = run(" --format markdown").any_stdout().run().stdout;
    assert!(markdown.contains(&format!("\n{cause}.\n")), "{markdown}");
    let json = run(" --format json").any_stdout().run().json();
    assert_eq!(json["differs"][0]["browsers"], json!(["firefox"]));
    for differs in json["differs"].as_array().unwrap() {
        assert_eq!(differs["differences"], json!(["domain-non-ascii"]), "{differs}");
    }
    assert_eq!((&json["differs"][0]["wiki"], &json["impact"]), (&json!("alpha"), &json!(true)));
}

#[test]
fn diff_with_an_impact_exits_1_only_with_fail_on_impact() {
    let place = change(&[("\"farm\"", "\"other\"")]);
    place.wikifarm("cookie diff farm.toml new.toml").any_stdout().status(0).run();
    place.wikifarm("cookie diff farm.toml new.toml --fail-on-impact").any_stdout().status(1).run();
}

#[test]
fn diff_counts_sessions_that_no_wiki_finds_any_more() {
    change(&[("\"sessions\"", "\"elsewhere\"")])
        .session("sessions", Session::new('a').user("1.1.1").expires(1_800_000_000))
        .session("sessions", Session::new('b').expires(1_800_000_000))
        .session("sessions", Session::new('c').user("1.1.1").expires(1_700_000_000))
        .wikifarm(&format!("cookie diff farm.toml new.toml {AT}"))
        .stdout(str![[r#"
alpha and beta
  users with "remember me" and users without "remember me" are logged out once:
    the wiki looks for sessions in elsewhere, but they are in sessions
  example     alpha
  setting     session_dir: "sessions" -> "elsewhere"
  cookie      MOIN_SESSION_farm for example.org only, path /alpha, Secure

sessions: no wiki finds the sessions of alpha and beta any more: 2 live
  sessions, 1 logged in
farm.toml -> new.toml: users are logged out at 2 of 2 URLs

"#]])
        .run();
}

#[test]
fn diff_names_wikis_added_removed_or_unknown() {
    change(&[
        ("[wikis.beta]", "[wikis.gamma]"),
        ("https://example.org/beta", "https://gamma.example.org/"),
        ("cookie_path = \"/alpha\"", "cookie_path = \"/alpha\"\nsession_service = \"custom\""),
    ])
    .wikifarm("cookie diff farm.toml new.toml --fail-on-impact")
    .status(1)
    .stdout(str![[r#"
alpha: unknown: alpha has a custom session_service
added: gamma
removed: beta
farm.toml -> new.toml: no wiki can be compared
help: in new.toml, set cookie_path = "/" in gamma, so that wikis share logins as
        intended

"#]])
    .run();
}

#[test]
fn diff_json_has_every_case_with_cookies_and_fixes() {
    let diff = widened()
        .wikifarm(&format!("cookie diff farm.toml new.toml {AT} --format json"))
        .any_stdout()
        .run()
        .json();
    assert_eq!(diff["impact"], true);
    let group = &diff["groups"][0];
    assert_eq!(
        group["wikis"],
        json!([
            {"old": "alpha", "new": "alpha", "url": "https://example.org/alpha/"},
            {"old": "beta", "new": "beta", "url": "https://example.org/beta/"}
        ])
    );
    assert_eq!(group["changes"], json!([{"setting": "cookie_path", "old": "\"/alpha\"", "new": "\"/\""}]));
    let cookie = |path: &str, old: bool, picked: bool| {
        json!({"name": "MOIN_SESSION_farm", "domain": "example.org", "host_only": true, "path": path, "secure": true,
               "old": old, "picked": picked})
    };
    assert_eq!(
        group["cases"][0],
        json!({"as": "remember", "way": "back", "verdict": "kept", "reason": "none", "explanation": "",
               "cookies": [cookie("/alpha", true, true), cookie("/", false, false)], "shadowed": true,
               "until": 1_830_038_640.0, "until_at": "2027-12-29T00:04:00Z"})
    );
    assert_eq!(diff["suggestions"]["with_deletions"], json!({"verdict": "kept", "shadowed": false}));
    assert_eq!(diff["suggestions"]["deletions"][0]["url"], "https://example.org/alpha/");
}

#[test]
fn diff_with_a_bad_farm_file_names_it() {
    Place::farm(OLD)
        .file("new.toml", "[wikis.a]\nurl = 7\n")
        .wikifarm("cookie diff farm.toml new.toml")
        .status(2)
        .stderr(str![[r#"
error[wrong-type]: url must be a URL such as "https://wiki.example.org/", not an
                   integer
 --> new.toml:2:7
  |
2 | url = 7
  |       ^

error: new.toml: the farm file has errors
help: correct the errors above; `wikifarm config check` lists all findings

"#]])
        .run();
}

#[test]
fn diff_that_ends_a_shared_login_names_the_wikis() {
    let place = widened();
    let json = place
        .wikifarm(&format!("cookie diff new.toml farm.toml {AT} --format json"))
        .any_stdout()
        .run()
        .json();
    assert_eq!(json["no_longer_shared"], json!([[["alpha"], ["beta"]]]));
    assert_eq!(json["newly_shared"], json!([]));
    let shown = |words: &str| place.wikifarm(&format!("cookie diff {words} {AT}")).any_stdout().run().stdout;
    assert!(shown("farm.toml new.toml").contains("\nbeta now shares a login with alpha\n"));
    assert!(shown("new.toml farm.toml").contains("\nbeta no longer shares a login with alpha\n"));
    assert!(!shown("new.toml new.toml").contains(" a login with "));
}

#[test]
fn diff_reads_relative_paths_of_both_files_from_the_directory_of_the_old_file() {
    let place = Place::farm(OLD).file("candidate/farm.toml", OLD);
    place
        .wikifarm(&format!("cookie diff farm.toml candidate/farm.toml {AT}"))
        .stdout(str![[r#"
farm.toml -> candidate/farm.toml: nobody is logged out, and no old cookie hides
  a new one

"#]])
        .stderr(str![[r#"
candidate/farm.toml: relative paths are read from the directory of farm.toml

"#]])
        .run();
}

#[test]
fn diff_without_share_in_the_new_file_keeps_the_shares_of_the_old_one() {
    let wikis = |share: &str, name: &str| {
        format!(
            "moin = \"1.9.11\"\n[farm]\nuser_dir = \"users\"\nsession_dir = \"s\"\ncookie_domain = \".example.org\"\n\
             cookie_name = \"lab\"\n[wikis.a]\nurl = \"https://a.example.org/\"\n[wikis.b]\n\
             url = \"https://b.example.org/\"\n[wikis.c]\nurl = \"https://c.example.org/\"\ncookie_name = \"{name}\"\n{share}"
        )
    };
    let help = |old: &str, new: &str| {
        let place = Place::farm(old).file("new.toml", new);
        let shown = place.wikifarm(&format!("cookie diff farm.toml new.toml {AT}")).any_stdout().run().stdout;
        let lines = shown.lines().skip_while(|line| !line.starts_with("help: in new.toml"));
        lines.take_while(|line| line.starts_with(['h', ' '])).map(str::trim).collect::<Vec<_>>().join(" ")
    };
    let share = "[[share]]\nwikis = [\"a\", \"b\"]\n";
    let (old, apart) = (wikis("", "lab"), wikis("", "c"));
    // The old file says nothing: all three share a login before the change.
    assert_eq!(
        help(&old, &apart),
        "help: in new.toml, set cookie_name = \"lab\" in c, so that wikis that share a login before the change keep it"
    );
    // The old file intends a login of a and b only.
    assert_eq!(help(&wikis(share, "lab"), &apart), "");
    let broken =
        apart.replace("https://b.example.org/\"\n", "https://b.example.org/\"\ncookie_name = \"b\"\n");
    assert_eq!(
        help(&wikis(share, "lab"), &broken),
        "help: in new.toml, set cookie_name = \"lab\" in b, so that wikis share logins as the [[share]] of farm.toml intends"
    );
    assert_eq!(
        help(&wikis("", "lab"), &format!("{broken}{share}")),
        "help: in new.toml, set cookie_name = \"lab\" in b, so that wikis share logins as intended"
    );
}

#[test]
fn diff_names_the_wiki_whose_users_a_deletion_would_log_out() {
    let place = Place::farm(&plain_and_safe("x")).file("new.toml", plain_and_safe("y"));
    let diff = place.wikifarm(&format!("cookie diff farm.toml new.toml {AT}")).any_stdout().run().stdout;
    let line = "no header can delete this old cookie without logging users out of plain, which sets a cookie with the same \
                name, domain, and path: MOIN_SESSION_x for a.example.org only, path /, Secure";
    assert!(unwrapped(&diff).contains(line), "{diff}");
    let json = place.wikifarm("cookie diff farm.toml new.toml --format json").any_stdout().run().json();
    assert_eq!(json["suggestions"]["undeletable"][0]["used_by"], json!(["plain"]));
}

/// Two wikis with one cookie name: `plain` over http, and the other over https, whose cookie name is `name`.
fn plain_and_safe(name: &str) -> String {
    format!(
        r#"
        moin = "1.9.11"

        [wikis.plain]
        url = "http://a.example.org/w/v"
        data_dir = "plain"
        cookie_name = "x"

        [wikis.safe]
        url = "https://a.example.org/"
        data_dir = "safe"
        cookie_name = "{name}"
        "#
    )
}

#[test]
fn diff_shows_users_whom_simulate_shows_anonymous_after_a_login() {
    let place = Place::farm(&plain_and_safe("x")).file("new.toml", plain_and_safe("y")).file(
        "script",
        "login safe Ann\nreconfigure new.toml\nlogin plain Ann\nvisit plain\nexpect plain Ann\n",
    );
    let simulated = place.wikifarm("cookie simulate script").any_stdout().status(1).run().stdout;
    assert!(simulated.contains("NOT MET  expected Ann, found anonymous"), "{simulated}");
    for browser in ["chromium", "firefox"] {
        let words = format!("cookie diff farm.toml new.toml --browser {browser} {AT}");
        let diff = place.wikifarm(&words).any_stdout().run().stdout;
        assert!(diff.contains("users with \"remember me\" at safe are stuck at login"), "{diff}");
        assert!(diff.contains("MOIN_SESSION_x for a.example.org only, path /, Secure"), "{diff}");
    }
    let suggested = place.wikifarm("cookie suggest").any_stdout().run().stdout;
    assert!(
        suggested.contains("- old cookies cause problems at plain until they are deleted"),
        "{suggested}"
    );
}

#[test]
fn diff_does_not_suggest_cookie_settings_against_a_clock() {
    let old = plain_and_safe("x").replace("http://a.example.org/w/v", "https://b.example.org/");
    let old = old.replace("data_dir = \"plain\"", "data_dir = \"safe\"");
    let old = old.replace("data_dir", "cookie_domain = \".example.org\"\ndata_dir");
    let new = old.replace("[wikis.safe]", "[wikis.safe]\nclock_skew = 99999999");
    let place = Place::farm(&old).file("new.toml", new);
    let diff = place.wikifarm(&format!("cookie diff farm.toml new.toml {AT}")).any_stdout().run().stdout;
    assert!(diff.contains(" no longer shares a login with "), "{diff}");
    assert!(!diff.contains("help: in new.toml"), "{diff}");
}
