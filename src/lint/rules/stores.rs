//! Rules about directories that several wikis have.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::farm::{Farm, Key, Value, Wiki};
use crate::lint::finding::Severity::{Error, Warning};
use crate::lint::rule::{Look, Rule, Sink};
use crate::moin::Behaviour;

const FAMILY: &str = "storage";

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "shared-data-dir",
        family: FAMILY,
        severity: Warning,
        title: "two wikis with one data_dir",
        why: "Two wikis that write the same pages lock and cache each by itself, and lose edits. One wiki with two \
              addresses is one wiki with an alias.",
        bad: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org/"
            data_dir = "data"
            [wikis.two]
            url = "https://two.example.org/"
            data_dir = "data"
        "#,
        good: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org/"
            aliases = ["https://two.example.org/"]
            data_dir = "data"
        "#,
        cure: "Give each wiki its own data_dir, or make one an alias of the other.",
        fix: None,
        fixed: false,
        since: "0.1.0",
        look: Look::Farm(shared_data_dir),
    },
    Rule {
        name: "first-request-store",
        family: FAMILY,
        severity: Warning,
        title: "wikis of 1.9.0 with different session directories",
        why: "In 1.9.0 all wikis of one process use the session directory of whichever wiki was asked first: after a \
              restart sessions may be looked for in another wiki's directory.",
        bad: r#"
            moin = "1.9.0"
            [wikis.one]
            url = "https://one.example.org/"
            session_dir = "one/sessions"
            [wikis.two]
            url = "https://two.example.org/"
            session_dir = "two/sessions"
        "#,
        good: r#"
            moin = "1.9.0"
            [farm]
            session_dir = "sessions"
            [wikis.one]
            url = "https://one.example.org/one"
            cookie_path = "/one"
            [wikis.two]
            url = "https://two.example.org/two"
            cookie_path = "/two"
        "#,
        cure: "Give them one session_dir, run each in a process of its own, or upgrade.",
        fix: None,
        fixed: false,
        since: "0.1.0",
        look: Look::Farm(first_request_store),
    },
    Rule {
        name: "torn-writes",
        family: FAMILY,
        severity: Warning,
        title: "wikis that share sessions with one that writes them in place",
        why: "1.9.0 and 1.9.1 truncate a session's file and write it anew. Another wiki that reads it meanwhile finds \
              half a session: its request fails, or the user is anonymous.",
        bad: r#"
            moin = "1.9.1"
            [farm]
            session_dir = "sessions"
            user_dir = "users"
            cookie_domain = ".example.org"
            cookie_name = "lab"
            [wikis.one]
            url = "https://one.example.org/"
            [wikis.two]
            url = "https://two.example.org/"
        "#,
        good: r#"
            moin = "1.9.11"
            [farm]
            session_dir = "sessions"
            user_dir = "users"
            cookie_domain = ".example.org"
            cookie_name = "lab"
            [wikis.one]
            url = "https://one.example.org/"
            [wikis.two]
            url = "https://two.example.org/"
        "#,
        cure: "Upgrade to 1.9.2 or later, which renames a finished file over the old one.",
        fix: None,
        fixed: false,
        since: "0.1.0",
        look: Look::Farm(torn_writes),
    },
    Rule {
        name: "mixed-store",
        family: FAMILY,
        severity: Warning,
        title: "wikis whose versions keep sessions differently, in one directory",
        why: "1.7 and 1.8 name sessions otherwise than 1.9, 1.9.0 never writes when one expires, and 1.9.1 writes it \
              otherwise than later ones. In one directory nobody can tell whose a session is, and what cleans up for the \
              one removes live sessions of the other.",
        bad: r#"
            [farm]
            session_dir = "sessions"
            [wikis.one]
            moin = "1.9.11"
            url = "https://one.example.org/"
            [wikis.two]
            moin = "1.9.0"
            url = "https://two.example.org/"
        "#,
        good: r#"
            [farm]
            session_dir = "sessions"
            [wikis.one]
            moin = "1.9.11"
            url = "https://one.example.org/"
            [wikis.two]
            moin = "1.9.8"
            url = "https://two.example.org/"
        "#,
        cure: "Upgrade them together, or give each version its own directory.",
        fix: None,
        fixed: false,
        since: "0.1.0",
        look: Look::Farm(mixed_store),
    },
    Rule {
        name: "store-of-other-version",
        family: FAMILY,
        severity: Error,
        title: "a session_store in the layout of another version",
        why: "A wiki writes sessions in its own layout, whatever the farm file says: prune and verify would judge them by \
              the rules of the other.",
        bad: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org/"
            session_store = "moin-1.8:/srv/sessions"
        "#,
        good: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org/"
            session_store = "moin-1.9:/srv/sessions"
        "#,
        cure: "Write the layout of the version that the wiki runs, or leave session_store out.",
        fix: None,
        fixed: false,
        since: "0.1.0",
        look: Look::Wiki(store_of_other_version),
    },
    Rule {
        name: "two-session-places",
        family: FAMILY,
        severity: Warning,
        title: "a session_store and a session_dir that name different places",
        why: "MoinMoin knows session_dir alone; wikifarm goes by session_store. One of the two is not where the sessions \
              are.",
        bad: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org/"
            session_dir = "/srv/sessions"
            session_store = "moin-1.9:/srv/other"
        "#,
        good: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org/"
            session_dir = "/srv/sessions"
        "#,
        cure: "Keep the one that is right.",
        fix: None,
        fixed: false,
        since: "0.1.0",
        look: Look::Wiki(two_session_places),
    },
];

