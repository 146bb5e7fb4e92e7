//! `wikifarm config import PY`: makes a farm file from MoinMoin's Python files.

use std::fs;

use crate::support::{Place, fixtures};

/// A farm of two wikis with the usual parts of configurations.
pub(crate) fn farm() -> Place {
    Place::new()
        .file(
            "farmconfig.py",
            "# -*- coding: iso-8859-1 -*-\n\
             import os\n\
             from MoinMoin.config import multiconfig\n\
             from common import BASE, hosts\n\
             wikis = []\n\
             for name in ('docs', 'plans'):\n    \
                 wikis.append((name, r'^https?://%s\\.example\\.org(:\\d+)?/' % name))\n\
             class FarmConfig(multiconfig.DefaultConfig):\n    \
                 here = os.path.abspath(os.path.dirname(__file__))\n    \
                 user_dir = BASE + '/users'\n    \
                 cookie_domain = '.%(domain)s' % hosts\n    \
                 cookie_lifetime = (0.5, 12 * 24)\n    \
                 cookie_secure = 1\n    \
                 session_dir = os.path.join(here, 'sessions', '')\n    \
                 superuser = [u'J\\xf6rg']\n    \
                 if os.name == 'nt':\n        \
                     cookie_path = '/nt'\n"
                .replace("\\xf6", "\u{f6}")
                .chars()
                .map(|c| u8::try_from(c).unwrap())
                .collect::<Vec<u8>>(),
        )
        .file("common.py", "BASE = '/srv/moin'\r\nhosts = {'domain': 'example.org'}\r\n")
        .file(
            "docs.py",
            "from farmconfig import FarmConfig\n\
             class Config(FarmConfig):\n    data_dir = FarmConfig.user_dir.replace('users', 'docs/')\n",
        )
        .file(
            "plans.py",
            "import farmconfig\nprint 'loading', __name__\n\
             class Base(farmconfig.FarmConfig):\n    cookie_domain = None\n\
             class Config(Base):\n    data_dir = '{0}/plans'.format(farmconfig.BASE)\n    cookie_name = u'plans'\n\
             try:\n    import x\nexcept ImportError, err:\n    y = `err`\n",
        )
}

const FARM: &str = r#"
    # The wikis of farmconfig.py, written by `wikifarm config import`.
    # Changes since then: wikifarm config import farmconfig.py --check FARM

    moin = "1.9.8"  # --moin

    [farm]
    superuser = ["Jörg"]          # farmconfig.py:15
    cookie_secure = true          # farmconfig.py:13
    cookie_lifetime = [0.5, 288]  # farmconfig.py:12
    session_dir = "sessions"      # farmconfig.py:14
    user_dir = "/srv/moin/users"  # farmconfig.py:10

    [wikis.docs]
    url = "https://docs.example.org/"       # farmconfig.py:7
    aliases = ["http://docs.example.org/"]  # farmconfig.py:7
    cookie_domain = ".example.org"          # farmconfig.py:11
    data_dir = "/srv/moin/docs"             # docs.py:3

    [wikis.plans]
    url = "https://plans.example.org/"       # farmconfig.py:7
    aliases = ["http://plans.example.org/"]  # farmconfig.py:7
    cookie_name = "plans"                    # plans.py:7
    data_dir = "/srv/moin/plans"             # plans.py:6
"#;

