//! Rules about the permissions of the wikis' directories.

use crate::lint::disk::{Facts, Role};
use crate::lint::finding::Severity::{Error, Warning};
use crate::lint::rule::{Look, Rule, Sink, rule};
use crate::text::shell_path;

const FAMILY: &str = "permissions";

pub(super) const RULES: &[Rule] = &[
    rule!("world-writable", FAMILY, Error, Look::Disk(world_writable)),
    rule!("listable-sessions", FAMILY, Warning, Look::Disk(listable_sessions)),
    rule!("writable-parent", FAMILY, Error, Look::Disk(writable_parent)),
    rule!("owners-differ", FAMILY, Warning, Look::Disk(owners_differ)),
];

fn world_writable(facts: &Facts<'_>, sink: &mut Sink) {
    for (wiki, dir) in facts.directories() {
        let Some(directory) = facts.directory(&dir.path).filter(|found| found.mode & 0o002 != 0) else {
            continue;
        };
        let path = dir.path.display();
        let message = format!("{path} is writable by every local user (mode {:04o})", directory.mode);
        let help = if directory.mode & 0o1000 == 0 {
            format!("run `chmod o-w {}`", shell_path(&dir.path))
        } else {
            "give the wiki its own directory: this one is shared by all users".to_owned()
        };
        sink.report(wiki, wiki.span_of(dir.key), message, help);
    }
}

fn listable_sessions(facts: &Facts<'_>, sink: &mut Sink) {
    for (wiki, dir) in facts.sessions() {
        let Some(directory) = facts.directory(&dir.path).filter(|found| found.mode & 0o004 != 0) else {
            continue;
        };
        let path = dir.path.display();
        let message = format!(
            "session directory `{path}` is listable by every local user (mode {:04o})",
            directory.mode
        );
        let help = format!(
            "run `chmod o-rx {}`: each file name is the value of a login cookie",
            shell_path(&dir.path)
        );
        sink.report(wiki, wiki.span_of(dir.key), message, help);
    }
}

fn writable_parent(facts: &Facts<'_>, sink: &mut Sink) {
    for (wiki, dir) in facts.directories() {
        if let Some((path, above)) = facts.replaceable(&dir.path) {
            let help = format!("run `chmod o-w {}`", shell_path(above));
            let (path, above) = (path.display(), above.display());
            let message = format!("every local user can replace {path}: {above} is writable by everybody");
            sink.report(wiki, wiki.span_of(dir.key), message, help);
        }
    }
}

fn owners_differ(facts: &Facts<'_>, sink: &mut Sink) {
    for (wiki, dirs) in &facts.wikis {
        let of = |role| dirs.iter().find(|dir| dir.role == role);
        let (Some(sessions), Some(users)) = (of(Role::Sessions), of(Role::Users)) else { continue };
        let (Some(a), Some(b)) = (facts.directory(&sessions.path), facts.directory(&users.path)) else {
            continue;
        };
        // If the group can write, the owner does not matter.
        if a.owner == b.owner || (a.mode | b.mode) & 0o020 != 0 {
            continue;
        }
        let message = format!(
            "{} belongs to user {}, but {} to user {}",
            sessions.path.display(),
            a.owner,
            users.path.display(),
            b.owner
        );
        let help = "change the owner of both directories to the user that runs the wiki, with chown";
        sink.report(wiki, wiki.span_of(sessions.key), message, help);
    }
}
