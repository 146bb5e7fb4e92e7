//! Runs in which the kernel reports an error, or a signal asks to stop.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::support::{DAY, Place, Session, clock, output, same, signalled, traced, unindent, unwrapped};

const PRUNE: &str = "session prune --no-index --store moin-1.9:sessions";

/// Three expired sessions.
fn three() -> Place {
    let over = |digit| Session::new(digit).expires(clock() - 2 * DAY).written(clock() - 2 * DAY);
    Place::new().sessions("sessions", ['a', 'b', 'c'].map(over))
}

/// Runs with a failing system call for the session `b`. Returns the first letters of the remaining names.
#[track_caller]
fn with_fault(fault: &str, words: &str, status: i32, stderr: &str) -> String {
    let place = three();
    let b = "b".repeat(40);
    let path = place.path().join("sessions").join(&b);
    let inject = format!("inject={fault}");
    let options = ["-o", "/dev/null", "-P", &b, "-P", path.to_str().unwrap(), "-e", &inject];
    let ran = output(traced(&place, options, words));
    assert_eq!(String::from_utf8_lossy(&ran.stderr), unindent(stderr), "{fault}");
    assert_eq!(ran.status.code(), Some(status), "{fault}");
    let first = |name: &String| name.chars().next().unwrap();
    place.names("sessions").iter().map(first).collect()
}

#[test]
fn prune_with_a_file_that_cannot_be_read_reports_it_and_removes_the_rest() {
    for (fault, why) in [
        ("openat:error=EIO", "input/output error"),
        ("openat:error=EACCES", "permission denied"),
        ("openat:error=ENFILE", "too many open files in system"),
        ("read:error=EIO", "input/output error"),
    ] {
        let stderr = format!("error: sessions/bbbbbbbb…: {why}\n");
        assert_eq!(with_fault(fault, PRUNE, 3, &stderr), "b", "{fault}");
        assert_eq!(with_fault(fault, &PRUNE.replace("prune", "prune --dry-run -q"), 3, &stderr), "abc");
    }
}

#[test]
fn prune_with_a_file_that_cannot_be_removed_reports_it_and_removes_the_rest() {
    for (fault, why) in [
        ("unlinkat:error=EIO", "input/output error"),
        // btrfs reports this if it has no space for its journal.
        ("unlinkat:error=ENOSPC", "no space left on device"),
    ] {
        assert_eq!(
            with_fault(fault, PRUNE, 3, &format!("error: sessions/bbbbbbbb…: {why}\n")),
            "b",
            "{fault}"
        );
    }
    for (fault, why) in [
        ("unlinkat:error=EACCES", "permission denied"),
        ("unlinkat:error=EROFS", "read-only file system"),
        // An immutable file.
        ("unlinkat:error=EPERM", "operation not permitted"),
    ] {
        let stderr = format!("error: sessions/bbbbbbbb…: {why}\n");
        assert_eq!(with_fault(fault, PRUNE, 3, &stderr), "b", "{fault}");
    }
}

