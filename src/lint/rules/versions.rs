//! Rules about what a version of MoinMoin supports.

use std::collections::BTreeMap;

use super::lifetime::usual_lifetime;
use crate::farm::{Change, Farm, Fix, Key, Setting, Value, Wiki, quoted, table_key};
use crate::lint::finding::MOST_WIKIS;
use crate::lint::finding::Severity::{Error, Note, Warning};
use crate::lint::rule::Safety::{Safe, Unsafe};
use crate::lint::rule::{Look, Rule, Sink, rule};
use crate::moin::Behavior;
use crate::text::list;

const FAMILY: &str = "versions";

pub(super) const RULES: &[Rule] = &[
    rule!("imprecise-version", FAMILY, Warning, Look::Wiki(imprecise_version)).fix(Unsafe),
    rule!("missing-version", FAMILY, Warning, Look::Farm(missing_version)),
    rule!("ignored-setting", FAMILY, Warning, Look::Farm(ignored_setting)).fix(Safe),
    rule!("lifetime-format", FAMILY, Error, Look::Wiki(lifetime_format)).fix(Safe),
    rule!("custom-handler", FAMILY, Warning, Look::Wiki(custom_handler)),
    rule!("forced-httponly", FAMILY, Note, Look::Wiki(forced_httponly)),
];

fn imprecise_version(wiki: &Wiki, sink: &mut Sink) {
    let version = wiki.version();
    if !version.is_precise() {
        let span = wiki.span_of(Key::Moin);
        let with = quoted(&version.resolved().to_string());
        let message = format!("{version} is not an exact release: wikifarm assumes {}", version.resolved());
        let help = format!("write the release, such as {with}: cookies differ between releases");
        let fix = Fix::not_safe(Change::Replace { span: span.clone(), with });
        sink.report_fixable(wiki, span, message, help, Some(fix));
    }
}

fn missing_version(farm: &Farm, sink: &mut Sink) {
    // The parser reports a version that it can't read.
    if farm.problems.iter().any(|problem| problem.key == Some(Key::Moin)) {
        return;
    }
    for wiki in farm.wikis.iter().filter(|wiki| wiki.setting(Key::Moin).is_none()) {
        let message = "the version is not set: wikifarm assumes 1.9.11".to_owned();
        let help = match farm.source.comments().is_some() {
            true => "write the comment `# wikifarm: moin = \"1.9.11\"`, with the release that the wiki runs",
            false => "add moin = \"1.9.11\", or the release that the wiki runs, at the top of the file",
        };
        sink.report(wiki, wiki.span.clone(), message, help);
    }
}

fn ignored_setting(farm: &Farm, sink: &mut Sink) {
    // The wikis with each line of the file, own or inherited.
    let mut lines: BTreeMap<usize, Vec<(&Wiki, Key, &Setting)>> = BTreeMap::new();
    for wiki in &farm.wikis {
        for (key, setting) in wiki.settings() {
            lines.entry(setting.key_span.start).or_default().push((wiki, key, setting));
        }
    }
    for having in lines.values() {
        let ignoring: Vec<&Wiki> = having
            .iter()
            .filter(|(wiki, key, _)| wiki.ignores(*key).is_some())
            .map(|(wiki, ..)| *wiki)
            .collect();
        let Some((_, key, setting)) = having.first().filter(|_| !ignoring.is_empty()) else { continue };
        let (help, change) = if ignoring.len() == having.len() {
            (format!("delete {}", key.name()), Change::DropSetting(setting.key_span.clone()))
        } else {
            without_inherited(*key, &ignoring, farm.source.comments().is_some())
        };
        for wiki in ignoring {
            let why = wiki.ignores(*key).unwrap_or_default();
            let message = format!("MoinMoin {} ignores {}: {why}", wiki.version().resolved(), key.name());
            let span = setting.key_span.clone();
            sink.report_fixable(wiki, span, message, help.as_str(), Some(Fix::safe(change.clone())));
        }
    }
}

