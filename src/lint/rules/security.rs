//! Rules about the protection of logins: Secure, HttpOnly, SameSite, and keys.

use std::collections::{HashMap, HashSet};

use crate::browser::Target;
use crate::farm::{Change, Farm, Fix, Key, Problem, SAMPLE_SECRET_KEY, Share, Value, Wiki, quoted};
use crate::lint::finding::Severity::{Error, Note, Warning};
use crate::lint::rule::Safety::Unsafe;
use crate::lint::rule::{Look, Rule, Sink, rule};
use crate::moin::Behavior;

const FAMILY: &str = "security";

pub(super) const RULES: &[Rule] = &[
    rule!("secure-over-http", FAMILY, Error, Look::Wiki(secure_over_http)),
    rule!("mixed-schemes", FAMILY, Warning, Look::Wiki(mixed_schemes)),
    rule!("cookie-not-secure", FAMILY, Warning, Look::Wiki(cookie_not_secure)),
    rule!("unencrypted-login", FAMILY, Note, Look::Wiki(unencrypted_login)),
    rule!("cookie-not-httponly", FAMILY, Note, Look::Wiki(cookie_not_httponly)),
    rule!("samesite-strict", FAMILY, Warning, Look::Wiki(samesite_strict)).fix(Unsafe),
    rule!("samesite-none-insecure", FAMILY, Error, Look::Wiki(samesite_none_insecure)),
    rule!("sample-secret-key", FAMILY, Error, Look::Farm(sample_secret_key)),
    rule!("shared-secret-key", FAMILY, Warning, Look::Farm(shared_secret_key)),
    rule!("no-auth-methods", FAMILY, Error, Look::Wiki(no_auth_methods)),
];

fn secure_over_http(wiki: &Wiki, sink: &mut Sink) {
    let settings = wiki.moin();
    let Ok(target) = Target::of(&wiki.url) else { return };
    if target.is_secure() || !settings.sends_secure() {
        return;
    }
    let (key, help) = if settings.cookie_secure.is_some() {
        (Key::CookieSecure, "serve the wiki over https, or delete cookie_secure")
    } else {
        (
            Key::BackendUrl,
            "serve the wiki over https, or set cookie_secure = false: MoinMoin sees https behind the proxy",
        )
    };
    let message = format!("nobody can log in: browsers reject a Secure cookie from {}", wiki.url);
    sink.report(wiki, wiki.span_of(key), message, help);
}

fn mixed_schemes(wiki: &Wiki, sink: &mut Sink) {
    let over = |scheme: &'static str| wiki.addresses().filter(move |(url, _)| url.scheme() == scheme);
    for (https, _) in over("https") {
        for (http, key) in over("http").filter(|(http, _)| http.host() == https.host()) {
            let (secure, plain) = (wiki.moin_at(https), wiki.moin_at(http));
            if !secure.sends_secure() {
                continue;
            }
            let message = if secure.session_cookie_name() == plain.session_cookie_name() {
                format!(
                    "users who logged in at {https} can't log in at {http}: browsers keep the Secure cookie and reject the plain one"
                )
            } else {
                format!("a login at {https} is not valid at {http}")
            };
            sink.report(wiki, wiki.span_of(key), message, "redirect http to https in the web server");
        }
    }
}

fn cookie_not_secure(wiki: &Wiki, sink: &mut Sink) {
    let settings = wiki.moin();
    let behavior = wiki.version().behavior();
    let https = wiki.addresses().all(|(url, _)| url.scheme() == "https");
    if !https || settings.sends_secure() || behavior < Behavior::V1_7_3 {
        return;
    }
    let (key, why) = match settings.cookie_secure {
        Some(_) => (Key::CookieSecure, "cookie_secure is false"),
        None if behavior >= Behavior::V2 => (Key::Url, "MoinMoin 2.0 needs cookie_secure = true"),
        None => (Key::BackendUrl, "MoinMoin sees http behind the proxy"),
    };
    let message = format!("the login cookie is not Secure, although the URL is https: {why}");
    let help = format!("set {}", sink.line(wiki, Key::CookieSecure, &Value::Bool(true)));
    sink.report(wiki, wiki.span_of(key), message, help);
}

fn unencrypted_login(wiki: &Wiki, sink: &mut Sink) {
    if Target::of(&wiki.url).is_ok_and(|target| !target.is_secure()) {
        let message = "passwords and login cookies travel unencrypted over http".to_owned();
        sink.report(wiki, wiki.span_of(Key::Url), message, "serve the wiki over https");
    }
}

