//! `wikifarm cookie simulate [SCRIPT|STEP]...`

use serde_json::json;

use crate::support::Place;

const FARM: &str = r#"
    moin = "1.9.11"

    [farm]
    user_dir = "users"
    cookie_domain = ".example.org"
    cookie_name = "lab"
    session_dir = "sessions"
    superuser = ["Ada"]
    other_hosts = ["www.example.org"]

    [wikis.wiki1]
    url = "https://wiki1.example.org/"

    [wikis.wiki2]
    url = "https://wiki2.example.org/"

    [wikis.trap]
    url = "https://example.org/trap"
    session_dir = "trap"

    [wikis.old]
    moin = "1.8.7"
    url = "https://example.org/old"
    data_dir = "old"
"#;

const BOB: &str = "name=Bob\nremember_me=1\n";
const ADA: &str = "name=Ada\n";
const CAROL: &str = "name=Carol\n";

fn farm() -> Place {
    Place::farm(FARM).file("users/1.1.1", BOB).file("users/1.1.2", ADA).file("users/1.1.3", CAROL).dir("out")
}

const AT: &str = "--now 2026-11-23T02:13:20Z";

#[test]
fn simulate_shows_request_answer_and_jar_for_each_step() {
    farm()
        .wikifarm(&format!("cookie simulate {AT}"))
        .arg("login wiki1 Bob forget")
        .arg("visit https://example.org/trap/Some%20Page")
        .arg("visit wiki1")
        .stdout(str![[r#"
1: login wiki1 Bob forget  (2026-11-23T02:13:20Z)
  request  no cookie
  sees     Bob
  response MOIN_SESSION_lab=a83c0ccd…; Domain=.example.org; Expires=Mon,
           23-Nov-2026 14:13:00 GMT; Max-Age=43200; Secure; Path=/  [stored]
  jar      MOIN_SESSION_lab=a83c0ccd… for example.org and its subdomains, path
           /, Secure, until 2026-11-23T14:13:20Z
  store    sessions: a83c0ccd… Bob, no expiry date, trail FrontPage

2: visit https://example.org/trap/Some%20Page  (2026-11-23T02:13:20Z)
  request  MOIN_SESSION_lab=a83c0ccd…
  sees     anonymous
  response MOIN_SESSION_lab=; Domain=.example.org; Expires=Thu, 01-Jan-1970
           00:00:00 GMT; Max-Age=0; Path=/  [deleted]
  jar      empty
  store    sessions: a83c0ccd… Bob, no expiry date, trail FrontPage
  store    trap: empty

3: visit wiki1  (2026-11-23T02:13:20Z)
  request  no cookie
  sees     anonymous
  response no Set-Cookie
  jar      empty
  store    sessions: a83c0ccd… Bob, no expiry date, trail FrontPage
  store    trap: empty


"#]])
        .run();
}

#[test]
fn simulate_with_expectations_exits_1_if_one_fails() {
    let script = "# the trap\nlogin wiki1 Bob\n\nexpect wiki2 Bob   # shared\nexpect trap anonymous\n\
                  expect wiki1 Bob  # nobody has been at trap yet\nvisit trap\nexpect wiki1 Bob\nexpect old Bob\n";
    let run = |place: &Place, words: &str, stdin: &str| {
        place
            .wikifarm(&format!("cookie simulate {words} -q {AT}"))
            .stdin(stdin)
            .status(1)
            .stdout(str![[r#"
8: expect wiki1 Bob  (2026-11-23T02:13:20Z)
  NOT MET  expected Bob, found anonymous

9: expect old Bob  (2026-11-23T02:13:20Z)
  NOT MET  expected Bob, found anonymous

3 of 5 expectations met

"#]])
            .run();
    };
    let place = farm().file("script", script);
    run(&place, "script", "");
    run(&place, "-", script);
    let met = ["login wiki1 Bob", "expect wiki2 Bob", "logout wiki2", "expect wiki1 anonymous"];
    let all = met.iter().fold(place.wikifarm("cookie simulate -q"), |run, step| run.arg(*step));
    all.stdout(str![[r#"
2 of 2 expectations met

"#]])
        .run();
}

#[test]
fn simulate_waits_and_restarts_browsers() {
    let steps = [
        "login old Bob forget",
        "wait 11h",
        "expect old Bob",
        "restart-browser",
        "expect old Bob",
        "wait 2h",
        "expect old anonymous",
        "login old Bob",
        "wait 399d",
        "expect old Bob",
        "wait 2d",
        "expect old anonymous",
    ];
    let place = farm();
    let run = steps.iter().fold(place.wikifarm("cookie simulate -q"), |run, step| run.arg(*step));
    run.stdout(str![[r#"
5 of 5 expectations met

"#]])
        .run();
}

#[test]
fn simulate_switches_the_superuser_and_back() {
    let steps = [
        "login wiki1 Bob",
        "switch-user wiki1 Carol",
        "expect wiki1 Bob",
        "logout wiki1",
        "login wiki1 Ada",
        "switch-user wiki1 Carol",
        "expect wiki2 Carol",
        "logout wiki2",
        "expect wiki1 Ada",
    ];
    let place = farm();
    let run = steps.iter().fold(place.wikifarm("cookie simulate --format json"), |run, step| run.arg(*step));
    let json = run.any_stdout().run().json();
    assert_eq!((&json["expected"], &json["failed"]), (&json!(3), &json!(0)));
    assert_eq!(json["steps"][1]["notes"], json!(["Bob can't switch users"]));
    assert_eq!(json["steps"][5]["seen"], json!({"user": "Carol", "switched_from": "Ada"}));
    assert_eq!(json["steps"][5]["stores"][0]["sessions"][0]["setuid"], "Carol");
}

#[test]
fn simulate_json_has_everything_but_whole_ids() {
    let place = farm();
    let run = place.wikifarm(&format!("cookie simulate --format json {AT}"));
    let json = run.arg("login wiki1 Bob").arg("visit https://www.example.org/").any_stdout().run();
    assert!(!json.stdout.contains("a83c0ccd8"), "{}", json.stdout);
    let json = json.json();
    let step = &json["steps"][0];
    assert_eq!(step["line"], 1);
    assert_eq!(step["step"], "login wiki1 Bob");
    assert_eq!(step["time"], 1_795_400_000.0);
    assert_eq!(step["time_at"], "2026-11-23T02:13:20Z");
    assert_eq!(step["wiki"], "wiki1");
    assert_eq!(step["url"], "https://wiki1.example.org/");
    assert_eq!(step["cookie"], json!(null));
    assert_eq!(step["set_cookie"][0]["browser"], "stored");
    assert_eq!(step["failure"], json!(null));
    assert_eq!(step["expected"], json!(null));
    let session = json!({"id": "a83c0ccd…", "user": "Bob", "setuid": null, "expires": null, "expires_at": null, "trail": ["FrontPage"]});
    assert_eq!(step["stores"], json!([{"store": "sessions", "sessions": [session]}]));
    // A host that is not a wiki also receives the cookie.
    let leak = &json["steps"][1];
    assert_eq!(leak["cookie"], "MOIN_SESSION_lab=a83c0ccd…");
    assert_eq!(leak["notes"][0], "not a wiki, but its operator receives the cookies");
    assert_eq!((&leak["wiki"], &leak["seen"]), (&json!(null), &json!(null)));
}

#[test]
fn simulate_with_a_new_farm_file_keeps_old_cookies() {
    let new = FARM.replace("cookie_name = \"lab\"", "cookie_name = \"lab\"\n    cookie_path = \"/new\"");
    let place = farm().file("farms/new.toml", new.replace("\n    ", "\n"));
    let place = place.file(
        "farms/move",
        "login wiki1 Bob\nreconfigure new.toml\nexpect wiki1 anonymous # other sessions\nlogout wiki1\n",
    );
    let json =
        place.wikifarm("cookie simulate farms/move --format json").any_stdout().any_stderr().run().json();
    let out = &json["steps"][3];
    assert_eq!(out["notes"], json!(["nobody is logged in"]));
    assert_eq!(out["set_cookie"][0]["browser"], "nothing to delete", "another path");
    assert_eq!(out["jar"].as_array().unwrap().len(), 1);
}

#[test]
fn simulate_with_write_stores_sessions_as_wikis_do() {
    let place = farm();
    place
        .wikifarm(&format!("cookie simulate -q --write out --seed 1 {AT}"))
        .arg("login wiki1 Ada")
        .arg("switch-user wiki1 Carol")
        .arg("login old Bob")
        .run();
    let [new, old] = ["out/sessions", "out/old/cache/__common__/session"].map(|dir| place.names(dir));
    assert_eq!((new.len(), new[0].len(), old.len(), old[0].len()), (1, 40, 1, 32));
    let show = |address: &str, id: &str| {
        let words = format!("session show {id} --store {address} --format json {AT}");
        place.wikifarm(&words).any_stdout().run().json()["sessions"][0].clone()
    };
    let session = show("moin-1.9:out/sessions", &new[0]);
    assert_eq!(session["user"]["id"], "1.1.2");
    assert_eq!(session["values"]["setuid"], "1.1.3");
    assert_eq!(session["expires"], 1_795_399_980.0 + 315_360_000.0);
    assert_eq!(session["trail"], json!(["FrontPage"]));
    let session = show("moin-1.8:out/old/cache/__common__/session", &old[0]);
    assert_eq!(session["expires"], 1_795_403_600.0 + 315_360_000.0);
}

#[test]
fn simulate_with_write_uses_unpredictable_ids() {
    let place = farm();
    for _ in 0..2 {
        place.wikifarm(&format!("cookie simulate -q --write out {AT}")).arg("login wiki1 Ada").run();
    }
    assert_eq!(place.names("out/sessions").len(), 2);
}

#[test]
fn simulate_with_an_unwritable_directory_fails() {
    let place = farm().file("file", "");
    let run = place.wikifarm(&format!("cookie simulate -q --write file {AT}")).arg("login wiki1 Bob");
    run.status(3)
        .stderr(str![[r#"
error: file/sessions: can't write sessions: not a directory

"#]])
        .run();
}

#[test]
fn simulate_prints_its_assumptions() {
    let place = Place::farm(
        "moin = \"1.9.11\"\n[wikis.a]\nurl = \"https://a.example.org/\"\n[wikis.b]\nurl = \"https://b.example.org/\"\n",
    );
    let run = place.wikifarm("cookie simulate --format json").arg("login a Bob").any_stdout();
    let json = run
        .stderr(str![[r#"
a: the directory of the sessions is unknown: assuming a separate directory
a: the directory of the users is unknown: assuming a separate directory

"#]])
        .run()
        .json();
    assert_eq!(json["steps"][0]["notes"], json!(["no user Bob in a/data/user: assuming an account"]));
}

#[test]
fn simulate_with_a_bad_line_runs_nothing() {
    let place = farm().file(
        "script",
        "login wiki1 Bob\nvist wiki2\nlogin wkii1 Bob\nwait\nvisit https://wiki3.example.org/\n\
         logout https://www.example.org/\nreconfigure missing.toml\nexpect wiki1 Bob Carol\n",
    );
    place
        .wikifarm("cookie simulate script --write out")
        .status(2)
        .stderr(str![[r#"
error: script: line 2: unknown step "vist"; did you mean "visit"?
error: script: line 3: no wiki "wkii1"
help: did you mean "wiki1"?
error: script: line 4: expected `wait DURATION`
error: script: line 5: no wiki of the farm is at https://wiki3.example.org/
help: did you mean https://wiki1.example.org/?
error: script: line 6: https://www.example.org/ is not a wiki: only `visit`
  works there
error: script: line 7: can't read the farm file missing.toml: no such file or
  directory
error: script: line 8: expected `expect WIKI NAME|anonymous`
error: script has errors: no step was run

"#]])
        .run();
    assert_eq!(place.names("out"), [""; 0]);
}

#[test]
fn simulate_with_an_unreadable_script_gives_the_reason() {
    let place = farm().file("latin", b"login wiki1 B\xf6b\n").file("empty", "# nothing\n");
    for (words, message) in [
        ("missing", "missing: can't read the script: no such file or directory"),
        ("latin", "latin: can't read the script: invalid UTF-8 at byte 13"),
        ("empty", "empty has no steps"),
    ] {
        let run = place.wikifarm(&format!("cookie simulate {words}"));
        run.status(2).stderr(format!("error: {message}\n")).run();
    }
    let run = place.wikifarm("cookie simulate").arg("dance wiki1");
    run.status(2).any_stderr().run();
}

#[test]
fn simulate_moinmoin_2_logout_ends_one_cookie_and_a_new_password_ends_all() {
    let farm = r#"
        moin = "2.0.0b5"
        [farm]
        cookie_domain = ".example.org"
        cookie_secure = true
        cookie_samesite = "Lax"
        secret_key_id = "k"
        data_dir = "data"
        [wikis.a]
        url = "https://a.example.org/"
        [wikis.b]
        url = "https://b.example.org/"
    "#;
    let steps = [
        "login a Joe",
        "expect b Joe",
        "change-password b",
        "expect a Joe",
        "logout b",
        "expect a anonymous",
    ];
    let place = Place::farm(farm);
    place
        .wikifarm("cookie simulate --now 1795400000")
        .args(steps)
        .stdout(str![[r#"
1: login a Joe  (2026-11-23T02:13:20Z)
  request  no cookie
  sees     Joe
  note     no user Joe in data/userprofiles: assuming an account
  response session=eyJfZmxh…; Domain=example.org; Secure; HttpOnly; Path=/;
           SameSite=Lax  [stored]
  jar      session=eyJfZmxh… for example.org and its subdomains, path /, Secure,
           HttpOnly, until the browser closes

2: expect b Joe  (2026-11-23T02:13:20Z)
  met      Joe

3: change-password b  (2026-11-23T02:13:20Z)
  request  session=eyJfZmxh…
  sees     Joe
  response session=eyJ0cmFp…; Domain=example.org; Secure; HttpOnly; Path=/;
           SameSite=Lax  [replaced]
  jar      session=eyJ0cmFp… for example.org and its subdomains, path /, Secure,
           HttpOnly, until the browser closes

4: expect a Joe  (2026-11-23T02:13:20Z)
  met      Joe

5: logout b  (2026-11-23T02:13:20Z)
  request  session=eyJ0cmFp…
  sees     anonymous
  response session=eyJfZmxh…; Domain=example.org; Secure; HttpOnly; Path=/;
           SameSite=Lax  [replaced]
  jar      session=eyJfZmxh… for example.org and its subdomains, path /, Secure,
           HttpOnly, until the browser closes

6: expect a anonymous  (2026-11-23T02:13:20Z)
  met      anonymous

3 of 3 expectations met

"#]])
        .run();
}

#[test]
fn simulate_with_unquoted_steps_asks_for_quotes() {
    let place = farm();
    let run = place.wikifarm("cookie simulate visit wiki1").status(2);
    run.stderr(str![[r#"
error: the script: step 1: expected `visit WIKI or URL`
error: the script: step 2: unknown step "wiki1": expected login, visit, logout,
  change-password, switch-user, wait, restart-browser, reconfigure, expect
error: the script has errors: no step was run; put each step in quotes

"#]])
        .run();
    // A verb alone is a step, not a file.
    let run = place.wikifarm("cookie simulate login").status(2);
    run.stderr(str![[r#"
error: the script: step 1: expected `login WIKI NAME [forget]`
error: the script has errors: no step was run

"#]])
        .run();
}

#[test]
fn simulate_with_many_bad_lines_names_the_first() {
    let run =
        farm().wikifarm("cookie simulate -").stdin("dance\n".repeat(100_000)).status(2).any_stderr().run();
    let lines: Vec<&str> = run.stderr.lines().collect();
    assert_eq!(lines.len(), 22);
    assert_eq!(
        lines[20..],
        ["error: standard input: 99980 more bad lines", "error: standard input has errors: no step was run"]
    );
}

#[test]
fn simulate_reads_a_script_with_windows_line_ends() {
    let script = "\u{feff}login wiki1 Bob\r\nexpect wiki1 Bob\r\n";
    farm()
        .wikifarm("cookie simulate -q -")
        .stdin(script)
        .stdout(str![[r#"
1 of 1 expectation met

"#]])
        .run();
}

#[test]
fn simulate_shows_why_a_wiki_answers_with_an_error() {
    let place = Place::farm(
        "moin = \"1.9.4\"\n[farm]\ncookie_domain = \"intranet\"\ndata_dir = \"d\"\n[wikis.a]\nurl = \"http://a.intranet/\"\n",
    );
    place
        .wikifarm(&format!("cookie simulate {AT}"))
        .arg("visit a")
        .arg("expect a anonymous")
        .status(1)
        .stdout(str![[r#"
1: visit a  (2026-11-23T02:13:20Z)
  request  no cookie
  error    every response of this version fails: a cookie_domain without a dot
  jar      empty
  store    d/cache/__session__: empty

2: expect a anonymous  (2026-11-23T02:13:20Z)
  NOT MET  expected anonymous, found an error (every response of this version
           fails: a cookie_domain without a dot)

0 of 1 expectation met

"#]])
        .run();
}

/// Two wikis with one login, and a clock that is two hours ahead.
const SKEWED: &str = r#"
    moin = "1.9.11"

    [farm]
    cookie_name = "lab"
    cookie_domain = ".example.org"
    cookie_lifetime = [0, -0.5]
    session_dir = "sessions"
    user_dir = "users"

    [wikis.one]
    url = "https://one.example.org/"

    [wikis.two]
    url = "https://two.example.org/"
    clock_skew = 7200
"#;

#[test]
fn simulate_with_clock_skew_finds_the_session_expired_at_the_wiki_that_is_ahead() {
    let run = Place::farm(SKEWED)
        .file("users/1.1.1", "name=Bob\n")
        .wikifarm(&format!("cookie simulate {AT} --format json"))
        .arg("login one Bob")
        .arg("visit one")
        .arg("visit two")
        .arg("visit one")
        .any_stdout()
        .run();
    let json = run.json();
    let steps = json["steps"].as_array().unwrap();
    let seen: Vec<_> = steps.iter().map(|step| &step["seen"]["user"]).collect();
    assert_eq!(seen, [&json!("Bob"), &json!("Bob"), &json!(null), &json!(null)]);
}

#[test]
fn simulate_with_a_clock_far_behind_stores_an_expires_cookie_in_browsers() {
    // 2.0-dev sends Expires without Max-Age. Browsers count it from the Date header of the same clock.
    let place = Place::farm(
        "moin = \"2.0-dev\"\n[wikis.one]\nurl = \"https://one.example.org/\"\nuser_dir = \"users\"\nclock_skew = -8640000\n",
    );
    let stored = |browser: &str| {
        let command = format!("cookie simulate {AT} --browser {browser} --format json");
        let json = place.wikifarm(&command).arg("login one Bob").any_stdout().run().json();
        let sent = json["steps"][0]["set_cookie"].as_array().unwrap().clone();
        sent.iter().map(|sent| sent["browser"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(["chromium", "firefox", "rfc"].map(stored), [["stored"], ["stored"], ["expired at once"]]);
}
