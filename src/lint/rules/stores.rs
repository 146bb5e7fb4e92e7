//! Rules about directories that several wikis use.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use crate::farm::{Farm, Key, Value, Wiki};
use crate::lint::finding::MOST_WIKIS;
use crate::lint::finding::Severity::{Error, Warning};
use crate::lint::rule::{Look, Rule, Sink, rule};
use crate::location::Layout;
use crate::moin::Behavior;
use crate::text::list;

const FAMILY: &str = "storage";

pub(super) const RULES: &[Rule] = &[
    rule!("shared-data-dir", FAMILY, Warning, Look::Farm(shared_data_dir)),
    rule!("first-request-store", FAMILY, Warning, Look::Farm(first_request_store)),
    rule!("torn-writes", FAMILY, Warning, Look::Farm(torn_writes)),
    rule!("mixed-session-formats", FAMILY, Warning, Look::Farm(mixed_session_formats)),
    rule!("mixed-password-hashes", FAMILY, Warning, Look::Farm(mixed_password_hashes)),
    rule!("store-layout-mismatch", FAMILY, Error, Look::Wiki(store_layout_mismatch)),
    rule!("session-dir-conflict", FAMILY, Warning, Look::Wiki(session_dir_conflict)),
];

/// The groups of wikis for which `of` gives the same directory.
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
            let message =
                format!("{} and {} have the same data_dir: edits can get lost", first.name, wiki.name);
            let help = "give each wiki its own data_dir, or make one wiki an alias of the other";
            let wikis = [first.name.as_str(), &wiki.name];
            sink.report_named(Some(wiki), &wikis, wiki.span_of(Key::DataDir), message, help, Vec::new());
        }
    }
}

fn first_request_store(farm: &Farm, sink: &mut Sink) {
    // A session service for a database does not use the directory of the first request.
    let in_database = |wiki: &Wiki| wiki.session_store().is_some_and(|store| store.directory().is_none());
    let mut wikis =
        farm.wikis.iter().filter(|wiki| wiki.version().behavior() == Behavior::V1_9_0 && !in_database(wiki));
    let Some(first) = wikis.next() else { return };
    let directory = first.session_dir();
    for wiki in wikis.filter(|wiki| wiki.session_dir() != directory) {
        let message = format!(
            "if one process serves {} and {}, a restart can log their users out: it keeps all sessions in the directory of the wiki that gets the first request",
            first.name, wiki.name
        );
        let help = "give both wikis the same session_dir, or upgrade them to 1.9.1 or later. If each already has its own process, add \"first-request-store\" to `[lint] allow`";
        let wikis = [first.name.as_str(), &wiki.name];
        sink.report_named(Some(wiki), &wikis, wiki.span_of(wiki.sessions_key()), message, help, Vec::new());
    }
}

fn torn_writes(farm: &Farm, sink: &mut Sink) {
    let shared: HashSet<&str> =
        together(farm, Wiki::session_dir).iter().flatten().map(|wiki| wiki.name.as_str()).collect();
    let in_place = |wiki: &&Wiki| {
        matches!(wiki.version().behavior(), Behavior::V1_9_0 | Behavior::V1_9_1)
            && wiki.session_dir().is_some()
            && wiki.custom_handler().is_none()
    };
    for wiki in farm.wikis.iter().filter(in_place) {
        let who =
            if shared.contains(wiki.name.as_str()) { "other wikis" } else { "requests at the same time" };
        let message = format!(
            "{who} can read incomplete sessions: MoinMoin {} overwrites session files in place",
            wiki.version().resolved()
        );
        sink.report(wiki, wiki.span_of(Key::Moin), message, "upgrade to 1.9.2 or later");
    }
}

/// The session format of a version: versions with the same format can share a directory.
fn format_of(wiki: &Wiki) -> Option<&'static str> {
    match wiki.version().behavior() {
        Behavior::V1_7_0 | Behavior::V1_7_3 | Behavior::V1_8 => Some("1.7 and 1.8"),
        Behavior::V1_9_0 => Some("1.9.0"),
        Behavior::V1_9_1 => Some("1.9.1"),
        Behavior::V2 | Behavior::V2Beta | Behavior::V2Dev => None,
        _ => Some("1.9.2 and later"),
    }
}

