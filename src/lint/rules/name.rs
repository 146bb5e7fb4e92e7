//! Rules about the name of the cookie.

use std::collections::HashMap;

use crate::browser::RejectionReason;
use crate::farm::{Change, Farm, Fix, Key, Value, Wiki, quoted};
use crate::lint::finding::Severity::{Error, Warning};
use crate::lint::rule::Safety::Unsafe;
use crate::lint::rule::{Look, Rule, Sink, rule};
use crate::moin::Behavior;
use crate::sharing::{As, Left, Model};

const FAMILY: &str = "name";

pub(super) const RULES: &[Rule] = &[
    rule!("invalid-cookie-name", FAMILY, Error, Look::Wiki(invalid_cookie_name)),
    rule!("siteid-collision", FAMILY, Warning, Look::Farm(siteid_collision)),
    rule!("literal-siteidmagic", FAMILY, Warning, Look::Wiki(literal_siteidmagic)),
    rule!("doubled-prefix", FAMILY, Warning, Look::Wiki(doubled_prefix)).fix(Unsafe),
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
    let message = format!("the cookie name {name:?} contains {odd:?}, which is not allowed in cookie names");
    sink.report(wiki, wiki.span_of(key), message, "use only letters, digits, `_`, `-`, and `.`");
}

/// Whether the version has `cookie_name`, and without it generates a name from port and path.
fn generates_name(wiki: &Wiki) -> bool {
    (Behavior::V1_9_1..Behavior::V2).contains(&wiki.version().behavior())
}

fn siteid_collision(farm: &Farm, sink: &mut Sink) {
    let magic = |wiki: &&Wiki| generates_name(wiki) && wiki.text(Key::CookieName) == Some("siteidmagic");
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
                "{} and {} overwrite each other's cookie {}: both have the siteid {:?}",
                other.name,
                wiki.name,
                wiki.moin().session_cookie_name(),
                wiki.siteid()
            );
            let wikis = [other.name.as_str(), &wiki.name];
            let help = "give each wiki its own cookie_name";
            sink.report_named(Some(wiki), &wikis, wiki.span_of(Key::Siteid), message, help, Vec::new());
        }
    }
}

fn literal_siteidmagic(wiki: &Wiki, sink: &mut Sink) {
    if wiki.version().behavior() >= Behavior::V2 && wiki.text(Key::CookieName) == Some("siteidmagic") {
        let message =
            "the cookie is named siteidmagic: the word has no special meaning in MoinMoin 2.0".to_owned();
        let help = "write the name that the cookie should have";
        sink.report(wiki, wiki.span_of(Key::CookieName), message, help);
    }
}

fn doubled_prefix(wiki: &Wiki, sink: &mut Sink) {
    let Some(name) = wiki.text(Key::CookieName).filter(|_| generates_name(wiki)) else { return };
    let Some(rest) = name.strip_prefix("MOIN_SESSION") else { return };
    let own = rest.trim_start_matches('_');
    let span = wiki.span_of(Key::CookieName);
    let message =
        format!("the cookie is named MOIN_SESSION_{name}: MoinMoin adds MOIN_SESSION_ to cookie_name");
    let (help, fix) = match own {
        "" => ("write a name without MOIN_SESSION".to_owned(), None),
        own => {
            let with = quoted(own);
            let line = sink.line(wiki, Key::CookieName, &Value::Text(own.to_owned()));
            let help = format!("write {line}: users then have to log in again");
            (help, Some(Fix::not_safe(Change::Replace { span: span.clone(), with })))
        }
    };
    sink.report_fixable(wiki, span, message, help, fix);
}

fn generated_cookie_name(farm: &Farm, sink: &mut Sink) {
    // A cookie_name may be missing because its line has an error.
    if !farm.sound() {
        return;
    }
    let shared = farm.shares.iter().filter(|share| share.wikis.len() > 1).flat_map(|share| &share.wikis);
    for wiki in shared.filter_map(|(name, _)| farm.wiki(name)) {
        if generates_name(wiki) && wiki.setting(Key::CookieName).is_none() {
            let name = wiki.moin().session_cookie_name();
            let message = format!("the cookie name {name} depends on the port and path that MoinMoin sees");
            sink.report(wiki, wiki.span.clone(), message, "give the wikis of the [[share]] one cookie_name");
        }
    }
}

fn varying_cookie_name(wiki: &Wiki, sink: &mut Sink) {
    let own = wiki.moin().session_cookie_name();
    for alias in wiki.aliases() {
        let other = wiki.moin_at(alias).session_cookie_name();
        if other != own {
            let message = format!(
                "a login at {} is not valid at {alias}: the cookie names are {own} and {other}",
                wiki.url
            );
            // With one name, browsers would keep the Secure cookie and reject the plain one.
            let help = match alias.scheme() == wiki.url.scheme() {
                true => "set cookie_name, so that both addresses use one cookie",
                false => {
                    "let the web server redirect the http address to the https one, and delete the alias"
                }
            };
            sink.report(wiki, wiki.span_of(Key::Aliases), message, help);
        }
    }
}

fn prefix_violation(farm: &Farm, model: &Model, sink: &mut Sink) {
    use RejectionReason as R;
    for site in model.sites() {
        let (
            Some(wiki),
            Left::Rejected(R::SecurePrefix | R::HostPrefix | R::HttpPrefix | R::HostHttpPrefix, why),
        ) = (farm.wiki(&site.name), site.left(As::User))
        else {
            continue;
        };
        let message = format!("nobody can log in: browsers reject the cookie {}: {why}", site.cookie_name);
        let help = "meet the conditions of the name's prefix, or rename the cookie";
        sink.report(wiki, wiki.span_of(Key::CookieName), message, help);
    }
}

fn default_cookie_name(wiki: &Wiki, sink: &mut Sink) {
    let plain = wiki.text(Key::CookieName).is_none_or(|name| name == "session");
    if wiki.version().behavior() >= Behavior::V2
        && plain
        && wiki.text(Key::CookieDomain).is_some_and(|d| !d.is_empty())
    {
        let message =
            "other Flask applications in the domain overwrite the cookie: its name is Flask's default, session"
                .to_owned();
        sink.report(wiki, wiki.span_of(Key::CookieDomain), message, "set cookie_name");
    }
}
