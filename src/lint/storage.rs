//! Rules about the directories a farm names.

use std::path::PathBuf;

use super::Severity::{Error, Warning};
use super::rule::{Look, Rule, Sink};
use super::{Directory, Disk};
use crate::farm::{Farm, Key, Wiki};

const FAMILY: &str = "storage";

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "missing-directory",
        family: FAMILY,
        severity: Warning,
        title: "a directory that is not there",
        why: "Either the path is misspelt, and then sharing is predicted from a place where nothing lies, or the check \
              runs on another machine than the wikis (in CI, allow this rule).",
        bad: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org/"
            session_dir = "/srv/missing/sessions"
        "#,
        good: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org/"
            session_dir = "/srv/sessions"
        "#,
        cure: "Correct the path; relative paths start at the farm file's directory.",
        fixed: false,
        since: "0.1.0",
        look: Look::Disk(missing_directory),
    },
    Rule {
        name: "world-writable",
        family: FAMILY,
        severity: Error,
        title: "a directory that everybody on the machine can write into",
        why: "MoinMoin unpickles what lies in its session directory, and a pickle is a program: whoever can put a file \
              there runs code as the wiki. In the user directory it is enough to become any user.",
        bad: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org/"
            session_dir = "/srv/open/sessions"
        "#,
        good: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org/"
            session_dir = "/srv/sessions"
        "#,
        cure: "chmod o-w the directory; only the wiki's own user needs to write there.",
        fixed: false,
        since: "0.1.0",
        look: Look::Disk(world_writable),
    },
];

/// The directories of a wiki with the setting that named each, or from which it follows.
fn directories(wiki: &Wiki) -> Vec<(Key, PathBuf)> {
    let derived_from = |key: Key| {
        [key, Key::CacheDir, Key::DataDir]
            .into_iter()
            .find(|key| wiki.setting(*key).is_some())
            .unwrap_or(Key::DataDir)
    };
    let mut found = Vec::new();
    found.extend(wiki.data_dir().map(|path| (Key::DataDir, path)));
    if wiki.setting(Key::CacheDir).is_some() {
        found.extend(wiki.cache_dir().map(|path| (Key::CacheDir, path)));
    }
    found.extend(wiki.session_dir().map(|path| (derived_from(Key::SessionDir), path)));
    let user_key = if wiki.setting(Key::UserDir).is_some() { Key::UserDir } else { Key::DataDir };
    found.extend(wiki.user_dir().map(|path| (user_key, path)));
    found
}

/// The path that the farm file itself gives for `key`.
fn given(wiki: &Wiki, key: Key, path: &PathBuf) -> bool {
    match key {
        Key::DataDir => wiki.data_dir().as_ref() == Some(path),
        Key::CacheDir => wiki.setting(key).is_some() && wiki.cache_dir().as_ref() == Some(path),
        Key::SessionDir | Key::UserDir => wiki.setting(key).is_some(),
        _ => false,
    }
}

fn missing_directory(farm: &Farm, disk: &dyn Disk, sink: &mut Sink) {
    for wiki in &farm.wikis {
        for (key, path) in directories(wiki) {
            // What MoinMoin makes by itself below a given directory may well not be there yet.
            if !given(wiki, key, &path) {
                continue;
            }
            let why = match disk.directory(&path) {
                Ok(Directory { is_directory: true, .. }) => continue,
                Ok(_) => "is no directory".to_owned(),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => "does not exist".to_owned(),
                Err(error) => format!("can't be looked at: {error}"),
            };
            let message = format!("{} {} {why}", key.name(), path.display());
            sink.report(
                wiki,
                wiki.span_of(key),
                message,
                "relative paths start at the farm file's directory",
            );
        }
    }
}

fn world_writable(farm: &Farm, disk: &dyn Disk, sink: &mut Sink) {
    for wiki in &farm.wikis {
        for (key, path) in directories(wiki) {
            let Ok(directory) = disk.directory(&path) else { continue };
            if directory.is_directory && directory.mode & 0o002 != 0 {
                let message =
                    format!("{} is writable by everybody (mode {:04o})", path.display(), directory.mode);
                let help = if directory.mode & 0o1000 == 0 {
                    format!("run: chmod o-w {}", path.display())
                } else {
                    "it is everybody's on purpose: give the wiki a directory of its own".to_owned()
                };
                sink.report(wiki, wiki.span_of(key), message, help);
            }
        }
    }
}
