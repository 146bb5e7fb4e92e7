//! Rules about tables and lists without effect.

use std::collections::HashMap;

use crate::farm::{Change, Farm, Fix, Key, Span, Wiki};
use crate::lint::finding::Severity::{Note, Warning};
use crate::lint::rule::Safety::Safe;
use crate::lint::rule::{Look, Rule, Sink, rule};

const FAMILY: &str = "syntax";

pub(super) const RULES: &[Rule] = &[
    rule!("unused-group", FAMILY, Warning, Look::Parser),
    rule!("duplicate-alias", FAMILY, Warning, Look::Wiki(duplicate_alias)).fix(Safe),
    rule!("single-wiki-share", FAMILY, Warning, Look::Farm(single_wiki_share)),
    rule!("duplicate-item", FAMILY, Warning, Look::Farm(duplicate_item)).fix(Safe),
    rule!("redundant-setting", FAMILY, Note, Look::Parser).fix(Safe),
    rule!("nested-url", FAMILY, Note, Look::Farm(nested_url)),
];

fn duplicate_alias(wiki: &Wiki, sink: &mut Sink) {
    let plain = |url: &url::Url| url.as_str().trim_end_matches('/').to_owned();
    let mut seen = vec![plain(&wiki.url)];
    for (position, alias) in wiki.aliases().iter().enumerate() {
        if seen.contains(&plain(alias)) {
            let message = format!("the alias {alias} repeats another address of the wiki");
            let span = wiki.item_span(Key::Aliases, position);
            let fix = Some(Fix::safe(Change::DropItem(span.clone())));
            sink.report_fixable(wiki, span, message, "delete the alias, or correct it", fix);
        }
        seen.push(plain(alias));
    }
}

fn duplicate_item(farm: &Farm, sink: &mut Sink) {
    let mut look = |what: &str, items: &mut dyn Iterator<Item = (&str, Span)>| {
        let mut seen: HashMap<&str, Span> = HashMap::new();
        for (name, span) in items {
            match seen.get(name) {
                None => {
                    seen.insert(name, span);
                }
                // The wikis inherit one list.
                Some(first) if *first == span => {}
                Some(first) => {
                    let fix = Some(Fix::safe(Change::DropItem(span.clone())));
                    let also = vec![(first.clone(), "first listed here".to_owned())];
                    let message = format!("{what} contains {name:?} twice");
                    sink.report_farm_fixable(span, message, "delete this entry, or correct it", also, fix);
                }
            }
        }
    };
    for wiki in &farm.wikis {
        for key in [Key::Superuser, Key::Auth] {
            let names = wiki.names(key).unwrap_or_default().iter().enumerate();
            look(key.name(), &mut names.map(|(at, name)| (name.as_str(), wiki.item_span(key, at))));
        }
    }
    for share in &farm.shares {
        look("this [[share]]", &mut share.wikis.iter().map(|(name, span)| (name.as_str(), span.clone())));
    }
    look("other_hosts", &mut farm.other_hosts.iter().map(|(name, span)| (name.as_str(), span.clone())));
    for table in std::iter::once(&farm.lint).chain(farm.wikis.iter().map(|wiki| &wiki.lint)) {
        for (level, list) in [("allow", &table.allow), ("warn", &table.warn), ("deny", &table.deny)] {
            look(level, &mut list.iter().map(|(name, span)| (name.as_str(), span.clone())));
        }
    }
}

fn single_wiki_share(farm: &Farm, sink: &mut Sink) {
    for share in &farm.shares {
        let mut names: Vec<&str> = share.wikis.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        // A misspelled name has a finding of its own.
        if names.len() < 2 && share.written < 2 {
            let message = "this [[share]] checks nothing: it names fewer than two wikis".to_owned();
            sink.report_farm(share.span.clone(), message, "name the wikis that should share a login");
        }
    }
}

fn nested_url(farm: &Farm, sink: &mut Sink) {
    let root = |url: &url::Url| {
        format!("{}{}/", url.host_str().unwrap_or_default(), url.path().trim_end_matches('/'))
    };
    let mut before: HashMap<String, &Wiki> = HashMap::new();
    for wiki in &farm.wikis {
        for (url, key) in wiki.addresses() {
            let address = root(url);
            let above = address.match_indices('/').filter_map(|(at, _)| address.get(..=at));
            let above = above.filter(|above| *above != address).find_map(|above| before.get(above));
            // A stand-alone wiki has no expressions.
            if let Some(other) =
                above.filter(|other| other.name != wiki.name && wiki.siteid() != "wikiconfig")
            {
                let message = format!(
                    "{} may be unreachable: {url} is below {}, the address of {}, which is listed first",
                    wiki.name, other.url, other.name
                );
                let help =
                    format!("list {} before {}, here and in `wikis` of farmconfig.py", wiki.name, other.name);
                let wikis = [wiki.name.as_str(), &other.name];
                sink.report_named(Some(wiki), &wikis, wiki.span_of(key), message, help, Vec::new());
            }
        }
        for (url, _) in wiki.addresses() {
            before.entry(root(url)).or_insert(wiki);
        }
    }
}
