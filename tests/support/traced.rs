//! Runs under strace(1), which can make system calls fail or slow.

use std::ffi::OsStr;
use std::fs;
use std::process::{Command, Output};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::Place;

/// wikifarm as the tester, in the test's directory, traced with `options`.
pub(crate) fn traced<'a>(
    place: &Place,
    options: impl IntoIterator<Item = &'a (impl AsRef<OsStr> + 'a + ?Sized)>,
    words: &str,
) -> Command {
    let mut command = Command::new("strace");
    command.args(["-f", "-qq"]).args(options).arg(env!("CARGO_BIN_EXE_wikifarm")).args(words.split(' '));
    command.current_dir(place.path()).env("HOME", place.home());
    for (name, path) in [
        ("STATE_DIRECTORY", place.home().join("state")),
        ("RUNTIME_DIRECTORY", place.lock_dir()),
        ("CACHE_DIRECTORY", place.home().join("cache")),
    ] {
        command.env(name, path);
    }
    command
}

/// Runs the command to its end.
pub(crate) fn output(mut command: Command) -> Output {
    command.output().unwrap_or_else(|error| panic!("this test needs strace (apt install strace): {error}"))
}

/// Runs the command, sends `signal` to wikifarm as soon as `now` returns true, and waits for the end.
pub(crate) fn signalled(mut command: Command, signal: Signal, now: impl Fn() -> bool) -> Output {
    let child = command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn();
    let child = child.unwrap_or_else(|error| panic!("this test needs strace (apt install strace): {error}"));
    let begun = Instant::now();
    while !now() {
        assert!(begun.elapsed() < Duration::from_secs(30), "it never came to the moment of the signal");
        thread::sleep(Duration::from_millis(2));
    }
    let children = format!("/proc/{0}/task/{0}/children", child.id());
    let children = fs::read_to_string(children).unwrap();
    let pid = children.split_whitespace().next().unwrap_or_else(|| panic!("wikifarm has ended already"));
    kill_process(Pid::from_raw(pid.parse().unwrap()).unwrap(), signal).unwrap();
    child.wait_with_output().unwrap()
}
