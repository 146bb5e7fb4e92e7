//! One run of the binary.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{Read, Write as _};
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use snapbox::{Data, IntoData};

use super::Place;
use super::place::NOBODY;
use super::schema;
use super::snapshot::compare;
use super::text::unindent;

/// The maximum duration of a run. A longer run is stuck.
const PATIENCE: Duration = Duration::from_secs(60);

/// A command to run, and its expected results: by default no output and status 0.
#[must_use = "nothing runs before run()"]
pub(crate) struct Run<'a> {
    place: &'a Place,
    args: Vec<OsString>,
    env: Vec<(String, String)>,
    missing: Vec<&'static str>,
    stdin: Vec<u8>,
    stdout: Option<Data>,
    stderr: Option<Data>,
    statuses: Vec<i32>,
    into: Option<Stdio>,
    by_tester: bool,
    dir: Option<PathBuf>,
}

/// The results of a run.
pub(crate) struct Ran {
    pub(crate) stdout: String,
    /// Standard error without the line breaks inside messages.
    pub(crate) stderr: String,
    words: Vec<String>,
}

impl Ran {
    /// Standard output as one JSON document. Panics if it does not match the command's schema in docs/json.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        let document =
            serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error} in:\n{}", self.stdout));
        schema::check(&self.words, &document);
        document
    }
}

