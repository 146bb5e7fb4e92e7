//! SIGTERM ends a command within 2 s, even if it waits.

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::{DAY, Place, Session, clock};

/// The time within which a run must stop, even on a busy machine.
const PATIENCE: Duration = Duration::from_millis(2000);

/// Starts the binary as the tester, in the test's directory.
pub(crate) fn started(place: &Place, words: &str) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wikifarm"));
    command.args(words.split(' ')).current_dir(place.path()).env("HOME", place.home());
    command.env("STATE_DIRECTORY", place.home()).env("RUNTIME_DIRECTORY", place.home());
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Sends SIGTERM after `moment`. Returns the status (-1 if the signal ended the process) and stderr.
pub(crate) fn stopped(mut child: Child, moment: Duration) -> (i32, String) {
    thread::sleep(moment);
    assert!(child.try_wait().unwrap().is_none(), "it ended before the signal");
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    let begun = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if begun.elapsed() > PATIENCE {
            child.kill().unwrap();
            panic!("it did not end within {PATIENCE:?}");
        }
        thread::sleep(Duration::from_millis(5));
    }
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    (child.wait().unwrap().code().unwrap_or(-1), stderr)
}

/// A place with this number of expired sessions.
fn sessions(count: usize) -> Place {
    let over = |number: usize| {
        Session::named(&format!("{number:040x}")).expires(clock() - 2 * DAY).written(clock() - 2 * DAY)
    };
    Place::new().sessions("from", (0..count).map(over))
}

#[cfg(feature = "sqlite")]
#[test]
fn prune_of_a_locked_database_stops_on_a_signal() {
    let place = sessions(3);
    let child = started(&place, "session migrate --include-expired --from moin-1.9:from --to sqlite:s.db");
    assert!(child.wait_with_output().unwrap().status.success());
    let other = rusqlite::Connection::open(place.path().join("s.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let child = started(&place, "session prune --store sqlite:s.db");
    let (status, stderr) = stopped(child, Duration::from_millis(700));
    assert_eq!(status, 3, "{stderr}");
    assert!(stderr.contains("error: stopped by a signal: "), "{stderr}");
    other.execute_batch("ROLLBACK").unwrap();
    let child = started(&place, "session prune --store sqlite:s.db");
    assert!(child.wait_with_output().unwrap().status.success());
}

/// The output fills a pipe that nobody reads.
#[test]
fn list_into_a_blocked_pipe_stops_on_a_signal() {
    let place = sessions(2000);
    let mut child = started(&place, "session list --format json --store moin-1.9:from");
    let output = child.stdout.take().unwrap();
    let (status, stderr) = stopped(child, Duration::from_millis(1500));
    drop(output);
    assert_eq!((status, &*stderr), (3, "error: stopped by a signal before the work was complete\n"));
}
