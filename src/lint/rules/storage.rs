//! Rules about the directories of a wiki.

use std::collections::HashMap;
use std::path::Path;

use crate::farm::{Key, Value, Wiki};
use crate::health::Kind;
use crate::lint::disk::{Facts, Role, layout};
use crate::lint::finding::Severity::{Error, Note, Warning};
use crate::lint::rule::{Look, Rule, Sink, rule};
use crate::moin::Behavior;

const FAMILY: &str = "storage";

pub(super) const RULES: &[Rule] = &[
    rule!("missing-directory", FAMILY, Warning, Look::Disk(missing_directory)),
    rule!("in-web-root", FAMILY, Warning, Look::Paths(in_web_root)),
    rule!("session-in-tmp", FAMILY, Warning, Look::Paths(session_in_tmp)),
    rule!("session-in-memory", FAMILY, Warning, Look::Disk(session_in_memory)),
    rule!("read-only-sessions", FAMILY, Error, Look::Disk(|f, s| trouble(f, s, Kind::ReadOnly))),
    rule!("disk-full", FAMILY, Error, Look::Disk(|f, s| trouble(f, s, Kind::Full))),
    rule!("unwritable-sessions", FAMILY, Error, Look::Disk(|f, s| trouble(f, s, Kind::Unwritable))),
    rule!("access-denied", FAMILY, Error, Look::Disk(|f, s| trouble(f, s, Kind::Denied))),
    rule!("readable-sessions", FAMILY, Warning, Look::Disk(|f, s| trouble(f, s, Kind::Readable))),
    rule!("clock-behind", FAMILY, Warning, Look::Disk(|f, s| trouble(f, s, Kind::ClockBehind))),
    rule!("disk-nearly-full", FAMILY, Note, Look::Disk(|f, s| trouble(f, s, Kind::NearlyFull))),
    rule!("session-on-network", FAMILY, Note, Look::Disk(|f, s| trouble(f, s, Kind::OnNetwork))),
    rule!("foreign-files", FAMILY, Warning, Look::Disk(foreign_files)),
    rule!("session-dir-overlaps", FAMILY, Error, Look::Wiki(session_dir_overlaps)),
    rule!("unknown-session-dir", FAMILY, Note, Look::Wiki(unknown_session_dir)),
];

fn missing_directory(facts: &Facts<'_>, sink: &mut Sink) {
    // MoinMoin creates the other directories itself.
    for (wiki, dir) in facts.directories().filter(|(_, dir)| dir.given) {
        let (key, path) = (dir.key, dir.path.display());
        let why = match facts.look(&dir.path) {
            None => continue,
            Some(Ok(found)) if found.is_directory => continue,
            Some(Ok(_)) => "is not a directory",
            Some(Err(error)) if error.kind() == std::io::ErrorKind::NotFound => "does not exist",
            Some(Err(error)) => {
                // The wiki runs as another user, who can perhaps read the directory.
                let message = format!("{} {path} can't be read: {}", key.name(), crate::sys::why(error));
                sink.report(wiki, wiki.span_of(key), message, "check the path, or run wikifarm as root");
                continue;
            }
        };
        let message = format!("{} {path} {why}", key.name());
        let help = match is_absolute(wiki, key) {
            true => "create the directory, or correct the path",
            false => {
                "create the directory, or correct the path: relative paths start at the directory of the farm file"
            }
        };
        sink.report_missing(wiki, key, message, help);
    }
}

/// Whether the farm file has the directory as an absolute path.
fn is_absolute(wiki: &Wiki, key: Key) -> bool {
    let written = wiki.value(key).and_then(|value| match value {
        Value::Store { location, .. } => location.directory(),
        value => value.path(),
    });
    written.is_some_and(Path::is_absolute)
}

/// Whether web servers usually serve the files below `path`.
fn is_web_root(path: &Path) -> bool {
    const ROOTS: [&str; 5] = ["/var/www", "/srv/www", "/srv/http", "/usr/share/nginx", "/usr/share/httpd"];
    const NAMES: [&str; 3] = ["htdocs", "public_html", "wwwroot"];
    ROOTS.iter().any(|root| path.starts_with(root))
        || path.components().any(|part| NAMES.iter().any(|name| part.as_os_str() == *name))
}

