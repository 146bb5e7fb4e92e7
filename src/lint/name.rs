//! Rules about the cookie's name.

use super::Severity::Error;
use super::rule::{Look, Rule, Sink};
use crate::farm::{Key, Wiki};

pub(super) const RULES: &[Rule] = &[Rule {
    name: "name-malformed",
    family: "name",
    severity: Error,
    title: "a cookie name with characters that no cookie name may have",
    why: "A name is a token (RFC 6265bis 4.1.1): letters, digits and a few signs. With a semicolon, equals sign, blank or \
          control character in it the browser reads another name than the wiki looks for, so nobody stays logged in; \
          square brackets and colons hide cookies from MoinMoin up to 1.9.8.",
    bad: r#"
        moin = "1.9.11"
        [wikis.one]
        url = "https://one.example.org/"
        cookie_name = "lab; one"
    "#,
    good: r#"
        moin = "1.9.11"
        [wikis.one]
        url = "https://one.example.org/"
        cookie_name = "lab_one"
    "#,
    cure: "Use letters, digits, `_`, `-` and `.` only.",
    fixed: false,
    since: "0.1.0",
    look: Look::Wiki(name_malformed),
}];

fn name_malformed(wiki: &Wiki, sink: &mut Sink) {
    // The siteid is part of the name only with `siteidmagic`.
    let name = wiki.moin().session_cookie_name();
    let token = |c: char| c.is_ascii_graphic() && !"()<>@,;:\\\"/[]?={}".contains(c);
    let Some(odd) = name.chars().find(|c| !token(*c)) else { return };
    let key = if wiki.text(Key::CookieName) == Some("siteidmagic") { Key::Siteid } else { Key::CookieName };
    let message = format!("the cookie's name {name:?} holds {odd:?}, which no cookie name may");
    sink.report(wiki, wiki.span_of(key), message, "use letters, digits, `_`, `-` and `.` only");
}
