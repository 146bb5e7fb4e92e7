//! `wikifarm config check`

use crate::support::{Place, Session, not_tested};

/// Two wikis that share a login, without problems.
const SOUND: &str = r#"
    moin = "1.9.11"

    [farm]
    user_dir = "users"
    cookie_domain = ".example.org"
    cookie_name = "lab"
    session_dir = "sessions"

    [wikis.docs]
    url = "https://docs.example.org/"
    data_dir = "docs"

    [wikis.plans]
    url = "https://plans.example.org/"
    data_dir = "plans"

    [[share]]
    wikis = ["docs", "plans"]
"#;

/// A place with the directories that this farm file names.
fn with_directories(farm: &str) -> Place {
    ["users", "sessions", "docs", "plans"].into_iter().fold(Place::farm(farm), Place::dir)
}

#[test]
fn check_of_a_farm_without_problems_prints_a_summary() {
    with_directories(SOUND)
        .wikifarm("config check")
        .stdout(str![[r#"
farm.toml: 2 wikis, no problems found

"#]])
        .run();
}

#[test]
fn check_quiet_of_a_farm_without_problems_prints_nothing() {
    with_directories(SOUND).wikifarm("config check --quiet").run();
}

#[test]
fn check_json_has_findings_and_counts() {
    with_directories(SOUND)
        .wikifarm("config check --format json")
        .stdout(str![[r#"
{
  "schema": 1,
  "findings": [],
  "errors": 0,
  "warnings": 0,
  "notes": 0
}

"#]])
        .run();
}

#[test]
fn check_with_an_unknown_key_suggests_the_nearest_known_key() {
    with_directories(&SOUND.replace("cookie_name =", "cookie_nam ="))
        .wikifarm("config check")
        .status(1)
        .stdout(str![[r#"
error[unknown-key]: unknown key "cookie_nam" in [farm]
 --> farm.toml:6:1
  |
6 | cookie_nam = "lab"
  | ^^^^^^^^^^
  |
  = help: did you mean "cookie_name"?

farm.toml: 2 wikis, 1 error

"#]])
        .run();
}

#[test]
fn check_with_a_wrong_type_names_the_expected_type() {
    with_directories(&SOUND.replace("\"lab\"", "7"))
        .wikifarm("config check")
        .status(1)
        .stdout(str![[r#"
error[wrong-type]: cookie_name must be a string, not an integer
 --> farm.toml:6:15
  |
6 | cookie_name = 7
  |               ^
  |
  = help: write "7"

farm.toml: 2 wikis, 1 error

"#]])
        .run();
}

#[test]
fn check_with_several_findings_shows_all_in_file_order() {
    with_directories(
        r#"
        moin = "1.9"

        [farm]
        cookie_domain = ".other.org"
        color = "red"

        [wikis.docs]
        data_dir = "docs"

        [wikis.plans]
        url = "http://plans.example.org/"
        cookie_secure = true
        data_dir = "plans"
        "#,
    )
    .wikifarm("config check")
    .status(1)
    .stdout(str![[r#"
warning[imprecise-version]: plans: 1.9 is not an exact release: wikifarm assumes
                            1.9.11
 --> farm.toml:1:8
  |
1 | moin = "1.9"
  |        ^^^^^
  |
  = help: write the release, such as "1.9.11": cookies differ between releases

error[domain-mismatch]: plans: nobody can log in: browsers reject the cookie
                        because plans.example.org is not in the domain
                        .other.org
 --> farm.toml:4:17
  |
4 | cookie_domain = ".other.org"
  |                 ^^^^^^^^^^^^
  |
  = help: set cookie_domain to the wiki's host or a parent domain of it, or
          delete cookie_domain

error[unknown-key]: unknown key "color" in [farm]
 --> farm.toml:5:1
  |
5 | color = "red"
  | ^^^^^

error[missing-url]: docs: the table has no url
 --> farm.toml:7:8
  |
7 | [wikis.docs]
  |        ^^^^
  |
  = help: add the public URL, such as url = "https://wiki.example.org/"

error[secure-over-http]: plans: nobody can log in: browsers reject a Secure
                         cookie from http://plans.example.org/
  --> farm.toml:12:17
   |
12 | cookie_secure = true
   |                 ^^^^
   |
   = help: serve the wiki over https, or delete cookie_secure

farm.toml: 2 wikis, 4 errors, 1 warning

"#]])
    .run();
}

#[test]
fn check_json_gives_the_position_of_each_finding() {
    let ran = with_directories(&SOUND.replace("cookie_name =", "cookie_nam ="))
        .wikifarm("config check --format json")
        .status(1)
        .any_stdout()
        .run();
    let document = ran.json();
    let finding =
        document["findings"].as_array().unwrap().iter().find(|f| f["rule"] == "unknown-key").unwrap();
    assert_eq!(
        *finding,
        serde_json::json!({
            "rule": "unknown-key", "severity": "error",
            "message": "unknown key \"cookie_nam\" in [farm]", "help": "did you mean \"cookie_name\"?",
            "file": "farm.toml", "line": 6, "column": 1, "end_line": 6, "end_column": 11, "wikis": [],
            "fix": {"safe": true, "edits": [
                {"line": 6, "column": 1, "end_line": 6, "end_column": 11, "with": "cookie_name"},
            ]},
        })
    );
}

#[test]
fn check_with_a_log_out_trap_reports_an_error() {
    with_directories(
        &SOUND.replace("data_dir = \"plans\"", "data_dir = \"plans\"\n    session_dir = \"docs\""),
    )
    .wikifarm("config check")
    .status(1)
    .stdout(str![[r#"
error[log-out-trap]: visiting docs deletes the shared cookie: users are logged
                     out of plans
  --> farm.toml:9:8
   |
 9 | [wikis.docs]
   |        ^^^^
   |
  ::: farm.toml:13:8
   |
13 | [wikis.plans]
   |        ----- plans keeps sessions in docs, docs in sessions
   |
   = help: set session_dir = "sessions" in plans

error[log-out-trap]: visiting plans deletes the shared cookie: users are logged
                     out of docs
  --> farm.toml:13:8
   |
13 | [wikis.plans]
   |        ^^^^^
   |
  ::: farm.toml:9:8
   |
 9 | [wikis.docs]
   |        ---- docs keeps sessions in sessions, plans in docs
   |
   = help: set session_dir = "sessions" in plans

error[share-not-met]: plans does not share the login of docs: conflict at step
                      4: docs keeps sessions in sessions, plans in docs
  --> farm.toml:19:9
   |
19 | wikis = ["docs", "plans"]
   |         ^^^^^^^^^^^^^^^^^
   |
   = help: set session_dir = "sessions" in plans

error[share-not-met]: docs does not share the login of plans: conflict at step
                      4: plans keeps sessions in docs, docs in sessions
  --> farm.toml:19:9
   |
19 | wikis = ["docs", "plans"]
   |         ^^^^^^^^^^^^^^^^^
   |
   = help: set session_dir = "sessions" in plans

farm.toml: 2 wikis, 4 errors

"#]])
    .run();
}

#[test]
fn check_with_warnings_alone_exits_0() {
    with_directories(&SOUND.replace("1.9.11", "1.9"))
        .wikifarm("config check")
        .stdout(str![[r#"
warning[imprecise-version]: docs and plans: 1.9 is not an exact release:
                            wikifarm assumes 1.9.11
 --> farm.toml:1:8
  |
1 | moin = "1.9"
  |        ^^^^^
  |
  = help: write the release, such as "1.9.11": cookies differ between releases

farm.toml: 2 wikis, 1 warning

"#]])
        .run();
}

#[test]
fn check_with_an_allowed_rule_reports_nothing() {
    with_directories(
        &SOUND
            .replace("1.9.11", "1.9")
            .replace("[[share]]", "[lint]\n    allow = [\"imprecise-version\"]\n\n    [[share]]"),
    )
    .wikifarm("config check")
    .stdout(str![[r#"
farm.toml: 2 wikis, no problems found

"#]])
    .run();
}

#[test]
fn check_with_a_denied_rule_reports_an_error() {
    with_directories(
        &SOUND
            .replace("1.9.11", "1.9")
            .replace("[[share]]", "[lint]\n    deny = [\"imprecise-version\"]\n\n    [[share]]"),
    )
    .wikifarm("config check --quiet")
    .status(1)
    .stdout(str![[r#"
error[imprecise-version]: docs and plans: 1.9 is not an exact release: wikifarm
                          assumes 1.9.11
 --> farm.toml:1:8
  |
1 | moin = "1.9"
  |        ^^^^^
  |
  = help: write the release, such as "1.9.11": cookies differ between releases


"#]])
    .run();
}

#[test]
fn check_with_missing_directories_warns() {
    Place::farm(SOUND)
        .dir("docs")
        .dir("plans")
        .dir("users")
        .wikifarm("config check")
        .stdout(str![[r#"
warning[missing-directory]: docs and plans: session_dir sessions does not exist
 --> farm.toml:7:15
  |
7 | session_dir = "sessions"
  |               ^^^^^^^^^^
  |
  = help: create the directory, or correct the path: relative paths start at the
          directory of the farm file

farm.toml: 2 wikis, 1 warning

"#]])
        .run();
}

#[test]
fn check_with_color_always_prints_colors() {
    let ran = with_directories(&SOUND.replace("cookie_name =", "cookie_nam ="))
        .wikifarm("config check --color always")
        .status(1)
        .any_stdout()
        .run();
    assert!(ran.stdout.contains("\u{1b}["), "{}", ran.stdout);
}

#[test]
fn check_of_the_design_example_passes() {
    let example = include_str!("../farm.example.toml");
    let place = Place::new().file("farm.toml", example).dir("users").dir("sessions");
    let place = ["wiki1/data", "wiki2/data", "old/data"].into_iter().fold(place, Place::dir);
    place
        .wikifarm("config check")
        .stdout(str![[r#"
farm.toml: 3 wikis, no problems found

"#]])
        .run();
}

#[test]
fn check_of_the_committed_example_has_no_errors() {
    let example = include_str!("../farm.example.toml").replace("\"missing-directory\"", "");
    Place::new()
        .file("farm.toml", example)
        .wikifarm("config check")
        .stdout(str![[r#"
warning[missing-directory]: wiki1 and wiki2: user_dir users does not exist
  --> farm.toml:11:12
   |
11 | user_dir = "users"
   |            ^^^^^^^
   |
   = help: create the directory, or correct the path: relative paths start at
           the directory of the farm file

warning[missing-directory]: wiki1 and wiki2: session_dir sessions does not exist
  --> farm.toml:20:15
   |
20 | session_dir = "sessions"
   |               ^^^^^^^^^^
   |
   = help: create the directory, or correct the path: relative paths start at
           the directory of the farm file

warning[missing-directory]: wiki1: data_dir wiki1/data does not exist
  --> farm.toml:28:12
   |
28 | data_dir = "wiki1/data"
   |            ^^^^^^^^^^^^
   |
   = help: create the directory, or correct the path: relative paths start at
           the directory of the farm file

warning[missing-directory]: wiki2: data_dir wiki2/data does not exist
  --> farm.toml:33:12
   |
33 | data_dir = "wiki2/data"
   |            ^^^^^^^^^^^^
   |
   = help: create the directory, or correct the path: relative paths start at
           the directory of the farm file

warning[missing-directory]: old: data_dir old/data does not exist
  --> farm.toml:40:12
   |
40 | data_dir = "old/data"
   |            ^^^^^^^^^^
   |
   = help: create the directory, or correct the path: relative paths start at
           the directory of the farm file

farm.toml: 3 wikis, 5 warnings

"#]])
        .run();
}

#[test]
fn check_with_bad_prune_settings_shows_each_line() {
    let policy = "[prune]
    grace = \"1m\"
    idle = \"400x\"
    max_delete = \"150%\"
    stale_temp = 5

    [[share]]";
    with_directories(&SOUND.replace("[[share]]", policy))
        .wikifarm("config check")
        .status(1)
        .stdout(str![[r#"
error[invalid-value]: grace must be at least 10m: a running request can save its
                      session late
  --> farm.toml:18:9
   |
18 | grace = "1m"
   |         ^^^^
   |
   = help: write a longer time, or delete grace: the default is 1h

error[invalid-value]: idle = "400x": expected a duration such as 90s, 1.5h, or
                      30d
  --> farm.toml:19:8
   |
19 | idle = "400x"
   |        ^^^^^^

error[invalid-value]: max_delete = "150%": expected a count such as 500, or a
                      share such as 50%
  --> farm.toml:20:14
   |
20 | max_delete = "150%"
   |              ^^^^^^

error[wrong-type]: stale_temp must be a duration such as "12h", not an integer
  --> farm.toml:21:14
   |
21 | stale_temp = 5
   |              ^

farm.toml: 2 wikis, 4 errors

"#]])
        .run();
}

#[test]
fn check_json_with_syntax_errors_prints_them_as_findings_too() {
    let place = Place::new().file("farm.toml", "x = [\n");
    place
        .wikifarm("config check --format json")
        .status(2)
        .stdout(str![[r#"
{
  "schema": 1,
  "findings": [
    {
      "rule": "toml-syntax",
      "severity": "error",
      "message": "unclosed array, expected `]`",
      "help": null,
      "file": "farm.toml",
      "line": 1,
      "column": 6,
      "end_line": 1,
      "end_column": 6,
      "wikis": [],
      "fix": null
    }
  ],
  "errors": 1,
  "warnings": 0,
  "notes": 0
}

"#]])
        .stderr(str![[r#"
error: farm.toml: not valid TOML

"#]])
        .run();
}

#[test]
fn check_in_the_current_directory_checks_the_parent_directory() {
    let place = with_directories(SOUND);
    std::fs::set_permissions(place.path(), std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
    let found = place.wikifarm("config check --format json").status(1).any_stdout().run().json();
    let found = found["findings"].as_array().unwrap();
    let messages: Vec<&str> = found.iter().map(|it| it["message"].as_str().unwrap()).collect();
    let expected =
        [("docs and plans", "users"), ("docs and plans", "sessions"), ("docs", "docs"), ("plans", "plans")]
            .map(|(wikis, path)| {
                format!("{wikis}: every local user can replace {path}: . is writable by everybody")
            });
    assert_eq!(messages, expected);
    assert!(
        found.iter().all(|it| it["rule"] == "writable-parent" && it["help"] == "run `chmod o-w .`"),
        "{found:?}"
    );
}

/// A user who can replace a parent directory can replace everything below it.
#[test]
fn check_of_permissions_checks_every_directory_above() {
    let place = with_directories(&SOUND.replace("\"sessions\"", "\"open/wiki/cache/sessions\""));
    let mode = |path: &str, mode| {
        let path = place.path().join(path);
        std::fs::create_dir_all(&path).unwrap();
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    };
    mode("open/wiki/cache/sessions", 0o700);
    mode("open", 0o777);
    let found = place.wikifarm("config check --format json").status(1).any_stdout().run().json();
    let found = &found["findings"][0];
    assert_eq!(
        found["message"],
        "docs and plans: every local user can replace open/wiki: open is writable by everybody"
    );
    assert_eq!(found["help"], "run `chmod o-w open`");
    mode("open", 0o1777);
    place.wikifarm("config check --quiet").any_stdout().run();
}

#[test]
fn check_suggests_only_settings_of_the_version() {
    let helps = |farm: &str| -> Vec<String> {
        let found = Place::farm(farm)
            .wikifarm("config check --min-severity warning --format json --allow missing-directory")
            .status_among(&[0, 1])
            .any_stdout()
            .run()
            .json();
        let findings = found["findings"].as_array().unwrap().iter();
        findings.map(|one| format!("{}: {}", one["rule"], one["help"]).replace('"', "")).collect()
    };
    // 1.8 has no cookie_name and no session_dir.
    let old = r#"
        moin = "1.8.7"
        [farm]
        cookie_domain = ".example.org"
        user_dir = "users"
        [wikis.a]
        url = "https://a.example.org/"
        data_dir = "a"
        anonymous_session_lifetime = 2
        [wikis.b]
        url = "https://b.example.org/"
        data_dir = "b"
        anonymous_session_lifetime = 2
    "#;
    assert_eq!(
        helps(old),
        [
            "log-out-trap: unset cookie_domain in a and b, or set session_id_handler = \\cookie_name=b\\ in b",
            "log-out-trap: unset cookie_domain in a and b, or set session_id_handler = \\cookie_name=b\\ in b",
        ]
    );
    let mixed = old.replace("https://b", "http://b").replace("anonymous_session_lifetime = 2", "");
    let found = helps(&mixed);
    let help = "set session_id_handler = \\cookie_name=b\\ in b, or unset cookie_domain in a and b";
    assert_eq!(found, ["log-out-trap", "secure-blocks-http"].map(|rule| format!("{rule}: {help}")));
    // The cookie of the wiki at / is sent to all paths of the host.
    let paths = r#"
        moin = "1.8.7"
        [wikis.root]
        url = "https://example.org/"
        data_dir = "root"
        [wikis.x]
        moin = "1.9.11"
        url = "https://example.org/x"
        cookie_name = "x"
        data_dir = "x"
        [wikis.wiki1]
        url = "https://example.org/wiki1"
        data_dir = "wiki1"
    "#;
    assert_eq!(
        helps(paths),
        [
            "log-out-trap: set session_id_handler = \\cookie_name=wiki1\\ in wiki1",
            "log-out-trap: set session_id_handler = \\cookie_name=wiki1\\ in wiki1",
        ]
    );
}

#[test]
fn check_counts_notes_only_if_they_are_shown() {
    let place = Place::farm("moin = \"1.9.11\"\n[wikis.docs]\nurl = \"http://docs.example.org/\"\n");
    let last = |words: &str| {
        let stdout = place.wikifarm(&format!("config check --no-disk {words}")).any_stdout().run().stdout;
        stdout.lines().last().unwrap().to_owned()
    };
    assert_eq!(last(""), "farm.toml: 1 wiki, no problems found");
    assert_eq!(last("--min-severity note"), "farm.toml: 1 wiki, 3 notes");
    let count = |words: &str| {
        let run = place.wikifarm(&format!("config check --no-disk --format json {words}"));
        run.any_stdout().run().json()["notes"].clone()
    };
    assert_eq!((count(""), count("--min-severity note")), (0.into(), 3.into()));
}

#[test]
fn no_prune_job_suggests_a_job_with_the_absolute_path_of_the_farm_file() {
    let farm =
        "moin = \"1.9.11\"\n[wikis.docs]\nurl = \"https://docs.example.org/\"\nsession_dir = \"sessions\"\n";
    let many = (0..1100).map(|number| Session::named(&format!("{number:040x}")));
    let place = Place::farm(farm).sessions("sessions", many);
    let found = place.wikifarm("config check --format json").any_stdout().run().json();
    let mut findings = found["findings"].as_array().unwrap().iter();
    let Some(finding) = findings.find(|finding| finding["rule"] == "no-prune-job") else {
        return not_tested("no-prune-job", "a job on this machine cleans the temporary directory");
    };
    let job = "`17 3 * * * root wikifarm -q -f [DIR]/farm.toml session prune`";
    assert!(finding["help"].as_str().unwrap().ends_with(job), "{finding}");
}
