//! `wikifarm config check --fix` and `--diff`: safe fixes change the farm file, but no prediction.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use crate::support::{Place, unindent, unwrapped};

/// A farm with one finding for each kind of fix.
const SLIPS: &str = r#"
    # Our farm.
    moin = "1.9.11"

    [farm]
    cookie_domian = ".example.org"   # all of it
    cookie_name = "lab"
    cookie_samesite = "Lax"          # no MoinMoin before 2.0 has it
    superuser = [
        "AdminAda",    # in the office
        "AdminAda",    # and again
    ]
    user_dir = "users"

    [groups.lab]
    session_dir = "sessions"

    [wikis.docs]
    group = "lba"
    url = "https://docs.example.org/"
    aliases = ["https://docs.example.org", "https://doc.example.org/"]
    data_dir = "docs"

    [wikis.plans]   # wikifarm: allow(invalid-path) it was so once
    group = "lab"
    url = "https://plans.example.org/"
    unset = ["cookie_path"]
    cookie_secure = "True"
    data_dir = "plans"

    [[share]]
    wikis = ["docs", "plan"]
"#;

/// [`SLIPS`] after the fixes.
const FIXED: &str = r#"
    # Our farm.
    moin = "1.9.11"

    [farm]
    cookie_domain = ".example.org"   # all of it
    cookie_name = "lab"
    superuser = [
        "AdminAda",    # in the office
    ]
    user_dir = "users"

    [groups.lab]
    session_dir = "sessions"

    [wikis.docs]
    group = "lab"
    url = "https://docs.example.org/"
    aliases = ["https://doc.example.org/"]
    data_dir = "docs"

    [wikis.plans]
    group = "lab"
    url = "https://plans.example.org/"
    cookie_secure = true
    data_dir = "plans"

    [[share]]
    wikis = ["docs", "plans"]
"#;

fn with_directories(farm: &str) -> Place {
    ["users", "sessions", "docs", "plans"].into_iter().fold(Place::farm(farm), Place::dir)
}

fn text(place: &Place) -> String {
    fs::read_to_string(place.path().join("farm.toml")).unwrap()
}

