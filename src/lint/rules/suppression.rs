//! Rules about suppressions: `[lint]`, the `lint` of a wiki, and comments.

use crate::farm::{Change, Farm, Fix, Span, quoted, the_one_near};
use crate::lint::comments::{self, Comments};
use crate::lint::finding::Severity::{Error, Warning};
use crate::lint::rule::Safety::Safe;
use crate::lint::rule::{Look, Rule, Sink, near, rule};

const FAMILY: &str = "suppression";

pub(super) const RULES: &[Rule] = &[
    rule!("unknown-rule", FAMILY, Error, Look::Suppressions(unknown_rule)).fix(Safe).fatal(),
    rule!("unused-suppression", FAMILY, Warning, Look::Levels).fix(Safe),
    rule!("invalid-suppression", FAMILY, Warning, Look::Suppressions(invalid_suppression)).fix(Safe),
    rule!("suppression-without-reason", FAMILY, Warning, Look::Suppressions(without_reason)),
];

/// Checks the names in `[lint]`, in the `lint` of each wiki, and in comments.
fn unknown_rule(farm: &Farm, comments: &Comments, rules: &[&'static Rule], sink: &mut Sink) {
    let tables = std::iter::once(&farm.lint).chain(farm.wikis.iter().map(|wiki| &wiki.lint));
    for (name, span) in tables.flat_map(|table| [&table.allow, &table.warn, &table.deny]).flatten() {
        judge(name, span, quoted, rules, sink);
    }
    for (name, span) in comments.allows.iter().flat_map(|allow| &allow.names) {
        judge(name, span, str::to_owned, rules, sink);
    }
}

/// Checks one name; `spell` gives the form of a name at that position of the file.
fn judge(name: &str, span: &Span, spell: fn(&str) -> String, rules: &[&'static Rule], sink: &mut Sink) {
    if rules.iter().any(|rule| rule.family == name) {
        return;
    }
    match rules.iter().find(|rule| rule.name == name) {
        None => {
            let help = match near(name, rules.iter().copied()) {
                Some(near) => format!("did you mean {near:?}?"),
                None => "run `wikifarm config rules` to list the rules".to_owned(),
            };
            let known = rules.iter().flat_map(|rule| [rule.name, rule.family]);
            let fix = the_one_near(name, known)
                .map(|meant| Fix::safe(Change::Replace { span: span.clone(), with: spell(meant) }));
            let message = format!("there is no rule {name:?}");
            sink.report_farm_fixable(span.clone(), message, help, Vec::new(), fix);
        }
        Some(rule) if rule.fatal => sink.report_farm(
            span.clone(),
            format!(
                "the severity of {name:?} can't be changed: wikifarm can't use a farm file with such an error"
            ),
            "remove the name",
        ),
        Some(_) => {}
    }
}

fn invalid_suppression(farm: &Farm, comments: &Comments, _: &[&'static Rule], sink: &mut Sink) {
    for span in &comments.odd {
        let help = "write `# wikifarm: allow(RULE) REASON`";
        let message = "wikifarm does not understand this comment".to_owned();
        let text = farm.source.text().get(span.clone()).unwrap_or_default();
        let fix = comments::meant(text).map(|with| Fix::safe(Change::Replace { span: span.clone(), with }));
        sink.report_farm_fixable(span.clone(), message, help, Vec::new(), fix);
    }
}

fn without_reason(_: &Farm, comments: &Comments, _: &[&'static Rule], sink: &mut Sink) {
    for allow in comments.allows.iter().filter(|allow| !allow.reason) {
        let message = "this comment allows a rule without a reason".to_owned();
        sink.report_farm(allow.span.clone(), message, "write the reason after the closing parenthesis");
    }
}
