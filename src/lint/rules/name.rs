//! Rules about the cookie's name.

use std::collections::HashMap;

use crate::browser::RefusalReason;
use crate::farm::{Farm, Key, Wiki};
use crate::lint::finding::Severity::{Error, Warning};
use crate::lint::rule::{Look, Rule, Sink};
use crate::moin::Behaviour;
use crate::sharing::{As, Left, Model};

const FAMILY: &str = "name";

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "name-malformed",
        family: FAMILY,
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
        fix: None,
        fixed: false,
        since: "0.1.0",
        look: Look::Wiki(name_malformed),
    },
    Rule {
        name: "siteid-collision",
        family: FAMILY,
        severity: Warning,
        title: "wikis whose `siteidmagic` gives one name",
        why: "siteidmagic names the cookie after the config module, and that is `wikiconfig` for every \
              stand-alone wiki: wikis that were meant to have cookies of their own overwrite each other's.",
        bad: r#"
            moin = "1.9.11"
            [farm]
            cookie_name = "siteidmagic"
            [wikis.one]
            url = "https://wiki.example.org/one"
            siteid = "wikiconfig"
            [wikis.two]
            url = "https://wiki.example.org/two"
            siteid = "wikiconfig"
        "#,
        good: r#"
            moin = "1.9.11"
            [farm]
            cookie_name = "siteidmagic"
            [wikis.one]
            url = "https://wiki.example.org/one"
            [wikis.two]
            url = "https://wiki.example.org/two"
        "#,
        cure: "Give each wiki a cookie_name, or run them as a farm, where each has its own config module.",
        fix: None,
        fixed: false,
        since: "0.1.0",
        look: Look::Farm(siteid_collision),
    },
    Rule {
        name: "literal-siteidmagic",
        family: FAMILY,
        severity: Warning,
        title: "`siteidmagic` in 2.0, where it is a name like any other",
        why: "2.0 leaves the cookie to Flask, which knows no magic: every such wiki calls its cookie siteidmagic.",
        bad: r#"
            moin = "2.0"
            [wikis.one]
            url = "https://one.example.org/"
            cookie_name = "siteidmagic"
        "#,
        good: r#"
            moin = "2.0"
            [wikis.one]
            url = "https://one.example.org/"
            cookie_name = "one"
        "#,
        cure: "Write the name that the cookie shall have.",
        fix: None,
        fixed: false,
        since: "0.1.0",
        look: Look::Wiki(literal_siteidmagic),
    },
    Rule {
        name: "automatic-name",
        family: FAMILY,
        severity: Warning,
        title: "a wiki of a [[share]] whose cookie name follows from port and path",
        why: "From 1.9.1 on a wiki without cookie_name calls its cookie MOIN_SESSION_<port>_ROOT<path>, by what \
              it sees behind the proxy. The login is shared only as long as all wikis of the [[share]] see the \
              same.",
        bad: r#"
            moin = "1.9.11"
            [farm]
            cookie_domain = ".example.org"
            session_dir = "sessions"
            user_dir = "users"
            [wikis.one]
            url = "https://one.example.org/"
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
            [wikis.one]
            url = "https://one.example.org/"
            [wikis.two]
            url = "https://two.example.org/"
            [[share]]
            wikis = ["one", "two"]
        "#,
        cure: "Give the wikis one cookie_name.",
        fix: None,
        fixed: false,
        since: "0.1.0",
        look: Look::Farm(automatic_name),
    },
    Rule {
        name: "name-changes-with-address",
        family: FAMILY,
        severity: Warning,
        title: "a wiki whose cookie has another name at another of its addresses",
        why: "Without cookie_name, and without a backend_url that all addresses lead to, the name holds port and \
              path of the address that was used: people who are logged in at one address are not at the other.",
        bad: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org/"
            aliases = ["https://one.example.org:8443/"]
        "#,
        good: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org/"
            aliases = ["https://one.example.org:8443/"]
            cookie_name = "one"
        "#,
        cure: "Set cookie_name.",
        fix: None,
        fixed: false,
        since: "0.1.0",
        look: Look::Wiki(name_changes),
    },
    Rule {
        name: "prefix-broken",
        family: FAMILY,
        severity: Error,
        title: "a cookie name whose prefix promises what the cookie does not keep",
        why: "Browsers refuse a cookie named __Host-… that has a Domain, another Path than / or no Secure, and \
              one named __Secure-… without Secure: nobody can log in.",
        bad: r#"
            moin = "2.0"
            [wikis.one]
            url = "https://one.example.org/"
            cookie_name = "__Host-wiki"
            cookie_domain = ".example.org"
            cookie_secure = true
        "#,
        good: r#"
            moin = "2.0"
            [wikis.one]
            url = "https://one.example.org/"
            cookie_name = "__Host-wiki"
            cookie_secure = true
        "#,
        cure: "For __Host- leave cookie_domain and cookie_path out and set cookie_secure; for __Secure- set \
              cookie_secure.",
        fix: None,
        fixed: false,
        since: "0.1.0",
        look: Look::Sharing(prefix_broken),
    },
    Rule {
        name: "common-name",
        family: FAMILY,
        severity: Warning,
        title: "a 2.0 wiki whose cookie is called `session` in a domain",
        why: "`session` is what every Flask application calls its cookie. Another one anywhere in the domain \
              overwrites the wiki's, and logs people out.",
        bad: r#"
            moin = "2.0"
            [wikis.one]
            url = "https://one.example.org/"
            cookie_domain = ".example.org"
        "#,
        good: r#"
            moin = "2.0"
            [wikis.one]
            url = "https://one.example.org/"
            cookie_domain = ".example.org"
            cookie_name = "wiki"
        "#,
        cure: "Set cookie_name.",
        fix: None,
        fixed: false,
        since: "0.1.0",
        look: Look::Wiki(common_name),
    },
];

fn name_malformed(wiki: &Wiki, sink: &mut Sink) {
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

fn automatic_name(farm: &Farm, sink: &mut Sink) {
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

fn name_changes(wiki: &Wiki, sink: &mut Sink) {
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

fn prefix_broken(farm: &Farm, model: &Model, sink: &mut Sink) {
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

fn common_name(wiki: &Wiki, sink: &mut Sink) {
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
