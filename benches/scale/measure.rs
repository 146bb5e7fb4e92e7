//! Two commands by turns, as whole processes.

use std::ffi::CString;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};
use wikifarm::sys::{Dir, MAX_FILE, remove_if};

/// The seconds that each pair of runs took.
pub(super) struct Times {
    pairs: Vec<(f64, f64)>,
}

impl Times {
    pub(super) fn ours(&self) -> f64 {
        median(self.pairs.iter().map(|(ours, _)| *ours))
    }

    pub(super) fn theirs(&self) -> f64 {
        median(self.pairs.iter().map(|(_, theirs)| *theirs))
    }

    pub(super) fn ratio(&self) -> f64 {
        median(self.pairs.iter().map(|(ours, theirs)| ours / theirs))
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let at = |at: usize| values.get(at).copied().unwrap_or(f64::NAN);
    if values.len() % 2 == 1 { at(middle) } else { f64::midpoint(at(middle - 1), at(middle)) }
}

type Make<'a> = &'a mut dyn FnMut() -> Command;

/// Runs both by turns; `prepare` is called before each pair, and does not count.
pub(super) fn alternate(runs: usize, mut prepare: impl FnMut(), ours: Make<'_>, theirs: Make<'_>) -> Times {
    let mut first = false;
    alternate_each(
        runs,
        || {
            first = !first;
            if first {
                prepare();
            }
        },
        ours,
        theirs,
    )
}

/// As [`alternate`], but `prepare` is called before each run.
pub(super) fn alternate_each(
    runs: usize,
    mut prepare: impl FnMut(),
    ours: Make<'_>,
    theirs: Make<'_>,
) -> Times {
    let mut pair = || {
        let mut one = |make: &mut dyn FnMut() -> Command| {
            prepare();
            rustix::fs::sync();
            run(&mut make())
        };
        (one(&mut *ours), one(&mut *theirs))
    };
    pair();
    Times { pairs: (0..runs).map(|_| pair()).collect() }
}

/// The seconds that a run takes, which must end well.
pub(super) fn run(command: &mut Command) -> f64 {
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let begun = Instant::now();
    let status = command.status().unwrap();
    let seconds = begun.elapsed().as_secs_f64();
    assert!(status.success(), "{command:?}: {status}");
    seconds
}

/// The most memory that a run took: measured in a process of its own, whose only child it is.
pub(super) fn peak_mib(command: &Command) -> String {
    let mut measured = Command::new(std::env::current_exe().unwrap());
    measured.arg("--peak").arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        measured.env(name, value.unwrap_or_default());
    }
    let output = measured.stderr(Stdio::inherit()).output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", output.status);
    let kib: f64 = String::from_utf8(output.stdout).unwrap().trim().parse().unwrap();
    format!("{:.1} MiB", kib / 1024.0)
}

/// Runs the command and prints its peak in KiB.
pub(super) fn print_peak(words: &[&str]) {
    let (program, args) = words.split_first().unwrap();
    run(Command::new(program).args(args));
    println!("{}", getrusage(UsageWho::RUSAGE_CHILDREN).unwrap().max_rss());
}

/// What this was measured on.
pub(super) fn machine(dir: &Path) -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let line = |text: &str, key: &str| {
        let line = text.lines().find(|line| line.starts_with(key)).unwrap_or_default().to_owned();
        line.split_once(':').map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
    };
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let trusted = Dir::open(dir).is_ok_and(|dir| dir.stamp().is_ok_and(|stamp| stamp.is_some()));
    let note = if trusted { "" } else { "; NO INDEX ON THIS FILE SYSTEM: see --dir" };
    format!(
        "{}, {cores} processors, {}, Linux {}{note}",
        line(&read("/proc/cpuinfo"), "model name"),
        line(&read("/proc/meminfo"), "MemTotal"),
        read("/proc/sys/kernel/osrelease").trim(),
    )
}

/// How long it takes from the last comparison of a file to its removal, over all files of `dir`, which go: the median,
/// what 999 of 1000 stay below, and the longest, in microseconds.
pub(super) fn window(dir: &Path) -> (f64, f64, f64) {
    let names: Vec<CString> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| CString::new(entry.unwrap().file_name().into_encoded_bytes()).unwrap())
        .collect();
    let dir = Dir::open(dir).unwrap();
    let one = |name: CString| {
        let mut compared = Instant::now();
        remove_if(&dir, &name, MAX_FILE, |_| Ok(true), || compared = Instant::now()).unwrap();
        compared.elapsed().as_secs_f64() * 1e6
    };
    let mut times: Vec<f64> = names.into_iter().map(one).collect();
    times.sort_by(f64::total_cmp);
    let at = |share: usize| times.get((times.len() - 1) * share / 1000).copied().unwrap_or(f64::NAN);
    (at(500), at(999), at(1000))
}
