//! `wikifarm config export --python`: each version in its own spelling, and never what would break it.

use crate::support::Place;

#[test]
fn what_wikis_have_in_common_stands_in_farmconfig_py() {
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
    .stdout(
        r#"
        # farmconfig.py of MoinMoin 1.9.11
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
            interwikiname = u'Docs'
            data_dir = '[DIR]/docs'


        # plans.py of the wiki plans, MoinMoin 1.9.11
        from farmconfig import FarmConfig


        class Config(FarmConfig):
            cookie_name = 'siteidmagic'
            cookie_secure = True
            data_dir = '/srv/plan\'s'
        "#,
    )
    .run();
}

/// What is exported of one wiki that stands alone: the lines of its class, and of the module behind it.
#[track_caller]
fn exported(moin: &str, settings: &str, expected: &[&str]) {
    let farm = format!(
        "[wikis.one]\nmoin = \"{moin}\"\nurl = \"https://wiki.example.org/one\"\nsiteid = \"wikiconfig\"\n{settings}\n"
    );
    let text = Place::farm(&farm).wikifarm("config export").any_stdout().run().stdout;
    let lines: Vec<&str> = text.lines().skip(1).filter(|line| !line.is_empty()).collect();
    let class = lines.iter().position(|line| line.starts_with("class ")).unwrap();
    let lines: Vec<&str> = lines[class + 1..].iter().map(|line| line.trim()).collect();
    assert_eq!(lines, expected, "{moin}: {settings}");
}

#[test]
fn a_lifetime_has_the_shape_of_its_version() {
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
                "# cookie_lifetime is left out: 0 for ever was before 1.9; now it would mean that nobody stays logged in",
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
        &["# cookie_lifetime is left out: 2.0 wants a time to come", "pass"],
    );
}

#[test]
fn a_domain_that_breaks_the_version_is_left_out() {
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
    for moin in ["1.7.3", "1.8.7", "1.9.8", "1.9.11", "2.0"] {
        let why = "# cookie_domain is left out: an empty one breaks every response of some versions";
        exported(moin, "cookie_domain = \"\"", &[why, "pass"]);
    }
}

#[test]
fn a_name_is_said_as_the_version_wants_it() {
    exported(
        "1.8.7",
        "cookie_name = \"lab\"",
        &[
            "# wikifarm predicts the name MOIN_SESSION; with the next line say session_id_handler = \"custom\" in the farm file, or leave it out",
            "session_id_handler = MoinCookieSessionIDHandler(cookie_name='lab')",
        ],
    );
    exported(
        "1.8.7",
        "cookie_name = \"lab\"\nsession_id_handler = \"custom\"",
        &[
            "# cookie_name is left out: your own session handler says what the cookie is called",
            "# session_id_handler stays your own",
            "pass",
        ],
    );
    let fixed = "# cookie_name is left out: the name is always MOIN_SESSION; cookie_name came with 1.9.1";
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
fn moinmoin_2_has_flasks_names_at_module_level() {
    exported(
        "2.0",
        "cookie_domain = \".example.org\"\ncookie_path = \"/one\"\ncookie_secure = true\ncookie_httponly = true\n\
         cookie_samesite = \"Strict\"\nsecret_key_id = \"k\"\ndata_dir = \"/srv/Größe\"\nuser_dir = \"/srv/users\"\n\
         session_dir = \"/srv/sessions\"\ninterwikiname = \"Größe\"\nsuperuser = [\"Ada\"]",
        &[
            "interwikiname = 'Gr\\xf6\\xdfe'",
            "# superuser is left out: 2.0 names superusers in acl_functions: Ada",
            "data_dir = '/srv/Gr\\xf6\\xdfe'",
            "# session_dir is left out: 2.0 keeps the session in the cookie itself",
            "# user_dir is left out: 2.0 keeps everything in its stores",
            "# SECRET_KEY is the key that the farm file calls \"k\"; wikifarm knows no keys",
            "SESSION_COOKIE_DOMAIN = '.example.org'",
            "SESSION_COOKIE_PATH = '/one'",
            "SESSION_COOKIE_SECURE = True",
            "SESSION_COOKIE_HTTPONLY = True",
            "SESSION_COOKIE_SAMESITE = 'Strict'",
        ],
    );
}

#[test]
fn what_a_version_ignores_is_said_and_not_written() {
    exported("1.7.2", "cookie_secure = true", &["# cookie_secure is left out: it came with 1.7.3", "pass"]);
    exported(
        "1.8.7",
        "cookie_httponly = true",
        &["# cookie_httponly is left out: it came with 1.9.0", "pass"],
    );
    exported(
        "1.9.11",
        "cookie_samesite = \"Lax\"",
        &["# cookie_samesite is left out: no MoinMoin before 2.0 sends SameSite", "pass"],
    );
    exported("1.9.11", "session_store = \"moin-1.9:/srv/sessions\"", &["session_dir = '/srv/sessions'"]);
    exported(
        "1.9.11",
        "auth = [\"moin\", \"ldap\"]",
        &["# auth has these methods: moin, ldap; their objects are yours to make", "pass"],
    );
}

#[test]
fn one_wiki_comes_with_what_its_farm_has() {
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
        ran.as_array().unwrap().iter().map(|snippet| snippet["file"].as_str().unwrap()).collect();
    assert_eq!(files, ["farmconfig.py", "b.py"]);
    place
        .wikifarm("config export zzz")
        .status(2)
        .stderr("wikifarm: the farm farm.toml has no wiki \"zzz\"; it has a, b\n")
        .run();
}
