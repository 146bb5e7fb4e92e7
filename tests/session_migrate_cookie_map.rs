//! `wikifarm session migrate --cookie-map`: writes the configuration with which a web server replaces old
//! ids, so that no user is logged out. tests/servers has the tests with nginx and Apache.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use crate::support::{DAY, NOW, Place, Session, clock};

/// A time after the tests run, but soon enough for a cookie that still exists then.
fn later() -> i64 {
    clock() + 30 * DAY
}

/// A farm in which `new` replaces `old`.
const FARM: &str = "
    [wikis.old]
    moin = \"1.8.7\"
    url = \"https://old.example.org/\"
    data_dir = \"old\"

    [wikis.new]
    moin = \"1.9.11\"
    url = \"https://new.example.org/\"
    data_dir = \"new\"
    cookie_name = \"lab\"

    [wikis.other]
    moin = \"1.9.11\"
    url = \"https://other.example.org/\"
    session_dir = \"new/cache/__session__\"
    data_dir = \"other\"
    cookie_name = \"lab\"
";

const OLD: &str = "old/cache/__common__/session";
const NEW: &str = "new/cache/__session__";

fn place() -> Place {
    Place::farm(FARM)
        .dir(OLD)
        .dir(NEW)
        .session(OLD, Session::old('a').expires(later()))
        .session(OLD, Session::old('b').expires(later() - DAY))
        .session(OLD, Session::old('c').expires(NOW - 9000 * DAY))
}

fn map(place: &Place) -> Value {
    map_at(place, "map.json")
}

fn map_at(place: &Place, name: &str) -> Value {
    serde_json::from_slice(&fs::read(place.path().join(name)).unwrap()).unwrap()
}

fn day(seconds: i64) -> String {
    let time = jiff::Timestamp::from_second(seconds).unwrap();
    time.to_string().split('T').next().unwrap().to_owned()
}

const LINE: &str = "session migrate --from wiki:old --to wiki:new --rename-ids --cookie-map";

