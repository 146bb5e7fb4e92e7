//! Rules about the domain of the cookie.

use std::collections::BTreeSet;

use url::Url;

use crate::browser::{RejectionReason, is_ip};
use crate::farm::{Change, Farm, Fix, Key, Wiki, quoted};
use crate::lint::finding::MOST_WIKIS;
use crate::lint::finding::Severity::{Error, Warning};
use crate::lint::rejection::Domain;
use crate::lint::rule::Safety::Unsafe;
use crate::lint::rule::{Look, Rule, Sink, rule};
use crate::moin::Behavior;
use crate::sharing::{Model, leaks};
use crate::text::list;

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
        let fails = if wiki.version().behavior() >= Behavior::V2 { "login" } else { "response" };
        let message = format!("MoinMoin {} fails on every {fails} with {what}", wiki.version().resolved());
        sink.report_fixable(
            wiki,
            wiki.span_of(Key::CookieDomain),
            message,
            "delete cookie_domain, or unset it for this wiki",
            without_domain(wiki),
        );
    }
}

/// Deletes the setting. MoinMoin's own configuration needs the same change.
fn without_domain(wiki: &Wiki) -> Option<Fix> {
    let setting = wiki.setting(Key::CookieDomain)?;
    Some(Fix::not_safe(Change::DropSetting(setting.key_span.clone())))
}

fn domain_mismatch(wiki: &Wiki, of: &Domain<'_>, sink: &mut Sink) {
    if let Some((domain, host, RejectionReason::DomainMismatch)) = &of.rejected {
        let message = format!(
            "nobody can log in: browsers reject the cookie because {host} is not in the domain {domain}"
        );
        let help = "set cookie_domain to the wiki's host or a parent domain of it, or delete cookie_domain";
        sink.report(wiki, wiki.span_of(Key::CookieDomain), message, help);
    }
}

fn domain_public_suffix(wiki: &Wiki, of: &Domain<'_>, sink: &mut Sink) {
    if let Some((domain, _, RejectionReason::PublicSuffix)) = &of.rejected {
        let message =
            format!("nobody can log in: browsers reject the cookie because {domain} is a public suffix");
        let help =
            format!("write a domain below it, such as \".example.{}\"", domain.trim_start_matches('.'));
        sink.report(wiki, wiki.span_of(Key::CookieDomain), message, help);
    }
}

fn invalid_domain(wiki: &Wiki, of: &Domain<'_>, sink: &mut Sink) {
    if let Some((domain, _, RejectionReason::MalformedDomain | RejectionReason::NonAsciiDomain)) =
        &of.rejected
    {
        let message =
            format!("nobody can log in: browsers reject the cookie because {domain:?} is not a host name");
        let help = "write only the host name, such as \"example.org\"";
        sink.report(wiki, wiki.span_of(Key::CookieDomain), message, help);
    }
}

fn domain_ip(wiki: &Wiki, sink: &mut Sink) {
    let Some(domain) = wiki.text(Key::CookieDomain) else { return };
    if is_ip(domain.trim_start_matches('.')) {
        let message =
            format!("cookie_domain {domain} is an IP address: the cookie is valid for that address only");
        sink.report_fixable(
            wiki,
            wiki.span_of(Key::CookieDomain),
            message,
            "delete cookie_domain: it has no effect",
            without_domain(wiki),
        );
    }
}

fn alias_domain_mismatch(wiki: &Wiki, of: &Domain<'_>, sink: &mut Sink) {
    for alias in wiki.aliases() {
        if let Some((domain, host, _)) = of.rejection(wiki, alias) {
            let message = format!(
                "nobody can log in at the alias {host}: browsers reject the cookie because {host} is not in the domain {domain}"
            );
            let help = format!("redirect the alias to {} in the web server", wiki.url);
            sink.report(wiki, wiki.span_of(Key::Aliases), message, help);
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
        let message = format!(
            "{} receives the login {} of {}{}: its operator can act as their users",
            leak.host,
            if names.len() == 1 { "cookie" } else { "cookies" },
            list(&wikis, "and", MOST_WIKIS),
            if in_clear { ", also over unencrypted http" } else { "" }
        );
        let help = format!("narrow cookie_domain to a domain that does not contain {}", leak.host);
        sink.report_named(None, &wikis, leak.span, message, help, Vec::new());
    }
}

fn trailing_dot_host(wiki: &Wiki, sink: &mut Sink) {
    for (url, key) in wiki.addresses() {
        if url.host_str().is_some_and(|host| host.ends_with('.')) {
            let message = format!(
                "the host of {url} ends with a dot: browsers treat it as another host, with other cookies"
            );
            let span = wiki.span_of(key);
            let fix = without_dot(url).filter(|_| key == Key::Url).map(|with| {
                let with = quoted(with.as_str());
                Fix::not_safe(Change::Replace { span: span.clone(), with })
            });
            sink.report_fixable(wiki, span, message, "remove the dot", fix);
        }
    }
}

/// The address without the trailing dot of its host.
fn without_dot(url: &Url) -> Option<Url> {
    let mut plain = url.clone();
    plain.set_host(Some(url.host_str()?.trim_end_matches('.'))).ok()?;
    Some(plain)
}
