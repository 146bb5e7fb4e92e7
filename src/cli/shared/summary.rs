//! The summary of a run for programs: metrics for Prometheus, and a line for the log. Written even if the run fails.

use std::ffi::CString;
use std::fmt::Write as _;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;

use super::{Context, Exit, Failure, Outcome};
use crate::ops::States;
use crate::report::prometheus::{Metric, Metrics, value_of};
use crate::store::{State, StoreSpec};
use crate::sys::{self, Dir, NotOpened, SYSLOG, Severity, open_regular, syslog, why};
use crate::text::escape;

/// `--metrics`.
#[derive(Debug, Clone, Args)]
pub(crate) struct MetricsArgs {
    /// Write Prometheus textfile metrics to FILE (*.prom), even if the run fails
    #[arg(long = "metrics", value_name = "FILE", hide_short_help = true)]
    pub(crate) metrics: Option<PathBuf>,
}

/// `--log`.
#[derive(Debug, Clone, Args)]
pub(crate) struct LogArgs {
    /// Write the run summary to the system log, or to SOCKET [default: /dev/log]
    #[arg(long = "log", value_name = "SOCKET", num_args = 0..=1, require_equals = true, default_missing_value = SYSLOG, hide_short_help = true)]
    pub(crate) log: Option<PathBuf>,
}

const LAST_RUN: Metric =
    Metric { name: "wikifarm_last_run_timestamp_seconds", help: "End of the last run, in unix time" };
const EXIT_STATUS: Metric =
    Metric { name: "wikifarm_last_run_exit_status", help: "Exit status of the last run" };
const LAST_SUCCESS: Metric = Metric {
    name: "wikifarm_last_success_timestamp_seconds",
    help: "End of the last complete run (exit status 0 or 1), in unix time",
};
const DURATION: Metric =
    Metric { name: "wikifarm_last_run_duration_seconds", help: "Duration of the last run" };
const SCANNED: Metric =
    Metric { name: "wikifarm_sessions_scanned", help: "Sessions that the last run scanned" };
const SESSIONS: Metric =
    Metric { name: "wikifarm_sessions", help: "Sessions by state, before the last run removed any" };
pub(crate) const NEVER_CAME_BACK: Metric = Metric {
    name: "wikifarm_sessions_never_came_back",
    help: "Sessions of one request, by clients that do not return cookies; requires MoinMoin 1.9.2 or later",
};
const DELETED: Metric = Metric { name: "wikifarm_deleted_files", help: "Files that the last run removed" };
const DELETED_BYTES: Metric =
    Metric { name: "wikifarm_deleted_bytes", help: "Bytes in the files that the last run removed" };
pub(crate) const FAILED: Metric =
    Metric { name: "wikifarm_failed_entries", help: "Entries that the last run could not read or remove" };
pub(crate) const REFUSED: Metric =
    Metric { name: "wikifarm_store_refused", help: "Whether a guard refused the last run in the store" };
const INODES_USED: Metric =
    Metric { name: "wikifarm_filesystem_inodes_used", help: "Inodes in use on the file system of the store" };
const INODES_FREE: Metric = Metric {
    name: "wikifarm_filesystem_inodes_free",
    help: "Inodes free for users other than root on the file system of the store",
};
pub(crate) const FINDINGS: Metric =
    Metric { name: "wikifarm_verify_findings", help: "Whether a rule has findings in the store" };
pub(crate) const FINDING_FILES: Metric = Metric {
    name: "wikifarm_verify_files",
    help: "Files, directories, or sessions with findings of a rule in the store",
};

/// The summary of a run.
#[derive(Debug)]
pub(crate) struct RunSummary {
    command: &'static str,
    metrics: Metrics,
    fields: Vec<(&'static str, String)>,
}

impl RunSummary {
    /// Adds a field to the line for the log.
    pub(crate) fn field(&mut self, name: &'static str, value: impl ToString) {
        self.fields.push((name, value.to_string()));
    }

    /// Sets a metric of a store.
    pub(crate) fn metric(&mut self, of: &StoreLabels, metric: Metric, more: &[(&str, &str)], value: u64) {
        let mut labels = vec![("command", self.command), ("store", &of.store), ("wikis", &of.wikis)];
        labels.extend(more);
        self.metrics.set(metric, &labels, value);
    }

    /// Sets the metrics of the sessions in a store.
    pub(crate) fn sessions(&mut self, of: &StoreLabels, states: &States) {
        self.metric(of, SCANNED, &[], states.sum());
        for state in State::all() {
            self.metric(of, SESSIONS, &[("state", state.name())], states.of(state));
        }
    }

    /// Sets the metrics of removals from a store.
    pub(crate) fn removed(&mut self, of: &StoreLabels, files: u64, bytes: u64) {
        self.metric(of, DELETED, &[], files);
        self.metric(of, DELETED_BYTES, &[], bytes);
    }