fn cookie_not_httponly(wiki: &Wiki, sink: &mut Sink) {
    if wiki.version().behavior() >= Behavior::V1_9_0 && !wiki.moin().sends_http_only() {
        let message = "scripts in wiki pages can read the login cookie".to_owned();
        // Source: docs/CHANGES of MoinMoin 1.9.0.
        let unless = match wiki.version().behavior() < Behavior::V2 {
            true => ", unless users save drawings with TWikiDraw, which reads the cookie",
            false => "",
        };
        let help = format!("set {}{unless}", sink.line(wiki, Key::CookieHttponly, &Value::Bool(true)));
        sink.report(wiki, wiki.span_of(Key::CookieHttponly), message, help);
    }
}

fn samesite_strict(wiki: &Wiki, sink: &mut Sink) {
    if wiki.version().behavior() >= Behavior::V2 && wiki.text(Key::CookieSamesite) == Some("Strict") {
        let message =
            "users who follow a link from another site seem to be logged out: the cookie is SameSite=Strict"
                .to_owned();
        let span = wiki.span_of(Key::CookieSamesite);
        let fix = Fix::not_safe(Change::Replace { span: span.clone(), with: quoted("Lax") });
        let help = format!("write {}, or delete the line", sink.line(wiki, Key::CookieSamesite, &lax()));
        sink.report_fixable(wiki, span, message, help, Some(fix));
    }
}

/// What browsers take by default.
fn lax() -> Value {
    Value::Text("Lax".to_owned())
}

fn samesite_none_insecure(wiki: &Wiki, sink: &mut Sink) {
    let v2 = wiki.version().behavior() >= Behavior::V2;
    if v2 && wiki.text(Key::CookieSamesite) == Some("None") && !wiki.moin().sends_secure() {
        let message = "nobody can log in: browsers reject SameSite=None without Secure".to_owned();
        let secure = sink.line(wiki, Key::CookieSecure, &Value::Bool(true));
        let help = format!("set {secure}, or write {}", sink.line(wiki, Key::CookieSamesite, &lax()));
        sink.report(wiki, wiki.span_of(Key::CookieSamesite), message, help);
    }
}

fn sample_secret_key(farm: &Farm, sink: &mut Sink) {
    // The reader of Python files reports it there.
    if farm.source.comments().is_some() {
        return;
    }
    for wiki in farm.wikis.iter().filter(|wiki| wiki.version().behavior() >= Behavior::V2) {
        if wiki.text(Key::SecretKeyId).is_some_and(|id| SAMPLE_SECRET_KEY.contains(&id)) {
            let Problem { span, message, help, .. } =
                Problem::sample_secret_key(wiki.span_of(Key::SecretKeyId));
            sink.report(wiki, span, message, help.unwrap_or_default());
        }
    }
}

fn shared_secret_key(farm: &Farm, sink: &mut Sink) {
    // Without [[share]] the farm file does not define which logins should be shared.
    if farm.shares.is_empty() {
        return;
    }
    let shares = |wiki: &Wiki| -> HashSet<usize> {
        let mine = |share: &Share| share.wikis.iter().any(|(name, _)| *name == wiki.name);
        farm.shares.iter().enumerate().filter(|(_, share)| mine(share)).map(|(number, _)| number).collect()
    };
    let mut first: HashMap<&str, (&Wiki, HashSet<usize>)> = HashMap::new();
    for wiki in farm.wikis.iter().filter(|wiki| wiki.version().behavior() >= Behavior::V2) {
        let Some(key) = wiki.text(Key::SecretKeyId) else { continue };
        let own = shares(wiki);
        match first.get(key) {
            None => {
                first.insert(key, (wiki, own));
            }
            Some((other, theirs)) if own.is_disjoint(theirs) => {
                let message = format!(
                    "a cookie of {} is also a login at {}: both use the SECRET_KEY {key:?}",
                    other.name, wiki.name
                );
                let help = "give each wiki its own SECRET_KEY, or add both to one [[share]]";
                let wikis = [other.name.as_str(), &wiki.name];
                sink.report_named(
                    Some(wiki),
                    &wikis,
                    wiki.span_of(Key::SecretKeyId),
                    message,
                    help,
                    Vec::new(),
                );
            }
            Some(_) => {}
        }
    }
}

fn no_auth_methods(wiki: &Wiki, sink: &mut Sink) {
    if wiki.names(Key::Auth).is_some_and(<[String]>::is_empty) {
        let message = "nobody can log in: auth is empty".to_owned();
        let moin = Value::Names(vec!["moin".to_owned()]);
        let help = format!("write {}, or delete auth", sink.line(wiki, Key::Auth, &moin));
        sink.report(wiki, wiki.span_of(Key::Auth), message, help);
    }
}
