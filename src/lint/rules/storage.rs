//! Rules about the directories a farm names.

use std::collections::HashMap;
use std::path::Path;

use crate::farm::{Key, Value, Wiki};
use crate::lint::disk::{Facts, Role, layout};
use crate::lint::finding::Severity::{Error, Note, Warning};
use crate::lint::rule::{Look, Rule, Sink, rule};
use crate::moin::Behaviour;

const FAMILY: &str = "storage";

pub(super) const RULES: &[Rule] = &[
    rule!("missing-directory", FAMILY, Warning, Look::Disk(missing_directory)),
    rule!("in-web-root", FAMILY, Warning, Look::Paths(in_web_root)),
    rule!("session-in-tmp", FAMILY, Warning, Look::Paths(session_in_tmp)),
    rule!("session-in-memory", FAMILY, Warning, Look::Disk(session_in_memory)),
    rule!("foreign-files", FAMILY, Warning, Look::Disk(foreign_files)),
    rule!("session-dir-overlaps", FAMILY, Error, Look::Wiki(session_dir_overlaps)),
    rule!("unknown-session-dir", FAMILY, Note, Look::Wiki(unknown_session_dir)),
];

fn missing_directory(facts: &Facts<'_>, sink: &mut Sink) {
    // What MoinMoin makes by itself below a given directory may well not be there yet.
    for (wiki, place) in facts.places().filter(|(_, place)| place.given) {
        let why = match facts.look(&place.path) {
            None => continue,
            Some(Ok(found)) if found.is_directory => continue,
            Some(Ok(_)) => "is no directory".to_owned(),
            Some(Err(error)) if error.kind() == std::io::ErrorKind::NotFound => "does not exist".to_owned(),
            Some(Err(error)) => format!("can't be looked at: {error}"),
        };
        let message = format!("{} {} {why}", place.key.name(), place.path.display());
        let help = "relative paths start at the farm file's directory";
        sink.report(wiki, wiki.span_of(place.key), message, help);
    }
}

/// Whether web servers usually show what lies at `path`.
fn is_web_root(path: &Path) -> bool {
    const ROOTS: [&str; 5] = ["/var/www", "/srv/www", "/srv/http", "/usr/share/nginx", "/usr/share/httpd"];
    const NAMES: [&str; 3] = ["htdocs", "public_html", "wwwroot"];
    ROOTS.iter().any(|root| path.starts_with(root))
        || path.components().any(|part| NAMES.iter().any(|name| part.as_os_str() == *name))
}

fn in_web_root(facts: &Facts<'_>, sink: &mut Sink) {
    for (wiki, place) in facts.places() {
        let what = match place.role {
            Role::Sessions => "sessions",
            Role::Users => "users",
            Role::Data | Role::Cache => continue,
        };
        if is_web_root(&place.path) {
            let message = format!("{what} lie in {}, which a web server usually shows", place.path.display());
            sink.report(wiki, wiki.span_of(place.key), message, "move them below /var/lib or /srv");
        }
    }
}

fn session_in_tmp(facts: &Facts<'_>, sink: &mut Sink) {
    for (wiki, place) in facts.sessions() {
        // A farm that lies there as a whole is a trial.
        let absolute = wiki.value(place.key).and_then(Value::path).is_some_and(Path::is_absolute);
        if absolute && ["/tmp", "/var/tmp", "/dev/shm"].iter().any(|tmp| place.path.starts_with(tmp)) {
            let message = format!("sessions lie in {}, which others clean and may own", place.path.display());
            sink.report(wiki, wiki.span_of(place.key), message, "move them below /var/lib or /srv");
        }
    }
}

fn session_in_memory(facts: &Facts<'_>, sink: &mut Sink) {
    // A farm that lies there as a whole is a trial.
    let base = facts.directory(&facts.farm.base()).map(|base| base.device);
    let mut by_device: HashMap<u64, bool> = HashMap::new();
    for (wiki, place) in facts.sessions() {
        let Some(found) = facts.directory(&place.path).filter(|found| Some(found.device) != base) else {
            continue;
        };
        if *by_device.entry(found.device).or_insert_with(|| facts.disk.in_memory(&place.path)) {
            let message = format!("{} is kept in memory: a restart logs everybody out", place.path.display());
            sink.report(wiki, wiki.span_of(place.key), message, "move it to a disk");
        }
    }
}

fn foreign_files(facts: &Facts<'_>, sink: &mut Sink) {
    for (wiki, place) in facts.sessions().filter(|(_, place)| facts.directory(&place.path).is_some()) {
        let foreign = facts.entries(&place.path, layout(wiki)).and_then(|entries| entries.foreign);
        if let Some(name) = foreign {
            let path = place.path.display();
            let message = format!("{path} holds what is no session of MoinMoin, like {name:?}");
            let help = "give sessions a directory of their own; `session verify` lists what is there";
            sink.report(wiki, wiki.span_of(place.key), message, help);
        }
    }
}

fn session_dir_overlaps(wiki: &Wiki, sink: &mut Sink) {
    let Some(sessions) = wiki.session_dir() else { return };
    for (key, path) in [(Key::DataDir, wiki.data_dir()), (Key::UserDir, wiki.user_dir())] {
        let Some(path) = path.filter(|path| path.starts_with(&sessions)) else { continue };
        let (what, place) = (key.name(), sessions.display());
        let message = if path == sessions {
            format!("{place} is the {what} too: sessions need a directory of their own")
        } else {
            format!("{place} holds the {what} {}: sessions need a directory of their own", path.display())
        };
        sink.report(wiki, wiki.span_of(Key::SessionDir), message, "name a directory that holds nothing else");
        return;
    }
}

fn unknown_session_dir(wiki: &Wiki, sink: &mut Sink) {
    let keeps_files = wiki.version().behaviour() < Behaviour::V2 && wiki.custom_handler().is_none();
    if keeps_files && wiki.session_dir().is_none() && wiki.session_store().is_none() {
        let message = format!("nothing says where the sessions of the wiki {:?} lie", wiki.name);
        sink.report(wiki, wiki.span.clone(), message, "add its data_dir");
    }
}