    /// Sets the metrics of the inodes on the file system of a store.
    pub(crate) fn inodes(&mut self, of: &StoreLabels, spec: &StoreSpec) {
        let Some(free_space) = crate::ops::free_space(spec) else { return };
        for (metric, count) in
            [(INODES_USED, free_space.inodes_used()), (INODES_FREE, free_space.inodes_free)]
        {
            if let Some(count) = count {
                self.metric(of, metric, &[], count);
            }
        }
    }
}

/// The labels of a store.
#[derive(Debug)]
pub(crate) struct StoreLabels {
    store: String,
    wikis: String,
}

impl StoreLabels {
    /// The labels of `spec`. The address is absolute: it must not depend on the working directory, or on how the farm
    /// file was named.
    pub(crate) fn of(spec: &StoreSpec) -> StoreLabels {
        let wikis: Vec<&str> = spec.wikis.iter().map(|wiki| wiki.name.as_str()).collect();
        let absolute = |path: &Path| path.canonicalize().or_else(|_| std::path::absolute(path)).ok();
        let store = match spec.location.path().and_then(absolute) {
            Some(path) => format!("{}:{}", spec.location.scheme(), path.display()),
            None => spec.address(),
        };
        StoreLabels { store, wikis: wikis.join(",") }
    }
}

/// Does `work`, and writes its summary. If the metrics can't be written, the run is partial. If the log can't be written,
/// the status stays the same.
pub(crate) fn record(
    command: &'static str,
    metrics: Option<&Path>,
    log: Option<&Path>,
    context: &mut Context<'_>,
    work: impl FnOnce(&mut Context<'_>, &mut RunSummary) -> Outcome,
) -> Outcome {
    if let Some(file) = metrics.filter(|file| file.extension().is_none_or(|end| end != "prom")) {
        let why = "the textfile collector reads only files whose names end in .prom";
        context.warn(&format!("--metrics: {}: {why}", file.display()));
    }
    let begun = Instant::now();
    let mut summary = RunSummary { command, metrics: Metrics::default(), fields: Vec::new() };
    let mut outcome = work(context, &mut summary);
    let exit = match &outcome {
        Ok(exit) => *exit,
        Err(failure) => failure.exit,
    };
    let seconds = begun.elapsed().as_secs_f64();
    if let Some(socket) = log {
        let error = outcome.as_ref().err().map(|failure| failure.message.as_str());
        let line = line(&summary, exit, error, seconds);
        if let Err(error) = syslog(socket, severity(exit), &line) {
            let text = why(&error);
            context.warn(&format!("--log: {}: can't write to the log: {text}", socket.display()));
            if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) {
                context.help("start a system log, or omit --log");
            }
        }
    }
    if let Some(file) = metrics
        && let Err(why) = write(file, &mut summary, exit, seconds, context.now())
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
fn line(summary: &RunSummary, exit: Exit, error: Option<&str>, seconds: f64) -> String {
    let mut line = format!("{} status={}", summary.command, exit.code());
    let error = error.map(|error| ("error", error.to_owned()));
    for (name, value) in summary.fields.iter().cloned().chain(error) {
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

fn write(file: &Path, summary: &mut RunSummary, exit: Exit, seconds: f64, now: f64) -> Result<(), String> {
    let labels = [("command", summary.command)];
    let parent = match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let dir = Dir::open(parent).map_err(|error| error.to_string())?;
    let now = (now * 1000.0).round() / 1000.0;
    let success = if exit <= Exit::Found { Some(now) } else { last_success(&dir, file, &labels)? };
    summary.metrics.set(LAST_RUN, &labels, now);
    summary.metrics.set(EXIT_STATUS, &labels, u64::from(exit.code()));
    if let Some(success) = success {
        summary.metrics.set(LAST_SUCCESS, &labels, success);
    }
    summary.metrics.set(DURATION, &labels, (seconds * 1000.0).round() / 1000.0);
    sys::write_public(file, summary.metrics.text().as_bytes()).map_err(|error| why(&error))
}

/// The time of the last success in the file of an earlier run.
fn last_success(dir: &Dir, file: &Path, labels: &[(&str, &str)]) -> Result<Option<f64>, String> {
    let name =
        file.file_name().and_then(|name| CString::new(name.as_bytes()).ok()).ok_or("not a file name")?;
    let mut bytes = Vec::new();
    match open_regular(dir, &name).and_then(|file| file.read(&mut bytes)) {
        Ok(()) => Ok(value_of(&String::from_utf8_lossy(&bytes), LAST_SUCCESS, labels)),
        // A missing or foreign file is replaced.
        Err(NotOpened::Io(error)) => {
            Err(format!("can't read the time of the last success: {error}", error = why(&error)))
        }
        Err(_) => Ok(None),
    }
}
