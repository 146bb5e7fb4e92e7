//! Rules about the cookie's domain.

use std::collections::BTreeSet;

use url::Url;

use crate::browser::{Mode, RefusalReason, SharedSuffixes, Suffixes, Target, cookie_domain, is_ip};
use crate::farm::{Change, Farm, Fix, Key, Wiki, quoted};
use crate::lint::finding::Severity::{Error, Warning};
use crate::lint::rule::Safety::Unsafe;
use crate::lint::rule::{Look, Rule, Sink};
use crate::sharing::{Model, leaks};

const FAMILY: &str = "domain";

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "broken-domain",
        family: FAMILY,
        severity: Error,
        title: "a cookie_domain with which this version answers no request",
        why: "From 1.9.4 on a cookie_domain without a dot makes every response fail that sets a cookie, and from 1.9.9 \
              on an empty one does too: people see an error page instead of the wiki.",
        bad: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "http://localhost/"
            cookie_domain = "localhost"
        "#,
        good: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "http://localhost/"
        "#,
        cure: "Leave cookie_domain out (or `unset` it): the cookie then belongs to the wiki's host alone.",
        fix: Some(Unsafe),
        fixed: false,
        since: "0.1.0",
        look: Look::Wiki(broken_domain),
    },
    Rule {
        name: "domain-mismatch",
        family: FAMILY,
        severity: Error,
        title: "a cookie_domain that the wiki's host is not within",
        why: "Browsers refuse a cookie for a domain other than the wiki's own or one above it: nobody can log in.",
        bad: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org/"
            cookie_domain = ".example.net"
        "#,
        good: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org/"
            cookie_domain = ".example.org"
        "#,
        cure: "Write the part of the host that the sharing wikis have in common, or leave cookie_domain out.",
        fix: None,
        fixed: false,
        since: "0.1.0",
        look: Look::Domain(domain_mismatch),
    },
    Rule {
        name: "domain-public-suffix",
        family: FAMILY,
        severity: Error,
        title: "a cookie_domain under which anybody can have a host",
        why: "Browsers refuse a cookie for all of co.uk, github.io or a single word such as `intranet`: nobody can log \
              in.",
        bad: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.co.uk/"
            cookie_domain = ".co.uk"
        "#,
        good: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.co.uk/"
            cookie_domain = ".example.co.uk"
        "#,
        cure: "Name at least one label below the public suffix.",
        fix: None,
        fixed: false,
        since: "0.1.0",
        look: Look::Domain(domain_public_suffix),
    },
    Rule {
        name: "domain-ip",
        family: FAMILY,
        severity: Warning,
        title: "a cookie_domain that is an IP address",
        why: "Addresses have no hosts below them: the cookie belongs to that address alone, as it would without \
              cookie_domain, and the line suggests a sharing that does not happen.",
        bad: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "http://192.0.2.1/"
            cookie_domain = "192.0.2.1"
        "#,
        good: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "http://192.0.2.1/"
        "#,
        cure: "Leave cookie_domain out.",
        fix: Some(Unsafe),
        fixed: false,
        since: "0.1.0",
        look: Look::Wiki(domain_ip),
    },
    Rule {
        name: "domain-malformed",
        family: FAMILY,
        severity: Error,
        title: "a cookie_domain that is no host name",
        why: "Browsers refuse a Domain with a port, a scheme, quotes or a dot at its end: nobody can log in.",
        bad: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org/"
            cookie_domain = "example.org:443"
        "#,
        good: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org/"
            cookie_domain = "example.org"
        "#,
        cure: "Write the bare name.",
        fix: None,
        fixed: false,
        since: "0.1.0",
        look: Look::Domain(domain_malformed),
    },
    Rule {
        name: "alias-domain-mismatch",
        family: FAMILY,
        severity: Warning,
        title: "a cookie_domain that an alias of the wiki is not within",
        why: "At that address the browser refuses the cookie: people who come in by it can't log in.",
        bad: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org/"
            aliases = ["https://one.example.net/"]
            cookie_domain = ".example.org"
        "#,
        good: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org/"
            aliases = ["https://uno.example.org/"]
            cookie_domain = ".example.org"
        "#,
        cure: "Redirect the alias to the wiki's own URL in the web server.",
        fix: None,
        fixed: false,
        since: "0.1.0",
        look: Look::Domain(alias_domain_mismatch),
    },
    Rule {
        name: "domain-wider-than-farm",
        family: FAMILY,
        severity: Warning,
        title: "a login cookie that goes to a host outside the farm",
        why: "Whoever runs a host of other_hosts gets the login of everybody who visits it, and can act as them \
              in the wikis.",
        bad: r#"
            moin = "1.9.11"
            [farm]
            other_hosts = ["www.example.org"]
            [wikis.one]
            url = "https://one.example.org/"
            cookie_domain = ".example.org"
        "#,
        good: r#"
            moin = "1.9.11"
            [farm]
            other_hosts = ["www.example.org"]
            [wikis.one]
            url = "https://one.wiki.example.org/"
            cookie_domain = ".wiki.example.org"
        "#,
        cure: "Move the wikis that share below a name of their own, like wiki.example.org, or leave cookie_domain \
              out.",
        fix: None,
        fixed: false,
        since: "0.1.0",
        look: Look::Sharing(domain_wider_than_farm),
    },
    Rule {
        name: "trailing-dot-host",
        family: FAMILY,
        severity: Warning,
        title: "a host with a dot at its end",
        why: "For browsers wiki.example.org. is another host than wiki.example.org: no cookie of the one reaches \
              the other.",
        bad: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org./"
        "#,
        good: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org/"
        "#,
        cure: "Write the host without the dot.",
        fix: Some(Unsafe),
        fixed: false,
        since: "0.1.0",
        look: Look::Wiki(trailing_dot_host),
    },
];

