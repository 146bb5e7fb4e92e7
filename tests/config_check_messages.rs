//! `wikifarm config check`: settings that are misspelled, ignored, or known to cause problems

use crate::support::{Place, fixtures, unwrapped};

/// The output of a check of one wiki with these lines.
fn check(lines: &str) -> String {
    let farm = format!("moin = \"1.9.11\"\n[wikis.one]\nurl = \"https://one.example.org/\"\n{lines}\n");
    check_farm(&farm, "")
}

fn check_farm(farm: &str, flags: &str) -> String {
    let place = Place::farm(farm);
    let run = place.wikifarm(&format!("config check {flags}")).any_stdout().status_among(&[0, 1]);
    unwrapped(&run.run().stdout)
}

#[test]
fn check_of_an_unknown_version_names_the_nearest_release_and_no_missing_version() {
    let farm = "moin = \"1.9.12\"\n[wikis.one]\nurl = \"https://one.example.org/\"\n";
    for farm in [
        farm.to_owned(),
        farm.replace("1.9.12", "1.9.11").replace("[wikis", "\n[wikis") + "moin = \"1.9.12\"\n",
    ] {
        let found = check_farm(&farm, "");
        assert!(found.contains("unknown MoinMoin version \"1.9.12\""), "{found}");
        assert!(found.contains("help: write \"1.9.11\", the nearest release that wikifarm knows"), "{found}");
        assert!(!found.contains("missing-version"), "{found}");
    }
    assert!(
        !check_farm("moin = 1.9\n[wikis.one]\nurl = \"https://one.example.org/\"\n", "")
            .contains("missing-version")
    );
}

#[test]
fn check_of_a_rejected_cookie_names_the_reason_of_each_browser_once_and_a_valid_name() {
    let farm = "moin = \"2.0.0b5\"\n[wikis.one]\nurl = \"https://one.example.org/\"\nsecret_key_id = \"k\"\n\
                data_dir = \"d\"\ncookie_secure = true\ncookie_name = \"=\"\n";
    let found = check_farm(farm, "--no-disk");
    assert_eq!(found.matches("cookie-rejected").count(), 1, "{found}");
    let message = "error[cookie-rejected]: one: nobody can log in: browsers reject the login cookie: a value with '=' needs a \
                   name, or servers read it as another cookie (RFC 6265bis 5.6 step 3) (ambiguous-nameless); Firefox: \
                   Firefox rejects cookies without a name";
    assert!(found.contains(message), "{found}");
    assert!(found.contains("help: set cookie_name = \"one\" in one"), "{found}");
    // The domain in raw UTF-8: Chromium encodes it.
    let farm = "moin = \"1.9.11\"\n[wikis.one]\nurl = \"https://w.b\u{fc}cher.example/\"\ndata_dir = \"d\"\n\
                cookie_domain = \".b\u{fc}cher.example\"\n";
    let found = check_farm(farm, "--no-disk");
    assert_eq!(found.matches("cookie-rejected").count(), 1, "{found}");
    assert!(
        found.contains("one: nobody can log in with Firefox: browsers reject the login cookie: Domain"),
        "{found}"
    );
    assert!(found.contains("help: unset cookie_domain in one"), "{found}");
}