fn in_web_root(facts: &Facts<'_>, sink: &mut Sink) {
    for (wiki, dir) in facts.directories() {
        let what = match dir.role {
            Role::Sessions => "sessions",
            Role::Users => "users",
            Role::Data | Role::Cache => continue,
        };
        if is_web_root(&dir.path) {
            let message = format!("{what} are in {}, which web servers usually serve", dir.path.display());
            sink.report(wiki, wiki.span_of(dir.key), message, "move the directory below /var/lib or /srv");
        }
    }
}

fn session_in_tmp(facts: &Facts<'_>, sink: &mut Sink) {
    for (wiki, dir) in facts.sessions() {
        // A farm that is in /tmp as a whole is a test.
        if is_absolute(wiki, dir.key)
            && ["/tmp", "/var/tmp", "/dev/shm"].iter().any(|tmp| dir.path.starts_with(tmp))
        {
            let message = format!(
                "sessions are in {}: other programs delete files there, and other users may own it",
                dir.path.display()
            );
            sink.report(wiki, wiki.span_of(dir.key), message, "move the directory below /var/lib or /srv");
        }
    }
}

fn session_in_memory(facts: &Facts<'_>, sink: &mut Sink) {
    // A farm that is in memory as a whole is a test.
    let base = facts.directory(&facts.farm.base()).map(|base| base.device);
    let mut by_device: HashMap<u64, bool> = HashMap::new();
    for (wiki, dir) in facts.sessions() {
        let Some(found) = facts.directory(&dir.path).filter(|found| Some(found.device) != base) else {
            continue;
        };
        if *by_device.entry(found.device).or_insert_with(|| facts.disk.in_memory(&dir.path)) {
            let message = format!("a restart logs everybody out: {} is kept in memory", dir.path.display());
            sink.report(wiki, wiki.span_of(dir.key), message, "move the directory to a disk");
        }
    }
}

/// Reports what keeps wikis from saving sessions.
fn trouble(facts: &Facts<'_>, sink: &mut Sink, kind: Kind) {
    for (wiki, dir) in facts.sessions() {
        for trouble in facts.troubles(&dir.path).iter().filter(|trouble| trouble.kind == kind) {
            sink.report(wiki, wiki.span_of(dir.key), trouble.message.clone(), trouble.help.clone());
        }
    }
}

fn foreign_files(facts: &Facts<'_>, sink: &mut Sink) {
    for (wiki, dir) in facts.sessions().filter(|(_, dir)| facts.directory(&dir.path).is_some()) {
        let foreign = facts.entries(&dir.path, layout(wiki)).and_then(|entries| entries.foreign);
        if let Some(name) = foreign {
            let path = dir.path.display();
            let message = format!(
                "session directory `{path}` contains files that are not MoinMoin sessions, such as {name:?}"
            );
            let help =
                "give the sessions their own directory; `wikifarm session verify` lists the other files";
            sink.report(wiki, wiki.span_of(dir.key), message, help);
        }
    }
}

fn session_dir_overlaps(wiki: &Wiki, sink: &mut Sink) {
    let Some(sessions) = wiki.session_dir() else { return };
    for (key, path) in [(Key::DataDir, wiki.data_dir()), (Key::UserDir, wiki.user_dir())] {
        let Some(path) = path.filter(|path| path.starts_with(&sessions)) else { continue };
        let (what, sessions_in) = (key.name(), sessions.display());
        let message = if path == sessions {
            format!("the session directory {sessions_in} is also the {what}")
        } else {
            format!("the session directory {sessions_in} contains the {what} {}", path.display())
        };
        let help = "set session_dir to a directory that contains nothing else";
        sink.report(wiki, wiki.span_of(wiki.sessions_key()), message, help);
        return;
    }
}

fn unknown_session_dir(wiki: &Wiki, sink: &mut Sink) {
    let keeps_files = wiki.version().behavior() < Behavior::V2 && wiki.custom_handler().is_none();
    if keeps_files && wiki.session_dir().is_none() && wiki.session_store().is_none() {
        let message = "the location of the sessions is unknown: there is no data_dir".to_owned();
        sink.report(wiki, wiki.span.clone(), message, "add the data_dir of the wiki");
    }
}
