//! Why no change of settings gives what is wanted.

use std::collections::BTreeMap;

use super::check::Broken;
use super::intents::Wanted;
use super::party::Family;
use super::search::Search;
use crate::farm::Wiki;
use crate::sharing::site::Left;
use crate::sharing::{As, Model};
use crate::text::list;

/// The reasons, each with the wikis that it is about; `broken` is a problem that the construction leaves in `model`.
pub(super) fn reasons(search: &Search<'_>, broken: Broken, model: &Model) -> Vec<String> {
    let mut reasons = Vec::new();
    for party in search.intents.parties.iter().filter(|party| party.len() > 1) {
        let wikis: Vec<&Wiki> = party.iter().filter_map(|at| search.wikis.get(*at)).collect();
        reasons.extend(domains(search, &wikis).into_iter().chain(families(&wikis)));
        reasons.extend(over_a_third(search, party));
    }
    for (at, site) in search.model.sites().iter().enumerate() {
        let party = search.intents.party_of.get(at).and_then(|party| search.intents.parties.get(*party));
        if let (Left::None(why), true) = (site.left(As::User), party.is_some_and(|party| party.len() > 1)) {
            reasons.push(format!("{}: {why}", site.name));
        }
    }
    if reasons.is_empty() {
        reasons.push(of_problem(broken, model));
    }
    reasons
}

/// Wikis of one party under several registrable domains, or under hosts that have none.
fn domains(search: &Search<'_>, wikis: &[&Wiki]) -> Option<String> {
    let suffixes = search.model.browser.suffixes();
    let mut by_domain: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for wiki in wikis {
        let host = wiki.url.host_str().unwrap_or_default();
        by_domain.entry(suffixes.registrable_domain(host).unwrap_or(host)).or_default().push(&wiki.name);
    }
    if by_domain.len() < 2 {
        return None;
    }
    let most = by_domain.iter().max_by_key(|(_, wikis)| wikis.len()).map(|(domain, _)| *domain)?;
    let others: Vec<&str> = by_domain
        .iter()
        .filter(|(domain, _)| **domain != most)
        .flat_map(|(_, wikis)| wikis.iter().copied())
        .collect();
    let domains: Vec<&str> = by_domain.keys().copied().collect();
    // No host is below an IP address.
    let hosts = match suffixes.registrable_domain(most) {
        Some(domain) => format!("a host below {domain}"),
        None => "host names below one domain for all wikis".to_owned(),
    };
    Some(format!(
        "no cookie can cover {}: for {}, use single sign-on, or {hosts}",
        list(&domains, "and", 4),
        list(&others, "and", 4)
    ))
}

/// Wikis that must be separate, but each share a login with a third one.
fn over_a_third(search: &Search<'_>, party: &[usize]) -> Option<String> {
    let wanted = |a: usize, b: usize| search.intents.wanted(a, b);
    let pairs = party.iter().flat_map(|a| party.iter().map(move |b| (*a, *b))).filter(|(a, b)| a < b);
    let (a, b) = pairs.into_iter().find(|(a, b)| wanted(*a, *b) != Wanted::Shared)?;
    let name = |at: usize| search.wikis.get(at).map_or("", |wiki| wiki.name.as_str());
    Some(format!(
        "{} and {} each share a login with another wiki, so they share one, too: list all of them in one [[share]]",
        name(a),
        name(b)
    ))
}

/// Wikis of one party that keep sessions in different ways.
fn families(wikis: &[&Wiki]) -> Option<String> {
    let (new, old): (Vec<&&Wiki>, Vec<&&Wiki>) =
        wikis.iter().partition(|wiki| Family::of(wiki) == Family::Flask);
    let names = |wikis: &[&&Wiki]| {
        let names: Vec<&str> = wikis.iter().map(|wiki| wiki.name.as_str()).collect();
        list(&names, "and", 4)
    };
    (!new.is_empty() && !old.is_empty()).then(|| {
        format!(
            "{} can't share a login with {}: MoinMoin 2.0 keeps the session in the cookie, and MoinMoin 1 in a file",
            names(&new),
            names(&old)
        )
    })
}

/// What the construction could not solve.
fn of_problem(broken: Broken, model: &Model) -> String {
    let site = |at: usize| model.sites().get(at);
    let name = |at: usize| site(at).map_or("", |site| site.name.as_str());
    match broken {
        Broken::Alone(at) => match site(at).map(|site| site.left(As::User)) {
            Some(Left::Rejected(_, why)) => {
                format!("nobody can log in at {}: browsers reject the cookie: {why}", name(at))
            }
            Some(Left::None(why)) => format!("nobody can log in at {}: {why}", name(at)),
            Some(Left::Expired(seconds)) => {
                format!("nobody can log in at {}: the lifetime of the cookie is {seconds} s", name(at))
            }
            _ => format!("{}: a login is not valid at each of its URLs", name(at)),
        },
        Broken::Pair(from, to) => {
            let pair = site(from).zip(site(to)).map(|(a, b)| model.pair(a, b, As::User));
            let why = pair.map_or(String::new(), |pair| pair.effect.unwrap_or(pair.reason));
            format!("{} and {}: {why}", name(from), name(to))
        }
        Broken::Third(from, to, by) => {
            format!("{} interferes with the login that {} and {} share", name(by), name(from), name(to))
        }
        Broken::Leak(at) => format!("{}: a host in other_hosts receives the cookie", name(at)),
    }
}