#[test]
fn check_counts_the_other_pairs_with_the_same_clock_or_browser_difference() {
    let wiki =
        |name: &str, lines: &str| format!("[wikis.{name}]\nurl = \"http://{name}.example.org/\"\n{lines}\n");
    let farm = |moin: &str, wikis: &[String]| format!("moin = \"{moin}\"\n{}", wikis.concat());
    let shared =
        "user_dir = \"u\"\nsession_dir = \"s\"\ncookie_domain = \".example.org\"\ncookie_name = \"lab\"";
    let [a, b, c] = ["a", "b", "c"].map(|name| wiki(name, shared));
    let found = check_farm(
        &farm("1.9.11", &[a, b, c, wiki("d", &format!("{shared}\nclock_skew = 99999"))]),
        "--no-disk",
    );
    let [line] = &found.lines().filter(|line| line.contains("[clock-skew]")).collect::<Vec<_>>()[..] else {
        panic!("{found}")
    };
    assert!(line.contains("logins of a expire at once at d: "), "{line}");
    assert!(line.ends_with(" (the same for 2 other pairs of wikis)"), "{line}");
    let [a, c] = ["a", "c"].map(|name| wiki(name, &format!("data_dir = \"{name}\"")));
    let old = wiki("b", "moin = \"1.8.7\"\ndata_dir = \"b\"\ncookie_domain = \".example.org\"");
    let found = check_farm(&farm("1.9.0", &[a, old, c]), "--no-disk");
    let [line] = &found.lines().filter(|line| line.contains("[browsers-differ]")).collect::<Vec<_>>()[..]
    else {
        panic!("{found}")
    };
    assert!(line.ends_with(" (the same for 1 other pair of wikis)"), "{line}");
}

#[test]
fn check_of_a_wrong_type_shows_the_right_spelling() {
    for (line, help) in [
        ("cookie_secure = \"yes\"", "write true"),
        ("cookie_httponly = \"False\"", "write false"),
        ("cookie_secure = 1", "write true"),
        ("cookie_lifetime = \"(0.5, 12)\"", "write [0.5, 12]"),
        ("cookie_lifetime = \"12\"", "write 12"),
        ("auth = \"moin\"", "write [\"moin\"]"),
        ("cookie_name = 3", "write \"3\""),
    ] {
        let found = check(line);
        assert!(found.contains("error[wrong-type]") && found.contains(&format!("help: {help}\n")), "{found}");
    }
}

#[test]
fn check_of_a_value_in_the_table_of_a_wiki_names_the_wiki() {
    for (lines, rule) in [
        ("data_dir = \"\"", "invalid-value"),
        ("cookie_secure = 1", "wrong-type"),
        ("aliases = [\"one.example.org\"]", "invalid-url"),
        ("group = \"lab\"", "unknown-group"),
        ("unset = [\"cookie_name\"]", "useless-unset"),
        ("cookie_nane = \"lab\"", "unknown-key"),
    ] {
        let found = check(lines);
        assert!(found.contains(&format!("[{rule}]: one: ")), "{found}");
        let place = Place::farm(&format!("[wikis.one]\nurl = \"https://one.example.org/\"\n{lines}\n"));
        let json =
            place.wikifarm("config check --format json").any_stdout().status_among(&[0, 1]).run().json();
        let of_rule = json["findings"].as_array().unwrap().iter().find(|finding| finding["rule"] == rule);
        assert_eq!(of_rule.unwrap()["wikis"], serde_json::json!(["one"]), "{rule}");
    }
}

#[test]
fn help_for_a_python_file_is_python() {
    for (lines, help) in [
        ("cookie_lifetime = 12", "cookie_lifetime = (0, 12)"),
        ("cookie_secure = False", "cookie_secure = True"),
        ("cookie_httponly = False", "cookie_httponly = True"),
        ("auth = []", "auth = [MoinAuth()]"),
    ] {
        let place = Place::new().file(
            "wikiconfig.py",
            format!(
                "# wikifarm: moin = \"1.9.11\"\n# wikifarm: url = \"https://one.example.org/\"\n\
                 from MoinMoin.config.multiconfig import DefaultConfig\n\
                 class Config(DefaultConfig):\n    data_dir = '/srv/moin'\n    {lines}\n"
            ),
        );
        let run = place
            .wikifarm("-f wikiconfig.py config check --min-severity note")
            .any_stdout()
            .status_among(&[0, 1]);
        let found = unwrapped(&run.run().stdout);
        assert!(found.contains(help), "{found}");
    }
}