fn broken_domain(wiki: &Wiki, sink: &mut Sink) {
    if let Some(what) = wiki.moin().broken_domain() {
        let message = format!("{what} breaks every response of MoinMoin {}", wiki.version().resolved());
        sink.report_fixable(
            wiki,
            wiki.span_of(Key::CookieDomain),
            message,
            "leave it out, or `unset` it for this wiki",
            without_domain(wiki),
        );
    }
}

/// The setting taken out: MoinMoin's own configuration must follow.
fn without_domain(wiki: &Wiki) -> Option<Fix> {
    let setting = wiki.setting(Key::CookieDomain)?;
    Some(Fix::not_safe(Change::DropSetting(setting.key_span.clone())))
}

/// What browsers make of a wiki's cookie domain.
pub(in crate::lint) struct Domain<'a> {
    suffixes: &'a SharedSuffixes,
    /// Why they refuse it at the wiki's own URL.
    refused: Option<Refused>,
}

/// A domain, the host that it is refused at, and why.
type Refused = (String, String, RefusalReason);

impl Domain<'_> {
    pub(in crate::lint) fn of<'a>(wiki: &Wiki, suffixes: &'a SharedSuffixes) -> Domain<'a> {
        Domain { suffixes, refused: refusal(wiki, suffixes.as_ref(), &wiki.url) }
    }
}

/// Why a browser refuses the wiki's domain at `url`.
fn refusal(wiki: &Wiki, suffixes: &dyn Suffixes, url: &Url) -> Option<Refused> {
    let domain = wiki.text(Key::CookieDomain)?;
    let target = Target::of(url).ok()?;
    let reason = cookie_domain(&target, domain.as_bytes(), suffixes, Mode::Chromium).err()?;
    Some((domain.to_owned(), target.host().to_owned(), reason))
}

fn domain_mismatch(wiki: &Wiki, of: &Domain<'_>, sink: &mut Sink) {
    if let Some((domain, host, RefusalReason::DomainMismatch)) = &of.refused {
        let message = format!("browsers refuse the cookie: {host} is not within {domain}; nobody can log in");
        sink.report(
            wiki,
            wiki.span_of(Key::CookieDomain),
            message,
            "write a part of the wiki's own host, or leave it out",
        );
    }
}

