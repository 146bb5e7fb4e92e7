//! `wikifarm session list`

use serde_json::json;

use crate::support::farms::DOCS_WITH_USERS;
use crate::support::{DAY, HOUR, NOW, Place, Session};

const ADA: &str = "1795391009.69.61222";
const BOB: &str = "1795391010.14.58358";

/// Five sessions of all kinds, and the real users of a wiki.
fn place() -> Place {
    Place::farm(DOCS_WITH_USERS).copy("moin-1.9.11/users", "users", NOW).sessions(
        "sessions",
        [
            Session::new('a').expires(NOW + 10 * HOUR).user(ADA).written(NOW - 2 * HOUR),
            Session::new('b').expires(NOW - 3 * DAY).written(NOW - 4 * DAY),
            Session::new('c').user(BOB).written(NOW - 60 * DAY),
            Session::new('d').expires(NOW + DAY).user("1.2.3").written(NOW - 90),
            Session::new('e').raw(b"(d").written(NOW - HOUR),
        ],
    )
}

#[test]
fn list_says_where_moinmoin_2_keeps_its_sessions() {
    let new = "moin = \"2.0.0b5\"\n[wikis.new]\nurl = \"https://new.example.org/\"\ndata_dir = \"data\"\n";
    Place::farm(new)
        .wikifarm("session list")
        .stdout(str![[r#"
0 sessions

"#]])
        .stderr(str![[r#"
new: MoinMoin 2 keeps each session in a signed cookie in the user's browser:
  `wikifarm session whois` shows the user of a cookie that you paste

"#]])
        .run();
    Place::farm(new)
        .wikifarm("session list --store-of new")
        .status(2)
        .stderr(str![[r#"
error: new: no session store: MoinMoin 2 keeps each session in a signed cookie
  in the user's browser
help: `wikifarm session whois` shows the user of a cookie that you paste

"#]])
        .run();
}

const LIST: &str = "session list --now 1795400000";

#[test]
fn list_prints_the_newest_first() {
    place()
        .wikifarm(LIST)
        .stdout(str![[r#"
ID        STATE       USER        EXPIRES  WRITTEN   BYTES  PROBLEM
dddddddd  live        id:1.2.3    in 24 h  90 s ago   79 B
eeeeeeee  unreadable  -           -        60 m ago    2 B  truncated pickle: ends at byte 2; the wiki logs the user out
aaaaaaaa  live        AdminAda    in 10 h  2 h ago    93 B
bbbbbbbb  expired     -           3 d ago  4 d ago    29 B
cccccccc  no-expires  BobBuilder  -        60 d ago   67 B
5 sessions

"#]])
        .run();
}

#[test]
fn list_with_limit_prints_that_many_and_notes_the_rest() {
    place()
        .wikifarm(LIST)
        .arg("--limit")
        .arg("2")
        .stdout(str![[r#"
ID        STATE       USER      EXPIRES  WRITTEN   BYTES  PROBLEM
dddddddd  live        id:1.2.3  in 24 h  90 s ago   79 B
eeeeeeee  unreadable  -         -        60 m ago    2 B  truncated pickle: ends at byte 2; the wiki logs the user out
5 sessions, 2 shown

"#]])
        .run();
}

#[test]
fn list_shows_a_user_by_name_or_id() {
    let place = place();
    place
        .wikifarm(LIST)
        .arg("--user")
        .arg("AdminAda")
        .stdout(str![[r#"
ID        STATE  USER      EXPIRES  WRITTEN  BYTES
aaaaaaaa  live   AdminAda  in 10 h  2 h ago   93 B
1 session

"#]])
        .run();
    place
        .wikifarm(LIST)
        .arg("--user")
        .arg("id:1.2.3")
        .stdout(str![[r#"
ID        STATE  USER      EXPIRES  WRITTEN   BYTES
dddddddd  live   id:1.2.3  in 24 h  90 s ago   79 B
1 session

"#]])
        .run();
}

#[test]
fn list_of_an_unknown_user_suggests_the_nearest() {
    place()
        .wikifarm(LIST)
        .arg("--user")
        .arg("AdminAdo")
        .status(2)
        .stderr(str![[r#"
error: no user "AdminAdo" in the user directories of docs
help: did you mean "AdminAda"?

"#]])
        .run();
}

#[test]
fn list_with_state_prints_those_states() {
    place()
        .wikifarm(LIST)
        .arg("--state=expired")
        .arg("--state=unreadable")
        .stdout(str![[r#"
ID        STATE       USER  EXPIRES  WRITTEN   BYTES  PROBLEM
eeeeeeee  unreadable  -     -        60 m ago    2 B  truncated pickle: ends at byte 2; the wiki logs the user out
bbbbbbbb  expired     -     3 d ago  4 d ago    29 B
2 sessions

"#]])
        .run();
}

#[test]
fn list_older_than_uses_the_last_write() {
    place()
        .wikifarm(LIST)
        .arg("--older-than=3d")
        .stdout(str![[r#"
ID        STATE       USER        EXPIRES  WRITTEN   BYTES
bbbbbbbb  expired     -           3 d ago  4 d ago    29 B
cccccccc  no-expires  BobBuilder  -        60 d ago   67 B
2 sessions

"#]])
        .run();
}

#[test]
fn list_sorts_by_expiry_in_both_directions() {
    let place = place();
    let ids = |words: &str| {
        let list = place.wikifarm(LIST).arg("--sort=expires").arg(words).arg("-q").any_stdout().run();
        list.stdout.lines().skip(1).filter_map(|line| line.chars().next()).collect::<String>()
    };
    assert_eq!(ids("--limit=9"), "badce");
    assert_eq!(ids("--reverse"), "ecdab");
}

#[test]
fn list_shortens_ids_unless_reveal() {
    let place = place();
    place
        .wikifarm(LIST)
        .arg("--limit=1")
        .arg("--reveal")
        .stdout(str![[r#"
ID                                        STATE  USER      EXPIRES  WRITTEN   BYTES
dddddddddddddddddddddddddddddddddddddddd  live   id:1.2.3  in 24 h  90 s ago   79 B
5 sessions, 1 shown

"#]])
        .run();
    for format in ["human", "json", "ndjson", "csv"] {
        let list = place.wikifarm(LIST).arg("-v").arg("--format").arg(format).any_stdout().run();
        assert!(list.stdout.contains("aaaaaaaa") && !list.stdout.contains("aaaaaaaaa"), "{}", list.stdout);
    }
}

#[test]
fn list_shows_ids_as_long_as_they_need_to_be_unique() {
    let near = format!("{}b{}", "a".repeat(11), "a".repeat(28));
    let place = place().session("sessions", Session::named(&near).expires(NOW + DAY));
    let list =
        place.wikifarm(LIST).arg("--sort=id").arg("--format=ndjson").arg("--limit=2").any_stdout().run();
    let ids: Vec<serde_json::Value> = list
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["id"].clone())
        .collect();
    assert_eq!(ids, [json!("aaaaaaaaaaaa"), json!("aaaaaaaaaaab")]);
}

#[test]
fn list_json_has_all_sessions() {
    let list = place().wikifarm(LIST).arg("--format=json").arg("--user=AdminAda").any_stdout().run().json();
    assert_eq!(
        list,
        json!({"schema": 1, "sessions": [{
            "store": "moin-1.9:sessions", "id": "aaaaaaaa", "wikis": ["docs"], "state": "live", "problem": null,
            "expires": 1_795_436_000.0, "expires_at": "2026-11-23T12:13:20Z",
            "modified": 1_795_392_800, "modified_at": "2026-11-23T00:13:20Z", "size": 93,
            "user": {"id": ADA, "name": "AdminAda", "auth_method": "moin"},
            "setuid": null, "setuid_name": null
        }]})
    );
}

#[test]
fn list_ndjson_prints_an_object_per_line() {
    place().wikifarm(LIST).arg("--format=ndjson").arg("--limit=2").stdout(str![[r#"
{"store":"moin-1.9:sessions","id":"dddddddd","wikis":["docs"],"state":"live","problem":null,"expires":1795486400.0,"expires_at":"2026-11-24T02:13:20Z","modified":1795399910,"modified_at":"2026-11-23T02:11:50Z","size":79,"user":{"id":"1.2.3","name":null,"auth_method":"moin"},"setuid":null,"setuid_name":null}
{"store":"moin-1.9:sessions","id":"eeeeeeee","wikis":["docs"],"state":"unreadable","problem":"truncated pickle: ends at byte 2; the wiki logs the user out","expires":null,"expires_at":null,"modified":1795396400,"modified_at":"2026-11-23T01:13:20Z","size":2,"user":null,"setuid":null,"setuid_name":null}

"#]]).run();
}

#[test]
fn list_csv_prints_a_record_per_line() {
    place().wikifarm(LIST).arg("--format=csv").stdout(str![[r#"
store,id,wikis,state,expires,expires_at,modified,modified_at,size,user_id,user_name,auth_method,setuid,setuid_name
moin-1.9:sessions,dddddddd,docs,live,1795486400,2026-11-24T02:13:20Z,1795399910,2026-11-23T02:11:50Z,79,1.2.3,,moin,,
moin-1.9:sessions,eeeeeeee,docs,unreadable,,,1795396400,2026-11-23T01:13:20Z,2,,,,,
moin-1.9:sessions,aaaaaaaa,docs,live,1795436000,2026-11-23T12:13:20Z,1795392800,2026-11-23T00:13:20Z,93,1795391009.69.61222,AdminAda,moin,,
moin-1.9:sessions,bbbbbbbb,docs,expired,1795140800,2026-11-20T02:13:20Z,1795054400,2026-11-19T02:13:20Z,29,,,,,
moin-1.9:sessions,cccccccc,docs,no-expires,,,1790216000,2026-09-24T02:13:20Z,67,1795391010.14.58358,BobBuilder,moin,,

"#]]).run();
}

#[test]
fn list_with_store_needs_no_farm_file() {
    let place = Place::new().session("here", Session::new('a').expires(NOW + DAY));
    place
        .wikifarm(LIST)
        .arg("--store=moin-1.9:here")
        .stdout(str![[r#"
ID        STATE  USER  EXPIRES  WRITTEN   BYTES
aaaaaaaa  live   -     in 24 h  60 m ago   29 B
1 session

"#]])
        .run();
    place
        .wikifarm(LIST)
        .arg("--store=here")
        .stdout(str![[r#"
ID        STATE  USER  EXPIRES  WRITTEN   BYTES
aaaaaaaa  live   -     in 24 h  60 m ago   29 B
1 session

"#]])
        .run();
}

#[test]
fn list_of_several_stores_names_the_wikis() {
    let farm = format!(
        "{DOCS_WITH_USERS}
    [wikis.plans]
    url = \"https://plans.example.org/\"
    session_dir = \"sessions\"

    [wikis.old]
    moin = \"1.8.7\"
    url = \"https://old.example.org/\"
    data_dir = \"old\"
    "
    );
    let place = Place::farm(&farm)
        .session("sessions", Session::new('a').expires(NOW + DAY))
        .session("old/cache/__common__/session", Session::old('x').expires(NOW + DAY).written(NOW - DAY));
    place
        .wikifarm(LIST)
        .stdout(str![[r#"
ID        STATE  USER  EXPIRES  WRITTEN   BYTES  WIKIS
aaaaaaaa  live   -     in 24 h  60 m ago   29 B  docs, plans
xxxxxxxx  live   -     in 24 h  24 h ago   29 B  old
2 sessions

"#]])
        .run();
    place
        .wikifarm(LIST)
        .arg("--store-of=plans")
        .stdout(str![[r#"
ID        STATE  USER  EXPIRES  WRITTEN   BYTES
aaaaaaaa  live   -     in 24 h  60 m ago   29 B
1 session

"#]])
        .stderr(str![[r#"
moin-1.9:sessions: also used by docs

"#]])
        .run();
}

#[test]
fn list_reads_recorded_sessions_of_each_version() {
    for (fixture, dir, address, count) in [
        ("moin-1.7.3/cache/__common__/session", "s", "moin-1.8:s", 86),
        ("moin-1.8.7/cache/__common__/session", "s", "moin-1.8:s", 86),
        ("moin-1.9.0/sessions", "s", "moin-1.9:s", 12),
        ("moin-1.9.1/sessions", "s", "moin-1.9:s", 12),
        ("moin-1.9.3/sessions", "s", "moin-1.9:s", 12),
        ("moin-1.9.8/sessions", "s", "moin-1.9:s", 12),
        ("moin-1.9.10/sessions", "s", "moin-1.9:s", 12),
        ("moin-1.9.11/sessions", "s", "moin-1.9:s", 132),
    ] {
        let place = Place::new().copy(fixture, dir, NOW - HOUR);
        let list = place.wikifarm(LIST).arg("--store=s").arg("--format=json").any_stdout().run().json();
        let sessions = list["sessions"].as_array().unwrap();
        assert_eq!(sessions.len(), count, "{fixture}");
        assert!(
            sessions.iter().all(|session| session["store"] == address && session["state"] != "unreadable")
        );
    }
}

#[test]
fn list_with_a_missing_store_exits_3_and_lists_the_others() {
    let place = place();
    let run = place.wikifarm(LIST).arg("--store=moin-1.9:gone").arg("--store=sessions").arg("--limit=1");
    run.status(3)
        .stdout(str![[r#"
ID        STATE  USER      EXPIRES  WRITTEN   BYTES  WIKIS
dddddddd  live   id:1.2.3  in 24 h  90 s ago   79 B  moin-1.9:sessions
5 sessions, 1 shown

"#]])
        .stderr(str![[r#"
error: gone: no such directory

"#]])
        .run();
}

#[test]
fn list_of_an_unknown_layout_is_refused() {
    Place::new()
        .wikifarm("session list --store moin-2.0:here")
        .status(2)
        .stderr(str![[r#"
error: --store moin-2.0:here: unknown kind of store "moin-2.0": expected
  moin-1.9:DIR, moin-1.8:DIR, json:DIR, sqlite:FILE, redis://HOST:PORT/DB,
  wiki:NAME, or a directory

"#]])
        .run();
}

#[test]
fn list_of_a_wiki_that_has_not_run_exits_0() {
    Place::farm(DOCS_WITH_USERS)
        .wikifarm(LIST)
        .stdout(str![[r#"
0 sessions

"#]])
        .stderr(str![[r#"
sessions: no such directory: the wiki has not run yet

"#]])
        .run();
}

#[test]
fn list_with_store_and_store_of_is_refused() {
    place()
        .wikifarm("session list --store sessions --store-of docs")
        .status(2)
        .stderr(str![[r#"
error: the argument '--store <LOCATION>' cannot be used with '--store-of <WIKI>'

Usage: wikifarm session list --store <LOCATION>

For more information, try '--help'.

"#]])
        .run();
}

#[test]
fn list_store_of_an_unknown_wiki_suggests_the_nearest() {
    place()
        .wikifarm("session list --store-of dosc")
        .status(2)
        .stderr(str![[r#"
error: farm.toml: no wiki "dosc"
help: did you mean "docs"?

"#]])
        .run();
}

#[test]
fn list_with_bad_flag_values_is_refused() {
    for (flag, why) in [
        ("--limit=x", "invalid value 'x' for '--limit <N>'"),
        ("--older-than=5x", "expected a duration such as 90s, 1.5h, or 30d"),
        ("--state=dead", "[possible values: live, expired, idle, no-expires, invalid-expires, unreadable]"),
        ("--sort=age", "[possible values: modified, expires, size, user, id]"),
    ] {
        let ran = place().wikifarm(LIST).arg(flag).status(2).any_stderr().run();
        assert!(ran.stderr.contains(why), "{flag}: {}", ran.stderr);
    }
}

#[test]
fn list_verbose_names_wikis_without_a_store() {
    let farm = format!("{DOCS_WITH_USERS}\n    [wikis.bare]\n    url = \"https://bare.example.org/\"\n");
    let place = Place::farm(&farm).session("sessions", Session::new('a').expires(NOW + DAY));
    place
        .wikifarm(LIST)
        .arg("-v")
        .stdout(str![[r#"
ID        STATE  USER  EXPIRES  WRITTEN   BYTES
aaaaaaaa  live   -     in 24 h  60 m ago   29 B
1 session

"#]])
        .stderr(str![[r#"
bare: no session store: no data_dir, cache_dir, or session_dir in the farm file

"#]])
        .run();
    place
        .wikifarm("session list --store-of bare")
        .status(2)
        .stderr(str![[r#"
error: bare: no session store: no data_dir, cache_dir, or session_dir in the
  farm file

"#]])
        .run();
}

#[test]
fn list_of_too_many_sessions_to_sort_prints_them_unsorted_in_every_format() {
    const MANY: usize = 50_001;
    let place = Place::new().session("many", Session::new('f').expires(NOW + DAY));
    for number in 1..MANY {
        // The ids are spread over all prefixes of 8 characters.
        let name = format!("{:08x}{number:032x}", (number as u32).wrapping_mul(2_654_435_761));
        std::fs::write(place.path().join("many").join(name), "(dS'expires'\nI1795486400\ns.").unwrap();
    }
    let list = |words: &str| place.wikifarm(LIST).arg("--store=moin-1.9:many").arg(words);
    let note = "more than 50000 sessions: not sorted; use --limit N to sort\n";
    let ndjson = list("--format=ndjson").any_stdout().stderr(note).run().stdout;
    let mut ids: Vec<String> = ndjson
        .lines()
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line).unwrap()["id"].as_str().unwrap().to_owned()
        })
        .collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), MANY, "each is told apart");
    let json = list("--format=json").any_stdout().stderr(note).run().json();
    assert_eq!(json["sessions"].as_array().unwrap().len(), MANY);
    let csv = list("--format=csv").any_stdout().stderr(note).run().stdout;
    assert_eq!(csv.lines().count(), 1 + MANY);
    assert_eq!(csv.lines().filter(|line| line.starts_with("store,")).count(), 1);
    let human = list("--format=human").any_stdout().stderr(note).run().stdout;
    assert!(human.ends_with("\n50001 sessions\n"), "{}", human.len());
    for words in ["--sort=id", "--reverse"] {
        list(words)
            .stderr(
                "error: more than 50000 sessions: too many to sort\nhelp: use --limit, or omit --sort and --reverse\n",
            )
            .status(2)
            .run();
    }
    let first = list("--limit=1").arg("--sort=id").arg("--format=ndjson").any_stdout().run().stdout;
    assert!(first.lines().count() == 1 && first.contains(&format!("\"id\":\"{}", ids[0])), "{first}");
}
