//! What every command uses: output, format, time, and the farm.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{SystemTime, UNIX_EPOCH};

use super::exit::Exit;
use super::format::Format;
use super::output::Writer;
use crate::browser::SharedSuffixes;
use crate::farm::trust::{self, Distrust};
use crate::farm::{Farm, Trusted};
use crate::load::{self, LoadError};
use crate::ops::Problem;
use crate::report::progress::{HowMuch, Progress};
use crate::report::{csv, findings, json, table};
use crate::store::tally::Tally;
use crate::store::{self, StoreError, StoreSpec};
use crate::sys::why;
use crate::text::{escape, hang, shell_path};

/// A failed command: its message on stderr, and the exit status.
#[derive(Debug)]
pub struct Failure {
    /// The exit status.
    pub exit: Exit,
    /// One line, without a full stop.
    pub message: String,
    /// What the user can do, on a line of its own.
    pub help: Option<String>,
}

impl Failure {
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Failure {
        Failure { exit, message: message.into(), help: None }
    }

    /// Adds what the user can do.
    #[must_use]
    pub fn help(self, help: impl Into<String>) -> Failure {
        Failure { help: Some(help.into()), ..self }
    }

    /// A problem, with what to do.
    pub(crate) fn of(exit: Exit, problem: Problem) -> Failure {
        Failure { exit, message: problem.message, help: problem.help }
    }

    /// The command could not be understood, or the farm file not read.
    pub fn usage(message: impl Into<String>) -> Failure {
        Failure::new(Exit::Usage, message)
    }

    /// Refused by a guard.
    pub fn refused(message: impl Into<String>) -> Failure {
        Failure::new(Exit::Refused, message)
    }

    /// Something could not be handled.
    pub fn partial(message: impl Into<String>) -> Failure {
        Failure::new(Exit::Partial, message)
    }
}

impl From<LoadError> for Failure {
    fn from(error: LoadError) -> Failure {
        Failure { help: error.help(), ..Failure::usage(error.to_string()) }
    }
}

/// The result of a command.
pub type Outcome = Result<Exit, Failure>;

/// The refusal of a farm file.
fn distrusted(path: &Path, why: &Distrust) -> Failure {
    Failure::refused(format!(
        "{}: refused, because root runs wikifarm and another user can write the file: {why}",
        path.display()
    ))
    .help("change the owner or the mode, name another file with -f FILE, or use --run-as NAME")
}

/// Refuses a farm that another user could have written, if root runs wikifarm.
///
/// # Errors
/// If another user could have written it.
pub(crate) fn must_be_trusted(farm: &Farm) -> Result<(), Failure> {
    Trusted::check(farm).map_err(|why| distrusted(farm.source.path(), &why))
}

/// What every command works with.
pub struct Context<'a> {
    /// Standard output.
    pub out: &'a mut Writer,
    /// Standard error.
    pub err: &'a mut Writer,
    /// `--format`.
    pub format: Format,
    /// -1 with `-q`, else the number of `-v`.
    pub verbosity: i8,
    /// `--now`, in unix seconds.
    pub pinned_now: Option<f64>,
    /// `-f/--farm`.
    pub farm_file: Option<PathBuf>,
    /// The public suffixes.
    pub suffixes: SharedSuffixes,
    /// The name of that list.
    pub suffixes_are: String,
    /// Whether standard output is a terminal.
    pub terminal: bool,
    /// Whether output has color.
    pub color: bool,
    /// The width of the terminal, in columns; `None` if standard output is not a terminal.
    pub width: Option<u16>,
}

