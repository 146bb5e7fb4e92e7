//! Rules about who can take a login: Secure, HttpOnly, SameSite, keys.

use std::collections::{HashMap, HashSet};

use crate::browser::Target;
use crate::farm::{Change, Farm, Fix, Key, Share, Wiki, quoted};
use crate::lint::finding::Severity::{Error, Note, Warning};
use crate::lint::rule::Safety::Unsafe;
use crate::lint::rule::{Look, Rule, Sink};
use crate::moin::Behaviour;

const FAMILY: &str = "security";

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "secure-over-http",
        family: FAMILY,
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
        fix: None,
        fixed: false,
        since: "0.1.0",
        look: Look::Wiki(secure_over_http),
    },
    Rule {
        name: "http-and-https",
        family: FAMILY,
        severity: Warning,
        title: "a wiki that is reached over http and https",
        why: "A Secure cookie of the https address is never sent to the http one, and as long as it is there \
              browsers refuse the plain cookie of the same name: over http nobody stays logged in.",
        bad: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org/"
            aliases = ["http://one.example.org/"]
            cookie_name = "one"
        "#,
        good: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org/"
            cookie_name = "one"
        "#,
        cure: "Redirect http to https in the web server, and take the alias out.",
        fix: None,
        fixed: false,
        since: "0.1.0",
        look: Look::Wiki(http_and_https),
    },
    Rule {
        name: "not-secure",
        family: FAMILY,
        severity: Warning,
        title: "a wiki at an https URL whose cookie is not Secure",
        why: "A browser that is led to any http address of the host sends the login in clear. Behind a proxy that \
              ends https MoinMoin sees http and does not set Secure by itself.",
        bad: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org/"
            backend_url = "http://127.0.0.1:8080/"
        "#,
        good: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org/"
            backend_url = "http://127.0.0.1:8080/"
            cookie_secure = true
        "#,
        cure: "Set cookie_secure = true.",
        fix: None,
        fixed: false,
        since: "0.1.0",
        look: Look::Wiki(not_secure),
    },
    Rule {
        name: "login-in-clear",
        family: FAMILY,
        severity: Note,
        title: "a wiki at an http URL",
        why: "Passwords and logins travel in clear: whoever is on the way can read them and act as the user.",
        bad: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "http://one.example.org/"
        "#,
        good: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org/"
        "#,
        cure: "Serve the wiki over https.",
        fix: None,
        fixed: false,
        since: "0.1.0",
        look: Look::Wiki(login_in_clear),
    },
    Rule {
        name: "readable-by-scripts",
        family: FAMILY,
        severity: Note,
        title: "a login cookie that scripts can read",
        why: "Without HttpOnly any script that gets into a page can take the login away. 1.9 leaves it off unless \
              it is asked for.",
        bad: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org/"
        "#,
        good: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org/"
            cookie_httponly = true
        "#,
        cure: "Set cookie_httponly = true.",
        fix: None,
        fixed: false,
        since: "0.1.0",
        look: Look::Wiki(readable_by_scripts),
    },
    Rule {
        name: "samesite-strict",
        family: FAMILY,
        severity: Warning,
        title: "SameSite=Strict on a login cookie",
        why: "The browser withholds it when somebody follows a link from a mail or another site: he seems to be \
              logged out until he clicks on.",
        bad: r#"
            moin = "2.0"
            [wikis.one]
            url = "https://one.example.org/"
            cookie_samesite = "Strict"
        "#,
        good: r#"
            moin = "2.0"
            [wikis.one]
            url = "https://one.example.org/"
            cookie_samesite = "Lax"
        "#,
        cure: "Write Lax, or leave cookie_samesite out.",
        fix: Some(Unsafe),
        fixed: false,
        since: "0.1.0",
        look: Look::Wiki(samesite_strict),
    },
    Rule {
        name: "samesite-none-insecure",
        family: FAMILY,
        severity: Error,
        title: "SameSite=None without Secure",
        why: "Browsers refuse such a cookie: nobody can log in.",
        bad: r#"
            moin = "2.0"
            [wikis.one]
            url = "https://one.example.org/"
            cookie_samesite = "None"
        "#,
        good: r#"
            moin = "2.0"
            [wikis.one]
            url = "https://one.example.org/"
            cookie_samesite = "None"
            cookie_secure = true
        "#,
        cure: "Set cookie_secure = true, or write Lax.",
        fix: None,
        fixed: false,
        since: "0.1.0",
        look: Look::Wiki(samesite_none_insecure),
    },
    Rule {
        name: "shared-secret-key",
        family: FAMILY,
        severity: Warning,
        title: "2.0 wikis that are not meant to share, with one SECRET_KEY",
        why: "The session of 2.0 is the signed cookie itself: a cookie of one wiki, carried over by hand, is a \
              login at every wiki with the same key.",
        bad: r#"
            moin = "2.0"
            [farm]
            secret_key_id = "k"
            cookie_secure = true
            [wikis.one]
            url = "https://one.example.org/"
            [wikis.two]
            url = "https://two.example.org/"
            [wikis.three]
            url = "https://three.example.org/"
            secret_key_id = "three"
            [[share]]
            wikis = ["one"]
        "#,
        good: r#"
            moin = "2.0"
            [farm]
            cookie_secure = true
            [wikis.one]
            url = "https://one.example.org/"
            secret_key_id = "one"
            [wikis.two]
            url = "https://two.example.org/"
            secret_key_id = "two"
        "#,
        cure: "Give each wiki a SECRET_KEY of its own.",
        fix: None,
        fixed: false,
        since: "0.1.0",
        look: Look::Farm(shared_secret_key),
    },
    Rule {
        name: "no-login-methods",
        family: FAMILY,
        severity: Error,
        title: "a wiki without a method to log in",
        why: "With an empty auth list nobody can log in, and no session of another wiki is accepted: its visitors \
              are logged out there.",
        bad: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org/"
            auth = []
        "#,
        good: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org/"
            auth = ["moin"]
        "#,
        cure: "Name the methods, or leave auth out: MoinMoin's own is the default.",
        fix: None,
        fixed: false,
        since: "0.1.0",
        look: Look::Wiki(no_login_methods),
    },
];

