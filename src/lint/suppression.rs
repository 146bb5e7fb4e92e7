//! Rules about what takes other rules' findings away.

use super::Severity::{Error, Warning};
use super::comments::Comments;
use super::rule::{Look, Rule, Sink};
use crate::farm::{Farm, Span, nearest};

const FAMILY: &str = "suppression";

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "unknown-rule",
        family: FAMILY,
        severity: Error,
        title: "a [lint] entry or comment that names no rule",
        why: "A rule that is meant to be off, or to fail the check, is not.",
        bad: r#"
            [wikis.one]
            url = "https://one.example.org/"
            [lint]
            allow = ["precise-versoin"]
        "#,
        good: r#"
            [wikis.one]
            url = "https://one.example.org/"
            [lint]
            allow = ["missing-version"]
        "#,
        cure: "Correct the name; `wikifarm config rules` lists rules and families.",
        fixed: true,
        since: "0.1.0",
        look: Look::Farm(unknown_rule),
    },
    Rule {
        name: super::UNUSED,
        family: FAMILY,
        severity: Warning,
        title: "a rule that is allowed where it finds nothing",
        why: "What was wrong has been mended, and the line that hid it would hide it again.",
        bad: r#"
            moin = "1.9.11"    # wikifarm: allow(precise-version) nobody knows the release
            [wikis.one]
            url = "https://one.example.org/"
        "#,
        good: r#"
            moin = "1.9"       # wikifarm: allow(precise-version) nobody knows the release
            [wikis.one]
            url = "https://one.example.org/"
        "#,
        cure: "Take the name out.",
        fixed: false,
        since: "0.1.0",
        look: Look::Levels,
    },
    Rule {
        name: "bad-suppression",
        family: FAMILY,
        severity: Warning,
        title: "a comment to wikifarm that it does not understand",
        why: "It looks as if it allowed a rule, and does nothing.",
        bad: r#"
            moin = "1.9.11"    # wikifarm: alow(precise-version) nobody knows the release
            [wikis.one]
            url = "https://one.example.org/"
        "#,
        good: r#"
            moin = "1.9"       # wikifarm: allow(precise-version) nobody knows the release
            [wikis.one]
            url = "https://one.example.org/"
        "#,
        cure: "Write `# wikifarm: allow(rule) reason`.",
        fixed: false,
        since: "0.1.0",
        look: Look::Farm(bad_suppression),
    },
    Rule {
        name: "suppression-without-reason",
        family: FAMILY,
        severity: Warning,
        title: "a comment that allows a rule and does not say why",
        why: "Whoever reads the file in a year can't tell whether the exception still holds.",
        bad: r#"
            moin = "1.9"       # wikifarm: allow(precise-version)
            [wikis.one]
            url = "https://one.example.org/"
        "#,
        good: r#"
            moin = "1.9"       # wikifarm: allow(precise-version) nobody knows the release
            [wikis.one]
            url = "https://one.example.org/"
        "#,
        cure: "Say why behind the closing bracket.",
        fixed: false,
        since: "0.1.0",
        look: Look::Farm(without_reason),
    },
];

/// Names in `[lint]`, in a wiki's `lint` and in comments that are no rules or can't be changed.
fn unknown_rule(farm: &Farm, sink: &mut Sink) {
    let tables = std::iter::once(&farm.lint).chain(farm.wikis.iter().map(|wiki| &wiki.lint));
    for (name, span) in tables.flat_map(|table| [&table.allow, &table.warn, &table.deny]).flatten() {
        judge(name, span, sink);
    }
    for (name, span) in Comments::of(&farm.source).allows.iter().flat_map(|allow| &allow.names) {
        judge(name, span, sink);
    }
}

fn judge(name: &str, span: &Span, sink: &mut Sink) {
    if super::rules().any(|rule| rule.family == name) {
        return;
    }
    match super::rules().find(|rule| rule.name == name) {
        None => {
            let help = match near(name) {
                Some(near) => format!("did you mean {near:?}?"),
                None => "`wikifarm config rules` lists them".to_owned(),
            };
            sink.report_farm(span.clone(), format!("there is no rule {name:?}"), help, Vec::new());
        }
        Some(rule) if rule.fixed => sink.report_farm(
            span.clone(),
            format!("the level of {name:?} can't be changed"),
            "the farm file can't be used with what it reports",
            Vec::new(),
        ),
        Some(_) => {}
    }
}

/// The rule, family or `warnings` that `name` was most likely meant to be.
pub(super) fn near(name: &str) -> Option<&'static str> {
    nearest(
        &name.replace('-', "_"),
        super::rules().flat_map(|rule| [rule.name, rule.family]).chain([super::WARNINGS]),
    )
}

fn bad_suppression(farm: &Farm, sink: &mut Sink) {
    for span in Comments::of(&farm.source).odd {
        let help = "write `# wikifarm: allow(rule) reason`";
        sink.report_farm(span, "this comment to wikifarm can't be understood".to_owned(), help, Vec::new());
    }
}

fn without_reason(farm: &Farm, sink: &mut Sink) {
    for allow in Comments::of(&farm.source).allows.into_iter().filter(|allow| !allow.reason) {
        let message = "this comment does not say why it allows what it allows".to_owned();
        sink.report_farm(allow.span, message, "say why behind the closing bracket", Vec::new());
    }
}
