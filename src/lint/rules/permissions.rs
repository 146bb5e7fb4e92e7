//! Rules about who may do what in the wikis' directories.

use crate::lint::disk::{Facts, Role};
use crate::lint::finding::Severity::{Error, Warning};
use crate::lint::rule::{Look, Rule, Sink};

const FAMILY: &str = "permissions";

pub(super) const RULES: &[Rule] = &[
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
        fix: None,
        fixed: false,
        since: "0.1.0",
        look: Look::Disk(world_writable),
    },
    Rule {
        name: "listable-sessions",
        family: FAMILY,
        severity: Warning,
        title: "a session directory whose names everybody on the machine can read",
        why: "The name of a session file is the login itself: whoever lists the directory can send a name as his cookie \
              and is that user, without opening a file.",
        bad: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org/"
            session_dir = "/srv/listable/sessions"
        "#,
        good: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org/"
            session_dir = "/srv/sessions"
        "#,
        cure: "chmod o-rx the directory.",
        fix: None,
        fixed: false,
        since: "0.1.0",
        look: Look::Disk(listable_sessions),
    },
    Rule {
        name: "writable-parent",
        family: FAMILY,
        severity: Error,
        title: "a directory that everybody on the machine can put another in place of",
        why: "Who may write into the directory above can rename the wiki's directory away and put one of his own there, \
              with sessions that run his code.",
        bad: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org/"
            session_dir = "/srv/everybodys/sessions"
        "#,
        good: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org/"
            session_dir = "/srv/sessions"
        "#,
        cure: "chmod o-w the directory above, or move the wiki's out of it.",
        fix: None,
        fixed: false,
        since: "0.1.0",
        look: Look::Disk(writable_parent),
    },
    Rule {
        name: "owners-differ",
        family: FAMILY,
        severity: Warning,
        title: "a session directory that belongs to another user than the wiki's users",
        why: "A wiki runs as one user. Where he can't write sessions nobody stays logged in; where a stranger owns them \
              he can put code there that the wiki runs.",
        bad: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org/"
            user_dir = "/srv/users"
            session_dir = "/srv/strangers/sessions"
        "#,
        good: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org/"
            user_dir = "/srv/users"
            session_dir = "/srv/sessions"
        "#,
        cure: "chown both to the user that the wiki runs as.",
        fix: None,
        fixed: false,
        since: "0.1.0",
        look: Look::Disk(owners_differ),
    },
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
