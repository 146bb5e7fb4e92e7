//! The engine: runs every rule over a farm, and applies the levels.

use std::collections::HashMap;

use super::comments::Comments;
use super::disk::{Disk, Facts};
use super::finding::{Finding, Severity};
use super::levels::{Levels, Overrides};
use super::refusal::Domain;
use super::rule::{Look, Rule, Sink};
use super::rules;
use crate::browser::SharedSuffixes;
use crate::farm::{Change, Farm, Fix, Problem, Span, SyntaxErrors};
use crate::location::RealDirectories;
use crate::sharing::Model;
use crate::sys::{in_parts, one_by_one};

/// The rule about files that are no TOML.
const TOML_SYNTAX: &str = "toml-syntax";

/// So many wikis are worth a thread.
const MANY: usize = 64;

/// Runs every rule over `farm`, at the levels that its `[lint]` and comments ask for, for browsers with that list of
/// public suffixes; `overrides` go over that.
pub fn check(farm: &Farm, disk: &dyn Disk, suffixes: &SharedSuffixes, overrides: &Overrides) -> Vec<Finding> {
    let model = Model::new(farm, &RealDirectories::default(), suffixes);
    let facts = Facts::gather(farm, disk);
    let comments = Comments::of(&farm.source);
    let mut findings = parse_findings(farm);
    let all: Vec<&'static Rule> = rules::all().collect();
    let domains = in_parts(&farm.wikis, |part| part.iter().map(|wiki| Domain::of(wiki, suffixes)).collect());
    let found = |rule: &&'static Rule| {
        let mut sink = Sink::new(rule);
        match rule.look {
            Look::Parser | Look::Levels => {}
            Look::Suppressions(look) => look(farm, &comments, &all, &mut sink),
            Look::Wiki(look) => farm.wikis.iter().for_each(|wiki| look(wiki, &mut sink)),
            Look::Farm(look) => look(farm, &mut sink),
            Look::Disk(look) | Look::Paths(look) => look(&facts, &mut sink),
            Look::Domain(look) => {
                farm.wikis.iter().zip(&domains).for_each(|(wiki, domain)| look(wiki, domain, &mut sink));
            }
            Look::Sharing(look) => look(farm, &model, &mut sink),
        }
        sink.into_findings()
    };
    // Those that look at pairs of wikis take the longest: they begin.
    let mut by_cost = all.clone();
    by_cost.sort_by_key(|rule| !matches!(rule.look, Look::Sharing(_)));
    let found: Vec<Vec<Finding>> = match farm.wikis.len() >= MANY {
        true => one_by_one(&by_cost, found),
        false => by_cost.iter().map(found).collect(),
    };
    findings.extend(found.into_iter().flatten());
    keep_fixes_of_all(farm, &mut findings);
    let mut levels = Levels::new(farm, &comments, overrides);
    findings = levels.apply(findings);
    if let Some(rule) = all.iter().find(|rule| matches!(rule.look, Look::Levels)) {
        let mut sink = Sink::new(rule);
        for (name, span) in levels.unused() {
            let message = format!("{name:?} is allowed here, and nothing of it is found");
            let change = comments.without(&farm.source, &span).unwrap_or(Change::DropItem(span.clone()));
            let help = "take it out: it would hide the next one";
            sink.report_farm_fixable(span, message, help, Vec::new(), Some(Fix::safe(change)));
        }
        findings.extend(levels.apply(sink.into_findings()));
    }
    findings.sort_by(|a, b| a.span.start.cmp(&b.span.start).then(a.rule.cmp(b.rule)));
    findings
}

/// Takes away the fix of a setting that other wikis have from the same line, and have it rightly.
fn keep_fixes_of_all(farm: &Farm, findings: &mut [Finding]) {
    let fixable = |finding: &&mut Finding| finding.fix.is_some() && !finding.wikis.is_empty();
    if !findings.iter_mut().any(|mut finding| fixable(&mut finding)) {
        return;
    }
    let mut having: HashMap<usize, usize> = HashMap::new();
    for (_, setting) in farm.wikis.iter().flat_map(|wiki| wiki.settings()) {
        *having.entry(setting.key_span.start).or_default() += 1;
        *having.entry(setting.span.start).or_default() += 1;
    }
    for finding in findings.iter_mut().filter(fixable) {
        if having.get(&finding.span.start).is_some_and(|count| *count != finding.wikis.len()) {
            finding.fix = None;
        }
    }
}

/// What is wrong with a file that is no TOML, as findings.
pub fn syntax_findings(errors: &SyntaxErrors) -> Vec<Finding> {
    let finding = |(message, span): &(String, Span)| Finding {
        rule: TOML_SYNTAX,
        severity: Severity::Error,
        message: message.clone(),
        help: None,
        span: span.clone(),
        also: Vec::new(),
        wikis: Vec::new(),
        fix: None,
    };
    errors.errors.iter().map(finding).collect()
}

/// What the parser found, as findings, at the rules' own severities.
pub fn parse_findings(farm: &Farm) -> Vec<Finding> {
    let by_name: HashMap<&str, &Rule> = rules::all().map(|rule| (rule.name, rule)).collect();
    let finding = |problem: &Problem| Finding {
        rule: problem.rule,
        severity: by_name.get(problem.rule).map_or(Severity::Error, |rule| rule.severity),
        message: problem.message.clone(),
        help: problem.help.clone(),
        span: problem.span.clone(),
        also: problem.also.clone(),
        wikis: Vec::new(),
        fix: problem.fix.as_deref().cloned(),
    };
    farm.problems.iter().map(finding).collect()
}
