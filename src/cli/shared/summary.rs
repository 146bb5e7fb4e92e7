//! What a run tells machines when it is over, however it ended: metrics for Prometheus, and a line for the log.

use std::ffi::CString;
use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;

use super::{Context, Exit, Failure, Outcome};
use crate::ops::States;
use crate::report::escape;
use crate::report::prometheus::{Metric, Metrics, value_of};
use crate::store::{State, StoreSpec};
use crate::sys::{self, Dir, NotOpened, SYSLOG, Severity, open_regular, syslog, why};

/// `--metrics`.
#[derive(Debug, Clone, Args)]
pub(crate) struct MetricsArgs {
    /// Write metrics there for Prometheus's node exporter (textfile collector), also where the run fails
    #[arg(long = "metrics", value_name = "FILE")]
    pub(crate) metrics: Option<PathBuf>,
}

/// `--log`.
#[derive(Debug, Clone, Args)]
pub(crate) struct LogArgs {
    /// Send a line about the run to the system's log, or to that socket [default: /dev/log]
    #[arg(long = "log", value_name = "SOCKET", num_args = 0..=1, require_equals = true, default_missing_value = SYSLOG)]
    pub(crate) log: Option<PathBuf>,
}

const LAST_RUN: Metric =
    Metric { name: "wikifarm_last_run_timestamp_seconds", help: "When the last run ended, in unix time" };
const EXIT_STATUS: Metric =
    Metric { name: "wikifarm_last_run_exit_status", help: "Exit status of the last run" };
const LAST_SUCCESS: Metric = Metric {
    name: "wikifarm_last_success_timestamp_seconds",
    help: "When the last run ended that came to its end (exit status 0 or 1), in unix time",
};
const DURATION: Metric =
    Metric { name: "wikifarm_last_run_duration_seconds", help: "How long the last run took" };
const SCANNED: Metric =
    Metric { name: "wikifarm_sessions_scanned", help: "Sessions that the last run looked at" };
const SESSIONS: Metric = Metric {
    name: "wikifarm_sessions",
    help: "Sessions that the last run saw, by state, before it removed any",
};
pub(crate) const NEVER_CAME_BACK: Metric = Metric {
    name: "wikifarm_sessions_never_came_back",
    help: "Sessions of one request, by clients that keep no cookies; only MoinMoin 1.9.2 and later tell",
};
const DELETED: Metric = Metric { name: "wikifarm_deleted_files", help: "Files that the last run removed" };
const DELETED_BYTES: Metric =
    Metric { name: "wikifarm_deleted_bytes", help: "Bytes in the files that the last run removed" };
pub(crate) const FAILED: Metric =
    Metric { name: "wikifarm_failed_entries", help: "What the last run could not look at or remove" };
pub(crate) const REFUSED: Metric = Metric {
    name: "wikifarm_store_refused",
    help: "Whether a guard kept the last run from removing anything in the store",
};
const INODES_USED: Metric =
    Metric { name: "wikifarm_filesystem_inodes_used", help: "Inodes in use on the file system of the store" };
const INODES_FREE: Metric = Metric {
    name: "wikifarm_filesystem_inodes_free",
    help: "Inodes free for users other than root on the file system of the store",
};
pub(crate) const FINDINGS: Metric =
    Metric { name: "wikifarm_verify_findings", help: "Whether a check found something in the store" };
pub(crate) const FINDING_FILES: Metric = Metric {
    name: "wikifarm_verify_files",
    help: "Files, directories, or sessions that a check found in the store",
};

/// What a run has to tell.
#[derive(Debug)]
pub(crate) struct Told {
    command: &'static str,
    metrics: Metrics,
    fields: Vec<(&'static str, String)>,
}

impl Told {
    /// A field of the line for the log.
    pub(crate) fn say(&mut self, name: &'static str, value: impl ToString) {
        self.fields.push((name, value.to_string()));
    }

    /// A metric of one store.
    pub(crate) fn of_store(
        &mut self,
        (store, wikis): (&str, &[String]),
        metric: Metric,
        more: &[(&str, &str)],
        value: u64,
    ) {
        let wikis = wikis.join(",");
        let mut labels = vec![("command", self.command), ("store", store), ("wikis", &wikis)];
        labels.extend(more);
        self.metrics.set(metric, &labels, value);
    }

    /// What the run saw in a store.
    pub(crate) fn saw(&mut self, of: (&str, &[String]), states: &States) {
        self.of_store(of, SCANNED, &[], states.sum());
        for state in State::all() {
            self.of_store(of, SESSIONS, &[("state", state.name())], states.of(state));
        }
    }

    /// What the run removed from a store.
    pub(crate) fn removed(&mut self, of: (&str, &[String]), files: u64, bytes: u64) {
        self.of_store(of, DELETED, &[], files);
        self.of_store(of, DELETED_BYTES, &[], bytes);
    }

