//! `wikifarm config new`: writes a first farm file that passes the check, and the settings for MoinMoin.

use std::fs;

use url::Url;
use wikifarm::browser::{BuiltinSuffixes, SharedSuffixes};
use wikifarm::farm::{Draft, Farm};
use wikifarm::lint;
use wikifarm::moin::Version;

use crate::support::{Place, unindent};

/// Two wikis on different hosts that share a login.
const SHARED: &str = r#"
    # A first description of the farm. Correct the directories, then run: wikifarm config check
    # Relative paths start at the directory of this file.
    moin = "1.9.11"                     # the release that the wikis run

    [farm]
    cookie_domain = ".example.org"      # browsers send the login to every host in it
    cookie_name = "example"
    session_dir = "sessions"
    user_dir = "users"
    cookie_secure = true                # behind a proxy, MoinMoin sees http and omits Secure
    cookie_httponly = true              # scripts can't read the login cookie

    [wikis.docs]
    url = "https://docs.example.org/"
    data_dir = "docs/data"

    [wikis.plans]
    url = "https://plans.example.org/"
    data_dir = "plans/data"

    [[share]]
    wikis = ["docs", "plans"]

    [prune]
    idle = "400d"                       # browsers delete every cookie after 400 days
"#;

/// The settings for MoinMoin's files.
const PASTED: &str = r#"
    # farmconfig.py of MoinMoin 1.9.11
    # wikifarm: moin = "1.9.11"
    from MoinMoin.config import multiconfig

    wikis = [
        ('docs', r"^https?://docs\.example\.org(:\d+)?/.*$"),
        ('plans', r"^https?://plans\.example\.org(:\d+)?/.*$"),
    ]


    class FarmConfig(multiconfig.DefaultConfig):
        cookie_name = 'example'
        cookie_domain = '.example.org'
        cookie_secure = True
        cookie_httponly = True
        session_dir = '[DIR]/sessions'
        user_dir = '[DIR]/users'


    # docs.py of the wiki docs, MoinMoin 1.9.11
    from farmconfig import FarmConfig


    class Config(FarmConfig):
        # wikifarm: url = "https://docs.example.org/"
        # wikifarm: aliases = []
        data_dir = '[DIR]/docs/data'


    # plans.py of the wiki plans, MoinMoin 1.9.11
    from farmconfig import FarmConfig


    class Config(FarmConfig):
        # wikifarm: url = "https://plans.example.org/"
        # wikifarm: aliases = []
        data_dir = '[DIR]/plans/data'
"#;

const HOSTS: &str = "config new --hosts docs.example.org,plans.example.org --share";

#[test]
fn new_prints_the_farm_file_to_stdout_and_settings_to_stderr() {
    let stderr = format!("# Copy these settings to MoinMoin's configuration:\n\n{}\n", unindent(PASTED));
    Place::new().wikifarm(HOSTS).stdout(SHARED).stderr(&stderr).run();
    Place::new().wikifarm(HOSTS).arg("-q").stdout(SHARED).run();
}

