//! Rules about the farm file itself. Most problems are found by the parser.

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

/// Reports wikis with the same URL or alias.
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
            if let Some((other, first)) = seen.get(&address) {
                let message = format!("{other} and {} have the same URL {address}", wiki.name);
                let help = "give each wiki its own URL: farmconfig.py uses the first expression that matches";
                let also = vec![(first.clone(), (*other).to_owned())];
                sink.report_named(None, &[*other, wiki.name.as_str()], span, message, help, also);
            } else {
                seen.insert(address, (&wiki.name, span));
            }
        }
    }
}
