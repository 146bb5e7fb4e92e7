//! `wikifarm config show [WIKI]`

use crate::support::Place;

const FARM: &str = r#"
    moin = "1.9.11"

    [farm]
    user_dir = "users"

    [groups.lab]
    cookie_name = "lab"
    cookie_lifetime = [0.5, 12]
    session_dir = "sessions"

    [wikis.docs]
    group = "lab"
    url = "https://docs.example.org/"
    data_dir = "docs/data"

    [wikis.old]
    moin = "1.8.7"
    url = "https://example.org/old"
    backend_url = "http://127.0.0.1:8080/old"
    unset = ["user_dir"]
    data_dir = "/srv/old/data"
"#;

#[test]
fn show_prints_each_setting_with_its_origin() {
    Place::farm(FARM)
        .wikifarm("config show docs")
        .stdout(str![[r#"
docs
  url               "https://docs.example.org/"  farm.toml:13
  moin              "1.9.11"                     farm.toml:1
  siteid            "docs"                       farm.toml:11
  superuser         []                           default of 1.9.11
  cookie_name       "lab"                        farm.toml:7
  cookie_domain     None                         default of 1.9.11
  cookie_path       None                         default of 1.9.11
  cookie_secure     None                         default of 1.9.11
  cookie_httponly   false                        default of 1.9.11
  cookie_lifetime   [0.5, 12]                    farm.toml:8
  duplicate_cookie  "first"                      default of 1.9.11
  data_dir          "docs/data"                  farm.toml:14
  cache_dir         "docs/data/cache"            default of 1.9.11
  session_dir       "sessions"                   farm.toml:9
  user_dir          "users"                      farm.toml:4
  auth              ["moin"]                     default of 1.9.11

"#]])
        .run();
}

#[test]
fn show_of_an_unset_setting_prints_the_default() {
    Place::farm(FARM)
        .wikifarm("config show old")
        .stdout(str![[r#"
old
  url                         "https://example.org/old"    farm.toml:18
  backend_url                 "http://127.0.0.1:8080/old"  farm.toml:19
  moin                        "1.8.7"                      farm.toml:17
  siteid                      "old"                        farm.toml:16
  superuser                   []                           default of 1.8.7
  cookie_domain               None                         default of 1.8.7
  cookie_path                 None                         default of 1.8.7
  cookie_secure               None                         default of 1.8.7
  cookie_lifetime             12                           default of 1.8.7
  anonymous_session_lifetime  None                         default of 1.8.7
  duplicate_cookie            "last"                       default of 1.8.7
  data_dir                    "/srv/old/data"              farm.toml:21
  cache_dir                   "/srv/old/data/cache"        default of 1.8.7
  session_dir                 "/srv/old/data/cache/__common__/session"
                                                           default of 1.8.7
  user_dir                    "/srv/old/data/user"         default of 1.8.7
  auth                        ["moin"]                     default of 1.8.7

"#]])
        .run();
}

#[test]
fn show_without_a_name_prints_all_wikis() {
    let place = Place::farm(FARM);
    let one = |name: &str| place.wikifarm(&format!("config show {name}")).any_stdout().run().stdout;
    let all = format!("{}\n{}", one("docs"), one("old"));
    place.wikifarm("config show").stdout(&all).run();
}

#[test]
fn show_json_has_a_row_for_each_setting() {
    let rows = Place::farm(FARM).wikifarm("config show docs --format json").any_stdout().run().json();
    let row =
        rows["settings"].as_array().unwrap().iter().find(|row| row["setting"] == "cookie_name").unwrap();
    assert_eq!(
        *row,
        serde_json::json!({"wiki": "docs", "setting": "cookie_name", "value": "lab", "origin": "file", "file": "farm.toml", "line": 7})
    );
}

#[test]
fn show_of_an_unknown_wiki_suggests_the_nearest() {
    Place::farm(FARM)
        .wikifarm("config show dosc")
        .status(2)
        .stderr(str![[r#"
error: farm.toml: no wiki "dosc"
help: did you mean "docs"?

"#]])
        .run();
}

#[test]
fn show_of_a_farm_with_errors_is_refused() {
    Place::farm(&FARM.replace("cookie_name", "cookie_nam"))
        .wikifarm("config show docs")
        .status(2)
        .stderr(str![[r#"
error[unknown-key]: unknown key "cookie_nam" in [groups.lab]
 --> farm.toml:7:1
  |
7 | cookie_nam = "lab"
  | ^^^^^^^^^^
  |
  = help: did you mean "cookie_name"?

error: farm.toml: the farm file has errors
help: correct the errors above; `wikifarm config check` lists all findings

"#]])
        .run();
}