#[test]
fn import_of_farmconfig_py_prints_a_farm_file() {
    let place = farm();
    place.wikifarm("config import farmconfig.py --moin 1.9.8").stdout(FARM).run();
    place
        .wikifarm("config import farmconfig.py --moin 1.9.8 -o farm.toml")
        .stdout(str![[r#"
farm.toml: 2 wikis

"#]])
        .run();
    let written = fs::read_to_string(place.path().join("farm.toml")).unwrap();
    let farm = crate::support::unindent(FARM).replace("--check FARM", "--check farm.toml");
    assert_eq!(written.trim_end(), farm.trim_end());
    let second = written.lines().nth(1).unwrap().split_once(": wikifarm ").unwrap().1;
    place
        .wikifarm(second)
        .stdout(str![[r#"
farm.toml: no differences from the Python files

"#]])
        .run();
}

#[test]
fn import_of_a_directory_is_the_same_as_of_its_file() {
    let place = farm();
    let by_file = place.wikifarm("config import farmconfig.py").any_stdout().run().stdout;
    place.wikifarm("config import").stdout(&by_file).run();
    let shown = place.wikifarm("-f farmconfig.py config show").any_stdout().run().stdout;
    place.wikifarm("-f . config show").stdout(&shown).run();
}

#[test]
fn import_of_real_configurations_equals_handwritten_farm_files() {
    let mut all: Vec<String> = Vec::new();
    for entry in fs::read_dir(fixtures()).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        if let Some(version) = name.strip_prefix("moin-").filter(|_| entry.path().join("config").is_dir()) {
            all.push(version.to_owned());
        }
    }
    all.sort();
    assert_eq!(all, ["1.7.3", "1.8.7", "1.9.11"]);
    for version in &all {
        as_if_by_hand(version, version);
    }
    // The wikis of the other recorded versions also had these files.
    for version in ["1.9.0", "1.9.1", "1.9.3", "1.9.8", "1.9.10"] {
        as_if_by_hand("1.9.11", version);
    }
}

/// Compares the import of a recorded configuration of `version` with the farm file written by hand.
#[track_caller]
fn as_if_by_hand(fixture: &str, version: &str) {
    let mut place = Place::new();
    let from = fixtures().join(format!("moin-{fixture}"));
    for entry in fs::read_dir(from.join("config")).unwrap().map(Result::unwrap) {
        let name = format!("config/{}", entry.file_name().to_str().unwrap());
        place = place.file(&name, fs::read(entry.path()).unwrap());
    }
    let by_hand = fs::read_to_string(from.join("farm.toml")).unwrap();
    let line = format!("moin = \"{fixture}\"");
    assert!(by_hand.contains(&line), "{by_hand}");
    let place = place.file("by_hand.toml", by_hand.replace(&line, &format!("moin = \"{version}\"")));
    place
        .wikifarm(&format!("config import config --moin {version} -o farm.toml"))
        .stdout(str![[r#"
farm.toml: 4 wikis

"#]])
        .run();
    for command in [
        "cookie preview --format json",
        "cookie preview --matrix",
        "cookie header wiki1",
        "cookie header beta",
    ] {
        let command = format!("--now 2026-11-26T12:00:00Z {command}");
        let by_hand = place.wikifarm(&format!("-f by_hand.toml {command}")).any_stdout().run().stdout;
        place.wikifarm(&format!("-f farm.toml {command}")).stdout(&by_hand).run();
    }
    let settings = |file: &str| {
        let rows = place.wikifarm(&format!("-f {file} config show --format json")).any_stdout().run().json();
        let rows = rows["settings"].as_array().unwrap().clone();
        rows.into_iter()
            .map(|row| (row["wiki"].clone(), row["setting"].clone(), row["value"].clone()))
            .collect::<Vec<_>>()
    };
    assert_eq!(settings("farm.toml"), settings("by_hand.toml"), "{version}");
    place
        .wikifarm(&format!("config import config --moin {version} --check by_hand.toml"))
        .stdout(str![[r#"
by_hand.toml: no differences from the Python files

"#]])
        .run();
}

#[test]
fn import_leaves_out_and_names_unknown_values() {
    let place = farm().file(
        "plans.py",
        "import os, socket\nfrom farmconfig import FarmConfig\n\
         class Config(FarmConfig):\n    data_dir = './data'\n    cookie_domain = '.' + socket.getfqdn()\n    \
         user_dir = os.environ['USERS']\n    cookie_path = 17\n    \
         def __init__(self, siteid):\n        self.cookie_name = siteid\n",
    );
    let ran = place.wikifarm("config import farmconfig.py -o farm.toml").status(3).any_stderr();
    let ran = ran
        .stdout(str![[r#"
farm.toml: 2 wikis, 5 settings omitted (see the comments in the file)

"#]])
        .run();
    let errors: Vec<&str> = ran.stderr.lines().filter(|line| line.starts_with("error")).collect();
    assert_eq!(
        errors,
        [
            "error[dynamic-setting]: data_dir can't be known without running the file: it is relative to the directory in which the wiki is started",
            "error[dynamic-setting]: cookie_domain can't be known without running the file: it depends on the call socket.getfqdn()",
            "error[dynamic-setting]: user_dir can't be known without running the file: it depends on the environment of the wiki",
            "error[wrong-type]: cookie_path: it must be a string, not an integer",
            "error[dynamic-setting]: cookie_name can't be known without running the file: a method may set it",
        ]
    );
    let written = fs::read_to_string(place.path().join("farm.toml")).unwrap();
    let tail = written.split_once("[wikis.plans]\n").unwrap().1;
    assert_eq!(
        tail,
        crate::support::unindent(
            r#"
            url = "https://plans.example.org/"       # farmconfig.py:7
            aliases = ["http://plans.example.org/"]  # farmconfig.py:7
            # cookie_name is left out: plans.py:9: self.cookie_name
            #   a method may set it
            # cookie_domain is left out: plans.py:5: '.' + socket.getfqdn()
            #   it depends on the call socket.getfqdn()
            # cookie_path is left out: plans.py:7: 17
            #   it must be a string, not an integer
            # data_dir is left out: plans.py:4: './data'
            #   it is relative to the directory in which the wiki is started
            # user_dir is left out: plans.py:6: os.environ['USERS']
            #   it depends on the environment of the wiki
            "#
        )
    );
    // If the Python files are used as the farm file, no command acts on incompletely known settings.
    let refused = place.wikifarm("-f farmconfig.py cookie preview").status(2).any_stderr().run();
    let last = refused.stderr.lines().rev().nth(1).unwrap();
    assert_eq!(last, "error: farmconfig.py: the farm file has errors");
    let json = place
        .wikifarm("config import --check farm.toml --format json")
        .status(3)
        .any_stderr()
        .any_stdout()
        .run()
        .json();
    assert_eq!(json["drift"], serde_json::json!([]));
    assert_eq!(json["left_out"][1]["expression"], "'.' + socket.getfqdn()");
}

#[test]
fn import_with_a_catch_all_url_expression_asks_for_the_url() {
    let place = Place::new()
        .file(
            "farmconfig.py",
            "from MoinMoin.config import multiconfig, url_prefix_static\nwikis = [\n    (\"mywiki\", r\".*\"),\n]\n\
             class FarmConfig(multiconfig.DefaultConfig):\n    page_group_regex = ur'(?P<all>(?P<key>\\S+)Group)'\n    \
             logo_string = u'<img src=\"%s/x.png\">' % url_prefix_static\n",
        )
        .file(
            "mywiki.py",
            "from farmconfig import FarmConfig\nclass Config(FarmConfig):\n    data_dir = '/org/mywiki/data/'\n",
        );
    place
        .wikifarm("config import")
        .status(3)
        .stdout(str![[r##"
# The wikis of farmconfig.py, written by `wikifarm config import`.
# Changes since then: wikifarm config import farmconfig.py --check FARM

# The files do not name the version that the wikis run; 1.9.11 is assumed. Name the exact release:
# moin = "1.9.11"

[wikis.mywiki]
# url = ""                     # write the URL of the wiki: farmconfig.py:3
data_dir = "/org/mywiki/data"  # mywiki.py:3

"##]])
        .stderr(str![[r#"
error[missing-url]: the expression of the wiki "mywiki" matches any URL, so it
                    does not name its own
 --> farmconfig.py:3:16
  |
3 |     ("mywiki", r".*"),
  |                ^^^^^
  |
  = help: add --url mywiki=https://…, or write the comment
          `# wikifarm: url = "https://…"` in its file

help: add to the command: --url mywiki=https://… --moin VERSION

"#]])
        .run();
    place
        .wikifarm("config import --url https://wiki.example.org/")
        .stdout(str![[r##"
# The wikis of farmconfig.py, written by `wikifarm config import`.
# Changes since then: wikifarm config import farmconfig.py --check FARM

# The files do not name the version that the wikis run; 1.9.11 is assumed. Name the exact release:
# moin = "1.9.11"

[wikis.mywiki]
url = "https://wiki.example.org/"  # --url
data_dir = "/org/mywiki/data"      # mywiki.py:3

"##]])
        .run();
    place.wikifarm("config import --url mywki=https://wiki.example.org/").status(2).any_stderr().run();
    let ran = place.wikifarm("config import --url wiki.example.org").status(2).any_stderr().run();
    assert!(ran.stderr.contains("the scheme is missing"), "{}", ran.stderr);
}

#[test]
fn import_reads_one_wikiconfig_and_directories_of_them() {
    let wiki = "import os\nfrom MoinMoin.config import multiconfig\nclass Config(multiconfig.DefaultConfig):\n    \
                data_dir = os.path.join(os.path.abspath(os.path.dirname(__file__)), 'data', '')\n";
    let place = Place::new().file("a/wikiconfig.py", wiki).file("b/wikiconfig.py", wiki);
    place
        .wikifarm("config import a --url https://a.example.org/ --moin 1.9.11 -o a/farm.toml")
        .stdout(str![[r#"
a/farm.toml: 1 wiki

"#]])
        .run();
    let written = fs::read_to_string(place.path().join("a/farm.toml")).unwrap();
    assert!(
        written.contains("[wikis.wikiconfig]\n") && written.contains("data_dir = \"data\" "),
        "{written}"
    );
    place
        .wikifarm(
            "config import . --url a=https://a.example.org/ --url b=https://b.example.org/ --moin 1.9.11",
        )
        .stdout(str![[r##"
# The wikis of ., written by `wikifarm config import`.
# Changes since then: wikifarm config import . --check FARM

moin = "1.9.11"  # --moin

[wikis.a]
url = "https://a.example.org/"  # --url
siteid = "wikiconfig"           # a/wikiconfig.py:3
data_dir = "a/data"             # a/wikiconfig.py:4

[wikis.b]
url = "https://b.example.org/"  # --url
siteid = "wikiconfig"           # b/wikiconfig.py:3
data_dir = "b/data"             # b/wikiconfig.py:4

"##]])
        .run();
}

#[test]
fn import_of_moinmoin_2_reads_flask_settings_and_hides_the_key() {
    let place = Place::new().file(
        "wikiconfig.py",
        "import os\nfrom datetime import timedelta\nfrom moin.config.default import DefaultConfig\nfrom moin.auth import MoinAuth\n\
         class Config(DefaultConfig):\n    data_dir = '/srv/moin/data'\n    interwikiname = 'Lab'\n    auth = [MoinAuth()]\n    \
         secrets = 'hunter1'\n\
         MOINCFG = Config\nSECRET_KEY = 'hunter2'\nSESSION_COOKIE_NAME = Config.interwikiname + '-session'\n\
         SESSION_COOKIE_SECURE = True\nSESSION_COOKIE_SAMESITE = 'Strict'\nPERMANENT_SESSION_LIFETIME = timedelta(days=7)\n\
         APPLICATION_ROOT = '/lab'\n",
    );
    let text = r#"
        # The wikis of wikiconfig.py, written by `wikifarm config import`.
        # Changes since then: wikifarm config import wikiconfig.py --check FARM

        # Version according to the module moin (wikiconfig.py:3).
        # Name the exact release, as their cookies differ.
        moin = "2.0"

        [wikis.wikiconfig]
        url = "https://example.org/lab"  # --url
        interwikiname = "Lab"            # wikiconfig.py:7
        cookie_name = "Lab-session"      # wikiconfig.py:12
        cookie_path = "/lab"             # wikiconfig.py:16
        cookie_secure = true             # wikiconfig.py:13
        cookie_samesite = "Strict"       # wikiconfig.py:14
        cookie_lifetime = 168            # wikiconfig.py:15
        data_dir = "/srv/moin/data"      # wikiconfig.py:6
        auth = ["moin"]                  # wikiconfig.py:8
        secret_key_id = "1e406d87"       # wikiconfig.py:11
    "#;
    place.wikifarm("config import --url https://example.org/lab").stdout(text).run();
    // Another key has another id. A computed key is left out, and its text is not shown.
    let python = fs::read_to_string(place.path().join("wikiconfig.py")).unwrap();
    let place = place.file("wikiconfig.py", python.replace("'hunter2'", "os.environ.get('K') or 'hunter3'"));
    let ran = place
        .wikifarm("config import --url https://example.org/lab")
        .status(3)
        .any_stderr()
        .any_stdout()
        .run();
    assert!(ran.stdout.contains("# secret_key_id is left out: wikiconfig.py:11: "), "{}", ran.stdout);
    assert!(!format!("{}{}", ran.stdout, ran.stderr).contains("hunter"), "{}{}", ran.stdout, ran.stderr);
}

#[test]
fn import_of_the_moinmoin_2_defaults_knows_every_setting() {
    // The values in src/moin/config/wikiconfig.py.
    let place = Place::new().file(
        "wikiconfig.py",
        r#"
import os
from moin.config.default import DefaultConfig
from moin.utils.interwiki import InterWikiMap
from moin.storage import create_mapping

class Config(DefaultConfig):
    wikiconfig_dir = os.path.abspath(os.path.dirname(__file__))
    instance_dir = os.path.join(wikiconfig_dir, "wiki")
    data_dir = os.path.join(instance_dir, "data")
    index_storage = "FileStorage", (os.path.join(instance_dir, "index"),), {}
    serve_files = dict(wiki_local=os.path.join(wikiconfig_dir, "wiki_local"))
    docs = os.path.join(wikiconfig_dir, "docs", "_build", "html")
    if os.path.isdir(docs):
        serve_files["docs"] = docs
    interwikiname = "MyMoinMoin"
    try:
        interwiki_map = InterWikiMap.from_file(os.path.join(wikiconfig_dir, "intermap.txt")).iwmap
    except FileNotFoundError:
        interwiki_map = {}
    interwiki_map[interwikiname] = "http://127.0.0.1:8080/"
    uri = f"stores:fs:{data_dir}/%(backend)s/%(kind)s"
    namespace_mapping, backend_mapping, acl_mapping = create_mapping(uri, {}, {}, {})
    from xstatic.main import XStatic
    mod_names = ["jquery", "pygments"]
    pkg = __import__("xstatic.pkg", fromlist=mod_names)
    for mod_name in mod_names:
        mod = getattr(pkg, mod_name)
        xs = XStatic(mod, root_url="/static", provider="local", protocol="http")
        serve_files[xs.name] = xs.base_dir

MOINCFG = Config
SECRET_KEY = "WARNING: set this to a unique string to create secure cookies"
SESSION_COOKIE_SECURE = False
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
"#,
    );
    place
        .wikifarm("config import . --url http://127.0.0.1:8080/ -o farm.toml")
        .status(1)
        .stderr(str![[r#"
error[sample-secret-key]: everybody knows the key that signs login cookies:
                          SECRET_KEY is the one of MoinMoin's sample
                          wikiconfig.py
  --> wikiconfig.py:33:14
   |
33 | SECRET_KEY = "*************************************************************"
   |              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
   |
   = help: set the SECRET_KEY that this command prints: python3 -c 'import
           secrets; print(secrets.token_urlsafe(32))'


"#]])
        .stdout(str![[r#"
farm.toml: 1 wiki

"#]])
        .run();
    let farm = "moin = \"2.0\"\n[wikis.wikiconfig]\nurl = \"http://127.0.0.1:8080/\"\ninterwikiname = \"MyMoinMoin\"\n\
                cookie_secure = false\ncookie_samesite = \"Lax\"\ndata_dir = \"wiki/data\"\nsecret_key_id = \"the sample's\"\n";
    place
        .file("by_hand.toml", farm)
        .wikifarm("config import . --url http://127.0.0.1:8080/ --check by_hand.toml")
        .status(1)
        .any_stderr()
        .stdout(str![[r#"
by_hand.toml: no differences from the Python files

"#]])
        .run();
}

/// Every configuration recorded from 2.0.0b5 is imported, and the cookie of a login predicted from the result.
#[test]
fn import_of_recorded_moinmoin_2_configurations_predicts_the_recorded_login() {
    let (mut rows, mut refused) = (0, Vec::new());
    for (version, file) in
        [("2.0.0b5", "set-cookie.jsonl"), ("2.0.0b5", "more.jsonl"), ("2.0.0a1", "set-cookie.jsonl")]
    {
        let path = format!("{}/tests/fixtures/moin-{version}/{file}", env!("CARGO_MANIFEST_DIR"));
        for line in fs::read_to_string(path).unwrap().lines() {
            rows += 1;
            let row: serde_json::Value = serde_json::from_str(line).unwrap();
            let lines: Vec<&str> =
                row["flask"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
            let python = format!(
                "from moin.config.default import DefaultConfig\nclass Config(DefaultConfig):\n    pass\nMOINCFG = Config\n{}\n",
                lines.join("\n")
            );
            let place = Place::new().file("wikiconfig.py", &python);
            let import = place.wikifarm("config import . --url http://wiki.example.org/ --moin");
            // A farm file has no control characters.
            let sent = row["sent"]["login"].as_array().filter(|_| row["variant"] != "pathctl");
            let sent = sent.into_iter().flatten().next();
            let Some(sent) = sent.map(|header| header.as_str().unwrap()) else {
                refused.push(format!("{version} {}", row["variant"].as_str().unwrap()));
                import
                    .args([version, "-o", "farm.toml"])
                    .status_among(&[0, 1, 2, 3])
                    .any_stdout()
                    .any_stderr()
                    .run();
                let farm = fs::read_to_string(place.path().join("farm.toml")).unwrap();
                let predicted = place
                    .wikifarm("cookie header wikiconfig --as user")
                    .status_among(&[0, 1, 2, 3])
                    .any_stdout()
                    .any_stderr()
                    .run();
                let said = farm.contains(" is left out") || predicted.stdout.contains("every login fails");
                assert!(said, "{version} {}: {farm}{}", row["variant"], predicted.stdout);
                continue;
            };
            import.args([version, "-o", "farm.toml"]).any_stdout().run();
            let predicted =
                place.wikifarm("cookie header wikiconfig --as user --format json").any_stdout().run().json();
            let header = predicted["headers"][0]["set_cookie"].as_str().unwrap();
            assert_eq!(header.replace("signed-session-data", "V"), sent, "{version} {line}");
        }
    }
    assert_eq!(rows, 125);
    let refused_by_flask = [
        "2.0.0b5 ssbad",
        "2.0.0b5 ssempty",
        "2.0.0b5 ssspace",
        "2.0.0b5 domempty2",
        "2.0.0b5 pathctl",
        "2.0.0a1 nodot",
        "2.0.0a1 ssbad",
        "2.0.0a1 ssempty",
        "2.0.0a1 ssspace",
        "2.0.0a1 domip6",
        "2.0.0a1 domcolon",
        "2.0.0a1 pathctl",
    ];
    assert_eq!(refused, refused_by_flask);
}

#[test]
fn import_translates_auth_methods_handlers_and_lifetimes() {
    let wiki = |moin: &str, body: &str| {
        let text = format!(
            "from MoinMoin.config.multiconfig import DefaultConfig\nfrom MoinMoin import session\n\
             from MoinMoin.web.session import FileSessionService\nfrom MoinMoin.auth import MoinAuth, GivenAuth\n\
             from MoinMoin.auth.ldap_login import LDAPAuth\nfrom MoinMoin.auth.http import HTTPAuth\n\
             from MoinMoin.auth.smb_mount import SMBMount\nclass Mine(MoinAuth):\n    name = 'mine'\nclass Same(MoinAuth):\n    pass\n\
             class Config(DefaultConfig):\n    {body}\n"
        );
        let place = Place::new().file("wikiconfig.py", text);
        let ran = place
            .wikifarm(&format!("config import --url https://example.org/ --moin {moin}"))
            .any_stdout()
            .run();
        let lines = ran.stdout.lines().skip_while(|line| !line.starts_with("url")).skip(1);
        lines.map(str::to_owned).collect::<Vec<_>>().join("\n")
    };
    let auth = "auth = [MoinAuth(), GivenAuth(autocreate=True), HTTPAuth(), LDAPAuth(), LDAPAuth(name='ldap2'), SMBMount(), Mine(), Same()]";
    assert_eq!(
        wiki("1.9.11", auth),
        "auth = [\"moin\", \"given\", \"http\", \"ldap\", \"ldap2\", \"mine\", \"moin\"]  # wikiconfig.py:13"
    );
    assert_eq!(wiki("1.9.11", "session_service = FileSessionService()"), "");
    assert_eq!(
        wiki("1.9.11", "session_service = FileSessionService('OTHER')"),
        "session_service = \"custom\"    # wikiconfig.py:13: FileSessionService('OTHER')"
    );
    assert_eq!(wiki("1.8.7", "session_id_handler = session.MoinCookieSessionIDHandler()"), "");
    assert_eq!(
        wiki("1.8.7", "session_id_handler = session.MoinCookieSessionIDHandler(cookie_name='X')"),
        "session_id_handler = \"cookie_name=X\"  # wikiconfig.py:13: session.MoinCookieSessionIDHandler(cookie_name='X')"
    );
    assert_eq!(
        wiki("1.8.7", "session_handler = session.DefaultSessionHandler(session.CacheSessionData)"),
        ""
    );
    assert_eq!(
        wiki("1.9.11", "cookie_lifetime = (0, 12.5)"),
        "cookie_lifetime = [0, 12.5]   # wikiconfig.py:13"
    );
    assert_eq!(wiki("1.9.11", "cookie_lifetime = 0"), "cookie_lifetime = 0           # wikiconfig.py:13");
    assert_eq!(
        wiki("1.9.11", "cookie_name = 'siteidmagic'"),
        "cookie_name = \"siteidmagic\"   # wikiconfig.py:13"
    );
}

#[test]
fn import_leaves_out_a_lifetime_that_is_no_pair_of_hours() {
    for (moin, lifetime, expected) in [
        ("1.9.11", "[1, 24]", "it must be a tuple of two numbers of hours, not a list"),
        ("1.9.11", "(1, 12, 3)", "the tuple must have two numbers of hours"),
        ("1.9.11", "'12'", "it must be a tuple of two numbers of hours, not a string"),
        ("1.8.7", "[1, 24]", "it must be a number of hours, not a list"),
    ] {
        let text = format!(
            "from MoinMoin.config.multiconfig import DefaultConfig\nclass Config(DefaultConfig):\n    cookie_lifetime = {lifetime}\n"
        );
        let place = Place::new().file("wikiconfig.py", text);
        let import = format!("config import --url https://example.org/ --moin {moin}");
        let ran = place.wikifarm(&import).status(3).any_stderr().any_stdout().run();
        assert!(ran.stderr.contains(&format!("cookie_lifetime: {expected}\n")), "{}", ran.stderr);
    }
}

#[test]
fn import_leaves_out_a_computed_siteidmagic() {
    let place = Place::new().file(
        "wikiconfig.py",
        "from MoinMoin.config.multiconfig import DefaultConfig\nclass Config(DefaultConfig):\n    cookie_name = u'siteidmagic'\n",
    );
    let ran =
        place.wikifarm("config import --url https://example.org/").status(3).any_stderr().any_stdout().run();
    assert!(
        ran.stderr.contains("makes the name MOIN_SESSION_siteidmagic, which a farm file can't hold"),
        "{}",
        ran.stderr
    );
}

#[test]
fn import_infers_the_version_from_what_the_files_use() {
    let inferred = |body: &str| {
        let text = format!(
            "import MoinMoin\nfrom MoinMoin.config import multiconfig\nclass Config(multiconfig.DefaultConfig):\n    {body}\n"
        );
        let place = Place::new().file("wikiconfig.py", text);
        let ran = place.wikifarm("config import --url https://example.org/").any_stdout().run();
        ran.stdout.lines().find(|line| line.starts_with("moin")).unwrap_or("none").to_owned()
    };
    assert_eq!(inferred("service = MoinMoin.web.session"), "moin = \"1.9\"");
    assert_eq!(inferred("handler = MoinMoin.session.SessionHandler"), "moin = \"1.8\"");
    assert_eq!(inferred("cookie_lifetime = (0, 12)"), "none");
    assert_eq!(inferred("data_dir = '/srv/data'"), "none");
}

#[test]
fn import_leaves_out_directories_below_the_home_of_the_wikis_user() {
    Place::new()
        .file(
            "wikiconfig.py",
            "import os\nfrom MoinMoin.config.multiconfig import DefaultConfig\nclass Config(DefaultConfig):\n    \
             data_dir = os.path.expanduser('~/wiki/data')\n    user_dir = os.path.expanduser('/srv/users')\n",
        )
        .wikifarm("config import --url https://example.org/ --moin 1.9.11")
        .status(3)
        .stdout(str![[r##"
# The wikis of wikiconfig.py, written by `wikifarm config import`.
# Changes since then: wikifarm config import wikiconfig.py --check FARM

moin = "1.9.11"  # --moin

[wikis.wikiconfig]
url = "https://example.org/"  # --url
user_dir = "/srv/users"       # wikiconfig.py:5
# data_dir is left out: wikiconfig.py:4: os.path.expanduser('~/wiki/data')
#   ~ is the home directory of the user who runs the wiki

"##]])
        .stderr(str![[r#"
error[dynamic-setting]: data_dir can't be known without running the file: ~ is
                        the home directory of the user who runs the wiki
 --> wikiconfig.py:4:16
  |
4 |     data_dir = os.path.expanduser('~/wiki/data')
  |                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: `--run PYTHON` runs the file; or write the comment
          `# wikifarm: data_dir = …`


"#]])
        .run();
}

#[test]
fn import_leaves_out_an_unknown_database_and_hides_its_password() {
    let imported = |moin: &str, module: &str, setting: &str| {
        let place = Place::new().file(
            "wikiconfig.py",
            format!(
                "import os\nfrom MoinMoin.config.multiconfig import DefaultConfig\nfrom MoinMoin.session import DefaultSessionHandler\n\
                 from {module}\nclass Config(DefaultConfig):\n    data_dir = '/srv/data'\n    {setting}\n"
            ),
        );
        let import = format!("config import --url https://example.org/ --moin {moin}");
        let ran = place.wikifarm(&import).status_among(&[0, 3]).any_stderr().any_stdout().run();
        assert!(!format!("{}{}", ran.stdout, ran.stderr).contains("hush"), "{}{}", ran.stdout, ran.stderr);
        assert!(!ran.stderr.contains("config import"), "{}", ran.stderr);
        let lines = ran.stdout.lines().skip_while(|line| !line.starts_with("url")).skip(1);
        lines
            .map(str::trim)
            .filter(|line| !line.starts_with("data_dir"))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let service = "wikifarm_session19 import WikifarmSessionService";
    let unknown = imported("1.9.11", service, "session_service = WikifarmSessionService(os.environ['DB'])");
    assert_eq!(
        unknown,
        [
            "session_service = \"custom\"    # wikiconfig.py:7: WikifarmSessionService(os.environ['DB'])",
            "# session_store is left out: wikiconfig.py:7: os.environ['DB']",
            "#   it depends on the environment of the wiki",
        ]
    );
    let relative =
        imported("1.9.11", service, "session_service = WikifarmSessionService('sqlite:sessions.db')");
    assert_eq!(relative.last().unwrap(), "#   it is relative to the directory in which the wiki is started");
    let password =
        imported("1.9.11", service, "session_service = WikifarmSessionService('redis://:hush@h/0')");
    assert!(password.iter().any(|line| line.contains("'redis://:****@h/0'")), "{password:?}");
    let files =
        imported("1.9.11", service, "session_service = WikifarmSessionService('moin-1.9:/srv/sessions')");
    assert_eq!(
        files.last().unwrap(),
        "#   it must be the address of a database: sqlite:FILE or redis://HOST"
    );
    let custom =
        imported("1.9.11", service, "session_service = WikifarmSessionService('redis://h', 'OTHER')");
    assert_eq!(custom.len(), 2, "{custom:?}");
    assert!(
        custom[0].starts_with("session_store = \"redis://h\"")
            && custom[1].starts_with("session_service = \"custom\"")
    );
    // 1.7 and 1.8, in both spellings.
    let handler = "wikifarm_session18 import session_handler, session_data";
    for setting in [
        "session_handler = session_handler('redis://h/0')",
        "session_handler = DefaultSessionHandler(session_data('redis://h/0'))",
    ] {
        assert_eq!(
            imported("1.8.7", handler, setting),
            ["session_store = \"redis://h/0\"  # wikiconfig.py:7"]
        );
        // 1.9 ignores this setting.
        assert_eq!(imported("1.9.11", handler, setting).len(), 0);
    }
}

#[test]
fn import_into_an_existing_file_is_refused_without_force() {
    let place = farm().file("farm.toml", "mine");
    place
        .wikifarm("config import -o farm.toml")
        .status(4)
        .stderr(str![[r#"
error: farm.toml exists
help: compare it with --check farm.toml, or replace it with --force

"#]])
        .run();
    assert_eq!(fs::read_to_string(place.path().join("farm.toml")).unwrap(), "mine");
    place.wikifarm("config import -o farm.toml --force --format json").any_stdout().run();
    assert!(fs::read_to_string(place.path().join("farm.toml")).unwrap().contains("[wikis.docs]"));
    place
        .wikifarm("config import -o none/farm.toml")
        .status(3)
        .stderr(str![[r#"
error: can't write none/farm.toml: no such file or directory

"#]])
        .run();
}

#[test]
fn import_records_the_command_with_the_paths_as_given() {
    let wiki = "from MoinMoin.config.multiconfig import DefaultConfig\nclass Config(DefaultConfig):\n    data_dir = '/srv/data'\n";
    let place = Place::new().file("etc/moin/wikiconfig.py", wiki);
    let import = "config import etc/moin --url https://wiki.example.org/ --moin 1.9.11 -o etc/farm.toml";
    place
        .wikifarm(import)
        .stdout(str![[r#"
etc/farm.toml: 1 wiki

"#]])
        .run();
    let text = fs::read_to_string(place.path().join("etc/farm.toml")).unwrap();
    let hint = "# Changes since then: wikifarm config import etc/moin/wikiconfig.py --check etc/farm.toml\n";
    assert!(text.contains(hint), "{text}");
}

#[test]
fn import_gives_aliases_the_port_of_a_given_url_where_the_expression_allows_one() {
    let aliases = |expression: &str, url: &str| {
        let place = Place::new()
            .file(
                "farmconfig.py",
                format!(
                    "from MoinMoin.config.multiconfig import DefaultConfig\nwikis = [('docs', r'{expression}')]\n\
                     class FarmConfig(DefaultConfig):\n    pass\n"
                ),
            )
            .file("docs.py", "from farmconfig import FarmConfig\nclass Config(FarmConfig):\n    pass\n");
        let import = format!("config import --moin 1.9.11 --url {url}");
        let ran = place.wikifarm(&import).any_stdout().run();
        ran.stdout.lines().find(|line| line.starts_with("aliases")).unwrap_or("none").to_owned()
    };
    let both = r"^https://(docs|wiki)\.example\.org(:\d+)?/";
    assert_eq!(
        aliases(both, "https://docs.example.org:8443/"),
        "aliases = [\"https://wiki.example.org:8443/\"]  # farmconfig.py:2"
    );
    assert_eq!(
        aliases(both, "https://docs.example.org/"),
        "aliases = [\"https://wiki.example.org/\"]  # farmconfig.py:2"
    );
    // An alias keeps its own port, and one that is not matched with the port stays without it.
    assert_eq!(
        aliases(
            r"^https://(docs\.example\.org:8443|wiki\.example\.org:9443|old\.example\.org)/",
            "https://docs.example.org:8443/"
        ),
        "aliases = [\"https://wiki.example.org:9443/\", \"https://old.example.org/\"]  # farmconfig.py:2"
    );
}

#[test]
fn import_prefers_the_url_of_the_option_and_quotes_the_command() {
    let place = Place::new().file(
        "a b/wikiconfig.py",
        "from MoinMoin.config.multiconfig import DefaultConfig\n# wikifarm: url = \"https://old.example.org/\"\n\
         # wikifarm: moin = \"1.9.11\"\nclass Config(DefaultConfig):\n    pass\n",
    );
    let ran = place.wikifarm("config import --url https://new.example.org/").args(["a b/wikiconfig.py"]);
    let ran = ran.any_stdout().any_stderr().run();
    assert!(ran.stdout.contains("url = \"https://new.example.org/\"  # --url"), "{}", ran.stdout);
    assert!(ran.stdout.contains("config import 'a b/wikiconfig.py' --check FARM"), "{}", ran.stdout);
}
