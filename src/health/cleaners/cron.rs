//! Jobs of cron and anacron.

use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, AtFlags, CWD, accessat};
use rustix::io::Errno;

use super::cleaner::{Cleaner, Does};
use super::files::{files, read, shown};
use super::shell::of_command;

/// How the lines of a crontab begin.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A time and a user: `/etc/crontab`, `/etc/cron.d`.
    System,
    /// A time: a user's crontab.
    User,
    /// Days, minutes, and a name.
    Anacron,
}

/// The directories of crontabs.
const TABLES: [(&str, Kind); 3] =
    [("etc/cron.d", Kind::System), ("var/spool/cron", Kind::User), ("var/spool/cron/crontabs", Kind::User)];

/// The directories of scripts. Cron runs the executable ones.
const SCRIPTS: [&str; 4] = ["etc/cron.hourly", "etc/cron.daily", "etc/cron.weekly", "etc/cron.monthly"];

/// The jobs of cron and anacron below `root`.
pub(super) fn find(root: &Path) -> Vec<Cleaner> {
    let mut all = crontab(root, &root.join("etc/crontab"), Kind::System);
    all.extend(crontab(root, &root.join("etc/anacrontab"), Kind::Anacron));
    for (dir, kind) in TABLES {
        let tables = files(&root.join(dir));
        all.extend(tables.iter().flat_map(|table| crontab(root, table, kind)));
    }
    for dir in SCRIPTS {
        let mut scripts = files(&root.join(dir));
        scripts.retain(|script| script.metadata().is_ok_and(|stat| stat.mode() & 0o111 != 0));
        all.extend(scripts.iter().flat_map(|script| of_command(&shown(root, script), root, &read(script))));
    }
    all.extend(unread(root));
    all
}

/// The files and directories of jobs that this process can't read.
fn unread(root: &Path) -> impl Iterator<Item = Cleaner> {
    let dirs = TABLES.iter().map(|(dir, _)| *dir).chain(SCRIPTS).map(|dir| root.join(dir));
    let within = dirs.clone().flat_map(|dir| files(&dir));
    let own = ["etc/crontab", "etc/anacrontab"].map(|file| root.join(file));
    let is_unread = |path: &PathBuf| {
        accessat(CWD, path, Access::READ_OK, AtFlags::EACCESS).is_err_and(|error| error == Errno::ACCESS)
    };
    let paths: BTreeSet<PathBuf> = own.into_iter().chain(dirs).chain(within).filter(is_unread).collect();
    paths.into_iter().map(|path| Cleaner { file: shown(root, &path), does: Does::Unread })
}

/// The jobs of one crontab. Its variables are those of each command.
fn crontab(root: &Path, path: &Path, kind: Kind) -> Vec<Cleaner> {
    let mut variables = String::new();
    let mut all = Vec::new();
    for line in read(path).lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match command(line, kind) {
            Some(command) => {
                let text = format!("{variables}{}", unescape(command));
                all.extend(of_command(&shown(root, path), root, &text));
            }
            None => variables.push_str(&format!("{}\n", line.replace(" = ", "="))),
        }
    }
    all
}

/// The command of a line; `None` for a variable.
fn command(line: &str, kind: Kind) -> Option<&str> {
    let first = line.split_whitespace().next()?;
    if line.split('=').next().is_some_and(|name| name.trim().chars().all(|c| c.is_alphanumeric() || c == '_'))
    {
        return None;
    }
    let times = match kind {
        Kind::Anacron => 3,
        _ if first.starts_with('@') => 1,
        _ => 5,
    };
    let skipped = times + usize::from(kind == Kind::System);
    let mut rest = line;
    for _ in 0..skipped {
        rest = rest.trim_start();
        rest = rest.get(rest.find(char::is_whitespace)?..)?;
    }
    Some(rest.trim_start())
}

/// The command without what cron gives to its standard input: the text after `%`.
fn unescape(command: &str) -> String {
    let kept = command.replace("\\%", "\u{0}");
    kept.split('%').next().unwrap_or_default().replace('\u{0}', "%")
}
