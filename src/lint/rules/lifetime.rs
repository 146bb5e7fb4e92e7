//! Rules about how long logins last.

use crate::farm::{Farm, Key, Wiki};
use crate::lint::finding::Severity::{Error, Warning};
use crate::lint::rule::{Look, Rule, Sink};
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
        fix: None,
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
        fix: None,
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
        fix: None,
        fixed: false,
        since: "0.1.0",
        look: Look::Wiki(anonymous_fraction_lost),
    },
    Rule {
        name: "fraction-dropped",
        family: FAMILY,
        severity: Warning,
        title: "a fraction of an hour that 1.7 and 1.8 drop",
        why: "1.7 and 1.8 count a login in whole hours: 1.9 hours are 1.",
        bad: r#"
            moin = "1.8.7"
            [wikis.one]
            url = "https://one.example.org/"
            cookie_lifetime = 1.5
        "#,
        good: r#"
            moin = "1.8.7"
            [wikis.one]
            url = "https://one.example.org/"
            cookie_lifetime = 2
        "#,
        cure: "Write whole hours.",
        fix: None,
        fixed: false,
        since: "0.1.0",
        look: Look::Wiki(fraction_dropped),
    },
    Rule {
        name: "outlives-cap",
        family: FAMILY,
        severity: Warning,
        title: "a cookie that is meant to last longer than browsers keep any",
        why: "Browsers drop every cookie after 400 days, whatever the wiki says. The session's file keeps the \
              longer time, and lies about for years after its cookie is gone.",
        bad: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org/"
            cookie_lifetime = [0, 20000]
        "#,
        good: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org/"
            cookie_lifetime = [0, 9600]
        "#,
        cure: "Write at most 9600 hours, and give [prune] an idle of 400d.",
        fix: None,
        fixed: false,
        since: "0.1.0",
        look: Look::Wiki(outlives_cap),
    },
    Rule {
        name: "anonymous-outlives-login",
        family: FAMILY,
        severity: Warning,
        title: "anonymous sessions that last longer than logins",
        why: "Most visitors never come back, and each leaves a file for that long; a login, which is worth \
              keeping, ends sooner.",
        bad: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org/"
            cookie_lifetime = [48, 12]
        "#,
        good: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org/"
            cookie_lifetime = [1, 12]
        "#,
        cure: "Give anonymous sessions an hour or less.",
        fix: None,
        fixed: false,
        since: "0.1.0",
        look: Look::Wiki(anonymous_outlives_login),
    },
    Rule {
        name: "share-lifetimes-differ",
        family: FAMILY,
        severity: Warning,
        title: "wikis of one [[share]] whose logins last differently",
        why: "Each answer sets cookie and session to the answering wiki's own lifetime: how long somebody stays \
              logged in depends on which wiki he visited last.",
        bad: r#"
            moin = "1.9.11"
            [farm]
            cookie_name = "lab"
            cookie_domain = ".example.org"
            session_dir = "sessions"
            user_dir = "users"
            [wikis.one]
            url = "https://one.example.org/"
            cookie_lifetime = [0, 1]
            [wikis.two]
            url = "https://two.example.org/"
            [[share]]
            wikis = ["one", "two"]
        "#,
        good: r#"
            moin = "1.9.11"
            [farm]
            cookie_name = "lab"
            cookie_domain = ".example.org"
            session_dir = "sessions"
            user_dir = "users"
            cookie_lifetime = [0, 1]
            [wikis.one]
            url = "https://one.example.org/"
            [wikis.two]
            url = "https://two.example.org/"
            [[share]]
            wikis = ["one", "two"]
        "#,
        cure: "Set one cookie_lifetime under [farm] or in a group.",
        fix: None,
        fixed: false,
        since: "0.1.0",
        look: Look::Farm(share_lifetimes_differ),
    },
    Rule {
        name: "login-for-ever",
        family: FAMILY,
        severity: Warning,
        title: "a login lifetime of 0 in 1.7 or 1.8: ten years for everybody",
        why: "Who turned `remember me` off in his preferences, as one does on a shared computer, stays logged in all the \
              same, for as long as browsers keep any cookie.",
        bad: r#"
            moin = "1.8.7"
            [wikis.one]
            url = "https://one.example.org/"
            cookie_lifetime = 0
        "#,
        good: r#"
            moin = "1.8.7"
            [wikis.one]
            url = "https://one.example.org/"
            cookie_lifetime = 12
        "#,
        cure: "Write how many hours a login shall last without `remember me`.",
        fix: None,
        fixed: false,
        since: "0.1.0",
        look: Look::Wiki(login_for_ever),
    },
    Rule {
        name: "anonymous-negative",
        family: FAMILY,
        severity: Warning,
        title: "an anonymous lifetime below 0",
        why: "For a login a negative number means 'whatever the user chose'; for a visitor it is a cookie that has ended \
              before it comes, sent with every page and thrown away.",
        bad: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org/"
            cookie_lifetime = [-1, 12]
        "#,
        good: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org/"
            cookie_lifetime = [1, -12]
            [prune]
            idle = "400d"
        "#,
        cure: "Write 0 for no anonymous sessions, or how many hours they shall last.",
        fix: None,
        fixed: false,
        since: "0.1.0",
        look: Look::Wiki(anonymous_negative),
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
    if behaviour >= Behaviour::V1_9_0 && lifetimes(wiki.moin()).is_ok_and(|l| l.user == Lifetime::None) {
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
        && lifetimes(settings).is_ok_and(|l| l.anonymous == Lifetime::None)
    {
        let message = format!("{anonymous} hours are less than a second: anonymous visitors get no session");
        sink.report(wiki, wiki.span_of(Key::CookieLifetime), message, "write 0 to say so, or at least 0.01");
    }
}

/// How long browsers keep a cookie at most, in seconds: 400 days.
const CAP: f64 = 400.0 * 86_400.0;

fn fraction_dropped(wiki: &Wiki, sink: &mut Sink) {
    let Some(CookieLifetime::Hours(hours)) = wiki.moin().cookie_lifetime else { return };
    if wiki.version().behaviour() < Behaviour::V1_9_0 && hours.abs() > 1.0 && hours.fract() != 0.0 {
        let (version, whole) = (wiki.version().resolved(), hours.trunc());
        let message = format!("MoinMoin {version} takes {hours} hours for {whole}");
        sink.report(wiki, wiki.span_of(Key::CookieLifetime), message, "write whole hours");
    }
}

fn outlives_cap(wiki: &Wiki, sink: &mut Sink) {
    let Ok(found) = lifetimes(wiki.moin()) else { return };
    // Ten years for `remember me` are MoinMoin's own: the farm file need not answer for them.
    let login = if wiki.version().behaviour() == Behaviour::V2 { found.remember } else { found.user };
    for (key, lifetime) in [(Key::CookieLifetime, login), (Key::AnonymousSessionLifetime, found.anonymous)] {
        let key = if wiki.setting(key).is_some() { key } else { Key::CookieLifetime };
        match lifetime {
            Lifetime::Seconds(seconds) if seconds > CAP && wiki.setting(key).is_some() => {
                let days = (seconds / 86_400.0).round();
                let message = format!("browsers drop the cookie after 400 days, not {days}");
                sink.report(wiki, wiki.span_of(key), message, "write at most 9600 hours");
            }
            _ => {}
        }
    }
}

fn anonymous_outlives_login(wiki: &Wiki, sink: &mut Sink) {
    let Ok(found) = lifetimes(wiki.moin()) else { return };
    if let (Lifetime::Seconds(anonymous), Lifetime::Seconds(user)) = (found.anonymous, found.user)
        && anonymous > user
    {
        let key = [Key::AnonymousSessionLifetime, Key::CookieLifetime]
            .into_iter()
            .find(|key| wiki.setting(*key).is_some());
        let message =
            format!("anonymous sessions last {} hours, logins {}", anonymous / 3600.0, user / 3600.0);
        let place = wiki.span_of(key.unwrap_or(Key::CookieLifetime));
        sink.report(wiki, place, message, "give anonymous sessions an hour or less");
    }
}

fn share_lifetimes_differ(farm: &Farm, sink: &mut Sink) {
    for share in &farm.shares {
        let mut wikis = share.wikis.iter().filter_map(|(name, _)| farm.wiki(name));
        let login = |wiki: &Wiki| lifetimes(wiki.moin()).ok().map(|found| found.user);
        let Some(first) = wikis.next() else { continue };
        if let Some(other) = wikis.find(|wiki| login(wiki) != login(first)) {
            let hours = |wiki: &Wiki| match login(wiki) {
                Some(Lifetime::Seconds(seconds)) => format!("{} hours", seconds / 3600.0),
                Some(Lifetime::BrowserSession) => "until the browser closes".to_owned(),
                Some(Lifetime::None) | None => "not at all".to_owned(),
            };
            let message = format!(
                "a login lasts {} at {:?} and {} at {:?}",
                hours(first),
                first.name,
                hours(other),
                other.name
            );
            let help = "set one cookie_lifetime for the wikis of the [[share]]";
            sink.report_farm(share.span.clone(), message, help, Vec::new());
        }
    }
}

fn login_for_ever(wiki: &Wiki, sink: &mut Sink) {
    let zero = matches!(wiki.moin().cookie_lifetime, Some(CookieLifetime::Hours(0.0)));
    if zero && wiki.version().behaviour() < Behaviour::V1_9_0 {
        let message = "a login lasts ten years, whether the user wants to be remembered or not".to_owned();
        let help = "write how many hours it shall last without `remember me`";
        sink.report(wiki, wiki.span_of(Key::CookieLifetime), message, help);
    }
}

fn anonymous_negative(wiki: &Wiki, sink: &mut Sink) {
    let Ok(found) = lifetimes(wiki.moin()) else { return };
    if matches!(found.anonymous, Lifetime::Seconds(seconds) if seconds < 0.0) {
        let key = [Key::AnonymousSessionLifetime, Key::CookieLifetime]
            .into_iter()
            .find(|key| wiki.setting(*key).is_some())
            .unwrap_or(Key::CookieLifetime);
        let message = "visitors get a cookie that has ended before it comes".to_owned();
        sink.report(wiki, wiki.span_of(key), message, "write 0 for none, or a number above");
    }
}