#[test]
fn check_points_at_the_setting_that_matters_not_at_an_ignored_one() {
    let old = "moin = \"1.8.7\"\n[wikis.one]\nurl = \"https://one.example.org/\"\nsession_dir = \"s\"\n";
    let found = check_farm(&format!("{old}cache_dir = \"none\"\n"), "");
    assert!(found.contains("missing-directory]: one: cache_dir none does not exist"), "{found}");
    assert!(!found.contains("session_dir none"), "{found}");
    let found = check_farm(
        "moin = \"2.0.0b5\"\n[wikis.one]\nurl = \"https://one.example.org/\"\nanonymous_session_lifetime = 1\n",
        "",
    );
    assert!(found.contains("2.0 has one lifetime, cookie_lifetime, for all visitors"), "{found}");
    let found = check("anonymous_session_lifetime = 20\ncookie_lifetime = [13, 12]");
    let (_, at) = found.split_once("anonymous-outlives-login").unwrap();
    let at = at.split_once("\n\n").unwrap().0;
    assert!(at.contains("cookie_lifetime = [13, 12]") && !at.contains("lifetime = 20"), "{found}");
}

#[test]
fn check_of_a_missing_absolute_directory_has_no_hint_about_relative_paths() {
    let hint = "relative paths start at the directory of the farm file";
    assert!(!check("session_dir = \"/none/sessions\"").contains(hint));
    assert!(check("session_dir = \"none\"").contains(hint));
    assert!(!check("session_store = \"moin-1.9:/none/sessions\"").contains(hint));
}

#[test]
fn check_that_prints_notes_counts_them_in_the_last_line() {
    let farm = "moin = \"1.9.11\"\n[wikis.one]\nurl = \"https://one.example.org/\"\ndata_dir = \"d\"\n";
    let place = Place::farm(farm).dir("d");
    let last = |flags: &str| {
        let ran = place.wikifarm(&format!("config check --no-disk {flags}")).any_stdout().run();
        ran.stdout.lines().next_back().unwrap().to_owned()
    };
    assert_eq!(last("--min-severity note"), "farm.toml: 1 wiki, 1 note");
    assert_eq!(last(""), "farm.toml: 1 wiki, no problems found");
}

#[test]
fn check_of_scripts_that_can_read_the_cookie_names_twikidraw() {
    let found = check_farm(
        "moin = \"1.9.11\"\n[wikis.one]\nurl = \"https://one.example.org/\"\n",
        "--min-severity note",
    );
    assert!(found.contains("unless users save drawings with TWikiDraw"), "{found}");
}

#[test]
fn check_of_the_published_secret_key_is_an_error_by_name_and_as_written() {
    for key in ["a90fd079", "WARNING: set this to a unique string to create secure cookies"] {
        let found = check(&format!("moin = \"2.0.0b5\"\ncookie_secure = true\nsecret_key_id = \"{key}\""));
        assert!(found.contains("error[sample-secret-key]: one: everybody knows the key"), "{found}");
    }
}

#[test]
fn check_fix_of_a_number_in_1_9_0_keeps_the_anonymous_lifetime() {
    let report = fixtures().join("reports/lifetime-number-1.9.0.toml");
    let place = Place::new().file("farm.toml", std::fs::read(report).unwrap());
    place.wikifarm("config check --no-disk --fix").any_stdout().run();
    let fixed = std::fs::read_to_string(place.path().join("farm.toml")).unwrap();
    assert!(fixed.contains("cookie_lifetime = [0.5, 12]"), "{fixed}");
    let zero = check("moin = \"1.9.0\"\ncookie_lifetime = 0");
    assert!(
        zero.contains("help: write the hours that a login lasts, such as cookie_lifetime = [0, 12]"),
        "{zero}"
    );
}

