//! Rules about the cookie's name.

use std::collections::HashMap;

use crate::browser::RefusalReason;
use crate::farm::{Farm, Key, Wiki};
use crate::lint::finding::Severity::{Error, Warning};
use crate::lint::rule::{Look, Rule, Sink, rule};
use crate::moin::Behaviour;
use crate::sharing::{As, Left, Model};

const FAMILY: &str = "name";

pub(super) const RULES: &[Rule] = &[
    rule!("invalid-cookie-name", FAMILY, Error, Look::Wiki(invalid_cookie_name)),
    rule!("siteid-collision", FAMILY, Warning, Look::Farm(siteid_collision)),
    rule!("literal-siteidmagic", FAMILY, Warning, Look::Wiki(literal_siteidmagic)),
    rule!("generated-cookie-name", FAMILY, Warning, Look::Farm(generated_cookie_name)),
    rule!("varying-cookie-name", FAMILY, Warning, Look::Wiki(varying_cookie_name)),
    rule!("prefix-violation", FAMILY, Error, Look::Sharing(prefix_violation)),
    rule!("default-cookie-name", FAMILY, Warning, Look::Wiki(default_cookie_name)),
];

fn invalid_cookie_name(wiki: &Wiki, sink: &mut Sink) {
    // The siteid is part of the name only with `siteidmagic`.
    let name = wiki.moin().session_cookie_name();
    let token = |c: char| c.is_ascii_graphic() && !"()<>@,;:\\\"/[]?={}".contains(c);
    let Some(odd) = name.chars().find(|c| !token(*c)) else { return };
    let key = match wiki.text(Key::CookieName) {
        _ if wiki.handler_cookie().is_some() => Key::SessionIdHandler,
        Some("siteidmagic") => Key::Siteid,
        _ => Key::CookieName,
    };
    let message = format!("the cookie's name {name:?} holds {odd:?}, which no cookie name may");
    sink.report(wiki, wiki.span_of(key), message, "use letters, digits, `_`, `-` and `.` only");
}

/// Whether the cookie's name can be set, and where it is not follows from port and path.
fn names_by_itself(wiki: &Wiki) -> bool {
    (Behaviour::V1_9_1..Behaviour::V2).contains(&wiki.version().behaviour())
}

fn siteid_collision(farm: &Farm, sink: &mut Sink) {
    let magic = |wiki: &&Wiki| names_by_itself(wiki) && wiki.text(Key::CookieName) == Some("siteidmagic");
    let mut first: HashMap<&str, &Wiki> = HashMap::new();
    for wiki in farm.wikis.iter().filter(magic) {
        let Some(other) = first.get(wiki.siteid()) else {
            first.insert(wiki.siteid(), wiki);
            continue;
        };
        let shares = |name: &String| {
            farm.shares.iter().any(|share| {
                share.wikis.iter().any(|(member, _)| member == name)
                    && share.wikis.iter().any(|(member, _)| *member == other.name)
            })
        };
        let meet = wiki.url.host() == other.url.host()
            || (wiki.text(Key::CookieDomain).is_some() && other.text(Key::CookieDomain).is_some());
        if meet && !shares(&wiki.name) {
            let message = format!(
                "the wikis {:?} and {:?} have the siteid {:?}, so both cookies are called {}",
                other.name,
                wiki.name,
                wiki.siteid(),
                wiki.moin().session_cookie_name()
            );
            sink.report(wiki, wiki.span_of(Key::Siteid), message, "give each a cookie_name");
        }
    }
}

fn literal_siteidmagic(wiki: &Wiki, sink: &mut Sink) {
    if wiki.version().behaviour() == Behaviour::V2 && wiki.text(Key::CookieName) == Some("siteidmagic") {
        let message = "2.0 knows no siteidmagic: the cookie is called so".to_owned();
        sink.report(
            wiki,
            wiki.span_of(Key::CookieName),
            message,
            "write the name that the cookie shall have",
        );
    }
}

fn generated_cookie_name(farm: &Farm, sink: &mut Sink) {
    // Of a file that was half understood nobody knows what it leaves out.
    if !farm.sound() {
        return;
    }
    let shared = farm.shares.iter().filter(|share| share.wikis.len() > 1).flat_map(|share| &share.wikis);
    for wiki in shared.filter_map(|(name, _)| farm.wiki(name)) {
        if names_by_itself(wiki) && wiki.setting(Key::CookieName).is_none() {
            let name = wiki.moin().session_cookie_name();
            let message = format!("the cookie is called {name}, after the port and path that MoinMoin sees");
            sink.report(wiki, wiki.span.clone(), message, "give the wikis of the [[share]] one cookie_name");
        }
    }
}

fn varying_cookie_name(wiki: &Wiki, sink: &mut Sink) {
    let own = wiki.moin().session_cookie_name();
    for alias in wiki.aliases() {
        let other = wiki.moin_at(alias).session_cookie_name();
        if other != own {
            let message = format!("the cookie is called {own} at {} and {other} at {alias}", wiki.url);
            sink.report(
                wiki,
                wiki.span_of(Key::Aliases),
                message,
                "set cookie_name: a login then holds at both",
            );
        }
    }
}

fn prefix_violation(farm: &Farm, model: &Model, sink: &mut Sink) {
    use RefusalReason as R;
    for site in model.sites() {
        let (
            Some(wiki),
            Left::Refused(R::SecurePrefix | R::HostPrefix | R::HttpPrefix | R::HostHttpPrefix, why),
        ) = (farm.wiki(&site.name), site.left(As::User))
        else {
            continue;
        };
        let message = format!("browsers refuse the cookie {}: {why}; nobody can log in", site.cookie_name);
        sink.report(
            wiki,
            wiki.span_of(Key::CookieName),
            message,
            "keep what the prefix promises, or rename the cookie",
        );
    }
}

fn default_cookie_name(wiki: &Wiki, sink: &mut Sink) {
    let plain = wiki.text(Key::CookieName).is_none_or(|name| name == "session");
    if wiki.version().behaviour() == Behaviour::V2
        && plain
        && wiki.text(Key::CookieDomain).is_some_and(|d| !d.is_empty())
    {
        let message =
            "the cookie is called session, as that of every Flask application in the domain".to_owned();
        sink.report(wiki, wiki.span_of(Key::CookieDomain), message, "set cookie_name");
    }
}
