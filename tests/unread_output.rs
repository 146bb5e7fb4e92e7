//! Commands such as `wikifarm .. 2>&1 | head -1`: if the reader closes the output, the command still does its
//! work and keeps its status.

use std::process::{Command, Stdio};

use crate::support::{DAY, Place, Session, clock};

/// The status, and the remaining names in the directory `sessions`.
fn run(line: &str, heard: bool) -> (Option<i32>, Vec<String>) {
    let now = clock();
    run_in(
        Place::new()
            .session(
                "sessions",
                Session::new('a').expires(now - 9 * DAY).user("1.2.3").written(now - 9 * DAY),
            )
            .session("sessions", Session::new('b').raw(b"no pickle"))
            .session("target", Session::new('c')),
        line,
        heard,
    )
}

fn run_in(place: Place, line: &str, heard: bool) -> (Option<i32>, Vec<String>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wikifarm"));
    command.args(line.split(' ')).current_dir(place.path());
    for (name, dir) in
        [("STATE_DIRECTORY", "state"), ("RUNTIME_DIRECTORY", "run"), ("CACHE_DIRECTORY", "cache")]
    {
        command.env(name, place.home().join(dir));
    }
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    if !heard {
        drop((child.stdout.take(), child.stderr.take()));
    }
    let status = child.wait_with_output().unwrap().status;
    (status.code(), place.names("sessions"))
}

#[test]
fn commands_with_closed_output_do_their_work_and_keep_the_status() {
    for line in [
        "session prune -v --strict --store moin-1.9:sessions",
        "session revoke -v --user id:1.2.3 --settle 0s --store moin-1.9:sessions",
        "session revoke --format json --user id:1.2.3 --settle 0s --store moin-1.9:sessions",
        "session migrate --move --include-expired --from moin-1.9:sessions --to moin-1.9:target",
    ] {
        let (status, names) = run(line, true);
        assert!(status != Some(0) && names == ["b".repeat(40)], "{line}: {status:?} {names:?}");
        assert_eq!(run(line, false), (status, names), "{line}");
    }
}

/// A job may pipe the findings to a program that reads only the first one. There are more findings than the
/// output buffer holds.
#[test]
fn verify_with_closed_output_keeps_the_status() {
    let line = "session verify --store moin-1.9:sessions --format json";
    let place = || {
        let ids = (0..300).map(|number| format!("sessions/{number:08x}{:032}", 0));
        ids.fold(Place::new(), |place, id| place.file(&id, "no pickle"))
    };
    let (status, names) = run_in(place(), line, true);
    assert_eq!((status, names.len()), (Some(1), 300));
    assert_eq!(run_in(place(), line, false), (status, names));
}
