//! Rules about what takes other rules' findings away.

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

/// Names in `[lint]`, in a wiki's `lint` and in comments that are no rules or can't be changed.
fn unknown_rule(farm: &Farm, comments: &Comments, rules: &[&'static Rule], sink: &mut Sink) {
    let tables = std::iter::once(&farm.lint).chain(farm.wikis.iter().map(|wiki| &wiki.lint));
    for (name, span) in tables.flat_map(|table| [&table.allow, &table.warn, &table.deny]).flatten() {
        judge(name, span, quoted, rules, sink);
    }
    for (name, span) in comments.allows.iter().flat_map(|allow| &allow.names) {
        judge(name, span, str::to_owned, rules, sink);
    }
}

/// Looks at a name, which stands in the file as `spell` has it.
fn judge(name: &str, span: &Span, spell: fn(&str) -> String, rules: &[&'static Rule], sink: &mut Sink) {
    if rules.iter().any(|rule| rule.family == name) {
        return;
    }
    match rules.iter().find(|rule| rule.name == name) {
        None => {
            let help = match near(name, rules.iter().copied()) {
                Some(near) => format!("did you mean {near:?}?"),
                None => "`wikifarm config rules` lists them".to_owned(),
            };
            let known = rules.iter().flat_map(|rule| [rule.name, rule.family]);
            let fix = the_one_near(name, known)
                .map(|meant| Fix::safe(Change::Replace { span: span.clone(), with: spell(meant) }));
            let message = format!("there is no rule {name:?}");
            sink.report_farm_fixable(span.clone(), message, help, Vec::new(), fix);
        }
        Some(rule) if rule.fatal => sink.report_farm(
            span.clone(),
            format!("the level of {name:?} can't be changed"),
            "the farm file can't be used with what it reports",
            Vec::new(),
        ),
        Some(_) => {}
    }
}

fn invalid_suppression(farm: &Farm, comments: &Comments, _: &[&'static Rule], sink: &mut Sink) {
    for span in &comments.odd {
        let help = "write `# wikifarm: allow(rule) reason`";
        let message = "this comment to wikifarm can't be understood".to_owned();
        let text = farm.source.text().get(span.clone()).unwrap_or_default();
        let fix = comments::meant(text).map(|with| Fix::safe(Change::Replace { span: span.clone(), with }));
        sink.report_farm_fixable(span.clone(), message, help, Vec::new(), fix);
    }
}

fn without_reason(_: &Farm, comments: &Comments, _: &[&'static Rule], sink: &mut Sink) {
    for allow in comments.allows.iter().filter(|allow| !allow.reason) {
        let message = "this comment does not say why it allows what it allows".to_owned();
        sink.report_farm(allow.span.clone(), message, "say why behind the closing bracket", Vec::new());
    }
}
