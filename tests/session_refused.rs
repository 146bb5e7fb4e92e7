//! A store in which all sessions are refused for the same reason: every command reports the reason, with
//! status 3.

use std::fs;

use crate::support::{HOUR, NOW, Place, Session};

/// Two sessions, each with a second hard link outside the store.
fn linked(place: Place) -> Place {
    let place = place.sessions("sessions", ['a', 'b'].map(|digit| Session::new(digit).expires(NOW + HOUR)));
    for digit in ["a", "b"] {
        let name = digit.repeat(40);
        fs::hard_link(place.path().join("sessions").join(&name), place.path().join(digit)).unwrap();
    }
    place
}

#[test]
fn session_commands_exit_3_if_all_sessions_are_refused_for_one_reason() {
    let store = "--now 1795400000 --store moin-1.9:sessions";
    for command in ["session list", "session stats", "session prune", "session verify", "store list"] {
        let ran = linked(Place::new())
            .wikifarm(&format!("{command} {store}"))
            .status(3)
            .any_stdout()
            .any_stderr()
            .run();
        let all = "error: sessions: can't open all 2 sessions: ";
        assert!(
            ran.stderr.starts_with(all) && ran.stderr.contains(": has 2 hard links\n"),
            "{command}: {}",
            ran.stderr
        );
    }
    for command in ["session revoke --user id:1.2.3 --settle 0s", "session revoke --dry-run --user id:1.2.3"]
    {
        let words = format!("{command} --store moin-1.9:sessions");
        let ran = linked(Place::new()).wikifarm(&words).status(3).any_stdout().any_stderr().run();
        assert!(ran.stderr.contains("sessions: can't open all 2 sessions: "), "{command}: {}", ran.stderr);
    }
    for command in ["session whois aaaaaaaa", "session show aaaaaaaa"] {
        let ran = linked(Place::new())
            .wikifarm(&format!("{command} {store}"))
            .status(3)
            .any_stdout()
            .any_stderr()
            .run();
        assert_eq!(ran.stderr, "error: sessions/aaaaaaaa…: has 2 hard links\n", "{command}");
    }
    let migrate = "session migrate --from moin-1.9:sessions --to json:moved";
    let ran = linked(Place::new()).wikifarm(migrate).status(3).any_stdout().any_stderr().run();
    assert!(ran.stderr.contains(": has 2 hard links (aaaaaaaa…"), "{}", ran.stderr);
}

#[test]
fn session_commands_exit_3_if_all_json_sessions_are_refused() {
    let place = linked(Place::new());
    let migrate = "-q session migrate --include-expired --from moin-1.9:made --to json:js";
    let place = place.sessions("made", [Session::new('c').expires(NOW + HOUR)]);
    place.wikifarm(migrate).run();
    let file = place.path().join("js").join("c".repeat(40) + ".json");
    fs::hard_link(file, place.path().join("c")).unwrap();
    place
        .wikifarm("session stats --store json:js")
        .status(3)
        .any_stdout()
        .stderr(str![[r#"
error: js: can't open the only session: cccccccc…: has 2 hard links

"#]])
        .run();
}

#[test]
fn session_commands_count_refused_sessions_as_unreadable_beside_one_that_opens() {
    let place = linked(Place::new()).session("sessions", Session::new('c').expires(NOW + HOUR));
    for command in ["session list", "session prune", "store list"] {
        place.wikifarm(&format!("{command} --now 1795400000 --store moin-1.9:sessions")).any_stdout().run();
    }
}