/// The advice and the change for wikis that inherit a setting which other wikis need.
fn without_inherited(key: Key, wikis: &[&Wiki], python: bool) -> (String, Change) {
    let name = key.name();
    let tables: Vec<String> = wikis.iter().map(|wiki| format!("[wikis.{}]", table_key(&wiki.name))).collect();
    let tables: Vec<&str> = tables.iter().map(String::as_str).collect();
    let help = match python {
        true => format!("move {name} to the classes of the wikis that use it"),
        false => format!("add unset = [\"{name}\"] under {}", list(&tables, "and", MOST_WIKIS)),
    };
    let wikis = wikis.iter().map(|wiki| wiki.span.clone()).collect();
    (help, Change::Unset { wikis, key })
}

fn lifetime_format(wiki: &Wiki, sink: &mut Sink) {
    let Some(setting) = wiki.setting(Key::CookieLifetime) else { return };
    let version = wiki.version().resolved();
    // The pair that means the same, if it is useful.
    let mut pair = None;
    let line = |value: &Value, sink: &Sink| sink.line(wiki, Key::CookieLifetime, value);
    let one = |hours: &f64, sink: &Sink| line(&Value::Number(*hours), sink);
    let write_pair = |pair: Option<&Value>, sink: &Sink| match pair {
        Some(pair) => format!("write {} for this wiki", line(pair, sink)),
        None => {
            format!("write the hours that a login lasts, such as {}", line(&usual_lifetime(wiki), sink))
        }
    };
    let (message, help) = match (&setting.value, wiki.version().behavior()) {
        (Value::Pair(_, user), behavior) if behavior < Behavior::V1_9_0 => (
            format!("every request fails: in MoinMoin {version}, cookie_lifetime must be one number"),
            format!("write {}; set anonymous_session_lifetime for anonymous sessions", one(user, sink)),
        ),
        (Value::Number(hours), Behavior::V1_9_0) => {
            pair = pair_for(wiki, *hours);
            let message = "every request fails: in MoinMoin 1.9.0, cookie_lifetime must be a pair [anonymous, logged in]";
            (message.to_owned(), write_pair(pair.as_ref(), sink))
        }
        (Value::Number(hours), behavior) if (Behavior::V1_9_1..Behavior::V2).contains(&behavior) => {
            pair = pair_for(wiki, hours.trunc());
            let meant = pair.as_ref().map_or("\"nobody stays logged in\"".to_owned(), Value::to_string);
            let message = format!(
                "MoinMoin {version} logs an error and uses {meant}: cookie_lifetime must be a pair [anonymous, logged in]"
            );
            (message, write_pair(pair.as_ref(), sink))
        }
        (Value::Pair(_, user), behavior) if behavior >= Behavior::V2 => (
            "MoinMoin 2.0 has one lifetime, PERMANENT_SESSION_LIFETIME, not a pair".to_owned(),
            format!("write {}", one(user, sink)),
        ),
        _ => return,
    };
    let fix =
        pair.map(|with| Fix::safe(Change::Replace { span: setting.span.clone(), with: with.to_string() }));
    sink.report_fixable(wiki, setting.span.clone(), message, help, fix);
}

/// The pair for a single number of hours. 0 meant "forever" before 1.9, and no pair means that.
fn pair_for(wiki: &Wiki, hours: f64) -> Option<Value> {
    let anonymous = wiki.moin().anonymous_session_lifetime.unwrap_or(0.0);
    (hours != 0.0).then_some(Value::Pair(anonymous, hours))
}

fn custom_handler(wiki: &Wiki, sink: &mut Sink) {
    if let Some(key) = wiki.custom_handler() {
        let message = format!("wikifarm can't predict cookies and sessions: {} is custom", key.name());
        let help = "run `wikifarm cookie probe` to see which cookie the wiki sends";
        sink.report(wiki, wiki.span_of(key), message, help);
    }
}

fn forced_httponly(wiki: &Wiki, sink: &mut Sink) {
    if wiki.version().always_http_only() {
        let message = "scripts can't read the cookie: MoinMoin 1.8.5 always sends HttpOnly".to_owned();
        let help = "if a script needs the cookie, run 1.8.6 or later";
        sink.report(wiki, wiki.span_of(Key::Moin), message, help);
    }
}
