//! `wikifarm config export --python`: writes the settings in the spelling of each version, and leaves out
//! settings that break the version.

use std::fs;

use crate::support::Place;

#[test]
fn export_puts_common_settings_into_farmconfig_py() {
    Place::farm(
        r#"
        moin = "1.9.11"
        [farm]
        cookie_domain = ".example.org"
        cookie_lifetime = [0.5, 12]
        user_dir = "users"
        superuser = ["AdminAda", "CarolÜnal"]
        [wikis.docs]
        url = "https://docs.example.org/"
        aliases = ["https://doc.example.org/"]
        data_dir = "docs"
        interwikiname = "Docs"
        [wikis.plans]
        url = "https://example.org/plans/"
        backend_url = "http://127.0.0.1:8080/"
        data_dir = "/srv/plan's"
        cookie_name = "siteidmagic"
        cookie_secure = true
        "#,
    )
    .wikifarm("config export --python")
    .stdout(str![[r##"
# farmconfig.py of MoinMoin 1.9.11
# wikifarm: moin = "1.9.11"
from MoinMoin.config import multiconfig

wikis = [
    ('docs', r"^https?://(docs\.example\.org|doc\.example\.org)(:\d+)?/.*$"),
    ('plans', r"^https?://example\.org(:\d+)?/.*$"),
]


class FarmConfig(multiconfig.DefaultConfig):
    superuser = [u'AdminAda', u'Carol\xdcnal']
    cookie_domain = '.example.org'
    cookie_lifetime = (0.5, 12)
    user_dir = '[DIR]/users'


# docs.py of the wiki docs, MoinMoin 1.9.11
from farmconfig import FarmConfig


class Config(FarmConfig):
    # wikifarm: url = "https://docs.example.org/"
    # wikifarm: aliases = ["https://doc.example.org/"]
    interwikiname = u'Docs'
    data_dir = '[DIR]/docs'


# plans.py of the wiki plans, MoinMoin 1.9.11
from farmconfig import FarmConfig


class Config(FarmConfig):
    # wikifarm: url = "https://example.org/plans/"
    # wikifarm: aliases = []
    # wikifarm: backend_url = "http://127.0.0.1:8080/"
    cookie_name = 'siteidmagic'
    cookie_secure = True
    data_dir = '/srv/plan\'s'

"##]])
    .run();
}

/// Compares the export of a single wiki: the lines of its class, and of the module after the class.
#[track_caller]
fn exported(moin: &str, settings: &str, expected: &[&str]) {
    let farm = format!(
        "[wikis.one]\nmoin = \"{moin}\"\nurl = \"https://wiki.example.org/one\"\nsiteid = \"wikiconfig\"\n{settings}\n"
    );
    let text = Place::farm(&farm).wikifarm("config export").any_stdout().run().stdout;
    let lines: Vec<&str> = text.lines().skip(1).filter(|line| !line.is_empty()).collect();
    let class = lines.iter().position(|line| line.starts_with("class ")).unwrap();
    let (url, lines) = lines[class + 1..].split_first().unwrap();
    assert_eq!(url.trim(), "# wikifarm: url = \"https://wiki.example.org/one\"");
    let lines: Vec<&str> = lines.iter().map(|line| line.trim()).collect();
    assert_eq!(lines, expected, "{moin}: {settings}");
}

#[test]
fn export_writes_a_lifetime_in_the_shape_of_the_version() {
    for moin in ["1.7.2", "1.8.7"] {
        exported(moin, "cookie_lifetime = 12", &["cookie_lifetime = 12"]);
        exported(moin, "cookie_lifetime = -3", &["cookie_lifetime = -3"]);
        exported(moin, "cookie_lifetime = [0, 12]", &["cookie_lifetime = 12"]);
        exported(
            moin,
            "cookie_lifetime = [0.5, 12]",
            &["cookie_lifetime = 12", "anonymous_session_lifetime = 0.5"],
        );
        exported(
            moin,
            "cookie_lifetime = [0.5, 12]\nanonymous_session_lifetime = 2",
            &["cookie_lifetime = 12", "anonymous_session_lifetime = 2"],
        );
    }
    for moin in ["1.9.0", "1.9.1", "1.9.11"] {
        exported(moin, "cookie_lifetime = [0.5, 12]", &["cookie_lifetime = (0.5, 12)"]);
        exported(moin, "cookie_lifetime = 12.5", &["cookie_lifetime = (0, 12)"]);
        exported(
            moin,
            "cookie_lifetime = 12\nanonymous_session_lifetime = 2",
            &["cookie_lifetime = (2, 12)"],
        );
        exported(
            moin,
            "cookie_lifetime = 0",
            &[
                "# cookie_lifetime is left out: 0 meant forever before 1.9; from 1.9 on, nobody would stay logged in",
                "pass",
            ],
        );
    }
    exported("2.0", "cookie_lifetime = 100", &["pass", "PERMANENT_SESSION_LIFETIME = timedelta(hours=100)"]);
    exported(
        "2.0",
        "cookie_lifetime = [0, 0.5]",
        &["pass", "PERMANENT_SESSION_LIFETIME = timedelta(hours=0.5)"],
    );
    exported(
        "2.0",
        "cookie_lifetime = 0",
        &["# cookie_lifetime is left out: 2.0 requires a positive time", "pass"],
    );
}

#[test]
fn export_leaves_out_a_domain_that_breaks_the_version() {
    let dot = "has no dot, which breaks every response of";
    for (moin, breaks) in [("1.8.7", false), ("1.9.3", false), ("1.9.4", true), ("1.9.11", true)] {
        let settings = "cookie_domain = \"localhost\"";
        if breaks {
            let why = format!("# cookie_domain is left out: \"localhost\" {dot} {moin}");
            exported(moin, settings, &[&why, "pass"]);
        } else {
            exported(moin, settings, &["cookie_domain = 'localhost'"]);
        }
    }
    for (moin, breaks) in [("2.0.0a1", true), ("2.0.0b1", false)] {
        let expected = if breaks {
            "# cookie_domain is left out: \"localhost\" has no dot, which breaks every login of 2.0.0a1"
        } else {
            "SESSION_COOKIE_DOMAIN = 'localhost'"
        };
        let pass = "pass";
        let lines = if breaks { [expected, pass] } else { [pass, expected] };
        exported(moin, "cookie_domain = \"localhost\"", &lines);
    }
    exported("2.0.0b5", "cookie_domain = \"\"", &["pass", "SESSION_COOKIE_DOMAIN = ''"]);
    for moin in ["1.7.3", "1.8.7", "1.9.8", "1.9.11"] {
        let why = "# cookie_domain is left out: an empty one breaks every response of some versions";
        exported(moin, "cookie_domain = \"\"", &[why, "pass"]);
    }
}

#[test]
fn export_writes_a_cookie_name_as_the_version_reads_it() {
    let ignored =
        "# cookie_name is left out: the setting is new in 1.9.1; session_id_handler names the cookie";
    exported("1.8.7", "cookie_name = \"lab\"", &[ignored, "pass"]);
    exported(
        "1.8.7",
        "cookie_name = \"lab\"\nsession_id_handler = \"custom\"",
        &[
            ignored,
            "# keep your own session_id_handler",
            "# wikifarm: session_id_handler = \"custom\"",
            "pass",
        ],
    );
    exported(
        "1.8.7",
        "session_id_handler = \"cookie_name=it's\"\ncookie_name = \"lab\"",
        &[ignored, "session_id_handler = MoinCookieSessionIDHandler(cookie_name='it\\'s')"],
    );
    let fixed = "# cookie_name is left out: the setting is new in 1.9.1; the cookie name is MOIN_SESSION";
    exported("1.9.0", "cookie_name = \"lab\"", &[fixed, "pass"]);
    exported("1.9.1", "cookie_name = \"lab\"", &["cookie_name = 'lab'"]);
    exported("2.0", "cookie_name = \"lab\"", &["pass", "SESSION_COOKIE_NAME = 'lab'"]);
    exported(
        "1.9.11",
        "cookie_name = \"a;b\"",
        &["# cookie_name is left out: no cookie name may hold ';'", "pass"],
    );
}

#[test]
fn export_for_moinmoin_2_writes_flask_names_at_module_level() {
    exported(
        "2.0",
        "cookie_domain = \".example.org\"\ncookie_path = \"/one\"\ncookie_secure = true\ncookie_httponly = true\n\
         cookie_samesite = \"Strict\"\nsecret_key_id = \"k\"\ndata_dir = \"/srv/Größe\"\nuser_dir = \"/srv/users\"\n\
         session_dir = \"/srv/sessions\"\ninterwikiname = \"Größe\"\nsuperuser = [\"Ada\"]",
        &[
            "interwikiname = 'Gr\\xf6\\xdfe'",
            "# superuser is left out: 2.0 names superusers in acl_functions",
            "# wikifarm: superuser = [\"Ada\"]",
            "data_dir = '/srv/Gr\\xf6\\xdfe'",
            "# session_dir is left out: 2.0 stores the session in the cookie",
            "# user_dir is left out: 2.0 keeps everything in its stores",
            "# wikifarm: user_dir = \"/srv/users\"",
            "# set SECRET_KEY yourself: the farm file has only its name",
            "# wikifarm: secret_key_id = \"k\"",
            "SESSION_COOKIE_DOMAIN = '.example.org'",
            "SESSION_COOKIE_PATH = '/one'",
            "SESSION_COOKIE_SECURE = True",
            "SESSION_COOKIE_HTTPONLY = True",
            "SESSION_COOKIE_SAMESITE = 'Strict'",
        ],
    );
}

#[test]
fn export_names_settings_that_the_version_ignores() {
    exported(
        "1.7.2",
        "cookie_secure = true",
        &["# cookie_secure is left out: the setting is new in 1.7.3", "pass"],
    );
    exported(
        "1.8.7",
        "cookie_httponly = true",
        &["# cookie_httponly is left out: the setting is new in 1.9.0", "pass"],
    );
    exported(
        "1.9.11",
        "cookie_samesite = \"Lax\"",
        &["# cookie_samesite is left out: MoinMoin sends SameSite only from 2.0 on", "pass"],
    );
    let since_1_9 = "from 1.9 on, it is the first number of cookie_lifetime";
    let in_2_0 = "2.0 has one lifetime, cookie_lifetime, for all visitors";
    for (moin, why) in [("1.9.0", since_1_9), ("1.9.11", since_1_9), ("2.0", in_2_0)] {
        let why = format!("# anonymous_session_lifetime is left out: {why}");
        exported(moin, "anonymous_session_lifetime = 2", &[&why, "pass"]);
    }
    exported("1.9.11", "session_store = \"moin-1.9:/srv/sessions\"", &["session_dir = '/srv/sessions'"]);
    exported(
        "1.8.7",
        "session_store = \"moin-1.9:/srv/sessions\"",
        &[
            "# sessions lie in moin-1.9:/srv/sessions: MoinMoin has no setting for that",
            "# wikifarm: session_store = \"moin-1.9:/srv/sessions\"",
            "pass",
        ],
    );
    exported(
        "1.9.11",
        "auth = [\"moin\", \"ldap\"]",
        &["# write the objects for auth yourself", "# wikifarm: auth = [\"moin\", \"ldap\"]", "pass"],
    );
}

#[test]
fn export_of_one_wiki_includes_inherited_settings() {
    let farm = r#"
        moin = "1.9.11"
        [farm]
        cookie_name = "lab"
        [wikis.a]
        url = "https://a.example.org/"
        [wikis.b]
        url = "https://b.example.org/"
    "#;
    let place = Place::farm(farm);
    let ran = place.wikifarm("config export b --python --format json").any_stdout().run().json();
    let files: Vec<&str> =
        ran["snippets"].as_array().unwrap().iter().map(|snippet| snippet["file"].as_str().unwrap()).collect();
    assert_eq!(files, ["farmconfig.py", "b.py"]);
    place
        .wikifarm("config export zzz")
        .status(2)
        .stderr(str![[r#"
error: farm.toml: no wiki "zzz"
help: use a or b

"#]])
        .run();
}

/// Exports a farm, puts the files where MoinMoin expects them, imports them, and compares both farms. Returns
/// the exported Python.
#[track_caller]
fn there_and_back(farm: &str) -> String {
    let place = Place::farm(farm);
    let snippets = place.wikifarm("config export --python --format json").any_stdout().run().json();
    let mut written = String::new();
    for snippet in snippets["snippets"].as_array().unwrap() {
        let python = snippet["python"].as_str().unwrap().replace("[DIR]", place.path().to_str().unwrap());
        let file = snippet["file"].as_str().unwrap();
        // Each wiki of 2.0 has its own directory.
        let file = match snippet["moin"].as_str().unwrap().starts_with('2') {
            true => format!("python/{}/{file}", snippet["wikis"][0].as_str().unwrap()),
            false => format!("python/{file}"),
        };
        let path = place.path().join(&file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        assert!(!path.exists(), "{file} is there twice");
        fs::write(path, &python).unwrap();
        written.push_str(&python);
    }
    place
        .wikifarm("config import python --check farm.toml")
        .stdout(str![[r#"
farm.toml: no differences from the Python files

"#]])
        .run();
    place.wikifarm("config import python -o again.toml").any_stdout().run();
    for command in ["cookie preview --format json", "cookie preview --matrix"] {
        // Relative paths have become absolute.
        let said = |farm: &str| {
            let ran = place.wikifarm(&format!("-f {farm} {command}")).any_stdout().run();
            ran.stdout.replace("[DIR]/", "")
        };
        let before = said("farm.toml");
        assert_eq!([said("again.toml"), said("python")], [before.clone(), before], "{command}:\n{written}");
    }
    written
}

#[test]
fn export_imported_again_is_the_same_farm() {
    let rest = "
        [wikis.docs]
        url = \"https://docs.example.org/\"
        data_dir = \"docs\"
        interwikiname = \"Döcs\"
        backend_url = \"http://127.0.0.1:8080/docs\"
        [wikis.lab]
        url = \"http://example.org:8080/lab/\"
        data_dir = \"lab\"
        auth = [\"moin\", \"ldap\"]
        [wikis.plans]
        url = \"https://plans.example.org/\"
        aliases = [\"http://plans.example.org/\"]
        data_dir = \"plans\"
        duplicate_cookie = \"last\"
    ";
    for moin in ["1.7.2", "1.7.3", "1.8.7"] {
        let written = there_and_back(&format!(
            "moin = \"{moin}\"
            [farm]
            cookie_domain = \".example.org\"
            cookie_lifetime = 12
            anonymous_session_lifetime = 0.5
            cache_dir = \"cache\"
            user_dir = \"users\"
            superuser = [\"AdminAda\", \"Jörg\"]
            session_id_handler = \"cookie_name=LAB\"
            {rest}
            session_handler = \"custom\"
            "
        ));
        let handler = "    session_id_handler = MoinCookieSessionIDHandler(cookie_name='LAB')\n";
        assert!(written.contains(handler), "{written}");
    }
    for moin in ["1.9.0", "1.9.3", "1.9.8", "1.9.11"] {
        let name = if moin == "1.9.0" { "" } else { "cookie_name = \"lab\"" };
        there_and_back(&format!(
            "moin = \"{moin}\"
            [farm]
            {name}
            cookie_domain = \".example.org\"
            cookie_lifetime = [0.5, 12]
            session_dir = \"sessions\"
            user_dir = \"users\"
            cookie_secure = true
            cookie_httponly = true
            {rest}
            session_service = \"custom\"
            "
        ));
    }
    for moin in ["2.0.0a1", "2.0.0b1", "2.0.0b5", "2.0-dev", "2.0"] {
        there_and_back(&format!(
            "moin = \"{moin}\"
            [farm]
            cookie_name = \"lab\"
            cookie_domain = \".example.org\"
            cookie_lifetime = 168
            cookie_samesite = \"Strict\"
            cookie_secure = true
            user_dir = \"users\"
            secret_key_id = \"the old one\"
            superuser = [\"AdminAda\"]
            {rest}
            secret_key_id = \"another\"
            "
        ));
    }
}

#[test]
fn export_of_database_sessions_imported_again_is_the_same_farm() {
    for (moin, import) in
        [("1.8.7", "wikifarm_session18"), ("1.9.0", "wikifarm_session19"), ("1.9.11", "wikifarm_session19")]
    {
        let written = there_and_back(&format!(
            "moin = \"{moin}\"
            [farm]
            user_dir = \"users\"
            cookie_domain = \".example.org\"
            session_store = \"redis://db.example.org/3?prefix=lab:&key_file=seal.key\"
            [wikis.docs]
            url = \"https://docs.example.org/\"
            data_dir = \"docs\"
            [wikis.plans]
            url = \"https://plans.example.org/\"
            data_dir = \"plans\"
            [wikis.lab]
            url = \"https://lab.example.org/\"
            data_dir = \"lab\"
            session_store = \"sqlite:lab.db?key_file=seal.key\"
            "
        ));
        assert!(written.contains(&format!("from {import} import ")), "{written}");
        assert!(!written.contains("key_file=seal"), "a path must start at the root: {written}");
    }
}

#[test]
fn export_puts_a_wiki_below_the_path_of_another_before_it() {
    let farm = "moin = \"1.9.11\"\n\
                [wikis.root]\nurl = \"https://example.org/\"\n\
                [wikis.lab]\nurl = \"https://example.org/lab\"\n\
                [wikis.lab_docs]\nurl = \"https://example.org/lab/docs\"\n";
    let exported = Place::farm(farm).wikifarm("config export --python").any_stdout().run().stdout;
    let names = ["('lab_docs',", "('lab',", "('root',"];
    let at = names.map(|name| exported.find(name).unwrap_or_else(|| panic!("{name} in {exported}")));
    assert!(at.is_sorted(), "{exported}");
}
