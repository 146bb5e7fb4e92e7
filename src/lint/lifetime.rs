//! Rules about how long logins last.

use super::Severity::{Error, Warning};
use super::rule::{Look, Rule, Sink};
use crate::farm::{Key, Wiki};
use crate::moin::{Behaviour, CookieLifetime, Lifetime, lifetimes};

const FAMILY: &str = "lifetime";

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "fractional-hours",
        family: FAMILY,
        severity: Error,
        title: "less than an hour in 1.7 or 1.8, which means ten years",
        why: "1.7 and 1.8 drop the fraction first, and 0 hours mean ten years: the shortest lifetime somebody asked \
              for becomes the longest there is.",
        bad: r#"
            moin = "1.8.7"
            [wikis.one]
            url = "https://one.example.org/"
            cookie_lifetime = 0.5
        "#,
        good: r#"
            moin = "1.8.7"
            [wikis.one]
            url = "https://one.example.org/"
            cookie_lifetime = 1
        "#,
        cure: "Write whole hours, at least 1.",
        fixed: false,
        since: "0.1.0",
        look: Look::Wiki(fractional_hours),
    },
    Rule {
        name: "login-disabled",
        family: FAMILY,
        severity: Error,
        title: "a login lifetime of 0 in 1.9: nobody stays logged in",
        why: "Up to 1.8 a cookie_lifetime of 0 means 'for ever'; from 1.9 on a second number of 0 (or of less than a \
              second) means that no cookie is sent: people log in, and are anonymous on the next page.",
        bad: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org/"
            cookie_lifetime = [2, 0]
        "#,
        good: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org/"
            cookie_lifetime = [2, 12]
        "#,
        cure: "Write how many hours a login shall last: a positive number, or a negative one to ignore `remember me`.",
        fixed: false,
        since: "0.1.0",
        look: Look::Wiki(login_disabled),
    },
    Rule {
        name: "anonymous-fraction-lost",
        family: FAMILY,
        severity: Warning,
        title: "an anonymous lifetime so short that it is none",
        why: "1.9 counts whole seconds: less than one is 0, and 0 means that anonymous visitors get no session.",
        bad: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org/"
            cookie_lifetime = [0.0001, 12]
        "#,
        good: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org/"
            cookie_lifetime = [0.5, 12]
        "#,
        cure: "Write 0 if you want none, or at least 0.01 hours.",
        fixed: false,
        since: "0.1.0",
        look: Look::Wiki(anonymous_fraction_lost),
    },
];

fn fractional_hours(wiki: &Wiki, sink: &mut Sink) {
    let settings = wiki.moin();
    let Some(CookieLifetime::Hours(hours)) = settings.cookie_lifetime else { return };
    if wiki.version().behaviour() < Behaviour::V1_9_0 && hours != 0.0 && hours.trunc() == 0.0 {
        let message = format!("MoinMoin {} takes {hours} hours for ten years", wiki.version().resolved());
        sink.report(
            wiki,
            wiki.span_of(Key::CookieLifetime),
            message,
            "it drops the fraction first; write 1 or more",
        );
    }
}

fn login_disabled(wiki: &Wiki, sink: &mut Sink) {
    let behaviour = wiki.version().behaviour();
    if behaviour >= Behaviour::V1_9_0 && lifetimes(&wiki.moin()).is_ok_and(|l| l.user == Lifetime::None) {
        let message = format!(
            "nobody stays logged in: MoinMoin {} takes this as 'no login'",
            wiki.version().resolved()
        );
        let help = "write how many hours a login shall last, like [0, 12]";
        sink.report(wiki, wiki.span_of(Key::CookieLifetime), message, help);
    }
}

fn anonymous_fraction_lost(wiki: &Wiki, sink: &mut Sink) {
    let settings = wiki.moin();
    let Some(CookieLifetime::Pair(anonymous, _)) = settings.cookie_lifetime else { return };
    let behaviour = wiki.version().behaviour();
    if (Behaviour::V1_9_0..Behaviour::V2).contains(&behaviour)
        && anonymous != 0.0
        && lifetimes(&settings).is_ok_and(|l| l.anonymous == Lifetime::None)
    {
        let message = format!("{anonymous} hours are less than a second: anonymous visitors get no session");
        sink.report(wiki, wiki.span_of(Key::CookieLifetime), message, "write 0 to say so, or at least 0.01");
    }
}
