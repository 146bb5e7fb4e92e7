//! Python files instead of a farm file: `--farm farmconfig.py`.

use std::fs;

use crate::config_import::farm;
use crate::support::Place;

#[test]
fn commands_with_a_python_file_as_farm_file_read_it() {
    let place = farm();
    place
        .wikifarm("-f farmconfig.py config show plans")
        .stdout(str![[r#"
plans
  url               "https://plans.example.org/"   farmconfig.py:7
  aliases           ["http://plans.example.org/"]  farmconfig.py:7
  moin              "1.9.11"                       default of 1.9.11
  siteid            "plans"                        farmconfig.py:7
  superuser         ["Jörg"]                       farmconfig.py:15
  cookie_name       "plans"                        plans.py:7
  cookie_domain     None                           default of 1.9.11
  cookie_path       None                           default of 1.9.11
  cookie_secure     true                           farmconfig.py:13
  cookie_httponly   false                          default of 1.9.11
  cookie_lifetime   [0.5, 288]                     farmconfig.py:12
  duplicate_cookie  "first"                        default of 1.9.11
  data_dir          "/srv/moin/plans"              plans.py:6
  cache_dir         "/srv/moin/plans/cache"        default of 1.9.11
  session_dir       "sessions"                     farmconfig.py:14
  user_dir          "/srv/moin/users"              farmconfig.py:10
  auth              ["moin"]                       default of 1.9.11

"#]])
        .run();
    let preview = place.wikifarm("-f farmconfig.py cookie preview").any_stdout().run().stdout;
    assert!(preview.starts_with("No wikis share a login.\nVia other URLs\n"), "{preview}");
}

#[test]
fn check_of_python_files_reports_positions_in_them() {
    let place = farm().file(
        "plans.py",
        "from farmconfig import FarmConfig\n\
         class Config(FarmConfig):\n    data_dir = '/srv/moin/plans'\n    cookie_domain = '.example.com'\n",
    );
    place
        .wikifarm("-f farmconfig.py config check --min-severity error")
        .status(1)
        .stdout(str![[r#"
error[domain-mismatch]: plans: nobody can log in: browsers reject the cookie
                        because plans.example.org is not in the domain
                        .example.com
 --> plans.py:4:21
  |
4 |     cookie_domain = '.example.com'
  |                     ^^^^^^^^^^^^^^
  |
  = help: set cookie_domain to the wiki's host or a parent domain of it, or
          delete cookie_domain

farmconfig.py: 2 wikis, 1 error; 11 warnings not shown

"#]])
        .run();
    let found =
        place.wikifarm("-f farmconfig.py config check --format json").status(1).any_stdout().run().json();
    let finding =
        found["findings"].as_array().unwrap().iter().find(|it| it["rule"] == "domain-mismatch").unwrap();
    assert_eq!((finding["file"].as_str().unwrap(), finding["line"].as_u64().unwrap()), ("plans.py", 4));
}

#[test]
fn check_of_python_files_honors_comments() {
    let place = Place::new().file(
        "wikiconfig.py",
        "import socket\nfrom MoinMoin.config import multiconfig\n\
         # wikifarm: moin = \"1.9.11\"\n# wikifarm: url = \"http://wiki.example.org/\"\n\
         class Config(multiconfig.DefaultConfig):\n    cookie_lifetime = (0, 0) # wikifarm: allow(login-disabled) closed\n    \
         cookie_domain = socket.getfqdn()   # wikifarm: cookie_domain = \".example.org\"\n",
    );
    place
        .wikifarm("-f wikiconfig.py config check")
        .stdout(str![[r#"
wikiconfig.py: 1 wiki, no problems found

"#]])
        .run();
    let bad = "# wikifarm: cookie_domian = \"x\"\n# wikifarm: moin = 1.9\n# wikifarm: mooin\n# wikifarm: allow(none-such) x\n";
    let text = fs::read_to_string(place.path().join("wikiconfig.py")).unwrap();
    let place = place.file("wikiconfig.py", format!("{text}{bad}"));
    let found =
        place.wikifarm("-f wikiconfig.py config check --format json").status(1).any_stdout().run().json();
    let found = found["findings"].as_array().unwrap().clone();
    let reported: Vec<_> =
        found.iter().map(|it| (it["rule"].as_str().unwrap(), it["line"].as_u64().unwrap())).collect();
    assert_eq!(
        reported,
        [("unknown-key", 8), ("wrong-type", 9), ("invalid-suppression", 10), ("unknown-rule", 11)],
        "{found:#?}"
    );
}

#[test]
fn check_of_python_files_hides_passwords() {
    let place = Place::new().file(
        "wikiconfig.py",
        "from MoinMoin.config.multiconfig import DefaultConfig\nfrom MoinMoin.auth.ldap_login import LDAPAuth\n\
         class Config(DefaultConfig):\n    auth = [LDAPAuth(bind_pw='hush-hush', name=some()), x]\n",
    );
    let ran =
        place.wikifarm("config import --url https://example.org/").status(3).any_stderr().any_stdout().run();
    assert!(ran.stderr.contains("bind_pw='*********'"), "{}", ran.stderr);
    assert!(!ran.stdout.contains("hush"), "{}", ran.stdout);
}

#[test]
fn fix_and_import_never_change_python_files() {
    let place = Place::new().file(
        "wikiconfig.py",
        "from MoinMoin.config.multiconfig import DefaultConfig\n# wikifarm: moin = \"1.9.11\"\n\
         # wikifarm: url = \"http://wiki.example.org/\"\nclass Config(DefaultConfig):\n    anonymous_session_lifetime = 1\n",
    );
    for named in ["wikiconfig.py", "."] {
        place
            .wikifarm(&format!("-f {named} config check --fix"))
            .status(2)
            .stderr(format!(
                "error: {named}: wikifarm does not change Python files\nhelp: create a farm file with `wikifarm config import`\n"
            ))
            .run();
    }
    let found = place.wikifarm("-f wikiconfig.py config check --format json").any_stdout().run().json();
    let finding =
        found["findings"].as_array().unwrap().iter().find(|it| it["rule"] == "ignored-setting").unwrap();
    assert_eq!(finding["fix"], serde_json::json!(null));
}