#[test]
fn prune_of_thousands_with_one_that_cannot_be_removed_removes_the_rest() {
    let over = |number: usize| {
        Session::named(&format!("{number:040x}")).expires(clock() - 2 * DAY).written(clock() - 2 * DAY)
    };
    // More sessions than are removed at a time.
    let place = three().sessions("sessions", (0..4200).map(over));
    let b = "b".repeat(40);
    let options = ["-o", "/dev/null", "-P", &b, "-e", "inject=unlinkat:error=EPERM"];
    let ran = output(traced(&place, options, PRUNE));
    let stderr = String::from_utf8_lossy(&ran.stderr);
    same(
        &stderr,
        str![[r#"
error: sessions/bbbbbbbb…: operation not permitted

"#]],
    );
    assert_eq!((ran.status.code(), place.names("sessions")), (Some(3), vec![b]));
}

#[test]
fn prune_on_a_read_only_file_system_reports_it_once() {
    let place = three();
    let options = ["-o", "/dev/null", "-e", "inject=unlinkat:error=EROFS"];
    let ran = output(traced(&place, options, PRUNE));
    let stderr = String::from_utf8_lossy(&ran.stderr);
    let why = "can't remove files from this directory: read-only file system (3 left)";
    assert_eq!(unwrapped(&stderr), format!("error: sessions: {why}\n"));
    assert_eq!((ran.status.code(), place.names("sessions").len()), (Some(3), 3));
}

#[test]
fn prune_repeats_interrupted_system_calls() {
    for fault in ["openat:error=EINTR:when=1", "read:error=EINTR:when=1", "unlinkat:error=EINTR:when=1"] {
        assert_eq!(with_fault(fault, PRUNE, 0, ""), "", "{fault}");
    }
}

#[test]
fn revoke_and_verify_report_a_file_that_cannot_be_read() {
    let stderr = "error: sessions/bbbbbbbb…: input/output error\n";
    let verify = "session verify -q --format ndjson --store moin-1.9:sessions";
    assert_eq!(with_fault("openat:error=EIO", verify, 3, stderr), "abc");
    let revoke = "session revoke --user id:1.2 --settle 0s --store moin-1.9:sessions";
    assert_eq!(with_fault("openat:error=EIO", revoke, 3, stderr), "abc");
}

/// A full disk is reported at the latest when written data is synced.
#[test]
fn migrate_to_a_full_or_read_only_disk_stops_and_keeps_the_source() {
    let live = |digit| Session::new(digit).expires(clock() + 900 * DAY).written(clock() - 2 * DAY);
    for (fault, why) in [
        ("syncfs:error=ENOSPC", "no storage space"),
        ("syncfs:error=EDQUOT", "quota exceeded"),
        ("renameat2:error=EROFS", "read-only file system"),
    ] {
        let place = Place::new().sessions("sessions", ['a', 'b', 'c'].map(live)).dir("to");
        let inject = format!("inject={fault}");
        let to = place.path().join("to");
        let options = ["-o", "/dev/null", "-e", &inject, "-P", to.to_str().unwrap()];
        let words = "session migrate --from moin-1.9:sessions --to moin-1.9:to --move";
        let ran = output(traced(&place, options, words));
        let stderr = String::from_utf8_lossy(&ran.stderr);
        assert!(stderr.to_lowercase().contains(&why.to_lowercase()), "{fault}: {stderr}");
        assert_eq!(ran.status.code(), Some(3), "{fault}: {stderr}");
        assert_eq!((place.names("sessions").len(), place.names("to").len()), (3, 0), "{fault}");
        let again = output(traced(&place, ["-o", "/dev/null"], words));
        assert_eq!(again.status.code(), Some(0), "{}", String::from_utf8_lossy(&again.stderr));
        assert_eq!((place.names("sessions").len(), place.names("to").len()), (0, 3));
    }
}

#[test]
fn prune_without_space_for_a_lock_removes_nothing() {
    let place = three();
    let options = ["-o", "/dev/null", "-e", "inject=ftruncate:error=ENOSPC"];
    let ran = output(traced(&place, options, PRUNE));
    assert_eq!(ran.status.code(), Some(4));
    let stderr = String::from_utf8_lossy(&ran.stderr);
    assert!(
        unwrapped(&stderr).contains("no space left on device") && stderr.contains("nothing was removed"),
        "{stderr}"
    );
    assert_eq!(place.names("sessions").len(), 3);
}

/// Many expired sessions, and slow system calls.
fn slowly(call: &str) -> (Place, [String; 4]) {
    const MANY: usize = 200;
    let over = |number: usize| {
        Session::named(&format!("{number:040x}")).expires(clock() - 2 * DAY).written(clock() - 2 * DAY)
    };
    let place = Place::new().sessions("sessions", (0..MANY).map(over));
    let inject = format!("inject={call}:delay_enter=50000");
    (place, ["-o".to_owned(), "/dev/null".to_owned(), "-e".to_owned(), inject])
}

#[test]
fn prune_stopped_by_a_signal_finishes_its_files_and_reports_progress() {
    for signal in [Signal::INT, Signal::TERM] {
        let (place, options) = slowly("unlinkat");
        let begun = || place.names("sessions").len() < 200;
        let ran = signalled(traced(&place, &options, PRUNE), signal, begun);
        let left = place.names("sessions").len();
        let removed = 200 - left;
        assert!(left > 0 && removed > 0, "{left} left");
        let stderr = String::from_utf8_lossy(&ran.stderr);
        assert!(
            stderr.starts_with(&format!("error: stopped by a signal: {removed} files removed (")),
            "{stderr}"
        );
        assert_eq!(ran.status.code(), Some(3));
        // The next run removes the rest.
        place.wikifarm(PRUNE).any_stdout().run();
        assert_eq!(place.names("sessions").len(), 0);
    }
}

#[test]
fn prune_and_revoke_waiting_for_a_lock_stop_on_a_signal() {
    const REVOKE: &str = "session revoke --user id:1.2 --store moin-1.9:sessions";
    let untouched = ["-o", "/dev/null", "-e", "trace=none"];
    for (words, said) in
        [(PRUNE, "nothing removed"), (REVOKE, "0 revoked; the watch for returning sessions is incomplete")]
    {
        let place = three();
        // This run creates the lock file, which the test then locks.
        assert!(output(traced(&place, untouched, words)).status.success(), "{words}");
        let held = std::fs::File::open(&place.locks()[0]).unwrap();
        held.lock().unwrap();
        let place = place
            .session("sessions", Session::new('d').expires(clock() - 2 * DAY).written(clock() - 2 * DAY));
        let begun = Instant::now();
        let waited = || begun.elapsed() > Duration::from_millis(500);
        let words = format!("{words} --wait");
        let ran = signalled(traced(&place, untouched, &words), Signal::TERM, waited);
        let stderr = String::from_utf8_lossy(&ran.stderr);
        assert_eq!(unwrapped(&stderr), format!("error: stopped by a signal: 0 sessions scanned, {said}\n"));
        assert_eq!(ran.status.code(), Some(3));
        assert!(place.names("sessions").contains(&"d".repeat(40)));
    }
}

#[test]
fn revoke_stopped_by_a_signal_does_not_wait_for_settle() {
    let place = Place::new().session("sessions", Session::new('a').user("1.2").expires(clock() + DAY));
    let words = "session revoke --user id:1.2 --settle 1h --store moin-1.9:sessions";
    let gone = || place.names("sessions").is_empty();
    let ran = signalled(traced(&place, ["-o", "/dev/null", "-e", "trace=none"], words), Signal::TERM, gone);
    assert_eq!(
        unwrapped(&String::from_utf8_lossy(&ran.stderr)),
        "error: stopped by a signal: 1 session scanned, 1 revoked; the watch for returning sessions is incomplete\n"
    );
    assert_eq!(ran.status.code(), Some(3));
}

/// Runs on a terminal that script(1) creates, as far as the test needs.
fn on_a_terminal(place: &Place, options: &[String], words: &str) -> String {
    let mut command = std::process::Command::new("script");
    let traced = traced(place, options, words);
    let quoted: Vec<String> = std::iter::once(traced.get_program())
        .chain(traced.get_args())
        .map(|word| format!("'{}'", word.to_str().unwrap()))
        .collect();
    command.args(["-qec", &quoted.join(" "), "/dev/null"]).current_dir(place.path());
    command.envs(traced.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let ran = command.env("TERM", "xterm").output();
    let ran = ran.unwrap_or_else(|error| panic!("this test needs script (apt install bsdutils): {error}"));
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stdout));
    String::from_utf8_lossy(&ran.stdout).into_owned()
}

#[test]
fn long_runs_show_progress_on_a_terminal_only() {
    let (place, options) = slowly("unlinkat");
    let shown = on_a_terminal(&place, &options, PRUNE);
    assert!(shown.contains("Removing sessions") && shown.contains(" of 200, "), "{shown:?}");
    assert!(shown.contains("/s, "), "no rate: {shown:?}");
    assert!(shown.contains(" left"), "no time left: {shown:?}");

    let (place, options) = slowly("unlinkat");
    let shown = on_a_terminal(&place, &options, &format!("-q {PRUNE}"));
    assert_eq!(shown, "");

    let (place, options) = slowly("unlinkat");
    assert!(output(traced(&place, &options, PRUNE)).stderr.is_empty());
}