#[test]
fn fix_applies_safe_fixes_and_keeps_comments_and_order() {
    let place = with_directories(SLIPS);
    place
        .wikifarm("config check --fix")
        .stdout(str![[r#"
fixed[unknown-key]: farm.toml:5: unknown key "cookie_domian" in [farm]
fixed[unknown-group]: farm.toml:18: docs: there is no group "lba"
fixed[wrong-type]: farm.toml:27: plans: cookie_secure must be true or false, not
  a string
fixed[unknown-wiki]: farm.toml:31: [[share]]: unknown wiki "plan"
fixed[ignored-setting]: farm.toml:7: docs and plans: MoinMoin 1.9.11 ignores
  cookie_samesite: MoinMoin sends SameSite only from 2.0 on
fixed[duplicate-item]: farm.toml:10: superuser contains "AdminAda" twice
fixed[duplicate-alias]: farm.toml:20: docs: the alias https://docs.example.org/
  repeats another address of the wiki
fixed[unused-suppression]: farm.toml:23: "invalid-path" is allowed here, but has
  no findings
fixed[useless-unset]: farm.toml:26: plans: unset has no effect: cookie_path is
  not inherited

farm.toml: 2 wikis, no problems found

"#]])
        .run();
    assert_eq!(text(&place), unindent(FIXED));
    place
        .wikifarm("config check --fix")
        .stdout(str![[r#"
nothing to fix: no finding has a safe fix

farm.toml: 2 wikis, no problems found

"#]])
        .run();
}

#[test]
fn fix_without_a_safe_fix_prints_that_nothing_was_fixed() {
    let place = Place::farm(
        "moin = \"1.9\"\n[wikis.docs]\nurl = \"https://docs.example.org/\"\ndata_dir = \"docs\"\n",
    );
    place
        .wikifarm("config check --fix --allow missing-directory")
        .stdout(str![[r#"
nothing to fix: no finding has a safe fix (1 fix with --unsafe-fixes)

warning[imprecise-version]: docs: 1.9 is not an exact release: wikifarm assumes
                            1.9.11
 --> farm.toml:1:8
  |
1 | moin = "1.9"
  |        ^^^^^
  |
  = help: write the release, such as "1.9.11": cookies differ between releases

farm.toml: 1 wiki, 1 warning

"#]])
        .run();
}

#[test]
fn fix_with_diff_prints_the_changes_and_writes_nothing() {
    let farm = "\n    moin = \"1.9.11\"\n    [wikis.a]\n    url = \"https://a.example.org/\"\n    cookie_nam = \"a\"\n";
    let place = Place::farm(farm);
    place
        .wikifarm("config check --diff")
        .status(1)
        .stdout(str![[r#"
--- farm.toml
+++ farm.toml
@@ -1,4 +1,4 @@
 moin = "1.9.11"
 [wikis.a]
 url = "https://a.example.org/"
-cookie_nam = "a"
+cookie_name = "a"

"#]])
        .run();
    assert_eq!(text(&place), unindent(farm));
    // Changes alone also give status 1.
    Place::farm("moin = \"1.9.11\"\n[wikis.a]\nurl = \"https://a.example.org/\"\nunset = [\"cookie_path\"]")
        .wikifarm("config check --diff")
        .status(1)
        .stdout(str![[r#"
--- farm.toml
+++ farm.toml
@@ -1,4 +1,3 @@
 moin = "1.9.11"
 [wikis.a]
 url = "https://a.example.org/"
-unset = ["cookie_path"]
\ No newline at end of file

"#]])
        .run();
    Place::farm("moin = \"1.9.11\"\n[wikis.a]\nurl = \"https://a.example.org/\"\n")
        .wikifarm("config check --diff")
        .run();
}

#[test]
fn fix_without_unsafe_fixes_skips_fixes_that_need_review() {
    let farm = r#"
        moin = "1.9"
        [wikis.a]
        url = "https://example.org/a"
        cookie_path = "/a/"
    "#;
    let place = Place::farm(farm);
    place.wikifarm("config check --fix -q --format json").any_stdout().run();
    assert_eq!(text(&place), unindent(farm));
    place
        .wikifarm("config check --fix --unsafe-fixes")
        .stdout(str![[r#"
fixed[imprecise-version]: farm.toml:1: a: 1.9 is not an exact release: wikifarm
  assumes 1.9.11
fixed[path-trailing-slash]: farm.toml:4: a: browsers do not send the cookie to
  /a: cookie_path /a/ ends with a slash

farm.toml: 1 wiki, no problems found

"#]])
        .run();
    assert_eq!(text(&place), unindent(&farm.replace("1.9", "1.9.11").replace("/a/", "/a")));
}

#[test]
fn fix_json_lists_the_applied_fixes() {
    let place = Place::farm("moin = \"1.9.11\"\n[wikis.a]\nulr = \"https://a.example.org/\"\n");
    let ran = place.wikifarm("config check --fix --format json").any_stdout().run().json();
    assert_eq!(
        ran,
        serde_json::json!({
            "schema": 1, "findings": [], "errors": 0, "warnings": 0, "notes": 0,
            "fixed": [{
                "rule": "unknown-key", "message": "a: unknown key \"ulr\" in the table",
                "line": 3, "column": 1, "safe": true,
            }],
        })
    );
}

#[test]
fn fix_of_an_ambiguous_name_changes_nothing() {
    for (farm, why) in [
        (
            "[wikis.a]\nurl = \"https://a.example.org/\"\ncookie_scure = true\ncookie_secure = true\n",
            "it is there",
        ),
        ("[wikis.a]\nurl = \"https://a.example.org/\"\ncolour = \"red\"\n", "nothing is near"),
        (
            "[wikis.w1]\nurl = \"https://a.example.org/\"\n[wikis.w2]\nurl = \"https://b.example.org/\"\n[[share]]\nwikis = [\"w1\", \"w3\"]\n",
            "two are near",
        ),
        ("[wikis.a]\nurl = \"https://a.example.org/\"\ncookie_domian = 7\n", "it would be of the wrong type"),
        (
            "[wikis.a]\nurl = \"https://a.example.org/\"\ncookie_domian = \".example.org\"\ncolour = 1\n[farm]\nunset = [\"cookie_domain\"]\n",
            "",
        ),
    ] {
        let farm = format!("moin = \"1.9.11\"\n{farm}");
        let place = Place::farm(&farm);
        place.wikifarm("config check --fix").status(1).any_stdout().run();
        if !why.is_empty() {
            assert_eq!(text(&place), farm, "{why}");
        }
    }
}

#[test]
fn fix_of_a_misspelled_key_changes_nothing_else() {
    // After the fix, `unset` has an effect.
    let farm = r#"
        moin = "1.9.11"
        color = "red"
        [farm]
        cookie_domian = ".example.org"
        [wikis.a]
        url = "https://a.example.org/"
        unset = ["cookie_domain"]
    "#;
    let place = Place::farm(farm);
    place.wikifarm("config check --fix").status(1).any_stdout().run();
    assert_eq!(text(&place), unindent(&farm.replace("domian", "domain")));
}

#[test]
fn fix_of_a_setting_that_wikis_of_two_versions_ignore_deletes_it_and_names_both() {
    let place = Place::farm(
        "[farm]\ncookie_samesite = \"Lax\"\n\
         [wikis.a]\nmoin = \"1.9.11\"\nurl = \"https://a.example.org/\"\n\
         [wikis.b]\nmoin = \"1.9.10\"\nurl = \"https://b.example.org/\"\n",
    );
    let fixed = unwrapped(&place.wikifarm("config check --fix").any_stdout().run().stdout);
    for wiki in ["a: MoinMoin 1.9.11", "b: MoinMoin 1.9.10"] {
        assert!(fixed.contains(&format!("fixed[ignored-setting]: farm.toml:2: {wiki} ignores")), "{fixed}");
    }
    assert!(!text(&place).contains("samesite"));
}

#[test]
fn fix_of_a_setting_that_some_wikis_ignore_names_each_of_them() {
    let wiki = |name: &str, moin: &str| {
        format!(
            "[wikis.{name}]\nmoin = \"{moin}\"\nurl = \"https://{}.example.org/\"\n",
            name.trim_matches('"')
        )
    };
    let farm = [
        "[farm]\ncookie_name = \"lab\"\n".to_owned(),
        wiki("a", "1.9.11"),
        wiki("b", "1.8.7"),
        wiki("\"c d\"", "1.7.3"),
    ];
    let place = Place::farm(&farm.concat().replace("c d.example", "c.example"));
    let found = unwrapped(&place.wikifarm("config check").any_stdout().run().stdout);
    assert!(
        found.contains("help: add unset = [\"cookie_name\"] under [wikis.b] and [wikis.\"c d\"]"),
        "{found}"
    );
    let fixed = unwrapped(&place.wikifarm("config check --fix").any_stdout().run().stdout);
    for wiki in ["b: MoinMoin 1.8.7", "c d: MoinMoin 1.7.3"] {
        assert!(fixed.contains(&format!("fixed[ignored-setting]: farm.toml:2: {wiki} ignores")), "{fixed}");
    }
    assert_eq!(text(&place).matches("unset = [\"cookie_name\"]").count(), 2);
}

#[test]
fn fix_unsets_an_ignored_setting_that_another_wiki_needs() {
    let farm = r#"
        [farm]
        cookie_name = "lab"
        [wikis.a]
        moin = "1.8.7"
        url = "https://a.example.org/"
        [wikis.b]
        moin = "1.9.11"
        url = "https://b.example.org/"
    "#;
    let place = Place::farm(farm);
    place
        .wikifarm("config check")
        .stdout(str![[r#"
warning[ignored-setting]: a: MoinMoin 1.8.7 ignores cookie_name: the setting is
                          new in 1.9.1; session_id_handler names the cookie
 --> farm.toml:2:1
  |
2 | cookie_name = "lab"
  | ^^^^^^^^^^^
  |
  = help: add unset = ["cookie_name"] under [wikis.a]

farm.toml: 2 wikis, 1 warning

"#]])
        .run();
    place.wikifarm("config check --fix").any_stdout().run();
    let expected = farm.replace("[wikis.a]\n", "[wikis.a]\n        unset = [\"cookie_name\"]\n");
    assert_eq!(text(&place), unindent(&expected));
    place
        .wikifarm("config check")
        .stdout(str![[r#"
farm.toml: 2 wikis, no problems found

"#]])
        .run();
}

#[test]
fn fix_also_removes_settings_that_a_fix_makes_useless() {
    let farm = r#"
        moin = "1.9.11"
        [farm]
        cookie_samesite = "Lax"
        [wikis.a]
        url = "https://a.example.org/"
        [wikis.b]
        url = "https://b.example.org/"
        unset = ["cookie_samesite"]
    "#;
    let place = Place::farm(farm);
    place.wikifarm("config check --fix").any_stdout().run();
    let expected: String = unindent(farm)
        .lines()
        .filter(|line| !line.contains("samesite"))
        .map(|line| format!("{line}\n"))
        .collect();
    assert_eq!(text(&place), expected);
}

#[test]
fn fix_keeps_line_ends_byte_order_mark_mode_and_link() {
    let farm = "\u{feff}moin = \"1.9.11\"\r\n# ü\r\n[wikis.a]\r\nulr = \"https://a.example.org/\"\r\n";
    let place = Place::new().file("real.toml", farm);
    let real = place.path().join("real.toml");
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
    symlink("real.toml", place.path().join("farm.toml")).unwrap();
    place.wikifarm("config check --fix").any_stdout().run();
    assert_eq!(fs::read_to_string(&real).unwrap(), farm.replace("ulr", "url"));
    assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
    assert!(place.path().join("farm.toml").is_symlink());
    assert_eq!(place.names("."), ["farm.toml", "real.toml"]);
}

#[test]
fn fix_of_a_read_only_file_fails_and_changes_nothing() {
    let place = Place::farm("moin = \"1.9.11\"\n[wikis.a]\nulr = \"https://a.example.org/\"\n");
    fs::set_permissions(place.path(), fs::Permissions::from_mode(0o555)).unwrap();
    let ran = place.wikifarm("config check --fix").status(3).any_stderr().run();
    fs::set_permissions(place.path(), fs::Permissions::from_mode(0o755)).unwrap();
    assert!(ran.stderr.starts_with("error: can't write farm.toml: "), "{}", ran.stderr);
}

#[test]
fn fix_with_conflicting_flags_is_refused() {
    let place = Place::farm(SLIPS);
    for (words, why) in [
        ("config check --unsafe-fixes", "error: --unsafe-fixes works only with --fix or --diff\n"),
        (
            "config check --diff --format json",
            "error: --diff prints text: it does not work with --format json\n",
        ),
    ] {
        place.wikifarm(words).status(2).stderr(why).run();
    }
    place.wikifarm("config check --fix --diff").status(2).any_stderr().run();
}

#[test]
fn fix_of_500_mistakes_fixes_all() {
    let wiki =
        |n: usize| format!("[wikis.w{n}]\nulr = \"https://w{n}.example.org/\"\nunset = [\"cookie_path\"]\n");
    let wikis: String = (0..500).map(wiki).collect();
    let place = Place::farm(&format!("moin = \"1.9.11\"\n{wikis}"));
    let ran = place.wikifarm("config check --fix").any_stdout().run();
    assert!(ran.stdout.ends_with("\nfarm.toml: 500 wikis, no problems found\n"), "{}", ran.stdout);
    assert_eq!(text(&place).lines().count(), 1001);
}