#[test]
fn import_of_a_farm_file_is_refused_with_the_command_that_checks_it() {
    Place::farm("moin = \"1.9.11\"\n")
        .wikifarm("config import farm.toml")
        .status(2)
        .stderr(str![[r#"
error: farm.toml is a farm file already: `config import` reads Python files
help: check the farm file with `wikifarm config check farm.toml`

"#]])
        .run();
}

/// The findings of a rule, each as its wikis and its message.
fn findings(farm: &str, rule: &str) -> Vec<(Vec<String>, String)> {
    let place = Place::farm(farm);
    let run = place.wikifarm("config check --no-disk --format json").any_stdout().status_among(&[0, 1]);
    let document = run.run().json();
    let all = document["findings"].as_array().unwrap();
    let found = all.iter().filter(|finding| finding["rule"] == rule).map(|finding| {
        let wikis = finding["wikis"].as_array().unwrap();
        let wikis = wikis.iter().map(|name| name.as_str().unwrap().to_owned()).collect();
        (wikis, finding["message"].as_str().unwrap().to_owned())
    });
    found.collect()
}

/// Wikis with one cookie, each with its own data_dir.
fn equal_wikis(names: &[&str]) -> String {
    let wikis = names.iter().map(|name| {
        format!("[wikis.{name}]\nurl = \"https://{name}.example.org/\"\ndata_dir = \"{name}\"\n")
    });
    let head = "moin = \"1.9.11\"\n[farm]\ncookie_name = \"X\"\ncookie_domain = \".example.org\"\n";
    head.to_owned() + &wikis.collect::<String>()
}

#[test]
fn check_of_a_trap_names_every_wiki_whose_users_are_logged_out() {
    let found = findings(&equal_wikis(&["a", "b", "c", "d"]), "log-out-trap");
    let expected = [("a", "b, c, and d"), ("b", "a, c, and d"), ("c", "a, b, and d"), ("d", "a, b, and c")];
    assert_eq!(found.len(), expected.len());
    for ((wikis, message), (visited, others)) in found.iter().zip(expected) {
        let text = format!("visiting {visited} deletes the shared cookie: users are logged out of {others}");
        assert_eq!(*message, text);
        let mut sorted = wikis.clone();
        sorted.sort();
        assert_eq!((wikis[0].as_str(), sorted.concat().as_str()), (visited, "abcd"));
    }
}

#[test]
fn check_of_a_trap_of_many_equal_wikis_counts_the_others_and_lists_them_in_json() {
    let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];
    let found = findings(&equal_wikis(&names), "log-out-trap");
    let [(wikis, message)] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(
        message,
        "visiting a deletes the shared cookie: users are logged out of b, c, d, e, and 7 more (the same for 11 more wikis)"
    );
    assert_eq!(wikis.concat(), names.concat());
}

#[test]
fn check_of_mixed_password_hashes_names_every_wiki_that_rewrites_passwords() {
    let wiki = |name, version| {
        format!("[wikis.{name}]\nmoin = \"{version}\"\nurl = \"https://{name}.example.org/\"\n")
    };
    let wikis = [wiki("old", "1.9.3"), wiki("a", "1.9.11"), wiki("b", "1.9.10"), wiki("c", "1.9.9")].concat();
    let farm = format!("[farm]\nuser_dir = \"users\"\n{wikis}");
    let found = findings(&farm, "mixed-password-hashes");
    let [(wikis, message)] = found.as_slice() else { panic!("{found:?}") };
    assert!(message.starts_with("after a login at a, b, or c, old (MoinMoin 1.9.3) refuses"), "{message}");
    assert_eq!(wikis.concat(), "oldabc");
}

#[test]
fn check_quotes_a_path_with_spaces_in_the_command_that_helps() {
    use std::os::unix::fs::PermissionsExt;
    let sessions = "sp ace/x/cache/__session__";
    let farm =
        "moin = \"1.9.11\"\n[wikis.one]\nurl = \"https://one.example.org/\"\ndata_dir = \"sp ace/x\"\n";
    let place = Place::farm(farm).dir(sessions);
    let mode = |path: &str, mode| {
        std::fs::set_permissions(place.path().join(path), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    let found = || unwrapped(&place.wikifarm("config check").any_stdout().status_among(&[0, 1]).run().stdout);
    mode(sessions, 0o755);
    assert!(found().contains(&format!("help: run `chmod o-rx '{sessions}'`: each file name")), "{}", found());
    mode(sessions, 0o702);
    assert!(found().contains(&format!("help: run `chmod o-w '{sessions}'`")), "{}", found());
    mode("sp ace", 0o777);
    assert!(found().contains("help: run `chmod o-w 'sp ace'`"), "{}", found());
}
