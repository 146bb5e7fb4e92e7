//! Rules about who may do what in the wikis' directories.

use crate::lint::disk::{Facts, Role};
use crate::lint::finding::Severity::{Error, Warning};
use crate::lint::rule::{Look, Rule, Sink, rule};

const FAMILY: &str = "permissions";

pub(super) const RULES: &[Rule] = &[
    rule!("world-writable", FAMILY, Error, Look::Disk(world_writable)),
    rule!("listable-sessions", FAMILY, Warning, Look::Disk(listable_sessions)),
    rule!("writable-parent", FAMILY, Error, Look::Disk(writable_parent)),
    rule!("owners-differ", FAMILY, Warning, Look::Disk(owners_differ)),
];

fn world_writable(facts: &Facts<'_>, sink: &mut Sink) {
    for (wiki, place) in facts.places() {
        let Some(directory) = facts.directory(&place.path).filter(|found| found.mode & 0o002 != 0) else {
            continue;
        };
        let path = place.path.display();
        let message = format!("{path} is writable by everybody (mode {:04o})", directory.mode);
        let help = if directory.mode & 0o1000 == 0 {
            format!("run: chmod o-w {path}")
        } else {
            "it is everybody's on purpose: give the wiki a directory of its own".to_owned()
        };
        sink.report(wiki, wiki.span_of(place.key), message, help);
    }
}

fn listable_sessions(facts: &Facts<'_>, sink: &mut Sink) {
    for (wiki, place) in facts.sessions() {
        let Some(directory) = facts.directory(&place.path).filter(|found| found.mode & 0o004 != 0) else {
            continue;
        };
        let path = place.path.display();
        let message = format!("everybody can list the sessions in {path} (mode {:04o})", directory.mode);
        let help = format!("each name is a login; run: chmod o-rx {path}");
        sink.report(wiki, wiki.span_of(place.key), message, help);
    }
}

fn writable_parent(facts: &Facts<'_>, sink: &mut Sink) {
    for (wiki, place) in facts.places() {
        if let Some((path, above)) = facts.replaceable(&place.path) {
            let message = format!("everybody can put another directory in place of {}", path.display());
            sink.report(
                wiki,
                wiki.span_of(place.key),
                message,
                format!("run: chmod o-w {}", above.display()),
            );
        }
    }
}

fn owners_differ(facts: &Facts<'_>, sink: &mut Sink) {
    for (wiki, places) in &facts.wikis {
        let of = |role| places.iter().find(|place| place.role == role);
        let (Some(sessions), Some(users)) = (of(Role::Sessions), of(Role::Users)) else { continue };
        let (Some(a), Some(b)) = (facts.directory(&sessions.path), facts.directory(&users.path)) else {
            continue;
        };
        // Where a group may write, the owner decides nothing.
        if a.owner == b.owner || (a.mode | b.mode) & 0o020 != 0 {
            continue;
        }
        let message = format!(
            "{} belongs to user {}, {} to user {}",
            sessions.path.display(),
            a.owner,
            users.path.display(),
            b.owner
        );
        let help = "chown both to the user that the wiki runs as";
        sink.report(wiki, wiki.span_of(sessions.key), message, help);
    }
}