fn domain_public_suffix(wiki: &Wiki, of: &Domain<'_>, sink: &mut Sink) {
    if let Some((domain, _, RefusalReason::PublicSuffix)) = &of.refused {
        let message = format!("browsers refuse the cookie: {domain} is a public suffix; nobody can log in");
        sink.report(wiki, wiki.span_of(Key::CookieDomain), message, "name at least one label below it");
    }
}

fn domain_malformed(wiki: &Wiki, of: &Domain<'_>, sink: &mut Sink) {
    if let Some((domain, _, RefusalReason::MalformedDomain | RefusalReason::NonAsciiDomain)) = &of.refused {
        let message = format!("browsers refuse the cookie: {domain:?} is no host name; nobody can log in");
        sink.report(
            wiki,
            wiki.span_of(Key::CookieDomain),
            message,
            "write the bare name, like \"example.org\"",
        );
    }
}

fn domain_ip(wiki: &Wiki, sink: &mut Sink) {
    let Some(domain) = wiki.text(Key::CookieDomain) else { return };
    if is_ip(domain.trim_start_matches('.')) {
        let message = format!("cookie_domain {domain} is an address: it has no hosts below it");
        sink.report_fixable(
            wiki,
            wiki.span_of(Key::CookieDomain),
            message,
            "leave it out: the cookie is the host's alone anyway",
            without_domain(wiki),
        );
    }
}

fn alias_domain_mismatch(wiki: &Wiki, of: &Domain<'_>, sink: &mut Sink) {
    for alias in wiki.aliases() {
        if let Some((domain, host, _)) = refusal(wiki, of.suffixes.as_ref(), alias) {
            let message =
                format!("browsers refuse the cookie at the alias {host}: it is not within {domain}");
            sink.report(
                wiki,
                wiki.span_of(Key::Aliases),
                message,
                "redirect the alias to the wiki's own URL",
            );
        }
    }
}

fn domain_wider_than_farm(farm: &Farm, model: &Model, sink: &mut Sink) {
    for leak in leaks(farm, model) {
        let names: BTreeSet<&str> = leak.cookies.iter().map(|cookie| cookie.name.as_str()).collect();
        let in_clear = leak.cookies.iter().any(|cookie| cookie.in_clear);
        let mut wikis: Vec<&str> =
            leak.cookies.iter().flat_map(|cookie| &cookie.wikis).map(String::as_str).collect();
        wikis.sort_unstable();
        wikis.dedup();
        let whose = match wikis.as_slice() {
            [one] => format!("the wiki {one}"),
            [first, rest @ ..] => format!("{first} and {} more", rest.len()),
            [] => continue,
        };
        let message = format!(
            "{} gets the login cookie of {whose}{}",
            leak.host,
            if in_clear { ", over http too" } else { "" }
        );
        let help = match names.len() {
            1 => "whoever runs it can act as the wikis' users: narrow cookie_domain",
            _ => "whoever runs it can act as the wikis' users: narrow their cookie_domain",
        };
        sink.report_farm(leak.span, message, help, Vec::new());
    }
}

fn trailing_dot_host(wiki: &Wiki, sink: &mut Sink) {
    for (url, key) in wiki.addresses() {
        if url.host_str().is_some_and(|host| host.ends_with('.')) {
            let message = format!("{url} has a dot behind the host: for browsers that is another host");
            let place = wiki.span_of(key);
            let fix = without_dot(url).filter(|_| key == Key::Url).map(|with| {
                let with = quoted(with.as_str());
                Fix::not_safe(Change::Replace { span: place.clone(), with })
            });
            sink.report_fixable(wiki, place, message, "write the host without it", fix);
        }
    }
}

/// The same address without the dot behind its host.
fn without_dot(url: &Url) -> Option<Url> {
    let mut plain = url.clone();
    plain.set_host(Some(url.host_str()?.trim_end_matches('.'))).ok()?;
    Some(plain)
}