/// The wikis by the directory that `of` gives, where several have one.
fn together(farm: &Farm, of: impl Fn(&Wiki) -> Option<PathBuf>) -> Vec<Vec<&Wiki>> {
    let mut by_path: HashMap<PathBuf, usize> = HashMap::new();
    let mut groups: Vec<Vec<&Wiki>> = Vec::new();
    for wiki in &farm.wikis {
        let Some(path) = of(wiki) else { continue };
        let position = *by_path.entry(path).or_insert_with(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        if let Some(group) = groups.get_mut(position) {
            group.push(wiki);
        }
    }
    groups.retain(|group| group.len() > 1);
    groups
}

fn shared_data_dir(farm: &Farm, sink: &mut Sink) {
    for group in together(farm, Wiki::data_dir) {
        let Some((first, rest)) = group.split_first() else { continue };
        for wiki in rest {
            let message = format!("the wikis {:?} and {:?} have one data_dir", first.name, wiki.name);
            let help = "give each its own, or make one an alias of the other";
            sink.report(wiki, wiki.span_of(Key::DataDir), message, help);
        }
    }
}

fn first_request_store(farm: &Farm, sink: &mut Sink) {
    // A session service of its own does not keep the first request's directory.
    let in_database = |wiki: &Wiki| wiki.session_store().is_some_and(|store| store.dir().is_none());
    let mut wikis = farm
        .wikis
        .iter()
        .filter(|wiki| wiki.version().behaviour() == Behaviour::V1_9_0 && !in_database(wiki));
    let Some(first) = wikis.next() else { return };
    let place = first.session_dir();
    for wiki in wikis.filter(|wiki| wiki.session_dir() != place) {
        let message = format!(
            "1.9.0 keeps the sessions of {:?} where those of {:?} are, if that is asked first in one process",
            wiki.name, first.name
        );
        let help = "give them one session_dir, run each in its own process, or upgrade";
        sink.report(wiki, wiki.span_of(Key::SessionDir), message, help);
    }
}

fn torn_writes(farm: &Farm, sink: &mut Sink) {
    for group in together(farm, Wiki::session_dir) {
        let in_place =
            |wiki: &&&Wiki| matches!(wiki.version().behaviour(), Behaviour::V1_9_0 | Behaviour::V1_9_1);
        for wiki in group.iter().filter(in_place) {
            let message = format!(
                "MoinMoin {} writes sessions in place, and other wikis read them meanwhile",
                wiki.version().resolved()
            );
            sink.report(wiki, wiki.span_of(Key::Moin), message, "upgrade to 1.9.2 or later");
        }
    }
}

/// How a version keeps a session; alike for versions that can share a directory.
fn manner(wiki: &Wiki) -> Option<&'static str> {
    match wiki.version().behaviour() {
        Behaviour::V1_7_0 | Behaviour::V1_7_3 | Behaviour::V1_8 => Some("1.7 and 1.8"),
        Behaviour::V1_9_0 => Some("1.9.0"),
        Behaviour::V1_9_1 => Some("1.9.1"),
        Behaviour::V2 => None,
        _ => Some("1.9.2 and later"),
    }
}

fn mixed_store(farm: &Farm, sink: &mut Sink) {
    for group in together(farm, Wiki::session_dir) {
        let mut wikis = group.iter().filter(|wiki| wiki.custom_handler().is_none());
        let Some(first) = wikis.find(|wiki| manner(wiki).is_some()) else { continue };
        for wiki in wikis.filter(|wiki| manner(wiki).is_some() && manner(wiki) != manner(first)) {
            let (a, b) = (manner(first).unwrap_or_default(), manner(wiki).unwrap_or_default());
            let message = format!(
                "{:?} and {:?} have one session directory, and {a} keep sessions otherwise than {b}",
                first.name, wiki.name
            );
            let help = "upgrade them together, or give each version its own directory";
            sink.report(wiki, wiki.span_of(Key::Moin), message, help);
        }
    }
}

fn store_of_other_version(wiki: &Wiki, sink: &mut Sink) {
    let Some(address) = wiki.text(Key::SessionStore) else { return };
    let wanted = match wiki.version().behaviour() {
        Behaviour::V2 => return,
        behaviour if behaviour < Behaviour::V1_9_0 => "moin-1.8:",
        _ => "moin-1.9:",
    };
    if ["moin-1.8:", "moin-1.9:"].iter().any(|layout| address.starts_with(layout) && *layout != wanted) {
        let version = wiki.version().resolved();
        let message = format!("{address} is not in the layout in which MoinMoin {version} writes sessions");
        sink.report(
            wiki,
            wiki.span_of(Key::SessionStore),
            message,
            format!("write {wanted}DIR, or leave it out"),
        );
    }
}

fn two_session_places(wiki: &Wiki, sink: &mut Sink) {
    let (Some(dir), Some(address)) = (wiki.setting(Key::SessionDir), wiki.text(Key::SessionStore)) else {
        return;
    };
    let Value::Path(written) = &dir.value else { return };
    let Some((_, store)) = address.split_once(':') else { return };
    if (Behaviour::V1_9_0..Behaviour::V2).contains(&wiki.version().behaviour())
        && written.components().ne(Path::new(store).components())
    {
        let message = format!("session_dir is {}, session_store {address}", written.display());
        sink.report(wiki, wiki.span_of(Key::SessionStore), message, "keep the one that is right");
    }
}
