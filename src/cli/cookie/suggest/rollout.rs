//! What each suggestion needs besides the farm file: lines for MoinMoin, and steps for users who have cookies now.

use std::collections::BTreeSet;

use super::document::{Change, Paste, Rollout, Shown};
use crate::cli::shared::Context;
use crate::farm::{Farm, Key, Value, Wiki};
use crate::moin::Behavior;
use crate::pyconfig::write;
use crate::sharing::{Asked, Found, Suggestion, changed, edited};
use crate::simulate::diff::{Case, Diff};
use crate::sys::one_by_one;
use crate::text::{list, shell_word};

/// The suggestions with everything that they need.
pub(super) fn all(farm: &Farm, found: &Found, asked: &Asked, context: &Context<'_>) -> Vec<Shown> {
    let (now, suffixes) = (context.now(), &context.suffixes);
    one_by_one(&found.suggestions, |suggestion| {
        let new = changed(farm, &suggestion.changes);
        let diff = Diff::new(farm, &new, suffixes, now);
        Shown {
            summary: suggestion.words(),
            settings: suggestion.settings,
            changes: suggestion
                .together()
                .into_iter()
                .map(|one| Change {
                    setting: one.key.name(),
                    value: one.value.map(ToString::to_string),
                    wikis: one.wikis.iter().map(|wiki| (*wiki).to_owned()).collect(),
                })
                .collect(),
            text: edited(farm, &suggestion.changes, &asked.share),
            moinmoin: paste(&new, suggestion),
            rollout: rollout(farm, &new, suggestion, diff),
        }
    })
}

/// The lines for MoinMoin, those of several wikis once.
fn paste(new: &Farm, suggestion: &Suggestion) -> Vec<Paste> {
    let mut found: Vec<Paste> = Vec::new();
    for wiki in &new.wikis {
        let own = suggestion.changes.iter().filter(|change| change.wiki == wiki.name);
        let keys: Vec<Key> = own.map(|change| change.key).collect();
        let python = write::settings(wiki, &keys);
        let flask = wiki.version().behavior() >= Behavior::V2;
        let file = match wiki.siteid() {
            _ if flask => format!("wikiconfig.py of {}", wiki.name),
            siteid if siteid == wiki.name => format!("{siteid}.py"),
            // Stand-alone wikis have files of the same name.
            siteid => format!("{siteid}.py of {}", wiki.name),
        };
        match found.iter_mut().find(|paste| paste.python == python) {
            _ if python.is_empty() => {}
            Some(paste) => paste.files.push(file),
            None => found.push(Paste { files: vec![file], python }),
        }
    }
    found
}

fn rollout(old: &Farm, new: &Farm, suggestion: &Suggestion, diff: Diff) -> Rollout {
    let wikis = |which: fn(&Case) -> bool| -> Vec<String> {
        let affected = diff.wikis(which);
        let names = old.wikis.iter().map(|wiki| wiki.name.as_str()).filter(|name| affected.contains(name));
        names.map(str::to_owned).collect()
    };
    let (log_in_again, stuck) = (wikis(Case::logs_in_again), wikis(Case::is_stuck));
    let pairs = || old.wikis.iter().filter_map(|wiki| Some((wiki, new.wiki(&wiki.name)?)));
    let commands: BTreeSet<String> = pairs().filter_map(|(old, new)| migrate(old, new)).collect();
    Rollout {
        log_in_again,
        stuck,
        steps: suggestion
            .together()
            .iter()
            .filter_map(|one| step(one.key, one.value, &one.wikis, old))
            .collect(),
        commands: commands
            .into_iter()
            .enumerate()
            .map(|(number, command)| with_map(&command, number))
            .collect(),
        deletions: diff.suggestions.deletions,
    }
}

/// What a change needs outside MoinMoin's configuration.
fn step(key: Key, value: Option<&Value>, wikis: &[&str], old: &Farm) -> Option<String> {
    let names = list(wikis, "and", 4);
    Some(match (key, value) {
        (Key::Url, Some(value)) => {
            let secure = value.url().is_some_and(|url| url.scheme() == "https");
            let certificate = if secure { " with a certificate" } else { "" };
            format!("serve {names} at {value}{certificate}, and redirect the old URL")
        }
        (Key::Aliases, _) => {
            let aliases = wikis.iter().filter_map(|wiki| old.wiki(wiki)).flat_map(Wiki::aliases);
            let kept = value.and_then(Value::urls).unwrap_or_default();
            let gone: Vec<&str> = aliases.filter(|url| !kept.contains(url)).map(url::Url::as_str).collect();
            format!("let the web server redirect {} to the URL of the wiki", list(&gone, "and", 4))
        }
        (Key::SecretKeyId, Some(_)) => format!("use one SECRET_KEY in {names}"),
        (Key::Auth, Some(value)) => format!("use the auth methods {value} in {names}"),
        (Key::UserDir, Some(value)) => {
            format!(
                "{names} will use the accounts in {value}: accounts in the old user_dir are no longer used"
            )
        }
        _ => return None,
    })
}

/// The file of the cookie map in a command.
const MAP: &str = " cookie-map.conf ";

/// The command with a cookie map of its own.
fn with_map(command: &str, number: usize) -> String {
    match number {
        0 => command.to_owned(),
        number => command.replacen(MAP, &format!(" cookie-map-{}.conf ", number.saturating_add(1)), 1),
    }
}

/// The command that moves the sessions of a wiki.
fn migrate(old: &Wiki, new: &Wiki) -> Option<String> {
    let (from, to) = (old.session_location()?, new.session_location()?);
    if from == to {
        return None;
    }
    let quoted = |text: String| shell_word(&text);
    let (from, to) = (quoted(from.to_string()), quoted(to.to_string()));
    let mut command = format!("wikifarm session migrate --from {from} --to {to}");
    let old_ids = |wiki: &Wiki| wiki.version().behavior() < Behavior::V1_9_0;
    if old_ids(old) != old_ids(new) {
        let (before, after) = (old.moin().session_cookie_name(), new.moin().session_cookie_name());
        command.push_str(&format!(
            " --rename-ids --cookie-map nginx{MAP}--old-cookie {} --new-cookie {}",
            quoted(before),
            quoted(after)
        ));
    }
    if let (Some(from), Some(to)) = (old.user_dir(), new.user_dir())
        && from != to
    {
        let [from, to] = [from, to].map(|dir| quoted(dir.display().to_string()));
        command.push_str(&format!(" --map-users --from-users {from} --to-users {to}"));
    }
    Some(command)
}
