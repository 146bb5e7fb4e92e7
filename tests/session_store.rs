//! `session_store` in the farm file: all commands use sessions in a database as the wiki's sessions.
//! tests/servers has the tests with Redis.

use serde_json::json;

use crate::support::Place;

const FARM: &str = "
    moin = \"1.9.11\"

    [farm]
    user_dir = \"users\"
    cookie_domain = \".example.org\"
    cookie_name = \"lab\"

    [wikis.one]
    url = \"https://one.example.org/\"
    data_dir = \"one\"
    session_store = \"STORE\"

    [wikis.two]
    url = \"https://two.example.org/\"
    data_dir = \"two\"
    session_store = \"OTHER\"
";

fn farm(one: &str, two: &str) -> Place {
    Place::farm(&FARM.replace("STORE", one).replace("OTHER", two)).file("users/1.2.3", "name=JoeDoe\n")
}

#[test]
fn session_store_by_two_names_is_one_store() {
    for (one, two) in [
        ("sqlite:sessions.db", "sqlite:./users/../sessions.db"),
        ("redis://localhost", "redis://127.0.0.1:6379/0?prefix=wikifarm:"),
        ("redis+unix:///run/redis.sock?db=3", "redis+unix:///run/./redis.sock?db=3"),
    ] {
        let place = farm(one, two);
        place
            .wikifarm("cookie preview")
            .stdout(str![[r#"
Shared logins
  one and two

"#]])
            .run();
        place.wikifarm("config check").any_stdout().run();
    }
}

#[test]
fn session_store_with_another_database_is_another_store() {
    for (one, two) in [
        ("sqlite:one.db", "sqlite:two.db"),
        ("redis://localhost", "redis://localhost/1"),
        ("redis://localhost", "redis://localhost?prefix=two:"),
    ] {
        let place = farm(one, two);
        let explained = place.wikifarm("cookie explain one two").any_stdout().run();
        let line = format!("one keeps sessions in {}, two in", one.trim_start_matches("sqlite:"));
        assert!(
            explained.stdout.split_whitespace().collect::<Vec<_>>().join(" ").contains(&line),
            "{}",
            explained.stdout
        );
    }
}

#[test]
fn session_store_with_a_bad_location_is_shown_with_its_position() {
    for (address, why) in [
        ("json:sessions", "MoinMoin can't read sessions in JSON"),
        ("mysql:sessions", "there is no session store \"mysql:sessions\""),
        (
            "redis://:secret@host",
            "password in an address, which other users can see in `ps`, expected a file: ?password_file=FILE",
        ),
        (
            "redis://host?prefx=x",
            "unknown option \"prefx\", expected prefix, password_file, key_file, or timeout",
        ),
        ("redis://host?db=1", "db is for sockets, expected redis://HOST/DB"),
        (
            "rediss://host?prefx=x",
            "unknown option \"prefx\", expected prefix, password_file, key_file, timeout, ca_file, cert_file, or cert_key_file",
        ),
        (
            "redis+unix:///run/r.sock?prefx=x",
            "unknown option \"prefx\", expected prefix, password_file, key_file, timeout, db, or user",
        ),
        (
            "redis+unix://ro@/run/r.sock",
            "user in the address of a socket, expected redis+unix:///run/redis.sock?user=USER",
        ),
        ("sqlite:", "sqlite: the location is missing"),
        ("sqlite:one.db?keyfile=key", "unknown option \"keyfile\", expected key_file"),
    ] {
        let place = farm(address, "sqlite:two.db");
        let findings = place.wikifarm("config check --format json").any_stdout().status(1).run().json();
        let all = findings["findings"].as_array().unwrap();
        let finding = all.iter().find(|finding| finding["rule"] == "invalid-value").unwrap();
        assert_eq!((&finding["message"], &finding["line"]), (&json!(format!("one: {why}")), &json!(11)));
    }
}

#[cfg(feature = "sqlite")]
mod sqlite {
    use super::*;
    use crate::support::{DAY, HOUR, Session, clock};

    /// Sessions of a live user, of an expired user, and of an anonymous visitor, in the database of both
    /// wikis.
    fn place() -> Place {
        let now = clock();
        let place = farm("sqlite:sessions.db", "sqlite:./sessions.db").dir("from").sessions(
            "from",
            [
                Session::new('a').expires(now + DAY).user("1.2.3").written(now - HOUR),
                Session::new('b').expires(now - 9 * DAY).user("1.2.3").written(now - 9 * DAY),
                Session::new('c').expires(now + DAY).user("9.9.9").written(now - HOUR),
            ],
        );
        place.wikifarm("session migrate --from moin-1.9:from --to wiki:two --include-expired -q").run();
        place
    }

    #[test]
    fn session_store_works_in_every_session_command() {
        let place = place();
        let ids = |filter: &str| {
            let list =
                place.wikifarm(&format!("session list --format json {filter}")).any_stdout().run().json();
            let first = |session: &serde_json::Value| session["id"].as_str().unwrap().chars().next().unwrap();
            let mut ids: Vec<char> = list["sessions"].as_array().unwrap().iter().map(first).collect();
            ids.sort_unstable();
            ids.into_iter().collect::<String>()
        };
        assert_eq!(ids(""), "abc");
        assert_eq!(ids("--user JoeDoe --state live"), "a");
        let shown = place.wikifarm("session show aaaaaaaa --format json").any_stdout().run().json();
        assert_eq!(
            (&shown["sessions"][0]["user"]["name"], &shown["sessions"][0]["wikis"]),
            (&json!("JoeDoe"), &json!(["one", "two"]))
        );
        assert_eq!(shown["sessions"][0]["store"], json!("sqlite:sessions.db"));
        let whois = place.wikifarm("session whois - --format json").stdin("a".repeat(40)).any_stdout().run();
        assert!(whois.stdout.contains("JoeDoe"), "{}", whois.stdout);
        let stats = place.wikifarm("session stats --format json").any_stdout().run();
        assert!(stats.stdout.contains("sqlite:sessions.db"), "{}", stats.stdout);
        let found = place.wikifarm("session verify --format json").any_stdout().status(1).run();
        assert!(found.stdout.contains("user id:9.9.9 does not exist"), "{}", found.stdout);

        place.wikifarm("session prune --dry-run -q").run();
        assert_eq!(ids(""), "abc");
        place.wikifarm("session prune -q").run();
        assert_eq!(ids(""), "ac");
        place.wikifarm("session revoke --user JoeDoe --settle 0s -q").run();
        assert_eq!(ids(""), "c");
    }
}

#[test]
fn session_store_password_is_shown_nowhere() {
    let plain = "redis://u:topsecret@host/0";
    for (line, shown) in [
        (format!("session_store = \"{plain}\""), "redis://u:*********@host/0\""),
        (format!("sesion_store = '{plain}'"), "redis://u:*********@host/0'"),
        (format!("session_store = [\"{plain}\"]"), "redis://u:*********@host/0\""),
        (format!("session_store = \"{plain}"), "redis://u:*********@host/0"),
        (format!("session_store = {plain}"), "redis://u:*********@host/0"),
        ("session_store = \"redis://h/0?password=topsecret\"".to_owned(), "redis://h/0?password=*********"),
        ("session_store = \"mysql://u:topsecret@h/0\"".to_owned(), "mysql://u:*********@h/0\""),
        ("aliases = \"https://u:topsecret@h/\"".to_owned(), "https://u:*********@h/\""),
    ] {
        let text = format!("moin = \"1.9.11\"\n[wikis.one]\nurl = \"https://one.example.org/\"\n{line}\n");
        let place = Place::new().file("farm.toml", text);
        let mut all = String::new();
        for command in [
            "config check --format json",
            "config check --format ndjson",
            "config check --format sarif",
            "config check --format github",
            "config check --format junit",
            "config check --diff",
            "config show",
            "config export",
            "session list",
            "config check",
        ] {
            let ran = place.wikifarm(command).any_stdout().any_stderr().status_among(&[0, 1, 2, 3]).run();
            all = ran.stdout + &ran.stderr;
            assert!(!all.contains("topsecret"), "{line}: {command}: {all}");
        }
        assert!(all.contains(shown), "{line}: {all}");
    }
}

#[test]
fn session_store_error_points_at_the_hidden_password() {
    let place = Place::new().file(
        "farm.toml",
        "moin = \"1.9.11\"\n[wikis.one]\nurl = \"https://one.example.org/\"\nsession_store = \"redis://u:topsecret@h/0\"\n",
    );
    let ran = place.wikifarm("config check").any_stdout().status(1).run();
    let under =
        "4 | session_store = \"redis://u:*********@h/0\"\n  |                 ^^^^^^^^^^^^^^^^^^^^^^^^^";
    assert!(ran.stdout.contains(under), "{}", ran.stdout);
}
