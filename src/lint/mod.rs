//! The rules over a farm: one file per family below `rules/`, and one page per rule in `docs/rules`.
//!
//! [`check`] runs every rule and returns all findings, sorted by position. A rule is a value: name, family, severity, and
//! the function that looks. Its page has the text, an example that it reports, and one that it does not report; tests run
//! both. Rules ask [`crate::moin`], [`crate::browser`], and
//! [`crate::sharing`] about MoinMoin and browsers.
//!
//! To add a rule, write `docs/rules/NAME.md` and add one `rule!` to the list of its family.

mod comments;
mod disk;
mod finding;
mod fix;
mod levels;
mod page;
mod rule;
mod rules;

use std::collections::HashMap;

use comments::Comments;
use disk::Facts;
pub use disk::{Directory, Disk, Entries, MOST_ENTRIES, RealDisk, disk_for};
pub use finding::{Finding, Severity};
pub use fix::{Mended, Wanted, edits, fix};
use levels::Levels;
pub use levels::Overrides;
pub use page::Page;
use rule::{Look, Sink};
pub use rule::{Rule, Safety};
use rules::domain::Domain;
use rules::{FAMILIES, suppression};

use crate::browser::SharedSuffixes;
use crate::farm::{Change, Farm, Fix, Span, SyntaxErrors};
use crate::sharing::{Model, RealPlaces};
use crate::sys::{in_parts, one_by_one};

/// All rules.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    FAMILIES.iter().flat_map(|family| family.iter())
}

/// The rule about files that are no TOML.
pub const TOML_SYNTAX: &str = "toml-syntax";

/// So many wikis are worth a thread.
const MANY: usize = 64;

/// The rule about suppressions that do nothing.
const UNUSED: &str = "unused-suppression";

/// The name that stands for every warning in `--deny`.
pub const WARNINGS: &str = "warnings";

/// Says of a name in `--deny` that it is a rule, a family or `warnings`, or which one it was most likely meant to be.
///
/// # Errors
/// The nearest name, if any, where it is none of them.
pub fn known_name(name: &str) -> Result<(), Option<&'static str>> {
    if name == WARNINGS || rules().any(|rule| rule.name == name || rule.family == name) {
        return Ok(());
    }
    Err(suppression::near(name))
}

/// Runs every rule over `farm`, at the levels that its `[lint]` and comments ask for, for browsers with that list of
/// public suffixes; `overrides` go over that.
pub fn check(farm: &Farm, disk: &dyn Disk, suffixes: &SharedSuffixes, overrides: &Overrides) -> Vec<Finding> {
    let model = Model::new(farm, &RealPlaces::default(), suffixes);
    let facts = Facts::gather(farm, disk);
    let comments = Comments::of(&farm.source);
    let mut findings = parse_findings(farm);
    let domains = in_parts(&farm.wikis, |part| part.iter().map(|wiki| Domain::of(wiki, suffixes)).collect());
    let found = |rule: &&'static Rule| {
        let mut sink = Sink::new(rule);
        match rule.look {
            Look::Parser | Look::Levels => {}
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
    let mut all: Vec<&Rule> = rules().collect();
    all.sort_by_key(|rule| !matches!(rule.look, Look::Sharing(_)));
    let found: Vec<Vec<Finding>> = match farm.wikis.len() >= MANY {
        true => one_by_one(&all, found),
        false => all.iter().map(found).collect(),
    };
    findings.extend(found.into_iter().flatten());
    keep_fixes_of_all(farm, &mut findings);
    let mut levels = Levels::new(farm, &comments, overrides);
    findings = levels.apply(findings);
    if let Some(rule) = rules().find(|rule| rule.name == UNUSED) {
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
    let by_name: HashMap<&str, &Rule> = rules().map(|rule| (rule.name, rule)).collect();
    let finding = |problem: &crate::farm::Problem| Finding {
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

#[cfg(test)]
mod tests;