impl<'a> Run<'a> {
    pub(super) fn new(place: &'a Place, words: &str) -> Run<'a> {
        Run {
            place,
            args: words.split_whitespace().map(OsString::from).collect(),
            env: Vec::new(),
            missing: Vec::new(),
            stdin: Vec::new(),
            stdout: Some(Data::text("")),
            stderr: Some(Data::text("")),
            statuses: vec![0],
            into: None,
            by_tester: false,
            dir: None,
        }
    }

    /// Adds one argument, which may contain blanks.
    pub(crate) fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Adds arguments.
    pub(crate) fn args(mut self, args: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Removes these variables.
    pub(crate) fn without_env(mut self, names: &[&'static str]) -> Self {
        self.missing = names.to_vec();
        self
    }

    pub(crate) fn stdin(mut self, text: impl AsRef<[u8]>) -> Self {
        self.stdin = text.as_ref().to_vec();
        self
    }

    /// Expects exactly this standard output, with the test's directory as `[DIR]`: a snapshot, or a text
    /// without its indentation.
    pub(crate) fn stdout(mut self, text: impl IntoData) -> Self {
        self.stdout = Some(expected(text));
        self
    }

    pub(crate) fn stderr(mut self, text: impl IntoData) -> Self {
        self.stderr = Some(expected(text));
        self
    }

    /// Accepts any standard output, for checks afterwards.
    pub(crate) fn any_stdout(mut self) -> Self {
        self.stdout = None;
        self
    }

    pub(crate) fn any_stderr(mut self) -> Self {
        self.stderr = None;
        self
    }

    /// Expects this exit status; -1 for an end by a signal.
    pub(crate) fn status(self, status: i32) -> Self {
        self.status_among(&[status])
    }

    /// Expects one of these exit statuses, if a race decides.
    pub(crate) fn status_among(mut self, statuses: &[i32]) -> Self {
        self.statuses = statuses.to_vec();
        self
    }

    /// Redirects standard output.
    pub(crate) fn into(mut self, file: impl Into<Stdio>) -> Self {
        self.into = Some(file.into());
        self
    }

    /// Runs as the tester, even if the tester is root.
    pub(crate) fn by_tester(mut self) -> Self {
        self.by_tester = true;
        self
    }

    /// Runs in this directory.
    pub(crate) fn in_dir(mut self, dir: &Path) -> Self {
        self.dir = Some(dir.to_owned());
        self
    }

    /// Runs without comparing. Returns standard output, standard error, and the status.
    pub(crate) fn raw(mut self) -> (Vec<u8>, Vec<u8>, i32) {
        let (status, stdout, stderr) = self.spawn();
        (stdout, stderr, status.code().unwrap_or(-1))
    }

    /// Runs with standard output on a terminal of this width. Returns standard output and standard error.
    pub(crate) fn on_terminal(self, columns: u16) -> (Vec<u8>, Vec<u8>) {
        let size = nix::pty::Winsize { ws_row: 40, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        let pty = nix::pty::openpty(&size, None).unwrap();
        let mut master = File::from(pty.master);
        let reader = thread::spawn(move || {
            let mut bytes = Vec::new();
            // The end of a terminal's output is an error.
            let _ = master.read_to_end(&mut bytes);
            bytes
        });
        let (_, stderr, _) = self.into(pty.slave).raw();
        let text = String::from_utf8(reader.join().unwrap()).unwrap();
        (text.replace("\r\n", "\n").into_bytes(), stderr)
    }

    /// Runs and compares.
    #[track_caller]
    pub(crate) fn run(mut self) -> Ran {
        let (status, stdout, stderr) = self.spawn();
        let dir = self.place.path();
        let plain =
            |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).replace(&*dir.to_string_lossy(), "[DIR]");
        let words = self.args.iter().map(|arg| arg.to_string_lossy().into_owned()).collect();
        let (stdout, stderr) = (plain(stdout), plain(stderr));
        let ran = Ran { stdout, stderr: unwrapped(&stderr), words };
        schema::check_lines(&ran.words, &ran.stdout);
        let mut report = String::new();
        for (what, expected, found) in
            [("stdout", &self.stdout, &ran.stdout), ("stderr", &self.stderr, &stderr)]
        {
            // Where lines break depends on the length of the test's directory. Only snapshots show line breaks.
            let is_plain = |expected: &Data| found.contains("[DIR]") || expected.source().is_none();
            let compared = expected.as_ref().map(|expected| match what == "stderr" && is_plain(expected) {
                true if expected.source().is_none() => {
                    compare(what, &unwrapped(found), &unwrapped(&expected.to_string()).into_data())
                }
                true => compare(what, &unwrapped(found), expected),
                false => compare(what, found, expected),
            });
            if let Some(Err(difference)) = compared {
                report += &difference;
            }
        }
        let code = status.code().unwrap_or(-1);
        if !self.statuses.contains(&code) {
            writeln!(report, "status {code} instead of {:?}\nstderr: {}", self.statuses, ran.stderr).unwrap();
        }
        if !report.is_empty() {
            panic!("$ wikifarm {}\n{report}\nin:\n{}", ran.words.join(" "), self.place.listing());
        }
        ran
    }

    #[track_caller]
    fn spawn(&mut self) -> (ExitStatus, Vec<u8>, Vec<u8>) {
        let mut command = self.command();
        command.stdin(Stdio::piped()).stderr(Stdio::piped());
        match self.into.take() {
            Some(file) => command.stdout(file),
            None => command.stdout(Stdio::piped()),
        };
        let begun = Instant::now();
        let mut child = command.spawn().unwrap();
        drop(command);
        let (mut to, input) = (child.stdin.take().unwrap(), std::mem::take(&mut self.stdin));
        // A command that does not read to the end closes the pipe, which is not an error here.
        let writer = thread::spawn(move || drop(to.write_all(&input)));
        let stdout = child.stdout.take().map(collect);
        let stderr = child.stderr.take().map(collect).unwrap();
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            if begun.elapsed() > PATIENCE {
                child.kill().unwrap();
                child.wait().unwrap();
                panic!("wikifarm hangs: {:?}", self.args);
            }
            thread::sleep(Duration::from_millis(2));
        };
        writer.join().unwrap();
        let stdout = stdout.map_or_else(Vec::new, |reader| reader.join().unwrap());
        (status, stdout, stderr.join().unwrap())
    }

    fn command(&self) -> Command {
        let binary = binary();
        // By its descriptor, because `nobody` may not be allowed to open its path.
        let mut command = Command::new(format!("/proc/self/fd/{}", binary.as_raw_fd()));
        command
            .arg0("wikifarm")
            .args(&self.args)
            .current_dir(self.dir.clone().unwrap_or_else(|| self.place.path()))
            .env_clear();
        for (name, path) in [
            ("HOME", self.place.home()),
            ("XDG_STATE_HOME", self.place.home().join("state")),
            ("XDG_CACHE_HOME", self.place.home().join("cache")),
        ] {
            command.env(name, path);
        }
        command.env("PATH", "/usr/bin:/bin").env("TERM", "dumb").env("LANG", "C.UTF-8");
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        for name in &self.missing {
            command.env_remove(name);
        }
        if is_root() && !self.by_tester {
            self.place.hand_over(NOBODY);
            command.uid(NOBODY).gid(NOBODY);
        }
        command
    }
}

fn expected(text: impl IntoData) -> Data {
    let text = text.into_data();
    if text.source().is_some() { text } else { unindent(&text.to_string()).into_data() }
}

/// The text with each message on one line: a wrapped message goes on after two or more blanks.
pub(crate) fn unwrapped(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for line in text.split('\n') {
        // The other lines belong to an excerpt of a file, or to a list of arguments.
        let is_other = |rest: &str| {
            rest.is_empty() || rest.starts_with(['-', '|', '=', ':', '^']) || rest.starts_with("[possible")
        };
        let goes_on = line.strip_prefix("  ").map(str::trim_start).filter(|rest| !is_other(rest));
        match (goes_on, lines.last_mut()) {
            (Some(rest), Some(last)) if !last.is_empty() => last.extend([" ", rest]),
            _ => lines.push(line.to_owned()),
        }
    }
    lines.join("\n")
}

/// Reads to the end in another thread.
fn collect(mut from: impl Read + Send + 'static) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        from.read_to_end(&mut bytes).unwrap();
        bytes
    })
}

/// Whether the tester is root.
pub(crate) fn is_root() -> bool {
    std::fs::metadata("/proc/self").unwrap().uid() == 0
}

fn binary() -> &'static File {
    static BINARY: OnceLock<File> = OnceLock::new();
    BINARY.get_or_init(|| File::open(env!("CARGO_BIN_EXE_wikifarm")).unwrap())
}
