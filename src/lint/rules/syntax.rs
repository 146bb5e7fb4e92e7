//! Rules over the farm file itself: what the parser noted, and what URLs say.

use std::collections::{HashMap, HashSet};

use crate::farm::{Farm, Span};
use crate::lint::finding::Severity::{Error, Warning};
use crate::lint::rule::Safety::{Safe, Unsafe};
use crate::lint::rule::{Look, Rule, Sink, rule};

const FAMILY: &str = "syntax";

pub(super) const RULES: &[Rule] = &[
    rule!("toml-syntax", FAMILY, Error, Look::Parser).fatal(),
    rule!("unknown-key", FAMILY, Error, Look::Parser).fix(Safe).fatal(),
    rule!("misplaced-key", FAMILY, Error, Look::Parser).fix(Safe).fatal(),
    rule!("wrong-type", FAMILY, Error, Look::Parser).fix(Safe).fatal(),
    rule!("invalid-value", FAMILY, Error, Look::Parser).fix(Safe).fatal(),
    rule!("unknown-version", FAMILY, Error, Look::Parser).fatal(),
    rule!("set-and-unset", FAMILY, Error, Look::Parser).fatal(),
    rule!("useless-unset", FAMILY, Warning, Look::Parser).fix(Safe),
    rule!("unknown-group", FAMILY, Error, Look::Parser).fix(Safe).fatal(),
    rule!("group-cycle", FAMILY, Error, Look::Parser).fatal(),
    rule!("unknown-wiki", FAMILY, Error, Look::Parser).fix(Safe).fatal(),
    rule!("no-wikis", FAMILY, Error, Look::Parser).fatal(),
    rule!("missing-url", FAMILY, Error, Look::Parser).fatal(),
    rule!("invalid-url", FAMILY, Error, Look::Parser).fix(Unsafe).fatal(),
    rule!("duplicate-url", FAMILY, Error, Look::Farm(duplicate_url)),
];

/// Two wikis, or two URLs of different wikis, at one address.
fn duplicate_url(farm: &Farm, sink: &mut Sink) {
    let mut seen: HashMap<String, (&str, Span)> = HashMap::new();
    for wiki in &farm.wikis {
        let mut own = HashSet::new();
        let urls = std::iter::once((&wiki.url, crate::farm::Key::Url))
            .chain(wiki.aliases().iter().map(|url| (url, crate::farm::Key::Aliases)));
        for (url, key) in urls {
            let address = url.as_str().trim_end_matches('/').to_owned();
            let span = wiki.span_of(key);
            if !own.insert(address.clone()) {
                continue;
            }
            if let Some((other, place)) = seen.get(&address) {
                sink.report_farm(
                    span,
                    format!("the wiki {:?} has the same URL as {other:?}: {address}", wiki.name),
                    "farmconfig.py takes the first expression that matches, so one of them is never reached",
                    vec![(place.clone(), format!("the wiki {other:?}"))],
                );
            } else {
                seen.insert(address, (&wiki.name, span));
            }
        }
    }
}
