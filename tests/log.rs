//! `--log`: writes a line about each run.

use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use crate::support::farms::DOCS_WITH_USERS;
use crate::support::{DAY, HOUR, Place, Session, clock, is_root};

fn farm() -> Place {
    let now = clock();
    Place::farm(DOCS_WITH_USERS)
        .file("users/1.2.3", "name=Joe Doe\n")
        .session("sessions", Session::new('a').expires(now + HOUR).user("1.2.3").written(now - HOUR))
        .session("sessions", Session::new('b').expires(now - 2 * DAY).written(now - 3 * DAY))
}

/// A substitute for journald or syslogd.
fn listener(place: &Place) -> UnixDatagram {
    let path = place.path().join("log");
    let listener = UnixDatagram::bind(&path).unwrap();
    listener.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    if is_root() {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o666)).unwrap();
    }
    listener
}

/// The next line, without the pid and the duration.
fn line(listener: &UnixDatagram) -> String {
    let mut buffer = [0; 4096];
    let count = listener.recv(&mut buffer).unwrap();
    let line = String::from_utf8(buffer[..count].to_vec()).unwrap();
    let (head, rest) = line.split_once('[').unwrap();
    let (_, rest) = rest.split_once("]: ").unwrap();
    let (rest, _) = rest.rsplit_once(" seconds=").unwrap();
    format!("{head}: {rest}")
}

#[test]
fn log_has_a_line_for_each_run_with_status_and_counts() {
    let place = farm();
    let log = listener(&place);
    place.wikifarm("-q session prune --log=log").run();
    assert_eq!(
        line(&log),
        "<30>wikifarm: prune status=0 dry_run=false stores=1 scanned=2 live=1 expired=1 unreadable=0 deleted=1 bytes=29 \
         kept_by_race=0 failed=0"
    );
    place.wikifarm("-q session verify --log=log").any_stdout().status_among(&[0, 1]).run();
    assert!(line(&log).contains("wikifarm: verify status="));
    place.wikifarm("-q session revoke --settle=0s --log=log --user").arg("Joe Doe").run();
    assert_eq!(
        line(&log),
        "<30>wikifarm: revoke status=0 user=\"Joe Doe\" dry_run=false stores=1 scanned=1 revoked=1 came_back=0 still_there=0 unreadable=0 failed=0"
    );
    place.wikifarm("-q session migrate --from moin-1.9:sessions --to json:js --log=log").run();
    assert_eq!(
        line(&log),
        "<30>wikifarm: migrate status=0 from=moin-1.9:sessions to=json:js dry_run=false copied=0 replaced=0 same=0 deleted=0 refused=0"
    );
}

#[test]
fn log_of_a_failure_has_the_reason_and_no_whole_id() {
    let place = farm();
    let log = listener(&place);
    place.wikifarm("session prune --all --log=log").status(4).any_stderr().run();
    assert_eq!(
        line(&log),
        "<27>wikifarm: prune status=4 error=\"--all also removes live sessions, and there is no terminal to ask\""
    );
    place.wikifarm("session revoke --settle=0s --log=log").arg("a".repeat(40)).any_stdout().run();
    let line = line(&log);
    assert!(line.contains(" id=\"aaaaaaaa…\" ") && !line.contains(&"a".repeat(9)), "{line}");
}

#[test]
fn log_without_a_listener_does_not_stop_the_run() {
    farm()
        .wikifarm("-q session prune --log=nobody")
        .stderr(str![[r#"
warning: --log: nobody: can't write to the log: no such file or directory
help: start a system log, or omit --log

"#]])
        .run();
}

#[test]
fn log_of_a_store_with_a_password_hides_it() {
    let place = farm();
    let log = listener(&place);
    for (address, shown) in [
        ("redis://u:topsecret@h/0", "redis://u:…@h/0"),
        ("redis://h/0?password=topsecret", "redis://h/0?password=…"),
        ("mysql://u:topsecret@h/0", "mysql://u:…@h/0"),
    ] {
        place
            .wikifarm(&format!("session migrate --from moin-1.9:sessions --log=log --to {address}"))
            .status(2)
            .any_stderr()
            .run();
        let line = line_of_failure(&log);
        assert!(line.contains(shown) && !line.contains("topsecret"), "{line}");
    }
}

/// The next line of a failed run, unchanged.
fn line_of_failure(listener: &UnixDatagram) -> String {
    let mut buffer = [0; 4096];
    let count = listener.recv(&mut buffer).unwrap();
    String::from_utf8(buffer[..count].to_vec()).unwrap()
}
