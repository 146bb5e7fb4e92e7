//! `wikifarm session whois ID|-`

use std::fs;

use serde_json::json;

use crate::support::{DAY, HOUR, NOW, Place, Session};

const FARM: &str = r#"
    moin = "1.9.11"

    [wikis.docs]
    url = "https://docs.example.org/"
    session_dir = "sessions"
    user_dir = "users"

    [wikis.plans]
    url = "https://plans.example.org/"
    session_dir = "sessions"
    user_dir = "users"

    [wikis.other]
    url = "https://other.example.org/"
    session_dir = "other"
"#;

const NOW_WORDS: &str = "--now=1795400000";

/// A cookie that Flask 3.0.3 signed at that time with the key "a farm secret".
const COOKIE: &str = ".eJxNy0EKwjAUhOGryKylVN3lKiKltlP6kCSSN1mV3t2IXbgb5uPfUJ2lMzHajIB-usxX3hacf6BSXWzSBo9vrFqHSK35W8RsCf8ySsWejrDhJIT7Yz_U6W45DcovplaqfzunQmH_AGYhL1o.awOhQA.Uw7tm1aDdHLHvIxcJqU5hhSrcuA";

/// Two wikis with real sessions, and a third wiki whose store has one of the same ids.
fn real() -> Place {
    let known = Session::named("21854108bf22702bdf78c51354ae97df1fc9fc8b").expires(NOW - DAY);
    Place::farm(FARM)
        .copy("moin-1.9.11/users", "users", NOW)
        .copy("moin-1.9.11/sessions", "sessions", NOW - HOUR)
        .session("other", known)
}

