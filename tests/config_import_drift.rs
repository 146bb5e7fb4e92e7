//! `wikifarm config import PY --check FARM`: reports the differences between the Python files and a farm
//! file.

use std::fs;

use crate::config_import::farm;
use crate::support::Place;

#[test]
fn import_check_names_each_setting_that_differs() {
    let place = farm();
    place.wikifarm("config import --moin 1.9.8 -o farm.toml").any_stdout().run();
    let text = fs::read_to_string(place.path().join("farm.toml")).unwrap();
    let changed = text
        .replace("cookie_secure = true", "cookie_secure = false")
        .replace("cookie_domain = \".example.org\" ", "")
        .replace("[wikis.plans]", "[wikis.planes]")
        // A setting that the Python files do not have is not a difference.
        .replace("[wikis.docs]\n", "[wikis.docs]\nbackend_url = \"http://127.0.0.1:8080/\"\n")
        + "[prune]\nidle = \"400d\"\n";
    let place = place.file("farm.toml", changed.replace("         # farmconfig.py:11", ""));
    place
        .wikifarm("config import --check farm.toml")
        .status(1)
        .stdout(str![[r#"
docs cookie_domain: not in the farm file, but ".example.org" (farmconfig.py:11)
docs cookie_secure: false (farm.toml:8), but true (farmconfig.py:13)
plans: not in the farm file, but "https://plans.example.org/" (farmconfig.py:7)
planes: "https://plans.example.org/" (farm.toml:20), but not in the Python files
farm.toml: 4 differences

"#]])
        .run();
    let json =
        place.wikifarm("config import --check farm.toml --format json").status(1).any_stdout().run().json();
    assert_eq!(
        json["drift"][1],
        serde_json::json!({"wiki": "docs", "setting": "cookie_secure", "farm": "false", "farm_origin": "farm.toml:8",
            "python": "true", "python_origin": "farmconfig.py:13"})
    );
    let report =
        place.wikifarm("config import --check farm.toml --moin 1.9.11").status(1).any_stdout().run().stdout;
    assert!(report.contains("docs moin: \"1.9.8\" (farm.toml:4), but \"1.9.11\" (--moin)\n"), "{report}");
}

/// Two wikis of 1.9 with their sessions in a database, and with settings that only the farm file or a comment
/// has.
const DATABASE: &str = "import os\nfrom MoinMoin.config import multiconfig\n\
    from wikifarm_session19 import WikifarmSessionService\n\
    wikis = [('docs', r'^https?://docs\\.example\\.org/'), ('plans', r'^https?://plans\\.example\\.org/')]\n\
    class FarmConfig(multiconfig.DefaultConfig):\n    user_dir = '/srv/users'\n    \
        session_service = WikifarmSessionService('sqlite:' + os.path.join('/srv', 's.db') + '?key_file=/etc/seal.key')\n";

#[test]
fn import_check_finds_drift_of_every_setting() {
    let wiki = |name: &str, more: &str| {
        format!(
            "from farmconfig import FarmConfig\nclass Config(FarmConfig):\n    data_dir = '/srv/{name}'\n{more}"
        )
    };
    let place = Place::new()
        .file("farmconfig.py", DATABASE)
        // Modules of wikifarm are not read, in any directory.
        .file("wikifarm_session19.py", "class WikifarmSessionService(:\n")
        .file(
            "docs.py",
            wiki("docs", "# wikifarm: backend_url = \"http://127.0.0.1:1/\"\n# wikifarm: duplicate_cookie = \"last\"\n"),
        )
        .file("plans.py", wiki("plans", ""));
    place
        .wikifarm("config import --moin 1.9.11 -o farm.toml")
        .stdout(str![[r#"
farm.toml: 2 wikis

"#]])
        .run();
    let text = fs::read_to_string(place.path().join("farm.toml")).unwrap();
    assert!(
        text.contains("session_store = \"sqlite:/srv/s.db?key_file=/etc/seal.key\"  # farmconfig.py:7\n"),
        "{text}"
    );
    assert!(!text.contains("session_service"), "{text}");
    place
        .wikifarm("config import --check farm.toml")
        .stdout(str![[r#"
farm.toml: no differences from the Python files

"#]])
        .run();
    let changed = text
        .replace("seal.key", "other.key")
        .replace("127.0.0.1:1/", "127.0.0.1:2/")
        .replace("\"last\"", "\"first\"")
        .replace(
            "[wikis.plans]\n",
            "[wikis.plans]\nsiteid = \"plan\"\nbackend_url = \"http://127.0.0.1:3/\"\n",
        );
    let place = place.file("farm.toml", changed);
    place
        .wikifarm("config import --check farm.toml")
        .status(1)
        .stdout(str![[r#"
docs backend_url: "http://127.0.0.1:2/" (farm.toml:13), but "http://127.0.0.1:1/" (docs.py:4)
docs duplicate_cookie: "first" (farm.toml:14), but "last" (docs.py:5)
docs session_store: "sqlite:/srv/s.db?key_file=/etc/other.key" (farm.toml:7), but "sqlite:/srv/s.db?key_file=/etc/seal.key" (farmconfig.py:7)
plans siteid: "plan" (farm.toml:18), but "plans" (farmconfig.py:4)
plans session_store: "sqlite:/srv/s.db?key_file=/etc/other.key" (farm.toml:7), but "sqlite:/srv/s.db?key_file=/etc/seal.key" (farmconfig.py:7)
farm.toml: 5 differences

"#]])
        .run();
    // The location of the sessions counts, not the setting that names it.
    let plain = DATABASE.replace("session_service =", "session_dir = '/srv/sessions' #");
    let farm = fs::read_to_string(place.path().join("farm.toml")).unwrap();
    let farm = farm.replace("sqlite:/srv/s.db?key_file=/etc/other.key", "moin-1.9:/srv/sessions");
    let place = place.file("farmconfig.py", plain).file("farm.toml", farm);
    let report = place.wikifarm("config import --check farm.toml").status(1).any_stdout().run().stdout;
    assert!(!report.contains("session_store") && !report.contains("session_dir"), "{report}");
    assert!(report.ends_with("farm.toml: 3 differences\n"), "{report}");
}

#[test]
fn import_check_ignores_the_key_name_and_reports_another_key() {
    let wiki = |key: &str| {
        format!(
            "from moin.config.default import DefaultConfig\nclass Config(DefaultConfig):\n    pass\nSECRET_KEY = '{key}'\n"
        )
    };
    let place = Place::new()
        .file("all/a/wikiconfig.py", wiki("one"))
        .file("all/b/wikiconfig.py", wiki("one"))
        .file("all/c/wikiconfig.py", wiki("two"));
    let urls = "--url a=https://a.example.org/ --url b=https://b.example.org/ --url c=https://c.example.org/";
    let import = format!("config import all {urls}");
    place.wikifarm(&format!("{import} -o farm.toml")).any_stdout().run();
    let check = format!("{import} --check farm.toml");
    let as_is = str![[r#"
farm.toml: no differences from the Python files

"#]];
    place.wikifarm(&check).stdout(as_is.clone()).run();
    let text = fs::read_to_string(place.path().join("farm.toml")).unwrap();
    let ids: Vec<&str> =
        text.lines().filter_map(|line| line.strip_prefix("secret_key_id = \"")?.get(..8)).collect();
    let [common, other] = ids.as_slice() else { panic!("{text}") };
    // The administrator has other names for the keys.
    let named = text.replace(common, "the old key").replace(other, "the new key");
    let place = place.file("farm.toml", named.clone());
    place.wikifarm(&check).stdout(as_is.clone()).run();
    // The farm file has one name for two keys.
    let place = place.file("farm.toml", named.replace("the new key", "the old key"));
    let report = place.wikifarm(&check).status(1).any_stdout().run().stdout;
    assert!(report.starts_with("c secret_key_id: \"the old key\" (farm.toml:"), "{report}");
    // The key has changed since the import.
    let place = place.file("farm.toml", text.clone()).file("all/c/wikiconfig.py", wiki("three"));
    let report = place.wikifarm(&check).status(1).any_stdout().run().stdout;
    assert!(report.starts_with(&format!("c secret_key_id: \"{other}\" (farm.toml:")), "{report}");
    assert!(report.ends_with("farm.toml: 1 difference\n") && !report.contains("three"), "{report}");
}

#[test]
fn import_check_of_a_single_wiki_ignores_its_name() {
    let place = Place::new()
        .file(
            "wikiconfig.py",
            "from MoinMoin.config.multiconfig import DefaultConfig\nclass Config(DefaultConfig):\n    \
             session_dir = '/srv/sessions'\n# wikifarm: url = \"https://wiki.example.org/\"\n",
        )
        .file(
            "farm.toml",
            "moin = \"1.9.11\"\n[wikis.main]\nurl = \"https://wiki.example.org/\"\nsiteid = \"wikiconfig\"\n\
             session_dir = \"/srv/other\"\n",
        );
    place
        .wikifarm("config import --moin 1.9.11 --check farm.toml")
        .status(1)
        .stdout(str![[r#"
main session_dir: "/srv/other" (farm.toml:5), but "/srv/sessions" (wikiconfig.py:3)
farm.toml: 1 difference

"#]])
        .run();
}
