//! Rules about Secure.

use super::Severity::Error;
use super::rule::{Look, Rule, Sink};
use crate::browser::Target;
use crate::farm::{Key, Wiki};

pub(super) const RULES: &[Rule] = &[Rule {
    name: "secure-over-http",
    family: "security",
    severity: Error,
    title: "a Secure cookie from a wiki at an http URL",
    why: "Browsers refuse a Secure cookie that arrives over plain http (localhost apart), so nobody can log in.",
    bad: r#"
        moin = "1.9.11"
        [wikis.one]
        url = "http://wiki.example.org/"
        cookie_secure = true
    "#,
    good: r#"
        moin = "1.9.11"
        [wikis.one]
        url = "https://wiki.example.org/"
        cookie_secure = true
    "#,
    cure: "Serve the wiki over https, or leave cookie_secure out: then the cookie is Secure on https requests only.",
    fixed: false,
    since: "0.1.0",
    look: Look::Wiki(secure_over_http),
}];

fn secure_over_http(wiki: &Wiki, sink: &mut Sink) {
    let settings = wiki.moin();
    let Ok(target) = Target::parse(wiki.url.as_str()) else { return };
    if target.is_secure() || !settings.sends_secure() {
        return;
    }
    let (key, help) = if settings.cookie_secure.is_some() {
        (Key::CookieSecure, "serve the wiki over https, or leave cookie_secure out")
    } else {
        (
            Key::BackendUrl,
            "the wiki sees https behind the proxy and sends Secure: set cookie_secure = false, or use https",
        )
    };
    let message = format!("browsers refuse a Secure cookie from {}: nobody can log in", wiki.url);
    sink.report(wiki, wiki.span_of(key), message, help);
}