#[test]
fn cookie_map_reads_both_cookie_names_from_the_farm_file() {
    let place = place();
    let end = later();
    let tail = "1 skipped: expired (use --include-expired to copy these)\n";
    let warning = "warning: at a login, MoinMoin 1.9.7 and later rewrite the password hash in the\n  \
         user directory, and older versions then refuse the password: back up the user\n  directory, in case you go back\n";
    let would = format!(
        "would copy 2 of 3 sessions (58 B)\n{tail}would write map.json: 2 ids for json, no longer needed after {}\n{warning}",
        day(end)
    );
    place.wikifarm(&format!("{LINE} json map.json --dry-run")).stdout(&would).run();
    assert!(!place.path().join("map.json").exists());
    let wrote = format!(
        "copied 2 of 3 sessions (58 B)\n{tail}wrote map.json: 2 ids for json, no longer needed after {}\n\
         next: configure the wikis to use the target, restart them, then repeat the\n  command with --from moin-1.8:old/cache/__common__/session --move\n\
         {warning}",
        day(end)
    );
    place.wikifarm(&format!("{LINE} json map.json")).stdout(&wrote).run();
    let written = map(&place);
    let names = place.names(NEW);
    assert_eq!(
        (&written["old_name"], &written["new_name"]),
        (&json!("MOIN_SESSION"), &json!("MOIN_SESSION_lab"))
    );
    assert_eq!(written["drop_after"], json!(day(end)));
    let ids = written["ids"].as_object().unwrap();
    let mut new: Vec<&str> = ids.values().map(|id| id.as_str().unwrap()).collect();
    new.sort_unstable();
    assert_eq!(new, names);
    assert!(ids.keys().all(|id| *id == "a".repeat(32) || *id == "b".repeat(32)), "{ids:?}");
    let mode = fs::metadata(place.path().join("map.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn cookie_map_of_a_later_run_has_earlier_moves_and_no_ended_sessions() {
    let place = place();
    place.wikifarm(&format!("{LINE} json map.json --move -q")).run();
    let first = map(&place);
    let place = place.session(OLD, Session::old('d').expires(later()));
    let a = first["ids"]["a".repeat(32)].as_str().unwrap().to_owned();
    fs::remove_file(place.path().join(NEW).join(a)).unwrap();
    let report =
        place.wikifarm(&format!("{LINE} json map.json --move --format json")).any_stdout().run().json();
    assert_eq!((&report["copied"], &report["cookie_map"]["ids"]), (&json!(1), &json!(2)));
    let ids: String =
        map(&place)["ids"].as_object().unwrap().keys().filter_map(|id| id.chars().next()).collect();
    assert_eq!(ids, "bd");
}

#[test]
fn cookie_map_for_nginx_holds_map_and_snippet() {
    let place =
        Place::new().dir("from").dir("to").session("from", Session::old('a').expires(clock() + 4000 * DAY));
    let line = "session migrate --from moin-1.8:from --to moin-1.9:to --rename-ids -q --new-cookie MOIN_SESSION_8080_ROOT";
    place.wikifarm(&format!("{line} --cookie-map nginx old-wiki.conf")).run();
    let text = fs::read_to_string(place.path().join("old-wiki.conf")).unwrap();
    let new = &place.names("to")[0];
    for part in [
        format!("Delete this file after {}:", day(clock() + 400 * DAY)),
        "proxy_set_header Cookie $wikifarm_old_wiki;".to_owned(),
        "map_hash_max_size 2048;".to_owned(),
        format!("\n    {} {new};\n}}\n", "a".repeat(32)),
    ] {
        assert!(text.contains(&part), "{part} is not in\n{text}");
    }
}

#[test]
fn cookie_map_that_cannot_be_written_is_refused_before_any_move() {
    let place = place().dir("map");
    let plain =
        "session migrate --from moin-1.8:old/cache/__common__/session --to moin-1.9:new/cache/__session__";
    let unsure = "error: moin-1.9:new/cache/__session__: unknown cookie name\nhelp: pass --new-cookie NAME; \
                  `wikifarm cookie header WIKI` prints the name that a wiki uses\n";
    for (line, why) in [
        (format!("{plain} --rename-ids --cookie-map nginx map.conf"), unsure),
        (
            format!("{LINE} caddy map.conf"),
            "error: --cookie-map: expected nginx, apache, or json, and a file\n",
        ),
        (format!("{LINE} nginx map"), "error: --cookie-map map: is a directory, expected a file\n"),
        (format!("{LINE} nginx none/map"), "error: --cookie-map none/map: no such file or directory\n"),
        (
            format!("{LINE} apache a\"b"),
            "error: --cookie-map a\"b: expected a file name without quotes, backslashes, and control characters\n",
        ),
        (
            format!("{LINE} nginx map.conf --new-cookie x;y"),
            "error: cookie name \"x;y\" has characters other than letters, digits, _, -, and .\nhelp: use --cookie-map json\n",
        ),
    ] {
        place.wikifarm(&line).stderr(why).status(2).run();
    }
    place.wikifarm(&format!("{plain} --cookie-map nginx map.conf")).any_stderr().status(2).run();
    assert!(place.names(NEW).is_empty());
}

#[test]
fn rollback_refuses_a_cookie_map_with_the_reason() {
    let place = place();
    place.wikifarm(&format!("{LINE} json map.json -q")).run();
    let names = place.names(NEW);
    place
        .wikifarm(&format!("{LINE} json map.json --rollback"))
        .status(2)
        .stderr(str![[r#"
error: --rollback can't be combined with --cookie-map: the new ids in the map
  end with the copies that a rollback removes
help: omit --cookie-map, and remove the map of the earlier run from the web
  server

"#]])
        .run();
    assert_eq!(place.names(NEW), names);
    assert_eq!(map(&place)["schema"], json!(1));
    let without = LINE.replace(" --cookie-map", "");
    place.wikifarm(&format!("{without} --rollback -q")).run();
    assert!(place.names(NEW).is_empty());
}

#[test]
fn cookie_map_of_a_store_with_two_cookies_is_refused() {
    let farm = FARM.replacen("cookie_name = \"lab\"", "cookie_name = \"siteidmagic\"", 1);
    let place = Place::farm(&farm).dir(OLD).dir(NEW).session(OLD, Session::old('a').expires(later()));
    let two = str![[r#"
error: moin-1.9:new/cache/__session__: its wikis have different cookie names
  (MOIN_SESSION_lab, MOIN_SESSION_new)
help: pass --new-cookie NAME

"#]];
    place.wikifarm(&format!("{LINE} json map.json")).stderr(two).status(2).run();
    place.wikifarm(&format!("{LINE} json map.json --new-cookie MOIN_SESSION_lab -q")).run();
    assert_eq!(map(&place)["new_name"], json!("MOIN_SESSION_lab"));
}

#[test]
fn cookie_map_for_nginx_leaves_out_ids_that_differ_by_case_alone() {
    let upper = "ABCDEF0123".repeat(4);
    let place = Place::new()
        .dir("from")
        .dir("to")
        .session("from", Session::named(&upper).expires(later()))
        .session("from", Session::named(&upper.to_lowercase()).expires(later()))
        .session("from", Session::new('1').expires(later()));
    let line =
        "session migrate --from moin-1.9:from --to moin-1.8:to --rename-ids --old-cookie A --new-cookie B";
    let why = "nginx ignores case, and accepts only letters, digits, and _";
    let expected = format!(
        "error: --cookie-map nginx: omits 2 ids: {why}: ABCDEF01…, abcdef01…; their users must log in again\n"
    );
    let wrote = |kind: &str, ids| {
        format!(
            "copied 0 of 3 sessions (0 B)\n3 skipped: the same session is already at the target\nwrote map: {ids} for {kind}, no longer needed after {}\n",
            day(later())
        )
    };
    place.wikifarm(&format!("{line} -q --cookie-map nginx map")).status(3).stderr(&expected).run();
    let text = fs::read_to_string(place.path().join("map")).unwrap();
    assert!(text.contains(&"1".repeat(40)) && !text.to_lowercase().contains("abcdef0123"), "{text}");
    place
        .wikifarm(&format!("{line} --cookie-map nginx map"))
        .status(3)
        .stdout(wrote("nginx", "1 id"))
        .stderr(&expected)
        .run();
    let report = place
        .wikifarm(&format!("{line} --format json --cookie-map nginx map"))
        .status(3)
        .stderr(&expected)
        .any_stdout()
        .run()
        .json();
    assert_eq!(report["cookie_map"]["left_out"], json!(["ABCDEF01…", "abcdef01…"]));
    place.wikifarm(&format!("{line} -q --cookie-map json map")).run();
    assert_eq!(map_at(&place, "map")["ids"].as_object().unwrap().len(), 3);
}