fn secure_over_http(wiki: &Wiki, sink: &mut Sink) {
    let settings = wiki.moin();
    let Ok(target) = Target::of(&wiki.url) else { return };
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

fn http_and_https(wiki: &Wiki, sink: &mut Sink) {
    let over = |scheme: &'static str| wiki.addresses().filter(move |(url, _)| url.scheme() == scheme);
    for (https, _) in over("https") {
        for (http, key) in over("http").filter(|(http, _)| http.host() == https.host()) {
            let (secure, plain) = (wiki.moin_at(https), wiki.moin_at(http));
            if !secure.sends_secure() {
                continue;
            }
            let message = if secure.session_cookie_name() == plain.session_cookie_name() {
                format!("who logged in at {https} can't log in at {http}: the Secure cookie is in the way")
            } else {
                format!("a login at {https} is none at {http}")
            };
            sink.report(wiki, wiki.span_of(key), message, "redirect http to https in the web server");
        }
    }
}

fn not_secure(wiki: &Wiki, sink: &mut Sink) {
    let settings = wiki.moin();
    let behaviour = wiki.version().behaviour();
    let https = wiki.addresses().all(|(url, _)| url.scheme() == "https");
    if !https || settings.sends_secure() || behaviour < Behaviour::V1_7_3 {
        return;
    }
    let (key, why) = match settings.cookie_secure {
        Some(_) => (Key::CookieSecure, "cookie_secure is off"),
        None if behaviour == Behaviour::V2 => (Key::Url, "2.0 sets Secure only where it is told to"),
        None => (Key::BackendUrl, "behind the proxy MoinMoin sees http"),
    };
    let message = format!("the login cookie is not Secure though the wiki is at https: {why}");
    sink.report(wiki, wiki.span_of(key), message, "set cookie_secure = true");
}

fn login_in_clear(wiki: &Wiki, sink: &mut Sink) {
    if Target::of(&wiki.url).is_ok_and(|target| !target.is_secure()) {
        let message = format!("logins at {} travel in clear", wiki.url);
        sink.report(wiki, wiki.span_of(Key::Url), message, "serve the wiki over https");
    }
}

fn readable_by_scripts(wiki: &Wiki, sink: &mut Sink) {
    if wiki.version().behaviour() >= Behaviour::V1_9_0 && !wiki.moin().sends_http_only() {
        let message = "scripts can read the login cookie".to_owned();
        sink.report(wiki, wiki.span_of(Key::CookieHttponly), message, "set cookie_httponly = true");
    }
}

fn samesite_strict(wiki: &Wiki, sink: &mut Sink) {
    if wiki.version().behaviour() == Behaviour::V2 && wiki.text(Key::CookieSamesite) == Some("Strict") {
        let message = "who follows a link from elsewhere seems to be logged out".to_owned();
        let span = wiki.span_of(Key::CookieSamesite);
        let fix = Fix::not_safe(Change::Replace { span: span.clone(), with: quoted("Lax") });
        sink.report_fixable(wiki, span, message, "write Lax, or leave it out", Some(fix));
    }
}

fn samesite_none_insecure(wiki: &Wiki, sink: &mut Sink) {
    let v2 = wiki.version().behaviour() == Behaviour::V2;
    if v2 && wiki.text(Key::CookieSamesite) == Some("None") && !wiki.moin().sends_secure() {
        let message = "browsers refuse SameSite=None without Secure: nobody can log in".to_owned();
        sink.report(
            wiki,
            wiki.span_of(Key::CookieSamesite),
            message,
            "set cookie_secure = true, or write Lax",
        );
    }
}

fn shared_secret_key(farm: &Farm, sink: &mut Sink) {
    // Where nothing is said to be shared, nobody said what is not meant to be.
    if farm.shares.is_empty() {
        return;
    }
    let shares = |wiki: &Wiki| -> HashSet<usize> {
        let mine = |share: &Share| share.wikis.iter().any(|(name, _)| *name == wiki.name);
        farm.shares.iter().enumerate().filter(|(_, share)| mine(share)).map(|(number, _)| number).collect()
    };
    let mut first: HashMap<&str, (&Wiki, HashSet<usize>)> = HashMap::new();
    for wiki in farm.wikis.iter().filter(|wiki| wiki.version().behaviour() == Behaviour::V2) {
        let Some(key) = wiki.text(Key::SecretKeyId) else { continue };
        let own = shares(wiki);
        match first.get(key) {
            None => {
                first.insert(key, (wiki, own));
            }
            Some((other, theirs)) if own.is_disjoint(theirs) => {
                let message = format!(
                    "a cookie of {:?} is a login at {:?} too: one key signs both",
                    other.name, wiki.name
                );
                let help = "give each a SECRET_KEY of its own, or add both to a [[share]]";
                sink.report(wiki, wiki.span_of(Key::SecretKeyId), message, help);
            }
            Some(_) => {}
        }
    }
}

fn no_login_methods(wiki: &Wiki, sink: &mut Sink) {
    if wiki.names(Key::Auth).is_some_and(<[String]>::is_empty) {
        let message = "nobody can log in: auth names no method".to_owned();
        sink.report(wiki, wiki.span_of(Key::Auth), message, "name the methods, or leave auth out");
    }
}