#[test]
fn whois_prints_the_user_in_every_store_that_has_the_id() {
    let place = real();
    let ran = place
        .wikifarm("session whois 2185")
        .arg(NOW_WORDS)
        .stdout(str![[r#"
session   21854108
store     moin-1.9:sessions (docs, plans)
state     live
expires   2036-11-19T23:44:00Z, in 3649 d
user      CarolWiki (id:1795391011.06.15447), logged in by moin
written   2026-11-23T01:13:20Z, 60 m ago
size      208 B

session   21854108
store     moin-1.9:other (other)
state     expired
expired   2026-11-22T02:13:20Z, 24 h ago
user      anonymous
written   2026-11-23T01:13:20Z, 60 m ago
size      29 B

"#]])
        .run();
    let again = |id: &str| {
        place.wikifarm("session whois -").arg(NOW_WORDS).stdin(id).stdout(&ran.stdout).run();
    };
    again("21854108bf22702bdf78c51354ae97df1fc9fc8b\n");
    let id = "21854108bf22702bdf78c51354ae97df1fc9fc8b";
    again(&format!("MOIN_SESSION_docs=\"{id}\";"));
    again(&format!("Cookie: theme=dark; MOIN_SESSION_docs={id}; _ga=GA1.2.3.4\r\n"));
    again(&format!("cookie: a=b; renamed={id}"));
    again(&format!("theme=dark; MOIN_SESSION_docs={id}"));
    again(&format!("Set-Cookie: MOIN_SESSION_docs={id}; Domain=.example.org; Max-Age=9; Path=/; secure\n"));
    again(&format!(
        "> GET /Page HTTP/1.1\n> Host: docs.example.org\n> Cookie: a=b; MOIN_SESSION_docs={id}\n>\n"
    ));
}

#[test]
fn whois_of_a_header_without_a_session_repeats_no_value() {
    let refused = |header: &str, why: &str| {
        real().wikifarm("session whois -").stdin(header).status(2).stderr(format!("error: {why}\n")).run();
    };
    refused("Cookie: theme=dark; secret=hunter2", "no session cookie in this header: theme, secret");
    refused("Cookie: \n", "no session cookie in this header");
    refused("Host: docs.example.org\n", "standard input has no id");
    real()
        .wikifarm("session whois")
        .arg("")
        .status(2)
        .stderr(str![[r#"
error: the id is empty

"#]])
        .run();
}

#[test]
fn whois_of_an_unknown_id_shortens_it() {
    real()
        .wikifarm("session whois 0123456789abcdef0123456789abcdef01234567")
        .status(1)
        .stdout(str![[r#"
session   01234567…
found in  no store (2 searched)

"#]])
        .run();
}

#[test]
fn whois_of_the_name_of_a_user_suggests_list() {
    real()
        .wikifarm("session whois Carol --store-of docs -q")
        .status(1)
        .stdout(str![[r#"
session   Carol
found in  no store (1 searched)
help: to list the sessions of a user: `wikifarm session list --user CarolWiki`

"#]])
        .run();
}

#[test]
fn whois_json_has_all_ids_in_one_document() {
    let found = real()
        .wikifarm("session whois - --format json --store-of docs -q")
        .arg(NOW_WORDS)
        .stdin("21854108 0123456789abcdef")
        .status(1)
        .any_stdout()
        .run()
        .json();
    let session = json!({
        "store": "moin-1.9:sessions", "id": "21854108", "wikis": ["docs", "plans"], "state": "live", "problem": null,
        "expires": 2_110_751_040.0, "expires_at": "2036-11-19T23:44:00Z",
        "modified": 1_795_396_400, "modified_at": "2026-11-23T01:13:20Z", "size": 208,
        "user": {"id": "1795391011.06.15447", "name": "CarolWiki", "auth_method": "moin"},
        "setuid": null, "setuid_name": null,
    });
    assert_eq!(
        found,
        json!({"schema": 1, "ids": [
            {"id": "21854108", "sessions": [session], "cookie": null, "ended": []},
            {"id": "01234567…", "sessions": [], "cookie": null, "ended": []},
        ]})
    );
}

#[test]
fn whois_of_an_ambiguous_prefix_is_refused() {
    real()
        .wikifarm("session whois 2")
        .status(2)
        .stderr(str![[r#"
error: 8 session ids begin with "2"
help: type more characters of the id

"#]])
        .run();
}

#[test]
fn whois_distinguishes_not_found_from_failed_stores() {
    Place::new()
        .session("s", Session::new('a'))
        .file("no-dir", "")
        .wikifarm("session whois bbbb --store s --store moin-1.9:no-dir")
        .status(3)
        .stdout(str![[r#"
session   bbbb
found in  none of the stores that could be read

"#]])
        .stderr(str![[r#"
error: no-dir: not a directory

"#]])
        .run();
}

#[test]
fn whois_reveal_prints_the_whole_id() {
    let stdout = real().wikifarm("session whois 089d00ba --reveal").any_stdout().run().stdout;
    let id = stdout.lines().next().unwrap().strip_prefix("session   089d00ba").unwrap();
    assert_eq!(id.len(), 32, "{stdout}");
}

#[test]
fn whois_reads_a_signed_cookie_without_farm_or_key() {
    Place::new()
        .wikifarm("session whois -")
        .arg("--now=1795486400")
        .stdin(format!("session={COOKIE}\n"))
        .stdout(str![[r#"
cookie    .eJxNy0E…
store     none: the signed cookie of MoinMoin 2 contains the session, compressed
state     live, with the default lifetime of 31 d (PERMANENT_SESSION_LIFETIME)
signed    2026-11-23T02:13:20Z, 24 h ago
key       not checked; use --secret-file
user      id:0c1d2e3f, logged in by moin
payload
  {
    "user.itemid": "0c1d2e3f",
    "user.trusted": true,
    "user.auth_method": "moin",
    "user.auth_attribs": {
      " t": []
    },
    "user.session_token": {
      "$py": "hidden"
    }
  }

"#]])
        .run();
}

#[test]
fn whois_with_a_key_checks_the_signature() {
    let place =
        Place::new().file("key", "a farm secret\n").file("old-key", "another secret").file("none", "\n");
    let run = |key: &str| {
        let run = place.wikifarm("session whois --format json --secret-file").arg(key).arg(NOW_WORDS);
        run.arg(COOKIE)
    };
    let found = run("key").any_stdout().run().json();
    assert_eq!(
        found,
        json!({"schema": 1, "ids": [{"id": ".eJxNy0E…", "sessions": [], "ended": [], "cookie": {
            "state": "live", "lifetime": 2_678_400.0, "wikis": [], "signed": 1_795_400_000, "signed_at": "2026-11-23T02:13:20Z", "compressed": true,
            "user": {"id": "0c1d2e3f", "name": null, "auth_method": "moin"},
            "key_fits": true,
            "payload": {
                "user.auth_attribs": {" t": []}, "user.auth_method": "moin", "user.itemid": "0c1d2e3f",
                "user.session_token": {"$py": "hidden"}, "user.trusted": true,
            },
        }}]})
    );
    let wrong = run("old-key").status(1).any_stdout().run();
    assert_eq!(wrong.json()["ids"][0]["cookie"]["key_fits"], false);
    assert!(!wrong.stdout.contains("another secret"));
    run("none")
        .status(2)
        .stderr(str![[r#"
error: the secret file none is empty

"#]])
        .run();
    run("gone")
        .status(2)
        .stderr(str![[r#"
error: can't read the secret file gone: no such file or directory

"#]])
        .run();
}

/// A cookie of JoeDoe that 2.0.0b5 sent, signed with `0123456789abcdef-h4`; the profiles are in the fixtures.
const JOE: &str = ".eJxNjkFqxDAMRa9SvG6L5ShSlKuUMsixzJg2CcTKapi7dwod6PY_Hu_fwtnteNfTrxd1P1ruYb6FFw_zx-f99R9dza97CXNY97aFP9Lc1vY7kuQpEy3JckEekyBxHDEhVSBReArdem_7dvH9y7aHBywUKQJOb5IUJHLEIpgRhkUhD1QWZBCVOsWUIy0ljWlSY-bIQ6WadGApQGrPhB9nd3ucqvrd7f4DhLBE6g.aw3Eew.Vl9UvS57foD1Va4wy9Uw5YXVHzg";

#[test]
fn whois_of_a_signed_cookie_finds_the_name_in_the_userprofiles() {
    let farm = r#"
        moin = "2.0.0b5"
        [wikis.new]
        url = "https://new.example.org/"
        data_dir = "new/data"
        cookie_lifetime = 24
        [wikis.other]
        url = "https://other.example.org/"
        data_dir = "other/data"
        [wikis.old]
        moin = "1.9.11"
        url = "https://old.example.org/"
        data_dir = "new/data"
    "#;
    let place = Place::farm(farm)
        .copy("moin-2.0.0b5/userprofiles/meta", "new/data/userprofiles/meta", NOW)
        .dir("other/data/userprofiles/meta")
        .file("key", "0123456789abcdef-h4");
    let run =
        || place.wikifarm("session whois --secret-file key --now 1796064439").arg(format!("session={JOE}"));
    run()
        .stdout(str![[r#"
cookie    .eJxNjkF…
store     none: the signed cookie of MoinMoin 2 contains the session, compressed
state     live, with the lifetime of 24 h (PERMANENT_SESSION_LIFETIME)
signed    2026-11-30T18:46:19Z, 60 s ago
key       matches: this key signed the cookie
user      JoeDoe (id:69b8b66c2ebd47529467054246f169a1), logged in by moin
profile   new
payload
  {
    "user.auth_attribs": {
      " t": []
    },
    "user.auth_method": "moin",
    "user.itemid": "69b8b66c2ebd47529467054246f169a1",
    "user.session_token": {
      "$py": "hidden"
    },
    "user.trusted": false
  }

"#]])
        .run();
    let found = run().args(["--format", "json"]).any_stdout().run();
    assert!(!found.stdout.contains("argon2") && !found.stdout.contains("1796060148"), "{}", found.stdout);
    let cookie = &found.json()["ids"][0]["cookie"];
    assert_eq!(cookie["user"]["name"], "JoeDoe");
    assert_eq!(cookie["wikis"], json!(["new"]));
    assert_eq!(cookie["lifetime"], 86_400.0);
    // The lifetime of the signature is over a day later; the other wiki alone does not know the user.
    let later = place.wikifarm("session whois --now 1796150781").arg(JOE).any_stdout().run();
    assert!(later.stdout.contains("state     expired, with the lifetime of 24 h"), "{}", later.stdout);
    fs::remove_dir_all(place.path().join("new")).unwrap();
    let gone = place.wikifarm("session whois").arg(JOE).any_stdout().any_stderr().run();
    assert!(gone.stdout.contains("profile   none in the farm file's wikis"), "{}", gone.stdout);
    assert!(gone.stderr.contains("new: can't look up the user: "), "{}", gone.stderr);
}

#[test]
fn whois_of_a_broken_signed_cookie_gives_the_reason() {
    let place = Place::new().file("key", "x");
    for (cookie, why) in [
        (
            "a.b",
            "\"a.b\"… is not a signed cookie: expected payload, timestamp, and signature, separated by dots",
        ),
        ("abcdefghijklmnop.b.c", "\"abcdefgh\"… is not a signed cookie: the payload is not a JSON object"),
        (".abcd.b.c", "\".abcd.b.\"… is not a signed cookie: the payload can't be decompressed"),
    ] {
        place.wikifarm("session whois").arg(cookie).status(2).stderr(format!("error: {why}\n")).run();
    }
    let stderr = "error: --secret-file requires a signed cookie of MoinMoin 2.0, which has dots in it\n";
    place.wikifarm("session whois abcd --secret-file key").status(2).stderr(stderr).run();
}

#[test]
fn whois_reads_a_long_list_of_ids_to_its_end() {
    // More than 1 MiB before the known id.
    let list = format!("{}21854108\n", format!("{:10000}\n", "00000000").repeat(110));
    let found =
        real().wikifarm("session whois - --format json").stdin(list).status(1).any_stdout().run().json();
    let found = found["ids"].as_array().unwrap();
    assert_eq!(found.len(), 111);
    assert_eq!(found[110]["id"], "21854108");
}

#[test]
fn session_commands_with_bad_standard_input_give_the_reason_and_change_nothing() {
    let place = real();
    let before = place.names("sessions");
    let refused = |command: &str, input: &[u8], why: &str| {
        let stderr = format!("error: can't read ids from standard input: {why}\n");
        place.wikifarm(command).stdin(input).status(2).stderr(&stderr).run();
    };
    let (id, long) = (b"21854108\n".to_vec(), vec![b'a'; (1 << 20) + 1]);
    let too_many = "longer than 64 MiB\nhelp: split the input with `split -l 1000000`";
    for command in ["session whois -", "session show -", "session revoke -"] {
        refused(command, &[&id[..], &long[..]].concat(), "line 2 is longer than 1 MiB");
        refused(command, &[&id[..], b"\xff\n"].concat(), "line 2 is not UTF-8");
    }
    refused("session revoke -", &id.repeat((64 << 20) / id.len() + 1), too_many);
    assert_eq!(place.names("sessions"), before);
}
