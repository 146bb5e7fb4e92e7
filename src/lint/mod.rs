//! The rules over a farm: one file per family, each rule with its explanation beside it.
//!
//! [`check`] runs every rule and returns all findings, sorted by place. A rule is a value: its name, what it means, an
//! example that it reports and one that it does not (both are run as tests), and the function that looks. What the
//! rules know of MoinMoin and browsers they ask [`crate::moin`], [`crate::browser`] and [`crate::sharing`].

mod disk;
mod domain;
mod finding;
mod lifetime;
mod name;
mod path;
mod rule;
mod security;
mod sharing;
mod storage;
mod syntax;
mod versions;

use std::collections::HashMap;

pub use disk::{Directory, Disk, RealDisk};
pub use finding::{Finding, Severity};
pub use rule::Rule;
use rule::{Look, Sink};

use crate::browser::SharedSuffixes;
use crate::farm::Farm;
use crate::sharing::{Model, RealPlaces};

/// The families, in the order in which their rules are listed.
const FAMILIES: [&[Rule]; 9] = [
    syntax::RULES,
    versions::RULES,
    domain::RULES,
    name::RULES,
    path::RULES,
    lifetime::RULES,
    security::RULES,
    sharing::RULES,
    storage::RULES,
];

/// All rules.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    FAMILIES.iter().flat_map(|family| family.iter())
}

/// Runs every rule over `farm`, at the levels that its `[lint]` asks for, for browsers with that list of public
/// suffixes.
pub fn check(farm: &Farm, disk: &dyn Disk, suffixes: &SharedSuffixes) -> Vec<Finding> {
    let model = Model::new(farm, &RealPlaces, suffixes);
    let mut findings = parse_findings(farm);
    for rule in rules() {
        let mut sink = Sink::new(rule);
        match rule.look {
            Look::Parser => {}
            Look::Wiki(look) => farm.wikis.iter().for_each(|wiki| look(wiki, &mut sink)),
            Look::Farm(look) => look(farm, &mut sink),
            Look::Disk(look) => look(farm, disk, &mut sink),
            Look::Domain(look) => farm.wikis.iter().for_each(|wiki| look(wiki, suffixes.as_ref(), &mut sink)),
            Look::Sharing(look) => look(farm, &model, &mut sink),
        }
        findings.extend(sink.into_findings());
    }
    findings = levelled(farm, findings);
    findings.sort_by(|a, b| a.span.start.cmp(&b.span.start).then(a.rule.cmp(b.rule)));
    findings
}

/// What the parser found, as findings, at the rules' own severities.
pub fn parse_findings(farm: &Farm) -> Vec<Finding> {
    let by_name: HashMap<&str, &Rule> = rules().map(|rule| (rule.name, rule)).collect();
    let finding = |problem: &crate::farm::Problem| Finding {
        rule: problem.rule,
        severity: by_name.get(problem.rule).map_or(Severity::Error, |rule| rule.severity),
        message: problem.message.clone(),
        help: problem.help.clone(),
        span: problem.span.clone(),
        also: Vec::new(),
        wikis: Vec::new(),
    };
    farm.problems.iter().map(finding).collect()
}

/// Applies `[lint]`: `allow` takes findings away, `warn` and `deny` set their severity. What makes a farm file
/// unusable can't be allowed away.
fn levelled(farm: &Farm, findings: Vec<Finding>) -> Vec<Finding> {
    let lists = [
        (None, &farm.lint.allow),
        (Some(Severity::Warning), &farm.lint.warn),
        (Some(Severity::Error), &farm.lint.deny),
    ];
    let mut levels: HashMap<&str, Option<Severity>> = HashMap::new();
    for (level, names) in lists {
        for (name, _) in names {
            levels.insert(name, level);
        }
    }
    let apply = |mut finding: Finding| {
        let fixed = rules().any(|rule| rule.name == finding.rule && rule.fixed);
        match levels.get(finding.rule) {
            Some(_) if fixed => Some(finding),
            Some(None) => None,
            Some(Some(severity)) => {
                finding.severity = *severity;
                Some(finding)
            }
            None => Some(finding),
        }
    };
    findings.into_iter().filter_map(apply).collect()
}

#[cfg(test)]
mod tests;
