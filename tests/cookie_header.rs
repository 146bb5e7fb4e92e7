//! `wikifarm cookie header WIKI`

use std::fmt::Write as _;
use std::fs;

use serde_json::{Value, json};

use crate::support::{Place, fixtures};

const FARM: &str = r#"
    moin = "1.9.11"

    [wikis.docs]
    url = "https://docs.example.org/"
    cookie_domain = ".example.org"
    cookie_name = "lab"

    [wikis.old]
    moin = "1.8.7"
    url = "http://example.org/old"

    [wikis.own]
    url = "https://own.example.org/"
    session_service = "custom"
"#;

#[test]
fn header_prints_one_header_for_each_kind_of_visitor() {
    Place::farm(FARM)
        .wikifarm("cookie header docs --now 1795400000.25")
        .stdout(str![[r#"
anonymous  no cookie: anonymous sessions are off (lifetime 0)
user       Set-Cookie: MOIN_SESSION_lab=0000000000000000000000000000000000000000;
             Domain=.example.org; Expires=Mon, 23-Nov-2026 14:13:00 GMT;
             Max-Age=43200; Secure; Path=/
remember   Set-Cookie: MOIN_SESSION_lab=0000000000000000000000000000000000000000;
             Domain=.example.org; Expires=Thu, 20-Nov-2036 02:13:00 GMT;
             Max-Age=315360000; Secure; Path=/

"#]])
        .run();
}

#[test]
fn header_as_one_visitor_prints_one_header() {
    Place::farm(FARM)
        .wikifarm("cookie header old --as user --now 1795400000")
        .stdout(str![[r#"
user       Set-Cookie: MOIN_SESSION=00000000000000000000000000000000;
             expires=Monday, 23-Nov-26 14:13:20 GMT; Max-Age=43200; Path=/old

"#]])
        .run();
}

#[test]
fn header_of_a_wiki_that_sends_none_gives_the_reason() {
    Place::farm(FARM)
        .wikifarm("cookie header old --as anonymous --now 1795400000")
        .stdout(str![[r#"
anonymous  no cookie: anonymous sessions are off (lifetime 0)

"#]])
        .run();
}

#[test]
fn header_of_a_custom_handler_is_unknown() {
    let rows =
        Place::farm(FARM).wikifarm("cookie header own --as user --format json").any_stdout().run().json();
    assert_eq!(
        rows,
        json!({"schema": 1, "headers": [{
            "wiki": "own", "as": "user", "set_cookie": null,
            "reason": "unknown: the wiki has a custom session_service", "rejected_by": []
        }]})
    );
}

#[test]
fn header_json_has_header_or_reason() {
    Place::farm(FARM).wikifarm("cookie header old --now 1795400000 --format json").stdout(str![[r#"
{
  "schema": 1,
  "headers": [
    {
      "wiki": "old",
      "as": "anonymous",
      "set_cookie": null,
      "reason": "anonymous sessions are off (lifetime 0)",
      "rejected_by": []
    },
    {
      "wiki": "old",
      "as": "user",
      "set_cookie": "MOIN_SESSION=00000000000000000000000000000000; expires=Monday, 23-Nov-26 14:13:20 GMT; Max-Age=43200; Path=/old",
      "reason": "sent to users with \"remember me\" off",
      "rejected_by": []
    },
    {
      "wiki": "old",
      "as": "remember",
      "set_cookie": "MOIN_SESSION=00000000000000000000000000000000; expires=Thursday, 20-Nov-36 02:13:20 GMT; Max-Age=315360000; Path=/old",
      "reason": "sent to users with \"remember me\" on, the default",
      "rejected_by": []
    }
  ]
}

"#]]).run();
}

/// A recorded row as a table of the farm file.
fn wiki(number: usize, version: &str, row: &Value) -> String {
    let mut table = format!("[wikis.row{number}]\nmoin = \"{version}\"\n");
    for (key, setting) in [("siteid", "wiki"), ("url", "url")] {
        writeln!(table, "{key} = {}", row[setting]).unwrap();
    }
    for key in ["domain", "path", "name", "secure", "httponly", "lifetime"].map(|key| format!("cookie_{key}"))
    {
        if !row[&key].is_null() {
            writeln!(table, "{key} = {}", row[&key]).unwrap();
        }
    }
    if !row["anonymous_session_lifetime"].is_null() {
        writeln!(table, "anonymous_session_lifetime = {}", row["anonymous_session_lifetime"]).unwrap();
    }
    table
}

/// Checks each header that wikis of this version sent, byte for byte, except for the random id.
#[track_caller]
fn reproduces(version: &str, count: usize) {
    let recorded = fs::read_to_string(fixtures().join(format!("moin-{version}/set-cookie.jsonl"))).unwrap();
    let rows: Vec<Value> = recorded.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows.len(), count);
    let farm: String = rows.iter().enumerate().map(|(number, row)| wiki(number, version, row)).collect();
    let place = Place::farm(&farm);
    for (number, row) in rows.iter().enumerate() {
        let visitor = match row["login"]["remember_me"].as_bool() {
            None => "anonymous",
            Some(false) => "user",
            Some(true) => "remember",
        };
        let words = format!("cookie header row{number} --as {visitor} --now {} --format json", row["now"]);
        let found = place.wikifarm(&words).any_stdout().run().json();
        let header = found["headers"][0]["set_cookie"].as_str().map(without_id);
        assert_eq!(header, row["set_cookie"][0].as_str().map(without_id), "row {number} of {version}: {row}");
        assert_eq!(found["headers"][0]["wiki"], json!(format!("row{number}")));
        assert_eq!(found["headers"][0]["as"], visitor);
    }
}

fn without_id(header: &str) -> String {
    let (name, rest) = header.split_once('=').unwrap();
    let (id, attributes) = rest.split_once(';').unwrap();
    format!("{name}=[{}];{attributes}", id.len())
}

#[test]
fn header_for_1_7_3_equals_recorded_headers() {
    reproduces("1.7.3", 50);
}

#[test]
fn header_for_1_8_7_equals_recorded_headers() {
    reproduces("1.8.7", 50);
}

#[test]
fn header_for_1_9_0_equals_recorded_headers() {
    reproduces("1.9.0", 40);
}

#[test]
fn header_for_1_9_1_equals_recorded_headers() {
    reproduces("1.9.1", 40);
}

#[test]
fn header_for_1_9_3_equals_recorded_headers() {
    reproduces("1.9.3", 40);
}

#[test]
fn header_for_1_9_8_equals_recorded_headers() {
    reproduces("1.9.8", 40);
}

#[test]
fn header_for_1_9_10_equals_recorded_headers() {
    reproduces("1.9.10", 40);
}

#[test]
fn header_for_1_9_11_equals_recorded_headers() {
    reproduces("1.9.11", 100);
}

#[test]
fn header_names_the_browsers_that_reject_it() {
    // Chromium converts the domain to ASCII, and Firefox rejects it.
    let place = Place::farm(
        "moin = \"1.9.11\"\n[wikis.docs]\nurl = \"https://docs.b\u{fc}cher.example/\"\ncookie_name = \"lab\"\n\
         cookie_domain = \"b\u{fc}cher.example\"\n",
    );
    let at = "--as user --now 1795400000";
    place
        .wikifarm(&format!("cookie header docs {at}"))
        .stdout(str![[r#"
user       Set-Cookie: MOIN_SESSION_lab=0000000000000000000000000000000000000000;
             Domain=bücher.example; Expires=Mon, 23-Nov-2026 14:13:00 GMT;
             Max-Age=43200; Secure; Path=/
           rejected by Firefox: Domain must be ASCII: use the xn-- form (RFC
           6265bis 5.7 step 8)

"#]])
        .run();
    let rejections = |browser: &str| {
        let run = place.wikifarm(&format!("cookie header docs {at} --browser {browser}"));
        run.any_stdout().run().stdout.matches("rejected").count()
    };
    assert_eq!((rejections("chromium"), rejections("rfc")), (0, 1));
    let json = place.wikifarm(&format!("cookie header docs {at} --format json")).any_stdout().run().json();
    assert_eq!(json["headers"][0]["rejected_by"][0]["browser"], "firefox");
}
