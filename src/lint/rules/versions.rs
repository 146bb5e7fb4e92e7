//! Rules about what a version knows.

use crate::farm::{Change, Fix, Key, Value, Wiki, quoted};
use crate::lint::finding::Severity::{Error, Note, Warning};
use crate::lint::rule::Safety::{Safe, Unsafe};
use crate::lint::rule::{Look, Rule, Sink};
use crate::moin::Behaviour;

const FAMILY: &str = "versions";

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "precise-version",
        family: FAMILY,
        severity: Warning,
        title: "a version without its last number",
        why: "1.9.0, 1.9.1, 1.9.4, 1.9.9 and 1.9.11 all treat cookies differently. `1.9` is taken for 1.9.11, and a \
              prediction for the wrong release is wrong.",
        bad: r#"
            moin = "1.9"
            [wikis.one]
            url = "https://one.example.org/"
        "#,
        good: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org/"
        "#,
        cure: "Name the release the wiki runs.",
        fix: Some(Unsafe),
        fixed: false,
        since: "0.1.0",
        look: Look::Wiki(precise_version),
    },
    Rule {
        name: "missing-version",
        family: FAMILY,
        severity: Warning,
        title: "a wiki whose version is nowhere said",
        why: "Cookie name, lifetime and session files differ between releases; without a version 1.9.11 is assumed.",
        bad: r#"
            [wikis.one]
            url = "https://one.example.org/"
        "#,
        good: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org/"
        "#,
        cure: "Add moin = \"1.9.11\" (or what you run) at the top of the file, or to groups or wikis.",
        fix: None,
        fixed: false,
        since: "0.1.0",
        look: Look::Wiki(missing_version),
    },
    Rule {
        name: "ignored-setting",
        family: FAMILY,
        severity: Warning,
        title: "a setting that the wiki's version ignores",
        why: "The wiki behaves as if the line were not there: cookies keep a name, a Secure flag or a lifetime that \
              somebody believes to be changed.",
        bad: r#"
            moin = "1.8.7"
            [wikis.one]
            url = "https://one.example.org/"
            cookie_name = "lab"
        "#,
        good: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org/"
            cookie_name = "lab"
        "#,
        cure: "Take the setting out for this wiki (or `unset` it), or upgrade the wiki.",
        fix: Some(Safe),
        fixed: false,
        since: "0.1.0",
        look: Look::Wiki(ignored_setting),
    },
    Rule {
        name: "lifetime-shape",
        family: FAMILY,
        severity: Error,
        title: "cookie_lifetime in the shape of another version",
        why: "Before 1.9 cookie_lifetime is one number, from 1.9 a pair (anonymous, logged in). The wrong shape makes \
              every request fail (1.7, 1.8, 1.9.0), or is read as an old configuration with an error in the log \
              (from 1.9.1), where an old 0 for 'for ever' becomes 'nobody stays logged in'.",
        bad: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org/"
            cookie_lifetime = 12
        "#,
        good: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org/"
            cookie_lifetime = [0, 12]
        "#,
        cure: "Write a pair [anonymous, logged in] from 1.9 on, and a number before.",
        fix: Some(Safe),
        fixed: false,
        since: "0.1.0",
        look: Look::Wiki(lifetime_shape),
    },
    Rule {
        name: "custom-handler",
        family: FAMILY,
        severity: Warning,
        title: "a wiki with a session handler of its own",
        why: "What another class than MoinMoin's does with cookies and files can't be known: every prediction \
              about the wiki says `unknown`.",
        bad: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org/"
            session_service = "custom"
        "#,
        good: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org/"
        "#,
        cure: "Take the line out if the wiki runs MoinMoin's own class; else allow this rule for the wiki.",
        fix: None,
        fixed: false,
        since: "0.1.0",
        look: Look::Wiki(custom_handler),
    },
    Rule {
        name: "forced-httponly",
        family: FAMILY,
        severity: Note,
        title: "1.8.5, the one release before 1.9 that sends HttpOnly, and always does",
        why: "What reads the cookie from within a page works with every other release of 1.7 and 1.8 and fails with this \
              one, and no setting changes it.",
        bad: r#"
            moin = "1.8.5"
            [wikis.one]
            url = "https://one.example.org/"
        "#,
        good: r#"
            moin = "1.8.9"
            [wikis.one]
            url = "https://one.example.org/"
        "#,
        cure: "Nothing, if no script or applet needs the cookie; else run 1.8.6 or later.",
        fix: None,
        fixed: false,
        since: "0.1.0",
        look: Look::Wiki(forced_httponly),
    },
];

fn precise_version(wiki: &Wiki, sink: &mut Sink) {
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

fn lifetime_shape(wiki: &Wiki, sink: &mut Sink) {
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
