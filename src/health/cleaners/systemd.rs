//! Jobs of systemd: services that enabled timers start, or that start with the machine.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::cleaner::Cleaner;
use super::files::{files, read, shown};
use super::shell::of_command;

/// The directories of units; a unit in an earlier one hides the same name in a later one.
const DIRS: [&str; 5] = [
    "etc/systemd/system",
    "run/systemd/system",
    "usr/local/lib/systemd/system",
    "usr/lib/systemd/system",
    "lib/systemd/system",
];

/// The jobs of systemd below `root`.
pub(super) fn find(root: &Path) -> Vec<Cleaner> {
    let mut services = BTreeSet::new();
    for name in enabled(root) {
        match name.strip_suffix(".timer") {
            Some(stem) => {
                let unit = values(&unit(root, &name), "Timer", "Unit").pop();
                services.insert(unit.unwrap_or_else(|| format!("{stem}.service")));
            }
            None => drop(services.insert(name)),
        }
    }
    services.iter().flat_map(|name| service(root, name)).collect()
}

/// The names of timers and services that a target wants.
fn enabled(root: &Path) -> BTreeSet<String> {
    let dirs = DIRS.iter().flat_map(|dir| files(&root.join(dir)));
    let wants = dirs.filter(|dir| dir.extension().is_some_and(|end| end == "wants" || end == "requires"));
    let names = wants.flat_map(|dir| files(&dir));
    let names = names.filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()));
    names.filter(|name| name.ends_with(".timer") || name.ends_with(".service")).collect()
}

/// The files of a unit: its own, and its drop-ins.
fn unit(root: &Path, name: &str) -> Vec<PathBuf> {
    let template =
        name.split_once('@').and_then(|(stem, rest)| Some(format!("{stem}@.{}", rest.rsplit_once('.')?.1)));
    let names = [Some(name.to_owned()), template];
    let own = names.iter().flatten().flat_map(|name| DIRS.iter().map(move |dir| root.join(dir).join(name)));
    let own = own.into_iter().find(|path| fs::symlink_metadata(path).is_ok());
    let drop_ins = DIRS.iter().flat_map(|dir| files(&root.join(dir).join(format!("{name}.d"))));
    own.into_iter().chain(drop_ins).collect()
}

/// The jobs in a service.
fn service(root: &Path, name: &str) -> Vec<Cleaner> {
    let files = unit(root, name);
    let Some(file) = files.first().map(|path| shown(root, path)) else { return Vec::new() };
    let kinds = ["ExecStartPre", "ExecStart", "ExecStartPost", "ExecStop", "ExecStopPost"];
    let commands = kinds.iter().flat_map(|kind| values(&files, "Service", kind));
    let plain = |command: String| command.trim_start_matches(['@', '-', ':', '+', '!', '|']).to_owned();
    commands.flat_map(|command| of_command(&file, root, &plain(command))).collect()
}

/// The values of a key in a section. An empty value forgets the values before it.
fn values(files: &[PathBuf], section: &str, key: &str) -> Vec<String> {
    let mut values = Vec::new();
    let mut here = false;
    for file in files {
        let text = read(file).replace("\\\n", " ");
        for line in text.lines().map(str::trim).filter(|line| !line.starts_with(['#', ';'])) {
            if let Some(name) = line.strip_prefix('[') {
                here = name.trim_end_matches(']') == section;
            } else if let Some((_, value)) =
                line.split_once('=').filter(|(name, _)| here && name.trim() == key)
            {
                match value.trim() {
                    "" => values.clear(),
                    value => values.push(value.to_owned()),
                }
            }
        }
    }
    values
}
