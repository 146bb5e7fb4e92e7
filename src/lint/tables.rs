//! Rules about tables and lists that do nothing.

use super::Severity::Warning;
use super::rule::{Look, Rule, Sink};
use crate::farm::{Farm, Key, Wiki};

const FAMILY: &str = "syntax";

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "unused-group",
        family: FAMILY,
        severity: Warning,
        title: "a group that no wiki is in",
        why: "Its settings reach nobody: either it is left over, or the wikis that were meant to have it lack its \
              settings.",
        bad: r#"
            moin = "1.9.11"
            [groups.new]
            cookie_path = "/"
            [wikis.one]
            url = "https://one.example.org/"
        "#,
        good: r#"
            moin = "1.9.11"
            [groups.new]
            cookie_path = "/"
            [wikis.one]
            group = "new"
            url = "https://one.example.org/"
        "#,
        cure: "Take it out, or name it in a wiki.",
        fixed: false,
        since: "0.1.0",
        look: Look::Parser,
    },
    Rule {
        name: "useless-alias",
        family: FAMILY,
        severity: Warning,
        title: "an alias that is the wiki's URL, or stands there twice",
        why: "It does no harm, but somebody meant another address, which is now not checked.",
        bad: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org/"
            aliases = ["https://one.example.org"]
        "#,
        good: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org/"
            aliases = ["https://uno.example.org/"]
        "#,
        cure: "Take it out, or correct it.",
        fixed: false,
        since: "0.1.0",
        look: Look::Wiki(useless_alias),
    },
    Rule {
        name: "share-of-one",
        family: FAMILY,
        severity: Warning,
        title: "a [[share]] of fewer than two wikis",
        why: "A wiki always shares the login with itself: the table checks nothing.",
        bad: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org/"
            [[share]]
            wikis = ["one"]
        "#,
        good: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org/"
        "#,
        cure: "Name the wikis that are meant to share, or take the table out.",
        fixed: false,
        since: "0.1.0",
        look: Look::Farm(share_of_one),
    },
];

fn useless_alias(wiki: &Wiki, sink: &mut Sink) {
    let plain = |url: &url::Url| url.as_str().trim_end_matches('/').to_owned();
    let mut seen = vec![plain(&wiki.url)];
    for (position, alias) in wiki.aliases().iter().enumerate() {
        if seen.contains(&plain(alias)) {
            let message = format!("the alias {alias} is there already");
            let place = wiki.item_span(Key::Aliases, position);
            sink.report(wiki, place, message, "take it out, or correct it");
        }
        seen.push(plain(alias));
    }
}

fn share_of_one(farm: &Farm, sink: &mut Sink) {
    for share in &farm.shares {
        let mut names: Vec<&str> = share.wikis.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        // Names that are no wikis are told apart, and may have been the others.
        if names.len() < 2 && share.written < 2 {
            let message = "this [[share]] has fewer than two wikis, and checks nothing".to_owned();
            sink.report_farm(
                share.span.clone(),
                message,
                "name the wikis that are meant to share",
                Vec::new(),
            );
        }
    }
}