#[test]
fn new_with_o_writes_the_file_and_overwrites_nothing() {
    let place = Place::new();
    let stdout = format!(
        "# Wrote farm.toml with 2 wikis. Copy these settings to MoinMoin's configuration:\n\n{}",
        unindent(PASTED)
    );
    place.wikifarm(HOSTS).arg("-o").arg("farm.toml").stdout(&stdout).run();
    assert_eq!(fs::read_to_string(place.path().join("farm.toml")).unwrap(), unindent(SHARED));
    place
        .wikifarm("config new --hosts a.example.org -o farm.toml")
        .status(4)
        .stderr(str![[r#"
error: farm.toml: not written: the file exists

"#]])
        .run();
    assert_eq!(fs::read_to_string(place.path().join("farm.toml")).unwrap(), unindent(SHARED));
    assert_eq!(place.names("."), ["farm.toml"]);
    let ran =
        place.wikifarm("config new --hosts a.example.org -o gone/farm.toml").status(3).any_stderr().run();
    assert!(ran.stderr.starts_with("error: can't write gone/farm.toml: "), "{}", ran.stderr);
}

#[test]
fn new_json_has_farm_file_and_settings() {
    let document = Place::new().wikifarm(HOSTS).arg("--format=json").any_stdout().run().json();
    assert_eq!(document["farm"], unindent(SHARED));
    assert_eq!(document["snippets"][1]["file"], "docs.py");
    assert_eq!(document["snippets"][0]["wikis"], serde_json::json!(["docs", "plans"]));
}

/// The findings in a new farm, after its directories are created.
fn found(words: &str) -> Vec<String> {
    let place = ["sessions", "users", "cache/__common__/session", "a/data", "b/data"]
        .into_iter()
        .fold(Place::new(), Place::dir);
    place.wikifarm(words).arg("-o").arg("farm.toml").any_stdout().run();
    let check = place.wikifarm("config check --min-severity note --format json").any_stdout().run().json();
    let findings = check["findings"].as_array().unwrap();
    let shared = place.wikifarm("cookie preview --format json").any_stdout().run().json();
    let groups = shared["groups"].as_array().unwrap().len();
    assert_eq!(groups, usize::from(words.contains("--share")), "{words}: {shared:#}");
    findings.iter().map(|finding| finding["rule"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn new_for_every_version_passes_check_shared_and_separate() {
    // One release of each kind. A version such as 1.8 means its last release.
    for version in [
        "1.7.2", "1.7", "1.8.5", "1.8", "1.9.0", "1.9.1", "1.9.3", "1.9.8", "1.9.10", "1.9", "2.0.0a1",
        "2.0", "2.0-dev",
    ] {
        for wikis in ["--hosts a.example.org,b.example.org", "--paths https://example.org/a,/b"] {
            for mode in ["--share", "--separate"] {
                let words = format!("config new {wikis} {mode} --moin {version}");
                let mut found = found(&words);
                // 1.9.0 and 1.9.1 have these problems with any configuration.
                found.retain(|rule| {
                    let of_1_9_0 = version == "1.9.0" && rule == "first-request-store";
                    let in_place = matches!(version, "1.9.0" | "1.9.1") && rule == "torn-writes";
                    !of_1_9_0 && !in_place && rule != "forced-httponly"
                });
                assert_eq!(found, [""; 0], "{words}");
            }
        }
    }
}

#[test]
fn new_knows_every_release() {
    let suffixes: SharedSuffixes = std::sync::Arc::new(BuiltinSuffixes);
    for version in Version::names() {
        for (urls, share) in [("a.", true), ("a.", false), ("/a", true), ("/a", false)] {
            let url = |name: &str| match urls {
                "a." => Url::parse(&format!("https://{name}.example.org/")).unwrap(),
                _ => Url::parse(&format!("https://example.org/{name}")).unwrap(),
            };
            let draft = Draft { urls: vec![url("a"), url("b")], share, version: version.parse().unwrap() };
            let farm = Farm::parse("farm.toml".as_ref(), draft.text(&BuiltinSuffixes).unwrap()).unwrap();
            let found = lint::check(&farm, &lint::RealDisk, &suffixes, &lint::Overrides::default());
            assert!(
                found.iter().all(|finding| finding.severity < lint::Severity::Error),
                "{version}: {found:#?}"
            );
        }
    }
}

#[test]
fn new_farm_lacks_only_its_directories() {
    let place = Place::new();
    place.wikifarm(HOSTS).arg("-o").arg("farm.toml").any_stdout().run();
    let check = place.wikifarm("config check --format json").any_stdout().run().json();
    for finding in check["findings"].as_array().unwrap() {
        assert_eq!(finding["rule"], "missing-directory");
    }
    let alone = Place::new();
    alone.wikifarm("config new --hosts wiki.example.org -o farm.toml").any_stdout().run();
    let shown = alone.wikifarm("config export").any_stdout().run().stdout;
    assert!(shown.starts_with("# wikiconfig.py of the wiki wiki, MoinMoin 1.9.11\n"), "{shown}");
}

#[test]
fn new_with_impossible_options_is_refused_with_the_reason() {
    for (words, why) in [
        ("--hosts a.example.org --share", "one wiki can't share a login: name two or more wikis"),
        (
            "--hosts a.example.org,b.example.com --share",
            "a.example.org and b.example.com can't share a login: they have no domain in common",
        ),
        (
            "--hosts a.github.io,b.github.io --share",
            "a.github.io and b.github.io can't share a login: browsers reject cookies for all of github.io",
        ),
        (
            "--hosts a/b",
            "--hosts: \"a/b\" is not a host name\nhelp: write a name such as wiki.example.org, or use --paths",
        ),
        (
            "--hosts a,,b",
            "--hosts: \"\" is not a host name\nhelp: write a name such as wiki.example.org, or use --paths",
        ),
        ("--paths /a", "--paths: \"/a\" is not a URL\nhelp: write a URL such as https://example.org/wiki"),
    ] {
        let stderr = format!("error: {why}\n");
        Place::new().wikifarm(&format!("config new {words}")).status(2).stderr(&stderr).run();
    }
    for words in
        ["", "--hosts a --paths https://b/", "--hosts a --share --separate", "--hosts a --moin 1.9.99"]
    {
        Place::new().wikifarm(&format!("config new {words}")).status(2).any_stderr().run();
    }
}

#[test]
fn new_for_a_version_that_cannot_separate_wikis_writes_nothing() {
    // In 1.8, all cookies have the same name, and the cookie of the wiki at the root is sent to the other
    // wiki.
    let place = Place::new();
    let words = "config new --paths https://example.org/,/b -o farm.toml --moin";
    let ran = place.wikifarm(words).arg("1.8.7").status(2).any_stderr().run();
    assert!(ran.stderr.starts_with("error[log-out-trap]"), "{}", ran.stderr);
    assert!(ran.stderr.contains("these wikis do not work together in MoinMoin 1.8.7"), "{}", ran.stderr);
    assert_eq!(place.names("."), [""; 0]);
    // From 1.9.1 on, each cookie has its own name.
    Place::new().wikifarm(words).arg("1.9.1").any_stdout().run();
    let twice = place
        .wikifarm("config new --hosts a.example.org,a.example.org -o farm.toml")
        .status(2)
        .any_stderr()
        .run();
    assert!(twice.stderr.starts_with("error[duplicate-url]"), "{}", twice.stderr);
    assert_eq!(place.names("."), [""; 0]);
}
