//! Rules about what a version knows.

use crate::farm::{Change, Fix, Key, Value, Wiki, quoted};
use crate::lint::finding::Severity::{Error, Note, Warning};
use crate::lint::rule::Safety::{Safe, Unsafe};
use crate::lint::rule::{Look, Rule, Sink, rule};
use crate::moin::Behaviour;

const FAMILY: &str = "versions";

pub(super) const RULES: &[Rule] = &[
    rule!("imprecise-version", FAMILY, Warning, Look::Wiki(imprecise_version)).fix(Unsafe),
    rule!("missing-version", FAMILY, Warning, Look::Wiki(missing_version)),
    rule!("ignored-setting", FAMILY, Warning, Look::Wiki(ignored_setting)).fix(Safe),
    rule!("lifetime-format", FAMILY, Error, Look::Wiki(lifetime_format)).fix(Safe),
    rule!("custom-handler", FAMILY, Warning, Look::Wiki(custom_handler)),
    rule!("forced-httponly", FAMILY, Note, Look::Wiki(forced_httponly)),
];

fn imprecise_version(wiki: &Wiki, sink: &mut Sink) {
    let version = wiki.version();
    if !version.is_precise() {
        let span = wiki.span_of(Key::Moin);
        let message = format!("{version} is taken for {}", version.resolved());
        let with = quoted(&version.resolved().to_string());
        sink.report_fixable(
            wiki,
            span.clone(),
            message,
            "name the release, as releases of one line treat cookies differently",
            Some(Fix::not_safe(Change::Replace { span, with })),
        );
    }
}

fn missing_version(wiki: &Wiki, sink: &mut Sink) {
    if wiki.setting(Key::Moin).is_none() {
        let message = format!("the version of the wiki {:?} is nowhere said: 1.9.11 is assumed", wiki.name);
        sink.report(
            wiki,
            wiki.span.clone(),
            message,
            "add moin = \"1.9.11\", or what it runs, at the top of the file",
        );
    }
}

fn ignored_setting(wiki: &Wiki, sink: &mut Sink) {
    let version = wiki.version().resolved();
    for (key, setting) in wiki.settings() {
        if let Some(why) = wiki.ignores(key) {
            let message = format!("MoinMoin {version} ignores {}: {why}", key.name());
            let place = setting.key_span.clone();
            let fix = Some(Fix::safe(Change::DropSetting(place.clone())));
            sink.report_fixable(wiki, place, message, "take it out, or `unset` it for this wiki", fix);
        }
    }
}

fn lifetime_format(wiki: &Wiki, sink: &mut Sink) {
    let Some(setting) = wiki.setting(Key::CookieLifetime) else { return };
    let version = wiki.version().resolved();
    // What MoinMoin takes it for, where it takes it for anything useful.
    let mut pair = None;
    let (message, help) = match (&setting.value, wiki.version().behaviour()) {
        (Value::Pair(_, user), behaviour) if behaviour < Behaviour::V1_9_0 => (
            format!("MoinMoin {version} fails on every request: cookie_lifetime is one number before 1.9"),
            format!("write cookie_lifetime = {user}; anonymous sessions have anonymous_session_lifetime"),
        ),
        (Value::Number(hours), Behaviour::V1_9_0) => (
            "MoinMoin 1.9.0 fails on every request: cookie_lifetime is a pair (anonymous, logged in)"
                .to_owned(),
            format!("write cookie_lifetime = [0, {hours}]"),
        ),
        (Value::Number(hours), behaviour) if (Behaviour::V1_9_1..Behaviour::V2).contains(&behaviour) => {
            let meant = if hours.trunc() == 0.0 {
                "'nobody stays logged in'".to_owned()
            } else {
                format!("[{}, {}]", wiki.moin().anonymous_session_lifetime.unwrap_or(0.0), hours.trunc())
            };
            (
                format!(
                    "MoinMoin {version} wants a pair for cookie_lifetime; it logs an error and takes {meant}"
                ),
                match hours.trunc() {
                    0.0 => {
                        "write how many hours a login shall last, like cookie_lifetime = [0, 12]".to_owned()
                    }
                    hours => {
                        let anonymous = wiki.moin().anonymous_session_lifetime.unwrap_or(0.0);
                        pair = Some(format!("[{anonymous}, {hours}]"));
                        format!("write cookie_lifetime = [{anonymous}, {hours}]")
                    }
                },
            )
        }
        (Value::Pair(_, user), Behaviour::V2) => (
            "MoinMoin 2 has one lifetime: PERMANENT_SESSION_LIFETIME".to_owned(),
            format!("write cookie_lifetime = {user}"),
        ),
        _ => return,
    };
    let fix = pair.map(|with| Fix::safe(Change::Replace { span: setting.span.clone(), with }));
    sink.report_fixable(wiki, setting.span.clone(), message, help, fix);
}

fn custom_handler(wiki: &Wiki, sink: &mut Sink) {
    if let Some(key) = wiki.custom_handler() {
        let message =
            format!("the wiki {:?} has a {} of its own: nothing can be predicted", wiki.name, key.name());
        sink.report(wiki, wiki.span_of(key), message, "`cookie probe` shows what it really sends");
    }
}

fn forced_httponly(wiki: &Wiki, sink: &mut Sink) {
    if wiki.version().always_http_only() {
        let message = "1.8.5 sends HttpOnly whatever is configured".to_owned();
        sink.report(
            wiki,
            wiki.span_of(Key::Moin),
            message,
            "where scripts need the cookie, run 1.8.6 or later",
        );
    }
}
