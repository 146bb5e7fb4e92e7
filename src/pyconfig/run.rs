//! Runs a configuration in an interpreter that the administrator names, behind stand-ins for MoinMoin's modules.
//!
//! The process gets no environment but the variables that are named, no network where that can be had, and a time
//! limit. `shim.py` imports the files as MoinMoin does and prints what they bind, as JSON.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, Read};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use serde::Deserialize;
use serde_json::{Value, json};

use super::main_files::main_files;
use crate::farm::Key;

/// The most bytes of an answer: 16 MiB.
const MOST_BYTES: u64 = 16 << 20;

/// The script that imports the files.
const SHIM: &str = include_str!("shim.py");

/// How a configuration is run.
#[derive(Debug)]
pub struct Runner {
    /// The interpreter.
    pub python: PathBuf,
    /// The user and group that the interpreter runs as, if not this process's own.
    pub user: Option<(u32, u32)>,
    /// The environment.
    pub env: Vec<(String, OsString)>,
    /// The longest time that it may take.
    pub timeout: Duration,
}

/// What the files bound.
#[derive(Debug, Clone, Deserialize)]
pub struct Ran {
    /// The list `wikis` of a `farmconfig.py`.
    pub(super) list: Option<Value>,
    /// What each wiki has.
    pub(super) wikis: BTreeMap<String, RanWiki>,
    /// Why the main file failed.
    pub(super) error: Option<String>,
    /// The options of `config import` that ran them.
    #[serde(skip)]
    pub options: String,
}

/// What one wiki has.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct RanWiki {
    /// Settings of its class Config that are not MoinMoin's defaults; `None` if there is no class.
    pub(super) settings: Option<BTreeMap<String, Value>>,
    /// Flask's settings.
    #[serde(default)]
    pub(super) globals: BTreeMap<String, Value>,
    /// Names of MoinMoin that are taken to be there.
    #[serde(default)]
    pub(super) assumed: Vec<String>,
    /// Why its file failed.
    pub(super) error: Option<String>,
}

impl Runner {
    /// Runs the configuration at `py`.
    ///
    /// # Errors
    /// Why there is no answer, in a sentence.
    pub fn run(&self, py: &Path) -> Result<Ran, String> {
        let question = question(py).map_err(|error| format!("can't read {}: {error}", py.display()))?;
        let mut command = Command::new(&self.python);
        command.args(["-B", "-W", "ignore", "-c", SHIM, &question]).current_dir("/").env_clear();
        command.envs(self.env.iter().map(|(name, value)| (name, value))).process_group(0);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        if let Some((user, group)) = self.user {
            command.uid(user).gid(group);
        }
        let failed =
            |error: io::Error| format!("can't run {}: {}", self.python.display(), crate::sys::why(&error));
        let mut child = without_network(command).map_err(failed)?;
        let end = Instant::now() + self.timeout;
        let (answer, complaints) = (collect(child.stdout.take()), collect(child.stderr.take()));
        let in_time = wait(&mut child, end).map_err(failed)?;
        // A process that left the group may keep the answer open.
        let text = |bytes: mpsc::Receiver<Vec<u8>>| {
            let bytes = bytes.recv_timeout(end.saturating_duration_since(Instant::now()));
            bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        };
        let Some(answer) = text(answer).ok().filter(|_| in_time) else {
            return Err(format!("{} did not end within {} s", self.python.display(), self.timeout.as_secs()));
        };
        serde_json::from_str(&answer).map_err(|_| {
            let complaints = text(complaints).unwrap_or_default();
            let last =
                complaints.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it gave no answer");
            format!("{} failed: {last}", self.python.display())
        })
    }
}

/// Whether the process ends in time. What it started and left running is killed, as it could keep the answer open.
fn wait(child: &mut Child, end: Instant) -> io::Result<bool> {
    let mut in_time = false;
    while !in_time && Instant::now() < end {
        thread::sleep(Duration::from_millis(10));
        in_time = child.try_wait()?.is_some();
    }
    if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        let _ = kill_process_group(group, Signal::KILL);
    }
    child.wait()?;
    Ok(in_time)
}

/// Whether a process that this one starts can have no network.
pub fn can_hide_network() -> bool {
    thread::spawn(|| nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWNET).is_ok())
        .join()
        .unwrap_or(false)
}

/// Starts the process from a thread that has a network namespace of its own, if the kernel allows one.
fn without_network(mut command: Command) -> io::Result<Child> {
    let start = move || {
        let _ = nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWNET);
        command.spawn()
    };
    thread::spawn(start).join().unwrap_or_else(|_| Err(io::ErrorKind::Other.into()))
}

fn collect(stream: Option<impl Read + Send + 'static>) -> mpsc::Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(stream) = stream {
            let _ = stream.take(MOST_BYTES).read_to_end(&mut bytes);
        }
        let _ = sender.send(bytes);
    });
    receiver
}

/// What the shim is asked: the files to import, and the names to read.
fn question(py: &Path) -> io::Result<String> {
    let settings: Vec<&str> = Key::all().filter(|key| key.row().is_attribute).map(Key::name).collect();
    let flask = Key::all().filter_map(|key| key.row().flask).chain(["APPLICATION_ROOT"]);
    let globals: Vec<&str> = flask.collect();
    let whole = |path: &Path| std::path::absolute(path).map(|path| path.display().to_string());
    let (main, many) = main_files(py)?;
    let many =
        many.iter().map(|(name, directory)| Ok((name, whole(directory)?))).collect::<io::Result<Vec<_>>>()?;
    let mut question = json!({ "settings": settings, "globals": globals, "many": many });
    if let (Some(main), Some(map)) = (main, question.as_object_mut()) {
        map.insert("main".to_owned(), whole(&main)?.into());
    }
    Ok(question.to_string())
}