    /// The inodes of the file system on which a store lies.
    pub(crate) fn inodes(&mut self, spec: &StoreSpec) {
        let wikis: Vec<String> = spec.wikis.iter().map(|wiki| wiki.name.clone()).collect();
        let address = spec.address();
        let Some(free_space) = crate::ops::free_space(spec) else { return };
        for (metric, count) in
            [(INODES_USED, free_space.inodes_used()), (INODES_FREE, free_space.inodes_free)]
        {
            if let Some(count) = count {
                self.of_store((&address, &wikis), metric, &[], count);
            }
        }
    }
}

/// Does `work`, and tells how it went. A file of metrics that can't be written makes the run a partial one; a log where
/// nobody listens is said, and changes no status: the work is done.
pub(crate) fn tell(
    command: &'static str,
    metrics: Option<&Path>,
    log: Option<&Path>,
    context: &mut Context<'_>,
    work: impl FnOnce(&mut Context<'_>, &mut Told) -> Outcome,
) -> Outcome {
    let begun = Instant::now();
    let mut told = Told { command, metrics: Metrics::default(), fields: Vec::new() };
    let mut outcome = work(context, &mut told);
    let exit = match &outcome {
        Ok(exit) => *exit,
        Err(failure) => failure.exit,
    };
    let seconds = begun.elapsed().as_secs_f64();
    if let Some(socket) = log {
        let error = outcome.as_ref().err().map(|failure| failure.message.as_str());
        let line = line(&told, exit, error, seconds);
        if let Err(error) = syslog(socket, severity(exit), &line) {
            context.complain(&format!(
                "--log: nothing was logged: {}: {error}",
                socket.display(),
                error = why(&error)
            ));
        }
    }
    if let Some(file) = metrics
        && let Err(why) = write(file, &mut told, exit, seconds, context.now())
    {
        let message = format!("--metrics: {}: {why}", file.display());
        outcome = match outcome {
            Ok(exit) => {
                context.complain(&message);
                Ok(exit.and(Exit::Partial))
            }
            Err(failure) => {
                context.complain(&message);
                Err(Failure { exit: failure.exit.and(Exit::Partial), ..failure })
            }
        };
    }
    outcome
}

fn severity(exit: Exit) -> Severity {
    match exit {
        Exit::Success => Severity::Info,
        Exit::Found | Exit::Partial => Severity::Warning,
        Exit::Usage | Exit::Refused => Severity::Error,
    }
}

/// `prune status=0 scanned=7 .. seconds=0.1`, each value quoted if it needs to be.
fn line(told: &Told, exit: Exit, error: Option<&str>, seconds: f64) -> String {
    let mut line = format!("{} status={}", told.command, exit.code());
    let error = error.map(|error| ("error", error.to_owned()));
    for (name, value) in told.fields.iter().cloned().chain(error) {
        let plain =
            !value.is_empty() && value.bytes().all(|b| b.is_ascii_graphic() && !b"\"=\\".contains(&b));
        // Writing to a String does not fail.
        let _ = if plain {
            write!(line, " {name}={value}")
        } else {
            let quoted = escape(&value.replace('\\', "\\\\").replace('"', "\\\"")).into_owned();
            write!(line, " {name}=\"{quoted}\"")
        };
    }
    let _ = write!(line, " seconds={seconds:.3}");
    line
}

fn write(file: &Path, told: &mut Told, exit: Exit, seconds: f64, now: f64) -> Result<(), String> {
    let labels = [("command", told.command)];
    let parent = match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let dir = Dir::open(parent).map_err(|error| error.to_string())?;
    let now = (now * 1000.0).round() / 1000.0;
    let success = if exit <= Exit::Found { Some(now) } else { last_success(&dir, file, &labels)? };
    told.metrics.set(LAST_RUN, &labels, now);
    told.metrics.set(EXIT_STATUS, &labels, u64::from(exit.code()));
    if let Some(success) = success {
        told.metrics.set(LAST_SUCCESS, &labels, success);
    }
    told.metrics.set(DURATION, &labels, (seconds * 1000.0).round() / 1000.0);
    sys::write_public(file, told.metrics.text().as_bytes()).map_err(|error| why(&error))
}

/// When the last run before this one succeeded, as its file says.
fn last_success(dir: &Dir, file: &Path, labels: &[(&str, &str)]) -> Result<Option<f64>, String> {
    let name =
        file.file_name().and_then(|name| CString::new(name.as_bytes()).ok()).ok_or("no name of a file")?;
    let mut bytes = Vec::new();
    match open_regular(dir, &name).and_then(|file| file.read(&mut bytes)) {
        Ok(()) => Ok(value_of(&String::from_utf8_lossy(&bytes), LAST_SUCCESS, labels)),
        // None yet, or none of ours: it is replaced.
        Err(NotOpened::Io(error)) => {
            Err(format!("the time of the last success can't be read: {error}", error = why(&error)))
        }
        Err(_) => Ok(None),
    }
}