fn mixed_session_formats(farm: &Farm, sink: &mut Sink) {
    for group in together(farm, Wiki::session_dir) {
        let mut wikis = group.iter().filter(|wiki| wiki.custom_handler().is_none());
        let Some(first) = wikis.find(|wiki| format_of(wiki).is_some()) else { continue };
        for wiki in wikis.filter(|wiki| format_of(wiki).is_some() && format_of(wiki) != format_of(first)) {
            let (a, b) = (format_of(first).unwrap_or_default(), format_of(wiki).unwrap_or_default());
            let message = format!(
                "{} and {} share a session directory, but use different formats: {a}, and {b}",
                first.name, wiki.name
            );
            let help = "upgrade both wikis to one release, or give each version its own directory";
            let wikis = [first.name.as_str(), &wiki.name];
            sink.report_named(Some(wiki), &wikis, wiki.span_of(Key::Moin), message, help, Vec::new());
        }
    }
}

fn mixed_password_hashes(farm: &Farm, sink: &mut Sink) {
    for group in together(farm, Wiki::user_dir) {
        let mut wikis = group.iter().filter(|wiki| wiki.auth().contains(&"moin"));
        let new: Vec<&str> = wikis
            .clone()
            .filter(|wiki| wiki.version().rewrites_passwords())
            .map(|wiki| wiki.name.as_str())
            .collect();
        if new.is_empty() {
            continue;
        }
        let old =
            |wiki: &&&Wiki| wiki.version().behavior() < Behavior::V2 && !wiki.version().rewrites_passwords();
        for wiki in wikis.by_ref().filter(old) {
            let version = wiki.version().resolved();
            // Not measured for 1.7.
            let refuses = if wiki.version().behavior() < Behavior::V1_8 { "may refuse" } else { "refuses" };
            let message = format!(
                "after a login at {}, {} (MoinMoin {version}) {refuses} the user's password: the wikis have one user_dir",
                list(&new, "or", MOST_WIKIS),
                wiki.name
            );
            let help = format!(
                "upgrade {} to 1.9.7 or later, or set passlib_support = False and password_scheme = '{{SSHA}}' in {} and allow this rule",
                wiki.name,
                list(&new, "and", MOST_WIKIS)
            );
            let wikis: Vec<&str> = std::iter::once(wiki.name.as_str()).chain(new.iter().copied()).collect();
            sink.report_named(Some(wiki), &wikis, wiki.span_of(Key::Moin), message, help, Vec::new());
        }
    }
}

fn store_layout_mismatch(wiki: &Wiki, sink: &mut Sink) {
    let Some(Value::Store { text: address, location }) = wiki.value(Key::SessionStore) else { return };
    let wanted = match wiki.version().behavior() {
        behavior if behavior >= Behavior::V2 => return,
        behavior if behavior < Behavior::V1_9_0 => Layout::Moin18,
        _ => Layout::Moin19,
    };
    if location.layout().is_some_and(|layout| layout != wanted) {
        let version = wiki.version().resolved();
        let message = format!("{address} does not have the layout of MoinMoin {version}");
        let help = format!("write session_store = \"{wanted}:DIR\", or delete session_store");
        sink.report(wiki, wiki.span_of(Key::SessionStore), message, help);
    }
}

fn session_dir_conflict(wiki: &Wiki, sink: &mut Sink) {
    let (Some(Value::Path(written)), Some(Value::Store { text: address, location })) =
        (wiki.value(Key::SessionDir), wiki.value(Key::SessionStore))
    else {
        return;
    };
    let differs = location.directory().is_none_or(|dir| written.components().ne(dir.components()));
    if (Behavior::V1_9_0..Behavior::V2).contains(&wiki.version().behavior()) && differs {
        let message = format!(
            "session_dir ({}) and session_store ({address}) are different locations",
            written.display()
        );
        sink.report(
            wiki,
            wiki.span_of(Key::SessionStore),
            message,
            "keep the right one, and delete the other",
        );
    }
}
