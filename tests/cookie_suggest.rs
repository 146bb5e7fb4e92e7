//! `wikifarm cookie suggest`

use std::fs;

use serde_json::{Value, json};

use crate::support::{Place, fixtures};

/// Two wikis that share a login, and one that logs their users out.
const TRAP: &str = r#"
    moin = "1.9.11"

    [farm]
    user_dir = "users"
    cookie_domain = ".example.org" # one login
    cookie_name = "lab"

    [wikis.docs]
    url = "https://docs.example.org/"
    session_dir = "sessions"

    [wikis.plans]
    url = "https://plans.example.org/"
    session_dir = "sessions"

    [wikis.trap]
    url = "https://trap.example.org/"
    data_dir = "trap"

    [[share]]
    wikis = ["docs", "plans"]
"#;

const AT: &str = "--now 2026-11-24T00:00:00Z";

fn report(name: &str) -> Place {
    Place::new().file("farm.toml", fs::read(fixtures().join(format!("reports/{name}.toml"))).unwrap())
}

#[test]
fn suggest_for_a_trap_shows_changes_and_rollout() {
    Place::farm(TRAP)
        .wikifarm(&format!("cookie suggest {AT}"))
        .stdout(str![[r#"
1. set cookie_name = "trap" in trap
   Farm file (1 line)
     @@ -16,6 +16,7 @@
      [wikis.trap]
      url = "https://trap.example.org/"
      data_dir = "trap"
     +cookie_name = "trap"
      
      [[share]]
      wikis = ["docs", "plans"]
   MoinMoin's configuration
     in trap.py:
       cookie_name = 'trap'
   Rollout
     - users of trap have to log in again

help: `wikifarm cookie suggest -o farm.new.toml` writes the first suggestion,
  `wikifarm cookie diff farm.toml farm.new.toml` shows all its effects

"#]])
        .run();
}

#[test]
fn suggest_json_has_changes_python_and_rollout() {
    Place::farm(TRAP).wikifarm(&format!("cookie suggest --format json {AT}")).stdout(str![[r#"
{
  "schema": 1,
  "met": false,
  "suggestions": [
    {
      "summary": "set cookie_name = \"trap\" in trap",
      "settings": 1,
      "changes": [
        {
          "setting": "cookie_name",
          "value": "\"trap\"",
          "wikis": [
            "trap"
          ]
        }
      ],
      "farm_file": "moin = \"1.9.11\"\n\n[farm]\nuser_dir = \"users\"\ncookie_domain = \".example.org\" # one login\ncookie_name = \"lab\"\n\n[wikis.docs]\nurl = \"https://docs.example.org/\"\nsession_dir = \"sessions\"\n\n[wikis.plans]\nurl = \"https://plans.example.org/\"\nsession_dir = \"sessions\"\n\n[wikis.trap]\nurl = \"https://trap.example.org/\"\ndata_dir = \"trap\"\ncookie_name = \"trap\"\n\n[[share]]\nwikis = [\"docs\", \"plans\"]\n",
      "moinmoin": [
        {
          "files": [
            "trap.py"
          ],
          "python": "cookie_name = 'trap'\n"
        }
      ],
      "rollout": {
        "log_in_again": [
          "trap"
        ],
        "stuck": [],
        "deletions": [],
        "steps": [],
        "commands": []
      }
    }
  ],
  "impossible": []
}

"#]]).run();
}

#[test]
fn suggest_diff_is_a_patch_for_the_farm_file() {
    Place::farm(TRAP)
        .wikifarm("cookie suggest --format diff")
        .stdout(str![[r#"
--- farm.toml
+++ farm.toml
@@ -16,6 +16,7 @@
 [wikis.trap]
 url = "https://trap.example.org/"
 data_dir = "trap"
+cookie_name = "trap"
 
 [[share]]
 wikis = ["docs", "plans"]

"#]])
        .run();
}

#[test]
fn suggest_o_writes_a_farm_file_that_is_as_intended() {
    // Each report of users who were logged out, and what they see afterwards.
    for name in ["ports-1.9.0", "nested-1.8.7", "https-alias", "staging", "half-the-farm"] {
        let place = report(name);
        place.wikifarm("cookie suggest -o new.toml --quiet").any_stdout().run();
        let found = place.wikifarm("-f new.toml config check --format json").any_stdout().run().json();
        assert_eq!(found["errors"], json!(0), "{name}: {found:#}");
        let preview = place.wikifarm("-f new.toml cookie preview --format json").any_stdout().run().json();
        let verdicts =
            preview["pairs"].as_array().unwrap().iter().map(|pair| pair["verdict"].as_str().unwrap());
        assert!(
            verdicts.clone().all(|verdict| ["shared", "separate"].contains(&verdict)),
            "{name}: {preview:#}"
        );
        place
            .wikifarm("-f new.toml cookie suggest")
            .stdout(str![[r#"
nothing to change: wikis share logins as intended, and none affects another one

"#]])
            .run();
    }
}

#[test]
fn suggest_for_two_registrable_domains_is_impossible() {
    report("two-domains")
        .wikifarm("cookie suggest")
        .status(1)
        .stdout(str![[r#"
impossible: no cookie can cover customwiki.example and wikihost.example: for
  custom, use single sign-on, or a host below wikihost.example

"#]])
        .run();
}

#[test]
fn suggest_share_adds_an_intent_to_the_written_file() {
    let (without, _) = TRAP.split_once("[[share]]").unwrap();
    let place = Place::farm(without.trim_end());
    place
        .wikifarm(&format!("cookie suggest --share docs,trap -o new.toml {AT}"))
        .stdout(str![[r#"
1. set cookie_name = "plans" in plans and set session_dir = "sessions" in trap
   Farm file (2 lines)
     @@ -12,7 +12,12 @@
      [wikis.plans]
      url = "https://plans.example.org/"
      session_dir = "sessions"
     +cookie_name = "plans"
      
      [wikis.trap]
      url = "https://trap.example.org/"
      data_dir = "trap"
     +session_dir = "sessions"
     +
     +[[share]]
     +wikis = ["docs", "trap"]
   MoinMoin's configuration
     in plans.py:
       cookie_name = 'plans'
     in trap.py:
       session_dir = '[DIR]/sessions'
   Rollout
     - users of plans and trap have to log in again
     - move the sessions:
       wikifarm session migrate --from moin-1.9:trap/cache/__session__ --to moin-1.9:sessions

help: `wikifarm cookie suggest -o farm.new.toml` writes the first suggestion,
  `wikifarm cookie diff farm.toml farm.new.toml` shows all its effects

"#]])
        .stderr(str![[r#"
wrote new.toml

"#]])
        .run();
    let new = fs::read_to_string(place.path().join("new.toml")).unwrap();
    assert!(new.ends_with("[[share]]\nwikis = [\"docs\", \"trap\"]\n"), "{new}");
}

#[test]
fn suggest_share_that_joins_two_shares_is_impossible() {
    Place::farm(TRAP)
        .wikifarm("cookie suggest --share docs,trap")
        .status(1)
        .stdout(str![[r#"
impossible: plans and trap each share a login with another wiki, so they share
  one, too: list all of them in one [[share]]

"#]])
        .run();
}

#[test]
fn suggest_refuses_lists_that_contradict_or_name_unknown_wikis() {
    let place = Place::farm(TRAP);
    place
        .wikifarm("cookie suggest --apart docs,plans")
        .status(2)
        .stderr(str![[r#"
error: --apart: docs and plans are in one [[share]] or --share
help: remove one of them from the list of wikis that share a login

"#]])
        .run();
    place
        .wikifarm("cookie suggest --share docs,plan")
        .status(2)
        .stderr(str![[r#"
error: farm.toml: no wiki "plan"
help: did you mean "plans"?

"#]])
        .run();
    place
        .wikifarm("cookie suggest --share docs")
        .status(2)
        .stderr(str![[r#"
error: --share needs two or more wikis
help: name two or more wikis, such as --share docs,plans

"#]])
        .run();
}

#[test]
fn suggest_for_an_invalid_name_of_2_0_gives_a_valid_one_and_its_python_line() {
    let farm = "moin = \"2.0.0b5\"\n[wikis.one]\nurl = \"https://one.example.org/\"\ncookie_name = \"lab;one\"\n\
                secret_key_id = \"k\"\ndata_dir = \"one\"\n";
    let place = Place::farm(farm);
    let shown = place.wikifarm(&format!("cookie suggest {AT}")).any_stdout().run().stdout;
    assert!(shown.starts_with("1. set cookie_name = \"lab_one\" in one\n"), "{shown}");
    let lines = "     in wikiconfig.py of one:\n       SESSION_COOKIE_NAME = 'lab_one'\n";
    assert!(shown.contains(lines), "{shown}");
    assert!(!shown.contains("\n2. "), "{shown}");
}

#[test]
fn suggest_and_the_help_of_check_have_one_order_with_the_fewest_affected_wikis_first() {
    let wiki = |name: &str| {
        format!(
            "[wikis.{name}]\nurl = \"https://{name}.example.org/\"\ndata_dir = \"{name}\"\n\
             anonymous_session_lifetime = 2\n"
        )
    };
    let farm = "moin = \"1.8.7\"\n[farm]\ncookie_domain = \".example.org\"\nuser_dir = \"users\"\n";
    let place = Place::farm(&format!("{farm}{}{}", wiki("a"), wiki("b")));
    let json = place.wikifarm("cookie suggest --format json").any_stdout().run().json();
    let suggestions = json["suggestions"].as_array().unwrap();
    let affected = |one: &Value| {
        let rollout = &one["rollout"];
        ["log_in_again", "stuck"].map(|list| rollout[list].as_array().unwrap().len()).iter().sum::<usize>()
    };
    let [first, second] = &suggestions[..] else { panic!("{suggestions:#?}") };
    assert_eq!(first["settings"], second["settings"]);
    assert!(affected(first) < affected(second), "{suggestions:#?}");
    let summaries = suggestions.iter().map(|one| one["summary"].as_str().unwrap()).collect::<Vec<_>>();
    let check = place.wikifarm("config check --no-disk --format json").any_stdout().status(1).run().json();
    let findings = check["findings"].as_array().unwrap();
    let found = findings.iter().find(|finding| finding["rule"] == "log-out-trap").unwrap();
    assert_eq!(found["help"], summaries.join(", or "));
}

#[test]
fn suggest_o_keeps_an_existing_file() {
    Place::farm(TRAP)
        .file("new.toml", "")
        .wikifarm("cookie suggest -o new.toml")
        .any_stdout()
        .status(2)
        .stderr(str![[r#"
error: new.toml exists
help: name another file

"#]])
        .run();
}

#[test]
fn suggest_for_python_files_shows_lines_only() {
    let place = Place::new().file(
        "farmconfig.py",
        "from MoinMoin.config import multiconfig\n\
         wikis = [('a', r'^https://a.example.org/.*$'), ('b', r'^https://b.example.org/.*$')]\n\
         class FarmConfig(multiconfig.DefaultConfig):\n    cookie_domain = '.example.org'\n    cookie_name = 'lab'\n",
    );
    let wiki = |name: &str| {
        format!(
            "from farmconfig import FarmConfig\nclass Config(FarmConfig):\n    data_dir = '/srv/{name}'\n"
        )
    };
    let place = place.file("a.py", wiki("a")).file("b.py", wiki("b"));
    place
        .wikifarm("-f farmconfig.py cookie suggest -o new.toml")
        .status(2)
        .stderr(str![[r#"
error: -o and --format diff need a farm file in TOML
help: create one with `wikifarm config import PY -o farm.toml`

"#]])
        .run();
    place
        .wikifarm(&format!("-f farmconfig.py cookie suggest {AT}"))
        .stdout(str![[r#"
1. set cookie_name = "b" in b
   MoinMoin's configuration
     in b.py:
       cookie_name = 'b'
   Rollout
     - users of b have to log in again

2. unset cookie_domain in a and b
   MoinMoin's configuration
     in a.py and b.py:
       # delete cookie_domain
   Rollout
     - old cookies cause problems at a and b until they are deleted
     - let https://a.example.org/ send
       `Set-Cookie: MOIN_SESSION_lab=; Domain=example.org; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Secure`
     - let https://b.example.org/ send
       `Set-Cookie: MOIN_SESSION_lab=; Domain=example.org; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Secure`

"#]])
        .any_stderr()
        .run();
}

#[test]
fn suggest_upgrades_a_wiki_whose_old_error_joins_that_of_another_one() {
    let farm = "
        [farm]
        cookie_lifetime = 12
        user_dir = \"users\"

        [wikis.new]
        moin = \"1.9.3\"
        url = \"https://new.example.org/\"
        data_dir = \"new\"

        [wikis.old]
        moin = \"1.9.0\"
        url = \"https://old.example.org/\"
        data_dir = \"old\"

        [[share]]
        wikis = [\"new\", \"old\"]
    ";
    let place = Place::farm(farm);
    place.wikifarm("cookie suggest -o new.toml -q").any_stdout().run();
    let met = place.wikifarm("-f new.toml cookie suggest --format json").any_stdout().run().json();
    assert_eq!(met["met"], json!(true));
}
