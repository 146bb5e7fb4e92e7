//! Jobs of this machine that remove sessions: cron, anacron, systemd timers, tmpfiles.d, and the scripts that they run.
//!
//! [`find`] reads the files of jobs below a directory, and [`of_command`] reads one shell command. Both run nothing. A command
//! that this reader does not understand completely is `unsure`: it counts as a job that may clean, and never as one that
//! deletes logins.
//!
//! Source: crontab(5), anacrontab(5), systemd.service(5), systemd.timer(5), tmpfiles.d(5), find(1), tmpreaper(8), tmpwatch(8).

mod age;
mod cleaner;
mod command;
mod cron;
mod delete;
mod files;
mod pattern;
mod shell;
mod systemd;
mod tmpfiles;

use std::path::Path;

pub use cleaner::{Cleaner, Deletion, Does};
pub use pattern::Target;
pub use shell::of_command;

/// The jobs in the files below `root`, the root directory of a machine or a container.
pub fn find(root: &Path) -> Vec<Cleaner> {
    let mut all = cron::find(root);
    all.extend(systemd::find(root));
    all.extend(tmpfiles::find(root));
    all.dedup();
    all
}

#[cfg(test)]
mod tests;