impl Context<'_> {
    /// The time in unix seconds: `--now`, else the clock.
    pub fn now(&self) -> f64 {
        self.pinned_now.unwrap_or_else(|| {
            SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
        })
    }

    /// Shows progress on a terminal, unless `-q`: `verb` names the work, `done` counts it, and `specs` are the stores whose
    /// sessions are read.
    pub fn progress(&self, verb: &'static str, done: &'static Tally, specs: &[StoreSpec]) -> Progress {
        let specs = specs.to_vec();
        let names = move || {
            let mut names = 0;
            for spec in specs {
                store::open(spec).ok()?.names(&mut |_| names += 1).ok()?;
            }
            Some(names)
        };
        self.progress_of(verb, done, Box::new(names))
    }

    /// As [`Context::progress`], with another way to count the work.
    pub fn progress_of(&self, verb: &'static str, done: &'static Tally, how_much: HowMuch) -> Progress {
        let shown = self.verbosity >= 0 && io::stderr().is_terminal();
        Progress::begin(shown, verb, || done.count(), how_much, crate::sys::waits_for)
    }

    /// The flag that SIGINT and SIGTERM set, for work that stops between two files. From now on, the first of these signals
    /// does nothing else.
    ///
    /// # Errors
    /// If the signal handlers can't be set.
    pub fn stop(&self) -> Result<Arc<AtomicBool>, Failure> {
        crate::sys::stop_flag()
            .map_err(|error| Failure::partial(format!("can't handle signals: {error}", error = why(&error))))
    }

    /// Reports that a signal stopped the work, and how far it came.
    pub fn stopped(&mut self, how_far: &str) -> Exit {
        self.complain(&format!("stopped by a signal: {how_far}"));
        Exit::Partial
    }

    /// A command as the user can paste it, with the farm file that this run was given.
    pub fn command(&self, words: &str) -> String {
        match &self.farm_file {
            Some(file) => {
                format!("wikifarm -f {} {words}", shell_path(file))
            }
            None => format!("wikifarm {words}"),
        }
    }

    /// The path of the farm file. Root does not use a `farm.toml` in another user's directory.
    ///
    /// # Errors
    /// If no farm file is found, or it was found by chance and is not trusted.
    pub fn farm_path(&self) -> Result<PathBuf, Failure> {
        self.located().and_then(|found| found.ok_or_else(|| LoadError::NotFound.into()))
    }

    fn located(&self) -> Result<Option<PathBuf>, Failure> {
        let variable = std::env::var_os(load::VARIABLE);
        let Ok(found) = load::locate(self.farm_file.as_deref(), variable.as_deref()) else {
            return Ok(None);
        };
        // Check before reading: a link could lead to another file.
        if found.by_chance {
            trust::check_path(&found.path).map_err(|why| distrusted(&found.path, &why))?;
        }
        Ok(Some(found.path))
    }

    /// The farm with its problems: for commands that report them.
    ///
    /// # Errors
    /// If there is no farm file, or it is not TOML, which is reported.
    pub fn farm_with_problems(&mut self) -> Result<Farm, Failure> {
        let path = self.farm_path()?;
        self.load(&path)
    }

    /// A farm without problems, for a command that opens stores or URLs of the farm.
    ///
    /// # Errors
    /// If there is no farm file, or the file has problems, which are reported. If root runs wikifarm, also if another user
    /// could have written the file.
    pub fn farm(&mut self) -> Result<Trusted, Failure> {
        let path = self.farm_path()?;
        self.trusted_at(&path)
    }

    /// As [`Context::farm`]; `None` if no farm file is found.
    ///
    /// # Errors
    /// As there.
    pub fn farm_if_any(&mut self) -> Result<Option<Trusted>, Failure> {
        self.located()?.map(|path| self.trusted_at(&path)).transpose()
    }

    fn trusted_at(&mut self, path: &Path) -> Result<Trusted, Failure> {
        let farm = self.farm_at(path)?;
        Trusted::new(farm).map_err(|why| distrusted(path, &why))
    }

    /// A farm without problems, for a command that only predicts. A file that another user could have written is accepted
    /// if `-f` names it.
    ///
    /// # Errors
    /// As [`Context::farm`].
    pub fn farm_to_predict(&mut self) -> Result<Farm, Failure> {
        let path = self.farm_path()?;
        self.farm_at(&path)
    }

    /// The farm of a file, as for [`Context::farm_to_predict`].
    ///
    /// # Errors
    /// As there.
    pub fn farm_at(&mut self, path: &Path) -> Result<Farm, Failure> {
        let farm = self.load(path)?;
        if farm.sound() {
            return Ok(farm);
        }
        let found = crate::lint::parse_findings(&farm);
        let text = findings::human(&farm.source, &found, self.err.color(), self.err.width());
        self.err.write_text(&text);
        Err(Failure::usage(format!("{}: the farm file has errors", farm.source.path().display()))
            .help("correct the errors above; `wikifarm config check` lists all findings"))
    }

    fn load(&mut self, path: &Path) -> Result<Farm, Failure> {
        load::load(path).map_err(|error| {
            if let LoadError::Syntax(syntax) = &error {
                self.err.write_text(&findings::syntax(syntax, self.err.color(), self.err.width()));
            }
            error.into()
        })
    }

    /// Prints a table, as [`table::list`] or, with color, [`table::painted`].
    pub fn list(&mut self, header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) {
        let text = match self.color {
            true => table::painted(header, rows, self.width),
            false => table::list(header, rows, self.width),
        };
        self.out.write_text(&text);
    }

    /// A line on stderr, unless `-q`.
    pub fn note(&mut self, message: &str) {
        if self.verbosity >= 0 {
            let text = hang("", 2, &escape(message), self.err.width());
            self.err.write_text(&text);
        }
    }

    /// An error on stderr, also with `-q`.
    pub fn complain(&mut self, message: &str) {
        self.err.message("error", message);
    }

    /// Problems as errors, and then what to do, each once.
    pub fn problems<'p>(&mut self, problems: impl IntoIterator<Item = &'p Problem>) {
        let mut help: Vec<&str> = Vec::new();
        for problem in problems {
            self.complain(&problem.message);
            help.extend(problem.help.as_deref().filter(|one| !help.contains(one)));
        }
        help.into_iter().for_each(|help| self.help(help));
    }

    /// Reports a store that can't be opened or read. Returns the exit status.
    pub fn store_failed(&mut self, error: &StoreError) -> Exit {
        self.problems([&Problem::of(error)]);
        Exit::from(error)
    }

    /// A warning on stderr, also with `-q`: the exit status does not show it.
    pub fn warn(&mut self, message: &str) {
        self.err.message("warning", message);
    }

    /// What the user can do about an error.
    pub fn help(&mut self, advice: &str) {
        self.err.message("help", advice);
    }

    /// Writes a command's result to stdout as one JSON document, which begins with `"schema": 1`.
    pub fn document(&mut self, content: &impl serde::Serialize) {
        self.json(&json::Document::new(content));
    }

    /// Writes a value to stdout as JSON, over several lines.
    pub fn json(&mut self, value: &impl serde::Serialize) {
        self.json_text(json::pretty(value));
    }

    /// Writes one JSON document to stdout, on one line.
    pub fn json_line(&mut self, value: &impl serde::Serialize) {
        self.json_text(json::line(value));
    }

    fn json_text(&mut self, text: serde_json::Result<String>) {
        match text {
            Ok(text) => self.out.write_all((text + "\n").as_bytes()),
            Err(error) => self.out.note(Err(error.into())),
        }
    }

    /// Writes records to stdout as CSV, with a header if given.
    pub fn csv<'h, const N: usize>(
        &mut self,
        header: impl Into<Option<[&'h str; N]>>,
        records: impl Iterator<Item = [String; N]>,
    ) {
        let shown = |value: String| if self.terminal { escape(&value).into_owned() } else { value };
        match csv::text(header.into(), records.map(|record| record.map(shown))) {
            Ok(text) if self.terminal => self.out.write_all(&text),
            Ok(text) => self.out.whole(&text),
            Err(error) => self.out.note(Err(error)),
        }
    }
}
