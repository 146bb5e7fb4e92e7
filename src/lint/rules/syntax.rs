//! Rules over the farm file itself: what the parser noted, and what URLs say.

use std::collections::{HashMap, HashSet};

use crate::farm::{Farm, Span};
use crate::lint::finding::Severity::{Error, Warning};
use crate::lint::rule::Safety::{Safe, Unsafe};
use crate::lint::rule::{Look, Rule, Sink};

const FAMILY: &str = "syntax";

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: crate::lint::TOML_SYNTAX,
        family: FAMILY,
        severity: Error,
        title: "a file that is no TOML",
        why: "Nothing of a file with a syntax error can be trusted, so nothing else is checked.",
        bad: r#"
            [wikis.one
            url = "https://one.example.org/"
        "#,
        good: r#"
            [wikis.one]
            url = "https://one.example.org/"
        "#,
        cure: "Mend what the message points at; see https://toml.io/.",
        fix: None,
        fixed: true,
        since: "0.1.0",
        look: Look::Parser,
    },
    Rule {
        name: "unknown-key",
        family: FAMILY,
        severity: Error,
        title: "a key that wikifarm does not know",
        why: "A misspelt setting is a setting that is not there: the wiki is judged by MoinMoin's default, and the \
              prediction is wrong without a word.",
        bad: r#"
            [wikis.one]
            url = "https://one.example.org/"
            cookie_domian = ".example.org"
        "#,
        good: r#"
            [wikis.one]
            url = "https://one.example.org/"
            cookie_domain = ".example.org"
        "#,
        cure: "Correct the name, or take the line out: the farm file holds only what decides about sessions.",
        fix: Some(Safe),
        fixed: true,
        since: "0.1.0",
        look: Look::Parser,
    },
    Rule {
        name: "misplaced-key",
        family: FAMILY,
        severity: Error,
        title: "a key in a table where it means nothing",
        why: "The version of all wikis stands at the top of the file, and a URL belongs to one wiki: under [farm] it \
              would give many the same address.",
        bad: r#"
            [farm]
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org/"
        "#,
        good: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org/"
        "#,
        cure: "Move the key to the table that the message names.",
        fix: Some(Safe),
        fixed: true,
        since: "0.1.0",
        look: Look::Parser,
    },
    Rule {
        name: "wrong-type",
        family: FAMILY,
        severity: Error,
        title: "a value of the wrong type",
        why: "A number in quotes or a list in place of a word is not what MoinMoin has in its configuration.",
        bad: r#"
            [wikis.one]
            url = "https://one.example.org/"
            cookie_lifetime = "12"
        "#,
        good: r#"
            [wikis.one]
            url = "https://one.example.org/"
            cookie_lifetime = [0, 12]
        "#,
        cure: "Write the value as the message says.",
        fix: Some(Safe),
        fixed: true,
        since: "0.1.0",
        look: Look::Parser,
    },
    Rule {
        name: "bad-value",
        family: FAMILY,
        severity: Error,
        title: "a value that can't be",
        why: "The type is right but the value is none that the setting has, so nothing can be said about the wiki.",
        bad: r#"
            [wikis.one]
            url = "https://one.example.org/"
            duplicate_cookie = "Last"
        "#,
        good: r#"
            [wikis.one]
            url = "https://one.example.org/"
            duplicate_cookie = "last"
        "#,
        cure: "Write one of the values that the message names.",
        fix: Some(Safe),
        fixed: true,
        since: "0.1.0",
        look: Look::Parser,
    },
    Rule {
        name: "bad-version",
        family: FAMILY,
        severity: Error,
        title: "a version that is no MoinMoin wikifarm knows",
        why: "Cookies and session files differ between releases, so a prediction needs one that exists.",
        bad: r#"
            moin = "1.9.99"
            [wikis.one]
            url = "https://one.example.org/"
        "#,
        good: r#"
            moin = "1.9.11"
            [wikis.one]
            url = "https://one.example.org/"
        "#,
        cure: "Name the release the wiki runs; its footer or SystemInfo page shows it.",
        fix: None,
        fixed: true,
        since: "0.1.0",
        look: Look::Parser,
    },
    Rule {
        name: "set-and-unset",
        family: FAMILY,
        severity: Error,
        title: "a table that both sets and unsets a setting",
        why: "One of the two lines is not meant, and nobody can tell which.",
        bad: r#"
            [wikis.one]
            url = "https://one.example.org/"
            cookie_path = "/"
            unset = ["cookie_path"]
        "#,
        good: r#"
            [farm]
            cookie_path = "/wiki"
            [wikis.one]
            url = "https://one.example.org/"
            unset = ["cookie_path"]
        "#,
        cure: "Keep one of the two.",
        fix: None,
        fixed: true,
        since: "0.1.0",
        look: Look::Parser,
    },
    Rule {
        name: "useless-unset",
        family: FAMILY,
        severity: Warning,
        title: "an `unset` of something that nothing sets",
        why: "It does no harm, but somebody expected an inherited value here that is not there.",
        bad: r#"
            [wikis.one]
            url = "https://one.example.org/"
            unset = ["cookie_domain"]
        "#,
        good: r#"
            [farm]
            cookie_domain = ".example.org"
            [wikis.one]
            url = "https://one.example.org/"
            unset = ["cookie_domain"]
        "#,
        cure: "Take the name out of the list.",
        fix: Some(Safe),
        fixed: false,
        since: "0.1.0",
        look: Look::Parser,
    },
    Rule {
        name: "unknown-group",
        family: FAMILY,
        severity: Error,
        title: "a group that is not there",
        why: "The wiki would silently miss every setting of the group it was meant to have.",
        bad: r#"
            [groups.new]
            cookie_path = "/"
            [wikis.one]
            group = "nwe"
            url = "https://one.example.org/"
        "#,
        good: r#"
            [groups.new]
            cookie_path = "/"
            [wikis.one]
            group = "new"
            url = "https://one.example.org/"
        "#,
        cure: "Correct the name, or add the group.",
        fix: Some(Safe),
        fixed: true,
        since: "0.1.0",
        look: Look::Parser,
    },
    Rule {
        name: "group-cycle",
        family: FAMILY,
        severity: Error,
        title: "a group that is its own parent",
        why: "Inheritance that runs in a circle has no first value.",
        bad: r#"
            [groups.a]
            group = "b"
            [groups.b]
            group = "a"
            [wikis.one]
            group = "a"
            url = "https://one.example.org/"
        "#,
        good: r#"
            [groups.a]
            group = "b"
            [groups.b]
            cookie_path = "/"
            [wikis.one]
            group = "a"
            url = "https://one.example.org/"
        "#,
        cure: "Take one `group` line out of the circle.",
        fix: None,
        fixed: true,
        since: "0.1.0",
        look: Look::Parser,
    },
    Rule {
        name: "unknown-wiki",
        family: FAMILY,
        severity: Error,
        title: "a [[share]] that names no wiki of the farm",
        why: "What is intended for a wiki that is not there is never checked.",
        bad: r#"
            [wikis.one]
            url = "https://one.example.org/"
            [wikis.two]
            url = "https://two.example.org/"
            [[share]]
            wikis = ["one", "tow"]
        "#,
        good: r#"
            [farm]
            cookie_domain = ".example.org"
            cookie_name = "lab"
            session_dir = "sessions"
            user_dir = "users"
            [wikis.one]
            url = "https://one.example.org/"
            [wikis.two]
            url = "https://two.example.org/"
            [[share]]
            wikis = ["one", "two"]
        "#,
        cure: "Correct the name.",
        fix: Some(Safe),
        fixed: true,
        since: "0.1.0",
        look: Look::Parser,
    },
    Rule {
        name: "no-wikis",
        family: FAMILY,
        severity: Error,
        title: "a farm without wikis",
        why: "A check of nothing always passes; an empty farm file is a slip, not a farm.",
        bad: r#"
            moin = "1.9.11"
        "#,
        good: r#"
            [wikis.one]
            url = "https://one.example.org/"
        "#,
        cure: "Add the wikis of farmconfig.py, each as [wikis.NAME] with its url.",
        fix: None,
        fixed: true,
        since: "0.1.0",
        look: Look::Parser,
    },
    Rule {
        name: "missing-url",
        family: FAMILY,
        severity: Error,
        title: "a wiki without a url",
        why: "Whether a browser stores and sends a cookie depends on the wiki's public address before all else.",
        bad: r#"
            [wikis.one]
            data_dir = "one/data"
        "#,
        good: r#"
            [wikis.one]
            url = "https://one.example.org/"
            data_dir = "one/data"
        "#,
        cure: "Add the URL that people type, with scheme and path.",
        fix: None,
        fixed: true,
        since: "0.1.0",
        look: Look::Parser,
    },
    Rule {
        name: "bad-url",
        family: FAMILY,
        severity: Error,
        title: "a URL that is no URL of a wiki",
        why: "Without scheme, host and path nothing can be predicted.",
        bad: r#"
            [wikis.one]
            url = "one.example.org"
        "#,
        good: r#"
            [wikis.one]
            url = "https://one.example.org/"
        "#,
        cure: "Write scheme, host and the path the wiki is mounted at, without query.",
        fix: Some(Unsafe),
        fixed: true,
        since: "0.1.0",
        look: Look::Parser,
    },
    Rule {
        name: "duplicate-url",
        family: FAMILY,
        severity: Error,
        title: "two wikis with the same URL",
        why: "farmconfig.py takes the first expression that matches: the second wiki is never reached.",
        bad: r#"
            [wikis.one]
            url = "https://wiki.example.org/"
            [wikis.two]
            url = "https://wiki.example.org"
        "#,
        good: r#"
            [wikis.one]
            url = "https://wiki.example.org/one"
            [wikis.two]
            url = "https://wiki.example.org/two"
        "#,
        cure: "Give each wiki its own address.",
        fix: None,
        fixed: false,
        since: "0.1.0",
        look: Look::Farm(duplicate_url),
    },
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
