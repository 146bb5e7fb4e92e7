//! Rules about the cookie's domain.

use std::collections::BTreeSet;

use url::Url;

use crate::browser::{RefusalReason, is_ip};
use crate::farm::{Change, Farm, Fix, Key, Wiki, quoted};
use crate::lint::finding::Severity::{Error, Warning};
use crate::lint::refusal::Domain;
use crate::lint::rule::Safety::Unsafe;
use crate::lint::rule::{Look, Rule, Sink, rule};
use crate::sharing::{Model, leaks};

const FAMILY: &str = "domain";

pub(super) const RULES: &[Rule] = &[
    rule!("broken-domain", FAMILY, Error, Look::Wiki(broken_domain)).fix(Unsafe),
    rule!("domain-mismatch", FAMILY, Error, Look::Domain(domain_mismatch)),
    rule!("domain-public-suffix", FAMILY, Error, Look::Domain(domain_public_suffix)),
    rule!("domain-ip", FAMILY, Warning, Look::Wiki(domain_ip)).fix(Unsafe),
    rule!("invalid-domain", FAMILY, Error, Look::Domain(invalid_domain)),
    rule!("alias-domain-mismatch", FAMILY, Warning, Look::Domain(alias_domain_mismatch)),
    rule!("domain-too-wide", FAMILY, Warning, Look::Sharing(domain_too_wide)),
    rule!("trailing-dot-host", FAMILY, Warning, Look::Wiki(trailing_dot_host)).fix(Unsafe),
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

fn invalid_domain(wiki: &Wiki, of: &Domain<'_>, sink: &mut Sink) {
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
        if let Some((domain, host, _)) = of.refusal(wiki, alias) {
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

fn domain_too_wide(farm: &Farm, model: &Model, sink: &mut Sink) {
    for leak in leaks(farm, model) {
        let names: BTreeSet<&str> = leak.cookies.iter().map(|cookie| cookie.name.as_str()).collect();
        let in_clear = leak.cookies.iter().any(|cookie| cookie.over_http);
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
