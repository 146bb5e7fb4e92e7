//! `wikifarm session show ID`

use serde_json::json;

use crate::support::farms::DOCS_WITH_USERS;
use crate::support::{DAY, HOUR, NOW, Place, Session};

/// The real sessions and users of a wiki.
fn real() -> Place {
    Place::farm(DOCS_WITH_USERS).copy("moin-1.9.11/users", "users", NOW).copy(
        "moin-1.9.11/sessions",
        "sessions",
        NOW - HOUR,
    )
}

const NOW_WORDS: &str = "--now=1795400000";

#[test]
fn show_of_a_recorded_session_prints_everything() {
    real()
        .wikifarm("session show 21854108")
        .arg(NOW_WORDS)
        .stdout(str![[r#"
session   21854108
store     moin-1.9:sessions (docs)
state     live
expires   2036-11-19T23:44:00Z, in 3649 d
user      CarolWiki (id:1795391011.06.15447), logged in by moin
written   2026-11-23T01:13:20Z, 60 m ago
size      208 B
trail     alpha:Quote's "Page" & <x>
          alpha:A Page With Spaces
          alpha:FrontPage
values
  {
    "trail": [
      "alpha:Quote's \"Page\" & <x>",
      "alpha:A Page With Spaces",
      "alpha:FrontPage"
    ],
    "expires": 2110751040,
    "user.auth_attribs": {
      "$py": "tuple",
      "items": []
    },
    "user.auth_method": "moin",
    "user.id": "1795391011.06.15447"
  }

"#]])
        .run();
}

#[test]
fn show_prints_the_user_that_a_superuser_acts_as() {
    let acting = b"(dS'user.id'\nS'1795391009.69.61222'\nsS'setuid'\nS'1795391010.14.58358'\ns.";
    let place = real().session("sessions", Session::new('f').raw(acting));
    place
        .wikifarm("session show ffff")
        .arg(NOW_WORDS)
        .stdout(str![[r#"
session   ffffffff
store     moin-1.9:sessions (docs)
state     no-expires
expires   not set
user      AdminAda (id:1795391009.69.61222), logged in by an unknown method
acts as   BobBuilder (id:1795391010.14.58358)
written   2026-11-23T01:13:20Z, 60 m ago
size      72 B
values
  {
    "user.id": "1795391009.69.61222",
    "setuid": "1795391010.14.58358"
  }

"#]])
        .run();
}

#[test]
fn show_of_an_anonymous_session_prints_anonymous() {
    real()
        .wikifarm("session show 089d00ba")
        .arg(NOW_WORDS)
        .stdout(str![[r#"
session   089d00ba
store     moin-1.9:sessions (docs)
state     expired
expired   2026-11-23T00:14:00Z, 119 m ago
user      anonymous
written   2026-11-23T01:13:20Z, 60 m ago
size      95 B
trail     wiki1:Größe/Seite
          wiki1:A Page With Spaces
values
  {
    "trail": [
      "wiki1:Größe/Seite",
      "wiki1:A Page With Spaces"
    ],
    "expires": 1795392840
  }

"#]])
        .run();
}

#[test]
fn show_accepts_any_unique_prefix_with_or_without_dots() {
    let place = real();
    let whole = place.wikifarm("session show 21854108").arg(NOW_WORDS).any_stdout().run().stdout;
    place.wikifarm("session show 2185").arg(NOW_WORDS).stdout(&whole).run();
    place.wikifarm("session show 21854108…").arg(NOW_WORDS).stdout(&whole).run();
    place
        .wikifarm("session show 21854108bf22702bdf78c51354ae97df1fc9fc8b")
        .arg(NOW_WORDS)
        .stdout(&whole)
        .run();
}

#[test]
fn show_reads_ids_from_standard_input() {
    let place = real();
    let whole = |id: &str| place.wikifarm("session show").arg(id).arg(NOW_WORDS).any_stdout().run().stdout;
    let both = format!("{}\n{}", whole("21854108"), whole("089d00ba"));
    place.wikifarm("session show -").arg(NOW_WORDS).stdin("21854108\n089d00ba\n").stdout(&both).run();
    place
        .wikifarm("session show -")
        .stdin(" \n")
        .status(2)
        .stderr(str![[r#"
error: standard input has no id

"#]])
        .run();
}

#[test]
fn show_of_several_ids_prints_the_found_and_names_the_others() {
    let place = real();
    let whole = |id: &str| place.wikifarm("session show").arg(id).arg(NOW_WORDS).any_stdout().run().stdout;
    let both = format!("{}\n{}", whole("21854108"), whole("089d00ba"));
    let show = || place.wikifarm("session show -").arg(NOW_WORDS);
    let unknown = "0123456789abcdef0123456789abcdef01234567";
    show()
        .stdin(format!("21854108\n{unknown}\n089d00ba\n"))
        .status(1)
        .stdout(&both)
        .stderr(str![[r#"
error: no session id begins with "01234567…"

"#]])
        .run();
    // A text that is not an id determines the status.
    let ran = show().stdin("21854108\n2\nffff\n").status(2).any_stdout().any_stderr().run();
    assert_eq!((ran.stdout.as_str(), ran.stderr.lines().count()), (whole("21854108").as_str(), 3));
    let json = |ids: &str| show().arg("--format=json").stdin(ids).status(1).any_stdout().any_stderr().run();
    assert_eq!(json(&format!("21854108 {unknown}")).json()["sessions"].as_array().unwrap().len(), 1);
    for none in [unknown, &format!("{unknown} ffff")] {
        assert_eq!(json(none).json(), json!({"schema": 1, "sessions": []}));
    }
}

#[test]
fn show_of_an_ambiguous_prefix_is_refused() {
    real()
        .wikifarm("session show 2")
        .status(2)
        .stderr(str![[r#"
error: 8 session ids begin with "2"
help: type more characters of the id

"#]])
        .run();
}

#[test]
fn show_of_an_unknown_id_shortens_it() {
    let id = "0123456789abcdef0123456789abcdef01234567";
    real()
        .wikifarm("session show")
        .arg(id)
        .status(1)
        .stderr(str![[r#"
error: no session id begins with "01234567…"

"#]])
        .run();
}

#[test]
fn show_json_has_trail_and_values() {
    let session =
        real().wikifarm("session show 21854108 --format json").arg(NOW_WORDS).any_stdout().run().json();
    assert_eq!(
        session,
        json!({"schema": 1, "sessions": [{
            "store": "moin-1.9:sessions", "id": "21854108", "wikis": ["docs"], "state": "live", "problem": null,
            "expires": 2_110_751_040.0, "expires_at": "2036-11-19T23:44:00Z",
            "modified": 1_795_396_400, "modified_at": "2026-11-23T01:13:20Z", "size": 208,
            "user": {"id": "1795391011.06.15447", "name": "CarolWiki", "auth_method": "moin"},
            "setuid": null, "setuid_name": null,
            "trail": ["alpha:Quote's \"Page\" & <x>", "alpha:A Page With Spaces", "alpha:FrontPage"],
            "values": {
                "trail": ["alpha:Quote's \"Page\" & <x>", "alpha:A Page With Spaces", "alpha:FrontPage"],
                "expires": 2_110_751_040,
                "user.auth_attribs": {"$py": "tuple", "items": []},
                "user.auth_method": "moin",
                "user.id": "1795391011.06.15447"
            }
        }]})
    );
}

#[test]
fn show_reveal_prints_the_whole_id() {
    let show = real().wikifarm("session show 21854108 --reveal").any_stdout().run().stdout;
    assert!(show.starts_with("session   21854108bf22702bdf78c51354ae97df1fc9fc8b\n"), "{show}");
}

#[test]
fn show_hides_values_that_look_like_secrets_unless_reveal() {
    let secret = b"(dS'api_token'\nS'xyzzy'\nsS'expires'\nI1795486400\ns.";
    let place = Place::new().session("s", Session::new('a').raw(secret));
    let show = |more: &str| place.wikifarm("session show aaaa --store s").arg(more).any_stdout().run().stdout;
    assert!(!show("-v").contains("xyzzy"));
    assert!(show("--reveal").contains("\"api_token\": \"xyzzy\""));
}

#[test]
fn show_of_an_unreadable_session_gives_the_reason() {
    let place = Place::new().session("s", Session::new('a').raw(b"(dS'expires'\n"));
    place
        .wikifarm("session show aaaa --store s")
        .arg(NOW_WORDS)
        .stdout(str![[r#"
session   aaaaaaaa
store     moin-1.9:s
state     unreadable
          truncated pickle: ends at byte 13
written   2026-11-23T01:13:20Z, 60 m ago
size      13 B

"#]])
        .run();
}

#[test]
fn show_prints_a_session_of_1_8() {
    let old = Session::old('x').expires(NOW + DAY).user("1.2.3").page("old:FrontPage");
    Place::new()
        .session("s", old)
        .wikifarm("session show xxxx --store s")
        .arg(NOW_WORDS)
        .stdout(str![[r#"
session   xxxxxxxx
store     moin-1.8:s
state     live
expires   2026-11-24T02:13:20Z, in 24 h
user      not in the user directory (id:1.2.3), logged in by moin
written   2026-11-23T01:13:20Z, 60 m ago
size      172 B
trail     old:FrontPage
values
  {
    "expires": 1795486400.0,
    "user.id": "1.2.3",
    "user.auth_method": "moin",
    "trail": [
      "old:FrontPage"
    ]
  }

"#]])
        .run();
}

#[test]
fn show_of_an_id_in_two_stores_prints_both() {
    let session = || Session::new('a').expires(NOW + DAY);
    let place = Place::new().session("one", session()).session("two", session());
    let shown =
        place.wikifarm("session show aaaa --store one --store two --format json").any_stdout().run().json();
    let stores: Vec<&str> =
        shown["sessions"].as_array().unwrap().iter().map(|one| one["store"].as_str().unwrap()).collect();
    assert_eq!(stores, ["moin-1.9:one", "moin-1.9:two"]);
}

#[test]
fn show_with_bytes_that_are_not_text_on_standard_input_is_refused() {
    real()
        .wikifarm("session show -")
        .stdin(b"\xff\xfe\n")
        .status(2)
        .stderr(str![[r#"
error: can't read ids from standard input: line 1 is not UTF-8

"#]])
        .run();
}

#[test]
fn show_with_bad_arguments_shortens_ids_in_the_error() {
    let ran = Place::new()
        .wikifarm(&format!("session show {} {}", "a".repeat(40), "b".repeat(40)))
        .status(2)
        .any_stderr()
        .run();
    assert!(ran.stderr.starts_with("error: unexpected argument 'bbbbbbbb…' found\n"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("aaaaaaaaa") && !ran.stderr.contains("bbbbbbbbb"), "{}", ran.stderr);
}

#[test]
fn show_of_a_protocol_that_python_2_cannot_read_names_it_and_prints_the_values() {
    let pickle = b"\x80\x03}X\x07\0\0\0expiresJ\x00\x00\x00\x7fs.";
    let place = Place::new().session("sessions", Session::new('a').raw(pickle));
    let run =
        place.wikifarm("session show aaaaaaaa --now 1795400000 --store moin-1.9:sessions --format json");
    let json = run.any_stdout().run().json();
    assert_eq!(json["sessions"][0]["state"], "unreadable", "{json}");
    assert_eq!(json["sessions"][0]["values"]["expires"], 2_130_706_432, "{json}");
    let run = place.wikifarm("session verify --store moin-1.9:sessions").status(1).any_stdout().run();
    let text = run.stdout.replace("\n      ", " ");
    assert!(
        text.contains("pickle protocol 3: MoinMoin 1.x can't read it, because Python 2.7 reads"),
        "{text}"
    );
}
